// CALL: the interface to applications of RFC 2205 section 3.11.1. A local sender is path state whose previous hop is the
// application; a local receiver is a next hop on a virtual interface. A reservation may be asked for before any Path has
// come: it waits for matching path state (section 2.10), and so does one whose senders have gone.
import {
  CALL_KIND_DIAGNOSE,
  CALL_KIND_RELEASE,
  CALL_KIND_RESERVE,
  CALL_KIND_SENDER,
  CALL_KIND_SESSION,
  CALL_OPTION_CONFIRM,
  EVENT_KIND_RESV_ERROR,
  INPUT_CALL_APPLICATION,
  INPUT_CALL_CALL,
  INPUT_CALL_INTERFACE,
  INPUT_CALL_OBJECTS,
  INPUT_CALL_OPTIONS,
  INPUT_CALL_STYLE,
  MAXIMUM_APPLICATION_HANDLE,
  STATUS_BAD_CALL,
  STATUS_DESTINATION_PORT_CONFLICT,
  STATUS_MIXED_FAMILIES,
  STATUS_OK,
  STATUS_OUT_OF_MEMORY,
  STATUS_STYLE_CONFLICT,
} from "../boundary.gen";
import { ALL_SERVICES } from "../merge/validate";
import { Application, createApplication, deleteApplication, findApplication } from "../state/application";
import { blobData, blobLength, releaseBlob, retainBytes } from "../state/blob";
import { interfaceAddress, interfaceByHandle } from "../state/interface";
import { count, mayGrow } from "../state/memory";
import { PathState } from "../state/path_state";
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
  releaseIfIdle,
  Session,
} from "../state/session";
import { appendResvConfirm, copyObjects } from "../wire/builder";
import { objectClass, objectLength } from "../wire/bytes";
import { nextFilter } from "../wire/flow_descriptors";
import { MESSAGE_CALL_RESERVE, MESSAGE_CALL_SESSION, parseCall } from "../wire/message_view";
import { CLASS_FLOWSPEC, CLASS_RESV_CONFIRM } from "../wire/object_forms";
import { view, viewPointer } from "./context";
import { diagnose } from "./diagnostic_request";
import { callSender, withdrawSender } from "./local_sender";
import { calledSessionFits, clearUnused, retainPolicyData, sendersFit } from "./objects";
import { makeReservations } from "./resv";
import { anyAddress } from "./resv_confirm";
import { resvContext } from "./resv_context";
import { removeReservationsOf } from "./resv_tear";
import { routesTo, virtualInterface } from "./routing";
import { markAffected, syncAffected } from "./settle";
import { updateTrafficControlOf } from "./update_traffic_control";
import { callError, pathEvent, sendEvent, setEventError, setEventStyle, startEvent } from "./upcall";

const CODE_CONFLICTING_STYLE: u32 = 5;
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
    else if (call == CALL_KIND_SENDER) status = callSender(application, record, objects, bytes);
    else if (call == CALL_KIND_RESERVE) status = reserve(application, record, objects, bytes);
    else if (call == CALL_KIND_DIAGNOSE) status = diagnose(application, objects, bytes);
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
  // What others wait for counts as well: with the first Path only one of the styles could be had.
  for (let other: Application | null = session.firstApplication; other; other = other!.next) {
    if (other != application && other.wanted != 0 && other.wantedStyle != <u8> style) return STATUS_STYLE_CONFLICT;
  }
  if (!mayGrow(<usize> bytes * 2 + 4096)) return STATUS_OUT_OF_MEMORY;
  releaseBlob(application.wanted);
  application.wanted = retainBytes(objects, bytes);
  const restyled = application.wantedStyle != <u8> style;
  application.wantedStyle = <u8> style;
  application.interface = load<u32>(record, INPUT_CALL_INTERFACE);
  application.confirm = (load<u8>(record, INPUT_CALL_OPTIONS) & CALL_OPTION_CONFIRM) != 0 || v.resvConfirm != 0 ? 1 : 0;
  application.confirmAsked = 0;
  application.toldOfConflict = 0;
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
    if (!isReached(session, application)) continue;
    const first = session.firstReservation;
    if (first && first.style != application.wantedStyle) {
      tellOfConflict(session, application, first.style);
      continue;
    }
    const context = resvContext();
    context.interface = virtualInterface(application);
    context.hop = null;
    context.expiresAt = 0;
    context.scope = 0;
    context.confirm = application.confirm && !application.confirmAsked ? confirmObject(application) : 0;
    const end = blobData(application.wanted) + blobLength(application.wanted);
    const descriptors = wantedDescriptors(application);
    context.others = retainPolicyData(blobData(application.wanted), descriptors);
    makeReservations(session, application.wantedStyle, descriptors, end, ALL_SERVICES);
    releaseBlob(context.others);
    if (hasReservation(session, context.interface)) application.confirmAsked = 1;
  }
  syncAffected(session);
}

// What a neighbour reserved meanwhile is of another style (RFC 2205 appendix B, code 05).
function tellOfConflict(session: Session, application: Application, style: u32): void {
  if (application.toldOfConflict) return;
  application.toldOfConflict = 1;
  const descriptors = wantedDescriptors(application);
  const bytes = blobData(application.wanted) + blobLength(application.wanted) - descriptors;
  const at = startEvent(EVENT_KIND_RESV_ERROR, application.handle, session, bytes);
  setEventStyle(application.wantedStyle);
  setEventError(CODE_CONFLICTING_STYLE, style, 0, 0, familyOf(session));
  sendEvent(copyObjects(at, descriptors, descriptors + bytes));
}

// Applications that have heard of a conflict get what they wait for when it is over: nothing else may come that would have
// them looked at. Called where reservations may have gone.
export function applyAfterConflict(session: Session): void {
  if (session.firstApplication == null) return;
  const first = session.firstReservation;
  let style: u32 = first ? first.style : 0;
  let any = false;
  for (let application: Application | null = session.firstApplication; application; application = application!.next) {
    if (!application.toldOfConflict || application.wanted == 0) continue;
    if (style != 0 && application.wantedStyle != style) continue;
    style = application.wantedStyle;
    application.toldOfConflict = 0;
    any = true;
  }
  if (any) applyWanted(session);
}

function isReached(session: Session, application: Application): bool {
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (routesTo(session, path, virtualInterface(application))) return true;
  }
  return false;
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
function confirmObject(application: Application): usize {
  const start = blobData(application.wanted);
  const end = wantedDescriptors(application);
  for (let at = start; at < end; at += objectLength(at)) {
    if (objectClass(at) == CLASS_RESV_CONFIRM) return at;
  }
  const session = application.session;
  const family = familyOf(session);
  let address = destinationOf(session);
  if (session.multicast) {
    address = receivingAddress(session, application, family);
    if (address == 0) return 0;
  }
  appendResvConfirm(confirmScratch, family, address);
  return confirmScratch;
}

// Of the interface by which a sender of another node comes in. Where there are none but this node's own, who confirms is
// here, and any address will do.
function receivingAddress(session: Session, application: Application, family: u32): usize {
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    const neighbour = path.request.neighbour;
    if (neighbour == null || !routesTo(session, path, virtualInterface(application))) continue;
    const iface = interfaceByHandle(neighbour.interface);
    const address: usize = iface ? interfaceAddress(iface, family) : 0;
    if (address != 0) return address;
  }
  return anyAddress(family);
}

function withdrawReservation(application: Application): void {
  releaseBlob(application.wanted);
  application.wanted = 0;
  application.wantedStyle = 0;
  const session = application.session;
  removeReservationsOf(session, virtualInterface(application), null);
  applyAfterConflict(session);
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
