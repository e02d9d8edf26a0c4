/**
 * A node of a virtual network: its place in the topology, its IP layer, and (unless it knows no RSVP) an `RsvpNode` with
 * the same engine that runs on real sockets.
 */
import { ENCAPSULATION, type TableRows } from "../boundary.gen.ts";
import { type Address, formatAddress, isMulticast, parseAddress } from "../address.ts";
import type { FlowspecOptions, SenderOptions, SessionAddress, StyleName } from "../application.ts";
import { type DropReport, RsvpNode } from "../node.ts";
import type { NodeSettings } from "../node_settings.ts";
import type { PolicyRule } from "../policy.ts";
import type { Recorder } from "../recorder.ts";
import type { RouteAnswer, RouteQuestion } from "../routing/routing.ts";
import type { Session } from "../session.ts";
import type { PlainRow } from "../tables.ts";
import { MemoryTrafficControl, type MemoryTrafficControlOptions } from "../traffic_control/memory_traffic_control.ts";
import type { Packet } from "../transport/transport.ts";
import { gatewayAddress, hasAddress, isLinkLocalGroup } from "./addressing.ts";
import { ArrivedPacket } from "./arrived_packet.ts";
import { type Batch, leavesBy } from "./letters.ts";
import { interfaceSettings } from "./interface_settings.ts";
import { findTokenBucket, joinOnDemand } from "./receiver.ts";
import type { Attachment, NodeRecord } from "./topology.ts";
import type { Step } from "./routes.ts";
import { NetworkRouting } from "./network_routing.ts";
import { NetworkTransport } from "./network_transport.ts";
import type { Wire, WireState } from "./wire.ts";

const { RAW, UDP_ALTERNATE } = ENCAPSULATION;

/** Settings of one node; those of the network apply where they are absent. */
export interface NetworkNodeOptions extends Partial<NodeSettings> {
  /** False for a node that forwards RSVP messages like any other traffic (RFC 2205 2.9); true by default. */
  rsvp?: boolean;
  /**
   * `only` for a host without raw access to IP: its RSVP goes in UDP over IPv4 (RFC 2205 appendix C), by way of the first
   * router of each of its links; nodes that share a link with it send to it so too. Raw by default.
   */
  udp?: "only";
  /** Decides on its reservations; grants everything by default. */
  trafficControl?: MemoryTrafficControlOptions;
  /** Rules of local policy (RFC 2205 2.7), its own or those of the network. */
  policy?: readonly PolicyRule[];
  /** Keeps every submit of the node's engine. */
  recorder?: Recorder;
  /** Takes why messages were dropped. */
  onReport?: (report: DropReport) => void;
}

/** What `receive` asks for: a style, and a flowspec unless the sender's own traffic is to be reserved. */
export interface ReceiveOptions extends Partial<FlowspecOptions> {
  /** Reservation style (RFC 2205 1.3). */
  style: StyleName;
  /** Asks for a ResvConf (RFC 2205 2.6), which comes as a RESV_CONFIRM event; false by default. */
  confirm?: boolean;
}

/** What a node needs of its network. */
export interface NetworkPort {
  module(): WebAssembly.Module;
  nodeOptions(node: NetworkNode): Omit<ConstructorParameters<typeof RsvpNode>[0], "transport" | "module">;
  transmit(from: Attachment, packet: Packet, nextHop: Address | undefined): void;
  readonly wires: WireState;
  wire(from: Attachment): Wire | undefined;
  post(wire: Wire, words: Int32Array, at: number): boolean;
  answer(node: NodeRecord, question: RouteQuestion): RouteAnswer;
  route(node: NodeRecord, destination: Uint8Array, family: number): Step | undefined;
  multicastRoute(node: NodeRecord, packet: Packet): readonly Attachment[];
  isMember(node: NodeRecord, group: Uint8Array, family: number): boolean;
  setMember(node: NetworkNode, group: Uint8Array, family: number, member: boolean): void;
  setAlive(node: NetworkNode, alive: boolean): void;
}

