/**
 * What a sender announces, derived from its SendingFlowspec: the SENDER_TSPEC (token bucket, or only M for the null
 * service) and the ADSPEC, whose fragments say which services are offered.
 */
import type { SERVICE } from "../boundary.gen.ts";
import { INTEGRATED_SERVICE, type Operand, type QosArithmetic } from "./arithmetic.ts";
import { isSpecified, type QosFlowspec, rateOf } from "./flowspec.ts";
import { SERVICE_TYPE, splitServiceType } from "./service_types.ts";

/** M where the application gives none. */
export const DEFAULT_MAXIMUM_SIZE_BYTES = 1500;
/** m where the application gives none. */
export const DEFAULT_MINIMUM_SIZE_BYTES = 128;

/** Parameter of the null service's TSpec (RFC 2997 4.1). */
const NULL_SERVICE_TSPEC = 128;

/** Objects of a sender's announcement. */
export interface SenderObjects {
  tspec: Operand;
  adspec: Operand;
}

const OFFERED: Readonly<Record<number, readonly (keyof typeof SERVICE)[]>> = {
  [SERVICE_TYPE.CONTROLLEDLOAD]: ["CONTROLLED_LOAD"],
  [SERVICE_TYPE.GUARANTEED]: ["GUARANTEED"],
  [SERVICE_TYPE.GENERAL_INFORMATION]: ["CONTROLLED_LOAD", "GUARANTEED"],
  [SERVICE_TYPE.QUALITATIVE]: ["NULL"],
};

/**
 * Derives a sender's objects. TokenRate is r, TokenBucketSize b (M if it is not specified), PeakBandwidth p (infinity if
 * not specified), MinimumPolicedSize m (128, or M if that is less), MaxSduSize M (1,500). Latency and DelayVariation
 * play no part: they are the receiver's to ask for.
 */
export function deriveSender(flowspec: QosFlowspec, arithmetic: QosArithmetic): SenderObjects {
  const type = splitServiceType(flowspec.serviceType)?.type ?? SERVICE_TYPE.NOTRAFFIC;
  const adspec = arithmetic.adspec(OFFERED[type] ?? []);
  const given = (value: number, otherwise: number) => isSpecified(value) ? value : otherwise;
  const maximum = given(flowspec.maxSduSizeBytes, DEFAULT_MAXIMUM_SIZE_BYTES);
  if (type === SERVICE_TYPE.QUALITATIVE) return { tspec: nullTspec(maximum), adspec };
  const minimum = given(flowspec.minimumPolicedSizeBytes, Math.min(DEFAULT_MINIMUM_SIZE_BYTES, maximum));
  const tspec = arithmetic.senderTspec({
    tokenBucketRateBytesPerSecond: rateOf(flowspec.tokenRateBytesPerSecond),
    tokenBucketSizeBytes: given(flowspec.tokenBucketSizeBytes, maximum),
    peakRateBytesPerSecond: isSpecified(flowspec.peakBandwidthBytesPerSecond)
      ? rateOf(flowspec.peakBandwidthBytesPerSecond)
      : Infinity,
    minimumPolicedUnitBytes: minimum,
    maximumPacketSizeBytes: maximum,
  });
  return { tspec, adspec };
}

/** SENDER_TSPEC that says nothing but M (RFC 2997 4.3). */
function nullTspec(maximumPacketSizeBytes: number): Operand {
  const parameters = [{ name: "NULL_SERVICE_TSPEC", type: NULL_SERVICE_TSPEC, maximumPacketSizeBytes }];
  const services = [{ name: "NULL_SERVICE", type: INTEGRATED_SERVICE.NULL, breakBit: 0, parameters }];
  return { name: "SENDER_TSPEC", form: "IntServ", ctype: 2, services };
}
