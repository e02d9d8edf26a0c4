/** A transport without sockets: what is sent goes to functions, what arrives is handed in. */
import type { Packet, PacketsHandler, Transport, TransportErrorHandler } from "./transport.ts";

/** Where what a node sends goes. */
export interface MemoryTransportOptions {
  /** Takes what the node sends. */
  send: (packet: Packet) => void;
  /** Takes what the node forwards for others; `send` if absent. */
  relay?: (packet: Packet) => void;
}

/**
 * A transport without sockets: what a node sends goes to a function, what arrives is handed in. With it a test plays a
 * node's neighbours.
 *
 * @example A router answers a Path that it has no route for with silence, and remembers the sender
 * ```ts
 * import { defaultModule, encode, formatAddress, MemoryTransport, parseAddress, RsvpNode, StaticRouting, VirtualClock } from "@resv/resv";
 *
 * const transport = new MemoryTransport({
 *   send: ({ destination, family }) => console.log("sends to", formatAddress(destination, family)), // sends to 10.0.9.9
 * });
 * const node = new RsvpNode({
 *   module: defaultModule(), transport, clock: new VirtualClock(),
 *   routing: new StaticRouting([{ prefix: "10.0.9.0/24", interface: 2, gateway: "10.0.2.1" }]),
 *   interfaces: [{ interface: 1, addresses: ["10.0.1.2/24"] }, { interface: 2, addresses: ["10.0.2.2/24"] }],
 * });
 * const path = encode({
 *   message: "Path",
 *   sendTtl: 63,
 *   objects: [
 *     { name: "SESSION", form: "IPv4", destinationAddress: "10.0.9.9", protocolId: 17, flags: 0, destinationPort: 5004 },
 *     { name: "RSVP_HOP", form: "IPv4", hopAddress: "10.0.1.1", logicalInterfaceHandle: 7 },
 *     { name: "TIME_VALUES", refreshPeriodMs: 30_000 },
 *     { name: "SENDER_TEMPLATE", form: "IPv4", sourceAddress: "10.0.1.1", sourcePort: 5004 },
 *     {
 *       name: "SENDER_TSPEC", ctype: 2, form: "IntServ", service: 1, tokenBucketRateBytesPerSecond: 12_500, tokenBucketSizeBytes: 1500,
 *       peakRateBytesPerSecond: "Infinity", minimumPolicedUnitBytes: 64, maximumPacketSizeBytes: 1500,
 *     },
 *   ],
 * });
 * transport.deliver([{
 *   interface: 1, source: parseAddress("10.0.1.1").bytes, destination: parseAddress("10.0.9.9").bytes, family: 4, ttl: 63,
 *   encapsulation: 0, routerAlert: 1, payload: path,
 * }]);
 * console.log(node.inspect("senders")[0].previousHop); // 10.0.1.1
 * node.close();
 * ```
 */
export class MemoryTransport implements Transport {
  #options: MemoryTransportOptions;
  #onPackets: PacketsHandler = () => {};
  #open = true;

  /** Open from the start. */
  constructor(options: MemoryTransportOptions) {
    this.#options = options;
  }

  /** Hands a datagram to `options.send`. */
  send(packet: Packet): void {
    if (this.#open) this.#options.send(packet);
  }

  /** Hands a datagram to `options.relay`. */
  relay(packet: Packet): void {
    if (this.#open) (this.#options.relay ?? this.#options.send)(packet);
  }

  /** Hands datagrams to the node as if they had arrived. */
  deliver(packets: readonly Packet[]): void {
    if (this.#open) this.#onPackets(packets);
  }

  /** Sets who takes what `deliver` brings; the node does. */
  onPackets(handler: PacketsHandler): void {
    this.#onPackets = handler;
  }

  /** Does nothing: memory has no errors. */
  onError(_handler: TransportErrorHandler): void {
    // Nothing here can fail.
  }

  /** From now on nothing is sent or delivered. */
  close(): void {
    this.#open = false;
  }
}