/**
 * A node of a virtual network, made by {@linkcode Network.host} and {@linkcode Network.router}: its applications, its
 * tables, its failures.
 *
 * @example A router crashes, and comes back empty; refreshes bring its state back (RFC 2205 2.3)
 * ```ts
 * import { Network } from "@resv/resv";
 *
 * const network = new Network({ refreshIntervalMs: 5_000 });
 * const alice = network.host("alice"), r1 = network.router("r1"), bob = network.host("bob");
 * network.link(alice, r1);
 * network.link(r1, bob);
 * const session = { destination: bob.address, port: 5004 };
 * alice.send(session, { tokenBucketRateBytesPerSecond: 12_500 });
 * const receiver = bob.receive(session, { style: "FF", confirm: true });
 * receiver.on(({ kind }) => console.log(kind));
 * network.run(1_000);
 *
 * r1.crash();
 * network.run(1_000);
 * r1.restart();
 * console.log(r1.inspect("sessions").length); // 0
 * network.run(15_000);
 * console.log(r1.inspect("sessions").length); // 1
 * ```
 */
export class NetworkNode {
  /** Its place in the topology. */
  readonly record: NodeRecord;
  /** As they were given. */
  readonly options: NetworkNodeOptions;
  /** Packets that found no way on from here, by reason. */
  readonly ipDrops = { noRoute: 0, ttl: 0, notMember: 0 };
  #port: NetworkPort;
  #rsvp: RsvpNode | undefined;
  #transport: NetworkTransport | undefined;
  /** Ways out that take datagrams as they stand, by interface handle; null where there is none. */
  #wires: (Wire | null)[] = [null];
  #trafficControl!: MemoryTrafficControl;
  #routing!: NetworkRouting;

  /** Called by the network. */
  constructor(record: NodeRecord, options: NetworkNodeOptions, port: NetworkPort) {
    this.record = record;
    this.options = options;
    this.#port = port;
    if (options.udp === "only") record.udpOnly = true;
    if (options.rsvp !== false) this.#start();
  }

  /** Different for every node of the network. */
  get name(): string {
    return this.record.name;
  }

