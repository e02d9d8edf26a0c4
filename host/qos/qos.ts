/** The QOS structure: both directions of a socket, and what goes with them. */
import { type QosFlowspec, qosFlowspec } from "./flowspec.ts";
import type { ProviderObject } from "./provider_objects.ts";

/** QOS of a socket (SendingFlowspec, ReceivingFlowspec, ProviderSpecific). */
export interface Qos {
  /** What it sends. */
  sendingFlowspec: QosFlowspec;
  /** What it wants to receive. */
  receivingFlowspec: QosFlowspec;
  /** What goes with them. */
  providerSpecific: readonly ProviderObject[];
}

/** QOS as an application gives it: whatever is absent is completed by {@linkcode qos}. */
export interface QosInput {
  /** What it sends; absent to leave it as it is. */
  sendingFlowspec?: Partial<QosFlowspec>;
  /** What it wants to receive; absent to leave it as it is. */
  receivingFlowspec?: Partial<QosFlowspec>;
  /** What goes with them; none by default. */
  providerSpecific?: readonly ProviderObject[];
}

/**
 * Completes a QOS. A direction that is absent has the service type NOCHANGE, which leaves it as it is; so do the members
 * of a socket to which none was given yet.
 *
 * ```ts
 * import { qos, SERVICE_TYPE } from "@resv/resv";
 * const both = { serviceType: SERVICE_TYPE.CONTROLLEDLOAD, tokenRateBytesPerSecond: 8500 };
 * console.log(qos({ sendingFlowspec: both, receivingFlowspec: both }));
 * ```
 */
export function qos(input: QosInput = {}): Qos {
  return {
    sendingFlowspec: qosFlowspec(input.sendingFlowspec),
    receivingFlowspec: qosFlowspec(input.receivingFlowspec),
    providerSpecific: input.providerSpecific ?? [],
  };
}
