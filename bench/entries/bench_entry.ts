// What the benchmarks call: the engine's own rooms, each in a loop, so that nothing but the work is measured. The
// loops are those of bench/limit/limit.c, and so is the sum by which both show that they read the same.
import "../../engine-as/abort";
import {
  destinationTable,
  initializeTable,
  sessionTable,
} from "../../engine-as/state/hash_table";
import { CONCERNS_SENDER, fetchAhead, lookAhead } from "../../engine-as/state/ahead";
import { seedHash } from "../../engine-as/state/hash";
import { root, ROOT_BYTES, rootPointer } from "../../engine-as/state/memory";
import {
  createSession,
  findSession,
  Session,
} from "../../engine-as/state/session";
import {
  appendObject,
  appendRsvpHop,
  appendSenderTemplate,
  appendSession,
  appendTimeValues,
  beginMessage,
  finishMessage,
} from "../../engine-as/wire/builder";
import { load16, store32 } from "../../engine-as/wire/bytes";
import {
  DECODED_RECORD_BYTES,
  DecodedRecord,
  decodeRecord,
} from "../../engine-as/wire/decoded_record";
import {
  MESSAGE_VIEW_BYTES,
  parseMessage,
} from "../../engine-as/wire/message_view";

const record: usize = memory.data(1024, 16);
const view: usize = memory.data(2048, 16);
const packet: usize = memory.data(2048, 16);
const bodies: usize = memory.data(256, 16);
let bad: u32 = 0;

// Makes room behind the static data and returns where it starts.
export function room(bytes: u32): usize {
  if (DECODED_RECORD_BYTES > 1024 || MESSAGE_VIEW_BYTES > 2048) unreachable();
  const start = (__heap_base + 15) & ~15;
  const pages = <i32> ((start + bytes + 0xffff) >>> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) unreachable();
  return start;
}

export function badCount(): u32 {
  return bad;
}

function sumOf(r: DecodedRecord): u32 {
  const sender = load<u32>(
    changetype<usize>(r) + offsetof<DecodedRecord>("senders"),
  );
  return r.sessionAddress ^ r.hopAddress ^ sender ^
    (r.type == 1 ? r.rate ^ r.latency : r.flowRate);
}

// Every packet of { length u32, packet } from start to end: checksums, all objects, all fields in host order.
export function decodeAll(start: usize, end: usize): f64 {
  let check: u64 = 0;
  bad = 0;
  const r = changetype<DecodedRecord>(record);
  for (let at = start; at < end;) {
    const length = load<u32>(at);
    if (decodeRecord(at + 4, length, record)) bad += 1;
    check += sumOf(r);
    at += 4 + ((<usize> length + 3) & ~3);
  }
  return <f64> check;
}

// One packet, for a call each.
export function decodeOne(at: usize, length: u32): u32 {
  return decodeRecord(at, length, record);
}

// The same packets as the protocol takes them: the whole grammar of RFC 2205 checked, objects found, fields left where
// they are.
export function parseAll(start: usize, end: usize): f64 {
  bad = 0;
  let types: u64 = 0;
  for (let at = start; at < end;) {
    const length = load<u32>(at);
    const header = <u32> (load<u8>(at + 4) & 15) * 4;
    if (parseMessage(at + 4 + header, length - header, view)) bad += 1;
    types += load<u8>(at + 4 + header + 1);
    at += 4 + ((<usize> length + 3) & ~3);
  }
  return <f64> types;
}

// One packet copied in by the host first.
export function slot(): usize {
  return packet;
}

// A PATH of seven objects; the bodies of SENDER_TSPEC and ADSPEC are written word by word, as the C program does.
function buildPath(
  out: usize,
  destination: usize,
  hop: usize,
  sender: usize,
  handle: u32,
): u32 {
  let at = beginMessage(out, 1, 63);
  at = appendSession(at, 4, destination, 17, 0, 5004);
  at = appendRsvpHop(at, 4, hop, handle);
  at = appendTimeValues(at, 30000);
  at = appendSenderTemplate(at, 4, sender, 0);
  at = appendObject(at, 12, 2, bodies, 32);
  at = appendObject(at, 13, 2, bodies + 32, 80);
  return finishMessage(out, at);
}

