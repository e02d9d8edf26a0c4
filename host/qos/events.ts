/**
 * What a QOS socket hears: changes of reservations, senders and errors, each with a QOS that describes one direction
 * (the other has the service type NOCHANGE) and whose provider-specific objects begin with the status.
 */
import type { SessionAddress, SessionEvent } from "../application.ts";
import { STATUS } from "../boundary.gen.ts";
import type { RsvpObject } from "../objects.gen.ts";
import { INTEGRATED_SERVICE, type PathCharacteristics, type QosArithmetic } from "./arithmetic.ts";
import { extendedStatus, GQOS_STATUS } from "./extended_status.ts";
import { QOS_NOT_SPECIFIED, type QosFlowspec, qosFlowspec, rateMember } from "./flowspec.ts";
import { policyElementsOf } from "./policy.ts";
import type { AdspecGeneral, AdspecInfo, ProviderObject, StatusInfo } from "./provider_objects.ts";
import { type Qos, qos } from "./qos.ts";
import { type KnownSender, tokenBucketOf } from "./receiver_derivation.ts";
import { SERVICE_TYPE } from "./service_types.ts";
import { NO_EXTENDED_STATUS, QOS_STATUS, type QosStatusName, statusOfError } from "./status.ts";

/** Direction of a flow, as the socket sees it. */
export type Direction = "sending" | "receiving";

/** An error as the network or the engine told it. */
export interface QosEventError {
  /** ERROR_SPEC code and value (RFC 2205 appendix B). */
  code: number;
  /** Meaning by code. */
  value: number;
  /** The node that found it; empty if it was this one. */
  node: string;
  /** The reservation that stood before still stands. */
  inPlace: boolean;
  /** Another receiver's larger flowspec was the cause. */
  notGuilty: boolean;
}

/** An event of a QOS socket. */
export interface QosEvent {
  /** What has happened. */
  status: QosStatusName;
  /** Its number. */
  statusCode: number;
  /** GQOS_STATUS: a general code. */
  extendedStatus1: number;
  /** GQOS_STATUS: a finer value. */
  extendedStatus2: number;
  /** The flow that it is about. */
  direction: Direction;
  /** The session of the flow. */
  session: SessionAddress;
  /** One direction; the other is NOCHANGE. Its first provider-specific object is the STATUS_INFO. */
  qos: Qos;
  /** With a status that is an error. */
  error?: QosEventError;
}

const NO_ERROR: Omit<QosEventError, "code" | "value"> = { node: "", inPlace: false, notGuilty: false };

/** Builds an event. */
export function qosEvent(
  status: QosStatusName,
  direction: Direction,
  session: SessionAddress,
  flowspec: Partial<QosFlowspec> = {},
  objects: readonly ProviderObject[] = [],
  error?: QosEventError,
): QosEvent {
  const extended = error ? extendedStatus(error.code, error.value) : NO_EXTENDED_STATUS;
  const statusCode = QOS_STATUS[status];
  const info: StatusInfo = {
    object: "STATUS_INFO",
    statusCode,
    extendedStatus1: extended.code,
    extendedStatus2: extended.value,
  };
  const providerSpecific = [info, ...objects];
  return {
    status,
    statusCode,
    extendedStatus1: extended.code,
    extendedStatus2: extended.value,
    direction,
    session,
    qos: direction === "sending"
      ? qos({ sendingFlowspec: flowspec, providerSpecific })
      : qos({ receivingFlowspec: flowspec, providerSpecific }),
    ...(error ? { error } : {}),
  };
}

/** The event of an error that came as PATH_ERROR or RESV_ERROR. */
export function errorEvent(event: SessionEvent, direction: Direction, session: SessionAddress): QosEvent {
  const { errorCode: code, errorValue: value, errorNode: node, inPlace, notGuilty } = event;
  return qosEvent(statusOfError(code), direction, session, {}, [], { code, value, node, inPlace, notGuilty });
}

/** The event of an error that was found here. */
export function localErrorEvent(code: number, value: number, direction: Direction, session: SessionAddress): QosEvent {
  return qosEvent(statusOfError(code), direction, session, {}, [], { ...NO_ERROR, code, value });
}

/** ERROR_SPEC code for a STATUS with which the engine refused a call: conflicting style, or an error of the interface. */
export function errorCodeOfStatus(status: number): number {
  if (status === STATUS.STYLE_CONFLICT) return 5;
  if (status === STATUS.UNKNOWN_STYLE) return 6;
  if (status === STATUS.DESTINATION_PORT_CONFLICT) return 7;
  if (status === STATUS.PORT_CONFLICT || status === STATUS.SENDER_PORT_CONFLICT) return 8;
  return 20;
}

/** A QOS FLOWSPEC for what a FLOWSPEC object asks: the reserved parameters, for a sender. */
export function describeFlowspec(object: RsvpObject | undefined): QosFlowspec {
  const service = (object as { service?: number } | undefined)?.service;
  if (!object || (service !== INTEGRATED_SERVICE.CONTROLLED_LOAD && service !== INTEGRATED_SERVICE.GUARANTEED)) {
    if (!object) return qosFlowspec({ serviceType: SERVICE_TYPE.BESTEFFORT });
    return qosFlowspec({ ...bucketMembers(object), serviceType: SERVICE_TYPE.QUALITATIVE });
  }
  const guaranteed = service === INTEGRATED_SERVICE.GUARANTEED;
  const { rateBytesPerSecond, slackTermMicroseconds } = object as unknown as Record<string, number>;
  return qosFlowspec({
    ...bucketMembers(object),
    ...(guaranteed
      ? {
        tokenRateBytesPerSecond: rateMember(Number(rateBytesPerSecond)),
        delayVariationMicroseconds: slackTermMicroseconds,
      }
      : {}),
    serviceType: guaranteed ? SERVICE_TYPE.GUARANTEED : SERVICE_TYPE.CONTROLLEDLOAD,
  });
}

