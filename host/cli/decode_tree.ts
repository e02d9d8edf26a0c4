/**
 * A decoded message as an indented tree for people: every object, item and field with the byte of the message where it
 * starts, its name, and its RFC section. All names, places and sections come from the catalogue.
 */
import type { Ansis } from "ansis";
import {
  FAMILY_METADATA,
  type FamilyMetadata,
  type FieldMetadata,
  FLAG_NAMES,
  OBJECT_METADATA,
  type ObjectMetadata,
  type RestMetadata,
  VALUE_NAMES,
} from "../metadata.gen.ts";
import { formatRate } from "./units.ts";

/** A decoded object, item or record. */
// deno-lint-ignore no-explicit-any
type Values = Readonly<Record<string, any>>;

/** What the content of a structure may be. */
type Body = Pick<ObjectMetadata, "fields" | "rest" | "variants">;

/** Members that a structure's own line shows, or that its field lines do not repeat. */
const SHOWN_ABOVE = new Set(["name", "class", "ctype", "form", "offset", "length", "type", "malformed", "bytes"]);
/** Opaque bytes are cut after so many; JSON has them all. */
const MAXIMUM_HEX = 64;
const OFFSET_WIDTH = 5;

/** Writes the tree of one message. */
export class TreeWriter {
  readonly #style: Ansis;
  readonly #bytes: Uint8Array;
  readonly #lines: string[] = [];

  constructor(bytes: Uint8Array, style: Ansis) {
    this.#bytes = bytes;
    this.#style = style;
  }

  /** The lines of the objects of a message. */
  objects(objects: readonly Values[], depth = 0): string[] {
    for (const object of objects) this.#object(object, depth);
    return this.#lines;
  }

  #line(offset: number | undefined, depth: number, text: string): void {
    const place = offset === undefined ? " ".repeat(OFFSET_WIDTH) : String(offset).padStart(OFFSET_WIDTH);
    this.#lines.push(`${this.#style.dim(place)}  ${"  ".repeat(depth)}${text}`);
  }

  #object(object: Values, depth: number): void {
    const description = OBJECT_METADATA[`${object.class}/${object.ctype}`] ?? OBJECT_METADATA[`${object.class}/*`];
    const form = object.form ? ` ${object.form}` : "";
    const number = this.#style.dim(`class ${object.class} C-Type ${object.ctype}, ${object.length} bytes`);
    const rfc = description ? this.#style.dim(`  ${description.rfc}`) : "";
    this.#line(object.offset, depth, `${this.#style.cyan(object.name)}${form}  ${number}${rfc}`);
    this.#content(object, description, object.offset, 4, depth + 1);
  }

  /** The fields of a structure that starts at `start` with a header of `header` bytes. */
  #content(
    value: Values,
    body: Body | undefined,
    start: number | undefined,
    header: number,
    depth: number,
    headerFields: readonly FieldMetadata[] = [],
  ): void {
    if (value.malformed !== undefined) this.#line(undefined, depth, this.#style.red(`malformed: ${value.malformed}`));
    if (value.bytes !== undefined && value.bytes !== "") {
      this.#line(start === undefined ? undefined : start + header, depth, `bytes  ${cutHex(value.bytes)}`);
    }
    // A variant is told by its exact length; names that it shares with the general shape stand in the same place.
    const variants = (body?.variants ?? []).filter(({ length }) => length === value.length);
    const fields = [...headerFields, ...variants.flatMap((variant) => variant.fields), ...(body?.fields ?? [])];
    const rest = body?.rest;
    for (const [key, member] of Object.entries(value)) {
      if (SHOWN_ABOVE.has(key) || member === undefined) continue;
      if (rest?.name === key) {
        this.#rest(value, rest, start, restStart(body!, header), depth);
        continue;
      }
      const field = fields.find(({ name }) => name === key);
      const at = field && start !== undefined ? start + field.at : undefined;
      this.#line(at, depth, `${key}  ${formatValue(member, field, value)}`);
    }
  }

  #rest(value: Values, rest: RestMetadata, start: number | undefined, from: number, depth: number): void {
    const content = value[rest.name];
    const at = start === undefined ? undefined : start + from;
    switch (rest.kind) {
      case "bytes":
        return this.#line(at, depth, `${rest.name}  ${cutHex(content)}`);
      case "text":
        return this.#line(at, depth, `${rest.name}  ${JSON.stringify(content)}`);
      case "values": {
        const names = rest.names ? VALUE_NAMES[rest.names] : undefined;
        const texts = (content as (string | number)[]).map((one) => withName(one, names?.[one as number]));
        return this.#line(at, depth, `${rest.name}  ${texts.join(", ") || "none"}`);
      }
      case "records":
        return (content as Values[]).forEach((record, index) => {
          const place = at === undefined ? undefined : at + index * (rest.length ?? 0);
          this.#line(place, depth, `${rest.name}[${index}]`);
          this.#content(record, { fields: rest.fields ?? [] }, place, 0, depth + 1);
        });
      case "items":
        return this.#items(content, FAMILY_METADATA[rest.family ?? ""], at, depth);
      case "objects":
        return void this.objects(content, depth);
    }
  }

  #items(items: readonly Values[], family: FamilyMetadata | undefined, from: number | undefined, depth: number): void {
    let at = from;
    for (const item of items) {
      const description = family?.items[item.type];
      const rfc = description ? this.#style.dim(`  ${description.rfc}`) : "";
      this.#line(at, depth, `${this.#style.green(item.name)}  ${this.#style.dim(`type ${item.type}`)}${rfc}`);
      const header = family?.framing.headerLength ?? 0;
      this.#content(item, description, at, header, depth + 1, family?.headerFields);
      if (at !== undefined && family) at = nextItem(this.#bytes, at, family.framing);
    }
  }
}

