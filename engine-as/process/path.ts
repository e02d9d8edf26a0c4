// PATH MESSAGE ARRIVES (RFC 2209). Step order is the RFC's, with two readings of our own:
//   * for unicast there is one path state per sender whose previous hop flips when a Path comes from another one
//     (RFC 2205 section 3.1.3 leaves the choice); for multicast one per incoming interface, as in RFC 2209;
//   * the route is asked for and answered later, so what follows the routing step stands in `pathRouted`.
import {
  COUNTER_REFRESHES_UNCHANGED,
  INTERFACE_OPTION_IGNORE_TTL,
  INTERFACE_OPTION_NON_RSVP_HOP,
  STATUS_DESTINATION_PORT_CONFLICT,
  STATUS_NEIGHBOUR_LIMIT,
  STATUS_OBJECT_CONTENT,
  STATUS_OUT_OF_MEMORY,
  STATUS_OWN_MESSAGE,
  STATUS_POLICY_REFUSED,
  STATUS_SENDER_LIMIT,
  STATUS_SENDER_PORT_CONFLICT,
  STATUS_SESSION_LIMIT,
  STATUS_UNKNOWN_CLASS,
} from "../boundary.gen";
import { timeValuesRefreshPeriodMs } from "../accessors.gen";
import { validateAdspec, validateTspec } from "../merge/validate";
import {
  blobEqualsObject,
  KNOWN_ADSPEC,
  KNOWN_TSPEC,
  knownObject,
  releaseBlob,
  retainBlob,
  retainObject,
  setKnownBlob,
} from "../state/blob";
import { interfaceByAddress } from "../state/interface";
import { equalBytes, senderFamily, senderHasPort, senderPort } from "../state/keys";
import { count, mayChange, mayGrow, root } from "../state/memory";
import { findNeighbour } from "../state/neighbour";
import {
  countSenders,
  createPathState,
  hasFlag,
  matchesObject,
  PATH_E_POLICE,
  PATH_FLIPPED,
  PATH_LOCAL,
  PATH_LOCAL_ONLY,
  PATH_NON_RSVP,
  PATH_REPAIR,
  PATH_ROUTE_PENDING,
  PathState,
  setFlag,
  templateOf,
} from "../state/path_state";
import { forgetRefreshes } from "../state/refresh_fingerprint";
import { beginSettling, findRequest } from "../state/request_state";
import { conflictsByPort, createSession, releaseIfIdle, Session } from "../state/session";
import { MAXIMUM_SENDERS_PER_SESSION } from "../limits";
import { isBefore, now } from "../timers/clock";
import { lifetimeOf } from "../timers/timing";
import { schedule } from "../timers/wheel";
import { objectClass, objectCType, objectLength } from "../wire/bytes";
import { CLASS_SENDER_TSPEC } from "../wire/object_forms";
import { arrivalInterface, ttlOnArrival, view } from "./context";
import { drop } from "./drop";
import { noteUsualPath, takeFirstPath } from "./first_path";
import { addressOf, hopHandle, retainOthers } from "./objects";
import { sendPathError } from "./path_error";
import { drawRefresh } from "./path_refresh";
import { pathRouted, tellOn } from "./path_routed";
import { CODE_POLICY, refusesPath } from "./policy";
import { queryRoute } from "./routing";
import { adoptRequest, dropRequestIfIdle } from "./requests";
import { arrivingFingerprint, arrivingSession, isMissed } from "./unchanged_refresh";

const CODE_CONFLICTING_DESTINATION_PORTS: u32 = 7;
const CODE_CONFLICTING_SENDER_PORTS: u32 = 8;
const CODE_UNKNOWN_CLASS: u32 = 13;
const CODE_UNKNOWN_CTYPE: u32 = 14;
const CODE_TRAFFIC_CONTROL: u32 = 21;
const BAD_TSPEC: u32 = 4;
const BAD_ADSPEC: u32 = 5;

