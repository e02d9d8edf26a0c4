// One record per session (RFC 2205 section 1.1): the triple (DestAddress, ProtocolId, DstPort), or whatever its C-Type
// makes of it. It is found by hash, and it is what the timer wheel holds: one deadline for everything below it. Nearly every
// session has one sender behind one previous hop: the first of each stands in the session's own record, so that what a
// refresh needs lies in two cache lines, and only further ones are records of their own.
import { COUNTER_SESSIONS } from "../boundary.gen";
import { unschedule } from "../timers/wheel";
import { copyWords, objectCType, store16 } from "../wire/bytes";
import { foundAhead, standsAhead } from "./ahead";
import { Application } from "./application";
import {
  destinationTable,
  insert,
  NO_SLOT,
  probeFirst,
  probeNext,
  removeSlot,
  removeValue,
  sessionTable,
  setSlotValue,
  slotValue,
} from "./hash_table";
import { hashBytes, hashWord } from "./hash";
import {
  equalBytes,
  isMulticast,
  keyAddressLength,
  keyDestinationPort,
  sessionFamily,
  sessionKey,
} from "./keys";
import { count, mayGrow, root, uncount } from "./memory";
import { PathState } from "./path_state";
import { RequestState } from "./request_state";
import { ReservationState } from "./reservation_state";
import { allocate, release } from "./slab";
import { TrafficControlState } from "./traffic_control_state";
import { HEADER_SESSION } from "../wire/usual_headers";

@unmanaged
export class Session {
  // The piece of a list of the wheel that it stands in (timers/wheel.ts), 0 when not scheduled; and when it is due.
  wheelChunk: u32;
  deadline: u32;
  // No filter of a neighbour's reservation has its cleanup time before this; 0 if there is none (reservation_state.ts).
  expiryBound: u32;
  firstPath: PathState | null;
  firstReservation: ReservationState | null;
  firstTrafficControl: TrafficControlState | null;
  firstRequest: RequestState | null;
  firstApplication: Application | null;
  ctype: u8;
  keyLength: u8;
  multicast: u8;
  pathCount: u8; // saturates at 255; the limit of senders is checked by walking
}

const HEADER = offsetof<Session>();

// The record: header, key, room for a request, room for a path state whose sender's key is as long as the session's.
@inline
function recordBytes(keyLength: usize): usize {
  return HEADER + keyLength + offsetof<RequestState>() + offsetof<PathState>() + keyLength;
}
assert(HEADER + 8 + offsetof<RequestState>() + offsetof<PathState>() + 8 == 128);
@inline
export function ownRequest(session: Session): usize {
  return keyOf(session) + <usize> session.keyLength;
}
@inline
export function ownPath(session: Session): usize {
  return ownRequest(session) + offsetof<RequestState>();
}

@inline
export function keyOf(session: Session): usize {
  return changetype<usize>(session) + HEADER;
}
@inline
export function familyOf(session: Session): u32 {
  return sessionFamily(session.ctype);
}
// The destination address is the first field of every SESSION form of RFC 2205 and 2207.
@inline
export function destinationOf(session: Session): usize {
  return keyOf(session);
}

const scratch: usize = memory.data(64, 8);

function findKey(key: usize, length: usize, ctype: u32, hash: u32): Session | null {
  const table = sessionTable();
  let slot = probeFirst(table, hash);
  while (slot != NO_SLOT) {
    const session = changetype<Session>(<usize> slotValue(table, slot));
    if (session.ctype == ctype && session.keyLength == length && equalBytes(keyOf(session), key, length)) {
      return session;
    }
    slot = probeNext(table, hash, slot);
  }
  return null;
}

// Nearly all sessions have the shortest key, eight bytes with the flags in the sixth: one load, one comparison.
export const IPV4_IDENTITY: u64 = 0xffff00ffffffffff;

// How many sessions have gone: whoever keeps hold of one asks whether it may be among them.
export let sessionsGone: u32 = 0;

