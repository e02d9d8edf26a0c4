// One object, item or run of them as JSON text, by the tables. The rules are those of the `Body` in catalogue/schema.ts,
// which the host's generated readers follow too; a test compares the two.
//
// writeBody() returns 0 for a structure that does not fit its description, with the reason in the context; the caller
// goes back and writes `malformed` and `bytes` in its place.
import {
  KIND_BITSU16, KIND_BITSU32, KIND_BITSU8, KIND_BYTES, KIND_F32, KIND_IPV4, KIND_IPV6, KIND_MAC, KIND_U16, KIND_U32,
  KIND_U64, KIND_U8, MODE_HIDDEN, MODE_LENGTH_OF, MODE_LITERAL, MODE_RESERVED, MODE_SHOWN, POOL, REST_BYTES,
  REST_ITEMS, REST_NONE, REST_OBJECTS, REST_RECORDS, REST_TEXT, REST_VALUES, SHAPE_PADS_TEXT, TEXT_ARE_LEFT, TEXT_AT,
  TEXT_BYTES, TEXT_BYTES_COMMA, TEXT_COLON, TEXT_CTYPE, TEXT_FORM, TEXT_FORM_OFFSET, TEXT_HEADER_NEEDS, TEXT_INFINITY,
  TEXT_ITEM_TYPE, TEXT_LENGTH, TEXT_LENGTH_AT, TEXT_LESS_THAN_HEADER, TEXT_MALFORMED, TEXT_MINUS_INFINITY,
  TEXT_MINUS_ZERO, TEXT_NAN, TEXT_NEEDS, TEXT_NOT_MULTIPLE, TEXT_OBJECT, TEXT_OBJECT_NAME, TEXT_OFFSET, TEXT_PADDING,
  TEXT_SAYS, TEXT_STATUS_CLASS, TEXT_TOO_DEEP, TEXT_TRAILING, TEXT_UNKNOWN,
} from "../tables.gen";
import { load16, load32, objectLength } from "./bytes";
import {
  countsLength, familyAddress, familyHeader, familyHeaderFieldCount, familyHeaderFields, familyLengthAt, familyName,
  familyPads, FIELD_BYTES, fieldKind, fieldMode, fieldNumber, fieldOffset, fieldSize, findItem, findObject,
  holdsConstant, isVariant, itemLength, itemName, itemShape, itemType, objectForm, objectName, objectShape, paddingOf,
  SHAPE_BYTES, shapeAddress, shapeFieldCount, shapeFields, shapeFlags, shapeLength, shapeMinimum, shapeRest,
  shapeRestName, shapeRestParameter, shapeVariants,
} from "./tables";
import {
  copyBytes, copyText, copyTextInline, isUtf8, textEnd, writeByte, writeEscaped, writeF64, writeHex, writeHexNumber, writeIpv4,
  writeIpv6, writeMac, writeU32, writeU64,
} from "./text";
import { copyHead, headSlot, keepHead } from "./text_cache";

// How deep objects may stand inside each other.
const MAXIMUM_DEPTH: u32 = 8;

// What the writers share: where the text must end, where the message starts, whether the text did not fit, and why the
// last structure did not fit its description.
@unmanaged
export class TextContext {
  // A structure without a rest takes less than TEXT_MARGIN bytes of text; the limit is that much before the end.
  limit: usize;
  message: usize;
  // Texts of objects written lately (wire/text_cache.ts), or 0.
  cache: usize;
  full: u32;
  reasonForm: u32;
  // Of a field the name stands in the key text, between `,"` and `":`.
  reasonName: u32;
  reasonIsField: u32;
  reasonPlace: u32;
  reasonText: u32;
  reasonFirst: u32;
  reasonSecond: u32;
}

export const TEXT_MARGIN: usize = 4096;
export const CONTEXT: usize = memory.data(64, 8);

const REASON_TWO_NUMBERS: u32 = 0;
const REASON_ONE_NUMBER: u32 = 1;
const REASON_NO_NUMBER: u32 = 2;

