/**
 * Writes what no code has been generated for, by its layout; the counterpart of read_layout.ts. Every value is checked in
 * the order in which scripts/objects/writers.ts would have it checked.
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
} from "./layouts.ts";
import {
  appendBytes,
  appendText,
  fieldsOf,
  list,
  putBits,
  putBytes,
  putF32,
  putIpv4,
  putIpv6,
  putMac,
  putU16,
  putU24,
  putU32,
  putU64,
  putU8,
  type Writer,
} from "./write.ts";

type Values = Record<string, unknown>;

function putValue(type: ValueLayout, w: Writer, at: number, value: unknown, name: string): void {
  switch (type.kind) {
    case KIND.u8:
      return putU8(w, at, value, name);
    case KIND.u16:
      return putU16(w, at, value, name);
    case KIND.u24:
      return putU24(w, at, value, name);
    case KIND.u32:
      return putU32(w, at, value, name);
    case KIND.u64:
      return putU64(w, at, value, name);
    case KIND.f32:
      return putF32(w, at, value, name);
    case KIND.ipv4:
      return putIpv4(w, at, value, name);
    case KIND.ipv6:
      return putIpv6(w, at, value, name);
    case KIND.mac:
      return putMac(w, at, value, name);
    case KIND.bits:
      return putBits(w, at, type.size, type.shift, type.width, value, name);
    default:
      return putBytes(w, at, type.size, value, name);
  }
}

/** Fields in order; what is reserved may be missing and is zero then, what is constant may be missing too. */
function putFields(fields: readonly FieldLayout[], w: Writer, at: number, o: Values): void {
  for (const field of fields) {
    let value = o[field.name];
    if (field.mode === "#") continue;
    if (field.mode === "~" || (field.mode === "=" && field.number === 0)) {
      if (value === undefined) continue;
    } else if (field.mode === "=") value ??= field.number;
    putValue(field, w, at + field.at, value, field.name);
  }
}

function writeRest(layouts: Layouts, structure: StructureLayout, rest: RestLayout, w: Writer, at: number, o: Values) {
  const value = o[rest.name];
  switch (rest.kind) {
    case "bytes":
      return appendBytes(w, value, rest.name);
    case "items":
      return writeItems(layouts, rest.family, w, value, rest.name);
    case "objects":
      return layouts.nesting.writeObjects(w, value, rest.name);
    case "values":
      for (const each of list(w, value, rest.name)) putValue(rest.type, w, w.take(rest.type.size), each, rest.name);
      return;
    case "records":
      for (const record of list(w, value, rest.name)) {
        const fields = fieldsOf(w, record);
        const from = w.take(rest.length);
        putFields(rest.shown, w, from, fields);
        putFields(rest.odd, w, from, fields);
      }
      return;
    case "text": {
      // Where the family pads its items, the text has no padding of its own.
      const pad = structure.padsText ? o.padding : "";
      const length = appendText(w, at, value, o[`${rest.name}Bytes`], pad, rest.name);
      const { lengthField } = rest;
      if (lengthField) putValue(lengthField, w, at + lengthField.at, length, lengthField.name);
    }
  }
}

function writeShape(layouts: Layouts, structure: StructureLayout, shape: ShapeLayout, w: Writer, o: Values): void {
  // What stands before is the header, which the caller has written.
  const at = w.take(shape.minimum - structure.header) - structure.header;
  putFields(shape.shown, w, at, o);
  putFields(shape.odd, w, at, o);
  if (shape.rest) writeRest(layouts, structure, shape.rest, w, at, o);
  if (o.trailing !== undefined) appendBytes(w, o.trailing, "trailing");
  for (const field of shape.odd) {
    if (field.mode !== "#") continue;
    putValue(field, w, at + field.at, o[field.name] ?? (w.at - at - field.minus) / field.unit, field.name);
  }
}

/** Whether a value is of a variant: it has its literals, or where that has none, all of its fields. */
function isVariant(structure: StructureLayout, variant: ShapeLayout, o: Values): boolean {
  if (o[structure.general.rest!.name] !== undefined) return false;
  const literals = variant.demands.filter(({ mode }) => mode === "!");
  if (literals.length > 0) return literals.every(({ name, number }) => o[name] === number);
  return variant.shown.every(({ name }) => o[name] !== undefined);
}

/** Writes the content of an object or item, after its header. */
export function writeStructure(layouts: Layouts, structure: StructureLayout, w: Writer, o: Values): void {
  const variant = structure.writeOrder.find((shape) => isVariant(structure, shape, o));
  writeShape(layouts, structure, variant ?? structure.general, w, o);
}

/** Puts a type or length of one or two bytes. */
function putNumber(w: Writer, at: number, size: number, value: unknown, name: string): void {
  if (size === 1) putU8(w, at, value, name);
  else putU16(w, at, value, name);
}

/** Writes a run of items. */
export function writeItems(layouts: Layouts, family: FamilyLayout, w: Writer, value: unknown, field: string): void {
  const { header, typeAt, typeBytes, typeMask, lengthAt, lengthBytes, lengthUnit } = family;
  list(w, value, field).forEach((item, index) => {
    w.path.push(field, index);
    const o = fieldsOf(w, item);
    const type = o.type ?? family.types.get(String(o.name));
    const at = w.take(header);
    putBits(w, at + typeAt, typeBytes, 0, Math.log2(typeMask + 1), type, "type");
    putFields(family.headerFields, w, at, o);
    if (o.bytes !== undefined) appendBytes(w, o.bytes, "bytes");
    else {
      const structure = family.structure(type as number);
      if (structure === undefined) return w.refuse("bytes", `is missing, and type ${type} is not known`);
      writeStructure(layouts, structure, w, o);
    }
    const length = w.at - at;
    if (length % lengthUnit !== 0) w.refuse("", `has ${length} bytes, which is not a multiple of ${lengthUnit}`);
    putNumber(w, at + lengthAt, lengthBytes, (length - family.uncounted) / lengthUnit, "length");
    if (family.pads) {
      if (o.padding !== undefined) appendBytes(w, o.padding, "padding");
      else w.take(-length & 3);
    }
    w.path.pop();
    w.path.pop();
  });
}
