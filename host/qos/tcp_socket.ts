/** TCP with QOS: real connections and listeners, and reservations that follow from them. */
import type { Server, Socket } from "node:net";
import { EventQueue } from "../event_queue.ts";
import type { QosEndpoint } from "./endpoint.ts";
import type { QosEvent } from "./events.ts";
import type { SocketAddress } from "./matching.ts";
import { type Qos, qos, type QosInput } from "./qos.ts";
import type { QosServiceProvider } from "./service_provider.ts";
import { SERVICE_TYPE, splitServiceType } from "./service_types.ts";
import { shaped } from "./shaped.ts";
import { QosError } from "./status.ts";
import { validateQos } from "./validate.ts";

/** A piece with its headers is a packet that fits any usual link; headers of IPv6 and TCP, which a bucket counts too. */
const SHAPED_PIECE_BYTES = 1_440, TCP_IP_BYTES = 60;

/**
 * A TCP connection with QOS, on `node:net`. Its session is told by both ends, so QOS begins once it is connected.
 *
 * ```ts
 * import { type QosServiceProvider, QosTcpSocket, SERVICE_TYPE } from "@resv/resv";
 * async function download(provider: QosServiceProvider) {
 *   const peer = { address: "127.0.0.1", port: 8080 };
 *   const qos = { receivingFlowspec: { serviceType: SERVICE_TYPE.CONTROLLEDLOAD } };
 *   const socket = await QosTcpSocket.connect(provider, peer, { qos });
 *   for await (const chunk of socket) console.log(chunk.length);
 * }
 * ```
 */
export class QosTcpSocket implements AsyncIterable<Uint8Array> {
  /** Its QOS side. */
  readonly endpoint: QosEndpoint;
  #socket: Socket;
  #closing: Promise<void> | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** Writes that are not done. */
  #writes = 0;

  /** Made by {@linkcode QosTcpSocket.connect} and {@linkcode QosTcpListener.accept}. */
  private constructor(endpoint: QosEndpoint, socket: Socket) {
    this.endpoint = endpoint;
    this.#socket = socket;
    socket.once("close", () => endpoint.close());
    // Reading and writing report what is wrong with the connection; here it must only not be uncaught.
    socket.on("error", () => {});
  }

  /** Connects, from `local` if it matters. Rejects with the system's error if that cannot be. */
  static async connect(
    provider: QosServiceProvider,
    peer: SocketAddress,
    options: { local?: Partial<SocketAddress>; qos?: QosInput } = {},
  ): Promise<QosTcpSocket> {
    checkQos(options.qos);
    const { connect } = await import("node:net");
    const { local } = options;
    const socket = await new Promise<Socket>((resolve, reject) => {
      const opening = connect({
        host: peer.address,
        port: peer.port,
        localAddress: local?.address,
        localPort: local?.port,
        allowHalfOpen: true,
      });
      opening.once("error", reject);
      opening.once("connect", () => {
        opening.off("error", reject);
        resolve(opening);
      });
    });
    return QosTcpSocket.of(provider, socket, options.qos);
  }

  /** Gives QOS to a connection that stands. The socket belongs to the result from now on. */
  static of(provider: QosServiceProvider, socket: Socket, input?: QosInput): QosTcpSocket {
    checkQos(input);
    const { local, peer } = endsOf(socket);
    const endpoint = provider.endpoint("tcp").bind(local);
    const result = new QosTcpSocket(endpoint, socket);
    endpoint.connect(peer, input);
    return result;
  }

  /** This end. */
  get local(): SocketAddress {
    return this.endpoint.local!;
  }

  /** The other end. */
  get peer(): SocketAddress {
    return this.endpoint.peer!;
  }

  /** The QOS as it was set last. */
  get qos(): Qos {
    return this.endpoint.qos;
  }

