// Values as JSON text, without allocation. Every function takes where to write and returns where it ended. A function may
// write up to 31 bytes beyond that end, which the next one overwrites, so the writer keeps a margin (wire/ndjson.ts).
import { dtoa_buffered } from "util/number";
import { OCTETS, PAIRS, POOL } from "../tables.gen";
import { load16 } from "./bytes";

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;

const HEX_DIGITS: v128 = i8x16(48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102);
const SCRATCH: usize = memory.data(64, 8);

// @ts-ignore: decorator
@inline
export function writeByte(at: usize, value: u32): usize {
  store<u8>(at, value);
  return at + 1;
}

// A string of the pool.
export function copyText(at: usize, text: u32): usize {
  return copyBytes(at, POOL + text + 1, load<u8>(POOL + text));
}

// The same without a call, for the two places where most of the text comes from.
// @ts-ignore: decorator
@inline
export function copyTextInline(at: usize, text: u32): usize {
  const length: usize = load<u8>(POOL + text);
  v128.store(at, v128.load(POOL + text + 1));
  if (length > 16) {
    v128.store(at + 16, v128.load(POOL + text + 17));
    if (length > 32) return copyBytes(at, POOL + text + 1, <u32> length);
  }
  return at + length;
}

// Bytes of the pool: the source may be read beyond `length`.
export function copyBytes(at: usize, source: usize, length: u32): usize {
  v128.store(at, v128.load(source));
  if (length > 16) {
    v128.store(at + 16, v128.load(source + 16));
    for (let done: u32 = 32; done < length; done += 16) v128.store(at + done, v128.load(source + done));
  }
  return at + length;
}

// 0 to 255, with one load.
// @ts-ignore: decorator
@inline
export function writeOctet(at: usize, value: u32): usize {
  const digits = load<u32>(OCTETS + (value << 2));
  store<u32>(at, digits);
  return at + (digits >>> 24);
}

function digitsOf(value: u32): u32 {
  if (value < 10000) return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4;
  if (value < 1000000) return value < 100000 ? 5 : 6;
  if (value < 100000000) return value < 10000000 ? 7 : 8;
  return value < 1000000000 ? 9 : 10;
}

export function writeU32(at: usize, value: u32): usize {
  if (value < 256) return writeOctet(at, value);
  const end = at + digitsOf(value);
  writeDigits(end, value);
  return end;
}

// The digits of `value`, the last one before `end`.
function writeDigits(end: usize, value: u32): void {
  while (value >= 100) {
    const rest = value / 100;
    end -= 2;
    store<u16>(end, load<u16>(PAIRS + ((value - rest * 100) << 1)));
    value = rest;
  }
  if (value >= 10) store<u16>(end - 2, load<u16>(PAIRS + (value << 1)));
  else store<u8>(end - 1, 0x30 + value);
}

export function writeU64(at: usize, value: u64): usize {
  if (value <= 0xffffffff) return writeU32(at, <u32> value);
  const high = value / 1000000000;
  const end = writeU64(at, high) + 9;
  writePadded(end, <u32> (value - high * 1000000000), 9);
  return end;
}

// Nine digits or fewer, with leading zeros, the last one before `end`.
export function writePadded(end: usize, value: u32, digits: u32): void {
  for (let i: u32 = 0; i < digits; ++i) {
    end -= 1;
    store<u8>(end, 0x30 + value % 10);
    value /= 10;
  }
}

export function writeIpv4(at: usize, address: usize): usize {
  at = writeByte(writeOctet(at, load<u8>(address)), 0x2e);
  at = writeByte(writeOctet(at, load<u8>(address, 1)), 0x2e);
  at = writeByte(writeOctet(at, load<u8>(address, 2)), 0x2e);
  return writeOctet(at, load<u8>(address, 3));
}

// RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as `::`, and IPv4 notation
// under ::ffff:0:0/96.
export function writeIpv6(at: usize, address: usize): usize {
  let bestStart: u32 = 8;
  let bestLength: u32 = 1;
  for (let group: u32 = 0; group < 8; ++group) {
    let end = group;
    while (end < 8 && !load<u16>(address + (end << 1))) ++end;
    if (end - group > bestLength) {
      bestStart = group;
      bestLength = end - group;
    }
    if (end > group) group = end - 1;
  }
  if (bestStart == 0 && bestLength == 5 && load<u16>(address, 10) == 0xffff) {
    store<u64>(at, 0x3a666666663a3a); // "::ffff:"
    return writeIpv4(at + 7, address + 12);
  }
  for (let group: u32 = 0; group < 8; ++group) {
    if (group == bestStart) {
      store<u16>(at, 0x3a3a);
      at += 2;
      group += bestLength - 1;
      continue;
    }
    if (group && group != bestStart + bestLength) at = writeByte(at, 0x3a);
    at = writeHexNumber(at, load16(address + (group << 1)));
  }
  return at;
}

