// One pass over a message of RFC 2205: version, length, checksum, then every object once. What parseMessage() accepts
// has been checked completely: each object lies inside the message, has the size that its class and C-Type demand,
// and stands where the grammar of RFC 2205 section 3.1 allows it. So the accessors (wire/flow_descriptors.ts, the
// generated field loads, process/) cannot fail and check nothing again.
//
// Three outcomes:
//   * a status other than OK: malformed, to be dropped and counted (RFC 2205 appendix B: never answered);
//   * OK with `rejectStatus`: well formed, but `rejected` points at something that must be answered or refused:
//     UNKNOWN_CLASS, UNKNOWN_CTYPE (RFC 2205 section 3.10), UNKNOWN_STYLE (appendix B, code 06), or OBJECT_CONTENT for
//     a SENDER_TSPEC, FLOWSPEC or ADSPEC that is broken inside (appendix B, code 21). Nothing inside these classes may
//     then be read, objects may only be copied. An object of unknown C-Type has no pointer here, except SESSION, so
//     `hop` may be 0: then there is nobody to answer;
//   * OK without: everything may be read.
//
// Errors, confirmations and tears carry objects that somebody else found fault with, or that are to be ignored
// (RFC 2205 sections 3.1.5 to 3.1.9). There, broken or unknown SENDER_TSPEC, FLOWSPEC and ADSPEC reject nothing, but
// their class is marked in `unreadable`.
import {
  STATUS_BAD_CHECKSUM, STATUS_BAD_LENGTH, STATUS_BAD_VALUE, STATUS_BAD_VERSION, STATUS_DUPLICATE_OBJECT,
  STATUS_MISSING_OBJECT, STATUS_MIXED_FAMILIES, STATUS_OBJECT_CONTENT, STATUS_OBJECT_LENGTH, STATUS_OBJECT_ORDER,
  STATUS_OBJECT_OVERRUN, STATUS_OBJECT_SIZE, STATUS_OK, STATUS_TOO_MANY_OBJECTS, STATUS_TRUNCATED,
  STATUS_UNKNOWN_CLASS, STATUS_UNKNOWN_CTYPE, STATUS_UNKNOWN_MESSAGE, STATUS_UNKNOWN_STYLE,
} from "../boundary.gen";
import { MAXIMUM_FORWARDED_OBJECTS, MAXIMUM_OBJECTS_PER_MESSAGE } from "../limits";
import { isHostAddress, isZeroAddress, load16, load32 } from "./bytes";
import { sumBytes } from "./checksum";
import { flowDescriptorObject, flowDescriptorsComplete, STYLE_FF, STYLE_SE, STYLE_WF } from "./flow_grammar";
import { isAdspec, isFlowspec, isNullSenderTspec, isSenderTspec } from "./int_serv";
import {
  CLASS_ADSPEC, CLASS_ERROR_SPEC, CLASS_FILTER_SPEC, CLASS_FLOWSPEC, CLASS_INTEGRITY, CLASS_POLICY_DATA,
  CLASS_RESV_CONFIRM, CLASS_RSVP_HOP, CLASS_SCOPE, CLASS_SENDER_TEMPLATE, CLASS_SENDER_TSPEC, CLASS_SESSION, CLASS_STYLE,
  FORM_FAMILY_SHIFT, FORM_WORDS, formOf, isKnownClass, REPEATABLE_CLASSES, requiredClasses,
} from "./object_forms";
import { clearView, viewUsual } from "./usual_view";

export const MESSAGE_PATH: u32 = 1;
export const MESSAGE_RESV: u32 = 2;
export const MESSAGE_PATH_ERROR: u32 = 3;
export const MESSAGE_RESV_ERROR: u32 = 4;
export const MESSAGE_PATH_TEAR: u32 = 5;
export const MESSAGE_RESV_TEAR: u32 = 6;
export const MESSAGE_RESV_CONFIRM: u32 = 7;
// Not on the wire: the objects of an application's CALL (RFC 2205 section 3.11.1), checked by the same walk.
export const MESSAGE_CALL_SESSION: u32 = 8;
export const MESSAGE_CALL_SENDER: u32 = 9;
export const MESSAGE_CALL_RESERVE: u32 = 10;

