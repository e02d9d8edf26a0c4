// What becomes of pending reservations: confirmed by traffic control, or refused by admission or by the kernel. Refused
// means that a new one goes and an old one has its original values again (RFC 2209, RESV MESSAGE ARRIVES), and that the
// next hop that asked is told.
import { PathState } from "../state/path_state";
import { isAffected, RequestState, setAffected } from "../state/request_state";
import {
  INPUT_TRAFFIC_CONTROL_RESULT_ERROR_CODE,
  INPUT_TRAFFIC_CONTROL_RESULT_ERROR_VALUE,
  INPUT_TRAFFIC_CONTROL_RESULT_GENERATION,
  INPUT_TRAFFIC_CONTROL_RESULT_HANDLE,
  INPUT_TRAFFIC_CONTROL_RESULT_OBJECTS,
  INPUT_TRAFFIC_CONTROL_RESULT_OK,
  INPUT_TRAFFIC_CONTROL_RESULT_PREEMPTED,
  STATUS_OBJECT_CONTENT,
  STATUS_STALE_RESULT,
} from "../boundary.gen";
import { canMerge, canonicalFlowspec } from "../merge/flowspec";
import { ALL_SERVICES, validateFlowspec } from "../merge/validate";
import { blobData, releaseBlob, retainBlob, retainBytes } from "../state/blob";
import { HANDLE_TRAFFIC_CONTROL, handleOwner, handleSession } from "../state/handles";
import { count } from "../state/memory";
import {
  annexOf,
  deleteFilter,
  deleteReservation,
  Filter,
  filterFor,
  RESERVATION_CONFIRM,
  RESERVATION_NEW,
  RESERVATION_PENDING,
  ReservationState,
  setConfirm,
  settleOthers,
  settleScope,
  STYLE_FIXED_FILTER,
  trimAnnex,
} from "../state/reservation_state";
import { forgetRefreshes } from "../state/refresh_fingerprint";
import { releaseIfIdle, Session } from "../state/session";
import { findTrafficControl, TrafficControlState } from "../state/traffic_control_state";
import { objectClass, objectLength } from "../wire/bytes";
import { CLASS_FLOWSPEC } from "../wire/object_forms";
import { displace, displacements } from "./displace";
import { applyAfterConflict } from "./local_call";
import { reservationError } from "./resv_error";
import { SYNC_TRIGGERED, syncRequest } from "./resv_refresh";
import { incomingOf, routesTo } from "./routing";
import { abandonInstall, confirmInstalled } from "./install";
import { digestOf, isOf } from "./traffic_control_target";
import { updateTrafficControl, updateTrafficControlOf } from "./update_traffic_control";

const CODE_ADMISSION: u32 = 1;
const VALUE_BANDWIDTH: u32 = 2;

// Keeps what stood before, so that a refusal can bring it back. Called before the reservation is changed.
export function beginChange(reservation: ReservationState): void {
  if (reservation.flags & RESERVATION_PENDING) {
    // Changed again while the first change is in flight: it waits for the next answer.
    annexOf(reservation).generation = 0;
    return;
  }
  const annex = annexOf(reservation);
  annex.previousFlowspec = reservation.flowspec;
  reservation.flowspec = 0;
  annex.generation = 0;
  reservation.flags |= <u8> RESERVATION_PENDING;
}

// Pending no longer: what was asked for stands.
export function accept(reservation: ReservationState): void {
  reservation.flags &= <u8> ~(RESERVATION_PENDING | RESERVATION_NEW);
  for (let filter: Filter | null = reservation.firstFilter; filter; filter = filter!.next) filter.fresh = 0;
  const annex = reservation.annex;
  if (annex == null) return;
  releaseBlob(annex.previousFlowspec);
  annex.previousFlowspec = 0;
  annex.generation = 0;
  settleScope(annex, true);
  settleOthers(annex, true);
  trimAnnex(reservation);
}

export function settle(session: Session, block: TrafficControlState, generation: u32): void {
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (!isOf(reservation, block)) continue;
    if (forwardFlowspec(reservation)) markAffected(session, reservation);
    if (!(reservation.flags & RESERVATION_PENDING) || annexOf(reservation).generation != generation) continue;
    markAffected(session, reservation);
    accept(reservation);
  }
}

// The Fwd_Flowspec of the answer at hand, a blob, or 0.
let forwarded: u32 = 0;
const forwardScratch: usize = memory.data(64, 8);

