/**
 * One RAPI handle: its registration with the node, what the node tells of it, and the upcalls that wait until the
 * program dispatches them.
 */
import type { SessionAddress, SessionEvent } from "../application.ts";
import { STATUS } from "../boundary.gen.ts";
import { findObject, type ObjectInput } from "../object_list.ts";
import type { RsvpObject } from "../objects.gen.ts";
import { errorCodeOfStatus } from "../qos/events.ts";
import { adspecOf } from "./adspec.ts";
import { RAPI_ERR, RAPI_ERRF, RAPI_EVENT, RAPI_RSTYLE, RapiError } from "./codes.ts";
import { filterOf, flowspecOf, tspecOf } from "./convert.ts";
import {
  RAPI_EMPTY,
  type RapiAdspec,
  type RapiEmpty,
  type RapiFilter,
  type RapiFlowspec,
  type RapiTspec,
} from "./objects.ts";

/** An upcall. */
export interface RapiEvent {
  /** Handle. */
  sid: number;
  /** One of RAPI_EVENT. */
  eventType: number;
  /** One of RAPI_RSTYLE, of the reservation that it is about; 0 if it is about none. */
  style: number;
  /** RSVP error code (RFC 2205 appendix B); 0 if it is no error. */
  errorCode: number;
  /** RSVP error value; for code 20 one of RAPI_ERR. */
  errorValue: number;
  /** The node that found the error; empty if there is none. */
  errorNode: string;
  /** Bits of RAPI_ERRF. */
  errorFlags: number;
  /** Templates of the senders, or filters of the reservation. */
  filters: readonly RapiFilter[];
  /** Tspecs of the senders (as many as filters), or the flowspec of the reservation. */
  flows: readonly (RapiTspec | RapiFlowspec | RapiEmpty)[];
  /** Adspecs of the senders (as many as filters). */
  adspecs: readonly (RapiAdspec | RapiEmpty)[];
}

/** Takes upcalls, during `dispatch` only. */
export type RapiEventRoutine = (event: RapiEvent, argument: unknown) => void;

/** A registration with a node as RAPI uses it: {@linkcode Session}, or one that stands for it elsewhere. */
export interface RapiNodeSession {
  /** Announces a sender, see {@linkcode Session.announce}. */
  announce(
    objects: readonly (ObjectInput | RsvpObject)[],
    options?: { ttl?: number; interface?: number; noAdspec?: boolean },
  ): unknown;
  /** Takes it back. */
  withdraw(): unknown;
  /** Reserves, see {@linkcode Session.request}. */
  request(
    style: "WF" | "FF" | "SE",
    objects: readonly (ObjectInput | RsvpObject)[],
    options?: { confirm?: boolean; interface?: number },
  ): unknown;
  /** Gives it up. */
  unreserve(): unknown;
  /** Ends it. */
  release(): unknown;
  /** Listens. */
  on(handler: (event: SessionEvent) => void): unknown;
}

/** Upcalls kept for a program that does not dispatch; the oldest are dropped and counted. */
const MAXIMUM_PENDING = 10_000;
const STYLES: Readonly<Record<string, number>> = {
  WF: RAPI_RSTYLE.WILDCARD,
  FF: RAPI_RSTYLE.FIXED,
  SE: RAPI_RSTYLE.SE,
};
/** ERROR_SPEC code of the application interface (RFC 2205 appendix B). */
const API_ERROR = 20;

/** What RAPI has a number for. All but the first are thrown where the node is in the same process. */
const API_ERRORS: Readonly<Record<number, number | undefined>> = {
  [STATUS.PORT_CONFLICT]: RAPI_ERR.BADSPORT,
  [STATUS.OUT_OF_MEMORY]: RAPI_ERR.MEMFULL,
  [STATUS.SENDER_LIMIT]: RAPI_ERR.MEMFULL,
  [STATUS.BAD_CALL]: RAPI_ERR.INVAL,
  [STATUS.TOO_MANY_OBJECTS]: RAPI_ERR.OVERFLOW,
};

interface KnownSender {
  filter: RapiFilter;
  tspec: RsvpObject | undefined;
  adspec: RsvpObject | undefined;
}