  /** Its first interface's IPv4 address. @throws {RangeError} before it is linked. */
  get address(): string {
    return formatAddress(this.#first().ipv4.bytes, 4);
  }

  /** Its first interface's IPv6 address. @throws {RangeError} before it is linked. */
  get address6(): string {
    return formatAddress(this.#first().ipv6.bytes, 6);
  }

  /** Its protocol machine. @throws {TypeError} if it has none or is crashed. */
  get rsvp(): RsvpNode {
    if (this.#rsvp) return this.#rsvp;
    throw new TypeError(`${this.name} ${this.options.rsvp === false ? "does not speak RSVP" : "has crashed"}`);
  }

  /** False while crashed. */
  get alive(): boolean {
    return this.record.alive;
  }

  /** Its traffic control (RFC 2205 3.11.2): what is installed, and how to lose it. */
  get trafficControl(): MemoryTrafficControl {
    return this.#trafficControl;
  }

  /** The address of its interface on a link to `neighbour`. @throws {RangeError} if they share none. */
  addressTowards(neighbour: NetworkNode, family: 4 | 6 = 4): string {
    const attachment = this.interfaceTowards(neighbour);
    return family === 4 ? formatAddress(attachment.ipv4.bytes, 4) : formatAddress(attachment.ipv6.bytes, 6);
  }

  /** Its interface on a link to `neighbour`. @throws {RangeError} if they share none. */
  interfaceTowards(neighbour: NetworkNode): Attachment {
    const shared = this.record.attachments.find((attachment) =>
      attachment.link.attachments.some((other) => other.node === neighbour.record)
    );
    if (!shared) throw new RangeError(`${this.name} and ${neighbour.name} share no link`);
    return shared;
  }

  /**
   * Registers an application for a session; for a multicast destination this node joins the group.
   * @throws {RangeError} if the destination is no address. @throws {ResvError} if the engine refuses, for example because
   * the destination's ports contradict another session (RFC 2205 3.2).
   */
  session(address: SessionAddress): Session {
    const { bytes, family } = parseAddress(address.destination);
    const session = this.rsvp.session(address);
    if (isMulticast(bytes, family)) this.#port.setMember(this, bytes, family, true);
    return session;
  }

  /**
   * Registers a sender for a session and announces it, with this node's first address unless it names another. A
   * multicast sender does not join the group. @throws {ResvError} if the engine refuses.
   */
  send(address: SessionAddress, options: SenderOptions): Session {
    return this.rsvp.session(address).sender(options);
  }

  /**
   * Registers a receiver and reserves as soon as Path messages tell of senders, for all of them; without a flowspec,
   * for what each sender announces. Reserves again when senders come or go. A receiver of a multicast joins the group.
   * @throws {ResvError} if the engine refuses the registration; a reservation that is refused comes as an event.
   */
  receive(address: SessionAddress, options: ReceiveOptions): Session {
    const { style, confirm, ...flowspec } = options;
    const given = flowspec.tokenBucketRateBytesPerSecond === undefined ? undefined : flowspec as FlowspecOptions;
    const { bytes, family } = parseAddress(address.destination);
    const session = this.rsvp.session(address);
    joinOnDemand(session, style, confirm ?? false, (event) => given ?? findTokenBucket(event, flowspec));
    // Joined last: the first Path may arrive at once, and the handler has to be there.
    if (isMulticast(bytes, family)) this.#port.setMember(this, bytes, family, true);
    return session;
  }

  /** Joins a multicast group without RSVP. @throws {RangeError} if it is no address. */
  join(group: string): void {
    const { bytes, family } = parseAddress(group);
    this.#port.setMember(this, bytes, family, true);
  }

  /** Leaves a multicast group: routes no longer lead here, and state for it goes when they are told. */
  leave(group: string): void {
    const { bytes, family } = parseAddress(group);
    this.#port.setMember(this, bytes, family, false);
  }

  /** The rows of a table (RFC 2209 names most of them), addresses as text, objects decoded. */
  inspect<T extends keyof TableRows>(table: T): PlainRow<TableRows[T]>[] {
    return this.rsvp.inspect(table);
  }

  /** Every counter that is not zero, by name: messages by type, drops by reason, sizes. */
  counters(): Record<string, number> {
    return this.rsvp.counters();
  }

  /** The node stops dead: no tear messages, its state is lost, sessions end. */
  crash(): void {
    if (!this.record.alive) return;
    this.#rsvp?.close();
    this.#rsvp = undefined;
    this.#port.setAlive(this, false);
  }

  /** Comes back empty after a crash. */
  restart(): void {
    if (this.record.alive) return;
    this.#port.setAlive(this, true);
    if (this.options.rsvp !== false) this.#start();
  }

  /** Tells the engine of an interface that is new or has changed. */
  updateInterface(attachment: Attachment): void {
    this.#rsvp?.setInterface(interfaceSettings(attachment));
  }

  /** Tells the engine of every route it has asked for whose answer is another now. */
  refreshRoutes(): void {
    if (this.#rsvp) this.#routing.refresh();
  }

  /**
   * Datagrams arrive, each on its interface. The batch is the node's from here on.
   * @internal
   */
  arrive(batch: Batch): void {
    if (!batch.packets && this.#transport?.deliverBatch(batch.fill, batch.letters)) return;
    if (!this.record.alive) return batch.discard();
    if (!batch.packets) batch.open();
    const packets = batch.packets!, handles = batch.handles!;
    let count = 0;
    for (let i = 0; i < packets.length; i++) {
      const packet = packets[i];
      const on = this.record.attachments[handles[i] - 1];
      if (this.#isForUs(on, packet)) packets[count++] = new ArrivedPacket(on.handle, packet);
      else this.#forward(on, packet);
    }
    packets.length = count;
    if (count > 0) this.#transport?.deliver(packets);
  }

  #start(): void {
    this.#transport = new NetworkTransport({
      taker: (words, at) => this.#take(words, at),
      send: (packet) => this.#send(packet),
      relay: (packet) => this.#relay(packet),
    });
    this.#trafficControl = new MemoryTrafficControl(this.options.trafficControl);
    this.#routing = new NetworkRouting((question) => this.#port.answer(this.record, question));
    this.#rsvp = new RsvpNode({
      ...this.#port.nodeOptions(this),
      module: this.#port.module(),
      transport: this.#transport,
      trafficControl: this.#trafficControl,
      routing: this.#routing,
      interfaces: this.record.attachments.map(interfaceSettings),
    });
  }

  #first(): Attachment {
    const [first] = this.record.attachments;
    if (!first) throw new RangeError(`${this.name} has no address yet: link it first`);
    return first;
  }

