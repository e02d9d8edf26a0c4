// PATH REFRESH (RFC 2209): sends the Path of one sender to each of its outgoing interfaces. Entered when the refresh timer
// fires, and at once when path state is new or has changed (RFC 2205 section 2.3).
import { ROUTE_HOP_BYTES, STATUS_TTL_EXPIRED } from "../boundary.gen";
import { ADSPEC_GROWTH_BYTES, composeAdspec } from "../merge/adspec";
import { blobData, blobLength } from "../state/blob";
import { hopParametersOf, Interface, interfaceAddress, interfaceByHandle, speaksRsvp } from "../state/interface";
import { count, root } from "../state/memory";
import {
  hasFlag,
  PATH_E_POLICE,
  PATH_FLIPPED,
  PATH_LOCAL,
  PATH_LOCAL_ONLY,
  PATH_NON_RSVP,
  PathState,
  routeOf,
  setFlag,
  templateOf,
  writeSenderObject,
} from "../state/path_state";
import { countSettling } from "../state/request_state";
import { routeCount, routeHop } from "../state/route";
import { destinationOf, familyOf, keyOf, Session, writeSessionObject } from "../state/session";
import { mayBeNextRefresh, nextRefresh } from "../timers/clock";
import { refreshIntervalOf } from "../timers/timing";
import { schedule } from "../timers/wheel";
import { appendRsvpHop, appendTimeValues } from "../wire/builder";
import { copy36, swap32 } from "../wire/bytes";
import { halves, sum36 } from "../wire/checksum";
import { MESSAGE_PATH, MESSAGE_PATH_TEAR } from "../wire/message_view";
import { CLASS_SENDER_TEMPLATE } from "../wire/object_forms";
import { HEADER_RSVP_HOP, HEADER_SENDER_TEMPLATE, HEADER_SESSION, HEADER_TIME_VALUES } from "../wire/usual_headers";
import { composedAdspec, composedSum } from "./composed_adspec";
import { appendPassedOn, passedOnBytes } from "./objects";
import { incomingOf } from "./routing";
import { finishSummed, sendFinished, sendMessage, startMessage } from "./send";
import { appendBlob, blobBytes } from "./upcall";

// E_Police (RFC 2205 A.1): stays on until the first node that can police has turned it off (section 3.8).
const SESSION_E_POLICE: u32 = 1;

// `changed`: not the timer, but something new to say.
export function pathRefresh(session: Session, path: PathState, changed: bool): void {
  const interval = root().timedInterfaces == 0 ? root().refreshIntervalMs : intervalOf(path);
  // What was drawn with the question for the route holds if it could be drawn now: it is mostly answered at once.
  if (!changed || path.refreshAt == 0 || !mayBeNextRefresh(path.refreshAt, interval)) {
    path.refreshAt = nextRefresh(interval, changed);
  }
  if (hasFlag(path, PATH_LOCAL_ONLY)) return;
  schedule(session, path.refreshAt);
  if (hasFlag(path, PATH_FLIPPED) && !changed && !hasFlag(path, PATH_LOCAL)) settleHop(session, path);
  forEachInterface(session, path, MESSAGE_PATH, interval);
}

// Where the hop that was left has not spoken for long, a teardown of the one that stands need not wait for it any more
// (path_tear.ts). Counted with the first of the hop's senders.
function settleHop(session: Session, path: PathState): void {
  const request = path.request;
  for (let first: PathState | null = session.firstPath; first != path; first = first!.next) {
    if (first!.request == request && hasFlag(first!, PATH_FLIPPED)) return;
  }
  if (!countSettling(request)) return;
  for (let other: PathState | null = path; other; other = other!.next) {
    if (other!.request == request) setFlag(other!, PATH_FLIPPED, false);
  }
}

// When a sender whose route is asked for is first refreshed, as far as that is known before the answer.
export function drawRefresh(path: PathState): void {
  if (root().timedInterfaces == 0) path.refreshAt = nextRefresh(root().refreshIntervalMs, true);
}

