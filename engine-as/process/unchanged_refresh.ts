// A Path or Resv that says what the last one said: state keeps a fingerprint of the message that refreshed it last and
// changed nothing, and a message with the same fingerprint restarts its time-outs without being parsed (RFC 2205 section
// 3.7). The fingerprint is of 64 bits, keyed, and covers the message with its lifetime R, the interface and TTL of its
// arrival, encapsulation, source and destination. INTEGRITY and the checksum are left out, since they differ where nothing
// else does; the checksum is verified all the same.
//
// What the fingerprint stands for is that the whole procedure, carried out on the state as it is, would change nothing. So
// it is set only at the end of that procedure, and taken back by whatever could make its outcome another one: senders and
// reservations of the session that come, go or change take back all of the session's, changes of an interface, of CONFIG
// or of policy those of all sessions (the epoch).
import {
  COUNTER_RECEIVED_PATH,
  COUNTER_REFRESHES_UNCHANGED,
  INPUT_PACKETS_DESTINATION,
  INPUT_PACKETS_ENCAPSULATION,
  INPUT_PACKETS_FAMILY,
  INPUT_PACKETS_INTERFACE,
  INPUT_PACKETS_PAYLOAD,
  INPUT_PACKETS_SOURCE,
  INPUT_PACKETS_TTL,
} from "../boundary.gen";
import { timeValuesRefreshPeriodMs } from "../accessors.gen";
import { beginFingerprint, fingerprintOf, fingerprintWord } from "../state/hash";
import { Interface, interfaceByHandle } from "../state/interface";
import { count, root } from "../state/memory";
import { PathState } from "../state/path_state";
import { expireBy, Filter, ReservationState } from "../state/reservation_state";
import { findSession, Session } from "../state/session";
import { now } from "../timers/clock";
import { lifetimeOf } from "../timers/timing";
import { schedule } from "../timers/wheel";
import { load16, objectClass, objectCType, objectLength } from "../wire/bytes";
import { sumBytes } from "../wire/checksum";
import { MESSAGE_PATH, MESSAGE_RESV } from "../wire/message_view";
import { CLASS_INTEGRITY, CLASS_SESSION, CLASS_TIME_VALUES } from "../wire/object_forms";
import { HEADER_TIME_VALUES } from "../wire/usual_headers";
import { arrivalInterface } from "./context";

// The header without its checksum, as a word in memory.
const HEADER_MASK: u64 = 0xffffffff0000ffff;
// Header, SESSION and RSVP_HOP.
const SHORTEST: u32 = 32;
// SESSION objects of RFC 2205 and 2207, by C-Type.
const LARGEST_SESSION_CTYPE: u32 = 4;

// Of the packet at hand; 0 where it has none. Where it has one, header and checksum are right.
let print: u64 = 0;
// The SESSION object that was looked for, and what was found: it need not be looked for again.
let lookedFor: usize = 0;
let found: Session | null = null;

// What the state that the packet at hand has refreshed without a change is to be marked with; 0 for nothing.
@inline
export function arrivingFingerprint(): u64 {
  return print;
}

// The session that the message's SESSION object names, or null. Asked once, before anything is made.
@inline
export function arrivingSession(object: usize): Session | null {
  return object == lookedFor ? found : findSession(object);
}

// Whether it has been looked for and does not exist.
@inline
export function isMissed(object: usize): bool {
  return object == lookedFor && found == null;
}

// Takes the packet in the slot if it repeats what its state was refreshed with last. The caller has checked interface and
// encapsulation, and that it has a header.
export function takeUnchangedRefresh(slot: usize, length: u32): bool {
  print = 0;
  lookedFor = 0;
  const message = slot + INPUT_PACKETS_PAYLOAD;
  const type = <u32> load<u8>(message, 1);
  if (type - MESSAGE_PATH > MESSAGE_RESV - MESSAGE_PATH || length < SHORTEST) return false;
  if (load<u8>(message) >> 4 != 1 || load16(message + 6) != length || (length & 3) != 0) return false;
  const end = message + length;
  let start = message + 8;
  if (objectClass(start) == CLASS_INTEGRITY) {
    start += objectLength(start) & ~3;
    if (start + SHORTEST > end) return false;
  }
  if (!isSession(start)) return false;
  const session = findSession(start);
  lookedFor = start;
  found = session;
  if (session == null || (type == MESSAGE_RESV && session.firstReservation == null)) return false;
  if (load<u16>(message, 2) && sumBytes(message, length) != 0xffff) return false;
  print = fingerprint(slot, message, start, end);
  const taken = type == MESSAGE_PATH ? refreshPath(session, start, end) : refreshReservations(session, start, end);
  if (taken) count(COUNTER_RECEIVED_PATH + type - 1);
  return taken;
}