  /**
   * The Router Alert option makes every RSVP router on the way look (RFC 2205 3.1.3), wherever the datagram is going;
   * a host looks at what is addressed to it, or to a group that it has joined. Link-local groups (224.0.0.0/24, ff02::/16)
   * are for everybody on the link.
   */
  #isForUs(on: Attachment, packet: Packet): boolean {
    if (!this.#rsvp) return false;
    const { destination, family, encapsulation } = packet;
    // Nobody has a socket for it.
    if (this.record.udpOnly ? encapsulation === RAW : encapsulation === UDP_ALTERNATE) return false;
    if (packet.routerAlert && this.record.forwards) return true;
    // Mostly it is the address of the interface that it arrives on.
    if (hasAddress(on, packet)) return true;
    if (!isMulticast(destination, family)) {
      return this.record.attachments.some((attachment) => hasAddress(attachment, packet));
    }
    return isLinkLocalGroup(destination, family) || this.#port.isMember(this.record, destination, family);
  }

  /** As `#send`, for what can go as it stands: by a point-to-point link that works, to whoever is at its other end. */
  #take(words: Int32Array, at: number): boolean {
    if (this.#port.wires.watched) return false;
    const handle = leavesBy(words, at);
    let wire = this.#wires[handle];
    if (wire === undefined) {
      const named = this.record.attachments[handle - 1];
      if (!named) return false;
      wire = this.#wires[handle] = this.#port.wire(named) ?? null;
    }
    return wire !== null && wire.takes(words, at) && this.#port.post(wire, words, at);
  }

  /** The engine wants it sent: by the interface it names, or by route. */
  #send(packet: Packet): void {
    const { destination, family } = packet;
    const named = this.record.attachments[packet.interface - 1];
    // On a point-to-point link the other end is meant, whatever the address: no need to look for a way.
    if (named?.link.attachments.length === 2) return this.#port.transmit(named, packet, undefined);
    if (isMulticast(destination, family)) {
      const ways = named ? [named] : this.#port.multicastRoute(this.record, packet);
      for (const way of ways) this.#port.transmit(way, packet, undefined);
      return;
    }
    const way = this.#port.route(this.record, destination, family);
    // The interface counts for what follows the data. A message to a hop beyond a router without RSVP goes as IP goes.
    const bound = packet.routerAlert || named?.link.attachments.some((other) => hasAddress(other, packet));
    if (named && way?.out !== named && bound) return this.#port.transmit(named, packet, undefined);
    if (way) return this.#port.transmit(way.out, packet, gatewayAddress(way, family));
    this.ipDrops.noRoute++;
  }

  /** The engine leaves it to IP; the TTL is decremented already. */
  #relay(packet: Packet): void {
    const on = this.record.attachments[packet.interface - 1];
    this.#pass(on, packet);
  }

  #forward(on: Attachment, packet: Packet): void {
    if (!this.record.forwards) {
      this.ipDrops.notMember++;
    } else if (packet.ttl <= 1) {
      this.ipDrops.ttl++;
    } else {
      this.#pass(on, { ...packet, interface: on.handle, ttl: packet.ttl - 1 });
    }
  }

  #pass(on: Attachment | undefined, packet: Packet): void {
    const { destination, family } = packet;
    if (isMulticast(destination, family)) {
      if (isLinkLocalGroup(destination, family)) return;
      for (const way of this.#port.multicastRoute(this.record, packet)) {
        if (way !== on) this.#port.transmit(way, packet, undefined);
      }
      return;
    }
    const way = this.#port.route(this.record, destination, family);
    if (way) this.#port.transmit(way.out, packet, gatewayAddress(way, family));
    else this.ipDrops.noRoute++;
  }
}
