/** Writes engine-as/accessors.gen.ts: class and C-Type numbers, and loads and stores of fixed fields. */
import type { Body, Field, FieldType, ItemFamily, ObjectDescription } from "../../catalogue/schema.ts";
import { accessorName, constantCase, constantName, fieldsEnd, pascal, size, upperFirst } from "./naming.ts";

/** The engine's protocol reads the objects of these; the codec needs tables only. */
const PROCESSED = /^RFC (2205|2210|2745|2747|2750|2961)\b/;
/** Families of items that it reads (RFC 2750, RFC 3182). */
const PROCESSED_FAMILIES: ReadonlySet<string> = new Set(["POLICY_ELEMENT", "AUTHENTICATION"]);

/** The expression that loads a field, or undefined where a pointer is handed out instead. */
function load(type: FieldType, at: number): { type: string; text: string } {
  if (typeof type === "object") {
    if ("bytes" in type) return { type: "usize", text: `object + ${at}` };
    const word = load(type.bits, at).text;
    const mask = type.width === 32 ? 0xffffffff : 2 ** type.width - 1;
    return { type: "u32", text: `(${word} >> ${type.shift}) & 0x${mask.toString(16)}` };
  }
  switch (type) {
    case "u8":
      return { type: "u32", text: `<u32> load<u8>(object, ${at})` };
    case "u16":
      return { type: "u32", text: `<u32> bswap<u16>(load<u16>(object, ${at}))` };
    case "u24":
      return {
        type: "u32",
        text: `(<u32> load<u8>(object, ${at}) << 16) | <u32> bswap<u16>(load<u16>(object, ${at + 1}))`,
      };
    case "u32":
    case "ipv4":
      return { type: "u32", text: `bswap<u32>(load<u32>(object, ${at}))` };
    case "u64":
      return { type: "u64", text: `bswap<u64>(load<u64>(object, ${at}))` };
    case "f32":
      return { type: "f32", text: `reinterpret<f32>(bswap<u32>(load<u32>(object, ${at})))` };
    default:
      return { type: "usize", text: `object + ${at}` };
  }
}

/** The statement that stores a field, or undefined for what is copied through its pointer. */
function store(type: FieldType, at: number): string | undefined {
  if (typeof type === "object") {
    if ("bytes" in type) return undefined;
    const mask = `0x${((2 ** type.width - 1) * 2 ** type.shift).toString(16)}`;
    const word = load(type.bits, at).text;
    return store(type.bits, at)!.replace(
      "value",
      `((${word}) & ~(<u32> ${mask})) | ((value << ${type.shift}) & ${mask})`,
    );
  }
  switch (type) {
    case "u8":
      return `store<u8>(object, <u8> (value), ${at});`;
    case "u16":
      return `store<u16>(object, bswap<u16>(<u16> (value)), ${at});`;
    case "u24":
      return `store<u8>(object, <u8> (value >> 16), ${at});\n  store<u16>(object, bswap<u16>(<u16> value), ${at + 1});`;
    case "u32":
    case "ipv4":
      return `store<u32>(object, bswap<u32>(value), ${at});`;
    case "u64":
      return `store<u64>(object, bswap<u64>(value), ${at});`;
    case "f32":
      return `store<u32>(object, bswap<u32>(reinterpret<u32>(value)), ${at});`;
    default:
      return undefined;
  }
}

function fieldAccessors(accessor: string, constant: string, field: Field): string[] {
  const name = accessor + upperFirst(field.name);
  const loaded = load(field.type, field.at);
  const out = [
    `export const ${constant}_${constantCase(field.name)}_AT: usize = ${field.at};`,
    "// @ts-ignore: decorator",
    "@inline",
    `export function ${name}(object: usize): ${loaded.type} {`,
    `  return ${loaded.text};`,
    "}",
  ];
  const stored = store(field.type, field.at);
  if (stored !== undefined) {
    out.push(
      "// @ts-ignore: decorator",
      "@inline",
      `export function set${upperFirst(name)}(object: usize, value: ${loaded.type}): void {`,
      `  ${stored}`,
      "}",
    );
  }
  return out;
}

/** Fixed fields of every shape of an object or item; shapes that share a field have it in one place, or it has no accessor. */
function fixedFields(object: Body): Field[] {
  const byName = new Map<string, Field | undefined>();
  for (const field of [...(object.variants ?? []).flatMap((variant) => variant.fields), ...(object.fields ?? [])]) {
    const known = byName.get(field.name);
    if (!byName.has(field.name)) byName.set(field.name, field);
    else if (known !== undefined && (known.at !== field.at || size(known.type) !== size(field.type))) {
      byName.set(field.name, undefined);
    }
  }
  return [...byName.values()].filter((field) => field !== undefined);
}

/** Types of a family's items, and their fixed fields; `object` is then the address of an item's header. */
function familyAccessors(family: ItemFamily): string[] {
  const out: string[] = [];
  for (const item of family.items) {
    const constant = `${family.name}_${constantCase(item.name)}`;
    out.push(`export const ${constant}: u32 = ${item.type};`);
    for (const variant of item.variants ?? []) {
      out.push(`export const ${constant}_${constantCase(variant.name)}_BYTES: u32 = ${variant.length};`);
    }
    const words = pascal(`${family.name}_${item.name}`).replaceAll("IPv", "Ipv");
    for (const field of fixedFields(item)) {
      out.push(...fieldAccessors(words[0].toLowerCase() + words.slice(1), constant, field));
    }
  }
  return out;
}

export function accessorsText(objects: readonly ObjectDescription[], families: readonly ItemFamily[]): string {
  const out = [
    "// Generated by scripts/generate_objects.ts from catalogue/objects/. Do not edit.",
    "// `object` is the address of an object's header. A caller has checked the object's length and C-Type.",
    "",
  ];
  const classes = new Map(objects.map((object) => [object.class, object.name]));
  for (const [number, name] of classes) out.push(`export const CLASS_${constantCase(name)}: u32 = ${number};`);
  for (const object of objects) {
    if (object.form !== "") out.push(`export const CTYPE_${constantName(object)}: u32 = ${object.ctype};`);
    else if (!object.anyCType) out.push(`export const CTYPE_${object.name}: u32 = ${object.ctype};`);
  }
  for (const object of objects.filter((object) => PROCESSED.test(object.rfc))) {
    const length = object.length ?? (object.rest || object.variants ? undefined : fieldsEnd(object.fields, 4));
    if (length !== undefined) out.push(`export const ${constantName(object)}_BYTES: usize = ${length};`);
    for (const variant of object.variants ?? []) {
      out.push(`export const ${constantName(object)}_${constantCase(variant.name)}_BYTES: usize = ${variant.length};`);
    }
    for (const field of fixedFields(object)) {
      out.push(...fieldAccessors(accessorName(object), constantName(object), field));
    }
  }
  for (const family of families) if (PROCESSED_FAMILIES.has(family.name)) out.push(...familyAccessors(family));
  return out.join("\n") + "\n";
}
