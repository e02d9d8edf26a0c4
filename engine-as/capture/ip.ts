// From an IP header to an RSVP message: IPv4 (RFC 791) and IPv6 (RFC 8200) with options and extension headers,
// fragments, UDP encapsulation (RFC 2205 appendix C), GRE (RFC 2784, 2890), IP in IP (RFC 2003, 2473), and messages that
// an ICMP error quotes (RFC 792, 4443). A capture may have been cut short, so every step asks what is there; a message
// of which a part was captured is found too, and marked.
import { ENCAPSULATION_RAW, ENCAPSULATION_UDP, ENCAPSULATION_UDP_ALTERNATE } from "../boundary.gen";
import { UDP_ENCAPSULATION_PORT, UDP_ENCAPSULATION_PORT_ALTERNATE } from "../boundary.gen";
import { MAXIMUM_ENCAPSULATION_DEPTH } from "../limits";
import { load16, load32 } from "../wire/bytes";
import { sumShort } from "../wire/checksum";
import { takeFragment } from "./fragments";
import { etherPayload, ethernet } from "./link";
import {
  CaptureState, PACKET_BAD_IP_CHECKSUM, PACKET_QUOTED, PACKET_REASSEMBLED, PACKET_ROUTER_ALERT, PACKET_TRUNCATED,
  PACKET_TUNNELLED,
} from "./state";

const PROTOCOL_ICMP: u32 = 1;
const PROTOCOL_IPV4: u32 = 4;
const PROTOCOL_UDP: u32 = 17;
const PROTOCOL_IPV6: u32 = 41;
const PROTOCOL_RSVP: u32 = 46;
const PROTOCOL_GRE: u32 = 47;
const PROTOCOL_ICMPV6: u32 = 58;

// An IP packet of either version; true if an RSVP message was found in it.
export function ipPacket(s: CaptureState, at: usize, end: usize, depth: u32): bool {
  if (at >= end || depth > MAXIMUM_ENCAPSULATION_DEPTH) return false;
  const version: u32 = load<u8>(at) >> 4;
  if (version == 4) return ipv4(s, at, end, depth);
  return version == 6 ? ipv6(s, at, end, depth) : false;
}

function ipv4(s: CaptureState, at: usize, end: usize, depth: u32): bool {
  const available = <u32> (end - at);
  if (available < 20) return false;
  const header: u32 = (load<u8>(at) & 15) << 2;
  const total = load16(at + 2);
  if (header < 20 || header > available) return false;
  // Hardware that fills in lengths later leaves 0; then the frame's end is all there is to go by.
  if (total >= header && at + total < end) end = at + total;
  else if (total > available) s.flags |= PACKET_TRUNCATED;
  if (sumShort(at, header) != 0xffff) s.flags |= PACKET_BAD_IP_CHECKSUM;
  s.family = 4;
  s.ttl = load<u8>(at, 8);
  s.source = load<u32>(at, 12);
  s.sourceRest = 0;
  s.destination = load<u32>(at, 16);
  s.destinationRest = 0;
  if (header > 20 && hasRouterAlert(at + 20, at + header)) s.flags |= PACKET_ROUTER_ALERT;
  const protocol: u32 = load<u8>(at, 9);
  const fragment = load16(at + 6);
  at += header;
  if (!(fragment & 0x3fff) || (s.flags & PACKET_QUOTED)) {
    // A quoted fragment other than the first has no message header to show.
    return fragment & 0x1fff ? false : upperLayer(s, protocol, at, end, depth);
  }
  return fragmentOf(s, load16(at - header + 4), protocol, (fragment & 0x1fff) << 3, (fragment & 0x2000) != 0, at, end, depth);
}

// The IP Router Alert option (RFC 2113): type 148.
function hasRouterAlert(option: usize, end: usize): bool {
  while (option < end) {
    const type: u32 = load<u8>(option);
    if (type == 0) return false;
    if (type == 148) return true;
    const length: u32 = type == 1 ? 1 : option + 1 < end ? load<u8>(option, 1) : 0;
    if (length == 0) return false;
    option += length;
  }
  return false;
}

function fragmentOf(
  s: CaptureState,
  identification: u32,
  protocol: u32,
  offset: u32,
  more: bool,
  at: usize,
  end: usize,
  depth: u32,
): bool {
  // Only what can hold RSVP is worth a buffer, and only whole fragments can be put together.
  if (protocol != PROTOCOL_RSVP && protocol != PROTOCOL_UDP && protocol != PROTOCOL_GRE && protocol != PROTOCOL_IPV4 && protocol != PROTOCOL_IPV6) {
    return false;
  }
  if (s.flags & PACKET_TRUNCATED) return false;
  const whole = takeFragment(s, identification, protocol, offset, more, at, <u32> (end - at));
  if (!whole) return false;
  s.flags |= PACKET_REASSEMBLED;
  return upperLayer(s, protocol, whole, whole + s.payloadBytes, depth);
}

