/** A link of a virtual network at work: who hears what is sent on it, when, and what is lost. */
import type { Address } from "../address.ts";
import { isMulticast } from "../address.ts";
import type { VirtualClock } from "../clock.ts";
import { FaultModel, type FaultOptions } from "../transport/fault_injector.ts";
import type { Packet } from "../transport/transport.ts";
import type { Attachment, LinkRecord } from "./topology.ts";

/** A datagram on its way from one node to another. */
export interface Sighting {
  readonly timeMs: number;
  readonly from: Attachment;
  /** Who is to hear it; undefined if nobody on the link has the address. */
  readonly to: Attachment | undefined;
  readonly packet: Packet;
  /** True if it will not arrive: lost, link down, or nobody there. */
  readonly lost: boolean;
  /** Copies that will arrive. */
  readonly copies: number;
}

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
}

export class NetworkLink {
  readonly record: LinkRecord;
  /** Decides on losses and the like; absent on a perfect link. */
  faults: FaultModel | undefined;
  #port: LinkPort;

  constructor(record: LinkRecord, port: LinkPort) {
    this.record = record;
    this.#port = port;
  }

  get name(): string {
    return this.record.name;
  }

  get isUp(): boolean {
    return this.record.up;
  }

  /** Cuts the link: interfaces go down, routes change. What is on its way still arrives. */
  down(): void {
    this.#setUp(false);
  }

  /** Mends it. */
  up(): void {
    this.#setUp(true);
  }

  /** Makes the link bad, or with no options good again; interfaces and routes do not notice. */
  setFaults(options?: FaultOptions): void {
    this.faults = options && new FaultModel({ seed: this.#port.seed, ...options });
  }

  /** Sends a datagram: to everyone if it is a multicast, else to `nextHop`, or to its destination if that is absent. */
  transmit(from: Attachment, packet: Packet, nextHop: Address | undefined): void {
    const { attachments } = this.record;
    if (isMulticast(packet.destination, packet.family)) {
      for (const to of attachments) if (to !== from) this.#toOne(from, to, packet);
      return;
    }
    this.#toOne(from, this.#receiver(from, packet, nextHop), packet);
  }

  #receiver(from: Attachment, packet: Packet, nextHop: Address | undefined): Attachment | undefined {
    const { attachments } = this.record;
    // On a point-to-point link there is no doubt who is meant, whatever the address.
    if (attachments.length === 2) return attachments[0] === from ? attachments[1] : attachments[0];
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
      if (this.faults) {
        for (const { packet: copy, extraDelayMs } of this.faults.decide(packet)) {
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
