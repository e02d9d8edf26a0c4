// A message as one line of JSON, straight from its bytes: what JSON.stringify makes of host/codec.ts decode(), but for
// the words of problems, which only a name tells here. One line a message, so that `jq`, `grep` and databases can take
// them one by one.
import { STATUS_OK } from "../boundary.gen";
import {
  TEXT_ARE_LEFT, TEXT_BUNDLED_BUNDLE, TEXT_BUNDLED_LENGTH, TEXT_BYTES, TEXT_BYTES_COMMA, TEXT_CHECKSUM_BAD,
  TEXT_CHECKSUM_NONE, TEXT_CHECKSUM_OK, TEXT_CTYPE, TEXT_ERROR, TEXT_FLAGS, TEXT_LENGTH, TEXT_MESSAGE, TEXT_MESSAGES,
  TEXT_OBJECTS, TEXT_OFFSET, TEXT_PROBLEMS, TEXT_RESERVED, TEXT_SEND_TTL, TEXT_STATUS, TEXT_STATUS_CLASS, TEXT_TYPE,
  TEXT_UNKNOWN, TEXT_VERSION,
} from "../tables.gen";
import { load16 } from "./bytes";
import { CHECK_ENTRIES, checkMessage, isBundle } from "./check";
import { CONTEXT, fits, TEXT_MARGIN, TextContext, writeHexMember, writeObject } from "./object_text";
import { findMessageType, statusName } from "./tables";
import { copyText, writeByte, writeU32 } from "./text";
import { copyCached, keepText, textSlot } from "./text_cache";

// Where text may end for one line in the room up to `end`; false if there is no room at all. `cache` is 0, or
// TEXT_CACHE_BYTES of memory that were zeros at first and remember texts from then on.
export function beginText(at: usize, end: usize, cache: usize): bool {
  const c = changetype<TextContext>(CONTEXT);
  c.cache = cache;
  c.full = 0;
  c.limit = end - TEXT_MARGIN;
  return at + TEXT_MARGIN < end;
}

export function textIsFull(): bool {
  return changetype<TextContext>(CONTEXT).full != 0;
}

// One message as a line `{"message":"Path",...}` with its newline; `result` has CHECK_RESULT_BYTES. Returns the bytes
// written, or 0 if they do not fit.
export function writeMessageLine(message: usize, available: u32, result: usize, output: usize, capacity: u32): u32 {
  if (!beginText(output, output + capacity, 0)) return 0;
  const at = writeMembers(output, message, available, result);
  if (textIsFull()) return 0;
  // Members start with a comma each, and the first one is the brace.
  store<u8>(output, 0x7b);
  store<u16>(at, 0x0a7d);
  return <u32> (at + 2 - output);
}

// The members of a message, each with a comma before it, without braces.
export function writeMembers(at: usize, message: usize, available: u32, result: usize): usize {
  checkMessage(message, available, result);
  const context = changetype<TextContext>(CONTEXT);
  context.message = message;
  if (load<u32>(result) != STATUS_OK) return writeBroken(at, message, available, result);
  at = writeHeader(at, message, load<u32>(result, 16));
  const count = load<u32>(result, 20);
  const entries = result + CHECK_ENTRIES;
  const problems = load<u32>(result, 24);
  const inner = load<u32>(result, 28);
  if (problems) at = writeProblems(at, entries + (<usize> count << 3), problems);
  at = copyText(at, TEXT_OBJECTS);
  for (let i: usize = 0; i < <usize> count; ++i) {
    if (i) at = writeByte(at, 0x2c);
    at = writeCachedObject(at, message, load<u32>(entries + (i << 3)), load<u32>(entries + (i << 3), 4) >>> 16);
    if (context.full) return at;
  }
  at = writeByte(at, 0x5d);
  // The result is used again by the messages inside, so nothing of it is needed from here on.
  return isBundle(load<u8>(message, 1)) ? writeBundle(at, message + inner, message + available, result) : at;
}

// The object of `length` bytes at byte `place` of the message.
// @ts-ignore: decorator
@inline
function writeCachedObject(at: usize, message: usize, place: u32, length: u32): usize {
  const object = message + place;
  const slot = textSlot(changetype<TextContext>(CONTEXT).cache, object, length, place);
  if (!slot) return writeObject(at, object, length, 0);
  // There is room: what is kept is shorter than the margin.
  const copied = fits(at, 0) ? copyCached(at, slot, object, length, place) : 0;
  if (copied) return copied;
  const end = writeObject(at, object, length, 0);
  if (!textIsFull()) keepText(slot, object, length, place, at, end);
  return end;
}

