/**
 * What u32 compares in a packet. It knows words at fixed offsets and nothing of headers behind others: an IPv4 packet
 * with options, or an IPv6 packet with extension headers before the one that is asked for, is nobody's flow and goes as
 * best effort. Fragments after the first have no ports, so those of flows with ports do too (RFC 2205 1.2: data flows
 * should not be fragmented).
 *
 * ```
 * IPv4: version, IHL@0; fragment offset@4 (13 low bits); protocol@9; source@12; destination@16; ports or SPI@20
 * IPv6: flow label@0 (20 low bits); next header@6; source@8; destination@24; ports or SPI@40
 * AH has its SPI in its second word, ESP in its first (RFC 2207).
 * ```
 */
import type { FlowMatch } from "./flow_match.ts";
import { type KernelCommand, MINOR, type U32Key } from "./kernel_command.ts";

const PROTOCOL = { UDP: 17, RSVP: 46, AH: 51, ICMPV6: 58 } as const;
/** Types of ICMPv6: neighbour solicitation and advertisement (RFC 4861). */
const NEIGHBOUR_TYPES = [135, 136];
/** Where a family's last word of the destination, and its transport header, are. */
export const OFFSET = {
  4: { source: 12, destination: 16, hash: 16, transport: 20 },
  6: { source: 8, destination: 24, hash: 36, transport: 40 },
} as const;
/** Ports of UDP encapsulation, 1698 and 1699 (RFC 2205 appendix C): one but for the last bit. */
const RSVP_PORTS: U32Key = { mask: 0xfffe, value: 1698, offset: 0 };
const NO_IPV4_OPTIONS: U32Key = { mask: 0x0f000000, value: 0x05000000, offset: 0 };
const FIRST_FRAGMENT: U32Key = { mask: 0x1fff, value: 0, offset: 4 };
const ALL = 0xffffffff;

const word = (bytes: Uint8Array, at: number) =>
  ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;

function addressKeys(address: Uint8Array, offset: number): U32Key[] {
  const keys: U32Key[] = [];
  // The last word first: it differs most often.
  for (let at = address.length - 4; at >= 0; at -= 4) {
    keys.push({ mask: ALL, value: word(address, at), offset: offset + at });
  }
  return keys;
}

function protocolKey(family: 4 | 6, protocol: number): U32Key {
  return family === 4
    ? { mask: 0x00ff0000, value: protocol << 16, offset: 8 }
    : { mask: 0x0000ff00, value: protocol << 8, offset: 4 };
}

/** The keys of a flow, those first that fail soonest. */
export function flowKeys(match: FlowMatch): U32Key[] {
  const { family, protocol, destination, source, securityParameterIndex, flowLabel } = match;
  const offset = OFFSET[family];
  const keys: U32Key[] = [];
  const portMask = ((match.sourcePort ? 0xffff0000 : 0) | (match.destinationPort ? 0xffff : 0)) >>> 0;
  if (portMask !== 0) {
    const value = ((match.sourcePort << 16) | match.destinationPort) >>> 0;
    keys.push({ mask: portMask, value, offset: offset.transport });
  } else if (securityParameterIndex !== undefined) {
    const at = offset.transport + (protocol === PROTOCOL.AH ? 4 : 0);
    keys.push({ mask: ALL, value: securityParameterIndex, offset: at });
  }
  if (source) keys.push(...addressKeys(source, offset.source));
  keys.push(...addressKeys(destination, offset.destination));
  if (flowLabel !== undefined) keys.push({ mask: 0x000fffff, value: flowLabel, offset: 0 });
  if (protocol !== 0) keys.push(protocolKey(family, protocol));
  if (family === 4 && (portMask !== 0 || securityParameterIndex !== undefined)) {
    keys.push(FIRST_FRAGMENT, NO_IPV4_OPTIONS);
  }
  return keys;
}

/** Two filters with the same text find the same packets. */
export function keysName(family: 4 | 6, keys: readonly U32Key[]): string {
  return family +
    keys.map(({ mask, value, offset }) => `:${offset}=${value.toString(16)}/${mask.toString(16)}`).join("");
}

/**
 * The filters of RSVP itself: protocol 46, in IPv6 also behind the hop-by-hop header that carries Router Alert, and UDP
 * encapsulation; and those of ARP and neighbour discovery.
 */
export function controlFilters(target: { device: number; name: string }): KernelCommand[] {
  const filterTo = (minor: number, family: 4 | 6, keys: U32Key[]): KernelCommand => (
    { ...target, kind: "FILTER", family, handle: 0, minor, keys }
  );
  const filter = (family: 4 | 6, ...keys: U32Key[]) => filterTo(MINOR.RSVP, family, keys);
  const neighbours = NEIGHBOUR_TYPES.map((type) => {
    const key = { mask: 0xff000000, value: (type << 24) >>> 0, offset: OFFSET[6].transport };
    return filterTo(MINOR.NEIGHBOURS, 6, [key, protocolKey(6, PROTOCOL.ICMPV6)]);
  });
  const encapsulated = (family: 4 | 6) => ({ ...RSVP_PORTS, offset: OFFSET[family].transport });
  return [
    filter(4, protocolKey(4, PROTOCOL.RSVP)),
    filter(4, encapsulated(4), protocolKey(4, PROTOCOL.UDP), FIRST_FRAGMENT, NO_IPV4_OPTIONS),
    filter(6, protocolKey(6, PROTOCOL.RSVP)),
    filter(6, protocolKey(6, 0), { mask: 0xff000000, value: PROTOCOL.RSVP << 24, offset: 40 }),
    filter(6, encapsulated(6), protocolKey(6, PROTOCOL.UDP)),
    ...neighbours,
    { ...target, kind: "ARP_FILTER", minor: MINOR.NEIGHBOURS },
  ];
}
