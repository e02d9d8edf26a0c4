/**
 * Nodes, links and who is attached to what: the static side of a virtual network. A link has two or more attachments,
 * so a LAN is a link like any other. Addresses are given out by the number of the link: link n is 10.x.y.0/24 and
 * fd00::n:0/112 with n = x * 256 + y, and the attachments count from 1.
 */
import { type Address, addressKey, formatAddress, matchesPrefix } from "../address.ts";

/** How a link behaves and what its interfaces may reserve. Rates in bytes per second, as in RSVP's objects. */
export interface LinkOptions {
  /** Shown in ladders and captures; `a-b` by default. */
  name?: string;
  /** One way; 1 ms by default. */
  delayMs?: number;
  /** 1,500 bytes by default. */
  mtuBytes?: number;
  /** Cost for shortest paths, the same in both directions; 1 by default. */
  metric?: number;
  /** What admission may give away on each interface of the link; without it there is no limit. */
  reservableBytesPerSecond?: number;
  /** The most for one reservation; without it there is no limit. */
  perFlowBytesPerSecond?: number;
  /** Announced as AVAILABLE_PATH_BANDWIDTH (RFC 2215); `reservableBytesPerSecond` or 125,000,000 by default. */
  linkBytesPerSecond?: number;
  /** Announced as MINIMUM_PATH_LATENCY (RFC 2215); `delayMs` by default. */
  minimumLatencyMicroseconds?: number;
  /** C of RFC 2212, rate-dependent; 0 by default. */
  guaranteedErrorTermBytes?: number;
  /** D of RFC 2212, rate-independent; 0 by default. */
  guaranteedErrorTermMicroseconds?: number;
  /** R of what is sent by its interfaces (RFC 2205 3.7); the nodes' by default. */
  refreshIntervalMs?: number;
}

/** The place where a node touches a link: an interface of that node. */
export interface Attachment {
  /** Whose interface it is. */
  readonly node: NodeRecord;
  /** What it is attached to. */
  readonly link: LinkRecord;
  /** Interface handle on its node, from 1. */
  readonly handle: number;
  /** `eth1` for handle 1. */
  readonly name: string;
  /** In the link's /24. */
  readonly ipv4: Address;
  /** In the link's /112. */
  readonly ipv6: Address;
  /** In fe80::/64. */
  readonly ipv6LinkLocal: Address;
}

/** A link as the topology knows it. */
export interface LinkRecord {
  /** Its place in `Topology.links`. */
  readonly index: number;
  /** For ladders and messages. */
  readonly name: string;
  /** As they were given. */
  readonly options: Readonly<LinkOptions>;
  /** One way, in milliseconds. */
  readonly delayMs: number;
  /** Cost for shortest paths. */
  metric: number;
  /** Two, or more on a LAN. */
  readonly attachments: Attachment[];
  /** The first 24 bits are its prefix. */
  readonly ipv4Prefix: Uint8Array;
  /** The first 112 bits are its prefix. */
  readonly ipv6Prefix: Uint8Array;
  /** False while it is cut. */
  up: boolean;
}

/** A node as the topology knows it. */
export interface NodeRecord {
  /** Its place in `Topology.nodes`. */
  readonly index: number;
  /** Different for every node. */
  readonly name: string;
  /** Routers pass traffic on, hosts do not. */
  readonly forwards: boolean;
  /** Its interfaces; handle n is at n - 1. */
  readonly attachments: Attachment[];
  /** False while it is crashed: nothing goes through it. */
  alive: boolean;
  /** It has no raw access to IP: UDP encapsulation, to it and from it (RFC 2205 appendix C). */
  udpOnly?: boolean;
}

export const IPV4_PREFIX_BITS = 24;
export const IPV6_PREFIX_BITS = 112;
/** Link numbers have 16 bits, and a /24 has so many hosts. */
const MAXIMUM_LINKS = 65_535;
const MAXIMUM_ATTACHMENTS = 254;

/**
 * Who is connected to whom. A network has one and keeps it; on its own it only gives out addresses.
 *
 * @example
 * ```ts
 * import { formatAddress, Network } from "@resv/resv";
 *
 * const network = new Network();
 * network.link(network.host("alice"), network.host("bob"), { delayMs: 3 });
 *
 * const [link] = network.topology.links;
 * console.log(link.name, link.delayMs); // alice-bob 3
 * console.log(link.attachments.map(({ ipv4 }) => formatAddress(ipv4.bytes, 4)).join(" ")); // 10.0.1.1 10.0.1.2
 * ```
 */
export class Topology {
  /** In the order in which they were made. */
  readonly nodes: NodeRecord[] = [];
  /** In the order in which they were made. */
  readonly links: LinkRecord[] = [];
  /** Moves with every change, so that routes know that they are stale. */
  version = 0;
  #byName = new Map<string, NodeRecord>();
  #byIpv4 = new Map<number, Attachment>();
  #byIpv6 = new Map<string, Attachment>();

