// What this node reports of one sender: its DIAG_RESPONSE (RFC 2745 section 3.6 and 4.1, steps 1 to 5).
import {
  CLASS_ADSPEC,
  CLASS_DIAG_RESPONSE,
  CLASS_FILTER_SPEC,
  CLASS_FLOWSPEC,
  CLASS_RESV_CONFIRM,
  CLASS_RSVP_HOP,
  CLASS_SCOPE,
  CLASS_SENDER_TEMPLATE,
  CLASS_SENDER_TSPEC,
  CLASS_STYLE,
  DIAG_RESPONSE_IPV4_ARRIVAL_TIME_AT,
  DIAG_RESPONSE_IPV4_DISTANCE_TTL_AT,
  DIAG_RESPONSE_IPV4_INCOMING_INTERFACE_ADDRESS_AT,
  DIAG_RESPONSE_IPV6_DISTANCE_TTL_AT,
} from "../accessors.gen";
import { isVirtual } from "../state/application";
import { blobData, blobLength } from "../state/blob";
import { Interface, interfaceAddress, interfaceByHandle } from "../state/interface";
import { root } from "../state/memory";
import { neighbourAddress } from "../state/neighbour";
import {
  hasFlag,
  matchesObject,
  PATH_LOCAL_ONLY,
  PathState,
  routeOf,
  writeSenderObject,
} from "../state/path_state";
import {
  Filter,
  filterFor,
  ReservationState,
  STYLE_WILDCARD_FILTER,
  writeFilterObject,
} from "../state/reservation_state";
import { routeCount, routeInterface, routeIsLocal } from "../state/route";
import { destinationOf, Session } from "../state/session";
import { refreshIntervalOf, timingOf } from "../timers/timing";
import { appendHeader, appendRsvpHop, appendStyle } from "../wire/builder";
import { copyWords, objectClass, objectCType, objectLength, store16, store32 } from "../wire/bytes";
import { diagnosticView, responseBytes } from "../wire/diagnostic_view";
import { incomingOf, routesTo } from "./routing";
import { scopeHas } from "./scope";

export const ERROR_NO_PATH: u32 = 1;
export const ERROR_TOO_BIG: u32 = 2;
export const ERROR_ROUTE_TOO_BIG: u32 = 4;
// A shared explicit reservation may have as many filters as its session has senders: so many are told.
const MAXIMUM_FILTERS_TOLD: u32 = 64;
// At least what a response takes: addresses, objects, filters.
export const LARGEST_RESPONSE_BYTES: usize = 4096;
// Seconds from the epoch of NTP to that of Unix.
const NTP_TO_UNIX_SECONDS: f64 = 2208988800;

// The incoming interface of a sender: null for one of this node.
export function incomingInterfaceOf(path: PathState): Interface | null {
  return path.request.neighbour ? interfaceByHandle(incomingOf(path)) : null;
}

// The middle 32 bits of an NTP timestamp.
function arrivalTime(): u32 {
  const state = root();
  const unixMs = state.unixEpochMs + state.baseMs + state.elapsedMs;
  const seconds = Math.floor(unixMs / 1000);
  const fraction = <u32> ((unixMs / 1000 - seconds) * 65536);
  return (<u32> (<u64> max<f64>(seconds + NTP_TO_UNIX_SECONDS, 0)) << 16) | min<u32>(fraction, 65535);
}

// The interface by which data reach whoever is downstream: the one that the DREQ came by, at the LAST-HOP that of the route.
function outgoingOf(session: Session | null, path: PathState | null, arrival: Interface | null): Interface | null {
  if (arrival != null || session == null || path == null) return arrival;
  const route = routeOf(path);
  return routeCount(route) != 0 ? interfaceByHandle(routeInterface(route, 0)) : null;
}

function isFor(session: Session, reservation: ReservationState, path: PathState): bool {
  return filterFor(reservation, path) != null && scopeHas(reservation, path) &&
    routesTo(session, path, reservation.interface);
}

