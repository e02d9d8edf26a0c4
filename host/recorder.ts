/**
 * The log of submits: everything that ever went into an engine, so that a bug report is a file. Replayed into a fresh
 * engine of the same build it gives the same actions byte for byte, for an engine has no other input.
 *
 * Layout, little-endian. Header of 64 bytes: magic "RSVL" 4, log version u16, 2 zero bytes, boundary version u32,
 * 20 zero bytes, engine hash 32 bytes. Then one entry per submit: kind u8, 1 zero byte, count u16, length u32, nowMs f64,
 * and `length` bytes of inbox. Batches of packets are kept without the unused rest of their slots: each packet as its
 * 64-byte header and its payload, with nothing between.
 */
import { ABI_VERSION, INPUT, PACKET_HEADER_BYTES, PACKET_SLOT_BYTES } from "./boundary.gen.ts";
import { defaultEngineHash } from "./snapshot.ts";

export const LOG_HEADER_BYTES = 64;
export const LOG_ENTRY_BYTES = 16;
const MAGIC = 0x4c565352;
const LOG_VERSION = 1;
const FIRST_CHUNK_BYTES = 16_384;

/**
 * A log that cannot be read, and where.
 *
 * @example
 * ```ts
 * import { defaultModule, LogError, replay } from "@resv/resv";
 *
 * try {
 *   replay(new Uint8Array(64), defaultModule());
 * } catch (error) {
 *   if (error instanceof LogError) console.log(error.message); // offset 0: not a log of submits, the magic is not RSVL
 * }
 * ```
 */
export class LogError extends Error {
  /** Tells it from other errors where `instanceof` cannot. */
  override readonly name: string = "LogError";
}

/** One submit of a log. */
export interface LogEntry {
  /** Number of the kind of record. */
  kind: number;
  /** How many records. */
  count: number;
  /** The host's clock at that moment, in milliseconds. */
  nowMs: number;
  /** As it stood in the inbox. */
  inbox: Uint8Array;
  /** Offset of the entry in the log. */
  offset: number;
}

/**
 * Keeps every submit of one engine, so that {@linkcode replay} can play them back: time and seed are in them, and an
 * engine has no other input. The log grows with the traffic; it is kept in memory.
 *
 * @example A run is recorded at one node, and replayed byte for byte
 * ```ts
 * import { defaultModule, Network, Recorder, replay } from "@resv/resv";
 *
 * const recorder = new Recorder();
 * const network = new Network();
 * const alice = network.host("alice"), r1 = network.router("r1", { recorder }), bob = network.host("bob");
 * network.link(alice, r1);
 * network.link(r1, bob);
 * alice.send({ destination: bob.address, port: 5004 }, { tokenBucketRateBytesPerSecond: 12_500 });
 * bob.receive({ destination: bob.address, port: 5004 }, { style: "FF" });
 * network.run(60_000);
 *
 * const { engine, submits } = replay(recorder.bytes(), defaultModule());
 * console.log(submits === recorder.entries); // true
 * console.log(engine.snapshot().join() === r1.rsvp.snapshot().join()); // true
 * ```
 */