function writeBodies(): void {
  const words = bodies;
  store32(words, 7),
    store32(words + 4, 0x01000006),
    store32(words + 8, 0x7f000005),
    store32(words + 12, 0x48435000);
  store32(words + 16, 0x45fa0000),
    store32(words + 20, 0x48c35000),
    store32(words + 24, 64),
    store32(words + 28, 1500);
  const adspec = bodies + 32;
  store32(adspec, 19),
    store32(adspec + 4, 0x01000008),
    store32(adspec + 8, 0x04000001),
    store32(adspec + 12, 3);
  store32(adspec + 16, 0x06000001),
    store32(adspec + 20, 0x4cee6b28),
    store32(adspec + 24, 0x08000001);
  store32(adspec + 28, 100),
    store32(adspec + 32, 0x0a000001),
    store32(adspec + 36, 1500),
    store32(adspec + 40, 0x02000008);
  for (let i: u32 = 0; i < 4; i++) {
    store32(adspec + 44 + 8 * i, 0x85000001 + (i << 24));
    store32(adspec + 48 + 8 * i, 0);
  }
  store32(adspec + 76, 0x05000000);
}

// `ring` has room for 1,024 messages of 256 bytes; returns the sum of lengths and of the checksums left in the ring.
export function buildAll(ring: usize, count: u32): f64 {
  writeBodies();
  const destination = packet;
  const hop = packet + 8;
  const sender = packet + 16;
  store32(hop, 0xc0000201);
  store32(sender, 0xc6336401);
  let check: u64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    store32(destination, 0x0a000000 + i);
    check += buildPath(ring + (i & 1023) * 256, destination, hop, sender, i);
  }
  for (let i: usize = 0; i < 1024; i++) check += load16(ring + i * 256 + 2);
  return <f64> check;
}

// The key is written in one store: the look-up reads it in one, and a load that spans two stores which are still on their
// way waits for both, and so for the look-up before it.
function sessionObject(number: u32): usize {
  writeSession(packet, number);
  return packet;
}
function writeSession(at: usize, number: u32): void {
  store<u32>(at, 0x01010c00);
  store<u64>(at, <u64> bswap<u32>(0x0a000000 + number) | SESSION_KEY_REST, 4);
}
// Protocol 17, flags 0, port 5004, behind the destination.
const SESSION_KEY_REST: u64 = 0x8c13001100000000;

// Fills the engine's own session table. The number of a session is kept in a field that this does not use otherwise.
export function createSessions(count: u32): void {
  room(<u32> (rootPointer() + ROOT_BYTES - __heap_base));
  const state = root();
  memory.fill(rootPointer(), 0, ROOT_BYTES);
  state.heapTop = <u32> (rootPointer() + ROOT_BYTES);
  seedHash(1);
  initializeTable(sessionTable());
  initializeTable(destinationTable());
  for (let number: u32 = 0; number < count; number++) {
    createSession(sessionObject(number)).deadline = number;
  }
}

const batch: usize = memory.data(1024, 8);
const BATCH: u32 = 32;

// The same look-ups, in batches that are looked at ahead, as the engine does it with packets.
export function lookupBatches(sessions: u32, count: u32): f64 {
  let random: u32 = 2463534242;
  let check: u64 = 0;
  for (let i: u32 = 0; i < count; i += BATCH) {
    const objects = min(BATCH, count - i);
    for (let j: u32 = 0; j < objects; j++) {
      random ^= random << 13;
      random ^= random >> 17;
      random ^= random << 5;
      const object = batch + <usize> j * 12;
      writeSession(object, <u32> ((<u64> random * sessions) >> 32));
      lookAhead(j, object, CONCERNS_SENDER);
    }
    fetchAhead(objects);
    for (let j: u32 = 0; j < objects; j++) {
      const found = findSession(batch + <usize> j * 12);
      if (found) check += (<Session> found).deadline;
    }
  }
  return <f64> check;
}

// Random look-ups of sessions that exist, by Marsaglia's xorshift32 as in the C program.
export function lookupAll(sessions: u32, count: u32): f64 {
  let random: u32 = 2463534242;
  let check: u64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    random ^= random << 13;
    random ^= random >> 17;
    random ^= random << 5;
    const found = findSession(
      sessionObject(<u32> ((<u64> random * sessions) >> 32)),
    );
    if (found) check += (<Session> found).deadline;
  }
  return <f64> check;
}
