// The Sender call of RFC 2205 section 3.11.1: a local sender is path state whose previous hop is the application.
import {
  CALL_OPTION_NO_ADSPEC,
  EVENT_KIND_PATH_ERROR,
  INPUT_CALL_INTERFACE,
  INPUT_CALL_OPTIONS,
  INPUT_CALL_TTL,
  SERVICE_CONTROLLED_LOAD,
  SERVICE_GUARANTEED,
  STATUS_BAD_CALL,
  STATUS_MIXED_FAMILIES,
  STATUS_OK,
  STATUS_OUT_OF_MEMORY,
  STATUS_POLICY_REFUSED,
  STATUS_PORT_CONFLICT,
  STATUS_SENDER_LIMIT,
  STATUS_SENDER_PORT_CONFLICT,
  STATUS_UNKNOWN_INTERFACE,
} from "../boundary.gen";
import { MAXIMUM_SENDERS_PER_SESSION } from "../limits";
import { createAdspec, HOP_PARAMETERS_BYTES, HopParameters } from "../merge/adspec";
import { ALL_SERVICES, validateAdspec, validateTspec } from "../merge/validate";
import { Application } from "../state/application";
import { releaseBlob, retainBytes, retainObject } from "../state/blob";
import { releaseHandle } from "../state/handles";
import { interfaceByAddress, interfaceByHandle } from "../state/interface";
import { keyDestinationPort, senderHasPort, senderPort } from "../state/keys";
import { count, mayGrow } from "../state/memory";
import {
  countSenders,
  createPathState,
  endRepair,
  hasFlag,
  matchesObject,
  openQuery,
  PATH_E_POLICE,
  PATH_LOCAL,
  PATH_NAMED_INTERFACE,
  PATH_REPAIR,
  PATH_ROUTE_PENDING,
  PathState,
  setFlag,
} from "../state/path_state";
import { createRequest } from "../state/request_state";
import { familyOf, keyOf, Session } from "../state/session";
import { objectCType, objectLength } from "../wire/bytes";
import { MESSAGE_CALL_SENDER, parseCall } from "../wire/message_view";
import { view, viewPointer } from "./context";
import { clearUnused, retainOthers, sendersFit } from "./objects";
import { conflictsBySender } from "./path";
import { pathRouted, tellOn } from "./path_routed";
import { CODE_POLICY, refusesSender } from "./policy";
import { endPath } from "./path_tear";
import { askAgain } from "./route_change";
import { queryRoute } from "./routing";
import { syncAffected } from "./settle";
import { DEFAULT_TTL } from "./send";
import { sendEvent, setEventError, startEvent } from "./upcall";

// ERROR_SPEC code 20 is for the application interface only; 21 is RAPI's number for a bad sender address.
const CODE_API: u32 = 20;
const VALUE_BAD_SENDER: u32 = 21;

const adspecScratch: usize = memory.data(256, 8);
const hopScratch: usize = memory.data(64, 8);

// SENDER: starts, changes or (no objects) withdraws the application's one sender.
export function callSender(application: Application, record: usize, objects: usize, bytes: u32): u32 {
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
    refuseSender(application, CODE_API, VALUE_BAD_SENDER);
    return STATUS_OK;
  }
  const named = load<u32>(record, INPUT_CALL_INTERFACE);
  if (named != 0 && interfaceByHandle(named) == null) return STATUS_UNKNOWN_INTERFACE;
  const refusal = refusesSender(session);
  if (refusal != 0) {
    count(STATUS_POLICY_REFUSED);
    refuseSender(application, CODE_POLICY, refusal & 0xffff);
    return STATUS_OK;
  }
  let path = senderOf(application);
  if (conflictsBySender(session, path)) return STATUS_SENDER_PORT_CONFLICT;
  if (isTaken(session, path)) return STATUS_BAD_CALL;
  if (path && !matchesObject(path, v.senderTemplate)) {
    endPath(session, path);
    path = null;
  }
  const fresh = path == null;
  if (path == null) {
    if (countSenders(session) >= <usize> MAXIMUM_SENDERS_PER_SESSION) return STATUS_SENDER_LIMIT;
    if (!mayGrow(4096)) return STATUS_OUT_OF_MEMORY;
    endForeign(session);
    path = createPathState(session, v.senderTemplate, createRequest(session, null, application.handle));
    setFlag(path, PATH_LOCAL | PATH_E_POLICE, true);
  }
  fillSender(
    path,
    load<u8>(record, INPUT_CALL_TTL),
    (load<u8>(record, INPUT_CALL_OPTIONS) & CALL_OPTION_NO_ADSPEC) != 0,
  );
  if (named != 0) routeByInterface(session, path, named);
  else if (fresh) queryRoute(session, path);
  else tellByRoute(session, path);
  syncAffected(session);
  return STATUS_OK;
}

// Another application is this sender already. One of them would tear down what the other one goes on refreshing.
function isTaken(session: Session, own: PathState | null): bool {
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (path != own && hasFlag(path, PATH_LOCAL) && matchesObject(path, view().senderTemplate)) return true;
  }
  return false;
}

// State that the network has made of a sender which is this node's application ends: its Paths were nobody's.
function endForeign(session: Session): void {
  let path: PathState | null = session.firstPath;
  while (path) {
    const next: PathState | null = path.next;
    if (!hasFlag(path, PATH_LOCAL) && matchesObject(path, view().senderTemplate)) endPath(session, path);
    path = next;
  }
}

// PATH_ERROR for the sender of the call at hand.
function refuseSender(application: Application, code: u32, value: u32): void {
  const template = view().senderTemplate;
  const length = <usize> objectLength(template);
  const at = startEvent(EVENT_KIND_PATH_ERROR, application.handle, application.session, length + 4);
  setEventError(code, value, 0, 0, 0);
  memory.copy(at, template, length);
  sendEvent(at + length);
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

// A multihomed host may name the interface (RFC 2205 section 3.11.1), and another one later: that is a change of route which
// nobody has to be asked about.
function routeByInterface(session: Session, path: PathState, iface: u32): void {
  if (hasFlag(path, PATH_ROUTE_PENDING)) {
    releaseHandle(openQuery(path));
    if (hasFlag(path, PATH_REPAIR)) endRepair(path);
  }
  const route = adspecScratch;
  memory.fill(route, 0, 40);
  store<u32>(route, 1);
  store<u32>(route, 1, 12);
  store<u32>(route, iface, 16);
  setFlag(path, PATH_NAMED_INTERFACE, true);
  const blob = retainBytes(route, 40);
  pathRouted(session, path, blob, true);
  releaseBlob(blob);
}

// What has changed goes by the route that stands, be it asked for again or not. Whoever names no interface any more is
// routed like others: routing is asked, and where it says something else Paths follow as after any change of route.
function tellByRoute(session: Session, path: PathState): void {
  if (!hasFlag(path, PATH_ROUTE_PENDING)) pathRouted(session, path, path.outgoing, true);
  else if (hasFlag(path, PATH_REPAIR)) {
    path.refreshAt = 0;
    tellOn(session, path, true, false, false);
  }
  if (!hasFlag(path, PATH_NAMED_INTERFACE)) return;
  setFlag(path, PATH_NAMED_INTERFACE, false);
  askAgain(session, path);
}

function senderOf(application: Application): PathState | null {
  const session = application.session;
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (hasFlag(path, PATH_LOCAL) && path.request.logicalInterfaceHandle == application.handle) return path;
  }
  return null;
}

export function withdrawSender(application: Application): void {
  const path = senderOf(application);
  if (path == null) return;
  const session = application.session;
  endPath(session, path);
  syncAffected(session);
}
