/**
 * Installs and removals that wait for the kernel. What comes in one turn of the loop is done together; of more, as many at
 * a time as take about as long as others can wait, because signalling goes on in the same thread.
 */
import type { InstallRequest, TrafficControlAnswer } from "../../traffic_control/traffic_control.ts";

/** Something to do. An install has to be answered, once. */
export type Job =
  | { kind: "INSTALL"; request: InstallRequest; answer: (answer: TrafficControlAnswer) => void; answered: boolean }
  | { kind: "REMOVE"; handle: number; interface: number };

/** In one turn, at the most: so many requests fill about three sends. */
const MOST_JOBS = 128;
const FEWEST_JOBS = 8;
/** A turn that took longer is followed by a smaller one; one that took less than half of it by a larger one. */
const TURN_MS = 10;

/** What {@linkcode JobQueue} calls. */
export interface JobWorker {
  /** Does them, in order. A promise if it has to wait for something; promises of later calls must not end before it. */
  work(jobs: readonly Job[]): Promise<void> | undefined;
  /** `work` threw or rejected. */
  failed(jobs: readonly Job[], error: Error): void;
  /** Nothing is left to do. */
  idle(): void;
}

/** The queue of one traffic control. */
export class JobQueue {
  #worker: JobWorker;
  #jobs: Job[] = [];
  #working = false;
  #size = MOST_JOBS;
  /** Reservations whose jobs wait for something. */
  #unfinished = new Set<number>();
  /** Ends with the last of those; they end in order. */
  #last: Promise<void> = Promise.resolve();

  constructor(worker: JobWorker) {
    this.#worker = worker;
  }

  /** Is done after what runs now. */
  push(job: Job): void {
    this.#jobs.push(job);
    if (this.#working) return;
    this.#working = true;
    queueMicrotask(() => this.#work());
  }

  /** Forgets what waits. */
  clear(): void {
    this.#jobs = [];
  }

  async #work(): Promise<void> {
    while (this.#jobs.length > 0) {
      const jobs = this.#next();
      // The first of them is for a reservation whose last change is not done.
      if (jobs.length === 0) await this.#last;
      else this.#begin(jobs);
      if (this.#jobs.length > 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    this.#working = false;
    this.#worker.idle();
  }

  #begin(jobs: readonly Job[]): void {
    const startMs = performance.now();
    try {
      const waiting = this.#worker.work(jobs);
      this.#fit(performance.now() - startMs);
      if (waiting) this.#await(jobs, waiting);
    } catch (error) {
      this.#worker.failed(jobs, error as Error);
    }
  }

  /** Goes on with others meanwhile. */
  #await(jobs: readonly Job[], waiting: Promise<void>): void {
    const handles = jobs.map(handleOf);
    for (const handle of handles) this.#unfinished.add(handle);
    this.#last = waiting.catch((error) => this.#worker.failed(jobs, error as Error)).then(() => {
      for (const handle of handles) this.#unfinished.delete(handle);
    });
  }

  /** As many as go together: no reservation twice, for the second builds on what becomes of the first. */
  #next(): Job[] {
    const seen = new Set<number>();
    let count = 0;
    for (; count < Math.min(this.#jobs.length, this.#size); count++) {
      const handle = handleOf(this.#jobs[count]);
      if (seen.has(handle) || this.#unfinished.has(handle)) break;
      seen.add(handle);
    }
    return this.#jobs.splice(0, count);
  }

  #fit(tookMs: number): void {
    if (tookMs > TURN_MS) this.#size = Math.max(FEWEST_JOBS, this.#size >> 1);
    else if (tookMs < TURN_MS / 2) this.#size = Math.min(MOST_JOBS, this.#size << 1);
  }
}

function handleOf(job: Job): number {
  return job.kind === "INSTALL" ? job.request.handle : job.handle;
}
