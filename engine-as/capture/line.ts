// A captured message as a line of NDJSON: where and how it was captured, then the message (wire/ndjson.ts).
import { ENCAPSULATION_RAW } from "../boundary.gen";
import {
  TEXT_BAD_IP_CHECKSUM, TEXT_DESTINATION, TEXT_ENCAPSULATION_UDP, TEXT_FRAME, TEXT_MPLS, TEXT_QUOTED,
  TEXT_REASSEMBLED, TEXT_ROUTER_ALERT, TEXT_SOURCE, TEXT_TIMESTAMP, TEXT_TRUNCATED, TEXT_TTL, TEXT_TUNNELLED,
} from "../tables.gen";
import { beginText, textIsFull, writeMembers } from "../wire/ndjson";
import { copyText, writeIpv4, writeIpv6, writePadded, writeU32, writeU64 } from "../wire/text";
import {
  CaptureState, CHECK_RESULT, PACKET_BAD_IP_CHECKSUM, PACKET_MPLS, PACKET_QUOTED, PACKET_REASSEMBLED,
  PACKET_ROUTER_ALERT, PACKET_TRUNCATED, PACKET_TUNNELLED, TEXT_CACHE,
} from "./state";

// Writes the line for the message at hand from `output` up to `end`; returns its bytes, 0 if it does not fit.
export function writeCapturedLine(s: CaptureState, output: usize, end: usize): u32 {
  if (!beginText(output, end, changetype<usize>(s) + TEXT_CACHE)) return 0;
  let at = writeU32(copyText(output, TEXT_FRAME), s.frames);
  at = writeU64(copyText(at, TEXT_TIMESTAMP), s.seconds);
  store<u8>(at, 0x2e);
  writePadded(at + 10, s.nanoseconds, 9);
  at = writeAddress(copyText(at + 10, TEXT_SOURCE), s.family, changetype<usize>(s) + offsetof<CaptureState>("source"));
  at = writeAddress(copyText(at, TEXT_DESTINATION), s.family, changetype<usize>(s) + offsetof<CaptureState>("destination"));
  at = writeU32(copyText(at, TEXT_TTL), s.ttl);
  if (s.encapsulation != ENCAPSULATION_RAW) at = copyText(at, TEXT_ENCAPSULATION_UDP);
  if (s.flags) at = writeFlags(at, s.flags);
  at = writeMembers(at, s.payload, min<u32>(s.payloadBytes, 65535), changetype<usize>(s) + CHECK_RESULT);
  if (textIsFull()) return 0;
  store<u16>(at, 0x0a7d);
  return <u32> (at + 2 - output);
}

function writeAddress(at: usize, family: u32, address: usize): usize {
  return family == 4 ? writeIpv4(at, address) : writeIpv6(at, address);
}

function writeFlags(at: usize, flags: u32): usize {
  if (flags & PACKET_ROUTER_ALERT) at = copyText(at, TEXT_ROUTER_ALERT);
  if (flags & PACKET_TRUNCATED) at = copyText(at, TEXT_TRUNCATED);
  if (flags & PACKET_BAD_IP_CHECKSUM) at = copyText(at, TEXT_BAD_IP_CHECKSUM);
  if (flags & PACKET_REASSEMBLED) at = copyText(at, TEXT_REASSEMBLED);
  if (flags & PACKET_TUNNELLED) at = copyText(at, TEXT_TUNNELLED);
  if (flags & PACKET_QUOTED) at = copyText(at, TEXT_QUOTED);
  return flags & PACKET_MPLS ? copyText(at, TEXT_MPLS) : at;
}
