// Leaving the node. A message is built where it will stand in the queue of actions, then finished, addressed and
// committed; what is not committed was never there. UDP encapsulation (RFC 2205 appendix C) is decided here and nowhere
// else.
import { copyWords, swap16 } from "../wire/bytes";
import {
  ACTION_SEND,
  ACTION_SEND_DESTINATION,
  ACTION_SEND_ENCAPSULATION,
  ACTION_SEND_FAMILY,
  ACTION_SEND_INTERFACE,
  ACTION_SEND_PAYLOAD,
  ACTION_SEND_PAYLOAD_LENGTH,
  ACTION_SEND_ROUTER_ALERT,
  ACTION_SEND_SOURCE,
  ACTION_SEND_TTL,
  COUNTER_SENT_BYTES,
  COUNTER_SENT_MESSAGES,
  COUNTER_SENT_PATH,
  ENCAPSULATION_RAW,
  ENCAPSULATION_UDP,
  ENCAPSULATION_UDP_ALTERNATE,
  INTERFACE_OPTION_UDP_ALSO,
  INTERFACE_OPTION_UDP_ONLY,
  STATUS_TOO_MANY_OBJECTS,
} from "../boundary.gen";
import { commitAction, reserveAction } from "../actions/queue";
import { Interface, interfaceAddress, interfaceByHandle, isOnLink, udpNextHopOf } from "../state/interface";
import { isMulticast } from "../state/keys";
import { count, root } from "../state/memory";
import { beginMessage, finishMessage } from "../wire/builder";
import { changedField, fieldOf, foldChecksum } from "../wire/checksum";
import { MESSAGE_PATH, MESSAGE_PATH_TEAR, MESSAGE_RESV_CONFIRM } from "../wire/message_view";

// TTL of messages that go to one neighbour, and of Path from a local sender that names none.
export const HOP_TTL: u32 = 255;
export const DEFAULT_TTL: u32 = 63;

// A record with the longest message, and with one that has just become too long to be sent.
const LARGEST_RECORD: usize = 69000;

