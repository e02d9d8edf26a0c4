// Reads the tables that scripts/generate_tables.ts packs from the catalogue; their layout is described there. A shape, an
// object, a family or an item is handled by the address of its entry.
import {
  CLASSES, CONSTANTS, DEMANDS, FAMILIES, FIELDS, ITEMS, KIND_BITSU16, KIND_BITSU32, KIND_BITSU8, KIND_BYTES, KIND_MAC,
  KIND_U16, KIND_U24, KIND_U32, KIND_U8, MESSAGES, MESSAGE_COUNT, OBJECTS, SHAPES, STATUS_COUNT, STATUS_NAMES,
} from "../tables.gen";
import { load16, load32 } from "./bytes";

export const FIELD_BYTES: usize = 8;
export const SHAPE_BYTES: usize = 16;
export const FAMILY_BYTES: usize = 20;
export const ITEM_BYTES: usize = 6;
const OBJECT_BYTES: usize = 8;
const MESSAGE_BYTES: usize = 12;
const DEMAND_BYTES: usize = 9;

// Bytes of each kind of field; of bits the word, of `bytes` the width.
const SIZES: usize = memory.data<u8>([1, 2, 3, 4, 8, 4, 4, 16, 6, 1, 2, 4, 0]);

// @ts-ignore: decorator
@inline
export function fieldAddress(index: u32): usize {
  return FIELDS + <usize> index * FIELD_BYTES;
}

// @ts-ignore: decorator
@inline
export function fieldKind(field: usize): u32 {
  return load<u8>(field, 3);
}

// @ts-ignore: decorator
@inline
export function fieldMode(field: usize): u32 {
  return load<u8>(field, 6);
}

// @ts-ignore: decorator
@inline
export function fieldOffset(field: usize): u32 {
  return load<u8>(field, 2);
}

export function fieldSize(field: usize): u32 {
  const kind = fieldKind(field);
  return kind == KIND_BYTES ? load<u8>(field, 5) : load<u8>(SIZES + kind);
}

// @ts-ignore: decorator
@inline
export function fieldConstant(field: usize): u32 {
  return load<u32>(CONSTANTS + (<usize> load<u8>(field, 7) << 2));
}

// The value of a field that is a whole number of at most 32 bits, in the structure at `start`; 0 for other kinds.
export function fieldNumber(field: usize, start: usize): u32 {
  const at = start + fieldOffset(field);
  const kind = fieldKind(field);
  let word: u32 = 0;
  switch (kind) {
    case KIND_U8:
      return load<u8>(at);
    case KIND_U16:
      return load16(at);
    case KIND_U24:
      return (<u32> load<u8>(at) << 16) | load16(at + 1);
    case KIND_U32:
      return load32(at);
    case KIND_BITSU8:
      word = load<u8>(at);
      break;
    case KIND_BITSU16:
      word = load16(at);
      break;
    case KIND_BITSU32:
      word = load32(at);
      break;
  }
  const width: u32 = load<u8>(field, 5);
  word >>>= load<u8>(field, 4);
  return width == 32 ? word : word & ((1 << width) - 1);
}

// Whether a reserved or constant field holds what it should.
export function holdsConstant(field: usize, start: usize): bool {
  const kind = fieldKind(field);
  if (kind <= KIND_U32 || (kind >= KIND_BITSU8 && kind <= KIND_BITSU32)) {
    return fieldNumber(field, start) == fieldConstant(field);
  }
  // Wider fields can only be reserved: all bytes zero.
  let at = start + fieldOffset(field);
  const end = at + fieldSize(field);
  while (at < end) {
    if (load<u8>(at)) return false;
    at += 1;
  }
  return true;
}

// Whether a field that counts its structure, which has `length` bytes, is right.
export function countsLength(field: usize, start: usize, length: u32): bool {
  const unit: u32 = load<u8>(field, 4);
  return fieldNumber(field, start) * unit + load<u8>(field, 7) == length;
}

// @ts-ignore: decorator
@inline
export function shapeAddress(index: u32): usize {
  return SHAPES + <usize> index * SHAPE_BYTES;
}

// @ts-ignore: decorator
@inline
export function shapeFields(shape: usize): usize {
  return fieldAddress(load<u16>(shape));
}

// @ts-ignore: decorator
@inline
export function shapeFieldCount(shape: usize): u32 {
  return load<u8>(shape, 2);
}

// @ts-ignore: decorator
@inline
export function shapeRest(shape: usize): u32 {
  return load<u8>(shape, 3);
}

// @ts-ignore: decorator
@inline
export function shapeMinimum(shape: usize): u32 {
  return load<u16>(shape, 4);
}

// @ts-ignore: decorator
@inline
export function shapeLength(shape: usize): u32 {
  return load<u16>(shape, 6);
}

// @ts-ignore: decorator
@inline
export function shapeRestName(shape: usize): u32 {
  return load<u16>(shape, 8);
}

// @ts-ignore: decorator
@inline
export function shapeRestParameter(shape: usize): u32 {
  return load<u16>(shape, 10);
}

// @ts-ignore: decorator
@inline
export function shapeFlags(shape: usize): u32 {
  return load<u8>(shape, 12);
}

// @ts-ignore: decorator
@inline
export function shapeVariants(shape: usize): u32 {
  return load<u8>(shape, 13);
}

