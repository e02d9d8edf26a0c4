// RSB, reservation state block (RFC 2209 section 1): one request from one next hop. FF has one per filter, SE one per
// next hop with a list of filters, WF one per next hop. A local application is a next hop without neighbour on its own
// virtual interface.
import { COUNTER_RESERVATION_STATES } from "../boundary.gen";
import { copyWords, objectCType, objectLength, store16 } from "../wire/bytes";
import { releaseBlob, retainObject } from "./blob";
import { equalBytes } from "./keys";
import { count, uncount } from "./memory";
import { Neighbour, releaseNeighbour } from "./neighbour";
import { PathState, templateOf } from "./path_state";
import { forgetRefreshes } from "./refresh_fingerprint";
import { Session } from "./session";
import { allocate, release } from "./slab";
import { isBefore, now } from "../timers/clock";
import { schedule } from "../timers/wheel";

export const STYLE_WILDCARD_FILTER: u32 = 0x11;
export const STYLE_FIXED_FILTER: u32 = 0x0a;
export const STYLE_SHARED_EXPLICIT: u32 = 0x12;

// Created or changed, and traffic control has not confirmed it; `annex.previousFlowspec` is what stood before.
export const RESERVATION_PENDING: u32 = 1;
// Nothing stood before: refused means deleted.
export const RESERVATION_NEW: u32 = 2;
// Its RESV_CONFIRM is the largest on its interface and waits for the next Resv upstream (RFC 2209 UPDATE TRAFFIC CONTROL).
export const RESERVATION_CONFIRM: u32 = 4;
export const RESERVATION_LOCAL: u32 = 8;

// One FILTER_SPEC with its own cleanup time (RFC 2209: in SE style each has its own). WF has one entry with no key.
@unmanaged
export class Filter {
  next: Filter | null;
  expiresAt: u32;
  ctype: u8;
  keyLength: u8;
  // Added by the message that is pending: taken back if it is refused.
  fresh: u8;
  doomed: u8;
}
const FILTER_HEADER = offsetof<Filter>();

// What few reservations have.
@unmanaged
export class ReservationAnnex {
  scope: u32;
  // The RESV_CONFIRM as it came, a record of its own: no two of them are alike, and it stays only until it is answered.
  confirm: usize;
  others: u32;
  previousFlowspec: u32;
  // What stood before `scope`, which waits for traffic control like the FLOWSPEC; said by `scopeChanged`, for it may be 0.
  previousScope: u32;
  // The same of `others`, which a refusal brings back.
  previousOthers: u32;
  scopeChanged: u8;
  othersChanged: u8;
  // Fwd_Flowspec of traffic control, which goes upstream in its place (RFC 2205 3.11.2); usually 0.
  forwardFlowspec: u32;
  // Generation of the INSTALL that will settle it.
  generation: u32;
}

@unmanaged
export class ReservationState {
  next: ReservationState | null;
  neighbour: Neighbour | null;
  // Outgoing interface; for a local application its virtual interface.
  interface: u32;
  flowspec: u32;
  firstFilter: Filter | null;
  annex: ReservationAnnex | null;
  // Of the Resv that refreshed it last and changed nothing (process/unchanged_refresh.ts); 0 for none. It stands where it
  // needs no padding.
  fingerprint: u64;
  style: u8;
  flags: u8;
  marked: u16;
}

@inline
export function filterKey(filter: Filter): usize {
  return changetype<usize>(filter) + FILTER_HEADER;
}
@inline
export function filterMatchesObject(filter: Filter, object: usize): bool {
  const length = <usize> objectLength(object) - 4;
  return filter.keyLength == length && filter.ctype == objectCType(object) &&
    equalBytes(filterKey(filter), object + 4, length);
}
@inline
export function filterMatchesPath(filter: Filter, path: PathState): bool {
  const length = <usize> path.keyLength;
  return filter.keyLength == length && filter.ctype == path.ctype &&
    equalBytes(filterKey(filter), templateOf(path), length);
}
@inline
export function equalFilters(a: Filter, b: Filter): bool {
  return a.keyLength == b.keyLength && a.ctype == b.ctype && equalBytes(filterKey(a), filterKey(b), a.keyLength);
}

