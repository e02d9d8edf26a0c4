// Diagnostic messages (RFC 2745 section 3): one pass over a DREQ or DREP, which checks every length once. What it accepts
// has its objects in the order of the RFC, each of a size that its fields need, all of one address family.
import {
  CLASS_DIAG_RESPONSE,
  CLASS_DIAG_SELECT,
  CLASS_DIAGNOSTIC,
  CLASS_FILTER_SPEC,
  CLASS_INTEGRITY,
  CLASS_ROUTE,
  CLASS_RSVP_HOP,
  CLASS_SENDER_TEMPLATE,
  CLASS_SESSION,
  DIAG_RESPONSE_IPV4_REFRESH_INTERVAL_SECONDS_AT,
  DIAG_RESPONSE_IPV6_REFRESH_INTERVAL_SECONDS_AT,
  DIAGNOSTIC_IPV4_LAST_HOP_ADDRESS_AT,
  ROUTE_IPV4_ROUTE_POINTER_AT,
} from "../accessors.gen";
import {
  STATUS_BAD_CHECKSUM,
  STATUS_BAD_LENGTH,
  STATUS_BAD_VALUE,
  STATUS_BAD_VERSION,
  STATUS_MISSING_OBJECT,
  STATUS_MIXED_FAMILIES,
  STATUS_OBJECT_LENGTH,
  STATUS_OBJECT_ORDER,
  STATUS_OBJECT_OVERRUN,
  STATUS_OBJECT_SIZE,
  STATUS_OK,
  STATUS_UNKNOWN_CLASS,
} from "../boundary.gen";
import { load16, objectClass, objectCType, objectLength } from "./bytes";
import { sumBytes } from "./checksum";

export const MESSAGE_DIAGNOSTIC_REQUEST: u32 = 8;
export const MESSAGE_DIAGNOSTIC_REPLY: u32 = 9;

// Pointers are to object headers; 0 means absent.
@unmanaged
export class DiagnosticView {
  message: usize;
  length: u32;
  end: usize;
  family: u32;
  session: usize;
  hop: usize;
  diagnostic: usize;
  // Inside the DIAGNOSTIC.
  senderTemplate: usize;
  requester: usize;
  select: usize;
  route: usize;
  // The run of DIAG_RESPONSE objects, to the end of the message.
  responses: usize;
  errorObject: usize;
}
const viewMemory: usize = memory.data(64, 8);
assert(offsetof<DiagnosticView>() <= 64);

@inline
export function diagnosticView(): DiagnosticView {
  return changetype<DiagnosticView>(viewMemory);
}

@inline
function fail(status: u32, object: usize): u32 {
  diagnosticView().errorObject = object;
  return status;
}

// `header`: the message has a common header to be verified. An application's call has none.
export function parseDiagnostic(message: usize, length: u32, header: bool): u32 {
  const v = diagnosticView();
  memory.fill(viewMemory, 0, offsetof<DiagnosticView>());
  v.message = message;
  v.length = length;
  v.end = message + length;
  if (header) {
    if (load<u8>(message) >> 4 != 1) return STATUS_BAD_VERSION;
    if (load16(message + 6) != length || (length & 3) != 0) return STATUS_BAD_LENGTH;
    if (load<u16>(message, 2) && sumBytes(message, length) != 0xffff) return STATUS_BAD_CHECKSUM;
  }
  for (let at = message + (header ? 8 : 0); at < v.end; at += objectLength(at)) {
    if (at + 4 > v.end) return fail(STATUS_OBJECT_OVERRUN, 0);
    const bytes = <usize> objectLength(at);
    if (bytes < 4 || (bytes & 3) != 0) return fail(STATUS_OBJECT_LENGTH, at);
    if (at + bytes > v.end) return fail(STATUS_OBJECT_OVERRUN, at);
    const status = take(v, at, <u32> bytes);
    if (status != STATUS_OK) return fail(status, at);
  }
  if (v.responses == 0) v.responses = v.end;
  return STATUS_OK;
}

// Whether everything is there that a message on the wire must have.
export function isWholeDiagnostic(): bool {
  const v = diagnosticView();
  return v.session != 0 && v.hop != 0 && v.diagnostic != 0;
}

