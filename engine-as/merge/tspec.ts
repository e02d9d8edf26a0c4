// SENDER_TSPECs: order, sum, minimum, and the effective flowspec that traffic control is asked for
// (RFC 2205 sections 2.2 and 3.11.6, RFC 2210 sections 2.3.2 and 3.1, RFC 2211 section 8, RFC 2212, RFC 2997 4.3).
//
// A SENDER_TSPEC carries a token bucket (service 1, parameter 127), or the TSpec of the null service (service 6,
// parameter 128: only M), or both. Results carry a token bucket if any operand did, else the null TSpec.
import { copyWords } from "../wire/bytes";
import {
  CONTROLLED_LOAD_SERVICE,
  finiteBits,
  findParameter,
  float,
  GENERAL_SERVICE,
  GUARANTEED_SERVICE,
  larger,
  lesser,
  MAXIMUM_SIZE,
  NULL_MAXIMUM_SIZE,
  NULL_SENDER_TSPEC_BYTES,
  NULL_SERVICE,
  NULL_TSPEC_PARAMETER,
  POSITIVE_INFINITY_BITS,
  RATE,
  RESERVED_RATE,
  roundedUpBits,
  SENDER_TSPEC_BYTES,
  SENDER_TSPEC_OBJECT,
  setWord,
  SLACK,
  TOKEN_BUCKET_PARAMETER,
  word,
  writeHeaders,
} from "./intserv";
import {
  canonicalFlowspec,
  compareTokenBuckets,
  EQUAL,
  flowspecService,
  GREATER,
  INCOMPARABLE,
  LESS,
  writeControlledLoadHeaders,
  writeGuaranteedHeaders,
  writeNullFlowspec,
} from "./flowspec";

// Service header and parameter header as they stand in memory, without their flags.
const HEADERS_MASK: u64 = 0xffff00ffffff00ff;
const TOKEN_BUCKET_HEADERS: u64 = 0x0500007f06000001;

/** Address of r, b, p, m, M in a SENDER_TSPEC, or 0 if it has no token bucket. */
export function senderTokenBucket(tspec: usize): usize {
  // Where it stands alone, as in nearly all of them: 36 bytes, service 1, parameter 127 of five words.
  if (load<u16>(tspec) == 0x2400 && (load<u64>(tspec, 8) & HEADERS_MASK) == TOKEN_BUCKET_HEADERS) return tspec + RATE;
  return findParameter(tspec, GENERAL_SERVICE, TOKEN_BUCKET_PARAMETER, 5);
}

/** M of a SENDER_TSPEC: of its token bucket, else of its null service TSpec; 0 if it has neither. */
export function senderMaximumSize(tspec: usize): u32 {
  const bucket = senderTokenBucket(tspec);
  if (bucket != 0) return word(bucket + 16);
  const size = findParameter(tspec, NULL_SERVICE, NULL_TSPEC_PARAMETER, 1);
  return size != 0 ? word(size) : 0;
}

/** r of a SENDER_TSPEC in bytes per second; 0 if it has no token bucket. */
export function senderRate(tspec: usize): f64 {
  const bucket = senderTokenBucket(tspec);
  return bucket != 0 ? float(bucket) : 0;
}

/** Order of two SENDER_TSPECs; a token bucket and a null service TSpec are INCOMPARABLE. */
export function compareTspecs(a: usize, b: usize): i32 {
  const bucketA = senderTokenBucket(a), bucketB = senderTokenBucket(b);
  if (bucketA != 0 && bucketB != 0) return compareTokenBuckets(bucketA, bucketB);
  if (bucketA != 0 || bucketB != 0) return INCOMPARABLE;
  const sizeA = senderMaximumSize(a), sizeB = senderMaximumSize(b);
  return sizeA == sizeB ? EQUAL : sizeA > sizeB ? GREATER : LESS;
}

/**
 * A sum of SENDER_TSPECs on its way: in f64, so that the sum of many senders does not depend on their order as sums of
 * floats do, and is rounded once.
 */
@unmanaged
export class TspecSum {
  rate: f64;
  depth: f64;
  peak: f64;
  minimumUnit: u32;
  maximumSize: u32;
  /** How many of them had a token bucket. */
  buckets: u32;
  count: u32;
}

export const TSPEC_SUM_BYTES: usize = offsetof<TspecSum>();

export function startTspecSum(address: usize): void {
  const sum = changetype<TspecSum>(address);
  sum.rate = 0;
  sum.depth = 0;
  sum.peak = 0;
  sum.minimumUnit = u32.MAX_VALUE;
  sum.maximumSize = 0;
  sum.buckets = 0;
  sum.count = 0;
}

