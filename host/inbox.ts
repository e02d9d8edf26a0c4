/** Puts records and datagrams into the engine's inbox, through views that host/engine.ts hands in. */
import { PACKET_HEADER_BYTES, PACKET_OFFSET, PACKET_SLOT_BYTES, writePackets } from "./boundary.gen.ts";
import { type SubmitRecords, tailLength, WRITERS } from "./engine_exports.ts";
import type { Packet, SlotFiller } from "./transport/transport.ts";

/** Room that a record needs besides its tail; generous, for a bound that is checked before anything is written. */
const RECORD_HEADER_ROOM = 256;

/**
 * Writes records of one kind, one after the other, from `inbox` on, and returns how many bytes they take.
 * @throws {RangeError} naming the record with which the inbox is full.
 */
export function placeRecords<K extends keyof SubmitRecords>(
  view: DataView,
  bytes: Uint8Array,
  inbox: number,
  inboxLength: number,
  kind: K,
  records: readonly SubmitRecords[K][],
): number {
  const write = WRITERS[kind] as (view: DataView, bytes: Uint8Array, at: number, record: SubmitRecords[K]) => number;
  let used = 0;
  for (const record of records) {
    const tail = tailLength(record);
    if (used + RECORD_HEADER_ROOM + tail > inboxLength) {
      throw new RangeError(
        `${kind} record ${
          records.indexOf(record)
        } with a tail of ${tail} bytes does not fit the engine's inbox (${used} of ${inboxLength} bytes taken)`,
      );
    }
    const at = inbox + used;
    // A TICK has nothing but its header, and there are as many of them as of all else.
    if (kind !== "TICK") bytes.fill(0, at, at + RECORD_HEADER_ROOM + tail);
    used += write(view, bytes, at, record);
  }
  return used;
}

/**
 * Writes datagrams into slots from `inbox` to `end`, as many as fit, the first one in any case: cut if need be. Returns how
 * many, and how many bytes their slots take.
 */
export function placePackets(
  view: DataView,
  bytes: Uint8Array,
  inbox: number,
  end: number,
  packets: readonly Packet[],
  start: number,
): { count: number; used: number } {
  let at = inbox;
  let taken = start;
  for (; taken < packets.length; taken++) {
    let packet = packets[taken];
    let slots = Math.ceil((PACKET_HEADER_BYTES + packet.payload.length) / PACKET_SLOT_BYTES);
    if (at + slots * PACKET_SLOT_BYTES > end) {
      if (at > inbox) break;
      slots = Math.floor((end - inbox) / PACKET_SLOT_BYTES);
      packet = { ...packet, payload: packet.payload.subarray(0, slots * PACKET_SLOT_BYTES - PACKET_HEADER_BYTES) };
    }
    writePackets(view, bytes, at, packet);
    // What has been an action may bring a length of its own, which a cut has made wrong.
    view.setUint32(at + PACKET_OFFSET.payloadLength, packet.payload.length, true);
    at += slots * PACKET_SLOT_BYTES;
  }
  return { count: taken - start, used: at - inbox };
}

/** Has `fill` put datagrams into slots, one into each, and returns how many. */
export function fillSlots(
  view: DataView,
  bytes: Uint8Array,
  words: Int32Array,
  inbox: number,
  inboxLength: number,
  fill: SlotFiller,
): number {
  const slots = Math.floor(inboxLength / PACKET_SLOT_BYTES);
  const count = fill({ bytes, view, words, start: inbox, slots });
  if (count > slots) throw new RangeError(`${count} datagrams in ${slots} slots`);
  return count;
}
