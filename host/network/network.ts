/**
 * A whole network in virtual time, without sockets or permissions: hosts, routers, links and LANs, addresses and routes
 * worked out from the topology, every RSVP node with its own engine. The same program gives the same run every time.
 */
import { type Address, formatAddress } from "../address.ts";
import { type Clock, CoarseClock, VirtualClock } from "../clock.ts";
import { defaultModule } from "../default_module.ts";
import type { NodeSettings } from "../node_settings.ts";
import type { PolicyRule } from "../policy.ts";
import type { Session } from "../session.ts";
import type { FaultOptions } from "../transport/fault_injector.ts";
import { PcapFile } from "../transport/pcap_writer.ts";
import type { Packet } from "../transport/transport.ts";
import { Batch, LetterBags } from "./letters.ts";
import { Log, type LogLine, type LogOptions } from "./log.ts";
import { NetworkLink, type PacketTap, type Sighting } from "./network_link.ts";
import { NetworkNode, type NetworkNodeOptions, type NetworkPort } from "./network_node.ts";
import { Routes } from "./routes.ts";
import { type Attachment, type LinkOptions, type NodeRecord, Topology } from "./topology.ts";
import { Wire, type WireState } from "./wire.ts";

/** Settings of a network; those of `NodeSettings` hold for every node that has no others. */
export interface NetworkOptions extends Partial<NodeSettings> {
  /** Everything random follows from it; 1 by default. */
  seed?: number;
  /** Rules of local policy (RFC 2205 2.7) of every node that has no others. */
  policy?: readonly PolicyRule[];
  /** The embedded engine by default. */
  module?: WebAssembly.Module;
  /** Routing takes so long to react to a change; 0 by default. */
  routingDelayMs?: number;
  /**
   * Engines are woken at multiples of this, so that what is due about the same time is done at once; 1 by default. More
   * makes large networks faster. Refreshes stay within [0.5 R, 1.5 R] (RFC 2205 3.7), time-outs come up to so much later.
   */
  timerGranularityMs?: number;
  /** Messages kept for `messages` and `ladder`; 10,000 by default, the oldest are forgotten. */
  keptMessages?: number;
}

/** How long `settle` waits for silence. */
const DEFAULT_QUIET_MS = 500;
const DEFAULT_LIMIT_MS = 3_600_000;

/**
 * A network of hosts and routers in virtual time: as many as fit into memory, each with an engine of its own, on links
 * that take time and may lose. Nothing outside of it is touched, so it needs no permissions. The same program with the
 * same seed gives the same run, message by message.
 *
 * @example A sender, a router and a receiver
 * ```ts
 * import { Network } from "@resv/resv";
 *
 * const network = new Network({ seed: 7 });
 * const alice = network.host("alice"), r1 = network.router("r1"), bob = network.host("bob");
 * network.link(alice, r1);
 * network.link(r1, bob, { reservableBytesPerSecond: 1_000_000 });
 *
 * const session = { destination: bob.address, protocol: "udp", port: 5004 } as const;
 * alice.send(session, { port: 5004, tokenBucketRateBytesPerSecond: 12_500 });
 * bob.receive(session, { style: "FF" });
 * network.settle();
 *
 * console.log(r1.inspect("installed")[0].rateBytesPerSecond); // 12500
 * console.log(network.messages({ types: ["Resv"] }).map(({ from, to }) => `${from} to ${to}`).join(", ")); // bob to r1, r1 to alice
 * ```
 */
export class Network {
  /** The one clock of all nodes; `run` and its like move it. */
  readonly clock: VirtualClock = new VirtualClock();
  /** Who is connected to whom, with addresses. */
  readonly topology: Topology = new Topology();
  /** As they were given. */
  readonly options: Readonly<NetworkOptions>;
  #coarseClock: Clock;
  #module: WebAssembly.Module | undefined;
  #routes = new Routes(this.topology);
  #nodes: NetworkNode[] = [];
  #links: NetworkLink[] = [];
  #taps: PacketTap[] = [];
  #wires: WireState = { version: 0, watched: false };
  #log: Log;
  #errors: Error[] = [];
  #inFlight = 0;
  /** The batch that is still open, by node. */
  #batches: (Batch | undefined)[] = [];
  #bags = new LetterBags();
  #routesStale = false;

