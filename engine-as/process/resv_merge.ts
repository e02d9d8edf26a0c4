// The merging half of RESV REFRESH (RFC 2209, steps 2 to 5): what the reservations ask of one previous hop together, with
// blockade state (RFC 2205 section 3.5) and the confirmations that go along or are answered here (section 2.6).
import { greatestLowerBoundFlowspecs, isStrictlyGreater, mergeFlowspecs } from "../merge/flowspec";
import { isVirtual } from "../state/application";
import { blobData, blobHash, blobLength, hashOfBlob } from "../state/blob";
import { blockadeMatchesPath, BlockadeState, deleteBlockade } from "../state/blockade_state";
import { PathState } from "../state/path_state";
import { RequestState } from "../state/request_state";
import {
  filterFor,
  RESERVATION_CONFIRM,
  RESERVATION_NEW,
  RESERVATION_PENDING,
  ReservationState,
  STYLE_FIXED_FILTER,
  STYLE_WILDCARD_FILTER,
} from "../state/reservation_state";
import { MAXIMUM_SENDERS_PER_SESSION } from "../limits";
import { Session } from "../state/session";
import { isDue } from "../timers/clock";
import { objectLength } from "../wire/bytes";
import { mergeA, mergeB } from "./context";
import { clearConfirm, confirmHere } from "./resv_confirm";
import { incomingOf, routesTo } from "./routing";
import { scopeHas } from "./scope";

// Result of merging for one sender or, in a shared style, for all senders of the request.
export let merged: usize = 0;
export let mergedLength: u32 = 0;
// The blob that the result is, where one FLOWSPEC alone is it.
let mergedBlob: u32 = 0;
// Something is requested, but all of it is blockaded.
export let allBlockaded = false;
export let confirmOf: ReservationState | null = null;
// Another confirmation waits for a Resv of its own.
export let moreConfirms = false;

// What stands for a reservation towards upstream: the value that traffic control has confirmed, or wants forwarded.
@inline
export function standingFlowspec(reservation: ReservationState): u32 {
  const annex = reservation.annex;
  if (annex && annex.forwardFlowspec) return annex.forwardFlowspec;
  if ((reservation.flags & RESERVATION_PENDING) == 0) return reservation.flowspec;
  if (reservation.flags & RESERVATION_NEW) return 0;
  return reservation.annex!.previousFlowspec;
}

// Whether the reservation has a part in what is requested for this sender.
export function covers(session: Session, reservation: ReservationState, path: PathState): bool {
  if (standingFlowspec(reservation) == 0) return false;
  const filter = filterFor(reservation, path);
  if (filter == null || (filter.fresh && reservation.style != STYLE_WILDCARD_FILTER)) return false;
  if (!routesTo(session, path, reservation.interface) && !holdsForNewBranch(session, reservation, path)) return false;
  return scopeHas(reservation, path);
}

// After a change of route a unicast reservation that stands on the interface left behind keeps up what was requested, until
// the new branch is reserved or its own lifetime ends: else the first refresh after the change would tear it upstream, and
// a little later the new branch would ask for it again (RFC 2205 section 3.6).
function holdsForNewBranch(session: Session, reservation: ReservationState, path: PathState): bool {
  const left = reservation.interface;
  if (session.multicast || isVirtual(left) || incomingOf(path) == left) return false;
  for (let other: ReservationState | null = session.firstReservation; other; other = other!.next) {
    if (standingFlowspec(other) == 0 || !routesTo(session, path, other.interface)) continue;
    if (filterFor(other, path)) return false;
  }
  return true;
}

// The senders behind the previous hop of the request at hand, gathered once: asking each reservation about each sender of
// the session would cost the product of next hops, senders and previous hops.
const ownPaths: usize = memory.data(1604, 8);
let ownCount: usize = 0;
assert(MAXIMUM_SENDERS_PER_SESSION * 4 <= 1604);

