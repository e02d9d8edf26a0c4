/**
 * What may stand in the ProviderSpecific buffer of a QOS, as plain values. The binary layout of each is in
 * host/qos/layout.ts; here are meaning and units.
 */
import type { QosFlowspec } from "./flowspec.ts";

/** Types of provider-specific objects (ObjectType). */
export const PROVIDER_OBJECT = {
  STATUS_INFO: 1000,
  RESERVE_INFO: 1001,
  ADSPEC: 1002,
  POLICY_INFO: 1003,
  FILTERSPEC_LIST: 1004,
  END_OF_LIST: 2001,
  SHAPING_MODE: 2002,
  SHAPING_RATE: 2003,
  DESTINATION_ADDRESS: 2004,
  DS_CLASS: 4001,
  TRAFFIC_CLASS: 4002,
} as const;

/** Reservation styles as RESERVE_INFO has them. DEFAULT is by kind of socket ({@linkcode defaultStyle}). */
export const RESERVE_STYLE = { DEFAULT: 0, WILDCARD: 1, FIXED_FILTER: 2, SHARED_EXPLICIT: 3 } as const;

/** What to do with packets beyond the token bucket. BORROW_PLUS exists by name and is not supported. */
export const SHAPING_MODE = { BORROW: 0, SHAPE: 1, DISCARD: 2, BORROW_PLUS: 3 } as const;

/** Kinds of filter, the same as the C-Types of FILTER_SPEC of RFC 2205 (1 to 3) and RFC 2207 (4, 5). */
export const FILTER_TYPE = { IPV4: 1, IPV6: 2, IPV6_FLOW_LABEL: 3, IPV4_GPI: 4, IPV6_GPI: 5 } as const;

/** A sender, in a flow descriptor or a list of senders. */
export interface QosFilter {
  /** One of FILTER_TYPE; by the address and the other members if absent. */
  type?: number;
  /** The sender, in text. */
  address: string;
  /** Source port; 0 for none. */
  port?: number;
  /** IPv6 flow label, 20 bits; FILTER_TYPE.IPV6_FLOW_LABEL. */
  flowLabel?: number;
  /** Generalized port identifier (RFC 2207), such as an IPsec SPI. */
  generalizedPortIdentifier?: number;
}

/** A FLOWSPEC and the senders that it is for (FLOWDESCRIPTOR). */
export interface QosFlowDescriptor {
  /** What is wanted for these senders. */
  flowspec: QosFlowspec;
  /** The senders. */
  filters: readonly QosFilter[];
}

/** An element of POLICY_DATA (RSVP_POLICY): its type and content. */
export interface QosPolicyElement {
  /** Policy element type; 1 preemption priority, 2 user identity, 3 application identity. */
  type: number;
  /** Hex; with the header of 4 bytes a multiple of 4. */
  content: string;
}

/** Style, confirmation, policy and flow descriptors of a reservation (RSVP_RESERVE_INFO); from a receiver. */
export interface ReserveInfo {
  /** Tells the kinds of object apart. */
  object: "RESERVE_INFO";
  /** One of RESERVE_STYLE; DEFAULT if absent. */
  style?: number;
  /** Ask for a ResvConf, once for this setting. */
  confirmRequest?: boolean;
  /** To go with the reservation. */
  policyElements?: readonly QosPolicyElement[];
  /** None for WILDCARD and DEFAULT, one for SHARED_EXPLICIT, one a sender for FIXED_FILTER. */
  flowDescriptors?: readonly QosFlowDescriptor[];
}

/** Where an unconnected UDP socket sends (QOS_DESTADDR). */
export interface DestinationAddress {
  /** Tells the kinds of object apart. */
  object: "DESTINATION_ADDRESS";
  /** The destination, unicast, in text. */
  address: string;
  /** Its port. */
  port: number;
}

/** What is told of an event (RSVP_STATUS_INFO); first in what comes with one. */
export interface StatusInfo {
  /** Tells the kinds of object apart. */
  object: "STATUS_INFO";
  /** One of QOS_STATUS. */
  statusCode: number;
  /** General code (GQOS_STATUS). */
  extendedStatus1: number;
  /** Finer value (GQOS_STATUS). */
  extendedStatus2: number;
}

