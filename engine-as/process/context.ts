// What one event needs while it is carried out: the message at hand and where it came from, and scratch memory. Nothing
// here lives longer than the submit that it belongs to; state is in state/.
import { INPUT_PACKETS_DESTINATION, INPUT_PACKETS_SOURCE } from "../boundary.gen";
import { Interface } from "../state/interface";
import { MESSAGE_VIEW_BYTES, MessageView } from "../wire/message_view";

const viewMemory: usize = memory.data(1024, 16);
assert(MESSAGE_VIEW_BYTES <= 1024);

@inline
export function view(): MessageView {
  return changetype<MessageView>(viewMemory);
}
@inline
export function viewPointer(): usize {
  return viewMemory;
}

// The packet slot at hand.
let slot: usize = 0;
let arrival: Interface | null = null;
// TTL with which the message arrived, after the rule for encapsulated ones (RFC 2205 appendix C).
let arrivalTtl: u32 = 0;

export function beginPacket(packet: usize, iface: Interface): void {
  slot = packet;
  arrival = iface;
}
@inline
export function setArrivalTtl(ttl: u32): void {
  arrivalTtl = ttl;
}
@inline
export function ttlOnArrival(): u32 {
  return arrivalTtl;
}
@inline
export function packetSlot(): usize {
  return slot;
}
@inline
export function arrivalInterface(): Interface {
  return arrival!;
}
@inline
export function packetSource(): usize {
  return slot + INPUT_PACKETS_SOURCE;
}
@inline
export function packetDestination(): usize {
  return slot + INPUT_PACKETS_DESTINATION;
}

// Scratch for one FLOWSPEC, SENDER_TSPEC or sum each; two for merging, where result and operand must not overlap.
export const mergeA: usize = memory.data(256, 16);
export const mergeB: usize = memory.data(256, 16);
export const sumScratch: usize = memory.data(64, 16);
export const tspecScratch: usize = memory.data(64, 16);
