// Lists and recognises, in one pass, the messages that nearly all traffic is made of: classes of RFC 2205 in their IPv4 and IPv6 forms, the
// standard shapes of RFC 2210, nothing missing, doubled or out of order. Of such a message wire/check.ts has nothing to
// report, and need not walk it again by grammar and tables. Whatever is not recognised is only unusual, not wrong: the
// full check decides. A test proves that the full check never finds fault with what is recognised here.
import {
  ADSPEC_MASK_0, ADSPEC_MASK_1, ADSPEC_MASK_2, ADSPEC_MASK_3, ADSPEC_MASK_4, ADSPEC_SHAPE_0, ADSPEC_SHAPE_1,
  ADSPEC_SHAPE_2, ADSPEC_SHAPE_3, ADSPEC_SHAPE_4, CONTROLLED_LOAD_SHAPE, fits, GUARANTEED_SHAPE, INT_SERV_MASK,
  TSPEC_SHAPE,
} from "./decoded_record";
import { load32 } from "./bytes";
import { STYLE_FF, STYLE_SE, STYLE_WF } from "./flow_grammar";
import { MESSAGE_RESV, MESSAGE_RESV_CONFIRM } from "./message_view";
import {
  CLASS_ADSPEC, CLASS_FILTER_SPEC, CLASS_FLOWSPEC, CLASS_RESV_CONFIRM, CLASS_RSVP_HOP, CLASS_SENDER_TEMPLATE, CLASS_SENDER_TSPEC,
  CLASS_SESSION, CLASS_STYLE, requiredClasses,
} from "./object_forms";

// More objects than usual.
const MANY: u32 = 64;

// By class * 4 + C-Type: length in words, 15 if there are several; 0x20 for IPv4, 0x40 for IPv6; 0 if unusual.
const LENGTH: u32 = 15;
const FAMILIES: u32 = 0x60;
const IPV6: u32 = 0x40;
const FORMS: usize = memory.data<u8>([
  0, 0, 0, 0, /* SESSION */ 0, 0x23, 0x46, 0, 0, 0, 0, 0, /* RSVP_HOP */ 0, 0x23, 0x46, 0, 0, 0, 0, 0,
  /* TIME_VALUES */ 0, 0x02, 0, 0, /* ERROR_SPEC */ 0, 0x23, 0x46, 0, 0, 0, 0, 0, /* STYLE */ 0, 0x02, 0, 0,
  /* FLOWSPEC */ 0, 0, 0x0f, 0, /* FILTER_SPEC */ 0, 0x23, 0x46, 0x46, /* SENDER_TEMPLATE */ 0, 0x23, 0x46, 0x46,
  /* SENDER_TSPEC */ 0, 0, 0x09, 0, /* ADSPEC */ 0, 0, 0x0f, 0, 0, 0, 0, 0, /* RESV_CONFIRM */ 0, 0x22, 0x45, 0,
]);

// Lists the objects of a message of `length` bytes, whose header has been checked, from `entry` on as wire/check.ts wants
// them. Returns where the list ends, or 0 if the message is not a usual one; then the list is not to be used.
export function listUsualMessage(message: usize, length: u32, entry: usize): usize {
  const type: u32 = load<u8>(message, 1);
  if (type - 1 >= MESSAGE_RESV_CONFIRM) return 0;
  const last = entry + <usize> MANY * 8;
  const end = message + length;
  let seen: u32 = 0, families: u32 = 0, style: u32 = 0, flowspecs: u32 = 0, filters: u32 = 0, pending: bool = false;
  // Objects of the forms below are multiples of four, so there are always four bytes to read.
  for (let object = message + 8; object < end;) {
    const header = load32(object);
    const size = header >>> 16, objectClass = (header >>> 8) & 255, ctype = header & 255;
    if (objectClass > 15 || ctype > 3 || entry == last || size > <u32> (end - object)) return 0;
    const form: u32 = load<u8>(FORMS + (objectClass << 2) + ctype);
    const words = form & LENGTH;
    if (!form || (words != LENGTH && words << 2 != size)) return 0;
    families |= form & FAMILIES;
    if (objectClass == CLASS_FILTER_SPEC) {
      // RFC 2205 section 3.1.4: a filter has a FLOWSPEC before it; WF has no filters.
      if (!flowspecs || style == STYLE_WF || !hasHostAddress(object, form)) return 0;
      ++filters;
      pending = false;
    } else if (objectClass == CLASS_FLOWSPEC) {
      if (!style || pending || (flowspecs && style != STYLE_FF) || !isUsualFlowspec(object, size)) return 0;
      ++flowspecs;
      pending = style == STYLE_FF;
    } else {
      // The flow descriptors end the message.
      if (style || (seen & (1 << objectClass))) return 0;
      if (objectClass == CLASS_STYLE) style = usualStyle(object, type);
      if (!isUsualObject(object, objectClass, form, size, style)) return 0;
    }
    seen |= 1 << objectClass;
    store<u32>(entry, <u32> (object - message));
    store<u32>(entry, header, 4);
    entry += 8;
    object += size;
  }
  const required = requiredClasses(type);
  if ((seen & required) != required || families == FAMILIES) return 0;
  const whole = !style || (style == STYLE_WF ? flowspecs == 1 : filters > 0 && !pending);
  return whole ? entry : 0;
}

