/**
 * A host's node in an application's own process, over UDP (RFC 2205 appendix C), with the signalling service through which
 * other applications of the host share it.
 */
import { defaultModule } from "../default_module.ts";
import { RsvpNode } from "../node.ts";
import type { InterfaceSettings, NodeSettings } from "../node_settings.ts";
import { ServiceSocketError } from "../service/listen.ts";
import { ServiceServer } from "../service/server.ts";
import { SharedMembership } from "../service/shared_membership.ts";
import { UDP_ENCAPSULATION_GROUP, UdpTransport } from "../transport/udp.ts";
import { type HostInterface, HostRouting } from "./host_routing.ts";

/** An interface of a {@linkcode QosHost}, in words. */
export interface QosHostInterface extends Partial<Omit<InterfaceSettings, "interface" | "addresses" | "udp">> {
  /** Address and prefix length: `192.0.2.7/24`. */
  address: string;
  /** Router for what is not on the link: it must take UDP-encapsulated RSVP (RFC 2205 appendix C). */
  nextHop?: string;
}

/** What an {@linkcode EmbeddedHost} is made of. */
export interface EmbeddedHostOptions {
  interfaces: readonly QosHostInterface[];
  settings?: Partial<NodeSettings>;
  /** Takes errors that have no caller. */
  onError: (error: Error) => void;
  /** Where to offer the service; nowhere if absent. */
  path?: string;
  /** Whether it is no use without the service; if not, a socket that another service has is left to it. */
  mustServe: boolean;
}

/** Node, transport, routes and service of one host. */
export class EmbeddedHost {
  readonly node: RsvpNode;
  readonly membership: SharedMembership;
  readonly #transport: UdpTransport;
  #server: ServiceServer | undefined;

  private constructor(node: RsvpNode, transport: UdpTransport, membership: SharedMembership) {
    this.node = node;
    this.#transport = transport;
    this.membership = membership;
  }

  /** Rejects with a UdpOpenError if the ports cannot be had, with a ServiceSocketError if the socket cannot. */
  static async open(options: EmbeddedHostOptions): Promise<EmbeddedHost> {
    const interfaces = options.interfaces.map((one, index): HostInterface => ({ interface: index + 1, ...one }));
    const routing = new HostRouting(interfaces);
    const transport = await UdpTransport.open({
      addresses: interfaces.map((one) => {
        const [address, prefixLength] = one.address.split("/");
        return { interface: one.interface, address, prefixLength: Number(prefixLength) };
      }),
    });
    const node = new RsvpNode({
      module: defaultModule(),
      transport,
      routing,
      interfaces: options.interfaces.map(({ address, nextHop, ...rest }, index): InterfaceSettings => ({
        ...rest,
        interface: index + 1,
        addresses: [address],
        udp: "only",
        ...(nextHop === undefined ? {} : { udpNextHop: nextHop }),
      })),
      host: true,
      // Whoever opens last has not heard the first Path: it comes again soon.
      fastStart: true,
      onError: options.onError,
      ...options.settings,
    });
    const membership = membershipOf(transport, routing, interfaces, options.onError);
    const host = new EmbeddedHost(node, transport, new SharedMembership(membership));
    try {
      await host.#serve(options);
    } catch (error) {
      await host.close();
      throw error;
    }
    return host;
  }

  /** The socket at which other applications join; undefined where none is offered. */
  get path(): string | undefined {
    return this.#server?.path;
  }

  /** Ends node and service at once. What other applications had is left for the service that they will join. */
  async close(): Promise<void> {
    await this.#server?.close({ tearDown: false });
    this.node.close();
    await this.#transport.close();
  }

  async #serve({ path, mustServe, onError }: EmbeddedHostOptions): Promise<void> {
    if (path === undefined) return;
    const server = new ServiceServer({ node: this.node, path, membership: this.membership, onError });
    try {
      this.#server = await server.listen();
    } catch (error) {
      // A second host of this machine, on addresses of its own, or a place where this user may not write.
      if (mustServe || !(error instanceof ServiceSocketError)) throw error;
    }
  }
}

function membershipOf(
  transport: UdpTransport,
  routing: HostRouting,
  interfaces: readonly HostInterface[],
  report: (error: Error) => void,
) {
  const usable = (group: string) =>
    interfaces.filter(({ address }) =>
      address.includes(":") === group.includes(":") && group !== UDP_ENCAPSULATION_GROUP
    );
  return {
    join(group: string) {
      for (const one of usable(group)) transport.joinGroup(group, one.interface).catch(report);
      routing.setMember(group, true);
    },
    leave(group: string) {
      for (const one of usable(group)) transport.leaveGroup(group, one.interface).catch(report);
      routing.setMember(group, false);
    },
  };
}
