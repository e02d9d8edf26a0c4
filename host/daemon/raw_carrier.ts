/** RSVP as raw IP, and in UDP on the interfaces that want it (RFC 2205 appendix C), side by side on sockets of Linux. */
import { ENCAPSULATION } from "../boundary.gen.ts";
import { RawTransport } from "../linux/raw_transport.ts";
import type { SocketTransport } from "../linux/socket_transport.ts";
import { UdpSocketTransport } from "../linux/udp_transport.ts";
import type {
  BatchTransport,
  Packet,
  PacketsHandler,
  SlotFiller,
  TransportErrorHandler,
} from "../transport/transport.ts";
import type { Carrier } from "./carrier.ts";
import type { PlannedInterface } from "./interface_plan.ts";

/** Raw IP, with UDP beside it once an interface wants that. */
export class RawCarrier implements Carrier {
  readonly transport: ForkedTransport;
  #raw: OnInterfaces;
  #udp: OnInterfaces | undefined;
  #groups = new Set<string>();

  private constructor(raw: RawTransport) {
    this.transport = new ForkedTransport(raw);
    this.#raw = new OnInterfaces(raw);
  }

  /** Rejects with one line where sockets cannot be had. A router hears groups that nobody here has joined. */
  static async open(interfaces: readonly PlannedInterface[], router: boolean): Promise<RawCarrier> {
    const carrier = new RawCarrier(RawTransport.open({ interfaces: [], allGroups: router }));
    try {
      await carrier.follow(interfaces);
      return carrier;
    } catch (error) {
      await carrier.close();
      throw error;
    }
  }

  // deno-lint-ignore require-await -- what is thrown here rejects
  async follow(interfaces: readonly PlannedInterface[]): Promise<void> {
    const there = interfaces.filter(({ link }) => link !== undefined);
    this.#raw.follow(there.filter(({ settings }) => settings.udp !== "only"), this.#groups);
    const udp = there.filter(({ settings }) => settings.udp !== "none");
    if (udp.length > 0 && !this.#udp) {
      const transport = UdpSocketTransport.open({ interfaces: [] });
      this.transport.attach(transport);
      this.#udp = new OnInterfaces(transport);
    }
    this.#udp?.follow(udp, this.#groups);
  }

  // deno-lint-ignore require-await -- what is thrown here rejects
  async setMember(group: string, member: boolean): Promise<void> {
    if (member) this.#groups.add(group);
    else this.#groups.delete(group);
    this.#raw.setMember(group, member);
    this.#udp?.setMember(group, member);
  }

  counters(): Record<string, number> {
    const sum: Record<string, number> = {};
    for (const { transport } of [this.#raw, ...(this.#udp ? [this.#udp] : [])]) {
      const { sendErrors, ...counters } = transport.counters;
      for (const [name, value] of Object.entries(counters)) sum[name] = (sum[name] ?? 0) + value;
      for (const [reason, value] of Object.entries(sendErrors)) {
        sum[`sendError ${reason}`] = (sum[`sendError ${reason}`] ?? 0) + value;
      }
    }
    return sum;
  }

  close(): Promise<void> {
    return this.transport.close();
  }
}

/** One transport and the interfaces that it has. */
class OnInterfaces {
  readonly transport: SocketTransport;
  #open = new Set<number>();

  constructor(transport: SocketTransport) {
    this.transport = transport;
  }

  follow(wanted: readonly PlannedInterface[], groups: Iterable<string>): void {
    const handles = new Set(wanted.map(({ settings }) => settings.interface));
    for (const handle of this.#open) {
      if (handles.has(handle)) continue;
      this.transport.removeInterface(handle);
      this.#open.delete(handle);
    }
    for (const { settings, link } of wanted) {
      const { interface: handle, addresses } = settings;
      const { name, index, mtuBytes } = link!;
      this.transport.setInterface({ interface: handle, name, index, addresses, ...(mtuBytes ? { mtuBytes } : {}) });
      if (this.#open.has(handle)) continue;
      this.#open.add(handle);
      for (const group of groups) this.transport.joinGroup(group, handle);
    }
  }

  setMember(group: string, member: boolean): void {
    for (const handle of this.#open) {
      if (member) this.transport.joinGroup(group, handle);
      else this.transport.leaveGroup(group, handle);
    }
  }
}

/** Sends by what each packet says of its encapsulation. */
class ForkedTransport implements BatchTransport {
  #raw: RawTransport;
  #udp: UdpSocketTransport | undefined;
  #onPackets: PacketsHandler = () => {};
  #onBatch: ((fill: SlotFiller) => void) | undefined;
  #onError: TransportErrorHandler = () => {};

  constructor(raw: RawTransport) {
    this.#raw = raw;
  }

  /** UDP is there from now on. */
  attach(udp: UdpSocketTransport): void {
    this.#udp = udp;
    udp.onPackets(this.#onPackets);
    udp.onError(this.#onError);
    if (this.#onBatch) udp.onBatch(this.#onBatch);
  }

  send(packet: Packet): void {
    if (packet.encapsulation === ENCAPSULATION.RAW) return this.#raw.send(packet);
    if (this.#udp) return this.#udp.send(packet);
    this.#onError(new Error(`a message in UDP has no interface with udp = "also" or "only" to leave by`), packet);
  }

  relay(packet: Packet): void {
    this.#raw.relay(packet);
  }

  onPackets(handler: PacketsHandler): void {
    this.#onPackets = handler;
    this.#raw.onPackets(handler);
    this.#udp?.onPackets(handler);
  }

  onBatch(handler: (fill: SlotFiller) => void): void {
    this.#onBatch = handler;
    this.#raw.onBatch(handler);
    this.#udp?.onBatch(handler);
  }

  onError(handler: TransportErrorHandler): void {
    this.#onError = handler;
    this.#raw.onError(handler);
    this.#udp?.onError(handler);
  }

  async close(): Promise<void> {
    await Promise.all([this.#raw.close(), this.#udp?.close()]);
  }
}
