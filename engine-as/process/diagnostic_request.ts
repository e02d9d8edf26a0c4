// DREQ (RFC 2745 section 4.1): every node from the LAST-HOP towards the sender adds what it knows, until the sender, the
// limit of hops or missing path state makes a DREP of it. What grows beyond Path MTU is sent back in parts.
import {
  diagnosticIpv4FragmentOffsetBytes,
  diagnosticIpv4MaximumRsvpHops,
  diagnosticIpv4PathMtuBytes,
  diagnosticIpv4RsvpHopCount,
} from "../accessors.gen";
import {
  STATUS_BAD_CALL,
  STATUS_BAD_VALUE,
  STATUS_MIXED_FAMILIES,
  STATUS_OK,
  STATUS_TTL_EXPIRED,
} from "../boundary.gen";
import { Application } from "../state/application";
import { Interface, interfaceAddress, interfaceByAddress, interfaceByHandle } from "../state/interface";
import { isMulticast } from "../state/keys";
import { count } from "../state/memory";
import { neighbourAddress } from "../state/neighbour";
import { PathState } from "../state/path_state";
import { familyOf, findSession, Session, writeSessionObject } from "../state/session";
import { diagnosticView, parseDiagnostic } from "../wire/diagnostic_view";
import { arrivalInterface, ttlOnArrival } from "./context";
import {
  addressBytes,
  baseLength,
  beginChanges,
  changes,
  isLastHop,
  lastHopAddress,
  requesterAddress,
  responsesLength,
  routeNode,
  routeNodes,
  sendReply,
  sendRequest,
} from "./diagnostic_message";
import {
  diagnosedPath,
  ERROR_ROUTE_TOO_BIG,
  ERROR_TOO_BIG,
  incomingInterfaceOf,
  LARGEST_RESPONSE_BYTES,
  setResponseError,
  writeResponse,
} from "./diagnostic_response";
import { hopHandle } from "./objects";
import { HOP_TTL } from "./send";

const responseScratch: usize = memory.data(4096, 8);
const sessionScratch: usize = memory.data(64, 8);
assert(LARGEST_RESPONSE_BYTES <= 4096);
// RSVP-hop-count and R-pointer are bytes.
const MAXIMUM_HOPS: u32 = 255;
const DEFAULT_PATH_MTU: u32 = 1500;

// A DREQ from the network; `distance` is the IP hops since the RSVP node downstream.
export function requestArrives(distance: u32): void {
  const v = diagnosticView();
  const arrival = arrivalInterface();
  beginChanges();
  const last = isLastHop();
  // On its way to the LAST-HOP nothing is collected.
  if (!last && v.responses == v.end && diagnosticIpv4FragmentOffsetBytes(v.diagnostic) == 0) return passOn();
  let downstream: Interface | null = null;
  if (!last) {
    const handle = hopHandle(v.hop);
    downstream = handle == 0 ? arrival : interfaceByHandle(handle);
    if (downstream == null) return count(STATUS_BAD_VALUE);
  }
  collect(arrival, downstream, distance);
}

function passOn(): void {
  const v = diagnosticView();
  // A LAST-HOP is one node: to a group it would go in as many copies as that has members.
  if (isMulticast(lastHopAddress(), v.family)) return count(STATUS_BAD_VALUE);
  const ttl = ttlOnArrival();
  if (ttl <= 1) return count(STATUS_TTL_EXPIRED);
  takeFields();
  changes().hopCount = diagnosticIpv4RsvpHopCount(v.diagnostic);
  sendRequest(null, lastHopAddress(), ttl - 1);
}

function takeFields(): void {
  const v = diagnosticView();
  const c = changes();
  c.hopCount = min<u32>(diagnosticIpv4RsvpHopCount(v.diagnostic) + 1, MAXIMUM_HOPS);
  c.pathMtuBytes = diagnosticIpv4PathMtuBytes(v.diagnostic);
  c.fragmentOffsetBytes = diagnosticIpv4FragmentOffsetBytes(v.diagnostic);
}

