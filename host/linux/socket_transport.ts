/** What every transport on sockets of Linux has: interfaces by handle, groups, a receiver, counters, an orderly end. */
import { formatAddress, isMulticast, parseAddress } from "../address.ts";
import type {
  BatchTransport,
  Packet,
  PacketsHandler,
  SlotFiller,
  TransportErrorHandler,
} from "../transport/transport.ts";
import { InterfaceTable, type KnownInterface, type LinuxInterface } from "./interface_table.ts";
import { errorText } from "./libc.ts";
import { LinuxError } from "./linux_error.ts";
import { Memberships } from "./memberships.ts";
import type { Poller } from "./poller.ts";
import { type ReceiveCounters, Receiver } from "./receiver.ts";
import { SendBatch } from "./send_batch.ts";

/** Datagrams counted since the transport was opened. */
export interface SocketCounters extends ReceiveCounters {
  /** Datagrams that the kernel took, fragments each. */
  sent: number;
  /** Datagrams that it did not take, by the name of the error: ENETUNREACH, ENOBUFS. */
  sendErrors: Record<string, number>;
  /** Packets that this transport cannot send: of another encapsulation, by an unknown interface, too long for IP. */
  unsendable: number;
}

/** The common part; `RawTransport` and `UdpSocketTransport` are the two kinds. */
export abstract class SocketTransport implements BatchTransport {
  protected readonly interfaces: InterfaceTable = new InterfaceTable();
  protected readonly receiver: Receiver;
  #memberships = new Memberships();
  /** Groups by interface handle, to be joined again when the interface comes back with another index. */
  #groups = new Map<number, Map<string, { bytes: Uint8Array; family: number }>>();
  #senders: SendBatch[] = [];
  #sent = 0;
  #sendErrors: Record<string, number> = {};
  #unsendable = 0;
  #onError: TransportErrorHandler = () => {};
  #closing: Promise<void> | undefined;

  protected constructor(poller: Poller) {
    this.receiver = new Receiver(this.interfaces, poller);
    this.receiver.onError = (error) => this.#onError(error);
  }

  /** Counts since opening. */
  get counters(): SocketCounters {
    const { receiver: { counters } } = this;
    return { ...counters, sent: this.#sent, sendErrors: { ...this.#sendErrors }, unsendable: this.#unsendable };
  }

  /** True from `close` on. */
  protected get closed(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Adds an interface, or changes its addresses, MTU, name or index.
   * @throws {LinuxError} if the kernel has no such interface. @throws {RangeError} naming an address that is not one.
   */
  setInterface(settings: LinuxInterface): void {
    const before = this.interfaces.get(settings.interface);
    const known = this.interfaces.set(settings);
    if (before?.index === known.index) return;
    if (before) this.interfaceGone(before);
    this.interfaceCame(known);
    for (const { bytes, family } of this.#groups.get(known.handle)?.values() ?? []) {
      this.#memberships.leave(bytes, family, before?.index ?? 0);
      this.#memberships.join(bytes, family, known.index);
    }
  }

  /** Takes an interface out: nothing is received on it or sent by it. Groups joined on it are joined again if it comes back. */
  removeInterface(handle: number): void {
    const known = this.interfaces.remove(handle);
    if (!known) return;
    this.interfaceGone(known);
    for (const { bytes, family } of this.#groups.get(handle)?.values() ?? []) {
      this.#memberships.leave(bytes, family, known.index);
    }
  }

  /**
   * Joins a group on an interface, so that it is sent here; for a receiver whose application has not joined it itself.
   * @throws {LinuxError} if the kernel refuses. @throws {RangeError} for what is no group, or an unknown interface.
   */
  joinGroup(group: string, handle: number): void {
    const { bytes, family } = parseAddress(group);
    if (!isMulticast(bytes, family)) throw new RangeError(`${group} is not a multicast group`);
    const known = this.interfaces.get(handle);
    if (!known) throw new RangeError(`there is no interface ${handle} to join ${group} on`);
    this.#memberships.join(bytes, family, known.index);
    const groups = this.#groups.get(handle) ?? new Map();
    this.#groups.set(handle, groups.set(group, { bytes, family }));
  }

  /** Leaves a group on an interface; does nothing if it was not joined. */
  leaveGroup(group: string, handle: number): void {
    const entry = this.#groups.get(handle)?.get(group);
    if (!entry) return;
    this.#groups.get(handle)!.delete(group);
    const known = this.interfaces.get(handle);
    if (known) this.#memberships.leave(entry.bytes, entry.family, known.index);
  }

  /** Sends one datagram, at the latest when what runs now is done. */
  abstract send(packet: Packet): void;

  /** Forwards a datagram as IP would: by route, source and TTL as they are. */
  abstract relay(packet: Packet): void;

  /** Sets the one receiver of arrived packets. */
  onPackets(handler: PacketsHandler): void {
    this.receiver.onPackets = handler;
  }

  /** Sets who takes batches. */
  onBatch(handler: (fill: SlotFiller) => void): void {
    this.receiver.onBatch = handler;
  }

  /** Sets the one receiver of errors. */
  onError(handler: TransportErrorHandler): void {
    this.#onError = handler;
  }

  /** Sends what waits and closes the sockets; the promise holds when no thread is left. */
  close(): Promise<void> {
    if (this.#closing) return this.#closing;
    for (const sender of this.#senders) sender.close();
    this.#memberships.close();
    return this.#closing = this.receiver.close();
  }

  /** An interface has come, or has another index. */
  protected abstract interfaceCame(known: KnownInterface): void;
  /** It has gone. */
  protected abstract interfaceGone(known: KnownInterface): void;

  /** What waits for a socket that is received from too, and so closed by the receiver. */
  protected sender(descriptor: number): SendBatch {
    const sender = new SendBatch(descriptor, {
      sent: (count) => this.#sent += count,
      failed: (reason, number, packet) => this.sendFailed(reason, number, packet as Packet),
    });
    this.#senders.push(sender);
    return sender;
  }

  /** Counts and tells that the kernel did not take a packet. */
  protected sendFailed(reason: string, errorNumber: number, packet: Packet): void {
    this.#sendErrors[reason] = (this.#sendErrors[reason] ?? 0) + 1;
    const destination = formatAddress(packet.destination, packet.family);
    this.#onError(new LinuxError(`sending to ${destination}: ${errorText(errorNumber)}`, errorNumber), packet);
  }

  /** Counts and tells that a packet is not for this transport. */
  protected refuse(packet: Packet, why: string): void {
    this.#unsendable++;
    this.#onError(new Error(why), packet);
  }
}
