/**
 * Reads what no code has been generated for, by its layout: the one interpreter of catalogue/schema.ts in the host. It does
 * what scripts/objects/readers.ts would write, field by field; tests hold the two against each other.
 */
import {
  type FamilyLayout,
  type FieldLayout,
  KIND,
  type Layouts,
  type RestLayout,
  type ShapeLayout,
  type StructureLayout,
  type ValueLayout,
  whyTooShort,
} from "./layouts.ts";
import { f32, hex, ipv4, ipv6, mac, oddPadding, padding, textEnd, u64, utf8 } from "./read.ts";

type Values = Record<string, unknown>;

/** Where what is being read stands: `v` sees the same bytes as `b`, from the same start; the message starts at `base`. */
interface Place {
  readonly layouts: Layouts;
  readonly b: Uint8Array;
  readonly v: DataView;
  readonly base: number;
  readonly depth: number;
}

/** An unsigned integer of 1, 2 or 4 bytes. */
function word(b: Uint8Array, v: DataView, size: number, at: number): number {
  return size === 1 ? b[at] : size === 2 ? v.getUint16(at) : v.getUint32(at);
}

function readValue(type: ValueLayout, b: Uint8Array, v: DataView, at: number): number | string {
  switch (type.kind) {
    case KIND.u8:
      return b[at];
    case KIND.u16:
      return v.getUint16(at);
    case KIND.u24:
      return b[at] << 16 | v.getUint16(at + 1);
    case KIND.u32:
      return v.getUint32(at);
    case KIND.u64:
      return u64(v, at);
    case KIND.f32:
      return f32(v, at);
    case KIND.ipv4:
      return ipv4(b, at);
    case KIND.ipv6:
      return ipv6(b, at);
    case KIND.mac:
      return mac(b, at);
    case KIND.bits:
      return (word(b, v, type.size, at) >>> type.shift & type.mask) >>> 0;
    default:
      return hex(b, at, at + type.size);
  }
}

function readShown(fields: readonly FieldLayout[], o: Values, b: Uint8Array, v: DataView, at: number): void {
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index];
    o[field.name] = readValue(field, b, v, at + field.at);
  }
}

/** Fields that are shown only where they do not hold what they should. */
function readOdd(fields: readonly FieldLayout[], o: Values, b: Uint8Array, v: DataView, at: number, length: number) {
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index];
    const value = readValue(field, b, v, at + field.at);
    const usual = field.mode === "#" ? (length - field.minus) / field.unit : field.usual;
    if (value !== usual) o[field.name] = value;
  }
}

/** Whether a variant has this length and every value that it demands. */
function fits(variant: ShapeLayout, b: Uint8Array, v: DataView, at: number, length: number): boolean {
  if (length !== variant.minimum) return false;
  return variant.demands.every((field) => readValue(field, b, v, at + field.at) === field.number);
}

/** Text after its rest: `<name>` or `<name>Bytes`, and its padding or what trails it. */
function readText(
  structure: StructureLayout,
  rest: RestLayout & { kind: "text" },
  o: Values,
  b: Uint8Array,
  at: number,
  textTo: number,
  end: number,
): void {
  const from = at + structure.general.minimum;
  const text = utf8(b, from, textTo);
  if (text !== undefined) o[rest.name] = text;
  else o[`${rest.name}Bytes`] = hex(b, from, textTo);
  if (structure.padsText) {
    const pad = oddPadding(b, textTo, end, padding(textTo - at));
    if (pad !== undefined) o.padding = pad;
  } else if (textTo < end) o.trailing = hex(b, textTo, end);
}

/** Reads the rest into `o`; returns where it ends, or why it is malformed. A text is read after the odd fields. */
function readRest(rest: RestLayout, place: Place, o: Values, from: number, end: number): number | string {
  const { layouts, b, v, base, depth } = place;
  switch (rest.kind) {
    case "bytes":
      o[rest.name] = hex(b, from, end);
      return end;
    case "items":
    case "objects": {
      const list = rest.kind === "items"
        ? readItems(layouts, rest.family, b, v, from, end, base, depth)
        : layouts.nesting.readObjects(b, v, from, end, base, depth + 1);
      if (typeof list === "string") return list;
      o[rest.name] = list;
      return end;
    }
    case "values": {
      const values: (number | string)[] = [], size = rest.type.size;
      for (; from + size <= end; from += size) values.push(readValue(rest.type, b, v, from));
      o[rest.name] = values;
      return from;
    }
    case "records": {
      const records: Values[] = [];
      for (; from + rest.length <= end; from += rest.length) {
        const record: Values = {};
        readShown(rest.shown, record, b, v, from);
        readOdd(rest.odd, record, b, v, from, rest.length);
        records.push(record);
      }
      o[rest.name] = records;
      return from;
    }
    case "text":
      return end;
  }
}