/** A QOS FLOWSPEC for what a sender announces, for a receiver. */
export function describeSender(sender: KnownSender, arithmetic: QosArithmetic): QosFlowspec {
  const offers = (service: number) => sender.adspec !== undefined && arithmetic.path(sender.adspec, service).offered;
  const controlledLoad = offers(INTEGRATED_SERVICE.CONTROLLED_LOAD), guaranteed = offers(INTEGRATED_SERVICE.GUARANTEED);
  const serviceType = !sender.adspec || controlledLoad === guaranteed && controlledLoad
    ? SERVICE_TYPE.GENERAL_INFORMATION
    : controlledLoad
    ? SERVICE_TYPE.CONTROLLEDLOAD
    : guaranteed
    ? SERVICE_TYPE.GUARANTEED
    : SERVICE_TYPE.QUALITATIVE;
  return qosFlowspec({ ...bucketMembers(sender.tspec), serviceType });
}

function bucketMembers(object: RsvpObject): Partial<QosFlowspec> {
  const bucket = tokenBucketOf(object);
  if (Number.isNaN(bucket.tokenBucketRateBytesPerSecond)) return { maxSduSizeBytes: nullServiceMaximum(object) };
  return {
    tokenRateBytesPerSecond: rateMember(bucket.tokenBucketRateBytesPerSecond),
    tokenBucketSizeBytes: Math.min(Math.ceil(bucket.tokenBucketSizeBytes), QOS_NOT_SPECIFIED - 1),
    peakBandwidthBytesPerSecond: rateMember(bucket.peakRateBytesPerSecond),
    minimumPolicedSizeBytes: bucket.minimumPolicedUnitBytes,
    maxSduSizeBytes: bucket.maximumPacketSizeBytes,
  };
}

/** M of the null service's TSpec (RFC 2997), which has nothing else; undefined if there is none. */
function nullServiceMaximum(object: RsvpObject): number | undefined {
  type Service = { parameters?: readonly { name: string; maximumPacketSizeBytes?: number }[] };
  const { services = [] } = object as { services?: readonly Service[] };
  return services.flatMap(({ parameters = [] }) => parameters)
    .find(({ name }) => name === "NULL_SERVICE_TSPEC")?.maximumPacketSizeBytes;
}

/** What a receiver is told with its senders: who they are, what the path offers, what policy came along. */
export function senderObjects(senders: readonly KnownSender[], arithmetic: QosArithmetic): ProviderObject[] {
  const filters = senders.map(({ address, port }) => ({ address, port }));
  const [first] = senders;
  const objects: ProviderObject[] = [{ object: "FILTERSPEC_LIST", filters }];
  if (first?.adspec) objects.unshift(describeAdspec(first.adspec, arithmetic));
  const elements = first ? policyElementsOf(first.others) : [];
  if (elements.length > 0) objects.push({ object: "POLICY_INFO", elements });
  return objects;
}

/** RSVP_ADSPEC for an ADSPEC object. */
export function describeAdspec(adspec: RsvpObject, arithmetic: QosArithmetic): AdspecInfo {
  const general = arithmetic.path(adspec, INTEGRATED_SERVICE.GENERAL);
  const services = [
    { serviceType: SERVICE_TYPE.GUARANTEED, path: arithmetic.path(adspec, INTEGRATED_SERVICE.GUARANTEED) },
    { serviceType: SERVICE_TYPE.CONTROLLEDLOAD, path: arithmetic.path(adspec, INTEGRATED_SERVICE.CONTROLLED_LOAD) },
    { serviceType: SERVICE_TYPE.QUALITATIVE, path: arithmetic.path(adspec, INTEGRATED_SERVICE.NULL) },
  ];
  return {
    object: "ADSPEC",
    general: { ...generalOf(general), breakBit: general.pathBreakBit },
    services: services.filter(({ path }) => path.offered).map(({ serviceType, path }) => ({
      serviceType,
      overrides: generalOf(path),
      ...(serviceType === SERVICE_TYPE.GUARANTEED
        ? {
          guaranteed: {
            cTotalBytes: path.cTotalBytes,
            dTotalMicroseconds: path.dTotalMicroseconds,
            cSumBytes: path.cSumBytes,
            dSumMicroseconds: path.dSumMicroseconds,
          },
        }
        : {}),
    })),
  };
}

function generalOf(path: PathCharacteristics): AdspecGeneral {
  return {
    integratedServicesHops: path.hops,
    pathBandwidthBytesPerSecond: rateMember(path.bandwidthBytesPerSecond),
    minimumLatencyMicroseconds: path.latencyMicroseconds,
    pathMtuBytes: path.mtuBytes,
    breakBit: path.breakBit,
  };
}

/** The event of a call that the engine refused: CALL_ERROR, or thrown. */
export function refusedCallEvent(status: number, direction: Direction, session: SessionAddress): QosEvent {
  const code = errorCodeOfStatus(status);
  const event = localErrorEvent(code, 0, direction, session);
  // A full engine is not a fault of what was asked.
  return status === STATUS.OUT_OF_MEMORY || status === STATUS.SENDER_LIMIT
    ? { ...event, extendedStatus1: GQOS_STATUS.RSVP_SYS, extendedStatus2: GQOS_STATUS.MEMORY_SYS }
    : event;
}
