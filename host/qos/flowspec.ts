/**
 * The QOS FLOWSPEC: what an application says of its traffic in one direction, in eight numbers. Not to be confused with
 * RSVP's FLOWSPEC object, which is derived from it (host/qos/receiver_derivation.ts).
 */
import { SERVICE_TYPE } from "./service_types.ts";

/** "Use the default": the value of a member that was not given (QOS_NOT_SPECIFIED). */
export const QOS_NOT_SPECIFIED = 0xffffffff;
/** A rate without bound (POSITIVE_INFINITY_RATE). */
export const POSITIVE_INFINITY_RATE = 0xfffffffe;

/** All eight members, each an unsigned number of 32 bits. Made from what is known by {@linkcode qosFlowspec}. */
export interface QosFlowspec {
  /** TokenRate: r. Never 0; a sender has to give it. */
  tokenRateBytesPerSecond: number;
  /** TokenBucketSize: b. */
  tokenBucketSizeBytes: number;
  /** PeakBandwidth: p; not below the token rate. */
  peakBandwidthBytesPerSecond: number;
  /** Latency: the longest delay wanted, one way. */
  latencyMicroseconds: number;
  /** DelayVariation: the difference between the longest and the shortest delay that may be; the slack term of RFC 2212. */
  delayVariationMicroseconds: number;
  /** ServiceType: one of SERVICE_TYPE, with flags of SERVICE_FLAG. */
  serviceType: number;
  /** MaxSduSize: M, the largest packet. */
  maxSduSizeBytes: number;
  /** MinimumPolicedSize: m; smaller packets count as this many bytes. Never 0. */
  minimumPolicedSizeBytes: number;
}

/** A member of a FLOWSPEC. */
export interface FlowspecMember {
  readonly name: keyof QosFlowspec;
  /** Its name in the documentation of Windows. */
  readonly windowsName: string;
  /** Byte in the binary layout. */
  readonly offset: number;
  readonly isRate: boolean;
}

const member = (name: keyof QosFlowspec, windowsName: string, offset: number, isRate = false): FlowspecMember => ({
  name,
  windowsName,
  offset,
  isRate,
});

/** The members in the order of the binary layout. */
export const FLOWSPEC_MEMBERS: readonly FlowspecMember[] = [
  member("tokenRateBytesPerSecond", "TokenRate", 0, true),
  member("tokenBucketSizeBytes", "TokenBucketSize", 4),
  member("peakBandwidthBytesPerSecond", "PeakBandwidth", 8, true),
  member("latencyMicroseconds", "Latency", 12),
  member("delayVariationMicroseconds", "DelayVariation", 16),
  member("serviceType", "ServiceType", 20),
  member("maxSduSizeBytes", "MaxSduSize", 24),
  member("minimumPolicedSizeBytes", "MinimumPolicedSize", 28),
];

/**
 * Completes a FLOWSPEC: what is not given is QOS_NOT_SPECIFIED, a service type that is not given is NOCHANGE, an
 * infinite rate is POSITIVE_INFINITY_RATE, and a service type to which a flag was added with `|` is made unsigned.
 *
 * ```ts
 * import { qosFlowspec, SERVICE_TYPE } from "@resv/resv";
 * const voice = qosFlowspec({ serviceType: SERVICE_TYPE.GUARANTEED, tokenRateBytesPerSecond: 8500 });
 * // Not specified, and so filled in from the socket or the sender.
 * console.log(voice.maxSduSizeBytes); // 4294967295
 * ```
 */
export function qosFlowspec(members: Partial<QosFlowspec> = {}): QosFlowspec {
  const out = {} as QosFlowspec;
  for (const { name, isRate } of FLOWSPEC_MEMBERS) {
    const value = members[name] ?? (name === "serviceType" ? SERVICE_TYPE.NOCHANGE : QOS_NOT_SPECIFIED);
    out[name] = isRate && value === Infinity ? POSITIVE_INFINITY_RATE : name === "serviceType" ? value >>> 0 : value;
  }
  return out;
}

/** Whether a member was given a value. */
export function isSpecified(value: number): boolean {
  return value !== QOS_NOT_SPECIFIED;
}

/** A rate as a number to calculate with: POSITIVE_INFINITY_RATE is Infinity. */
export function rateOf(value: number): number {
  return value === POSITIVE_INFINITY_RATE ? Infinity : value;
}

/** The other way: a rate of an RSVP object, rounded up to whole bytes per second. */
export function rateMember(bytesPerSecond: number): number {
  return bytesPerSecond < POSITIVE_INFINITY_RATE ? Math.ceil(bytesPerSecond) : POSITIVE_INFINITY_RATE;
}
