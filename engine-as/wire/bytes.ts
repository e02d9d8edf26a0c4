// Big-endian loads and stores: each is one memory access and one byte swap.

// @ts-ignore: decorator
@inline

export function load16(pointer: usize): u32 {
  return bswap<u16>(load<u16>(pointer));
}

// @ts-ignore: decorator
@inline

export function load32(pointer: usize): u32 {
  return bswap<u32>(load<u32>(pointer));
}

// @ts-ignore: decorator
@inline

export function store16(pointer: usize, value: u32): void {
  store<u16>(pointer, bswap<u16>(<u16> value));
}

// @ts-ignore: decorator
@inline

export function store32(pointer: usize, value: u32): void {
  store<u32>(pointer, bswap<u32>(value));
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
