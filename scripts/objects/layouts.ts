/**
 * Writes host/layouts.gen.js: every layout of the catalogue as one text, from which host/codec/layouts.ts makes what the
 * readers and writers of rare classes walk along. It is parsed when the first of them is needed.
 *
 * - `shapes`: each different layout once: `[fields, rest, variants]`; a rest is `[kind, name, ...]`, variants are shapes.
 * - `objects`: `[class, name, [[C-Type, form, shape, any], ...]]`.
 * - `families`: `[name, framing, header fields, [[type, name, shape], ...]]`.
 *
 * Fields are one text, separated by commas: `name at type mode`. The type is a name, `x12` (12 bytes) or `u16.3.5` (5 bits
 * of a word, shifted by 3); the mode is nothing, `~` (reserved), `=7` (constant), `!7` (literal) or `#4/8` (length: minus,
 * unit).
 */
import type { Body, Field, FieldType, ItemFamily, ObjectDescription, Rest } from "../../catalogue/schema.ts";

function typeText(type: FieldType): string {
  if (typeof type === "string") return type;
  return "bits" in type ? `${type.bits}.${type.shift}.${type.width}` : `x${type.bytes}`;
}

function modeText(field: Field): string {
  const { lengthOf, reserved, constant, literal } = field;
  if (lengthOf) return ` #${lengthOf.minus}/${lengthOf.unit}`;
  if (constant !== undefined) return ` =${constant}`;
  if (reserved) return " ~";
  return literal !== undefined ? ` !${literal}` : "";
}

function fieldText(field: Field): string {
  const { name, at, lengthOf, reserved, constant, literal } = field;
  // A field is one of these at most, so that the readers and writers agree on which of them comes first.
  if ([lengthOf, reserved, constant, literal].filter((each) => each !== undefined).length > 1) {
    throw new Error(`${name}: is more than one of reserved, constant, literal and a length`);
  }
  return `${name} ${at} ${typeText(field.type)}${modeText(field)}`;
}

const fieldsText = (fields: readonly Field[] | undefined) => (fields ?? []).map(fieldText).join();

function restData(rest: Rest): (string | number)[] {
  const { kind, name } = rest;
  switch (rest.kind) {
    case "text":
      return rest.lengthField === undefined ? [kind, name] : [kind, name, rest.lengthField];
    case "values":
      return [kind, name, typeText(rest.type)];
    case "records":
      if (rest.fields.some((field) => field.lengthOf)) throw new Error(`${name}: a record has no length of its own`);
      return [kind, name, fieldsText(rest.fields), rest.length];
    case "items":
      return [kind, name, rest.family];
    default:
      return [kind, name];
  }
}

type ShapeData = [fields: string, rest?: (string | number)[] | 0, variants?: number[]];

/** Layouts, each once. */
class Shapes {
  readonly texts: string[] = [];

  add(body: Body): number {
    const data: ShapeData = [fieldsText(body.fields)];
    if (body.rest) data[1] = restData(body.rest);
    if (body.variants) data[2] = body.variants.map(({ fields }) => this.add({ fields }));
    const text = JSON.stringify(data);
    const known = this.texts.indexOf(text);
    return known >= 0 ? known : this.texts.push(text) - 1;
  }
}

function objectsData(objects: readonly ObjectDescription[], shapes: Shapes): string[] {
  const byClass = new Map<number, { name: string; types: (string | number)[][] }>();
  for (const object of objects) {
    const entry = byClass.get(object.class) ?? { name: object.name, types: [] };
    const type = [object.ctype, object.form, shapes.add(object)];
    if (entry.name !== object.name) throw new Error(`class ${object.class} is called ${entry.name} and ${object.name}`);
    if (entry.types.some(([, form]) => form === object.form)) {
      throw new Error(`${object.name} has two forms "${object.form}"`);
    }
    entry.types.push(object.anyCType ? [...type, 1] : type);
    byClass.set(object.class, entry);
  }
  const names = [...byClass.values()].map(({ name }) => name);
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double !== undefined) throw new Error(`${double} is the name of two classes`);
  return [...byClass].map(([number, { name, types }]) => JSON.stringify([number, name, types]));
}

function familyData(family: ItemFamily, shapes: Shapes): string {
  const { headerLength, typeAt, typeBytes, typeMask, lengthAt, lengthBytes, lengthUnit, lengthCounts, padTo } =
    family.framing;
  const mask = typeMask ?? (typeBytes === 1 ? 0xff : 0xffff);
  const framing = [headerLength, typeAt, typeBytes, mask, lengthAt, lengthBytes, lengthUnit];
  framing.push(lengthCounts === "body" ? 1 : 0, padTo === undefined ? 0 : 1);
  const items = family.items.map((item) => [item.type, item.name, shapes.add(item)]);
  return JSON.stringify([family.name, framing, fieldsText(family.headerFields), items]);
}

export function layoutsText(objects: readonly ObjectDescription[], families: readonly ItemFamily[]): string {
  const shapes = new Shapes();
  const objectTexts = objectsData(objects, shapes);
  const familyTexts = families.map((family) => familyData(family, shapes));
  const json = `{"shapes":[\n${shapes.texts.join(",\n")}\n],"objects":[\n${objectTexts.join(",\n")}\n],"families":[\n${
    familyTexts.join(",\n")
  }\n]}`;
  if (/[`\\$]/.test(json)) throw new Error("a name in the catalogue would have to be escaped");
  return [
    "// Generated by scripts/generate_objects.ts from catalogue/objects/. Do not edit.",
    "/**",
    " * Every layout of the catalogue, for host/codec/layouts.ts; scripts/objects/layouts.ts tells how to read it.",
    " * @type {string}",
    " */",
    `export const LAYOUTS_TEXT = \`${json}\`;`,
    "",
  ].join("\n");
}
