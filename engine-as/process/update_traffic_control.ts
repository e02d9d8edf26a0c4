// UPDATE TRAFFIC CONTROL (RFC 2209): brings what is reserved on one outgoing interface in line with the reservations and
// senders of the session. Admission is decided here and now; the kernel's answer comes later, and until then the new
// values are pending: capacity is held at the larger of old and new, further changes wait for the answer, and nothing
// goes upstream.
import {
  ACTION_INSTALL,
  ACTION_INSTALL_CHANGE,
  ACTION_INSTALL_GENERATION,
  ACTION_INSTALL_HANDLE,
  ACTION_INSTALL_INTERFACE,
  ACTION_INSTALL_OBJECTS,
  ACTION_INSTALL_POLICING,
  ACTION_INSTALL_RATE_BYTES_PER_SECOND,
  ACTION_INSTALL_STYLE,
  ACTION_REMOVE,
  ACTION_REMOVE_BYTES,
  ACTION_REMOVE_HANDLE,
  ACTION_REMOVE_INTERFACE,
  CONFIG_OPTION_NO_TRAFFIC_CONTROL_RESULT,
  STATUS_ADMISSION_REFUSED,
} from "../boundary.gen";
import { commitAction, reserveAction } from "../actions/queue";
import { ADMITTED, admitRate, admitSize, effectiveRate } from "../admission/admission";
import { compareFlowspecs, EQUAL, GREATER, mergeFlowspecs } from "../merge/flowspec";
import { addToTspecSum, finishTspecSum, startTspecSum } from "../merge/tspec";
import { isVirtual } from "../state/application";
import { blobData, blobLength, releaseBlob, retainBytes } from "../state/blob";
import { newHandle } from "../state/handles";
import { hashBytes } from "../state/hash";
import { Interface, interfaceByHandle } from "../state/interface";
import { configured, count, root } from "../state/memory";
import { hasFlag, PATH_E_POLICE, PathState, writeSenderObject } from "../state/path_state";
import { annexOf, Filter, filterFor, filterKey, equalFilters, RESERVATION_PENDING, ReservationState, STYLE_FIXED_FILTER, STYLE_WILDCARD_FILTER, writeFilterObject } from "../state/reservation_state";
import { Session, writeSessionObject } from "../state/session";
import { closeAnnex, createTrafficControl, deleteTrafficControl, findTrafficControl, openAnnex, TrafficControlState } from "../state/traffic_control_state";
import { CLASS_SENDER_TEMPLATE } from "../wire/object_forms";
import { mergeA, mergeB, sumScratch, tspecScratch } from "./context";
import { routesTo } from "./routing";
import { settle } from "./settle";

export const E_POLICE: u32 = 1;
export const M_POLICE: u32 = 2;
export const B_POLICE: u32 = 4;

const CODE_ADMISSION: u32 = 1;

// The target, computed by `computeTarget` for one event.
let targetFlowspec: usize = 0;
let targetFlowspecLength: u32 = 0;
let targetTspecLength: u32 = 0;
let targetDigest: u32 = 0;
let targetPolicing: u32 = 0;
let targetStyle: u32 = 0;

@inline
export function digestOf(filter: Filter): u32 {
  return hashBytes(filterKey(filter), filter.keyLength, 128 + <u64>filter.ctype) | 1;
}

// Whether the reservation belongs to the traffic control state of (interface, filter); `filter` null for shared styles.
@inline
function belongs(reservation: ReservationState, iface: u32, filter: Filter | null): bool {
  if (reservation.interface != iface) return false;
  if (filter == null) return true;
  const first = reservation.firstFilter;
  return first != null && equalFilters(first, filter);
}

// Merges what belongs together; false when there is nothing.
function computeTarget(session: Session, iface: u32, filter: Filter | null): bool {
  targetFlowspec = 0;
  targetDigest = 0;
  let from = mergeA, to = mergeB;
  for (let reservation: ReservationState | null = session.firstReservation; reservation; reservation = reservation!.next) {
    if (!belongs(reservation, iface, filter)) continue;
    targetStyle = reservation.style;
    for (let f: Filter | null = reservation.firstFilter; f; f = f!.next) {
      if (!coveredBefore(session, reservation, f, iface, filter)) targetDigest += digestOf(f);
    }
    const flowspec = blobData(reservation.flowspec);
    if (targetFlowspec == 0) {
      targetFlowspecLength = <u32>blobLength(reservation.flowspec);
      memory.copy(from, flowspec, targetFlowspecLength);
    } else {
      targetFlowspecLength = mergeFlowspecs(from, flowspec, to);
      const swap = from;
      from = to;
      to = swap;
    }
    targetFlowspec = from;
  }
  if (targetFlowspec == 0) return false;
  if (filter != null) targetDigest = digestOf(filter);
  computeSenders(session, iface, filter);
  return true;
}

