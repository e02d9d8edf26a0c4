/** Every object of the catalogue: its vectors, mutations of them, and what no vector should do. */
import { OBJECTS } from "../catalogue/index.ts";
import { readObject, type RsvpObject, writeObject } from "../host/objects.gen.ts";
import { Writer } from "../host/codec/write.ts";
import { assert, assertEquals } from "./assert.ts";
import { bytesOf, hexOf } from "./codec_vectors.ts";

const read = (bytes: Uint8Array<ArrayBuffer>): RsvpObject =>
  readObject(bytes, new DataView(bytes.buffer), 0, bytes.length, 0, 0);

function write(object: unknown): string {
  const w = new Writer();
  writeObject(w, object, false);
  return hexOf(w.bytes.subarray(0, w.at));
}

/** A generator of numbers that a seed repeats (mulberry32). */
function randomFrom(seed: number): (below: number) => number {
  return (below) => {
    seed = seed + 0x6d2b79f5 | 0;
    let word = Math.imul(seed ^ seed >>> 15, 1 | seed);
    word = word + Math.imul(word ^ word >>> 7, 61 | word) ^ word;
    return Math.floor(((word ^ word >>> 14) >>> 0) / 2 ** 32 * below);
  };
}

/** Whether anything inside is malformed or unknown. */
function odd(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if ("malformed" in value || ("name" in value && value.name === "UNKNOWN")) return true;
  return Object.values(value).some(odd);
}

Deno.test("every class and C-Type has a vector that decodes to its fields and encodes to its own bytes", () => {
  for (const { name, form, class: number, ctype, anyCType, vectors } of OBJECTS) {
    assert(vectors.length > 0, `${name} ${form} has no vector`);
    for (const vector of vectors) {
      const object = read(bytesOf(vector));
      assertEquals([object.name, object.class, object.length], [name, number, vector.length / 2], vector);
      if (!anyCType) assertEquals(object.ctype, ctype, vector);
      assert(!("malformed" in object), `${vector}: ${JSON.stringify(object)}`);
      assertEquals(write(object), vector);
      assertEquals(write(JSON.parse(JSON.stringify(object))), vector);
    }
  }
});

Deno.test("the first vector of each object is wholly understood", () => {
  for (const { name, form, vectors } of OBJECTS) {
    assert(!odd(read(bytesOf(vectors[0]))), `${name} ${form}: ${JSON.stringify(read(bytesOf(vectors[0])))}`);
  }
});

Deno.test("mutated, cut and lengthened objects encode to their own bytes", () => {
  const random = randomFrom(20250101);
  for (const { class: number, ctype, anyCType, vectors } of OBJECTS) {
    for (let round = 0; round < 300; round++) {
      let bytes = bytesOf(vectors[round % vectors.length]);
      for (let count = random(5); count > 0 && bytes.length > 4; count--) {
        bytes[4 + random(bytes.length - 4)] = random(2) === 0 ? random(256) : random(9);
      }
      if (random(3) === 0) {
        const other = new Uint8Array(4 + 4 * random(24));
        other.set(bytes.subarray(0, other.length));
        bytes = other;
      }
      bytes.set([bytes.length >> 8, bytes.length & 255, number, anyCType ? random(256) : ctype]);
      const object = read(bytes);
      assertEquals(write(JSON.parse(JSON.stringify(object))), hexOf(bytes), JSON.stringify(object));
    }
  }
});

Deno.test("floats keep their bits through JSON", () => {
  const tspec = (peak: string) => `00240c0200000007010000067f00000546435000453b8000${peak}00000040000005dc`;
  const shown: [string, unknown][] = [
    ["7f800000", "Infinity"],
    ["ff800000", "-Infinity"],
    ["7fc00001", "NaN:7fc00001"],
    ["ff80abcd", "NaN:ff80abcd"],
    ["80000000", "-0"],
    ["00000000", 0],
    ["00000001", 1.401298464324817e-45],
    ["3dcccccd", 0.10000000149011612],
  ];
  for (const [bits, value] of shown) {
    const object = read(bytesOf(tspec(bits)));
    assertEquals((object as { peakRateBytesPerSecond?: unknown }).peakRateBytesPerSecond, value);
    assertEquals(write(JSON.parse(JSON.stringify(object))), tspec(bits));
  }
});

Deno.test("IPv6 addresses are shown by RFC 5952 and read in every form", () => {
  const addresses: [string, string][] = [
    ["00000000000000000000000000000000", "::"],
    ["00000000000000000000000000000001", "::1"],
    ["20010db8000000000000000000000000", "2001:db8::"],
    ["20010db8000000010001000100010001", "2001:db8:0:1:1:1:1:1"],
    ["20010db8000000000001000000000001", "2001:db8::1:0:0:1"],
    ["20010000000000010000000000000001", "2001:0:0:1::1"],
    ["00000000000000000000ffffc0000201", "::ffff:192.0.2.1"],
    ["00010002000300040005000600070008", "1:2:3:4:5:6:7:8"],
    ["00000002000300040005000600070000", "0:2:3:4:5:6:7:0"],
    ["00000000000300040005000600000000", "::3:4:5:6:0:0"],
  ];
  for (const [hex, text] of addresses) {
    const object = read(bytesOf(`00140f02${hex}`));
    assertEquals((object as { receiverAddress?: unknown }).receiverAddress, text);
    assertEquals(write(object), `00140f02${hex}`);
  }
  for (const text of ["2001:DB8:0:0::1", "2001:db8::0.0.0.1"]) {
    assertEquals(
      write({ name: "RESV_CONFIRM", ctype: 2, receiverAddress: text }),
      "00140f0220010db8000000000000000000000001",
    );
  }
});
