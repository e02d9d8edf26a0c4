/**
 * One datagram as it stands in memory after it was received, and reading its IP header. Reading a header writes nothing,
 * so that it can stand where the slot's own header will be written afterwards.
 *
 * ```
 * IPv4 (RFC 791): version and header length in words@0, total length@2, fragment: MF 0x2000 and offset in eights@6,
 *   TTL@8, protocol@9, source@12, destination@16, options@20; Router Alert is 0x94 0x04 and two bytes (RFC 2113)
 * IPv6 (RFC 8200): version@0, payload length@4, next header@6, hop limit@7, source@8, destination@24
 * extension header: next header@0, length in eights less one@1; in hop-by-hop options Router Alert is 0x05 0x02 and two
 *   bytes (RFC 2711). Fragment header: next header@0, offset in eights with M in bit 0@2, identification@4
 * ```
 */
import { PACKET_OFFSET } from "../boundary.gen.ts";
import type { Packet } from "../transport/transport.ts";

/** What reading a header says of a datagram. */
export const READ = { WHOLE: 0, FRAGMENT: 1, MALFORMED: 2, NOT_RSVP: 3 } as const;

const PROTOCOL_RSVP = 46;
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const DESTINATION_OPTIONS = 60;
const IPV4_ROUTER_ALERT = 0x94;
const IPV6_ROUTER_ALERT = 5;
/** More headers in a row than anybody has a use for. */
const MAXIMUM_HEADERS = 8;

/** A datagram that has arrived; one object is used for all of them, one after the other. */
export class Arrival {
  /** Where the RSVP message (of a fragment: its part) begins. */
  payloadAt = 0;
  payloadLength = 0;
  /** Our handle. */
  interface = 0;
  family = 4;
  ttl = 0;
  encapsulation = 0;
  routerAlert = 0;
  /** Source and destination as they stand in memory, four words each; an IPv4 address has one. */
  readonly words = new Uint32Array(8);
  /** Of a fragment: which datagram it belongs to, its place in bytes, and whether others follow. */
  fragmentId = 0;
  fragmentAt = 0;
  moreFragments = false;

  /** Takes addresses from memory. */
  addresses(view: DataView, source: number, destination: number, family: number): void {
    this.family = family;
    const { words } = this;
    if (family === 4) {
      words.fill(0);
      words[0] = view.getUint32(source, true);
      words[4] = view.getUint32(destination, true);
      return;
    }
    for (let i = 0; i < 4; i++) {
      words[i] = view.getUint32(source + 4 * i, true);
      words[4 + i] = view.getUint32(destination + 4 * i, true);
    }
  }

  /** Writes the header of a slot; the payload must be in its place already. */
  writeSlot(view: DataView, at: number): void {
    const { words } = this;
    view.setUint32(at + PACKET_OFFSET.payloadLength, this.payloadLength, true);
    view.setUint32(at + PACKET_OFFSET.interface, this.interface, true);
    for (let i = 0; i < 4; i++) {
      view.setUint32(at + PACKET_OFFSET.source + 4 * i, words[i], true);
      view.setUint32(at + PACKET_OFFSET.destination + 4 * i, words[4 + i], true);
    }
    view.setUint8(at + PACKET_OFFSET.family, this.family);
    view.setUint8(at + PACKET_OFFSET.ttl, this.ttl);
    view.setUint8(at + PACKET_OFFSET.encapsulation, this.encapsulation);
    view.setUint8(at + PACKET_OFFSET.routerAlert, this.routerAlert);
  }

  /** As a packet of its own, around a payload that is given away. */
  packet(payload: Uint8Array): Packet {
    const addresses = new Uint8Array(this.words.slice().buffer);
    return {
      interface: this.interface,
      source: addresses.subarray(0, 16),
      destination: addresses.subarray(16, 32),
      family: this.family,
      ttl: this.ttl,
      encapsulation: this.encapsulation,
      routerAlert: this.routerAlert,
      payload,
    };
  }
}

