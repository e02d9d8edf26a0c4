/**
 * The language in which every RSVP object is described: pure data, no functions, so that the engine's tables,
 * the host's types, readers and writers, and the documentation are all generated from one description.
 *
 * Offsets (`at`) are bytes from the start of the structure that the fields belong to. For an object that is the
 * first byte of its 4-byte object header (RFC 2205 section 3.1.2), so the first content byte is at 4; for an item
 * of a list it is the first byte of the item's own header.
 */

/**
 * How one field stands on the wire. All integers are big-endian. As text: `ipv4` dotted, `ipv6` by RFC 5952 (with
 * ::ffff:0:0/96 as ::ffff:192.0.2.1), `mac` as 02:00:5e:10:00:01, `u64` decimal. An `f32` is a number, but as text where
 * JSON would lose it: "Infinity", "-Infinity", "-0", and a NaN with its bits, "NaN:7fc00001".
 */
export type FieldType =
  | "u8"
  | "u16"
  | "u24"
  | "u32"
  | "u64"
  | "f32"
  | "ipv4"
  | "ipv6"
  | "mac"
  /** Bits inside the big-endian word `word` that starts at `at`; `shift` counts from the least significant bit. */
  | { readonly bits: "u8" | "u16" | "u32"; readonly shift: number; readonly width: number }
  /** A fixed number of opaque bytes, shown as lower-case hex. */
  | { readonly bytes: number };

/** Names of numbers: the values of an enumeration, or the masks of single bits. */
export type Names = Readonly<Record<number, string>>;

export interface Field {
  /** camelCase, unabbreviated, unit last: `refreshPeriodMs`. */
  readonly name: string;
  readonly at: number;
  readonly type: FieldType;
  /** What it means; the RFC's own symbol where it has one. */
  readonly doc: string;
  /** Must be zero when sent, ignored when received (RFC 2205 3.1.2). Shown only where it is not zero, so nothing is lost. */
  readonly reserved?: true;
  /** The only value that is legal here (a fixed parameter header, for example). Shown only where it differs. */
  readonly constant?: number;
  /** The name of an enumeration in `NAMES` (`catalogue/names.ts`, or the RFC's own file) whose members name the values. */
  readonly names?: string;
  /** With `names`: the enumeration is `names:VALUE`, VALUE being what this sibling field holds (error values by error code). */
  readonly namesBy?: string;
  /** The name of a set in `FLAGS` (`catalogue/names.ts`, or the RFC's own file) whose members name single bits. */
  readonly flags?: string;
  /** In a variant: the value that selects the variant. Always shown, so that types are told apart by it. */
  readonly literal?: number;
  /** Counts the enclosing structure: (its length - `minus`) / `unit`. Shown only where it differs; computed when written. */
  readonly lengthOf?: { readonly minus: number; readonly unit: number };
  /** A session or filter field that is not part of the identity (RFC 2205 A.1: SESSION flags). */
  readonly notIdentity?: true;
}

/** What follows the fixed fields, up to the end of the enclosing structure. */
export type Rest =
  /** Opaque bytes, as hex. */
  | { readonly kind: "bytes"; readonly name: string; readonly doc: string }
  /** Text, padded with NULs to a multiple of four; `lengthField` names the field that holds its length, if any. */
  | { readonly kind: "text"; readonly name: string; readonly doc: string; readonly lengthField?: string }
  /** A run of single values: addresses of a SCOPE, code points of a DCLASS, labels. */
  | {
    readonly kind: "values";
    readonly name: string;
    readonly type: FieldType;
    readonly doc: string;
    readonly names?: string;
  }
  /** A run of equal structures with no header of their own. `length` is the bytes of one. */
  | {
    readonly kind: "records";
    readonly name: string;
    readonly length: number;
    readonly fields: readonly Field[];
    readonly doc: string;
  }
  /** A run of typed items, each with its own header (see `ItemFraming`). Unknown types are kept as bytes. */
  | { readonly kind: "items"; readonly name: string; readonly family: string; readonly doc: string }
  /** A run of RSVP objects (POLICY_DATA options, RFC 2750; ALARM_SPEC and the like). */
  | { readonly kind: "objects"; readonly name: string; readonly doc: string }
  /** A run of whole RSVP messages (Bundle, RFC 2961 section 3.3). */
  | { readonly kind: "messages"; readonly name: string; readonly doc: string };

