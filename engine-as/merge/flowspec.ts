// Order and combination of FLOWSPECs: RFC 2211 section 8, RFC 2212 "Ordering and Merging", RFC 2205 section 3.11.6,
// and RFC 2997 for the null service.
//
// What to use for what. The ordering counts a larger M as greater, but merging takes the smallest M (RFC 2210 section
// 2.3.2), so a merge need not be greater than or equal to both operands. Therefore: the ordering decides which request
// is the biggest, B_Police, blockade and RESV_CONFIRM; the merge is what is installed and forwarded; and whether
// something changed is a comparison of the encoded objects, which are always canonical here: reserved bits and flags
// zero, one service, its parameters in order, nothing else.
//
// Services do not mix. RFC 2210 section 2.2 has all receivers of a session choose one service, and nobody defined how
// to replace one by another; so flowspecs of different services can be neither ordered nor merged, and the request
// that brings the other service is answered with Traffic Control Error 21/1, service conflict: `canMerge`.
import {
  CONTROLLED_LOAD_FLOWSPEC_BYTES,
  CONTROLLED_LOAD_SERVICE,
  FLOWSPEC_OBJECT,
  GUARANTEED_FLOWSPEC_BYTES,
  GUARANTEED_SERVICE,
  HEADER_MASK,
  larger,
  lesser,
  MAXIMUM_SIZE,
  NULL_FLOWSPEC_BYTES,
  NULL_MAXIMUM_SIZE,
  NULL_SERVICE,
  NULL_TSPEC_PARAMETER,
  objectLength,
  RATE,
  RESERVED_RATE,
  RSPEC_PARAMETER,
  setWord,
  SLACK,
  TOKEN_BUCKET_PARAMETER,
  word,
  writeHeaders,
} from "./intserv";
import { copyWords } from "../wire/bytes";

export const LESS: i32 = -1;
export const EQUAL: i32 = 0;
export const GREATER: i32 = 1;
/** Neither is as good as the other. */
export const INCOMPARABLE: i32 = 2;

/** ERROR_SPEC value of code 21 for flowspecs of different services. */
export const SERVICE_CONFLICT: u32 = 1;

// Service header and parameter header as they stand in memory, without their flags.
const HEADERS_MASK: u64 = 0xffff00ffffff00ff;
const CONTROLLED_LOAD_HEADERS: u64 = 0x0500007f06000005;

const TOKEN_BUCKET_HEADER: u32 = 0x7f000005;
const RSPEC_HEADER: u32 = 0x82000002;
const NULL_TSPEC_HEADER: u32 = 0x80000001;

/**
 * The service that a FLOWSPEC asks for: 5, 2 or 6. Zero if it does not begin with one of the layouts of RFC 2210
 * section 3.2 and RFC 2997 section 4.4 (`requestedService` tells an unknown service from a known one in a wrong
 * layout). Parameters behind those of the layout are passed over, and no combination keeps them.
 */
export function flowspecService(flowspec: usize): u32 {
  const length = objectLength(flowspec);
  // Nearly all are of controlled load with its six words: both headers are compared at once.
  if (length >= CONTROLLED_LOAD_FLOWSPEC_BYTES && (load<u64>(flowspec, 8) & HEADERS_MASK) == CONTROLLED_LOAD_HEADERS) {
    return CONTROLLED_LOAD_SERVICE;
  }
  if (length < NULL_FLOWSPEC_BYTES) return 0;
  const service = word(flowspec + 8) >>> 24;
  const end: u32 = 12 + ((word(flowspec + 8) & 0xffff) << 2);
  const parameter = word(flowspec + 12) & HEADER_MASK;
  if (end > length) return 0;
  if (service == CONTROLLED_LOAD_SERVICE) {
    return end >= CONTROLLED_LOAD_FLOWSPEC_BYTES && parameter == TOKEN_BUCKET_HEADER ? service : 0;
  }
  if (service == GUARANTEED_SERVICE) {
    if (end < GUARANTEED_FLOWSPEC_BYTES || parameter != TOKEN_BUCKET_HEADER) return 0;
    return (word(flowspec + 36) & HEADER_MASK) == RSPEC_HEADER ? service : 0;
  }
  if (service == NULL_SERVICE) return parameter == NULL_TSPEC_HEADER ? service : 0;
  return 0;
}

/** The number in the first service header, whatever follows it; 0 if there is no service header. */
export function requestedService(flowspec: usize): u32 {
  return objectLength(flowspec) < 12 ? 0 : word(flowspec + 8) >>> 24;
}

