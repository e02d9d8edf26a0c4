/** Writes the writers: from plain values to bytes, every value checked. */
import type { Field, FieldType, ItemFamily, Rest } from "../../catalogue/schema.ts";
import { pascal, size } from "./naming.ts";
import { splitRecord } from "./readers.ts";
import { STRAIGHT_FAMILIES } from "./straight.ts";
import { type Shape, splitFields, type Structure } from "./structures.ts";

/** The statement that puts `value` at `at + offset`. */
function put(type: FieldType, offset: number, value: string, name: string, at = "at"): string {
  const place = offset === 0 ? at : `${at} + ${offset}`;
  if (typeof type === "object") {
    if ("bytes" in type) return `putBytes(w, ${place}, ${type.bytes}, ${value}, ${name});`;
    return `putBits(w, ${place}, ${size(type)}, ${type.shift}, ${type.width}, ${value}, ${name});`;
  }
  const kind = type === "f32" ? "F32" : type[0].toUpperCase() + type.slice(1);
  return `put${kind}(w, ${place}, ${value}, ${name});`;
}

function putField(field: Field, at = "at"): string {
  const value = `o.${field.name}`, name = `"${field.name}"`;
  if (field.reserved || field.constant === 0) {
    return `  if (${value} !== undefined) ${put(field.type, field.at, value, name, at)}`;
  }
  if (field.constant !== undefined) return `  ${put(field.type, field.at, `${value} ?? ${field.constant}`, name, at)}`;
  return `  ${put(field.type, field.at, value, name, at)}`;
}

function writeRest(shape: Shape, rest: Rest, padsText: boolean): string[] {
  const value = `o.${rest.name}`, name = `"${rest.name}"`;
  switch (rest.kind) {
    case "bytes":
      return [`  appendBytes(w, ${value}, ${name});`];
    case "items":
      return [
        STRAIGHT_FAMILIES.has(rest.family)
          ? `  write${pascal(rest.family)}Items(w, ${value}, ${name});`
          : `  writeItems(LAYOUTS, LAYOUTS.family("${rest.family}"), w, ${value}, ${name});`,
      ];
    case "objects":
      return [`  writeObjects(w, ${value}, ${name});`];
    case "values":
      return [
        `  for (const value of list(w, ${value}, ${name})) {`,
        `    const at = w.take(${size(rest.type)});`,
        `    ${put(rest.type, 0, "value", name)}`,
        "  }",
      ];
    case "records": {
      const { shown, odd } = splitRecord(rest.fields);
      return [
        `  for (const record of list(w, ${value}, ${name})) {`,
        "    const o = fieldsOf(w, record);",
        `    const at = w.take(${rest.length});`,
        ...[...shown, ...odd].map((field) => `  ${putField(field)}`),
        "  }",
      ];
    }
    case "text": {
      const lengthField = shape.fields.find((field) => field.name === shape.hidden);
      const pad = padsText ? "o.padding" : '""';
      const append = `appendText(w, at, ${value}, o.${rest.name}Bytes, ${pad}, ${name})`;
      if (!lengthField) return [`  ${append};`];
      return [
        `  const textLength = ${append};`,
        `  ${put(lengthField.type, lengthField.at, "textLength", `"${lengthField.name}"`)}`,
      ];
    }
    case "messages":
      throw new Error("messages are the rest of a message, not of an object");
  }
}

function writeShape(structure: Structure, shape: Shape): string[] {
  const { shown, odd } = splitFields(shape, []);
  const counts = odd.filter((field) => field.lengthOf);
  return [
    // What stands before is the header, which the caller has written.
    `  const at = w.take(${shape.minimum - structure.header}) - ${structure.header};`,
    ...[...shown, ...odd.filter((field) => !field.lengthOf)].map((field) => putField(field)),
    ...(shape.rest ? writeRest(shape, shape.rest, structure.padsText) : []),
    '  if (o.trailing !== undefined) appendBytes(w, o.trailing, "trailing");',
    ...counts.map((field) => {
      const { minus, unit } = field.lengthOf!;
      const count = unit === 1 ? `w.at - at - ${minus}` : `(w.at - at - ${minus}) / ${unit}`;
      return `  ${put(field.type, field.at, `o.${field.name} ?? ${count}`, `"${field.name}"`)}`;
    }),
  ];
}