// The reservation for this sender on the outgoing interface; at the LAST-HOP an application's will do.
function reservationOf(session: Session, path: PathState, outgoing: Interface | null): ReservationState | null {
  let local: ReservationState | null = null;
  for (let one: ReservationState | null = session.firstReservation; one; one = one!.next) {
    if (!isFor(session, one, path)) continue;
    if (outgoing != null && one.interface == outgoing.handle) return one;
    if (outgoing == null && isVirtual(one.interface)) local = one;
  }
  return local;
}

// Whether it merges with reservations of other interfaces on its way upstream.
function isMerged(session: Session, path: PathState, own: ReservationState): bool {
  for (let one: ReservationState | null = session.firstReservation; one; one = one!.next) {
    if (one.interface != own.interface && isFor(session, one, path)) return true;
  }
  return false;
}

// Writes the DIAG_RESPONSE at `at`; `arrival` is where the DREQ came from downstream, null at the LAST-HOP. Returns its end.
export function writeResponse(
  at: usize,
  session: Session | null,
  path: PathState | null,
  arrival: Interface | null,
  distance: u32,
): usize {
  const family = diagnosticView().family;
  const size: usize = family == 4 ? 4 : 16;
  const fixed = responseBytes(family);
  memory.fill(at, 0, fixed);
  store32(at + DIAG_RESPONSE_IPV4_ARRIVAL_TIME_AT, arrivalTime());
  const addresses = at + DIAG_RESPONSE_IPV4_INCOMING_INTERFACE_ADDRESS_AT;
  const outgoing = outgoingOf(session, path, arrival);
  if (outgoing) writeAddress(addresses + size, interfaceAddress(outgoing, family), size);
  else if (session && path && !session.multicast && routeOf(path) != 0 && routeIsLocal(routeOf(path))) {
    // The receiver itself: data end here.
    writeAddress(addresses + size, destinationOf(session), size);
  }
  const state = at + (family == 4 ? DIAG_RESPONSE_IPV4_DISTANCE_TTL_AT : DIAG_RESPONSE_IPV6_DISTANCE_TTL_AT);
  store<u8>(state, <u8> min<u32>(distance, 255));
  let end = at + fixed;
  if (session == null || path == null) {
    store<u8>(state, <u8> (ERROR_NO_PATH << 4), 1);
    appendHeader(at, <u32> (end - at), CLASS_DIAG_RESPONSE, family == 4 ? 1 : 2);
    return end;
  }
  const incoming = incomingInterfaceOf(path);
  if (incoming) writeAddress(addresses, interfaceAddress(incoming, family), size);
  const neighbour = path.request.neighbour;
  if (neighbour) writeAddress(addresses + 2 * size, neighbourAddress(neighbour), size);
  const reservation = reservationOf(session, path, outgoing);
  const merged: u32 = reservation != null && isMerged(session, path, reservation) ? 1 : 0;
  const timed = incoming ? incoming : outgoing;
  const own: u32 = timed ? timingOf(timed).lifetimeMultiplier : 0;
  const multiple = min<u32>(own != 0 ? own : root().lifetimeMultiplier, 15);
  store<u8>(state, <u8> ((merged << 7) | multiple), 1);
  const interval = timed ? refreshIntervalOf(timed) : root().refreshIntervalMs;
  store16(state + 2, min<u32>((interval + 500) / 1000, 65535));
  readSelection();
  end = appendPathObjects(end, path);
  if (reservation) end = appendReservationObjects(end, path, reservation);
  appendHeader(at, <u32> (end - at), CLASS_DIAG_RESPONSE, family == 4 ? 1 : 2);
  return end;
}

@inline
function writeAddress(at: usize, address: usize, size: usize): void {
  if (address != 0) copyWords(at, address, size);
}

// Sets R-error of a response that is written.
export function setResponseError(response: usize, error: u32): void {
  const family = diagnosticView().family;
  const at = response + (family == 4 ? DIAG_RESPONSE_IPV4_DISTANCE_TTL_AT : DIAG_RESPONSE_IPV6_DISTANCE_TTL_AT) + 1;
  store<u8>(at, load<u8>(at) | <u8> (error << 4));
}

