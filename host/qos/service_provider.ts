/**
 * The QoS service provider of a host: puts QOS sockets on an `RsvpNode`. Everything that is RSVP is the node's; what a
 * socket's state and its QOS come to is decided in this folder.
 */
import { formatAddress, isMulticast, parseAddress } from "../address.ts";
import type { RsvpNode } from "../node.ts";
import { QosArithmetic } from "./arithmetic.ts";
import { type EndpointPort, QosEndpoint } from "./endpoint.ts";

/** How a host listens to multicast groups. */
export interface GroupMembership {
  /** The first socket joins. */
  join(group: string): void;
  /** The last socket has left. */
  leave(group: string): void;
}

/** Settings of a service provider. */
export interface QosServiceOptions {
  /** Listens to groups that sockets join; without it, that is left to whoever set up the node's transport. */
  membership?: GroupMembership;
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
export class QosServiceProvider {
  /** The node whose sockets get QOS. */
  readonly node: RsvpNode;
  #options: QosServiceOptions;
  #arithmetic: QosArithmetic | undefined;
  #endpoints = new Set<QosEndpoint>();
  #members = new Map<string, number>();

  /** Several providers on one node do not disturb each other. */
  constructor(node: RsvpNode, options: QosServiceOptions = {}) {
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
    const addresses = this.node.interfaces.flatMap((settings) =>
      settings.addresses.map((text) => text.split("/")[0]).filter((text) => {
        return parseAddress(text).family === family && !text.toLowerCase().startsWith("fe80");
      })
    );
    return [...new Set(addresses)];
  }

  /** The address from which data to `destination` leave, by route; undefined if there is none. */
  sourceAddress(destination: string, answer: (address: string | undefined) => void): void {
    const { bytes, family } = parseAddress(destination);
    const question = {
      destination: bytes,
      source: new Uint8Array(16),
      family,
      multicast: isMulticast(bytes, family) ? 1 : 0,
      protocol: 0,
      destinationPort: 0,
      sourcePort: 0,
    };
    this.node.routing.query(question, ({ found, local, hops }) => {
      const [hop] = hops;
      // A group's tree may depend on the sender, who is not known yet: then it is the first interface of the host.
      if (!hop && question.multicast) return answer(this.localAddresses(family)[0]);
      if (!hop) return answer(found && local ? formatAddress(bytes, family) : undefined);
      const settings = this.node.interfaces.find((candidate) => candidate.interface === hop.interface);
      const addresses = settings?.addresses.map((text) => text.split("/")[0]) ?? [];
      const usable = addresses.filter((text) =>
        parseAddress(text).family === family && !text.toLowerCase().startsWith("fe80")
      );
      answer(usable[0]);
    });
  }

  /** Closes every socket: what they announced and reserved is torn down. The node goes on. */
  close(): void {
    for (const endpoint of this.endpoints) endpoint.close();
  }

  #port(): EndpointPort {
    // Made when the first socket is: an engine of its own, for all of them.
    const arithmetic = this.#arithmetic ??= new QosArithmetic(this.node.engine.module);
    return {
      arithmetic,
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
    if (member && count === 1) this.#options.membership?.join(key);
    if (!member && count === 0) this.#options.membership?.leave(key);
  }
}

function addressParts(text: string): [Uint8Array, number] {
  const { bytes, family } = parseAddress(text);
  return [bytes, family];
}