// 224.0.0.14 in memory order: G* of appendix C.
const encapsulationGroup: usize = memory.data<u8>([224, 0, 0, 14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

assert(ACTION_SEND_PAYLOAD == 56);
let record: usize = 0;
let message: usize = 0;
let messageType: u32 = 0;
let messageTtl: u32 = 0;

// Starts a message; `bound` is at least the bytes of its objects. Returns where the first object goes.
export function startMessage(type: u32, ttl: u32, bound: usize): usize {
  record = reserveAction(min(bound + ACTION_SEND_PAYLOAD + 64, LARGEST_RECORD));
  messageType = type;
  messageTtl = ttl;
  message = record + ACTION_SEND_PAYLOAD;
  return beginMessage(message, type, ttl);
}

@inline
export function messageStart(): usize {
  return message;
}

const END_TO_END: u32 = (1 << MESSAGE_PATH) | (1 << MESSAGE_PATH_TEAR) | (1 << MESSAGE_RESV_CONFIRM);

@inline
function isEndToEnd(): bool {
  return ((1 << messageType) & END_TO_END) != 0;
}

function commit(
  iface: u32,
  end: usize,
  source: usize,
  destination: usize,
  family: u32,
  ttl: u32,
  encapsulation: u32,
): void {
  const at = record;
  const length = <u32> (end - at) - <u32> ACTION_SEND_PAYLOAD;
  if (family == 4) {
    store<u64>(at, source != 0 ? <u64> load<u32>(source) : 0, ACTION_SEND_SOURCE);
    store<u64>(at, 0, ACTION_SEND_SOURCE + 8);
    store<u64>(at, load<u32>(destination), ACTION_SEND_DESTINATION);
    store<u64>(at, 0, ACTION_SEND_DESTINATION + 8);
  } else {
    v128.store(at, source != 0 ? v128.load(source) : i64x2.splat(0), ACTION_SEND_SOURCE);
    v128.store(at, v128.load(destination), ACTION_SEND_DESTINATION);
  }
  store<u64>(at, <u64> length | (<u64> iface << 32), ACTION_SEND_PAYLOAD_LENGTH);
  const alert: u32 = encapsulation == ENCAPSULATION_RAW && isEndToEnd() ? 1 : 0;
  store<u64>(at, family | ((ttl & 255) << 8) | (encapsulation << 16) | (alert << 24), ACTION_SEND_FAMILY);
  commitAction(at, ACTION_SEND, end);
  count(COUNTER_SENT_MESSAGES);
  count(COUNTER_SENT_BYTES, length);
}
assert(ACTION_SEND_INTERFACE == ACTION_SEND_PAYLOAD_LENGTH + 4 && ACTION_SEND_SOURCE == 16 && ACTION_SEND_DESTINATION == 32);
assert(ACTION_SEND_FAMILY == 48 && ACTION_SEND_TTL == 49 && ACTION_SEND_ENCAPSULATION == 50 && ACTION_SEND_ROUTER_ALERT == 51);

// Nodes without raw access, or some of those on the link, take it in UDP only (RFC 2205 appendix C).
@inline
export function needsUdp(iface: Interface): bool {
  return iface.udp != 0 || (iface.options & (INTERFACE_OPTION_UDP_ONLY | INTERFACE_OPTION_UDP_ALSO)) != 0;
}

// The interface of an address on a link where UDP is needed, or null.
export function udpInterfaceTo(address: usize, family: u32): Interface | null {
  for (let handle: u32 = 1; handle < root().interfaceEnd; handle++) {
    const iface = interfaceByHandle(handle);
    if (iface && needsUdp(iface) && isOnLink(iface, address, family)) return iface;
  }
  return null;
}

// Sends the message that ends at `end` by `iface` (null: by route). `source` 0 is the interface's own address. `gateway`
// is the next hop's address on that link, or 0. Appendix C, figure 13: a node without raw access sends UDP to port 1698
// of the destination if it is on the link, else of its first-hop router; one with raw access sends raw, and a copy to
// port 1699 where somebody needs UDP.
export function sendMessage(
  iface: Interface | null,
  end: usize,
  source: usize,
  destination: usize,
  family: u32,
  gateway: usize,
): void {
  if (finish(end)) sendFinished(iface, end, source, destination, family, gateway);
}

// Length and checksum. False for what grew beyond a datagram on its way through (an ADSPEC): it cannot be sent.
export function finish(end: usize): bool {
  if (finishMessage(message, end) != 0) return true;
  count(STATUS_TOO_MANY_OBJECTS);
  return false;
}

// The same for a message whose objects have this sum, of words of any length.
export function finishSummed(end: usize, sum: u64): void {
  const length = swap16(<u16> (end - message));
  const header = load<u64>(message) | (<u64> length << 48);
  store<u64>(message, header | (<u64> fieldOf(foldChecksum((header & 0xffffffff) + (header >> 32) + sum)) << 16));
}

// The same for a message whose objects are those of one that came, with a checksum that is right: only what stands before
// and behind the checksum and its length differs.
export function finishForwarded(original: usize): void {
  store<u16>(message, load<u16>(original, 6), 6);
  const before = <u32> load<u16>(original) | (<u32> load<u16>(original, 4) << 16);
  const after = <u32> load<u16>(message) | (<u32> load<u16>(message, 4) << 16);
  store<u16>(message, changedField(load<u16>(original, 2), before, after), 2);
}

// The same of a message that has its length and checksum.
export function sendFinished(
  iface: Interface | null,
  end: usize,
  source: usize,
  destination: usize,
  family: u32,
  gateway: usize,
): void {
  count(COUNTER_SENT_PATH + messageType - 1);
  if (iface == null) {
    commit(0, end, source, destination, family, messageTtl, ENCAPSULATION_RAW);
    return;
  }
  if (iface.udp == 0 && (iface.options & (INTERFACE_OPTION_UDP_ONLY | INTERFACE_OPTION_UDP_ALSO)) == 0) {
    const from = source != 0 ? source : interfaceAddress(iface, family);
    return commit(iface.handle, end, from, destination, family, messageTtl, ENCAPSULATION_RAW);
  }
  const own = interfaceAddress(iface, family);
  if ((iface.options & INTERFACE_OPTION_UDP_ONLY) != 0) {
    let target = destination;
    let ttl = messageTtl;
    if (isMulticast(destination, family)) {
      if (family == 4) target = encapsulationGroup;
    } else if (isEndToEnd() && !isOnLink(iface, destination, family)) {
      if (gateway != 0) {
        target = gateway;
      } else if (iface.udpNextHopFamily == family) {
        target = udpNextHopOf(iface);
        if (iface.udpNextHopTtl != 0) ttl = iface.udpNextHopTtl;
      }
    } else if (isEndToEnd() && gateway != 0) {
      // On the same link by its prefix, yet a next hop is configured: nodes on one host's loopback.
      target = gateway;
    }
    commit(iface.handle, end, own, target, family, ttl, ENCAPSULATION_UDP);
    return;
  }
  commit(iface.handle, end, source != 0 ? source : own, destination, family, messageTtl, ENCAPSULATION_RAW);
  const length = end - message;
  const copy = reserveAction(length + ACTION_SEND_PAYLOAD + 8);
  copyWords(copy + ACTION_SEND_PAYLOAD, message, length);
  record = copy;
  message = copy + ACTION_SEND_PAYLOAD;
  commit(iface.handle, message + length, own, destination, family, messageTtl, ENCAPSULATION_UDP_ALTERNATE);
}
