// Semantic checks of FLOWSPEC, SENDER_TSPEC and ADSPEC: what RFC 2205 appendix B answers with error code 21, Traffic
// Control Error. Each returns 0 or the error value: 2 service unsupported, 3 bad flowspec value, 4 bad TSpec value,
// 5 bad ADSPEC value. (Value 1, service conflict, is canMerge in flowspec.ts.)
//
// Ranges, by text:
// - Any token bucket (RFC 2215 section 3.6): r and b finite and above zero, r at most 40e12 bytes/s, b at most 250e9
//   bytes; p a non-negative number or +infinity; 0 < m <= M. Negative zero and NaN are never legal.
// - Controlled load (RFC 2211 section 5): besides, r and b at least 1. Its p may always be ignored, so p < r passes.
// - Guaranteed service (RFC 2212): r, b, p, R with an exponent of at least 127, so at least 1.0 each; p >= r; R >= r,
//   R finite and at most 40e12. Exponents above 162 are discouraged, not prohibited, and pass.
// - Null service (RFC 2997): M not 0.
// - One service in a FLOWSPEC (RFC 2210 section 2.2: more are not supported).
// - ADSPEC (RFC 2210 section 3.3, RFC 2215): service 1 first, services strictly ascending; service 1 holds parameters
//   4, 6, 8 and 10 of one word each; bandwidth finite and non-negative; MTU not 0; a guaranteed service fragment is
//   empty or holds 133 to 136. Fragments of services that this engine does not know are not looked into.
import { SERVICE_CONTROLLED_LOAD, SERVICE_GUARANTEED, SERVICE_NULL } from "../boundary.gen";
import {
  CONTROLLED_LOAD_SERVICE,
  findParameter,
  GENERAL_SERVICE,
  GUARANTEED_SERVICE,
  NULL_MAXIMUM_SIZE,
  NULL_SERVICE,
  NULL_TSPEC_PARAMETER,
  objectLength,
  POSITIVE_INFINITY_BITS,
  RATE,
  RESERVED_RATE,
  word,
} from "./intserv";
import { flowspecService, requestedService } from "./flowspec";
import { senderTokenBucket } from "./tspec";
import { hasUsualShape, usualAdspecIsValid } from "./usual_adspec";

export const SERVICE_UNSUPPORTED: u32 = 2;
export const BAD_FLOWSPEC_VALUE: u32 = 3;
export const BAD_TSPEC_VALUE: u32 = 4;
export const BAD_ADSPEC_VALUE: u32 = 5;

/** Every service of SERVICE. */
export const ALL_SERVICES: u32 = SERVICE_CONTROLLED_LOAD | SERVICE_GUARANTEED | SERVICE_NULL;

const ONE_BITS: u32 = 0x3f800000;
const HIGHEST_RATE: f64 = 40e12;
const LARGEST_DEPTH: f64 = 250e9;

/** The bit of SERVICE for an Int-Serv service number; 0 for one that this engine does not know. */
export function serviceBit(service: u32): u32 {
  if (service == CONTROLLED_LOAD_SERVICE) return SERVICE_CONTROLLED_LOAD;
  if (service == GUARANTEED_SERVICE) return SERVICE_GUARANTEED;
  return service == NULL_SERVICE ? SERVICE_NULL : 0;
}

/** Whether a float is finite, has no sign, is at least the float `least` (given as bits) and at most `most`. */
function inRange(at: usize, least: u32, most: f64): bool {
  const bits = word(at);
  return bits >= least && bits < POSITIVE_INFINITY_BITS && <f64> reinterpret<f32>(bits) <= most;
}

/** The rules of any token bucket; `least` is the smallest r and b, as bits. Not those of p against r. */
function isTokenBucket(bucket: usize, least: u32): bool {
  if (!inRange(bucket, least, HIGHEST_RATE) || !inRange(bucket + 4, least, LARGEST_DEPTH)) return false;
  // All bit patterns up to +infinity are the non-negative numbers; NaNs and negative ones lie above.
  if (word(bucket + 8) > POSITIVE_INFINITY_BITS) return false;
  const minimum = word(bucket + 12);
  return minimum != 0 && minimum <= word(bucket + 16);
}

/**
 * Checks a FLOWSPEC against `services`, the bits of SERVICE that the interface implements. Returns 0,
 * SERVICE_UNSUPPORTED or BAD_FLOWSPEC_VALUE.
 */
