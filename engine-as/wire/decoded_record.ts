// One IPv4 RSVP packet as one fixed record in host order: for counting, filtering and exporting many messages fast,
// where neither names nor unknown objects matter. Lengths, both checksums, object sizes, Int-Serv structure and required
// objects are checked; the order of objects and the flow descriptor list are not (parseMessage() does that). IPv6 forms
// give UNKNOWN_CTYPE. Of LSP_TUNNEL forms (RFC 3209) what they share with the others is read: address and port.
//
// Vectors swap the bytes of up to four words at once, which is what makes this fast: WASM has no byte swap instruction.
import {
  ERROR_SPEC_IPV4_BYTES, FILTER_SPEC_IPV4_BYTES, FLOWSPEC_INTSERV_GUARANTEED_BYTES,
  FLOWSPEC_INTSERV_MAXIMUM_PACKET_SIZE_BYTES_AT, FLOWSPEC_INTSERV_SERVICE_AT,
  FLOWSPEC_INTSERV_TOKEN_BUCKET_RATE_BYTES_PER_SECOND_AT, RESV_CONFIRM_IPV4_BYTES, RSVP_HOP_IPV4_BYTES,
  SENDER_TSPEC_INTSERV_MAXIMUM_PACKET_SIZE_BYTES_AT, SENDER_TSPEC_INTSERV_TOKEN_BUCKET_RATE_BYTES_PER_SECOND_AT,
  SESSION_IPV4_BYTES, STYLE_BYTES, TIME_VALUES_BYTES,
} from "../accessors.gen";
import {
  STATUS_BAD_CHECKSUM, STATUS_BAD_LENGTH, STATUS_BAD_VERSION, STATUS_MISSING_OBJECT, STATUS_OBJECT_CONTENT,
  STATUS_OBJECT_LENGTH, STATUS_OBJECT_OVERRUN, STATUS_OBJECT_SIZE, STATUS_OK, STATUS_TOO_MANY_OBJECTS,
  STATUS_TRUNCATED, STATUS_UNKNOWN_CTYPE, STATUS_UNKNOWN_MESSAGE,
} from "../boundary.gen";
import { load16, load32 } from "./bytes";
import { foldChecksum, sumBytes } from "./checksum";
import { isAdspec, isFlowspec, isSenderTspec, SERVICE_NUMBER_GUARANTEED } from "./int_serv";
import { requiredClasses } from "./object_forms";

// SENDER_TEMPLATE or FILTER_SPECs kept in a record; more give TOO_MANY_OBJECTS.
export const DECODED_SENDERS: u32 = 8;
// Classes whose place in the message is kept.
export const DECODED_CLASSES: u32 = 32;

// Rates are the bits of the IEEE numbers. What a message does not have keeps the value of an earlier one: `seen` says
// what is there. Fields that a vector writes together stand together.
@unmanaged
export class DecodedRecord {
  source: u32;
  destination: u32;
  // Type, flags, Send_TTL of the message; IP TTL.
  type: u8;
  flags: u8;
  sendTtl: u8;
  ttl: u8;
  // Bit `1 << class`.
  seen: u32;
  sessionAddress: u32;
  protocol: u8;
  sessionFlags: u8;
  destinationPort: u16;
  hopAddress: u32;
  logicalInterfaceHandle: u32;
  errorNode: u32;
  errorFlags: u8;
  errorCode: u8;
  errorValue: u16;
  refreshPeriodMs: u32;
  resvConfirm: u32;
  styleVector: u32;
  senderCount: u32;
  // SENDER_TSPEC: r, b, p, m, M.
  rate: u32;
  bucketSize: u32;
  peakRate: u32;
  minimumPolicedUnit: u32;
  maximumPacketSize: u32;
  service: u32;
  adspecBreak: u32;
  adspecServices: u32;
  // FLOWSPEC: r, b, p, m, M, (unused), R, S.
  flowRate: u32;
  flowBucketSize: u32;
  flowPeakRate: u32;
  flowMinimumPolicedUnit: u32;
  flowMaximumPacketSize: u32;
  unused: u32;
  guaranteedRate: u32;
  slackTerm: u32;
  // ADSPEC: hops, bandwidth, latency, MTU, then Ctot, Dtot, Csum, Dsum.
  hops: u32;
  bandwidth: u32;
  latency: u32;
  mtu: u32;
  cTotal: u32;
  dTotal: u32;
  cSum: u32;
  dSum: u32;
  // DECODED_SENDERS times address, port (two 32-bit words), then DECODED_CLASSES offsets of 16 bits.
  senders: u64;
}