// The entry of an object, or 0 if the catalogue does not have it.
export function findObject(objectClass: u32, ctype: u32): usize {
  const index: u32 = load<u16>(CLASSES + (objectClass << 1));
  const end: u32 = load<u16>(CLASSES + (objectClass << 1), 2);
  let entry = OBJECTS + <usize> index * OBJECT_BYTES;
  const last = OBJECTS + <usize> end * OBJECT_BYTES;
  while (entry < last) {
    if (load<u8>(entry, 1) == ctype || load<u16>(entry, 6) & 0x8000) return entry;
    entry += OBJECT_BYTES;
  }
  return 0;
}

// Whether the catalogue has any C-Type of the class.
export function hasClass(objectClass: u32): bool {
  return load<u16>(CLASSES + (objectClass << 1)) != load<u16>(CLASSES + (objectClass << 1), 2);
}

// @ts-ignore: decorator
@inline
export function objectName(entry: usize): u32 {
  return load<u16>(entry, 2);
}

// @ts-ignore: decorator
@inline
export function objectForm(entry: usize): u32 {
  return load<u16>(entry, 4);
}

// @ts-ignore: decorator
@inline
export function objectShape(entry: usize): usize {
  return shapeAddress(load<u16>(entry, 6) & 0x7fff);
}

// @ts-ignore: decorator
@inline
export function familyAddress(index: u32): usize {
  return FAMILIES + <usize> index * FAMILY_BYTES;
}

// @ts-ignore: decorator
@inline
export function familyHeader(family: usize): u32 {
  return load<u8>(family);
}

// @ts-ignore: decorator
@inline
export function familyLengthAt(family: usize): u32 {
  return load<u8>(family, 3);
}

// Items whose length does not count their padding to a multiple of four.
// @ts-ignore: decorator
@inline
export function familyPads(family: usize): bool {
  return (load<u8>(family, 6) & 2) != 0;
}

// @ts-ignore: decorator
@inline
export function familyHeaderFields(family: usize): usize {
  return fieldAddress(load<u16>(family, 14));
}

// @ts-ignore: decorator
@inline
export function familyHeaderFieldCount(family: usize): u32 {
  return load<u8>(family, 7);
}

// @ts-ignore: decorator
@inline
export function familyName(family: usize): u32 {
  return load<u16>(family, 16);
}

// The type of the item at `at`.
// @ts-ignore: decorator
@inline
export function itemType(family: usize, at: usize): u32 {
  at += load<u8>(family, 1);
  const type: u32 = load<u8>(family, 2) == 1 ? load<u8>(at) : load16(at);
  return type & load<u16>(family, 8);
}

// The bytes of the item at `at` that its length field says, header included, padding not.
// @ts-ignore: decorator
@inline
export function itemLength(family: usize, at: usize): u32 {
  at += load<u8>(family, 3);
  const counted = (load<u8>(family, 4) == 1 ? <u32> load<u8>(at) : load16(at)) * load<u8>(family, 5);
  return load<u8>(family, 6) & 1 ? counted + familyHeader(family) : counted;
}

// The entry of an item type, or 0.
export function findItem(family: usize, type: u32): usize {
  let item = ITEMS + <usize> load<u16>(family, 10) * ITEM_BYTES;
  const end = item + <usize> load<u16>(family, 12) * ITEM_BYTES;
  while (item < end) {
    if (load<u16>(item) == type) return item;
    item += ITEM_BYTES;
  }
  return 0;
}

// @ts-ignore: decorator
@inline
export function itemName(item: usize): u32 {
  return load<u16>(item, 2);
}

// @ts-ignore: decorator
@inline
export function itemShape(item: usize): usize {
  return shapeAddress(load<u16>(item, 4));
}

// The entry of a message type, or 0: type, flags, name, required classes (eight bytes from +4).
export function findMessageType(type: u32): usize {
  let entry = MESSAGES;
  const end = MESSAGES + <usize> MESSAGE_COUNT * MESSAGE_BYTES;
  while (entry < end) {
    if (load<u8>(entry) == type) return entry;
    entry += MESSAGE_BYTES;
  }
  return 0;
}

// The name of a STATUS.
export function statusName(status: u32): u32 {
  for (let i: usize = 0; i < STATUS_COUNT; ++i) {
    if (load<u16>(STATUS_NAMES + (i << 2)) == status) return load<u16>(STATUS_NAMES + (i << 2), 2);
  }
  return load<u16>(STATUS_NAMES, 2);
}

// Whether the structure of `length` bytes at `start` takes the shape of this variant: its length, and the values that its
// literal and constant fields demand, compared four bytes at a time.
export function isVariant(shape: usize, start: usize, length: u32): bool {
  if (shapeLength(shape) != length) return false;
  let demand = DEMANDS + <usize> shapeRestName(shape) * DEMAND_BYTES;
  const end = demand + <usize> shapeRestParameter(shape) * DEMAND_BYTES;
  while (demand < end) {
    const word = load<u32>(start + load<u8>(demand));
    if ((word & load<u32>(demand, 1)) != load<u32>(demand, 5)) return false;
    demand += DEMAND_BYTES;
  }
  return true;
}

// How many bytes fill `length` up to a multiple of four.
// @ts-ignore: decorator
@inline
export function paddingOf(length: u32): u32 {
  return (0 - length) & 3;
}