// Steps 1 to 10, and Send_DREP.
function collect(arrival: Interface | null, downstream: Interface | null, distance: u32): void {
  const v = diagnosticView();
  const c = changes();
  takeFields();
  const session = findSession(v.session);
  const path = session ? diagnosedPath(session) : null;
  const end = writeResponse(responseScratch, session, path, downstream, distance);
  c.responseLength = <u32> (end - responseScratch);
  const limit = diagnosticIpv4MaximumRsvpHops(v.diagnostic);
  const upstream = path ? incomingInterfaceOf(path) : null;
  const goesOn = upstream != null && interfaceAddress(upstream, v.family) != 0 && c.hopCount < MAXIMUM_HOPS &&
    (limit == 0 || c.hopCount < limit);
  if (goesOn && upstream!.mtuBytes != 0) c.pathMtuBytes = min<u32>(c.pathMtuBytes, upstream!.mtuBytes);
  const more = c.responseLength + (v.route != 0 && path != null ? <u32> addressBytes() : 0);
  if (baseLength() + responsesLength() + more > c.pathMtuBytes) {
    setResponseError(responseScratch, ERROR_TOO_BIG);
    if (responsesLength() != 0) sendPart(arrival);
    if (v.route != 0 && baseLength() + more > c.pathMtuBytes && routeNodes() != 0) emptyRoute();
  } else if (goesOn && v.route != 0 && routeNodes() >= MAXIMUM_HOPS - 1) {
    emptyRoute();
  }
  c.response = responseScratch;
  if (goesOn) forward(path!, upstream!);
  else answer(arrival);
}

function emptyRoute(): void {
  changes().emptyRoute = 1;
  setResponseError(responseScratch, ERROR_ROUTE_TOO_BIG);
}

// What has been collected so far goes back; the DREQ goes on without (Send_DREP, SD1 and SD2).
function sendPart(arrival: Interface | null): void {
  const c = changes();
  const length = c.responseLength;
  c.responseLength = 0;
  c.moreFragments = 1;
  answer(arrival);
  c.moreFragments = 0;
  c.responseLength = length;
  c.trimmed = 1;
  c.fragmentOffsetBytes = min<u32>(c.fragmentOffsetBytes + responsesLength(), 65535);
}

function answer(arrival: Interface | null): void {
  const c = changes();
  const nodes: u32 = c.emptyRoute ? 0 : routeNodes();
  c.routePointer = nodes != 0 ? nodes - 1 : 0;
  sendReply(arrival, nodes != 0 ? routeNode(nodes - 1) : 0);
}

function forward(path: PathState, upstream: Interface): void {
  const v = diagnosticView();
  const c = changes();
  c.hopAddress = interfaceAddress(upstream, v.family);
  c.hopHandle = path.request.logicalInterfaceHandle;
  if (v.route != 0) {
    c.node = c.hopAddress;
    c.routePointer = (c.emptyRoute ? 0 : routeNodes()) + 1;
  }
  sendRequest(upstream, neighbourAddress(path.request.neighbour!), HOP_TTL);
}

// DIAGNOSE: an application asks. Its objects are DIAGNOSTIC [DIAG_SELECT] [ROUTE]; counts and Request ID are this node's.
export function diagnose(application: Application, objects: usize, bytes: u32): u32 {
  const status = parseDiagnostic(objects, bytes, false);
  if (status != STATUS_OK) return status;
  const v = diagnosticView();
  const session: Session = application.session;
  if (v.diagnostic == 0 || v.session != 0 || v.hop != 0 || v.responses != v.end) return STATUS_BAD_CALL;
  if (v.family != familyOf(session)) return STATUS_MIXED_FAMILIES;
  if (interfaceByAddress(requesterAddress(), v.family) == null) return STATUS_BAD_CALL;
  if (isMulticast(lastHopAddress(), v.family)) return STATUS_BAD_CALL;
  writeSessionObject(session, 0, sessionScratch);
  v.session = sessionScratch;
  if (diagnosticIpv4RsvpHopCount(v.diagnostic) != 0 || diagnosticIpv4FragmentOffsetBytes(v.diagnostic) != 0) {
    return STATUS_BAD_CALL;
  }
  beginChanges();
  changes().requestId = application.handle;
  if (isLastHop()) {
    collect(null, null, 0);
    return STATUS_OK;
  }
  const mtu = diagnosticIpv4PathMtuBytes(v.diagnostic);
  changes().pathMtuBytes = mtu != 0 ? mtu : DEFAULT_PATH_MTU;
  sendRequest(null, lastHopAddress(), HOP_TTL);
  return STATUS_OK;
}
