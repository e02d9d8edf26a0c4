// The checksum of RFC 2205 section 3.1.1 (and of IPv4, RFC 791): the 16-bit one's complement of the one's complement
// sum. Adding 16-bit words in little-endian order gives the byte-swapped result of adding them in big-endian order
// (RFC 1071 section 2(B)), so sums are kept in memory order and stored as they are: no byte is ever swapped.
//
// Every function reads only the bytes it is given: `pointer` to `pointer + length` must be inside linear memory.

// 16 zero bytes, then 16 ones: a load at `16 + n - 16` masks the first 16 - n bytes of a vector away.
const TAIL_MASK: usize = memory.data<u8>([
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  255,
  255,
  255,
  255,
  255,
  255,
  255,
  255,
  255,
  255,
  255,
  255,
  255,
  255,
  255,
  255,
]);

// Folds a sum of 16-bit words, that has not overflowed, to 16 bits.
// @ts-ignore: decorator
@inline

export function foldChecksum(sum: u64): u32 {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffffffff) + (sum >> 32);
  let low = <u32> sum;
  low = (low & 0xffff) + (low >>> 16);
  return ((low & 0xffff) + (low >>> 16)) & 0xffff;
}

// The folded sum of short runs (an IPv4 header), where setting up vectors does not pay.
export function sumShort(pointer: usize, length: u32): u32 {
  let sum: u64 = 0;
  const end = pointer + length;
  while (pointer + 4 <= end) {
    sum += load<u32>(pointer);
    pointer += 4;
  }
  if (pointer + 2 <= end) {
    sum += load<u16>(pointer);
    pointer += 2;
  }
  // An odd last byte counts as if a zero byte followed (RFC 1071); in memory order it is the low byte.
  if (pointer < end) sum += load<u8>(pointer);
  return foldChecksum(sum);
}

// Two words are added by one multiplication of signed words: with its highest bit turned round a word is 32,768 less than
// it was, as a signed number.
const TURN: u32 = 0x8000;

@inline
function pairs(words: v128): v128 {
  return i32x4.dot_i16x8_s(v128.xor(words, i16x8.splat(<i16> TURN)), i16x8.splat(1));
}

// The folded sum of `length` bytes, at most 64 KB. A message with a right checksum field gives 0xFFFF.
export function sumBytes(pointer: usize, length: u32): u32 {
  if (length < 16 || (length & 1)) return sumAny(pointer, length);
  let lanes = i32x4.splat(0);
  let at = pointer;
  const end = pointer + length;
  // A lane changes by at most 65,536 a vector; 64 KB are 4,096 vectors: all four together stay below 2^31.
  while (at + 64 <= end) {
    const first = i32x4.add(pairs(v128.load(at)), pairs(v128.load(at, 16)));
    const second = i32x4.add(pairs(v128.load(at, 32)), pairs(v128.load(at, 48)));
    lanes = i32x4.add(lanes, i32x4.add(first, second));
    at += 64;
  }
  if (at + 32 <= end) {
    lanes = i32x4.add(lanes, i32x4.add(pairs(v128.load(at)), pairs(v128.load(at, 16))));
    at += 32;
  }
  if (at + 16 <= end) {
    lanes = i32x4.add(lanes, pairs(v128.load(at)));
    at += 16;
  }
  let words = (length & ~15) >>> 1;
  if (at < end) {
    // The last vector ends exactly at the end and overlaps what is already counted, which the mask takes away.
    lanes = i32x4.add(lanes, pairs(v128.and(v128.load(end - 16), v128.load(TAIL_MASK + (end - at)))));
    words += 8;
  }
  lanes = i32x4.add(lanes, v128.shuffle<i32>(lanes, lanes, 2, 3, 0, 1));
  const both = i64x2.extract_lane(lanes, 0);
  return foldSum(<u32> both + <u32> (both >>> 32) + words * TURN);
}

// Folds a sum of 32 bits.
// @ts-ignore: decorator
@inline

export function foldSum(sum: u32): u32 {
  sum = (sum & 0xffff) + (sum >>> 16);
  return (sum & 0xffff) + (sum >>> 16);
}

// Two words as addends of a sum that foldChecksum() will fold.
// @ts-ignore: decorator
@inline

export function halves(words: u64): u64 {
  return (words & 0xffffffff) + (words >> 32);
}

// The folded sum of 36 bytes: a SENDER_TSPEC or a FLOWSPEC of one token bucket.
// @ts-ignore: decorator
@inline

export function sum36(pointer: usize): u32 {
  let lanes = i32x4.add(pairs(v128.load(pointer)), pairs(v128.load(pointer, 16)));
  lanes = i32x4.add(lanes, v128.shuffle<i32>(lanes, lanes, 2, 3, 0, 1));
  const both = i64x2.extract_lane(lanes, 0);
  const last = load<u32>(pointer, 32);
  return foldSum(<u32> both + <u32> (both >>> 32) + 16 * TURN + (last & 0xffff) + (last >>> 16));
}

// Short or odd runs.
function sumAny(pointer: usize, length: u32): u32 {
  if (length < 16) return sumShort(pointer, length);
  const even = sumBytes(pointer, length - 1);
  return foldChecksum(<u64> even + <u64> load<u8>(pointer + length - 1));
}

// The checksum field of a message that is like another one but for 32 bits, where `field` is the other's, which is right,
// and `before` and `after` are those bits in both (RFC 1624).
export function changedField(field: u32, before: u32, after: u32): u16 {
  const rest = foldSum((field ^ 0xffff) + (before & 0xffff ^ 0xffff) + (before >>> 16 ^ 0xffff));
  const sum = foldSum(rest + (after & 0xffff) + (after >>> 16));
  return sum == 0 ? 0xffff : fieldOf(sum);
}

// The value for a checksum field whose bytes are zero now, to be stored with `store<u16>` as it is.
export function checksumField(pointer: usize, length: u32): u16 {
  return fieldOf(sumBytes(pointer, length));
}

// The same of a folded sum. A computed zero would read as "none was sent" (RFC 2205 section 3.1.1), so its one's complement
// twin 0xFFFF is sent instead.
// @ts-ignore: decorator
@inline

export function fieldOf(sum: u32): u16 {
  const value = ~sum & 0xffff;
  return <u16> (value == 0 ? 0xffff : value);
}
