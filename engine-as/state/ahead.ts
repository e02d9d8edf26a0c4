// Looking ahead: what a batch of packets is about is asked of memory all at once, before the first of them is taken. One
// packet needs a slot of the table, then its session, then the session's first state, each of which may be a cache miss
// that waits for the one before; of a batch they are under way side by side. Nothing is decided here, and nothing that is
// touched is taken for what it may turn out not to be.
import { PACKET_SLOTS } from "../boundary.gen";
import { sessionTable } from "./hash_table";
import { hashWord } from "./hash";
import { PathState, templateOf } from "./path_state";
import { Filter, ReservationState } from "./reservation_state";
import { isDue } from "../timers/clock";
import { Chunk, CHUNK_HEADER } from "../timers/wheel";
import { IPV4_IDENTITY, IPV4_SESSION_HEADER, keyOf, Session } from "./session";

// Addresses of slots, then of sessions and of what hangs from them; and the hashes that the slots are asked for.
const places: usize = memory.data(256, 8);
const hashes: usize = memory.data(256, 8);
assert(PACKET_SLOTS * 4 <= 256);
let noted: usize = 0;
const SESSIONS_AT_ONCE: u32 = 32;
// Where the second cache line of a session's record begins.
const SECOND_LINE: usize = 64;
// What was loaded goes somewhere, into memory: a variable that nobody reads is taken away together with the loads.
const touched: usize = memory.data(4, 4);

export function beginLookingAhead(): void {
  noted = 0;
}

// Notes the SESSION object at `object`, if it is of IPv4, and whether the message concerns a sender or a reservation.
export function lookAhead(object: usize, reservation: bool): void {
  if (load<u32>(object) != IPV4_SESSION_HEADER) return;
  const table = sessionTable();
  const hash = hashWord(load<u64>(object, 4) & IPV4_IDENTITY, 1);
  const slot = <usize> table.slots + <usize> (hash & table.mask) * 8;
  store<u32>(hashes + noted, hash);
  // Slots are multiples of four: the lowest bit is free.
  store<u32>(places + noted, <u32> slot | <u32> reservation);
  noted += 4;
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

// Asks for all that was noted. What is not there, or has nothing of its kind, drops out.
export function fetchAhead(): void {
  let sum: u32 = 0, kept: usize = 0;
  for (let at: usize = 0; at < noted; at += 4) {
    const place = load<u32>(places + at);
    const session = sessionAt(<usize> (place & ~1), load<u32>(hashes + at));
    if (session == 0) continue;
    store<u32>(places + kept, session | (place & 1));
    kept += 4;
  }
  noted = kept;
  kept = 0;
  // A record that is longer than what memory fetches at once is touched at both ends.
  for (let at: usize = 0; at < noted; at += 4) {
    const place = load<u32>(places + at);
    const session = changetype<Session>(<usize> (place & ~1));
    sum += load<u32>(keyOf(session), 4);
    const path = <u32> changetype<usize>(session.firstPath);
    const reservation = <u32> changetype<usize>(session.firstReservation);
    // A first reservation is made of what there is of the sender.
    const first = (place & 1) != 0 && reservation != 0 ? reservation | 1 : path;
    if (first == 0) continue;
    store<u32>(places + kept, first);
    store<u32>(hashes + kept, place & 1);
    kept += 4;
  }
  noted = kept;
  kept = 0;
  for (let at: usize = 0; at < noted; at += 4) {
    const place = load<u32>(places + at);
    const state = <usize> (place & ~1);
    if ((place & 1) != 0) {
      store<u32>(places + kept, load<u32>(state, offsetof<ReservationState>("firstFilter")));
      kept += 4;
      continue;
    }
    const path = changetype<PathState>(state);
    sum += path.expiresAt + load<u32>(templateOf(path));
    if (load<u32>(hashes + at) == 0) continue;
    store<u32>(places + kept, <u32> changetype<usize>(path.request));
    kept += 4;
  }
  for (let at: usize = 0; at < kept; at += 4) {
    const last = <usize> load<u32>(places + at);
    if (last != 0) sum += load<u32>(last, LAST_TOUCHED);
  }
  store<u32>(touched, sum);
}

// Of a filter its time-out, of a request its refresh.
const LAST_TOUCHED = offsetof<Filter>("expiresAt");

// The same for sessions that are due, of whole pieces of the wheel's list from `chunk` on: what they send is made of.
// Returns how many.
export function fetchDue(chunk: u32): u32 {
  let sum: u32 = 0, sessions: usize = 0;
  while (chunk != 0 && sessions < SESSIONS_AT_ONCE * 2) {
    const piece = changetype<Chunk>(<usize> chunk);
    for (let index: usize = 0; index < <usize> piece.count; index++) {
      const session = load<u32>(<usize> chunk + CHUNK_HEADER + index * 4);
      // Both lines of its record.
      sum += load<u32>(session) + load<u32>(session, SECOND_LINE);
      store<u32>(places + sessions, session);
      sessions += 4;
    }
    chunk = piece.next;
  }
  // A Resv is made of reservations, a Path of what its sender said.
  for (let at: usize = 0; at < sessions; at += 4) {
    const session = changetype<Session>(<usize> load<u32>(places + at));
    const path = session.firstPath, request = session.firstRequest, reservation = session.firstReservation;
    const isResv = request != null && reservation != null && isDue(request.refreshAt);
    sum += load<u32>(isResv ? changetype<usize>(reservation) : path ? <usize> path.senderTspec : 0);
    store<u32>(places + at, isResv ? <u32> changetype<usize>(reservation) : 0);
  }
  for (let at: usize = 0; at < sessions; at += 4) {
    const reservation = changetype<ReservationState | null>(<usize> load<u32>(places + at));
    if (reservation == null) continue;
    const filter = reservation.firstFilter;
    if (filter) sum += filter.expiresAt;
    sum += load<u32>(<usize> reservation.flowspec);
  }
  store<u32>(touched, sum);
  return <u32> sessions >>> 2;
}
