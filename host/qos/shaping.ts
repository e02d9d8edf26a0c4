/**
 * A sender's traffic control in the application's own process: holds or discards what does not conform to the token
 * bucket, as SHAPING_MODE says. It marks no packets, so that BORROW, which would demote what does not conform, lets all
 * pass.
 */
import { isSpecified, type QosFlowspec, rateOf } from "./flowspec.ts";
import { TokenBucketPacer } from "./pacer.ts";
import { SHAPING_MODE } from "./provider_objects.ts";
import { DEFAULT_MAXIMUM_SIZE_BYTES, DEFAULT_MINIMUM_SIZE_BYTES } from "./sender_derivation.ts";
import { SERVICE_TYPE, splitServiceType } from "./service_types.ts";
import type { Shaping } from "./setting.ts";

/** What happens to a packet: it may leave, has to wait, or is dropped. */
export type Transmission = { readonly discard: false; readonly delayMs: number } | { readonly discard: true };

/** It may leave now. */
export const PASS: Transmission = { discard: false, delayMs: 0 };
const DISCARD: Transmission = { discard: true };

/** What a flow's traffic control is to do. */
export interface ShapedFlow {
  readonly flowspec: QosFlowspec;
  readonly shaping: Shaping;
  /** What receivers have reserved, if anything. */
  readonly reserved: QosFlowspec | undefined;
}

/** Shapes one flow. */
export class FlowShaper {
  #flow: ShapedFlow | undefined;
  #mode: number = SHAPING_MODE.BORROW;
  #pacers: TokenBucketPacer[] = [];
  #leastBytes = 0;

  /** Whether packets may have to wait, or be discarded. */
  shapes(flow: ShapedFlow, nowMs: number): boolean {
    this.#configure(flow, nowMs);
    return this.#pacers.length > 0;
  }

  /** What a packet of so many bytes may do. */
  transmit(bytes: number, nowMs: number, flow: ShapedFlow): Transmission {
    this.#configure(flow, nowMs);
    if (this.#pacers.length === 0) return PASS;
    // The network's policing counts smaller packets as m bytes (RFC 2215 3.6), and so does what is to conform to it.
    bytes = Math.max(bytes, this.#leastBytes);
    // Asked of all before tokens are taken of any: a packet leaves when each lets it.
    const delayMs = Math.max(...this.#pacers.map((pacer) => pacer.delayMs(bytes, nowMs)));
    if (delayMs > 0) return this.#mode === SHAPING_MODE.DISCARD ? DISCARD : { discard: false, delayMs };
    for (const pacer of this.#pacers) pacer.take(bytes, nowMs);
    return PASS;
  }

  /** Buckets begin anew when what they are for is set again. */
  #configure(flow: ShapedFlow, nowMs: number): void {
    const { flowspec, shaping, reserved } = flow, before = this.#flow;
    if (flowspec === before?.flowspec && shaping === before.shaping && reserved === before.reserved) return;
    this.#flow = { flowspec, shaping, reserved };
    this.#pacers = [];
    this.#mode = shaping.mode ?? standardMode(flowspec, reserved);
    const maximum = specified(flowspec.maxSduSizeBytes, DEFAULT_MAXIMUM_SIZE_BYTES);
    this.#leastBytes = specified(flowspec.minimumPolicedSizeBytes, Math.min(DEFAULT_MINIMUM_SIZE_BYTES, maximum));
    if (splitServiceType(flowspec.serviceType)?.noTrafficControl) return;
    const rates = [flowspec, reserved].flatMap((one) => one ? [one.tokenRateBytesPerSecond] : []).filter(isSpecified);
    const rate = Math.min(Infinity, ...rates.map(rateOf));
    if (this.#mode !== SHAPING_MODE.BORROW && rate < Infinity) {
      this.#pacers.push(new TokenBucketPacer(rate, specified(flowspec.tokenBucketSizeBytes, maximum), nowMs));
    }
    if (shaping.rateBytesPerSecond !== undefined) {
      this.#pacers.push(new TokenBucketPacer(shaping.rateBytesPerSecond, maximum, nowMs));
    }
  }
}

/** SHAPE for guaranteed service, of which nothing may exceed the bucket; BORROW for the others. */
function standardMode(flowspec: QosFlowspec, reserved: QosFlowspec | undefined): number {
  const type = splitServiceType((reserved ?? flowspec).serviceType)?.type;
  return type === SERVICE_TYPE.GUARANTEED ? SHAPING_MODE.SHAPE : SHAPING_MODE.BORROW;
}

function specified(value: number, otherwise: number): number {
  return isSpecified(value) ? value : otherwise;
}
