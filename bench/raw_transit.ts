/** The router of transit_node.ts driven with nothing between: records written once, actions looked at but not read. */
import {
  ACTION,
  INPUT,
  PACKET_HEADER_BYTES,
  PACKET_SLOT_BYTES,
  PACKET_SLOTS,
  writeConfig,
  writeInterface,
  writePackets,
  writeRoute,
} from "../host/boundary.gen.ts";
import type { EngineExports } from "../host/engine_exports.ts";
import type { Packet } from "../host/transport/transport.ts";
import { routeAnswer, TRANSIT_CONFIG, TRANSIT_INTERFACES } from "./transit_node.ts";

/** A packet with its header, as it stands in a slot. */
export function slotOf(packet: Packet): Uint8Array {
  const bytes = new Uint8Array(PACKET_HEADER_BYTES + packet.payload.length + 8);
  const record = { ...packet, payloadLength: packet.payload.length };
  writePackets(new DataView(bytes.buffer), bytes, 0, record);
  return bytes.subarray(0, PACKET_HEADER_BYTES + packet.payload.length);
}

/** Many packets with their headers in one array, each as long as it is in a place of equal size. */
export interface PacketArena {
  readonly bytes: Uint8Array;
  readonly lengths: Uint16Array;
}
const PLACE_BYTES = 256;

export function packetArena(count: number, packet: (number: number) => Packet): PacketArena {
  const arena = { bytes: new Uint8Array(count * PLACE_BYTES), lengths: new Uint16Array(count) };
  for (let i = 0; i < count; i++) {
    const slot = slotOf(packet(i));
    if (slot.length > PLACE_BYTES) throw new Error(`packet ${i} has ${slot.length} bytes`);
    arena.bytes.set(slot, i * PLACE_BYTES);
    arena.lengths[i] = slot.length;
  }
  return arena;
}

function packetOf({ bytes, lengths }: PacketArena, number: number): Uint8Array {
  return bytes.subarray(number * PLACE_BYTES, number * PLACE_BYTES + lengths[number]);
}

type Write<T> = (view: DataView, bytes: Uint8Array, at: number, record: T) => number;

/** Where the query, and the destination of ROUTE_QUERY and of ROUTE, stand in their records, in words. */
const QUERY_WORD = 2;
const DESTINATION_WORD = 3;

/** One instance of the engine. Memory is viewed anew where it may have grown. */
export class RawTransit {
  sent = 0;
  /** Milliseconds spent in the engine's own calls, copying packets in and looking at actions left out, and all of them. */
  insideMs = 0;
  totalMs = 0;
  readonly #exports: EngineExports;
  readonly #inbox: number;
  readonly #answer: Uint8Array;
  #queries: number[] = [];
  #bytes!: Uint8Array;
  #view!: DataView;
  #words!: Int32Array;

