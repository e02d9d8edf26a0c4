// RTEAR MESSAGE ARRIVES (RFC 2209): takes away the filters that it names from the reservation of the next hop that sent it
// (RFC 2209 matches NHOP, so one next hop of a LAN does not end another's), and sends upstream what follows from that: a
// Resv where others still want the sender, else a ResvTear. FLOWSPECs in it are ignored (RFC 2205 section 2.4).
import { COUNTER_RESERVATION_EXPIRED, STATUS_NO_STATE, STATUS_STYLE_CONFLICT } from "../boundary.gen";
import { count } from "../state/memory";
import { findNeighbour, Neighbour } from "../state/neighbour";
import {
  deleteFilter,
  deleteReservation,
  Filter,
  findFilter,
  ReservationState,
  STYLE_WILDCARD_FILTER,
} from "../state/reservation_state";
import { findSession, releaseIfIdle, Session } from "../state/session";
import { isDue } from "../timers/clock";
import { objectLength } from "../wire/bytes";
import { nextFilter } from "../wire/flow_descriptors";
import { view } from "./context";
import { drop } from "./drop";
import { applyAfterConflict } from "./local_call";
import { addressOf, beginPassingOn, endPassingOn } from "./objects";
import { outgoingInterface } from "./resv_context";
import { markAffected, syncAffected } from "./settle";
import { touchInterface, updateTrafficControlOf } from "./update_traffic_control";

export function resvTearArrives(): void {
  const v = view();
  const session = findSession(v.session);
  if (session == null) return drop(STATUS_NO_STATE, v.session);
  const outgoing = outgoingInterface();
  if (outgoing == null) return;
  const hop = findNeighbour(outgoing.handle, addressOf(v.hop), v.family);
  if (hop == null) return drop(STATUS_NO_STATE, v.hop);
  let found = false;
  let reservation: ReservationState | null = session.firstReservation;
  while (reservation) {
    const next: ReservationState | null = reservation.next;
    if (reservation.interface == outgoing.handle && reservation.neighbour == hop) {
      if (reservation.style != v.style) return drop(STATUS_STYLE_CONFLICT, v.styleObject);
      if (tearNamed(session, reservation)) found = true;
    }
    reservation = next;
  }
  if (!found) return drop(STATUS_NO_STATE, v.styleObject);
  updateTrafficControlOf(session, outgoing.handle);
  beginPassingOn(v);
  syncAffected(session);
  endPassingOn();
  applyAfterConflict(session);
  releaseIfIdle(session);
}

// Removes the filters that the message names; the reservation goes with its last one. WF names none and goes whole.
function tearNamed(session: Session, reservation: ReservationState): bool {
  const v = view();
  if (reservation.style == STYLE_WILDCARD_FILTER) {
    markAffected(session, reservation);
    deleteReservation(session, reservation);
    return true;
  }
  let removed = false;
  for (
    let object = nextFilter(v.flowDescriptors, v.flowDescriptorsEnd);
    object != 0;
    object = nextFilter(object + objectLength(object), v.flowDescriptorsEnd)
  ) {
    const filter = findFilter(reservation, object);
    if (filter == null) continue;
    if (!removed) markAffected(session, reservation);
    deleteFilter(reservation, filter);
    removed = true;
  }
  if (reservation.firstFilter == null) deleteReservation(session, reservation);
  return removed;
}

// Filters whose cleanup time has come (RFC 2205 section 3.7). Returns whether anything went; then updateTouched() is due.
export function expireReservation(session: Session, reservation: ReservationState): bool {
  let any = false;
  let filter: Filter | null = reservation.firstFilter;
  while (filter) {
    const next: Filter | null = filter.next;
    if (isDue(filter.expiresAt)) {
      if (!any) markAffected(session, reservation);
      deleteFilter(reservation, filter);
      any = true;
    }
    filter = next;
  }
  if (!any) return false;
  count(COUNTER_RESERVATION_EXPIRED);
  const iface = reservation.interface;
  if (reservation.firstFilter == null) deleteReservation(session, reservation);
  touchInterface(session, iface);
  return true;
}

// All reservations of an application, or of one next hop.
export function removeReservationsOf(session: Session, iface: u32, hop: Neighbour | null): void {
  let reservation: ReservationState | null = session.firstReservation;
  while (reservation) {
    const next: ReservationState | null = reservation.next;
    if (reservation.interface == iface && reservation.neighbour == hop) {
      markAffected(session, reservation);
      deleteReservation(session, reservation);
    }
    reservation = next;
  }
  updateTrafficControlOf(session, iface);
}