// Whether an earlier reservation of the set has this filter already: the list is a union.
function coveredBefore(session: Session, until: ReservationState, wanted: Filter, iface: u32, filter: Filter | null): bool {
  for (let reservation: ReservationState | null = session.firstReservation; reservation && reservation != until; reservation = reservation!.next) {
    if (!belongs(reservation, iface, filter)) continue;
    for (let f: Filter | null = reservation.firstFilter; f; f = f!.next) if (equalFilters(f, wanted)) return true;
  }
  return false;
}

function covers(session: Session, iface: u32, filter: Filter | null, path: PathState): bool {
  if (!routesTo(session, path, iface)) return false;
  for (let reservation: ReservationState | null = session.firstReservation; reservation; reservation = reservation!.next) {
    if (belongs(reservation, iface, filter) && filterFor(reservation, path)) return true;
  }
  return false;
}

// Path_Te is the sum over the senders that match and leave by the interface; E_Police if any of them says so, M_Police
// for more than one in a shared style, B_Police if somewhere else in the session more is reserved.
function computeSenders(session: Session, iface: u32, filter: Filter | null): void {
  targetPolicing = 0;
  let senders = 0;
  startTspecSum(sumScratch);
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (!covers(session, iface, filter, path)) continue;
    senders += 1;
    addToTspecSum(sumScratch, blobData(path.senderTspec));
    if (hasFlag(path, PATH_E_POLICE)) targetPolicing |= E_POLICE;
  }
  targetTspecLength = finishTspecSum(sumScratch, tspecScratch);
  if (senders > 1 && targetStyle != STYLE_FIXED_FILTER) targetPolicing |= M_POLICE;
  for (let reservation: ReservationState | null = session.firstReservation; reservation; reservation = reservation!.next) {
    if (filter != null && !belongs(reservation, reservation.interface, filter)) continue;
    const relation = compareFlowspecs(targetFlowspec, blobData(reservation.flowspec));
    if (relation != EQUAL && relation != GREATER) targetPolicing |= B_POLICE;
  }
}

// Returns 0, or (error code << 16 | value) when `active`, the request that caused this, is refused. Without `active` a
// refusal leaves what stands.
export function updateTrafficControl(session: Session, iface: u32, filter: Filter | null, active: ReservationState | null): u32 {
  if (isVirtual(iface)) return 0;
  const wanted = computeTarget(session, iface, filter);
  let block = findTrafficControl(session, iface, filter != null ? digestOf(filter) : 0);
  if (!wanted) {
    if (block) removeInstalled(session, block);
    return 0;
  }
  const outgoing = interfaceByHandle(iface);
  if (outgoing == null) return (CODE_ADMISSION << 16) | 2;
  const tspec: usize = targetTspecLength != 0 ? tspecScratch : 0;
  const rate = effectiveRate(targetFlowspec, tspec);
  const inFlight = block ? block.annex : null;
  const held: f64 = inFlight ? inFlight.held : block ? block.rate : 0;
  if (active != null) {
    const size = admitSize(blobData(active.flowspec), outgoing.mtuBytes);
    if (size != ADMITTED) return refused(size);
  }
  const decision = admitRate(rate, held, outgoing.reserved, outgoing.reservableBytesPerSecond, outgoing.perFlowBytesPerSecond);
  if (decision != ADMITTED) return refused(decision);
  if (block == null) {
    block = createTrafficControl(session, iface, targetStyle);
    block.handle = newHandle(changetype<usize>(block), changetype<usize>(session));
    block.distinct = filter != null ? 1 : 0;
    block.filterDigest = targetDigest;
  } else if (inFlight) {
    inFlight.again = 1;
    if (rate > inFlight.held) {
      outgoing.reserved += rate - inFlight.held;
      inFlight.held = rate;
    }
    return 0;
  } else if (isInstalled(block)) {
    return 0;
  }
  block.style = <u8>targetStyle;
  install(session, block, outgoing, rate);
  return 0;
}