// Whether it is the SESSION object of a known form, so that it can be looked for.
@inline
function isSession(object: usize): bool {
  const ctype = objectCType(object);
  if (objectClass(object) != CLASS_SESSION || ctype - 1 >= LARGEST_SESSION_CTYPE) return false;
  return objectLength(object) == <u32> ((ctype & 1) != 0 ? 12 : 24);
}

function fingerprint(slot: usize, message: usize, start: usize, end: usize): u64 {
  const family = load<u8>(slot, INPUT_PACKETS_FAMILY);
  const arrival = <u64> load<u32>(slot, INPUT_PACKETS_INTERFACE) | (<u64> load<u8>(slot, INPUT_PACKETS_TTL) << 32) |
    (<u64> load<u8>(slot, INPUT_PACKETS_ENCAPSULATION) << 40) | (<u64> family << 48);
  const addresses = <u64> load<u32>(slot, INPUT_PACKETS_SOURCE) | (<u64> load<u32>(slot, INPUT_PACKETS_DESTINATION) << 32);
  beginFingerprint(arrival, addresses, load<u64>(message) & HEADER_MASK, root().refreshEpoch);
  if (family != 4) {
    for (let at: usize = 4; at < 16; at += 4) {
      fingerprintWord(
        <u64> load<u32>(slot + INPUT_PACKETS_SOURCE + at) | (<u64> load<u32>(slot + INPUT_PACKETS_DESTINATION + at) << 32),
      );
    }
  }
  // Of an INTEGRITY only that it is there: its content is never twice the same (RFC 2747).
  if (start != message + 8) fingerprintWord(load<u32>(message, 8));
  return fingerprintOf(start, end);
}

// The objects were checked when the fingerprint was set, and these are the same.
function lifetime(iface: Interface, start: usize, end: usize): u32 {
  let at = start + 24;
  if (load<u32>(at) != HEADER_TIME_VALUES) {
    for (at = start; at < end && objectClass(at) != CLASS_TIME_VALUES;) at += objectLength(at);
  }
  return now() + lifetimeOf(iface, timeValuesRefreshPeriodMs(at));
}

function refreshPath(session: Session, start: usize, end: usize): bool {
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (path.fingerprint != print) continue;
    path.expiresAt = lifetime(arrivalInterface(), start, end);
    schedule(session, path.expiresAt);
    count(COUNTER_REFRESHES_UNCHANGED);
    return true;
  }
  return false;
}

// FF: one message may have refreshed several.
function refreshReservations(session: Session, start: usize, end: usize): bool {
  let expiresAt: u32 = 0;
  let taken = false;
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (reservation.fingerprint != print) continue;
    if (!taken) expiresAt = lifetime(interfaceByHandle(reservation.interface)!, start, end);
    taken = true;
    for (let filter: Filter | null = reservation.firstFilter; filter; filter = filter!.next) filter.expiresAt = expiresAt;
  }
  if (taken) {
    count(COUNTER_REFRESHES_UNCHANGED);
    expireBy(session, expiresAt);
  }
  return taken;
}

// Marks a reservation that the message at hand has refreshed; `whole` is false where it named only a part. What another
// message refreshed together with it is not all refreshed by that one any more.
export function markRefreshed(session: Session, reservation: ReservationState, whole: bool): void {
  const old = reservation.fingerprint;
  if (old != 0 && old != print) forget(session, old);
  reservation.fingerprint = whole ? print : 0;
}

// The message at hand has changed or refused something after all: it is to be carried out again when it is repeated.
export function forgetArriving(session: Session): void {
  forget(session, print);
}

function forget(session: Session, which: u64): void {
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (reservation.fingerprint == which) reservation.fingerprint = 0;
  }
}
