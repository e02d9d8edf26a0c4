/** Objects and messages byte by byte, and how a message is taken apart and put together again, for the fuzzer. */

export type Bytes = Uint8Array<ArrayBuffer>;

export function concat(parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function fromHex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A record or row as one line, its bytes in hex. */
export function lineOf(value: unknown): string {
  return JSON.stringify(value, (_, part) => part instanceof Uint8Array ? toHex(part) : part);
}

/** Big-endian numbers: `[value, bytes]` pairs, or a run of bytes as it is. */
export function pack(...fields: ([value: number, bytes: 1 | 2 | 4] | Uint8Array)[]): Bytes {
  const out: number[] = [];
  for (const field of fields) {
    if (field instanceof Uint8Array) {
      for (const byte of field) out.push(byte);
      continue;
    }
    const [value, bytes] = field;
    for (let shift = bytes * 8 - 8; shift >= 0; shift -= 8) out.push((value >>> shift) & 255);
  }
  return Uint8Array.from(out);
}

/** The bits of a number as a float. */
export function floatBits(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return view.getUint32(0);
}

export function object(objectClass: number, ctype: number, body: Uint8Array): Bytes {
  return concat([pack([body.length + 4, 2], [objectClass, 1], [ctype, 1]), body]);
}

/** Writes the checksum that is right for what the message is now (RFC 1071; never zero). */
export function repairChecksum(message: Uint8Array): void {
  if (message.length < 4) return;
  message[2] = message[3] = 0;
  let sum = 0;
  for (let at = 0; at < message.length; at += 2) sum += (message[at] << 8) | (message[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  const value = (~sum & 0xffff) || 0xffff;
  message[2] = value >> 8;
  message[3] = value & 255;
}

/** Writes the length of the message into its header. */
export function repairLength(message: Uint8Array): void {
  if (message.length < 8) return;
  message[6] = message.length >> 8;
  message[7] = message.length & 255;
}

export function message(type: number, objects: readonly Uint8Array[], sendTtl = 63): Bytes {
  const out = concat([pack([0x10, 1], [type, 1], [0, 2], [sendTtl, 1], [0, 1], [0, 2]), ...objects]);
  repairLength(out);
  repairChecksum(out);
  return out;
}

/** The objects of a message, as far as its lengths go; what is left over comes last, whatever it is. */
export function objectsOf(bytes: Uint8Array): Uint8Array[] {
  const objects: Uint8Array[] = [];
  let at = 8;
  while (at + 4 <= bytes.length) {
    const length = (bytes[at] << 8) | bytes[at + 1];
    if (length < 4 || at + length > bytes.length) break;
    objects.push(bytes.subarray(at, at + length));
    at += length;
  }
  if (at < bytes.length) objects.push(bytes.subarray(at));
  return objects;
}
