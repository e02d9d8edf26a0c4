// RESV MESSAGE ARRIVES (RFC 2209): finds the outgoing interface by the logical interface handle, checks path state and
// style, and makes or changes one reservation per flow descriptor. What follows upstream is decided by resv_refresh.ts
// once traffic control has settled it.
import {
  COUNTER_REFRESHES_UNCHANGED,
  STATUS_BAD_VALUE,
  STATUS_NEIGHBOUR_LIMIT,
  STATUS_NO_PATH_STATE,
  STATUS_NO_SENDER,
  STATUS_OBJECT_CONTENT,
  STATUS_OUT_OF_MEMORY,
  STATUS_POLICY_REFUSED,
  STATUS_RESERVATION_LIMIT,
  STATUS_STYLE_CONFLICT,
  STATUS_UNKNOWN_CLASS,
  STATUS_UNKNOWN_STYLE,
} from "../boundary.gen";
import { timeValuesRefreshPeriodMs } from "../accessors.gen";
import { canMerge, canonicalFlowspec } from "../merge/flowspec";
import { validateFlowspec } from "../merge/validate";
import {
  blobData,
  blobEquals,
  blobEqualsObject,
  releaseBlob,
  retainBlob,
  retainBytes,
  retainObject,
} from "../state/blob";
import { Interface, interfaceByAddress } from "../state/interface";
import { count, mayChange, mayGrow, root } from "../state/memory";
import { findNeighbour, releaseNeighbour, retainNeighbour } from "../state/neighbour";
import {
  annexOf,
  changeOthers,
  changeScope,
  createReservation,
  deleteReservation,
  expireBy,
  findFilter,
  RESERVATION_CONFIRM,
  RESERVATION_LOCAL,
  RESERVATION_NEW,
  RESERVATION_PENDING,
  ReservationState,
  setConfirm,
  STYLE_FIXED_FILTER,
  trimAnnex,
} from "../state/reservation_state";
import { forgetRefreshes } from "../state/refresh_fingerprint";
import { Session } from "../state/session";
import { findTrafficControl } from "../state/traffic_control_state";
import { isVirtual } from "../state/application";
import { now } from "../timers/clock";
import { lifetimeOf } from "../timers/timing";
import { objectClass, objectCType } from "../wire/bytes";
import {
  beginFlowDescriptors,
  FLOW_DESCRIPTORS_BYTES,
  FlowDescriptors,
  nextFlowDescriptor,
} from "../wire/flow_descriptors";
import { view } from "./context";
import { drop } from "./drop";
import { reportMixed } from "./displace";
import { takeFirstReservation } from "./first_reservation";
import { applyAfterConflict } from "./local_call";
import { addressOf, retainOthers } from "./objects";
import { CODE_POLICY, refusesDescriptor } from "./policy";
import { confirmHere, isBiggest } from "./resv_confirm";
import { refuseDescriptor, refuseMessage } from "./resv_error";
import { allFiltersTaken, beginFilters, filtersAreFull, matchesAnySender, takeFilters } from "./resv_filters";
import { outgoingInterface, resvContext } from "./resv_context";
import { accept, beginChange, markAffected, refuse, syncAffected } from "./settle";
import { digestOf } from "./traffic_control_target";
import { arrivingSession, forgetArriving, markRefreshed } from "./unchanged_refresh";
import { catchUp, updateTrafficControl, updateTrafficControlOf } from "./update_traffic_control";

const CODE_NO_PATH: u32 = 3;
const CODE_NO_SENDER: u32 = 4;
const CODE_CONFLICTING_STYLE: u32 = 5;
const CODE_UNKNOWN_STYLE: u32 = 6;
const CODE_UNKNOWN_CLASS: u32 = 13;
const CODE_UNKNOWN_CTYPE: u32 = 14;
const CODE_TRAFFIC_CONTROL: u32 = 21;
const BAD_FLOWSPEC: u32 = 3;

const descriptorMemory: usize = memory.data(64, 8);
// A FLOWSPEC in canonical encoding: what is stored has at most 48 bytes, whatever parameters came behind those of its
// layout (RFC 2210 section 3.2 lets a peer send kilobytes of them).
const flowspecMemory: usize = memory.data(64, 8);

