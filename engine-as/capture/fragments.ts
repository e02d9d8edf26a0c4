// Reassembly of IP fragments (RFC 791 section 3.2, RFC 8200 section 4.5) in a fixed number of buffers. Where two
// fragments overlap, the bytes that came first stay. The oldest unfinished datagram makes room for a new one.
//
// A buffer: +0 last use (0: free), +4 length of the whole or 0 while unknown, +8 units of eight bytes present,
// +12 identification, +16 protocol and family, +24 source, +40 destination (64 bytes); then data, then the map.
import { CaptureState, REASSEMBLIES, REASSEMBLY, REASSEMBLY_BYTES, REASSEMBLY_DATA, REASSEMBLY_MAP } from "./state";

// Takes the fragment of `length` bytes at `data` that belongs at byte `offset` of its datagram. The addresses are those
// of the packet at hand (state.source, state.destination). Returns the reassembled bytes when they are complete (their
// length in state.payloadBytes), else 0.
export function takeFragment(
  s: CaptureState,
  identification: u32,
  protocol: u32,
  offset: u32,
  more: bool,
  data: usize,
  length: u32,
): usize {
  s.fragments += 1;
  // All fragments but the last are whole units of eight bytes; an end past 65,535 is an attack (ping of death).
  if (length == 0 || offset + length > 65535 || (more && (length & 7))) return 0;
  const slot = findSlot(s, identification, (protocol << 8) | s.family);
  s.fragmentClock += 1;
  store<u32>(slot, s.fragmentClock);
  if (!more) store<u32>(slot, offset + length, 4);
  copyUnits(slot, offset, data, length);
  const whole = load<u32>(slot, 4);
  if (!whole || load<u32>(slot, 8) < (whole + 7) >>> 3) return 0;
  // Complete. The bytes stay until the slot is used again, which is after this packet.
  store<u32>(slot, 0);
  s.completed = slot;
  s.payloadBytes = whole;
  return slot + REASSEMBLY_DATA;
}

function findSlot(s: CaptureState, identification: u32, kind: u32): usize {
  const first = changetype<usize>(s) + REASSEMBLY;
  let oldest = first;
  let oldestUse: u32 = u32.MAX_VALUE;
  for (let i: u32 = 0; i < REASSEMBLIES; ++i) {
    const slot = first + <usize> i * REASSEMBLY_BYTES;
    const use = load<u32>(slot);
    if (
      use && load<u32>(slot, 12) == identification && load<u32>(slot, 16) == kind && load<u64>(slot, 24) == s.source &&
      load<u64>(slot, 32) == s.sourceRest && load<u64>(slot, 40) == s.destination &&
      load<u64>(slot, 48) == s.destinationRest
    ) return slot;
    if (use < oldestUse) {
      oldestUse = use;
      oldest = slot;
    }
  }
  store<u32>(oldest, 0, 4);
  store<u32>(oldest, 0, 8);
  store<u32>(oldest, identification, 12);
  store<u32>(oldest, kind, 16);
  store<u64>(oldest, s.source, 24);
  store<u64>(oldest, s.sourceRest, 32);
  store<u64>(oldest, s.destination, 40);
  store<u64>(oldest, s.destinationRest, 48);
  memory.fill(oldest + REASSEMBLY_MAP, 0, REASSEMBLY_BYTES - REASSEMBLY_MAP);
  return oldest;
}

function copyUnits(slot: usize, offset: u32, data: usize, length: u32): void {
  let present = load<u32>(slot, 8);
  for (let done: u32 = 0; done < length; done += 8) {
    const unit = (offset + done) >>> 3;
    const cell = slot + REASSEMBLY_MAP + (unit >>> 3);
    const bit: u32 = 1 << (unit & 7);
    if (load<u8>(cell) & bit) continue;
    store<u8>(cell, load<u8>(cell) | bit);
    present += 1;
    memory.copy(slot + REASSEMBLY_DATA + offset + done, data + done, min<u32>(8, length - done));
  }
  store<u32>(slot, present, 8);
}

// The packet at hand has to be looked at again later: its last fragment must complete the datagram once more.
export function reopenFragments(s: CaptureState): void {
  s.fragments -= 1;
  store<u32>(s.completed, s.fragmentClock);
}
