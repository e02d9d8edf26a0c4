// Big-endian loads and stores: each is one memory access and one byte swap.

// The compiler's bswap is a call; these are a rotation or two.
// @ts-ignore: decorator
@inline
export function swap16(value: u16): u32 {
  return (<u32> value >> 8) | ((<u32> value & 0xff) << 8);
}

// @ts-ignore: decorator
@inline
export function swap32(value: u32): u32 {
  return rotl<u32>(value & 0xff00ff00, 8) | rotr<u32>(value & 0x00ff00ff, 8);
}

// Copies a short run of bytes, a multiple of four. memory.copy leaves the module for every call, which costs more than
// copying an object; above some hundred bytes it is the faster one.
// @ts-ignore: decorator
@inline
export function copyWords(destination: usize, source: usize, length: usize): void {
  if (length > 256) {
    memory.copy(destination, source, length);
    return;
  }
  let at: usize = 0;
  for (; at + 8 <= length; at += 8) store<u64>(destination + at, load<u64>(source + at));
  if (at < length) store<u32>(destination + at, load<u32>(source + at));
}

// Copies an address of family 4 or 6.
// @ts-ignore: decorator
@inline
export function copyAddress(destination: usize, address: usize, family: u32): void {
  if (family == 4) store<u32>(destination, load<u32>(address));
  else v128.store(destination, v128.load(address));
}
// Whether two addresses of one family are equal.
// @ts-ignore: decorator
@inline
export function equalAddresses(a: usize, b: usize, family: u32): bool {
  if (family == 4) return load<u32>(a) == load<u32>(b);
  return !v128.any_true(v128.xor(v128.load(a), v128.load(b)));
}

// Copies 36 bytes: a SENDER_TSPEC or a FLOWSPEC of one token bucket.
// @ts-ignore: decorator
@inline
export function copy36(destination: usize, source: usize): void {
  v128.store(destination, v128.load(source));
  v128.store(destination, v128.load(source, 16), 16);
  store<u32>(destination, load<u32>(source, 32), 32);
}

// Whether two runs of 36 bytes are equal.
// @ts-ignore: decorator
@inline
export function equal36(a: usize, b: usize): bool {
  const first = v128.xor(v128.load(a), v128.load(b)), second = v128.xor(v128.load(a, 16), v128.load(b, 16));
  return load<u32>(a, 32) == load<u32>(b, 32) && !v128.any_true(v128.or(first, second));
}

// Copies 16 bytes or more where the two do not overlap, sixteen at a time; the last sixteen end exactly at the end.
// @ts-ignore: decorator
@inline
export function copyVectors(destination: usize, source: usize, length: usize): void {
  const last = length - 16;
  for (let at: usize = 0; at < last; at += 16) v128.store(destination + at, v128.load(source + at));
  v128.store(destination + last, v128.load(source + last));
}

// Whether two runs of 16 bytes or more are equal.
// @ts-ignore: decorator
@inline
export function equalVectors(a: usize, b: usize, length: usize): bool {
  const last = length - 16;
  let difference = v128.xor(v128.load(a + last), v128.load(b + last));
  for (let at: usize = 0; at < last; at += 16) {
    difference = v128.or(difference, v128.xor(v128.load(a + at), v128.load(b + at)));
  }
  return !v128.any_true(difference);
}

// Zeroes a short run of bytes, a multiple of four.
// @ts-ignore: decorator
@inline
export function zeroWords(destination: usize, length: usize): void {
  if (length > 256) {
    memory.fill(destination, 0, length);
    return;
  }
  let at: usize = 0;
  for (; at + 16 <= length; at += 16) v128.store(destination + at, i64x2.splat(0));
  for (; at < length; at += 4) store<u32>(destination + at, 0);
}

// Whether two runs of bytes, a multiple of four, are equal.
// @ts-ignore: decorator
@inline
export function equalWords(a: usize, b: usize, length: usize): bool {
  let at: usize = 0;
  for (; at + 8 <= length; at += 8) if (load<u64>(a + at) != load<u64>(b + at)) return false;
  return at >= length || load<u32>(a + at) == load<u32>(b + at);
}

// The same for longer runs, sixteen bytes a step.
// @ts-ignore: decorator
@inline
export function equalRuns(a: usize, b: usize, length: usize): bool {
  let at: usize = 0;
  for (; at + 16 <= length; at += 16) {
    if (v128.any_true(v128.xor(v128.load(a + at), v128.load(b + at)))) return false;
  }
  for (; at < length; at += 4) if (load<u32>(a + at) != load<u32>(b + at)) return false;
  return true;
}

// @ts-ignore: decorator
@inline

export function load16(pointer: usize): u32 {
  return swap16(load<u16>(pointer));
}

// @ts-ignore: decorator
@inline

export function load32(pointer: usize): u32 {
  return swap32(load<u32>(pointer));
}

// @ts-ignore: decorator
@inline

export function store16(pointer: usize, value: u32): void {
  store<u16>(pointer, <u16> swap16(<u16> value));
}

// @ts-ignore: decorator
@inline

export function store32(pointer: usize, value: u32): void {
  store<u32>(pointer, swap32(value));
}

// Length, class and C-Type of the object whose header is at `object` (RFC 2205 section 3.1.2).
// @ts-ignore: decorator
@inline

export function objectLength(object: usize): u32 {
  return load16(object);
}

// @ts-ignore: decorator
@inline

export function objectClass(object: usize): u32 {
  return load<u8>(object, 2);
}

// @ts-ignore: decorator
@inline

export function objectCType(object: usize): u32 {
  return load<u8>(object, 3);
}

// Addresses of either family, 4 or 6.
// @ts-ignore: decorator
@inline

export function isZeroAddress(address: usize, family: u32): bool {
  if (family == 4) return load<u32>(address) == 0;
  return (load<u64>(address) | load<u64>(address, 8)) == 0;
}

// Neither zero nor a group.
// @ts-ignore: decorator
@inline

export function isHostAddress(address: usize, family: u32): bool {
  const first = <u32> load<u8>(address);
  if (family == 4) return (first & 0xf0) != 0xe0 && load<u32>(address) != 0;
  return first != 0xff && !isZeroAddress(address, family);
}