/** When a value is of a variant: its literals, or where it has none, all of its fields. */
function variantCondition(structure: Structure, shape: Shape): string {
  const literals = shape.fields.filter((field) => field.literal !== undefined);
  const tests = literals.length > 0
    ? literals.map((field) => `o.${field.name} === ${field.literal}`)
    : splitFields(shape, []).shown.map((field) => `o.${field.name} !== undefined`);
  return [`o.${structure.shape.rest!.name} === undefined`, ...tests].join(" && ");
}

/** Variants with literals come first; of the others, the one with the most fields. */
function variantOrder(variants: readonly Shape[]): Shape[] {
  const weight = (shape: Shape) =>
    shape.fields.some((field) => field.literal !== undefined) ? 1000 : shape.fields.length;
  return [...variants].sort((a, b) => weight(b) - weight(a));
}

export function writer(structure: Structure): string[] {
  return [
    `function write${structure.type}(w: Writer, o: Values): void {`,
    ...variantOrder(structure.variants).flatMap((variant) => [
      `  if (${variantCondition(structure, variant)}) {`,
      ...writeShape(structure, variant).map((line) => `  ${line}`),
      "    return;",
      "  }",
    ]),
    ...writeShape(structure, structure.shape),
    "}",
  ];
}

export function familyWriter(family: ItemFamily, structures: readonly Structure[]): string[] {
  const { framing } = family;
  const name = pascal(family.name);
  const { headerLength: header, lengthUnit: unit } = framing;
  const typeType: FieldType = framing.typeMask === undefined
    ? framing.typeBytes === 1 ? "u8" : "u16"
    : { bits: framing.typeBytes === 1 ? "u8" : "u16", shift: 0, width: Math.log2(framing.typeMask + 1) };
  const counted = framing.lengthCounts === "item" ? "length" : `length - ${header}`;
  const names = Object.fromEntries(family.items.map((item) => [item.name, item.type]));
  return [
    `const ${name.toUpperCase()}_TYPES: Readonly<Record<string, number>> = ${JSON.stringify(names)};`,
    `function write${name}Items(w: Writer, value: unknown, field: string): void {`,
    "  list(w, value, field).forEach((item, index) => {",
    "    w.path.push(field, index);",
    "    const o = fieldsOf(w, item);",
    `    const type = o.type ?? ${name.toUpperCase()}_TYPES[String(o.name)];`,
    `    const at = w.take(${header});`,
    `    ${put(typeType, framing.typeAt, "type", '"type"')}`,
    ...(family.headerFields ?? []).map((field) => `  ${putField(field)}`),
    '    if (o.bytes !== undefined) appendBytes(w, o.bytes, "bytes");',
    "    else {",
    "      switch (type) {",
    ...structures.map((structure, index) =>
      `        case ${family.items[index].type}: write${structure.type}(w, o); break;`
    ),
    '        default: w.refuse("bytes", `is missing, and type ${type} is not known`);',
    "      }",
    "    }",
    "    const length = w.at - at;",
    ...(unit === 1 ? [] : [
      `    if ((length & ${
        unit - 1
      }) !== 0) w.refuse("", \`has \${length} bytes, which is not a multiple of ${unit}\`);`,
    ]),
    `    ${
      put(
        framing.lengthBytes === 1 ? "u8" : "u16",
        framing.lengthAt,
        unit === 1 ? counted : `(${counted}) / ${unit}`,
        '"length"',
      )
    }`,
    ...(framing.padTo === undefined
      ? []
      : ['    if (o.padding !== undefined) appendBytes(w, o.padding, "padding");', "    else w.take(-length & 3);"]),
    "    w.path.pop();",
    "    w.path.pop();",
    "  });",
    "}",
  ];
}
