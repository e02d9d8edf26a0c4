// ResvErr (RFC 2205 section 3.1.8): made here when a reservation is refused, and RERR MESSAGE ARRIVES (RFC 2209), with the
// blockade state that an admission failure leaves behind (RFC 2205 section 3.5).
import { EVENT_KIND_RESV_ERROR, STATUS_BAD_VALUE, STATUS_NO_STATE, STATUS_TOO_MANY_OBJECTS, STATUS_WRONG_HOP } from "../boundary.gen";
import { canonicalFlowspec, isStrictlyGreater } from "../merge/flowspec";
import { isVirtual } from "../state/application";
import { blobData, blobLength, releaseBlob, retainBytes } from "../state/blob";
import { BlockadeState, findOrCreateBlockade } from "../state/blockade_state";
import { Interface, interfaceAddress, interfaceByHandle } from "../state/interface";
import { count, mayChange } from "../state/memory";
import { Neighbour, neighbourAddress } from "../state/neighbour";
import { countSenders, matchesObject, PathState, templateOf } from "../state/path_state";
import { findRequest, RequestState } from "../state/request_state";
import { findFilter, ReservationState, STYLE_WILDCARD_FILTER } from "../state/reservation_state";
import { familyOf, findSession, Session, writeSessionObject } from "../state/session";
import { now } from "../timers/clock";
import { blockadeTimeOf } from "../timers/timing";
import { appendErrorSpec, appendRsvpHop, appendStyle, copyObject, copyObjects } from "../wire/builder";
import { objectClass, objectLength } from "../wire/bytes";
import { beginFlowDescriptors, FlowDescriptors, nextFilter, nextFlowDescriptor } from "../wire/flow_descriptors";
import { forwarded, MESSAGE_RESV_ERROR } from "../wire/message_view";
import { CLASS_FILTER_SPEC, CLASS_FLOWSPEC } from "../wire/object_forms";
import { arrivalInterface, view } from "./context";
import { drop } from "./drop";
import { addressOf, copyOthers, errorCode, errorFlags, errorValue, hopHandle } from "./objects";
import { resvContext } from "./resv_context";
import { appendDescriptor, filterListBytes } from "./resv_confirm";
import { SYNC_FROM_ERROR, syncRequest } from "./resv_refresh";
import { routesTo } from "./routing";
import { finishScope, inScope, insertAddress, needsScope } from "./scope";
import { HOP_TTL, sendMessage, startMessage } from "./send";
import { appendBlob, blobBytes, sendEvent, setEventError, setEventStyle, startEvent } from "./upcall";

const CODE_ADMISSION: u32 = 1;
// u of an error value: nothing was refused, the message only informs (RFC 2205 appendix B, code 01).
const INFORMATIONAL: u32 = 0x2000;
const FLAG_IN_PLACE: u32 = 1;
const FLAG_NOT_GUILTY: u32 = 2;

// SESSION RSVP_HOP ERROR_SPEC, from this node (its interface's address is the error node).
function start(iface: Interface, family: u32, session: usize, code: u32, value: u32, flags: u32, bound: usize): usize {
  const own = interfaceAddress(iface, family);
  let at = startMessage(MESSAGE_RESV_ERROR, HOP_TTL, bound + 256);
  at = copyObject(at, session);
  at = appendRsvpHop(at, family, own, iface.handle);
  return appendErrorSpec(at, family, own, flags, code, value);
}

const sessionScratch: usize = memory.data(64, 8);

// A POLICY_DATA object that goes along with the errors that are made now, or 0 (RFC 3181 section 6).
let errorPolicy: usize = 0;
export function setErrorPolicy(object: usize): void {
  errorPolicy = object;
}
function appendErrorPolicy(at: usize): usize {
  return errorPolicy == 0 ? at : copyObject(at, errorPolicy);
}