// What cannot be taken apart keeps its bytes, so that nothing is lost and it can be written again.
function writeBroken(at: usize, message: usize, available: u32, result: usize): usize {
  if (available >= 2) at = writeType(at, load<u8>(message, 1));
  return writeHexMember(writeError(at, result), TEXT_BYTES, message, message + available);
}

function writeType(at: usize, type: u32): usize {
  const entry = findMessageType(type);
  at = copyText(copyText(at, TEXT_MESSAGE), entry ? <u32> load<u16>(entry, 2) : TEXT_UNKNOWN);
  return writeU32(copyText(at, TEXT_TYPE), type);
}

function writeHeader(at: usize, message: usize, expected: u32): usize {
  at = writeType(at, load<u8>(message, 1));
  at = writeU32(copyText(at, TEXT_VERSION), load<u8>(message) >> 4);
  at = writeU32(copyText(at, TEXT_FLAGS), load<u8>(message) & 15);
  const checksum = load16(message + 2);
  if (!checksum) at = copyText(at, TEXT_CHECKSUM_NONE);
  else if (checksum == expected) at = copyText(at, TEXT_CHECKSUM_OK);
  else at = writeU32(copyText(at, TEXT_CHECKSUM_BAD), checksum);
  at = writeU32(copyText(at, TEXT_SEND_TTL), load<u8>(message, 4));
  at = writeU32(copyText(at, TEXT_LENGTH), load16(message + 6));
  const reserved: u32 = load<u8>(message, 5);
  return reserved ? writeU32(copyText(at, TEXT_RESERVED), reserved) : at;
}

// `{"status":"MISSING_OBJECT","class":5,"ctype":0,"offset":88`, without the closing brace.
function writeStatus(at: usize, opening: u32, status: u32, classes: u32, offset: u32): usize {
  at = copyText(copyText(at, opening), statusName(status));
  at = writeU32(copyText(at, TEXT_STATUS_CLASS), classes >>> 8);
  at = writeU32(copyText(at, TEXT_CTYPE), classes & 255);
  return writeU32(copyText(at, TEXT_OFFSET), offset);
}

function writeError(at: usize, result: usize): usize {
  const classes = (load<u32>(result, 8) << 8) | load<u32>(result, 12);
  return writeByte(writeStatus(at, TEXT_ERROR, load<u32>(result), classes, load<u32>(result, 4)), 0x7d);
}

function writeProblems(at: usize, problem: usize, count: u32): usize {
  at = copyText(at, TEXT_PROBLEMS);
  for (let i: u32 = 0; i < count && fits(at, 0); ++i) {
    if (i) at = writeByte(at, 0x2c);
    const word = load<u32>(problem, 4);
    at = writeByte(writeStatus(at, TEXT_STATUS, word >>> 16, word & 0xffff, load<u32>(problem)), 0x7d);
    problem += 8;
  }
  return writeByte(at, 0x5d);
}

// The messages inside a Bundle, each with offsets of its own. One that cannot be taken apart is shown with its bytes; one
// whose length cannot be trusted takes the rest of the Bundle with it.
function writeBundle(at: usize, from: usize, end: usize, result: usize): usize {
  at = copyText(at, TEXT_MESSAGES);
  const first = from;
  while (from < end && fits(at, 0)) {
    const left = <u32> (end - from);
    const length: u32 = left < 8 ? 0 : load16(from + 6);
    if (from != first) at = writeByte(at, 0x2c);
    const open = at;
    if (length < 8 || length > left) {
      at = copyText(writeU32(copyText(at, TEXT_BUNDLED_LENGTH), length), TEXT_BYTES_COMMA);
      at = writeByte(copyText(writeU32(at, left), TEXT_ARE_LEFT), 0x22);
      at = writeByte(writeHexMember(at, TEXT_BYTES, from, end), 0x7d);
      store<u8>(open, 0x7b);
      break;
    }
    if (isBundle(load<u8>(from, 1))) {
      // A Bundle in a Bundle is forbidden (RFC 2961 section 3.2), and would nest as deep as its sender likes.
      at = writeHexMember(copyText(at, TEXT_BUNDLED_BUNDLE), TEXT_BYTES, from, from + length);
    } else {
      at = writeMembers(at, from, length, result);
    }
    store<u8>(open, 0x7b);
    at = writeByte(at, 0x7d);
    from += length;
  }
  return writeByte(at, 0x5d);
}
