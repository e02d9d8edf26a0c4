// The inside of the Int-Serv objects, RFC 2210 section 3 and appendix 1, as the rest of this room reads and writes it:
// message header { version 4 bits, length in words }, service header { service 8, break bit, length in words },
// parameter header { parameter 8, flags 8, length in words }, all lengths without their own header word.
//
// Every pointer is to a complete object in wire form, 4-byte object header first. wire/ has checked that the three
// levels of length agree; the searches here still stop at the object's end, so that no content can lead them outside.
//
// Floats are handled as their bits wherever they are only compared or copied: for non-negative numbers, +infinity
// included, the order of the bit patterns as unsigned integers is the order of the numbers, and what is not a legal
// number (validate.ts refuses it) still has one fixed place in that order, so no merge ever depends on the order of
// its operands.

import { swap32 } from "../wire/bytes";
export const GENERAL_SERVICE: u32 = 1;
export const GUARANTEED_SERVICE: u32 = 2;
export const CONTROLLED_LOAD_SERVICE: u32 = 5;
/** RFC 2997. */
export const NULL_SERVICE: u32 = 6;

export const TOKEN_BUCKET_PARAMETER: u32 = 127;
export const RSPEC_PARAMETER: u32 = 130;
export const NULL_TSPEC_PARAMETER: u32 = 128;

/** Offsets of the token bucket in a FLOWSPEC and in a SENDER_TSPEC, and of the RSpec behind it. */
export const RATE: usize = 16;
export const DEPTH: usize = 20;
export const PEAK: usize = 24;
export const MINIMUM_UNIT: usize = 28;
export const MAXIMUM_SIZE: usize = 32;
export const RESERVED_RATE: usize = 40;
export const SLACK: usize = 44;
/** Offset of M in a FLOWSPEC of the null service (RFC 2997 section 4.4). */
export const NULL_MAXIMUM_SIZE: usize = 16;

export const CONTROLLED_LOAD_FLOWSPEC_BYTES: u32 = 36;
export const GUARANTEED_FLOWSPEC_BYTES: u32 = 48;
export const NULL_FLOWSPEC_BYTES: u32 = 20;
export const SENDER_TSPEC_BYTES: u32 = 36;
export const NULL_SENDER_TSPEC_BYTES: u32 = 20;
/** Room for any FLOWSPEC or SENDER_TSPEC that this room writes. */
export const LARGEST_FLOWSPEC_BYTES: u32 = 48;

/** Class and C-Type of the objects, as the low half of the object header. */
export const FLOWSPEC_OBJECT: u32 = 0x0902;
export const SENDER_TSPEC_OBJECT: u32 = 0x0c02;
export const ADSPEC_OBJECT: u32 = 0x0d02;

/** Bit 23 of a service header: the break bit; of a parameter header: INVALID (RFC 2210 A1.2, A1.3). */
export const BREAK_BIT: u32 = 0x00800000;
/** What of a service or parameter header is not reserved. */
export const HEADER_MASK: u32 = 0xff00ffff;

export const POSITIVE_INFINITY_BITS: u32 = 0x7f800000;
const LARGEST_FINITE_BITS: u32 = 0x7f7fffff;

// @ts-ignore: decorator
@inline
export function word(at: usize): u32 {
  return swap32(load<u32>(at));
}

// @ts-ignore: decorator
@inline
export function setWord(at: usize, value: u32): void {
  store<u32>(at, swap32(value));
}

/** Length of the object in bytes, its header included. */
// @ts-ignore: decorator
@inline
export function objectLength(object: usize): u32 {
  return word(object) >>> 16;
}

/** A float field as the exact f64 of its value. */
// @ts-ignore: decorator
@inline
export function float(at: usize): f64 {
  return <f64> reinterpret<f32>(word(at));
}

/** The bits of the float nearest to `value`; finite always, because only a peak rate may be infinite. */
export function finiteBits(value: f64): u32 {
  const bits = reinterpret<u32>(<f32> value);
  return bits > LARGEST_FINITE_BITS ? LARGEST_FINITE_BITS : bits;
}

/** The bits of the smallest float that is not below `value`, for rates that must not fall short. */
export function roundedUpBits(value: f64): u32 {
  let bits = finiteBits(value);
  if (<f64> reinterpret<f32>(bits) < value && bits < LARGEST_FINITE_BITS) bits++;
  return bits;
}

// @ts-ignore: decorator
@inline
export function lesser(a: u32, b: u32): u32 {
  return a < b ? a : b;
}

// @ts-ignore: decorator
@inline
export function larger(a: u32, b: u32): u32 {
  return a > b ? a : b;
}

/** Sum that stays at 2^32-1 (RFC 2212 Exported Information, RFC 2215 section 3.4). */
// @ts-ignore: decorator
@inline
export function saturatingSum(a: u32, b: u32): u32 {
  const sum = a + b;
  return sum < a ? u32.MAX_VALUE : sum;
}

/** First value word of a service's parameter whose value is `words` long, or 0 if the object has none. */
export function findParameter(object: usize, service: u32, parameter: u32, words: u32): usize {
  const end = object + objectLength(object);
  let at = object + 8;
  while (at + 4 <= end) {
    const header = word(at);
    const next = at + 4 + ((header & 0xffff) << 2);
    if (next > end) return 0;
    if (header >>> 24 == service) {
      let inner = at + 4;
      while (inner + 4 <= next) {
        const parameterHeader = word(inner);
        const after = inner + 4 + ((parameterHeader & 0xffff) << 2);
        if (after > next) return 0;
        if (parameterHeader >>> 24 == parameter) return (parameterHeader & 0xffff) == words ? inner + 4 : 0;
        inner = after;
      }
    }
    at = next;
  }
  return 0;
}

/** Writes the header words of an object with one service and one first parameter. */
export function writeHeaders(
  destination: usize,
  length: u32,
  object: u32,
  service: u32,
  parameter: u32,
  words: u32,
): void {
  setWord(destination, length << 16 | object);
  setWord(destination + 4, (length >>> 2) - 2);
  setWord(destination + 8, service << 24 | ((length >>> 2) - 3));
  setWord(destination + 12, parameter << 24 | words);
}