// Refuses one reservation as it stands, to whoever asked for it.
export function reservationError(
  session: Session,
  reservation: ReservationState,
  code: u32,
  value: u32,
  flags: u32,
): void {
  const family = familyOf(session);
  const annex = reservation.annex;
  const scope = annex ? annex.scope : 0;
  const bound = blobBytes(reservation.flowspec) + filterListBytes(reservation) + blobBytes(scope) + 64;
  if (isVirtual(reservation.interface)) {
    let at = startEvent(EVENT_KIND_RESV_ERROR, reservation.interface & 0x3fffffff, session, bound);
    setEventStyle(reservation.style);
    setEventError(code, value, flags, 0, family);
    at = appendErrorPolicy(at);
    at = appendDescriptor(reservation, at);
    return sendEvent(at);
  }
  const iface = interfaceByHandle(reservation.interface);
  const hop = reservation.neighbour;
  if (iface == null || hop == null || interfaceAddress(iface, family) == 0) return;
  writeSessionObject(session, 0, sessionScratch);
  let at = start(iface, family, sessionScratch, code, value, flags, bound);
  // The SCOPE of the reservation goes back with its error (RFC 2205 section 3.4).
  at = appendBlob(at, scope);
  at = appendForwarded(at, annex ? annex.others : 0);
  at = appendErrorPolicy(at);
  at = appendStyle(at, reservation.style);
  at = appendDescriptor(reservation, at);
  sendMessage(iface, at, 0, neighbourAddress(hop), family, 0);
}

// Unknown objects of class 11bbbbbb go along in all messages that result from theirs (RFC 2205 section 3.10), errors too.
// Not more than so many bytes of them: a Resv of 64 KB may be answered by two thousand errors, each with all of them.
const LONGEST_FORWARDED: usize = 1024;
function appendForwarded(start: usize, others: u32): usize {
  if (others == 0) return start;
  let at = start;
  const end = blobData(others) + blobLength(others);
  for (let object = blobData(others); object < end; object += objectLength(object)) {
    if (objectClass(object) < 0xc0) continue;
    if (at - start + objectLength(object) > LONGEST_FORWARDED) break;
    at = copyObject(at, object);
  }
  return at;
}
// The same of the message at hand.
function appendArriving(start: usize): usize {
  const v = view();
  let at = start;
  for (let index: u32 = 0; index < v.forwardedCount; index++) {
    const object = forwarded(v, index);
    if (at - start + objectLength(object) > LONGEST_FORWARDED) break;
    at = copyObject(at, object);
  }
  return at;
}

// Refuses one descriptor of the Resv (or call) at hand; the others go on.
export function refuseDescriptor(
  session: Session,
  list: FlowDescriptors,
  code: u32,
  value: u32,
  status: u32,
  flags: u32 = 0,
): void {
  const context = resvContext();
  const family = familyOf(session);
  drop(status, list.flowspec);
  const bound = <usize> objectLength(list.flowspec) + (list.filter ? list.filtersEnd - list.filter : 0) + 64;
  if (isVirtual(context.interface)) {
    let at = startEvent(EVENT_KIND_RESV_ERROR, context.interface & 0x3fffffff, session, bound);
    setEventStyle(list.style);
    setEventError(code, value, flags, 0, family);
    at = copyDescriptor(list, at);
    return sendEvent(at);
  }
  const iface = interfaceByHandle(context.interface);
  const hop = context.hop;
  if (iface == null || hop == null || interfaceAddress(iface, family) == 0) return;
  const scope = context.scope;
  let at = start(iface, family, view().session, code, value, flags, bound + (scope ? <usize> objectLength(scope) : 0));
  if (scope) at = copyObject(at, scope);
  at = appendForwarded(at, context.others);
  at = appendStyle(at, list.style);
  at = copyDescriptor(list, at);
  sendMessage(iface, at, 0, neighbourAddress(hop), family, 0);
}

function copyDescriptor(list: FlowDescriptors, start: usize): usize {
  let at = copyObject(start, list.flowspec);
  // WF names nobody.
  if (list.filter == 0) return at;
  for (
    let filter = nextFilter(list.filter, list.filtersEnd);
    filter != 0;
    filter = nextFilter(filter + objectLength(filter), list.filtersEnd)
  ) {
    at = copyObject(at, filter);
  }
  return at;
}

// Refuses the whole Resv at hand: one error for each descriptor of FF, which has several (RFC 2205 section 3.1.8), one for
// SE and WF. Where the descriptors themselves are what is wrong STYLE stands alone.
export function refuseMessage(iface: Interface, code: u32, value: u32, status: u32): void {
  const v = view();
  drop(status, v.rejected);
  if (interfaceAddress(iface, v.family) == 0) return;
  if (v.rejectStatus || !v.flowDescriptors) return sendRefusal(iface, code, value, null);
  const list = beginFlowDescriptors(descriptorMemory, v.style, v.flowDescriptors, v.flowDescriptorsEnd);
  while (nextFlowDescriptor(list)) sendRefusal(iface, code, value, list);
}
const descriptorMemory: usize = memory.data(64, 8);

