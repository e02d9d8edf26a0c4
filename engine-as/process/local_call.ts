// CALL: the interface to applications of RFC 2205 section 3.11.1. A local sender is path state whose previous hop is the
// application; a local receiver is a next hop on a virtual interface. A reservation may be asked for before any Path has
// come: it waits for matching path state (section 2.10), and so does one whose senders have gone.
import {
  CALL_KIND_RELEASE,
  CALL_KIND_RESERVE,
  CALL_KIND_SENDER,
  CALL_KIND_SESSION,
  CALL_OPTION_CONFIRM,
  CALL_OPTION_NO_ADSPEC,
  EVENT_KIND_PATH_ERROR,
  INPUT_CALL_APPLICATION,
  INPUT_CALL_CALL,
  INPUT_CALL_INTERFACE,
  INPUT_CALL_OBJECTS,
  INPUT_CALL_OPTIONS,
  INPUT_CALL_STYLE,
  INPUT_CALL_TTL,
  MAXIMUM_APPLICATION_HANDLE,
  SERVICE_CONTROLLED_LOAD,
  SERVICE_GUARANTEED,
  STATUS_BAD_CALL,
  STATUS_DESTINATION_PORT_CONFLICT,
  STATUS_MIXED_FAMILIES,
  STATUS_OK,
  STATUS_OUT_OF_MEMORY,
  STATUS_PORT_CONFLICT,
  STATUS_SENDER_LIMIT,
  STATUS_STYLE_CONFLICT,
} from "../boundary.gen";
import { MAXIMUM_SENDERS_PER_SESSION } from "../limits";
import { createAdspec, HOP_PARAMETERS_BYTES, HopParameters, LARGEST_CREATED_ADSPEC_BYTES } from "../merge/adspec";
import { ALL_SERVICES, validateAdspec, validateTspec } from "../merge/validate";
import { Application, createApplication, deleteApplication, findApplication } from "../state/application";
import { blobData, blobLength, releaseBlob, retainBytes, retainObject } from "../state/blob";
import { interfaceAddress, interfaceByAddress, interfaceByHandle } from "../state/interface";
import { keyDestinationPort, senderHasPort, senderPort } from "../state/keys";
import { count, mayGrow } from "../state/memory";
import {
  countSenders,
  createPathState,
  hasFlag,
  matchesObject,
  PATH_E_POLICE,
  PATH_LOCAL,
  PATH_ROUTE_PENDING,
  PathState,
  setFlag,
} from "../state/path_state";
import { createRequest } from "../state/request_state";
import {
  deleteFilter,
  deleteReservation,
  Filter,
  filterMatchesObject,
  ReservationState,
} from "../state/reservation_state";
import {
  conflictsByPort,
  createSession,
  destinationOf,
  familyOf,
  findSession,
  keyOf,
  releaseIfIdle,
  Session,
} from "../state/session";
import { appendResvConfirm } from "../wire/builder";
import { objectClass, objectCType, objectLength } from "../wire/bytes";
import { nextFilter } from "../wire/flow_descriptors";
import { MESSAGE_CALL_RESERVE, MESSAGE_CALL_SENDER, MESSAGE_CALL_SESSION, parseCall } from "../wire/message_view";
import { CLASS_FLOWSPEC, CLASS_RESV_CONFIRM } from "../wire/object_forms";
import { view, viewPointer } from "./context";
import { calledSessionFits, clearUnused, retainOthers, retainPolicyData, sendersFit } from "./objects";
import { pathRouted } from "./path_routed";
import { endPath } from "./path_tear";
import { makeReservations } from "./resv";
import { resvContext } from "./resv_context";
import { removeReservationsOf } from "./resv_tear";
import { queryRoute, routesTo, virtualInterface } from "./routing";
import { markAffected, syncAffected } from "./settle";
import { DEFAULT_TTL } from "./send";
import { updateTrafficControlOf } from "./update_traffic_control";
import { callError, pathEvent, sendEvent, setEventError, startEvent } from "./upcall";

// ERROR_SPEC code 20 is for the application interface only; 21 is RAPI's number for a bad sender address.
const CODE_API: u32 = 20;
const VALUE_BAD_SENDER: u32 = 21;

