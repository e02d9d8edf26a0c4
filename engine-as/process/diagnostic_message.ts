// Diagnostic messages on their way out: the one at hand (wire/diagnostic_view.ts), with what this node changes of it, as a
// message to a neighbour or to the requester, or as an event to the application that asked (RFC 2745 section 4).
import {
  CLASS_ROUTE,
  DIAGNOSTIC_IPV4_LAST_HOP_ADDRESS_AT,
  ROUTE_IPV4_ROUTE_POINTER_AT,
  diagnosticIpv4RequestId,
  setDiagnosticIpv4FragmentOffsetBytes,
  setDiagnosticIpv4MoreFragments,
  setDiagnosticIpv4PathMtuBytes,
  setDiagnosticIpv4RequestId,
  setDiagnosticIpv4RsvpHopCount,
} from "../accessors.gen";
import {
  EVENT_KIND_DIAGNOSTIC_REPLY,
  INTERFACE_OPTION_UDP_ONLY,
  STATUS_BAD_VALUE,
  STATUS_NO_STATE,
} from "../boundary.gen";
import { findApplication } from "../state/application";
import { Interface, interfaceAddress, interfaceByAddress } from "../state/interface";
import { isMulticast } from "../state/keys";
import { count } from "../state/memory";
import { findSession } from "../state/session";
import { appendHeader, appendRsvpHop, copyObject, copyObjects } from "../wire/builder";
import { copyWords, objectLength } from "../wire/bytes";
import { diagnosticView, MESSAGE_DIAGNOSTIC_REPLY, MESSAGE_DIAGNOSTIC_REQUEST } from "../wire/diagnostic_view";
import { HOP_TTL, sendMessage, startMessage, udpInterfaceTo } from "./send";
import { sendEvent, startEvent } from "./upcall";

// What differs from the message at hand.
@unmanaged
export class DiagnosticChanges {
  requestId: u32;
  hopCount: u32;
  pathMtuBytes: u32;
  fragmentOffsetBytes: u32;
  moreFragments: u32;
  // RSVP_HOP: 0 for that of the message.
  hopAddress: usize;
  hopHandle: u32;
  // The run of DIAG_RESPONSEs that came is left out.
  trimmed: u32;
  // A DIAG_RESPONSE behind them, or 0, and its length.
  response: usize;
  responseLength: u32;
  // ROUTE: the nodes of the message are left out; an address behind them, or 0; R-pointer.
  emptyRoute: u32;
  node: usize;
  routePointer: u32;
}
const changesMemory: usize = memory.data(64, 8);
assert(offsetof<DiagnosticChanges>() <= 64);
@inline
export function changes(): DiagnosticChanges {
  return changetype<DiagnosticChanges>(changesMemory);
}

@inline
export function addressBytes(): usize {
  return diagnosticView().family == 4 ? 4 : 16;
}
@inline
export function lastHopAddress(): usize {
  return diagnosticView().diagnostic + DIAGNOSTIC_IPV4_LAST_HOP_ADDRESS_AT;
}
@inline
export function requesterAddress(): usize {
  return diagnosticView().requester + 4;
}
@inline
export function isLastHop(): bool {
  return interfaceByAddress(lastHopAddress(), diagnosticView().family) != null;
}
// Nodes that the ROUTE of the message lists.
export function routeNodes(): u32 {
  const route = diagnosticView().route;
  return route == 0 ? 0 : (<u32> objectLength(route) - 8) / <u32> addressBytes();
}
export function routeNode(index: u32): usize {
  return diagnosticView().route + 8 + <usize> index * addressBytes();
}

export function responsesLength(): u32 {
  const v = diagnosticView();
  return <u32> (v.end - v.responses);
}

// Bytes of a message that goes on with no responses of others, an address more in its ROUTE not counted.
export function baseLength(): u32 {
  const v = diagnosticView();
  let bytes: u32 = 8 + <u32> objectLength(v.session) + <u32> objectLength(v.diagnostic) + (v.family == 4 ? 12 : 24);
  if (v.select) bytes += objectLength(v.select);
  return v.route ? bytes + objectLength(v.route) : bytes;
}