function sendRefusal(iface: Interface, code: u32, value: u32, list: FlowDescriptors | null): void {
  const v = view();
  let at = start(iface, v.family, v.session, code, value, 0, v.length);
  if (v.scope && v.style == STYLE_WILDCARD_FILTER) at = copyObject(at, v.scope);
  at = appendArriving(at);
  if (v.styleObject) at = copyObject(at, v.styleObject);
  if (list) at = copyDescriptor(list, at);
  sendMessage(iface, at, 0, addressOf(v.hop), v.family, 0);
}

export function resvErrorArrives(): void {
  const v = view();
  if (errorCode(v.errorSpec) == 0) return drop(STATUS_BAD_VALUE, v.errorSpec);
  const session = findSession(v.session);
  if (session == null || session.firstPath == null) return drop(STATUS_NO_STATE, v.session);
  const request = requestOf(session);
  if (request == null) return drop(STATUS_WRONG_HOP, v.hop);
  const incoming = request.neighbour!.interface;
  const admission = errorCode(v.errorSpec) == CODE_ADMISSION && (errorValue(v.errorSpec) & INFORMATIONAL) == 0 &&
    v.firstFlowspec != 0 && !(v.unreadable & (1 << 9)) && canonicalFlowspec(v.firstFlowspec, failedFlowspec) != 0;
  if (admission) {
    blockade(session, request);
    syncRequest(session, request, SYNC_FROM_ERROR);
  }
  relay(session, request, incoming, admission);
}

// The request that the error is about, by its previous hop. Beyond nodes without RSVP a hop's messages may arrive by another
// interface than its Paths (RFC 2205 section 2.9): then it must name the LIH that those had.
function requestOf(session: Session): RequestState | null {
  const v = view();
  const request = findRequest(session, arrivalInterface().handle, addressOf(v.hop), v.family);
  if (request) return request;
  for (let other: RequestState | null = session.firstRequest; other; other = other!.next) {
    const hop = other.neighbour;
    if (hop == null || hop.family != v.family || other.logicalInterfaceHandle != hopHandle(v.hop)) continue;
    if (memory.compare(neighbourAddress(hop), addressOf(v.hop), v.family == 4 ? 4 : 16) == 0) return other;
  }
  return null;
}

// The FLOWSPEC that failed, in canonical encoding; one without known layout could be compared with nothing.
const failedFlowspec: usize = memory.data(64, 8);

// One block for the previous hop (WF) or for each filter (FF, SE) that names a sender behind it, each with the failed
// FLOWSPEC for Kb * R. Filters that name nobody would be state that a neighbour could make without end.
function blockade(session: Session, request: RequestState): void {
  const v = view();
  // Without memory for the blocks the error travels on as without blockade: the next refresh fails again.
  if (!mayChange(<usize> v.length * 2 + 1024)) return;
  if (v.style == STYLE_WILDCARD_FILTER) return setBlockade(findOrCreateBlockade(request, 0));
  for (
    let filter = nextFilter(v.flowDescriptors, v.flowDescriptorsEnd);
    filter != 0;
    filter = nextFilter(filter + objectLength(filter), v.flowDescriptorsEnd)
  ) {
    if (namesSender(session, request, filter)) setBlockade(findOrCreateBlockade(request, filter));
  }
}
function namesSender(session: Session, request: RequestState, filter: usize): bool {
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (path.request == request && matchesObject(path, filter)) return true;
  }
  return false;
}
function setBlockade(block: BlockadeState): void {
  releaseBlob(block.flowspec);
  block.flowspec = retainBytes(failedFlowspec, objectLength(failedFlowspec));
  block.expiresAt = now() + blockadeTimeOf(arrivalInterface());
}

// Passes the error to every next hop that has a part in it: on another interface, with a filter in common (RFC 2209).
function relay(session: Session, request: RequestState, incoming: u32, admission: bool): void {
  const v = view();
  const inPlace = (errorFlags(v.errorSpec) & FLAG_IN_PLACE) != 0;
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (reservation.style != v.style || reservation.interface == incoming) continue;
    if (!concerns(session, request, reservation)) continue;
    // A smaller request than the one that failed is still in place upstream: its next hop need not know.
    if (admission && inPlace && isStrictlyGreater(v.firstFlowspec, blobData(reservation.flowspec))) continue;
    if (isVirtual(reservation.interface)) deliver(session, reservation, admission);
    else forward(session, request, reservation);
  }
}

