/** Hex as this folder needs it: runtimes older than Deno's have no `Uint8Array.fromHex`. */
import { hex } from "../codec/read.ts";

/** Lower-case hex of all bytes: by the runtime where it can, which makes one flat text of them. */
export function toHex(bytes: Uint8Array): string {
  const { toHex: native } = Uint8Array.prototype as { toHex?: () => string };
  return native ? native.call(bytes) : hex(bytes, 0, bytes.length);
}

/** Bytes of hex. Throws a RangeError for what is none. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) throw new RangeError(`"${text.slice(0, 40)}" is not hex`);
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = parseInt(text.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}
