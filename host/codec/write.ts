/** What the generated writers (host/objects.gen.ts) are made of: a growing buffer, and one checked value to bytes each. */

/**
 * A value cannot be written: `field` is the path to it, such as `objects[0].SESSION.destinationPort`.
 *
 * @example
 * ```ts
 * import { encode, ResvEncodeError } from "@resv/resv";
 *
 * try {
 *   encode({ message: "Path", objects: [{ name: "TIME_VALUES", refreshPeriodMs: -1 }] });
 * } catch (error) {
 *   if (error instanceof ResvEncodeError) console.log(error.field); // objects[0].TIME_VALUES.refreshPeriodMs
 * }
 * ```
 */
export class ResvEncodeError extends TypeError {
  /** Tells it from other errors where `instanceof` cannot. */
  override readonly name = "ResvEncodeError";
  /** Makes the message of the error. @param field path to what cannot be written @param reason why */
  constructor(readonly field: string, readonly reason: string) {
    super(`${field}: ${reason}`);
  }
}

/** A buffer that grows as it is written; `path` is where the value being written stands, for errors. */
export class Writer {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(512);
  view: DataView<ArrayBuffer> = new DataView(this.bytes.buffer);
  at = 0;
  /** Names, and after the name of a list the index in it. Written out only for an error. */
  readonly path: (string | number)[] = [];

  /** Starts over. What was written is cleared at once, because clearing it piece by piece takes ten times as long. */
  reset(): void {
    this.bytes.fill(0, 0, this.at);
    this.at = 0;
    this.path.length = 0;
  }

  /** Takes `count` zero bytes and returns where they start. */
  take(count: number): number {
    const from = this.at, end = from + count;
    if (end > this.bytes.length) this.grow(end);
    this.at = end;
    return from;
  }

  private grow(needed: number): void {
    const bytes = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    bytes.set(this.bytes.subarray(0, this.at));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  /** Throws, naming the field in its place. */
  refuse(field: string, reason: string): never {
    let path = "";
    for (const part of field === "" ? this.path : [...this.path, field]) {
      path += typeof part === "number" ? `[${part}]` : path === "" ? part : `.${part}`;
    }
    throw new ResvEncodeError(path, reason);
  }
}

/** Shows a value in an error, shortened. */
export function show(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Checks that a value is an integer from 0 to `maximum`. */
export function integer(w: Writer, value: unknown, maximum: number, field: string): number {
  if (typeof value === "number" && value >= 0 && value <= maximum && Number.isInteger(value)) return value;
  if (value === undefined) return w.refuse(field, "is missing");
  return w.refuse(field, `${show(value)} is not an integer from 0 to ${maximum}`);
}

export function putU8(w: Writer, at: number, value: unknown, field: string): void {
  w.bytes[at] = integer(w, value, 0xff, field);
}
export function putU16(w: Writer, at: number, value: unknown, field: string): void {
  w.view.setUint16(at, integer(w, value, 0xffff, field));
}
export function putU24(w: Writer, at: number, value: unknown, field: string): void {
  const number = integer(w, value, 0xffffff, field);
  w.bytes[at] = number >> 16;
  w.view.setUint16(at + 1, number & 0xffff);
}
export function putU32(w: Writer, at: number, value: unknown, field: string): void {
  w.view.setUint32(at, integer(w, value, 0xffffffff, field));
}

/** Bits of a word of 1, 2 or 4 bytes; the other bits stay. */
export function putBits(
  w: Writer,
  at: number,
  size: number,
  shift: number,
  width: number,
  value: unknown,
  field: string,
): void {
  const bits = integer(w, value, 2 ** width - 1, field) * 2 ** shift;
  if (size === 1) w.bytes[at] |= bits;
  else if (size === 2) w.view.setUint16(at, w.view.getUint16(at) | bits);
  else w.view.setUint32(at, (w.view.getUint32(at) | bits) >>> 0);
}

/** Takes decimal text, a number that is exact, or a bigint. */
export function putU64(w: Writer, at: number, value: unknown, field: string): void {
  let number = -1n;
  if (typeof value === "bigint") number = value;
  else if (typeof value === "number" && Number.isSafeInteger(value)) number = BigInt(value);
  else if (typeof value === "string" && /^\d{1,20}$/.test(value)) number = BigInt(value);
  if (value === undefined) w.refuse(field, "is missing");
  if (number < 0n || number > 0xffffffffffffffffn) {
    w.refuse(field, `${show(value)} is not an integer from 0 to 18446744073709551615`);
  }
  w.view.setBigUint64(at, number);
}

/** Takes a number, or the text of what JSON cannot hold: "Infinity", "-Infinity", "-0", "NaN", "NaN:7fc00001". */
export function putF32(w: Writer, at: number, value: unknown, field: string): void {
  if (typeof value === "number") {
    if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
      w.refuse(field, `${value} exceeds a 32-bit float`);
    }
    // A NaN that is a number has no bits worth keeping.
    if (Number.isNaN(value)) w.view.setUint32(at, 0x7fc00000);
    else w.view.setFloat32(at, value);
    return;
  }
  if (value === "Infinity") w.view.setUint32(at, 0x7f800000);
  else if (value === "-Infinity") w.view.setUint32(at, 0xff800000);
  else if (value === "-0") w.view.setUint32(at, 0x80000000);
  else if (value === "NaN") w.view.setUint32(at, 0x7fc00000);
  else {
    const bits = typeof value === "string" && /^NaN:[0-9a-f]{8}$/i.test(value) ? parseInt(value.slice(4), 16) : 0;
    if ((bits & 0x7f800000) !== 0x7f800000 || (bits & 0x7fffff) === 0) {
      w.refuse(field, value === undefined ? "is missing" : `${show(value)} is not a 32-bit float`);
    }
    w.view.setUint32(at, bits);
  }
}

/** Dotted text as one number, or -1. Character by character: regular expressions take ten times as long. */
function ipv4Number(text: unknown): number {
  if (typeof text !== "string" || text.length > 15) return -1;
  let address = 0, octet = 0, digits = 0, dots = 0;
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit >= 0 && digit <= 9 && digits < 3) {
      octet = octet * 10 + digit;
      digits++;
    } else if (digit === -2 && digits > 0 && octet <= 255) {
      address = address * 256 + octet;
      octet = digits = 0;
      dots++;
    } else return -1;
  }
  return dots === 3 && digits > 0 && octet <= 255 ? address * 256 + octet : -1;
}