/** Adds the fields of a structure to `o`, which has its first members; returns why it is malformed, if it is. */
function readStructure(
  structure: StructureLayout,
  place: Place,
  o: Values,
  at: number,
  length: number,
): string | undefined {
  const { b, v, base } = place;
  for (const variant of structure.variants) {
    if (!fits(variant, b, v, at, length)) continue;
    readShown(structure.headerShown, o, b, v, at);
    readShown(variant.shown, o, b, v, at);
    readOdd(structure.headerOdd, o, b, v, at, length);
    readOdd(variant.odd, o, b, v, at, length);
    return undefined;
  }
  const { minimum, shown, odd, rest } = structure.general;
  if (length < minimum) return whyTooShort(structure, at - base, length);
  const from = at + minimum, end = at + length;
  let textTo = end;
  if (rest?.kind === "text") {
    const { lengthField } = rest;
    if (lengthField !== undefined) textTo = from + Number(readValue(lengthField, b, v, at + lengthField.at));
    else if (structure.padsText) textTo = textEnd(b, from, end);
    if (lengthField !== undefined && textTo > end) {
      const says = `says ${textTo - from} bytes, ${length - minimum} are left`;
      return `${lengthField.name} at ${at - base + lengthField.at}: ${says}`;
    }
  }
  readShown(structure.headerShown, o, b, v, at);
  readShown(shown, o, b, v, at);
  const restTo = rest === undefined ? from : readRest(rest, place, o, from, end);
  if (typeof restTo === "string") return restTo;
  readOdd(structure.headerOdd, o, b, v, at, length);
  readOdd(odd, o, b, v, at, length);
  if (rest?.kind === "text") readText(structure, rest, o, b, at, textTo, end);
  else if (restTo < end) o.trailing = hex(b, restTo, end);
  return undefined;
}

/** Reads an object by its layout; undefined if the catalogue has none for its class and C-Type. */
export function readObjectByLayout(
  layouts: Layouts,
  b: Uint8Array,
  v: DataView,
  at: number,
  length: number,
  base: number,
  depth: number,
): Values | undefined {
  const number = b[at + 2], ctype = b[at + 3];
  const structure = layouts.object(number, ctype);
  if (structure === undefined) return undefined;
  const { name, form } = structure;
  const o: Values = { name, class: number, ctype, form, offset: at - base, length };
  const malformed = readStructure(structure, { layouts, b, v, base, depth }, o, at, length);
  if (malformed === undefined) return o;
  return { name, class: number, ctype, form, offset: at - base, length, malformed, bytes: hex(b, at + 4, at + length) };
}

/** What is kept of an item that is unknown or does not fit. */
function bareItem(
  family: FamilyLayout,
  name: string,
  type: number,
  b: Uint8Array,
  v: DataView,
  at: number,
  length: number,
  malformed?: string,
): Values {
  const o: Values = { name, type };
  readShown(family.headerShown, o, b, v, at);
  o.bytes = hex(b, at + family.header, at + length);
  readOdd(family.headerOdd, o, b, v, at, length);
  if (malformed !== undefined) o.malformed = malformed;
  return o;
}

/** Reads a run of items, or says where its framing breaks. */
export function readItems(
  layouts: Layouts,
  family: FamilyLayout,
  b: Uint8Array,
  v: DataView,
  from: number,
  to: number,
  base: number,
  depth: number,
): Values[] | string {
  const { header, lengthAt } = family;
  const place: Place = { layouts, b, v, base, depth };
  const items: Values[] = [];
  let at = from;
  while (at < to) {
    const left = to - at;
    if (left < header) {
      return `${family.name} at ${at - base}: its header needs ${header} bytes, ${left} are left`;
    }
    const type = word(b, v, family.typeBytes, at + family.typeAt) & family.typeMask;
    const length = word(b, v, family.lengthBytes, at + lengthAt) * family.lengthUnit + family.uncounted;
    if (length < header) {
      return `${family.name} length at ${at - base + lengthAt}: ${length} is less than its header`;
    }
    if (length > left) {
      return `${family.name} length at ${at - base + lengthAt}: says ${length} bytes, ${left} are left`;
    }
    const structure = family.structure(type);
    let item: Values;
    if (structure === undefined) item = bareItem(family, "UNKNOWN", type, b, v, at, length);
    else {
      item = { name: structure.name, type };
      const malformed = readStructure(structure, place, item, at, length);
      if (malformed !== undefined) item = bareItem(family, structure.name, type, b, v, at, length, malformed);
    }
    at += length;
    if (family.pads) {
      const padTo = Math.min(to, at + padding(length));
      const pad = oddPadding(b, at, padTo, padding(length));
      if (pad !== undefined) item.padding = pad;
      at = padTo;
    }
    items.push(item);
  }
  return items;
}