/** How a handle was opened. */
export interface RegistrationOptions {
  sid: number;
  address: SessionAddress;
  family: number;
  generalized: boolean;
  intServ: boolean;
  eventRoutine: RapiEventRoutine | undefined;
  argument: unknown;
  onPending: () => void;
}

/** One handle. */
export class Registration {
  readonly options: RegistrationOptions;
  /** Upcalls that were not dispatched in time. */
  dropped = 0;
  /** Style of the reservation that was asked for last; 0 for none. */
  style = 0;
  /** Whether a sender has been announced: then reservations are told of. */
  hasSender = false;
  #session: RapiNodeSession;
  #senders = new Map<string, KnownSender>();
  #pending: (RapiEvent | "senders")[] = [];
  #sendersPending = false;
  #calling: "sender" | "reserve" = "reserve";

  constructor(session: RapiNodeSession, options: RegistrationOptions) {
    this.#session = session;
    this.options = options;
    session.on((event) => this.#deliver(event));
  }

  /** Upcalls that wait. */
  get pending(): number {
    return this.#pending.length;
  }

  /** Carries out a call. What the session's other members make impossible is told as an upcall, as RSVP would. */
  call(kind: "sender" | "reserve", call: (session: RapiNodeSession) => unknown): void {
    this.#calling = kind;
    try {
      call(this.#session);
    } catch (error) {
      this.#refused(statusOf(error), error);
    }
  }

  /** An error that RAPI finds itself, as the upcall that it is. */
  apiError(kind: "sender" | "reserve", value: number, filters: readonly RapiFilter[] = []): void {
    const eventType = kind === "sender" ? RAPI_EVENT.PATH_ERROR : RAPI_EVENT.RESV_ERROR;
    this.#put({ ...this.#event(eventType), errorCode: API_ERROR, errorValue: value, filters });
  }

  /** Makes the upcalls that wait now; what comes in the meantime waits for the next time. */
  dispatch(): void {
    const { eventRoutine, argument } = this.options;
    for (let left = this.#pending.length; left > 0 && this.#pending.length > 0; left--) {
      const next = this.#pending.shift()!;
      if (next === "senders") this.#sendersPending = false;
      eventRoutine?.(next === "senders" ? this.#pathEvent() : next, argument);
    }
  }

  /** Ends it; upcalls that wait are dropped. */
  release(): void {
    this.#pending = [];
    this.#session.release();
  }

  #refused(status: number | undefined, error: unknown): void {
    if (status === STATUS.TOO_MANY_OBJECTS || error instanceof RangeError) {
      throw new RapiError("OVERFLOW", this.#calling === "reserve" ? "filters" : "sender", (error as Error).message);
    }
    if (status === undefined) throw error;
    if (status === STATUS.OUT_OF_MEMORY || status === STATUS.SENDER_LIMIT) {
      throw new RapiError("MEMFULL", this.#calling, (error as Error).message);
    }
    if (status === STATUS.BAD_CALL) throw new RapiError("INVAL", this.#calling, (error as Error).message);
    this.#told(status);
  }

  #told(status: number): void {
    const eventType = this.#calling === "sender" ? RAPI_EVENT.PATH_ERROR : RAPI_EVENT.RESV_ERROR;
    const own = API_ERRORS[status];
    const [errorCode, errorValue] = own === undefined ? [errorCodeOfStatus(status), 0] : [API_ERROR, own];
    this.#put({ ...this.#event(eventType), style: this.style, errorCode, errorValue });
  }

  #event(eventType: number): RapiEvent {
    return {
      sid: this.options.sid,
      eventType,
      style: 0,
      errorCode: 0,
      errorValue: 0,
      errorNode: "",
      errorFlags: 0,
      filters: [],
      flows: [],
      adspecs: [],
    };
  }

  #put(event: RapiEvent | "senders"): void {
    if (!this.options.eventRoutine) return;
    // The list is made when it is handed up, so that one upcall has everything that has changed by then.
    if (event === "senders" && this.#sendersPending) return;
    if (event === "senders") this.#sendersPending = true;
    this.#pending.push(event);
    if (this.#pending.length > MAXIMUM_PENDING) this.#dropOldest();
    this.options.onPending();
  }

  /** The list of senders is always told; of what else there is, the oldest goes. */
  #dropOldest(): void {
    this.#pending.splice(this.#pending[0] === "senders" ? 1 : 0, 1);
    this.dropped++;
  }

  #deliver(event: SessionEvent): void {
    switch (event.kind) {
      case "PATH_EVENT":
        return this.#senderChanged(event);
      case "RESV_EVENT":
        if (this.hasSender) this.#put(this.#reservation(event, RAPI_EVENT.RESV_EVENT));
        return;
      case "RESV_CONFIRM":
        return this.#put(this.#reservation(event, RAPI_EVENT.RESV_CONFIRM));
      case "RESV_ERROR":
        return this.#put({ ...this.#reservation(event, RAPI_EVENT.RESV_ERROR), ...errorOf(event) });
      case "PATH_ERROR":
        return this.#put({ ...this.#offendingSender(event), ...errorOf(event) });
      case "CALL_ERROR":
        // Only where calls are carried out later than they are made.
        return this.#told(event.errorValue);
    }
  }

  #senderChanged(event: SessionEvent): void {
    const template = findObject(event.objects, "SENDER_TEMPLATE");
    const filter = template && filterOf(template);
    if (!filter) return;
    const key = JSON.stringify(filter);
    const [tspec, adspec] = [findObject(event.objects, "SENDER_TSPEC"), findObject(event.objects, "ADSPEC")];
    if (event.gone) this.#senders.delete(key);
    else this.#senders.set(key, { filter, tspec, adspec });
    this.#put("senders");
  }

  #pathEvent(): RapiEvent {
    const { intServ } = this.options;
    const senders = [...this.#senders.values()];
    return {
      ...this.#event(RAPI_EVENT.PATH_EVENT),
      filters: senders.map(({ filter }) => filter),
      flows: senders.map(({ tspec }) => tspec ? tspecOf(tspec, intServ) : RAPI_EMPTY),
      adspecs: senders.map(({ adspec }) => adspec ? adspecOf(adspec, intServ) : RAPI_EMPTY),
    };
  }

  #reservation(event: SessionEvent, eventType: number): RapiEvent {
    const flowspec = event.gone ? undefined : findObject(event.objects, "FLOWSPEC");
    const filters = event.gone ? [] : filtersOf(event.objects, "FILTER_SPEC");
    return {
      ...this.#event(eventType),
      style: STYLES[event.style] ?? 0,
      filters,
      flows: flowspec ? [flowspecOf(flowspec, this.options.intServ)] : [],
    };
  }