// R of a sender's Paths. What leaves by several interfaces has one timer: the shortest R of them, which is what all are told.
function intervalOf(path: PathState): u32 {
  const route = routeOf(path);
  let interval: u32 = 0;
  for (let index: u32 = 0, hops = route != 0 ? routeCount(route) : 0; index < hops; index++) {
    const iface = interfaceByHandle(load<u32>(routeHop(route, index)));
    if (iface == null || iface.handle == incomingOf(path) || !speaksRsvp(iface)) continue;
    const own = refreshIntervalOf(iface);
    interval = interval == 0 ? own : min(interval, own);
  }
  return interval != 0 ? interval : root().refreshIntervalMs;
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
  const end = routeHop(route, routeCount(route));
  for (let hop = routeHop(route, 0); hop != end; hop += ROUTE_HOP_BYTES) {
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
  if (type == MESSAGE_PATH && isUsual(session, path)) {
    const adspec = composedAdspec(path.adspec, iface, hasFlag(path, PATH_NON_RSVP));
    if (adspec != 0) return sendUsualPath(session, path, iface, gateway, ttl, interval, adspec);
  }
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

// What nearly all senders are: IPv4, with ports, a SENDER_TSPEC of one token bucket, an ADSPEC and nothing else.
@inline
function isUsual(session: Session, path: PathState): bool {
  return session.ctype == 1 && path.ctype == 1 && path.adspec != 0 && path.others == 0 &&
    blobLength(path.senderTspec) == USUAL_TSPEC_BYTES;
}
const USUAL_TSPEC_BYTES: usize = 36;
// SESSION, RSVP_HOP, TIME_VALUES, SENDER_TEMPLATE, SENDER_TSPEC, ADSPEC.
const USUAL_PATH_BYTES: usize = 12 + 12 + 8 + 12 + 36 + 84;

// sendPath() for such a sender: every object at its place. The checksum is added up from what is written, not from what
// has been written, which memory would have to give back at once.
function sendUsualPath(
  session: Session,
  path: PathState,
  iface: Interface,
  gateway: usize,
  ttl: u32,
  interval: u32,
  adspec: usize,
): void {
  const at = startMessage(MESSAGE_PATH, ttl, USUAL_PATH_BYTES);
  const police: u32 = hasFlag(path, PATH_E_POLICE) && iface.policing == 0 ? SESSION_E_POLICE : 0;
  const key = load<u64>(keyOf(session)) | (<u64> police << 40);
  store<u32>(at, HEADER_SESSION);
  store<u64>(at, key, 4);
  const hop = <u64> iface.ipv4 | (<u64> swap32(iface.handle) << 32);
  store<u32>(at, HEADER_RSVP_HOP, 12);
  store<u64>(at, hop, 16);
  const times = <u64> HEADER_TIME_VALUES | (<u64> swap32(interval) << 32);
  store<u64>(at, times, 24);
  const template = load<u64>(templateOf(path));
  store<u32>(at, HEADER_SENDER_TEMPLATE, 32);
  store<u64>(at, template, 36);
  const tspec = blobData(path.senderTspec);
  copy36(at + 44, tspec);
  const to = at + 80;
  v128.store(to, v128.load(adspec));
  v128.store(to, v128.load(adspec, 16), 16);
  v128.store(to, v128.load(adspec, 32), 32);
  v128.store(to, v128.load(adspec, 48), 48);
  v128.store(to, v128.load(adspec, 64), 64);
  store<u32>(to, load<u32>(adspec, 80), 80);
  const words = halves(key) + halves(hop) + halves(times) + halves(template) + HEADERS_SUM;
  finishSummed(to + 84, words + sum36(tspec) + composedSum(adspec));
  sendFinished(iface, to + 84, templateOf(path), destinationOf(session), 4, gateway);
}

const HEADERS_SUM: u64 = <u64> HEADER_SESSION + HEADER_RSVP_HOP + HEADER_SENDER_TEMPLATE;
