/**
 * The host's signalling service: one node, shared by the applications of a host through a Unix domain socket
 * (docs/service.md). Whoever can open the socket may do everything, so that its mode is 0600: its owner only.
 */
import type { RsvpNode } from "../node.ts";
import { stateLifetimeMs } from "../node_settings.ts";
import type { GroupMembership } from "../signalling_node.ts";
import { APPLICATION_OPERATIONS } from "./application_operations.ts";
import { ServerConnection } from "./connection.ts";
import type { RequestFields } from "./fields.ts";
import { MAXIMUM_CLIENTS, PROTOCOL_VERSIONS } from "./limits.ts";
import { type ListeningSocket, listenSocket } from "./listen.ts";
import { OPERATOR_OPERATIONS } from "./operator_operations.ts";
import type { Operations } from "./operations.ts";
import { type Hello, ServiceError } from "./protocol.ts";
import { defaultSocketPath } from "./socket_path.ts";

/** What a {@linkcode ServiceServer} is made of. */
export interface ServiceServerOptions {
  /** Signals for the applications. It is not closed with the server. */
  node: RsvpNode;
  /** Where to listen; {@linkcode defaultSocketPath} by default. */
  path?: string;
  /** Listens to groups that applications join; without it, that is left to whoever set up the node. */
  membership?: GroupMembership;
  /** Operations besides those of applications and operators; they come before others of the same name. */
  operations?: Operations;
  /** Takes faults of the service's own, such as an operation that throws. Nothing of a client's is one. */
  onError?: (error: Error) => void;
}

/** How many clients came and how they went. */
export interface ServiceCounters {
  /** Connections that were accepted. */
  accepted: number;
  /** Connections that were refused because there were too many. */
  refused: number;
  /** Connections that stand. */
  clients: number;
}

/**
 * Serves a node to the applications of its host.
 *
 * ```ts
 * import { type RsvpNode, ServiceServer } from "@resv/resv";
 * async function serve(node: RsvpNode) {
 *   const server = new ServiceServer({ node, path: "/run/resv.sock" });
 *   await server.listen();
 *   console.log(server.path, "has mode 0600");
 *   return server;
 * }
 * ```
 */
export class ServiceServer {
  /** Where it listens. */
  readonly path: string;
  readonly #options: ServiceServerOptions;
  readonly #operations: Operations;
  readonly #connections = new Set<ServerConnection>();
  #socket: ListeningSocket | undefined;
  #unobserve: () => void = () => {};
  #accepted = 0;
  #refused = 0;

  /** Nothing happens before {@linkcode ServiceServer.listen}. */
  constructor(options: ServiceServerOptions) {
    this.path = options.path ?? defaultSocketPath();
    this.#options = options;
    this.#operations = { ...APPLICATION_OPERATIONS, ...OPERATOR_OPERATIONS, ...options.operations };
  }

  /** True while it listens. */
  get listening(): boolean {
    return this.#socket !== undefined;
  }

  /** Clients that came and are here. */
  get counters(): ServiceCounters {
    return { accepted: this.#accepted, refused: this.#refused, clients: this.#connections.size };
  }

  /**
   * Makes the socket, with mode 0600. What a dead service left is replaced. Rejects with a
   * {@linkcode ServiceSocketError} of one line if another service listens there or the place cannot be had.
   */
  async listen(): Promise<this> {
    if (this.#socket) return this;
    this.#socket = await listenSocket(this.path);
    const { node } = this.#options;
    this.#unobserve = node.onInterfaces(() => {
      for (const connection of this.#connections) connection.push("interfaces", { interfaces: node.interfaces });
    });
    this.#accept(this.#socket);
    return this;
  }

  /**
   * Ends every connection and takes the socket away. What clients had registered is torn down, so that neighbours hear of
   * it while the node still runs; with `tearDown: false` it is left for a successor whom the clients will join.
   */
  async close({ tearDown = true }: { tearDown?: boolean } = {}): Promise<void> {
    this.#socket?.close();
    this.#socket = undefined;
    this.#unobserve();
    for (const connection of [...this.#connections]) {
      connection.close(new ServiceError("CLOSING", "the service is going away"), tearDown);
    }
    while (this.#connections.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async #accept(socket: ListeningSocket): Promise<void> {
    while (this.#socket === socket) {
      let stream: Deno.UnixConn;
      try {
        stream = await socket.listener.accept();
      } catch (error) {
        if (this.#socket !== socket) return;
        // Out of file descriptors, perhaps: those who are here go on, and others may come later.
        this.#report(error as Error);
        await new Promise((resolve) => setTimeout(resolve, 100));
        continue;
      }
      this.#admit(stream);
    }
  }

  #admit(stream: Deno.UnixConn): void {
    const { node, membership } = this.#options;
    const connection = new ServerConnection(stream, {
      node,
      membership,
      operations: this.#operations,
      hello: (fields) => this.#hello(fields),
      onError: (error) => this.#report(error),
      ended: (ended) => void this.#connections.delete(ended),
    });
    const full = this.#connections.size >= MAXIMUM_CLIENTS;
    this.#connections.add(connection);
    if (full) {
      this.#refused++;
      return connection.close(new ServiceError("LIMIT", `the service has ${MAXIMUM_CLIENTS} clients already`));
    }
    this.#accepted++;
    connection.serve();
  }

  #hello(fields: RequestFields): Hello {
    const offered = fields.integers("versions");
    const version = PROTOCOL_VERSIONS.find((one) => offered.includes(one));
    if (version === undefined) {
      const text = `versions ${offered.join(", ")} are offered; this service speaks ${PROTOCOL_VERSIONS.join(", ")}`;
      throw new ServiceError("VERSION", text);
    }
    const { node } = this.#options;
    return {
      version,
      service: "resv",
      pid: Deno.pid,
      operations: ["hello", ...Object.keys(this.#operations)],
      interfaces: [...node.interfaces],
      lifetimeMs: stateLifetimeMs(node.settings),
    };
  }

  #report(error: Error): void {
    if (this.#options.onError) return this.#options.onError(error);
    queueMicrotask(() => {
      throw error;
    });
  }
}
