/**
 * Addresses as sockets want them (text) and as packets carry them (16 bytes, an IPv4 address in the first four).
 */

/** The address family, 4 or 6. */
export type Family = 4 | 6;

/** The 16-byte form of an address in text. Throws a TypeError on what is not one. */
export function parseAddress(text: string): { bytes: Uint8Array; family: Family } {
  const bytes = new Uint8Array(16);
  if (!text.includes(":")) {
    parseIpv4(text, text, bytes, 0);
    return { bytes, family: 4 };
  }
  // A zone ("fe80::1%eth0") belongs to this machine and not to the address.
  const words = parseIpv6Words(text.split("%")[0], text);
  words.forEach((word, index) => {
    bytes[index * 2] = word >> 8;
    bytes[index * 2 + 1] = word & 0xff;
  });
  return { bytes, family: 6 };
}

function bad(text: string): TypeError {
  return new TypeError(`"${text}" is not an IP address`);
}

function parseIpv4(part: string, text: string, bytes: Uint8Array, at: number): void {
  const parts = part.split(".");
  if (parts.length !== 4) throw bad(text);
  parts.forEach((digits, index) => {
    if (!/^(0|[1-9]\d{0,2})$/.test(digits) || Number(digits) > 255) throw bad(text);
    bytes[at + index] = Number(digits);
  });
}

function parseIpv6Words(body: string, text: string): number[] {
  const halves = body.split("::");
  if (halves.length > 2) throw bad(text);
  const words = halves.map((half) => (half === "" ? [] : half.split(":").flatMap((part, index, all) => {
    if (part.includes(".") && index === all.length - 1) {
      const quad = new Uint8Array(4);
      parseIpv4(part, text, quad, 0);
      return [quad[0] << 8 | quad[1], quad[2] << 8 | quad[3]];
    }
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) throw bad(text);
    return [parseInt(part, 16)];
  })));
  const [head, tail = []] = words;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) throw bad(text);
  return [...head, ...new Array(halves.length === 1 ? 0 : missing).fill(0), ...tail];
}

/** The text of an address (RFC 5952 for IPv6). */
export function formatAddress(bytes: Uint8Array, family: number): string {
  if (family === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  const words = Array.from({ length: 8 }, (_, index) => bytes[index * 2] << 8 | bytes[index * 2 + 1]);
  let start = -1, length = 1;
  for (let index = 0; index < 8; index++) {
    let end = index;
    while (end < 8 && words[end] === 0) end++;
    if (end - index > length) {
      start = index;
      length = end - index;
    }
  }
  const hex = words.map((word) => word.toString(16));
  if (start < 0) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

/** Whether two addresses of one family agree in their first `prefixLength` bits. */
export function samePrefix(a: Uint8Array, b: Uint8Array, prefixLength: number): boolean {
  const whole = prefixLength >> 3;
  for (let index = 0; index < whole; index++) if (a[index] !== b[index]) return false;
  const bits = prefixLength & 7;
  return bits === 0 || (a[whole] ^ b[whole]) >> (8 - bits) === 0;
}

/** Whether an address is a group: 224.0.0.0/4 or ff00::/8. */
export function isMulticast(bytes: Uint8Array, family: number): boolean {
  return family === 4 ? bytes[0] >> 4 === 14 : bytes[0] === 0xff;
}

/** Whether an address is not given: all zeros. */
export function isUnspecified(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
