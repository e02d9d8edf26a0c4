// UPDATE TRAFFIC CONTROL (RFC 2209): brings what is reserved on one outgoing interface in line with the reservations and
// senders of the session. Admission is decided here and now; the kernel's answer comes later, and until then the new
// values are pending: capacity is held at the larger of old and new, further changes wait for the answer, and nothing
// goes upstream.
import { STATUS_ADMISSION_REFUSED } from "../boundary.gen";
import { admitRate, admitSize, ADMITTED, effectiveRate } from "../admission/admission";
import { isVirtual } from "../state/application";
import { blobData, blobLength } from "../state/blob";
import { HANDLE_TRAFFIC_CONTROL, newHandle } from "../state/handles";
import { Interface, interfaceByHandle } from "../state/interface";
import { count, root } from "../state/memory";
import { hasPolicy } from "../state/policy";
import { Filter, ReservationState, STYLE_FIXED_FILTER } from "../state/reservation_state";
import { forgetRefreshes } from "../state/refresh_fingerprint";
import { Session } from "../state/session";
import { holdRate, standingOf } from "../state/standing";
import { createTrafficControl, findTrafficControl, TrafficControlState } from "../state/traffic_control_state";
import { makeRoom, rankBlock } from "./displace";
import { install, removeInstalled } from "./install";
import { beginUnion, computeTarget, digestOf, isNewToUnion, isOf, target, UNION_BYTES } from "./traffic_control_target";

const CODE_ADMISSION: u32 = 1;

// Returns 0, or (error code << 16 | value) when `active`, the request that caused this, is refused. Without `active` a
// refusal leaves what stands. `displaces`: what has a lower priority may have to go.
export function updateTrafficControl(
  session: Session,
  iface: u32,
  filter: Filter | null,
  active: ReservationState | null,
  displaces: bool = false,
): u32 {
  const digest = filter != null ? digestOf(filter) : 0;
  if (isVirtual(iface)) {
    policeOthers(session, iface, digest);
    return 0;
  }
  let block = findTrafficControl(session, iface, digest);
  if (!computeTarget(session, iface, filter, digest)) {
    if (block) removeBlock(session, block);
    return 0;
  }
  const outgoing = interfaceByHandle(iface);
  if (outgoing == null) return (CODE_ADMISSION << 16) | 2;
  if (active != null) {
    const size = admitSize(blobData(active.flowspec), outgoing.mtuBytes);
    if (size != ADMITTED) return refused(size);
  }
  const decision = admit(session, block, outgoing, filter, active != null || displaces);
  if (decision != ADMITTED) {
    if (block && active == null) {
      block.behind = true;
      // Each refresh tries again.
      forgetRefreshes(session);
    }
    return refused(decision);
  }
  block = carryOut(session, block, outgoing, filter);
  if (hasPolicy()) rankBlock(session, block, outgoing, filter);
  policeOthers(session, iface, digest);
  return 0;
}

@inline
function targetRate(): f64 {
  return effectiveRate(target().flowspec, target().tspecLength != 0 ? target().tspec : 0);
}

// Whether there is room for the target in place of what the block holds; where there is none, what has a lower priority may
// make room (displace.ts).
function admit(
  session: Session,
  block: TrafficControlState | null,
  outgoing: Interface,
  filter: Filter | null,
  displaces: bool,
): u32 {
  const rate = targetRate();
  const inFlight = block ? block.annex : null;
  const held: f64 = inFlight ? inFlight.held : block ? block.rate : 0;
  const limit = outgoing.reservableBytesPerSecond;
  const perFlow = outgoing.perFlowBytesPerSecond;
  const decision = admitRate(rate, held, outgoing.reserved, limit, perFlow);
  if (decision == ADMITTED || !displaces || (perFlow >= 0 && rate > perFlow)) return decision;
  if (!makeRoom(session, block, outgoing, filter, outgoing.reserved - held + rate - limit)) return decision;
  // Whoever had to go was looked at in the same scratch memory.
  computeTarget(session, outgoing.handle, filter, filter != null ? digestOf(filter) : 0);
  return admitRate(rate, held, outgoing.reserved, limit, perFlow);
}

// Has what was admitted installed, unless it is already or must wait for the answer to what was asked before.
function carryOut(
  session: Session,
  standing: TrafficControlState | null,
  outgoing: Interface,
  filter: Filter | null,
): TrafficControlState {
  const rate = targetRate();
  let block: TrafficControlState;
  if (standing == null) {
    block = createTrafficControl(session, outgoing.handle, target().style);
    block.handle = newHandle(changetype<usize>(block), changetype<usize>(session), HANDLE_TRAFFIC_CONTROL);
    block.distinct = filter != null;
    block.filterDigest = target().digest;
  } else {
    block = standing;
    block.behind = false;
    const inFlight = block.annex;
    if (inFlight) {
      inFlight.again = 1;
      if (rate > inFlight.held) {
        holdRate(outgoing, block.handle, rate - inFlight.held);
        inFlight.held = rate;
      }
      return block;
    }
    // The merge is the same, but others are compared with each reservation of it.
    if (isInstalled(block)) return block;
  }
  block.style = <u8> target().style;
  install(session, block, outgoing, rate);
  return block;
}

