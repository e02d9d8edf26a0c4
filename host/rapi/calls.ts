/** What the calls of RAPI take. */
import type { SessionAddress } from "../application.ts";
import type { RapiAdspec, RapiFilter, RapiFlowspec, RapiPolicy, RapiTspec } from "./objects.ts";
import type { RapiEventRoutine, RapiNodeSession } from "./registration.ts";

/** What RAPI works on: a {@linkcode SignallingNode}, or as much of one. */
export interface RapiNode {
  /** Registers an application for a session. */
  session(address: SessionAddress): RapiNodeSession;
  /** The interfaces with their addresses (`192.0.2.7/24`). */
  readonly interfaces: readonly { readonly interface: number; readonly addresses: readonly string[] }[];
  /** False once it has ended. */
  readonly running?: boolean;
  /** The engine's module, for flowspec arithmetic; the embedded one by default. */
  readonly module?: WebAssembly.Module;
}

/** An address with a port (`rapi_addr_t`). */
export interface RapiAddress {
  /** IPv4 or IPv6, in text. */
  address: string;
  /** 0 (the default) for none; of a GPI session, the virtual destination port. */
  port?: number;
}

/** Parameters of {@linkcode Rapi.session}. */
export interface RapiSessionOptions {
  /** IP protocol; 0 (the default) is UDP. */
  protid?: number;
  /** RAPI_FLAG.USE_INTSERV, RAPI_FLAG.GPI_SESSION. */
  flags?: number;
  /** Takes upcalls; without it there are none. */
  eventRoutine?: RapiEventRoutine;
  /** Goes to each upcall as it is. */
  eventArgument?: unknown;
}

/** Parameters of {@linkcode Rapi.sender}. */
export interface RapiSenderOptions {
  /** Address and port of the sender, "any" for the default interface's; null withdraws the sender. */
  lhost?: RapiAddress | null;
  /** The sender in full, instead of `lhost`; a GPI session needs one. */
  senderTemplate?: RapiFilter;
  /** What it sends; required. */
  senderTspec?: RapiTspec;
  /** What the path begins with; the node's own by default. */
  senderAdspec?: RapiAdspec;
  /** Goes with the announcement. */
  senderPolicy?: RapiPolicy;
  /** TTL of the data, so that Path does not run further than they do; 0 (the default) leaves it to the node. */
  ttl?: number;
}

/** Parameters of {@linkcode Rapi.reserve}. */
export interface RapiReserveOptions {
  /** RAPI_FLAG.REQ_CONFIRM. */
  flags?: number;
  /** Address of the interface at which to receive, on a multihomed host; "any" (the default) for the one by route. */
  rhost?: RapiAddress;
  /** One of RAPI_RSTYLE. */
  styleId?: number;
  /** Not defined by RAPI; refused. */
  styleExtension?: unknown;
  /** Goes with the reservation. */
  receiverPolicy?: RapiPolicy;
  /** FF and SE: the senders. WF: none, or one that is wild (address "any", port 0). */
  filters?: readonly RapiFilter[];
  /** WF and SE: one. FF: one for each filter. None gives the reservation up. */
  flowspecs: readonly RapiFlowspec[];
}

/** Settings of a {@linkcode Rapi}. */
export interface RapiOptions {
  /** Handles that may be open at once; 10,000 by default (the reference library had 100). */
  maximumSessions?: number;
}