function appendRoute(start: usize): usize {
  const v = diagnosticView();
  const c = changes();
  const size = addressBytes();
  const nodes: u32 = c.emptyRoute ? 0 : routeNodes();
  let at = start + 8;
  copyWords(at, v.route + 8, <usize> nodes * size);
  at += <usize> nodes * size;
  if (c.node != 0) {
    copyWords(at, c.node, size);
    at += size;
  }
  appendHeader(start, <u32> (at - start), CLASS_ROUTE, v.family == 4 ? 1 : 2);
  store<u32>(start, 0, 4);
  store<u8>(start, <u8> c.routePointer, ROUTE_IPV4_ROUTE_POINTER_AT);
  return at;
}

// Both C-Types of DIAGNOSTIC have these fields in one place; only the LAST-HOP behind them differs in size.
function appendObjects(start: usize): usize {
  const v = diagnosticView();
  const c = changes();
  let at = copyObject(start, v.session);
  at = c.hopAddress != 0 || v.hop == 0
    ? appendRsvpHop(at, v.family, c.hopAddress != 0 ? c.hopAddress : requesterAddress(), c.hopHandle)
    : copyObject(at, v.hop);
  const diagnostic = at;
  at = copyObject(at, v.diagnostic);
  setDiagnosticIpv4RequestId(diagnostic, c.requestId);
  setDiagnosticIpv4RsvpHopCount(diagnostic, c.hopCount);
  setDiagnosticIpv4PathMtuBytes(diagnostic, c.pathMtuBytes);
  setDiagnosticIpv4FragmentOffsetBytes(diagnostic, c.fragmentOffsetBytes);
  setDiagnosticIpv4MoreFragments(diagnostic, c.moreFragments);
  if (v.select) at = copyObject(at, v.select);
  if (v.route) at = appendRoute(at);
  if (!c.trimmed) at = copyObjects(at, v.responses, v.end);
  if (c.response == 0) return at;
  memory.copy(at, c.response, c.responseLength);
  return at + c.responseLength;
}

@inline
function bound(): usize {
  return <usize> baseLength() + responsesLength() + changes().responseLength + 64;
}

// A DREQ to a neighbour by its interface, or by route (null).
export function sendRequest(iface: Interface | null, target: usize, ttl: u32): void {
  const at = appendObjects(startMessage(MESSAGE_DIAGNOSTIC_REQUEST, ttl, bound()));
  sendMessage(iface, at, iface ? 0 : requesterAddress(), target, diagnosticView().family, 0);
}

// A DREP to the node of the ROUTE that it goes back to, or (0) to the requester, who may be an application of this node.
export function sendReply(arrival: Interface | null, node: usize): void {
  const v = diagnosticView();
  const target = node != 0 ? node : requesterAddress();
  if (isMulticast(target, v.family)) return count(STATUS_BAD_VALUE);
  if (interfaceByAddress(target, v.family)) {
    // A list that leads back to this node leads nowhere.
    return node != 0 && memory.compare(node, requesterAddress(), addressBytes()) != 0 ? count(STATUS_BAD_VALUE) : deliver();
  }
  const at = appendObjects(startMessage(MESSAGE_DIAGNOSTIC_REPLY, HOP_TTL, bound()));
  const encapsulated = arrival != null && (arrival.options & INTERFACE_OPTION_UDP_ONLY) != 0;
  const source: usize = arrival ? interfaceAddress(arrival, v.family) : 0;
  // By IP routing, but to a neighbour without raw access by its link (RFC 2205 appendix C).
  sendMessage(encapsulated ? arrival : udpInterfaceTo(target, v.family), at, source, target, v.family, 0);
}

// The Request ID is the application's handle; nobody else's session is told of.
function deliver(): void {
  const application = findApplication(changes().requestId);
  if (application == null || application.session != findSession(diagnosticView().session)) return count(STATUS_NO_STATE);
  const at = appendObjects(startEvent(EVENT_KIND_DIAGNOSTIC_REPLY, application.handle, null, bound()));
  sendEvent(at);
}

// Starts with everything as it is in the message.
export function beginChanges(): void {
  memory.fill(changesMemory, 0, offsetof<DiagnosticChanges>());
  changes().requestId = diagnosticIpv4RequestId(diagnosticView().diagnostic);
  changes().routePointer = routeNodes();
}
