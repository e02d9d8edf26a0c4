// A capture file as a stream of chunks. The host puts a chunk into memory and calls captureRead(), which takes whole
// records, finds RSVP messages in them, writes what the mode asks for to the output, and says how much of the chunk it
// consumed; the host keeps the rest and puts it before the next chunk. Memory does not grow with the file.
//
//   captureBegin(state, mode)                       once
//   captureRead(state, chunk, length, output, capacity) -> CAPTURE status; then read state.consumed and state.written
//   captureEnd(state, left)                         at the end of the file: CAPTURE_CUT_* if `left` bytes remain
//
// CAPTURE_OK means that more bytes are needed. CAPTURE_OUTPUT_FULL means that the output has to be emptied first; with
// nothing written, that it is too small (text takes up to some 30 times the bytes of a message). The
// chunk must have room for MAXIMUM_CAPTURE_RECORD_BYTES, or a record may never fit.
//
// CAPTURE_PACKETS writes one record for each message, little-endian, padded to 8 bytes, payload included, because a
// reassembled message is nowhere in the chunk:
//   +0 length of the record   +4 length of the payload   +8 frame number, from 1   +12 place of the payload in the chunk
//   (0xFFFFFFFF: reassembled)  +16 seconds since 1970 f64  +24 nanoseconds   +28 flags (PACKET_*)   +32 source
//   +48 destination (16 bytes each)   +64 family u8, TTL u8, encapsulation u8, zero u8   +68 link type   +72 payload bytes
//   missing from the capture   +76 zero   +80 payload
// CAPTURE_TEXT writes one line of NDJSON for each message (wire/ndjson.ts).
// CAPTURE_COUNT decodes every message into a record and keeps counts and a digest only.
import { STATUS_OK } from "../boundary.gen";
import { load16 } from "../wire/bytes";
import { DECODED_RECORD_BYTES, decodeMessage, DecodedRecord, decodeRecord } from "../wire/decoded_record";
import { reopenFragments } from "./fragments";
import { writeCapturedLine } from "./line";
import { nextRecord } from "./framing";
import { findMessage } from "./link";
import {
  CAPTURE_CUT_HEADER, CAPTURE_CUT_RECORD, CAPTURE_NOT_A_CAPTURE, CAPTURE_OK, CAPTURE_OUTPUT_FULL, CAPTURE_STATE_BYTES,
  CaptureState, FORMAT_NONE, PACKET_REASSEMBLED, PACKET_TRUNCATED, RECORD,
} from "./state";

export const CAPTURE_PACKETS: u32 = 0;
export const CAPTURE_TEXT: u32 = 1;
export const CAPTURE_COUNT: u32 = 2;

export const PACKET_RECORD_PAYLOAD: usize = 80;

const LINK_RAW: u32 = 101;

export function captureBegin(state: usize, mode: u32): void {
  memory.fill(state, 0, CAPTURE_STATE_BYTES);
  changetype<CaptureState>(state).mode = mode;
}

export function captureRead(state: usize, chunk: usize, length: u32, output: usize, capacity: u32): u32 {
  const s = changetype<CaptureState>(state);
  s.status = CAPTURE_OK;
  s.written = 0;
  const end = chunk + length;
  let at = chunk;
  while (at < end) {
    const taken = nextRecord(s, at, end);
    if (!taken) break;
    if (s.frame) {
      const status = takeFrame(s, chunk, output, capacity);
      if (status != CAPTURE_OK) {
        s.status = status;
        break;
      }
    }
    at += taken;
    s.fileOffset += taken;
  }
  s.consumed = <u32> (at - chunk);
  return s.status;
}

// What to say of `left` bytes that nothing follows.
export function captureEnd(state: usize, left: u32): u32 {
  const s = changetype<CaptureState>(state);
  if (s.format == FORMAT_NONE) s.status = left >= 4 ? CAPTURE_CUT_HEADER : CAPTURE_NOT_A_CAPTURE;
  else s.status = left || s.skip ? CAPTURE_CUT_RECORD : CAPTURE_OK;
  return s.status;
}

