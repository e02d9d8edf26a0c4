// Writes messages and objects (RFC 2205 section 3.1 and appendix A) at a pointer that moves along: every append takes
// where to write and returns where the next one writes. The caller owns the room. The longest object has 65,532 bytes
// and the longest message 65,535; finishMessage() refuses a longer one, so the room has to be checked only against what
// is appended in one go.
//
//   let at = beginMessage(out, MESSAGE_RESV, ttl);
//   at = copyObject(at, session);
//   at = appendRsvpHop(at, 4, address, logicalInterfaceHandle);
//   ...
//   const length = finishMessage(out, at);
import { copyWords, objectLength, store16, store32 } from "./bytes";
import { checksumField } from "./checksum";
import {
  CLASS_ERROR_SPEC,
  CLASS_FILTER_SPEC,
  CLASS_RESV_CONFIRM,
  CLASS_RSVP_HOP,
  CLASS_SCOPE,
  CLASS_SENDER_TEMPLATE,
  CLASS_SESSION,
  CLASS_STYLE,
  CLASS_TIME_VALUES,
} from "./object_forms";

// The longest message whose length is a multiple of four.
const LONGEST_MESSAGE: usize = 65532;

// Starts a message of version 1 without flags (RFC 2205 section 3.1.1). `ttl` is the IP TTL that it is sent with.
export function beginMessage(at: usize, type: u32, ttl: u32): usize {
  store<u64>(at, <u64> (0x10 | (type << 8)) | (<u64> (ttl & 255) << 32));
  return at + 8;
}

// Fills in length and checksum and returns the length; 0 if the message is too long for its length field.
export function finishMessage(message: usize, end: usize): u32 {
  const length = end - message;
  if (length > LONGEST_MESSAGE) return 0;
  store16(message + 6, <u32> length);
  store<u16>(message, 0, 2);
  store<u16>(message, checksumField(message, <u32> length), 2);
  return <u32> length;
}

// An object header for an object of `length` bytes, header included.
// @ts-ignore: decorator
@inline

export function appendHeader(at: usize, length: u32, objectClass: u32, ctype: u32): usize {
  store32(at, (length << 16) | (objectClass << 8) | ctype);
  return at + 4;
}

// An object with `length` bytes of body, a multiple of four.
export function appendObject(at: usize, objectClass: u32, ctype: u32, body: usize, length: u32): usize {
  at = appendHeader(at, length + 4, objectClass, ctype);
  copyWords(at, body, length);
  return at + length;
}

// A whole object, header included, as it is.
export function copyObject(at: usize, object: usize): usize {
  const length = objectLength(object);
  copyWords(at, object, length);
  return at + length;
}

// A run of whole objects: a flow descriptor list, or a stored list of unknown objects.
export function copyObjects(at: usize, start: usize, end: usize): usize {
  copyWords(at, start, end - start);
  return at + (end - start);
}

// The bytes of an address: `family` is 4 or 6.
// @ts-ignore: decorator
@inline

function appendAddress(at: usize, family: u32, address: usize): usize {
  if (family == 4) {
    store<u32>(at, load<u32>(address));
    return at + 4;
  }
  v128.store(at, v128.load(address));
  return at + 16;
}

// Header, address and one more word: the shape of SESSION, RSVP_HOP, ERROR_SPEC, FILTER_SPEC, SENDER_TEMPLATE.
// @ts-ignore: decorator
@inline
function appendAddressAndWord(at: usize, objectClass: u32, family: u32, address: usize, word: u32): usize {
  at = appendHeader(at, family == 4 ? 12 : 24, objectClass, family == 4 ? 1 : 2);
  at = appendAddress(at, family, address);
  store32(at, word);
  return at + 4;
}

// SESSION (appendix A.1) for IP protocols with ports.
export function appendSession(
  at: usize,
  family: u32,
  destination: usize,
  protocol: u32,
  flags: u32,
  destinationPort: u32,
): usize {
  return appendAddressAndWord(
    at,
    CLASS_SESSION,
    family,
    destination,
    (protocol << 24) | (flags << 16) | destinationPort,
  );
}

// RSVP_HOP (appendix A.2).
export function appendRsvpHop(at: usize, family: u32, address: usize, logicalInterfaceHandle: u32): usize {
  return appendAddressAndWord(at, CLASS_RSVP_HOP, family, address, logicalInterfaceHandle);
}

// TIME_VALUES (appendix A.4).
export function appendTimeValues(at: usize, refreshPeriodMs: u32): usize {
  at = appendHeader(at, 8, CLASS_TIME_VALUES, 1);
  store32(at, refreshPeriodMs);
  return at + 4;
}

// ERROR_SPEC (appendix A.5).
export function appendErrorSpec(at: usize, family: u32, node: usize, flags: u32, code: u32, value: u32): usize {
  return appendAddressAndWord(at, CLASS_ERROR_SPEC, family, node, (flags << 24) | (code << 16) | value);
}

// SCOPE (appendix A.6): `count` addresses, one after the other, which must be in ascending order.
export function appendScope(at: usize, family: u32, addresses: usize, count: u32): usize {
  return appendObject(at, CLASS_SCOPE, family == 4 ? 1 : 2, addresses, count * (family == 4 ? 4 : 16));
}

// STYLE (appendix A.7).
export function appendStyle(at: usize, optionVector: u32): usize {
  at = appendHeader(at, 8, CLASS_STYLE, 1);
  store32(at, optionVector & 0xffffff);
  return at + 4;
}

// FILTER_SPEC (appendix A.9).
export function appendFilterSpec(at: usize, family: u32, source: usize, sourcePort: u32): usize {
  return appendAddressAndWord(at, CLASS_FILTER_SPEC, family, source, sourcePort);
}

// SENDER_TEMPLATE (appendix A.10).
export function appendSenderTemplate(at: usize, family: u32, source: usize, sourcePort: u32): usize {
  return appendAddressAndWord(at, CLASS_SENDER_TEMPLATE, family, source, sourcePort);
}

// A FILTER_SPEC from a SENDER_TEMPLATE or the other way round: both have one layout and the same C-Types.
export function copyAsClass(at: usize, object: usize, objectClass: u32): usize {
  const end = copyObject(at, object);
  store<u8>(at, objectClass, 2);
  return end;
}

// RESV_CONFIRM (appendix A.14).
export function appendResvConfirm(at: usize, family: u32, receiver: usize): usize {
  at = appendHeader(at, family == 4 ? 8 : 20, CLASS_RESV_CONFIRM, family == 4 ? 1 : 2);
  return appendAddress(at, family, receiver);
}