  /** Adds a node; called by the network. @throws {RangeError} if the name is taken. */
  addNode(name: string, forwards: boolean): NodeRecord {
    if (this.#byName.has(name)) throw new RangeError(`there is a node "${name}" already`);
    const node: NodeRecord = { index: this.nodes.length, name, forwards, attachments: [], alive: true };
    this.nodes.push(node);
    this.#byName.set(name, node);
    this.version++;
    return node;
  }

  /** Adds a link with an interface on each node; called by the network. @throws {RangeError} naming what is out of range. */
  addLink(nodes: readonly NodeRecord[], options: LinkOptions): LinkRecord {
    const name = options.name ?? nodes.map((node) => node.name).join("-");
    checkLink(name, nodes, options);
    const index = this.links.length;
    const number = index + 1;
    if (number > MAXIMUM_LINKS) throw new RangeError(`link "${name}": a network has at most ${MAXIMUM_LINKS} links`);
    const ipv4Prefix = new Uint8Array(16);
    ipv4Prefix.set([10, number >> 8, number & 255, 0]);
    const ipv6Prefix = new Uint8Array(16);
    ipv6Prefix.set([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, number >> 8, number & 255, 0, 0]);
    const link: LinkRecord = {
      index,
      name,
      options,
      delayMs: options.delayMs ?? 1,
      metric: options.metric ?? 1,
      attachments: [],
      ipv4Prefix,
      ipv6Prefix,
      up: true,
    };
    for (const [position, node] of nodes.entries()) this.#attach(node, link, position + 1);
    this.links.push(link);
    this.version++;
    return link;
  }

  /** The node of that name; undefined if there is none. */
  node(name: string): NodeRecord | undefined {
    return this.#byName.get(name);
  }

  /** Whose address it is, link-local addresses not included: they are found on their link. */
  owner(address: Uint8Array, family: number): Attachment | undefined {
    // Asked for every packet at every hop, hence a number for the key where there is one.
    return family === 4 ? this.#byIpv4.get(ipv4Number(address)) : this.#byIpv6.get(addressKey(address, family));
  }

  /** The link whose prefix covers the address. */
  linkOf(address: Uint8Array, family: number): LinkRecord | undefined {
    const owner = this.owner(address, family);
    if (owner) return owner.link;
    return this.links.find((link) =>
      family === 4
        ? matchesPrefix(address, link.ipv4Prefix, IPV4_PREFIX_BITS)
        : matchesPrefix(address, link.ipv6Prefix, IPV6_PREFIX_BITS)
    );
  }

  /** The attachment on this link that has the address, link-local ones included. */
  neighbour(link: LinkRecord, address: Uint8Array, family: number): Attachment | undefined {
    const owner = this.owner(address, family);
    if (owner) return owner.link === link ? owner : undefined;
    if (family !== 6) return undefined;
    return link.attachments.find((attachment) => matchesPrefix(attachment.ipv6LinkLocal.bytes, address, 128));
  }

  #attach(node: NodeRecord, link: LinkRecord, position: number): void {
    const ipv4 = link.ipv4Prefix.slice();
    ipv4[3] = position;
    const ipv6 = link.ipv6Prefix.slice();
    ipv6[15] = position;
    const linkLocal = new Uint8Array(16);
    linkLocal.set([0xfe, 0x80]);
    linkLocal.set(ipv6.subarray(12), 12);
    const handle = node.attachments.length + 1;
    const attachment: Attachment = {
      node,
      link,
      handle,
      name: `eth${handle}`,
      ipv4: { bytes: ipv4, family: 4 },
      ipv6: { bytes: ipv6, family: 6 },
      ipv6LinkLocal: { bytes: linkLocal, family: 6 },
    };
    node.attachments.push(attachment);
    link.attachments.push(attachment);
    this.#byIpv4.set(ipv4Number(ipv4), attachment);
    this.#byIpv6.set(addressKey(ipv6, 6), attachment);
  }
}

function ipv4Number(bytes: Uint8Array): number {
  return (bytes[0] << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3];
}

function checkLink(name: string, nodes: readonly NodeRecord[], options: LinkOptions): void {
  if (nodes.length < 2 || nodes.length > MAXIMUM_ATTACHMENTS) {
    throw new RangeError(`link "${name}" joins 2 to ${MAXIMUM_ATTACHMENTS} nodes, not ${nodes.length}`);
  }
  if (new Set(nodes).size !== nodes.length) throw new RangeError(`link "${name}" names a node twice`);
  for (const [key, value] of Object.entries(options)) {
    if (typeof value === "number" && !(value >= 0)) {
      throw new RangeError(`link "${name}": ${key} is ${value}, below zero`);
    }
  }
  if (options.metric !== undefined && options.metric <= 0) {
    throw new RangeError(`link "${name}": metric must be above zero`);
  }
}

/** `alice.eth1 10.0.1.1`, for messages. */
export function describeAttachment(attachment: Attachment): string {
  return `${attachment.node.name}.${attachment.name} ${formatAddress(attachment.ipv4.bytes, 4)}`;
}