const SENDERS = offsetof<DecodedRecord>("senders");
const OFFSETS = SENDERS + <usize> DECODED_SENDERS * 8;
export const DECODED_RECORD_BYTES: usize = OFFSETS + <usize> DECODED_CLASSES * 2;

// Decodes the IPv4 packet of `available` bytes into the record; returns a STATUS.
export function decodeRecord(packet: usize, available: u32, record: usize): u32 {
  if (available < 28) return STATUS_TRUNCATED;
  const first: u32 = load<u8>(packet);
  const headerLength = (first & 15) * 4;
  const total = load16(packet + 2);
  if (first >> 4 != 4) return STATUS_BAD_VERSION;
  if (headerLength < 20 || total > available || total < headerLength + 8) return STATUS_BAD_LENGTH;
  if (ipSum(packet, headerLength) != 0xffff) return STATUS_BAD_CHECKSUM;
  const r = changetype<DecodedRecord>(record);
  // Source and destination stand together in the header as in the record.
  v128.store64_lane(record, swapWords(v128.load64_zero(packet, 12)), 0);
  r.ttl = load<u8>(packet, 8);
  return decodeMessage(packet + headerLength, total - headerLength, record);
}

// Decodes the RSVP message alone, of which `available` bytes arrived; addresses and TTL of the record stay as they are.
// @ts-ignore: decorator
@inline
export function decodeMessage(message: usize, available: u32, record: usize): u32 {
  if (available < 8) return STATUS_TRUNCATED;
  const r = changetype<DecodedRecord>(record);
  const length = load16(message + 6);
  if (length < 8 || (length & 3) || length > available) return STATUS_BAD_LENGTH;
  if (load<u8>(message) >> 4 != 1) return STATUS_BAD_VERSION;
  if (load<u16>(message, 2) && sumBytes(message, length) != 0xffff) return STATUS_BAD_CHECKSUM;
  const type: u32 = load<u8>(message, 1);
  r.type = <u8> type;
  r.flags = load<u8>(message) & 15;
  r.sendTtl = load<u8>(message, 4);
  r.senderCount = 0;
  const status = decodeObjects(message, message + length, record);
  if (status != STATUS_OK) return status;
  if (type - 1 > 6) return STATUS_UNKNOWN_MESSAGE;
  const required = requiredClasses(type);
  return (r.seen & required) == required ? STATUS_OK : STATUS_MISSING_OBJECT;
}

// An IPv4 header is nearly always 20 bytes, or 24 with the Router Alert option.
// @ts-ignore: decorator
@inline

function ipSum(header: usize, length: u32): u32 {
  let sum = <u64> load<u32>(header) + load<u32>(header, 4) + load<u32>(header, 8) + load<u32>(header, 12) +
    load<u32>(header, 16);
  for (let at: u32 = 20; at < length; at += 4) sum += load<u32>(header + at);
  return foldChecksum(sum);
}

// Four big-endian words to host order.
// @ts-ignore: decorator
@inline

