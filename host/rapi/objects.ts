/**
 * RAPI objects as typed values, told apart by `form`. Numbers keep their units: bytes, bytes per second, microseconds.
 * The binary layout of each is in host/rapi/layout.ts.
 */
import type { ObjectInput } from "../object_list.ts";
import type { RsvpObject } from "../objects.gen.ts";
import { RAPI_FORM, RAPI_QOS } from "./codes.ts";

/** Where the packed lists of upcalls have nothing. */
export interface RapiEmpty {
  /** RAPI_FORM.EMPTY_OTYPE. */
  form: typeof RAPI_FORM.EMPTY_OTYPE;
}

/** The five numbers of a token bucket (RFC 2210 3.1). */
export interface RapiBucket {
  /** b. */
  tokenBucketSizeBytes: number;
  /** r. */
  tokenBucketRateBytesPerSecond: number;
  /** p; Infinity for no bound. */
  peakRateBytesPerSecond: number;
  /** m. */
  minimumPolicedUnitBytes: number;
  /** M. */
  maximumPacketSizeBytes: number;
}

/** What a sender sends, as numbers. */
export interface RapiSimplifiedTspec extends RapiBucket {
  /** RAPI_FORM.TSPECTYPE_SIMPLIFIED. */
  form: typeof RAPI_FORM.TSPECTYPE_SIMPLIFIED;
  /** RAPI_QOS.TSPEC. */
  service: number;
}

/** What a sender sends, as a SENDER_TSPEC object. */
export interface RapiIntServTspec {
  /** RAPI_FORM.TSPECTYPE_INTSERV. */
  form: typeof RAPI_FORM.TSPECTYPE_INTSERV;
  /** A SENDER_TSPEC, as `decodeObjects` gives it or `encodeObjects` takes it. */
  object: ObjectInput | RsvpObject;
}

/** What a receiver wants, as numbers. */
export interface RapiSimplifiedFlowspec extends RapiBucket {
  /** RAPI_FORM.FLOWSTYPE_SIMPLIFIED. */
  form: typeof RAPI_FORM.FLOWSTYPE_SIMPLIFIED;
  /** RAPI_QOS.CNTR_LOAD or RAPI_QOS.GUARANTEED. */
  service: number;
  /** R, for guaranteed service. */
  rateBytesPerSecond: number;
  /** S, for guaranteed service. */
  slackTermMicroseconds: number;
}

/** What a receiver wants, as a FLOWSPEC object. */
export interface RapiIntServFlowspec {
  /** RAPI_FORM.FLOWSTYPE_INTSERV. */
  form: typeof RAPI_FORM.FLOWSTYPE_INTSERV;
  /** A FLOWSPEC, as `decodeObjects` gives it or `encodeObjects` takes it. */
  object: ObjectInput | RsvpObject;
}

/** What a path is like (RFC 2215). */
export interface RapiPathParameters {
  /** Hops that know Int-Serv. */
  hopcnt: number;
  /** Least bandwidth on the way. */
  pathBandwidthBytesPerSecond: number;
  /** Delay without queueing; 4294967295 if it cannot be known. */
  minimumLatencyMicroseconds: number;
  /** Largest packet that gets through whole. */
  composedMtuBytes: number;
}

/** One service of a Simplified Adspec. */
export interface RapiAdspecService extends RapiPathParameters {
  /** Bits of RAPI_XASPEC_FLG. */
  flags: number;
  /** 1: the four numbers are this service's own and replace the general ones; else 0. */
  override: number;
}

/** What the path of a sender's data offers, as numbers. */
export interface RapiSimplifiedAdspec {
  /** RAPI_FORM.ADSTYPE_SIMPLIFIED. */
  form: typeof RAPI_FORM.ADSTYPE_SIMPLIFIED;
  /** For any service; its flags have no IGN, and PARM is taken for set. */
  general: RapiPathParameters & { flags: number };
  /** Controlled load. */
  controlledLoad: RapiAdspecService;
  /** Guaranteed service, with the error terms of RFC 2212. */
  guaranteed: RapiAdspecService & {
    cTotalBytes: number;
    dTotalMicroseconds: number;
    cSumBytes: number;
    dSumMicroseconds: number;
  };
}

/** What the path of a sender's data offers, as an ADSPEC object. */
export interface RapiIntServAdspec {
  /** RAPI_FORM.ADSTYPE_INTSERV. */
  form: typeof RAPI_FORM.ADSTYPE_INTSERV;
  /** An ADSPEC, as `decodeObjects` gives it or `encodeObjects` takes it. */
  object: ObjectInput | RsvpObject;
}

/** A sender by IPv4 or IPv6 address and port. */
export interface RapiFilterBase {
  /** RAPI_FORM.FILTERFORM_BASE for IPv4, FILTERFORM_BASE6 for IPv6. */
  form: typeof RAPI_FORM.FILTERFORM_BASE | typeof RAPI_FORM.FILTERFORM_BASE6;
  /** In text. */
  address: string;
  /** 0 for none. */
  port: number;
  /** IPv6: 20 bits, instead of a port (FILTER_SPEC C-Type 3 of RFC 2205). */
  flowLabel?: number;
}

/** A sender by address and generalized port identifier, such as an IPsec SPI (RFC 2207). */
export interface RapiFilterGpi {
  /** RAPI_FORM.FILTERFORM_GPI for IPv4, FILTERFORM_GPI6 for IPv6. */
  form: typeof RAPI_FORM.FILTERFORM_GPI | typeof RAPI_FORM.FILTERFORM_GPI6;
  /** In text. */
  address: string;
  /** The identifier. */
  generalizedPortIdentifier: number;
}

