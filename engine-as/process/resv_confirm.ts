// ResvConf (RFC 2205 section 2.6 and 3.1.9): who answers a RESV_CONFIRM, and RACK MESSAGE ARRIVES (RFC 2209).
import { copyVectors, copyWords, equalAddresses, objectClass, objectLength } from "../wire/bytes";
import {
  ENCAPSULATION_RAW,
  EVENT_KIND_RESV_CONFIRM,
  INPUT_PACKETS_ENCAPSULATION,
  INTERFACE_OPTION_UDP_ONLY,
  STATUS_BAD_CONFIRM_ADDRESS,
  STATUS_BAD_VALUE,
  STATUS_NO_STATE,
  STATUS_TTL_EXPIRED,
} from "../boundary.gen";
import { isStrictlyGreater } from "../merge/flowspec";
import { isVirtual } from "../state/application";
import { blobData } from "../state/blob";
import { Interface, interfaceAddress, interfaceByAddress, interfaceByHandle } from "../state/interface";
import { count, root } from "../state/memory";
import { neighbourAddress } from "../state/neighbour";
import {
  annexOf,
  equalFilters,
  Filter,
  filterMatchesObject,
  RESERVATION_CONFIRM,
  RESERVATION_LOCAL,
  ReservationState,
  setConfirm,
  STYLE_FIXED_FILTER,
  trimAnnex,
  writeFilterObject,
} from "../state/reservation_state";
import { routeCount, routeHop } from "../state/route";
import { familyOf, findSession, Session, writeSessionObject } from "../state/session";
import { appendErrorSpec, appendStyle, copyObject } from "../wire/builder";
import { nextFilter } from "../wire/flow_descriptors";
import { MESSAGE_RESV_CONFIRM, USUAL } from "../wire/message_view";
import { CLASS_INTEGRITY } from "../wire/object_forms";
import { packetDestination, packetSlot, ttlOnArrival, view } from "./context";
import { drop } from "./drop";
import { addressOf, errorCode, errorValue } from "./objects";
import { routeOf } from "../state/path_state";
import { finish, finishForwarded, HOP_TTL, needsUdp, sendFinished, startMessage } from "./send";
import { appendBlob, blobBytes, sendEvent, setEventError, setEventStyle, startEvent } from "./upcall";

// Whether the reservation asks for more than all others that it is merged with on its interface (Is_Biggest). Equal is
// not larger: then what is in place already confirms it.
export function isBiggest(session: Session, active: ReservationState): bool {
  for (let other: ReservationState | null = session.firstReservation; other; other = other!.next) {
    if (other == active || other.interface != active.interface) continue;
    if (active.style == STYLE_FIXED_FILTER && !equalFilters(other.firstFilter!, active.firstFilter!)) continue;
    if (!isStrictlyGreater(blobData(active.flowspec), blobData(other.flowspec))) return false;
  }
  return true;
}

// Forgets a RESV_CONFIRM that is answered, forwarded or void.
export function clearConfirm(reservation: ReservationState): void {
  const annex = reservation.annex;
  reservation.flags &= <u8> ~RESERVATION_CONFIRM;
  if (annex == null) return;
  setConfirm(annex, 0);
  trimAnnex(reservation);
}

// Sends the ResvConf for a reservation's RESV_CONFIRM from here. Error Node is the address of its interface (RFC 2209).
export function confirmHere(session: Session, reservation: ReservationState): void {
  const annex = annexOf(reservation);
  if (annex.confirm == 0) return;
  const family = familyOf(session);
  if (reservation.flags & RESERVATION_LOCAL) {
    confirmLocal(session, reservation, family);
    return clearConfirm(reservation);
  }
  const iface = interfaceByHandle(reservation.interface);
  const node = iface ? interfaceAddress(iface, family) : 0;
  if (iface && node != 0) {
    const confirm = annex.confirm;
    let at = startMessage(
      MESSAGE_RESV_CONFIRM,
      HOP_TTL,
      256 + blobBytes(reservation.flowspec) + filterListBytes(reservation),
    );
    at += writeSessionObject(session, 0, at);
    at = appendErrorSpec(at, family, node, 0, 0, 0);
    at = copyObject(at, confirm);
    at = appendStyle(at, reservation.style);
    at = appendDescriptor(reservation, at);
    if (finish(at)) towardsReceiver(session, addressOf(confirm), family, at, iface);
  }
  clearConfirm(reservation);
}

export function filterListBytes(reservation: ReservationState): usize {
  let bytes: usize = 0;
  for (let filter: Filter | null = reservation.firstFilter; filter; filter = filter!.next) {
    bytes += 4 + <usize> filter.keyLength;
  }
  return bytes;
}

// FLOWSPEC and FILTER_SPECs of one reservation.
export function appendDescriptor(reservation: ReservationState, start: usize): usize {
  let at = appendBlob(start, reservation.flowspec);
  for (let filter: Filter | null = reservation.firstFilter; filter; filter = filter!.next) {
    if (filter.keyLength) at += writeFilterObject(filter, at);
  }
  return at;
}

function confirmLocal(session: Session, reservation: ReservationState, family: u32): void {
  let at = startEvent(
    EVENT_KIND_RESV_CONFIRM,
    reservation.interface & 0x3fffffff,
    session,
    256 + blobBytes(reservation.flowspec) + filterListBytes(reservation),
  );
  setEventStyle(reservation.style);
  setEventError(0, 0, 0, 0, family);
  at = appendDescriptor(reservation, at);
  sendEvent(at);
}

