/** Writes docs/objects.md: every class and C-Type with its RFC, its fields, and its vectors. */
import type { Field, FieldType, ItemFamily, ObjectDescription, Rest, Variant } from "../../catalogue/schema.ts";
import { size } from "./naming.ts";

const cell = (text: string) => text.replaceAll("|", "\\|");

function typeText(type: FieldType): string {
  if (typeof type === "string") return type;
  return "bits" in type ? `${type.width} bits` : `${type.bytes} bytes`;
}

/** `8`, `8-11`, or `8.7-5` for bits of the byte or word at 8. */
function place(field: Field): string {
  const { at, type } = field;
  if (typeof type === "object" && "bits" in type) {
    const top = type.shift + type.width - 1;
    return `${at} (bit ${type.width === 1 ? top : `${top}-${type.shift}`} of ${type.bits})`;
  }
  return size(type) === 1 ? String(at) : `${at}-${at + size(type) - 1}`;
}

/** When a field is shown, where that is not always. */
function note(field: Field): string {
  if (field.reserved) return " Reserved; shown only where it is not zero.";
  if (field.literal !== undefined) return ` Always ${field.literal} in this shape.`;
  if (field.constant !== undefined) return ` Always ${field.constant}; shown only where it is not.`;
  return field.lengthOf ? " Computed; shown only where it is wrong." : "";
}

function fieldRows(fields: readonly Field[]): string[] {
  if (fields.length === 0) return [];
  return [
    "",
    "| field | bytes | type | meaning |",
    "|---|---|---|---|",
    ...fields.map((field) =>
      `| \`${field.name}\` | ${place(field)} | ${typeText(field.type)} | ${cell(field.doc)}${note(field)} |`
    ),
    "",
  ];
}

function restText(rest: Rest | undefined): string[] {
  if (!rest) return [];
  const what = {
    bytes: () => "the remaining bytes, in hex",
    text: () => "the remaining bytes as text",
    values: () => `a list of ${typeText((rest as Rest & { kind: "values" }).type)}`,
    records: () => `a list of records of ${(rest as Rest & { kind: "records" }).length} bytes`,
    items: () =>
      `a list of [${(rest as Rest & { kind: "items" }).family}](#items-${
        (rest as Rest & { kind: "items" }).family.toLowerCase()
      }) items`,
    objects: () => "a list of objects",
    messages: () => "a list of messages",
  }[rest.kind]();
  const fields = rest.kind === "records" ? fieldRows(rest.fields) : [];
  return [`Then \`${rest.name}\`: ${what}. ${rest.doc}`, ...fields, ""];
}

function variantText(variant: Variant): string[] {
  return [`Shape **${variant.name}**, ${variant.length} bytes: ${variant.doc}`, ...fieldRows(variant.fields)];
}

function objectText(object: ObjectDescription): string[] {
  const title = `${object.name}${object.form === "" ? "" : ` ${object.form}`}`;
  return [
    `### ${title}`,
    `<a id="object-${object.class}-${object.anyCType ? "any" : object.ctype}"></a>`,
    "",
    `Class ${object.class}, C-Type ${object.anyCType ? "any" : object.ctype}. ${object.rfc}. ${object.doc}`,
    "",
    ...(object.opaque ? [`Kept as bytes: ${object.opaque}`, ""] : []),
    ...(object.variants ?? []).flatMap(variantText),
    ...(object.variants ? ["Any other shape:"] : []),
    ...fieldRows(object.fields ?? []),
    ...restText(object.rest),
    object.vectors.length > 1 ? "Vectors:" : "Vector:",
    "",
    "```text",
    ...object.vectors,
    "```",
    "",
  ];
}

function familyText(family: ItemFamily): string[] {
  const { framing } = family;
  const counts = framing.lengthCounts === "item" ? "counts the whole item" : "counts what follows the header";
  const unit = framing.lengthUnit === 1 ? "bytes" : "32-bit words";
  return [
    `### Items: ${family.name}`,
    `<a id="items-${family.name.toLowerCase()}"></a>`,
    "",
    `A header of ${framing.headerLength} bytes; the type is at ${framing.typeAt}, the length at ${framing.lengthAt}, in ${unit}; it ${counts}.${
      framing.padTo ? " Items are padded to a multiple of four." : ""
    } Unknown types are kept as bytes.`,
    ...fieldRows(family.headerFields ?? []),
    ...family.items.flatMap((item) => [
      `**${item.name}**, type ${item.type}. ${item.rfc}. ${item.doc}`,
      ...(item.variants ?? []).flatMap(variantText),
      ...fieldRows(item.fields ?? []),
      ...(item.fields?.length ? [] : [""]),
      ...restText(item.rest),
    ]),
  ];
}

export function docsText(objects: readonly ObjectDescription[], families: readonly ItemFamily[]): string {
  const opaque = objects.filter((object) => object.opaque);
  const row = (object: ObjectDescription) => {
    const ctype = object.anyCType ? "any" : object.ctype;
    const fields = [...(object.variants?.[0]?.fields ?? object.fields ?? [])]
      .filter((field) => !field.reserved && field.constant === undefined && !field.lengthOf).map((field) =>
        `\`${field.name}\``
      );
    const rest = object.rest ? [`\`${object.rest.name}\``] : [];
    return `| ${object.class} | ${object.name} | ${ctype} | ${object.form} | ${object.rfc} | ${
      [...fields, ...rest].join(" ")
    } | [vector](#object-${object.class}-${ctype}) |`;
  };
  return [
    "<!-- Generated by scripts/generate_objects.ts from catalogue/objects/. Do not edit. -->",
    "# Objects",
    "",
    `${
      new Set(objects.map((object) => object.class)).size
    } classes, ${objects.length} C-Types, ${families.length} families of items. Offsets count from the object header's first byte, for items from the item's. How values are`,
    "shown (addresses, floats, bytes, what is malformed) is in [ARCHITECTURE.md](../ARCHITECTURE.md#one-catalogue).",
    "",
    ...(opaque.length === 0 ? [] : [
      "Kept as named bytes, because their contents are not public or not described here:",
      "",
      ...opaque.map((object) =>
        `- ${object.name}${
          object.form ? ` ${object.form}` : ""
        } (class ${object.class}, C-Type ${object.ctype}): ${object.opaque}`
      ),
      "",
    ]),
    "| class | name | C-Type | form | described in | fields | |",
    "|---|---|---|---|---|---|---|",
    ...objects.map(row),
    "",
    "## Classes and C-Types",
    "",
    ...objects.flatMap(objectText),
    "## Families of items",
    "",
    ...families.flatMap(familyText),
  ].join("\n").replace(/\n{3,}/g, "\n\n").trimEnd() + "\n";
}