export function pathArrives(): void {
  const v = view();
  if (v.rejectStatus) return refusePath();
  if (v.usual != 0 && isMissed(v.session) && takeFirstPath()) return;
  const iface = arrivalInterface();
  if (interfaceByAddress(addressOf(v.hop), v.family)) return drop(STATUS_OWN_MESSAGE, v.hop);
  const bad = findBlobs();
  if (bad != 0) return sendPathError(CODE_TRAFFIC_CONTROL, bad, STATUS_OBJECT_CONTENT);
  const refusal = refusesPath(iface.handle);
  if (refusal != 0) return sendPathError(CODE_POLICY, refusal & 0xffff, STATUS_POLICY_REFUSED);

  let session = arrivingSession(v.session);
  if (session == null) {
    if (conflictsByPort(v.session)) {
      return sendPathError(CODE_CONFLICTING_DESTINATION_PORTS, 0, STATUS_DESTINATION_PORT_CONFLICT);
    }
    const refused = refusesSession();
    if (refused) return drop(refused, v.session);
    session = createSession(v.session);
  }
  if (session.firstPath == null) {
    newPath(session);
    const path = session.firstPath;
    if (path == null) releaseIfIdle(session);
    else if (v.usual != 0 && v.adspec != 0) noteUsualPath(v, path);
    return;
  }
  if (conflictsBySender(session)) return sendPathError(CODE_CONFLICTING_SENDER_PORTS, 0, STATUS_SENDER_PORT_CONFLICT);
  const path = findPath(session, iface.handle);
  if (path) {
    if (hasFlag(path, PATH_LOCAL)) return drop(STATUS_OWN_MESSAGE, v.senderTemplate);
    updatePath(session, path);
  } else {
    newPath(session);
  }
}

// The blobs of the message's SENDER_TSPEC and ADSPEC where they are those that were found valid last, else 0. What comes
// through one hop repeats them, and comparing costs a fraction of judging and of looking for them.
let tspecFound: u32 = 0;
let adspecFound: u32 = 0;

// Looks for them and judges what is not found: 0 or the error value.
export function findBlobs(): u32 {
  const v = view();
  tspecFound = knownObject(KNOWN_TSPEC, v.senderTspec);
  adspecFound = v.adspec != 0 ? knownObject(KNOWN_ADSPEC, v.adspec) : 0;
  const bad = tspecFound != 0 ? 0 : validateTspec(v.senderTspec);
  if (bad != 0 || v.adspec == 0 || adspecFound != 0) return bad;
  return validateAdspec(v.adspec);
}

@inline
export function retainTspec(): u32 {
  if (tspecFound != 0) return retainBlob(tspecFound);
  const blob = retainObject(view().senderTspec);
  setKnownBlob(KNOWN_TSPEC, blob);
  return blob;
}
@inline
export function retainAdspec(): u32 {
  if (adspecFound != 0) return retainBlob(adspecFound);
  const blob = retainObject(view().adspec);
  if (blob != 0) setKnownBlob(KNOWN_ADSPEC, blob);
  return blob;
}

function refusesSession(): u32 {
  const state = root();
  if (state.maximumSessions != 0 && state.sessionCount >= state.maximumSessions) return STATUS_SESSION_LIMIT;
  return !mayGrow(0) ? STATUS_OUT_OF_MEMORY : 0;
}

// A sender with the same host, one of the two ports being zero (RFC 2205 section 3.2).
export function conflictsBySender(session: Session, except: PathState | null = null): bool {
  const template = view().senderTemplate;
  if (!senderHasPort(objectCType(template))) return false;
  const length = <usize> objectLength(template) - 4;
  const port = senderPort(template + 4, length);
  const addressBytes: usize = senderFamily(length) == 4 ? 4 : 16;
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (path.ctype != objectCType(template) || !equalBytes(templateOf(path), template + 4, addressBytes)) continue;
    if (path == except) continue;
    const other = senderPort(templateOf(path), path.keyLength);
    if (other != port && (other == 0 || port == 0)) return true;
  }
  return false;
}