// A ResvConf goes to the receiver's address by IP routing. Where UDP is needed it goes by the interface of the next hop
// towards the receiver: the one that has that address, else where the session's data or reservations lead.
function towardsReceiver(
  session: Session | null,
  receiver: usize,
  family: u32,
  end: usize,
  preferred: Interface | null,
): void {
  let iface = preferred;
  let gateway: usize = 0;
  let severalWays = false;
  if (session) {
    for (
      let reservation: ReservationState | null = session.firstReservation;
      reservation;
      reservation = reservation!.next
    ) {
      const hop = reservation.neighbour;
      if (hop == null || (preferred != null && reservation.interface != preferred.handle)) continue;
      const exact = hop.family == family && equalAddresses(neighbourAddress(hop), receiver, family);
      if (!exact && gateway != 0) {
        if (interfaceByHandle(reservation.interface) != iface) severalWays = true;
        continue;
      }
      gateway = neighbourAddress(hop);
      iface = interfaceByHandle(reservation.interface);
      if (exact) {
        severalWays = false;
        break;
      }
    }
    const path = session.firstPath;
    if (gateway == 0 && path && !session.multicast && routeOf(path) != 0 && routeCount(routeOf(path)) != 0) {
      const hop = routeHop(routeOf(path), 0);
      iface = interfaceByHandle(load<u32>(hop));
      if (load<u8>(hop, 4) != 0) gateway = hop + 8;
    }
  }
  // Which of several ways leads to the receiver only routing knows; a node with raw access can leave it to that.
  if (iface == null || !needsUdp(iface) || (severalWays && (iface.options & INTERFACE_OPTION_UDP_ONLY) == 0)) {
    const source = iface ? interfaceAddress(iface, family) : anyAddress(family);
    return sendFinished(null, end, source, receiver, family, 0);
  }
  sendFinished(iface, end, 0, receiver, family, gateway);
}

export function anyAddress(family: u32): usize {
  for (let handle: u32 = 1; handle < root().interfaceEnd; handle++) {
    const iface = interfaceByHandle(handle);
    if (iface && interfaceAddress(iface, family) != 0) return interfaceAddress(iface, family);
  }
  return 0;
}

export function resvConfirmArrives(): void {
  const v = view();
  const receiver = addressOf(v.resvConfirm);
  const raw = load<u8>(packetSlot(), INPUT_PACKETS_ENCAPSULATION) == ENCAPSULATION_RAW;
  if (raw && !equalAddresses(receiver, packetDestination(), v.family)) {
    return drop(STATUS_BAD_CONFIRM_ADDRESS, v.resvConfirm);
  }
  // Code 0 is what a confirmation has, and nothing else has it (RFC 2205 appendix B).
  if (errorCode(v.errorSpec) != 0) return drop(STATUS_BAD_VALUE, v.errorSpec);
  const session = findSession(v.session);
  if (interfaceByAddress(receiver, v.family)) {
    if (session == null) return drop(STATUS_NO_STATE, v.session);
    return deliver(session);
  }
  const ttl = ttlOnArrival();
  if (ttl <= 1) return count(STATUS_TTL_EXPIRED);
  const start = startMessage(MESSAGE_RESV_CONFIRM, ttl - 1, v.length);
  const end = copyConfirmation(start);
  if (v.usual == USUAL && load<u16>(v.message, 2) != 0) finishForwarded(v.message);
  else if (!finish(end)) return;
  towardsReceiver(session, receiver, v.family, end, null);
}

// Each node makes the message anew (RFC 2205 appendix B): an INTEGRITY was for this node, NULL objects are for nobody, and
// unknown objects of class 10bbbbbb are not forwarded (section 3.10).
function copyConfirmation(start: usize): usize {
  const v = view();
  let at = start;
  if (v.usual != 0) {
    copyVectors(at, v.message + 8, v.length - 8);
    return at + v.length - 8;
  }
  for (let object = v.message + 8; object < v.end; object += objectLength(object)) {
    const kind = objectClass(object);
    if (kind != 0 && kind != CLASS_INTEGRITY && (kind & 0xc0) != 0x80) at = copyObject(at, object);
  }
  return at;
}

// Every confirmation goes up, to each local application of the session that has a reservation like it: the same style, and for
// explicit ones a filter in common.
function deliver(session: Session): void {
  const v = view();
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (!isVirtual(reservation.interface) || reservation.marked || !isConfirmed(reservation)) continue;
    const application = reservation.interface & 0x3fffffff;
    markOthers(reservation);
    let at = startEvent(EVENT_KIND_RESV_CONFIRM, application, session, v.length);
    setEventStyle(v.style);
    setEventError(errorCode(v.errorSpec), errorValue(v.errorSpec), 0, addressOf(v.errorSpec), v.family);
    copyWords(at, v.flowDescriptors, v.flowDescriptorsEnd - v.flowDescriptors);
    at += v.flowDescriptorsEnd - v.flowDescriptors;
    sendEvent(at);
  }
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) reservation.marked = 0;
}

function isConfirmed(reservation: ReservationState): bool {
  const v = view();
  if (reservation.style != v.style) return false;
  if (v.filterCount == 0) return true;
  for (let filter: Filter | null = reservation.firstFilter; filter; filter = filter!.next) {
    if (namesFilter(filter)) return true;
  }
  return false;
}
function namesFilter(filter: Filter): bool {
  const v = view();
  for (
    let object = nextFilter(v.flowDescriptors, v.flowDescriptorsEnd);
    object != 0;
    object = nextFilter(object + objectLength(object), v.flowDescriptorsEnd)
  ) {
    if (filterMatchesObject(filter, object)) return true;
  }
  return false;
}

// FF has a reservation for each filter; one confirmation is one event.
function markOthers(first: ReservationState): void {
  for (let other = first.next; other; other = other!.next) {
    if (other.interface == first.interface) other.marked = 1;
  }
}