// Takes it over for one reservation of the block; returns whether that changes anything.
function forwardFlowspec(reservation: ReservationState): bool {
  const annex = reservation.annex;
  if ((annex ? annex.forwardFlowspec : 0) == forwarded) return false;
  const own = annexOf(reservation);
  releaseBlob(own.forwardFlowspec);
  own.forwardFlowspec = retainBlob(forwarded);
  trimAnnex(reservation);
  return true;
}

// A FLOWSPEC of the service that was asked for, or nothing.
function readForwarded(block: TrafficControlState, record: usize, length: u32): u32 {
  const object = record + INPUT_TRAFFIC_CONTROL_RESULT_OBJECTS;
  const end = record + length - load<u16>(record, 2);
  const annex = block.annex;
  if (annex == null || object + 4 > end || objectLength(object) < 4 || object + objectLength(object) > end) return 0;
  const isFlowspec = objectClass(object) == CLASS_FLOWSPEC && validateFlowspec(object, ALL_SERVICES) == 0;
  const bytes = isFlowspec ? canonicalFlowspec(object, forwardScratch) : 0;
  if (bytes != 0 && canMerge(forwardScratch, blobData(annex.flowspec)) == 0) return retainBytes(forwardScratch, bytes);
  count(STATUS_OBJECT_CONTENT);
  return 0;
}

// What changed while an install was in flight is asked for now. Where that is what stands already (only the scope is
// another, or the change was taken back), there is nothing to wait for.
export function settleWaiting(session: Session, iface: u32): void {
  let reservation: ReservationState | null = session.firstReservation;
  while (reservation) {
    const next: ReservationState | null = reservation.next;
    const before = displacements;
    if (reservation.interface == iface && isWaiting(reservation)) settleOne(session, reservation);
    // Where one had to make room for another of the session, `next` may be gone.
    reservation = displacements == before ? next : nextWaiting(session, iface);
  }
  for (let one: ReservationState | null = session.firstReservation; one; one = one!.next) one.marked = 0;
}

// Changed while an install was in flight, and not looked at yet.
@inline
function isWaiting(reservation: ReservationState): bool {
  return (reservation.flags & RESERVATION_PENDING) != 0 && annexOf(reservation).generation == 0 && !reservation.marked;
}
function nextWaiting(session: Session, iface: u32): ReservationState | null {
  for (let one: ReservationState | null = session.firstReservation; one; one = one!.next) {
    if (one.interface == iface && isWaiting(one)) return one;
  }
  return null;
}

function settleOne(session: Session, reservation: ReservationState): void {
  reservation.marked = 1;
  const iface = reservation.interface;
  const filter = reservation.style == STYLE_FIXED_FILTER ? reservation.firstFilter : null;
  const refusal = updateTrafficControl(session, iface, filter, reservation);
  if (refusal != 0) {
    markAffected(session, reservation);
    return refuse(session, reservation, refusal >>> 16, refusal & 0xffff);
  }
  const block = findTrafficControl(session, iface, filter ? digestOf(filter) : 0);
  if (block != null && block.annex != null) return;
  markAffected(session, reservation);
  accept(reservation);
}

// The requests whose Resv this reservation has a part in.
export function markAffected(session: Session, reservation: ReservationState): void {
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    // What came in by an interface says nothing to hops on the same one, not even what they were to hear later (RFC 2205
    // sections 2.3, 3.3).
    if (isAffected(path.request) || incomingOf(path) == reservation.interface) continue;
    // A sender that was asked for counts even where routing has left the interface: its request is smaller now.
    if (path.requested == 0 && !routesTo(session, path, reservation.interface)) continue;
    if (filterFor(reservation, path)) setAffected(path.request, true);
  }
}

// Sends what has changed to the previous hops concerned (RFC 2209: Refresh_PHOP_list).
export function syncAffected(session: Session): void {
  for (let request: RequestState | null = session.firstRequest; request; request = request!.next) {
    if (!isAffected(request)) continue;
    setAffected(request, false);
    syncRequest(session, request, SYNC_TRIGGERED);
  }
}

