/** What the tests of the catalogue share: the registry's text as lists, and the bits that fields cover. */
import type { Field, FieldType } from "../catalogue/schema.ts";
import { SHARED } from "./require.ts";

export const fromHex = (hex: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
export const toHex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

const WORD_BYTES: Record<string, number> = {
  u8: 1,
  u16: 2,
  u24: 3,
  u32: 4,
  u64: 8,
  f32: 4,
  ipv4: 4,
  ipv6: 16,
  mac: 6,
};

export function typeBytes(type: FieldType): number {
  if (typeof type === "string") return WORD_BYTES[type];
  return "bits" in type ? WORD_BYTES[type.bits] : type.bytes;
}

/** The bits that a field covers, counted from the start of its structure, the highest bit of byte 0 being bit 0. */
export function bitsOf(field: Field): number[] {
  const { type, at } = field;
  const width = typeBytes(type) * 8;
  const [from, count] = typeof type === "object" && "bits" in type
    ? [width - type.shift - type.width, type.width]
    : [0, width];
  return Array.from({ length: count }, (_, index) => at * 8 + from + index);
}

/** The registry "RSVP Parameters" as text. */
export const registryText = (): string => Deno.readTextFileSync(SHARED + "rfc/iana-rsvp-parameters.txt");
/** The registry "RSVP-TE Parameters" as text. */
export const registryTeText = (): string => Deno.readTextFileSync(SHARED + "rfc/iana-rsvp-te-parameters.txt");

/** The lines of a section: from a line that is `title` to the next line that `ends` matches. */
export function section(text: string, title: RegExp, ends: RegExp): string[] {
  const lines = text.split("\n");
  // Titles stand in the table of contents too; the section is the last place.
  const from = lines.findLastIndex((line) => title.test(line));
  if (from < 0) throw new Error(`no section ${title}`);
  const to = lines.findIndex((line, index) => index > from && ends.test(line));
  return lines.slice(from + 1, to < 0 ? undefined : to);
}

/** Rows `number  text  [reference]` of a table; unassigned and reserved ranges left out, wrapped text put together. */
export function rows(lines: readonly string[]): Map<number, string> {
  const found = new Map<number, string>();
  let last = -1;
  for (const line of lines) {
    const row = /^\s*(0x[0-9a-f]+|\d+)\s+(\S.*?)\s*$/i.exec(line);
    if (row) {
      last = Number(row[1]);
      const text = row[2].split(/\s{2,}/)[0].replace(/\s*\[[A-Z].*$/, "").trim();
      if (/^unassigned/i.test(text)) last = -1;
      else found.set(last, text);
    } else if (last >= 0 && /^\s{8,}\S/.test(line) && !/\[|Internet Draft|networks"|from\]/.test(line)) {
      found.set(last, `${found.get(last)} ${line.trim()}`);
    } else if (/^\s*\d+-\d+\s/.test(line) || line.trim() === "") {
      last = -1;
    }
  }
  return found;
}
