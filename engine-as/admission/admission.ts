// What a reservation counts for on an interface, and whether there is room for it (RFC 2205 sections 1.2 and 2.5 and
// appendix B code 01, RFC 2211 section 5, RFC 2212 "Invocation Information").
//
// Rates are counted in whole sixty-fourths of a byte per second, rounded up. Such numbers add and subtract in f64
// without any error up to 2^47 bytes/s (140 terabytes/s, above what RFC 2212 can express on one link), so what is in use is
// always exactly the sum of what was granted, in whatever order it came and went, and can never pass the limit by an
// error of rounding. A limit is compared as it is.
//
// This room answers with bandwidth (value 2) and MTU (value 3). Value 1, delay bound, it never gives: the delay that
// the node promises is in C and D of the ADSPEC and follows from R; traffic control may still refuse with it.
import { GUARANTEED_SERVICE, float, RATE, RESERVED_RATE, NULL_SERVICE } from "../merge/intserv";
import { compareFlowspecs, EQUAL, flowspecMaximumSize, flowspecService, LESS } from "../merge/flowspec";
import { senderRate, senderTokenBucket } from "../merge/tspec";

/** ERROR_SPEC code 01 and its values. */
export const ADMISSION_CONTROL_FAILURE: u32 = 1;
export const ADMITTED: u32 = 0;
export const DELAY_BOUND_REFUSED: u32 = 1;
export const BANDWIDTH_REFUSED: u32 = 2;
export const MTU_REFUSED: u32 = 3;

/** Units of a byte per second in which rates are counted. */
const UNITS: f64 = 64;

/** A rate as it is counted: the next sixty-fourth of a byte per second. */
export function countedRate(bytesPerSecond: f64): f64 {
  return bytesPerSecond > 0 ? Math.ceil(bytesPerSecond * UNITS) / UNITS : 0;
}

/**
 * What a FLOWSPEC counts for, bytes per second. Controlled load: r of min(Resv_Te, Path_Te), because no more than the
 * senders send can arrive (RFC 2205 section 2.2). Guaranteed service: R, which Path_Te does not lower, because R buys
 * the delay. Null service: 0, it reserves nothing that is counted (RFC 2997). `pathTspec` is the sum of the matching
 * SENDER_TSPECs, or 0.
 */
export function effectiveRate(flowspec: usize, pathTspec: usize): f64 {
  return effectiveRateOf(flowspecService(flowspec), flowspec, pathTspec);
}

/** The same of a FLOWSPEC whose service is known. */
export function effectiveRateOf(service: u32, flowspec: usize, pathTspec: usize): f64 {
  if (service == 0 || service == NULL_SERVICE) return 0;
  if (service == GUARANTEED_SERVICE) return countedRate(float(flowspec + RESERVED_RATE));
  const rate = float(flowspec + RATE);
  if (pathTspec == 0 || senderTokenBucket(pathTspec) == 0) return countedRate(rate);
  return countedRate(Math.min(rate, senderRate(pathTspec)));
}

/**
 * Whether a reservation that counts for `rate` fits where one that counts for `oldRate` (0 if it is new) stands among
 * `inUse` (oldRate included). Limits below zero are none. A request for no more than is held is never refused, even
 * where the limit has sunk below what is in use (RFC 2211 section 5, RFC 2212). Returns ADMITTED or BANDWIDTH_REFUSED.
 */
export function admitRate(rate: f64, oldRate: f64, inUse: f64, reservable: f64, perFlowMaximum: f64): u32 {
  if (rate <= oldRate) return ADMITTED;
  if (perFlowMaximum >= 0 && rate > perFlowMaximum) return BANDWIDTH_REFUSED;
  if (reservable >= 0 && inUse - oldRate + rate > reservable) return BANDWIDTH_REFUSED;
  return ADMITTED;
}

/** MTU_REFUSED if the FLOWSPEC's M is above the link's MTU (RFC 2211 section 5, RFC 2212); an MTU of 0 is unknown. */
export function admitSize(flowspec: usize, mtuBytes: u32): u32 {
  return mtuBytes != 0 && flowspecMaximumSize(flowspec) > mtuBytes ? MTU_REFUSED : ADMITTED;
}

/** Where a reservation asks for room. The layout is the engine's own; limits below zero are none. */
@unmanaged
export class AdmissionLimits {
  /** What may be given away in all. */
  reservableBytesPerSecond: f64;
  /** The most for one reservation. */
  perFlowBytesPerSecond: f64;
  /** The sum of what stands, the old rate of this reservation included. */
  inUseBytesPerSecond: f64;
  /** What this reservation counted for until now; 0 if it is new. */
  oldBytesPerSecond: f64;
  /** Link MTU; 0 for unknown. */
  mtuBytes: u32;
}

export const ADMISSION_LIMITS_BYTES: usize = offsetof<AdmissionLimits>();

/**
 * The whole decision: ADMITTED or the value of error code 01. `oldFlowspec` is what is installed now, or 0. A request
 * that the service ordering puts at or below it is never refused.
 */
export function admit(flowspec: usize, pathTspec: usize, oldFlowspec: usize, limits: usize): u32 {
  const at = changetype<AdmissionLimits>(limits);
  const rate = effectiveRate(flowspec, pathTspec);
  if (oldFlowspec != 0 && rate <= at.oldBytesPerSecond) {
    const relation = compareFlowspecs(flowspec, oldFlowspec);
    if (relation == LESS || relation == EQUAL) return ADMITTED;
  }
  const size = admitSize(flowspec, at.mtuBytes);
  if (size != ADMITTED) return size;
  const reservable = at.reservableBytesPerSecond;
  return admitRate(rate, at.oldBytesPerSecond, at.inUseBytesPerSecond, reservable, at.perFlowBytesPerSecond);
}
