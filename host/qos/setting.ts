/** QOS as it stands on a socket (or one of its groups or destinations) after everything that was set. */
import { type QosFlowspec, qosFlowspec } from "./flowspec.ts";
import {
  findProviderObject,
  type ProviderObject,
  type QosPolicyElement,
  type ReserveInfo,
} from "./provider_objects.ts";
import type { Qos } from "./qos.ts";
import { SERVICE_TYPE, splitServiceType } from "./service_types.ts";

/** What a sender's traffic control is told (SHAPING_MODE, SHAPING_RATE). */
export interface Shaping {
  /** One of SHAPING_MODE; by the service if absent. */
  readonly mode?: number;
  /** A uniform rate. */
  readonly rateBytesPerSecond?: number;
}

/** What stands. */
export interface QosSetting {
  readonly sending: QosFlowspec;
  readonly receiving: QosFlowspec;
  /** Of the sender's messages. */
  readonly policyElements: readonly QosPolicyElement[];
  readonly reserve: ReserveInfo | undefined;
  readonly shaping: Shaping;
  /** As they were given last. */
  readonly providerSpecific: readonly ProviderObject[];
  /** Number of the last setting that asked for a confirmation; 0 for none. */
  readonly confirmation: number;
}

/** Before anything is set: nothing is specified, in either direction. */
export function emptySetting(): QosSetting {
  return {
    sending: qosFlowspec(),
    receiving: qosFlowspec(),
    policyElements: [],
    reserve: undefined,
    shaping: {},
    providerSpecific: [],
    confirmation: 0,
  };
}

/**
 * What stands after `given`. A direction with NOCHANGE keeps its flowspec, but the provider-specific objects that came
 * along still count. A receiving flowspec without RESERVE_INFO goes back to the default style: each setting is whole.
 */
export function applyQos(setting: QosSetting, given: Qos, confirmation: number): QosSetting {
  const sends = !isNoChange(given.sendingFlowspec), receives = !isNoChange(given.receivingFlowspec);
  const reserve = findProviderObject(given.providerSpecific, "RESERVE_INFO");
  const policy = findProviderObject(given.providerSpecific, "POLICY_INFO");
  const mode = findProviderObject(given.providerSpecific, "SHAPING_MODE")?.mode;
  const rateBytesPerSecond = findProviderObject(given.providerSpecific, "SHAPING_RATE")?.rateBytesPerSecond;
  const shaping = { ...(sends ? {} : setting.shaping), ...(mode === undefined ? {} : { mode }) };
  return {
    sending: sends ? given.sendingFlowspec : setting.sending,
    receiving: receives ? given.receivingFlowspec : setting.receiving,
    policyElements: policy?.elements ?? (sends ? [] : setting.policyElements),
    shaping: rateBytesPerSecond === undefined ? shaping : { ...shaping, rateBytesPerSecond },
    reserve: reserve ?? (receives ? undefined : setting.reserve),
    providerSpecific: given.providerSpecific.length > 0 || receives || sends
      ? given.providerSpecific
      : setting.providerSpecific,
    confirmation,
  };
}

/** RESERVE_INFO as it counts: the sender of a connected socket is its peer, whatever was listed before. */
export function receivingReserve(setting: QosSetting, connected: boolean): ReserveInfo | undefined {
  const { reserve } = setting;
  if (!reserve || !connected) return reserve;
  const { policyElements } = reserve;
  return { object: "RESERVE_INFO", policyElements };
}

function isNoChange(flowspec: QosFlowspec): boolean {
  return splitServiceType(flowspec.serviceType)?.type === SERVICE_TYPE.NOCHANGE;
}