export function validateFlowspec(flowspec: usize, services: u32): u32 {
  const requested = requestedService(flowspec);
  if (requested == 0 || requested == GENERAL_SERVICE) return BAD_FLOWSPEC_VALUE;
  if ((serviceBit(requested) & services) == 0) return SERVICE_UNSUPPORTED;
  const service = flowspecService(flowspec);
  if (service == 0) return BAD_FLOWSPEC_VALUE;
  if (12 + ((word(flowspec + 8) & 0xffff) << 2) != objectLength(flowspec)) return BAD_FLOWSPEC_VALUE;
  if (service == NULL_SERVICE) return word(flowspec + NULL_MAXIMUM_SIZE) != 0 ? 0 : BAD_FLOWSPEC_VALUE;
  const bucket = flowspec + RATE;
  if (!isTokenBucket(bucket, ONE_BITS)) return BAD_FLOWSPEC_VALUE;
  if (service == CONTROLLED_LOAD_SERVICE) return 0;
  const rate = word(bucket), peak = word(bucket + 8);
  if (peak < rate) return BAD_FLOWSPEC_VALUE;
  if (!inRange(flowspec + RESERVED_RATE, ONE_BITS, HIGHEST_RATE)) return BAD_FLOWSPEC_VALUE;
  return word(flowspec + RESERVED_RATE) >= rate ? 0 : BAD_FLOWSPEC_VALUE;
}

/**
 * The longest SENDER_TSPEC: token bucket and null service take 48 bytes, the rest is for services and parameters to come.
 * It is kept with each sender and goes out with every Path, INSTALL and event, so a peer must not make it a load.
 */
const LONGEST_SENDER_TSPEC: u32 = 128;

/** Checks a SENDER_TSPEC. Returns 0 or BAD_TSPEC_VALUE. */
export function validateTspec(tspec: usize): u32 {
  if (objectLength(tspec) > LONGEST_SENDER_TSPEC) return BAD_TSPEC_VALUE;
  const bucket = senderTokenBucket(tspec);
  if (bucket != 0) return isTokenBucket(bucket, 1) ? 0 : BAD_TSPEC_VALUE;
  const size = findParameter(tspec, NULL_SERVICE, NULL_TSPEC_PARAMETER, 1);
  return size != 0 && word(size) != 0 ? 0 : BAD_TSPEC_VALUE;
}

/** A composed bandwidth where there is one: finite, non-negative, not negative zero (RFC 2215 section 3.3). */
function isBandwidth(at: usize): bool {
  return at == 0 || word(at) < POSITIVE_INFINITY_BITS;
}

function hasGeneralParameters(adspec: usize): bool {
  for (let parameter: u32 = 4; parameter <= 10; parameter += 2) {
    if (findParameter(adspec, GENERAL_SERVICE, parameter, 1) == 0) return false;
  }
  return true;
}

function hasGuaranteedParameters(adspec: usize): bool {
  for (let parameter: u32 = 133; parameter <= 136; parameter++) {
    if (findParameter(adspec, GUARANTEED_SERVICE, parameter, 1) == 0) return false;
  }
  return true;
}

/** Checks an ADSPEC. Returns 0 or BAD_ADSPEC_VALUE. */
export function validateAdspec(adspec: usize): u32 {
  if (hasUsualShape(adspec)) return usualAdspecIsValid(adspec) ? 0 : BAD_ADSPEC_VALUE;
  return validateAnyAdspec(adspec);
}

/** The same by a walk over all fragments and parameters. */
export function validateAnyAdspec(adspec: usize): u32 {
  const length = objectLength(adspec);
  if (length < 12 || word(adspec + 8) >>> 24 != GENERAL_SERVICE) return BAD_ADSPEC_VALUE;
  if (!hasGeneralParameters(adspec)) return BAD_ADSPEC_VALUE;
  if (word(findParameter(adspec, GENERAL_SERVICE, 10, 1)) == 0) return BAD_ADSPEC_VALUE;
  const end = adspec + length;
  let at = adspec + 8;
  let last: u32 = 0;
  while (at < end) {
    const service = word(at) >>> 24, words = word(at) & 0xffff;
    if (service <= last || at + 4 + (words << 2) > end) return BAD_ADSPEC_VALUE;
    if (service == GENERAL_SERVICE || serviceBit(service) != 0) {
      if (!isBandwidth(findParameter(adspec, service, 6, 1))) return BAD_ADSPEC_VALUE;
    }
    if (service == GUARANTEED_SERVICE && words != 0 && !hasGuaranteedParameters(adspec)) return BAD_ADSPEC_VALUE;
    last = service;
    at += 4 + (words << 2);
  }
  return 0;
}