/** 0 if the two can be ordered and merged, else SERVICE_CONFLICT, the error value of code 21. */
export function canMerge(a: usize, b: usize): u32 {
  const service = flowspecService(a);
  return service != 0 && service == flowspecService(b) ? 0 : SERVICE_CONFLICT;
}

/** The ordering from "a is at least as good as b" and the reverse. */
// @ts-ignore: decorator
@inline
function order(atLeast: bool, atMost: bool): i32 {
  return atLeast ? (atMost ? EQUAL : GREATER) : (atMost ? LESS : INCOMPARABLE);
}

/** Order of two token buckets, each given by the address of its r (RFC 2211 section 8, five conditions). */
export function compareTokenBuckets(a: usize, b: usize): i32 {
  const rateA = word(a), rateB = word(b);
  const depthA = word(a + 4), depthB = word(b + 4);
  const peakA = word(a + 8), peakB = word(b + 8);
  const minimumA = word(a + 12), minimumB = word(b + 12);
  const maximumA = word(a + 16), maximumB = word(b + 16);
  return order(
    rateA >= rateB && depthA >= depthB && peakA >= peakB && minimumA <= minimumB && maximumA >= maximumB,
    rateA <= rateB && depthA <= depthB && peakA <= peakB && minimumA >= minimumB && maximumA <= maximumB,
  );
}

/**
 * Order of two FLOWSPECs: LESS, EQUAL, GREATER or INCOMPARABLE, `a` against `b`. Guaranteed service compares TSpec and
 * RSpec together: A is as good as B if its TSpec is and R is no smaller and S no larger. Different services are
 * INCOMPARABLE; canMerge tells them from those that have a merge.
 */
export function compareFlowspecs(a: usize, b: usize): i32 {
  if (canMerge(a, b) != 0) return INCOMPARABLE;
  const service = flowspecService(a);
  if (service == NULL_SERVICE) {
    const sizeA = word(a + NULL_MAXIMUM_SIZE), sizeB = word(b + NULL_MAXIMUM_SIZE);
    return order(sizeA >= sizeB, sizeA <= sizeB);
  }
  const tspecs = compareTokenBuckets(a + RATE, b + RATE);
  if (service != GUARANTEED_SERVICE || tspecs == INCOMPARABLE) return tspecs;
  const rateA = word(a + RESERVED_RATE), rateB = word(b + RESERVED_RATE);
  const slackA = word(a + SLACK), slackB = word(b + SLACK);
  return order(
    tspecs >= EQUAL && rateA >= rateB && slackA <= slackB,
    tspecs <= EQUAL && rateA <= rateB && slackA >= slackB,
  );
}

/** RFC 2205 section 3.5 "strictly greater", read as: at least as good in the service ordering, and not equal. */
export function isStrictlyGreater(a: usize, b: usize): bool {
  return compareFlowspecs(a, b) == GREATER;
}

/** Which value of m and of M a combination takes. */
const TAKE_MERGE: u32 = 0;
const TAKE_LEAST_COMMON: u32 = 1;
const TAKE_LOWER_BOUND: u32 = 2;

function combineTokenBuckets(a: usize, b: usize, destination: usize, take: u32): void {
  const lower = take == TAKE_LOWER_BOUND;
  for (let field: usize = 0; field < 12; field += 4) {
    const left = word(a + field), right = word(b + field);
    setWord(destination + field, lower ? lesser(left, right) : larger(left, right));
  }
  const maximumA = word(a + 16), maximumB = word(b + 16);
  const maximum = take == TAKE_LEAST_COMMON ? larger(maximumA, maximumB) : lesser(maximumA, maximumB);
  let minimum = lower ? larger(word(a + 12), word(b + 12)) : lesser(word(a + 12), word(b + 12));
  // The larger m of one may exceed the smaller M of the other; m > M would be illegal. Clamping keeps the lower bound
  // associative, because a clamped m equals an M that every later minimum stays at or below.
  if (lower) minimum = lesser(minimum, maximum);
  setWord(destination + 12, minimum);
  setWord(destination + 16, maximum);
}

