// Upcalls to local applications (RFC 2205 section 3.11.1) as EVENT actions.
import { copyWords, zeroWords } from "../wire/bytes";
import { Application } from "../state/application";
import {
  ACTION_EVENT,
  ACTION_EVENT_APPLICATION,
  ACTION_EVENT_ERROR_CODE,
  ACTION_EVENT_ERROR_FLAGS,
  ACTION_EVENT_ERROR_NODE,
  ACTION_EVENT_ERROR_NODE_FAMILY,
  ACTION_EVENT_ERROR_VALUE,
  ACTION_EVENT_EVENT,
  ACTION_EVENT_GONE,
  ACTION_EVENT_OBJECTS,
  ACTION_EVENT_STYLE,
  EVENT_KIND_CALL_ERROR,
  EVENT_KIND_PATH_EVENT,
} from "../boundary.gen";
import { commitAction, reserveAction } from "../actions/queue";
import { breakAdspec } from "../merge/adspec";
import { blobData, blobLength } from "../state/blob";
import { hasFlag, PATH_LOCAL, PATH_NON_RSVP, PathState, writeSenderObject } from "../state/path_state";
import { Session, writeSessionObject } from "../state/session";
import { CLASS_SENDER_TEMPLATE } from "../wire/object_forms";
import { routesTo, virtualInterface } from "./routing";

let record: usize = 0;

// Starts an event with its SESSION object; `bound` is at least the bytes of the objects that follow.
export function startEvent(event: u32, application: u32, session: Session | null, bound: usize): usize {
  record = reserveAction(min<usize>(bound + ACTION_EVENT_OBJECTS + 64, 69000));
  zeroWords(record, ACTION_EVENT_OBJECTS);
  store<u8>(record, <u8> event, ACTION_EVENT_EVENT);
  store<u32>(record, application, ACTION_EVENT_APPLICATION);
  const objects = record + ACTION_EVENT_OBJECTS;
  return session == null ? objects : objects + writeSessionObject(session, 0, objects);
}

export function setEventStyle(style: u32): void {
  store<u8>(record, <u8> style, ACTION_EVENT_STYLE);
}
export function setEventGone(): void {
  store<u8>(record, 1, ACTION_EVENT_GONE);
}
export function setEventError(code: u32, value: u32, flags: u32, node: usize, family: u32): void {
  store<u8>(record, <u8> code, ACTION_EVENT_ERROR_CODE);
  store<u16>(record, <u16> value, ACTION_EVENT_ERROR_VALUE);
  store<u8>(record, <u8> flags, ACTION_EVENT_ERROR_FLAGS);
  if (node == 0) return;
  store<u8>(record, <u8> family, ACTION_EVENT_ERROR_NODE_FAMILY);
  copyWords(record + ACTION_EVENT_ERROR_NODE, node, family == 4 ? 4 : 16);
}
export function sendEvent(end: usize): void {
  commitAction(record, ACTION_EVENT, end);
}

@inline
export function appendBlob(at: usize, blob: u32): usize {
  if (blob == 0) return at;
  copyWords(at, blobData(blob), blobLength(blob));
  return at + blobLength(blob);
}

@inline
export function blobBytes(blob: u32): usize {
  return blob == 0 ? 0 : blobLength(blob);
}

// PATH_EVENT to one application: what is known of this sender, or that it is gone.
export function pathEvent(session: Session, path: PathState, application: u32, gone: bool): void {
  let at = startEvent(
    EVENT_KIND_PATH_EVENT,
    application,
    session,
    64 + blobBytes(path.senderTspec) + blobBytes(path.adspec) + blobBytes(path.others),
  );
  at += writeSenderObject(path, CLASS_SENDER_TEMPLATE, at);
  if (gone) {
    setEventGone();
  } else {
    at = appendBlob(at, path.senderTspec);
    const adspec = at;
    at = appendBlob(at, path.adspec);
    // The hops before this node that know no RSVP nobody else could have told of (RFC 2205 section 3.8).
    if (at != adspec && hasFlag(path, PATH_NON_RSVP)) breakAdspec(adspec);
    at = appendBlob(at, path.others);
  }
  sendEvent(at);
}

// PATH_EVENT to every application of the session whose receivers this sender's data reach.
export function pathEvents(session: Session, path: PathState, gone: bool): void {
  for (let application: Application | null = session.firstApplication; application; application = application!.next) {
    if (routesTo(session, path, virtualInterface(application))) pathEvent(session, path, application.handle, gone);
  }
}

// Before the route of a sender changes, and after it: an application that its data come to reach through this path state hears
// of it as of a first Path (RFC 2205 section 3.11.1): another state of the sender may have said something else.
export function noteReached(session: Session, path: PathState): void {
  for (let application: Application | null = session.firstApplication; application; application = application!.next) {
    application.reached = routesTo(session, path, virtualInterface(application)) ? 1 : 0;
  }
}
export function tellReached(session: Session, path: PathState): void {
  for (let application: Application | null = session.firstApplication; application; application = application!.next) {
    if (application.reached == 0 && routesTo(session, path, virtualInterface(application))) {
      pathEvent(session, path, application.handle, false);
    }
  }
}
// A call that was refused: code is a STATUS, value what it says of it.
export function callError(application: u32, status: u32): void {
  const at = startEvent(EVENT_KIND_CALL_ERROR, application, null, 0);
  setEventError(0, status, 0, 0, 0);
  sendEvent(at);
}

@inline
export function isLocalSender(path: PathState): bool {
  return hasFlag(path, PATH_LOCAL);
}
