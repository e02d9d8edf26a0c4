/**
 * What may come in, by address and interface alone, and how much came and went on each interface. Like a packet filter
 * it knows no message: a packet that is addressed to this node must come from a neighbour that is allowed, one to anybody
 * else or to a group (Path and its like, which carry the addresses of sender and receiver, RFC 2205 3.1.3) from a source
 * that is allowed.
 */
import { addressKey, formatAddress, matchesPrefix, parsePrefix } from "../address.ts";
import type { Packet, PacketsHandler, Transport, TransportErrorHandler } from "../transport/transport.ts";

/** Who may send to this node; absent lists allow everybody. */
export interface Allowed {
  /** Prefixes of those who may address this node. */
  readonly neighbours?: readonly string[];
  /** Prefixes of those whose packets to others and to groups are taken. */
  readonly pathSources?: readonly string[];
}

/** Packets and bytes of RSVP messages on one interface. */
export interface Traffic {
  receivedPackets: number;
  receivedBytes: number;
  sentPackets: number;
  sentBytes: number;
  /** Came from somebody who is not allowed. */
  refusedPackets: number;
}

type Prefixes = readonly ReturnType<typeof parsePrefix>[];

/** A transport around another. */
export class GuardedTransport implements Transport {
  /** By interface handle; 0 for what leaves by route. */
  readonly traffic: Map<number, Traffic> = new Map();
  /** Called for every packet that is refused, with its source. */
  onRefused: (packet: Packet, source: string) => void = () => {};
  #inner: Transport;
  #neighbours: Prefixes | undefined;
  #pathSources: Prefixes | undefined;
  #own = new Set<string>();

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  /** Takes new lists and the addresses that are this node's own. @throws {RangeError} if one is no prefix. */
  allow({ neighbours, pathSources }: Allowed, ownAddresses: readonly string[]): void {
    this.#neighbours = neighbours?.map(parsePrefix);
    this.#pathSources = pathSources?.map(parsePrefix);
    this.#own = new Set(ownAddresses.map((text) => {
      const { prefix, family } = parsePrefix(text);
      return addressKey(prefix, family);
    }));
  }

  send(packet: Packet): void {
    this.#countSent(packet);
    this.#inner.send(packet);
  }

  relay(packet: Packet): void {
    this.#countSent(packet);
    this.#inner.relay(packet);
  }

  onPackets(handler: PacketsHandler): void {
    this.#inner.onPackets((packets) => {
      const good = packets.every((packet) => this.#admits(packet))
        ? packets
        : packets.filter((packet) => this.#admits(packet) || this.#refuse(packet));
      for (const packet of good) {
        const traffic = this.#trafficOf(packet.interface);
        traffic.receivedPackets++;
        traffic.receivedBytes += packet.payload.length;
      }
      if (good.length > 0) handler(good);
    });
  }

  onError(handler: TransportErrorHandler): void {
    this.#inner.onError(handler);
  }

  close(): void {
    this.#inner.close();
  }

  #admits({ source, destination, family }: Packet): boolean {
    const toUs = this.#own.has(addressKey(destination, family));
    const list = toUs ? this.#neighbours : this.#pathSources;
    return list?.some((one) => one.family === family && matchesPrefix(source, one.prefix, one.prefixLength)) ?? true;
  }

  #refuse(packet: Packet): false {
    this.#trafficOf(packet.interface).refusedPackets++;
    this.onRefused(packet, formatAddress(packet.source, packet.family));
    return false;
  }

  #countSent(packet: Packet): void {
    const traffic = this.#trafficOf(packet.interface);
    traffic.sentPackets++;
    traffic.sentBytes += packet.payload.length;
  }

  #trafficOf(handle: number): Traffic {
    let traffic = this.traffic.get(handle);
    if (!traffic) {
      traffic = { receivedPackets: 0, receivedBytes: 0, sentPackets: 0, sentBytes: 0, refusedPackets: 0 };
      this.traffic.set(handle, traffic);
    }
    return traffic;
  }
}
