/**
 * Submit, drain, sleep until the deadline. The loop carries out what the engine asks for and hands the answers back as
 * further submits, one after the other and never from inside the engine: whatever arrives while it runs waits its turn.
 */
import { answerRecord, changeRecord, resultFields } from "./answers.ts";
import type { Action, EventAction, ReportAction, TrafficControlResultInput } from "./boundary.gen.ts";
import type { Clock, TimerHandle } from "./clock.ts";
import { EngineTrapError, ResvError } from "./engine_errors.ts";
import type { SubmitRecords } from "./engine_exports.ts";
import type { Engine } from "./engine.ts";
import type { RouteAnswer, RouteQuestion, Routing } from "./routing/routing.ts";
import type { InstallRequest, TrafficControl, TrafficControlAnswer } from "./traffic_control/traffic_control.ts";
import { type MessageObserver, observedFiller, sightingOf } from "./message_tap.ts";
import type {
  BatchTransport,
  DirectTransport,
  Packet,
  SendTaker,
  SlotFiller,
  Transport,
} from "./transport/transport.ts";

/** What the loop needs of an engine; `Engine` has it, and so may a stand-in. */
export type LoopEngine =
  & Pick<Engine, "submit" | "submitAll" | "submitPackets" | "poll" | "deadline">
  & Partial<Pick<Engine, "submitSlots" | "pollUntaken">>;

/** The parts that a loop connects. It sets their handlers and closes them with itself. */
export interface LoopOptions {
  /** Decides everything. Nobody else may submit to it. */
  engine: LoopEngine;
  /** Tells the time and wakes the loop at the engine's deadlines. */
  clock: Clock;
  /** Carries out SEND and RELAY; brings packets. */
  transport: Transport;
  /** Carries out INSTALL and REMOVE; brings results and losses. */
  trafficControl: TrafficControl;
  /** Answers ROUTE_QUERY; brings changes. */
  routing: Routing;
  /** Takes upcalls to applications. May call `submit`, which then waits until the engine is drained. */
  onEvent?: (event: EventAction) => void;
  /** Takes why messages were dropped, where CONFIG asks for reports. */
  onReport?: (report: ReportAction) => void;
  /**
   * Takes what has no caller to be thrown to: a queued submit that was refused, a failing handler, a trap. Traps come
   * with function, file and line. Without a handler they are thrown where the runtime reports uncaught errors.
   */
  onError?: (error: Error) => void;
  /** Takes a trap at once, before it is looked up; for virtual time, which does not wait. Else it goes to `onError`. */
  onTrap?: (error: EngineTrapError) => void;
}

type Job =
  | { kind: "PACKETS"; packets: readonly Packet[] }
  | { kind: "SLOTS"; fill: SlotFiller; batches: number }
  | { [K in keyof SubmitRecords]: { kind: K; record: SubmitRecords[K] } }[keyof SubmitRecords];

const TICK: Job = { kind: "TICK", record: {} };
/** So many TICKs in a row without time passing mean that the engine cannot get its work done: our own fault. */
const MAXIMUM_TICKS_AT_ONE_TIME = 1_000_000;
/** Answers of traffic control that go in together; they fit the inbox many times over. */
const RESULTS_AT_ONCE = 256;
/** ERROR_SPEC code 21, traffic control error (RFC 2205 appendix B): the enforcement itself failed. */
const TRAFFIC_CONTROL_ERROR = 21;

/**
 * Runs one engine between its transport, routing, traffic control and applications. {@linkcode RsvpNode} has one and is
 * what most programs want.
 *
 * @example A router of two interfaces that drops what is not RSVP, and says why
 * ```ts
 * import {
 *   CONFIG_OPTION, defaultModule, Engine, EngineLoop, MemoryTrafficControl, MemoryTransport, parseAddress, STATUS_TEXT, StaticRouting,
 *   VirtualClock,
 * } from "@resv/resv";
 *
 * const transport = new MemoryTransport({ send: (packet) => console.log("sends", packet.payload.length, "bytes") });
 * const loop = new EngineLoop({
 *   engine: new Engine(defaultModule()),
 *   clock: new VirtualClock(),
 *   transport,
 *   trafficControl: new MemoryTrafficControl(),
 *   routing: new StaticRouting(),
 *   onReport: ({ status }) => console.log(STATUS_TEXT[status].text), // version is not 1
 * });
 * loop.submit("CONFIG", {
 *   seed: 1, refreshIntervalMs: 30_000, lifetimeMultiplier: 3, blockadeMultiplier: 3, memoryLimitBytes: 2 ** 24,
 *   options: CONFIG_OPTION.REPORT_DROPS,
 * });
 * const [own, other] = ["10.0.1.1", "10.0.1.2"].map((text) => parseAddress(text).bytes);
 * loop.submit("INTERFACE", { interface: 1, up: 1, mtuBytes: 1500, ipv4: own, ipv4PrefixLength: 24 });
 * transport.deliver([{
 *   interface: 1, source: other, destination: own, family: 4, ttl: 64, encapsulation: 0, routerAlert: 0,
 *   payload: new Uint8Array(8),
 * }]);
 * loop.close();
 * ```
 */
