import fc from "fast-check";
import { OBJECTS } from "../catalogue/index.ts";
import { STATUS } from "../host/boundary.gen.ts";
import { assert, assertEquals } from "./assert.ts";
import { check, decoded, engine, line } from "./wire_codec.ts";
import {
  ADSPEC,
  FILTER,
  FLOWSPEC_CL,
  FLOWSPEC_GS,
  hex,
  HOP,
  message,
  object,
  SESSION,
  STYLE,
  TEMPLATE,
  TIME,
  TSPEC,
} from "./wire_samples.ts";

const PATH = [SESSION, HOP, TIME, TEMPLATE, TSPEC, ADSPEC];
const RESV = [SESSION, HOP, TIME, STYLE.FF, FLOWSPEC_GS, FILTER];

function assertSame(packet: Uint8Array, note?: string): void {
  const text = line(packet);
  assert(text !== undefined && text.endsWith("}\n") && text.indexOf("\n") === text.length - 1, "one line");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${(error as Error).message} in ${text}`);
  }
  const expected = decoded(packet);
  // Comparing text first keeps the error message of a long line short.
  if (text.length > 100000) {
    assert(JSON.stringify(sorted(value)) === JSON.stringify(sorted(expected)), "long line differs");
  } else assertEquals(value, expected, note);
}

/** The same value with the keys of every object in alphabetical order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([k, v]) => [k, sorted(v)]));
}

Deno.test("what the engine's tables need has room in its buffers", () => {
  assertEquals([engine.viewFits(), engine.recordFits()], [1, 1]);
});

Deno.test("the line of a Path and of a Resv says what decode() says", () => {
  for (const packet of [message(1, PATH), message(2, RESV), message(1, [])]) assertSame(packet);
});

Deno.test("the line of every vector of the catalogue says what decode() says, and so it does when a vector is cut or filled up", () => {
  for (const description of OBJECTS) {
    for (const vector of description.vectors) {
      const whole = hex(vector);
      assertSame(message(1, [whole]), `${description.name} ${description.form}`);
      for (let length = 4; length < whole.length + 8; length += 4) {
        const other = new Uint8Array(length);
        other.set(whole.subarray(0, length));
        other[0] = length >> 8;
        other[1] = length & 255;
        assertSame(message(1, [SESSION, other, TIME]), `${description.name} ${description.form} of ${length} bytes`);
      }
    }
  }
});

Deno.test("the line of a message with any bytes changed says what decode() says", () => {
  const vectors = OBJECTS.flatMap((description) => description.vectors.map(hex)).filter((vector) => vector.length > 4);
  fc.assert(
    fc.property(
      fc.constantFrom(...vectors),
      fc.constantFrom(1, 2, 12, 20, 77),
      fc.array(fc.tuple(fc.nat(100), fc.nat(255)), { maxLength: 4 }),
      fc.boolean(),
      (vector, type, changes, sum) => {
        const packet = message(type, [SESSION, vector, HOP]);
        for (const [at, value] of changes) packet[20 + at % (packet.length - 20)] = value;
        if (sum) packet.fill(0, 2, 4);
        assertSame(packet);
      },
    ),
    { numRuns: 5000 },
  );
});

Deno.test("numbers, floats and addresses are written as JavaScript writes them", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 28, maxLength: 28 }),
      fc.integer({ min: 0, max: 0xffffffff }),
      (random, bits) => {
        const tspec = TSPEC.slice();
        new DataView(tspec.buffer).setUint32(16, bits);
        tspec.set(random.subarray(0, 16), 20);
        const hop = object(
          3,
          2,
          [...random.subarray(0, 20)].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
        );
        assertSame(message(1, [tspec, hop]));
      },
    ),
    { numRuns: 3000 },
  );
  for (
    const bits of [
      "7f800000",
      "ff800000",
      "80000000",
      "7fc00001",
      "ffffffff",
      "3dcccccd",
      "00000001",
      "7f7fffff",
      "5a000000",
      "5f000001",
    ]
  ) {
    const tspec = TSPEC.slice();
    tspec.set(hex(bits), 16);
    assertSame(message(1, [tspec]), bits);
  }
});

Deno.test("IPv6 addresses with every pattern of zero groups are written by RFC 5952", () => {
  for (let pattern = 0; pattern < 256; pattern++) {
    const groups = Array.from({ length: 8 }, (_, i) => pattern >> i & 1 ? "0a0b" : "0000").join("");
    assertSame(message(1, [object(3, 2, groups + "00000001")]), groups);
  }
  assertSame(message(1, [object(3, 2, "00000000000000000000ffffc000020100000001")]));
});

Deno.test("broken framing is an error with status, class and offset, and keeps its bytes", () => {
  const packet = message(1, PATH);
  packet[21] = 5;
  assertEquals(JSON.parse(line(packet)!), {
    message: "Path",
    type: 1,
    error: { status: "OBJECT_LENGTH", class: 3, ctype: 1, offset: 20 },
    bytes: [...packet].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
  });
  assertSame(packet);
  assertSame(packet.subarray(0, 5));
  assertSame(message(1, PATH).subarray(0, 40));
});

Deno.test("the check lists objects and problems and says which checksum is right", () => {
  const packet = message(2, [SESSION, HOP, TIME, STYLE.FF, FLOWSPEC_CL, FLOWSPEC_CL, FILTER]);
  const good = check(packet);
  assertEquals([good.status, good.count, good.problemCount], [STATUS.OK, 7, 1]);
  assertEquals(good.problems[1] >>> 16, STATUS.FLOW_DESCRIPTOR);
  assertEquals(good.checksum, packet[2] << 8 | packet[3]);
  packet[3] ^= 1;
  assertEquals(check(packet).checksum, good.checksum);
  const missing = check(message(1, [SESSION, HOP, TEMPLATE, object(0x7b, 1, ""), object(12, 9, "")]));
  assertEquals(
    Array.from({ length: missing.problemCount }, (_, i) => missing.problems[2 * i + 1]),
    [STATUS.MISSING_OBJECT << 16 | 5 << 8, STATUS.UNKNOWN_CLASS << 16 | 0x7b01, STATUS.UNKNOWN_CTYPE << 16 | 0x0c09],
  );
});

Deno.test("a line that does not fit is not written, whatever the room", () => {
  const packet = message(1, PATH);
  const length = line(packet)!.length;
  for (let capacity = 0; capacity < length; capacity += 97) assertEquals(line(packet, capacity), undefined);
  assertEquals(line(packet, length + 8192)!.length, length);
});

Deno.test("the longest message of the smallest objects makes one line", () => {
  const packet = message(1, Array.from({ length: 8191 }, () => object(0, 0, "")));
  assert(line(packet)!.length > 600000);
  assertSame(packet);
});

Deno.test("the messages of a Bundle are written inside it, good and bad ones", () => {
  const good = message(2, RESV);
  const broken = message(1, PATH);
  broken[21] = 5;
  const short = message(1, PATH);
  short[7] = 255;
  for (
    const parts of [[], [good], [good, good], [broken, good], [message(12, []), good], [good, short], [hex("10010203")]]
  ) {
    assertSame(message(12, parts));
    assertSame(message(12, [object(23, 1, "0112345600000001"), ...parts]));
  }
});
