/** What the simulation has as plain numbers, as the calls of an application want it. */
import type { FlowspecOptions } from "../host/application.ts";
import type { Flow, Tspec } from "./flow.ts";

/** What a sender announces, as an application says it. */
export function bucketOptions(tspec: Tspec) {
  return {
    tokenBucketRateBytesPerSecond: tspec.rate,
    tokenBucketSizeBytes: tspec.bucket,
    peakRateBytesPerSecond: tspec.peak,
    minimumPolicedUnitBytes: tspec.minimum,
    maximumPacketSizeBytes: tspec.maximum,
  };
}

/** A flow as an application asks for it. */
export function flowOptions(flow: Flow): FlowspecOptions {
  if (flow.service === "CL") return bucketOptions(flow);
  return { ...bucketOptions(flow), rateBytesPerSecond: flow.reserved, slackTermMicroseconds: flow.slack };
}

/** Of a sender's key. */
export function senderAddress(key: string): { address: string; port: number } {
  const at = key.lastIndexOf("/");
  return { address: key.slice(0, at), port: Number(key.slice(at + 1)) };
}