function refused(value: u32): u32 {
  count(STATUS_ADMISSION_REFUSED);
  return (CODE_ADMISSION << 16) | value;
}

function isInstalled(block: TrafficControlState): bool {
  return block.flowspec != 0 && block.filterDigest == targetDigest && block.policing == targetPolicing &&
    block.style == targetStyle && sameBytes(block.flowspec, targetFlowspec, targetFlowspecLength) &&
    sameBytes(block.pathTspec, tspecScratch, targetTspecLength);
}
function sameBytes(blob: u32, pointer: usize, length: u32): bool {
  if (blob == 0) return length == 0;
  return blobLength(blob) == length && memory.compare(blobData(blob), pointer, length) == 0;
}

// All distinct and shared states on one interface: for when reservations have gone.
export function updateTrafficControlOf(session: Session, iface: u32): void {
  if (isVirtual(iface)) return;
  let distinct = false;
  for (let reservation: ReservationState | null = session.firstReservation; reservation; reservation = reservation!.next) {
    if (reservation.interface != iface) continue;
    if (reservation.style != STYLE_FIXED_FILTER) {
      updateTrafficControl(session, iface, null, null);
      return removeStrays(session, iface);
    }
    distinct = true;
    updateTrafficControl(session, iface, reservation.firstFilter, null);
  }
  if (!distinct) return removeAll(session, iface);
  removeStrays(session, iface);
}

function removeAll(session: Session, iface: u32): void {
  let block: TrafficControlState | null = session.firstTrafficControl;
  while (block) {
    const next = block.next;
    if (block.interface == iface) removeInstalled(session, block);
    block = next;
  }
}

// Blocks that no reservation stands behind any more.
function removeStrays(session: Session, iface: u32): void {
  let block: TrafficControlState | null = session.firstTrafficControl;
  while (block) {
    const next = block.next;
    if (block.interface == iface && !isBacked(session, block)) removeInstalled(session, block);
    block = next;
  }
}
function isBacked(session: Session, block: TrafficControlState): bool {
  for (let reservation: ReservationState | null = session.firstReservation; reservation; reservation = reservation!.next) {
    if (isOf(reservation, block)) return true;
  }
  return false;
}

// Whether the reservation is part of what the block reserves.
export function isOf(reservation: ReservationState, block: TrafficControlState): bool {
  if (reservation.interface != block.interface) return false;
  if ((reservation.style == STYLE_FIXED_FILTER) != (block.distinct != 0)) return false;
  if (!block.distinct) return true;
  const filter = reservation.firstFilter;
  return filter != null && digestOf(filter) == block.filterDigest;
}

export function removeInstalled(session: Session, block: TrafficControlState): void {
  const iface = interfaceByHandle(block.interface);
  if (iface) {
    const annex = block.annex;
    iface.reserved -= annex ? annex.held : block.rate;
    iface.reservations -= 1;
    if (iface.reservations == 0) iface.reserved = 0;
  }
  const record = reserveAction(ACTION_REMOVE_BYTES);
  memory.fill(record, 0, ACTION_REMOVE_BYTES);
  store<u32>(record, block.handle, ACTION_REMOVE_HANDLE);
  store<u32>(record, block.interface, ACTION_REMOVE_INTERFACE);
  commitAction(record, ACTION_REMOVE, record + ACTION_REMOVE_BYTES);
  deleteTrafficControl(session, block);
}

// Asks the kernel for the target. What it answers settles the reservations that are pending now.
function install(session: Session, block: TrafficControlState, iface: Interface, rate: f64): void {
  const state = root();
  state.generation += 1;
  const fresh = block.flowspec == 0;
  if (fresh) iface.reservations += 1;
  const annex = openAnnex(block);
  annex.flowspec = retainBytes(targetFlowspec, targetFlowspecLength);
  annex.pathTspec = retainBytes(tspecScratch, targetTspecLength);
  annex.filterDigest = targetDigest;
  annex.policing = <u8>targetPolicing;
  annex.rate = rate;
  annex.held = max(rate, block.rate);
  annex.generation = state.generation;
  annex.again = 0;
  iface.reserved += annex.held - block.rate;
  for (let reservation: ReservationState | null = session.firstReservation; reservation; reservation = reservation!.next) {
    if (!(reservation.flags & RESERVATION_PENDING) || !isOf(reservation, block)) continue;
    const own = annexOf(reservation);
    if (own.generation == 0) own.generation = state.generation;
  }
  sendInstall(session, block, fresh);
  if (configured(CONFIG_OPTION_NO_TRAFFIC_CONTROL_RESULT)) confirmInstalled(session, block);
}

