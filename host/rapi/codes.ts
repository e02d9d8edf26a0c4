/** Numbers of RAPI: flags, object forms, services, styles, events and errors, as C809 (version 5.02) has them. */

/** Flags of the calls. */
export const RAPI_FLAG = {
  /** `session`: addresses with a generalized port instead of ports (RFC 2207), for IPsec. */
  GPI_SESSION: 0x08,
  /** `session`: upcalls carry the Int-Serv forms of objects instead of the Simplified ones. */
  USE_INTSERV: 0x10,
  /** `reserve`: ask for a confirmation, once. */
  REQ_CONFIRM: 0x20,
} as const;

/** Forms of RAPI objects: the second word of an object's header. */
export const RAPI_FORM = {
  /** An object that is not there: a header and nothing else. */
  EMPTY_OTYPE: 0,
  /** Flowspec as in RFC 2210, without the header of the RSVP object. */
  FLOWSTYPE_INTSERV: 2,
  /** Flowspec as numbers. */
  FLOWSTYPE_SIMPLIFIED: 3,
  /** Tspec as in RFC 2210, without the header of the RSVP object. */
  TSPECTYPE_INTSERV: 17,
  /** Tspec as numbers. */
  TSPECTYPE_SIMPLIFIED: 18,
  /** Adspec as in RFC 2210, without the header of the RSVP object. */
  ADSTYPE_INTSERV: 33,
  /** Adspec as numbers. */
  ADSTYPE_SIMPLIFIED: 34,
  /** Reserved by the standard; refused. */
  FILTERFORM_RESERVED: 257,
  /** IPv4 address and port. */
  FILTERFORM_BASE: 258,
  /** IPv4 address and generalized port identifier. */
  FILTERFORM_GPI: 259,
  /** IPv6 address and port, or flow label. */
  FILTERFORM_BASE6: 260,
  /** IPv6 address and generalized port identifier. */
  FILTERFORM_GPI6: 261,
  /** Policy: a name in text. */
  POLICY_NAME_STRING: 513,
} as const;

/** What a Simplified Tspec or flowspec is about. ISI's release 5.01 numbers them 0, 1 and 2 ({@linkcode RapiLayoutOptions}). */
export const RAPI_QOS = {
  /** Tspec of a sender, for any service. */
  TSPEC: 1,
  /** Controlled load (RFC 2211). */
  CNTR_LOAD: 2,
  /** Guaranteed (RFC 2212). */
  GUARANTEED: 3,
} as const;

/** Reservation styles. */
export const RAPI_RSTYLE = {
  /** WF: one reservation for every sender. */
  WILDCARD: 1,
  /** FF: a reservation for each sender that is listed. */
  FIXED: 2,
  /** SE: one reservation for the senders that are listed. */
  SE: 3,
} as const;

/** Kinds of upcall. */
export const RAPI_EVENT = {
  /** The senders of the session, whenever one comes, changes or goes. */
  PATH_EVENT: 1,
  /** The reservation for this handle's sender, whenever it comes, changes or goes. */
  RESV_EVENT: 2,
  /** The announcement was refused. */
  PATH_ERROR: 3,
  /** The reservation was refused. */
  RESV_ERROR: 4,
  /** The reservation was confirmed. */
  RESV_CONFIRM: 5,
} as const;

/** Bits of an error upcall (RFC 2205 3.11.1 and A.5). */
export const RAPI_ERRF = {
  /** The reservation that was there before is still in place at the node that refused. */
  IN_PLACE: 0x01,
  /** Another receiver asked for more, and that is what was refused. */
  NOT_GUILTY: 0x02,
} as const;

/** Flags of a Simplified Adspec. */
export const RAPI_XASPEC_FLG = {
  /** Some node of the path lacks Int-Serv, or this service. */
  BRK: 0x01,
  /** Leave this service out. */
  IGN: 0x02,
  /** There are parameters of this service. */
  PARM: 0x04,
} as const;