/** A name that goes with a sender or a reservation, for the policy nodes on the way. */
export interface RapiPolicy {
  /** RAPI_FORM.POLICY_NAME_STRING. */
  form: typeof RAPI_FORM.POLICY_NAME_STRING;
  /** ASCII; goes out as the policy locator of a user (RFC 3182 AUTH_USER, ASCII_DN). */
  name: string;
}

/** Tspec of a sender. */
export type RapiTspec = RapiSimplifiedTspec | RapiIntServTspec;
/** Flowspec of a receiver. */
export type RapiFlowspec = RapiSimplifiedFlowspec | RapiIntServFlowspec;
/** Adspec of a path. */
export type RapiAdspec = RapiSimplifiedAdspec | RapiIntServAdspec;
/** A sender: in a template or a filter. */
export type RapiFilter = RapiFilterBase | RapiFilterGpi;
/** Any object of a packed list. */
export type RapiObject = RapiEmpty | RapiTspec | RapiFlowspec | RapiAdspec | RapiFilter | RapiPolicy;

/** The empty object. */
export const RAPI_EMPTY: RapiEmpty = { form: RAPI_FORM.EMPTY_OTYPE };

const DEFAULT_MAXIMUM_BYTES = 1500, DEFAULT_MINIMUM_BYTES = 64;

function bucket(members: Partial<RapiBucket> & Pick<RapiBucket, "tokenBucketRateBytesPerSecond">): RapiBucket {
  const maximum = members.maximumPacketSizeBytes ?? DEFAULT_MAXIMUM_BYTES;
  return {
    tokenBucketSizeBytes: members.tokenBucketSizeBytes ?? maximum,
    tokenBucketRateBytesPerSecond: members.tokenBucketRateBytesPerSecond,
    peakRateBytesPerSecond: members.peakRateBytesPerSecond ?? Infinity,
    minimumPolicedUnitBytes: members.minimumPolicedUnitBytes ?? Math.min(DEFAULT_MINIMUM_BYTES, maximum),
    maximumPacketSizeBytes: maximum,
  };
}

/**
 * A Simplified Tspec. What is not given: b = M, p = infinity, m = 64 (or M if that is less), M = 1,500.
 *
 * @example
 * ```ts
 * import { formatRapiTspec, rapiTspec } from "@resv/resv";
 *
 * console.log(formatRapiTspec(rapiTspec({ tokenBucketRateBytesPerSecond: 8_500 }))); // [T r=8500 b=1500 p=inf m=64 M=1500]
 * ```
 */
export function rapiTspec(
  members: Partial<RapiBucket> & Pick<RapiBucket, "tokenBucketRateBytesPerSecond">,
): RapiSimplifiedTspec {
  return { form: RAPI_FORM.TSPECTYPE_SIMPLIFIED, service: RAPI_QOS.TSPEC, ...bucket(members) };
}

/**
 * A Simplified flowspec: of guaranteed service if R is given, else of controlled load. Defaults as {@linkcode rapiTspec},
 * S = 0.
 *
 * @example
 * ```ts
 * import { formatRapiFlowspec, rapiFlowspec } from "@resv/resv";
 *
 * const flowspec = rapiFlowspec({ tokenBucketRateBytesPerSecond: 8_500, rateBytesPerSecond: 10_000 });
 * console.log(formatRapiFlowspec(flowspec)); // [G R=10000 S=0 r=8500 b=1500 p=inf m=64 M=1500]
 * ```
 */
export function rapiFlowspec(
  members: Partial<Omit<RapiSimplifiedFlowspec, "form">> & Pick<RapiBucket, "tokenBucketRateBytesPerSecond">,
): RapiSimplifiedFlowspec {
  const guaranteed = members.service === RAPI_QOS.GUARANTEED || members.rateBytesPerSecond !== undefined;
  return {
    form: RAPI_FORM.FLOWSTYPE_SIMPLIFIED,
    service: members.service ?? (guaranteed ? RAPI_QOS.GUARANTEED : RAPI_QOS.CNTR_LOAD),
    ...bucket(members),
    rateBytesPerSecond: members.rateBytesPerSecond ?? (guaranteed ? members.tokenBucketRateBytesPerSecond : 0),
    slackTermMicroseconds: members.slackTermMicroseconds ?? 0,
  };
}

/**
 * A filter, in the form that the address and the other members make: FILTERFORM_BASE or BASE6; FILTERFORM_GPI or GPI6
 * with a generalized port identifier.
 *
 * @example
 * ```ts
 * import { formatRapiFilter, rapiFilter } from "@resv/resv";
 *
 * console.log(formatRapiFilter(rapiFilter({ address: "192.0.2.1", port: 6000 }))); // 192.0.2.1:6000
 * console.log(rapiFilter({ address: "2001:db8::1", generalizedPortIdentifier: 4096 }).form); // 261
 * ```
 */
export function rapiFilter(
  members: { address: string; port?: number; flowLabel?: number; generalizedPortIdentifier?: number },
): RapiFilter {
  const { address, port = 0, flowLabel, generalizedPortIdentifier } = members;
  const isIpv6 = address.includes(":");
  if (generalizedPortIdentifier !== undefined) {
    const form = isIpv6 ? RAPI_FORM.FILTERFORM_GPI6 : RAPI_FORM.FILTERFORM_GPI;
    return { form, address, generalizedPortIdentifier };
  }
  const form = isIpv6 ? RAPI_FORM.FILTERFORM_BASE6 : RAPI_FORM.FILTERFORM_BASE;
  return flowLabel === undefined ? { form, address, port } : { form, address, port, flowLabel };
}