const adspecScratch: usize = memory.data(256, 8);
const hopScratch: usize = memory.data(64, 8);
const confirmScratch: usize = memory.data(32, 8);

export function callArrives(record: usize, length: u32): void {
  const handle = load<u32>(record, INPUT_CALL_APPLICATION);
  const call = load<u8>(record, INPUT_CALL_CALL);
  const objects = record + INPUT_CALL_OBJECTS;
  const bytes = length - <u32> INPUT_CALL_OBJECTS - load<u16>(record, 2);
  let status: u32;
  if (handle == 0 || handle > MAXIMUM_APPLICATION_HANDLE) {
    status = STATUS_BAD_CALL;
  } else if (call == CALL_KIND_SESSION) {
    status = register(handle, objects, bytes);
  } else {
    const application = findApplication(handle);
    if (application == null) status = STATUS_BAD_CALL;
    else if (call == CALL_KIND_SENDER) status = sender(application, record, objects, bytes);
    else if (call == CALL_KIND_RESERVE) status = reserve(application, record, objects, bytes);
    else if (call == CALL_KIND_RELEASE) status = releaseCall(application);
    else status = STATUS_BAD_CALL;
  }
  if (status == STATUS_OK) return;
  count(status);
  callError(handle, status);
}

// SESSION: registers and tells of the senders that are known already.
function register(handle: u32, objects: usize, bytes: u32): u32 {
  if (findApplication(handle)) return STATUS_BAD_CALL;
  const status = parseCall(objects, bytes, MESSAGE_CALL_SESSION, 0, viewPointer());
  if (status != STATUS_OK) return status;
  const v = view();
  if (v.rejectStatus) return v.rejectStatus;
  if (!calledSessionFits(v.session)) return STATUS_BAD_CALL;
  let session = findSession(v.session);
  if (session == null) {
    if (conflictsByPort(v.session)) return STATUS_DESTINATION_PORT_CONFLICT;
    if (!mayGrow(4096)) return STATUS_OUT_OF_MEMORY;
    session = createSession(v.session);
  }
  const application = createApplication(handle, session);
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (routesTo(session, path, virtualInterface(application))) pathEvent(session, path, handle, false);
  }
  return STATUS_OK;
}

// SENDER: starts, changes or (no objects) withdraws the application's one sender.
function sender(application: Application, record: usize, objects: usize, bytes: u32): u32 {
  const session = application.session;
  if (bytes == 0) {
    withdrawSender(application);
    return STATUS_OK;
  }
  const status = parseCall(objects, bytes, MESSAGE_CALL_SENDER, 0, viewPointer());
  if (status != STATUS_OK) return status;
  const v = view();
  if (v.rejectStatus) return v.rejectStatus;
  if (v.family != familyOf(session)) return STATUS_MIXED_FAMILIES;
  if (!sendersFit(v, session.ctype)) return STATUS_BAD_CALL;
  clearUnused(v);
  if (validateTspec(v.senderTspec) != 0 || (v.adspec != 0 && validateAdspec(v.adspec) != 0)) return STATUS_BAD_CALL;
  const length = <usize> objectLength(v.senderTemplate) - 4;
  const hasPort = senderHasPort(objectCType(v.senderTemplate)) && senderPort(v.senderTemplate + 4, length) != 0;
  if (hasPort && keyDestinationPort(keyOf(session), session.ctype) == 0) return STATUS_PORT_CONFLICT;
  if (interfaceByAddress(v.senderTemplate + 4, v.family) == null) {
    const at = startEvent(EVENT_KIND_PATH_ERROR, application.handle, session, length + 8);
    setEventError(CODE_API, VALUE_BAD_SENDER, 0, 0, 0);
    memory.copy(at, v.senderTemplate, length + 4);
    sendEvent(at + length + 4);
    return STATUS_OK;
  }
  let path = senderOf(application);
  if (path && !matchesObject(path, v.senderTemplate)) {
    endPath(session, path);
    path = null;
  }
  const fresh = path == null;
  if (path == null) {
    if (countSenders(session) >= <usize> MAXIMUM_SENDERS_PER_SESSION) return STATUS_SENDER_LIMIT;
    if (!mayGrow(4096)) return STATUS_OUT_OF_MEMORY;
    path = createPathState(session, v.senderTemplate, createRequest(session, null, application.handle));
    setFlag(path, PATH_LOCAL | PATH_E_POLICE, true);
  }
  fillSender(
    path,
    load<u8>(record, INPUT_CALL_TTL),
    (load<u8>(record, INPUT_CALL_OPTIONS) & CALL_OPTION_NO_ADSPEC) != 0,
  );
  if (fresh) routeSender(session, path, load<u32>(record, INPUT_CALL_INTERFACE));
  else if (!hasFlag(path, PATH_ROUTE_PENDING)) pathRouted(session, path, path.outgoing, true);
  syncAffected(session);
  return STATUS_OK;
}

