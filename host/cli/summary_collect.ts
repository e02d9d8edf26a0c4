/**
 * Counts what a capture holds: messages by type, and for every session its senders, reservations, refreshes and errors.
 * It counts what the messages say and judges nothing; memory grows with the sessions, not with the messages.
 */
import type { CapturedMessage } from "../capture.ts";
import type { Codec, Message } from "../codec.ts";
import { MESSAGE_NAMES } from "../messages.gen.ts";
import { type AnyObject, describeError, describeFlow, describeMessage, describeSender, nameOf } from "./describe.ts";
import type { LadderEvent } from "./ladder.ts";
import { sessionName } from "./session_name.ts";

/** Of each session so many messages are kept for its ladder. */
const LADDER_MESSAGES = 200;

/** Something that is refreshed: a sender as one hop announces it, or a reservation as one hop asks for it. */
export interface RefreshedState {
  /** The sender; of a reservation its style and the senders that it is for. */
  readonly name: string;
  /** Who says so (RSVP_HOP); empty if the message has none. */
  readonly hop: string;
  /** `250 kB/s`, as announced or asked for last. */
  detail: string;
  /** Messages that set it up or refreshed it. */
  messages: number;
  /** Messages that tore it down. */
  teardowns: number;
  /** The refresh period R that it announced last; undefined if it never did. */
  refreshPeriodMs?: number;
  /** Mean time between two messages; undefined of fewer than two. */
  observedIntervalMs?: number;
}

/** An error as one node reported it. */
export interface ReportedError {
  readonly message: string;
  readonly text: string;
  count: number;
}

/** All of one session. */
export interface SessionSummary {
  readonly session: string;
  messages: number;
  readonly types: Record<string, number>;
  readonly firstSeconds: number;
  lastSeconds: number;
  senders: RefreshedState[];
  reservations: RefreshedState[];
  errors: ReportedError[];
}

/** All of the captures. */
export interface Summary {
  frames: number;
  unknownLinkFrames: number;
  messages: number;
  bytes: number;
  /** Seconds since 1970 of first and last message; undefined if there is none. */
  firstSeconds?: number;
  lastSeconds?: number;
  /** Messages inside Bundles count by their own type too. */
  types: Record<string, number>;
  badChecksums: number;
  /** Messages that cannot be taken apart, by reason. */
  broken: Record<string, number>;
  /** Things wrong with messages that could be read, by reason. */
  problems: Record<string, number>;
  /** Messages without a session: Hello, Srefresh, Ack and the like. */
  withoutSession: number;
  sessions: SessionSummary[];
}

interface Seen extends RefreshedState {
  firstMs: number;
  lastMs: number;
}

/** A session while it is counted. */
interface SessionCounts extends Omit<SessionSummary, "senders" | "reservations" | "errors"> {
  readonly senders: Map<string, Seen>;
  readonly reservations: Map<string, Seen>;
  readonly errors: Map<string, ReportedError>;
  readonly events: SessionEvent[];
}

/** A message of a ladder; hosts by address. */
export interface SessionEvent extends Omit<LadderEvent, "from" | "to"> {
  readonly source: string;
  readonly destination: string;
}

const secondsOf = ({ seconds, nanoseconds }: CapturedMessage) => seconds + nanoseconds / 1e9;
const find = (objects: readonly AnyObject[], name: string) => objects.find((object) => object.name === name);

