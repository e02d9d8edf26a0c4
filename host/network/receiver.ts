/** A receiver that reserves for whoever sends: what most applications, and every first example, want. */
import type { FlowspecOptions, SessionEvent, StyleName } from "../application.ts";
import { findObject } from "../object_list.ts";
import type { Session } from "../session.ts";

/** Reserves on every Path event for all senders known by then; gives up when none is left. */
export function joinOnDemand(
  session: Session,
  style: StyleName,
  confirm: boolean,
  flowspecFor: (event: SessionEvent) => FlowspecOptions | undefined,
): void {
  const flowspecs = new Map<string, FlowspecOptions>();
  let asked = "";
  session.on((event) => {
    if (event.kind !== "PATH_EVENT" || session.released) return;
    const wanted = flowspecFor(event);
    for (const key of flowspecs.keys()) if (!session.senders.has(key)) flowspecs.delete(key);
    for (const key of session.senders.keys()) if (wanted && !flowspecs.has(key)) flowspecs.set(key, wanted);
    const senders = [...session.senders.values()];
    // The same request again would only be work: Path refreshes with a new ADSPEC come often.
    const asking = JSON.stringify([...flowspecs]);
    if (asking === asked) return;
    asked = asking;
    if (senders.length === 0 || flowspecs.size === 0) return void session.unreserve();
    if (style !== "FF") {
      return void session.reserve({ style, confirm, senders, flowspec: largest([...flowspecs.values()]) });
    }
    const descriptors = [...session.senders].flatMap(([key, sender]) => {
      const flowspec = flowspecs.get(key);
      return flowspec ? [{ sender, flowspec }] : [];
    });
    session.reserve({ style, confirm, descriptors });
  });
}

/** A shared reservation has one flowspec: that with the highest token bucket rate. */
function largest(flowspecs: readonly FlowspecOptions[]): FlowspecOptions {
  return flowspecs.reduce((a, b) => b.tokenBucketRateBytesPerSecond > a.tokenBucketRateBytesPerSecond ? b : a);
}

/** The token bucket that a Path event's sender announces, with the wishes that the receiver has besides. */
export function findTokenBucket(event: SessionEvent, wishes: Partial<FlowspecOptions>): FlowspecOptions | undefined {
  const tspec = findObject(event.objects, "SENDER_TSPEC");
  if (!tspec || !("tokenBucketRateBytesPerSecond" in tspec)) return undefined;
  const number = (value: unknown) => Number(value);
  return {
    tokenBucketRateBytesPerSecond: number(tspec.tokenBucketRateBytesPerSecond),
    tokenBucketSizeBytes: number(tspec.tokenBucketSizeBytes),
    peakRateBytesPerSecond: number(tspec.peakRateBytesPerSecond),
    minimumPolicedUnitBytes: number(tspec.minimumPolicedUnitBytes),
    maximumPacketSizeBytes: number(tspec.maximumPacketSizeBytes),
    ...wishes,
  };
}