// @ts-ignore: decorator
@inline
function context(): TextContext {
  return changetype<TextContext>(CONTEXT);
}

// Whether `bytes` more bytes of text fit; if not, says so to everybody.
// @ts-ignore: decorator
@inline
export function fits(at: usize, bytes: usize): bool {
  if (at + bytes <= context().limit) return true;
  context().full = 1;
  return false;
}

// `name at 5: needs 4 bytes, 1 are left`, `name length at 5: 3 is less than its header`.
function reason(form: u32, name: u32, place: usize, text: u32, first: u32, second: u32): usize {
  const c = context();
  c.reasonForm = form;
  c.reasonName = name;
  c.reasonIsField = 0;
  c.reasonPlace = <u32> (place - c.message);
  c.reasonText = text;
  c.reasonFirst = first;
  c.reasonSecond = second;
  return 0;
}

function fieldReason(field: usize, place: usize, text: u32, first: u32, second: u32): usize {
  reason(REASON_TWO_NUMBERS, load<u16>(field), place, text, first, second);
  context().reasonIsField = 1;
  return 0;
}

function writeReason(at: usize): usize {
  const c = context();
  if (c.reasonIsField) {
    at = copyBytes(at, POOL + c.reasonName + 3, <u32> load<u8>(POOL + c.reasonName) - 4);
  } else at = copyText(at, c.reasonName);
  // Lengths are blamed on the length, everything else on the place itself.
  const ofLength = !c.reasonIsField && (c.reasonText == TEXT_SAYS || c.reasonForm == REASON_ONE_NUMBER);
  at = writeU32(copyText(at, ofLength ? TEXT_LENGTH_AT : TEXT_AT), c.reasonPlace);
  if (c.reasonForm == REASON_NO_NUMBER) return copyText(at, c.reasonText);
  if (c.reasonForm == REASON_ONE_NUMBER) return copyText(writeU32(copyText(at, TEXT_COLON), c.reasonFirst), c.reasonText);
  at = writeU32(copyText(at, c.reasonText), c.reasonFirst);
  at = writeU32(copyText(at, TEXT_BYTES_COMMA), c.reasonSecond);
  return copyText(at, TEXT_ARE_LEFT);
}

// `,"key":"hex"`.
export function writeHexMember(at: usize, key: u32, from: usize, to: usize): usize {
  if (!fits(at, (to - from) * 2)) return at;
  return writeByte(writeHex(copyText(at, key), from, <u32> (to - from)), 0x22);
}

// The runs of objects, items and values are lists with commas; the first element has none.
// @ts-ignore: decorator
@inline
function comma(at: usize, first: bool): usize {
  return first ? at : writeByte(at, 0x2c);
}

// One value. Its bytes are inside the structure.
function writeValue(at: usize, kind: u32, field: usize, source: usize): usize {
  switch (kind) {
    case KIND_U8:
      return writeU32(at, load<u8>(source));
    case KIND_U16:
      return writeU32(at, load16(source));
    case KIND_U32:
      return writeU32(at, load32(source));
    case KIND_U64:
      return writeByte(writeU64(writeByte(at, 0x22), bswap<u64>(load<u64>(source))), 0x22);
    case KIND_F32:
      return writeF32(at, load32(source));
    case KIND_IPV4:
      return writeByte(writeIpv4(writeByte(at, 0x22), source), 0x22);
    case KIND_IPV6:
      return writeByte(writeIpv6(writeByte(at, 0x22), source), 0x22);
    case KIND_MAC:
      return writeByte(writeMac(writeByte(at, 0x22), source), 0x22);
    case KIND_BYTES:
      return writeByte(writeHex(writeByte(at, 0x22), source, load<u8>(field, 5)), 0x22);
    default:
      return writeU32(at, fieldNumber(field, source - fieldOffset(field)));
  }
}