export function gatherPaths(session: Session, request: RequestState): void {
  ownCount = 0;
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (path.request != request || ownCount == <usize> MAXIMUM_SENDERS_PER_SESSION) continue;
    store<u32>(ownPaths + ownCount * 4, <u32> changetype<usize>(path));
    ownCount += 1;
  }
}
@inline
function ownPath(index: usize): PathState {
  return changetype<PathState>(<usize> load<u32>(ownPaths + index * 4));
}

// Whether the reservation concerns the request that was gathered at all: any of its senders, or just `only`.
export function coversRequest(
  session: Session,
  reservation: ReservationState,
  request: RequestState,
  only: PathState | null,
): bool {
  if (only != null) return covers(session, reservation, only);
  for (let index: usize = 0; index < ownCount; index++) {
    if (covers(session, reservation, ownPath(index))) return true;
  }
  return false;
}

// Blockaded if any living block that applies is not strictly larger (RFC 2205 section 3.5). For SE a request that is
// blockaded for one of its senders is left out whole: else that sender would fail its neighbours again.
function isBlockaded(
  session: Session,
  reservation: ReservationState,
  request: RequestState,
  only: PathState | null,
): bool {
  let block: BlockadeState | null = request.firstBlockade;
  while (block) {
    const next = block.next;
    if (isDue(block.expiresAt)) {
      deleteBlockade(request, block);
    } else if (!isStrictlyGreater(blobData(block.flowspec), blobData(standingFlowspec(reservation)))) {
      if (reservation.style == STYLE_WILDCARD_FILTER && block.keyLength == 0) return true;
      for (let index: usize = 0; index < ownCount; index++) {
        const path = ownPath(index);
        if (only != null && path != only) continue;
        if (blockadeMatchesPath(block, path) && covers(session, reservation, path)) return true;
      }
    }
    block = next;
  }
  return false;
}

// Merges the reservations that concern `only` (FF) or the whole request. LUB over those that are not blockaded; if all
// are, GLB over all (RFC 2209 step 3 and 4). Returns false if nothing is requested.
export function merge(session: Session, request: RequestState, only: PathState | null): bool {
  merged = 0;
  allBlockaded = false;
  let any = false;
  let folded: u32 = 0;
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (!coversRequest(session, reservation, request, only)) continue;
    any = true;
    // What was the last one's FLOWSPEC changes nothing again: most next hops ask for the same.
    const standing = standingFlowspec(reservation);
    if ((standing != folded || merged == 0) && !isBlockaded(session, reservation, request, only)) {
      fold(standing, true);
      folded = standing;
    }
  }
  if (!any || (merged != 0 && !isSumBlockaded(session, request, only))) return any;
  merged = 0;
  allBlockaded = true;
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (coversRequest(session, reservation, request, only)) {
      fold(standingFlowspec(reservation), false);
    }
  }
  return true;
}

// Requests that cannot be ordered may each be smaller than what failed while their least upper bound is just that: it would
// fail for ever. Where one component of Qb is not greater than Qi's, RFC 2205 section 3.5 calls Qi blockaded, so then all
// are (docs/protocol-decisions.md). In SE only those for the sender that it failed for can be judged by it.
function isSumBlockaded(session: Session, request: RequestState, only: PathState | null): bool {
  if (mergedBlob != 0) return false;
  for (let block: BlockadeState | null = request.firstBlockade; block; block = block!.next) {
    if (isDue(block.expiresAt) || isStrictlyGreater(blobData(block.flowspec), merged)) continue;
    if (block.keyLength == 0 && session.firstReservation!.style == STYLE_WILDCARD_FILTER) return true;
    for (let index: usize = 0; index < ownCount; index++) {
      const path = ownPath(index);
      if ((only == null || path == only) && blockadeMatchesPath(block, path) && coverAll(session, request, only, path)) return true;
    }
  }
  return false;
}
// Whether every request that was merged is for this sender.
function coverAll(session: Session, request: RequestState, only: PathState | null, path: PathState): bool {
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (!coversRequest(session, reservation, request, only) || covers(session, reservation, path)) continue;
    if (!isBlockaded(session, reservation, request, only)) return false;
  }
  return true;
}

