/** A host with QOS in one call: node, transport, routes and service provider, in the application's own process. */
import { defaultModule } from "../default_module.ts";
import { RsvpNode } from "../node.ts";
import type { InterfaceSettings, NodeSettings } from "../node_settings.ts";
import { UDP_ENCAPSULATION_GROUP, UdpTransport } from "../transport/udp.ts";
import { type HostInterface, HostRouting } from "./host_routing.ts";
import { QosServiceProvider } from "./service_provider.ts";

/** An interface of a {@linkcode QosHost}, in words. */
export interface QosHostInterface extends Partial<Omit<InterfaceSettings, "interface" | "addresses" | "udp">> {
  /** Address and prefix length: `192.0.2.7/24`. */
  address: string;
  /** Router for what is not on the link: it must take UDP-encapsulated RSVP (RFC 2205 appendix C). */
  nextHop?: string;
}

/** What {@linkcode openQosHost} takes. */
export interface QosHostOptions {
  /** One interface or several. */
  interfaces: readonly QosHostInterface[];
  /** Timers and limits of the node. */
  settings?: Partial<NodeSettings>;
  /** Takes errors that have no caller. */
  onError?: (error: Error) => void;
}

/** A host that was opened. */
export interface QosHost {
  /** Gives sockets QOS. */
  readonly provider: QosServiceProvider;
  /** The node below it. */
  readonly node: RsvpNode;
  /** Closes its sockets with QOS (tearing down what they had), then the node; ports are free afterwards. */
  close(): Promise<void>;
}

/** Time for what tears down to leave. */
const TEAR_DOWN_MS = 20;

/**
 * Opens a host whose RSVP messages travel in UDP (RFC 2205 appendix C), so that it needs no privilege: it binds ports
 * 1698 and 1699 of its addresses. Rejects with an error whose message is one line if they cannot be had.
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
  const interfaces = options.interfaces.map((one, index): HostInterface => ({ interface: index + 1, ...one }));
  const routing = new HostRouting(interfaces);
  const transport = await UdpTransport.open({
    addresses: interfaces.map((one) => {
      const [address, prefixLength] = one.address.split("/");
      return { interface: one.interface, address, prefixLength: Number(prefixLength) };
    }),
  });
  const report = options.onError ?? throwLater;
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
    onError: report,
    ...options.settings,
  });
  const provider = new QosServiceProvider(node, { membership: membershipOf(transport, routing, interfaces, report) });
  return {
    provider,
    node,
    async close() {
      provider.close();
      // Tear messages are queued by now, and leave one by one.
      await new Promise((resolve) => setTimeout(resolve, TEAR_DOWN_MS));
      node.close();
      await transport.close();
    },
  };
}

/** Where the runtime reports uncaught errors. */
function throwLater(error: Error): void {
  queueMicrotask(() => {
    throw error;
  });
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
