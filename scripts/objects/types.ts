/** Writes the types of decoded objects and items. */
import type { Field, FieldType, Rest } from "../../catalogue/schema.ts";
import { pascal } from "./naming.ts";
import { type Shape, splitFields, type Structure } from "./structures.ts";

export function fieldType(type: FieldType): string {
  if (typeof type === "object") return "bits" in type ? "number" : "string";
  if (type === "f32") return "number | FloatText";
  return type === "u64" || type === "ipv4" || type === "ipv6" || type === "mac" ? "string" : "number";
}

/** `offset 8, u16`, for a docstring. */
function place(field: Field): string {
  const { type } = field;
  if (typeof type === "string") return `${type} at ${field.at}`;
  if ("bytes" in type) return `${type.bytes} bytes at ${field.at}, in hex`;
  return `${type.width} bits at ${field.at}`;
}

function member(field: Field, optional: boolean): string[] {
  const type = field.literal !== undefined ? String(field.literal) : fieldType(field.type);
  return [`  /** ${field.doc} (${place(field)}) */`, `  ${field.name}${optional ? "?" : ""}: ${type};`];
}

function restMembers(rest: Rest): string[] {
  const doc = `  /** ${rest.doc} */`;
  switch (rest.kind) {
    case "bytes":
      return [doc, `  ${rest.name}: string;`];
    case "text":
      return [
        doc,
        `  ${rest.name}?: string;`,
        `  /** In place of \`${rest.name}\` when that is not UTF-8: hex. */`,
        `  ${rest.name}Bytes?: string;`,
        "  /** Hex of the padding, where it is not NULs to a multiple of four. */",
        "  padding?: string;",
      ];
    case "values":
      return [
        doc,
        `  ${rest.name}: ${/\|/.test(fieldType(rest.type)) ? `(${fieldType(rest.type)})` : fieldType(rest.type)}[];`,
      ];
    case "records":
      return [
        doc,
        `  ${rest.name}: {`,
        ...rest.fields.flatMap((field) => member(field, !!field.reserved || field.constant !== undefined)).map((line) =>
          `  ${line}`
        ),
        "  }[];",
      ];
    case "items":
      return [doc, `  ${rest.name}: ${pascal(rest.family)}Item[];`];
    case "objects":
      return [doc, `  ${rest.name}: RsvpObject[];`];
    case "messages":
      throw new Error("messages are the rest of a message, not of an object");
  }
}

function shapeType(structure: Structure, shape: Shape): string[] {
  const { shown, odd } = splitFields(shape, structure.headerFields);
  const variant = shape !== structure.shape;
  return [
    `/** ${structure.name}: ${shape.doc} ${structure.rfc}. */`,
    `export interface ${shape.type} {`,
    ...structure.introTypes.map((text) => `  ${text}`),
    ...shown.flatMap((field) => member(field, false)),
    ...odd.flatMap((field) => member(field, true)),
    ...(shape.rest ? restMembers(shape.rest) : []),
    // Absent here, so that asking for it tells this shape from the others.
    ...(variant ? [ABSENT, `  ${structure.shape.rest!.name}?: undefined;`] : []),
    ...(structure.variants.length > 0 && !variant ? generalAbsences(structure) : []),
    "  /** Hex of bytes after the last field. */",
    "  trailing?: string;",
    "  /** Absent: it fits its description. */",
    "  malformed?: undefined;",
    "  /** Absent: its fields say everything. */",
    "  bytes?: undefined;",
    // Objects begin with their class; only items are padded.
    ...(structure.introTypes.some((text) => text.startsWith("class:"))
      ? []
      : ["  /** Hex of padding that is not zero. */", ...(shape.rest?.kind === "text" ? [] : ["  padding?: string;"])]),
    "}",
  ];
}

/** Docstring of a member that another shape of the same structure has. */
const ABSENT = "  /** Absent: it tells another shape of this structure. */";

/** The literals that select variants are absent from the general shape, unless it has the field too (any other value). */
function generalAbsences(structure: Structure): string[] {
  const names = new Set(
    structure.variants.flatMap((shape) =>
      shape.fields.filter((field) => field.literal !== undefined).map((field) => field.name)
    ),
  );
  const own = new Set(structure.shape.fields.map((field) => field.name));
  return [...names].filter((name) => !own.has(name)).flatMap((name) => [ABSENT, `  ${name}?: undefined;`]);
}

export function structureTypes(structure: Structure): string[] {
  return [structure.shape, ...structure.variants].flatMap((shape) => shapeType(structure, shape));
}

export const shapeTypes = (structure: Structure) => [structure.shape, ...structure.variants].map((shape) => shape.type);