function ipv6(s: CaptureState, at: usize, end: usize, depth: u32): bool {
  if (end - at < 40) return false;
  const length = load16(at + 4);
  const ends = at + 40 + length;
  if (length && ends < end) end = ends;
  else if (ends > end) s.flags |= PACKET_TRUNCATED;
  s.family = 6;
  s.ttl = load<u8>(at, 7);
  s.source = load<u64>(at, 8);
  s.sourceRest = load<u64>(at, 16);
  s.destination = load<u64>(at, 24);
  s.destinationRest = load<u64>(at, 32);
  let next: u32 = load<u8>(at, 6);
  at += 40;
  // Each extension header is at least eight bytes, so the walk ends with the packet.
  while (at + 8 <= end) {
    let size: usize = 0;
    if (next == 0 || next == 43 || next == 60) {
      size = (<usize> load<u8>(at, 1) + 1) << 3;
      if (next == 0 && at + size <= end && hasRouterAlert6(at + 2, at + size)) s.flags |= PACKET_ROUTER_ALERT;
    } else if (next == 51) {
      size = (<usize> load<u8>(at, 1) + 2) << 2;
    } else if (next == 44) {
      const word = load16(at + 2);
      const after: u32 = load<u8>(at);
      if (word & 0xfff9) {
        if (s.flags & PACKET_QUOTED) return word & 0xfff8 ? false : upperLayer(s, after, at + 8, end, depth);
        return fragmentOf(s, load32(at + 4), after, word & 0xfff8, (word & 1) != 0, at + 8, end, depth);
      }
      size = 8;
    } else {
      break;
    }
    next = load<u8>(at);
    at += size;
  }
  return at <= end && upperLayer(s, next, at, end, depth);
}

// The Router Alert option of the hop-by-hop header (RFC 2711): type 5.
function hasRouterAlert6(option: usize, end: usize): bool {
  while (option < end) {
    const type: u32 = load<u8>(option);
    if (type == 5) return true;
    if (type == 0) option += 1;
    else if (option + 1 < end) option += <usize> load<u8>(option, 1) + 2;
    else return false;
  }
  return false;
}

function upperLayer(s: CaptureState, protocol: u32, at: usize, end: usize, depth: u32): bool {
  switch (protocol) {
    case PROTOCOL_RSVP:
      s.encapsulation = ENCAPSULATION_RAW;
      return rsvp(s, at, end);
    case PROTOCOL_UDP:
      return udp(s, at, end);
    case PROTOCOL_IPV4:
    case PROTOCOL_IPV6:
      s.flags |= PACKET_TUNNELLED;
      return ipPacket(s, at, end, depth + 1);
    case PROTOCOL_GRE:
      return gre(s, at, end, depth);
    case PROTOCOL_ICMP: {
      // Destination unreachable, source quench, redirect, time exceeded, parameter problem quote a packet.
      if (end - at < 8) return false;
      const type: u32 = load<u8>(at);
      return (type == 3 || type == 4 || type == 5 || type == 11 || type == 12) && quoted(s, at + 8, end, depth);
    }
    case PROTOCOL_ICMPV6: {
      if (end - at < 8) return false;
      const type: u32 = load<u8>(at);
      return type >= 1 && type <= 4 && quoted(s, at + 8, end, depth);
    }
    default:
      return false;
  }
}

function quoted(s: CaptureState, at: usize, end: usize, depth: u32): bool {
  s.flags |= PACKET_QUOTED;
  return ipPacket(s, at, end, depth + 1);
}

function rsvp(s: CaptureState, at: usize, end: usize): bool {
  if (at >= end) return false;
  s.payload = at;
  s.payloadBytes = <u32> (end - at);
  return true;
}

// UDP encapsulation is told by its ports; the messages come from any port.
function udp(s: CaptureState, at: usize, end: usize): bool {
  if (end - at < 8) return false;
  const port = load16(at + 2);
  if (port == UDP_ENCAPSULATION_PORT) s.encapsulation = ENCAPSULATION_UDP;
  else if (port == UDP_ENCAPSULATION_PORT_ALTERNATE) s.encapsulation = ENCAPSULATION_UDP_ALTERNATE;
  else return false;
  const length = load16(at + 4);
  if (length >= 8 && at + length < end) end = at + length;
  else if (at + length > end) s.flags |= PACKET_TRUNCATED;
  return rsvp(s, at + 8, end);
}

function gre(s: CaptureState, at: usize, end: usize, depth: u32): bool {
  if (end - at < 4) return false;
  const flags = load16(at);
  // Version 1 is PPTP; source routing was withdrawn by RFC 2784.
  if ((flags & 7) != 0 || (flags & 0x4000) != 0) return false;
  const type = load16(at + 2);
  at += 4;
  if (flags & 0x8000) at += 4;
  if (flags & 0x2000) at += 4;
  if (flags & 0x1000) at += 4;
  if (at > end) return false;
  s.flags |= PACKET_TUNNELLED;
  if (type == 0x6558) return ethernet(s, at, end, depth + 1);
  return etherPayload(s, type, at, end, depth + 1);
}