export class EngineLoop {
  #engine: LoopEngine;
  #clock: Clock;
  #options: LoopOptions;
  #queue: Job[] = [];
  #running = false;
  #closed = false;
  #timer: TimerHandle | undefined;
  #timerAt = Infinity;
  /** The engine's, asked for after every submit: nothing else changes it. */
  #deadline = Infinity;
  #lastMs = -Infinity;
  #ticksAtLast = 0;
  #observer: MessageObserver | undefined;
  #taker: SendTaker | undefined;

  /** Sets the handlers of all parts. Nothing runs before the first submit, which must be CONFIG. */
  constructor(options: LoopOptions) {
    this.#options = options;
    this.#engine = options.engine;
    this.#clock = options.clock;
    options.transport.onPackets((packets) => this.receive(packets));
    // Wrappers are no batch transports: they want to see every packet.
    if (this.#engine.submitSlots) {
      (options.transport as Partial<BatchTransport>).onBatch?.((fill, batches = 1) =>
        this.#enqueue({ kind: "SLOTS", fill, batches })
      );
    }
    if (this.#engine.pollUntaken) this.#taker = (options.transport as Partial<DirectTransport>).taker;
    options.transport.onError((error) => this.#report(error));
    // Of what stands, TC_Preempt is all that traffic control has to say by itself (RFC 2205 3.11.2).
    options.trafficControl.onLost((handle, generation, answer) => {
      const lost = resultFields({ ...answer, ok: false, preempted: true });
      this.submit("TRAFFIC_CONTROL_RESULT", { handle, generation, ...lost });
    });
    options.routing.onChange((change) => this.submit("ROUTE", changeRecord(change)));
  }

  /** True until `close`, or until the engine has trapped. */
  get running(): boolean {
    return !this.#closed;
  }

  /**
   * Submits one record and carries out what follows. Called from a handler of this loop it waits its turn, and a
   * refusal goes to `onError`.
   * @throws {ResvError} if the engine refuses the record.
   */
  submit<K extends keyof SubmitRecords>(kind: K, record: SubmitRecords[K]): void {
    this.#enqueue({ kind, record } as Job);
  }

  /** Sets the one who looks on while messages come and go; undefined for nobody. It must not throw, nor submit. */
  observe(observer: MessageObserver | undefined): void {
    this.#observer = observer;
  }

  /** Takes datagrams that have arrived. */
  receive(packets: readonly Packet[]): void {
    if (packets.length > 0) this.#enqueue({ kind: "PACKETS", packets });
  }

  /** Stops the timer and closes transport, traffic control and routing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue.length = 0;
    this.#cancelTimer();
    this.#options.transport.close();
    this.#options.trafficControl.close();
    this.#options.routing.close();
  }

  #enqueue(job: Job): void {
    if (this.#closed) return;
    if (this.#running) return void this.#queue.push(job);
    this.#running = true;
    try {
      this.#pump(job);
    } finally {
      this.#running = false;
    }
  }

  /** Works the queue off. A refusal of `first`, whose caller is waiting, is thrown once everything is drained. */
  #pump(first: Job): void {
    let refusal: ResvError | undefined;
    try {
      for (
        let job: Job | undefined = first;
        job && !this.#closed;
        job = this.#queue.length > 0 ? this.#queue.shift() : undefined
      ) {
        try {
          this.#run(job);
        } catch (error) {
          // A record that does not fit the inbox (RangeError) has a caller too.
          if (!(error instanceof ResvError) && !(error instanceof RangeError)) throw error;
          this.#drain();
          if (job === first) refusal = error as ResvError;
          else this.#report(error);
        }
      }
      if (!this.#closed) this.#rearm();
    } catch (error) {
      // Who called is told; what came from the network or from the clock has nobody to tell.
      if (first.kind === "PACKETS" || first.kind === "SLOTS" || first.kind === "TICK") this.#fail(error as Error);
      else {
        this.close();
        throw error;
      }
    }
    if (refusal) throw refusal;
  }

  #run(job: Job): void {
    if (job.kind === "PACKETS") {
      if (this.#observer) {
        this.#now();
        for (const packet of job.packets) this.#see("received", packet);
      }
      for (let taken = 0; taken < job.packets.length && !this.#closed;) {
        taken += this.#engine.submitPackets(job.packets, this.#now(), taken);
        this.#drain();
      }
      return;
    }
    if (job.kind === "SLOTS") {
      const fill = this.#observer ? observedFiller(job.fill, (packet) => this.#see("received", packet)) : job.fill;
      for (let left = job.batches; left > 0 && !this.#closed; left--) {
        this.#engine.submitSlots!(fill, this.#now());
        this.#drain();
      }
      return;
    }
    if (job.kind === "TRAFFIC_CONTROL_RESULT") this.#submitResults(job.record as TrafficControlResultInput);
    else this.#engine.submit(job.kind, job.record as never, this.#now());
    this.#drain();
  }

  /** Answers that have come one after the other go in together: what they settle is then one message upstream, not many. */
  #submitResults(first: TrafficControlResultInput): void {
    const records = [first];
    for (let next = this.#queue[0]; next && next.kind === "TRAFFIC_CONTROL_RESULT";) {
      if (records.length === RESULTS_AT_ONCE) break;
      records.push(next.record as TrafficControlResultInput);
      this.#queue.shift();
      next = this.#queue[0];
    }
    this.#engine.submitAll("TRAFFIC_CONTROL_RESULT", records, this.#now());
  }

