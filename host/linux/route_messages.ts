/**
 * Routes in rtnetlink: the question for one, its answer, and notifications of changes.
 *
 * ```
 * rtmsg, 12 bytes: family@0, destination length@1, source length@2, tos@3, table@4, protocol@5, scope@6, type@7 (u8 each),
 *   flags@8 u32; then attributes RTA_*
 * rtnexthop, 8 bytes: length@0 u16, flags@2 u8, hops@3 u8, index@4 i32; then attributes of this hop
 * fib_rule_hdr, 12 bytes: family@0, destination length@1, source length@2, ... ; then attributes FRA_*
 * ```
 */
import type { RouteChange } from "../routing/routing.ts";
import {
  type NetlinkBatch,
  type NetlinkMessage,
  type NetlinkSocket,
  NLM,
  readAttributes,
  readU16,
  readU32,
} from "./netlink.ts";
import { ERRNO } from "./linux_error.ts";

/** Types of rtnetlink's messages on routes (linux/rtnetlink.h). */
export const RTM_ROUTE = {
  NEWROUTE: 24,
  DELROUTE: 25,
  GETROUTE: 26,
  NEWRULE: 32,
  DELRULE: 33,
  NEWNEXTHOP: 104,
  DELNEXTHOP: 105,
} as const;

/** Families of messages. The last two are the tables of multicast forwarding. */
export const FAMILY = { INET: 2, INET6: 10, IPV4_MULTICAST: 128, IPV6_MULTICAST: 129 } as const;

/** Bytes of rtmsg. */
export const RTMSG_BYTES = 12;
const RULE_HEADER_BYTES = 12;
const RTA = {
  DST: 1,
  SRC: 2,
  IIF: 3,
  OIF: 4,
  GATEWAY: 5,
  MULTIPATH: 9,
  VIA: 18,
  IP_PROTO: 27,
  SPORT: 28,
  DPORT: 29,
} as const;
const FRA_DST = 1;
const ROUTE_TYPE = { UNICAST: 1, LOCAL: 2, BROADCAST: 3, ANYCAST: 4, MULTICAST: 5 } as const;
const FLAG = { CLONED: 0x200, UNRESOLVED: 0x20 } as const;
/** Protocols whose ports the kernel takes in a question: TCP and UDP. */
const WITH_PORTS = new Set([6, 17]);

/** What is asked. Addresses are 16 bytes, an IPv4 address in the first four. */
export interface KernelQuestion {
  destination: Uint8Array;
  /** 4 or 6. */
  family: number;
  /** The sender, if it is to count: of this machine, or with the interface that its data come in by. */
  source?: Uint8Array;
  /** The kernel's number of the interface that data come in by; 0 for data of this machine. */
  incomingIndex?: number;
  /** IP protocol, for the choice between several ways; with ports for UDP and TCP alone. */
  protocol?: number;
  sourcePort?: number;
  destinationPort?: number;
}

/** The kernel's choice. */
export interface KernelRoute {
  /** The destination is this machine. */
  local: boolean;
  /** The kernel's number of the outgoing interface; 0 if the destination is local. */
  index: number;
  /** Next router, 16 bytes; absent if the destination is on the link. */
  gateway?: Uint8Array;
  /** 4 or 6, of the gateway. */
  gatewayFamily?: number;
}

/**
 * Asks the kernel; undefined if it has no route. One question takes about 20 microseconds.
 * @throws {LinuxError} if the kernel cannot be asked.
 */
export function askRoute(
  socket: NetlinkSocket,
  batch: NetlinkBatch,
  question: KernelQuestion,
): KernelRoute | undefined {
  const { family, source, incomingIndex = 0, protocol = 0, sourcePort = 0, destinationPort = 0 } = question;
  const length = family === 4 ? 4 : 16;
  batch.clear().begin(RTM_ROUTE.GETROUTE, 0).u8(family === 4 ? FAMILY.INET : FAMILY.INET6).u8(8 * length)
    .u8(source ? 8 * length : 0).zeros(RTMSG_BYTES - 3)
    .attribute(RTA.DST, question.destination.subarray(0, length));
  if (source) batch.attribute(RTA.SRC, source.subarray(0, length));
  if (incomingIndex > 0) batch.attributeU32(RTA.IIF, incomingIndex);
  if (WITH_PORTS.has(protocol)) {
    batch.attributeU8(RTA.IP_PROTO, protocol);
    if (sourcePort > 0) batch.attribute(RTA.SPORT, networkOrder(sourcePort));
    if (destinationPort > 0) batch.attribute(RTA.DPORT, networkOrder(destinationPort));
  }
  const answer = socket.ask(batch.end());
  return "errorNumber" in answer ? undefined : readRoute(answer.body);
}

function networkOrder(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 255);
}

/** Blackholes, prohibitions and broadcasts are no route. */
function readRoute(body: Uint8Array): KernelRoute | undefined {
  const type = body[7];
  const attributes = readAttributes(body, RTMSG_BYTES);
  if (type === ROUTE_TYPE.LOCAL || type === ROUTE_TYPE.ANYCAST) return { local: true, index: 0 };
  const out = attributes.get(RTA.OIF);
  if ((type !== ROUTE_TYPE.UNICAST && type !== ROUTE_TYPE.MULTICAST) || !out) return undefined;
  return { local: false, index: readU32(out), ...gatewayOf(attributes, body[0]) };
}

/** RTA_VIA, for a gateway of the other family: family@0 u16, address. */
function gatewayOf(attributes: Map<number, Uint8Array>, family: number): Partial<KernelRoute> {
  const via = attributes.get(RTA.VIA);
  const bytes = via?.subarray(2) ?? attributes.get(RTA.GATEWAY);
  if (!bytes) return {};
  const gateway = new Uint8Array(16);
  gateway.set(bytes.subarray(0, 16));
  return { gateway, gatewayFamily: (via ? readU16(via) : family) === FAMILY.INET ? 4 : 6 };
}

