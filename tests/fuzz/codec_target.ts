/**
 * The codec under attack: one message at a time. What must hold: no trap; the result does not depend on the bytes around
 * the message; what decodes encodes to the same bytes, by way of JSON too; the line of NDJSON says what decode() says.
 */
import { isDeepStrictEqual } from "node:util";
import { CodecEngine } from "../../host/codec_engine.ts";
import { Codec } from "../../host/codec.ts";
import { MESSAGE_NAMES } from "../../host/messages.gen.ts";
import type { CaptureExports } from "./capture_target.ts";
import { fromHex, toHex } from "./bytes.ts";
import { Finding, LONGEST_SUBMIT_MS } from "./lockstep.ts";
import { processorMs } from "../processor_time.ts";

interface Exports extends CaptureExports {
  check(pointer: number, length: number): number;
  outbox(): number;
  ndjson(pointer: number, length: number, output: number, capacity: number): number;
}

const MESSAGE_ROOM = 3 * 65536;
const LINE_ROOM = 8 << 20;
const POISONS = [0xa5, 0x5a, 0x00];
/** Bytes on both sides of the message that are poisoned; more than any vector load takes. */
const MARGIN = 4096;

type Plain = Record<string, unknown>;

export class CodecAttack {
  readonly codec: Codec;
  #exports: Exports;
  #place: number;
  #line: number;
  #text = new TextDecoder();

  constructor(module: WebAssembly.Module) {
    this.codec = new Codec(CodecEngine.of(module));
    this.#exports = new WebAssembly.Instance(module, {}).exports as unknown as Exports;
    const start = this.#exports.workspace(MESSAGE_ROOM + LINE_ROOM);
    if (start === 0) throw new Finding("the engine gives no workspace");
    this.#place = start + MARGIN;
    this.#line = start + MESSAGE_ROOM;
  }

  /** Gives one message to all of it. `lines`: the costly comparison with NDJSON too. */
  run(message: Uint8Array, lines: boolean): void {
    const started = processorMs();
    this.#checkAlone(message);
    const result = this.codec.tryDecode(message);
    if (result.ok) {
      const encoded = this.codec.encode(result.message);
      if (!sameBytes(encoded, message)) throw new Finding(`re-encodes to ${toHex(encoded)}`);
    }
    if (lines) this.#compareLine(message, result.ok ? result.message as unknown as Plain : undefined);
    const took = processorMs() - started;
    if (took > LONGEST_SUBMIT_MS) throw new Finding(`took ${Math.round(took)} ms`);
  }

  /** The engine's check with different bytes around the message. */
  #checkAlone(message: Uint8Array): void {
    let first: Uint8Array | undefined;
    for (const poison of POISONS.slice(0, 2)) {
      this.#put(message, poison);
      const length = this.#exports.check(this.#place, message.length);
      const words = this.#bytes().slice(this.#exports.outbox(), this.#exports.outbox() + length);
      if (first && !sameBytes(first, words)) throw new Finding("the check depends on bytes around the message");
      first = words;
    }
  }

  #compareLine(message: Uint8Array, decoded: Plain | undefined): void {
    let first: string | undefined;
    for (const poison of POISONS.slice(1)) {
      this.#put(message, poison);
      const length = this.#exports.ndjson(this.#place, message.length, this.#line, LINE_ROOM);
      if (length === 0) throw new Finding("the line of NDJSON does not fit 8 MB");
      const text = this.#text.decode(this.#bytes().slice(this.#line, this.#line + length));
      if (first !== undefined && first !== text) throw new Finding("the line depends on bytes around the message");
      first = text;
    }
    let line: Plain;
    try {
      line = JSON.parse(first!);
    } catch (error) {
      throw new Finding(`the line is no JSON: ${(error as Error).message} in ${first!.slice(0, 400)}`);
    }
    const expected = decoded ? this.#withoutWords(JSON.parse(JSON.stringify(decoded))) : this.#failure(message);
    if (!isDeepStrictEqual(line, expected)) {
      throw new Finding(`the line says ${first!.slice(0, 2000)}, decode() ${JSON.stringify(expected).slice(0, 2000)}`);
    }
    if (decoded && !sameBytes(this.codec.encode(JSON.parse(JSON.stringify(decoded))), message)) {
      throw new Finding("does not survive JSON");
    }
  }

  #failure(message: Uint8Array): Plain {
    const result = this.codec.tryDecode(message);
    if (result.ok) return this.#withoutWords(JSON.parse(JSON.stringify(result.message)));
    const { status, class: number, ctype, offset } = result;
    const head = message.length < 2 ? {} : { message: MESSAGE_NAMES[message[1]] ?? "UNKNOWN", type: message[1] };
    return { ...head, error: { status, class: number, ctype, offset }, bytes: toHex(message) };
  }

  /** Words that only the host has are left out; what keeps a bundled message from being read is told by its status. */
  #withoutWords(message: Plain): Plain {
    for (const problem of (message.problems ?? []) as Plain[]) {
      delete problem.text;
      delete problem.rfc;
    }
    const bundled = message.messages as Plain[] | undefined;
    if (bundled) message.messages = bundled.map((one) => this.#withoutWords(one));
    const { malformed, bytes } = message;
    if (typeof malformed !== "string" || /^message length says|^a Bundle stands/.test(malformed)) return message;
    return this.#failure(fromHex(String(bytes)));
  }

  #put(message: Uint8Array, poison: number): void {
    const bytes = this.#bytes();
    bytes.fill(poison, this.#place - 64, this.#place);
    bytes.set(message, this.#place);
    bytes.fill(poison, this.#place + message.length, this.#place + message.length + MARGIN);
  }

  #bytes(): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer);
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
