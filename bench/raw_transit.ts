/** The router of transit_node.ts driven with nothing between: records written once, actions looked at but not read. */
import {
  ACTION,
  INPUT,
  PACKET_HEADER_BYTES,
  PACKET_SLOT_BYTES,
  PACKET_SLOTS,
  readRouteQuery,
  type RouteInput,
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

type Write<T> = (view: DataView, bytes: Uint8Array, at: number, record: T) => number;

/** One instance of the engine. Memory is viewed anew where it may have grown. */
export class RawTransit {
  sent = 0;
  readonly #exports: EngineExports;
  readonly #inbox: number;
  #bytes!: Uint8Array;
  #view!: DataView;

  constructor(module: WebAssembly.Module) {
    this.#exports = new WebAssembly.Instance(module, {}).exports as unknown as EngineExports;
    this.#inbox = this.#exports.inbox();
    this.#viewMemory();
    this.#submitRecords(INPUT.CONFIG, writeConfig, [TRANSIT_CONFIG]);
    this.#submitRecords(INPUT.INTERFACE, writeInterface, TRANSIT_INTERFACES);
  }

  /** Takes packets as they stand in slots, 32 at a time. */
  receive(slots: readonly Uint8Array[]): void {
    for (let from = 0; from < slots.length; from += PACKET_SLOTS - 1) {
      const batch = Math.min(PACKET_SLOTS - 1, slots.length - from);
      for (let i = 0; i < batch; i++) this.#bytes.set(slots[from + i], this.#inbox + i * PACKET_SLOT_BYTES);
      this.#submit(INPUT.PACKETS, batch);
    }
  }

  #viewMemory(): void {
    this.#bytes = new Uint8Array(this.#exports.memory.buffer);
    this.#view = new DataView(this.#exports.memory.buffer);
  }

  #submitRecords<T>(kind: number, write: Write<T>, records: readonly T[]): void {
    let at = this.#inbox;
    this.#bytes.fill(0, at, at + this.#exports.inboxLength());
    for (const record of records) at += write(this.#view, this.#bytes, at, record);
    this.#submit(kind, records.length);
  }

  #submit(kind: number, count: number): void {
    const status = this.#exports.submit(kind, count, 1000);
    if (status !== 0) throw new Error(`submit of kind ${kind}: status ${status}`);
    const answers: RouteInput[] = [];
    for (let length = this.#exports.poll(); length > 0; length = this.#exports.poll()) {
      if (this.#bytes.length !== this.#exports.memory.buffer.byteLength) this.#viewMemory();
      const start = this.#exports.outbox();
      for (let at = start; at < start + length; at += this.#view.getUint32(at + 4, true)) {
        const action = this.#view.getUint16(at, true);
        if (action === ACTION.SEND) this.sent++;
        else if (action === ACTION.ROUTE_QUERY) {
          const { query, destination } = readRouteQuery(this.#view, this.#bytes, at);
          answers.push(routeAnswer(query, destination.slice()));
        }
      }
    }
    if (answers.length > 0) this.#submitRecords(INPUT.ROUTE, writeRoute, answers);
  }
}