// What is asked for: a bit for each C-Type of a class, all of them for C-Type 0. A DIAG_SELECT may list thousands of classes
// and a reservation has hundreds of filters, so it is read once. No object of ours has a C-Type from 32.
const selected: usize = memory.data(1024, 8);
const ALL_CTYPES: u32 = 0xffffffff;

function select(kind: u32, ctypes: u32): void {
  const at = selected + <usize> kind * 4;
  store<u32>(at, load<u32>(at) | ctypes);
}

// By DIAG_SELECT, or the default list (RFC 2745 section 3.4).
function readSelection(): void {
  memory.fill(selected, 0, 1024);
  const object = diagnosticView().select;
  if (object == 0) {
    select(CLASS_SENDER_TSPEC, ALL_CTYPES);
    select(CLASS_FILTER_SPEC, ALL_CTYPES);
    select(CLASS_FLOWSPEC, ALL_CTYPES);
    return select(CLASS_STYLE, ALL_CTYPES);
  }
  const end = object + objectLength(object);
  for (let at = object + 4; at < end; at += 2) {
    const ctype = <u32> load<u8>(at, 1);
    if (ctype < 32) select(load<u8>(at), ctype == 0 ? ALL_CTYPES : (<u32> 1) << ctype);
  }
}

@inline
function isSelected(kind: u32, ctype: u32): bool {
  return ctype < 32 && (load<u32>(selected + <usize> kind * 4) & ((<u32> 1) << ctype)) != 0;
}

function appendSelected(at: usize, object: u32): usize {
  if (object == 0) return at;
  const data = blobData(object);
  if (blobLength(object) > 512 || !isSelected(objectClass(data), objectCType(data))) return at;
  copyWords(at, data, blobLength(object));
  return at + blobLength(object);
}

function appendPathObjects(at: usize, path: PathState): usize {
  const neighbour = path.request.neighbour;
  const family = diagnosticView().family;
  if (neighbour && isSelected(CLASS_RSVP_HOP, family == 4 ? 1 : 2)) {
    at = appendRsvpHop(at, family, neighbourAddress(neighbour), path.request.logicalInterfaceHandle);
  }
  if (isSelected(CLASS_SENDER_TEMPLATE, path.ctype)) at += writeSenderObject(path, CLASS_SENDER_TEMPLATE, at);
  at = appendSelected(at, path.senderTspec);
  return isSelected(CLASS_ADSPEC, 2) ? appendSelected(at, path.adspec) : at;
}

function appendReservationObjects(at: usize, path: PathState, reservation: ReservationState): usize {
  if (isSelected(CLASS_STYLE, 1)) at = appendStyle(at, reservation.style);
  at = appendSelected(at, reservation.flowspec);
  const annex = reservation.annex;
  if (annex && isSelected(CLASS_SCOPE, diagnosticView().family == 4 ? 1 : 2)) at = appendSelected(at, annex.scope);
  if (annex && annex.confirm != 0 && isSelected(CLASS_RESV_CONFIRM, objectCType(annex.confirm))) {
    copyWords(at, annex.confirm, objectLength(annex.confirm));
    at += objectLength(annex.confirm);
  }
  if (reservation.style == STYLE_WILDCARD_FILTER) return at;
  let told: u32 = 0;
  for (let filter: Filter | null = reservation.firstFilter; filter; filter = filter!.next) {
    if (told == MAXIMUM_FILTERS_TOLD || !isSelected(CLASS_FILTER_SPEC, filter.ctype)) continue;
    at += writeFilterObject(filter, at);
    told += 1;
  }
  return at;
}

// The path state of the sender that is diagnosed; for multicast the one that forwards.
export function diagnosedPath(session: Session): PathState | null {
  let found: PathState | null = null;
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (!matchesObject(path, diagnosticView().senderTemplate)) continue;
    if (!hasFlag(path, PATH_LOCAL_ONLY)) return path;
    found = path;
  }
  return found;
}