function swapWords(words: v128): v128 {
  return i8x16.shuffle(words, words, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

// Address, two bytes, a 16-bit word: the body of SESSION and ERROR_SPEC.
// @ts-ignore: decorator
@inline

function swapAddressBytesPort(words: v128): v128 {
  return i8x16.shuffle(words, words, 3, 2, 1, 0, 4, 5, 7, 6, 11, 10, 9, 8, 15, 14, 13, 12);
}

function decodeObjects(message: usize, end: usize, record: usize): u32 {
  const r = changetype<DecodedRecord>(record);
  let at = message + 8;
  let seen: u32 = 0;
  while (at < end) {
    const header = load<u32>(at);
    const length: usize = ((header & 255) << 8) | ((header >>> 8) & 255);
    const objectClass = (header >>> 16) & 255;
    if (length < 4 || (length & 3)) return STATUS_OBJECT_LENGTH;
    if (at + length > end) return STATUS_OBJECT_OVERRUN;
    if (objectClass < DECODED_CLASSES) {
      store<u16>(record + (objectClass << 1), <u16> (at - message), OFFSETS);
      seen |= 1 << objectClass;
    }
    switch (objectClass) {
      case 1:
        if (length != SESSION_IPV4_BYTES && (length != 16 || header >>> 24 != 7)) return wrongSize(length);
        v128.store64_lane(record, swapAddressBytesPort(v128.load64_zero(at, 4)), 0, offsetof<DecodedRecord>("sessionAddress"));
        break;
      case 3:
        if (length != RSVP_HOP_IPV4_BYTES) return wrongSize(length);
        v128.store64_lane(record, swapWords(v128.load64_zero(at, 4)), 0, offsetof<DecodedRecord>("hopAddress"));
        break;
      case 5:
        if (length != TIME_VALUES_BYTES) return STATUS_OBJECT_SIZE;
        r.refreshPeriodMs = load32(at + 4);
        break;
      case 6:
        if (length != ERROR_SPEC_IPV4_BYTES) return wrongSize(length);
        v128.store64_lane(record, swapAddressBytesPort(v128.load64_zero(at, 4)), 0, offsetof<DecodedRecord>("errorNode"));
        break;
      case 8:
        if (length != STYLE_BYTES) return STATUS_OBJECT_SIZE;
        r.styleVector = load32(at + 4) & 0xffffff;
        break;
      case 9:
        if (!decodeFlowspec(at, <u32> length, record)) return STATUS_OBJECT_CONTENT;
        break;
      case 10:
      case 11: {
        if (length != FILTER_SPEC_IPV4_BYTES) return wrongSize(length);
        const count = r.senderCount;
        if (count >= DECODED_SENDERS) return STATUS_TOO_MANY_OBJECTS;
        v128.store64_lane(record + (count << 3), swapWords(v128.load64_zero(at, 4)), 0, SENDERS);
        r.senderCount = count + 1;
        break;
      }
      case 12:
        if (!decodeTspec(at, <u32> length, record)) return STATUS_OBJECT_CONTENT;
        break;
      case 13:
        if (!decodeAdspec(at, <u32> length, record)) return STATUS_OBJECT_CONTENT;
        break;
      case 15:
        if (length != RESV_CONFIRM_IPV4_BYTES) return wrongSize(length);
        r.resvConfirm = load32(at + 4);
        break;
    }
    at += length;
  }
  r.seen = seen;
  return STATUS_OK;
}

// The IPv6 forms are 12 bytes longer and are no fault of the message.
function wrongSize(length: usize): u32 {
  return length == 24 || length == 20 ? STATUS_UNKNOWN_CTYPE : STATUS_OBJECT_SIZE;
}

// The words before the token bucket: version and length, service header, parameter header; all but flags and reserved.
export const INT_SERV_MASK: v128 = i8x16(-16, 0, -1, -1, -1, 0, -1, -1, -1, 0, -1, -1, 0, 0, 0, 0);
export const TSPEC_SHAPE: v128 = i8x16(0, 0, 0, 7, 1, 0, 0, 6, 127, 0, 0, 5, 0, 0, 0, 0);
export const CONTROLLED_LOAD_SHAPE: v128 = i8x16(0, 0, 0, 7, 5, 0, 0, 6, 127, 0, 0, 5, 0, 0, 0, 0);
export const GUARANTEED_SHAPE: v128 = i8x16(0, 0, 0, 10, 2, 0, 0, 9, 127, 0, 0, 5, 0, 0, 0, 0);

// @ts-ignore: decorator
@inline

export function fits(words: v128, mask: v128, shape: v128): bool {
  return !v128.any_true(v128.and(v128.xor(words, shape), mask));
}

// @ts-ignore: decorator
@inline

function decodeTspec(at: usize, length: u32, record: usize): bool {
  if (length != 36 || !fits(v128.load(at, 4), INT_SERV_MASK, TSPEC_SHAPE)) {
    if (!isSenderTspec(at, length)) return false;
  }
  const r = changetype<DecodedRecord>(record);
  v128.store(
    record,
    swapWords(v128.load(at, SENDER_TSPEC_INTSERV_TOKEN_BUCKET_RATE_BYTES_PER_SECOND_AT)),
    offsetof<DecodedRecord>("rate"),
  );
  r.maximumPacketSize = load32(at + SENDER_TSPEC_INTSERV_MAXIMUM_PACKET_SIZE_BYTES_AT);
  return true;
}

// @ts-ignore: decorator
@inline

function decodeFlowspec(at: usize, length: u32, record: usize): bool {
  const r = changetype<DecodedRecord>(record);
  if (length < 12) return false;
  const service: u32 = load<u8>(at, FLOWSPEC_INTSERV_SERVICE_AT);
  if (<usize> length == FLOWSPEC_INTSERV_GUARANTEED_BYTES && fits(v128.load(at, 4), INT_SERV_MASK, GUARANTEED_SHAPE)) {
    if ((load<u32>(at, 36) & 0xffff00ff) != 0x02000082) return false;
  } else if (length != 36 || !fits(v128.load(at, 4), INT_SERV_MASK, CONTROLLED_LOAD_SHAPE)) {
    if (!isFlowspec(at, length)) return false;
    if (service != 5 && service != 2) return true;
  }
  r.service = service;
  v128.store(
    record,
    swapWords(v128.load(at, FLOWSPEC_INTSERV_TOKEN_BUCKET_RATE_BYTES_PER_SECOND_AT)),
    offsetof<DecodedRecord>("flowRate"),
  );
  if (service == SERVICE_NUMBER_GUARANTEED) {
    v128.store(
      record,
      swapWords(v128.load(at, FLOWSPEC_INTSERV_MAXIMUM_PACKET_SIZE_BYTES_AT)),
      offsetof<DecodedRecord>("flowMaximumPacketSize"),
    );
  } else {
    r.flowMaximumPacketSize = load32(at + FLOWSPEC_INTSERV_MAXIMUM_PACKET_SIZE_BYTES_AT);
  }
  return true;
}

// The ADSPEC of RFC 2210 section 3.3.6: general parameters, guaranteed service, empty controlled load, 84 bytes. Its
// words from +8 on, four to a vector; values and flags are masked away.
export const ADSPEC_MASK_0: v128 = i8x16(-1, 0, -1, -1, -1, 0, -1, -1, 0, 0, 0, 0, -1, 0, -1, -1);
export const ADSPEC_SHAPE_0: v128 = i8x16(1, 0, 0, 8, 4, 0, 0, 1, 0, 0, 0, 0, 6, 0, 0, 1);
export const ADSPEC_MASK_1: v128 = i8x16(0, 0, 0, 0, -1, 0, -1, -1, 0, 0, 0, 0, -1, 0, -1, -1);
export const ADSPEC_SHAPE_1: v128 = i8x16(0, 0, 0, 0, 8, 0, 0, 1, 0, 0, 0, 0, 10, 0, 0, 1);
export const ADSPEC_MASK_2: v128 = i8x16(0, 0, 0, 0, -1, 0, -1, -1, -1, 0, -1, -1, 0, 0, 0, 0);
export const ADSPEC_SHAPE_2: v128 = i8x16(0, 0, 0, 0, 2, 0, 0, 8, -123, 0, 0, 1, 0, 0, 0, 0);
export const ADSPEC_MASK_3: v128 = i8x16(-1, 0, -1, -1, 0, 0, 0, 0, -1, 0, -1, -1, 0, 0, 0, 0);
export const ADSPEC_SHAPE_3: v128 = i8x16(-122, 0, 0, 1, 0, 0, 0, 0, -121, 0, 0, 1, 0, 0, 0, 0);
export const ADSPEC_MASK_4: v128 = i8x16(0, 0, 0, 0, -1, 0, -1, -1, 0, 0, 0, 0, -1, 0, -1, -1);
export const ADSPEC_SHAPE_4: v128 = i8x16(0, 0, 0, 0, -120, 0, 0, 1, 0, 0, 0, 0, 5, 0, 0, 0);

// @ts-ignore: decorator
@inline

function decodeAdspec(at: usize, length: u32, record: usize): bool {
  if (length != 84 || (load<u32>(at, 4) & 0xffff00f0) != 0x13000000) return walkAdspec(at, length, record);
  const v0 = v128.load(at, 8);
  const v1 = v128.load(at, 24);
  const v2 = v128.load(at, 40);
  const v3 = v128.load(at, 56);
  // The last four words, overlapping v3 by one: Csum's value, then Dsum and the controlled-load header.
  const v4 = v128.load(at, 68);
  const wrong = v128.or(
    v128.or(
      v128.or(
        v128.and(v128.xor(v0, ADSPEC_SHAPE_0), ADSPEC_MASK_0),
        v128.and(v128.xor(v1, ADSPEC_SHAPE_1), ADSPEC_MASK_1),
      ),
      v128.or(
        v128.and(v128.xor(v2, ADSPEC_SHAPE_2), ADSPEC_MASK_2),
        v128.and(v128.xor(v3, ADSPEC_SHAPE_3), ADSPEC_MASK_3),
      ),
    ),
    v128.and(v128.xor(v4, ADSPEC_SHAPE_4), ADSPEC_MASK_4),
  );
  if (v128.any_true(wrong)) return walkAdspec(at, length, record);
  const general = i8x16.shuffle(v0, v1, 11, 10, 9, 8, 19, 18, 17, 16, 27, 26, 25, 24, 0, 0, 0, 0);
  v128.store(
    record,
    i8x16.shuffle(general, v2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 19, 18, 17, 16),
    offsetof<DecodedRecord>("hops"),
  );
  const guaranteed = i8x16.shuffle(v2, v3, 15, 14, 13, 12, 23, 22, 21, 20, 31, 30, 29, 28, 0, 0, 0, 0);
  v128.store(
    record,
    i8x16.shuffle(guaranteed, v4, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 27, 26, 25, 24),
    offsetof<DecodedRecord>("cTotal"),
  );
  const r = changetype<DecodedRecord>(record);
  r.adspecBreak = (load<u8>(at, 9) | load<u8>(at, 45) | load<u8>(at, 81)) >> 7;
  r.adspecServices = (1 << 1) | (1 << 2) | (1 << 5);
  return true;
}

// Any other ADSPEC, fragment by fragment.
function walkAdspec(at: usize, length: u32, record: usize): bool {
  if (!isAdspec(at, length)) return false;
  const r = changetype<DecodedRecord>(record);
  r.adspecBreak = 0;
  r.adspecServices = 0;
  const end = at + length;
  let fragment = at + 8;
  while (fragment < end) {
    const next = fragment + 4 + load16(fragment + 2) * 4;
    r.adspecBreak |= load<u8>(fragment, 1) >> 7;
    r.adspecServices |= 1 << (load<u8>(fragment) & 31);
    let parameter = fragment + 4;
    while (parameter < next) {
      const number: u32 = load<u8>(parameter);
      const words = load16(parameter + 2);
      // 4, 6, 8, 10 are hops, bandwidth, latency and MTU; 133 to 136 the guaranteed service's terms.
      if (number - 4 <= 6 && !(number & 1)) {
        store<u32>(record + ((number - 4) << 1), load32(parameter + 4), offsetof<DecodedRecord>("hops"));
      } else if (number - 133 <= 3) {
        store<u32>(record + ((number - 133) << 2), load32(parameter + 4), offsetof<DecodedRecord>("cTotal"));
      }
      parameter += 4 + words * 4;
    }
    fragment = next;
  }
  return true;
}