export class Recorder {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_CHUNK_BYTES);
  #length = LOG_HEADER_BYTES;
  #entries = 0;

  /** Starts a log. @param hash names the engine's build, 32 bytes; that of the embedded engine by default */
  constructor(hash: Uint8Array = defaultEngineHash()) {
    const view = new DataView(this.#bytes.buffer);
    view.setUint32(0, MAGIC, true);
    view.setUint16(4, LOG_VERSION, true);
    view.setUint32(8, ABI_VERSION, true);
    this.#bytes.set(hash, 32);
  }

  /** Submits recorded. */
  get entries(): number {
    return this.#entries;
  }

  /** To be given to the engine; bound, so that it can be passed on its own. */
  readonly onSubmit = (kind: number, count: number, nowMs: number, inbox: Uint8Array): void => {
    const kept = kind === INPUT.PACKETS ? packSlots(inbox, count) : inbox;
    this.#makeRoom(LOG_ENTRY_BYTES + kept.length);
    const view = new DataView(this.#bytes.buffer, this.#length);
    view.setUint8(0, kind);
    view.setUint16(2, count, true);
    view.setUint32(4, kept.length, true);
    view.setFloat64(8, nowMs, true);
    this.#bytes.set(kept, this.#length + LOG_ENTRY_BYTES);
    this.#length += LOG_ENTRY_BYTES + kept.length;
    this.#entries++;
  };

  /** The log so far, a copy. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #makeRoom(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Leaves the unused rest of each slot out. */
function packSlots(inbox: Uint8Array, count: number): Uint8Array {
  const view = new DataView(inbox.buffer, inbox.byteOffset, inbox.byteLength);
  const out = new Uint8Array(inbox.length);
  let used = 0;
  for (let at = 0, i = 0; i < count; i++) {
    const length = PACKET_HEADER_BYTES + view.getUint32(at + 8, true);
    out.set(inbox.subarray(at, at + length), used);
    used += length;
    at += Math.ceil(length / PACKET_SLOT_BYTES) * PACKET_SLOT_BYTES;
  }
  return out.subarray(0, used);
}

/** Puts packets back into slots. */
function unpackSlots(packed: Uint8Array, count: number, offset: number): Uint8Array {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const places: { from: number; length: number; slots: number }[] = [];
  let from = 0;
  let slots = 0;
  for (let i = 0; i < count; i++) {
    if (from + PACKET_HEADER_BYTES > packed.length) {
      throw new LogError(`offset ${offset}: packet ${i} of ${count} is cut off`);
    }
    const length = PACKET_HEADER_BYTES + view.getUint32(from + 8, true);
    if (from + length > packed.length) throw new LogError(`offset ${offset}: packet ${i} runs past its entry`);
    const taken = Math.ceil(length / PACKET_SLOT_BYTES);
    places.push({ from, length, slots });
    slots += taken;
    from += length;
  }
  const out = new Uint8Array(slots * PACKET_SLOT_BYTES);
  for (const place of places) {
    out.set(packed.subarray(place.from, place.from + place.length), place.slots * PACKET_SLOT_BYTES);
  }
  return out;
}

/** The header of a log: the hash of the engine that was recorded. @throws {LogError} if it is not a log. */
export function readLogHeader(log: Uint8Array): { engineHash: Uint8Array } {
  if (log.length < LOG_HEADER_BYTES) {
    throw new LogError(`log has ${log.length} bytes, its header alone has ${LOG_HEADER_BYTES}`);
  }
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new LogError("offset 0: not a log of submits, the magic is not RSVL");
  const version = view.getUint16(4, true);
  if (version !== LOG_VERSION) throw new LogError(`offset 4: log version ${version}, this host knows ${LOG_VERSION}`);
  const abi = view.getUint32(8, true);
  if (abi !== ABI_VERSION) throw new LogError(`offset 8: boundary version ${abi}, this host speaks ${ABI_VERSION}`);
  return { engineHash: log.slice(32, 64) };
}

/** The entries of a log, one after the other. @throws {LogError} where the log is cut or broken. */
export function* readLog(log: Uint8Array): Generator<LogEntry, void, void> {
  readLogHeader(log);
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  for (let at = LOG_HEADER_BYTES; at < log.length;) {
    if (at + LOG_ENTRY_BYTES > log.length) throw new LogError(`offset ${at}: entry is cut off`);
    const kind = view.getUint8(at);
    const count = view.getUint16(at + 2, true);
    const length = view.getUint32(at + 4, true);
    const end = at + LOG_ENTRY_BYTES + length;
    if (end > log.length) throw new LogError(`offset ${at}: entry of ${length} bytes runs past the end`);
    const kept = log.subarray(at + LOG_ENTRY_BYTES, end);
    const inbox = kind === INPUT.PACKETS ? unpackSlots(kept, count, at) : kept;
    yield { kind, count, nowMs: view.getFloat64(at + 8, true), inbox, offset: at };
    at = end;
  }
}