/** General parameters of a path (AD_GENERAL_PARAMS), or what one service overrides of them. */
export interface AdspecGeneral {
  /** Hops that know Int-Serv. */
  integratedServicesHops: number;
  /** Least bandwidth on the way, an estimate. */
  pathBandwidthBytesPerSecond: number;
  /** 4294967295 if it cannot be known. */
  minimumLatencyMicroseconds: number;
  /** Largest packet that gets through whole. */
  pathMtuBytes: number;
  /** AD_FLAG_BREAK_BIT: some hop lacks Int-Serv, or this service. */
  breakBit: boolean;
}

/** A service that a path offers (CONTROL_SERVICE). */
export interface AdspecService {
  /** One of SERVICE_TYPE: CONTROLLEDLOAD, GUARANTEED or QUALITATIVE. */
  serviceType: number;
  /** The general parameters as they hold for this service. */
  overrides: AdspecGeneral;
  /** Error terms of RFC 2212, for guaranteed service. */
  guaranteed?: { cTotalBytes: number; dTotalMicroseconds: number; cSumBytes: number; dSumMicroseconds: number };
}

/** What a Path collected on its way (RSVP_ADSPEC); to a receiver. */
export interface AdspecInfo {
  /** Tells the kinds of object apart. */
  object: "ADSPEC";
  /** The path, for any service. */
  general: AdspecGeneral;
  /** What is offered along it. */
  services: readonly AdspecService[];
}

/** Policy elements that came with a message (RSVP_POLICY_INFO), or that are to go with one. */
export interface PolicyInfo {
  /** Tells the kinds of object apart. */
  object: "POLICY_INFO";
  /** The elements, in order. */
  elements: readonly QosPolicyElement[];
}

/** The senders that are known (FILTERSPEC_LIST); to a receiver. */
export interface FilterspecList {
  /** Tells the kinds of object apart. */
  object: "FILTERSPEC_LIST";
  /** The senders, in order of arrival; the one that an event is about comes first. */
  filters: readonly QosFilter[];
}

/** What a sender's traffic control does with packets beyond the token bucket (QOS_SD_MODE). */
export interface ShapingMode {
  /** Tells the kinds of object apart. */
  object: "SHAPING_MODE";
  /** One of SHAPING_MODE. */
  mode: number;
}

/** Uniform shaping (QOS_SHAPING_RATE). */
export interface ShapingRate {
  /** Tells the kinds of object apart. */
  object: "SHAPING_RATE";
  /** Bytes per second. */
  rateBytesPerSecond: number;
}

/** IEEE 802 user priority, 0 to 7 (QOS_TRAFFIC_CLASS; TCLASS of RFC 2814). */
export interface TrafficClass {
  /** Tells the kinds of object apart. */
  object: "TRAFFIC_CLASS";
  /** 0 to 7. */
  trafficClass: number;
}

/** Differentiated services field (QOS_DS_CLASS; DCLASS of RFC 2996). */
export interface DsClass {
  /** Tells the kinds of object apart. */
  object: "DS_CLASS";
  /** 0 to 63. */
  dsField: number;
}

/** An object of another type, kept as it came. A setting that has one is refused. */
export interface UnknownProviderObject {
  /** Tells the kinds of object apart. */
  object: "UNKNOWN";
  /** ObjectType. */
  type: number;
  /** Hex of what follows the header. */
  content: string;
}

/** An object of a ProviderSpecific buffer. */
export type ProviderObject =
  | ReserveInfo
  | DestinationAddress
  | StatusInfo
  | AdspecInfo
  | PolicyInfo
  | FilterspecList
  | ShapingMode
  | ShapingRate
  | TrafficClass
  | DsClass
  | UnknownProviderObject;

/** The first object of a kind. */
export function findProviderObject<N extends ProviderObject["object"]>(
  objects: readonly ProviderObject[],
  name: N,
): Extract<ProviderObject, { object: N }> | undefined {
  return objects.find((object) => object.object === name) as Extract<ProviderObject, { object: N }> | undefined;
}
