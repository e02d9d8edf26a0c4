/**
 * IP headers of what is sent, and fragments where a datagram is longer than the link's MTU: a socket on which we write the
 * header ourselves (which a Path needs, whose source is the sender and not this node) refuses it with EMSGSIZE instead.
 */
import type { Packet } from "../transport/transport.ts";
import { TRAFFIC_CLASS_CONTROL } from "./socket_numbers.ts";

const PROTOCOL_RSVP = 46;
const HOP_BY_HOP = 0;
const FRAGMENT = 44;
/** "Router shall examine packet" (RFC 2113); the copied bit is set, so that it stands in every fragment. */
const IPV4_ROUTER_ALERT = 0x94040000;
/** Value 1, "datagram contains RSVP message" (RFC 2711), then PadN to eight bytes. */
const IPV6_ROUTER_ALERT = [5, 2, 0, 1, 1, 0] as const;
const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_HEADER_BYTES = 8;
/** The longest total length that IPv4 can name, and the longest payload of IPv6. */
const MAXIMUM_LENGTH = 65_535;

/** Bytes of the header that a packet gets, extension header included. */
export function ipHeaderBytes(packet: Packet): number {
  if (packet.family === 4) return packet.routerAlert ? 24 : 20;
  return packet.routerAlert ? 48 : 40;
}

/** Whether a packet with its header is a datagram that IP can describe. */
export function fitsIp(packet: Packet): boolean {
  const outside = packet.family === 4 ? 0 : 40;
  return ipHeaderBytes(packet) - outside + packet.payload.length <= MAXIMUM_LENGTH;
}

/** How a packet is cut: the payload bytes of every datagram but the last. All of it, if it fits the MTU. */
export function fragmentBytes(packet: Packet, mtuBytes: number): number {
  const header = ipHeaderBytes(packet);
  if (header + packet.payload.length <= mtuBytes) return packet.payload.length;
  // No link has an MTU so small that nothing fits; a number that is wrong must not keep us busy for ever.
  return Math.max(8, (mtuBytes - header - (packet.family === 6 ? FRAGMENT_HEADER_BYTES : 0)) & ~7);
}

/** One datagram of a packet: the whole, or a fragment. */
export interface Piece {
  /** Where it begins in the payload. */
  readonly from: number;
  /** Where it ends. */
  readonly to: number;
  /** The same in all fragments of one datagram; not 0. */
  readonly identification: number;
}

/**
 * Writes the header of a piece at `at` and returns its length. `source` is not zeros for IPv6: the kernel fills in none.
 * IPv4's checksum is the kernel's to fill in (raw(7)).
 */
export function writeIpHeader(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  packet: Packet,
  source: Uint8Array,
  piece: Piece,
): number {
  const length = piece.to - piece.from;
  const whole = length === packet.payload.length;
  const more = piece.to < packet.payload.length;
  if (packet.family === 6) return writeIpv6(view, bytes, at, packet, source, piece, !whole, more);
  const headerLength = packet.routerAlert ? 24 : 20;
  view.setUint8(at, 0x40 | (headerLength >> 2));
  view.setUint8(at + 1, TRAFFIC_CLASS_CONTROL);
  view.setUint16(at + 2, headerLength + length);
  view.setUint16(at + 4, piece.identification);
  view.setUint16(at + 6, (piece.from >> 3) | (more ? MORE_FRAGMENTS : 0));
  view.setUint8(at + 8, packet.ttl);
  view.setUint8(at + 9, PROTOCOL_RSVP);
  view.setUint16(at + 10, 0);
  for (let i = 0; i < 4; i++) {
    bytes[at + 12 + i] = source[i];
    bytes[at + 16 + i] = packet.destination[i];
  }
  if (packet.routerAlert) view.setUint32(at + 20, IPV4_ROUTER_ALERT);
  return headerLength;
}

function writeIpv6(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  packet: Packet,
  source: Uint8Array,
  piece: Piece,
  fragment: boolean,
  more: boolean,
): number {
  const headerLength = (packet.routerAlert ? 48 : 40) + (fragment ? FRAGMENT_HEADER_BYTES : 0);
  const upper = fragment ? FRAGMENT : PROTOCOL_RSVP;
  view.setUint32(at, 0x60000000 | (TRAFFIC_CLASS_CONTROL << 20));
  view.setUint16(at + 4, headerLength - 40 + piece.to - piece.from);
  view.setUint8(at + 6, packet.routerAlert ? HOP_BY_HOP : upper);
  view.setUint8(at + 7, packet.ttl);
  bytes.set(source.subarray(0, 16), at + 8);
  bytes.set(packet.destination.subarray(0, 16), at + 24);
  let next = at + 40;
  if (packet.routerAlert) {
    view.setUint16(next, upper << 8);
    bytes.set(IPV6_ROUTER_ALERT, next + 2);
    next += 8;
  }
  if (fragment) {
    view.setUint16(next, PROTOCOL_RSVP << 8);
    view.setUint16(next + 2, piece.from | (more ? 1 : 0));
    view.setUint32(next + 4, piece.identification);
  }
  return headerLength;
}
