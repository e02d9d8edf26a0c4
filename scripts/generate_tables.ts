/**
 * Packs the catalogue into the tables by which the engine checks objects and prints them (engine-as/wire/check.ts,
 * engine-as/wire/ndjson.ts): engine-as/tables.gen.ts. Little-endian, no pointers, strings shared in one pool.
 *
 * - POOL: strings, each a length byte and its bytes.
 * - FIELDS, 8 bytes: name u16, at u8, kind u8, shift u8, width u8, mode u8, parameter u8.
 * - SHAPES, 16 bytes: first field u16, field count u8, rest kind u8, minimum length u16, exact length u16 (0: any), rest
 *   name u16, rest parameter u16, flags u8, variant count u8, zero u16. The variants of a shape follow it; they have no
 *   rest, and in its place the first of their DEMANDS and how many there are.
 * - DEMANDS, 9 bytes: offset u8, mask and value of four bytes in the order of the wire: what selects a variant.
 * - OBJECTS, 8 bytes: class u8, C-Type u8, name u16, form u16, shape u16 (high bit: any C-Type). CLASSES: for each class the
 *   first of its objects, u16.
 * - FAMILIES, 20 bytes: header length, type at, type bytes, length at, length bytes, length unit, flags, header field
 *   count (all u8), type mask, first item, item count, first header field, name, zero (all u16). ITEMS: type, name, shape.
 * - MESSAGES, 12 bytes: type u8, flags u8, name u16, then up to eight required classes, zero-filled.
 * - CONSTANTS: what constant and literal fields hold, u32. OCTETS: 0 to 255 as decimal text, length in the last byte. PAIRS: 00 to
 *   99.
 */
import { FAMILIES, MESSAGES, OBJECTS } from "../catalogue/index.ts";
import type { Body, Field, FieldType, ItemFamily, Rest, Variant } from "../catalogue/schema.ts";
import { STATUSES } from "../catalogue/status.ts";
import { FIXED_TEXTS } from "./objects/fixed_texts.ts";
import { fieldsEnd, hiddenField, size } from "./objects/naming.ts";

const KINDS = ["u8", "u16", "u24", "u32", "u64", "f32", "ipv4", "ipv6", "mac", "bitsU8", "bitsU16", "bitsU32", "bytes"];
const MODES = { SHOWN: 0, RESERVED: 1, LENGTH_OF: 2, HIDDEN: 3, LITERAL: 4, MATCHED: 5 };
const RESTS = ["none", "bytes", "text", "values", "records", "items", "objects"];
const FLAG_PADS_TEXT = 1;
const DEMAND_BYTES = 9;

const pool: number[] = [];
const placed = new Map<string, number>();
function text(string: string): number {
  const known = placed.get(string);
  if (known !== undefined) return known;
  const bytes = new TextEncoder().encode(string);
  if (bytes.length > 255) throw new Error(`too long for the pool: ${string}`);
  const at = pool.length;
  pool.push(bytes.length, ...bytes);
  placed.set(string, at);
  return at;
}

function kindOf(type: FieldType): [kind: number, shift: number, width: number] {
  if (typeof type === "string") return [KINDS.indexOf(type), 0, 0];
  if ("bytes" in type) return [KINDS.indexOf("bytes"), 0, type.bytes];
  return [KINDS.indexOf(`bits${type.bits.toUpperCase()}`), type.shift, type.width];
}

const constants: number[] = [0];
function constant(value: number): number {
  const known = constants.indexOf(value);
  if (known >= 0) return known;
  return constants.push(value) - 1;
}

const le16 = (value: number) => [value & 255, value >> 8];
const fields: number[] = [];
function packField(field: Field, hidden: string | undefined, variant: boolean): number[] {
  const [kind, shift, width] = kindOf(field.type);
  let mode = MODES.SHOWN, parameter = 0, first = shift;
  if (field.name === hidden) mode = MODES.HIDDEN;
  else if (variant && (field.literal ?? field.constant) !== undefined) {
    mode = field.literal !== undefined ? MODES.LITERAL : MODES.MATCHED;
    parameter = constant((field.literal ?? field.constant)!);
  } else if (field.lengthOf) {
    // A counted length is never made of bits, so their place is free for the unit.
    if (kind > 3) throw new Error(`${field.name}: lengthOf on a field that is no whole number`);
    [mode, parameter, first] = [MODES.LENGTH_OF, field.lengthOf.minus, field.lengthOf.unit];
  } else if (field.reserved || field.constant !== undefined) {
    [mode, parameter] = [MODES.RESERVED, constant(field.constant ?? 0)];
  }
  if (field.at > 255) throw new Error(`${field.name}: offset ${field.at} does not fit a byte`);
  return [...le16(text(`,"${field.name}":`)), field.at, kind, first, width, mode, parameter];
}

