/**
 * UDP encapsulation on real sockets (RFC 2205 appendix C): what a node without raw access to IP uses, and a way for
 * several nodes to live on one machine, each on its own loopback addresses.
 *
 * The engine decides everything that appendix C decides: whether a message is encapsulated, where it goes and to which
 * of the two ports. Here each interface address has one socket on each port, bound to exactly that address, for that
 * is the only thing that tells a UDP receiver to which address, and so on which interface, a datagram came. Sending
 * uses the socket of the packet's source address. The TTL of what arrives is not to be had from UDP and is reported
 * as 0; appendix C has the engine take Send_TTL in its place.
 *
 * `node:dgram` under Deno sends what one turn of the event loop was given in reverse order, so each socket has a queue
 * and is given the next datagram when it has taken the one before.
 *
 * Groups (224.0.0.14 for Path, the session's own group where an application listens) are bound once each. Linux hands
 * such a socket what any interface of the machine has joined, so that a datagram is taken to have come in on the
 * interface on whose subnet its source lies, and is counted and dropped where there is none.
 */
import { addressKey, formatAddress, isMulticast, matchesPrefix, parseAddress } from "../address.ts";
import { ENCAPSULATION, UDP_ENCAPSULATION_PORT, UDP_ENCAPSULATION_PORT_ALTERNATE } from "../boundary.gen.ts";
import type { Packet, PacketsHandler, Transport, TransportErrorHandler } from "./transport.ts";
import { closeSocket, openSocket, type Socket } from "./udp_sockets.ts";

export { UdpOpenError } from "./udp_sockets.ts";

/** G* of RFC 2205 appendix C: all RSVP routers and hosts that send UDP, on the local network only. */
export const UDP_ENCAPSULATION_GROUP = "224.0.0.14";

/** An address to listen on and send from. */
export interface UdpAddress {
  /** Handle of the interface that has it. */
  readonly interface: number;
  /** In text; it must be an address of this machine. */
  readonly address: string;
  /** Bits of its subnet. */
  readonly prefixLength: number;
}

/** What {@linkcode UdpTransport.open} takes. */
export interface UdpTransportOptions {
  /** One or more for each interface, of this machine. */
  readonly addresses: readonly UdpAddress[];
  /** Joins 224.0.0.14 on every interface with an IPv4 address; true by default. */
  readonly listenToGroup?: boolean;
}

/** Datagrams counted since the transport was opened. */
export interface UdpCounters {
  /** Datagrams handed to the node. */
  received: number;
  /** Datagrams that the system took. */
  sent: number;
  /** Sends that the system refused: unreachable, no buffers, too long. */
  sendErrors: number;
  /** Packets that cannot be sent over UDP: raw ones, relays, an interface without an address of the family. */
  unsendable: number;
  /** Group datagrams whose source lies on no interface's subnet. */
  offLink: number;
}

/** An address with its two sockets. */
interface Endpoint {
  readonly interface: number;
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly family: number;
  readonly prefixLength: number;
  /** By port. */
  readonly senders: Map<number, Sender>;
}

/** A socket with what waits to be sent by it. */
interface Sender {
  readonly socket: Socket;
  readonly queue: Packet[];
  busy: boolean;
  /** What the socket was last told, so that the usual datagram costs no extra system call. */
  unicastTtl: number;
  multicastTtl: number;
}

/** A group that is listened to. */
interface Group {
  readonly socket: Promise<Socket>;
  /** Handles of the interfaces on which somebody listens. */
  readonly members: Set<number>;
}

/** Datagrams that may wait for one socket; more are lost, as they would be in a full queue of the system. */
const MAXIMUM_QUEUED = 4096;

const PORT_OF: Readonly<Record<number, number>> = {
  [ENCAPSULATION.UDP]: UDP_ENCAPSULATION_PORT,
  [ENCAPSULATION.UDP_ALTERNATE]: UDP_ENCAPSULATION_PORT_ALTERNATE,
};
const PORTS = [UDP_ENCAPSULATION_PORT, UDP_ENCAPSULATION_PORT_ALTERNATE] as const;