// Tells the next hop and unwinds: deletes a new reservation, restores an old one. InPlace says which (RFC 2205 A.5).
export function refuse(session: Session, reservation: ReservationState, code: u32, value: u32): void {
  forgetRefreshes(session);
  const fresh = (reservation.flags & RESERVATION_NEW) != 0;
  reservationError(session, reservation, code, value, fresh ? 0 : 1);
  if (fresh) {
    deleteReservation(session, reservation);
    return;
  }
  const annex = annexOf(reservation);
  // A new scope or confirmation alone begins no change: then what stands is what stood.
  if (reservation.flags & RESERVATION_PENDING) {
    releaseBlob(reservation.flowspec);
    reservation.flowspec = annex.previousFlowspec;
    annex.previousFlowspec = 0;
  }
  settleScope(annex, false);
  settleOthers(annex, false);
  setConfirm(annex, 0);
  annex.generation = 0;
  reservation.flags &= <u8> ~(RESERVATION_PENDING | RESERVATION_CONFIRM);
  let filter: Filter | null = reservation.firstFilter;
  while (filter) {
    const next: Filter | null = filter.next;
    if (filter.fresh) deleteFilter(reservation, filter);
    filter = next;
  }
  // Senders that stood before have gone meanwhile: without any filter it would reserve for nobody, and never end.
  if (reservation.firstFilter == null) return deleteReservation(session, reservation);
  trimAnnex(reservation);
}

// TRAFFIC_CONTROL_RESULT. Answers that belong together are submitted together; upstream messages follow the last of a
// session, so that what was one Resv is one Resv again.
export function trafficControlResult(record: usize, next: usize): void {
  const handle = load<u32>(record, INPUT_TRAFFIC_CONTROL_RESULT_HANDLE);
  const owner = handleOwner(handle, HANDLE_TRAFFIC_CONTROL);
  if (owner == 0) return count(STATUS_STALE_RESULT);
  const block = changetype<TrafficControlState>(owner);
  const session = changetype<Session>(handleSession(handle));
  if (block.handle != handle) return count(STATUS_STALE_RESULT);
  const generation = load<u32>(record, INPUT_TRAFFIC_CONTROL_RESULT_GENERATION);
  const annex = block.annex;
  const answersLatest = annex != null && annex.generation == generation;
  const preempted = load<u8>(record, INPUT_TRAFFIC_CONTROL_RESULT_PREEMPTED) != 0;
  const speaksOfStanding = preempted && block.flowspec != 0 && block.generation == generation;
  if (!answersLatest && !speaksOfStanding) {
    // What it speaks of has been replaced, or its number belongs to another now. The one before may have left it to this
    // one to send what follows.
    count(STATUS_STALE_RESULT);
  } else if (preempted) {
    displace(session, block, false);
  } else if (load<u8>(record, INPUT_TRAFFIC_CONTROL_RESULT_OK)) {
    forwarded = readForwarded(block, record, load<u32>(record, 4));
    confirmInstalled(session, block);
    releaseBlob(forwarded);
    forwarded = 0;
  } else {
    const code = load<u8>(record, INPUT_TRAFFIC_CONTROL_RESULT_ERROR_CODE);
    const value = load<u16>(record, INPUT_TRAFFIC_CONTROL_RESULT_ERROR_VALUE);
    refuseGeneration(session, block, generation, code ? code : CODE_ADMISSION, value ? value : VALUE_BANDWIDTH);
  }
  const following = next != 0 ? handleOwner(load<u32>(next, INPUT_TRAFFIC_CONTROL_RESULT_HANDLE), HANDLE_TRAFFIC_CONTROL) : 0;
  if (
    following != 0 && handleSession(load<u32>(next, INPUT_TRAFFIC_CONTROL_RESULT_HANDLE)) == changetype<usize>(session)
  ) return;
  applyAfterConflict(session);
  syncAffected(session);
  releaseIfIdle(session);
}

// The kernel refused what admission had granted: those who asked for it hear of it, the rest stands as confirmed.
function refuseGeneration(session: Session, block: TrafficControlState, generation: u32, code: u32, value: u32): void {
  const iface = block.interface;
  let reservation: ReservationState | null = session.firstReservation;
  while (reservation) {
    const next: ReservationState | null = reservation.next;
    if (
      (reservation.flags & RESERVATION_PENDING) && isOf(reservation, block) &&
      annexOf(reservation).generation == generation
    ) {
      markAffected(session, reservation);
      refuse(session, reservation, code, value);
    }
    reservation = next;
  }
  abandonInstall(session, block);
  // What waited behind the refused install may be covered by what stands.
  settleWaiting(session, iface);
  updateTrafficControlOf(session, iface);
}