// @ts-ignore: decorator
@inline
function takeFrame(s: CaptureState, chunk: usize, output: usize, capacity: u32): u32 {
  s.frames += 1;
  if (s.mode == CAPTURE_COUNT) {
    count(s);
    return CAPTURE_OK;
  }
  // A frame for which there is no room is looked at again, so it must not be counted or reassembled twice.
  if (capacity - s.written < <u32> PACKET_RECORD_PAYLOAD + 65536) {
    s.frames -= 1;
    return CAPTURE_OUTPUT_FULL;
  }
  if (!findMessage(s)) return CAPTURE_OK;
  s.messages += 1;
  if (s.mode == CAPTURE_PACKETS) {
    s.written += writePacket(s, chunk, output + s.written);
    return CAPTURE_OK;
  }
  const written = writeCapturedLine(s, output + s.written, output + capacity);
  if (!written) {
    s.frames -= 1;
    s.messages -= 1;
    if (s.flags & PACKET_REASSEMBLED) reopenFragments(s);
    return CAPTURE_OUTPUT_FULL;
  }
  s.written += written;
  return CAPTURE_OK;
}

function writePacket(s: CaptureState, chunk: usize, at: usize): u32 {
  const payloadBytes = min<u32>(s.payloadBytes, 65535);
  const length = (<u32> PACKET_RECORD_PAYLOAD + payloadBytes + 7) & ~7;
  store<u32>(at, length);
  store<u32>(at, payloadBytes, 4);
  store<u32>(at, s.frames, 8);
  store<u32>(at, s.flags & PACKET_REASSEMBLED ? u32.MAX_VALUE : <u32> (s.payload - chunk), 12);
  store<f64>(at, <f64> s.seconds, 16);
  store<u32>(at, s.nanoseconds, 24);
  store<u32>(at, s.flags, 28);
  store<u64>(at, s.source, 32);
  store<u64>(at, s.sourceRest, 40);
  store<u64>(at, s.destination, 48);
  store<u64>(at, s.destinationRest, 56);
  store<u32>(at, s.family | (s.ttl << 8) | (s.encapsulation << 16), 64);
  store<u32>(at, s.linkType, 68);
  store<u32>(at, missingBytes(s), 72);
  store<u32>(at, 0, 76);
  store<u64>(at + length - 8, 0);
  memory.copy(at + PACKET_RECORD_PAYLOAD, s.payload, payloadBytes);
  return length;
}

function missingBytes(s: CaptureState): u32 {
  if (!(s.flags & PACKET_TRUNCATED) || s.payloadBytes < 8) return 0;
  const whole = load16(s.payload + 6);
  return whole > s.payloadBytes ? whole - s.payloadBytes : 0;
}

// The bulk decoder. Plain IPv4 packets, which nearly all are, go straight to it.
// @ts-ignore: decorator
@inline
function count(s: CaptureState): void {
  const record = changetype<usize>(s) + RECORD;
  let status: u32;
  if (s.linkType == LINK_RAW && isPlain(s.frame, s.frameBytes)) {
    status = decodeRecord(s.frame, s.frameBytes, record);
  } else {
    if (!findMessage(s)) return;
    status = decodeMessage(s.payload, s.payloadBytes, record);
  }
  s.messages += 1;
  if (status != STATUS_OK) {
    s.undecoded += 1;
    return;
  }
  const r = changetype<DecodedRecord>(record);
  s.digest += r.sessionAddress ^ r.hopAddress ^ (r.type == 1 ? r.rate ^ r.latency : r.flowRate);
}

// An IPv4 packet with protocol 46 that is no fragment.
// @ts-ignore: decorator
@inline
function isPlain(packet: usize, length: u32): bool {
  return length >= 28 && load<u8>(packet) >> 4 == 4 && load<u8>(packet, 9) == 46 && !(load<u16>(packet, 6) & 0xff3f);
}

// A record has its place behind the reassembly buffers.
export function recordFits(): bool {
  return DECODED_RECORD_BYTES <= CAPTURE_STATE_BYTES - RECORD;
}
