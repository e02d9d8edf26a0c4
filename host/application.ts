/**
 * What an application says and hears, as plain values, and how it becomes RSVP objects: sessions, senders, flowspecs,
 * styles, upcalls (RFC 2205 3.11.1). Defaults are an application's, not the protocol's.
 */
import { EVENT_KIND, type EventAction } from "./boundary.gen.ts";
import { formatAddress, parseAddress } from "./address.ts";
import { decodeObjects, type ObjectInput } from "./object_list.ts";
import type { RsvpObject } from "./objects.gen.ts";

/** A session: where the data goes (RFC 2205 1.1). */
export interface SessionAddress {
  /** IPv4 or IPv6, unicast or multicast. */
  destination: string;
  /** IP protocol; UDP by default. */
  protocol?: "udp" | "tcp" | number;
  /** Destination port; 0 (the default) for none. */
  port?: number;
  /** True: `port` is a virtual destination port, and senders have generalized ports (RFC 2207, for IPsec). */
  generalized?: boolean;
}

/** Traffic as a token bucket (RFC 2210 3.1, RFC 2215). */
export interface TokenBucket {
  /** r: what is sent in the long run. */
  tokenBucketRateBytesPerSecond: number;
  /** b: the burst that may be sent at once; one maximum packet by default. */
  tokenBucketSizeBytes?: number;
  /** p: the most that is ever sent; infinity (unknown) by default. */
  peakRateBytesPerSecond?: number;
  /** m: smaller packets count as this many bytes; 64 by default. */
  minimumPolicedUnitBytes?: number;
  /** M: no packet is larger, IP header included; 1,500 by default. */
  maximumPacketSizeBytes?: number;
}

/** Who sends: part of a sender's announcement, and of a filter. */
export interface SenderAddress {
  /** IPv4 or IPv6, of the session's family. */
  address: string;
  /** Source port; 0 (the default) for none. */
  port?: number;
}

/** A sender's announcement (the Sender call of RFC 2205 3.11.1). */
export interface SenderOptions extends TokenBucket, Partial<SenderAddress> {
  /** TTL of the data, which limits how far a multicast Path goes; 63 by default. */
  ttl?: number;
  /** Outgoing interface handle of a multihomed host; by route if absent. A later call may name another one, or none. */
  interface?: number;
  /** True sends no ADSPEC; by default there is one, the engine's own unless `objects` has another. */
  noAdspec?: boolean;
  /** ADSPEC and POLICY_DATA objects to go with it. */
  objects?: readonly (ObjectInput | RsvpObject)[];
}

/** What a receiver asks for (RFC 2210 3.2). */
export interface FlowspecOptions extends TokenBucket {
  /** `guaranteed` if `rateBytesPerSecond` is given, else `controlled-load`. */
  service?: "controlled-load" | "guaranteed";
  /** R of RFC 2212, the rate that is reserved; the token bucket rate by default. */
  rateBytesPerSecond?: number;
  /** S of RFC 2212, what the delay may exceed that of R; 0 by default. */
  slackTermMicroseconds?: number;
}

/** A reservation style: wildcard filter, fixed filter, shared explicit (RFC 2205 1.3). */
export type StyleName = "WF" | "FF" | "SE";
/** Option vectors of the STYLE object (RFC 2205 A.7). */
export const STYLES: Readonly<Record<StyleName, number>> = { WF: 0x11, FF: 0x0a, SE: 0x12 };

/** The style's name; empty for none. */
export function styleName(style: number): StyleName | "" {
  for (const [name, value] of Object.entries(STYLES)) if (value === style) return name as StyleName;
  return "";
}

/** A reservation (the Reserve call of RFC 2205 3.11.1). */
export interface ReserveOptions {
  /** Must not conflict with what others of the session have reserved (RFC 2205 1.3). */
  style: StyleName;
  /** For all senders named; with FF, each descriptor may have its own. */
  flowspec?: FlowspecOptions;
  /** The senders it is for; none with WF. */
  senders?: readonly SenderAddress[];
  /** FF: a flowspec for each sender, instead of `flowspec` and `senders`. */
  descriptors?: readonly { sender: SenderAddress; flowspec: FlowspecOptions }[];
  /** Ask for a ResvConf (RFC 2205 2.6), which comes as a RESV_CONFIRM event; false by default. */
  confirm?: boolean;
  /** Receiving interface handle; by route if absent. */
  interface?: number;
  /** POLICY_DATA objects to go with it. */
  objects?: readonly (ObjectInput | RsvpObject)[];
}

/** An upcall to an application (RFC 2205 3.11.1). */
export interface SessionEvent {
  /**
   * PATH_EVENT: a sender came, changed or went. RESV_EVENT: so did a reservation for this sender. PATH_ERROR, RESV_ERROR:
   * something refused what was asked for. RESV_CONFIRM: a reservation stands as far as it was merged. DIAGNOSTIC_REPLY:
   * what nodes on the way know (RFC 2745). CALL_ERROR: a call was refused.
   */
  kind: keyof typeof EVENT_KIND;
  /** PATH_EVENT: the sender is gone; RESV_EVENT: the reservation is gone. */
  gone: boolean;
  /** Of the reservation, where there is one. */
  style: StyleName | "";
  /** ERROR_SPEC code of an error (RFC 2205 appendix B), 0 if it is none; the code of the refusal in CALL_ERROR. */
  errorCode: number;
  /** ERROR_SPEC value, which the code gives a meaning. */
  errorValue: number;
  /** Where the error was found; empty if there is none. */
  errorNode: string;
  /** InPlace flag (RFC 2205 A.5): the reservation that was there before still stands. */
  inPlace: boolean;
  /** NotGuilty flag (RFC 2205 A.5): the failing flowspec was greater than the one this receiver asked for. */
  notGuilty: boolean;
  /** SESSION first, then what the event carries. */
  objects: RsvpObject[];
}

