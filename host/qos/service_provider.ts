/**
 * The QoS service provider of a host: puts QOS sockets on a node, here or in another process. Everything that is RSVP is the node's; what a
 * socket's state and its QOS come to is decided in this folder.
 */
import { formatAddress, parseAddress } from "../address.ts";
import { type GroupMembership, type SignallingNode, usableAddresses } from "../signalling_node.ts";
import { MemoryTrafficControl } from "../traffic_control/memory_traffic_control.ts";
import { QosArithmetic } from "./arithmetic.ts";
import { type EndpointPort, QosEndpoint } from "./endpoint.ts";

export type { GroupMembership };

/** Settings of a service provider. */
export interface QosServiceOptions {
  /**
   * Listens to groups that sockets join; the node's own where it has one. Without either, that is left to whoever set up
   * the node's transport.
   */
  membership?: GroupMembership;
  /**
   * What a flow may send before it is reserved, for `checkQos` (NonResvSendLimit of RFC 2814); no limit by default. It is
   * advice: nothing is held back.
   */
  nonReservedSendLimitBytesPerSecond?: number;
}

/**
 * Gives sockets QOS on one node.
 *
 * ```ts
 * import { Network, QosServiceProvider, SERVICE_TYPE } from "@resv/resv";
 * const network = new Network();
 * const alice = network.host("alice"), r1 = network.router("r1"), bob = network.host("bob");
 * network.link(alice, r1);
 * network.link(r1, bob);
 * const from = { address: alice.address, port: 4000 }, to = { address: bob.address, port: 5004 };
 * const receiver = new QosServiceProvider(bob.rsvp).endpoint("udp").bind(to);
 * receiver.setQos({ receivingFlowspec: { serviceType: SERVICE_TYPE.CONTROLLEDLOAD } });
 * const sendingFlowspec = { serviceType: SERVICE_TYPE.CONTROLLEDLOAD, tokenRateBytesPerSecond: 8500 };
 * new QosServiceProvider(alice.rsvp).endpoint("udp").bind(from).connect(to, { sendingFlowspec });
 * network.run(1_000);
 * console.log(network.ladder());
 * ```
 */
export class QosServiceProvider<Node extends SignallingNode = SignallingNode> {
  /** The node whose sockets get QOS. */
  readonly node: Node;
  #options: QosServiceOptions;
  #arithmetic: QosArithmetic | undefined;
  #endpoints = new Set<QosEndpoint>();
  #members = new Map<string, number>();

  /** Several providers on one node do not disturb each other. */
  constructor(node: Node, options: QosServiceOptions = {}) {
    this.node = node;
    this.#options = options;
  }

  /** The sockets that are open. */
  get endpoints(): readonly QosEndpoint[] {
    return [...this.#endpoints];
  }

  /** Makes the QOS side of a socket. */
  endpoint(protocol: "udp" | "tcp"): QosEndpoint {
    const endpoint = new QosEndpoint(protocol, this.#port());
    this.#endpoints.add(endpoint);
    return endpoint;
  }

  /** The host's addresses of a family, link-local ones left out: no session can be told by them. */
  localAddresses(family: number): string[] {
    return usableAddresses(this.node.interfaces, family);
  }

  /** The address from which data to `destination` leave, by route; undefined if there is none. */
  sourceAddress(destination: string, answer: (address: string | undefined) => void): void {
    this.node.sourceAddress(destination, answer);
  }

  /** Closes every socket: what they announced and reserved is torn down. The node goes on. */
  close(): void {
    for (const endpoint of this.endpoints) endpoint.close();
  }

  #port(): EndpointPort {
    // Made when the first socket is: an engine of its own, for all of them.
    const arithmetic = this.#arithmetic ??= new QosArithmetic(this.node.module);
    const { node } = this;
    return {
      arithmetic,
      nonReservedSendLimitBytesPerSecond: this.#options.nonReservedSendLimitBytesPerSecond,
      get running() {
        return node.running;
      },
      get interfaces() {
        return node.interfaces;
      },
      trafficControl: "trafficControl" in node ? !(node.trafficControl instanceof MemoryTrafficControl) : undefined,
      session: (address) => this.node.session(address),
      localAddresses: (family) => this.localAddresses(family),
      sourceAddress: (destination, answer) => this.sourceAddress(destination, answer),
      setMembership: (group, member) => this.#setMembership(group, member),
      closed: (endpoint) => void this.#endpoints.delete(endpoint),
    };
  }

  #setMembership(group: string, member: boolean): void {
    const key = formatAddress(...addressParts(group));
    const count = (this.#members.get(key) ?? 0) + (member ? 1 : -1);
    if (count > 0) this.#members.set(key, count);
    else this.#members.delete(key);
    const membership = this.#options.membership ?? this.node.membership;
    if (member && count === 1) membership?.join(key);
    if (!member && count === 0) membership?.leave(key);
  }
}

function addressParts(text: string): [Uint8Array, number] {
  const { bytes, family } = parseAddress(text);
  return [bytes, family];
}