  /**
   * `populatedBytes`: so much memory is made and written to beforehand, as the C programs have theirs made, so that what the
   * operating system takes for fresh pages is nobody's time.
   */
  constructor(module: WebAssembly.Module, populatedBytes = 0) {
    this.#exports = new WebAssembly.Instance(module, {}).exports as unknown as EngineExports;
    const before = this.#exports.memory.buffer.byteLength;
    this.#exports.memory.grow(Math.ceil(populatedBytes / 65536));
    new Uint8Array(this.#exports.memory.buffer, before).fill(0);
    this.#inbox = this.#exports.inbox();
    this.#viewMemory();
    this.#submitRecords(INPUT.CONFIG, writeConfig, [TRANSIT_CONFIG]);
    this.#submitRecords(INPUT.INTERFACE, writeInterface, TRANSIT_INTERFACES);
    const answer = new Uint8Array(256);
    const length = writeRoute(new DataView(answer.buffer), answer, 0, routeAnswer(1, new Uint8Array(16)));
    this.#answer = answer.subarray(0, length);
    this.insideMs = 0;
  }

  /** Takes packets as they stand in slots, 32 at a time. */
  receive(slots: readonly Uint8Array[], nowMs = 1000): void {
    const started = performance.now();
    for (let from = 0; from < slots.length; from += PACKET_SLOTS - 1) {
      const batch = Math.min(PACKET_SLOTS - 1, slots.length - from);
      for (let i = 0; i < batch; i++) this.#bytes.set(slots[from + i], this.#inbox + i * PACKET_SLOT_BYTES);
      this.#submit(INPUT.PACKETS, batch, nowMs);
    }
    this.totalMs += performance.now() - started;
  }

  /** Takes packets of an arena, in the order of `which`. */
  receiveFrom(arena: PacketArena, which: Uint32Array, nowMs: number): void {
    const started = performance.now();
    for (let from = 0; from < which.length; from += PACKET_SLOTS - 1) {
      const batch = Math.min(PACKET_SLOTS - 1, which.length - from);
      for (let i = 0; i < batch; i++) {
        this.#bytes.set(packetOf(arena, which[from + i]), this.#inbox + i * PACKET_SLOT_BYTES);
      }
      this.#submit(INPUT.PACKETS, batch, nowMs);
    }
    this.totalMs += performance.now() - started;
  }

  /** Lets the engine do what is due by `nowMs`. */
  tick(nowMs: number): void {
    const started = performance.now();
    while (this.#deadline() <= nowMs) this.#submit(INPUT.TICK, 1, nowMs);
    this.totalMs += performance.now() - started;
  }

  #deadline(): number {
    const started = performance.now();
    const deadline = this.#exports.deadline();
    this.insideMs += performance.now() - started;
    return deadline;
  }

  #viewMemory(): void {
    this.#bytes = new Uint8Array(this.#exports.memory.buffer);
    this.#view = new DataView(this.#exports.memory.buffer);
    this.#words = new Int32Array(this.#exports.memory.buffer);
  }

  #submitRecords<T>(kind: number, write: Write<T>, records: readonly T[]): void {
    let at = this.#inbox;
    this.#bytes.fill(0, at, at + this.#exports.inboxLength());
    for (const record of records) at += write(this.#view, this.#bytes, at, record);
    this.#submit(kind, records.length, 1000);
  }

  #submit(kind: number, count: number, nowMs: number): void {
    let started = performance.now();
    const status = this.#exports.submit(kind, count, nowMs);
    let length = this.#exports.poll();
    this.insideMs += performance.now() - started;
    if (status !== 0) throw new Error(`submit of kind ${kind}: status ${status}`);
    while (length > 0) {
      this.#look(length);
      started = performance.now();
      length = this.#exports.poll();
      this.insideMs += performance.now() - started;
    }
    if (this.#queries.length > 0) this.#answerQueries(nowMs);
  }

  #look(length: number): void {
    if (this.#bytes.length !== this.#exports.memory.buffer.byteLength) this.#viewMemory();
    const start = this.#exports.outbox() >> 2, words = this.#words;
    for (let at = start; at < start + (length >> 2); at += words[at + 1] >> 2) {
      const action = words[at] & 0xffff;
      if (action === ACTION.SEND) this.sent++;
      else if (action === ACTION.ROUTE_QUERY) {
        this.#queries.push(words[at + QUERY_WORD], words[at + DESTINATION_WORD]);
      }
    }
  }

  /** All that a batch of packets has asked for goes in together; the answers differ in number and destination. */
  #answerQueries(nowMs: number): void {
    const queries = this.#queries, words = this.#words;
    this.#queries = [];
    let at = this.#inbox;
    for (let i = 0; i < queries.length; i += 2, at += this.#answer.length) {
      this.#bytes.set(this.#answer, at);
      words[(at >> 2) + QUERY_WORD] = queries[i];
      words[(at >> 2) + DESTINATION_WORD] = queries[i + 1];
    }
    this.#submit(INPUT.ROUTE, queries.length / 2, nowMs);
  }
}
