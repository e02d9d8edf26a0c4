// Keys of sessions and senders: the body of the SESSION, SENDER_TEMPLATE or FILTER_SPEC object with its C-Type, identity
// bits only. Nothing but the helpers at the end knows what is inside, so that IPsec ports (RFC 2207), aggregates
// (RFC 3175) and tunnels (RFC 3209) are further C-Types and not further code.
import { copyWords, equalWords, load16, objectCType, objectLength } from "../wire/bytes";

// The longest key: an IPv6 tunnel's SESSION body (RFC 3209 section 4.6.1.2) has 36 bytes.
export const MAXIMUM_KEY_BYTES: usize = 40;

// C-Types of one shape: 1 and 3 hold an IPv4 address first, 2 and 4 (and 5, flow label forms) an IPv6 one.
@inline
export function sessionFamily(ctype: u32): u32 {
  return (ctype & 1) != 0 ? 4 : 6;
}

// Copies the SESSION body to `key` without the flags, which are not part of the identity (RFC 2205 A.1), and returns
// its length.
export function sessionKey(session: usize, key: usize): usize {
  const length = <usize> objectLength(session) - 4;
  copyWords(key, session + 4, length);
  store<u8>(key + (sessionFamily(objectCType(session)) == 4 ? 5 : 17), 0);
  return length;
}

// SESSION body: address (4 or 16), protocol id, flags, destination port (RFC 2205 A.1).
@inline
export function keyAddressLength(ctype: u32): usize {
  return sessionFamily(ctype) == 4 ? 4 : 16;
}
@inline
export function keyProtocol(key: usize, ctype: u32): u32 {
  return load<u8>(key + keyAddressLength(ctype));
}
@inline
export function keyDestinationPort(key: usize, ctype: u32): u32 {
  return load16(key + keyAddressLength(ctype) + 2);
}

// Sender body: address, then (C-Types 1 and 2) two zero bytes and the source port (RFC 2205 A.9). Other forms have no
// port that could be zero, so they never conflict.
@inline
export function senderFamily(length: usize): u32 {
  return length < 16 ? 4 : 6;
}
@inline
export function senderHasPort(ctype: u32): bool {
  return ctype == 1 || ctype == 2;
}
@inline
export function senderPort(key: usize, length: usize): u32 {
  return load16(key + length - 2);
}

// Keys are short: two or three comparisons.
@inline
export function equalBytes(a: usize, b: usize, length: usize): bool {
  return equalWords(a, b, length);
}

@inline
export function isMulticast(address: usize, family: u32): bool {
  return family == 4 ? (load<u8>(address) & 0xf0) == 0xe0 : load<u8>(address) == 0xff;
}
