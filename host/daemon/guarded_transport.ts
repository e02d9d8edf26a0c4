/**
 * What may come in, by address and interface alone, and how much came and went on each interface. Like a packet filter
 * it knows no message: a packet that is addressed to this node must come from a neighbour that is allowed, one to anybody
 * else or to a group (Path and its like, which carry the addresses of sender and receiver, RFC 2205 3.1.3) from a source
 * that is allowed.
 */
import { addressKey, formatAddress, matchesPrefix, parsePrefix } from "../address.ts";
import { PACKET_OFFSET, PACKET_SLOT_BYTES } from "../boundary.gen.ts";
import type {
  BatchTransport,
  Packet,
  PacketsHandler,
  PacketSlots,
  SlotFiller,
  Transport,
  TransportErrorHandler,
} from "../transport/transport.ts";

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

/** What the guard looks at. */
type Header = Pick<Packet, "interface" | "source" | "destination" | "family">;

/** A packet that was not let in. */
export interface Refused {
  /** Handle. */
  readonly interface: number;
  readonly source: string;
  readonly destination: string;
}

type Prefixes = readonly ReturnType<typeof parsePrefix>[];

/** A transport around another. */
export class GuardedTransport implements BatchTransport {
  /** By interface handle; 0 for what leaves by route. */
  readonly traffic: Map<number, Traffic> = new Map();
  /** Called for every packet that is refused. */
  onRefused: (refused: Refused) => void = () => {};
  #inner: Transport & Partial<BatchTransport>;
  #neighbours: Prefixes | undefined;
  #pathSources: Prefixes | undefined;
  #own = new Set<string>();

  constructor(inner: Transport & Partial<BatchTransport>) {
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

  /** Batches go straight through; those who are not allowed are taken out of them where they lie. */
  onBatch(handler: (fill: SlotFiller) => void): void {
    this.#inner.onBatch?.((fill) => handler((slots) => this.#screen(slots, fill(slots))));
  }

  onError(handler: TransportErrorHandler): void {
    this.#inner.onError(handler);
  }

  close(): void {
    this.#inner.close();
  }

  /** Counts what came into slots, and closes the gaps that are left by who may not send. Returns how many are left. */
  #screen({ bytes, view, start }: PacketSlots, count: number): number {
    const open = this.#neighbours === undefined && this.#pathSources === undefined;
    let kept = 0;
    for (let index = 0; index < count; index++) {
      const at = start + index * PACKET_SLOT_BYTES;
      const handle = view.getUint32(at + PACKET_OFFSET.interface, true);
      if (!open) {
        const address = (offset: number) => bytes.subarray(at + offset, at + offset + 16);
        const source = address(PACKET_OFFSET.source), destination = address(PACKET_OFFSET.destination);
        const packet = { interface: handle, source, destination, family: view.getUint8(at + PACKET_OFFSET.family) };
        if (!this.#admits(packet)) {
          this.#refuse(packet);
          continue;
        }
        const to = start + kept * PACKET_SLOT_BYTES;
        if (to !== at) bytes.copyWithin(to, at, at + PACKET_SLOT_BYTES);
      }
      kept++;
      const traffic = this.#trafficOf(handle);
      traffic.receivedPackets++;
      traffic.receivedBytes += view.getUint32(at + PACKET_OFFSET.payloadLength, true);
    }
    return kept;
  }

  #admits({ source, destination, family }: Header): boolean {
    const toUs = this.#own.has(addressKey(destination, family));
    const list = toUs ? this.#neighbours : this.#pathSources;
    return list?.some((one) => one.family === family && matchesPrefix(source, one.prefix, one.prefixLength)) ?? true;
  }

  #refuse({ interface: handle, source, destination, family }: Header): false {
    this.#trafficOf(handle).refusedPackets++;
    const [from, to] = [source, destination].map((address) => formatAddress(address, family));
    this.onRefused({ interface: handle, source: from, destination: to });
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
