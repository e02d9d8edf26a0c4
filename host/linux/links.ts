/**
 * The node's interfaces: handles of ours, joined to the kernel's interfaces by name.
 *
 * A handle is what RSVP sends as its logical interface handle (RFC 2205 3.3), so it has to mean the same interface after
 * a restart, and for a link that was taken away and made again, which has another number in the kernel then. So it
 * belongs to the name: it is set in the configuration, or made from the name alone.
 */
import { MAXIMUM_INTERFACE_HANDLE } from "../boundary.gen.ts";
import { type Link, LinkTable } from "./link_table.ts";
import { NetlinkEvents, type NetlinkMessage, NetlinkSocket } from "./netlink.ts";
import type { Poller } from "./poller.ts";

/** Multicast groups of rtnetlink (linux/rtnetlink.h, RTNLGRP_*). */
const GROUP = { LINK: 1, IPV4_ADDRESS: 5, IPV6_ADDRESS: 9 } as const;

/** An interface of the node as it is now, ready for `RsvpNode.setInterface`. */
export interface LinkState {
  /** Ours, 1 to 65,535. */
  interface: number;
  name: string;
  /** The kernel's number; 0 while there is no interface of this name. */
  index: number;
  /** False if it is switched off, without carrier, or not there. */
  up: boolean;
  /** Of the link; 1,500 if it was never there. */
  mtuBytes: number;
  /** At most one IPv4, one global IPv6 and one link-local IPv6 address, with prefix lengths. */
  addresses: string[];
  /** It leads back to this machine. */
  loopback: boolean;
}

/** An interface that the node speaks RSVP on. */
export interface ManagedInterface {
  name: string;
  /** From the name, if it is not given. */
  handle?: number;
}

/** What a watcher is made of. */
export interface LinkWatcherOptions {
  /** The interfaces that get a handle; all that are there or come, but for the loopback, if left out. */
  interfaces?: readonly ManagedInterface[];
  /** Takes failures of the netlink socket, and what handlers throw. */
  onError: (error: Error) => void;
  /** Who waits for notifications; the process's own by default. */
  poller?: Poller;
}

/** The engine keeps a table as long as the largest handle, and looks through it now and then: made handles are small. */
const LARGEST_MADE_HANDLE = 1023;

/** The handle of an interface that has none in the configuration: FNV-1a of its name, 1 to 1,023. */
export function handleOfName(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % LARGEST_MADE_HANDLE + 1;
}

/**
 * Watches the kernel's interfaces. `states` is right from the start; `onChange` tells of every change after that.
 *
 * ```ts
 * const watcher = new LinkWatcher({ interfaces: [{ name: "eth0" }, { name: "eth1", handle: 2 }], onError: console.error });
 * for (const state of watcher.states) node.setInterface({ ...state, ...configured(state.name) });
 * watcher.onChange((state) => node.setInterface({ ...state, ...configured(state.name) }));
 * ```
 */
export class LinkWatcher {
  #table = new LinkTable();
  #states = new Map<string, LinkState>();
  #byHandle = new Map<number, LinkState>();
  #byIndex = new Map<number, LinkState>();
  #managed: Map<string, number> | undefined;
  #handlers = new Set<(state: LinkState) => void>();
  #events: NetlinkEvents;
  #socket: NetlinkSocket;
  #onError: (error: Error) => void;