// The style of a Resv or ResvConf, 0 if it is not a known one; others may have no flow descriptors or no FLOWSPEC.
// @ts-ignore: decorator
@inline
function usualStyle(object: usize, type: u32): u32 {
  const style: u32 = load<u8>(object, 7) & 31;
  if (type != MESSAGE_RESV && type != MESSAGE_RESV_CONFIRM) return 0;
  return style == STYLE_FF || style == STYLE_SE || style == STYLE_WF ? style : 0;
}

// @ts-ignore: decorator
@inline
function isUsualObject(object: usize, objectClass: u32, form: u32, length: u32, style: u32): bool {
  switch (objectClass) {
    case CLASS_SESSION:
      return hasAddress(object, form) && load<u8>(object + (form & IPV6 ? 20 : 8)) != 0;
    case CLASS_RSVP_HOP:
    case CLASS_SENDER_TEMPLATE:
    case CLASS_RESV_CONFIRM:
      return hasHostAddress(object, form);
    case CLASS_STYLE:
      return style != 0;
    case CLASS_SENDER_TSPEC:
      return fits(v128.load(object, 4), INT_SERV_MASK, TSPEC_SHAPE);
    case CLASS_ADSPEC:
      return length == 84 && isUsualAdspec(object);
    default:
      return true;
  }
}

// An IPv6 address whose first half is zero is unusual too.
// @ts-ignore: decorator
@inline
function hasAddress(object: usize, form: u32): bool {
  return form & IPV6 ? load<u64>(object, 4) != 0 : load<u32>(object, 4) != 0;
}

// That of a group is not.
// @ts-ignore: decorator
@inline
function hasHostAddress(object: usize, form: u32): bool {
  const first = <u32> load<u8>(object, 4);
  return (form & IPV6 ? first != 0xff : (first & 0xf0) != 0xe0) && hasAddress(object, form);
}

// @ts-ignore: decorator
@inline
function isUsualFlowspec(object: usize, length: u32): bool {
  if (length == 36) return fits(v128.load(object, 4), INT_SERV_MASK, CONTROLLED_LOAD_SHAPE);
  return length == 48 && fits(v128.load(object, 4), INT_SERV_MASK, GUARANTEED_SHAPE) &&
    (load<u32>(object, 36) & 0xffff00ff) == 0x02000082;
}

// RFC 2210 section 3.3.6, with values and flags masked away.
// @ts-ignore: decorator
@inline
export function isUsualAdspec(object: usize): bool {
  const wrong = v128.or(
    v128.or(
      v128.or(
        v128.and(v128.xor(v128.load(object, 8), ADSPEC_SHAPE_0), ADSPEC_MASK_0),
        v128.and(v128.xor(v128.load(object, 24), ADSPEC_SHAPE_1), ADSPEC_MASK_1),
      ),
      v128.or(
        v128.and(v128.xor(v128.load(object, 40), ADSPEC_SHAPE_2), ADSPEC_MASK_2),
        v128.and(v128.xor(v128.load(object, 56), ADSPEC_SHAPE_3), ADSPEC_MASK_3),
      ),
    ),
    v128.and(v128.xor(v128.load(object, 68), ADSPEC_SHAPE_4), ADSPEC_MASK_4),
  );
  return (load<u32>(object, 4) & 0xffff00f0) == 0x13000000 && !v128.any_true(wrong);
}
