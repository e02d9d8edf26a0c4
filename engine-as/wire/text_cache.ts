// Texts of objects that were written lately, for reading captures: RSVP says the same again and again (every state is
// refreshed twice a minute), and copying a text takes a fraction of the time of making it. A text depends on nothing but
// the object's bytes and its place in the message, which are compared whole; where two objects want the same slot, the
// later one has it.
//
// A slot of an object: +0 place in the message, +4 bytes of text (0: empty), +8 the object, then its text. The cache lies where the
// host put the capture's state, so nodes do not pay for it.
import { copyBytes } from "./text";

// Shorter objects take about as long to find as to write.
const MINIMUM_OBJECT: u32 = 32;
const MAXIMUM_OBJECT: u32 = 88;
const OBJECT: usize = 8;
const TEXT: usize = OBJECT + <usize> MAXIMUM_OBJECT;
const SLOT_BYTES: usize = 1024;
// What is copied in 16 bytes at a time may go beyond its end.
const MAXIMUM_TEXT: usize = SLOT_BYTES - TEXT - 16;
const SLOT_BITS: u32 = 12;
const FACTOR: u64 = 0x9e3779b97f4a7c15;

// Beginnings of objects up to their first field say what the object's header and place say: +0 header, +4 place, +8
// bytes of text (0: empty), +16 the text.
const HEAD_TEXT: usize = 16;
const HEAD_BYTES: usize = 128;
const MAXIMUM_HEAD_TEXT: usize = HEAD_BYTES - HEAD_TEXT;
const HEAD_BITS: u32 = 9;
const HEADS: usize = SLOT_BYTES << SLOT_BITS;

// With room to read beyond the last text.
export const TEXT_CACHE_BYTES: usize = HEADS + (HEAD_BYTES << HEAD_BITS) + 32;

// The slot for the beginning of an object; 0 without a cache.
// @ts-ignore: decorator
@inline
export function headSlot(cache: usize, header: u32, place: u32): usize {
  if (!cache) return 0;
  const hash = (<u64> place << 32 | <u64> header) * FACTOR;
  return cache + HEADS + (<usize> (hash >>> (64 - HEAD_BITS))) * HEAD_BYTES;
}

// Writes the beginning if the slot has it, and returns its end; else 0.
// @ts-ignore: decorator
@inline
export function copyHead(at: usize, slot: usize, header: u32, place: u32): usize {
  const length = load<u32>(slot, 8);
  if (!length || load<u32>(slot) != header || load<u32>(slot, 4) != place) return 0;
  return copyBytes(at, slot + HEAD_TEXT, length);
}

export function keepHead(slot: usize, header: u32, place: u32, text: usize, end: usize): void {
  if (end - text > MAXIMUM_HEAD_TEXT) return;
  store<u32>(slot, header);
  store<u32>(slot, place, 4);
  store<u32>(slot, <u32> (end - text), 8);
  memory.copy(slot + HEAD_TEXT, text, end - text);
}

// The slot for an object of `length` bytes, a multiple of 4; 0 if it is not kept.
// @ts-ignore: decorator
@inline
export function textSlot(cache: usize, object: usize, length: u32, place: u32): usize {
  if (!cache || length < MINIMUM_OBJECT || length > MAXIMUM_OBJECT) return 0;
  let hash: u64 = place;
  const end = object + length - 4;
  let at = object;
  for (; at < end; at += 8) hash = (rotl<u64>(hash, 23) ^ load<u64>(at)) * FACTOR;
  if (at == end) hash = (rotl<u64>(hash, 23) ^ <u64> load<u32>(at)) * FACTOR;
  return cache + (<usize> (hash >>> (64 - SLOT_BITS))) * SLOT_BYTES;
}

// Writes the text of the object if the slot has it, and returns its end; else 0.
// @ts-ignore: decorator
@inline
export function copyCached(at: usize, slot: usize, object: usize, length: u32, place: u32): usize {
  const bytes = load<u32>(slot, 4);
  if (!bytes || load<u32>(slot) != place) return 0;
  const end = object + length - 4;
  let own = slot + OBJECT;
  // The first word holds the length of the object.
  for (; object < end; object += 8, own += 8) if (load<u64>(object) != load<u64>(own)) return 0;
  if (object == end && load<u32>(object) != load<u32>(own)) return 0;
  return copyBytes(at, slot + TEXT, bytes);
}

// Keeps the text from `text` to `end`.
export function keepText(slot: usize, object: usize, length: u32, place: u32, text: usize, end: usize): void {
  if (end - text > MAXIMUM_TEXT) return;
  store<u32>(slot, place);
  store<u32>(slot, <u32> (end - text), 4);
  memory.copy(slot + OBJECT, object, length);
  memory.copy(slot + TEXT, text, end - text);
}