/**
 * RSVP over UDP on real sockets (RFC 2205 appendix C), made by {@linkcode UdpTransport.open}. It needs neither root nor
 * FFI, but under Deno the permission to use the network.
 *
 * @example A host and its neighbour on loopback addresses
 * ```ts
 * // deno run --allow-net
 * import { defaultModule, RsvpNode, StaticRouting, UdpTransport } from "@resv/resv";
 *
 * async function start(address: string, neighbour: string) {
 *   const transport = await UdpTransport.open({ addresses: [{ interface: 1, address, prefixLength: 24 }], listenToGroup: false });
 *   const routing = new StaticRouting([
 *     { prefix: `${address}/32`, local: true },
 *     { prefix: "127.9.1.0/24", interface: 1 },
 *   ]);
 *   const interfaces = [{ interface: 1, addresses: [`${address}/24`], udp: "only", udpNextHop: neighbour } as const];
 *   return new RsvpNode({ module: defaultModule(), transport, routing, interfaces });
 * }
 * const alice = await start("127.9.1.1", "127.9.1.2"), bob = await start("127.9.1.2", "127.9.1.1");
 *
 * const session = { destination: "127.9.1.2", port: 5004 };
 * const receiver = bob.session(session);
 * alice.session(session).sender({ tokenBucketRateBytesPerSecond: 12_500 });
 * for await (const { kind } of receiver.events()) {
 *   console.log(kind); // PATH_EVENT
 *   break;
 * }
 * for (const node of [alice, bob]) {
 *   node.close();
 *   await node.transport.close();
 * }
 * ```
 */
export class UdpTransport implements Transport {
  /** Counts since opening. */
  readonly counters: UdpCounters = { received: 0, sent: 0, sendErrors: 0, unsendable: 0, offLink: 0 };
  #endpoints: Endpoint[] = [];
  /** By "group port". */
  #groups = new Map<string, Group>();
  #onPackets: PacketsHandler = () => {};
  #onError: TransportErrorHandler = () => {};
  #closed = false;
  #closing: Promise<void> | undefined;

  private constructor() {}

  /**
   * Opens the sockets of every address. Rejects with {@linkcode UdpOpenError}, whose message is one line that says what
   * to do, when one cannot be opened (none stays open then), and with a RangeError when an address is not one.
   */
  static async open(options: UdpTransportOptions): Promise<UdpTransport> {
    const transport = new UdpTransport();
    try {
      for (const address of options.addresses) await transport.addAddress(address);
      if (options.listenToGroup ?? true) {
        for (const endpoint of transport.#endpoints.filter(({ family }) => family === 4)) {
          await transport.joinGroup(UDP_ENCAPSULATION_GROUP, endpoint.interface, UDP_ENCAPSULATION_PORT);
        }
      }
      return transport;
    } catch (error) {
      await transport.close();
      throw error;
    }
  }

