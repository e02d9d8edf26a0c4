/** A UDP socket with QOS: real datagrams, and reservations that follow from what the socket does. */
import { parseAddress } from "../address.ts";
import { EventQueue } from "../event_queue.ts";
import { closeSocket, openSocket, type Socket } from "../transport/udp_sockets.ts";
import type { QosEndpoint } from "./endpoint.ts";
import type { JoinDirection } from "./endpoint_state.ts";
import type { QosEvent } from "./events.ts";
import { isAnyAddress, sameAddress, type SocketAddress } from "./matching.ts";
import type { Qos, QosInput } from "./qos.ts";
import type { QosServiceProvider } from "./service_provider.ts";
import { shaped } from "./shaped.ts";
import { QosError } from "./status.ts";

/** Headers of IP and UDP, which a token bucket counts too (RFC 2210 3.1). */
const IPV4_UDP_BYTES = 28, IPV6_UDP_BYTES = 48;

/** A datagram that has arrived. */
export interface QosDatagram {
  /** Its content. */
  data: Uint8Array;
  /** Who sent it. */
  from: SocketAddress;
}

/**
 * A UDP socket with QOS, on `node:dgram`.
 *
 * ```ts
 * import { type QosServiceProvider, QosUdpSocket, SERVICE_TYPE } from "@resv/resv";
 * async function listen(provider: QosServiceProvider) {
 *   const socket = await QosUdpSocket.open(provider, { address: "0.0.0.0", port: 5004 });
 *   socket.setQos({ receivingFlowspec: { serviceType: SERVICE_TYPE.CONTROLLEDLOAD } });
 *   for await (const { data, from } of socket) console.log(data.length, "bytes from", from.address);
 * }
 * ```
 */
