/** Traffic control without a kernel: keeps what is installed, and refuses, delays or loses what a test wants. */
import type { Clock } from "../clock.ts";
import type {
  InstallRequest,
  ReservationLostHandler,
  TrafficControl,
  TrafficControlAnswer,
} from "./traffic_control.ts";

export interface MemoryTrafficControlOptions {
  /** Decides on each install; without it, or where it returns nothing, everything is granted. */
  decide?: (request: InstallRequest) => TrafficControlAnswer | undefined;
  /** Answers come this much later, as a kernel's would; needs `clock`. */
  delayMs?: number;
  clock?: Clock;
}

export class MemoryTrafficControl implements TrafficControl {
  /** What stands, by handle. */
  readonly installed: Map<number, InstallRequest> = new Map();
  /** Installs refused so far. */
  refused = 0;
  #options: MemoryTrafficControlOptions;
  #onLost: ReservationLostHandler = () => {};

  constructor(options: MemoryTrafficControlOptions = {}) {
    if (options.delayMs && !options.clock) throw new RangeError("delayMs needs a clock");
    this.#options = options;
  }

  install(request: InstallRequest, answer: (answer: TrafficControlAnswer) => void): void {
    const { delayMs, clock } = this.#options;
    if (!delayMs || !clock) return answer(this.#decide(request));
    clock.schedule(clock.nowMs() + delayMs, () => answer(this.#decide(request)));
  }

  remove(handle: number, _interfaceHandle: number): void {
    this.installed.delete(handle);
  }

  onLost(handler: ReservationLostHandler): void {
    this.#onLost = handler;
  }

  /** Takes a standing reservation away, as a kernel or an operator might; returns whether it stood. */
  lose(handle: number, answer: Omit<TrafficControlAnswer, "ok"> = {}): boolean {
    const request = this.installed.get(handle);
    if (!request) return false;
    this.installed.delete(handle);
    this.#onLost(handle, request.generation, { ok: false, ...answer });
    return true;
  }

  close(): void {
    this.installed.clear();
    this.#onLost = () => {};
  }

  #decide(request: InstallRequest): TrafficControlAnswer {
    const answer = this.#options.decide?.(request) ?? { ok: true };
    if (answer.ok) this.installed.set(request.handle, request);
    else this.refused++;
    return answer;
  }
}