  /** Sets QOS, see {@linkcode QosEndpoint.setQos}. */
  setQos(input: QosInput): this {
    this.endpoint.setQos(input);
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

  /** Asks one of QOS_CHECK, see {@linkcode QosEndpoint.checkQos}. */
  checkQos(check: number): number {
    return this.endpoint.checkQos(check);
  }

  /**
   * Writes; resolved once the connection has taken it, so that waiting for it keeps the pace of the network. Where traffic
   * control shapes (SHAPING_MODE.SHAPE, which guaranteed service has by itself), it goes out at the pace of the flow's
   * token bucket, in the order of the calls; a stream cannot have pieces discarded, so DISCARD holds them too.
   */
  write(data: Uint8Array): Promise<void> {
    const written = this.#writing.then(() => this.#shape(data));
    this.#writing = written.catch(() => {});
    this.#writes++;
    this.#writing.then(() => this.#writes--);
    return written;
  }

  async #shape(data: Uint8Array): Promise<void> {
    const { endpoint, peer } = this;
    for (let at = 0; at < data.length; at += SHAPED_PIECE_BYTES) {
      if (endpoint.closed || !endpoint.shapes(peer, performance.now())) return await this.#put(data.subarray(at));
      const piece = data.subarray(at, at + SHAPED_PIECE_BYTES);
      await shaped(endpoint, peer, piece.length + TCP_IP_BYTES, true);
      await this.#put(piece);
    }
  }

  #put(data: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(data, (error) => error ? reject(error) : resolve());
    });
  }

  /** What arrives, piece by piece, until the other end has sent everything. */
  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    // Never paused explicitly: under Deno, reading does not start again after that.
    for await (const chunk of this.#socket.iterator({ destroyOnReturn: false })) {
      const { buffer, byteOffset, byteLength } = chunk as Uint8Array;
      yield new Uint8Array(buffer, byteOffset, byteLength);
    }
  }

  /** Ends one direction for good, QOS and data: after `sending`, the other end reads to the end. */
  shutdown(direction: "sending" | "receiving" | "both"): this {
    if (direction !== "sending") {
      this.endpoint.shutdown("receiving");
      this.#socket.resume();
    }
    if (direction !== "receiving") this.#whenWritten(() => this.#endSending());
    return this;
  }

  #endSending(): void {
    if (!this.endpoint.closed) this.endpoint.shutdown("sending");
    this.#socket.end();
  }

  /** At once, or when what was written before is on its way. */
  #whenWritten(then: () => void): void {
    if (this.#writes === 0) then();
    else this.#writing.then(then);
  }

  /** Ends QOS and closes the connection, once what was written is on its way. May be called twice. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    // What still waits for the token bucket goes out at its pace.
    if (this.#writes > 0) await this.#writing;
    this.endpoint.close();
    const socket = this.#socket;
    if (!socket.destroyed && !socket.writableFinished) {
      await new Promise<void>((resolve) => {
        socket.once("finish", resolve);
        socket.once("close", resolve);
        if (!socket.writableEnded) socket.end();
      });
    }
    socket.destroy();
  }
}

/** What a condition callback says of a connection (CF_ACCEPT, CF_REJECT, CF_DEFER). */
export type AcceptDecision = { decision: "accept"; qos?: QosInput } | { decision: "reject" } | { decision: "defer" };

/** Decides about a connection before it is accepted. */
export type AcceptCondition = (ends: { local: SocketAddress; peer: SocketAddress }) => AcceptDecision;

/**
 * A TCP listener with QOS. Connections have the QOS that was set here, unless the condition gives another.
 *
 * ```ts
 * import { type QosServiceProvider, QosTcpListener, SERVICE_TYPE } from "@resv/resv";
 * async function serve(provider: QosServiceProvider) {
 *   const serviceType = SERVICE_TYPE.CONTROLLEDLOAD;
 *   const qos = { sendingFlowspec: { serviceType, tokenRateBytesPerSecond: 100_000 } };
 *   const listener = await QosTcpListener.listen(provider, { address: "127.0.0.1", port: 8080 }, { qos });
 *   for await (const socket of listener) await socket.write(new Uint8Array(1_000_000)).then(() => socket.close());
 * }
 * ```
 */
export class QosTcpListener implements AsyncIterable<QosTcpSocket> {
  /** What it is bound to. */
  readonly local: SocketAddress;
  #provider: QosServiceProvider;
  #server: Server;
  #qos: QosInput;
  #condition: AcceptCondition | undefined;
  #arrived = new EventQueue<Socket>(() => {});
  #deferred: Socket[] = [];

