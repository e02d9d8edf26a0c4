/**
 * What a receiver asks for, derived from its ReceivingFlowspec and from what the Paths of the senders said: a FLOWSPEC
 * object. All arithmetic is the engine's; here is only which member goes where, and what stands in for one that is not
 * specified.
 */
import { ResvError } from "../engine_errors.ts";
import type { RsvpObject } from "../objects.gen.ts";
import { type Bucket, INTEGRATED_SERVICE, type QosArithmetic } from "./arithmetic.ts";
import { isSpecified, type QosFlowspec, rateOf } from "./flowspec.ts";
import { SERVICE_TYPE, splitServiceType } from "./service_types.ts";

/** A sender as its Path described it. */
export interface KnownSender {
  address: string;
  port: number;
  tspec: RsvpObject;
  adspec?: RsvpObject;
  /** POLICY_DATA and the like. */
  others: readonly RsvpObject[];
}

/** Why nothing can be asked for, as an ERROR_SPEC would say it (RFC 2205 appendix B). */
export interface Refusal {
  errorCode: number;
  errorValue: number;
}

/** The FLOWSPEC, or why there is none. */
export type Derivation = { flowspec: RsvpObject; refused?: undefined } | { flowspec?: undefined; refused: Refusal };

/** Latency values that mark a class of link and are no delay (MODERATELY_ and HIGHLY_DELAY_SENSITIVE). */
const LOWEST_LATENCY_MARK = 0xfffffffd;

const SERVICE_NUMBER: Readonly<Record<number, number>> = {
  [SERVICE_TYPE.CONTROLLEDLOAD]: INTEGRATED_SERVICE.CONTROLLED_LOAD,
  [SERVICE_TYPE.GUARANTEED]: INTEGRATED_SERVICE.GUARANTEED,
  [SERVICE_TYPE.QUALITATIVE]: INTEGRATED_SERVICE.NULL,
};

/** "Delay bound cannot be met" (code 01). */
const DELAY_BOUND: Refusal = { errorCode: 1, errorValue: 1 };
/** "Service unsupported", "Bad Flowspec value" and "Bad Tspec value" (code 21). */
const SERVICE_UNSUPPORTED: Refusal = { errorCode: 21, errorValue: 2 };
const BAD_FLOWSPEC: Refusal = { errorCode: 21, errorValue: 3 };
const BAD_TSPEC: Refusal = { errorCode: 21, errorValue: 4 };

/**
 * Derives the FLOWSPEC that is asked for the data of all these senders together: that of each, and then the least upper
 * bound of them (the documentation leaves open which sender's TSpec counts). M is at most the smallest of their paths'
 * MTUs, so that no path has to refuse it (RFC 2210 2.3.2).
 */
export function deriveFlowspec(
  wanted: QosFlowspec,
  senders: readonly KnownSender[],
  arithmetic: QosArithmetic,
): Derivation {
  const flowspecs: RsvpObject[] = [];
  const mtuBytes = smallestMtu(wanted, senders, arithmetic);
  for (const sender of senders) {
    const derived = deriveForSender(wanted, sender, mtuBytes, arithmetic);
    if (derived.refused) return derived;
    flowspecs.push(derived.flowspec);
  }
  if (flowspecs.length === 0) return { refused: BAD_FLOWSPEC };
  const flowspec = arithmetic.leastUpperBound(flowspecs);
  const refused = arithmetic.validate([flowspec]);
  return refused ? { refused } : { flowspec };
}

/** 0 if no path tells its MTU. */
function smallestMtu(wanted: QosFlowspec, senders: readonly KnownSender[], arithmetic: QosArithmetic): number {
  const service = SERVICE_NUMBER[splitServiceType(wanted.serviceType)?.type ?? SERVICE_TYPE.NOTRAFFIC];
  const mtus = senders.flatMap(({ adspec }) => adspec && service ? [arithmetic.path(adspec, service).mtuBytes] : []);
  return mtus.length === 0 ? 0 : Math.min(...mtus);
}

