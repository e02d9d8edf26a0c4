/**
 * What one session of a client stands for, so that it can be asked for again when the service was away: its registration,
 * its sender, its reservation; and what was heard in it, so that what does not come again can be taken back. That is soft
 * state (RFC 2205 2.3) between an application and its service.
 */
import type { SessionEvent } from "../application.ts";
import { CALL_KIND, CALL_OPTION, type CallInput } from "../boundary.gen.ts";
import { findObject } from "../object_list.ts";
import type { Session } from "../session.ts";
import type { Line } from "./protocol.ts";

/** Something heard that stands until it is taken back: a sender, or a reservation for this session's sender. */
interface Heard {
  event: SessionEvent;
  /** The event's objects as they came. */
  objects: string;
  /** The connection over which it came is gone, and it has not come again. */
  stale: boolean;
}

/** A session's standing calls and what was heard in it. */
export class StandingSession {
  readonly session: Session;
  #registration: CallInput | undefined;
  #sender: CallInput | undefined;
  #reservation: CallInput | undefined;
  readonly #heard = new Map<string, Heard>();

  constructor(session: Session) {
    this.session = session;
  }

  /** Notes a call. The result takes it back where the service refuses it: then what stood before still stands. */
  note(record: CallInput): () => void {
    switch (record.call) {
      case CALL_KIND.SESSION:
        this.#registration = record;
        return () => {};
      case CALL_KIND.SENDER: {
        const before = this.#sender;
        const now = this.#sender = record.objects?.length ? record : undefined;
        return () => void (this.#sender === now && (this.#sender = before));
      }
      case CALL_KIND.RESERVE: {
        const before = this.#reservation;
        const now = this.#reservation = record.style ? record : undefined;
        return () => void (this.#reservation === now && (this.#reservation = before));
      }
      default:
        return () => {};
    }
  }

  /** The calls that make it what it is, in the order in which they are to be made. */
  calls(): CallInput[] {
    return [this.#registration, this.#sender, this.#reservation].filter((record) => record !== undefined);
  }

  /** Takes note of an upcall; false if it says what was known before the service went away, and nobody needs to hear it. */
  hears(event: SessionEvent, line: Line): boolean {
    if (event.kind === "RESV_CONFIRM" || event.kind === "RESV_ERROR") this.#answered();
    const key = keyOf(event);
    if (key === undefined) return true;
    const known = this.#heard.get(key);
    if (event.gone) this.#heard.delete(key);
    else this.#heard.set(key, { event, objects: String(line.objects), stale: false });
    return event.gone || !known?.stale || known.objects !== line.objects;
  }

  /** The service has gone: what was heard has to come again. */
  markStale(): void {
    for (const heard of this.#heard.values()) heard.stale = true;
  }

  /** Takes back what has not come again, and returns it as the events that say so. */
  expire(): SessionEvent[] {
    const gone: SessionEvent[] = [];
    for (const [key, { event, stale }] of this.#heard) {
      if (!stale) continue;
      this.#heard.delete(key);
      // As the engine tells of it: which sender, and not what it announced.
      const sender = event.objects.filter(({ name }) => name === "SESSION" || name === "SENDER_TEMPLATE");
      gone.push({ ...event, objects: event.kind === "PATH_EVENT" ? sender : event.objects, gone: true });
    }
    return gone;
  }

  /** A confirmation is asked for once; a service that comes back is not asked for one that has come. */
  #answered(): void {
    const record = this.#reservation;
    if (!record?.options) return;
    this.#reservation = { ...record, options: record.options & ~CALL_OPTION.CONFIRM };
  }
}

function keyOf(event: SessionEvent): string | undefined {
  if (event.kind === "RESV_EVENT") return "reservation";
  if (event.kind !== "PATH_EVENT") return undefined;
  const template = findObject(event.objects, "SENDER_TEMPLATE");
  if (!template || !("sourceAddress" in template)) return undefined;
  return `${template.sourceAddress} ${"sourcePort" in template ? template.sourcePort : 0}`;
}
