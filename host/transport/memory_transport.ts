/** A transport without sockets: what is sent goes to functions, what arrives is handed in. */
import type { Packet, PacketsHandler, Transport, TransportErrorHandler } from "./transport.ts";

export interface MemoryTransportOptions {
  /** Takes what the node sends. */
  send: (packet: Packet) => void;
  /** Takes what the node forwards for others; `send` if absent. */
  relay?: (packet: Packet) => void;
}

export class MemoryTransport implements Transport {
  #options: MemoryTransportOptions;
  #onPackets: PacketsHandler = () => {};
  #open = true;

  constructor(options: MemoryTransportOptions) {
    this.#options = options;
  }

  send(packet: Packet): void {
    if (this.#open) this.#options.send(packet);
  }

  relay(packet: Packet): void {
    if (this.#open) (this.#options.relay ?? this.#options.send)(packet);
  }

  /** Hands datagrams to the node as if they had arrived. */
  deliver(packets: readonly Packet[]): void {
    if (this.#open) this.#onPackets(packets);
  }

  onPackets(handler: PacketsHandler): void {
    this.#onPackets = handler;
  }

  onError(_handler: TransportErrorHandler): void {
    // Nothing here can fail.
  }

  close(): void {
    this.#open = false;
  }
}
