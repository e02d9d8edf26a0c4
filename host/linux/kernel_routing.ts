/**
 * Routing as the kernel does it (RFC 2205 3.11.4): every question is put to the kernel, which answers with the way that
 * it would send this flow, policy rules and the choice between several ways included. Its notifications start local
 * repair (RFC 2205 3.6).
 */
import type { RouteAnswer, RouteChange, RouteHop, RouteQuestion, Routing } from "../routing/routing.ts";
import { addressKey, matchesPrefix } from "../address.ts";
import type { LinkState, LinkWatcher } from "./links.ts";
import { type MulticastRoute, MulticastRoutes } from "./multicast_routes.ts";
import { NetlinkBatch, NetlinkEvents, type NetlinkMessage, NetlinkSocket } from "./netlink.ts";
import type { Poller } from "./poller.ts";
import {
  askRoute,
  changesIn,
  dumpForwarding,
  everything,
  FAMILY,
  type KernelRoute,
  readForwarding,
  RTM_ROUTE,
} from "./route_messages.ts";

export type { MulticastRoute } from "./multicast_routes.ts";

/** Multicast groups of rtnetlink (linux/rtnetlink.h, RTNLGRP_*). */
const GROUP = {
  IPV4_ROUTE: 7,
  IPV4_MULTICAST_ROUTE: 6,
  IPV4_RULE: 8,
  IPV6_ROUTE: 11,
  IPV6_MULTICAST_ROUTE: 10,
  IPV6_RULE: 19,
  NEXTHOP: 32,
} as const;
/** Changes of one family that are announced one by one; of more, the prefix that they share. */
const CHANGES_AT_ONCE = 16;
/** Senders whose incoming interface is remembered. */
const REMEMBERED_SENDERS = 4096;

/** What a routing is made of. */
export interface KernelRoutingOptions {
  /** Knows handles and the kernel's numbers of interfaces. Stays with its owner, who closes it. */
  links: LinkWatcher;
  /** Routes of groups for which the kernel has none. */
  multicast?: readonly MulticastRoute[];
  /** Takes failures of the netlink sockets. */
  onError: (error: Error) => void;
  /** Who waits for notifications; the process's own by default. */
  poller?: Poller;
}

/** The kernel's routes. Questions are answered at once. */
export class KernelRouting implements Routing {
  #links: LinkWatcher;
  #socket: NetlinkSocket;
  #events: NetlinkEvents;
  #batch = new NetlinkBatch();
  #multicast = new MulticastRoutes();
  /** By sender: the kernel's number of the interface that its data come in by; 0 for a sender of this machine. */
  #incoming = new Map<string, number>();
  #changed: RouteChange[] = [];
  #announcing = false;
  #announce: (change: RouteChange) => void = () => {};
  #states = new Map<number, LinkState>();
  #leaveLinks: () => void;

