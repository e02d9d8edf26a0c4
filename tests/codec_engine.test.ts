/** The codec over the engine's check: the same as over the stand-in where that knows, and more where it does not. */
import fc from "fast-check";
import { Codec } from "../host/codec.ts";
import { CodecEngine } from "../host/codec_engine.ts";
import { EngineTrapError } from "../host/engine_errors.ts";
import { assert, assertEquals, assertThrows } from "./assert.ts";
import { StandInChecker } from "./codec_checker.ts";
import { bytesOf, hexOf, PATH, PATH_WITH_ADSPEC, randomMessage, RESV } from "./codec_vectors.ts";
import { entryModule } from "./engine_entries/compile.ts";

interface Entry {
  memory: WebAssembly.Memory;
  room(bytes: number): number;
  checkResultBytes(): number;
  checkMessage(message: number, available: number, result: number): number;
}

/** A codec engine over the rooms that the codec tests compile, which have no export named `check`. */
async function checker(): Promise<CodecEngine> {
  const entry = new WebAssembly.Instance(await entryModule("codec_entry.ts"), {}).exports as unknown as Entry;
  const result = entry.room(entry.checkResultBytes());
  return new CodecEngine({
    memory: entry.memory,
    workspace: (bytes) => entry.room(bytes),
    check: (pointer, length) => entry.checkMessage(pointer, length, result),
    outbox: () => result,
  });
}

const engine = await checker();
const codec = new Codec(engine);
const standIn = new StandInChecker();

Deno.test("the engine's codec decodes and encodes messages to their own bytes", () => {
  for (const hex of [PATH, RESV, PATH_WITH_ADSPEC]) {
    const message = codec.decode(bytesOf(hex));
    assertEquals(message.problems, undefined);
    assertEquals(hexOf(codec.encode(JSON.parse(JSON.stringify(message)))), hex);
    assertEquals(codec.peek(bytesOf(hex)).toMessage(), message);
  }
  assertEquals(codec.decode(bytesOf(PATH)).checksum, "ok");
});

Deno.test("the engine and the stand-in agree on header, framing, checksum and list of objects of any bytes", () => {
  const mutated = fc.tuple(randomMessage, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), fc.nat(3)).map(
    ([bytes, changes, cut]) => {
      const copy = bytes.slice(0, bytes.length - cut);
      for (const [at, value] of changes) copy[at % copy.length] = value;
      return copy;
    },
  );
  fc.assert(
    fc.property(fc.oneof(mutated, randomMessage), (bytes) => {
      const [mine, theirs] = [standIn.check(bytes), engine.check(bytes)];
      assertEquals(theirs.status === 0, mine.status === 0, hexOf(bytes));
      if (mine.status !== 0) return;
      assertEquals([theirs.checksum, theirs.count, theirs.messagesOffset], [
        mine.checksum,
        mine.count,
        mine.messagesOffset,
      ]);
      for (let index = 0; index < 2 * mine.count; index++) assertEquals(theirs.entries[index], mine.entries[index]);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("every message of any objects encodes to its own bytes through the engine", () => {
  fc.assert(
    fc.property(randomMessage, (bytes) => {
      assertEquals(hexOf(codec.encode(codec.decode(bytes))), hexOf(bytes));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("what is missing or doubled is told with status, object and offset, and the rest is read", () => {
  const message = codec.decode(bytesOf("1001000040000014000c0101c00002141100138c"));
  assertEquals(message.objects.length, 1);
  const missing = message.problems?.filter((problem) => problem.status === "MISSING_OBJECT") ?? [];
  assertEquals(missing.map((problem) => problem.class), [3, 5]);
  assert(missing[0].text.includes("RSVP_HOP"), missing[0].text);
  assert(missing[0].rfc.startsWith("RFC 2205"), missing[0].rfc);
  const twice = codec.decode(
    bytesOf(
      "100100004000002c000c0101c00002141100138c000c0101c00002141100138c000c03010a000101000000070008050100007530".slice(
        0,
        88,
      ),
    ),
  );
  assert(
    twice.problems?.some((problem) => problem.status === "DUPLICATE_OBJECT" && problem.offset === 20),
    JSON.stringify(twice.problems),
  );
});

Deno.test("a message longer than any can be is refused by its length", () => {
  const result = codec.tryDecode(new Uint8Array(70000).fill(0x10));
  assert(!result.ok && result.status === "BAD_LENGTH", JSON.stringify(result));
});

Deno.test("a codec whose engine traps says so and is not used again", () => {
  // One function (i32, i32) -> i32 that is `unreachable`.
  const trap = new WebAssembly.Module(
    bytesOf("0061736d0100000001070160027f7f017f03020100070501017400000a05010300000b"),
  );
  const instance = new WebAssembly.Instance(trap, {});
  const dead = new CodecEngine({
    memory: new WebAssembly.Memory({ initial: 2 }),
    workspace: () => 1024,
    check: instance.exports.t as (pointer: number, length: number) => number,
    outbox: () => 8,
  });
  assertThrows(() => dead.check(bytesOf(PATH)), EngineTrapError, "checking a message");
  assertThrows(() => dead.check(bytesOf(PATH)), RangeError, "trapped");
});

Deno.test("a module without a check is refused", async () => {
  assertThrows(() => CodecEngine.of(new WebAssembly.Module(bytesOf("0061736d01000000"))), RangeError);
  assert(await entryModule("codec_entry.ts") instanceof WebAssembly.Module);
});