/** Runs of equal entries are stored once. */
const stored = new Map<string, number>();
function store(table: number[], entry: number, run: readonly number[], name: string): number {
  const key = name + run.join();
  const known = stored.get(key);
  if (known !== undefined) return known;
  const first = table.length / entry;
  stored.set(key, first);
  table.push(...run);
  return first;
}
function packFields(list: readonly Field[], hidden?: string, variant = false): number {
  return store(fields, 8, list.flatMap((field) => packField(field, hidden, variant)), "fields");
}

const demands: number[] = [];
/** What the literals and constants of a variant demand, as masked words of four bytes; returns the first and how many. */
function packDemands(variant: Variant): [first: number, count: number] {
  const masks = new Uint8Array(variant.length + 4), values = new Uint8Array(variant.length + 4);
  for (const field of variant.fields) {
    const value = field.literal ?? field.constant;
    if (value === undefined) continue;
    const bytes = size(field.type);
    const [, shift, width] = kindOf(field.type);
    const mask = width === 0 ? 2 ** (8 * bytes) - 1 : (2 ** width - 1) * 2 ** shift;
    for (let index = 0; index < bytes; index++) {
      const factor = 2 ** (8 * (bytes - 1 - index));
      masks[field.at + index] |= Math.floor(mask / factor) & 255;
      values[field.at + index] |= Math.floor(value * 2 ** shift / factor) & 255;
    }
  }
  const first = demands.length / DEMAND_BYTES;
  for (let at = 0; at < variant.length; at += 4) {
    // The last word of an odd length overlaps the one before it.
    const from = Math.min(at, variant.length - 4);
    const mask = masks.slice(from, from + 4);
    if (mask.some((byte) => byte !== 0)) demands.push(from, ...mask, ...values.slice(from, from + 4));
  }
  return [first, demands.length / DEMAND_BYTES - first];
}

const shapes: number[] = [];
const families = new Map(FAMILIES.map((family, index) => [family.name, index]));

function restParameter(rest: Rest): number {
  switch (rest.kind) {
    case "values":
      return kindOf(rest.type)[0] | size(rest.type) << 8;
    case "items": {
      const index = families.get(rest.family);
      if (index === undefined) throw new Error(`no family ${rest.family}`);
      return index;
    }
    case "records":
      return packShape({ fields: rest.fields, length: rest.length }, 0, false, false);
    default:
      return 0;
  }
}

/** Packs one shape and returns its number. */
function packShape(body: Body, header: number, padsText: boolean, variant: boolean): number {
  // Records are packed first, so that the variants of a shape follow it.
  let parameter = body.rest ? restParameter(body.rest) : 0;
  let name = body.rest ? text(`,"${body.rest.name}":`) : 0;
  if (variant) [name, parameter] = packDemands(body as Variant);
  const list = body.fields ?? [];
  const first = packFields(list, hiddenField(body), variant);
  const packed = [
    ...le16(first),
    list.length,
    RESTS.indexOf(body.rest?.kind ?? "none"),
    ...le16(fieldsEnd(list, header)),
    ...le16(body.length ?? 0),
    ...le16(name),
    ...le16(parameter),
    padsText ? FLAG_PADS_TEXT : 0,
    variant ? 0 : body.variants?.length ?? 0,
    0,
    0,
  ];
  // What has variants after it, or is one of them, has its own place.
  if (!variant && !body.variants) return store(shapes, 16, packed, "shape");
  const number = shapes.length / 16;
  shapes.push(...packed);
  if (!variant) body.variants?.forEach((shape: Variant) => packShape(shape, header, padsText, true));
  return number;
}

function packObjects(): { objects: number[]; classes: number[] } {
  const objects: number[] = [], classes: number[] = [];
  for (const object of OBJECTS) {
    while (classes.length <= object.class) classes.push(objects.length / 8);
    const shape = packShape(object, 4, true, false) | (object.anyCType ? 0x8000 : 0);
    objects.push(object.class, object.ctype, ...le16(text(object.name)), ...le16(text(object.form)), ...le16(shape));
  }
  while (classes.length < 257) classes.push(objects.length / 8);
  return { objects, classes };
}