function fillSender(path: PathState, ttl: u8, noAdspec: bool): void {
  const v = view();
  releaseBlob(path.senderTspec);
  releaseBlob(path.adspec);
  releaseBlob(path.others);
  path.senderTspec = retainObject(v.senderTspec);
  path.adspec = v.adspec != 0 ? retainObject(v.adspec) : noAdspec ? 0 : initialAdspec();
  path.others = retainOthers(v);
  path.ttl = ttl != 0 ? ttl : <u8> DEFAULT_TTL;
}

// The ADSPEC that a sender starts with, neutral in every term: its own outgoing interface composes the first hop.
function initialAdspec(): u32 {
  const hop = changetype<HopParameters>(hopScratch);
  memory.fill(hopScratch, 0, HOP_PARAMETERS_BYTES);
  hop.linkBytesPerSecond = f32.MAX_VALUE;
  hop.mtuBytes = u32.MAX_VALUE;
  hop.services = ALL_SERVICES;
  return retainBytes(
    adspecScratch,
    createAdspec(adspecScratch, hopScratch, SERVICE_CONTROLLED_LOAD | SERVICE_GUARANTEED, 0),
  );
}

// A multihomed host may name the interface; otherwise routing says where the data go.
function routeSender(session: Session, path: PathState, iface: u32): void {
  if (iface == 0 || interfaceByHandle(iface) == null) return queryRoute(session, path);
  const route = adspecScratch;
  memory.fill(route, 0, 40);
  store<u32>(route, 1);
  store<u32>(route, 1, 12);
  store<u32>(route, iface, 16);
  const blob = retainBytes(route, 40);
  pathRouted(session, path, blob, true);
  releaseBlob(blob);
}

function senderOf(application: Application): PathState | null {
  const session = application.session;
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (hasFlag(path, PATH_LOCAL) && path.request.logicalInterfaceHandle == application.handle) return path;
  }
  return null;
}

function withdrawSender(application: Application): void {
  const path = senderOf(application);
  if (path == null) return;
  const session = application.session;
  endPath(session, path);
  syncAffected(session);
}

// RESERVE: keeps what is wanted, takes away what is not any more, and makes what senders are there for.
function reserve(application: Application, record: usize, objects: usize, bytes: u32): u32 {
  const session = application.session;
  const style = <u32> load<u8>(record, INPUT_CALL_STYLE);
  if (style == 0) {
    withdrawReservation(application);
    return STATUS_OK;
  }
  const status = parseCall(objects, bytes, MESSAGE_CALL_RESERVE, style, viewPointer());
  if (status != STATUS_OK) return status;
  const v = view();
  if (v.rejectStatus) return v.rejectStatus;
  if (v.family != 0 && v.family != familyOf(session)) return STATUS_MIXED_FAMILIES;
  if (!sendersFit(v, session.ctype)) return STATUS_BAD_CALL;
  clearUnused(v);
  for (let other: ReservationState | null = session.firstReservation; other; other = other!.next) {
    if (other.style != style && other.interface != virtualInterface(application)) return STATUS_STYLE_CONFLICT;
  }
  if (!mayGrow(<usize> bytes * 2 + 4096)) return STATUS_OUT_OF_MEMORY;
  releaseBlob(application.wanted);
  application.wanted = retainBytes(objects, bytes);
  const restyled = application.wantedStyle != <u8> style;
  application.wantedStyle = <u8> style;
  application.interface = load<u32>(record, INPUT_CALL_INTERFACE);
  application.confirm = (load<u8>(record, INPUT_CALL_OPTIONS) & CALL_OPTION_CONFIRM) != 0 || v.resvConfirm != 0 ? 1 : 0;
  application.confirmAsked = 0;
  if (restyled) removeReservationsOf(session, virtualInterface(application), null);
  else dropUnwanted(application);
  applyWanted(session);
  syncAffected(session);
  return STATUS_OK;
}