  /** An empty network at virtual time zero. */
  constructor(options: NetworkOptions = {}) {
    this.options = options;
    this.#coarseClock = new CoarseClock(this.clock, options.timerGranularityMs ?? 1);
    this.#module = options.module;
    this.#log = new Log(options.keptMessages ?? 10_000);
    this.#setTaps([]);
  }

  /** Virtual milliseconds since the network was made. */
  get now(): number {
    return this.clock.nowMs();
  }

  /** All nodes, in the order in which they were made. */
  get nodes(): readonly NetworkNode[] {
    return this.#nodes;
  }

  /** All links, in the order in which they were made. */
  get links(): readonly NetworkLink[] {
    return this.#links;
  }

  /** Datagrams that have been sent and have not arrived. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Adds an end system: it sends and receives, and passes nothing on. @throws {RangeError} if the name is taken. */
  host(name: string, options: NetworkNodeOptions = {}): NetworkNode {
    return this.#addNode(name, false, options);
  }

  /** Adds a router, which passes on what is not for it. @throws {RangeError} if the name is taken. */
  router(name: string, options: NetworkNodeOptions = {}): NetworkNode {
    return this.#addNode(name, true, options);
  }

  /** The node of that name. @throws {RangeError} if there is none. */
  node(name: string): NetworkNode {
    const record = this.topology.node(name);
    if (!record) throw new RangeError(`no node "${name}"`);
    return this.#nodes[record.index];
  }

  /**
   * Joins two nodes by a point-to-point link. Link n has the addresses 10.x.y.0/24 and fd00::n:0/112 with n = x * 256 + y,
   * the first node's ending in 1, the other's in 2.
   * @throws {RangeError} if an option is out of range or the nodes are one.
   */
  link(a: NetworkNode, b: NetworkNode, options: LinkOptions & { faults?: FaultOptions } = {}): NetworkLink {
    return this.lan([a, b], options);
  }

