/**
 * Layouts of the catalogue (catalogue/schema.ts) as the readers and writers of rare classes walk along them. They are
 * made of one generated text, host/layouts.gen.js, when the first of them is needed: code for every object would be
 * fifteen times as long, and be read at every start.
 */
import { type Layout, tooShort } from "./read.ts";
import type { Writer } from "./write.ts";

/** Types of fields, by number: a switch over small integers is what a compiler likes best. */
export const KIND = {
  u8: 0,
  u16: 1,
  u24: 2,
  u32: 3,
  u64: 4,
  f32: 5,
  ipv4: 6,
  ipv6: 7,
  mac: 8,
  bits: 9,
  bytes: 10,
} as const;

const SIZES: readonly number[] = [1, 2, 3, 4, 8, 4, 4, 16, 6];

/** What a type says about a value: its kind, how many bytes it (or the word of its bits) takes, and which bits. */
export interface ValueLayout {
  readonly kind: number;
  readonly size: number;
  readonly shift: number;
  readonly width: number;
  /** As many ones as there are bits. */
  readonly mask: number;
}

export interface FieldLayout extends ValueLayout {
  readonly name: string;
  readonly at: number;
  /** `~` reserved, `=` constant, `!` literal, `#` the length of the structure, or nothing: how it is shown and written. */
  readonly mode: string;
  /** What a constant or literal field holds. */
  readonly number: number;
  /** What a reserved or constant field shows where all is well. */
  readonly usual: number | string;
  /** Of a length: (length - `minus`) / `unit`. */
  readonly minus: number;
  readonly unit: number;
}

/** What follows the fields; see `Rest` in catalogue/schema.ts. */
export type RestLayout =
  | { readonly kind: "bytes" | "objects"; readonly name: string }
  | { readonly kind: "text"; readonly name: string; readonly lengthField?: FieldLayout }
  | { readonly kind: "values"; readonly name: string; readonly type: ValueLayout }
  | {
    readonly kind: "records";
    readonly name: string;
    readonly length: number;
    readonly shown: readonly FieldLayout[];
    readonly odd: readonly FieldLayout[];
  }
  | { readonly kind: "items"; readonly name: string; readonly family: FamilyLayout };

/** One shape of a structure: its general one or a variant. */
export interface ShapeLayout {
  readonly fields: readonly FieldLayout[];
  /** Always shown, in order, and shown only where they differ from what they should hold; without the item's header. */
  readonly shown: readonly FieldLayout[];
  readonly odd: readonly FieldLayout[];
  /** Bytes it must have, header included; of a variant, its exact length. The rest starts there. */
  readonly minimum: number;
  readonly rest: RestLayout | undefined;
  /** Of a variant: what its literal and constant fields demand. */
  readonly demands: readonly FieldLayout[];
}

/** One C-Type of a class, or one type of item. */
export interface StructureLayout {
  readonly name: string;
  /** Of an object. */
  readonly form: string;
  readonly header: number;
  /** Shown before and after the fields of the structure: those of the item's header. */
  readonly headerFields: readonly FieldLayout[];
  readonly headerShown: readonly FieldLayout[];
  readonly headerOdd: readonly FieldLayout[];
  readonly padsText: boolean;
  readonly general: ShapeLayout;
  readonly variants: readonly ShapeLayout[];
  /** Variants in the order in which a writer tries them: those with literals, then those with the most fields. */
  readonly writeOrder: readonly ShapeLayout[];
}

export interface FamilyLayout {
  readonly name: string;
  readonly header: number;
  readonly typeAt: number;
  readonly typeBytes: number;
  readonly typeMask: number;
  readonly lengthAt: number;
  readonly lengthBytes: number;
  readonly lengthUnit: number;
  /** What a length that counts nothing but the body leaves out: the header. */
  readonly uncounted: number;
  readonly pads: boolean;
  readonly headerFields: readonly FieldLayout[];
  readonly headerShown: readonly FieldLayout[];
  readonly headerOdd: readonly FieldLayout[];
  /** Type of each item, by name. */
  readonly types: ReadonlyMap<string, number>;
  structure(type: number): StructureLayout | undefined;
}

/** How an object that is given by name finds its class and C-Type. */
export interface ObjectNumbers {
  readonly class: number;
  readonly ctypes: readonly number[];
  readonly forms: ReadonlyMap<string, number>;
}

/** How objects inside objects are read and written. */
export interface Nesting {
  readObjects(
    b: Uint8Array,
    v: DataView,
    from: number,
    to: number,
    base: number,
    depth: number,
  ): readonly unknown[] | string;
  writeObjects(w: Writer, value: unknown, field: string): void;
}

