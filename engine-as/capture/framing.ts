// Capture files: pcap (both byte orders, microseconds and nanoseconds, and the form with longer record headers) and
// pcapng (sections, interfaces, enhanced, simple and old packet blocks; every other block is skipped).
// References: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
//
// nextRecord() looks at the bytes from `at` to `end` and either takes one record or block and returns its length, or
// returns 0 because more bytes are needed (CAPTURE_OK) or because the file is broken (another status).
import { MAXIMUM_CAPTURE_RECORD_BYTES } from "../limits";
import {
  CAPTURE_BAD_RECORD, CAPTURE_NOT_A_CAPTURE, CAPTURE_OK, CaptureState, FORMAT_NONE, FORMAT_PCAP, FORMAT_PCAPNG,
  INTERFACE_BYTES, INTERFACES, MAXIMUM_INTERFACES,
} from "./state";

const MAGIC_MICROSECONDS: u32 = 0xa1b2c3d4;
const MAGIC_NANOSECONDS: u32 = 0xa1b23c4d;
// Linux kernels of 1999 wrote longer record headers.
const MAGIC_MODIFIED: u32 = 0xa1b2cd34;
const SECTION_HEADER: u32 = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b3c4d;
const INTERFACE_DESCRIPTION: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

// A link type that nothing knows, for packets of interfaces that were not described.
const NO_LINK_TYPE: u32 = 0xffff;

// @ts-ignore: decorator
@inline
function word(s: CaptureState, at: usize): u32 {
  const value = load<u32>(at);
  return s.swapped ? bswap<u32>(value) : value;
}

// @ts-ignore: decorator
@inline
function half(s: CaptureState, at: usize): u32 {
  const value = load<u16>(at);
  return s.swapped ? bswap<u16>(value) : value;
}

export function nextRecord(s: CaptureState, at: usize, end: usize): u32 {
  s.frame = 0;
  const available = <u32> (end - at);
  if (s.skip) {
    const step = min(s.skip, available);
    s.skip -= step;
    return step;
  }
  if (s.format == FORMAT_PCAP) return pcapRecord(s, at, available);
  if (s.format == FORMAT_PCAPNG) return block(s, at, available);
  return fileHeader(s, at, available);
}

// @ts-ignore: decorator
@inline
function broken(s: CaptureState, status: u32): u32 {
  s.status = status;
  return 0;
}

function fileHeader(s: CaptureState, at: usize, available: u32): u32 {
  if (available < 4) return 0;
  const magic = load<u32>(at);
  if (magic == SECTION_HEADER) {
    s.format = FORMAT_PCAPNG;
    return block(s, at, available);
  }
  const other = bswap<u32>(magic);
  s.swapped = u32(other == MAGIC_MICROSECONDS || other == MAGIC_NANOSECONDS || other == MAGIC_MODIFIED);
  const kind = s.swapped ? other : magic;
  if (kind != MAGIC_MICROSECONDS && kind != MAGIC_NANOSECONDS && kind != MAGIC_MODIFIED) {
    return broken(s, CAPTURE_NOT_A_CAPTURE);
  }
  if (available < 24) return 0;
  s.format = FORMAT_PCAP;
  s.ticksPerSecond = kind == MAGIC_NANOSECONDS ? 1000000000 : 1000000;
  s.recordHeaderBytes = kind == MAGIC_MODIFIED ? 24 : 16;
  // The upper bits of the word tell about frame check sequences.
  s.linkType = word(s, at + 20) & 0xffff;
  return 24;
}

function pcapRecord(s: CaptureState, at: usize, available: u32): u32 {
  const header = s.recordHeaderBytes;
  if (available < header) return 0;
  const captured = word(s, at + 8);
  if (captured > MAXIMUM_CAPTURE_RECORD_BYTES) return broken(s, CAPTURE_BAD_RECORD);
  if (available - header < captured) return 0;
  s.seconds = word(s, at);
  const fraction = word(s, at + 4);
  s.nanoseconds = s.ticksPerSecond == 1000000000 ? fraction : fraction * 1000;
  s.frame = at + header;
  s.frameBytes = captured;
  s.frameOriginalBytes = word(s, at + 12);
  return header + captured;
}