// Pointers are to object headers; 0 means absent. Field order is fixed: the pointers stand in the order of their
// classes, so that the walk stores them by class number.
@unmanaged
export class MessageView {
  // First byte of the message, its length, and the end of its objects.
  message: usize;
  length: u32;
  end: usize;
  type: u8;
  flags: u8;
  sendTtl: u8;
  // 4 or 6: the family that all addresses of the message share; 0 if it has none.
  family: u8;
  // The low 24 bits of STYLE, and what they name: STYLE_WF, STYLE_FF, STYLE_SE, or 0 if unknown or absent.
  styleVector: u32;
  style: u32;
  flowDescriptors: usize;
  flowDescriptorsEnd: usize;
  flowspecCount: u32;
  filterCount: u32;
  // 1 while an FF FLOWSPEC waits for its FILTER_SPEC.
  flowspecPending: u32;
  policyDataCount: u32;
  // Bit `1 << class`: an object of this class was seen.
  seen: u32;
  // Bit `1 << class`: objects of this class are not to be read (see above).
  unreadable: u32;
  rejectStatus: u32;
  rejected: usize;
  // Where parsing ended when the status was not OK; errorOffset counts from the message.
  errorOffset: u32;
  errorClass: u32;
  errorCType: u32;
  // USUAL for a message that usual_view.ts has recognised, USUAL_CHANGED if it is not as it came any more.
  usual: u32;
  // By class 0 to 15; slots 0 and 2 have no class that would use them.
  slot0: usize;
  session: usize;
  slot2: usize;
  hop: usize;
  integrity: usize;
  timeValues: usize;
  errorSpec: usize;
  scope: usize;
  styleObject: usize;
  firstFlowspec: usize;
  firstFilterSpec: usize;
  senderTemplate: usize;
  senderTspec: usize;
  adspec: usize;
  firstPolicyData: usize;
  resvConfirm: usize;
  // Room for the objects of RFC 2961 and RFC 2747, which are unknown classes today.
  messageId: usize;
  messageIdAcknowledgement: usize;
  messageIdList: usize;
  challenge: usize;
  // Unknown objects of class 11bbbbbb, to be forwarded (RFC 2205 section 3.10); pointers by forwarded().
  forwardedCount: u32;
  forwardedFirst: usize;
}

export const USUAL: u32 = 1;
export const USUAL_CHANGED: u32 = 2;

// Bytes that a view needs, list included.
export const MESSAGE_VIEW_BYTES: usize = offsetof<MessageView>() +
  (<usize> MAXIMUM_FORWARDED_OBJECTS - 1) * sizeof<usize>();

const POINTERS = offsetof<MessageView>("slot0");
const FORWARDED = offsetof<MessageView>("forwardedFirst");

// The object number `index` of those to be forwarded, index < forwardedCount.
// @ts-ignore: decorator
@inline

export function forwarded(view: MessageView, index: u32): usize {
  return load<usize>(changetype<usize>(view) + FORWARDED + <usize> index * sizeof<usize>());
}

// Parses `available` bytes at `message` into the view at `view` and returns a STATUS. `available` is what arrived in
// the datagram; the RSVP length must be exactly that (RFC 2205 section 3.1.1).
export function parseMessage(message: usize, available: u32, view: usize): u32 {
  const v = changetype<MessageView>(view);
  clearView(view);
  v.message = message;
  if (available < 8) return failHeader(v, STATUS_TRUNCATED, 0);
  v.type = load<u8>(message, 1);
  v.flags = load<u8>(message) & 15;
  v.sendTtl = load<u8>(message, 4);
  if (load<u8>(message) >> 4 != 1) return failHeader(v, STATUS_BAD_VERSION, 0);
  const length = load16(message + 6);
  if (length != available || length < 8 || (length & 3)) return failHeader(v, STATUS_BAD_LENGTH, 6);
  v.length = length;
  if (load<u16>(message, 2) && sumBytes(message, length) != 0xffff) return failHeader(v, STATUS_BAD_CHECKSUM, 2);
  const type: u32 = v.type;
  if (type < MESSAGE_PATH || type > MESSAGE_RESV_CONFIRM) return failHeader(v, STATUS_UNKNOWN_MESSAGE, 1);
  return parseObjects(v, message, length);
}