/** Adds one: sum of r, of b, of p, smallest m, largest M (RFC 2211 section 8, RFC 2212). */
export function addToTspecSum(address: usize, tspec: usize): void {
  const sum = changetype<TspecSum>(address);
  sum.count++;
  sum.maximumSize = larger(sum.maximumSize, senderMaximumSize(tspec));
  const bucket = senderTokenBucket(tspec);
  if (bucket == 0) return;
  sum.buckets++;
  sum.rate += float(bucket);
  sum.depth += float(bucket + 4);
  sum.peak += float(bucket + 8);
  sum.minimumUnit = lesser(sum.minimumUnit, word(bucket + 12));
}

/** Writes the sum as a SENDER_TSPEC and returns its length; 0 if nothing was added. */
export function finishTspecSum(address: usize, destination: usize): u32 {
  const sum = changetype<TspecSum>(address);
  if (sum.count == 0) return 0;
  if (sum.buckets == 0) {
    writeHeaders(destination, NULL_SENDER_TSPEC_BYTES, SENDER_TSPEC_OBJECT, NULL_SERVICE, NULL_TSPEC_PARAMETER, 1);
    setWord(destination + NULL_MAXIMUM_SIZE, sum.maximumSize);
    return NULL_SENDER_TSPEC_BYTES;
  }
  setWord(destination + RATE, finiteBits(sum.rate));
  setWord(destination + 20, finiteBits(sum.depth));
  setWord(destination + 24, reinterpret<u32>(<f32> sum.peak));
  setWord(destination + 28, sum.minimumUnit);
  setWord(destination + MAXIMUM_SIZE, sum.maximumSize);
  return writeSenderTspecHeaders(destination);
}

/** Sum of two, see addToTspecSum. For many, use the running sum, which rounds once. */
export function sumTspecs(a: usize, b: usize, destination: usize): u32 {
  const bucketA = senderTokenBucket(a), bucketB = senderTokenBucket(b);
  const maximum = larger(senderMaximumSize(a), senderMaximumSize(b));
  if (bucketA == 0 && bucketB == 0) {
    writeHeaders(destination, NULL_SENDER_TSPEC_BYTES, SENDER_TSPEC_OBJECT, NULL_SERVICE, NULL_TSPEC_PARAMETER, 1);
    setWord(destination + NULL_MAXIMUM_SIZE, maximum);
    return NULL_SENDER_TSPEC_BYTES;
  }
  const rate = (bucketA != 0 ? float(bucketA) : 0) + (bucketB != 0 ? float(bucketB) : 0);
  const depth = (bucketA != 0 ? float(bucketA + 4) : 0) + (bucketB != 0 ? float(bucketB + 4) : 0);
  const peak = (bucketA != 0 ? float(bucketA + 8) : 0) + (bucketB != 0 ? float(bucketB + 8) : 0);
  const minimum = lesser(
    bucketA != 0 ? word(bucketA + 12) : u32.MAX_VALUE,
    bucketB != 0 ? word(bucketB + 12) : u32.MAX_VALUE,
  );
  setWord(destination + RATE, finiteBits(rate));
  setWord(destination + 20, finiteBits(depth));
  setWord(destination + 24, reinterpret<u32>(<f32> peak));
  setWord(destination + 28, minimum);
  setWord(destination + MAXIMUM_SIZE, maximum);
  return writeSenderTspecHeaders(destination);
}

function writeSenderTspecHeaders(destination: usize): u32 {
  writeHeaders(destination, SENDER_TSPEC_BYTES, SENDER_TSPEC_OBJECT, GENERAL_SERVICE, TOKEN_BUCKET_PARAMETER, 5);
  return SENDER_TSPEC_BYTES;
}

/**
 * The minimum of RFC 2211 section 8 and RFC 2212, of two token buckets by the addresses of their r: the smaller one if
 * they are ordered, else smaller r, LARGER b, smaller p, smaller m, smaller M. Not a lower bound: that b must still
 * hold what either would hold. The destination may be either operand.
 */
function minimumTokenBucket(a: usize, b: usize, destination: usize): void {
  const relation = compareTokenBuckets(a, b);
  if (relation != INCOMPARABLE) {
    copyWords(destination, relation == GREATER ? b : a, 20);
    return;
  }
  const rate = lesser(word(a), word(b));
  const depth = larger(word(a + 4), word(b + 4));
  const peak = lesser(word(a + 8), word(b + 8));
  const minimum = lesser(word(a + 12), word(b + 12));
  const maximum = lesser(word(a + 16), word(b + 16));
  setWord(destination, rate);
  setWord(destination + 4, depth);
  setWord(destination + 8, peak);
  setWord(destination + 12, minimum);
  setWord(destination + 16, maximum);
}

/**
 * Minimum of two SENDER_TSPECs. One that has no token bucket bounds only M. Returns the length written.
 */
