// The codec's check of any message: header, framing of the objects, grammar, structure of every object. What a protocol
// node does with a message is decided elsewhere (wire/message_view.ts); this knows every class of the catalogue and
// reports instead of refusing.
//
// The result, 32-bit words (host/check_result.ts reads it):
//   0  STATUS: OK, or what keeps the message from being taken apart (then there are no objects)
//   1  byte of the message that STATUS is about    2  class there, 0 for the header    3  C-Type there
//   4  the checksum that the message should carry, never 0
//   5  number of objects      6  number of problems
//   7  where the messages inside a Bundle start (RFC 2961 section 3.2); else the length of the message
//   8  for each object: its offset; then length << 16 | class << 8 | C-Type
//      then for each problem: its offset; then STATUS << 16 | class << 8 | C-Type
// A wrong checksum is no problem of this list: word 4 against bytes 2 and 3 of the message tells.
import {
  STATUS_BAD_LENGTH, STATUS_BAD_VERSION, STATUS_MISSING_OBJECT, STATUS_OBJECT_LENGTH, STATUS_OBJECT_OVERRUN,
  STATUS_OK, STATUS_TOO_MANY_OBJECTS, STATUS_TRUNCATED, STATUS_UNKNOWN_MESSAGE,
} from "../boundary.gen";
import { MAXIMUM_CHECKED_OBJECTS, MAXIMUM_PROBLEMS } from "../limits";
import { load16, load32 } from "./bytes";
import { sumBytes } from "./checksum";
import { MESSAGE_VIEW_BYTES, MessageView, parseGrammar } from "./message_view";
import { objectStructure } from "./structure";
import { findMessageType } from "./tables";
import { listUsualMessage } from "./usual_message";

// Where the words after the header start.
export const CHECK_ENTRIES: usize = 32;
export const CHECK_RESULT_BYTES: usize = CHECK_ENTRIES + 8 * (<usize> MAXIMUM_CHECKED_OBJECTS + <usize> MAXIMUM_PROBLEMS);

const VIEW: usize = memory.data(256, 8);

// Checks `available` bytes at `message` into `result` (CHECK_RESULT_BYTES) and returns the bytes of the result.
export function checkMessage(message: usize, available: u32, result: usize): u32 {
  const status = checkHeader(message, available, result);
  if (status != STATUS_OK) return failed(result, status);
  const entries = result + CHECK_ENTRIES;
  const end = listUsualMessage(message, available, entries);
  if (!end) return checkUnusual(message, available, result);
  store<u32>(result, <u32> (end - entries) >>> 3, 20);
  return <u32> (end - result);
}

// The same without the short way for usual messages, so that a test can compare the two.
export function checkMessageFully(message: usize, available: u32, result: usize): u32 {
  const status = checkHeader(message, available, result);
  return status == STATUS_OK ? checkUnusual(message, available, result) : failed(result, status);
}

// Version and length; the result so far, with the checksum.
// @ts-ignore: decorator
@inline
function checkHeader(message: usize, available: u32, result: usize): u32 {
  v128.store(result, i32x4.splat(0));
  v128.store(result, i32x4.splat(0), 16);
  if (available >= 4) store<u32>(result, expectedChecksum(message, available), 16);
  if (available < 8) return STATUS_TRUNCATED;
  const length = load16(message + 6);
  if (load<u8>(message) >> 4 != 1) return STATUS_BAD_VERSION;
  if (length < 8 || (length & 3) || length != available) return STATUS_BAD_LENGTH;
  store<u32>(result, length, 28);
  return STATUS_OK;
}

