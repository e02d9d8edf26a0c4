// From a captured frame to the IP packet in it, by link type (https://www.tcpdump.org/linktypes.html): Ethernet with
// VLAN tags and LLC/SNAP, Linux cooked captures, raw IP, loopback, PPP, Cisco HDLC, PPPoE, and MPLS label stacks.
import { MAXIMUM_ENCAPSULATION_DEPTH } from "../limits";
import { load16, load32 } from "../wire/bytes";
import { ipPacket } from "./ip";
import { CaptureState, PACKET_MPLS, PACKET_TRUNCATED } from "./state";

const LINK_NULL: u32 = 0;
const LINK_ETHERNET: u32 = 1;
const LINK_PPP: u32 = 9;
const LINK_RAW_BSD: u32 = 12;
const LINK_RAW_OPENBSD: u32 = 14;
const LINK_PPP_HDLC: u32 = 50;
const LINK_PPP_ETHER: u32 = 51;
const LINK_RAW: u32 = 101;
const LINK_CISCO_HDLC: u32 = 104;
const LINK_LOOP: u32 = 108;
const LINK_LINUX_SLL: u32 = 113;
const LINK_MPLS: u32 = 219;
const LINK_IPV4: u32 = 228;
const LINK_IPV6: u32 = 229;
const LINK_LINUX_SLL2: u32 = 276;

// Looks for an RSVP message in the frame at hand and fills state.payload and what goes with it.
export function findMessage(s: CaptureState): bool {
  s.payload = 0;
  s.flags = s.frameOriginalBytes > s.frameBytes ? PACKET_TRUNCATED : 0;
  const at = s.frame;
  const end = at + s.frameBytes;
  const found = frame(s, at, end);
  // A frame cut by the snapshot length still holds the whole message if the IP packet ends before the cut.
  if (found && (s.flags & PACKET_TRUNCATED) && s.payloadBytes >= 8 && load16(s.payload + 6) <= s.payloadBytes) {
    s.flags &= ~PACKET_TRUNCATED;
  }
  return found;
}

function frame(s: CaptureState, at: usize, end: usize): bool {
  switch (s.linkType) {
    case LINK_ETHERNET:
      return ethernet(s, at, end, 0);
    case LINK_RAW:
    case LINK_IPV4:
    case LINK_IPV6:
    case LINK_RAW_BSD:
    case LINK_RAW_OPENBSD:
      return ipPacket(s, at, end, 0);
    case LINK_LINUX_SLL:
      return end - at >= 16 && etherPayload(s, load16(at + 14), at + 16, end, 0);
    case LINK_LINUX_SLL2:
      return end - at >= 20 && etherPayload(s, load16(at), at + 20, end, 0);
    case LINK_NULL:
    case LINK_LOOP:
      // Four bytes of address family in somebody's byte order; the IP version says all that is needed.
      return end - at > 4 && ipPacket(s, at + 4, end, 0);
    case LINK_PPP:
    case LINK_PPP_HDLC:
      return ppp(s, at, end, 0);
    case LINK_PPP_ETHER:
      return end - at > 8 && ppp(s, at + 6, end, 0);
    case LINK_CISCO_HDLC:
      return end - at > 4 && etherPayload(s, load16(at + 2), at + 4, end, 0);
    case LINK_MPLS:
      return mpls(s, at, end, 0);
    default:
      s.unknownLinkFrames += 1;
      return false;
  }
}

export function ethernet(s: CaptureState, at: usize, end: usize, depth: u32): bool {
  if (end - at < 14) return false;
  return etherPayload(s, load16(at + 12), at + 14, end, depth);
}

// What follows an EtherType, or an IEEE 802.3 length.
export function etherPayload(s: CaptureState, type: u32, at: usize, end: usize, depth: u32): bool {
  while (type == 0x8100 || type == 0x88a8 || type == 0x9100) {
    if (end - at < 4 || ++depth > MAXIMUM_ENCAPSULATION_DEPTH) return false;
    type = load16(at + 2);
    at += 4;
  }
  switch (type) {
    case 0x0800:
    case 0x86dd:
      return ipPacket(s, at, end, depth);
    case 0x8847:
    case 0x8848:
      return mpls(s, at, end, depth);
    case 0x8864:
      return end - at > 8 && ppp(s, at + 6, end, depth);
  }
  // A length means LLC; with SNAP and the EtherType encapsulation (RFC 1042) the type follows.
  if (type <= 1500 && end - at >= 8 && load<u32>(at) == 0x0003aaaa && load<u16>(at, 4) == 0) {
    if (at + type < end) end = at + type;
    const inner = load16(at + 6);
    return inner > 1500 && etherPayload(s, inner, at + 8, end, depth);
  }
  return false;
}

// PPP (RFC 1661, 1662): address and control may be left out, and the protocol may be one byte.
function ppp(s: CaptureState, at: usize, end: usize, depth: u32): bool {
  if (end - at >= 2 && load<u16>(at) == 0x03ff) at += 2;
  if (end - at < 2) return false;
  let protocol: u32 = load<u8>(at);
  at += 1;
  if (!(protocol & 1)) {
    protocol = (protocol << 8) | load<u8>(at);
    at += 1;
  }
  if (protocol == 0x21 || protocol == 0x57) return ipPacket(s, at, end, depth);
  return (protocol == 0x281 || protocol == 0x283) && mpls(s, at, end, depth);
}

// A label stack (RFC 3032): four bytes an entry, the last one marked. What follows is IP, or nothing that we look into.
function mpls(s: CaptureState, at: usize, end: usize, depth: u32): bool {
  s.flags |= PACKET_MPLS;
  while (end - at >= 4) {
    const last = load32(at) & 0x100;
    at += 4;
    if (last) return ipPacket(s, at, end, depth);
  }
  return false;
}