  /** Starts to listen on one more address. Rejects as {@linkcode UdpTransport.open} does. */
  async addAddress(address: UdpAddress): Promise<void> {
    const { bytes, family } = parseAddress(address.address);
    const senders = new Map<number, Sender>();
    const { interface: handle, prefixLength } = address;
    try {
      for (const port of PORTS) {
        const socket = await openSocket(address.address, family, port, false);
        senders.set(port, { socket, queue: [], busy: false, unicastTtl: 0, multicastTtl: 0 });
        this.#listen(socket, port, bytes, family, () => handle);
        if (family === 4) socket.setMulticastInterface(address.address);
      }
    } catch (error) {
      await closeSenders(senders);
      throw error;
    }
    if (this.#closed) return await closeSenders(senders);
    this.#endpoints.push({ interface: handle, text: address.address, bytes, family, prefixLength, senders });
  }

  /** Listens and sends on an address no more; unknown ones are ignored. Its ports are free once the promise is resolved. */
  async removeAddress(address: string): Promise<void> {
    const { bytes, family } = parseAddress(address);
    const isIt = (one: Endpoint) =>
      one.family === family && addressKey(one.bytes, family) === addressKey(bytes, family);
    const endpoint = this.#endpoints.find(isIt);
    if (!endpoint) return;
    this.#endpoints = this.#endpoints.filter((one) => one !== endpoint);
    await closeSenders(endpoint.senders);
  }

  /**
   * Listens to a group on an interface: 224.0.0.14, or, on port 1699, a session's own group for an application that
   * has joined it (RFC 2205 appendix C, figure 14). Rejects with {@linkcode UdpOpenError}.
   */
  async joinGroup(
    group: string,
    interfaceHandle: number,
    port: number = UDP_ENCAPSULATION_PORT_ALTERNATE,
  ): Promise<void> {
    const { bytes, family } = parseAddress(group);
    if (!isMulticast(bytes, family)) throw new TypeError(`${group} is not a multicast group`);
    const local = this.#endpoints.find((endpoint) =>
      endpoint.interface === interfaceHandle && endpoint.family === family
    );
    if (!local) throw new TypeError(`interface ${interfaceHandle} has no IPv${family} address to join ${group} with`);
    const key = `${group} ${port}`;
    let entry = this.#groups.get(key);
    if (!entry) {
      const members = new Set<number>();
      this.#groups.set(key, entry = { members, socket: this.#openGroup(group, bytes, family, port, members) });
    }
    if (entry.members.has(interfaceHandle)) return;
    const first = entry.members.size === 0;
    entry.members.add(interfaceHandle);
    try {
      (await entry.socket).addMembership(group, local.text);
    } catch (error) {
      // Two interfaces of a node may be addresses of one device (loopback), which can join once only.
      if (!first) return;
      this.#groups.delete(key);
      throw error;
    }
  }

  /** Stops listening to a group on an interface; unknown ones are ignored. */
  async leaveGroup(
    group: string,
    interfaceHandle: number,
    port: number = UDP_ENCAPSULATION_PORT_ALTERNATE,
  ): Promise<void> {
    const key = `${group} ${port}`;
    const entry = this.#groups.get(key);
    if (!entry?.members.delete(interfaceHandle) || entry.members.size > 0) return;
    this.#groups.delete(key);
    await closeSocket(await entry.socket);
  }