// A 32-bit float; what JSON cannot hold is text.
function writeF32(at: usize, bits: u32): usize {
  if ((bits & 0x7f800000) == 0x7f800000) {
    if (bits & 0x7fffff) return writeByte(writeHexNumber(copyText(at, TEXT_NAN), bits), 0x22);
    return copyText(at, bits >> 31 ? TEXT_MINUS_INFINITY : TEXT_INFINITY);
  }
  if (bits == 0x80000000) return copyText(at, TEXT_MINUS_ZERO);
  return writeF64(at, <f64> reinterpret<f32>(bits));
}

// `count` fields of the structure at `start`, each `,"name":value`; those that hold what they should are left out.
function writeFields(at: usize, field: usize, count: u32, start: usize, length: u32): usize {
  const end = field + <usize> count * FIELD_BYTES;
  for (; field < end; field += FIELD_BYTES) {
    const mode = fieldMode(field);
    if (mode != MODE_SHOWN && mode != MODE_LITERAL) {
      if (mode == MODE_RESERVED) {
        if (holdsConstant(field, start)) continue;
      } else if (mode != MODE_LENGTH_OF || countsLength(field, start, length)) continue;
    }
    at = writeValue(copyTextInline(at, load<u16>(field)), fieldKind(field), field, start + fieldOffset(field));
  }
  return at;
}

// The structure of `length` bytes at `start`: its members, without braces. `family` is 0 for an object.
function writeBody(at: usize, shape: usize, start: usize, length: u32, family: usize, depth: u32): usize {
  if (!fits(at, 0)) return at;
  for (let variants = shapeVariants(shape), v = shape; variants > 0; --variants) {
    v += SHAPE_BYTES;
    if (isVariant(v, start, length)) return writeShape(at, v, start, length, family, depth);
  }
  if (length < shapeMinimum(shape)) return tooShort(shape, start, length);
  const end = writeShape(at, shape, start, length, family, depth);
  if (!end || shapeRest(shape) != REST_NONE || length <= shapeMinimum(shape)) return end;
  return writeHexMember(end, TEXT_TRAILING, start + shapeMinimum(shape), start + length);
}

// Names the first field that is not wholly there.
function tooShort(shape: usize, start: usize, length: u32): usize {
  let field = shapeFields(shape);
  for (let i = shapeFieldCount(shape); i > 0; --i) {
    const offset = fieldOffset(field);
    const size = fieldSize(field);
    if (offset + size > length) {
      return fieldReason(field, start + offset, TEXT_NEEDS, size, offset < length ? length - offset : 0);
    }
    field += FIELD_BYTES;
  }
  return reason(REASON_TWO_NUMBERS, TEXT_OBJECT, start, TEXT_NEEDS, shapeMinimum(shape), length);
}

function writeShape(at: usize, shape: usize, start: usize, length: u32, family: usize, depth: u32): usize {
  if (family) at = writeFields(at, familyHeaderFields(family), familyHeaderFieldCount(family), start, length);
  at = writeFields(at, shapeFields(shape), shapeFieldCount(shape), start, length);
  const rest = shapeRest(shape);
  if (rest == REST_NONE) return at;
  const from = start + shapeMinimum(shape);
  const to = start + length;
  if (rest == REST_TEXT) return writeTextRest(at, shape, start, from, to);
  at = copyText(at, shapeRestName(shape));
  switch (rest) {
    case REST_BYTES:
      if (!fits(at, (to - from) * 2)) return at;
      return writeByte(writeHex(writeByte(at, 0x22), from, <u32> (to - from)), 0x22);
    case REST_VALUES:
      return writeValues(at, shapeRestParameter(shape), from, to);
    case REST_RECORDS:
      return writeRecords(at, shapeAddress(shapeRestParameter(shape)), from, to);
    case REST_ITEMS:
      return writeItems(at, familyAddress(shapeRestParameter(shape)), from, to, depth);
    default:
      return writeObjects(at, from, to, depth + 1);
  }
}