function wantedDescriptors(application: Application): usize {
  const start = blobData(application.wanted);
  const end = start + blobLength(application.wanted);
  let at = start;
  while (at < end && objectClass(at) != CLASS_FLOWSPEC) at += objectLength(at);
  return at;
}

// Filters that the new set does not list are torn (RAPI: rapi_reserve with the same style).
function dropUnwanted(application: Application): void {
  const session = application.session;
  const end = blobData(application.wanted) + blobLength(application.wanted);
  let reservation: ReservationState | null = session.firstReservation;
  while (reservation) {
    const next: ReservationState | null = reservation.next;
    if (reservation.interface == virtualInterface(application)) {
      let filter: Filter | null = reservation.firstFilter;
      while (filter) {
        const following: Filter | null = filter.next;
        if (filter.keyLength && !isListed(filter, wantedDescriptors(application), end)) {
          markAffected(session, reservation);
          deleteFilter(reservation, filter);
        }
        filter = following;
      }
      if (reservation.firstFilter == null) deleteReservation(session, reservation);
    }
    reservation = next;
  }
  updateTrafficControlOf(session, virtualInterface(application));
}
function isListed(filter: Filter, start: usize, end: usize): bool {
  for (let object = nextFilter(start, end); object != 0; object = nextFilter(object + objectLength(object), end)) {
    if (filterMatchesObject(filter, object)) return true;
  }
  return false;
}

// Makes the reservations that local applications wait for, as far as senders have come. Called whenever path state has
// been routed.
export function applyWanted(session: Session): void {
  for (let application: Application | null = session.firstApplication; application; application = application!.next) {
    if (application.wanted == 0) continue;
    const reached = firstReached(session, application);
    if (reached == null) continue;
    const first = session.firstReservation;
    if (first && first.style != application.wantedStyle) continue;
    const context = resvContext();
    context.interface = virtualInterface(application);
    context.hop = null;
    context.expiresAt = 0;
    context.scope = 0;
    context.confirm = application.confirm && !application.confirmAsked ? confirmObject(application, reached) : 0;
    const end = blobData(application.wanted) + blobLength(application.wanted);
    const descriptors = wantedDescriptors(application);
    context.others = retainPolicyData(blobData(application.wanted), descriptors);
    makeReservations(session, application.wantedStyle, descriptors, end, ALL_SERVICES);
    releaseBlob(context.others);
    if (hasReservation(session, context.interface)) application.confirmAsked = 1;
  }
  syncAffected(session);
}

function firstReached(session: Session, application: Application): PathState | null {
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (routesTo(session, path, virtualInterface(application))) return path;
  }
  return null;
}
function hasReservation(session: Session, iface: u32): bool {
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (reservation.interface == iface) return true;
  }
  return false;
}

// RESV_CONFIRM: the application's own object, else this host's address: the session's for unicast, for a group that of
// the interface which the sender comes in by.
function confirmObject(application: Application, path: PathState): usize {
  const start = blobData(application.wanted);
  const end = wantedDescriptors(application);
  for (let at = start; at < end; at += objectLength(at)) {
    if (objectClass(at) == CLASS_RESV_CONFIRM) return at;
  }
  const session = application.session;
  const family = familyOf(session);
  let address = destinationOf(session);
  if (session.multicast) {
    const neighbour = path.request.neighbour;
    const iface = neighbour ? interfaceByHandle(neighbour.interface) : null;
    address = iface ? interfaceAddress(iface, family) : 0;
    if (address == 0) return 0;
  }
  appendResvConfirm(confirmScratch, family, address);
  return confirmScratch;
}

function withdrawReservation(application: Application): void {
  releaseBlob(application.wanted);
  application.wanted = 0;
  application.wantedStyle = 0;
  const session = application.session;
  removeReservationsOf(session, virtualInterface(application), null);
  syncAffected(session);
}

function releaseCall(application: Application): u32 {
  const session = application.session;
  withdrawReservation(application);
  withdrawSender(application);
  deleteApplication(application);
  releaseIfIdle(session);
  return STATUS_OK;
}
