// What a receiver makes of a Path: what the ADSPEC says about one service, and the guaranteed service request that
// reaches a wanted delay (RFC 2210 sections 2.2 and 2.3, RFC 2212 "Guidelines for Implementors" and "Examples of Use").
import { adspecBreaks, adspecErrorTerm, adspecFragment, adspecGeneral } from "./adspec";
import { delayBound, rateForDelay, slackMicroseconds } from "./delay";
import { float, GENERAL_SERVICE, GUARANTEED_SERVICE, lesser, RESERVED_RATE, word } from "./intserv";
import { flowspecFromTspec, senderTokenBucket } from "./tspec";

const INDETERMINATE_LATENCY: u32 = 0xffffffff;

/**
 * Writes, as f64 from `numbers` on, what an ADSPEC says about a service (2, 5 or 6), overrides before defaults: offered
 * (1 if its fragment is there), break bit of the service, break bit of the whole path, hops, bandwidth bytes/s (0
 * unknown), latency us (4294967295 indeterminate), MTU bytes, Ctot, Dtot, Csum, Dsum.
 */
export function describePath(adspec: usize, service: u32, numbers: usize): void {
  store<f64>(numbers, adspecFragment(adspec, service) != 0 ? 1 : 0);
  store<f64>(numbers + 8, adspecBreaks(adspec, service) ? 1 : 0);
  store<f64>(numbers + 16, adspecBreaks(adspec, GENERAL_SERVICE) ? 1 : 0);
  store<f64>(numbers + 24, adspecGeneral(adspec, service, 4));
  store<f64>(numbers + 32, <f64> reinterpret<f32>(adspecGeneral(adspec, service, 6)));
  store<f64>(numbers + 40, adspecGeneral(adspec, service, 8));
  store<f64>(numbers + 48, adspecGeneral(adspec, service, 10));
  for (let parameter: u32 = 133; parameter <= 136; parameter++) {
    store<f64>(numbers + 56 + ((parameter - 133) << 3), adspecErrorTerm(adspec, parameter));
  }
}

/**
 * Writes the guaranteed service FLOWSPEC that keeps the end-to-end delay of what a SENDER_TSPEC describes at or below
 * `wanted` seconds, over the path of an ADSPEC: its latency (where known), Ctot and Dtot; M is the smaller of the
 * sender's and the path's MTU (RFC 2210 section 2.3.2). Where the delay leaves more time than R = r needs, R is r and
 * the rest is offered as slack; else R is the smallest rate that reaches it and the slack is 0.
 * As f64 from `numbers` on: R, S us, the queueing delay bound s, the latency s (NaN if indeterminate).
 * Returns the length written, or 0 if no rate reaches the delay or the sender has no token bucket: R is then Infinity.
 */
export function flowspecForDelay(tspec: usize, adspec: usize, wanted: f64, destination: usize, numbers: usize): u32 {
  const latency = adspecGeneral(adspec, GUARANTEED_SERVICE, 8);
  const latencySeconds = latency == INDETERMINATE_LATENCY ? 0 : <f64> latency / 1e6;
  store<f64>(numbers, Infinity);
  store<f64>(numbers + 8, 0);
  store<f64>(numbers + 16, Infinity);
  store<f64>(numbers + 24, latency == INDETERMINATE_LATENCY ? NaN : latencySeconds);
  const bucket = senderTokenBucket(tspec);
  if (bucket == 0) return 0;
  const r = float(bucket), b = float(bucket + 4), p = float(bucket + 8);
  const mtu = adspecGeneral(adspec, GUARANTEED_SERVICE, 10);
  const maximumSize = <f64> lesser(word(bucket + 16), mtu);
  const cTotal = <f64> adspecErrorTerm(adspec, 133), dTotal = <f64> adspecErrorTerm(adspec, 134);
  const queueing = wanted - latencySeconds;
  const slack = slackMicroseconds(r, b, cTotal, dTotal, queueing);
  const rate = slack > 0 ? r : rateForDelay(r, b, p, maximumSize, cTotal, dTotal, queueing);
  // Above what a FLOWSPEC may ask for (RFC 2212: 40 terabytes per second) the delay cannot be had either.
  if (!(rate <= 40e12)) return 0;
  const length = flowspecFromTspec(tspec, destination, GUARANTEED_SERVICE, mtu, rate, slack);
  const reserved = float(destination + RESERVED_RATE);
  store<f64>(numbers, reserved);
  store<f64>(numbers + 8, slack);
  store<f64>(numbers + 16, delayBound(r, b, p, maximumSize, reserved, cTotal, dTotal));
  return length;
}
