/**
 * Short ways to write catalogue fields, so that a layout reads line by line like the figure in its RFC. Each returns
 * plain data of `schema.ts` and nothing else.
 */
import type { Field, FieldType } from "./schema.ts";

/** What a field may say besides name, place, type and meaning. */
export type FieldExtra = Omit<Field, "name" | "at" | "type" | "doc">;

const of = (type: FieldType) => (name: string, at: number, doc: string, extra: FieldExtra = {}): Field => ({
  name,
  at,
  type,
  doc,
  ...extra,
});

export const u8 = of("u8");
export const u16 = of("u16");
export const u24 = of("u24");
export const u32 = of("u32");
export const u64 = of("u64");
export const f32 = of("f32");
export const ipv4 = of("ipv4");
export const ipv6 = of("ipv6");
export const mac = of("mac");

/** `width` bits of the big-endian word at `at`; `shift` counts from the least significant bit. */
export const bits = (
  name: string,
  at: number,
  word: "u8" | "u16" | "u32",
  shift: number,
  width: number,
  doc: string,
  extra: FieldExtra = {},
): Field => ({ name, at, type: { bits: word, shift, width }, doc, ...extra });

/** A fixed number of opaque bytes. */
export const octets = (name: string, at: number, bytes: number, doc: string, extra: FieldExtra = {}): Field => ({
  name,
  at,
  type: { bytes },
  doc,
  ...extra,
});

/** Must be zero when sent, ignored when received. */
export const reserved = (at: number, type: FieldType, name = "reserved"): Field => ({
  name,
  at,
  type,
  doc: "Must be zero when sent, ignored when received.",
  reserved: true,
});

/** The same, of some bits of a word. */
export const reservedBits = (
  at: number,
  word: "u8" | "u16" | "u32",
  shift: number,
  width: number,
  name = "reserved",
): Field => reserved(at, { bits: word, shift, width }, name);

/** Two hexadecimal digits of a class number, for vectors of classes that share a layout. */
export const hexByte = (value: number): string => value.toString(16).padStart(2, "0");