  /** Subscribes to changes. @throws {LinuxError} if the kernel refuses. @throws {RangeError} for a multicast route. */
  constructor(options: KernelRoutingOptions) {
    this.#links = options.links;
    this.#multicast.configure(options.multicast ?? []);
    this.#socket = new NetlinkSocket();
    try {
      this.#events = new NetlinkEvents({
        groups: Object.values(GROUP),
        poller: options.poller,
        onMessages: (messages) => this.#take(messages),
        onLost: () => this.refresh(),
        onError: options.onError,
      });
    } catch (error) {
      this.#socket.close();
      throw error;
    }
    for (const state of this.#links.states) this.#states.set(state.interface, state);
    this.#leaveLinks = this.#links.onChange((state) => this.#linkChanged(state));
    try {
      this.#multicast.load(dumpForwarding(this.#socket, this.#batch));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Asks the kernel, and answers before it returns. @throws {LinuxError} if the kernel cannot be asked. */
  query(question: RouteQuestion, answer: (answer: RouteAnswer) => void): void {
    answer(question.multicast ? this.#multicastAnswer(question) : this.#unicastAnswer(question));
  }

  /** Sets who hears of changes; the node does. */
  onChange(handler: (change: RouteChange) => void): void {
    this.#announce = handler;
  }

  /** Sets the configuration's multicast routes anew, and announces them. @throws {RangeError} naming what is no prefix. */
  setMulticast(routes: readonly MulticastRoute[]): void {
    this.#change(this.#multicast.configure(routes));
  }

  /** Reads anew what is kept, and has every route asked for again. */
  refresh(): void {
    this.#multicast.load(dumpForwarding(this.#socket, this.#batch));
    this.#change([everything(4), everything(6)]);
  }

  /** Ends the subscription; `links` stays open. */
  close(): void {
    this.#announce = () => {};
    this.#leaveLinks();
    this.#events.close();
    this.#socket.close();
  }

  #unicastAnswer(question: RouteQuestion): RouteAnswer {
    const route = this.#route(question);
    if (!route) return { found: false, hops: [] };
    if (route.local) return { found: true, local: true, hops: [] };
    const hop = this.#hop(route);
    return hop ? { found: true, hops: [hop] } : { found: false, hops: [] };
  }

  /**
   * As data of this sender would go: out of this machine, or in by the interface on which the kernel expects them. Where
   * the kernel would not forward those (a host does not), as its own.
   */
  #route(question: RouteQuestion): KernelRoute | undefined {
    const { destination, family, source, protocol, sourcePort, destinationPort } = question;
    const flow = { destination, family, protocol, sourcePort, destinationPort };
    if (isZero(source)) return askRoute(this.#socket, this.#batch, flow);
    const incomingIndex = this.#incomingIndex(source, family);
    const route = incomingIndex === undefined
      ? undefined
      : askRoute(this.#socket, this.#batch, { ...flow, source, incomingIndex });
    return route ?? askRoute(this.#socket, this.#batch, flow);
  }

  /** Where data of this sender come in: by the interface of the way back to it. */
  #incomingIndex(source: Uint8Array, family: number): number | undefined {
    const key = family + addressKey(source, family);
    let index = this.#incoming.get(key);
    if (index !== undefined) return index;
    const back = askRoute(this.#socket, this.#batch, { destination: source, family });
    if (!back) return undefined;
    index = back.local ? 0 : back.index;
    if (this.#incoming.size >= REMEMBERED_SENDERS) this.#incoming.clear();
    this.#incoming.set(key, index);
    return index;
  }

  #hop(route: KernelRoute): RouteHop | undefined {
    const handle = this.#links.handleOf(route.index);
    if (handle === 0) return undefined;
    return route.gateway
      ? { interface: handle, gateway: route.gateway, family: route.gatewayFamily }
      : { interface: handle };
  }

  /**
   * The kernel's entry, else the configuration's. Data of this machine leave besides by the interface that an ordinary
   * route of the group names. Without either, nothing is forwarded, and data are expected where the sender is reached.
   */
  #multicastAnswer({ destination, source, family }: RouteQuestion): RouteAnswer {
    const incomingIndex = this.#incomingIndex(source, family);
    const entry = this.#multicast.entry(family, destination, source);
    const configured = entry ? undefined : this.#multicast.configuredRoute(family, destination, source);
    const handles = new Set<number>();
    for (const index of entry?.outgoingIndexes ?? []) handles.add(this.#links.handleOf(index));
    for (const name of configured?.outgoing ?? []) handles.add(this.#links.handleNamed(name));
    if (incomingIndex === 0) {
      const own = askRoute(this.#socket, this.#batch, { destination, family, source });
      // Configured ways replace the kernel's, which has one alone.
      if (own && (!configured?.outgoing || entry)) handles.add(this.#links.handleOf(own.index));
    }
    const incoming = entry && entry.incomingIndex > 0
      ? this.#links.handleOf(entry.incomingIndex)
      : configured?.incoming !== undefined
      ? this.#links.handleNamed(configured.incoming)
      : this.#links.handleOf(incomingIndex ?? 0);
    handles.delete(0);
    if (incomingIndex !== 0) handles.delete(incoming);
    return {
      found: true,
      local: configured?.local ?? false,
      incomingInterface: incoming,
      hops: [...handles].sort((a, b) => a - b).map((handle) => ({ interface: handle })),
    };
  }

  #take(messages: readonly NetlinkMessage[]): void {
    const changes: RouteChange[] = [];
    for (const message of messages) {
      const family = message.body[0];
      if (family === FAMILY.IPV4_MULTICAST || family === FAMILY.IPV6_MULTICAST) this.#takeForwarding(message);
      changes.push(...changesIn(message));
    }
    this.#change(changes);
  }

  #takeForwarding(message: NetlinkMessage): void {
    const entry = readForwarding(message);
    if (!entry) return;
    if (message.type === RTM_ROUTE.NEWROUTE) this.#multicast.set(entry);
    else if (message.type === RTM_ROUTE.DELROUTE) this.#multicast.delete(entry);
  }

  /**
   * The kernel says nothing of routes that go or come with an interface's carrier, with the interface, or with an
   * address: which ones it were cannot be told.
   */
  #linkChanged(state: LinkState): void {
    const before = this.#states.get(state.interface);
    this.#states.set(state.interface, state);
    const bothWays = !before || before.up !== state.up || before.index !== state.index;
    const families = [4, 6].filter((family) => bothWays || addressesOf(before, family) !== addressesOf(state, family));
    this.#change(families.map(everything));
  }

  /** Changes that come in one turn of the runtime are announced together, so that each route is asked for once. */
  #change(changes: readonly RouteChange[]): void {
    if (changes.length === 0) return;
    this.#incoming.clear();
    this.#changed.push(...changes);
    if (this.#announcing) return;
    this.#announcing = true;
    queueMicrotask(() => {
      this.#announcing = false;
      const changed = this.#changed;
      this.#changed = [];
      for (const change of joinChanges(changed)) this.#announce(change);
    });
  }
}

function isZero(address: Uint8Array): boolean {
  return address.every((byte) => byte === 0);
}

function addressesOf(state: LinkState, family: number): string {
  return state.addresses.filter((text) => text.includes(":") === (family === 6)).join();
}

/** Without those that others cover; of too many, the one that covers all of a family. */
export function joinChanges(changes: readonly RouteChange[]): RouteChange[] {
  return [4, 6].flatMap((family) => {
    const widestFirst = changes.filter((change) => change.family === family).sort((a, b) =>
      a.prefixLength - b.prefixLength
    );
    const kept: RouteChange[] = [];
    for (const change of widestFirst) {
      if (!kept.some(({ prefix, prefixLength }) => matchesPrefix(change.prefix, prefix, prefixLength))) {
        kept.push(change);
      }
      if (kept.length > CHANGES_AT_ONCE) return [sharedPrefix(widestFirst)];
    }
    return kept;
  });
}

function sharedPrefix(changes: readonly RouteChange[]): RouteChange {
  const [first, ...others] = changes;
  let { prefixLength } = first;
  for (const other of others) {
    while (!matchesPrefix(other.prefix, first.prefix, prefixLength)) prefixLength--;
  }
  return { ...first, prefixLength };
}
