// Looking ahead: what a batch of packets is about is asked of memory all at once, before the first of them is taken. One
// packet needs a slot of the table, then its session, then the session's first state, each of which may be a cache miss
// that waits for the one before; of a batch they are under way side by side. Nothing is decided here, and nothing that is
// touched is taken for what it may turn out not to be.
import { PACKET_SLOTS } from "../boundary.gen";
import { sessionTable } from "./hash_table";
import { hashWord } from "./hash";
import { PathState } from "./path_state";
import { ReservationState } from "./reservation_state";
import { IPV4_IDENTITY, IPV4_SESSION_HEADER, Session } from "./session";

// Addresses of slots, then of sessions.
const places: usize = memory.data(256, 8);
assert(PACKET_SLOTS * 4 <= 256);
let noted: usize = 0;
// What was loaded goes somewhere, or the loads would be for nothing.
let touched: u32 = 0;

export function beginLookingAhead(): void {
  noted = 0;
}

// Notes the SESSION object at `object`, if it is of IPv4.
export function lookAhead(object: usize): void {
  if (load<u32>(object) != IPV4_SESSION_HEADER) return;
  const table = sessionTable();
  const slot = <usize> table.slots + <usize> (hashWord(load<u64>(object, 4) & IPV4_IDENTITY, 1) & table.mask) * 8;
  store<u32>(places + noted, <u32> slot);
  noted += 4;
}

// Asks for all that was noted.
export function fetchAhead(): void {
  let sum: u32 = 0;
  for (let at: usize = 0; at < noted; at += 4) {
    const session = load<u32>(<usize> load<u32>(places + at), 4);
    store<u32>(places + at, session);
    sum += session;
  }
  for (let at: usize = 0; at < noted; at += 4) {
    const session = <usize> load<u32>(places + at);
    if (session != 0) sum += load<u32>(session, offsetof<Session>("firstPath"));
  }
  for (let at: usize = 0; at < noted; at += 4) {
    const session = <usize> load<u32>(places + at);
    if (session == 0) continue;
    const path = <usize> load<u32>(session, offsetof<Session>("firstPath"));
    if (path != 0) sum += load<u32>(path, offsetof<PathState>("fingerprint"));
    const reservation = <usize> load<u32>(session, offsetof<Session>("firstReservation"));
    if (reservation != 0) sum += load<u32>(reservation, offsetof<ReservationState>("fingerprint"));
  }
  touched = sum;
}
