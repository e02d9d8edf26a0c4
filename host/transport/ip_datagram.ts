/**
 * IP datagrams around RSVP messages, as they would stand on a wire: IPv4 with the Router Alert option (RFC 2113), IPv6
 * with it in a hop-by-hop header (RFC 2711), UDP for encapsulated messages (RFC 2205 appendix C), checksums right.
 */
import { UDP_ENCAPSULATION_PORT, UDP_ENCAPSULATION_PORT_ALTERNATE } from "../boundary.gen.ts";
import type { Packet } from "./transport.ts";

const PROTOCOL_UDP = 17;
const PROTOCOL_RSVP = 46;
const HOP_BY_HOP = 0;
/** Router Alert: IPv4 option with value 0, "router shall examine packet"; IPv6 option with value 1, "contains RSVP message". */
const IPV4_ROUTER_ALERT = [0x94, 0x04, 0x00, 0x00];
const IPV6_ROUTER_ALERT = [0x05, 0x02, 0x00, 0x01, 0x01, 0x00];

/** The datagram of a packet. `identification` is IPv4's; bits above 16 are ignored. */
export function ipDatagram(packet: Packet, identification: number): Uint8Array {
  const udp = packet.encapsulation !== 0;
  const body = udp ? udpDatagram(packet) : packet.payload;
  const protocol = udp ? PROTOCOL_UDP : PROTOCOL_RSVP;
  return packet.family === 6 ? ipv6(packet, protocol, body) : ipv4(packet, protocol, body, identification);
}

function ipv4(packet: Packet, protocol: number, body: Uint8Array, identification: number): Uint8Array {
  const headerLength = packet.routerAlert ? 24 : 20;
  const out = new Uint8Array(headerLength + body.length);
  const view = new DataView(out.buffer);
  view.setUint8(0, 0x40 | (headerLength >> 2));
  view.setUint16(2, out.length);
  view.setUint16(4, identification & 0xffff);
  view.setUint8(8, packet.ttl);
  view.setUint8(9, protocol);
  out.set(packet.source.subarray(0, 4), 12);
  out.set(packet.destination.subarray(0, 4), 16);
  if (packet.routerAlert) out.set(IPV4_ROUTER_ALERT, 20);
  view.setUint16(10, foldedComplement(sum16(out.subarray(0, headerLength), 0)));
  out.set(body, headerLength);
  return out;
}

function ipv6(packet: Packet, protocol: number, body: Uint8Array): Uint8Array {
  const extension = packet.routerAlert ? 8 : 0;
  const out = new Uint8Array(40 + extension + body.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, 0x60000000);
  view.setUint16(4, extension + body.length);
  view.setUint8(6, packet.routerAlert ? HOP_BY_HOP : protocol);
  view.setUint8(7, packet.ttl);
  out.set(packet.source.subarray(0, 16), 8);
  out.set(packet.destination.subarray(0, 16), 24);
  if (packet.routerAlert) {
    view.setUint8(40, protocol);
    out.set(IPV6_ROUTER_ALERT, 42);
  }
  out.set(body, 40 + extension);
  return out;
}

function udpDatagram(packet: Packet): Uint8Array {
  const out = new Uint8Array(8 + packet.payload.length);
  const view = new DataView(out.buffer);
  const port = packet.encapsulation === 2 ? UDP_ENCAPSULATION_PORT_ALTERNATE : UDP_ENCAPSULATION_PORT;
  view.setUint16(0, port);
  view.setUint16(2, port);
  view.setUint16(4, out.length);
  out.set(packet.payload, 8);
  const addressLength = packet.family === 6 ? 16 : 4;
  let sum = sum16(packet.source.subarray(0, addressLength), 0);
  sum = sum16(packet.destination.subarray(0, addressLength), sum) + PROTOCOL_UDP + out.length;
  // A checksum of zero means none (RFC 768), so that the one which comes out as zero is sent as all ones.
  view.setUint16(6, foldedComplement(sum16(out, sum)) || 0xffff);
  return out;
}

/** Adds big-endian 16-bit words; an odd byte counts as the high half of a word. */
function sum16(bytes: Uint8Array, start: number): number {
  let sum = start;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i] << 8) | (i + 1 < bytes.length ? bytes[i + 1] : 0);
  return sum;
}

/** The Internet checksum of a sum (RFC 1071). */
function foldedComplement(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}