function countUp(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** Takes messages, one after the other. */
export class SummaryCollector {
  frames = 0;
  unknownLinkFrames = 0;
  #ladders: boolean;
  #totals: Omit<Summary, "sessions" | "frames" | "unknownLinkFrames"> = {
    messages: 0,
    bytes: 0,
    types: {},
    badChecksums: 0,
    broken: {},
    problems: {},
    withoutSession: 0,
  };
  #sessions = new Map<string, SessionCounts>();

  /** @param options `ladders`: keeps the first messages of every session */
  constructor(options: { ladders: boolean }) {
    this.#ladders = options.ladders;
  }

  /** Counts one message; `result` is what the codec made of it. */
  take(captured: CapturedMessage, result: ReturnType<Codec["tryDecode"]>): void {
    const totals = this.#totals, seconds = secondsOf(captured);
    totals.messages++;
    totals.bytes += captured.payload.length;
    totals.firstSeconds = Math.min(totals.firstSeconds ?? seconds, seconds);
    totals.lastSeconds = Math.max(totals.lastSeconds ?? seconds, seconds);
    if (result.ok) return this.#takeMessage(captured, result.message);
    const type = captured.payload[1];
    countUp(totals.types, type === undefined ? "UNKNOWN" : MESSAGE_NAMES[type] ?? `type ${type}`);
    countUp(totals.broken, result.status);
  }

  /** What was counted, as plain values; sessions with most messages first. */
  summary(): Summary {
    const sessions = [...this.#sessions.values()].map((
      { events: _events, senders, reservations, errors, ...counts },
    ) => ({
      ...counts,
      senders: [...senders.values()].map(withInterval),
      reservations: [...reservations.values()].map(withInterval),
      errors: [...errors.values()],
    }));
    sessions.sort((a, b) => b.messages - a.messages || a.firstSeconds - b.firstSeconds);
    return { frames: this.frames, unknownLinkFrames: this.unknownLinkFrames, ...this.#totals, sessions };
  }

  /** The first messages of a session, for its ladder. */
  eventsOf(session: string): readonly SessionEvent[] {
    return this.#sessions.get(session)?.events ?? [];
  }

  #takeMessage(captured: CapturedMessage, message: Message): void {
    const totals = this.#totals;
    const name = message.message === "UNKNOWN" ? `type ${message.type}` : message.message;
    countUp(totals.types, name);
    if (message.checksum === "bad") totals.badChecksums++;
    for (const { status } of message.problems ?? []) countUp(totals.problems, status);
    const objects = message.objects as readonly AnyObject[];
    const session = find(objects, "SESSION");
    if (session !== undefined) this.#takeSession(captured, name, objects, session);
    else if (message.messages === undefined) totals.withoutSession++;
    for (const bundled of message.messages ?? []) {
      if ("bytes" in bundled) countUp(totals.broken, "IN_BUNDLE");
      else this.#takeMessage(captured, bundled);
    }
  }

  #takeSession(captured: CapturedMessage, name: string, objects: readonly AnyObject[], object: AnyObject): void {
    const key = sessionName(object), seconds = secondsOf(captured);
    let session = this.#sessions.get(key);
    if (session === undefined) {
      const maps = { senders: new Map(), reservations: new Map(), errors: new Map(), events: [] };
      session = { session: key, messages: 0, types: {}, firstSeconds: seconds, lastSeconds: seconds, ...maps };
      this.#sessions.set(key, session);
    }
    session.messages++;
    session.lastSeconds = seconds;
    countUp(session.types, name);
    if (name === "Path" || name === "PathTear") takeSender(session, name === "PathTear", objects, seconds);
    if (name === "Resv" || name === "ResvTear") takeReservation(session, name === "ResvTear", objects, seconds);
    if (name === "PathErr" || name === "ResvErr") takeError(session, name, objects);
    if (!this.#ladders || session.events.length >= LADDER_MESSAGES) return;
    const { source, destination } = captured;
    session.events.push({
      timeMs: seconds * 1000,
      source,
      destination,
      label: name,
      detail: describeMessage({ objects }),
    });
  }
}

function takeSender(session: SessionCounts, tear: boolean, objects: readonly AnyObject[], seconds: number): void {
  const template = find(objects, "SENDER_TEMPLATE"), tspec = find(objects, "SENDER_TSPEC");
  const name = template === undefined ? "sender unknown" : describeSender(template);
  takeState(session.senders, name, tspec === undefined ? "" : describeFlow(tspec), tear, objects, seconds);
}

function takeReservation(session: SessionCounts, tear: boolean, objects: readonly AnyObject[], seconds: number): void {
  const style = find(objects, "STYLE"), styleName = style ? nameOf("style", style.optionVector) : "without STYLE";
  const filters = objects.filter(({ name }) => name === "FILTER_SPEC").map(describeSender).join(", ");
  const flows = new Set(objects.filter(({ name }) => name === "FLOWSPEC").map(describeFlow));
  const name = `${styleName} for ${filters || "any sender"}`;
  takeState(session.reservations, name, [...flows].join(", "), tear, objects, seconds);
}

function takeState(
  states: Map<string, Seen>,
  name: string,
  detail: string,
  tear: boolean,
  objects: readonly AnyObject[],
  seconds: number,
): void {
  const hop = String(find(objects, "RSVP_HOP")?.hopAddress ?? ""), key = `${name} ${hop}`, nowMs = seconds * 1000;
  let state = states.get(key);
  if (state === undefined) {
    states.set(key, state = { name, hop, detail, messages: 0, teardowns: 0, firstMs: nowMs, lastMs: nowMs });
  }
  if (tear) {
    state.teardowns++;
    return;
  }
  if (state.messages++ === 0) state.firstMs = nowMs;
  state.lastMs = nowMs;
  state.detail = detail;
  const period = find(objects, "TIME_VALUES")?.refreshPeriodMs;
  if (period !== undefined) state.refreshPeriodMs = period;
}

function takeError(session: SessionCounts, message: string, objects: readonly AnyObject[]): void {
  const spec = find(objects, "ERROR_SPEC");
  const text = spec === undefined ? "without ERROR_SPEC" : describeError(spec), key = `${message} ${text}`;
  const known = session.errors.get(key);
  if (known) known.count++;
  else session.errors.set(key, { message, text, count: 1 });
}

function withInterval({ firstMs, lastMs, ...state }: Seen): RefreshedState {
  if (state.messages < 2) return state;
  return { ...state, observedIntervalMs: Math.round((lastMs - firstMs) / (state.messages - 1)) };
}
