/** Time as the host sees it: monotonic milliseconds and wake-ups, real or virtual. The engine itself has no clock. */

/** Names a scheduled call; only its clock looks inside. */
export type TimerHandle = unknown;

/**
 * What a node needs of time. {@linkcode SystemClock} and {@linkcode VirtualClock} are two; a third need only never go
 * backwards.
 */
export interface Clock {
  /** Monotonic milliseconds; the origin does not matter, going backwards is not allowed. */
  nowMs(): number;
  /** Unix time in milliseconds when `nowMs` was 0; absent where time is virtual. */
  readonly unixEpochMs?: number;
  /** Calls once at `atMs` or as soon after as possible; at once (but not before returning) if that is past. */
  schedule(atMs: number, callback: () => void): TimerHandle;
  /** Takes a scheduled call back; does nothing if it has been made. */
  cancel(handle: TimerHandle): void;
}

/** setTimeout takes no more than this; a longer wait wakes early, and who waits looks at the clock again. */
const MAXIMUM_TIMEOUT_MS = 0x7fffffff;

/** Settings of a {@linkcode SystemClock}. */
export interface SystemClockOptions {
  /** Wake-ups are moved up to this much later, onto a multiple of it, so that several fall together. 0 by default. */
  coalesceMs?: number;
  /** True if a pending wake-up alone should not keep the process alive. */
  unref?: boolean;
}

/**
 * The clock of the machine: `performance.now()` and `setTimeout`. Nodes use it unless they are given another.
 *
 * @example
 * ```ts
 * import { SystemClock } from "@resv/resv";
 *
 * const clock = new SystemClock({ coalesceMs: 5 });
 * const startMs = clock.nowMs();
 * await new Promise<void>((resolve) => clock.schedule(startMs + 20, resolve));
 * console.log(clock.nowMs() - startMs >= 20); // true
 * ```
 */
export class SystemClock implements Clock {
  #coalesceMs: number;
  #unref: boolean;

  /** Many may live side by side; they tell the same time. */
  constructor(options: SystemClockOptions = {}) {
    this.#coalesceMs = options.coalesceMs ?? 0;
    this.#unref = options.unref ?? false;
  }

  /** When the program started. */
  get unixEpochMs(): number {
    return performance.timeOrigin;
  }

  /** Milliseconds since the program started, with fractions. */
  nowMs(): number {
    return performance.now();
  }

  /** Calls at `atMs` or up to `coalesceMs` later; waits of more than 24 days wake early. */
  schedule(atMs: number, callback: () => void): TimerHandle {
    const at = this.#coalesceMs > 0 ? Math.ceil(atMs / this.#coalesceMs) * this.#coalesceMs : atMs;
    // Rounded up: a wake-up a fraction of a millisecond early would only find nothing due and sleep again.
    const delay = Math.min(MAXIMUM_TIMEOUT_MS, Math.max(0, Math.ceil(at - this.nowMs())));
    const timer = setTimeout(callback, delay);
    if (this.#unref) unrefTimer(timer);
    return timer;
  }

  /** Takes a scheduled call back. */
  cancel(handle: TimerHandle): void {
    clearTimeout(handle as ReturnType<typeof setTimeout>);
  }
}

/** Deno has numbers for timers and a function, Node has objects with a method; browsers need neither. */
function unrefTimer(timer: unknown): void {
  if (typeof timer === "object" && timer !== null) (timer as { unref?: () => void }).unref?.();
  else (globalThis as { Deno?: { unrefTimer?: (id: number) => void } }).Deno?.unrefTimer?.(timer as number);
}

class Scheduled {
  readonly at: number;
  callback: (() => void) | undefined;
  /** The call that was scheduled next for the same time. */
  next: Scheduled | undefined = undefined;
  /** In the first of a chain: its last. */
  last: Scheduled | undefined = undefined;

