/** Whole messages for tests of the codec: worked examples and shapes composed for the purpose. */
import fc from "fast-check";

export const bytesOf = (hex: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(hex.replace(/\s/g, "").match(/../g) ?? [], (pair) => parseInt(pair, 16));
export const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** A Path of 88 bytes: session 192.0.2.20 UDP 5004, sender 192.0.2.10 port 4000. */
export const PATH =
  "1001df5a3f000058000c0101c00002141100138c000c03010a000101000000070008050100007530000c0b01c000020a00000fa000240c0200000007010000067f00000546435000453b800046c3500000000040000005dc";
/** Its Resv, FF, controlled load, 96 bytes. */
export const RESV =
  "1002d63d40000060000c0101c00002141100138c000c03010a000102000000070008050100007530000808010000000a0024090200000007050000067f00000546435000453b800046c3500000000040000005dc000c0a01c000020a00000fa0";
/** The Path with an ADSPEC, 172 bytes, no checksum. */
export const PATH_WITH_ADSPEC =
  "100100003f0000ac000c0101c00002141100138c000c03010a000101000000070008050100007530000c0b01c000020a00000fa000240c0200000007010000067f00000546435000453b800046c3500000000040000005dc" +
  "00540d0200000013010000080400000100000003060000014998968008000001000005dc0a000001000005dc0200000885000001000011948600000100000e1087000001000011948800000100000e1005000000";

/** Messages of random objects, often of known classes, with random bodies. */
export const randomMessage: fc.Arbitrary<Uint8Array<ArrayBuffer>> = fc.array(
  fc.record({
    class: fc.oneof(
      fc.constantFrom(0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 19, 20, 21, 63, 207),
      fc.nat(255),
    ),
    ctype: fc.oneof(fc.integer({ min: 1, max: 7 }), fc.nat(255)),
    body: fc.array(fc.oneof({ weight: 3, arbitrary: fc.nat(8) }, { weight: 1, arbitrary: fc.nat(255) }), {
      maxLength: 64,
    }),
  }),
  { maxLength: 5 },
).map((objects) => {
  const parts = [0x10, 1, 0, 0, 64, 0, 0, 0];
  for (const { class: number, ctype, body } of objects) {
    const padded = [...body, ...new Array<number>(-body.length & 3).fill(0)];
    parts.push(0, padded.length + 4, number, ctype, ...padded);
  }
  parts[6] = parts.length >> 8;
  parts[7] = parts.length & 255;
  return Uint8Array.from(parts);
});
