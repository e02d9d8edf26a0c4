// Whether the inside of an object is as the catalogue describes it: the verdict that wire/check.ts gives for each object.
// The same walk as that of wire/object_text.ts, without the text.
import {
  STATUS_OBJECT_CONTENT, STATUS_OBJECT_SIZE, STATUS_OK, STATUS_UNKNOWN_CLASS, STATUS_UNKNOWN_CTYPE,
} from "../boundary.gen";
import { MODE_HIDDEN, REST_ITEMS, REST_NONE, REST_OBJECTS, REST_RECORDS, REST_TEXT, REST_VALUES } from "../tables.gen";
import { objectClass, objectCType, objectLength } from "./bytes";
import {
  familyAddress, familyHeader, familyPads, FIELD_BYTES, fieldMode, fieldNumber, findItem, findObject, hasClass,
  isVariant, itemLength, itemShape, objectShape, paddingOf, SHAPE_BYTES, shapeAddress, shapeFieldCount, shapeFields,
  shapeLength, shapeMinimum, shapeRest, shapeRestParameter, shapeVariants, itemType,
} from "./tables";

// How deep objects may stand inside each other; deeper ones are not looked into.
const MAXIMUM_DEPTH: u32 = 8;

// The verdict on the object of `length` bytes: OK, UNKNOWN_CLASS, UNKNOWN_CTYPE (not in the catalogue), OBJECT_SIZE
// (too short, or bytes left over), OBJECT_CONTENT (something inside is broken).
export function objectStructure(object: usize, length: u32, depth: u32): u32 {
  const entry = findObject(objectClass(object), objectCType(object));
  if (!entry) return hasClass(objectClass(object)) ? STATUS_UNKNOWN_CTYPE : STATUS_UNKNOWN_CLASS;
  return structure(objectShape(entry), object, length, depth);
}

function structure(shape: usize, start: usize, length: u32, depth: u32): u32 {
  for (let variants = shapeVariants(shape), v = shape; variants > 0; --variants) {
    v += SHAPE_BYTES;
    if (isVariant(v, start, length)) return STATUS_OK;
  }
  const minimum = shapeMinimum(shape);
  if (length < minimum) return STATUS_OBJECT_SIZE;
  const from = start + minimum;
  const to = start + length;
  const parameter = shapeRestParameter(shape);
  switch (shapeRest(shape)) {
    case REST_NONE:
      return length == minimum ? STATUS_OK : STATUS_OBJECT_SIZE;
    case REST_VALUES:
      return (length - minimum) % (parameter >>> 8) ? STATUS_OBJECT_SIZE : STATUS_OK;
    case REST_RECORDS:
      return (length - minimum) % shapeLength(shapeAddress(parameter)) ? STATUS_OBJECT_SIZE : STATUS_OK;
    case REST_TEXT:
      return textFits(shape, start, length - minimum) ? STATUS_OK : STATUS_OBJECT_CONTENT;
    case REST_ITEMS:
      return itemsFit(familyAddress(parameter), from, to, depth) ? STATUS_OK : STATUS_OBJECT_CONTENT;
    case REST_OBJECTS:
      return objectsFit(from, to, depth + 1) ? STATUS_OK : STATUS_OBJECT_CONTENT;
    default:
      return STATUS_OK;
  }
}

function textFits(shape: usize, start: usize, room: u32): bool {
  let field = shapeFields(shape);
  for (let i = shapeFieldCount(shape); i > 0; --i) {
    if (fieldMode(field) == MODE_HIDDEN && fieldNumber(field, start) > room) return false;
    field += FIELD_BYTES;
  }
  return true;
}

// Items of unknown types are let pass: families grow.
function itemsFit(family: usize, from: usize, to: usize, depth: u32): bool {
  const header = familyHeader(family);
  while (from < to) {
    const left = <u32> (to - from);
    if (left < header) return false;
    const length = itemLength(family, from);
    if (length < header || length > left) return false;
    const item = findItem(family, itemType(family, from));
    if (item && structure(itemShape(item), from, length, depth) != STATUS_OK) return false;
    from += length;
    if (familyPads(family)) from += paddingOf(length);
  }
  return true;
}

function objectsFit(from: usize, to: usize, depth: u32): bool {
  if (depth > MAXIMUM_DEPTH) return false;
  while (from < to) {
    const left = <u32> (to - from);
    if (left < 4) return false;
    const length = objectLength(from);
    if (length < 4 || (length & 3) || length > left) return false;
    const status = objectStructure(from, length, depth);
    if (status == STATUS_OBJECT_SIZE || status == STATUS_OBJECT_CONTENT) return false;
    from += length;
  }
  return true;
}