type RestText = readonly [kind: string, name: string, parameter?: string, length?: number];
type ShapeText = readonly [fields: string, rest?: RestText | 0, variants?: readonly number[]];
type ObjectText = readonly [ctype: number, form: string, shape: number, any?: 1];
type ItemText = readonly [type: number, name: string, shape: number];
interface Texts {
  readonly shapes: readonly ShapeText[];
  readonly objects: readonly (readonly [number: number, name: string, types: readonly ObjectText[]])[];
  readonly families: readonly (readonly [
    name: string,
    framing: readonly number[],
    headerFields: string,
    items: readonly ItemText[],
  ])[];
}

/** `u16`, `x12`, `u16.3.5`. */
function valueLayout(text: string): ValueLayout {
  if (text[0] === "x") return { kind: KIND.bytes, size: Number(text.slice(1)), shift: 0, width: 0, mask: 0 };
  const [name, shift, width] = text.split(".");
  const kind = KIND[name as keyof typeof KIND], size = SIZES[kind];
  if (width === undefined) return { kind, size, shift: 0, width: 0, mask: 0 };
  return { kind: KIND.bits, size, shift: Number(shift), width: Number(width), mask: 2 ** Number(width) - 1 };
}

/** How a value looks that is reserved or constant and holds what it should. */
function usualValue({ kind, size }: ValueLayout, number: number): number | string {
  switch (kind) {
    case KIND.bytes:
      return "00".repeat(size);
    case KIND.u64:
      return String(number);
    case KIND.ipv4:
      return "0.0.0.0";
    case KIND.ipv6:
      return "::";
    case KIND.mac:
      return "00:00:00:00:00:00";
    default:
      return number;
  }
}

/** `reserved 4 u16 ~`. */
function fieldLayout(text: string): FieldLayout {
  const [name, at, type, modeText = ""] = text.split(" ");
  const value = valueLayout(type), mode = modeText.slice(0, 1);
  const [number = 0, unit = 1] = modeText.slice(1).split("/").map(Number);
  return {
    ...value,
    name,
    at: Number(at),
    mode,
    number,
    usual: usualValue(value, mode === "=" ? number : 0),
    minus: number,
    unit,
  };
}

const fieldLayouts = (text: string) => text === "" ? [] : text.split(",").map(fieldLayout);

/** Whether a field is left out when it holds what it should. */
const isOdd = ({ mode }: FieldLayout) => mode === "~" || mode === "=" || mode === "#";

/** Every layout of a text, each made when it is first asked for. */
export class Layouts {
  readonly nesting: Nesting;
  readonly #text: string;
  #parsed: Texts | undefined;
  /** Objects by class and C-Type, and by class where the C-Type is ignored. */
  readonly #objectTexts: Map<number, ObjectText> = new Map();
  readonly #classNames: Map<number, string> = new Map();
  readonly #numbers: Map<string, ObjectNumbers> = new Map();
  readonly #objects: Map<number, StructureLayout | undefined> = new Map();
  readonly #families: Map<string, FamilyLayout> = new Map();

  /** @param text the generated text @param nesting how objects inside objects are read and written */
  constructor(text: string, nesting: Nesting) {
    this.#text = text;
    this.nesting = nesting;
  }

  /** The layout of an object, or undefined if it is not in the catalogue. */
  object(number: number, ctype: number): StructureLayout | undefined {
    const key = number << 8 | ctype;
    const known = this.#objects.get(key);
    if (known !== undefined || this.#objects.has(key)) return known;
    this.#texts();
    // A class whose C-Type is ignored has its description under 256, which no C-Type is.
    const text = this.#objectTexts.get(key) ?? this.#objectTexts.get(ANY_CTYPE | number);
    const made = text && this.#structure(this.#classNames.get(number)!, text[1], text[2], 4, [], true);
    this.#objects.set(key, made);
    return made;
  }

  /** Class and C-Types of an object, or undefined if none has this name. */
  numbers(name: string): ObjectNumbers | undefined {
    this.#texts();
    return this.#numbers.get(name);
  }

  /** The C-Type of a form of an object, or its only one; undefined if neither is known. */
  ctype(name: string, form: string): number | undefined {
    const known = this.numbers(name);
    return known?.forms.get(form) ?? (known?.ctypes.length === 1 ? known.ctypes[0] : undefined);
  }

