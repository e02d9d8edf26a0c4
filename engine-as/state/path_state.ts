// PSB, path state block (RFC 2209 section 1): one sender of a session as seen through one previous hop. For unicast there
// is one per sender, whose hop flips when the route does; for multicast one per sender and incoming interface, of which
// at most one forwards (Local_Only off).
import { COUNTER_PATH_STATES } from "../boundary.gen";
import { copyWords, objectCType, objectLength, store16, zeroWords } from "../wire/bytes";
import { releaseBlob } from "./blob";
import { equalBytes } from "./keys";
import { count, uncount } from "./memory";
import { forgetRefreshes } from "./refresh_fingerprint";
import { RequestState } from "./request_state";
import { ownPath, Session } from "./session";
import { allocate, release } from "./slab";

export const PATH_LOCAL_ONLY: u32 = 1;
export const PATH_NON_RSVP: u32 = 2;
export const PATH_E_POLICE: u32 = 4;
// A ROUTE_QUERY is open; `outgoing` holds its handle instead of a route.
export const PATH_ROUTE_PENDING: u32 = 8;
// The sender is an application of this node; its state does not time out.
export const PATH_LOCAL: u32 = 16;
// Unicast: its previous hop is another than it was, and the one before may speak again (RFC 2205 section 3.1.3).
export const PATH_FLIPPED: u32 = 32;
// The same bit of a sender of this node, which has no previous hop: its application has named the outgoing interface.
export const PATH_NAMED_INTERFACE: u32 = 32;
// Marks used while one event is being carried out.
export const PATH_INCLUDED: u32 = 64;
// The route is being asked for again: `outgoing` is a Repair, and the old route stands until the answer.
export const PATH_REPAIR: u32 = 128;

@unmanaged
export class PathState {
  next: PathState | null;
  request: RequestState;
  expiresAt: u32;
  refreshAt: u32;
  // Blobs of whole objects.
  senderTspec: u32;
  adspec: u32;
  // POLICY_DATA and unknown objects to be forwarded as they came (RFC 2205 section 3.10), concatenated.
  others: u32;
  // Blob of the route (state/route.ts), or the open query.
  outgoing: u32;
  // Of the Path that refreshed it last and changed nothing (process/unchanged_refresh.ts); 0 for none. It stands where it
  // needs no padding.
  fingerprint: u64;
  // Digest of the FLOWSPEC that the last Resv to its previous hop had for this sender; 0 if it was not in it.
  requested: u32;
  ttl: u8;
  flags: u8;
  ctype: u8;
  keyLength: u8;
}

// A query that is open while an old route stands.
@unmanaged
class Repair {
  query: u32;
  route: u32;
}

const HEADER = offsetof<PathState>();

@inline
export function templateOf(path: PathState): usize {
  return changetype<usize>(path) + HEADER;
}
@inline
export function hasFlag(path: PathState, flag: u32): bool {
  return (path.flags & flag) != 0;
}
@inline
export function setFlag(path: PathState, flag: u32, on: bool): void {
  path.flags = <u8> (on ? path.flags | flag : path.flags & ~flag);
}

// Whether a SENDER_TEMPLATE or FILTER_SPEC object names this sender: same C-Type, same body (RFC 2205 A.10).
@inline
export function matchesObject(path: PathState, object: usize): bool {
  const length = <usize> objectLength(object) - 4;
  return path.ctype == objectCType(object) && path.keyLength == length &&
    equalBytes(templateOf(path), object + 4, length);
}

// Whether two path states are of one sender, seen through two hops.
@inline
export function sameSender(a: PathState, b: PathState): bool {
  return a.keyLength == b.keyLength && a.ctype == b.ctype && equalBytes(templateOf(a), templateOf(b), a.keyLength);
}

export function countSenders(session: Session): usize {
  if (session.pathCount < 255) return session.pathCount;
  let senders: usize = 0;
  for (let path: PathState | null = session.firstPath; path; path = path!.next) senders += 1;
  return senders;
}

