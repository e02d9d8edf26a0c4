/**
 * A host with QOS in one call. The first application of a host has the node in its own process and offers it to the
 * others; one that finds the ports taken joins the first through its socket; and if that one goes away, one of those that
 * are left takes over.
 */
import type { RsvpNode } from "../node.ts";
import type { NodeSettings } from "../node_settings.ts";
import { ServiceSocketError } from "../service/listen.ts";
import { RemoteNode } from "../service/remote_node.ts";
import { defaultSocketPath, isSocketPermitted } from "../service/socket_path.ts";
import type { SignallingNode } from "../signalling_node.ts";
import { UdpOpenError } from "../transport/udp.ts";
import { EmbeddedHost, type EmbeddedHostOptions, type QosHostInterface } from "./embedded_host.ts";
import { QosServiceProvider } from "./service_provider.ts";

export type { QosHostInterface };

/** What {@linkcode openQosHost} takes. */
export interface QosHostOptions {
  /** One interface or several. */
  interfaces: readonly QosHostInterface[];
  /** Timers and limits of the node. */
  settings?: Partial<NodeSettings>;
  /** Takes errors that have no caller. */
  onError?: (error: Error) => void;
  /**
   * Socket of the host's signalling service, which is joined where ports 1698 and 1699 are taken and offered where they are
   * not. {@linkcode defaultSocketPath} by default, where Deno is permitted to use it (docs/service.md); `false` neither joins nor
   * offers.
   */
  service?: string | false;
}

/** A host that was opened. */
export interface QosHost {
  /** Gives sockets QOS. */
  readonly provider: QosServiceProvider;
  /** The node that signals: in this process, or behind the socket of the host's service. */
  readonly node: SignallingNode;
  /** The node, while it is in this process; after a take-over it is there too, beside `node`. */
  readonly embedded: RsvpNode | undefined;
  /** The socket at which this process serves the host's other applications. */
  readonly serving: string | undefined;
  /** Closes its sockets with QOS (tearing down what they had), then the node; ports are free afterwards. */
  close(): Promise<void>;
}

/** Time for what tears down to leave. */
const TEAR_DOWN_MS = 20;
/** An application that has the ports may not have its socket yet. */
const JOIN_ATTEMPTS = 10;
const JOIN_PAUSE_MS = 50;

/**
 * Opens a host whose RSVP messages travel in UDP (RFC 2205 appendix C), so that it needs no privilege: it binds ports
 * 1698 and 1699 of its addresses, or joins the application of this host that has them. Rejects with an error whose message
 * is one line if neither can be.
 *
 * ```ts
 * import { openQosHost, QosUdpSocket } from "@resv/resv";
 * async function main() {
 *   const host = await openQosHost({ interfaces: [{ address: "127.9.1.2/24" }] });
 *   const socket = await QosUdpSocket.open(host.provider, { address: "127.9.1.2" });
 *   await socket.close();
 *   await host.close();
 * }
 * ```
 */
export async function openQosHost(options: QosHostOptions): Promise<QosHost> {
  const { interfaces, settings, onError = throwLater, service } = options;
  const path = service === false ? undefined : service ?? permittedPath();
  const embedding = { interfaces, settings, onError, path };
  try {
    return new OpenHost(await EmbeddedHost.open({ ...embedding, mustServe: typeof service === "string" }));
  } catch (error) {
    if (!(error instanceof UdpOpenError) || error.code !== "EADDRINUSE" || path === undefined) throw error;
    return await OpenHost.join({ ...embedding, path, mustServe: true }, error);
  }
}

/**
 * Joins the host's signalling service and nothing else: that of `resv node`, or of another application. It needs to know no
 * address of the host. Rejects with an error whose message is one line if nobody listens.
 *
 * ```ts
 * import { joinQosHost, QosUdpSocket } from "@resv/resv";
 * async function main() {
 *   const host = await joinQosHost({ service: "/run/resv.sock" });
 *   const socket = await QosUdpSocket.open(host.provider);
 *   await socket.close();
 *   await host.close();
 * }
 * ```
 */
export async function joinQosHost(
  options: { service?: string; onError?: (error: Error) => void } = {},
): Promise<QosHost> {
  const { service: path, onError = throwLater } = options;
  return new OpenHost(await RemoteNode.connect({ path, onError }));
}

class OpenHost implements QosHost {
  readonly provider: QosServiceProvider;
  #embedded: EmbeddedHost | undefined;
  #remote: RemoteNode | undefined;
  #closing: Promise<void> | undefined;

  constructor(at: EmbeddedHost | RemoteNode) {
    if (at instanceof RemoteNode) {
      this.#remote = at;
      this.provider = new QosServiceProvider(at);
    } else {
      this.#embedded = at;
      this.provider = new QosServiceProvider(at.node, { membership: at.membership });
    }
  }

  /** Joins the service of who has the ports; `taken` says who that is, and is thrown if there is no service. */
  static async join(options: EmbeddedHostOptions & { path: string }, taken: UdpOpenError): Promise<OpenHost> {
    const { path, onError } = options;
    const whileAbsent = () => host.#takeOver(options);
    const remote = await connect({ path, onError, whileAbsent }, taken);
    const known = new Set(remote.interfaces.flatMap(({ addresses }) => addresses.map((text) => text.split("/")[0])));
    const missing = options.interfaces.map(({ address }) => address.split("/")[0]).filter((one) => !known.has(one));
    if (missing.length > 0) {
      remote.close();
      taken.message += `; the signalling service at ${path} is another's: it has not the address ${missing[0]}`;
      throw taken;
    }
    const host = new OpenHost(remote);
    return host;
  }

  get node(): SignallingNode {
    return this.provider.node;
  }

  get embedded(): RsvpNode | undefined {
    return this.#embedded?.node;
  }

  get serving(): string | undefined {
    return this.#embedded?.path;
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.provider.close();
    // Tear messages are queued by now, and leave one by one.
    if (this.#remote) await this.#remote.settled().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, TEAR_DOWN_MS));
    this.#remote?.close();
    await this.#embedded?.close();
  }

  /** The one that had the ports is gone: whoever gets them serves the others, and joins its own service as they do. */
  async #takeOver(options: EmbeddedHostOptions): Promise<void> {
    if (this.#embedded || this.#closing) return;
    try {
      this.#embedded = await EmbeddedHost.open(options);
    } catch (error) {
      // Another of those that are left was quicker; its service will be found at the next attempt.
      if (!(error instanceof UdpOpenError) && !(error instanceof ServiceSocketError)) throw error;
    }
    if (this.#closing) await this.#embedded?.close();
  }
}

async function connect(options: Parameters<typeof RemoteNode.connect>[0] & object, taken: UdpOpenError) {
  for (let attempt = 1;; attempt++) {
    try {
      return await RemoteNode.connect(options);
    } catch (error) {
      if (!(error instanceof ServiceSocketError)) throw error;
      if (error.code === "ABSENT" && attempt < JOIN_ATTEMPTS) {
        await new Promise((resolve) => setTimeout(resolve, JOIN_PAUSE_MS));
        continue;
      }
      taken.message += `; nor can its signalling service be joined: ${error.message}`;
      throw taken;
    }
  }
}

/** The default path, where it may be used without asking. */
function permittedPath(): string | undefined {
  const path = defaultSocketPath();
  return isSocketPermitted(path) ? path : undefined;
}

/** Where the runtime reports uncaught errors. */
function throwLater(error: Error): void {
  queueMicrotask(() => {
    throw error;
  });
}