// The path state of the message's sender: for multicast the one of this incoming interface.
function findPath(session: Session, incoming: u32): PathState | null {
  const template = view().senderTemplate;
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (!matchesObject(path, template)) continue;
    if (!session.multicast) return path;
    const neighbour = path.request.neighbour;
    if (neighbour == null || neighbour.interface == incoming) return path;
  }
  return null;
}

function newPath(session: Session): void {
  const v = view();
  const incoming = arrivalInterface().handle;
  const known = findNeighbour(incoming, addressOf(v.hop), v.family);
  const limit = root().maximumStatePerNeighbour;
  if (known && limit != 0 && known.states >= limit) return drop(STATUS_NEIGHBOUR_LIMIT, v.hop);
  if (countSenders(session) >= <usize> min(root().maximumSendersPerSession, MAXIMUM_SENDERS_PER_SESSION)) {
    return drop(STATUS_SENDER_LIMIT, v.senderTemplate);
  }
  if (!mayGrow(<usize> v.length + 1024)) return drop(STATUS_OUT_OF_MEMORY, v.senderTemplate);
  const path = createPathState(session, v.senderTemplate, adoptRequest(session, incoming, v.hop));
  path.senderTspec = retainTspec();
  path.adspec = retainAdspec();
  if (v.usual == 0) path.others = retainOthers(v);
  storeArrival(path);
  if (session.multicast) setFlag(path, PATH_LOCAL_ONLY, true);
  const sibling = routedSibling(session, path);
  if (sibling) {
    schedule(session, path.expiresAt);
    return pathRouted(session, path, sibling.outgoing, true);
  }
  awaitRoute(session, path);
}

// Asks for the route of a new sender. The session stands where its first refresh will be due, if it is known.
export function awaitRoute(session: Session, path: PathState): void {
  if (!session.multicast) drawRefresh(path);
  const refresh = path.refreshAt;
  schedule(session, refresh != 0 && isBefore(refresh, path.expiresAt) ? refresh : path.expiresAt);
  queryRoute(session, path);
}

// Another sender of a unicast session has the same route.
function routedSibling(session: Session, except: PathState): PathState | null {
  if (session.multicast || session.firstPath == except) return null;
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (path != except && !hasFlag(path, PATH_ROUTE_PENDING) && path.outgoing != 0 && !hasFlag(path, PATH_LOCAL)) {
      return path;
    }
  }
  return null;
}

// What every Path brings anew: lifetime, TTL, E_Police, whether a non-RSVP hop lies between.
export function storeArrival(path: PathState): void {
  const v = view();
  const iface = arrivalInterface();
  const ttl = ttlOnArrival();
  path.expiresAt = now() + lifetimeOf(iface, timeValuesRefreshPeriodMs(v.timeValues));
  path.ttl = <u8> ttl;
  let flags = <u32> path.flags & ~(PATH_E_POLICE | PATH_NON_RSVP);
  if ((load<u8>(v.session + (v.family == 4 ? 9 : 21)) & 1) != 0) flags |= PATH_E_POLICE;
  // A difference of TTL and Send_TTL shows a hop without RSVP; where it cannot, the interface says (RFC 2205 section 3.8).
  const options = iface.options;
  if (
    (options & INTERFACE_OPTION_NON_RSVP_HOP) != 0 ||
    ((options & INTERFACE_OPTION_IGNORE_TTL) == 0 && ttl != v.sendTtl)
  ) flags |= PATH_NON_RSVP;
  path.flags = <u8> flags;
}