  /**
   * Joins nodes by a LAN, where everyone hears a multicast; addresses as of a `link`, by the order of the nodes.
   * @throws {RangeError} if an option is out of range, a node is named twice, or there are not 2 to 254 of them.
   */
  lan(nodes: readonly NetworkNode[], options: LinkOptions & { faults?: FaultOptions } = {}): NetworkLink {
    const { faults, ...rest } = options;
    const record = this.topology.addLink(nodes.map((node) => node.record), rest);
    const link = new NetworkLink(record, {
      clock: this.clock,
      seed: this.#seedOf("link", record.index),
      deliver: (to, packet, atMs) => this.#deliver(to, packet, atMs),
      watched: () => this.#wires.watched,
      sighted: (sighting) => this.#sighted(sighting),
      sent: (copies) => void (this.#inFlight += copies),
      changed: () => this.#linkChanged(link),
      faultsChanged: () => void this.#wires.version++,
    });
    if (faults) link.setFaults(faults);
    this.#links.push(link);
    for (const attachment of record.attachments) this.#nodes[attachment.node.index].updateInterface(attachment);
    this.#topologyChanged();
    return link;
  }

  /** Lets that many virtual milliseconds pass. @throws what a node reported meanwhile, such as a trap of its engine. */
  run(ms: number): void {
    const end = this.now + ms;
    while (this.clock.step(end)) this.#throwErrors();
    this.clock.advance(end - this.now);
    this.#throwErrors();
  }

  /**
   * Lets time pass until the condition holds, looking after every event; false if it did not within `limitMs` virtual
   * milliseconds. @throws what a node reported meanwhile.
   */
  runUntil(condition: () => boolean, limitMs = DEFAULT_LIMIT_MS): boolean {
    const end = this.now + limitMs;
    while (!condition()) {
      if (!this.clock.step(end)) {
        this.clock.advance(Math.max(0, end - this.now));
        return condition();
      }
      this.#throwErrors();
    }
    return true;
  }

  /**
   * Lets time pass until nothing has been sent for `quietMs`, which says that what an application or a failure set off
   * has come to rest; refreshes are further apart than that in a small network. False if it did not within `limitMs`.
   */
  settle(quietMs = DEFAULT_QUIET_MS, limitMs = 60_000): boolean {
    const end = this.now + limitMs;
    let quietSince = this.now;
    const unlisten = this.onPacket(({ timeMs }) => void (quietSince = timeMs));
    try {
      while (this.now < end) {
        const next = Math.min(quietSince + quietMs, end);
        if (!this.clock.step(next)) this.clock.advance(Math.max(0, next - this.now));
        this.#throwErrors();
        if (this.#inFlight === 0 && this.now >= quietSince + quietMs) return true;
      }
      return false;
    } finally {
      unlisten();
    }
  }

  /** Calls for every datagram at the moment when it is sent; returns what ends that. */
  onPacket(tap: PacketTap): () => void {
    this.#setTaps([...this.#taps, tap]);
    return () => this.#setTaps(this.#taps.filter((other) => other !== tap));
  }

  /**
   * Writes every datagram from now on (or only those that `only` wants) into a capture. `bytes()` of it is a pcap file
   * that tshark and `resv decode` read; its times are virtual, from 1970 on.
   */
  capture(only: (sighting: Sighting) => boolean = () => true): PcapFile {
    const file = new PcapFile();
    this.onPacket((sighting) => {
      if (only(sighting)) file.add(sighting.timeMs, sighting.packet);
    });
    return file;
  }

  /** The messages kept, oldest first, with names and key fields. */
  messages(options: LogOptions = {}): LogLine[] {
    return this.#log.lines(options);
  }

  /** The messages kept, as a ladder: a column a node, a line a message. */
  ladder(options: LogOptions & { nodes?: readonly NetworkNode[] } = {}): string {
    const nodes = (options.nodes ?? this.#nodes).map((node) => node.name);
    return this.#log.ladder(nodes, options);
  }

  /** Forgets the messages kept so far, so that the next ladder starts here. */
  forgetMessages(): void {
    this.#log.clear();
  }

  /** Every session of every node. */
  sessions(): Session[] {
    return this.#nodes.filter((node) => node.alive && node.options.rsvp !== false).flatMap((node) =>
      node.rsvp.sessions
    );
  }

  #addNode(name: string, forwards: boolean, options: NetworkNodeOptions): NetworkNode {
    const record = this.topology.addNode(name, forwards);
    const node = new NetworkNode(record, options, this.#port());
    this.#nodes.push(node);
    return node;
  }

  #port(): NetworkPort {
    return {
      // Compiled when the first node needs it: a network of plain IP nodes never does.
      module: () => this.#module ??= defaultModule(),
      nodeOptions: (node) => this.#nodeOptions(node),
      transmit: (from, packet, nextHop) => this.#transmit(from, packet, nextHop),
      wires: this.#wires,
      wire: (from) => this.#wire(from),
      post: (wire, words, at) => this.#post(wire, words, at),
      answer: (node, question) => this.#routes.answer(node, question),
      route: (node, destination, family) => this.#routes.step(node, destination, family),
      multicastRoute: (node, packet) => this.#multicastRoute(node, packet),
      isMember: (node, group, family) => this.#routes.isMember(node, group, family),
      setMember: (node, group, family, member) => {
        const news = member
          ? this.#routes.join(node.record, group, family)
          : this.#routes.leave(node.record, group, family);
        if (news) this.#topologyChanged();
      },
      setAlive: (node, alive) => {
        node.record.alive = alive;
        this.topology.version++;
        this.#wires.version++;
        this.#topologyChanged();
      },
    };
  }

  #nodeOptions(node: NetworkNode) {
    const { seed: _s, module: _m, routingDelayMs: _r, keptMessages: _k, timerGranularityMs = 1, ...shared } =
      this.options;
    const { rsvp: _v, udp: _u, trafficControl: _t, recorder, onReport, ...own } = node.options;
    return {
      host: !node.record.forwards,
      ...shared,
      ...own,
      seed: this.#seedOf("node", node.record.index),
      onSubmit: recorder?.onSubmit,
      onReport,
      onError: (error: Error) => void this.#errors.push(error),
      onTrap: (error: Error) => void this.#errors.push(error),
      clock: this.#coarseClock,
      timerGranularityMs,
    };
  }

