// The first half of UPDATE TRAFFIC CONTROL (RFC 2209, steps 1 to 6): what should be reserved on one outgoing interface, for
// one filter (FF) or for all (WF, SE): the merged FLOWSPEC, Path_Te, the filters and the police flags.
import { compareFlowspecs, EQUAL, GREATER, mergeFlowspecs } from "../merge/flowspec";
import { addToTspecSum, finishTspecSum, startTspecSum } from "../merge/tspec";
import { blobData, blobLength } from "../state/blob";
import { hashBytes } from "../state/hash";
import { hasFlag, PATH_E_POLICE, PathState } from "../state/path_state";
import {
  equalFilters,
  Filter,
  filterFor,
  filterKey,
  filterMatchesPath,
  ReservationState,
  STYLE_FIXED_FILTER,
  STYLE_SHARED_EXPLICIT,
} from "../state/reservation_state";
import { Session } from "../state/session";
import { TrafficControlState } from "../state/traffic_control_state";
import { mergeA, mergeB, sumScratch, tspecScratch } from "./context";
import { routesTo } from "./routing";

export const E_POLICE: u32 = 1;
export const M_POLICE: u32 = 2;
export const B_POLICE: u32 = 4;

// The target of one event, computed by `computeTarget`. What comes from one reservation or one sender alone is named as
// its blob, so that it need not be stored again; what was merged stands in scratch memory.
@unmanaged
export class Target {
  flowspec: usize;
  flowspecLength: u32;
  flowspecBlob: u32;
  tspec: usize;
  tspecLength: u32;
  tspecBlob: u32;
  digest: u32;
  policing: u32;
  style: u32;
}
const targetMemory: usize = memory.data(64, 8);
@inline
export function target(): Target {
  return changetype<Target>(targetMemory);
}

@inline
export function digestOf(filter: Filter): u32 {
  return hashBytes(filterKey(filter), filter.keyLength, 128 + <u64> filter.ctype) | 1;
}

// Whether the reservation belongs to the traffic control state of (interface, filter); `filter` null for shared styles.
@inline
export function belongs(reservation: ReservationState, iface: u32, filter: Filter | null): bool {
  if (reservation.interface != iface) return false;
  if (filter == null) return true;
  const first = reservation.firstFilter;
  return first != null && equalFilters(first, filter);
}

// Merges what belongs together; false when there is nothing. `distinct` is the filter's digest.
export function computeTarget(session: Session, iface: u32, filter: Filter | null, distinct: u32): bool {
  target().flowspec = 0;
  target().digest = 0;
  // One filter alone (FF has no more) is no union: the table is begun with the second.
  firstDigest = 0;
  targetFilters = 0;
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (!belongs(reservation, iface, filter)) continue;
    target().style = reservation.style;
    for (let f: Filter | null = filter != null ? null : reservation.firstFilter; f; f = f!.next) {
      const digest = digestOf(f);
      targetFilters += 1;
      if (targetFilters == 1) {
        firstDigest = digest;
        target().digest = digest;
        continue;
      }
      if (targetFilters == 2) {
        beginUnion(targetUnion);
        isNewToUnion(targetUnion, firstDigest);
      }
      if (isNewToUnion(targetUnion, digest)) target().digest += digest;
    }
    const flowspec = blobData(reservation.flowspec);
    if (target().flowspec == 0) {
      target().flowspecLength = <u32> blobLength(reservation.flowspec);
      target().flowspecBlob = reservation.flowspec;
      target().flowspec = flowspec;
      continue;
    }
    const to = target().flowspec == mergeA ? mergeB : mergeA;
    const length = mergeFlowspecs(target().flowspec, flowspec, to);
    // Of another service, because a refusal brought back what stood before: the first one stays.
    if (length == 0) continue;
    target().flowspecLength = length;
    target().flowspecBlob = 0;
    target().flowspec = to;
  }
  if (target().flowspec == 0) return false;
  if (filter != null) target().digest = distinct;
  computeSenders(session, iface, filter);
  return true;
}

// The filters of several reservations as a union, by their digests: a small table, since no session has more filters that
// differ than it has senders. Comparing each with all before it would cost the square of what next hops may ask for.
const UNION_SLOTS: u32 = 1024;
export const UNION_BYTES: i32 = 4096;
const targetUnion: usize = memory.data(UNION_BYTES, 8);
export const writtenUnion: usize = memory.data(UNION_BYTES, 8);
// How many filters the target has; the digest of one alone.
let targetFilters: u32 = 0;
let firstDigest: u32 = 0;

