/** Looking on while a node sends and receives. A node at which nobody looks pays one comparison a packet. */
import { PACKET_OFFSET, PACKET_SLOT_BYTES } from "./boundary.gen.ts";
import type { Packet, PacketSlots, SlotFiller } from "./transport/transport.ts";

/** A message that was seen at a node. */
export interface MessageSighting {
  /** `received`: handed to the engine, which may still drop it. `sent`: handed to the transport. `relayed`: passed on as IP would. */
  direction: "received" | "sent" | "relayed";
  /** Interface handle; 0 where routing decides. */
  interface: number;
  /** Milliseconds of the node's clock. */
  timeMs: number;
  /** Message type of the common header (RFC 2205 3.1.1); 0 if the datagram is too short to have one. */
  type: number;
  /** The datagram. It must not be changed, and is good during the call only. */
  packet: Packet;
}

/** Takes what is seen. */
export type MessageObserver = (sighting: MessageSighting) => void;

/** Byte of the common header that has the message type (RFC 2205 3.1.1). */
const TYPE_OFFSET = 1;

/** Describes a packet that passes by. */
export function sightingOf(direction: MessageSighting["direction"], packet: Packet, timeMs: number): MessageSighting {
  const type = packet.payload[TYPE_OFFSET] ?? 0;
  return { direction, interface: packet.interface, timeMs, type, packet };
}

/** A filler of slots that shows what it has filled them with. */
export function observedFiller(fill: SlotFiller, observe: (packet: Packet) => void): SlotFiller {
  return (slots) => {
    const count = fill(slots);
    for (let slot = 0; slot < count; slot++) observe(slotPacket(slots, slot));
    return count;
  };
}

const LITTLE_ENDIAN = true;

/** The datagram of a slot, over the slot's own bytes. */
function slotPacket({ bytes, view, start }: PacketSlots, slot: number): Packet {
  const at = start + slot * PACKET_SLOT_BYTES;
  const length = view.getUint32(at + PACKET_OFFSET.payloadLength, LITTLE_ENDIAN);
  const address = (offset: number) => bytes.subarray(at + offset, at + offset + 16);
  return {
    interface: view.getUint32(at + PACKET_OFFSET.interface, LITTLE_ENDIAN),
    source: address(PACKET_OFFSET.source),
    destination: address(PACKET_OFFSET.destination),
    family: bytes[at + PACKET_OFFSET.family],
    ttl: bytes[at + PACKET_OFFSET.ttl],
    encapsulation: bytes[at + PACKET_OFFSET.encapsulation],
    routerAlert: bytes[at + PACKET_OFFSET.routerAlert],
    payload: bytes.subarray(at + PACKET_OFFSET.payload, at + PACKET_OFFSET.payload + length),
  };
}