  private constructor(
    provider: QosServiceProvider,
    server: Server,
    local: SocketAddress,
    options: { qos?: QosInput; condition?: AcceptCondition },
  ) {
    this.#provider = provider;
    this.#server = server;
    this.local = local;
    this.#qos = options.qos ?? {};
    this.#condition = options.condition;
    server.on("connection", (socket) => {
      // It may be gone before it is accepted.
      socket.on("error", () => {});
      this.#arrived.push(socket);
    });
  }

  /** Listens; port 0 takes a free one. Rejects with the system's error if that cannot be. */
  static async listen(
    provider: QosServiceProvider,
    local: Partial<SocketAddress>,
    options: { qos?: QosInput; condition?: AcceptCondition } = {},
  ): Promise<QosTcpListener> {
    checkQos(options.qos);
    const { createServer } = await import("node:net");
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: local.address ?? "0.0.0.0", port: local.port ?? 0 }, resolve);
    });
    const bound = server.address() as { address: string; port: number };
    return new QosTcpListener(provider, server, { address: bound.address, port: bound.port }, options);
  }

  /** Sets the QOS of connections from now on. Throws a {@linkcode QosError} as for a connected TCP socket. */
  setQos(input: QosInput): this {
    checkQos(input);
    this.#qos = input;
    return this;
  }

  /** The next connection that the condition lets in; undefined once the listener is closed. */
  async accept(): Promise<QosTcpSocket | undefined> {
    const deferred = this.#deferred.splice(0);
    for (;;) {
      const socket = deferred.shift() ?? (await this.#arrived.next()).value as Socket | undefined;
      if (!socket) return undefined;
      if (socket.destroyed) continue;
      const accepted = this.#decide(socket);
      if (!accepted) continue;
      this.#deferred.push(...deferred);
      return accepted;
    }
  }

  /** Every connection, until the listener is closed. */
  async *[Symbol.asyncIterator](): AsyncIterator<QosTcpSocket> {
    for (let socket = await this.accept(); socket; socket = await this.accept()) yield socket;
  }

  /** Stops listening; connections that were accepted stay. */
  async close(): Promise<void> {
    this.#arrived.end();
    for (let next = await this.#arrived.next(); !next.done; next = await this.#arrived.next()) next.value.destroy();
    for (const socket of this.#deferred.splice(0)) socket.destroy();
    // Its callback would wait for every connection that was accepted; the port is free after a turn of the loop.
    this.#server.close();
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
  }

  #decide(socket: Socket): QosTcpSocket | undefined {
    const answer = this.#condition?.(endsOf(socket)) ?? { decision: "accept" };
    if (answer.decision === "accept") return QosTcpSocket.of(this.#provider, socket, inherit(this.#qos, answer.qos));
    if (answer.decision === "defer") this.#deferred.push(socket);
    else socket.destroy();
    return undefined;
  }
}

/** The listener's QOS with the condition's over it, where that is not NOCHANGE; provider-specific objects are not taken. */
function inherit(inherited: QosInput, given: QosInput | undefined): QosInput {
  const { sendingFlowspec, receivingFlowspec } = qos(given);
  return {
    ...inherited,
    ...(isNoChange(sendingFlowspec.serviceType) ? {} : { sendingFlowspec }),
    ...(isNoChange(receivingFlowspec.serviceType) ? {} : { receivingFlowspec }),
  };
}

function isNoChange(serviceType: number): boolean {
  return splitServiceType(serviceType)?.type === SERVICE_TYPE.NOCHANGE;
}

/** Checked before there is a connection, so that a refusal leaves none. */
function checkQos(input: QosInput | undefined): void {
  if (input) validateQos(qos(input), { protocol: "tcp", family: 0, connected: true, multicast: false });
}

function endsOf(socket: Socket): { local: SocketAddress; peer: SocketAddress } {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (
    localAddress === undefined || localPort === undefined || remoteAddress === undefined || remotePort === undefined
  ) {
    throw new QosError("ENOTCONN", "socket", "the connection is gone");
  }
  return {
    local: { address: unmapped(localAddress), port: localPort },
    peer: { address: unmapped(remoteAddress), port: remotePort },
  };
}

/** An IPv4 address that an IPv6 listener shows as ::ffff:a.b.c.d. */
function unmapped(address: string): string {
  return address.toLowerCase().startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}