// Lists the objects, then looks for problems.
function checkUnusual(message: usize, length: u32, result: usize): u32 {
  const bundle = isBundle(load<u8>(message, 1));
  const entries = result + CHECK_ENTRIES;
  let entry = entries;
  let at = message + 8;
  const end = message + length;
  while (at < end) {
    if (end - at < 4) return failedAt(result, STATUS_OBJECT_OVERRUN, <u32> (at - message), 0);
    const header = load32(at);
    // No object is so long that its first byte is a message's version; what follows the objects of a Bundle is messages.
    if (bundle && header >>> 28 == 1) {
      store<u32>(result, <u32> (at - message), 28);
      break;
    }
    const size = header >>> 16;
    if (size < 4 || (size & 3)) return failedAt(result, STATUS_OBJECT_LENGTH, <u32> (at - message), header);
    if (size > <u32> (end - at)) return failedAt(result, STATUS_OBJECT_OVERRUN, <u32> (at - message), header);
    if (<u32> (entry - entries) >> 3 >= MAXIMUM_CHECKED_OBJECTS) {
      return failedAt(result, STATUS_TOO_MANY_OBJECTS, <u32> (at - message), header);
    }
    store<u32>(entry, <u32> (at - message));
    store<u32>(entry, header, 4);
    entry += 8;
    at += size;
  }
  store<u32>(result, <u32> (entry - entries) >>> 3, 20);
  return <u32> (findProblems(message, length, result, entry) - result);
}

// The field's value that makes the sum right, whatever it holds now.
function expectedChecksum(message: usize, length: u32): u32 {
  const sum = sumBytes(message, length) + (~<u32> load<u16>(message, 2) & 0xffff);
  const value = ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
  return value == 0 ? 0xffff : <u32> bswap<u16>(<u16> value);
}

// The header's fault: the length stands at byte 6, the version at byte 0.
function failed(result: usize, status: u32): u32 {
  return failedAt(result, status, status == STATUS_BAD_LENGTH ? 6 : 0, 0);
}

function failedAt(result: usize, status: u32, offset: u32, header: u32): u32 {
  store<u32>(result, status);
  store<u32>(result, offset, 4);
  store<u32>(result, (header >>> 8) & 255, 8);
  store<u32>(result, header & 255, 12);
  return <u32> CHECK_ENTRIES;
}

export function isBundle(type: u32): bool {
  const entry = findMessageType(type);
  return entry ? (load<u8>(entry, 1) & 1) != 0 : false;
}

// Adds a problem and returns where the next one goes.
function problem(result: usize, at: usize, status: u32, offset: u32, classes: u32): usize {
  const count = load<u32>(result, 24);
  if (count >= MAXIMUM_PROBLEMS) return at;
  store<u32>(result, count + 1, 24);
  store<u32>(at, offset);
  store<u32>(at, (status << 16) | classes, 4);
  return at + 8;
}

function findProblems(message: usize, length: u32, result: usize, at: usize): usize {
  const type = findMessageType(load<u8>(message, 1));
  const entries = result + CHECK_ENTRIES;
  const end = at;
  if (!type) at = problem(result, at, STATUS_UNKNOWN_MESSAGE, 1, 0);
  else at = missingObjects(type, length, result, entries, end);
  at = grammarProblem(message, length, result, at);
  for (let entry = entries; entry < end; entry += 8) {
    const offset = load<u32>(entry);
    const header = load<u32>(entry, 4);
    const status = objectStructure(message + offset, header >>> 16, 0);
    if (status != STATUS_OK) at = problem(result, at, status, offset, header & 0xffff);
  }
  return at;
}

// Required classes by the catalogue's grammar (RFC 2205 section 3.1.2).
function missingObjects(type: usize, length: u32, result: usize, entries: usize, end: usize): usize {
  let at = end;
  for (let i: usize = 4; i < 12; ++i) {
    const required: u32 = load<u8>(type + i);
    if (!required) break;
    let entry = entries;
    while (entry < end && load<u8>(entry, 5) != required) entry += 8;
    if (entry == end) at = problem(result, at, STATUS_MISSING_OBJECT, length, required << 8);
  }
  return at;
}

// The rules of RFC 2205 on order, duplicates, values, styles and flow descriptors, for its own messages: the first one
// that is broken.
function grammarProblem(message: usize, length: u32, result: usize, at: usize): usize {
  const status = parseGrammar(message, length, VIEW);
  if (status == STATUS_OK) return at;
  const v = changetype<MessageView>(VIEW);
  return problem(result, at, status, v.errorOffset, (v.errorClass << 8) | v.errorCType);
}

// The view has room.
export function viewFits(): bool {
  return MESSAGE_VIEW_BYTES <= 256;
}