// Appends to the session's list, so that senders keep the order in which they came.
export function createPathState(session: Session, template: usize, request: RequestState): PathState {
  const length = <usize> objectLength(template) - 4;
  // The place in the session's record is free while it has no key.
  const own = changetype<PathState>(ownPath(session));
  const path = own.keyLength == 0 && length == <usize> session.keyLength
    ? own
    : changetype<PathState>(allocate(HEADER + length));
  path.ctype = <u8> objectCType(template);
  path.keyLength = <u8> length;
  copyWords(templateOf(path), template + 4, length);
  path.request = request;
  request.senders += 1;
  const neighbour = request.neighbour;
  if (neighbour) neighbour.states += 1;
  if (session.firstPath == null) {
    session.firstPath = path;
  } else {
    let last: PathState = session.firstPath!;
    while (last.next) last = last.next!;
    last.next = path;
  }
  if (session.pathCount < 255) session.pathCount += 1;
  if (path != session.firstPath || session.firstReservation) forgetRefreshes(session);
  count(COUNTER_PATH_STATES);
  return path;
}

// Unlinks and frees. The request it pointed to stays; the caller deletes it when no sender is left.
export function deletePathState(session: Session, gone: PathState): void {
  let previous: PathState | null = null;
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (path == gone) {
      if (previous) previous.next = gone.next;
      else session.firstPath = gone.next;
      break;
    }
    previous = path;
  }
  // Once saturated it stays so until the session ends: countSenders() walks then.
  if (session.pathCount < 255) session.pathCount -= 1;
  forgetRefreshes(session);
  gone.request.senders -= 1;
  const neighbour = gone.request.neighbour;
  if (neighbour) neighbour.states -= 1;
  releaseBlob(gone.senderTspec);
  releaseBlob(gone.adspec);
  releaseBlob(gone.others);
  if (!hasFlag(gone, PATH_ROUTE_PENDING)) releaseBlob(gone.outgoing);
  uncount(COUNTER_PATH_STATES);
  const bytes = HEADER + <usize> gone.keyLength;
  if (changetype<usize>(gone) == ownPath(session)) zeroWords(changetype<usize>(gone), bytes);
  else release(changetype<usize>(gone), bytes);
}

// Writes the sender as an object of class `objectClass` (SENDER_TEMPLATE 11 or FILTER_SPEC 10); returns its length.
export function writeSenderObject(path: PathState, objectClass: u32, destination: usize): usize {
  if (path.ctype == 1) {
    store<u32>(destination, 0x01000c00 | (objectClass << 16));
    store<u64>(destination + 4, load<u64>(templateOf(path)));
    return 12;
  }
  const length = <usize> path.keyLength;
  store16(destination, <u32> length + 4);
  store<u8>(destination, <u8> objectClass, 2);
  store<u8>(destination, path.ctype, 3);
  copyWords(destination + 4, templateOf(path), length);
  return length + 4;
}

// The open query of a sender with PATH_ROUTE_PENDING.
export function openQuery(path: PathState): u32 {
  return hasFlag(path, PATH_REPAIR) ? changetype<Repair>(<usize> path.outgoing).query : path.outgoing;
}

// Turns an open query into one beside the route that stands.
export function beginRepair(path: PathState, route: u32): void {
  const repair = changetype<Repair>(allocate(offsetof<Repair>()));
  repair.query = path.outgoing;
  repair.route = route;
  path.outgoing = <u32> changetype<usize>(repair);
  setFlag(path, PATH_REPAIR, true);
}

// The route that stood is the route again, and no query is open.
export function endRepair(path: PathState): void {
  const repair = <usize> path.outgoing;
  path.outgoing = changetype<Repair>(repair).route;
  release(repair, offsetof<Repair>());
  setFlag(path, PATH_REPAIR | PATH_ROUTE_PENDING, false);
}

// The route of a sender, or 0 while it is not known.
@inline
export function routeOf(path: PathState): u32 {
  if (!hasFlag(path, PATH_ROUTE_PENDING)) return path.outgoing;
  return hasFlag(path, PATH_REPAIR) ? changetype<Repair>(<usize> path.outgoing).route : 0;
}