  /** Sends one datagram to the port that its encapsulation names. */
  send(packet: Packet): void {
    if (this.#closed) return;
    const port = PORT_OF[packet.encapsulation];
    const endpoint = port === undefined ? undefined : this.#endpointFor(packet);
    if (port === undefined || !endpoint) {
      this.counters.unsendable++;
      const destination = formatAddress(packet.destination, packet.family);
      const why = port === undefined
        ? `a raw IP datagram to ${destination} cannot be sent over UDP; set the interface to UDP only`
        : `no address on interface ${packet.interface} to send to ${destination} from`;
      return this.#onError(new Error(why), packet);
    }
    const sender = endpoint.senders.get(port)!;
    if (sender.queue.length >= MAXIMUM_QUEUED) return this.#sendFailed(new Error("the send queue is full"), packet);
    sender.queue.push(packet);
    if (!sender.busy) this.#sendNext(sender, port);
  }

  /** Not possible without raw access to IP: the source address would change on the way. Counted and reported. */
  relay(packet: Packet): void {
    if (this.#closed) return;
    this.counters.unsendable++;
    const destination = formatAddress(packet.destination, packet.family);
    this.#onError(new Error(`a message for ${destination} cannot be forwarded over UDP`), packet);
  }

  /** Sets the one receiver of arrived packets. */
  onPackets(handler: PacketsHandler): void {
    this.#onPackets = handler;
  }

  /** Sets the one receiver of errors. */
  onError(handler: TransportErrorHandler): void {
    this.#onError = handler;
  }

  /** Closes every socket; the ports are free once the promise is resolved. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#closed = true;
    const senders = this.#endpoints.map((endpoint) => closeSenders(endpoint.senders));
    const groups = [...this.#groups.values()].map(({ socket }) => socket.then(closeSocket, () => {}));
    this.#endpoints = [];
    this.#groups.clear();
    await Promise.all([...senders, ...groups]);
  }

  async #openGroup(
    group: string,
    bytes: Uint8Array,
    family: number,
    port: number,
    members: ReadonlySet<number>,
  ): Promise<Socket> {
    const socket = await openSocket(group, family, port, true);
    this.#listen(socket, port, bytes, family, (source) => {
      const handle = this.#onLink(source, family)?.interface ?? 0;
      return members.has(handle) ? handle : 0;
    });
    return socket;
  }

  #listen(
    socket: Socket,
    port: number,
    destination: Uint8Array,
    family: number,
    interfaceOf: (source: Uint8Array) => number,
  ): void {
    const encapsulation = port === UDP_ENCAPSULATION_PORT ? ENCAPSULATION.UDP : ENCAPSULATION.UDP_ALTERNATE;
    socket.on("message", (payload, remote) => {
      if (this.#closed) return;
      this.counters.received++;
      // A zone (fe80::1%eth0) is this machine's name for the link and not part of the address.
      const source = parseAddress(remote.address.split("%", 1)[0]).bytes;
      const handle = interfaceOf(source);
      if (handle === 0) {
        this.counters.offLink++;
        return;
      }
      this.#onPackets([
        { interface: handle, source, destination, family, ttl: 0, encapsulation, routerAlert: 0, payload },
      ]);
    });
    socket.on("error", (error) => this.#onError(error));
  }

  /** The endpoint on whose subnet an address lies; the longest prefix wins. */
  #onLink(address: Uint8Array, family: number): Endpoint | undefined {
    let best: Endpoint | undefined;
    for (const endpoint of this.#endpoints) {
      if (endpoint.family !== family || !matchesPrefix(address, endpoint.bytes, endpoint.prefixLength)) continue;
      if (!best || endpoint.prefixLength > best.prefixLength) best = endpoint;
    }
    return best;
  }

  /** Where a packet leaves: its source address, else its interface, else the interface that is on its link. */
  #endpointFor(packet: Packet): Endpoint | undefined {
    const usable = this.#endpoints.filter(({ family, interface: handle }) =>
      family === packet.family && (packet.interface === 0 || handle === packet.interface)
    );
    if (packet.source.some((byte) => byte !== 0)) {
      const exact = usable.find(({ bytes }) => matchesPrefix(bytes, packet.source, packet.family === 4 ? 32 : 128));
      if (exact) return exact;
    }
    const onLink = this.#onLink(packet.destination, packet.family);
    return onLink && usable.includes(onLink) ? onLink : usable[0];
  }

  #sendNext(sender: Sender, port: number): void {
    const packet = sender.queue.shift();
    sender.busy = packet !== undefined && !this.#closed;
    if (!packet || this.#closed) return;
    const next = (error?: unknown) => {
      if (error) this.#sendFailed(error as Error, packet);
      else this.counters.sent++;
      this.#sendNext(sender, port);
    };
    try {
      setTtl(sender, packet);
      sender.socket.send(packet.payload, port, formatAddress(packet.destination, packet.family), next);
    } catch (error) {
      next(error);
    }
  }

  #sendFailed(error: Error, packet: Packet): void {
    this.counters.sendErrors++;
    if (!this.#closed) this.#onError(error, packet);
  }
}

function setTtl(sender: Sender, packet: Packet): void {
  if (packet.ttl === 0) return;
  if (isMulticast(packet.destination, packet.family)) {
    if (sender.multicastTtl !== packet.ttl) sender.socket.setMulticastTTL(sender.multicastTtl = packet.ttl);
  } else if (sender.unicastTtl !== packet.ttl) sender.socket.setTTL(sender.unicastTtl = packet.ttl);
}

async function closeSenders(senders: ReadonlyMap<number, Sender>): Promise<void> {
  await Promise.all([...senders.values()].map(({ socket }) => closeSocket(socket)));
}