export function resvArrives(): void {
  const v = view();
  if (v.rejectStatus) return refuseResv();
  const session = arrivingSession(v.session);
  const outgoing = outgoingInterface();
  if (outgoing == null) return;
  if (interfaceByAddress(addressOf(v.hop), v.family)) return drop(STATUS_BAD_VALUE, v.hop);
  if (session == null || session.firstPath == null) {
    return refuseMessage(outgoing, CODE_NO_PATH, 0, STATUS_NO_PATH_STATE);
  }
  if (v.usual != 0 && takeFirstReservation(session, outgoing)) return;
  if (!acceptsStyle(session, outgoing)) return;
  const context = resvContext();
  context.interface = outgoing.handle;
  context.hop = retainNeighbour(outgoing.handle, addressOf(v.hop), v.family);
  context.expiresAt = now() + lifetimeOf(outgoing, timeValuesRefreshPeriodMs(v.timeValues));
  context.scope = v.scope;
  context.confirm = v.resvConfirm;
  context.others = retainOthers(v);
  context.unchanged = true;
  makeReservations(session, v.style, v.flowDescriptors, v.flowDescriptorsEnd, outgoing.services);
  // Messages are counted, not what each refreshes: the same whether it is recognised or read.
  if (context.unchanged) count(COUNTER_REFRESHES_UNCHANGED);
  else forgetArriving(session);
  // Every reservation that was made holds its own reference.
  releaseNeighbour(context.hop);
  releaseBlob(context.others);
  applyAfterConflict(session);
  syncAffected(session);
}

// Styles are incompatible within a session (RFC 2205 section 1.3). A next hop whose own reservation is the only one may
// change its style: a lost ResvTear must not lock it out for a lifetime.
function acceptsStyle(session: Session, outgoing: Interface): bool {
  const v = view();
  const first = session.firstReservation;
  if (first == null || first.style == v.style) return true;
  const own = findNeighbour(outgoing.handle, addressOf(v.hop), v.family);
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (own != null && reservation.neighbour == own) continue;
    refuseMessage(outgoing, CODE_CONFLICTING_STYLE, first.style, STATUS_STYLE_CONFLICT);
    return false;
  }
  clearForStyle(session, outgoing.handle);
  return true;
}

// The old style's reservations of the one next hop go; what replaces them follows at once, so nothing is torn upstream
// that the new ones keep.
export function clearForStyle(session: Session, iface: u32): void {
  while (session.firstReservation) {
    const reservation = session.firstReservation!;
    markAffected(session, reservation);
    deleteReservation(session, reservation);
  }
  updateTrafficControlOf(session, iface);
}

// Carries out a flow descriptor list for `resvContext()`.
export function makeReservations(session: Session, style: u32, start: usize, end: usize, services: u32): void {
  const list = beginFlowDescriptors(descriptorMemory, style, start, end);
  beginFilters(session);
  while (nextFlowDescriptor(list)) {
    const bad = validateFlowspec(list.flowspec, services);
    if (bad != 0) {
      resvContext().unchanged = false;
      refuseDescriptor(session, list, CODE_TRAFFIC_CONTROL, bad, STATUS_OBJECT_CONTENT);
    } else if (!matchesAnySender(session, style, list)) {
      // An application's reservation waits for the path state that it was made before (local_call.ts).
      resvContext().unchanged = false;
      if (resvContext().hop) refuseDescriptor(session, list, CODE_NO_SENDER, 0, STATUS_NO_SENDER);
    } else {
      const refusal = refusesDescriptor(session, list);
      if (refusal != 0) refuseByPolicy(session, style, list, refusal & 0xffff);
      if (refusal != 0 || !makeReservation(session, style, list)) resvContext().unchanged = false;
    }
  }
}

