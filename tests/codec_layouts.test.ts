/** The two ways in which objects are read and written, by generated code and by their layout, held against each other. */
import { FAMILIES, OBJECTS } from "../catalogue/index.ts";
import { Layouts } from "../host/codec/layouts.ts";
import { readItems, readObjectByLayout } from "../host/codec/read_layout.ts";
import { Writer } from "../host/codec/write.ts";
import { writeStructure } from "../host/codec/write_layout.ts";
import { LAYOUTS_TEXT } from "../host/layouts.gen.js";
import { readObject, readObjects, writeObject, writeObjects } from "../host/objects.gen.js";
import { isStraight } from "../scripts/objects/straight.ts";
import { assert, assertEquals, assertThrows } from "./assert.ts";
import { bytesOf, hexOf } from "./codec_vectors.ts";

type Values = Record<string, unknown>;

const layouts = new Layouts(LAYOUTS_TEXT, { readObjects, writeObjects });

/** A generator of numbers that a seed repeats (mulberry32). */
function randomFrom(seed: number): (below: number) => number {
  return (below) => {
    seed = seed + 0x6d2b79f5 | 0;
    let word = Math.imul(seed ^ seed >>> 15, 1 | seed);
    word = word + Math.imul(word ^ word >>> 7, 61 | word) ^ word;
    return Math.floor(((word ^ word >>> 14) >>> 0) / 2 ** 32 * below);
  };
}

/** The object as text, so that the order of its members counts too. */
function readBoth(bytes: Uint8Array<ArrayBuffer>, offset: number): [byCode: string, byLayout: string] {
  const message = new Uint8Array(offset + bytes.length);
  message.set(bytes, offset);
  const view = new DataView(message.buffer);
  const byCode = readObject(message, view, offset, bytes.length, 0, 0);
  const byLayout = readObjectByLayout(layouts, message, view, offset, bytes.length, 0, 0);
  return [JSON.stringify(byCode), JSON.stringify(byLayout)];
}

/** What is written, or why it cannot be. */
function written(write: (w: Writer) => void): string {
  const w = new Writer();
  try {
    write(w);
    return hexOf(w.bytes.subarray(0, w.at));
  } catch (error) {
    return (error as Error).message;
  }
}

function writeBoth(object: Values): [byCode: string, byLayout: string] {
  const byLayout = written((w) => {
    w.path.push(String(object.name));
    const at = w.take(4);
    const structure = layouts.object(Number(object.class), Number(object.ctype));
    assert(structure !== undefined);
    writeStructure(layouts, structure, w, object);
    w.bytes.set([w.at - at >> 8, w.at - at & 255, Number(object.class), Number(object.ctype)]);
    if (((w.at - at) & 3) !== 0) w.refuse("", `has ${w.at - at} bytes, which is not a multiple of 4`);
  });
  return [written((w) => writeObject(w, object, false)), byLayout];
}

/** Makes one member somewhere in a value another or nothing. */
function spoil(value: Values, random: (below: number) => number): void {
  const keys = Object.keys(value).filter((key) => !/^(name|class|ctype|form|offset|length|bytes)$/.test(key));
  if (keys.length === 0) return;
  const key = keys[random(keys.length)], member = value[key];
  if (typeof member === "object" && member !== null && random(3) > 0) return spoil(member as Values, random);
  const spoilt = [undefined, -1, "other", null, 2 ** 33, [], {}, random(300)];
  value[key] = spoilt[random(spoilt.length)];
}

Deno.test("generated code and layouts read the same values of vectors and of what is made of them, in the same order", () => {
  const random = randomFrom(2205);
  const straight = OBJECTS.filter(isStraight);
  assert(straight.length > 20);
  for (const { class: number, ctype, vectors } of straight) {
    for (let round = 0; round < 300; round++) {
      let bytes = bytesOf(vectors[round % vectors.length]);
      if (round >= vectors.length) {
        for (let count = random(5); count > 0 && bytes.length > 4; count--) {
          bytes[4 + random(bytes.length - 4)] = random(2) === 0 ? random(256) : random(9);
        }
        if (random(3) === 0) {
          const other = new Uint8Array(4 + random(100));
          other.set(bytes.subarray(0, other.length));
          bytes = other;
        }
        bytes.set([bytes.length >> 8, bytes.length & 255, number, ctype]);
      }
      const [byCode, byLayout] = readBoth(bytes, random(9));
      assertEquals(byLayout, byCode, hexOf(bytes));
    }
  }
});

Deno.test("generated code and layouts write the same bytes, and refuse the same values with the same words", () => {
  const random = randomFrom(2210);
  let refused = 0;
  for (const { vectors } of OBJECTS.filter(isStraight)) {
    for (let round = 0; round < 200; round++) {
      const object = JSON.parse(readBoth(bytesOf(vectors[round % vectors.length]), 0)[0]);
      for (let count = round < vectors.length ? 0 : random(3); count > 0; count--) spoil(object, random);
      if (object.bytes !== undefined) continue;
      const [byCode, byLayout] = writeBoth(object);
      assertEquals(byLayout, byCode, JSON.stringify(object));
      if (!/^[0-9a-f]*$/.test(byCode)) refused++;
    }
  }
  assert(refused > 1000, `${refused} refused`);
});

Deno.test("every object and item of the catalogue has a layout of its own name", () => {
  for (const { name, form, class: number, ctype } of OBJECTS) {
    const layout = layouts.object(number, ctype);
    assertEquals([layout?.name, layout?.form], [name, form]);
    assertEquals(layouts.ctype(name, form), ctype);
    assertEquals(layouts.numbers(name)?.class, number);
  }
  for (const { name, items } of FAMILIES) {
    for (const item of items) assertEquals(layouts.family(name).structure(item.type)?.name, item.name);
    assertEquals(layouts.family(name), layouts.family(name));
  }
});

Deno.test("what the catalogue does not have has no layout", () => {
  assertEquals(layouts.object(2, 1), undefined);
  assertEquals(layouts.object(1, 250), undefined);
  assertEquals(layouts.numbers("toString"), undefined);
  assertEquals(layouts.ctype("SESSION", "none"), undefined);
  assertEquals(layouts.family("EXPLICIT_ROUTE").structure(126), undefined);
  assertThrows(() => layouts.family("none"), Error, "no family of items is called none");
});

Deno.test("items are read up to where their framing breaks, which is told with the byte", () => {
  const family = layouts.family("EXPLICIT_ROUTE");
  const read = (hex: string) => {
    const bytes = bytesOf(hex);
    return readItems(layouts, family, bytes, new DataView(bytes.buffer), 4, bytes.length, 0, 0);
  };
  assertEquals(read("00000000" + "0108c00002012000"), [
    { name: "IPv4_PREFIX", type: 1, loose: 0, address: "192.0.2.1", prefixLength: 32 },
  ]);
  assertEquals(read("00000000" + "8108c00002012001"), [
    { name: "IPv4_PREFIX", type: 1, loose: 1, address: "192.0.2.1", prefixLength: 32, reserved: 1 },
  ]);
  assertEquals(read("00000000" + "01"), "EXPLICIT_ROUTE at 4: its header needs 2 bytes, 1 are left");
  assertEquals(read("00000000" + "0101"), "EXPLICIT_ROUTE length at 5: 1 is less than its header");
  assertEquals(read("00000000" + "0108c000"), "EXPLICIT_ROUTE length at 5: says 8 bytes, 4 are left");
});
