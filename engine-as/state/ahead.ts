// Looking ahead: what a batch of packets is about is asked of memory all at once, before the first of them is taken. One
// packet needs a slot of the table, then its session, then the session's first state, each of which may be a cache miss
// that waits for the one before; of a batch they are under way side by side. Nothing is decided here, and nothing that is
// touched is taken for what it may turn out not to be.
import { INPUT_PACKETS_PAYLOAD, PACKET_SLOT_BYTES, PACKET_SLOTS } from "../boundary.gen";
import { sessionTable } from "./hash_table";
import { hashWord } from "./hash";
import { inboxPointer } from "./memory";
import { Filter, ReservationState } from "./reservation_state";
import { isDue } from "../timers/clock";
import { Chunk, CHUNK_HEADER } from "../timers/wheel";
import { IPV4_IDENTITY, keyOf, Session, sessionsGone } from "./session";
import { HEADER_SESSION } from "../wire/usual_headers";

// By packet: the hash of what its SESSION object names, 0 for not known; and the session, or 0.
const entries: usize = memory.data(264, 8);
assert(PACKET_SLOTS * 8 <= 264);
// What is asked for next.
const places: usize = memory.data(256, 8);
assert(PACKET_SLOTS * 4 <= 256);
const SESSIONS_AT_ONCE: u32 = 32;
// Where the second cache line of a session's record begins.
const SECOND_LINE: usize = 64;
// What was loaded goes somewhere, into memory: a variable that nobody reads is taken away together with the loads.
const touched: usize = memory.data(4, 4);

// Bytes of the slots that have been looked at, 0 but for while their packets are taken; and how many sessions had gone.
let lookedAt: usize = 0;
let goneBefore: u32 = 0;

// What a message concerns: it says what of the session is needed.
export const CONCERNS_SENDER: u32 = 0;
export const CONCERNS_FILTER: u32 = 1;
export const CONCERNS_RESERVATION: u32 = 2;
const CONCERNS: u32 = 3;

// Notes the SESSION object at `object` of the packet number `index`, if it is of IPv4; 0 for none.
export function lookAhead(index: usize, object: usize, concern: u32): void {
  const entry = entries + index * 8;
  if (object == 0 || load<u32>(object) != HEADER_SESSION) {
    store<u64>(entry, 0);
    return;
  }
  const table = sessionTable();
  const hash = hashWord(load<u64>(object, 4) & IPV4_IDENTITY, 1);
  // Slots are multiples of four.
  const place = (<u32> table.slots + (hash & table.mask) * 8) | concern;
  store<u64>(entry, <u64> hash | (<u64> place << 32));
}

// What the first slot with this hash at or behind `slot` names, but not beyond a few, and not around the table's end.
@inline
function sessionAt(slot: usize, hash: u32): u32 {
  const end = min(slot + 64, <usize> sessionTable().slots + <usize> (sessionTable().mask + 1) * 8);
  for (let at = slot; at < end; at += 8) {
    const value = load<u32>(at, 4);
    if (value == 0 || load<u32>(at) == hash) return value;
  }
  return 0;
}

// Asks for all that was noted of so many packets. What is not there, or has nothing of its kind, drops out.
export function fetchAhead(packets: usize): void {
  let sum: u32 = 0, kept: usize = 0;
  for (let entry = entries, end = entries + packets * 8; entry < end; entry += 8) {
    const place = load<u32>(entry, 4);
    if (place == 0) continue;
    const session = sessionAt(<usize> (place & ~CONCERNS), load<u32>(entry));
    store<u32>(entry, session, 4);
    if (session == 0) continue;
    store<u32>(places + kept, session | (place & CONCERNS));
    kept += 4;
  }
  const found = kept;
  kept = 0;
  // Both lines of its record, in which its first sender and previous hop stand.
  for (let at: usize = 0; at < found; at += 4) {
    const place = load<u32>(places + at);
    const session = changetype<Session>(<usize> (place & ~CONCERNS));
    sum += load<u32>(changetype<usize>(session), SECOND_LINE);
    const reservation = <u32> changetype<usize>(session.firstReservation);
    if ((place & CONCERNS) == CONCERNS_SENDER || reservation == 0) continue;
    store<u32>(places + kept, reservation | (place & CONCERNS));
    kept += 4;
  }
  const reserved = kept;
  kept = 0;
  for (let at: usize = 0; at < reserved; at += 4) {
    const place = load<u32>(places + at);
    const filter = changetype<ReservationState>(<usize> (place & ~CONCERNS)).firstFilter;
    if (filter == null || (place & CONCERNS) != CONCERNS_FILTER) continue;
    store<u32>(places + kept, <u32> changetype<usize>(filter));
    kept += 4;
  }
  for (let at: usize = 0; at < kept; at += 4) sum += changetype<Filter>(<usize> load<u32>(places + at)).expiresAt;
  store<u32>(touched, sum);
  lookedAt = packets * PACKET_SLOT_BYTES;
  goneBefore = sessionsGone;
}

// The packets have been taken: what was found of them is void.
export function endLookingAhead(): void {
  lookedAt = 0;
}

// What is known of a SESSION object of a packet that has been looked at: the hash of its key in the low half, the session in
// the high half, 0 if there was none. 0 for any other object.
@inline
export function foundAhead(object: usize): u64 {
  const place = object - inboxPointer() - INPUT_PACKETS_PAYLOAD - 8;
  if (place >= lookedAt || (place & (PACKET_SLOT_BYTES - 1)) != 0) return 0;
  return load<u64>(entries + place / (PACKET_SLOT_BYTES / 8));
}
// Whether all sessions still stand that were found.
@inline
export function standsAhead(): bool {
  return goneBefore == sessionsGone;
}
assert((PACKET_SLOT_BYTES & (PACKET_SLOT_BYTES - 1)) == 0);

// The same for sessions that are due, of whole pieces of the wheel's list from `chunk` on: what they send is made of.
// Returns how many.
export function fetchDue(chunk: u32): u32 {
  let sum: u32 = 0, due: usize = 0;
  while (chunk != 0 && due < SESSIONS_AT_ONCE * 2) {
    const piece = changetype<Chunk>(<usize> chunk);
    for (let index: usize = 0; index < <usize> piece.count; index++) {
      const session = load<u32>(<usize> chunk + CHUNK_HEADER + index * 4);
      // Both lines of its record.
      sum += load<u32>(session) + load<u32>(session, SECOND_LINE);
      store<u32>(places + due, session);
      due += 4;
    }
    chunk = piece.next;
  }
  // A Resv is made of reservations, a Path of what its sender said.
  for (let at: usize = 0; at < due; at += 4) {
    const session = changetype<Session>(<usize> load<u32>(places + at));
    const path = session.firstPath, request = session.firstRequest, reservation = session.firstReservation;
    const isResv = request != null && reservation != null && isDue(request.refreshAt);
    sum += load<u32>(isResv ? changetype<usize>(reservation) : path ? <usize> path.senderTspec : 0);
    store<u32>(places + at, isResv ? <u32> changetype<usize>(reservation) : 0);
  }
  for (let at: usize = 0; at < due; at += 4) {
    const reservation = changetype<ReservationState | null>(<usize> load<u32>(places + at));
    if (reservation == null) continue;
    const filter = reservation.firstFilter;
    if (filter) sum += filter.expiresAt;
    sum += load<u32>(<usize> reservation.flowspec);
  }
  store<u32>(touched, sum);
  return <u32> due >>> 2;
}
