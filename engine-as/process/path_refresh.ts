// PATH REFRESH (RFC 2209): sends the Path of one sender to each of its outgoing interfaces. Entered when the refresh timer
// fires, and at once when path state is new or has changed (RFC 2205 section 2.3).
import { STATUS_TTL_EXPIRED } from "../boundary.gen";
import { ADSPEC_GROWTH_BYTES, composeAdspec } from "../merge/adspec";
import { blobData } from "../state/blob";
import { hopParametersOf, Interface, interfaceAddress, interfaceByHandle, speaksRsvp } from "../state/interface";
import { count, root } from "../state/memory";
import {
  hasFlag,
  PATH_E_POLICE,
  PATH_LOCAL,
  PATH_LOCAL_ONLY,
  PATH_NON_RSVP,
  PathState,
  routeOf,
  templateOf,
  writeSenderObject,
} from "../state/path_state";
import { routeCount, routeHop } from "../state/route";
import { destinationOf, familyOf, Session, writeSessionObject } from "../state/session";
import { nextRefresh } from "../timers/clock";
import { refreshIntervalOf } from "../timers/timing";
import { schedule } from "../timers/wheel";
import { appendRsvpHop, appendTimeValues } from "../wire/builder";
import { MESSAGE_PATH, MESSAGE_PATH_TEAR } from "../wire/message_view";
import { CLASS_SENDER_TEMPLATE } from "../wire/object_forms";
import { appendPassedOn, passedOnBytes } from "./objects";
import { incomingOf } from "./routing";
import { sendMessage, startMessage } from "./send";
import { appendBlob, blobBytes } from "./upcall";

// E_Police (RFC 2205 A.1): stays on until the first node that can police has turned it off (section 3.8).
const SESSION_E_POLICE: u32 = 1;

// `changed`: not the timer, but something new to say.
export function pathRefresh(session: Session, path: PathState, changed: bool): void {
  const interval = intervalOf(path);
  path.refreshAt = nextRefresh(interval, changed);
  if (hasFlag(path, PATH_LOCAL_ONLY)) return;
  schedule(session, path.refreshAt);
  forEachInterface(session, path, MESSAGE_PATH, interval);
}

// R of a sender's Paths. What leaves by several interfaces has one timer: the shortest R of them, which is what all are told.
function intervalOf(path: PathState): u32 {
  const state = root();
  if (state.timedInterfaces == 0) return state.refreshIntervalMs;
  const route = routeOf(path);
  let interval: u32 = 0;
  for (let index: u32 = 0, hops = route != 0 ? routeCount(route) : 0; index < hops; index++) {
    const iface = interfaceByHandle(load<u32>(routeHop(route, index)));
    if (iface == null || iface.handle == incomingOf(path) || !speaksRsvp(iface)) continue;
    const own = refreshIntervalOf(iface);
    interval = interval == 0 ? own : min(interval, own);
  }
  return interval != 0 ? interval : state.refreshIntervalMs;
}

// Forwards a teardown of this sender everywhere its Path went (RFC 2205 section 3.1.5), without delay (section 2.4).
export function sendPathTear(session: Session, path: PathState): void {
  if (!hasFlag(path, PATH_LOCAL_ONLY)) forEachInterface(session, path, MESSAGE_PATH_TEAR, 0);
}

function forEachInterface(session: Session, path: PathState, type: u32, interval: u32): void {
  const route = routeOf(path);
  if (route == 0) return;
  const ttl: u32 = hasFlag(path, PATH_LOCAL) ? path.ttl : <u32> path.ttl - 1;
  if (ttl == 0 || path.ttl == 0) {
    count(STATUS_TTL_EXPIRED);
    return;
  }
  const incoming = incomingOf(path);
  for (let index: u32 = 0, hops = routeCount(route); index < hops; index++) {
    const hop = routeHop(route, index);
    const handle = load<u32>(hop);
    const iface = interfaceByHandle(handle);
    if (handle == incoming || iface == null || !speaksRsvp(iface)) continue;
    const gateway: usize = load<u8>(hop, 4) != 0 ? hop + 8 : 0;
    sendPath(session, path, iface, gateway, type, ttl, interval);
  }
}

function sendPath(
  session: Session,
  path: PathState,
  iface: Interface,
  gateway: usize,
  type: u32,
  ttl: u32,
  interval: u32,
): void {
  const family = familyOf(session);
  const own = interfaceAddress(iface, family);
  if (own == 0) return;
  const bound: usize = 200 + blobBytes(path.others) + blobBytes(path.senderTspec) + blobBytes(path.adspec) +
    ADSPEC_GROWTH_BYTES + passedOnBytes();
  let at = startMessage(type, ttl, bound);
  const police = hasFlag(path, PATH_E_POLICE) && iface.policing == 0;
  at += writeSessionObject(session, police ? SESSION_E_POLICE : 0, at);
  at = appendRsvpHop(at, family, own, iface.handle);
  if (type == MESSAGE_PATH) {
    at = appendTimeValues(at, interval);
    at = appendBlob(at, path.others);
  }
  if (type == MESSAGE_PATH_TEAR) at = appendPassedOn(at);
  at += writeSenderObject(path, CLASS_SENDER_TEMPLATE, at);
  at = appendBlob(at, path.senderTspec);
  if (path.adspec != 0 && type == MESSAGE_PATH) {
    at += composeAdspec(blobData(path.adspec), at, hopParametersOf(iface), hasFlag(path, PATH_NON_RSVP));
  }
  // A Path travels with the addresses of the data (RFC 2205 section 3.1.3).
  sendMessage(iface, at, templateOf(path), destinationOf(session), family, gateway);
}
