/** How names of the catalogue become names of types, functions and constants; shared by the parts of the generator. */
import type { Body, Field, FieldType, ObjectDescription } from "../../catalogue/schema.ts";

/** `LSP_TUNNEL_IPv4` to `LspTunnelIPv4`; words that have lower case letters are kept as they are. */
export function pascal(name: string): string {
  return name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "").map((word) =>
    /[a-z]/.test(word) ? word[0].toUpperCase() + word.slice(1) : word[0] + word.slice(1).toLowerCase()
  ).join("");
}

/** `LspTunnelIPv4` to `LspTunnelIpv4`, for names in AssemblyScript. */
const tame = (name: string) => name.replaceAll("IPv", "Ipv");
const lowerFirst = (name: string) => name[0].toLowerCase() + name.slice(1);
export const upperFirst = (name: string) => name[0].toUpperCase() + name.slice(1);

/** `SESSION` `IPv4` to `SessionIPv4`: the type of an object. */
export const typeName = (object: ObjectDescription) => pascal(object.name) + pascal(object.form);
/** `sessionIpv4`: how accessors of an object begin. */
export const accessorName = (object: ObjectDescription) => lowerFirst(tame(typeName(object)));
/** `SESSION_IPV4`: how constants of an object begin. */
export const constantName = (object: ObjectDescription) =>
  `${object.name} ${object.form}`.trim().replace(/[^A-Za-z0-9]+/g, "_").toUpperCase();
/** `destinationPort` to `DESTINATION_PORT`. */
export const constantCase = (name: string) => name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase();

const SIZES: Record<string, number> = { u8: 1, u16: 2, u24: 3, u32: 4, u64: 8, f32: 4, ipv4: 4, ipv6: 16, mac: 6 };

/** Bytes of a field; for bits, of the word that they are in. */
export function size(type: FieldType): number {
  if (typeof type === "string") return SIZES[type];
  return "bits" in type ? SIZES[type.bits] : type.bytes;
}

/** Where the fixed fields end, at least after the header. */
export function fieldsEnd(fields: readonly Field[] | undefined, header: number): number {
  return (fields ?? []).reduce((end, field) => Math.max(end, field.at + size(field.type)), header);
}

/** Bit offsets that a field covers, from the start of its structure. */
function* bitsOf(field: Field): Generator<number> {
  const { at, type } = field;
  if (typeof type === "object" && "bits" in type) {
    const top = at * 8 + size(type) * 8 - type.shift - type.width;
    for (let bit = 0; bit < type.width; bit++) yield top + bit;
  } else {
    for (let bit = at * 8; bit < (at + size(type)) * 8; bit++) yield bit;
  }
}

/**
 * Proves that the fields cover every bit from the header to `end` once, so that nothing is lost when a structure is
 * written again from its fields.
 */
export function requireCovered(what: string, fields: readonly Field[], header: number, end: number): void {
  const seen = new Map<number, string>();
  for (const field of fields) {
    for (const bit of bitsOf(field)) {
      if (bit < header * 8 && seen.size === 0 && field.at < 0) {
        throw new Error(`${what}: ${field.name} starts before 0`);
      }
      const other = seen.get(bit);
      if (other !== undefined) throw new Error(`${what}: ${field.name} and ${other} overlap at byte ${bit >> 3}`);
      seen.set(bit, field.name);
    }
  }
  for (let bit = header * 8; bit < end * 8; bit++) {
    if (!seen.has(bit)) throw new Error(`${what}: byte ${bit >> 3} bit ${7 - bit % 8} is not described`);
  }
}

/** The name of the field that a text's length is in, which is not shown. */
export function hiddenField(body: Body): string | undefined {
  return body.rest?.kind === "text" ? body.rest.lengthField : undefined;
}

/** Whether a field is left out when it holds what it should. */
export const isOptional = (field: Field) => !!field.reserved || field.constant !== undefined || !!field.lengthOf;