/**
 * A shape that a structure takes when its length is exactly `length` and every `literal` and `constant` field holds
 * its value. Variants are tried in order, before the structure's own `fields` and `rest`, which take what fits none.
 * The general shape of a structure with variants must have a `rest`: a writer tells it from the variants by the name of
 * that rest being present.
 */
export interface Variant {
  /** PascalCase, ends the name of the generated type: `ControlledLoad`. */
  readonly name: string;
  readonly doc: string;
  readonly length: number;
  readonly fields: readonly Field[];
}

/**
 * The body shared by objects and items. How it is read (host readers and engine tables must agree):
 * - shorter than the fields (or `length`) need: the structure shows `malformed` and `bytes` (all after its header);
 * - bytes left over after the fields, or after the last whole value or record of a rest: `trailing`, as hex;
 * - a rest of items, objects or messages whose framing breaks makes the structure that holds it `malformed`;
 * - text: UTF-8 as `<name>`; what is not UTF-8 as hex in `<name>Bytes`. NULs beyond the padding to a multiple of four,
 *   or bytes there that are not NUL, are shown as `padding` (hex of all of the padding). The length field is not shown.
 */
export interface Body {
  /** Exact length in bytes, header included. Without it the length is what the fields need, or more if `rest` follows. */
  readonly length?: number;
  readonly fields?: readonly Field[];
  readonly rest?: Rest;
  readonly variants?: readonly Variant[];
}

/** One C-Type of one object class. */
export interface ObjectDescription extends Body {
  /** The class name, as in the registry: `SESSION`. */
  readonly name: string;
  readonly class: number;
  readonly ctype: number;
  /** The C-Type is ignored (NULL, RFC 2205 3.1.2): every C-Type of the class has this description. */
  readonly anyCType?: true;
  /** What tells this C-Type from its siblings: `IPv4`, `IPv6`, `LSP_TUNNEL_IPv4`. Empty where the class has one. */
  readonly form: string;
  /** `RFC 2205 A.1`, with the section. */
  readonly rfc: string;
  readonly doc: string;
  /** Why the content is shown as bytes only (what is in it is not public, or not described here). */
  readonly opaque?: string;
  /** A vector: hex of a whole object, header included, that a test decodes, prints and re-encodes. Several where shapes differ. */
  readonly vectors: readonly string[];
}

/**
 * How the items of a family are framed.
 * - `typeAt`/`typeBytes`/`typeMask`: where the type is and which bits of it count (0x7f under an ERO's L bit).
 * - `lengthAt`/`lengthBytes`: where the length is.
 * - `lengthUnit`: bytes, or 32-bit words (Int-Serv parameters).
 * - `lengthCounts`: whether the length counts the whole item or only what follows the header.
 * - `padTo`: items are padded to this multiple without the length saying so; padding that is not zero shows as `padding`.
 *
 * Decoded items are `{ name, type, ...header fields, ...fields }`; an unknown type is `{ name: "UNKNOWN", type, ...header
 * fields, bytes }` with what follows the header; so is one that does not fit, with its own name and `malformed`.
 */
export interface ItemFraming {
  readonly headerLength: number;
  readonly typeAt: number;
  readonly typeBytes: 1 | 2;
  readonly typeMask?: number;
  readonly lengthAt: number;
  readonly lengthBytes: 1 | 2;
  readonly lengthUnit: 1 | 4;
  readonly lengthCounts: "item" | "body";
  readonly padTo?: 4;
}

/** One item type of a family: a sub-object of an EXPLICIT_ROUTE, an Int-Serv parameter, a policy element. */
export interface ItemDescription extends Body {
  readonly name: string;
  readonly type: number;
  readonly rfc: string;
  readonly doc: string;
}

export interface ItemFamily {
  readonly name: string;
  readonly framing: ItemFraming;
  readonly items: readonly ItemDescription[];
  /** Header fields that every item of the family has besides type and length (the L bit, flags of a parameter). */
  readonly headerFields?: readonly Field[];
}

/** Which objects a message must and may carry, in the RFC's recommended order. */
export interface MessageDescription {
  readonly name: string;
  readonly type: number;
  readonly rfc: string;
  readonly doc: string;
  /** Class names in the order of the RFC's grammar. `?` optional, `*` any number, `+` one or more. */
  readonly grammar: readonly string[];
  readonly required: readonly string[];
  /** What the body is after the listed objects: whole messages (Bundle, RFC 2961 3.1) instead of more objects. */
  readonly rest?: "messages";
}
