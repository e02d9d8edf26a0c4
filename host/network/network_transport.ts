/** The transport of a node in a virtual network: datagrams as objects, or as they stand in the memories of engines. */
import { PACKET_SLOTS } from "../boundary.gen.ts";
import { MemoryTransport, type MemoryTransportOptions } from "../transport/memory_transport.ts";
import type { BatchTransport, DirectTransport, SendTaker, SlotFiller } from "../transport/transport.ts";

export interface NetworkTransportOptions extends MemoryTransportOptions {
  /** Who takes datagrams where they stand. */
  taker: SendTaker;
}

export class NetworkTransport extends MemoryTransport implements BatchTransport, DirectTransport {
  readonly taker: SendTaker;
  #onBatch: ((fill: SlotFiller, batches: number) => void) | undefined = undefined;

  constructor(options: NetworkTransportOptions) {
    super(options);
    this.taker = options.taker;
  }

  onBatch(handler: (fill: SlotFiller, batches: number) => void): void {
    this.#onBatch = handler;
  }

  /** Has so many datagrams put into the inbox as if they had arrived; false if nobody takes them any more. */
  deliverBatch(fill: SlotFiller, datagrams: number): boolean {
    if (!this.#onBatch) return false;
    this.#onBatch(fill, Math.ceil(datagrams / PACKET_SLOTS));
    return true;
  }

  override close(): void {
    super.close();
    this.#onBatch = undefined;
  }
}
