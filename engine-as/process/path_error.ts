// PathErr (RFC 2205 section 3.1.7): made here when a Path is refused, and PERR MESSAGE ARRIVES (RFC 2209). It travels hop
// by hop to the sender and changes no state on its way (section 2.5).
import { EVENT_KIND_PATH_ERROR, STATUS_BAD_VALUE, STATUS_NO_STATE } from "../boundary.gen";
import { interfaceAddress, interfaceByHandle } from "../state/interface";
import { neighbourAddress } from "../state/neighbour";
import { hasFlag, matchesObject, PATH_LOCAL, PATH_LOCAL_ONLY, PathState } from "../state/path_state";
import { familyOf, findSession, Session } from "../state/session";
import { appendErrorSpec, copyObject } from "../wire/builder";
import { MESSAGE_PATH_ERROR } from "../wire/message_view";
import { arrivalInterface, view } from "./context";
import { drop } from "./drop";
import { addressOf, copyOthers, errorCode, errorFlags, errorValue } from "./objects";
import { HOP_TTL, sendMessage, startMessage } from "./send";
import { sendEvent, setEventError, startEvent } from "./upcall";

// Answers the Path at hand with an error, sent to its previous hop, and counts why.
export function sendPathError(code: u32, value: u32, status: u32): void {
  const v = view();
  drop(status, v.rejected);
  if (v.hop == 0 || v.session == 0) return;
  const iface = arrivalInterface();
  const family = v.family;
  const own = interfaceAddress(iface, family);
  if (own == 0) return;
  let at = startMessage(MESSAGE_PATH_ERROR, HOP_TTL, v.length + 64);
  at = copyObject(at, v.session);
  at = appendErrorSpec(at, family, own, 0, code, value);
  at = copySender(at);
  sendMessage(iface, at, 0, addressOf(v.hop), family, 0);
}

// The sender descriptor, POLICY_DATA and objects to be forwarded of the message at hand, as they came.
function copySender(at: usize): usize {
  const v = view();
  at = copyOthers(v, at);
  if (v.senderTemplate != 0) at = copyObject(at, v.senderTemplate);
  if (v.senderTspec != 0) at = copyObject(at, v.senderTspec);
  if (v.adspec != 0) at = copyObject(at, v.adspec);
  return at;
}

export function pathErrorArrives(): void {
  const v = view();
  if (errorCode(v.errorSpec) == 0) return drop(STATUS_BAD_VALUE, v.errorSpec);
  const session = findSession(v.session);
  const path = session ? forwardingPath(session) : null;
  if (session == null || path == null) return drop(STATUS_NO_STATE, v.session);
  if (hasFlag(path, PATH_LOCAL)) return deliver(session, path);
  const neighbour = path.request.neighbour!;
  const iface = interfaceByHandle(neighbour.interface);
  if (iface == null) return;
  let at = startMessage(MESSAGE_PATH_ERROR, HOP_TTL, v.length);
  at = copyObject(at, v.session);
  at = copyObject(at, v.errorSpec);
  at = copySender(at);
  sendMessage(iface, at, 0, neighbourAddress(neighbour), familyOf(session), 0);
}

// The path state that this error's sender has here; for multicast the one that forwards.
function forwardingPath(session: Session): PathState | null {
  let found: PathState | null = null;
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (!matchesObject(path, view().senderTemplate)) continue;
    if (!hasFlag(path, PATH_LOCAL_ONLY)) return path;
    found = path;
  }
  return found;
}

function deliver(session: Session, path: PathState): void {
  const v = view();
  let at = startEvent(EVENT_KIND_PATH_ERROR, path.request.logicalInterfaceHandle, session, v.length);
  const error = v.errorSpec;
  setEventError(errorCode(error), errorValue(error), errorFlags(error), addressOf(error), familyOf(session));
  at = copySender(at);
  sendEvent(at);
}