export class QosUdpSocket implements AsyncIterable<QosDatagram> {
  /** Its QOS side. */
  readonly endpoint: QosEndpoint;
  /** Datagrams that no reader fetched in time. */
  dropped = 0;
  /** Datagrams that were not sent, for SHAPING_MODE.DISCARD. */
  discarded = 0;
  #socket: Socket;
  #family: number;
  #queue = new EventQueue<QosDatagram>(() => this.dropped++);
  /** Where joined groups are received: what the socket is bound to does not matter for them. */
  #groups = new Map<string, Promise<Socket>>();
  #sending: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(endpoint: QosEndpoint, socket: Socket, family: number) {
    this.endpoint = endpoint;
    this.#socket = socket;
    this.#family = family;
    this.#listen(socket, () => this.endpoint.peer);
  }

  /**
   * Opens a socket and binds it; port 0 takes a free one, no address is the one for any. Rejects with an error whose
   * message is one line when the port cannot be had.
   */
  static async open(
    provider: QosServiceProvider,
    local: Partial<SocketAddress> & { family?: 4 | 6 } = {},
  ): Promise<QosUdpSocket> {
    const { address = local.family === 6 ? "::" : "0.0.0.0", port = 0 } = local;
    const { family } = parseAddress(address);
    const socket = await openSocket(address, family, port, false);
    const endpoint = provider.endpoint("udp").bind({ address, port: socket.address().port });
    return new QosUdpSocket(endpoint, socket, family);
  }

  /** What it is bound to. */
  get local(): SocketAddress {
    return this.endpoint.local!;
  }

  /** The QOS as it was set last. */
  get qos(): Qos {
    return this.endpoint.qos;
  }

  /** Connects: datagrams go to the peer, come from no one else, and a reservation is for it alone. */
  connect(peer: SocketAddress, qos?: QosInput): this {
    this.endpoint.connect(peer, qos);
    return this;
  }

  /** Ends the connection and with it QOS. */
  disconnect(): this {
    this.endpoint.disconnect();
    return this;
  }

  /** Sets QOS, see {@linkcode QosEndpoint.setQos}. */
  setQos(qos: QosInput): this {
    this.endpoint.setQos(qos);
    return this;
  }

  /** Calls for every event of QOS. */
  on(handler: (event: QosEvent) => void): this {
    this.endpoint.on(handler);
    return this;
  }

  /** Every event of QOS from now on. */
  events(): AsyncIterableIterator<QosEvent> {
    return this.endpoint.events();
  }

  /**
   * Joins a group to send to it, to receive it, or both. `interfaceAddress` says by which interface; by default that of
   * the address to which the socket is bound.
   */
  async join(
    group: SocketAddress,
    options: { direction?: JoinDirection; qos?: QosInput; interfaceAddress?: string } = {},
  ): Promise<this> {
    const { direction = "both" } = options;
    const bound = this.local.address;
    const interfaceAddress = options.interfaceAddress ?? (isAnyAddress(bound) ? undefined : bound);
    this.endpoint.join(group, options);
    try {
      if (interfaceAddress && this.#family === 4) this.#socket.setMulticastInterface(interfaceAddress);
      if (direction !== "sender") await this.#receiveGroup(group, interfaceAddress);
    } catch (error) {
      if (!this.endpoint.closed) this.endpoint.leave(group);
      throw error;
    }
    return this;
  }

  /** Leaves a group; unknown ones are ignored. */
  async leave(group: SocketAddress): Promise<void> {
    this.endpoint.leave(group);
    const key = `${group.address} ${group.port}`;
    const socket = this.#groups.get(key);
    this.#groups.delete(key);
    if (socket) await closeSocket(await socket);
  }

  /** Asks one of QOS_CHECK, see {@linkcode QosEndpoint.checkQos}. */
  checkQos(check: number): number {
    return this.endpoint.checkQos(check);
  }

  /**
   * Sends a datagram, to the peer if no one is named. Datagrams leave in the order of the calls. With SHAPING_MODE.SHAPE,
   * which guaranteed service has by itself, one that does not conform to the flow's token bucket is held until it does;
   * with DISCARD it is dropped and counted.
   */
  send(data: Uint8Array, to: SocketAddress | undefined = this.endpoint.peer): Promise<void> {
    if (this.endpoint.closed) return Promise.reject(new QosError("ENOTSOCK", "socket", "it has been closed"));
    if (!to) return Promise.reject(new QosError("ENOTCONN", "to", "the socket is not connected: name a destination"));
    const sent = this.#sending.then(() => this.#shape(data, to));
    this.#sending = sent.catch(() => {});
    return sent;
  }

  async #shape(data: Uint8Array, to: SocketAddress): Promise<void> {
    const bytes = data.length + (this.#family === 4 ? IPV4_UDP_BYTES : IPV6_UDP_BYTES);
    const released = await shaped(this.endpoint, to, bytes);
    if (released === "discard") return void this.discarded++;
    await new Promise<void>((resolve, reject) => {
      this.#socket.send(data, to.port, to.address, (error) => error ? reject(error) : resolve());
    });
  }

  /** The next datagram; undefined once the socket is closed. */
  async receive(): Promise<QosDatagram | undefined> {
    return (await this.#queue.next()).value;
  }

  /** Every datagram, until the socket is closed. */
  async *[Symbol.asyncIterator](): AsyncIterator<QosDatagram> {
    for (let datagram = await this.receive(); datagram; datagram = await this.receive()) yield datagram;
  }

  /** Ends QOS in one direction for good; datagrams may still be sent, as best effort. */
  shutdown(direction: "sending" | "receiving" | "both"): this {
    this.endpoint.shutdown(direction);
    return this;
  }

  /** Ends QOS and closes the socket; its port is free once the promise is resolved. May be called twice. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.endpoint.close();
    this.#queue.end();
    const groups = [...this.#groups.values()];
    this.#groups.clear();
    await Promise.all([closeSocket(this.#socket), ...groups.map((socket) => socket.then(closeSocket, () => {}))]);
  }

  async #receiveGroup({ address, port }: SocketAddress, interfaceAddress: string | undefined): Promise<void> {
    const key = `${address} ${port}`;
    if (this.#groups.has(key)) return;
    const opening = openSocket(address, this.#family, port, true);
    this.#groups.set(key, opening);
    try {
      const socket = await opening;
      this.#listen(socket, () => undefined);
      socket.addMembership(address, interfaceAddress);
    } catch (error) {
      this.#groups.delete(key);
      await opening.then(closeSocket, () => {});
      throw error;
    }
  }

  #listen(socket: Socket, peer: () => SocketAddress | undefined): void {
    socket.on("message", (payload, remote) => {
      const from = { address: remote.address.split("%", 1)[0], port: remote.port };
      const only = peer();
      if (only && !(only.port === from.port && sameAddress(only.address, from.address))) return;
      const { buffer, byteOffset, byteLength } = payload;
      this.#queue.push({ data: new Uint8Array(buffer, byteOffset, byteLength), from });
    });
    // What a datagram's error says (port unreachable) is news of an earlier one and has no caller.
    socket.on("error", () => {});
  }
}
