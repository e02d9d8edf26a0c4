/**
 * A small engine that speaks the boundary and nothing of RSVP: it echoes, grows its memory and traps when told, so that
 * the host's side can be tested for what a right engine never does.
 *
 * TICK at time 666 traps; CONFIG grows memory by a page; INTERFACE with handle 0 is refused; PACKETS come back as SEND,
 * CALL comes back as EVENT with the same objects, two records to a poll. Table 9 (counters) has three rows in two steps.
 * The state is one counter of submits.
 */
import asc from "assemblyscript/asc";

const SOURCE = `
import { ABI_VERSION, PACKET_SLOT_BYTES, PACKET_SLOTS, OUTBOX_BYTES, STATUS_UNKNOWN_INTERFACE,
  INPUT_CONFIG, INPUT_PACKETS, INPUT_TICK, INPUT_INTERFACE, INPUT_CALL, INPUT_INTERFACE_INTERFACE,
  INPUT_PACKETS_PAYLOAD_LENGTH, INPUT_PACKETS_INTERFACE, INPUT_CALL_OBJECTS, INPUT_CALL_APPLICATION,
  ACTION_SEND, ACTION_SEND_PAYLOAD_LENGTH, ACTION_SEND_INTERFACE, ACTION_SEND_SOURCE, ACTION_SEND_FAMILY, ACTION_SEND_PAYLOAD, ACTION_EVENT,
  ACTION_EVENT_APPLICATION, ACTION_EVENT_OBJECTS, TABLE_COUNTERS_COUNTER, TABLE_COUNTERS_VALUE, TABLE_COUNTERS_BYTES
} from "./boundary";

const INBOX: usize = memory.data(33 * 2048, 8);
const OUTBOX: usize = memory.data(69632, 8);
// Submits so far, and a word that a snapshot must keep.
const STATE: usize = memory.data(16, 8);
let kind: u32 = 0;
let left: u32 = 0;
let next: usize = 0;
let outLength: u32 = 0;

export function abiVersion(): u32 { return ABI_VERSION; }
export function inbox(): usize { return INBOX; }
export function inboxLength(): u32 { return PACKET_SLOT_BYTES * PACKET_SLOTS; }
export function outbox(): usize { return OUTBOX; }
export function outboxLength(): u32 { return outLength; }
export function deadline(): f64 { return load<u32>(STATE) > 0 ? 1000.0 : Infinity; }
export function stateStart(): usize { return STATE; }
export function stateLength(): u32 { return 16; }
export function restore(length: u32): u32 { return length == 16 ? 0 : 41; }

function failHere(now: f64): void {
  if (now == 666.0) unreachable();
}

export function submit(what: u32, count: u32, now: f64): u32 {
  store<u32>(STATE, load<u32>(STATE) + 1);
  kind = 0;
  if (what == INPUT_TICK) failHere(now);
  if (what == INPUT_CONFIG) memory.grow(1);
  if (what == INPUT_INTERFACE && load<u32>(INBOX, INPUT_INTERFACE_INTERFACE) == 0) return STATUS_UNKNOWN_INTERFACE;
  if (what == INPUT_PACKETS || what == INPUT_CALL) { kind = what; left = count; next = INBOX; }
  return 0;
}

function echoPacket(out: usize): usize {
  let length = load<u32>(next, INPUT_PACKETS_PAYLOAD_LENGTH);
  let total = (ACTION_SEND_PAYLOAD + length + 7) & ~7;
  memory.fill(out, 0, total);
  store<u16>(out, <u16>ACTION_SEND);
  store<u16>(out, <u16>(total - ACTION_SEND_PAYLOAD - length), 2);
  store<u32>(out, <u32>total, 4);
  store<u32>(out, length, ACTION_SEND_PAYLOAD_LENGTH);
  store<u32>(out, load<u32>(next, INPUT_PACKETS_INTERFACE), ACTION_SEND_INTERFACE);
  memory.copy(out + ACTION_SEND_SOURCE, next + 16, 36);
  memory.copy(out + ACTION_SEND_PAYLOAD, next + 64, length);
  next += ((64 + length + 2047) / 2048) * 2048;
  return total;
}

function echoCall(out: usize): usize {
  let length = load<u32>(next, 4) - load<u16>(next, 2) - <u32>INPUT_CALL_OBJECTS;
  let total = (ACTION_EVENT_OBJECTS + length + 7) & ~7;
  memory.fill(out, 0, total);
  store<u16>(out, <u16>ACTION_EVENT);
  store<u16>(out, <u16>(total - ACTION_EVENT_OBJECTS - length), 2);
  store<u32>(out, <u32>total, 4);
  store<u32>(out, load<u32>(next, INPUT_CALL_APPLICATION), ACTION_EVENT_APPLICATION);
  memory.copy(out + ACTION_EVENT_OBJECTS, next + INPUT_CALL_OBJECTS, length);
  next += load<u32>(next, 4);
  return total;
}

export function poll(): u32 {
  let out = OUTBOX;
  for (let i = 0; i < 2 && left > 0 && kind != 0; i++) {
    if (out + 35000 > OUTBOX + OUTBOX_BYTES) break;
    out += kind == INPUT_PACKETS ? echoPacket(out) : echoCall(out);
    left--;
  }
  return <u32>(out - OUTBOX);
}

export function inspect(table: u32, cursor: u32): u32 {
  outLength = 0;
  if (table != 9) return 0;
  for (let i: u32 = cursor; i < 3 && i < cursor + 2; i++) {
    let row = OUTBOX + outLength;
    memory.fill(row, 0, TABLE_COUNTERS_BYTES);
    store<u16>(row, 9);
    store<u32>(row, <u32>TABLE_COUNTERS_BYTES, 4);
    store<u16>(row, <u16>(i == 0 ? 101 : i == 1 ? 3 : 9999), TABLE_COUNTERS_COUNTER);
    store<f64>(row, <f64>(i + 1), TABLE_COUNTERS_VALUE);
    outLength += <u32>TABLE_COUNTERS_BYTES;
  }
  return cursor == 0 ? 2 : 0;
}
`;

/** The compiled fixture, and the names and source map that belong to the same code. */
export interface Fixture {
  module: WebAssembly.Module;
  wasm: Uint8Array<ArrayBuffer>;
  sourceMap: string;
}

let cached: Promise<Fixture> | undefined;

/** Compiles the fixture once in a test process. */
export function fixture(): Promise<Fixture> {
  return cached ??= compile();
}

async function compile(): Promise<Fixture> {
  const boundary = await Deno.readTextFile(new URL("../engine-as/boundary.gen.ts", import.meta.url));
  const files: Record<string, string> = { "fixture.ts": SOURCE, "boundary.ts": boundary };
  const written = new Map<string, Uint8Array | string>();
  const { error, stderr } = await asc.main(
    [
      "fixture.ts",
      "--runtime",
      "stub",
      "-O3",
      "--debug",
      "--sourceMap",
      "-o",
      "fixture.wasm",
    ],
    {
      readFile: (name: string) => files[name.replace(/^.*\//, "")] ?? null,
      writeFile: (name: string, contents: Uint8Array | string) => void written.set(name, contents),
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`${error.message}\n${stderr}`);
  const wasm = new Uint8Array(written.get("fixture.wasm") as Uint8Array);
  const sourceMap = written.get("fixture.wasm.map") as string;
  return { module: new WebAssembly.Module(wasm), wasm, sourceMap };
}
