/** Puts inputs through the engine's check, the codec and the engine's NDJSON, and compares what must be equal. */
import { type BrokenMessage, Codec, type DecodeFailure, type Message } from "../../host/codec.ts";
import { CodecEngine } from "../../host/codec_engine.ts";
import { defaultModule } from "../../host/default_module.ts";
import { Random } from "../../host/random.ts";
import { assert, assertEquals } from "../assert.ts";
import { hexOf } from "../codec_vectors.ts";
import { makeInput } from "./inputs.ts";

interface Exports {
  memory: WebAssembly.Memory;
  workspace(bytes: number): number;
  check(pointer: number, length: number): number;
  outbox(): number;
  ndjson(pointer: number, length: number, output: number, capacity: number): number;
}

/** What a soak has seen. */
export interface Seen {
  inputs: number;
  bytes: number;
  decoded: number;
  /** Decoded with problems. */
  faulty: number;
  refused: Record<string, number>;
}

const ROOM = 1 << 17, LINE = 8 << 20;
/** Some comparisons cost more than all the rest, so they are made of every so many inputs. */
const JSON_EVERY = 4, LINE_EVERY = 8, CANARY_EVERY = 4;

export class CodecFuzz {
  readonly seen: Seen = { inputs: 0, bytes: 0, decoded: 0, faulty: 0, refused: {} };
  readonly #codec = new Codec(CodecEngine.of(defaultModule()));
  readonly #engine = new WebAssembly.Instance(defaultModule(), {}).exports as unknown as Exports;
  readonly #random: Random;
  readonly #room: number;
  readonly #memoryBytes: number;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#room = this.#engine.workspace(ROOM + LINE) >>> 0;
    assert(this.#room !== 0, "the engine has no memory for the test");
    this.#memoryBytes = this.#engine.memory.buffer.byteLength;
  }

  /** Runs some inputs; throws with the bytes of the first that shows a fault. */
  run(inputs: number): void {
    for (let index = 0; index < inputs; index++) {
      const bytes = makeInput(this.#random);
      try {
        this.#one(bytes);
      } catch (error) {
        throw new Error(`input ${this.seen.inputs}, ${hexOf(bytes)}: ${(error as Error).message}`, { cause: error });
      }
      this.seen.inputs++;
      this.seen.bytes += bytes.length;
    }
    assertEquals(this.#engine.memory.buffer.byteLength, this.#memoryBytes, "the engine's memory grew");
  }

  #one(bytes: Uint8Array): void {
    const before = bytes.slice();
    const result = this.#codec.tryDecode(bytes);
    if (result.ok) this.#decoded(bytes, result.message);
    else this.#refused(bytes, result);
    if (this.seen.inputs % CANARY_EVERY === 0) this.#readsOnlyItsBytes(bytes);
    if (this.seen.inputs % LINE_EVERY === 0) this.#lineAgrees(bytes, result.ok ? result.message : undefined);
    assertEquals(hexOf(bytes), hexOf(before), "decoding changed its input");
  }

  #decoded(bytes: Uint8Array, message: Message): void {
    this.seen.decoded++;
    if (message.problems) this.seen.faulty++;
    assertEquals(hexOf(this.#codec.encode(message)), hexOf(bytes), "encodes to other bytes");
    if (this.seen.inputs % JSON_EVERY !== 0) return;
    const copy = JSON.parse(JSON.stringify(message));
    assertEquals(hexOf(this.#codec.encode(copy)), hexOf(bytes), "encodes to other bytes from JSON");
    assertEquals(JSON.stringify(this.#codec.peek(bytes)), JSON.stringify(message), "the outline says something else");
  }

  #refused(bytes: Uint8Array, failure: DecodeFailure): void {
    this.seen.refused[failure.status] = (this.seen.refused[failure.status] ?? 0) + 1;
    assert(failure.offset >= 0 && failure.offset <= Math.max(bytes.length, 6), `offset ${failure.offset}`);
    assert(failure.text.length > 0 && failure.rfc.startsWith("RFC"), `no reason: ${JSON.stringify(failure)}`);
  }

  /** What stands behind a message must not matter. */
  #readsOnlyItsBytes(bytes: Uint8Array): void {
    const results = [0x00, 0xff].map((canary) => {
      const memory = new Uint8Array(this.#engine.memory.buffer);
      memory.fill(canary, this.#room + bytes.length, this.#room + bytes.length + 256);
      memory.set(bytes, this.#room);
      const length = this.#engine.check(this.#room, bytes.length);
      const outbox = this.#engine.outbox() >>> 0;
      return hexOf(new Uint8Array(this.#engine.memory.buffer).slice(outbox, outbox + length));
    });
    assertEquals(results[0], results[1], "the check depends on bytes behind the message");
  }

  #lineAgrees(bytes: Uint8Array, message: Message | undefined): void {
    new Uint8Array(this.#engine.memory.buffer).set(bytes, this.#room);
    const length = this.#engine.ndjson(this.#room, bytes.length, this.#room + ROOM, LINE);
    assert(length > 0, "no line");
    const line = new TextDecoder().decode(
      new Uint8Array(this.#engine.memory.buffer, this.#room + ROOM, length),
    );
    const value = JSON.parse(line);
    if (message === undefined) assert(value.error !== undefined, `a line without an error: ${line}`);
    else {assertEquals(
        withoutWords(value),
        withoutWords(JSON.parse(JSON.stringify(message))),
        "the line says something else",
      );}
  }
}

/** Lines name what is wrong by its status and leave the words out. */
function withoutWords(message: Message | BrokenMessage): unknown {
  const whole = "objects" in message;
  for (const problem of whole ? message.problems ?? [] : message.error ? [message.error] : []) {
    delete (problem as Partial<typeof problem>).text;
    delete (problem as Partial<typeof problem>).rfc;
  }
  if (whole) message.messages?.forEach(withoutWords);
  return message;
}
