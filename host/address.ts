/** IP addresses between text and the boundary's form: 16 bytes in network order, an IPv4 address in the first four. */
import { ipv4, ipv6 } from "./codec/read.ts";
import { parseIpv4, parseIpv6 } from "./codec/write.ts";

/** An IP address as the engine has it. */
export interface Address {
  /** 16 bytes in network order, an IPv4 address in the first four and zeros after it. */
  bytes: Uint8Array;
  /** 4 or 6. */
  family: number;
}

/**
 * Reads `10.0.0.1` or `2001:db8::1` (no zone, no shorthand such as `10.1`), for packets and records of the engine.
 *
 * @example
 * ```ts
 * import { formatAddress, parseAddress } from "@resv/resv";
 *
 * const { bytes, family } = parseAddress("2001:DB8:0::1");
 * console.log(family, bytes.length, formatAddress(bytes, family)); // 6 16 2001:db8::1
 * ```
 * @throws {RangeError} naming the text.
 */
export function parseAddress(text: string): Address {
  const bytes = new Uint8Array(16);
  const octets = parseIpv4(text);
  if (octets) {
    bytes.set(octets);
    return { bytes, family: 4 };
  }
  const groups = parseIpv6(text);
  if (groups) {
    groups.forEach((group, index) => bytes.set([group >> 8, group & 255], 2 * index));
    return { bytes, family: 6 };
  }
  throw new RangeError(`"${text}" is not an IPv4 or IPv6 address`);
}

/** Writes an address as {@linkcode parseAddress} reads it; `family` 0 gives an empty string. IPv6 as RFC 5952 wants it. */
export function formatAddress(bytes: Uint8Array, family: number): string {
  if (family === 4) return ipv4(bytes, 0);
  if (family === 6) return ipv6(bytes, 0);
  return "";
}

/** Reads `10.0.0.0/8`; an address without a length stands for itself. */
export function parsePrefix(text: string): { prefix: Uint8Array; prefixLength: number; family: number } {
  const slash = text.indexOf("/");
  const { bytes, family } = parseAddress(slash < 0 ? text : text.slice(0, slash));
  const bits = family === 4 ? 32 : 128;
  const length = slash < 0 ? String(bits) : text.slice(slash + 1);
  const prefixLength = Number(length);
  if (!/^\d{1,3}$/.test(length) || prefixLength > bits) {
    throw new RangeError(`"${text}": the prefix length must be 0 to ${bits}`);
  }
  return { prefix: bytes, prefixLength, family };
}

/** Whether the first `length` bits agree. */
export function matchesPrefix(address: Uint8Array, prefix: Uint8Array, length: number): boolean {
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== prefix[i]) return false;
  const rest = length & 7;
  return rest === 0 || ((address[whole] ^ prefix[whole]) >> (8 - rest)) === 0;
}

/** Whether it is a group: 224.0.0.0/4 or ff00::/8. */
export function isMulticast(bytes: Uint8Array, family: number): boolean {
  return family === 4 ? (bytes[0] & 0xf0) === 0xe0 : bytes[0] === 0xff;
}

/** A key for maps: the same for the same address and family. Not for reading. */
export function addressKey(bytes: Uint8Array, family: number): string {
  if (family === 4) return String(((bytes[0] << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3]) >>> 0);
  return String.fromCharCode(...bytes.subarray(0, 16));
}