function hexDigit(value: u32): u32 {
  return value < 10 ? 0x30 + value : 0x57 + value;
}

// Without leading zeros.
export function writeHexNumber(at: usize, value: u32): usize {
  let shift: i32 = 28;
  while (shift > 0 && !(value >>> shift)) shift -= 4;
  for (; shift >= 0; shift -= 4) at = writeByte(at, hexDigit((value >>> shift) & 15));
  return at;
}

// Bytes as lower-case hex, two digits each. Nothing beyond `length` is read.
export function writeHex(at: usize, source: usize, length: u32): usize {
  const end = source + length;
  while (source + 16 <= end) {
    const bytes = v128.load(source);
    const high = i8x16.swizzle(HEX_DIGITS, i8x16.shr_u(bytes, 4));
    const low = i8x16.swizzle(HEX_DIGITS, v128.and(bytes, i8x16.splat(15)));
    v128.store(at, i8x16.shuffle(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
    v128.store(at + 16, i8x16.shuffle(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
    source += 16;
    at += 32;
  }
  while (source < end) {
    const value: u32 = load<u8>(source);
    store<u16>(at, <u16> (hexDigit(value >>> 4) | (hexDigit(value & 15) << 8)));
    source += 1;
    at += 2;
  }
  return at;
}

export function writeMac(at: usize, source: usize): usize {
  for (let i: usize = 0; i < 6; ++i) {
    if (i) at = writeByte(at, 0x3a);
    at = writeHex(at, source + i, 1);
  }
  return at;
}

// A finite number as JavaScript would read it back: whole numbers as such, others with the fewest digits that give the
// same 64-bit number.
export function writeF64(at: usize, value: f64): usize {
  if (value < 0) {
    at = writeByte(at, 0x2d);
    value = -value;
  }
  if (value < 9007199254740992 && value == Math.floor(value)) return writeU64(at, <u64> value);
  // dtoa writes UTF-16.
  const length = dtoa_buffered(SCRATCH, value);
  for (let i: usize = 0; i < <usize> length; ++i) store<u8>(at + i, load<u16>(SCRATCH + (i << 1)));
  return at + length;
}

// The end of the text without its trailing NULs.
export function textEnd(from: usize, to: usize): usize {
  while (to > from && !load<u8>(to - 1)) to -= 1;
  return to;
}

// Whether the bytes are UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing beyond U+10FFFF.
export function isUtf8(at: usize, end: usize): bool {
  while (at < end) {
    const first: u32 = load<u8>(at);
    at += 1;
    if (first < 0x80) continue;
    let more: u32;
    let low: u32 = 0x80;
    let high: u32 = 0xbf;
    if (first >= 0xc2 && first <= 0xdf) more = 1;
    else if (first >= 0xe0 && first <= 0xef) {
      more = 2;
      if (first == 0xe0) low = 0xa0;
      if (first == 0xed) high = 0x9f;
    } else if (first >= 0xf0 && first <= 0xf4) {
      more = 3;
      if (first == 0xf0) low = 0x90;
      if (first == 0xf4) high = 0x8f;
    } else return false;
    if (<usize> more > end - at) return false;
    for (; more > 0; --more) {
      const next: u32 = load<u8>(at);
      if (next < low || next > high) return false;
      low = 0x80;
      high = 0xbf;
      at += 1;
    }
  }
  return true;
}

// UTF-8 inside a JSON string: quotes, backslashes and control characters escaped. At most six bytes for each byte.
export function writeEscaped(at: usize, from: usize, to: usize): usize {
  while (from < to) {
    const value: u32 = load<u8>(from);
    from += 1;
    if (value == QUOTE || value == BACKSLASH) {
      at = writeByte(writeByte(at, BACKSLASH), value);
    } else if (value < 0x20) {
      store<u32>(at, 0x3030755c); // "\u00"
      at = writeByte(writeByte(at + 4, hexDigit(value >>> 4)), hexDigit(value & 15));
    } else {
      at = writeByte(at, value);
    }
  }
  return at;
}