/** Errors: 1 to 17, 254 and 255 of calls; 21 to 23 are the value of RSVP error 20 in an upcall. */
export const RAPI_ERR = {
  /** No error. */
  OK: 0,
  /** A parameter that cannot be. */
  INVAL: 1,
  /** Too many handles. */
  MAXSESS: 2,
  /** No such handle. */
  BADSID: 3,
  /** Numbers of filters and flowspecs that do not go together, or not with the style. */
  N_FFS: 4,
  /** Unknown reservation style. */
  BADSTYLE: 5,
  /** The system refused something. */
  SYSCALL: 6,
  /** A list is longer than can be handed over. */
  OVERFLOW: 7,
  /** No memory is left. */
  MEMFULL: 8,
  /** There is no node, or it has ended. */
  NORSVP: 9,
  /** An object of a form that does not belong there. */
  OBJTYPE: 10,
  /** An object whose length is not that of its form. */
  OBJLEN: 11,
  /** A sender without a Tspec. */
  NOTSPEC: 12,
  /** An Int-Serv form whose content breaks RFC 2210. */
  INTSERV: 13,
  /** The same session with and without a generalized port. */
  GPI_CONFLICT: 14,
  /** A generalized port for a protocol that is not AH or ESP. */
  BADPROTO: 15,
  /** A virtual destination port of zero. */
  BADVDPORT: 16,
  /** A filter of the other kind than the session's: GPI or not. */
  GPISESS: 17,
  /** Upcall: the sender's address is not this host's. */
  BADSEND: 21,
  /** Upcall: the receiver's address is not this host's. */
  BADRECV: 22,
  /** Upcall: a source port where the session has no destination port. */
  BADSPORT: 23,
  /** Something that RAPI names and does not define. */
  UNSUPPORTED: 254,
  /** Any other error. */
  UNKNOWN: 255,
} as const;

/** Name of an error. */
export type RapiErrorName = keyof typeof RAPI_ERR;

/** In words, for {@linkcode rapiStrerror}. */
export const RAPI_ERROR_TEXTS: Readonly<Record<RapiErrorName, string>> = {
  OK: "no error",
  INVAL: "invalid parameter",
  MAXSESS: "too many sessions",
  BADSID: "no such session handle",
  N_FFS: "wrong number of filters or flowspecs",
  BADSTYLE: "unknown reservation style",
  SYSCALL: "the system refused",
  OVERFLOW: "parameter list too long",
  MEMFULL: "out of memory",
  NORSVP: "there is no RSVP service",
  OBJTYPE: "object of a wrong type",
  OBJLEN: "object of a wrong length",
  NOTSPEC: "a sender needs a Tspec",
  INTSERV: "Int-Serv object that breaks RFC 2210",
  GPI_CONFLICT: "session exists with the other kind of port",
  BADPROTO: "protocol is neither AH nor ESP",
  BADVDPORT: "virtual destination port is zero",
  GPISESS: "filter and session differ in their kind of port",
  BADSEND: "sender's address is not this host's",
  BADRECV: "receiver's address is not this host's",
  BADSPORT: "source port without a destination port",
  UNSUPPORTED: "not supported",
  UNKNOWN: "unknown error",
};

/**
 * A RAPI call that was refused; nothing has changed then. The message names the member that is wrong.
 *
 * @example
 * ```ts
 * import { Network, Rapi, RapiError } from "@resv/resv";
 *
 * const rapi = new Rapi(new Network().host("alice").rsvp);
 * try {
 *   rapi.release(7);
 * } catch (error) {
 *   if (error instanceof RapiError) console.log(error.code, error.error, error.message); // 3 BADSID sid: 7 is no handle [RAPI_ERR_BADSID 3]
 * }
 * ```
 */
export class RapiError extends Error {
  /** `RapiError`. */
  override readonly name = "RapiError";
  /** Name of RAPI_ERR. */
  readonly error: RapiErrorName;
  /** Number of RAPI_ERR. */
  readonly code: number;
  /** What is wrong: `senderTspec.tokenBucketSizeBytes`, `filters[1]`. */
  readonly member: string;
  /** Byte of the list, for one in binary layout. */
  readonly offset: number | undefined;

  /** `member` is what is wrong, `what` says how. */
  constructor(error: RapiErrorName, member: string, what: string, offset?: number) {
    super(
      `${member}${offset === undefined ? "" : ` (byte ${offset})`}: ${what} [RAPI_ERR_${error} ${RAPI_ERR[error]}]`,
    );
    this.error = error;
    this.code = RAPI_ERR[error];
    this.member = member;
    this.offset = offset;
  }
}