/** An entry of the kernel's multicast forwarding. */
export interface ForwardingEntry {
  /** 4 or 6. */
  family: number;
  /** 16 bytes. */
  group: Uint8Array;
  /** 16 bytes; all zeros for any sender. */
  source: Uint8Array;
  /** The kernel's number of the interface that data must come in by; 0 for any. */
  incomingIndex: number;
  /** The kernel's numbers of those that they leave by. */
  outgoingIndexes: number[];
}

/** Of a message of one of the multicast families; undefined for one that waits for its route. */
export function readForwarding({ body }: NetlinkMessage): ForwardingEntry | undefined {
  if (readU32(body, 8) & FLAG.UNRESOLVED) return undefined;
  const attributes = readAttributes(body, RTMSG_BYTES);
  const incoming = attributes.get(RTA.IIF);
  return {
    family: body[0] === FAMILY.IPV4_MULTICAST ? 4 : 6,
    group: wide(attributes.get(RTA.DST)),
    source: wide(attributes.get(RTA.SRC)),
    incomingIndex: incoming ? readU32(incoming) : 0,
    outgoingIndexes: nextHopIndexes(attributes.get(RTA.MULTIPATH)),
  };
}

function nextHopIndexes(hops: Uint8Array | undefined): number[] {
  const indexes = [];
  for (let at = 0; hops && at + 8 <= hops.length;) {
    indexes.push(readU32(hops, at + 4));
    at += Math.max(8, (readU16(hops, at) + 3) & ~3);
  }
  return indexes;
}

function wide(address: Uint8Array | undefined): Uint8Array {
  const bytes = new Uint8Array(16);
  if (address) bytes.set(address.subarray(0, 16));
  return bytes;
}

/** Every entry of the kernel's tables of multicast forwarding; none where the kernel has no such tables. */
export function dumpForwarding(socket: NetlinkSocket, batch: NetlinkBatch): ForwardingEntry[] {
  const entries: ForwardingEntry[] = [];
  for (const family of [FAMILY.IPV4_MULTICAST, FAMILY.IPV6_MULTICAST]) {
    const kept = entries.length;
    const each = (message: NetlinkMessage) => {
      const entry = message.body[0] === family ? readForwarding(message) : undefined;
      if (entry) entries.push(entry);
    };
    batch.clear().begin(RTM_ROUTE.GETROUTE, NLM.DUMP).u8(family).zeros(RTMSG_BYTES - 1).end();
    try {
      socket.dump(batch, "multicast routes", each, () => entries.length = kept);
    } catch (error) {
      const { errorNumber } = error as { errorNumber?: number };
      if (errorNumber !== ERRNO.ENOENT && errorNumber !== ERRNO.EOPNOTSUPP) throw error;
    }
  }
  return entries;
}

/** The smallest prefixes whose routes a notification may have changed; none if it changes no route. */
export function changesIn(message: NetlinkMessage): RouteChange[] {
  const { type, body } = message;
  if (type === RTM_ROUTE.NEWNEXTHOP || type === RTM_ROUTE.DELNEXTHOP) {
    // Routes name it by number, and a route for IPv4 may go by a router of IPv6.
    return [everything(4), everything(6)];
  }
  const family = body[0];
  if (type === RTM_ROUTE.NEWRULE || type === RTM_ROUTE.DELRULE) {
    if (family !== FAMILY.INET && family !== FAMILY.INET6) return [];
    return [prefixOf(family, body[1], readAttributes(body, RULE_HEADER_BYTES).get(FRA_DST))];
  }
  if (type !== RTM_ROUTE.NEWROUTE && type !== RTM_ROUTE.DELROUTE) return [];
  if (readU32(body, 8) & FLAG.CLONED) return [];
  const group = readAttributes(body, RTMSG_BYTES).get(RTA.DST);
  if (family === FAMILY.IPV4_MULTICAST || family === FAMILY.IPV6_MULTICAST) {
    // An entry for any group has zeros.
    const any = !group || group.every((byte) => byte === 0);
    return [any ? groups(family) : prefixOf(family, family === FAMILY.IPV4_MULTICAST ? 32 : 128, group)];
  }
  if (family !== FAMILY.INET && family !== FAMILY.INET6) return [];
  return body[7] === ROUTE_TYPE.BROADCAST || isGroups(body) ? [] : [prefixOf(family, body[1], group)];
}

/** The route for all groups that the kernel makes for each interface of IPv6. */
function isGroups(body: Uint8Array): boolean {
  return body[7] === ROUTE_TYPE.MULTICAST && body[0] === FAMILY.INET6 && body[1] === 8;
}

/** All destinations of a family. */
export function everything(family: number): RouteChange {
  return { prefix: new Uint8Array(16), prefixLength: 0, family };
}

function groups(family: number): RouteChange {
  const prefix = new Uint8Array(16);
  prefix[0] = family === FAMILY.IPV4_MULTICAST ? 0xe0 : 0xff;
  return {
    prefix,
    prefixLength: family === FAMILY.IPV4_MULTICAST ? 4 : 8,
    family: family === FAMILY.IPV4_MULTICAST ? 4 : 6,
  };
}

function prefixOf(family: number, prefixLength: number, address: Uint8Array | undefined): RouteChange {
  const four = family === FAMILY.INET || family === FAMILY.IPV4_MULTICAST;
  return { prefix: wide(address), prefixLength, family: four ? 4 : 6 };
}