export function minimumTspec(a: usize, b: usize, destination: usize): u32 {
  const bucketA = senderTokenBucket(a), bucketB = senderTokenBucket(b);
  const size = lesser(senderMaximumSize(a), senderMaximumSize(b));
  if (bucketA == 0 && bucketB == 0) {
    writeHeaders(destination, NULL_SENDER_TSPEC_BYTES, SENDER_TSPEC_OBJECT, NULL_SERVICE, NULL_TSPEC_PARAMETER, 1);
    setWord(destination + NULL_MAXIMUM_SIZE, size);
    return NULL_SENDER_TSPEC_BYTES;
  }
  if (bucketA != 0 && bucketB != 0) {
    minimumTokenBucket(bucketA, bucketB, destination + RATE);
  } else {
    copyWords(destination + RATE, bucketA != 0 ? bucketA : bucketB, 20);
    boundMaximumSize(destination + RATE, size);
  }
  return writeSenderTspecHeaders(destination);
}

/** Lowers M of a token bucket to `size`, and m with it, which may not exceed M. */
function boundMaximumSize(bucket: usize, size: u32): void {
  setWord(bucket + 16, lesser(word(bucket + 16), size));
  setWord(bucket + 12, lesser(word(bucket + 12), word(bucket + 16)));
}

/**
 * The effective flowspec (Re, min(Resv_Te, Path_Te)) of RFC 2205 section 2.2 that admission and traffic control are
 * asked for: the FLOWSPEC with its TSpec reduced to what the senders will send (`pathTspec`, the sum of the matching
 * SENDER_TSPECs, or 0 if there is none); R and S stay, because R buys delay and not only rate (RFC 2212, Ordering and
 * Merging). Returns the length written, 0 if the FLOWSPEC's layout is not known. The destination may be the FLOWSPEC.
 */
export function effectiveFlowspec(flowspec: usize, pathTspec: usize, destination: usize): u32 {
  const length = canonicalFlowspec(flowspec, destination);
  if (length == 0 || pathTspec == 0) return length;
  const size = senderMaximumSize(pathTspec);
  if (flowspecService(destination) == NULL_SERVICE) {
    if (size != 0) setWord(destination + NULL_MAXIMUM_SIZE, lesser(word(destination + NULL_MAXIMUM_SIZE), size));
    return length;
  }
  const bucket = senderTokenBucket(pathTspec);
  if (bucket != 0) minimumTokenBucket(destination + RATE, bucket, destination + RATE);
  else if (size != 0) boundMaximumSize(destination + RATE, size);
  return length;
}

/**
 * A FLOWSPEC that asks for what a SENDER_TSPEC describes: `service` 5, 2 or 6. `maximumSize` bounds M (the path MTU of
 * RFC 2210 section 2.3.2; 0 for no bound). For guaranteed service R is `rate`, but at least r, rounded up to a float so
 * that a delay bound computed from it holds, and S is `slackMicroseconds`. Returns the length written, or 0 if the
 * service is none of these or the SENDER_TSPEC has no token bucket for it.
 */
export function flowspecFromTspec(
  tspec: usize,
  destination: usize,
  service: u32,
  maximumSize: u32,
  rate: f64,
  slackMicroseconds: u32,
): u32 {
  const bound = maximumSize != 0 ? maximumSize : u32.MAX_VALUE;
  if (service == NULL_SERVICE) return writeNullFlowspec(destination, lesser(senderMaximumSize(tspec), bound));
  const bucket = senderTokenBucket(tspec);
  if (bucket == 0 || (service != CONTROLLED_LOAD_SERVICE && service != GUARANTEED_SERVICE)) return 0;
  const leastRate = word(bucket);
  copyWords(destination + RATE, bucket, 20);
  boundMaximumSize(destination + RATE, bound);
  if (service == CONTROLLED_LOAD_SERVICE) return writeControlledLoadHeaders(destination);
  const wanted = rate > 0 ? roundedUpBits(rate) : 0;
  setWord(destination + RESERVED_RATE, larger(leastRate, wanted));
  setWord(destination + SLACK, slackMicroseconds);
  return writeGuaranteedHeaders(destination);
}

/** +infinity, the peak rate of a sender that does not know it (RFC 2210 section 3.1). */
export const UNKNOWN_PEAK_BITS: u32 = POSITIVE_INFINITY_BITS;

/** Writes a SENDER_TSPEC. Rates in bytes per second, sizes in bytes; a peak rate of Infinity is unknown. */
export function writeSenderTspec(
  destination: usize,
  rate: f64,
  depth: f64,
  peak: f64,
  minimumUnit: u32,
  maximumSize: u32,
): u32 {
  setWord(destination + RATE, finiteBits(rate));
  setWord(destination + 20, finiteBits(depth));
  setWord(destination + 24, reinterpret<u32>(<f32> peak));
  setWord(destination + 28, minimumUnit);
  setWord(destination + MAXIMUM_SIZE, maximumSize);
  return writeSenderTspecHeaders(destination);
}