  constructor(at: number, callback: () => void) {
    this.at = at;
    this.callback = callback;
  }
}

/**
 * Virtual time: a queue of calls ordered by time, then by the order in which they were scheduled, so that a run is the
 * same every time. Time stands still unless `step` or `advance` move it.
 *
 * @example
 * ```ts
 * import { VirtualClock } from "@resv/resv";
 *
 * const clock = new VirtualClock();
 * clock.schedule(30_000, () => console.log(`refresh at ${clock.nowMs()}`)); // refresh at 30000
 * clock.advance(45_000);
 * console.log(clock.nowMs(), clock.pending); // 45000 0
 * ```
 */
export class VirtualClock implements Clock {
  #now: number;
  /** The first call of every time for which there is one: a network has far more calls than times. */
  #heap: Scheduled[] = [];
  #chains = new Map<number, Scheduled>();
  #pending = 0;

  /** Starts at `startMs` milliseconds. */
  constructor(startMs = 0) {
    this.#now = startMs;
  }

  /** Milliseconds of virtual time. */
  nowMs(): number {
    return this.#now;
  }

  /** Calls that are waiting. */
  get pending(): number {
    return this.#pending;
  }

  /** Has a call made when time comes to `atMs`; now, at the next step, if that is past. */
  schedule(atMs: number, callback: () => void): TimerHandle {
    const at = Math.max(atMs, this.#now);
    const entry = new Scheduled(at, callback);
    this.#pending++;
    const first = this.#chains.get(at);
    if (first) {
      first.last = (first.last ?? first).next = entry;
    } else {
      this.#chains.set(at, entry);
      this.#push(entry);
    }
    return entry;
  }

  /** Takes a scheduled call back. */
  cancel(handle: TimerHandle): void {
    const entry = handle as Scheduled;
    // The entry stays where it is and is skipped when its time comes: cheaper than finding it.
    if (entry.callback) this.#pending--;
    entry.callback = undefined;
  }

  /** When the next call is due; Infinity if none waits. */
  nextMs(): number {
    while (this.#heap.length > 0 && !this.#heap[0].callback) this.#take();
    return this.#heap.length > 0 ? this.#heap[0].at : Infinity;
  }

  /** Makes the next call if it is due by `limitMs`, a time and not a wait, and says whether there was one. */
  step(limitMs = Infinity): boolean {
    if (this.nextMs() > limitMs) return false;
    const entry = this.#take();
    if (!entry) return false;
    this.#now = entry.at;
    this.#pending--;
    const callback = entry.callback!;
    entry.callback = undefined;
    callback();
    return true;
  }

  /** Makes every call that is due in the next `ms` milliseconds; afterwards it is exactly that much later. */
  advance(ms: number): void {
    const end = this.#now + ms;
    while (this.step(end));
    this.#now = end;
  }

  /** Takes the earliest call out. The next one of the same time takes its place without a search. */
  #take(): Scheduled | undefined {
    const first = this.#heap[0];
    if (!first) return undefined;
    const { next } = first;
    if (!next) {
      this.#chains.delete(first.at);
      return this.#pop();
    }
    if (next !== first.last) next.last = first.last;
    this.#heap[0] = next;
    this.#chains.set(first.at, next);
    first.next = first.last = undefined;
    return first;
  }

  #push(entry: Scheduled): void {
    const heap = this.#heap;
    let i = heap.push(entry) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (entry.at >= heap[parent].at) break;
      heap[i] = heap[parent];
      i = parent;
    }
    heap[i] = entry;
  }

  #pop(): Scheduled | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (!last || heap.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1].at < heap[child].at) child++;
      if (heap[child].at >= last.at) break;
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

/** Another clock whose calls are made at multiples of some milliseconds, so that those due about the same time fall together. */
export class CoarseClock implements Clock {
  #clock: Clock;
  #granularityMs: number;

  constructor(clock: Clock, granularityMs: number) {
    this.#clock = clock;
    this.#granularityMs = granularityMs;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  schedule(atMs: number, callback: () => void): TimerHandle {
    return this.#clock.schedule(Math.ceil(atMs / this.#granularityMs) * this.#granularityMs, callback);
  }

  cancel(handle: TimerHandle): void {
    this.#clock.cancel(handle);
  }
}