  #drain(): void {
    // Whoever looks on wants to see every packet.
    const take = this.#observer ? undefined : this.#taker;
    for (let actions = this.#poll(take); actions.length > 0; actions = this.#poll(take)) {
      for (const action of actions) this.#perform(action);
    }
  }

  #poll(take: SendTaker | undefined): Action[] {
    return take ? this.#engine.pollUntaken!(take) : this.#engine.poll();
  }

  #perform(action: Action): void {
    const { transport, trafficControl, onEvent, onReport } = this.#options;
    try {
      switch (action.action) {
        case "SEND":
          if (this.#observer) this.#see("sent", action);
          return transport.send(action);
        case "RELAY": {
          const packet = { ...action, encapsulation: 0, routerAlert: 0 };
          if (this.#observer) this.#see("relayed", packet);
          return transport.relay(packet);
        }
        case "EVENT":
          return onEvent?.(action);
        case "INSTALL":
          return this.#install(action);
        case "REMOVE":
          return trafficControl.remove(action.handle, action.interface);
        case "ROUTE_QUERY":
          return this.#query(action.query, action);
        case "REPORT":
          return onReport?.(action);
      }
    } catch (error) {
      // A handler's fault must not stop the actions behind it: the engine believes that they are carried out.
      this.#report(error as Error);
    }
  }

  #install(request: InstallRequest): void {
    const { handle, generation } = request;
    const answer = (result: TrafficControlAnswer) =>
      this.submit("TRAFFIC_CONTROL_RESULT", { handle, generation, ...resultFields(result) });
    try {
      this.#options.trafficControl.install(request, answer);
    } catch (error) {
      this.#report(error as Error);
      answer({ ok: false, errorCode: TRAFFIC_CONTROL_ERROR });
    }
  }

  #query(query: number, question: RouteQuestion): void {
    const answer = (result: RouteAnswer) => this.submit("ROUTE", answerRecord(query, question, result));
    try {
      this.#options.routing.query(question, answer);
    } catch (error) {
      this.#report(error as Error);
      answer({ found: false, hops: [] });
    }
  }

  #see(direction: "received" | "sent" | "relayed", packet: Packet): void {
    this.#observer?.(sightingOf(direction, packet, this.#lastMs));
  }

  /** The engine's clock never goes back, whatever the host's does. */
  #now(): number {
    const now = this.#clock.nowMs();
    if (now > this.#lastMs) {
      this.#lastMs = now;
      this.#ticksAtLast = 0;
    }
    return this.#lastMs;
  }

  /** An earlier wake-up than needed is left standing: it finds nothing due and sleeps on. That is cheaper. */
  #rearm(): void {
    const deadline = this.#deadline = this.#engine.deadline();
    this.#sleep(deadline);
  }

  #sleep(deadline: number): void {
    if (deadline >= this.#timerAt) return;
    this.#cancelTimer();
    this.#timerAt = deadline;
    this.#timer = this.#clock.schedule(deadline, this.#wake);
  }

  #wake = (): void => {
    this.#timer = undefined;
    this.#timerAt = Infinity;
    if (this.#closed) return;
    try {
      if (this.#deadline > this.#now()) return this.#sleep(this.#deadline);
      if (++this.#ticksAtLast > MAXIMUM_TICKS_AT_ONE_TIME) {
        throw new Error(`engine still has work due at ${this.#lastMs} ms after ${MAXIMUM_TICKS_AT_ONE_TIME} ticks`);
      }
    } catch (error) {
      return this.#fail(error as Error);
    }
    this.#enqueue(TICK);
  };

  #cancelTimer(): void {
    if (this.#timer !== undefined) this.#clock.cancel(this.#timer);
    this.#timer = undefined;
    this.#timerAt = Infinity;
  }

  /** Our own fault: the engine cannot go on. */
  #fail(error: Error): void {
    this.close();
    if (!(error instanceof EngineTrapError)) this.#report(error);
    else if (this.#options.onTrap) this.#options.onTrap(error);
    else error.explain().then((explained) => this.#report(explained));
  }

  #report(error: Error): void {
    if (this.#options.onError) return this.#options.onError(error);
    queueMicrotask(() => {
      throw error;
    });
  }
}
