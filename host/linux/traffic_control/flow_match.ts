/**
 * Which packets a reservation is for: read from the objects of an INSTALL, for classifiers to look for. Addresses as
 * bytes, numbers as in the packet.
 */
import { parseAddress } from "../../address.ts";
import type { RsvpObject } from "../../objects.gen.js";

/** A packet belongs to a flow if it has all that is given. */
export interface FlowMatch {
  family: 4 | 6;
  /** IP protocol; IPv6: the next header. 0 for any (a flow label says enough). */
  protocol: number;
  /** 4 or 16 bytes. */
  destination: Uint8Array;
  /** 4 or 16 bytes; absent for any sender (WF). */
  source?: Uint8Array;
  /** 0 for any. */
  destinationPort: number;
  /** 0 for any. */
  sourcePort: number;
  /** The SPI of an AH or ESP header (RFC 2207), in place of ports. */
  securityParameterIndex?: number;
  /** IPv6 flow label, in place of ports. */
  flowLabel?: number;
}

/** Error codes of ERROR_SPEC that traffic control gives (RFC 2205 appendix B). */
export const ERROR_CODE = { ADMISSION: 1, TRAFFIC_CONTROL: 21, SYSTEM: 22 } as const;
/** Error values: of code 01, and of code 21. */
export const ERROR_VALUE = {
  BANDWIDTH_UNAVAILABLE: 2,
  SERVICE_CONFLICT: 1,
  SERVICE_UNSUPPORTED: 2,
  BAD_FLOWSPEC: 3,
} as const;

/** Why a reservation cannot be installed, for the ERROR_SPEC. */
export class Refusal extends Error {
  /** As in RFC 2205 appendix B. */
  readonly errorCode: number;
  /** As in RFC 2205 appendix B; of code 22 the kernel's error number. */
  readonly errorValue: number;

  constructor(message: string, errorCode: number, errorValue: number) {
    super(message);
    this.name = "Refusal";
    this.errorCode = errorCode;
    this.errorValue = errorValue;
  }
}

type SessionMatch = Omit<FlowMatch, "source" | "sourcePort">;

/** A zone or scope is not part of a packet. */
function addressBytes(text: string): Uint8Array {
  const { bytes, family } = parseAddress(text);
  return bytes.subarray(0, family === 4 ? 4 : 16);
}

function sessionMatch(session: RsvpObject | undefined): SessionMatch {
  if (session?.name === "SESSION" && session.malformed === undefined) {
    switch (session.form) {
      case "IPv4":
      case "IPv6":
        return {
          family: session.form === "IPv4" ? 4 : 6,
          protocol: session.protocolId,
          destination: addressBytes(session.destinationAddress),
          destinationPort: session.destinationPort,
        };
      case "IPv4_GPI":
      case "IPv6_GPI":
        // The virtual port is in no packet (RFC 2207 3.1).
        return {
          family: session.form === "IPv4_GPI" ? 4 : 6,
          protocol: session.protocolId,
          destination: addressBytes(session.destinationAddress),
          destinationPort: 0,
        };
    }
  }
  const form = session && "form" in session ? session.form : "no session";
  throw unsupported(`packets of a session of the form ${form} cannot be told apart here`);
}

function unsupported(message: string): Refusal {
  return new Refusal(message, ERROR_CODE.TRAFFIC_CONTROL, ERROR_VALUE.SERVICE_UNSUPPORTED);
}

function withSender(session: SessionMatch, filter: RsvpObject): FlowMatch {
  if (filter.name === "FILTER_SPEC" && filter.malformed === undefined) {
    switch (filter.form) {
      case "IPv4":
      case "IPv6":
        return { ...session, source: addressBytes(filter.sourceAddress), sourcePort: filter.sourcePort };
      case "IPv6_FLOW_LABEL":
        return {
          family: 6,
          protocol: 0,
          destination: session.destination,
          source: addressBytes(filter.sourceAddress),
          destinationPort: 0,
          sourcePort: 0,
          flowLabel: filter.flowLabel,
        };
      case "IPv4_GPI":
      case "IPv6_GPI":
        return {
          ...session,
          source: addressBytes(filter.sourceAddress),
          sourcePort: 0,
          securityParameterIndex: filter.generalizedPortIdentifier,
        };
    }
  }
  const form = "form" in filter ? filter.form : filter.name;
  throw unsupported(`packets of a sender of the form ${form} cannot be told apart here`);
}

/**
 * What an INSTALL's objects ask to classify. With FILTER_SPECs one match each; without (WF), every sender of the session.
 * @throws {Refusal} for sessions that are not of IP packets.
 */
export function flowMatches(objects: readonly RsvpObject[]): FlowMatch[] {
  const session = sessionMatch(objects.find(({ name }) => name === "SESSION"));
  const filters = objects.filter(({ name }) => name === "FILTER_SPEC");
  if (filters.length === 0) return [{ ...session, sourcePort: 0 }];
  const matches = new Map<string, FlowMatch>();
  for (const filter of filters) {
    const match = withSender(session, filter);
    if (match.source?.length !== match.destination.length) {
      throw unsupported("sender and session of different families");
    }
    matches.set(matchName(match), match);
  }
  return [...matches.values()];
}

const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Two matches with the same name match the same packets. */
export function matchName(match: FlowMatch): string {
  const { protocol, destination, source, destinationPort, sourcePort, securityParameterIndex, flowLabel } = match;
  return `${protocol} ${source ? hex(source) : "*"} ${sourcePort} ${hex(destination)} ${destinationPort} ` +
    `${securityParameterIndex ?? ""} ${flowLabel ?? ""}`;
}

/** The service and the bucket that a FLOWSPEC asks for, as far as they can be read. */
export interface FlowService {
  /** 2 guaranteed, 5 controlled-load (RFC 2210); 0 if neither. */
  service: number;
  /** b of the token bucket; 0 if unknown. */
  bucketBytes: number;
  /** M, the maximum packet size; 0 if unknown. */
  maximumPacketBytes: number;
}

/** Reads the FLOWSPEC, and what it does not say from the SENDER_TSPEC. */
export function flowService(objects: readonly RsvpObject[]): FlowService {
  for (const object of objects) {
    if (object.name !== "FLOWSPEC" && object.name !== "SENDER_TSPEC") continue;
    if (object.malformed !== undefined || object.form !== "IntServ" || object.service === undefined) continue;
    return {
      service: object.name === "FLOWSPEC" ? object.service : 0,
      bucketBytes: finite(object.tokenBucketSizeBytes),
      maximumPacketBytes: object.maximumPacketSizeBytes,
    };
  }
  return { service: 0, bucketBytes: 0, maximumPacketBytes: 0 };
}

function finite(value: number | string): number {
  const number = Number(value);
  return Number.isFinite(number) && number > 0 ? number : 0;
}