function sendInstall(session: Session, block: TrafficControlState, fresh: bool): void {
  const annex = block.annex!;
  const bound = min<usize>(ACTION_INSTALL_OBJECTS + 256 + filterBytes(session), 65600);
  const record = reserveAction(bound);
  const limit = record + bound - 64;
  memory.fill(record, 0, ACTION_INSTALL_OBJECTS);
  store<u32>(record, block.handle, ACTION_INSTALL_HANDLE);
  store<u32>(record, annex.generation, ACTION_INSTALL_GENERATION);
  store<u32>(record, block.interface, ACTION_INSTALL_INTERFACE);
  store<u8>(record, fresh ? 0 : 1, ACTION_INSTALL_CHANGE);
  store<u8>(record, block.style, ACTION_INSTALL_STYLE);
  store<u8>(record, annex.policing, ACTION_INSTALL_POLICING);
  store<f64>(record, annex.rate, ACTION_INSTALL_RATE_BYTES_PER_SECOND);
  let at = record + ACTION_INSTALL_OBJECTS;
  at += writeSessionObject(session, 0, at);
  memory.copy(at, blobData(annex.flowspec), blobLength(annex.flowspec));
  at += blobLength(annex.flowspec);
  if (annex.pathTspec) {
    memory.copy(at, blobData(annex.pathTspec), blobLength(annex.pathTspec));
    at += blobLength(annex.pathTspec);
  }
  at = writeFilters(session, block, at, limit);
  commitAction(record, ACTION_INSTALL, at);
}

// At least the bytes that the filters of any of the session's reservations take as objects.
export function filterBytes(session: Session): usize {
  let bytes: usize = 0;
  for (let path: PathState | null = session.firstPath; path; path = path!.next) bytes += 4 + <usize>path.keyLength;
  for (let reservation: ReservationState | null = session.firstReservation; reservation; reservation = reservation!.next) {
    for (let filter: Filter | null = reservation.firstFilter; filter; filter = filter!.next) bytes += 4 + <usize>filter.keyLength;
  }
  return bytes;
}

// FILTER_SPECs as a union; for WF the senders it covers as SENDER_TEMPLATEs.
export function writeFilters(session: Session, block: TrafficControlState, start: usize, limit: usize): usize {
  let at = start;
  if (block.style == STYLE_WILDCARD_FILTER) {
    for (let path: PathState | null = session.firstPath; path && at < limit; path = path!.next) {
      if (routesTo(session, path, block.interface)) at += writeSenderObject(path, CLASS_SENDER_TEMPLATE, at);
    }
    return at;
  }
  for (let reservation: ReservationState | null = session.firstReservation; reservation; reservation = reservation!.next) {
    if (!isOf(reservation, block)) continue;
    for (let filter: Filter | null = reservation.firstFilter; filter && at < limit; filter = filter!.next) {
      if (block.distinct && at != start) return at;
      if (block.distinct || !coveredBefore(session, reservation, filter, block.interface, null)) at += writeFilterObject(filter, at);
    }
  }
  return at;
}

// The kernel has it: the asked-for values are the confirmed ones.
export function confirmInstalled(session: Session, block: TrafficControlState): void {
  const annex = block.annex!;
  const iface = interfaceByHandle(block.interface);
  if (iface) iface.reserved += annex.rate - annex.held;
  releaseBlob(block.flowspec);
  releaseBlob(block.pathTspec);
  block.flowspec = annex.flowspec;
  block.pathTspec = annex.pathTspec;
  block.filterDigest = annex.filterDigest;
  block.policing = annex.policing;
  block.rate = annex.rate;
  const again = annex.again;
  const generation = annex.generation;
  annex.flowspec = 0;
  annex.pathTspec = 0;
  closeAnnex(block);
  settle(session, block, generation);
  if (again) updateTrafficControlOf(session, block.interface);
}

// The kernel could not: capacity goes back to what is confirmed; the caller unwinds the reservations of `generation`.
export function abandonInstall(session: Session, block: TrafficControlState): void {
  const annex = block.annex!;
  const iface = interfaceByHandle(block.interface);
  if (iface) iface.reserved += block.rate - annex.held;
  closeAnnex(block);
  if (block.flowspec != 0) return;
  if (iface) iface.reservations -= 1;
  deleteTrafficControl(session, block);
}