function packFamily(family: ItemFamily, items: number[]): number[] {
  const { framing } = family;
  const firstItem = items.length / 3;
  for (const item of family.items) {
    items.push(item.type, text(item.name), packShape(item, framing.headerLength, framing.padTo === undefined, false));
  }
  const flags = (framing.lengthCounts === "body" ? 1 : 0) | (framing.padTo === undefined ? 0 : 2);
  const mask = framing.typeMask ?? (framing.typeBytes === 1 ? 0xff : 0xffff);
  const header = family.headerFields ?? [];
  return [
    ...[framing.headerLength, framing.typeAt, framing.typeBytes, framing.lengthAt, framing.lengthBytes],
    ...[framing.lengthUnit, flags, header.length],
    ...[mask, firstItem, family.items.length, packFields(header), text(family.name), 0].flatMap(le16),
  ];
}

function packMessages(): number[] {
  const classOf = new Map(OBJECTS.map((object) => [object.name, object.class]));
  return MESSAGES.flatMap((message) => {
    const required = message.required.map((name) => {
      const number = classOf.get(name);
      if (number === undefined) throw new Error(`${message.name} requires ${name}, which is not in the catalogue`);
      return number;
    });
    if (required.length > 8) throw new Error(`${message.name} requires more than eight classes`);
    const flags = message.rest === "messages" ? 1 : 0;
    return [message.type, flags, ...le16(text(message.name)), ...Array.from({ length: 8 }, (_, i) => required[i] ?? 0)];
  });
}

function octets(): number[] {
  return Array.from({ length: 256 }, (_, value) => {
    const digits = [...String(value)].map((digit) => digit.charCodeAt(0));
    return [...digits, 0, 0, 0].slice(0, 3).concat(digits.length);
  }).flat();
}

/** The generated file, path to content. */
export function generateTables(): Record<string, string> {
  const out = ["// Generated by scripts/generate_tables.ts from catalogue/. Do not edit.", ""];
  const data = (name: string, type: string, values: readonly number[]) =>
    out.push(`export const ${name}: usize = memory.data<${type}>([${values.join(",")}]);`);
  for (const packed of [pool, fields, shapes, demands, constants]) packed.length = 0;
  placed.clear();
  stored.clear();
  constants.push(0);
  const { objects, classes } = packObjects();
  const items: number[] = [];
  const packedFamilies = FAMILIES.flatMap((family) => packFamily(family, items));
  const messages = packMessages();
  const fixed = Object.entries(FIXED_TEXTS).map(([name, string]) => [name, text(string)] as const);
  const statusNames = STATUSES.map((status) => text(status.name));
  if (pool.length > 65535) throw new Error("the pool exceeds 64 KB");
  // Strings are copied 16 bytes at a time, so a copy may read beyond the last one.
  data("POOL", "u8", [...pool, ...new Array(32).fill(0)]);
  data("FIELDS", "u8", fields);
  data("SHAPES", "u8", shapes);
  data("DEMANDS", "u8", demands);
  data("OBJECTS", "u8", objects);
  data("CLASSES", "u16", classes);
  data("FAMILIES", "u8", packedFamilies);
  data("ITEMS", "u16", items);
  data("MESSAGES", "u8", messages);
  data("CONSTANTS", "u32", constants);
  data("OCTETS", "u8", octets());
  data(
    "PAIRS",
    "u8",
    Array.from({ length: 100 }, (_, value) => [0x30 + (value - value % 10) / 10, 0x30 + value % 10]).flat(),
  );
  data("STATUS_NAMES", "u16", STATUSES.flatMap((status, index) => [status.code, statusNames[index]]));
  out.push(
    `export const MESSAGE_COUNT: u32 = ${MESSAGES.length};`,
    `export const STATUS_COUNT: u32 = ${STATUSES.length};`,
  );
  KINDS.forEach((kind, index) => out.push(`export const KIND_${kind.toUpperCase()}: u32 = ${index};`));
  RESTS.forEach((kind, index) => out.push(`export const REST_${kind.toUpperCase()}: u32 = ${index};`));
  for (const [name, value] of Object.entries(MODES)) out.push(`export const MODE_${name}: u32 = ${value};`);
  out.push(`export const SHAPE_PADS_TEXT: u32 = ${FLAG_PADS_TEXT};`);
  for (const [name, at] of fixed) out.push(`export const TEXT_${name}: u32 = ${at};`);
  return { "engine-as/tables.gen.ts": out.join("\n") + "\n" };
}

if (import.meta.main) {
  for (const [path, content] of Object.entries(generateTables())) {
    await Deno.writeTextFile(new URL(`../${path}`, import.meta.url), content);
  }
}