  /** Different for every part, the same in every run. */
  #seedOf(kind: "node" | "link", index: number): number {
    const seed = this.options.seed ?? 1;
    return (Math.imul(seed, 0x9e3779b1) + Math.imul(index * 2 + (kind === "node" ? 1 : 0), 0x85ebca6b)) >>> 0;
  }

  /** Where a node passes multicast data on. What arrived off the tree is dropped by who forwards without RSVP. */
  #multicastRoute(node: NodeRecord, packet: Packet): readonly Attachment[] {
    const tree = this.#routes.tree(packet.source, packet.destination, packet.family);
    if (!tree) return [];
    const expected = tree.incoming.get(node);
    if (expected && expected.handle !== packet.interface && packet.interface !== 0) return [];
    return tree.outgoing.get(node) ?? [];
  }

  #transmit(from: Attachment, packet: Packet, nextHop: Address | undefined): void {
    this.#links[from.link.index].transmit(from, packet, nextHop);
  }

  /** Somebody begins to look at what is sent, or ends. */
  #setTaps(taps: PacketTap[]): void {
    this.#taps = taps;
    this.#wires.watched = taps.length > 0 || this.#log.keeps;
  }

  #sighted(sighting: Sighting): void {
    this.#log.add(sighting);
    for (const tap of this.#taps) tap(sighting);
  }

  /** What arrives at one node at one moment is one event and, for its engine, one batch. */
  #deliver(to: Attachment, packet: Packet, atMs: number): void {
    this.#batch(to.node.index, atMs).add(to.handle, packet);
  }

  #batch(index: number, atMs: number): Batch {
    const open = this.#batches[index];
    if (open?.atMs === atMs) return open;
    const batch = new Batch(atMs, this.#bags);
    this.#batches[index] = batch;
    this.clock.schedule(atMs, () => this.#arrive(index, batch));
    return batch;
  }

  #arrive(index: number, batch: Batch): void {
    // Closed from here on: what is sent with no delay at this very moment is another event.
    if (this.#batches[index] === batch) this.#batches[index] = undefined;
    batch.close();
    this.#inFlight -= batch.packets?.length ?? batch.letters;
    this.#nodes[index].arrive(batch);
  }

  /** The way out by that interface, if somebody is at the other end and nobody else. */
  #wire(from: Attachment): Wire | undefined {
    const [a, b, more] = from.link.attachments;
    return more ? undefined : new Wire(this.#wires, this.#links[from.link.index], a === from ? b : a);
  }

  /** As `#transmit`, for a SEND record that a wire takes; false if it has to be a packet after all. */
  #post(wire: Wire, words: Int32Array, at: number): boolean {
    const atMs = this.clock.nowMs() + wire.delayMs;
    if (!this.#batch(wire.node, atMs).post(words, at, wire.handle)) return false;
    this.#inFlight++;
    return true;
  }

  #linkChanged(link: NetworkLink): void {
    this.topology.version++;
    this.#wires.version++;
    for (const attachment of link.record.attachments) this.#nodes[attachment.node.index].updateInterface(attachment);
    this.#topologyChanged();
  }

  /** Every node looks its routes up again, once, when routing has had its time to react. */
  #topologyChanged(): void {
    if (this.#routesStale) return;
    this.#routesStale = true;
    this.clock.schedule(this.now + (this.options.routingDelayMs ?? 0), () => {
      this.#routesStale = false;
      for (const node of this.#nodes) node.refreshRoutes();
    });
  }

  #throwErrors(): void {
    const error = this.#errors.shift();
    if (error) throw error;
  }
}

/** `10.0.1.1 -> 10.0.2.2`, for messages. */
export function describePacket(packet: Packet): string {
  return `${formatAddress(packet.source, packet.family)} -> ${formatAddress(packet.destination, packet.family)}`;
}
