/** A link of a virtual network at work: who hears what is sent on it, when, and what is lost. */
import type { Address } from "../address.ts";
import { isMulticast } from "../address.ts";
import type { VirtualClock } from "../clock.ts";
import { FaultModel, type FaultOptions } from "../transport/fault_injector.ts";
import type { Packet } from "../transport/transport.ts";
import type { Attachment, LinkRecord } from "./topology.ts";

/** A datagram on its way from one node to another. */
export interface Sighting {
  /** Virtual time at which it was sent. */
  readonly timeMs: number;
  /** The interface by which it left. */
  readonly from: Attachment;
  /** Who is to hear it; undefined if nobody on the link has the address. */
  readonly to: Attachment | undefined;
  /** The datagram as it was sent; corruption comes later. */
  readonly packet: Packet;
  /** True if it will not arrive: lost, link down, or nobody there. */
  readonly lost: boolean;
  /** Copies that will arrive. */
  readonly copies: number;
}

/** Takes what `Network.onPacket` sees. It must not change the packet. */
export type PacketTap = (sighting: Sighting) => void;

export interface LinkPort {
  clock: VirtualClock;
  seed: number;
  /** Has a datagram arrive at that time. */
  deliver: (to: Attachment, packet: Packet, atMs: number) => void;
  /** Whether anybody wants sightings: they cost more than the sending. */
  watched: () => boolean;
  sighted: (sighting: Sighting) => void;
  /** Datagrams have left. */
  sent: (copies: number) => void;
  changed: () => void;
  /** It has become bad, or good again. */
  faultsChanged: () => void;
}

/**
 * A link or LAN of a virtual network, made by {@linkcode Network.link} and {@linkcode Network.lan}: to be cut, mended and
 * made bad.
 *
 * @example Reservations find another way when a link is cut (local repair, RFC 2205 3.6)
 * ```ts
 * import { Network } from "@resv/resv";
 *
 * const network = new Network();
 * const alice = network.host("alice"), bob = network.host("bob");
 * const [r1, r2, r3] = ["r1", "r2", "r3"].map((name) => network.router(name));
 * network.link(alice, r1);
 * const direct = network.link(r1, r2);
 * network.link(r1, r3, { metric: 5 });
 * network.link(r3, r2);
 * network.link(r2, bob);
 *
 * const session = { destination: bob.address, port: 5004 };
 * alice.send(session, { tokenBucketRateBytesPerSecond: 12_500 });
 * bob.receive(session, { style: "WF" });
 * network.settle();
 * console.log(r3.inspect("installed").length); // 0
 *
 * direct.down();
 * network.run(10_000);
 * console.log(r3.inspect("installed").length); // 1
 * ```
 */
export class NetworkLink {
  /** Its place in the topology. */
  readonly record: LinkRecord;
  #faults: FaultModel | undefined;
  #port: LinkPort;

  /** Called by the network. */
  constructor(record: LinkRecord, port: LinkPort) {
    this.record = record;
    this.#port = port;
  }

  /** Decides on losses and the like; absent on a perfect link. */
  get faults(): FaultModel | undefined {
    return this.#faults;
  }

  /** `a-b`, unless it was given another. */
  get name(): string {
    return this.record.name;
  }

  /** False while it is cut. */
  get isUp(): boolean {
    return this.record.up;
  }

  /** Cuts the link: interfaces go down, routes change. What is on its way still arrives. */
  down(): void {
    this.#setUp(false);
  }

  /** Mends it: interfaces come up, routes change back. */
  up(): void {
    this.#setUp(true);
  }

  /** Changes what the link costs in both directions, so that routes move without anything going down. */
  setMetric(metric: number): void {
    if (!(metric > 0)) throw new RangeError(`link "${this.name}": metric must be above zero`);
    if (this.record.metric === metric) return;
    this.record.metric = metric;
    this.#port.changed();
  }

  /**
   * Makes the link bad, or with no options good again; interfaces and routes do not notice. Without a `seed` of its own
   * it follows the network's. @throws {RangeError} if a probability is not 0 to 1.
   */
  setFaults(options?: FaultOptions): void {
    this.#faults = options && new FaultModel({ seed: this.#port.seed, ...options });
    this.#port.faultsChanged();
  }

  /** Sends a datagram: to everyone if it is a multicast, else to `nextHop`, or to its destination if that is absent. */
  transmit(from: Attachment, packet: Packet, nextHop: Address | undefined): void {
    const { attachments } = this.record;
    // On a point-to-point link there is no doubt who is meant, whatever the address.
    if (attachments.length === 2) {
      this.#toOne(from, attachments[0] === from ? attachments[1] : attachments[0], packet);
    } else if (isMulticast(packet.destination, packet.family)) {
      for (const to of attachments) if (to !== from) this.#toOne(from, to, packet);
    } else {
      this.#toOne(from, this.#receiver(packet, nextHop), packet);
    }
  }

  #receiver(packet: Packet, nextHop: Address | undefined): Attachment | undefined {
    const { attachments } = this.record;
    const bytes = nextHop?.bytes ?? packet.destination;
    return attachments.find(({ ipv4, ipv6, ipv6LinkLocal }) =>
      packet.family === 4
        ? startsWith(ipv4.bytes, bytes, 4)
        : startsWith(ipv6.bytes, bytes, 16) || startsWith(ipv6LinkLocal.bytes, bytes, 16)
    );
  }

  #toOne(from: Attachment, to: Attachment | undefined, packet: Packet): void {
    const timeMs = this.#port.clock.nowMs();
    let copies = 0;
    if (to && this.record.up && to.node.alive) {
      if (this.#faults) {
        for (const { packet: copy, extraDelayMs } of this.#faults.decide(packet)) {
          this.#port.deliver(to, copy, timeMs + this.record.delayMs + extraDelayMs);
          copies++;
        }
      } else {
        this.#port.deliver(to, packet, timeMs + this.record.delayMs);
        copies = 1;
      }
    }
    this.#port.sent(copies);
    if (this.#port.watched()) this.#port.sighted({ timeMs, from, to, packet, lost: copies === 0, copies });
  }

  #setUp(up: boolean): void {
    if (this.record.up === up) return;
    this.record.up = up;
    this.#port.changed();
  }
}

function startsWith(a: Uint8Array, b: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}
