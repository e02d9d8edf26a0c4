/** Status codes of QOS events, and the errors of QOS calls, with the numbers that Winsock documents for them. */
import { type ExtendedStatus, GQOS_STATUS } from "./extended_status.ts";

/** Status of an event (WSA_QOS_*). */
export const QOS_STATUS = {
  /** A reservation arrived, for a sender. */
  RECEIVERS: 11005,
  /** Path state arrived, for a receiver. */
  SENDERS: 11006,
  /** No senders are left. */
  NO_SENDERS: 11007,
  /** No receivers are left. */
  NO_RECEIVERS: 11008,
  /** The reservation was confirmed. */
  REQUEST_CONFIRMED: 11009,
  /** Refused for want of resources. */
  ADMISSION_FAILURE: 11010,
  /** Refused for administrative reasons. */
  POLICY_FAILURE: 11011,
  /** Unknown or conflicting style. */
  BAD_STYLE: 11012,
  /** A filterspec, flowspec or the provider-specific buffer has a fault. */
  BAD_OBJECT: 11013,
  /** Traffic control has failed. */
  TRAFFIC_CTRL_ERROR: 11014,
  /** Any other error. */
  GENERIC_ERROR: 11015,
} as const;

/** Error of a call (WSA_QOS_E*, and the general ones of Winsock that QOS calls give). */
export const QOS_ERROR = {
  /** Bad service type. */
  ESERVICETYPE: 11016,
  /** Bad or inconsistent flowspec. */
  EFLOWSPEC: 11017,
  /** Bad provider-specific buffer. */
  EPROVSPECBUF: 11018,
  /** Bad style. */
  EFILTERSTYLE: 11019,
  /** Bad filter type. */
  EFILTERTYPE: 11020,
  /** Wrong number of filters in a flow descriptor. */
  EFILTERCOUNT: 11021,
  /** Bad ObjectLength. */
  EOBJLENGTH: 11022,
  /** Wrong number of flow descriptors. */
  EFLOWCOUNT: 11023,
  /** Unknown object in the provider-specific buffer. */
  EUNKNOWNPSOBJ: 11024,
  /** Bad policy object. */
  EPOLICYOBJ: 11025,
  /** Bad flow descriptor. */
  EFLOWDESC: 11026,
  /** Bad flowspec in the provider-specific buffer. */
  EPSFLOWSPEC: 11027,
  /** Bad filterspec in the provider-specific buffer. */
  EPSFILTERSPEC: 11028,
  /** Bad shaping mode. */
  ESDMODEOBJ: 11029,
  /** Bad shaping rate. */
  ESHAPERATEOBJ: 11030,
  /** Reserved policy element type. */
  RESERVED_PETYPE: 11031,
  /** No such template (WSA_NODATA). */
  NODATA: 11004,
  /** An argument that is not permitted here (WSAEINVAL). */
  EINVAL: 10022,
  /** Nothing to be had now (WSAEWOULDBLOCK). */
  EWOULDBLOCK: 10035,
  /** Not a QOS socket any more (WSAENOTSOCK). */
  ENOTSOCK: 10038,
  /** Not connected (WSAENOTCONN). */
  ENOTCONN: 10057,
  /** A buffer is too small (WSAENOBUFS). */
  ENOBUFS: 10055,
} as const;

/** Name of an event's status. */
export type QosStatusName = keyof typeof QOS_STATUS;
/** Name of a call's error. */
export type QosErrorName = keyof typeof QOS_ERROR;

const STATUS_NAMES = new Map(Object.entries(QOS_STATUS).map(([name, code]) => [code as number, name as QosStatusName]));

/** Name of a status code; undefined for a number that is none. */
export function qosStatusName(statusCode: number): QosStatusName | undefined {
  return STATUS_NAMES.get(statusCode);
}

/**
 * A QOS call that was refused. The message names the member that is wrong.
 *
 * @example
 * ```ts
 * import { decodeQos, QosError } from "@resv/resv";
 *
 * try {
 *   decodeQos(new Uint8Array(40));
 * } catch (error) {
 *   if (error instanceof QosError) console.log(error.error, error.member, error.offset); // EINVAL QOS 0
 * }
 * ```
 */
export class QosError extends Error {
  /** `QosError`. */
  override readonly name = "QosError";
  /** Number of QOS_ERROR. */
  readonly code: number;
  /** Name of QOS_ERROR. */
  readonly error: QosErrorName;
  /** The member that is wrong: `sendingFlowspec.tokenRateBytesPerSecond`. */
  readonly member: string;
  /** Number of GQOS_STATUS that says it more finely. */
  readonly extendedStatus: number;
  /** Byte of the buffer, for one in binary layout. */
  readonly offset: number | undefined;

  /** `member` is what is wrong, `what` says how. */
  constructor(error: QosErrorName, member: string, what: string, extendedStatus = 0, offset?: number) {
    super(`${member}${offset === undefined ? "" : ` (byte ${offset})`}: ${what} [${error} ${QOS_ERROR[error]}]`);
    this.error = error;
    this.code = QOS_ERROR[error];
    this.member = member;
    this.extendedStatus = extendedStatus;
    this.offset = offset;
  }
}

/** The status that an ERROR_SPEC's code comes to (RFC 2205 appendix B). */
export function statusOfError(errorCode: number): QosStatusName {
  switch (errorCode) {
    case 1:
      return "ADMISSION_FAILURE";
    case 2:
      return "POLICY_FAILURE";
    case 5:
    case 6:
      return "BAD_STYLE";
    case 13:
    case 14:
      return "BAD_OBJECT";
    case 21:
    case 22:
      return "TRAFFIC_CTRL_ERROR";
    default:
      return "GENERIC_ERROR";
  }
}

/** No error: the extended status of events that are none. */
export const NO_EXTENDED_STATUS: ExtendedStatus = { code: GQOS_STATUS.NO_ERRORCODE, value: GQOS_STATUS.NO_ERRORVALUE };
