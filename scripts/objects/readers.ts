/** Writes the readers: straight-line code from bytes to plain values. */
import type { Field, FieldType, ItemFamily, Rest } from "../../catalogue/schema.ts";
import { pascal, size } from "./naming.ts";
import { STRAIGHT_FAMILIES } from "./straight.ts";
import { type Shape, splitFields, type Structure } from "./structures.ts";

/** The expression that reads a value at `at + offset`. */
function read(type: FieldType, offset: number, at = "at"): string {
  const place = offset === 0 ? at : `${at} + ${offset}`;
  if (typeof type === "object") {
    if ("bytes" in type) return `hex(b, ${place}, ${at} + ${offset + type.bytes})`;
    const word = read(type.bits, offset, at);
    const shifted = type.shift === 0 ? word : `(${word} >>> ${type.shift})`;
    const whole = type.width + type.shift === size(type) * 8;
    return whole ? shifted : type.width === 32 ? `(${shifted} >>> 0)` : `(${shifted} & ${2 ** type.width - 1})`;
  }
  switch (type) {
    case "u8":
      return `b[${place}]`;
    case "u16":
      return `v.getUint16(${place})`;
    case "u24":
      return `(b[${place}] << 16 | v.getUint16(${at} + ${offset + 1}))`;
    case "u32":
      return `v.getUint32(${place})`;
    case "u64":
      return `u64(v, ${place})`;
    case "f32":
      return `f32(v, ${place})`;
    default:
      return `${type}(b, ${place})`;
  }
}

/** What a reserved or constant field holds where all is well, as an expression. */
function usual(field: Field): string {
  if (field.lengthOf) {
    const { minus, unit } = field.lengthOf;
    return unit === 1 ? `length - ${minus}` : `(length - ${minus}) / ${unit}`;
  }
  const value = field.constant ?? 0;
  if (typeof field.type === "object" && "bytes" in field.type) return `"${"00".repeat(field.type.bytes)}"`;
  switch (field.type) {
    case "u64":
      return `"${value}"`;
    case "ipv4":
      return '"0.0.0.0"';
    case "ipv6":
      return '"::"';
    case "mac":
      return '"00:00:00:00:00:00"';
    default:
      return String(value);
  }
}

/** Whether reading a field twice costs nothing worth a variable. */
const cheap = (field: Field) => typeof field.type === "string" ? /^u(8|16|32)$/.test(field.type) : "bits" in field.type;

function oddFields(fields: readonly Field[], at = "at"): string[] {
  return fields.map((field) => {
    const text = read(field.type, field.at, at);
    if (cheap(field)) return `  if (${text} !== ${usual(field)}) o.${field.name} = ${text};`;
    return `  const ${field.name} = ${text};\n  if (${field.name} !== ${
      usual(field)
    }) o.${field.name} = ${field.name};`;
  });
}

/** The statements that read a rest into a variable before the object is made, and those that add to it afterwards. */
interface RestText {
  before: string[];
  member: string;
  after: string[];
}

function readRest(structure: Structure, shape: Shape, rest: Rest): RestText {
  const from = `at + ${shape.restAt}`, end = "at + length";
  const fails = (call: string) => [
    `  const rest = ${call};`,
    `  if (typeof rest === "string") return ${structure.malformed.replace("REASON", "rest")};`,
  ];
  switch (rest.kind) {
    case "bytes":
      return { before: [], member: `${rest.name}: hex(b, ${from}, ${end})`, after: [] };
    case "items":
      return {
        before: fails(
          STRAIGHT_FAMILIES.has(rest.family)
            ? `read${pascal(rest.family)}Items(b, v, ${from}, ${end}, base, depth)`
            // No type says more of these than what they are: the layouts know nothing of types.
            : `readItems(LAYOUTS, LAYOUTS.family("${rest.family}"), b, v, ${from}, ${end}, base, depth) as ${
              pascal(rest.family)
            }Item[] | string`,
        ),
        member: `${rest.name}: rest`,
        after: [],
      };
    case "objects":
      return {
        before: fails(`readObjects(b, v, ${from}, ${end}, base, depth + 1)`),
        member: `${rest.name}: rest`,
        after: [],
      };
    case "values": {
      const each = size(rest.type);
      return {
        before: [
          `  const rest: ${restValueType(rest.type)}[] = [];`,
          `  let from = ${from};`,
          `  for (; from + ${each} <= ${end}; from += ${each}) rest.push(${read(rest.type, 0, "from")});`,
        ],
        member: `${rest.name}: rest`,
        after: each === 1 ? [] : [`  if (from < ${end}) o.trailing = hex(b, from, ${end});`],
      };
    }
    case "records": {
      const { shown, odd } = splitRecord(rest.fields);
      return {
        before: [
          `  const rest: ${shape.type}["${rest.name}"] = [];`,
          `  let from = ${from};`,
          `  for (; from + ${rest.length} <= ${end}; from += ${rest.length}) {`,
          `    const o: ${shape.type}["${rest.name}"][number] = { ${
            shown.map((field) => `${field.name}: ${read(field.type, field.at, "from")}`).join(", ")
          } };`,
          ...oddFields(odd, "from").map((line) => `  ${line}`),
          "    rest.push(o);",
          "  }",
        ],
        member: `${rest.name}: rest`,
        after: [`  if (from < ${end}) o.trailing = hex(b, from, ${end});`],
      };
    }
    case "text":
      return readText(structure, shape, rest);
    case "messages":
      throw new Error("messages are the rest of a message, not of an object");
  }
}