function findShort(object: usize): Session | null {
  const key = load<u64>(object, 4) & IPV4_IDENTITY;
  const known = foundAhead(object);
  if (known >> 32 != 0 && standsAhead()) {
    const ahead = changetype<Session>(<usize> (known >> 32));
    if (ahead.ctype == 1 && load<u64>(keyOf(ahead)) == key) return ahead;
  }
  const hash = known != 0 ? <u32> known : hashWord(key, 1);
  const table = sessionTable();
  const slots = <usize> table.slots;
  const mask = table.mask;
  let slot = hash & mask;
  while (true) {
    const at = slots + <usize> slot * 8;
    const value = load<u32>(at, 4);
    if (value == 0) break;
    if (load<u32>(at) == hash) {
      const session = changetype<Session>(<usize> value);
      if (session.ctype == 1 && load<u64>(keyOf(session)) == key) return session;
    }
    slot = (slot + 1) & mask;
  }
  missedKey = key;
  missedHash = hash;
  return null;
}
// The key that was looked for last and not found, with its hash: a session is made of it next.
let missedKey: u64 = 0;
let missedHash: u32 = 0;

// The session that a SESSION object names, or null.
export function findSession(object: usize): Session | null {
  if (load<u32>(object) == HEADER_SESSION) return findShort(object);
  const length = sessionKey(object, scratch);
  const ctype = objectCType(object);
  return findKey(scratch, length, ctype, hashBytes(scratch, length, ctype));
}

// Whether a session for the same address and protocol stands with a zero port where this one has one, or the other
// way round (RFC 2205 section 3.2). The object is of a session that does not exist yet.
//
// Sessions without a port are rare, so the two directions differ. A session with a port looks for the one session that
// could stand without, if there is any such session at all. A session without a port must know of all ports, so the first
// one has the destinations of all sessions counted by (address, protocol); from then on the count is kept. The counts are
// found by 48 bits of two keyed hashes and by nothing else: looking at every session would let a stranger buy that work
// with each message, and a chance of one in 2^48 for each destination refuses nobody.
export function conflictsByPort(object: usize): bool {
  if (load<u32>(object) == HEADER_SESSION && load<u16>(object, 10) != 0 && root().portlessSessions == 0) return false;
  const ctype = objectCType(object);
  const length = sessionKey(object, scratch);
  if (keyDestinationPort(scratch, ctype) != 0) {
    if (root().portlessSessions == 0) return false;
    store16(scratch + length - 2, 0);
    return findKey(scratch, length, ctype, hashBytes(scratch, length, ctype)) != null;
  }
  if (root().destinationsCounted == 0) {
    // The table of destinations may get as large as that of the sessions. Without memory for it the conflict goes unseen,
    // which harms less than an error that is not true.
    if (!mayGrow(<usize> sessionTable().mask * 24)) return false;
    countDestinations();
  }
  return findDestination(object + 4, ctype) != NO_SLOT;
}

function countDestinations(): void {
  root().destinationsCounted = 1;
  const table = sessionTable();
  for (let slot: u32 = 0; slot <= table.mask; slot++) {
    const value = slotValue(table, slot);
    if (value == 0) continue;
    const session = changetype<Session>(<usize> value);
    if (keyDestinationPort(keyOf(session), session.ctype) != 0) countDestination(session, true);
  }
}

// A slot of the table of destinations is { fingerprint, check u16 and sessions with a port u16 }, both of address and
// protocol. There are at most 65,535 ports.
let destinationPrint: u32 = 0;
let destinationCheck: u32 = 0;
const COUNT_MASK: u32 = 0xffff;

function findDestination(key: usize, ctype: u32): u32 {
  const length = keyAddressLength(ctype);
  copyWords(scratch, key, length + 4);
  store<u8>(scratch + length + 1, 0);
  store<u16>(scratch + length + 2, 0);
  destinationPrint = hashBytes(scratch, length + 4, 64 + <u64> ctype);
  destinationCheck = hashBytes(scratch, length + 4, 96 + <u64> ctype) & ~COUNT_MASK;
  const table = destinationTable();
  let slot = probeFirst(table, destinationPrint);
  while (slot != NO_SLOT && (slotValue(table, slot) & ~COUNT_MASK) != destinationCheck) {
    slot = probeNext(table, destinationPrint, slot);
  }
  return slot;
}