/** Reads an IPv4 header and what follows it, `length` bytes in all. */
export function readIpv4(view: DataView, at: number, length: number, arrival: Arrival): number {
  if (length < 20) return READ.MALFORMED;
  const first = view.getUint8(at);
  const headerLength = 4 * (first & 15);
  const total = view.getUint16(at + 2);
  // A short datagram is padded by Ethernet: the header says where it ends.
  if (first >> 4 !== 4 || headerLength < 20 || total < headerLength || total > length) return READ.MALFORMED;
  if (view.getUint8(at + 9) !== PROTOCOL_RSVP) return READ.NOT_RSVP;
  arrival.addresses(view, at + 12, at + 16, 4);
  arrival.ttl = view.getUint8(at + 8);
  arrival.routerAlert = headerLength > 20 ? ipv4RouterAlert(view, at + 20, at + headerLength) : 0;
  arrival.payloadAt = at + headerLength;
  arrival.payloadLength = total - headerLength;
  const fragment = view.getUint16(at + 6);
  if ((fragment & 0x3fff) === 0) return READ.WHOLE;
  arrival.fragmentId = view.getUint16(at + 4);
  arrival.fragmentAt = 8 * (fragment & 0x1fff);
  arrival.moreFragments = (fragment & 0x2000) !== 0;
  return READ.FRAGMENT;
}

/** Whether a header's checksum is right (RFC 1071); the kernel has looked only at what passed through its own IP. */
export function ipv4ChecksumHolds(view: DataView, at: number): boolean {
  const end = at + 4 * (view.getUint8(at) & 15);
  let sum = 0;
  for (let i = at; i < end; i += 2) sum += view.getUint16(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum === 0xffff;
}

function ipv4RouterAlert(view: DataView, from: number, end: number): number {
  for (let at = from; at < end;) {
    const type = view.getUint8(at);
    if (type === IPV4_ROUTER_ALERT) return 1;
    if (type === 0) return 0;
    at += type === 1 || at + 1 >= end ? 1 : Math.max(2, view.getUint8(at + 1));
  }
  return 0;
}

/** Reads an IPv6 header, the extension headers behind it and what follows, `length` bytes in all. */
export function readIpv6(view: DataView, at: number, length: number, arrival: Arrival): number {
  if (length < 40 || view.getUint8(at) >> 4 !== 6) return READ.MALFORMED;
  const end = at + 40 + view.getUint16(at + 4);
  if (end > at + length) return READ.MALFORMED;
  arrival.addresses(view, at + 8, at + 24, 6);
  arrival.ttl = view.getUint8(at + 7);
  arrival.routerAlert = 0;
  let result: number = READ.WHOLE;
  let header = view.getUint8(at + 6);
  let next = at + 40;
  for (let headers = 0; header !== PROTOCOL_RSVP; headers++) {
    const known = header === HOP_BY_HOP || header === ROUTING || header === FRAGMENT || header === DESTINATION_OPTIONS;
    // What stands behind a later fragment's header is the middle of something.
    if (!known || headers === MAXIMUM_HEADERS) return READ.NOT_RSVP;
    if (next + 8 > end) return READ.MALFORMED;
    const bytes = header === FRAGMENT ? 8 : 8 + 8 * view.getUint8(next + 1);
    if (next + bytes > end) return READ.MALFORMED;
    if (header === HOP_BY_HOP) arrival.routerAlert = ipv6RouterAlert(view, next, next + bytes);
    if (header === FRAGMENT && result === READ.WHOLE) {
      const offset = view.getUint16(next + 2);
      arrival.fragmentId = view.getUint32(next + 4);
      arrival.fragmentAt = offset & 0xfff8;
      arrival.moreFragments = (offset & 1) !== 0;
      if ((offset & 0xfff9) !== 0) result = READ.FRAGMENT;
    }
    header = view.getUint8(next);
    next += bytes;
  }
  arrival.payloadAt = next;
  arrival.payloadLength = end - next;
  return result;
}

/** Whether hop-by-hop options, header included, have Router Alert. Its value is not looked at: the kernel did. */
export function ipv6RouterAlert(view: DataView, from: number, end: number): number {
  for (let at = from + 2; at < end;) {
    const type = view.getUint8(at);
    if (type === IPV6_ROUTER_ALERT) return 1;
    at += type === 0 || at + 1 >= end ? 1 : 2 + view.getUint8(at + 1);
  }
  return 0;
}
