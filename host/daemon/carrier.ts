/** What carries a node's messages, with the interfaces that it listens on following those of the node. */
import { UDP_ENCAPSULATION_PORT } from "../boundary.gen.ts";
import type { PlannedInterface } from "./interface_plan.ts";
import type { Transport } from "../transport/transport.ts";
import { UDP_ENCAPSULATION_GROUP, UdpTransport } from "../transport/udp.ts";

/** A transport that interfaces come to and leave. */
export interface Carrier {
  readonly transport: Transport;
  /** Listens on these interfaces, and on no others. Rejects where one cannot be had; the others are had all the same. */
  follow(interfaces: readonly PlannedInterface[]): Promise<void>;
  /** What its sockets have counted, by name. */
  counters(): Record<string, number>;
  /** Listens to a group for an application, wherever there is an address of its family. */
  setMember(group: string, member: boolean): Promise<void>;
  /** Nothing is held any more once the promise is resolved. */
  close(): Promise<void>;
}

/** UDP encapsulation alone (RFC 2205 appendix C): no privilege is needed. */
export class UdpCarrier implements Carrier {
  readonly transport: UdpTransport;
  /** Handles by address with prefix length. */
  #open = new Map<string, number>();
  #groups = new Set<string>();

  private constructor(transport: UdpTransport) {
    this.transport = transport;
  }

  static async open(interfaces: readonly PlannedInterface[]): Promise<UdpCarrier> {
    const carrier = new UdpCarrier(await UdpTransport.open({ addresses: [] }));
    try {
      await carrier.follow(interfaces);
    } catch (error) {
      await carrier.close();
      throw error;
    }
    return carrier;
  }

  async follow(interfaces: readonly PlannedInterface[]): Promise<void> {
    const wanted = new Map<string, number>();
    for (const { settings: one } of interfaces) {
      if (one.up === false || one.udp === "none") continue;
      // A datagram to a link-local address would need a zone, which UDP sockets here have not.
      for (const text of one.addresses) if (!/^fe80/i.test(text)) wanted.set(text, one.interface);
    }
    for (const [text, handle] of this.#open) {
      if (wanted.get(text) === handle) continue;
      this.#open.delete(text);
      await this.transport.removeAddress(text.split("/")[0]);
    }
    let failed: unknown;
    for (const [text, handle] of wanted) {
      if (this.#open.has(text)) continue;
      try {
        await this.#add(text, handle);
      } catch (error) {
        failed ??= error;
      }
    }
    if (failed !== undefined) throw failed;
  }

  async setMember(group: string, member: boolean): Promise<void> {
    if (member) this.#groups.add(group);
    else this.#groups.delete(group);
    for (const [text, handle] of this.#open) {
      if (text.includes(":") !== group.includes(":")) continue;
      await (member ? this.transport.joinGroup(group, handle) : this.transport.leaveGroup(group, handle));
    }
  }

  counters(): Record<string, number> {
    return { ...this.transport.counters };
  }

  close(): Promise<void> {
    return this.transport.close();
  }

  async #add(text: string, handle: number): Promise<void> {
    const [address, prefixLength] = text.split("/");
    await this.transport.addAddress({ interface: handle, address, prefixLength: Number(prefixLength) });
    this.#open.set(text, handle);
    const family6 = text.includes(":");
    if (!family6) await this.transport.joinGroup(UDP_ENCAPSULATION_GROUP, handle, UDP_ENCAPSULATION_PORT);
    for (const group of this.#groups) {
      if (group.includes(":") === family6) await this.transport.joinGroup(group, handle);
    }
  }
}