function take(v: DiagnosticView, object: usize, bytes: u32): u32 {
  const kind = objectClass(object);
  const ctype = objectCType(object);
  if (kind == CLASS_SESSION) {
    if (v.session != 0 || v.hop != 0 || v.diagnostic != 0) return STATUS_OBJECT_ORDER;
    v.session = object;
    return ctype < 1 || ctype > 4 ? STATUS_BAD_VALUE : family(v, (ctype & 1) != 0 ? 4 : 6, bytes, 12, 24, true);
  }
  if (kind == CLASS_RSVP_HOP) {
    if (v.hop != 0 || v.diagnostic != 0) return STATUS_OBJECT_ORDER;
    v.hop = object;
    return byCType(v, ctype, bytes, 12, 24, true);
  }
  if (kind == CLASS_DIAGNOSTIC) {
    if (v.diagnostic != 0) return STATUS_OBJECT_ORDER;
    v.diagnostic = object;
    const status = byCType(v, ctype, bytes, 44, 80, false);
    return status != STATUS_OK ? status : takeParties(v, object, bytes);
  }
  if (kind == CLASS_DIAG_SELECT || kind == CLASS_ROUTE || kind == CLASS_DIAG_RESPONSE) {
    return v.diagnostic == 0 ? STATUS_OBJECT_ORDER : takeCollected(v, object, kind, ctype, bytes);
  }
  // Others are not read; classes that must be understood make it a message that is not (RFC 2205 section 3.10).
  if (kind == CLASS_INTEGRITY && object == v.message + 8) return STATUS_OK;
  return kind < 128 ? STATUS_UNKNOWN_CLASS : STATUS_OBJECT_ORDER;
}

function takeCollected(v: DiagnosticView, object: usize, kind: u32, ctype: u32, bytes: u32): u32 {
  if (kind == CLASS_DIAG_SELECT) {
    if (v.select != 0 || v.route != 0 || v.responses != 0) return STATUS_OBJECT_ORDER;
    v.select = object;
    return ctype == 1 ? STATUS_OK : STATUS_BAD_VALUE;
  }
  if (kind == CLASS_ROUTE) {
    if (v.route != 0 || v.responses != 0) return STATUS_OBJECT_ORDER;
    v.route = object;
    const status = byCType(v, ctype, bytes, 8, 8, false);
    if (status != STATUS_OK) return status;
    const size: u32 = v.family == 4 ? 4 : 16;
    if ((bytes - 8) % size != 0) return STATUS_OBJECT_SIZE;
    return load<u8>(object, ROUTE_IPV4_ROUTE_POINTER_AT) > (bytes - 8) / size ? STATUS_BAD_VALUE : STATUS_OK;
  }
  if (v.responses == 0) v.responses = object;
  return byCType(v, ctype, bytes, responseBytes(4), responseBytes(6), false);
}

// Bytes of a DIAG_RESPONSE without objects.
@inline
export function responseBytes(family: u32): u32 {
  const timer = family == 4
    ? DIAG_RESPONSE_IPV4_REFRESH_INTERVAL_SECONDS_AT
    : DIAG_RESPONSE_IPV6_REFRESH_INTERVAL_SECONDS_AT;
  return <u32> timer + 2;
}

function byCType(v: DiagnosticView, ctype: u32, bytes: u32, ipv4: u32, ipv6: u32, exactly: bool): u32 {
  return ctype != 1 && ctype != 2 ? STATUS_BAD_VALUE : family(v, ctype == 1 ? 4 : 6, bytes, ipv4, ipv6, exactly);
}

// One family for all, and a size that it needs.
function family(v: DiagnosticView, wanted: u32, bytes: u32, ipv4: u32, ipv6: u32, exactly: bool): u32 {
  if (v.family == 0) v.family = wanted;
  if (v.family != wanted) return STATUS_MIXED_FAMILIES;
  const size = wanted == 4 ? ipv4 : ipv6;
  return bytes < size || (exactly && bytes != size) ? STATUS_OBJECT_SIZE : STATUS_OK;
}

// SENDER_TEMPLATE and FILTER_SPEC of the requester stand inside the DIAGNOSTIC.
function takeParties(v: DiagnosticView, object: usize, bytes: u32): u32 {
  const party: u32 = v.family == 4 ? 12 : 24;
  const sender = object + DIAGNOSTIC_IPV4_LAST_HOP_ADDRESS_AT + (v.family == 4 ? 4 : 16);
  const requester = sender + party;
  if (bytes != <u32> (requester + party - object)) return STATUS_OBJECT_SIZE;
  if (objectLength(sender) != party || objectLength(requester) != party) return STATUS_OBJECT_SIZE;
  if (objectClass(sender) != CLASS_SENDER_TEMPLATE || objectClass(requester) != CLASS_FILTER_SPEC) return STATUS_MISSING_OBJECT;
  if (!isParty(v, objectCType(sender)) || !isParty(v, objectCType(requester))) return STATUS_BAD_VALUE;
  v.senderTemplate = sender;
  v.requester = requester;
  return STATUS_OK;
}

// C-Types of senders and filters: 1 and 4 have an IPv4 address, 2, 3 and 5 an IPv6 one (RFC 2205 A.9, RFC 2207).
@inline
function isParty(v: DiagnosticView, ctype: u32): bool {
  return v.family == 4 ? ctype == 1 || ctype == 4 : ctype == 2 || ctype == 3 || ctype == 5;
}