const PROTOCOLS = { udp: 17, tcp: 6 } as const;
const EVENT_NAMES = new Map(
  Object.entries(EVENT_KIND).map(([name, kind]) => [kind as number, name as SessionEvent["kind"]]),
);
const DEFAULT_MAXIMUM_PACKET_BYTES = 1500;
const DEFAULT_MINIMUM_UNIT_BYTES = 64;
const CONTROLLED_LOAD_SERVICE = 5;
const GUARANTEED_SERVICE = 2;
const TOKEN_BUCKET_SERVICE = 1;

/** The SESSION object. */
export function sessionObject(session: SessionAddress): ObjectInput {
  const { protocol = "udp", port = 0, generalized = false } = session;
  const place = located("destinationAddress", session.destination);
  const rest = { protocolId: typeof protocol === "number" ? protocol : PROTOCOLS[protocol], flags: 0 };
  if (generalized) {
    return { name: "SESSION", ...place, form: `${place.form}_GPI`, ...rest, virtualDestinationPort: port };
  }
  return { name: "SESSION", ...place, ...rest, destinationPort: port };
}

/** A FILTER_SPEC or SENDER_TEMPLATE object. */
export function senderObject(name: "FILTER_SPEC" | "SENDER_TEMPLATE", sender: SenderAddress): ObjectInput {
  return { name, ...located("sourceAddress", sender.address), sourcePort: sender.port ?? 0 };
}

/** The SENDER_TSPEC object. */
export function senderTspecObject(bucket: TokenBucket): ObjectInput {
  return { name: "SENDER_TSPEC", form: "IntServ", ctype: 2, service: TOKEN_BUCKET_SERVICE, ...bucketFields(bucket) };
}

/** The FLOWSPEC object. */
export function flowspecObject(flowspec: FlowspecOptions): ObjectInput {
  const { service = flowspec.rateBytesPerSecond === undefined ? "controlled-load" : "guaranteed" } = flowspec;
  const base = { name: "FLOWSPEC", form: "IntServ", ctype: 2, ...bucketFields(flowspec) } as const;
  if (service === "controlled-load") return { ...base, service: CONTROLLED_LOAD_SERVICE };
  return {
    ...base,
    service: GUARANTEED_SERVICE,
    rateBytesPerSecond: flowspec.rateBytesPerSecond ?? flowspec.tokenBucketRateBytesPerSecond,
    slackTermMicroseconds: flowspec.slackTermMicroseconds ?? 0,
  };
}

/** The objects of a Reserve call: policy, then flow descriptors as in a Resv of that style (RFC 2205 3.1.4). */
export function reserveObjects(options: ReserveOptions): (ObjectInput | RsvpObject)[] {
  const { style, flowspec, senders = [], descriptors, objects = [] } = options;
  if (descriptors) {
    if (style !== "FF") {
      throw new RangeError(`style ${style} has one flowspec: use flowspec and senders, not descriptors`);
    }
    const pairs = descriptors.flatMap((one) => [flowspecObject(one.flowspec), senderObject("FILTER_SPEC", one.sender)]);
    return [...objects, ...pairs];
  }
  if (!flowspec) throw new RangeError("a reservation needs a flowspec");
  if (style !== "WF" && senders.length === 0) throw new RangeError(`style ${style} needs the senders that it is for`);
  const filters = style === "WF" ? [] : senders.map((sender) => senderObject("FILTER_SPEC", sender));
  if (style !== "FF") return [...objects, flowspecObject(flowspec), ...filters];
  return [...objects, ...filters.flatMap((filter) => [flowspecObject(flowspec), filter])];
}

/** The engine's EVENT as an application sees it. */
export function sessionEvent(event: EventAction): SessionEvent {
  return {
    kind: EVENT_NAMES.get(event.event) ?? "CALL_ERROR",
    gone: event.gone === 1,
    style: styleName(event.style),
    errorCode: event.errorCode,
    errorValue: event.errorValue,
    errorNode: formatAddress(event.errorNode, event.errorNodeFamily),
    inPlace: (event.errorFlags & 1) !== 0,
    notGuilty: (event.errorFlags & 2) !== 0,
    objects: decodeObjects(event.objects),
  };
}

/** Address field and form of an object that exists for both families. */
function located(field: string, text: string): ObjectInput {
  return { [field]: text, form: parseAddress(text).family === 4 ? "IPv4" : "IPv6" };
}

function bucketFields(bucket: TokenBucket) {
  const maximum = bucket.maximumPacketSizeBytes ?? DEFAULT_MAXIMUM_PACKET_BYTES;
  return {
    tokenBucketRateBytesPerSecond: bucket.tokenBucketRateBytesPerSecond,
    tokenBucketSizeBytes: bucket.tokenBucketSizeBytes ?? maximum,
    peakRateBytesPerSecond: bucket.peakRateBytesPerSecond ?? Infinity,
    minimumPolicedUnitBytes: bucket.minimumPolicedUnitBytes ?? Math.min(DEFAULT_MINIMUM_UNIT_BYTES, maximum),
    maximumPacketSizeBytes: maximum,
  };
}
