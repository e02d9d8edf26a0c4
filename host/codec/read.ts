/**
 * What the generated readers (host/objects.gen.ts) are made of: one value from bytes each. A reader has checked that the
 * bytes are there, so nothing here can fail.
 */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const DECIMAL = Array.from({ length: 256 }, (_, byte) => String(byte));
const DOTTED = Array.from({ length: 256 }, (_, byte) => `.${byte}`);

/** Bytes from `from` to before `to`, as lower-case hex. */
export function hex(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let at = from; at < to; at++) text += HEX[bytes[at]];
  return text;
}

/**
 * Texts of addresses seen lately. RSVP says the same again and again: every state is refreshed twice a minute, so most
 * addresses are here, and making a text costs more than the rest of a SESSION.
 */
const KEPT_BITS = 12;
const keptAddresses = new Int32Array(1 << KEPT_BITS);
const keptTexts: string[] = new Array(1 << KEPT_BITS).fill("0.0.0.0");

/** An IPv4 address, dotted. */
export function ipv4(bytes: Uint8Array, at: number): string {
  const address = bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
  const slot = Math.imul(address, 0x9e3779b1) >>> 32 - KEPT_BITS;
  if (keptAddresses[slot] === address) return keptTexts[slot];
  keptAddresses[slot] = address;
  return keptTexts[slot] = DECIMAL[bytes[at]] + DOTTED[bytes[at + 1]] + DOTTED[bytes[at + 2]] + DOTTED[bytes[at + 3]];
}

/** An IPv6 address by RFC 5952: lower case, the first longest run of two or more zero groups as `::`. */
export function ipv6(bytes: Uint8Array, at: number): string {
  let bestFrom = -1, bestLength = 1;
  for (let group = 0; group < 8; group++) {
    let end = group;
    while (end < 8 && (bytes[at + 2 * end] | bytes[at + 2 * end + 1]) === 0) end++;
    if (end - group > bestLength) {
      bestFrom = group;
      bestLength = end - group;
    }
    if (end > group) group = end - 1;
  }
  // ::ffff:0:0/96 is the one prefix that always holds an IPv4 address (RFC 5952 section 5).
  if (bestFrom === 0 && bestLength === 5 && (bytes[at + 10] & bytes[at + 11]) === 255) {
    return `::ffff:${ipv4(bytes, at + 12)}`;
  }
  let text = "";
  for (let group = 0; group < 8; group++) {
    if (group === bestFrom) {
      text += "::";
      group += bestLength - 1;
      continue;
    }
    if (group > 0 && group !== bestFrom + (bestFrom < 0 ? 0 : bestLength)) text += ":";
    text += (bytes[at + 2 * group] << 8 | bytes[at + 2 * group + 1]).toString(16);
  }
  return text;
}

/** A MAC address, with colons. */
export function mac(bytes: Uint8Array, at: number): string {
  let text = HEX[bytes[at]];
  for (let index = 1; index < 6; index++) text += `:${HEX[bytes[at + index]]}`;
  return text;
}

/** What JSON would lose of a float, as text. */
export type FloatText = `NaN:${string}` | "Infinity" | "-Infinity" | "-0";

/** A float as a number, or as text where JSON would lose it. */
export function f32(view: DataView, at: number): number | FloatText {
  const value = view.getFloat32(at);
  return value - value === 0 && value !== 0 ? value : oddFloat(view, at, value);
}

function oddFloat(view: DataView, at: number, value: number): number | FloatText {
  const bits = view.getUint32(at);
  if (bits === 0) return 0;
  if (value !== value) return `NaN:${bits.toString(16)}`;
  return value === 0 ? "-0" : value > 0 ? "Infinity" : "-Infinity";
}

/** An unsigned 64-bit integer as decimal text, so that JSON keeps it. */
export function u64(view: DataView, at: number): string {
  return view.getBigUint64(at).toString();
}

// ignoreBOM keeps a leading U+FEFF, so that text is written again as it came.
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 text, or undefined if it is not. */
export function utf8(bytes: Uint8Array, from: number, to: number): string | undefined {
  try {
    return DECODER.decode(bytes.subarray(from, to));
  } catch {
    return undefined;
  }
}

/** Where the last byte that is not NUL ends. */
export function textEnd(bytes: Uint8Array, from: number, to: number): number {
  while (to > from && bytes[to - 1] === 0) to--;
  return to;
}

/** The bytes from `from` to `to` as hex, unless they are exactly `expected` zeros. */
export function oddPadding(bytes: Uint8Array, from: number, to: number, expected: number): string | undefined {
  if (to - from !== expected) return hex(bytes, from, to);
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return hex(bytes, from, to);
  return undefined;
}

/** How many bytes fill up `length` to a multiple of four. */
export function padding(length: number): number {
  return -length & 3;
}

/** Name, offset and size of each field of a structure. */
export type Layout = readonly (readonly [name: string, at: number, size: number])[];

/** Says which field does not fit a structure of `length` bytes that starts at byte `offset` of the message. */
export function tooShort(layout: Layout, offset: number, length: number): string {
  for (const [name, at, size] of layout) {
    if (at + size > length) {
      return `${name} at ${offset + at}: needs ${size} bytes, ${Math.max(0, length - at)} are left`;
    }
  }
  return `content at ${offset + length}: is shorter than its class demands`;
}

/** How deep objects and messages may stand inside each other. */
export const MAXIMUM_DEPTH = 8;
