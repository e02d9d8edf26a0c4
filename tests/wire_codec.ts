/** The engine's check and its NDJSON, and the host's codec on top of the check, for tests that compare the two. */
import { readCheckResult } from "../host/check_result.ts";
import { Codec } from "../host/codec.ts";
import { entryInstance } from "./engine_entries/compile.ts";
import { MESSAGE_NAMES } from "../host/messages.gen.ts";
import { toHex } from "./catalogue_fixture.ts";

interface Exports {
  room(bytes: number): number;
  checkResultBytes(): number;
  captureStateBytes(): number;
  viewFits(): number;
  recordFits(): number;
  checkMessage(message: number, available: number, result: number): number;
  writeMessageLine(message: number, available: number, result: number, output: number, capacity: number): number;
  decodeRecord(packet: number, available: number, record: number): number;
  recordBytes(): number;
  describeRecord(record: number, out: number): void;
  captureBegin(state: number, mode: number): void;
  captureRead(state: number, chunk: number, length: number, output: number, capacity: number): number;
  captureEnd(state: number, left: number): number;
}

export const { exports: engine, bytes } = await entryInstance<Exports>("codec_entry.ts");

export const RESULT = engine.room(engine.checkResultBytes());
export const MESSAGE = engine.room(65536);
export const CAPACITY = 8 << 20;
export const OUTPUT = engine.room(CAPACITY);
engine.room(65536);

/** Checks by the engine. */
export function check(message: Uint8Array) {
  bytes().set(message, MESSAGE);
  const length = engine.checkMessage(MESSAGE, message.length, RESULT);
  return readCheckResult(new Uint32Array(bytes().slice(RESULT, RESULT + length).buffer), message);
}

export const codec = new Codec({ check });

/** The engine's line for a message, or undefined if it does not fit. */
export function line(message: Uint8Array, capacity = CAPACITY): string | undefined {
  // At the end of memory, where reading beyond the message traps.
  const place = bytes().length - message.length;
  bytes().set(message, place);
  const length = engine.writeMessageLine(place, message.length, RESULT, OUTPUT, capacity);
  return length === 0 ? undefined : new TextDecoder().decode(bytes().slice(OUTPUT, OUTPUT + length));
}

type Plain = Record<string, unknown>;

/** Words that only the host has are left out. */
function withoutWords(message: Plain): Plain {
  for (const problem of [...(message.problems ?? []) as Plain[], (message.error ?? {}) as Plain]) {
    delete problem.text;
    delete problem.rfc;
  }
  const bundled = message.messages as Plain[] | undefined;
  if (bundled) message.messages = bundled.map(withoutWords);
  return message;
}

/** What the host makes of a message, as its line would be read. */
export function decoded(message: Uint8Array): unknown {
  const result = codec.tryDecode(message);
  if (result.ok) return withoutWords(JSON.parse(JSON.stringify(result.message)));
  const { status, class: number, ctype, offset } = result;
  const type = message[1];
  const head = message.length < 2 ? {} : { message: MESSAGE_NAMES[type] ?? "UNKNOWN", type };
  return { ...head, error: { status, class: number, ctype, offset }, bytes: toHex(message) };
}