function writeValues(at: usize, parameter: u32, from: usize, to: usize): usize {
  const kind = parameter & 255;
  const size: usize = parameter >>> 8;
  const first = from;
  at = writeByte(at, 0x5b);
  for (; from + size <= to && fits(at, 0); from += size) at = writeValue(comma(at, from == first), kind, 0, from);
  at = writeByte(at, 0x5d);
  return from < to ? writeHexMember(at, TEXT_TRAILING, from, to) : at;
}

function writeRecords(at: usize, shape: usize, from: usize, to: usize): usize {
  const length = shapeLength(shape);
  const first = from;
  at = writeByte(at, 0x5b);
  for (; from + length <= to && fits(at, 0); from += length) {
    at = comma(at, from == first);
    const open = at;
    at = writeFields(at, shapeFields(shape), shapeFieldCount(shape), from, length);
    at = closeMembers(open, at);
  }
  at = writeByte(at, 0x5d);
  return from < to ? writeHexMember(at, TEXT_TRAILING, from, to) : at;
}

// Members start with a comma each; the first one becomes the opening brace.
function closeMembers(open: usize, at: usize): usize {
  if (at == open) at = writeByte(at, 0x7b);
  else store<u8>(open, 0x7b);
  return writeByte(at, 0x7d);
}

// Text, of the length that a field says or up to the NULs that pad it; what is not UTF-8 is shown as hex.
function writeTextRest(at: usize, shape: usize, start: usize, from: usize, to: usize): usize {
  const pads = (shapeFlags(shape) & SHAPE_PADS_TEXT) != 0;
  const lengthField = hiddenField(shape);
  let end = pads ? textEnd(from, to) : to;
  if (lengthField) {
    const says = fieldNumber(lengthField, start);
    end = from + says;
    if (end > to) return fieldReason(lengthField, start + fieldOffset(lengthField), TEXT_SAYS, says, <u32> (to - from));
  }
  if (!fits(at, (end - from) * 6)) return at;
  const key = shapeRestName(shape);
  at = copyText(at, key);
  if (isUtf8(from, end)) {
    at = writeByte(writeEscaped(writeByte(at, 0x22), from, end), 0x22);
  } else {
    // The key `,"name":` becomes `,"nameBytes":`.
    store<u64>(at - 2, 0x3a227365747942); // "Bytes\":"
    at = writeByte(writeHex(writeByte(at + 5, 0x22), from, <u32> (end - from)), 0x22);
  }
  if (pads) return writePadding(at, end, to, paddingOf(<u32> (end - start)));
  return lengthField && end < to ? writeHexMember(at, TEXT_TRAILING, end, to) : at;
}

function hiddenField(shape: usize): usize {
  let field = shapeFields(shape);
  for (let i = shapeFieldCount(shape); i > 0; --i) {
    if (fieldMode(field) == MODE_HIDDEN) return field;
    field += FIELD_BYTES;
  }
  return 0;
}

// Padding is shown only where it is not exactly `expected` zeros.
function writePadding(at: usize, from: usize, to: usize, expected: u32): usize {
  let usual = to - from == expected;
  for (let byte = from; usual && byte < to; ++byte) usual = load<u8>(byte) == 0;
  return usual ? at : writeHexMember(at, TEXT_PADDING, from, to);
}

function writeItems(at: usize, family: usize, from: usize, to: usize, depth: u32): usize {
  const header = familyHeader(family);
  const first = from;
  at = writeByte(at, 0x5b);
  while (from < to && fits(at, 0)) {
    const left = <u32> (to - from);
    if (left < header) return reason(REASON_TWO_NUMBERS, familyName(family), from, TEXT_HEADER_NEEDS, header, left);
    const length = itemLength(family, from);
    const place = from + familyLengthAt(family);
    if (length < header) return reason(REASON_ONE_NUMBER, familyName(family), place, TEXT_LESS_THAN_HEADER, length, 0);
    if (length > left) return reason(REASON_TWO_NUMBERS, familyName(family), place, TEXT_SAYS, length, left);
    at = writeItem(comma(at, from == first), family, from, length, depth);
    from += length;
    if (familyPads(family)) {
      const padding = paddingOf(length);
      const padTo = min(to, from + padding);
      at = writePadding(at, from, padTo, padding);
      from = padTo;
    }
    at = writeByte(at, 0x7d);
  }
  return writeByte(at, 0x5d);
}

