/** What `resv receive` counts: packets, bytes, loss and delay, of all senders together and in intervals. */
import type { Frame } from "./traffic_frame.ts";

/** Figures of a time, or of everything. */
export interface Figures {
  packets: number;
  /** IP bytes: with the headers that the token bucket counts too (RFC 2210 3.1). */
  bytes: number;
  lost: number;
  /** Came after a later one. */
  late: number;
  duplicate: number;
  /** Undefined before the first packet. */
  delay?: { leastMs: number; meanMs: number; mostMs: number; jitterMs: number };
}

/** Numbers of a run that are remembered, so that a late packet is told from one that came twice. */
const WINDOW = 4096;

interface Run {
  first: number;
  highest: number;
  received: number;
  seen: Set<number>;
  /** Interarrival jitter and the transit before (RFC 3550 6.4.1). */
  jitterMs: number;
  transitMs: number;
  /** How many there were, once the run has said so. */
  total?: number;
}

/** Counts. */
export class TrafficMeter {
  #runs = new Map<number, Run>();
  #all = empty();
  #interval = empty();
  #lostBefore = 0;

  /** A packet has arrived. `bytes` are those of IP. */
  arrive(frame: Frame, bytes: number, nowMs: number): void {
    const run = this.#runs.get(frame.run) ?? this.#begin(frame);
    if (frame.last) return void (run.total = frame.number);
    const late = frame.number < run.highest;
    const duplicate = run.seen.has(frame.number) || frame.number < run.highest - WINDOW;
    if (duplicate) {
      this.#all.duplicate++;
      return void this.#interval.duplicate++;
    }
    this.#remember(run, frame.number);
    run.received++;
    const transitMs = nowMs - frame.sentMs;
    if (run.received > 1) run.jitterMs += (Math.abs(transitMs - run.transitMs) - run.jitterMs) / 16;
    run.transitMs = transitMs;
    for (const figures of [this.#all, this.#interval]) {
      figures.packets++;
      figures.bytes += bytes;
      if (late) figures.late++;
      figures.sumMs += transitMs;
      figures.leastMs = Math.min(figures.leastMs, transitMs);
      figures.mostMs = Math.max(figures.mostMs, transitMs);
    }
  }

  /** Whether every run that was heard of has ended. */
  get ended(): boolean {
    return this.#runs.size > 0 && [...this.#runs.values()].every(({ total }) => total !== undefined);
  }

  /** Everything so far. */
  total(): Figures {
    return this.#figures(this.#all, this.#lost());
  }

  /** What came since the last call. */
  interval(): Figures {
    const lost = this.#lost();
    const figures = this.#figures(this.#interval, Math.max(0, lost - this.#lostBefore));
    this.#interval = empty();
    this.#lostBefore = lost;
    return figures;
  }

  #begin(frame: Frame): Run {
    const { number } = frame;
    // A run whose beginning was missed is counted from where it was heard; one that was only ended had nothing arrive.
    const first = frame.last ? 0 : number;
    const run = { first, highest: first - 1, received: 0, seen: new Set<number>(), jitterMs: 0, transitMs: 0 };
    this.#runs.set(frame.run, run);
    return run;
  }

  #remember(run: Run, number: number): void {
    run.first = Math.min(run.first, number);
    run.highest = Math.max(run.highest, number);
    run.seen.add(number);
    if (run.seen.size > 2 * WINDOW) run.seen = new Set([...run.seen].filter((one) => one >= run.highest - WINDOW));
  }

  #lost(): number {
    let lost = 0;
    for (const { first, highest, received, total } of this.#runs.values()) {
      lost += (total === undefined ? highest + 1 : total) - first - received;
    }
    return Math.max(0, lost);
  }

  #figures({ packets, bytes, late, duplicate, sumMs, leastMs, mostMs }: Sums, lost: number): Figures {
    const jitterMs = Math.max(0, ...[...this.#runs.values()].map((run) => run.jitterMs));
    const delay = packets === 0 ? {} : { delay: { leastMs, meanMs: sumMs / packets, mostMs, jitterMs } };
    return { packets, bytes, lost, late, duplicate, ...delay };
  }
}

interface Sums {
  packets: number;
  bytes: number;
  late: number;
  duplicate: number;
  sumMs: number;
  leastMs: number;
  mostMs: number;
}

function empty(): Sums {
  return { packets: 0, bytes: 0, late: 0, duplicate: 0, sumMs: 0, leastMs: Infinity, mostMs: -Infinity };
}