export function createSession(object: usize): Session {
  const session = load<u32>(object) == HEADER_SESSION ? createShort(object) : createLong(object);
  if (root().destinationsCounted != 0 || keyDestinationPort(keyOf(session), session.ctype) == 0) {
    countDestination(session, true);
  }
  count(COUNTER_SESSIONS);
  return session;
}

// The same for the shortest key.
@inline
function createShort(object: usize): Session {
  const key = load<u64>(object + 4) & IPV4_IDENTITY;
  const session = makeShort(key, hashWord(key, 1));
  session.multicast = isMulticast(keyOf(session), 4) ? 1 : 0;
  return session;
}

@inline
function makeShort(key: u64, hash: u32): Session {
  const record = allocate(recordBytes(8));
  const session = changetype<Session>(record);
  session.ctype = 1;
  session.keyLength = 8;
  store<u64>(record + HEADER, key);
  insert(sessionTable(), hash, <u32> record);
  return session;
}

// The same for a session of IPv4 with one destination, with a port and among sessions that all have one: null for any
// other. It has been looked for in vain just before.
export function createPlain(object: usize): Session | null {
  const key = load<u64>(object + 4) & IPV4_IDENTITY;
  if (key >> 48 == 0 || (<u32> key & 0xf0) == 0xe0 || load<u32>(object) != HEADER_SESSION) return null;
  if ((root().portlessSessions | root().destinationsCounted) != 0) return null;
  const session = makeShort(key, key == missedKey ? missedHash : hashWord(key, 1));
  count(COUNTER_SESSIONS);
  return session;
}

function createLong(object: usize): Session {
  const length = sessionKey(object, scratch);
  const ctype = objectCType(object);
  const record = allocate(recordBytes(length));
  const session = changetype<Session>(record);
  session.ctype = <u8> ctype;
  session.keyLength = <u8> length;
  copyWords(record + HEADER, scratch, length);
  session.multicast = isMulticast(record + HEADER, sessionFamily(ctype)) ? 1 : 0;
  insert(sessionTable(), hashBytes(scratch, length, ctype), <u32> record);
  return session;
}

function countDestination(session: Session, added: bool): void {
  const state = root();
  if (keyDestinationPort(keyOf(session), session.ctype) == 0) {
    state.portlessSessions += added ? 1 : -1;
    return;
  }
  if (state.destinationsCounted == 0) return;
  const table = destinationTable();
  const slot = findDestination(keyOf(session), session.ctype);
  if (slot == NO_SLOT) {
    if (added) insert(table, destinationPrint, destinationCheck | 1);
    return;
  }
  const value = slotValue(table, slot);
  if (added) setSlotValue(table, slot, value + 1);
  else if ((value & COUNT_MASK) > 1) setSlotValue(table, slot, value - 1);
  else removeSlot(table, slot);
}

// Frees the session once nothing hangs from it any more.
export function releaseIfIdle(session: Session): bool {
  if (session.firstPath || session.firstReservation || session.firstApplication || session.firstTrafficControl) {
    return false;
  }
  if (session.firstRequest) return false;
  unschedule(session);
  countDestination(session, false);
  const length: usize = session.keyLength;
  removeValue(sessionTable(), hashBytes(keyOf(session), length, session.ctype), <u32> changetype<usize>(session));
  sessionsGone += 1;
  release(changetype<usize>(session), recordBytes(length));
  uncount(COUNTER_SESSIONS);
  // Only with the last session, so that nobody can have them all counted again and again.
  if (sessionTable().count == 0) root().destinationsCounted = 0;
  return true;
}

// Writes the SESSION object (RFC 2205 A.1) with these flags at `destination`; returns its length.
export function writeSessionObject(session: Session, flags: u32, destination: usize): usize {
  if (session.ctype == 1) {
    store<u32>(destination, HEADER_SESSION);
    // The flags of a key are zero.
    store<u64>(destination + 4, load<u64>(keyOf(session)) | (<u64> flags << 40));
    return 12;
  }
  const length = <usize> session.keyLength;
  store16(destination, <u32> length + 4);
  store<u8>(destination, 1, 2);
  store<u8>(destination, session.ctype, 3);
  copyWords(destination + 4, keyOf(session), length);
  store<u8>(destination + 4 + keyAddressLength(session.ctype) + 1, <u8> flags);
  return length + 4;
}
