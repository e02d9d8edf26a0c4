/**
 * Flowspecs as the oracle sees them: plain numbers, with the arithmetic written again from RFC 2211 section 8 and RFC
 * 2212 ("Ordering"), so that an error of the engine's own arithmetic is not shared.
 */

/** What a sender says of its traffic (TSpec of RFC 2215). */
export interface Tspec {
  rate: number;
  bucket: number;
  peak: number;
  minimum: number;
  maximum: number;
}

/** What is asked for: controlled load (RFC 2211), or guaranteed service with R and S (RFC 2212). */
export interface Flow extends Tspec {
  service: "CL" | "GS";
  /** R; 0 for controlled load. */
  reserved: number;
  /** S in microseconds; 0 for controlled load. */
  slack: number;
}

/** Largest r, b, p and R, smallest m, M and S. */
export function mergeFlows(a: Flow, b: Flow): Flow {
  return {
    service: a.service,
    rate: Math.max(a.rate, b.rate),
    bucket: Math.max(a.bucket, b.bucket),
    peak: Math.max(a.peak, b.peak),
    minimum: Math.min(a.minimum, b.minimum),
    maximum: Math.min(a.maximum, b.maximum),
    reserved: Math.max(a.reserved, b.reserved),
    slack: Math.min(a.slack, b.slack),
  };
}

/** The merge of all, undefined for none. */
export function mergeAll(flows: Iterable<Flow>): Flow | undefined {
  let merged: Flow | undefined;
  for (const flow of flows) merged = merged ? mergeFlows(merged, flow) : flow;
  return merged;
}

/** Whether a asks for at least what b asks for: the ordering of RFC 2211 section 8, with R and S of RFC 2212. */
export function covers(a: Flow, b: Flow): boolean {
  return a.rate >= b.rate && a.bucket >= b.bucket && a.peak >= b.peak && a.minimum <= b.minimum &&
    a.maximum >= b.maximum && a.reserved >= b.reserved && a.slack <= b.slack;
}

export function sameFlow(a: Flow, b: Flow): boolean {
  return covers(a, b) && covers(b, a);
}

/** The sum of RFC 2211 section 8: r, b and p add up, smallest m, largest M. */
export function sumTspecs(tspecs: readonly Tspec[]): Tspec | undefined {
  let sum: Tspec | undefined;
  for (const one of tspecs) {
    sum = sum
      ? {
        rate: sum.rate + one.rate,
        bucket: sum.bucket + one.bucket,
        peak: sum.peak + one.peak,
        minimum: Math.min(sum.minimum, one.minimum),
        maximum: Math.max(sum.maximum, one.maximum),
      }
      : { rate: one.rate, bucket: one.bucket, peak: one.peak, minimum: one.minimum, maximum: one.maximum };
  }
  return sum;
}

/** Bytes per second that a flow takes of a link: R, or r limited by what the senders send (RFC 2205 2.2). */
export function countedRate(flow: Flow, path: Tspec | undefined): number {
  if (flow.service === "GS") return flow.reserved;
  return path ? Math.min(flow.rate, path.rate) : flow.rate;
}

export function tspecText(tspec: Tspec): string {
  return `r${tspec.rate} b${tspec.bucket} p${tspec.peak} m${tspec.minimum} M${tspec.maximum}`;
}

export function flowText(flow: Flow): string {
  const text = `${flow.service} ${tspecText(flow)}`;
  return flow.service === "GS" ? `${text} R${flow.reserved} S${flow.slack}` : text;
}