  #offendingSender(event: SessionEvent): RapiEvent {
    const tspec = findObject(event.objects, "SENDER_TSPEC");
    return {
      ...this.#event(RAPI_EVENT.PATH_ERROR),
      filters: filtersOf(event.objects, "SENDER_TEMPLATE"),
      flows: tspec ? [tspecOf(tspec, this.options.intServ)] : [],
    };
  }
}

function errorOf(event: SessionEvent): Pick<RapiEvent, "errorCode" | "errorValue" | "errorNode" | "errorFlags"> {
  const { errorCode, errorValue, errorNode, inPlace, notGuilty } = event;
  const errorFlags = (inPlace ? RAPI_ERRF.IN_PLACE : 0) | (notGuilty ? RAPI_ERRF.NOT_GUILTY : 0);
  return { errorCode, errorValue, errorNode, errorFlags };
}

function filtersOf(objects: readonly RsvpObject[], name: "FILTER_SPEC" | "SENDER_TEMPLATE"): RapiFilter[] {
  return objects.filter((object) => object.name === name).flatMap((object) => filterOf(object) ?? []);
}

/** STATUS with which the engine refused; undefined if the error is another. */
export function statusOf(error: unknown): number | undefined {
  const { name, code } = error as { name?: string; code?: number };
  return name === "ResvError" && typeof code === "number" ? code : undefined;
}