// What stood for the next hop still stands (InPlace): it is not refreshed, and ends with its lifetime.
function refuseByPolicy(session: Session, style: u32, list: FlowDescriptors, value: u32): void {
  const standing = findReservation(session, style, list);
  const inPlace: u32 = standing != null && (standing.flags & RESERVATION_NEW) == 0 ? 1 : 0;
  refuseDescriptor(session, list, CODE_POLICY, value, STATUS_POLICY_REFUSED, inPlace);
}

function findReservation(session: Session, style: u32, list: FlowDescriptors): ReservationState | null {
  const context = resvContext();
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (reservation.interface != context.interface || reservation.neighbour != context.hop) continue;
    if (style != STYLE_FIXED_FILTER || findFilter(reservation, list.filter)) return reservation;
  }
  return null;
}

// Returns whether it was there before, just as the descriptor says.
function makeReservation(session: Session, style: u32, list: FlowDescriptors): bool {
  const context = resvContext();
  if (!fitsOthers(session, style, list)) {
    refuseDescriptor(session, list, CODE_TRAFFIC_CONTROL, 1, STATUS_OBJECT_CONTENT);
    return false;
  }
  let reservation = findReservation(session, style, list);
  const flowspecLength = canonicalFlowspec(list.flowspec, flowspecMemory);
  let begun = false;
  if (reservation == null) {
    const limit = root().maximumStatePerNeighbour;
    const hop = context.hop;
    if (hop && limit != 0 && hop.states >= limit) return dropped(STATUS_NEIGHBOUR_LIMIT, view().hop);
    if (filtersAreFull()) return dropped(STATUS_RESERVATION_LIMIT, list.flowspec);
    if (!mayGrow(<usize> view().length * 2 + 4096)) return dropped(STATUS_OUT_OF_MEMORY, list.flowspec);
    if (hop) hop.references += 1;
    reservation = createReservation(session, context.interface, hop, style);
    reservation.flags = <u8> (RESERVATION_NEW | RESERVATION_PENDING | (hop ? 0 : RESERVATION_LOCAL));
    reservation.flowspec = retainBytes(flowspecMemory, flowspecLength);
    annexOf(reservation);
    begun = true;
  } else if (growsWithout(reservation, flowspecLength)) {
    // What is asked for anew stays out, but what stands is refreshed.
    takeFilters(session, reservation, style, list, false);
    if (reservation.neighbour) expireBy(session, context.expiresAt);
    return dropped(STATUS_OUT_OF_MEMORY, list.flowspec);
  } else if (!blobEquals(reservation.flowspec, flowspecMemory, flowspecLength)) {
    beginChange(reservation);
    releaseBlob(reservation.flowspec);
    reservation.flowspec = retainBytes(flowspecMemory, flowspecLength);
    begun = true;
  }
  let changed = begun;
  if (takeFilters(session, reservation, style, list, true)) changed = true;
  if (takeScope(reservation)) changed = true;
  if (takeOthers(reservation)) changed = true;
  if (reservation.neighbour) expireBy(session, context.expiresAt);
  if (context.confirm != 0) {
    setConfirm(annexOf(reservation), context.confirm);
    changed = true;
  }
  if (!changed) {
    if (context.hop) markRefreshed(session, reservation, allFiltersTaken);
    catchUp(session, reservation);
    return allFiltersTaken;
  }
  forgetRefreshes(session);
  if (!begun) keepFlowspec(reservation);
  activate(session, reservation);
  return false;
}

function dropped(status: u32, object: usize): bool {
  drop(status, object);
  return false;
}

// Whether the Resv at hand brings something for which there is no memory.
function growsWithout(reservation: ReservationState, flowspecLength: u32): bool {
  const context = resvContext();
  if (
    context.scope == 0 && context.others == 0 && context.confirm == 0 &&
    blobEquals(reservation.flowspec, flowspecMemory, flowspecLength)
  ) return false;
  return !mayChange(<usize> view().length * 2 + 4096);
}

// A change of filters, scope or confirmation alone is to be settled too: what stood before is the same FLOWSPEC.
function keepFlowspec(reservation: ReservationState): void {
  const flowspec = reservation.flowspec;
  beginChange(reservation);
  if (reservation.flowspec == 0) reservation.flowspec = retainObject(blobData(flowspec));
}

