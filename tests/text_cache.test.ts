/** Lines of captures are the same whether the texts in them are new or remembered. */
import fc from "fast-check";
import { OBJECTS } from "../catalogue/index.ts";
import { CAPTURE_MODE, CAPTURE_STATUS, readCaptureProgress } from "../host/capture_result.ts";
import { assert, assertEquals } from "./assert.ts";
import { type Bytes, ipv4, pcap } from "./capture_samples.ts";
import { bytes, CAPACITY, engine, line, OUTPUT } from "./wire_codec.ts";
import { ADSPEC, FLOWSPEC_GS, hex, message, SESSION, TSPEC } from "./wire_samples.ts";

const STATE = engine.room(engine.captureStateBytes());
const CHUNK = engine.room(4 << 20);

/** The members of each message in the lines of a capture, without where it was captured. */
function captured(messages: readonly Bytes[]): string[] {
  const file = pcap(messages.map((one) => ipv4(one)), { link: 101 });
  engine.captureBegin(STATE, CAPTURE_MODE.TEXT);
  bytes().set(file, CHUNK);
  assertEquals(engine.captureRead(STATE, CHUNK, file.length, OUTPUT, CAPACITY), CAPTURE_STATUS.OK);
  const { written } = readCaptureProgress(new DataView(bytes().buffer, STATE));
  const lines = new TextDecoder().decode(bytes().slice(OUTPUT, OUTPUT + written)).split("\n");
  return lines.slice(0, -1).map((text) => `{${text.replace(/^.*?"ttl":\d+,/, "")}\n`);
}

function assertSameLines(messages: readonly Bytes[]): void {
  const lines = captured(messages);
  assertEquals(lines.length, messages.length);
  messages.forEach((one, index) => {
    const alone = line(one);
    assert(lines[index] === alone, `message ${index}: ${lines[index]} is not ${alone}`);
  });
}

Deno.test("objects that come again, elsewhere or slightly changed, are written as if each had come alone", () => {
  const changed = (object: Bytes, at: number) => object.map((byte, index) => index === at ? byte ^ 1 : byte);
  const messages: Bytes[] = [];
  for (const object of [ADSPEC, TSPEC, FLOWSPEC_GS]) {
    messages.push(message(1, [object]), message(1, [object]), message(1, [SESSION, object]), message(1, [object]));
    for (let at = 4; at < object.length; at++) messages.push(message(1, [changed(object, at)]), message(1, [object]));
  }
  assertSameLines(messages);
});

Deno.test("many different objects in any order share the memory for texts without mixing them up", () => {
  const vectors = OBJECTS.flatMap((description) => description.vectors.map(hex)).filter((vector) =>
    vector.length <= 120
  );
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.nat(vectors.length - 1), fc.nat(vectors.length - 1), fc.nat(3), fc.nat(120), fc.nat(3)),
        { minLength: 20, maxLength: 200 },
      ),
      (picks) => {
        assertSameLines(picks.map(([first, second, type, at, change]) => {
          const object = vectors[second].slice();
          if (at >= 4) object[at % object.length] ^= at % object.length < 4 ? 0 : change;
          return message(type + 1, [vectors[first % 20], object, object]);
        }));
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("a new capture starts without texts of an old one", () => {
  assertSameLines([message(1, [TSPEC])]);
  const other = TSPEC.slice();
  other[20] ^= 64;
  assertSameLines([message(1, [other]), message(1, [TSPEC])]);
});