function deriveForSender(
  wanted: QosFlowspec,
  sender: KnownSender,
  mtuBytes: number,
  arithmetic: QosArithmetic,
): Derivation {
  const type = splitServiceType(wanted.serviceType)?.type;
  const service = type === undefined ? undefined : SERVICE_NUMBER[type];
  if (service === undefined) return { refused: BAD_FLOWSPEC };
  const path = sender.adspec && arithmetic.path(sender.adspec, service);
  // A sender that sends an ADSPEC without the service's fragment does not offer it (RFC 2210 3.3.1).
  if (path && !path.offered) return { refused: SERVICE_UNSUPPORTED };
  try {
    if (type === SERVICE_TYPE.CONTROLLEDLOAD) return controlledLoad(wanted, sender, mtuBytes, arithmetic);
    if (type === SERVICE_TYPE.GUARANTEED) return guaranteed(wanted, sender, mtuBytes, arithmetic);
    return { flowspec: arithmetic.flowspecFromTspec(sender.tspec, service, mtuBytes) };
  } catch (error) {
    // The engine makes no FLOWSPEC from a SENDER_TSPEC that has no token bucket.
    if (error instanceof ResvError) return { refused: BAD_TSPEC };
    throw error;
  }
}

/** Members that were given win, the others are the sender's; M is bounded by the path's MTU (RFC 2210 2.3.2). */
function controlledLoad(wanted: QosFlowspec, sender: KnownSender, mtu: number, arithmetic: QosArithmetic): Derivation {
  const service = INTEGRATED_SERVICE.CONTROLLED_LOAD;
  const sent = tokenBucketOf(arithmetic.flowspecFromTspec(sender.tspec, service, 0));
  const given = (value: number, otherwise: number) => isSpecified(value) ? value : otherwise;
  const maximum = given(wanted.maxSduSizeBytes, sent.maximumPacketSizeBytes);
  const tspec = arithmetic.senderTspec({
    tokenBucketRateBytesPerSecond: rateOf(given(wanted.tokenRateBytesPerSecond, sent.tokenBucketRateBytesPerSecond)),
    tokenBucketSizeBytes: given(wanted.tokenBucketSizeBytes, sent.tokenBucketSizeBytes),
    peakRateBytesPerSecond: rateOf(given(wanted.peakBandwidthBytesPerSecond, sent.peakRateBytesPerSecond)),
    // An m that was not asked for gives way to an M that was.
    minimumPolicedUnitBytes: given(
      wanted.minimumPolicedSizeBytes,
      Math.min(sent.minimumPolicedUnitBytes, maximum),
    ),
    maximumPacketSizeBytes: maximum,
  });
  return { flowspec: arithmetic.flowspecFromTspec(tspec, service, mtu) };
}

/**
 * The TSpec is the sender's. R is TokenRate where it is given; else the rate that the Latency needs over the path's
 * ADSPEC; else the sender's r. The slack S is DelayVariation; where that is not given, it is what the Latency leaves
 * over. A network that uses the slack up adds to the delay, so that a slack that was given is taken off the Latency
 * before R is computed.
 */
function guaranteed(wanted: QosFlowspec, sender: KnownSender, mtu: number, arithmetic: QosArithmetic): Derivation {
  const service = INTEGRATED_SERVICE.GUARANTEED;
  const hasSlack = isSpecified(wanted.delayVariationMicroseconds);
  const slack = hasSlack ? wanted.delayVariationMicroseconds : 0;
  const fromRate = (rate: number, slackMicroseconds: number): Derivation => ({
    flowspec: arithmetic.flowspecFromTspec(sender.tspec, service, mtu, rate, slackMicroseconds),
  });
  if (isSpecified(wanted.tokenRateBytesPerSecond)) return fromRate(rateOf(wanted.tokenRateBytesPerSecond), slack);
  if (wanted.latencyMicroseconds >= LOWEST_LATENCY_MARK) return fromRate(0, slack);
  if (!sender.adspec) return { refused: DELAY_BOUND };
  const request = arithmetic.flowspecForDelay(sender.tspec, sender.adspec, wanted.latencyMicroseconds - slack);
  if (!request.flowspec) return { refused: DELAY_BOUND };
  return fromRate(request.rateBytesPerSecond, hasSlack ? slack : request.slackMicroseconds);
}

/** r, b, p, m and M of a FLOWSPEC, as numbers. */
export function tokenBucketOf(flowspec: RsvpObject): Bucket {
  const fields = flowspec as unknown as Record<keyof Bucket, number | string>;
  return {
    tokenBucketRateBytesPerSecond: Number(fields.tokenBucketRateBytesPerSecond),
    tokenBucketSizeBytes: Number(fields.tokenBucketSizeBytes),
    peakRateBytesPerSecond: Number(fields.peakRateBytesPerSecond),
    minimumPolicedUnitBytes: Number(fields.minimumPolicedUnitBytes),
    maximumPacketSizeBytes: Number(fields.maximumPacketSizeBytes),
  };
}
