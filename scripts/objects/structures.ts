/** Turns objects and items of the catalogue into one kind of structure, checked, for the parts that write code. */
import type { Body, Field, ItemDescription, ItemFamily, ObjectDescription, Rest } from "../../catalogue/schema.ts";
import { fieldsEnd, hiddenField, isOptional, pascal, requireCovered, typeName } from "./naming.ts";

/** The first members of every decoded object, as source text: what its header says and where it stands. */
export function objectIntroTypes(types: { name: string; number: string; ctype: string; form?: string }): string[] {
  return [
    "/** Name of the class, as in the registry of class numbers; `UNKNOWN` if it is not there. */",
    `name: ${types.name};`,
    "/** Class-Num of the object header (RFC 2205 3.1.2). */",
    `class: ${types.number};`,
    "/** C-Type of the object header (RFC 2205 3.1.2): which form of the class it is. */",
    `ctype: ${types.ctype};`,
    ...(types.form === undefined ? [] : [
      "/** Name of the C-Type, which tells it from the others of its class; empty where there is only one. */",
      `form: ${types.form};`,
    ]),
    "/** Byte of the message at which the object starts. Not read when encoding. */",
    "offset: number;",
    "/** Bytes on the wire, object header included. Computed when encoding. */",
    "length: number;",
  ];
}

/** The first members of every decoded item of a list. */
export function itemIntroTypes(name: string, type: string): string[] {
  return [
    "/** Name of the type of item; `UNKNOWN` if it is not in the catalogue. */",
    `name: ${name};`,
    "/** Number of the type of item. */",
    `type: ${type};`,
  ];
}

/** Docstring of `bytes` where an object or item has nothing else. */
export const BYTES_DOC = "/** All that follows its header, as lower-case hex. */";

/** Docstring of the padding of an item that shows its content as bytes. */
export const PADDING_DOC = "/** Hex of padding after it that is not zero. */";

/** One shape of a structure: its general one or a variant. */
export interface Shape {
  readonly type: string;
  readonly doc: string;
  /** Fields in the order in which they are shown, without those of an item's header. */
  readonly fields: readonly Field[];
  /** Exact length, or undefined. */
  readonly length?: number;
  /** Bytes it must have. */
  readonly minimum: number;
  /** Where the rest starts. */
  readonly restAt: number;
  readonly rest?: Rest;
  readonly hidden?: string;
}

export interface Structure {
  /** What errors and types call it: `SessionIPv4`, `GeneralParameterPathMtu`. */
  readonly type: string;
  readonly name: string;
  readonly rfc: string;
  readonly doc: string;
  readonly header: number;
  /** The first members of the decoded value, as source text. */
  readonly intro: readonly string[];
  /** Their types, each after its docstring. */
  readonly introTypes: readonly string[];
  /** Fields of an item's header. */
  readonly headerFields: readonly Field[];
  readonly shape: Shape;
  readonly variants: readonly Shape[];
  /** Whether text in it is padded to a multiple of four; not where the family of items does the padding. */
  readonly padsText: boolean;
  /** For a malformed one: the call that makes it, with REASON for the reason. */
  readonly malformed: string;
}

function shapeOf(what: string, type: string, doc: string, body: Body, header: number): Shape {
  const fields = body.fields ?? [];
  const end = fieldsEnd(fields, header);
  const hidden = hiddenField(body);
  const lengthField = fields.find((field) => field.name === hidden);
  if (hidden !== undefined && !lengthField) throw new Error(`${what}: no field ${hidden} for the length of its text`);
  if (body.length !== undefined && body.rest) throw new Error(`${what}: has an exact length and a rest`);
  if (body.length !== undefined && body.length !== end) {
    throw new Error(`${what}: is ${body.length} bytes long but its fields end at ${end}`);
  }
  requireCovered(what, fields, header, end);
  const names = fields.map((field) => field.name).concat(body.rest?.name ?? []);
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double !== undefined) throw new Error(`${what}: two fields are called ${double}`);
  return { type, doc, fields, length: body.length, minimum: end, restAt: end, rest: body.rest, hidden };
}

/** Names that fields of the catalogue must not take. */
const TAKEN = new Set([
  "name",
  "class",
  "ctype",
  "form",
  "offset",
  "length",
  "bytes",
  "malformed",
  "trailing",
  "padding",
  "type",
]);