// A Path for state that exists: refresh it, and let what changed travel on at once (RFC 2205 section 2.3).
function updatePath(session: Session, path: PathState): void {
  const v = view();
  path.fingerprint = 0;
  const flagsBefore = path.flags & (PATH_E_POLICE | PATH_NON_RSVP);
  storeArrival(path);
  schedule(session, path.expiresAt);
  const tspecChanged = tspecFound != 0 ? tspecFound != path.senderTspec : !blobEqualsObject(path.senderTspec, v.senderTspec);
  const adspecChanged = adspecFound != 0 ? adspecFound != path.adspec : !blobEqualsObject(path.adspec, v.adspec);
  // Refreshes may ask for more memory than the state was made with: without it they refresh, and what they say stays out.
  if (tspecChanged || adspecChanged || v.policyDataCount != 0 || v.forwardedCount != 0) {
    if (!mayChange(<usize> v.length * 2 + 1024)) return drop(STATUS_OUT_OF_MEMORY, v.senderTemplate);
  }
  let changed = (path.flags & (PATH_E_POLICE | PATH_NON_RSVP)) != flagsBefore;
  // What applications are told: the ADSPEC, in which hops without RSVP show, but neither E_Police nor the hop.
  let informs = tspecChanged || adspecChanged || ((path.flags ^ flagsBefore) & PATH_NON_RSVP) != 0;
  const hopChanged = updateHop(session, path);
  if (tspecChanged) {
    const old = path.senderTspec;
    path.senderTspec = retainTspec();
    releaseBlob(old);
    changed = true;
  }
  if (adspecChanged) {
    const old = path.adspec;
    path.adspec = retainAdspec();
    releaseBlob(old);
    changed = true;
  }
  const others = retainOthers(v);
  if (others != path.others) changed = informs = true;
  releaseBlob(path.others);
  path.others = others;
  if (!changed && !hopChanged) {
    // Not where a new hop had to stay out for want of memory: it is tried again.
    if (!hopRefused) path.fingerprint = arrivingFingerprint();
    count(COUNTER_REFRESHES_UNCHANGED);
    return;
  }
  forgetRefreshes(session);
  if (hasFlag(path, PATH_ROUTE_PENDING)) {
    // A first route is still awaited; one that is asked for again stands until the answer.
    path.refreshAt = 0;
    if (hasFlag(path, PATH_REPAIR)) tellOn(session, path, true, hopChanged, false, informs);
    return;
  }
  pathRouted(session, path, path.outgoing, true, hopChanged, informs);
}

let hopRefused = false;

// Takes over a changed PHOP address, LIH or (unicast) interface. Returns whether anything changed.
function updateHop(session: Session, path: PathState): bool {
  const v = view();
  const incoming = arrivalInterface().handle;
  const old = path.request;
  const request = findRequest(session, incoming, addressOf(v.hop), v.family);
  hopRefused = false;
  if (request == old) {
    if (old.logicalInterfaceHandle == hopHandle(v.hop)) return false;
    old.logicalInterfaceHandle = hopHandle(v.hop);
    return true;
  }
  if (request == null && !mayChange(1024)) {
    hopRefused = true;
    return false;
  }
  const adopted = adoptRequest(session, incoming, v.hop);
  const oldNeighbour = old.neighbour;
  if (oldNeighbour) oldNeighbour.states -= 1;
  const newNeighbour = adopted.neighbour;
  if (newNeighbour) newNeighbour.states += 1;
  old.senders -= 1;
  adopted.senders += 1;
  path.request = adopted;
  path.requested = 0;
  if (!session.multicast) {
    setFlag(path, PATH_FLIPPED, true);
    beginSettling(adopted);
  }
  dropRequestIfIdle(session, old);
  return true;
}

// Errors that a Path must be answered with (RFC 2205 section 3.10 and appendix B).
function refusePath(): void {
  const v = view();
  const status = v.rejectStatus;
  const kind = objectClass(v.rejected);
  if (status == STATUS_OBJECT_CONTENT) {
    return sendPathError(CODE_TRAFFIC_CONTROL, kind == CLASS_SENDER_TSPEC ? BAD_TSPEC : BAD_ADSPEC, status);
  }
  const code = status == STATUS_UNKNOWN_CLASS ? CODE_UNKNOWN_CLASS : CODE_UNKNOWN_CTYPE;
  sendPathError(code, (kind << 8) | objectCType(v.rejected), status);
}