// The entry of this reservation that covers the sender; for WF its one entry covers all.
export function filterFor(reservation: ReservationState, path: PathState): Filter | null {
  if (reservation.style == STYLE_WILDCARD_FILTER) return reservation.firstFilter;
  for (let filter: Filter | null = reservation.firstFilter; filter; filter = filter!.next) {
    if (filterMatchesPath(filter, path)) return filter;
  }
  return null;
}

export function findFilter(reservation: ReservationState, object: usize): Filter | null {
  for (let filter: Filter | null = reservation.firstFilter; filter; filter = filter!.next) {
    if (filterMatchesObject(filter, object)) return filter;
  }
  return null;
}

// Adds the FILTER_SPEC `object` at the end of the list; 0 makes the keyless entry of WF.
export function addFilter(reservation: ReservationState, object: usize, expiresAt: u32): Filter {
  reservation.fingerprint = 0;
  const length: usize = object == 0 ? 0 : <usize> objectLength(object) - 4;
  const filter = changetype<Filter>(allocate(FILTER_HEADER + length));
  filter.expiresAt = expiresAt;
  filter.keyLength = <u8> length;
  if (object != 0) {
    filter.ctype = <u8> objectCType(object);
    copyWords(filterKey(filter), object + 4, length);
  }
  let last: Filter | null = reservation.firstFilter;
  if (last == null) {
    reservation.firstFilter = filter;
  } else {
    while (last.next) last = last.next!;
    last.next = filter;
  }
  return filter;
}

// Filters of a neighbour's reservation have `at` as their cleanup time now: the session is looked at by then. Refreshes move
// cleanup times away and leave the bound, which is found anew when it has come.
export function expireBy(session: Session, at: u32): void {
  noteExpiry(session, at);
  schedule(session, at);
}
export function noteExpiry(session: Session, at: u32): void {
  // 0 stands for none: a millisecond earlier is a bound too.
  const bound = at == 0 ? at - 1 : at;
  if (session.expiryBound == 0 || isBefore(bound, session.expiryBound)) session.expiryBound = bound;
}

export function deleteFilter(reservation: ReservationState, gone: Filter): void {
  reservation.fingerprint = 0;
  let previous: Filter | null = null;
  for (let filter: Filter | null = reservation.firstFilter; filter; filter = filter!.next) {
    if (filter == gone) {
      if (previous) previous.next = gone.next;
      else reservation.firstFilter = gone.next;
      break;
    }
    previous = filter;
  }
  release(changetype<usize>(gone), FILTER_HEADER + <usize> gone.keyLength);
}

export function writeFilterObject(filter: Filter, destination: usize): usize {
  const length = <usize> filter.keyLength;
  store16(destination, <u32> length + 4);
  store<u8>(destination, 10, 2);
  store<u8>(destination, filter.ctype, 3);
  copyWords(destination + 4, filterKey(filter), length);
  return length + 4;
}

export function annexOf(reservation: ReservationState): ReservationAnnex {
  let annex = reservation.annex;
  if (annex == null) {
    annex = changetype<ReservationAnnex>(allocate(offsetof<ReservationAnnex>()));
    reservation.annex = annex;
  }
  return annex;
}

// Takes over a RESV_CONFIRM object in place of the one before; 0 for none.
export function setConfirm(annex: ReservationAnnex, object: usize): void {
  const old = annex.confirm;
  annex.confirm = 0;
  if (old != 0) release(old, objectLength(old));
  if (object == 0) return;
  const length = objectLength(object);
  const copy = allocate(length);
  copyWords(copy, object, length);
  annex.confirm = copy;
}

// The SCOPE that stands, a blob or 0: not one that is to be settled yet.
@inline
export function standingScope(annex: ReservationAnnex): u32 {
  return annex.scopeChanged ? annex.previousScope : annex.scope;
}

// Puts a SCOPE object, or 0, in place of the one before. `keeps`: that one stands until the change is settled.
export function changeScope(annex: ReservationAnnex, scope: usize, keeps: bool): void {
  if (keeps && !annex.scopeChanged) {
    annex.previousScope = annex.scope;
    annex.scopeChanged = 1;
  } else {
    releaseBlob(annex.scope);
  }
  annex.scope = retainObject(scope);
}

// The new SCOPE stands, or the one before stands again.
export function settleScope(annex: ReservationAnnex, accepted: bool): void {
  if (!annex.scopeChanged) return;
  annex.scopeChanged = 0;
  releaseBlob(accepted ? annex.previousScope : annex.scope);
  if (!accepted) annex.scope = annex.previousScope;
  annex.previousScope = 0;
}