/** Where the rest of a structure starts: after its header and its fixed fields. */
function restStart(body: Body, header: number): number {
  return body.fields.reduce((end, field) => Math.max(end, field.at + field.bytes), header);
}

/** Where the next item starts. The decoder has checked the framing; a place that is not one ends the numbering. */
function nextItem(bytes: Uint8Array, at: number, framing: FamilyMetadata["framing"]): number | undefined {
  let length = 0;
  for (let index = 0; index < framing.lengthBytes; index++) {
    length = length << 8 | bytes[at + framing.lengthAt + index];
  }
  length = length * framing.lengthUnit + (framing.lengthCounts === "body" ? framing.headerLength : 0);
  if (framing.padTo) length += -length & 3;
  return length > 0 && at + length <= bytes.length ? at + length : undefined;
}

function cutHex(hex: string): string {
  const bytes = hex.length / 2;
  return bytes > MAXIMUM_HEX ? `${hex.slice(0, 2 * MAXIMUM_HEX)}... (${bytes} bytes)` : hex;
}

function withName(value: string | number, name: string | undefined): string {
  return name === undefined ? String(value) : `${value} (${name})`;
}

function flagNames(value: number, names: Readonly<Record<number, string>>): string {
  const set = Object.entries(names).filter(([bit]) => (value & Number(bit)) !== 0).map(([, name]) => name);
  return `0x${value.toString(16).padStart(2, "0")}${set.length > 0 ? ` (${set.join(", ")})` : ""}`;
}

function formatValue(member: unknown, field: FieldMetadata | undefined, siblings: Values): string {
  if (typeof member !== "number") return typeof member === "string" ? member : JSON.stringify(member);
  if (field?.flags) return flagNames(member, FLAG_NAMES[field.flags] ?? {});
  if (field?.names) {
    const enumeration = field.namesBy ? `${field.names}:${siblings[field.namesBy]}` : field.names;
    return withName(member, VALUE_NAMES[enumeration]?.[member]);
  }
  if (field?.name.endsWith("BytesPerSecond") && member >= 1000) return `${member} (${formatRate(member)})`;
  return String(member);
}
