/** Objects and messages for the wire and capture tests, put together byte by byte. */

/** Bytes of a hex string. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** One object: header and body. */
export function object(objectClass: number, ctype: number, body: string): Uint8Array {
  const content = hex(body);
  const length = content.length + 4;
  return new Uint8Array([length >> 8, length & 255, objectClass, ctype, ...content]);
}

/** The one's complement checksum of RFC 1071, big-endian. */
export function internetChecksum(data: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < data.length; i += 2) sum += (data[i] << 8) + (data[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** A message with header and checksum around its objects. */
export function message(type: number, objects: readonly Uint8Array[], ttl = 63): Uint8Array {
  const body = objects.flatMap((o) => [...o]);
  const length = body.length + 8;
  const out = new Uint8Array([0x10, type, 0, 0, ttl, 0, length >> 8, length & 255, ...body]);
  const sum = internetChecksum(out) || 0xffff;
  out[2] = sum >> 8;
  out[3] = sum & 255;
  return out;
}

const BUCKET = "7f000005" + "46435000" + "453b8000" + "46c35000" + "00000040" + "000005dc";

export const SESSION = object(1, 1, "c00002141100138c");
export const HOP = object(3, 1, "0a00010100000007");
export const TIME = object(5, 1, "00007530");
export const TEMPLATE = object(11, 1, "c000020a00000fa0");
export const FILTER = object(10, 1, "c000020a00000fa0");
export const TSPEC = object(12, 2, "0000000701000006" + BUCKET);
export const FLOWSPEC_CL = object(9, 2, "0000000705000006" + BUCKET);
export const FLOWSPEC_GS = object(9, 2, "0000000a02000009" + BUCKET + "82000002469c400000001388");
export const ADSPEC = object(
  13,
  2,
  "0000001301000008040000010000000306000001499896800800000100" + "0005dc0a000001000005dc" +
    "0200000885000001000011948600000100000e1087000001000011948800000100000e1005000000",
);
export const STYLE = {
  WF: object(8, 1, "00000011"),
  FF: object(8, 1, "0000000a"),
  SE: object(8, 1, "00000012"),
};