/** Four bytes of dotted text, or undefined. */
export function parseIpv4(text: unknown): number[] | undefined {
  const address = ipv4Number(text);
  return address < 0 ? undefined : [address >>> 24, address >>> 16 & 255, address >>> 8 & 255, address & 255];
}

export function putIpv4(w: Writer, at: number, value: unknown, field: string): void {
  const address = ipv4Number(value);
  if (address < 0) return w.refuse(field, value === undefined ? "is missing" : `${show(value)} is not an IPv4 address`);
  w.view.setUint32(at, address);
}

/** Eight groups of an IPv6 address, or undefined. */
export function parseIpv6(value: unknown): number[] | undefined {
  if (typeof value !== "string") return undefined;
  let text = value;
  const lastColon = text.lastIndexOf(":");
  if (text.includes(".")) {
    const octets = parseIpv4(text.slice(lastColon + 1));
    if (!octets || lastColon < 0) return undefined;
    const [a, b, c, d] = octets;
    text = `${text.slice(0, lastColon + 1)}${(a << 8 | b).toString(16)}:${(c << 8 | d).toString(16)}`;
  }
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const sides = halves.map((half) => half === "" ? [] : half.split(":"));
  if (!sides.flat().every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  const [left, right] = sides.map((side) => side.map((group) => parseInt(group, 16)));
  if (right === undefined) return left.length === 8 ? left : undefined;
  const missing = 8 - left.length - right.length;
  return missing < 1 ? undefined : [...left, ...new Array<number>(missing).fill(0), ...right];
}

export function putIpv6(w: Writer, at: number, value: unknown, field: string): void {
  const groups = parseIpv6(value);
  if (!groups) return w.refuse(field, value === undefined ? "is missing" : `${show(value)} is not an IPv6 address`);
  for (let index = 0; index < 8; index++) w.view.setUint16(at + 2 * index, groups[index]);
}

export function putMac(w: Writer, at: number, value: unknown, field: string): void {
  if (typeof value !== "string" || !/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(value)) {
    return w.refuse(field, value === undefined ? "is missing" : `${show(value)} is not a MAC address`);
  }
  value.split(":").forEach((part, index) => w.bytes[at + index] = parseInt(part, 16));
}

/** Checks hex text and returns how many bytes it is. */
function hexLength(w: Writer, value: unknown, field: string): number {
  if (typeof value === "string" && value.length % 2 === 0 && /^[0-9a-f]*$/i.test(value)) return value.length / 2;
  return w.refuse(field, value === undefined ? "is missing" : `${show(value)} is not bytes in hex`);
}

/** Hex of exactly `size` bytes. */
export function putBytes(w: Writer, at: number, size: number, value: unknown, field: string): void {
  const length = hexLength(w, value, field);
  if (length !== size) w.refuse(field, `has ${length} bytes, not ${size}`);
  const text = value as string;
  for (let index = 0; index < size; index++) w.bytes[at + index] = parseInt(text.slice(2 * index, 2 * index + 2), 16);
}

/** Hex of any length, at the end of what is written. */
export function appendBytes(w: Writer, value: unknown, field: string): void {
  const length = hexLength(w, value, field);
  putBytes(w, w.take(length), length, value, field);
}

const ENCODER = new TextEncoder();

/**
 * Text as UTF-8, or hex in its place, then the padding: as given, or NULs to a multiple of four from `start`. Returns the
 * length of the text in bytes.
 */
export function appendText(
  w: Writer,
  start: number,
  text: unknown,
  textBytes: unknown,
  pad: unknown,
  field: string,
): number {
  const from = w.at;
  if (textBytes !== undefined) appendBytes(w, textBytes, `${field}Bytes`);
  else if (typeof text !== "string") w.refuse(field, text === undefined ? "is missing" : `${show(text)} is not text`);
  else {
    const bytes = ENCODER.encode(text);
    const at = w.take(bytes.length);
    w.bytes.set(bytes, at);
  }
  const length = w.at - from;
  if (pad !== undefined) appendBytes(w, pad, "padding");
  else w.take(-(w.at - start) & 3);
  return length;
}

/** The elements of a list, or an error. */
export function list(w: Writer, value: unknown, field: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return w.refuse(field, value === undefined ? "is missing" : `${show(value)} is not a list`);
}

/** An object with fields, or an error. */
export function fieldsOf(w: Writer, value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  return w.refuse("", `${show(value)} is not an object with fields`);
}