@inline
function parseObjects(v: MessageView, message: usize, length: u32): u32 {
  v.end = message + length;
  if (viewUsual(v)) return STATUS_OK;
  const status = walk(v, message + 8);
  return status == STATUS_OK ? complete(v) : status;
}

// The same for a message whose version, type, length and checksum are known to be right.
export function parseVerified(message: usize, length: u32, view: usize): u32 {
  const v = changetype<MessageView>(view);
  clearView(view);
  v.message = message;
  v.length = length;
  v.type = load<u8>(message, 1);
  v.flags = load<u8>(message) & 15;
  v.sendTtl = load<u8>(message, 4);
  return parseObjects(v, message, length);
}

// The grammar alone, for the codec's check, which judges framing, sizes and unknown objects by its own tables: OK or
// what is wrong with order, number, values or flow descriptors of a message of RFC 2205 whose framing is right.
export function parseGrammar(message: usize, length: u32, view: usize): u32 {
  const v = changetype<MessageView>(view);
  memory.fill(view, 0, offsetof<MessageView>());
  v.message = message;
  v.length = length;
  v.end = message + length;
  v.type = load<u8>(message, 1);
  if (v.type < MESSAGE_PATH || v.type > MESSAGE_RESV_CONFIRM) return STATUS_OK;
  let status = walk(v, message + 8);
  if (status == STATUS_OK) status = complete(v);
  if (status == STATUS_OK && v.rejectStatus == STATUS_UNKNOWN_STYLE) {
    status = fail(v, STATUS_UNKNOWN_STYLE, v.rejected);
  }
  // A missing sender descriptor is allowed by the grammar, and the others are found by the tables.
  return status == STATUS_MISSING_OBJECT || status == STATUS_OBJECT_SIZE ? STATUS_OK : status;
}

// Parses the objects of an application's CALL, which have no message header: `type` is MESSAGE_CALL_*, `style` the
// style of a RESERVE (0 otherwise). The flow descriptors of a RESERVE are the trailing FLOWSPECs and FILTER_SPECs.
export function parseCall(objects: usize, length: u32, type: u32, style: u32, view: usize): u32 {
  const v = changetype<MessageView>(view);
  memory.fill(view, 0, offsetof<MessageView>());
  v.message = objects;
  v.length = length;
  v.end = objects + length;
  v.type = <u8> type;
  if (type == MESSAGE_CALL_RESERVE) {
    v.styleVector = style;
    v.style = knownStyle(style);
    if (!v.style) return fail(v, STATUS_UNKNOWN_STYLE, 0);
  }
  const status = walk(v, objects);
  return status == STATUS_OK ? complete(v) : status;
}

function failHeader(v: MessageView, status: u32, offset: u32): u32 {
  v.errorOffset = offset;
  return status;
}

function fail(v: MessageView, status: u32, object: usize): u32 {
  if (object) {
    v.errorOffset = <u32> (object - v.message);
    v.errorClass = load<u8>(object, 2);
    v.errorCType = load<u8>(object, 3);
  }
  return status;
}

function reject(v: MessageView, status: u32, object: usize): void {
  if (v.rejectStatus) return;
  v.rejectStatus = status;
  v.rejected = object;
}

function walk(v: MessageView, at: usize): u32 {
  const end = v.end;
  let count: u32 = 0;
  while (at < end) {
    if (end - at < 4) {
      v.errorOffset = <u32> (at - v.message);
      return STATUS_OBJECT_OVERRUN;
    }
    const header = load32(at);
    const length = header >>> 16;
    if (length < 4 || (length & 3)) return fail(v, STATUS_OBJECT_LENGTH, at);
    if (length > <u32> (end - at)) return fail(v, STATUS_OBJECT_OVERRUN, at);
    if (++count > MAXIMUM_OBJECTS_PER_MESSAGE) return fail(v, STATUS_TOO_MANY_OBJECTS, at);
    const objectClass = (header >>> 8) & 255;
    // A NULL object may stand anywhere and is skipped (RFC 2205 section 3.1.2).
    if (objectClass) {
      const status = isKnownClass(objectClass)
        ? takeObject(v, at, length, objectClass, header & 255)
        : takeUnknown(v, at, objectClass);
      if (status != STATUS_OK) return fail(v, status, at);
    }
    at += length;
  }
  return STATUS_OK;
}