export function beginUnion(union: usize): void {
  memory.fill(union, 0, UNION_BYTES);
}

// Adds a digest, which is never zero; false if it is there already. Where the table is full nothing is added any more.
export function isNewToUnion(union: usize, digest: u32): bool {
  const home = digest >>> 1;
  for (let step: u32 = 0; step < UNION_SLOTS; step++) {
    const at = union + <usize> ((home + step) & (UNION_SLOTS - 1)) * 4;
    const value = load<u32>(at);
    if (value == digest) return false;
    if (value != 0) continue;
    store<u32>(at, digest);
    return true;
  }
  return true;
}

function isInUnion(union: usize, digest: u32): bool {
  const home = digest >>> 1;
  for (let step: u32 = 0; step < UNION_SLOTS; step++) {
    const value = load<u32>(union + <usize> ((home + step) & (UNION_SLOTS - 1)) * 4);
    if (value == digest) return true;
    if (value == 0) return false;
  }
  return false;
}

function covers(session: Session, iface: u32, filter: Filter | null, path: PathState): bool {
  if (!routesTo(session, path, iface)) return false;
  // One filter covers one sender, so nobody else need be looked for.
  if (filter != null && !filterMatchesPath(filter, path)) return false;
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (belongs(reservation, iface, filter) && filterFor(reservation, path)) return true;
  }
  return false;
}

// Path_Te is the sum over the senders that match and leave by the interface; E_Police if any of them says so, M_Police
// for more than one in a shared style, B_Police if somewhere else in the session more is reserved.
function computeSenders(session: Session, iface: u32, filter: Filter | null): void {
  target().policing = 0;
  let senders = 0;
  let onlyTspec: u32 = 0;
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (!covers(session, iface, filter, path)) continue;
    senders += 1;
    // The sum is begun with the second sender: one alone is what it says.
    if (senders == 1) {
      onlyTspec = path.senderTspec;
    } else {
      if (senders == 2) {
        startTspecSum(sumScratch);
        addToTspecSum(sumScratch, blobData(onlyTspec));
      }
      addToTspecSum(sumScratch, blobData(path.senderTspec));
    }
    if (hasFlag(path, PATH_E_POLICE)) target().policing |= E_POLICE;
  }
  if (senders == 1) {
    target().tspecBlob = onlyTspec;
    target().tspec = blobData(onlyTspec);
    target().tspecLength = <u32> blobLength(onlyTspec);
  } else {
    if (senders == 0) startTspecSum(sumScratch);
    target().tspecBlob = 0;
    target().tspec = tspecScratch;
    target().tspecLength = finishTspecSum(sumScratch, tspecScratch);
  }
  if (senders > 1 && target().style != STYLE_FIXED_FILTER) target().policing |= M_POLICE;
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (reservation.interface == iface || (filter != null && !belongs(reservation, reservation.interface, filter))) continue;
    const relation = compareFlowspecs(target().flowspec, blobData(reservation.flowspec));
    if (relation == EQUAL || relation == GREATER || !sharesFilter(reservation)) continue;
    target().policing |= B_POLICE;
    return;
  }
}

// Whether a reservation of another interface is "for the same FILTER_SPEC" as the target (RFC 2205 section 3.8): SE requests of
// two interfaces may have no sender in common.
function sharesFilter(reservation: ReservationState): bool {
  if (reservation.style != STYLE_SHARED_EXPLICIT) return true;
  for (let filter: Filter | null = reservation.firstFilter; filter; filter = filter!.next) {
    const digest = digestOf(filter);
    if (targetFilters == 1 ? digest == firstDigest : isInUnion(targetUnion, digest)) return true;
  }
  return false;
}

// Whether the reservation is part of what the block reserves.
export function isOf(reservation: ReservationState, block: TrafficControlState): bool {
  if (reservation.interface != block.interface) return false;
  if ((reservation.style == STYLE_FIXED_FILTER) != block.distinct) return false;
  if (!block.distinct) return true;
  const filter = reservation.firstFilter;
  return filter != null && digestOf(filter) == block.filterDigest;
}
