/**
 * Raw IP and UDP encapsulation side by side on one node (RFC 2205 appendix C): what the engine wants sent in UDP goes one way,
 * everything else the other. Which packet is which is the engine's decision and stands in the packet.
 */
import { ENCAPSULATION } from "../boundary.gen.ts";
import type {
  BatchTransport,
  Packet,
  PacketsHandler,
  SlotFiller,
  Transport,
  TransportErrorHandler,
} from "./transport.ts";

/**
 * Two transports as one.
 *
 * @example
 * ```ts
 * import { DualTransport, MemoryTransport, parseAddress } from "@resv/resv";
 *
 * const raw = new MemoryTransport({ send: () => console.log("protocol 46") });
 * const udp = new MemoryTransport({ send: () => console.log("port 1699") });
 * const transport = new DualTransport(raw, udp);
 * const { bytes: source } = parseAddress("10.0.0.1"), { bytes: destination } = parseAddress("10.0.0.2");
 * const packet = { interface: 1, source, destination, family: 4, ttl: 63, encapsulation: 0, routerAlert: 1, payload: new Uint8Array(8) };
 * transport.send(packet); // protocol 46
 * transport.send({ ...packet, encapsulation: 2 }); // port 1699
 * transport.close();
 * ```
 */
export class DualTransport implements BatchTransport {
  /** Carries what is not encapsulated. */
  readonly raw: Transport;
  /** Carries what is. */
  readonly udp: Transport;

  /** Takes both over; their handlers are set through this one. */
  constructor(raw: Transport, udp: Transport) {
    this.raw = raw;
    this.udp = udp;
  }

  /** Sends one datagram the way that its encapsulation says. */
  send(packet: Packet): void {
    (packet.encapsulation === ENCAPSULATION.RAW ? this.raw : this.udp).send(packet);
  }

  /** Forwards a datagram as IP would, which is always raw. */
  relay(packet: Packet): void {
    this.raw.relay(packet);
  }

  /** Sets the one receiver of what arrives by either. */
  onPackets(handler: PacketsHandler): void {
    this.raw.onPackets(handler);
    this.udp.onPackets(handler);
  }

  /** Sets who takes batches of either; packets of one that has none go to the handler of `onPackets`. */
  onBatch(handler: (fill: SlotFiller) => void): void {
    for (const transport of [this.raw, this.udp] as Partial<BatchTransport>[]) transport.onBatch?.(handler);
  }

  /** Sets the one receiver of errors of either. */
  onError(handler: TransportErrorHandler): void {
    this.raw.onError(handler);
    this.udp.onError(handler);
  }

  /** Closes both; the promise holds when both have nothing open any more. */
  async close(): Promise<void> {
    await Promise.all([this.raw.close(), this.udp.close()]);
  }
}