const restValueType = (type: FieldType) => {
  if (typeof type === "object") return "bits" in type ? "number" : "string";
  return type === "f32" ? "(number | FloatText)" : /^(u64|ip|mac)/.test(type) ? "string" : "number";
};

export function splitRecord(fields: readonly Field[]): { shown: Field[]; odd: Field[] } {
  const odd = fields.filter((field) => field.reserved || field.constant !== undefined);
  return { shown: fields.filter((field) => !odd.includes(field)), odd };
}

function readText(structure: Structure, shape: Shape, rest: Rest & { kind: "text" }): RestText {
  const from = `at + ${shape.restAt}`, end = "at + length";
  const lengthField = shape.fields.find((field) => field.name === shape.hidden);
  const before = lengthField
    ? [
      `  const textTo = ${from} + ${read(lengthField.type, lengthField.at)};`,
      `  if (textTo > ${end}) return ${
        structure.malformed.replace(
          "REASON",
          "`" +
            `${lengthField.name} at \${at - base + ${lengthField.at}}: says \${textTo - at - ${shape.restAt}} bytes, \${length - ${shape.restAt}} are left` +
            "`",
        )
      };`,
    ]
    : [structure.padsText ? `  const textTo = textEnd(b, ${from}, ${end});` : `  const textTo = ${end};`];
  const after = structure.padsText
    ? [
      `  const pad = oddPadding(b, textTo, ${end}, padding(textTo - at));`,
      "  if (pad !== undefined) o.padding = pad;",
    ]
    : lengthField
    ? [`  if (textTo < ${end}) o.trailing = hex(b, textTo, ${end});`]
    : [];
  return {
    before: [...before, `  const text = utf8(b, ${from}, textTo);`],
    member: "",
    after: [
      `  if (text !== undefined) o.${rest.name} = text;`,
      `  else o.${rest.name}Bytes = hex(b, ${from}, textTo);`,
      ...after,
    ],
  };
}

/** Reads one shape into `o` and returns it; everything that can fail has been checked or is checked first. */
function readShape(structure: Structure, shape: Shape): string[] {
  const { shown, odd } = splitFields(shape, structure.headerFields);
  const variant = shape !== structure.shape;
  const rest = shape.rest ? readRest(structure, shape, shape.rest) : undefined;
  const members = [
    ...structure.intro,
    ...shown.map((field) =>
      `${field.name}: ${variant && field.literal !== undefined ? field.literal : read(field.type, field.at)}`
    ),
    ...(rest && rest.member !== "" ? [rest.member] : []),
  ];
  const oddNow = variant ? odd.filter((field) => field.constant === undefined) : odd;
  return [
    ...(rest?.before ?? []),
    `  const o: ${shape.type} = { ${members.join(", ")} };`,
    ...oddFields(oddNow),
    ...(rest?.after ?? []),
    ...(shape.rest || variant
      ? []
      : [`  if (length > ${shape.minimum}) o.trailing = hex(b, at + ${shape.minimum}, at + length);`]),
    "  return o;",
  ];
}

/** When a variant fits: its length and every value that it demands. */
function variantCondition(shape: Shape): string {
  const demands = shape.fields.flatMap((field) => {
    const value = field.literal ?? field.constant;
    return value === undefined ? [] : [`${read(field.type, field.at)} === ${value}`];
  });
  return [`length === ${shape.length}`, ...demands].join(" && ");
}

export function reader(structure: Structure): string[] {
  const { type, shape } = structure;
  const layout = [...structure.headerFields, ...shape.fields].filter((field) =>
    field.at >= structure.header || structure.header === 4 && field.at >= 4
  )
    .map((field) => `["${field.name}", ${field.at}, ${size(field.type)}]`);
  const short = shape.minimum > structure.header;
  return [
    ...(short ? [`const LAYOUT_${type}: Layout = [${layout.join(", ")}];`] : []),
    `function read${type}(b: Uint8Array, v: DataView, at: number, length: number, base: number, depth: number): RsvpStructure {`,
    "  void v; void base; void depth;",
    ...structure.variants.flatMap((variant) => [
      `  if (${variantCondition(variant)}) {`,
      ...readShape(structure, variant).map((line) => `  ${line}`),
      "  }",
    ]),
    ...(short
      ? [
        `  if (length < ${shape.minimum}) return ${
          structure.malformed.replace("REASON", `tooShort(LAYOUT_${type}, at - base, length)`)
        };`,
      ]
      : []),
    ...readShape(structure, shape),
    "}",
  ];
}

/** Reads a run of items, and what is kept of an item that is unknown or does not fit. */
export function familyReader(family: ItemFamily, structures: readonly Structure[]): string[] {
  const { framing } = family;
  const name = pascal(family.name);
  const word = (bytes: 1 | 2, at: number, from: string) =>
    bytes === 1 ? `b[${from} + ${at}]` : `v.getUint16(${from} + ${at})`;
  const type = word(framing.typeBytes, framing.typeAt, "at") +
    (framing.typeMask === undefined ? "" : ` & ${framing.typeMask}`);
  const counted = word(framing.lengthBytes, framing.lengthAt, "at") +
    (framing.lengthUnit === 1 ? "" : ` * ${framing.lengthUnit}`);
  const length = framing.lengthCounts === "item" ? counted : `${framing.headerLength} + ${counted}`;
  const shown = (family.headerFields ?? []).filter((field) => !field.reserved && field.constant === undefined);
  const odd = (family.headerFields ?? []).filter((field) => !shown.includes(field));
  return [
    `function bare${name}(name: string, type: number, b: Uint8Array, v: DataView, at: number, length: number, malformed?: string): Bare${name} {`,
    "  void v;",
    `  const o: Bare${name} = { name, type, ${
      shown.map((field) => `${field.name}: ${read(field.type, field.at)}, `).join("")
    }bytes: hex(b, at + ${framing.headerLength}, at + length) } as Bare${name};`,
    ...oddFields(odd),
    "  if (malformed !== undefined) o.malformed = malformed;",
    "  return o;",
    "}",
    `function read${name}Items(b: Uint8Array, v: DataView, from: number, to: number, base: number, depth: number): ${name}Item[] | string {`,
    `  const items: ${name}Item[] = [];`,
    "  let at = from;",
    "  while (at < to) {",
    `    if (to - at < ${framing.headerLength}) return \`${family.name} at \${at - base}: its header needs ${framing.headerLength} bytes, \${to - at} are left\`;`,
    `    const type = ${type}, length = ${length};`,
    `    if (length < ${framing.headerLength}) return \`${family.name} length at \${at - base + ${framing.lengthAt}}: \${length} is less than its header\`;`,
    `    if (length > to - at) return \`${family.name} length at \${at - base + ${framing.lengthAt}}: says \${length} bytes, \${to - at} are left\`;`,
    `    let item: ${name}Item;`,
    "    switch (type) {",
    ...structures.map((structure, index) =>
      `      case ${
        family.items[index].type
      }: item = read${structure.type}(b, v, at, length, base, depth) as ${name}Item; break;`
    ),
    `      default: item = bare${name}("UNKNOWN", type, b, v, at, length) as ${name}Item;`,
    "    }",
    "    at += length;",
    ...(framing.padTo === undefined ? [] : [
      "    const padTo = Math.min(to, at + padding(length));",
      "    const pad = oddPadding(b, at, padTo, padding(length));",
      "    if (pad !== undefined) item.padding = pad;",
      "    at = padTo;",
    ]),
    "    items.push(item);",
    "  }",
    "  return items;",
    "}",
  ];
}