// An item without its closing brace.
function writeItem(at: usize, family: usize, start: usize, length: u32, depth: u32): usize {
  const type = itemType(family, start);
  const item = findItem(family, type);
  at = copyTextInline(copyTextInline(at, TEXT_OBJECT_NAME), item ? itemName(item) : TEXT_UNKNOWN);
  at = writeU32(copyTextInline(at, TEXT_ITEM_TYPE), type);
  if (item) {
    const end = writeBody(at, itemShape(item), start, length, family, depth);
    if (end) return end;
    at = writeByte(writeReason(copyText(at, TEXT_MALFORMED)), 0x22);
  }
  at = writeFields(at, familyHeaderFields(family), familyHeaderFieldCount(family), start, length);
  return writeHexMember(at, TEXT_BYTES, start + familyHeader(family), start + length);
}

// A run of objects inside another one.
function writeObjects(at: usize, from: usize, to: usize, depth: u32): usize {
  if (depth > MAXIMUM_DEPTH) return reason(REASON_NO_NUMBER, TEXT_OBJECT, from, TEXT_TOO_DEEP, 0, 0);
  const first = from;
  at = writeByte(at, 0x5b);
  while (from < to && fits(at, 0)) {
    const left = <u32> (to - from);
    if (left < 4) return reason(REASON_TWO_NUMBERS, TEXT_OBJECT, from, TEXT_HEADER_NEEDS, 4, left);
    const length = objectLength(from);
    if (length < 4 || (length & 3)) return reason(REASON_ONE_NUMBER, TEXT_OBJECT, from, TEXT_NOT_MULTIPLE, length, 0);
    if (length > left) return reason(REASON_TWO_NUMBERS, TEXT_OBJECT, from, TEXT_SAYS, length, left);
    at = writeObject(comma(at, from == first), from, length, depth);
    from += length;
  }
  return writeByte(at, 0x5d);
}

// One object whose framing has been checked.
export function writeObject(at: usize, object: usize, length: u32, depth: u32): usize {
  if (!fits(at, 0)) return at;
  const entry = findObject(load<u8>(object, 2), load<u8>(object, 3));
  at = writeObjectHead(at, object, length, entry);
  if (entry) {
    const end = writeBody(at, objectShape(entry), object, length, 0, depth);
    if (end) return writeByte(end, 0x7d);
    at = writeByte(writeReason(copyText(at, TEXT_MALFORMED)), 0x22);
  }
  return writeByte(writeHexMember(at, TEXT_BYTES, object + 4, object + length), 0x7d);
}

// `{"name":"SESSION","class":1,"ctype":1,"form":"IPv4","offset":8,"length":12`.
function writeObjectHead(start: usize, object: usize, length: u32, entry: usize): usize {
  const header = load<u32>(object);
  const place = <u32> (object - context().message);
  const slot = headSlot(context().cache, header, place);
  if (slot) {
    const copied = copyHead(start, slot, header, place);
    if (copied) return copied;
  }
  const objectClass: u32 = load<u8>(object, 2);
  const ctype: u32 = load<u8>(object, 3);
  let at = copyText(copyText(start, TEXT_OBJECT_NAME), entry ? objectName(entry) : TEXT_UNKNOWN);
  at = writeU32(copyText(at, TEXT_STATUS_CLASS), objectClass);
  at = writeU32(copyText(at, TEXT_CTYPE), ctype);
  if (entry) at = copyText(copyText(copyText(at, TEXT_FORM), objectForm(entry)), TEXT_FORM_OFFSET);
  else at = copyText(at, TEXT_OFFSET);
  at = writeU32(at, place);
  at = writeU32(copyText(at, TEXT_LENGTH), length);
  if (slot) keepHead(slot, header, place, start, at);
  return at;
}
