/**
 * Service types of a QOS FLOWSPEC, with what they mean in either direction and the two flags that may be set in them.
 */

/** What kind of service a FLOWSPEC is about (its member ServiceType). */
export const SERVICE_TYPE = {
  /** No traffic this way; ends QOS in this direction. */
  NOTRAFFIC: 0,
  /** No signalling; ends a reservation in this direction. */
  BESTEFFORT: 1,
  /** Controlled load (RFC 2211): offered to receivers, or asked for. */
  CONTROLLEDLOAD: 2,
  /** Guaranteed (RFC 2212): offered to receivers, or asked for. */
  GUARANTEED: 3,
  /** In notifications only. */
  NETWORK_UNAVAILABLE: 4,
  /** A sender offers every service; a receiver may not ask for it. */
  GENERAL_INFORMATION: 5,
  /** Leaves this direction as it is. */
  NOCHANGE: 6,
  /** A marker for traffic control; not signalled. */
  NONCONFORMING: 9,
  /** Control packets, such as RSVP's own; not signalled. */
  NETWORK_CONTROL: 10,
  /** Better than best effort, unquantified: the null service (RFC 2997). */
  QUALITATIVE: 13,
} as const;

/** Flags that may be added to a service type, with `|`; {@linkcode qosFlowspec} makes the sum unsigned again. */
export const SERVICE_FLAG = {
  /** Traffic control is not to be used for this flow. */
  NO_TRAFFIC_CONTROL: 0x81000000,
  /** No Path, or no Resv; a receiver still hears of senders. */
  NO_QOS_SIGNALING: 0x40000000,
} as const;

/** Name of a service type. */
export type ServiceTypeName = keyof typeof SERVICE_TYPE;

/** A service type taken apart. */
export interface ServiceTypeParts {
  /** Without the flags. */
  type: number;
  /** Its name. */
  name: ServiceTypeName;
  noTrafficControl: boolean;
  noSignalling: boolean;
}

const NAMES = new Map(Object.entries(SERVICE_TYPE).map(([name, type]) => [type as number, name as ServiceTypeName]));
const TYPE_BITS = 0xffff;

/**
 * Takes a service type apart; undefined if it is none: an unknown number, half of a flag, or one of the old values that
 * had a bit for each service (0x80010000 and so on), which were given up before this model was.
 */
export function splitServiceType(value: number): ServiceTypeParts | undefined {
  const bits = value >>> 0;
  const name = NAMES.get(bits & TYPE_BITS);
  const trafficControlBits = (bits & SERVICE_FLAG.NO_TRAFFIC_CONTROL) >>> 0;
  const rest = (bits & ~(TYPE_BITS | SERVICE_FLAG.NO_TRAFFIC_CONTROL | SERVICE_FLAG.NO_QOS_SIGNALING)) >>> 0;
  if (name === undefined || rest !== 0) return undefined;
  if (trafficControlBits !== 0 && trafficControlBits !== SERVICE_FLAG.NO_TRAFFIC_CONTROL) return undefined;
  return {
    type: bits & TYPE_BITS,
    name,
    noTrafficControl: trafficControlBits !== 0,
    noSignalling: (bits & SERVICE_FLAG.NO_QOS_SIGNALING) !== 0,
  };
}

/** Name of a service type with its flags, for people: `GUARANTEED | NO_QOS_SIGNALING`. */
export function formatServiceType(value: number): string {
  const parts = splitServiceType(value);
  if (!parts) return `0x${(value >>> 0).toString(16).padStart(8, "0")}`;
  const flags = [parts.noTrafficControl && "NO_TRAFFIC_CONTROL", parts.noSignalling && "NO_QOS_SIGNALING"];
  return [parts.name, ...flags.filter(Boolean)].join(" | ");
}

/**
 * Whether a direction with this service type is signalled at all. NETWORK_CONTROL and NONCONFORMING are not: they are
 * markers for packet schedulers, and RSVP has no service to ask for that would be them.
 */
export function isSignalledService(type: number): boolean {
  return type === SERVICE_TYPE.CONTROLLEDLOAD || type === SERVICE_TYPE.GUARANTEED ||
    type === SERVICE_TYPE.GENERAL_INFORMATION || type === SERVICE_TYPE.QUALITATIVE;
}