  /** The layout of a family of items, which the catalogue has. */
  family(name: string): FamilyLayout {
    const known = this.#families.get(name);
    if (known !== undefined) return known;
    const text = this.#texts().families.find((family) => family[0] === name);
    if (text === undefined) throw new Error(`no family of items is called ${name}`);
    const made = this.#family(text);
    this.#families.set(name, made);
    return made;
  }

  #texts(): Texts {
    if (this.#parsed !== undefined) return this.#parsed;
    const parsed = JSON.parse(this.#text) as Texts;
    for (const [number, name, types] of parsed.objects) {
      this.#classNames.set(number, name);
      for (const type of types) this.#objectTexts.set(type[3] ? ANY_CTYPE | number : number << 8 | type[0], type);
      this.#numbers.set(name, {
        class: number,
        ctypes: types.map(([ctype]) => ctype),
        forms: new Map(types.map(([ctype, form]) => [form, ctype])),
      });
    }
    return this.#parsed = parsed;
  }

  #family([name, framing, headerText, items]: Texts["families"][number]): FamilyLayout {
    const [header, typeAt, typeBytes, typeMask, lengthAt, lengthBytes, lengthUnit, countsBody, pads] = framing;
    const headerFields = fieldLayouts(headerText);
    const shapes = new Map(items.map((item) => [item[0], item]));
    const structures = new Map<number, StructureLayout | undefined>();
    return {
      ...{ name, header, typeAt, typeBytes, typeMask, lengthAt, lengthBytes, lengthUnit },
      uncounted: countsBody ? header : 0,
      pads: pads === 1,
      headerFields,
      headerShown: headerFields.filter((field) => !isOdd(field)),
      headerOdd: headerFields.filter(isOdd),
      types: new Map(items.map(([type, name]) => [name, type])),
      structure: (type) => {
        const known = structures.get(type);
        if (known !== undefined || structures.has(type)) return known;
        const text = shapes.get(type);
        const made = text && this.#structure(text[1], "", text[2], header, headerFields, pads === 0);
        structures.set(type, made);
        return made;
      },
    };
  }

  #structure(
    name: string,
    form: string,
    shape: number,
    header: number,
    headerFields: readonly FieldLayout[],
    padsText: boolean,
  ): StructureLayout {
    const text = this.#texts().shapes[shape];
    const variants = (text[2] ?? []).map((variant) => this.#shape(this.#texts().shapes[variant], header, true));
    const weight = ({ demands, fields }: ShapeLayout) =>
      demands.some(({ mode }) => mode === "!") ? 1000 : fields.length;
    return {
      ...{ name, form, header, headerFields, padsText, variants },
      headerShown: headerFields.filter((field) => !isOdd(field)),
      headerOdd: headerFields.filter(isOdd),
      general: this.#shape(text, header, false),
      writeOrder: [...variants].sort((a, b) => weight(b) - weight(a)),
    };
  }

  #shape([fieldsText, restText]: ShapeText, header: number, variant: boolean): ShapeLayout {
    const fields = fieldLayouts(fieldsText);
    const rest = restText ? this.#rest(restText, fields) : undefined;
    const seen = rest?.kind === "text" ? fields.filter((field) => field !== rest.lengthField) : fields;
    return {
      fields,
      shown: seen.filter((field) => !isOdd(field)),
      odd: seen.filter(isOdd),
      minimum: fields.reduce((end, { at, size }) => Math.max(end, at + size), header),
      rest,
      demands: variant ? fields.filter(({ mode }) => mode === "!" || mode === "=") : [],
    };
  }

  #rest([kind, name, parameter = "", length = 0]: RestText, fields: readonly FieldLayout[]): RestLayout {
    switch (kind) {
      case "bytes":
      case "objects":
        return { kind, name };
      case "text":
        return { kind, name, lengthField: fields.find((field) => field.name === parameter) };
      case "values":
        return { kind, name, type: valueLayout(parameter) };
      case "records": {
        const all = fieldLayouts(parameter);
        return { kind, name, length, shown: all.filter((field) => !isOdd(field)), odd: all.filter(isOdd) };
      }
      case "items":
        return { kind, name, family: this.family(parameter) };
      default:
        throw new Error(`no rest is of the kind ${kind}`);
    }
  }
}

const ANY_CTYPE = 1 << 16;

/** Why a structure of `length` bytes at byte `offset` of the message does not hold its general shape. */
export function whyTooShort(structure: StructureLayout, offset: number, length: number): string {
  const layout: Layout = [...structure.headerFields, ...structure.general.fields]
    .filter(({ at }) => at >= structure.header)
    .map(({ name, at, size }) => [name, at, size]);
  return tooShort(layout, offset, length);
}