  /**
   * Reads all interfaces and subscribes to their changes.
   * @throws {LinuxError} if the kernel refuses. @throws {RangeError} if two interfaces want one handle.
   */
  constructor(options: LinkWatcherOptions) {
    this.#onError = options.onError;
    this.#managed = options.interfaces && assignHandles(options.interfaces);
    this.#socket = new NetlinkSocket();
    try {
      // Before everything is read, so that no change is missed between the two.
      this.#events = new NetlinkEvents({
        groups: [GROUP.LINK, GROUP.IPV4_ADDRESS, GROUP.IPV6_ADDRESS],
        poller: options.poller,
        onMessages: (messages) => this.#take(messages),
        onLost: () => this.refresh(),
        onError: options.onError,
      });
    } catch (error) {
      this.#socket.close();
      throw error;
    }
    try {
      this.#table.load(this.#socket);
      for (const name of this.#managed?.keys() ?? []) this.#update(name);
      for (const link of this.#table.links) this.#update(link.name);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The node's interfaces, also those that are not there now. */
  get states(): readonly LinkState[] {
    return [...this.#states.values()];
  }

  /** Every interface of the kernel, ours or not, with all its addresses. */
  get links(): readonly Link[] {
    return this.#table.links;
  }

  /** By our handle. */
  state(handle: number): LinkState | undefined {
    return this.#byHandle.get(handle);
  }

  /** Our handle of the kernel's interface; 0 if it is none of ours. */
  handleOf(index: number): number {
    return this.#byIndex.get(index)?.interface ?? 0;
  }

  /** The kernel's number of our interface; 0 if it is not there. */
  indexOf(handle: number): number {
    return this.#byHandle.get(handle)?.index ?? 0;
  }

  /** Our handle of the interface with this name; 0 if it is none of ours. */
  handleNamed(name: string): number {
    return this.#states.get(name)?.interface ?? 0;
  }

  /** Adds a receiver of changes, and returns what takes it away again. */
  onChange(handler: (state: LinkState) => void): () => void {
    this.#handlers.add(handler);
    return () => void this.#handlers.delete(handler);
  }

  /** Sets which interfaces are ours, as in the options, for a configuration that was read again. @throws {RangeError} */
  manage(interfaces: readonly ManagedInterface[] | undefined): void {
    const before = this.#states;
    this.#managed = interfaces && assignHandles(interfaces);
    this.#states = new Map();
    this.#byHandle.clear();
    this.#byIndex.clear();
    for (const name of [...this.#managed?.keys() ?? [], ...this.#table.links.map(({ name }) => name)]) {
      const old = before.get(name);
      if (old) this.#keep(old, name);
      this.#update(name);
      if (this.#states.has(name)) before.delete(name);
    }
    for (const gone of before.values()) this.#tell({ ...gone, up: false, index: 0 });
  }

  /** Reads everything anew and tells of what has changed. */
  refresh(): void {
    this.#table.load(this.#socket);
    for (const name of new Set([...this.#states.keys(), ...this.#table.links.map(({ name }) => name)])) {
      this.#update(name);
    }
  }

  /** Ends the subscription. */
  close(): void {
    this.#handlers.clear();
    this.#events.close();
    this.#socket.close();
  }

  #take(messages: readonly NetlinkMessage[]): void {
    for (const message of messages) {
      const before = message.body.length >= 8 ? this.#byIndex.get(indexIn(message.body))?.name : undefined;
      const change = this.#table.apply(message);
      if (!change) continue;
      // One that was renamed has left its old name.
      if (before !== undefined && before !== change.link.name) this.#update(before);
      this.#update(change.link.name);
    }
  }

  /** Puts a state that stood before back, if it still has its handle. */
  #keep(old: LinkState, name: string): void {
    if (this.#wantedHandle(name, old) !== old.interface) return;
    this.#states.set(name, old);
    this.#byHandle.set(old.interface, old);
    if (old.index !== 0) this.#byIndex.set(old.index, old);
  }

  #update(name: string): void {
    const link = this.#table.named(name);
    const before = this.#states.get(name);
    const handle = before?.interface ?? this.#wantedHandle(name, link);
    if (handle === 0) return;
    const state: LinkState = {
      interface: handle,
      name,
      index: link?.index ?? 0,
      up: link?.up ?? false,
      mtuBytes: link?.mtuBytes ?? before?.mtuBytes ?? 1500,
      addresses: link ? chosenAddresses(link) : [],
      loopback: link?.loopback ?? before?.loopback ?? false,
    };
    if (before && before.index !== state.index && this.#byIndex.get(before.index) === before) {
      this.#byIndex.delete(before.index);
    }
    this.#states.set(name, state);
    this.#byHandle.set(handle, state);
    if (link) this.#byIndex.set(link.index, state);
    if (!before || !sameState(before, state)) this.#tell(state);
  }

  /** 0 if it is none of ours. */
  #wantedHandle(name: string, link: { loopback: boolean } | undefined): number {
    if (this.#managed) return this.#managed.get(name) ?? 0;
    if (!link || link.loopback) return 0;
    let handle = handleOfName(name);
    while (this.#byHandle.has(handle) && this.#byHandle.get(handle)!.name !== name) {
      handle = handle % MAXIMUM_INTERFACE_HANDLE + 1;
    }
    return handle;
  }

  #tell(state: LinkState): void {
    for (const handler of this.#handlers) {
      try {
        handler(state);
      } catch (error) {
        this.#onError(error as Error);
      }
    }
  }
}

/** The index stands at the same place in ifinfomsg and in ifaddrmsg. */
function indexIn(body: Uint8Array): number {
  return new DataView(body.buffer, body.byteOffset).getInt32(4, true);
}

/** Those that are set go first; the others are made from names, in their order. */
function assignHandles(interfaces: readonly ManagedInterface[]): Map<string, number> {
  const owners = new Map<number, string>();
  for (const { name, handle } of interfaces) {
    if (handle === undefined) continue;
    const owner = owners.get(handle);
    if (owner !== undefined && owner !== name) {
      throw new RangeError(`${owner} and ${name} have the same handle ${handle}`);
    }
    if (!Number.isInteger(handle) || handle < 1 || handle > MAXIMUM_INTERFACE_HANDLE) {
      throw new RangeError(`${name}: handle ${handle} is not 1 to ${MAXIMUM_INTERFACE_HANDLE}`);
    }
    owners.set(handle, name);
  }
  const handles = new Map<string, number>();
  for (const { name, handle } of interfaces) {
    let number = handle ?? handleOfName(name);
    while (owners.has(number) && owners.get(number) !== name) number = number % MAXIMUM_INTERFACE_HANDLE + 1;
    owners.set(number, name);
    handles.set(name, number);
  }
  return handles;
}

/** One of each kind: the first that is neither secondary nor deprecated, else the first. */
function chosenAddresses(link: Link): string[] {
  const usable = link.addresses.filter((address) => address.usable);
  const kinds = [
    usable.filter(({ family }) => family === 4),
    usable.filter(({ family, linkLocal }) => family === 6 && !linkLocal),
    usable.filter(({ family, linkLocal }) => family === 6 && linkLocal),
  ];
  return kinds.flatMap((kind) => kind.length > 0 ? [(kind.find(({ secondary }) => !secondary) ?? kind[0]).text] : []);
}

function sameState(a: LinkState, b: LinkState): boolean {
  return a.index === b.index && a.up === b.up && a.mtuBytes === b.mtuBytes && a.loopback === b.loopback &&
    a.addresses.length === b.addresses.length && a.addresses.every((text, index) => text === b.addresses[index]);
}