function requireFree(what: string, shapes: readonly Shape[], headerFields: readonly Field[]): void {
  for (const shape of shapes) {
    for (const name of [...shape.fields, ...headerFields].map((field) => field.name).concat(shape.rest?.name ?? [])) {
      if (TAKEN.has(name)) throw new Error(`${what}: a field must not be called ${name}`);
    }
  }
}

function variantsOf(what: string, type: string, body: Body, header: number): Shape[] {
  const variants = body.variants ?? [];
  if (variants.length > 0 && !body.rest) {
    throw new Error(`${what}: has variants but no rest to tell its general shape by`);
  }
  return variants.map((variant) =>
    shapeOf(`${what} ${variant.name}`, type + variant.name, variant.doc, variant, header)
  );
}

export function objectStructure(object: ObjectDescription): Structure {
  const type = typeName(object), what = `${object.name} ${object.form}`.trim();
  const shape = shapeOf(what, type, object.doc, object, 4);
  const variants = variantsOf(what, type, object, 4);
  requireFree(what, [shape, ...variants], []);
  const ctype = object.anyCType ? "b[at + 3]" : String(object.ctype);
  const form = JSON.stringify(object.form);
  return {
    type,
    name: object.name,
    rfc: object.rfc,
    doc: object.doc,
    header: 4,
    headerFields: [],
    padsText: true,
    shape,
    variants,
    intro: [
      `name: "${object.name}"`,
      `class: ${object.class}`,
      `ctype: ${ctype}`,
      `form: ${form}`,
      "offset: at - base",
      "length",
    ],
    introTypes: objectIntroTypes({
      name: JSON.stringify(object.name),
      number: String(object.class),
      ctype: object.anyCType ? "number" : ctype,
      form,
    }),
    malformed: `malformedObject("${object.name}", ${form}, b, at, length, base, REASON)`,
  };
}

export const itemTypeName = (family: ItemFamily, item: ItemDescription) =>
  upper(pascal(family.name)) + pascal(item.name);
const upper = (name: string) => name[0].toUpperCase() + name.slice(1);

/** The fields of an item's header as if they were all fields, to prove that the header is described wholly. */
function requireHeaderCovered(family: ItemFamily): void {
  const { typeAt, typeBytes, typeMask, lengthAt, lengthBytes, headerLength } = family.framing;
  const word = (bytes: 1 | 2) => bytes === 1 ? "u8" as const : "u16" as const;
  const width = typeMask === undefined ? typeBytes * 8 : Math.log2(typeMask + 1);
  if (!Number.isInteger(width)) throw new Error(`${family.name}: typeMask is not a run of low bits`);
  requireCovered(
    `header of ${family.name}`,
    [
      { name: "type", at: typeAt, type: { bits: word(typeBytes), shift: 0, width }, doc: "" },
      { name: "length", at: lengthAt, type: word(lengthBytes), doc: "" },
      ...family.headerFields ?? [],
    ],
    0,
    headerLength,
  );
}

export function itemStructures(family: ItemFamily): Structure[] {
  requireHeaderCovered(family);
  const header = family.framing.headerLength;
  return family.items.map((item) => {
    const type = itemTypeName(family, item), what = `${family.name} ${item.name}`;
    const shape = shapeOf(what, type, item.doc, item, header);
    const variants = variantsOf(what, type, item, header);
    const headerFields = family.headerFields ?? [];
    requireFree(what, [shape, ...variants], headerFields);
    return {
      type,
      name: item.name,
      rfc: item.rfc,
      doc: item.doc,
      header,
      headerFields,
      padsText: family.framing.padTo === undefined,
      shape,
      variants,
      intro: [`name: "${item.name}"`, `type: ${item.type}`],
      introTypes: itemIntroTypes(JSON.stringify(item.name), String(item.type)),
      malformed: `bare${pascal(family.name)}("${item.name}", ${item.type}, b, v, at, length, REASON)`,
    };
  });
}

/** The fields that are always shown, and those shown only when odd. */
export function splitFields(shape: Shape, headerFields: readonly Field[]): { shown: Field[]; odd: Field[] } {
  const fields = [...headerFields, ...shape.fields].filter((field) => field.name !== shape.hidden);
  return { shown: fields.filter((field) => !isOptional(field)), odd: fields.filter(isOptional) };
}