function concerns(session: Session, request: RequestState, reservation: ReservationState): bool {
  const v = view();
  let routed = false;
  for (let path: PathState | null = session.firstPath; path && !routed; path = path!.next) {
    routed = path.request == request && routesTo(session, path, reservation.interface);
  }
  if (!routed) return false;
  if (reservation.style == STYLE_WILDCARD_FILTER || v.filterCount == 0) return true;
  for (
    let filter = nextFilter(v.flowDescriptors, v.flowDescriptorsEnd);
    filter != 0;
    filter = nextFilter(filter + objectLength(filter), v.flowDescriptorsEnd)
  ) {
    if (findFilter(reservation, filter)) return true;
  }
  return false;
}

function deliver(session: Session, reservation: ReservationState, admission: bool): void {
  const v = view();
  let flags = errorFlags(v.errorSpec) & FLAG_IN_PLACE;
  if (admission && isStrictlyGreater(v.firstFlowspec, blobData(reservation.flowspec))) flags |= FLAG_NOT_GUILTY;
  let at = startEvent(EVENT_KIND_RESV_ERROR, reservation.interface & 0x3fffffff, session, v.length);
  setEventStyle(v.style);
  setEventError(errorCode(v.errorSpec), errorValue(v.errorSpec), flags, addressOf(v.errorSpec), v.family);
  // With the POLICY_DATA of the error (RFC 2205 section 3.11.1).
  at = copyOthers(v, at);
  sendEvent(copyObjects(at, v.flowDescriptors, v.flowDescriptorsEnd));
}

function forward(session: Session, request: RequestState, reservation: ReservationState): void {
  const v = view();
  const iface = interfaceByHandle(reservation.interface);
  const hop: Neighbour | null = reservation.neighbour;
  if (iface == null || hop == null) return;
  const own = interfaceAddress(iface, v.family);
  if (own == 0) return;
  // With a SCOPE of its own in place of none, what filled a datagram does not fit one any more.
  if (<usize> v.length + 16 * countSenders(session) > 65000) return count(STATUS_TOO_MANY_OBJECTS);
  let at = startMessage(MESSAGE_RESV_ERROR, HOP_TTL, <usize> v.length + 16 * countSenders(session) + 64);
  at = copyObject(at, v.session);
  at = appendRsvpHop(at, v.family, own, iface.handle);
  at = copyObject(at, v.errorSpec);
  // NotGuilty is set for an application alone (RFC 2205 appendix A.5).
  const flags = at - 4;
  store<u8>(flags, load<u8>(flags) & <u8> FLAG_IN_PLACE);
  if (v.style == STYLE_WILDCARD_FILTER && (v.scope != 0 || needsScope(session))) {
    const scoped = appendErrorScope(session, request, reservation, at);
    if (scoped == at) return;
    at = scoped;
  }
  at = copyOthers(v, at);
  at = copyObject(at, v.styleObject);
  at = copyShared(reservation, at);
  sendMessage(iface, at, 0, neighbourAddress(hop), v.family, 0);
}

// The flow descriptors of the message at hand with those of their filters that the reservation has (RFC 2205 section
// 3.1.8); WF, and a message that names none, has all of them.
function copyShared(reservation: ReservationState, start: usize): usize {
  const v = view();
  if (reservation.style == STYLE_WILDCARD_FILTER || v.filterCount == 0) {
    return copyObjects(start, v.flowDescriptors, v.flowDescriptorsEnd);
  }
  let at = start;
  let flowspec: usize = 0;
  for (let object = v.flowDescriptors; object < v.flowDescriptorsEnd; object += objectLength(object)) {
    const kind = objectClass(object);
    if (kind == CLASS_FLOWSPEC) flowspec = object;
    if (kind != CLASS_FILTER_SPEC || findFilter(reservation, object) == null) continue;
    if (flowspec) at = copyObject(at, flowspec);
    flowspec = 0;
    at = copyObject(at, object);
  }
  return at;
}

// SC.Out: the senders of SC.In that route to the interface (RFC 2209). Where the message names none, its senders are those
// of the previous hop that it came from (docs/protocol-decisions.md).
function appendErrorScope(session: Session, request: RequestState, reservation: ReservationState, at: usize): usize {
  const v = view();
  const size: usize = v.family == 4 ? 4 : 16;
  let end = at + 4;
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (v.scope != 0 ? !inScope(v.scope, path) : path.request != request) continue;
    if (!routesTo(session, path, reservation.interface)) continue;
    end = insertAddress(at + 4, end, templateOf(path), size);
  }
  return finishScope(at, end, v.family);
}