// Flowspecs that merge must be of one service (error 21, value 1: service conflict).
function fitsOthers(session: Session, style: u32, list: FlowDescriptors): bool {
  const context = resvContext();
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (reservation.interface == context.interface && reservation.neighbour == context.hop) continue;
    if (style == STYLE_FIXED_FILTER && !findFilter(reservation, list.filter)) continue;
    if (canMerge(blobData(reservation.flowspec), list.flowspec) != 0) return false;
  }
  return true;
}

function takeScope(reservation: ReservationState): bool {
  const scope = resvContext().scope;
  const annex = reservation.annex;
  const standing = annex ? annex.scope : 0;
  if (blobEqualsObject(standing, scope)) return false;
  changeScope(annexOf(reservation), scope, (reservation.flags & RESERVATION_NEW) == 0);
  trimAnnex(reservation);
  return true;
}

// POLICY_DATA and unknown objects that are to be forwarded are kept with the reservation (RFC 2205 sections 2.7, 3.10).
function takeOthers(reservation: ReservationState): bool {
  const others = resvContext().others;
  const annex = reservation.annex;
  if ((annex ? annex.others : 0) == others) return false;
  const keeps = (reservation.flags & RESERVATION_NEW) == 0;
  changeOthers(annexOf(reservation), others != 0 ? retainBlob(others) : 0, keeps);
  trimAnnex(reservation);
  return true;
}

// UPDATE TRAFFIC CONTROL for the active reservation, and what its answer means for it.
function activate(session: Session, reservation: ReservationState): void {
  const filter = reservation.style == STYLE_FIXED_FILTER ? reservation.firstFilter : null;
  const fresh = (reservation.flags & RESERVATION_NEW) != 0;
  const refusal = updateTrafficControl(session, reservation.interface, filter, reservation);
  if (refusal != 0) {
    const iface = reservation.interface;
    refuse(session, reservation, refusal >>> 16, refusal & 0xffff);
    // An install may be in flight for what stood before, or for a new reservation that is gone now.
    updateTrafficControlOf(session, iface);
    return;
  }
  takeConfirm(session, reservation);
  reportMixed(session, reservation, fresh);
  if (isVirtual(reservation.interface)) return settleNow(session, reservation);
  const block = findTrafficControl(session, reservation.interface, filter ? digestOf(filter) : 0);
  if (block == null || block.annex == null) settleNow(session, reservation);
}

function settleNow(session: Session, reservation: ReservationState): void {
  markAffected(session, reservation);
  accept(reservation);
}

// A RESV_CONFIRM goes on upstream only with the largest request on its interface; otherwise this node answers (RFC 2205
// section 2.6, RFC 2209 UPDATE TRAFFIC CONTROL).
function takeConfirm(session: Session, reservation: ReservationState): void {
  const annex = reservation.annex;
  if (annex == null || annex.confirm == 0 || resvContext().confirm == 0) return;
  if (isBiggest(session, reservation)) {
    reservation.flags |= <u8> RESERVATION_CONFIRM;
    return;
  }
  confirmHere(session, reservation);
}

// Errors that a Resv must be answered with (RFC 2205 section 3.10 and appendix B).
function refuseResv(): void {
  const v = view();
  if (v.hop == 0) return drop(v.rejectStatus, v.rejected);
  const outgoing = outgoingInterface();
  if (outgoing == null) return;
  const status = v.rejectStatus;
  const kind = objectClass(v.rejected);
  if (status == STATUS_UNKNOWN_STYLE) return refuseMessage(outgoing, CODE_UNKNOWN_STYLE, 0, status);
  if (status == STATUS_OBJECT_CONTENT) return refuseMessage(outgoing, CODE_TRAFFIC_CONTROL, BAD_FLOWSPEC, status);
  const code = status == STATUS_UNKNOWN_CLASS ? CODE_UNKNOWN_CLASS : CODE_UNKNOWN_CTYPE;
  refuseMessage(outgoing, code, (kind << 8) | objectCType(v.rejected), status);
}

assert(FLOW_DESCRIPTORS_BYTES <= 64);
