/** Traffic control without a kernel: keeps what is installed, and refuses, delays or loses what a test wants. */
import type { Clock } from "../clock.ts";
import type {
  InstallRequest,
  ReservationLostHandler,
  TrafficControl,
  TrafficControlAnswer,
} from "./traffic_control.ts";

/** What a {@linkcode MemoryTrafficControl} does with requests. */
export interface MemoryTrafficControlOptions {
  /** Decides on each install; without it, or where it returns nothing, everything is granted. */
  decide?: (request: InstallRequest) => TrafficControlAnswer | undefined;
  /** Answers come this much later, as a kernel's would; needs `clock`. */
  delayMs?: number;
  /** The clock of the node. */
  clock?: Clock;
}

/**
 * Traffic control without a kernel: keeps what is installed, and refuses, delays or loses what a test wants.
 *
 * @example A router refuses more than it likes; the receiver is told (RFC 2205 3.5)
 * ```ts
 * import { Network } from "@resv/resv";
 *
 * const network = new Network();
 * const alice = network.host("alice"), bob = network.host("bob");
 * const r1 = network.router("r1", {
 *   trafficControl: {
 *     decide: ({ rateBytesPerSecond }) => rateBytesPerSecond > 50_000 ? { ok: false, errorValue: 2 } : undefined,
 *   },
 * });
 * network.link(alice, r1);
 * network.link(r1, bob);
 * const session = { destination: bob.address, port: 5004 };
 * alice.send(session, { tokenBucketRateBytesPerSecond: 100_000 });
 * const receiver = bob.receive(session, { style: "WF" });
 * receiver.on(({ kind, errorCode, errorValue }) => {
 *   if (kind === "RESV_ERROR") console.log(kind, errorCode, errorValue); // RESV_ERROR 1 2
 * });
 * network.settle();
 * console.log(r1.trafficControl.refused); // 1
 * ```
 */
export class MemoryTrafficControl implements TrafficControl {
  /** What stands, by handle. */
  readonly installed: Map<number, InstallRequest> = new Map();
  /** Installs refused so far. */
  refused = 0;
  #options: MemoryTrafficControlOptions;
  #onLost: ReservationLostHandler = () => {};
  /** Requests that wait for their delayed answer, by handle. */
  #waiting = new Map<number, InstallRequest>();

  /** Grants everything at once, without options. @throws {RangeError} if there is a delay and no clock. */
  constructor(options: MemoryTrafficControlOptions = {}) {
    if (options.delayMs && !options.clock) throw new RangeError("delayMs needs a clock");
    this.#options = options;
  }

  /** Grants or refuses, now or after the delay; what is granted is in `installed`. */
  install(request: InstallRequest, answer: (answer: TrafficControlAnswer) => void): void {
    const { delayMs, clock } = this.#options;
    if (!delayMs || !clock) return answer(this.#decide(request));
    this.#waiting.set(request.handle, request);
    clock.schedule(clock.nowMs() + delayMs, () => {
      // Removed meanwhile: nobody waits for it any more, and what is installed now nobody would take out again.
      if (this.#waiting.get(request.handle) !== request) return;
      this.#waiting.delete(request.handle);
      answer(this.#decide(request));
    });
  }

  /** Takes a reservation out of `installed`. */
  remove(handle: number, _interfaceHandle: number): void {
    this.installed.delete(handle);
    this.#waiting.delete(handle);
  }

  /** Sets who hears of `lose`; the node does. */
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

  /** Forgets everything. */
  close(): void {
    this.installed.clear();
    this.#waiting.clear();
    this.#onLost = () => {};
  }

  #decide(request: InstallRequest): TrafficControlAnswer {
    const answer = this.#options.decide?.(request) ?? { ok: true };
    if (answer.ok) this.installed.set(request.handle, request);
    else this.refused++;
    return answer;
  }
}