// RFC 2205 section 3.10: the two high bits of an unknown class say what to do with it.
function takeUnknown(v: MessageView, object: usize, objectClass: u32): u32 {
  if (objectClass < 0x80) {
    reject(v, STATUS_UNKNOWN_CLASS, object);
    return STATUS_OK;
  }
  if (objectClass < 0xc0) return STATUS_OK;
  if (v.forwardedCount >= MAXIMUM_FORWARDED_OBJECTS) return STATUS_TOO_MANY_OBJECTS;
  store<usize>(changetype<usize>(v) + FORWARDED + <usize> v.forwardedCount * sizeof<usize>(), object);
  v.forwardedCount += 1;
  return STATUS_OK;
}

function takeObject(v: MessageView, object: usize, length: u32, objectClass: u32, ctype: u32): u32 {
  const bit: u32 = 1 << objectClass;
  if (v.seen & bit & ~REPEATABLE_CLASSES) return STATUS_DUPLICATE_OBJECT;
  v.seen |= bit;
  const position = checkOrder(v, object, objectClass);
  if (position != STATUS_OK) return position;
  const form = formOf(objectClass, ctype);
  if (!form) {
    if (objectClass == CLASS_SESSION) v.session = object;
    if (isQuoted(v, objectClass)) v.unreadable |= bit;
    else reject(v, STATUS_UNKNOWN_CTYPE, object);
  } else {
    const words = form & FORM_WORDS;
    if (words && words * 4 != length) return STATUS_OBJECT_SIZE;
    const family = (form >>> FORM_FAMILY_SHIFT) & 6;
    if (family) {
      if (v.family && v.family != family) return STATUS_MIXED_FAMILIES;
      v.family = <u8> family;
    }
    const slot = changetype<usize>(v) + POINTERS + <usize> objectClass * sizeof<usize>();
    if (!load<usize>(slot)) store<usize>(slot, object);
    const content = checkContent(v, object, length, objectClass, family);
    if (content != STATUS_OK) return content;
  }
  if (bit & ((1 << CLASS_FLOWSPEC) | (1 << CLASS_FILTER_SPEC))) return flowDescriptorObject(v, object, objectClass);
  if (objectClass == CLASS_POLICY_DATA) v.policyDataCount += 1;
  return STATUS_OK;
}

// INTEGRITY immediately follows the header; STYLE and the flow descriptor list end the message (RFC 2205 section 3.1.4).
function checkOrder(v: MessageView, object: usize, objectClass: u32): u32 {
  if (objectClass == CLASS_INTEGRITY) return object == v.message + 8 ? STATUS_OK : STATUS_OBJECT_ORDER;
  if (objectClass == CLASS_FLOWSPEC || objectClass == CLASS_FILTER_SPEC) {
    if (v.flowDescriptors) return STATUS_OK;
    // A RESERVE has no STYLE object; its list starts with its first FLOWSPEC.
    if (v.type != MESSAGE_CALL_RESERVE) return STATUS_OBJECT_ORDER;
    v.flowDescriptors = object;
    v.flowDescriptorsEnd = v.end;
    return STATUS_OK;
  }
  return v.flowDescriptors ? STATUS_OBJECT_ORDER : STATUS_OK;
}

// Objects of these classes are copied back or ignored in everything but Path, Resv and the application's calls.
// @ts-ignore: decorator
@inline

function isQuoted(v: MessageView, objectClass: u32): bool {
  if (v.type <= MESSAGE_RESV || v.type >= MESSAGE_CALL_SESSION) return false;
  return objectClass == CLASS_FLOWSPEC || objectClass == CLASS_SENDER_TSPEC || objectClass == CLASS_ADSPEC ||
    objectClass == CLASS_POLICY_DATA;
}