// One pcapng block: type, total length, body, total length again.
function block(s: CaptureState, at: usize, available: u32): u32 {
  if (available < 12) return 0;
  const rawType = load<u32>(at);
  if (rawType == SECTION_HEADER) {
    // Each section says its own byte order.
    const order = load<u32>(at + 8);
    if (order != BYTE_ORDER_MAGIC && order != bswap<u32>(BYTE_ORDER_MAGIC)) {
      return broken(s, s.frames || s.interfaceCount ? CAPTURE_BAD_RECORD : CAPTURE_NOT_A_CAPTURE);
    }
    s.swapped = u32(order != BYTE_ORDER_MAGIC);
    s.interfaceCount = 0;
  }
  const type = s.swapped ? bswap<u32>(rawType) : rawType;
  const length = word(s, at + 4);
  if (length < 12 || (length & 3)) return broken(s, CAPTURE_BAD_RECORD);
  const wanted = type == INTERFACE_DESCRIPTION || type == OLD_PACKET || type == SIMPLE_PACKET || type == ENHANCED_PACKET;
  if (!wanted) {
    // Skipped as it comes, so that it may be of any length.
    if (length <= available) return length;
    s.skip = length - available;
    return available;
  }
  if (length > MAXIMUM_CAPTURE_RECORD_BYTES) return broken(s, CAPTURE_BAD_RECORD);
  if (length > available) return 0;
  const status = type == INTERFACE_DESCRIPTION ? describeInterface(s, at, length) : packetBlock(s, at, length, type);
  return status == CAPTURE_OK ? length : broken(s, status);
}

function interfaceAt(s: CaptureState, index: u32): usize {
  return changetype<usize>(s) + INTERFACES + <usize> index * INTERFACE_BYTES;
}

function describeInterface(s: CaptureState, at: usize, length: u32): u32 {
  if (length < 20) return CAPTURE_BAD_RECORD;
  const index = s.interfaceCount;
  s.interfaceCount = index + 1;
  if (index >= MAXIMUM_INTERFACES) return CAPTURE_OK;
  const slot = interfaceAt(s, index);
  store<u64>(slot, ticksPerSecond(s, at + 16, at + length - 4));
  store<u32>(slot, half(s, at + 8), 8);
  store<u32>(slot, word(s, at + 12), 12);
  return CAPTURE_OK;
}

// The option if_tsresol (9): a power of ten, or of two if the high bit is set. Microseconds without it.
function ticksPerSecond(s: CaptureState, option: usize, end: usize): u64 {
  while (option + 4 <= end) {
    const code = half(s, option);
    const length = half(s, option + 2);
    if (code == 0 || option + 4 + length > end) break;
    if (code == 9 && length >= 1) {
      const resolution: u32 = load<u8>(option, 4);
      if (resolution & 0x80) return (<u64> 1) << min<u32>(resolution & 0x7f, 62);
      let ticks: u64 = 1;
      for (let i: u32 = min<u32>(resolution, 19); i > 0; --i) ticks *= 10;
      return ticks;
    }
    option += 4 + ((length + 3) & ~3);
  }
  return 1000000;
}

function packetBlock(s: CaptureState, at: usize, length: u32, type: u32): u32 {
  const fixed: u32 = type == SIMPLE_PACKET ? 12 : 28;
  if (length < fixed + 4) return CAPTURE_BAD_RECORD;
  const room = length - fixed - 4;
  let index: u32 = 0;
  let captured: u32;
  if (type == SIMPLE_PACKET) {
    s.frameOriginalBytes = word(s, at + 8);
    captured = min(s.frameOriginalBytes, room);
    if (s.interfaceCount) {
      const snapshot = load<u32>(interfaceAt(s, 0), 12);
      if (snapshot) captured = min(captured, snapshot);
    }
  } else {
    index = type == ENHANCED_PACKET ? word(s, at + 8) : half(s, at + 8);
    captured = word(s, at + 20);
    s.frameOriginalBytes = word(s, at + 24);
    if (captured > room) return CAPTURE_BAD_RECORD;
  }
  const known = index < min(s.interfaceCount, MAXIMUM_INTERFACES);
  s.linkType = known ? load<u32>(interfaceAt(s, index), 8) : NO_LINK_TYPE;
  s.seconds = 0;
  s.nanoseconds = 0;
  if (type != SIMPLE_PACKET && known) {
    const ticks = load<u64>(interfaceAt(s, index));
    const time = (<u64> word(s, at + 12) << 32) | word(s, at + 16);
    s.seconds = time / ticks;
    s.nanoseconds = <u32> (<f64> (time % ticks) * 1e9 / <f64> ticks);
  }
  s.frame = at + fixed;
  s.frameBytes = captured;
  return CAPTURE_OK;
}

// Whether the file's header has been seen.
// @ts-ignore: decorator
@inline
export function headerSeen(s: CaptureState): bool {
  return s.format != FORMAT_NONE;
}
