/**
 * Tells of what may happen thousands of times a second without drowning in it: the first of each kind at once, how many
 * more there were every ten seconds. Counters have them all.
 */
import type { Clock, TimerHandle } from "../clock.ts";
import type { Log, LogValues } from "./log.ts";

/** A kind is told again after so long. */
export const REPEATED_LOG_INTERVAL_MS = 10_000;
/** Kinds that are kept apart at one time; more are not told, for who sends junk must not fill memory. */
const MAXIMUM_KINDS = 256;

interface Kind {
  /** Since it was told last. */
  more: number;
  message: string;
  values: LogValues;
}

/** Warnings of one node. */
export class RepeatedLog {
  #log: Log;
  #clock: Clock;
  #kinds = new Map<string, Kind>();
  #timer: TimerHandle | undefined;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** It has happened, once more. */
  add(kind: string, message: string, values: LogValues): void {
    const known = this.#kinds.get(kind);
    if (known) {
      known.more++;
      known.message = message;
      known.values = values;
      return;
    }
    if (this.#kinds.size >= MAXIMUM_KINDS) return;
    this.#kinds.set(kind, { more: 0, message, values });
    this.#log.warning(message, { reason: kind, ...values });
    this.#arm();
  }

  /** Tells what is not told yet, and no more. */
  close(): void {
    this.#tell();
    if (this.#timer !== undefined) this.#clock.cancel(this.#timer);
    this.#timer = undefined;
    this.#kinds.clear();
  }

  #arm(): void {
    this.#timer ??= this.#clock.schedule(this.#clock.nowMs() + REPEATED_LOG_INTERVAL_MS, () => {
      this.#timer = undefined;
      this.#tell();
      if (this.#kinds.size > 0) this.#arm();
    });
  }

  /** What has not happened again is forgotten, and would be told at once. */
  #tell(): void {
    for (const [kind, entry] of this.#kinds) {
      if (entry.more === 0) {
        this.#kinds.delete(kind);
        continue;
      }
      this.#log.warning(`${entry.message} ({count} more)`, { count: entry.more, reason: kind, ...entry.values });
      entry.more = 0;
    }
  }
}