function fold(blob: u32, upper: bool): void {
  const flowspec = blobData(blob);
  if (merged == 0) {
    merged = flowspec;
    mergedLength = <u32> blobLength(blob);
    mergedBlob = blob;
    return;
  }
  const to = merged == mergeA ? mergeB : mergeA;
  const combined = upper ? mergeFlowspecs(merged, flowspec, to) : greatestLowerBoundFlowspecs(merged, flowspec, to);
  // Of another service, because a refusal brought back what stood before: the first one stays.
  if (combined == 0) return;
  mergedLength = combined;
  merged = to;
  mergedBlob = 0;
}

// RESV_CONFIRMs that wait for this request: forwarded with the largest flowspec, answered here otherwise, dropped when
// blockaded (RFC 2205 section 3.1.4, RFC 2209 step 4).
function settleConfirms(session: Session, request: RequestState, only: PathState | null): void {
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (!(reservation.flags & RESERVATION_CONFIRM) || reservation.flags & RESERVATION_PENDING) continue;
    if (!coversRequest(session, reservation, request, only)) continue;
    if (allBlockaded || isBlockaded(session, reservation, request, only)) {
      clearConfirm(reservation);
    } else if (request.neighbour == null || !isLargest(session, reservation, request, only)) {
      confirmHere(session, reservation);
    } else {
      takeAlong(reservation);
    }
  }
}

// One RESV_CONFIRM goes with a Resv, which answers all descriptors of the Resv that brought it (FF): once (RFC 2205 section
// 2.6). Another receiver's has a Resv of its own, at once.
function takeAlong(reservation: ReservationState): void {
  const chosen = confirmOf;
  if (chosen == null) {
    confirmOf = reservation;
    return;
  }
  const own = reservation.annex!.confirm, first = chosen.annex!.confirm;
  if (objectLength(own) == objectLength(first) && memory.compare(own, first, objectLength(own)) == 0) {
    clearConfirm(reservation);
  } else moreConfirms = true;
}

function isLargest(session: Session, candidate: ReservationState, request: RequestState, only: PathState | null): bool {
  const flowspec = blobData(candidate.flowspec);
  for (let other: ReservationState | null = session.firstReservation; other; other = other!.next) {
    if (
      other == candidate || !coversRequest(session, other, request, only) || isBlockaded(session, other, request, only)
    ) continue;
    if (!isStrictlyGreater(flowspec, blobData(standingFlowspec(other)))) return false;
  }
  return true;
}

// Confirmations are sent before the message that they belong to is begun: both are built at the end of one queue.
export function prepareConfirms(session: Session, request: RequestState, style: u32): void {
  confirmOf = null;
  moreConfirms = false;
  let waiting = false;
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (reservation.flags & RESERVATION_CONFIRM) waiting = true;
  }
  if (!waiting) return;
  // One reservation and nothing blockaded: there is nobody to be compared with.
  const only = session.firstReservation!;
  if (only.next == null && request.firstBlockade == null && request.neighbour != null) {
    if (!(only.flags & RESERVATION_PENDING) && coversRequest(session, only, request, null)) confirmOf = only;
    return;
  }
  if (style != STYLE_FIXED_FILTER) {
    if (merge(session, request, null)) settleConfirms(session, request, null);
    return;
  }
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (path.request == request && merge(session, request, path)) settleConfirms(session, request, path);
  }
}

// Digest of the merged FLOWSPEC.
export function mergedDigest(): u32 {
  return (mergedBlob != 0 ? blobHash(mergedBlob) : hashOfBlob(merged, mergedLength)) | 1;
}