// The same for the objects that are passed on; `others` is a blob or 0, whose reference is taken over.
export function changeOthers(annex: ReservationAnnex, others: u32, keeps: bool): void {
  if (keeps && !annex.othersChanged) {
    annex.previousOthers = annex.others;
    annex.othersChanged = 1;
  } else {
    releaseBlob(annex.others);
  }
  annex.others = others;
}
export function settleOthers(annex: ReservationAnnex, accepted: bool): void {
  if (!annex.othersChanged) return;
  annex.othersChanged = 0;
  releaseBlob(accepted ? annex.previousOthers : annex.others);
  if (!accepted) annex.others = annex.previousOthers;
  annex.previousOthers = 0;
}

// Frees the annex when nothing is left in it.
export function trimAnnex(reservation: ReservationState): void {
  const annex = reservation.annex;
  if (annex == null || annex.scope | <u32> annex.confirm | annex.others | annex.previousFlowspec |
    annex.previousScope | annex.previousOthers | annex.forwardFlowspec) {
    return;
  }
  if (reservation.flags & RESERVATION_PENDING) return;
  release(changetype<usize>(annex), offsetof<ReservationAnnex>());
  reservation.annex = null;
}

export function createReservation(
  session: Session,
  interfaceHandle: u32,
  neighbour: Neighbour | null,
  style: u32,
): ReservationState {
  const reservation = changetype<ReservationState>(allocate(offsetof<ReservationState>()));
  reservation.interface = interfaceHandle;
  reservation.neighbour = neighbour;
  reservation.style = <u8> style;
  if (neighbour) neighbour.states += 1;
  let last: ReservationState | null = session.firstReservation;
  if (last == null) {
    session.firstReservation = reservation;
  } else {
    while (last.next) last = last.next!;
    last.next = reservation;
  }
  forgetRefreshes(session);
  // Its filters are yet to come: when the session is looked at next, so are they.
  noteExpiry(session, now());
  count(COUNTER_RESERVATION_STATES);
  return reservation;
}

// createReservation() and addFilter() for a session that has no reservation, nor fingerprints but that of its one sender,
// and a FILTER_SPEC of IPv4 with port.
export function createFirstReservation(
  session: Session,
  interfaceHandle: u32,
  neighbour: Neighbour,
  style: u32,
  filterSpec: usize,
  expiresAt: u32,
): ReservationState {
  const reservation = changetype<ReservationState>(allocate(offsetof<ReservationState>()));
  reservation.interface = interfaceHandle;
  reservation.neighbour = neighbour;
  reservation.style = <u8> style;
  neighbour.states += 1;
  session.firstReservation = reservation;
  session.firstPath!.fingerprint = 0;
  noteExpiry(session, now());
  count(COUNTER_RESERVATION_STATES);
  const filter = changetype<Filter>(allocate(FILTER_HEADER + 8));
  filter.expiresAt = expiresAt;
  filter.ctype = 1;
  filter.keyLength = 8;
  store<u64>(filterKey(filter), load<u64>(filterSpec, 4));
  reservation.firstFilter = filter;
  return reservation;
}

export function deleteReservation(session: Session, gone: ReservationState): void {
  forgetRefreshes(session);
  let previous: ReservationState | null = null;
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (reservation == gone) {
      if (previous) previous.next = gone.next;
      else session.firstReservation = gone.next;
      break;
    }
    previous = reservation;
  }
  while (gone.firstFilter) deleteFilter(gone, gone.firstFilter!);
  const annex = gone.annex;
  if (annex) {
    releaseBlob(annex.scope);
    setConfirm(annex, 0);
    releaseBlob(annex.others);
    releaseBlob(annex.previousFlowspec);
    releaseBlob(annex.previousScope);
    releaseBlob(annex.previousOthers);
    releaseBlob(annex.forwardFlowspec);
    release(changetype<usize>(annex), offsetof<ReservationAnnex>());
  }
  releaseBlob(gone.flowspec);
  if (session.firstReservation == null) session.expiryBound = 0;
  const neighbour = gone.neighbour;
  if (neighbour) neighbour.states -= 1;
  releaseNeighbour(neighbour);
  release(changetype<usize>(gone), offsetof<ReservationState>());
  uncount(COUNTER_RESERVATION_STATES);
}