function combine(a: usize, b: usize, destination: usize, take: u32): u32 {
  if (canMerge(a, b) != 0) return 0;
  const service = flowspecService(a);
  if (service == NULL_SERVICE) {
    const sizeA = word(a + NULL_MAXIMUM_SIZE), sizeB = word(b + NULL_MAXIMUM_SIZE);
    return writeNullFlowspec(destination, take == TAKE_LEAST_COMMON ? larger(sizeA, sizeB) : lesser(sizeA, sizeB));
  }
  // The destination may be one of the operands: each field is read before it is written, headers are read no more.
  combineTokenBuckets(a + RATE, b + RATE, destination + RATE, take);
  if (service == CONTROLLED_LOAD_SERVICE) return writeControlledLoadHeaders(destination);
  const lower = take == TAKE_LOWER_BOUND;
  const rateA = word(a + RESERVED_RATE), rateB = word(b + RESERVED_RATE);
  const slackA = word(a + SLACK), slackB = word(b + SLACK);
  setWord(destination + RESERVED_RATE, lower ? lesser(rateA, rateB) : larger(rateA, rateB));
  setWord(destination + SLACK, lower ? larger(slackA, slackB) : lesser(slackA, slackB));
  return writeGuaranteedHeaders(destination);
}

/**
 * The merge of RFC 2211 section 8 and RFC 2212: largest r, b, p, smallest m, smallest M; guaranteed service: largest R,
 * smallest S. What RSVP installs on an interface and forwards upstream. Returns the length written to `destination`
 * (which may be an operand), or 0 for a service conflict, with nothing written.
 */
export function mergeFlowspecs(a: usize, b: usize, destination: usize): u32 {
  return combine(a, b, destination, TAKE_MERGE);
}

/**
 * The least upper bound in the service ordering, which is the "least common" TSpec of RFC 2211 section 8: as the merge
 * but with the largest M. At least as good as both operands; never forwarded in a Resv. 0 for a service conflict.
 */
export function leastUpperBoundFlowspecs(a: usize, b: usize, destination: usize): u32 {
  return combine(a, b, destination, TAKE_LEAST_COMMON);
}

/**
 * The greatest lower bound, for a Resv whose requests are all blockaded (RFC 2205 section 3.5): smallest r, b, p, M,
 * largest m (not above M), smallest R, largest S. The RFCs do not define it; the service ordering does. The "minimum"
 * of RFC 2211 with the larger b is another operation, for min(Path_Te, Resv_Te): tspec.ts. 0 for a service conflict.
 */
export function greatestLowerBoundFlowspecs(a: usize, b: usize, destination: usize): u32 {
  return combine(a, b, destination, TAKE_LOWER_BOUND);
}

/** Copies a FLOWSPEC in canonical encoding. Returns its length, or 0 if it has none of the known layouts. */
export function canonicalFlowspec(flowspec: usize, destination: usize): u32 {
  const service = flowspecService(flowspec);
  if (service == 0) return 0;
  if (service == NULL_SERVICE) return writeNullFlowspec(destination, word(flowspec + NULL_MAXIMUM_SIZE));
  copyWords(destination + RATE, flowspec + RATE, 20);
  if (service == CONTROLLED_LOAD_SERVICE) return writeControlledLoadHeaders(destination);
  store<u64>(destination, load<u64>(flowspec, RESERVED_RATE), RESERVED_RATE);
  return writeGuaranteedHeaders(destination);
}

export function writeControlledLoadHeaders(destination: usize): u32 {
  const length = CONTROLLED_LOAD_FLOWSPEC_BYTES;
  writeHeaders(destination, length, FLOWSPEC_OBJECT, CONTROLLED_LOAD_SERVICE, TOKEN_BUCKET_PARAMETER, 5);
  return length;
}

export function writeGuaranteedHeaders(destination: usize): u32 {
  writeHeaders(destination, GUARANTEED_FLOWSPEC_BYTES, FLOWSPEC_OBJECT, GUARANTEED_SERVICE, TOKEN_BUCKET_PARAMETER, 5);
  setWord(destination + 36, RSPEC_PARAMETER << 24 | 2);
  return GUARANTEED_FLOWSPEC_BYTES;
}

export function writeNullFlowspec(destination: usize, maximumSize: u32): u32 {
  writeHeaders(destination, NULL_FLOWSPEC_BYTES, FLOWSPEC_OBJECT, NULL_SERVICE, NULL_TSPEC_PARAMETER, 1);
  setWord(destination + NULL_MAXIMUM_SIZE, maximumSize);
  return NULL_FLOWSPEC_BYTES;
}

/** M of a FLOWSPEC, the largest packet that the reservation is to cover; 0 if its layout is not known. */
export function flowspecMaximumSize(flowspec: usize): u32 {
  const service = flowspecService(flowspec);
  if (service == 0) return 0;
  return word(flowspec + (service == NULL_SERVICE ? NULL_MAXIMUM_SIZE : MAXIMUM_SIZE));
}