const updatedFilters: usize = memory.data(UNION_BYTES, 8);
// A refresh that changes nothing: what had no room when senders grew may have it now, and other rules may rank it anew.
export function catchUp(session: Session, reservation: ReservationState): void {
  if (isVirtual(reservation.interface)) return;
  const filter = reservation.style == STYLE_FIXED_FILTER ? reservation.firstFilter : null;
  const block = findTrafficControl(session, reservation.interface, filter ? digestOf(filter) : 0);
  if (block == null) return;
  if (block.behind) {
    updateTrafficControl(session, reservation.interface, filter, null, true);
  } else if (hasPolicy()) {
    const outgoing = interfaceByHandle(reservation.interface);
    const standing = standingOf(block.handle);
    if (standing != null && standing.version == root().policyVersion) return;
    if (outgoing) rankBlock(session, block, outgoing, filter);
  }
}

let policingOthers = false;

// B_Police of what stands on other interfaces depends on what stands here (RFC 2205 section 3.8): where it changes, traffic
// control hears of it, and nobody else (RFC 2209, UPDATE TRAFFIC CONTROL step 3). `digest` is the filter's, 0 if shared.
function policeOthers(session: Session, iface: u32, digest: u32): void {
  if (policingOthers) return;
  policingOthers = true;
  let block: TrafficControlState | null = session.firstTrafficControl;
  while (block) {
    const next: TrafficControlState | null = block.next;
    const concerned = digest == 0 ? !block.distinct : block.distinct && block.filterDigest == digest;
    if (concerned && block.interface != iface) policeOther(session, block);
    block = next;
  }
  policingOthers = false;
}

// What an application reserved is gone: nothing is installed for it, but what stands elsewhere was compared with it.
function policeAll(session: Session): void {
  let block: TrafficControlState | null = session.firstTrafficControl;
  while (block) {
    const next: TrafficControlState | null = block.next;
    policeOther(session, block);
    block = next;
  }
}

function policeOther(session: Session, block: TrafficControlState): void {
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (!isOf(reservation, block)) continue;
    updateTrafficControl(session, block.interface, block.distinct ? reservation.firstFilter : null, null);
    return;
  }
}

// Takes a block out, and what depends on it follows.
export function removeBlock(session: Session, block: TrafficControlState): void {
  const iface = block.interface;
  const digest = block.distinct ? block.filterDigest : 0;
  removeInstalled(session, block);
  policeOthers(session, iface, digest);
}

function refused(value: u32): u32 {
  count(STATUS_ADMISSION_REFUSED);
  return (CODE_ADMISSION << 16) | value;
}

function isInstalled(block: TrafficControlState): bool {
  return block.flowspec != 0 && block.filterDigest == target().digest && block.policing == target().policing &&
    block.style == target().style && sameBytes(block.flowspec, target().flowspec, target().flowspecLength) &&
    sameBytes(block.pathTspec, target().tspec, target().tspecLength);
}
function sameBytes(blob: u32, pointer: usize, length: u32): bool {
  if (blob == 0) return length == 0;
  return blobLength(blob) == length && memory.compare(blobData(blob), pointer, length) == 0;
}

// Interfaces on which reservations have gone. What follows from that is done once for each, when all have gone that go
// now: a session may lose thousands of reservations in one instant, and each update looks at all that are left.
const MAXIMUM_TOUCHED: usize = 64;
const touched: usize = memory.data(256, 8);
let touchedCount: usize = 0;

export function touchInterface(session: Session, iface: u32): void {
  for (let index: usize = 0; index < touchedCount; index++) if (load<u32>(touched + index * 4) == iface) return;
  if (touchedCount == MAXIMUM_TOUCHED) return updateTrafficControlOf(session, iface);
  store<u32>(touched + touchedCount * 4, iface);
  touchedCount += 1;
}

export function updateTouched(session: Session): void {
  while (touchedCount != 0) {
    touchedCount -= 1;
    updateTrafficControlOf(session, load<u32>(touched + touchedCount * 4));
  }
}

// All distinct and shared states on one interface: for when reservations have gone.
export function updateTrafficControlOf(session: Session, iface: u32): void {
  if (isVirtual(iface)) return policeAll(session);
  let distinct = false;
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (reservation.interface != iface) continue;
    if (reservation.style != STYLE_FIXED_FILTER) {
      updateTrafficControl(session, iface, null, null);
      return removeStrays(session, iface);
    }
    if (!distinct) beginUnion(updatedFilters);
    distinct = true;
    // Next hops that want the same sender share one state.
    const filter = reservation.firstFilter!;
    if (isNewToUnion(updatedFilters, digestOf(filter))) updateTrafficControl(session, iface, filter, null);
  }
  if (!distinct) return removeAll(session, iface);
  removeStrays(session, iface);
}

function removeAll(session: Session, iface: u32): void {
  let block: TrafficControlState | null = session.firstTrafficControl;
  while (block) {
    const next = block.next;
    if (block.interface == iface) removeBlock(session, block);
    block = next;
  }
}

// Blocks that no reservation stands behind any more.
function removeStrays(session: Session, iface: u32): void {
  let block: TrafficControlState | null = session.firstTrafficControl;
  while (block) {
    const next = block.next;
    if (block.interface == iface && !isBacked(session, block)) removeBlock(session, block);
    block = next;
  }
}
function isBacked(session: Session, block: TrafficControlState): bool {
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (isOf(reservation, block)) return true;
  }
  return false;
}