function checkContent(v: MessageView, object: usize, length: u32, objectClass: u32, family: u32): u32 {
  switch (objectClass) {
    case CLASS_SESSION:
      // DestAddress and Protocol Id must be non-zero (RFC 2205 appendix A.1).
      return isZeroAddress(object + 4, family) || !load<u8>(object + (family == 4 ? 8 : 20))
        ? STATUS_BAD_VALUE
        : STATUS_OK;
    case CLASS_FILTER_SPEC:
    case CLASS_SENDER_TEMPLATE:
    case CLASS_ERROR_SPEC:
      // SrcAddress is a host's and non-zero (appendix A.9); an error node that names nobody is left to the reader.
      return objectClass != CLASS_ERROR_SPEC && !isHostAddress(object + 4, family) ? STATUS_BAD_VALUE : STATUS_OK;
    case CLASS_RSVP_HOP:
      // Path and Resv make state that answers go to, so their hop has to be somebody (appendix B, "bad HOP").
      return v.type <= MESSAGE_RESV && !isHostAddress(object + 4, family) ? STATUS_BAD_VALUE : STATUS_OK;
    case CLASS_RESV_CONFIRM:
      // "The unicast address of a receiver host" (section 3.1.9): nobody makes a group hear of it.
      return isHostAddress(object + 4, family) ? STATUS_OK : STATUS_BAD_VALUE;
    case CLASS_SCOPE:
      return family == 6 && ((length - 4) & 15) ? STATUS_OBJECT_SIZE : STATUS_OK;
    case CLASS_INTEGRITY:
      // Flags, key identifier and sequence number come before the digest (RFC 2747 section 2).
      return length < 24 ? STATUS_OBJECT_SIZE : STATUS_OK;
    case CLASS_STYLE:
      return takeStyle(v, object);
    case CLASS_FLOWSPEC:
      return takeIntServ(v, object, objectClass, isFlowspec(object, length));
    case CLASS_SENDER_TSPEC:
      return takeIntServ(v, object, objectClass, isSenderTspec(object, length) || isNullSenderTspec(object, length));
    case CLASS_ADSPEC:
      return takeIntServ(v, object, objectClass, isAdspec(object, length));
    default:
      return STATUS_OK;
  }
}

function takeIntServ(v: MessageView, object: usize, objectClass: u32, sound: bool): u32 {
  if (sound) return STATUS_OK;
  v.unreadable |= 1 << objectClass;
  if (!isQuoted(v, objectClass)) reject(v, STATUS_OBJECT_CONTENT, object);
  return STATUS_OK;
}

function takeStyle(v: MessageView, object: usize): u32 {
  v.styleVector = load32(object + 4) & 0xffffff;
  v.style = knownStyle(v.styleVector);
  v.flowDescriptors = object + 8;
  v.flowDescriptorsEnd = v.end;
  // A ResvErr may report the very style that somebody did not know.
  if (!v.style && v.type != MESSAGE_RESV_ERROR) reject(v, STATUS_UNKNOWN_STYLE, object);
  return STATUS_OK;
}

// Only the low five bits of the option vector are defined (RFC 2205 appendix A.7).
// @ts-ignore: decorator
@inline

function knownStyle(vector: u32): u32 {
  const style = vector & 31;
  return style == STYLE_WF || style == STYLE_FF || style == STYLE_SE ? style : 0;
}

// What can be said only at the end: required objects, and the flow descriptor list as a whole.
function complete(v: MessageView): u32 {
  const missing = requiredClasses(v.type) & ~v.seen;
  if (missing) {
    v.errorOffset = v.length;
    v.errorClass = ctz<u32>(missing);
    return STATUS_MISSING_OBJECT;
  }
  if (!v.flowDescriptors) return STATUS_OK;
  const status = flowDescriptorsComplete(v);
  if (status != STATUS_OK) {
    v.errorOffset = <u32> (v.flowDescriptors - v.message);
    v.errorClass = CLASS_FLOWSPEC;
  }
  return status;
}
