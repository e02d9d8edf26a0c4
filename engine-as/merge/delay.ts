// Guaranteed service arithmetic, RFC 2212: the queueing delay bound, the rate that a wanted delay needs, slack, and
// buffers. Rates in bytes per second, sizes in bytes, delays in seconds, all f64; C and D sums as on the wire (bytes,
// microseconds). p may be +Infinity. The bounds are queueing delay only: the path's latency comes on top (RFC 2215).

const MICROSECONDS: f64 = 1e6;

/**
 * Bound with the peak rate (RFC 2212 "Examples of Use"): (b-M)/R * (p-R)/(p-r) + (M+Ctot)/R + Dtot while r <= R < p,
 * and (M+Ctot)/R + Dtot from R = p on. An unknown p gives the limit of the first, which is the bound without a peak rate.
 * Infinity if R < r, because then the queue has no bound.
 */
export function delayBound(r: f64, b: f64, p: f64, maximumSize: f64, rate: f64, cTotal: f64, dTotal: f64): f64 {
  if (!(rate >= r) || !(rate > 0)) return Infinity;
  const fixed = (maximumSize + cTotal) / rate + dTotal / MICROSECONDS;
  if (rate >= p || p <= r || b <= maximumSize) return fixed;
  const share = p == Infinity ? 1 : (p - rate) / (p - r);
  return (b - maximumSize) / rate * share + fixed;
}

/** Bound without the peak rate: b/R + Ctot/R + Dtot. Infinity if R < r. */
export function delayBoundWithoutPeak(r: f64, b: f64, rate: f64, cTotal: f64, dTotal: f64): f64 {
  if (!(rate >= r) || !(rate > 0)) return Infinity;
  return b / rate + cTotal / rate + dTotal / MICROSECONDS;
}

/**
 * The smallest R, at least r, whose bound (with the peak rate) is at most `wanted` seconds; Infinity if no rate reaches
 * it, because Dtot alone takes as much. Below p the bound is solved for R:
 * R = ((b-M)*p/(p-r) + M + Ctot) / (wanted - Dtot + (b-M)/(p-r)); from p on R = (M+Ctot) / (wanted - Dtot).
 */
export function rateForDelay(r: f64, b: f64, p: f64, maximumSize: f64, cTotal: f64, dTotal: f64, wanted: f64): f64 {
  const time = wanted - dTotal / MICROSECONDS;
  if (!(time > 0)) return Infinity;
  const burst = b > maximumSize && p > r ? b - maximumSize : 0;
  let rate = (maximumSize + cTotal) / time;
  // If R must be above p the burst does not queue. Asked this way round, because near p = r the other formula's result
  // is p whatever the delay.
  if (burst > 0 && rate < p) {
    rate = p == Infinity
      ? (burst + maximumSize + cTotal) / time
      : (burst * p / (p - r) + maximumSize + cTotal) / (time + burst / (p - r));
  }
  return rate > r ? rate : r;
}

/**
 * Slack that a receiver has to offer (RFC 2212 "Guidelines"): S = wanted - (b/r + Ctot/r + Dtot), with R = r, in whole
 * microseconds, rounded down; 0 if R must be above r to reach the delay.
 */
export function slackMicroseconds(r: f64, b: f64, cTotal: f64, dTotal: f64, wanted: f64): u32 {
  const slack = (wanted - (b + cTotal) / r) * MICROSECONDS - dTotal;
  // A hair of tolerance, so that a decimal delay whose microseconds are whole is not rounded to one less.
  return slack > 0 ? <u32> Math.min(Math.floor(slack + 1e-6), 4294967295) : 0;
}

/**
 * The smallest Rout to which an element may lower a reservation by using up slack (RFC 2212 "Ordering and Merging"):
 * Sout + b/Rout + Ctot_i/Rout <= Sin + b/Rin + Ctot_i/Rin and r <= Rout <= Rin. Slacks in seconds, Ctot_i the error
 * terms up to and including this element. NaN where Sout is above what there is to keep.
 */
export function rateAfterSlack(r: f64, b: f64, cUpToHere: f64, rateIn: f64, slackIn: f64, slackOut: f64): f64 {
  if (!(slackOut <= slackIn) || !(rateIn >= r)) return NaN;
  const rate = (b + cUpToHere) / (slackIn - slackOut + (b + cUpToHere) / rateIn);
  return Math.max(r, Math.min(rate, rateIn));
}

/**
 * Buffer without loss, with the peak rate (RFC 2212 "Guidelines"): M + (b-M)(p-X)/(p-r) + (Csum/R + Dsum) X, where X
 * is r if (b-M)/(p-r) < Csum/R + Dsum, else R if p > R, else p. An unknown p gives b + (Csum/R + Dsum) R.
 */
export function bufferSize(r: f64, b: f64, p: f64, maximumSize: f64, rate: f64, cSum: f64, dSum: f64): f64 {
  const error = cSum / rate + dSum / MICROSECONDS;
  if (p == Infinity) return bufferSizeWithoutPeak(b, rate, cSum, dSum);
  // With p = r the burst never builds up: (b-M)/(p-r) is unbounded, and so X is R or p; then only M and X's term stay.
  const duration = p > r ? (b - maximumSize) / (p - r) : Infinity;
  const x = duration < error ? r : p > rate ? rate : p;
  const burst = p > r ? (b - maximumSize) * (p - x) / (p - r) : 0;
  return maximumSize + burst + error * x;
}

/** Buffer without the peak rate: b + Csum + Dsum * R. */
export function bufferSizeWithoutPeak(b: f64, rate: f64, cSum: f64, dSum: f64): f64 {
  return b + cSum + dSum / MICROSECONDS * rate;
}

/** Buffer of a reshaper: b + Csum + Dsum * r (RFC 2212 "Policing"). */
export function reshapingBufferSize(r: f64, b: f64, cSum: f64, dSum: f64): f64 {
  return b + cSum + dSum / MICROSECONDS * r;
}

/** The estimate of RFC 2212 "Guidelines" of what ATM adds to a rate: r/48*5 + r/m*(8+52), bytes per second. */
export function atmOverhead(r: f64, minimumUnit: f64): f64 {
  return r / 48 * 5 + r / minimumUnit * 60;
}
