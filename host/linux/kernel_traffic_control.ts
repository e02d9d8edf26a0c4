/**
 * The kernel's traffic control as what enforces a node's reservations (RFC 2205 3.11.2): a class of HTB and filters on the
 * outgoing interface. `traffic_control/kernel_command.ts` shows how an interface is laid out.
 *
 * What arrives in one turn of the loop goes to the kernel together, and is answered when the kernel has answered. Each
 * install is done as a whole or not at all. Nothing is decided here that RSVP decides: rate, bucket, flows and policing
 * are those of the request.
 */
import { type Clock, SystemClock, type TimerHandle } from "../clock.ts";
import { decodeObjects } from "../object_list.ts";
import type {
  InstallRequest,
  ReservationLostHandler,
  TrafficControl,
  TrafficControlAnswer,
} from "../traffic_control/traffic_control.ts";
import { ERRNO, LinuxError } from "./linux_error.ts";
import { NetlinkSocket } from "./netlink.ts";
import { ERROR_CODE, ERROR_VALUE, flowMatches, flowService, matchName, Refusal } from "./traffic_control/flow_match.ts";
import { type Job, JobQueue } from "./traffic_control/job_queue.ts";
import { reservationClass } from "./traffic_control/htb.ts";
import type { CommandFailure, CommandRunner, KernelCommand } from "./traffic_control/kernel_command.ts";
import { DryRunner, KernelRunner } from "./traffic_control/kernel_runner.ts";
import { readRoot } from "./traffic_control/kernel_state.ts";
import type { ManagedInterface } from "./traffic_control/managed_interface.ts";
import type { FlowMarking } from "./traffic_control/nftables.ts";
import { type ControlledInterface, openInterface, pretendInterface } from "./traffic_control/open_interface.ts";
import {
  DEFAULT_LIFETIME_MS,
  DEFAULT_SPARE_CLASSES,
  type KernelTrafficControlOptions,
} from "./traffic_control/options.ts";
import { PacketMarker } from "./traffic_control/packet_marker.ts";
import type { Plan, StandingReservation, WantedReservation } from "./traffic_control/plan.ts";

export type { ClassifierChoice, ControlledInterface } from "./traffic_control/open_interface.ts";
export type { CodePointChooser, ExcessChoice, KernelTrafficControlOptions } from "./traffic_control/options.ts";

/** Spare classes are made again so many at a time, with a pause between: with thousands, one takes a millisecond. */
const REFILL_CLASSES = 4;
const REFILL_PAUSE_MS = 20;
/** The system's errors that have no number. */
const UNNUMBERED = 0;

/** A job that is being done. */
interface Planned {
  job: Job;
  managed: ManagedInterface;
  plan: Plan;
  wanted?: WantedReservation & { marking?: FlowMarking };
  standing?: StandingReservation;
  from: number;
  to: number;
}

/**
 * Reservations as classes of HTB with filters, on Linux. Needs CAP_NET_ADMIN (and for the BPF classifier CAP_BPF), and
 * Deno's `--allow-ffi`; code points and demotion need the program `nft` and `--allow-run=nft`.
 */
export class KernelTrafficControl implements TrafficControl {
  #options: KernelTrafficControlOptions;
  #socket: NetlinkSocket | undefined;
  #runner: CommandRunner;
  #interfaces = new Map<number, ManagedInterface>();
  #marker: PacketMarker | undefined;
  #clock: Clock;
  #expiry: TimerHandle;
  #onLost: ReservationLostHandler = () => {};
  #queue = new JobQueue({
    work: (jobs) => this.#workBatch(jobs),
    failed: (jobs, error) => this.#failed(jobs, error),
    idle: () => this.#refill(),
  });
  #spareClasses: number;
  #refilling: TimerHandle;
  #closed = false;

  /**
   * Takes the interfaces over at once.
   * @throws {LinuxError} in one line that says what to do: no permission, no such interface, a root queueing discipline
   * that is somebody else's. What had been done until then is undone.
   * @throws {RangeError} for rates that do not fit.
   */
  constructor(options: KernelTrafficControlOptions = {}) {
    this.#options = options;
    this.#spareClasses = options.dryRun ? 0 : options.spareClasses ?? DEFAULT_SPARE_CLASSES;
    this.#clock = options.clock ?? new SystemClock({ unref: true });
    if (options.dryRun) this.#runner = new DryRunner(options.dryRun);
    else this.#runner = new KernelRunner(this.#socket = new NetlinkSocket());
    try {
      for (const each of options.interfaces ?? []) this.manage(each);
      if (options.dscp || options.excess === "demote") {
        const marker = new PacketMarker(options.nft ?? ["nft"], options.dryRun, options.dscp !== undefined);
        marker.open([...this.#interfaces.values()].map(({ parts }) => parts.target.device));
        this.#marker = marker;
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Takes one more interface over. @throws {LinuxError} as the constructor. */
  manage(options: ControlledInterface): void {
    if (this.#interfaces.has(options.interface)) {
      throw new RangeError(`interface ${options.interface} is managed already`);
    }
    const runner = this.#runner;
    const managed = runner instanceof KernelRunner
      ? openInterface(options, this.#options.classifier ?? "u32", this.#socket!, runner)
      : pretendInterface(options, runner);
    this.#interfaces.set(options.interface, managed);
    if (managed.parts.leftovers.size > 0) this.#awaitExpiry();
    try {
      managed.makeSpareClasses(this.#spareClasses);
      this.#marker?.manage(managed.parts.target.device);
    } catch (error) {
      this.#interfaces.delete(options.interface);
      this.#release(managed);
      throw error;
    }
  }

  /** Lets an interface go, with all that stands on it: each reservation is reported as taken away (TC_Preempt). */
  unmanage(interfaceHandle: number): void {
    const managed = this.#interfaces.get(interfaceHandle);
    if (!managed) return;
    this.#interfaces.delete(interfaceHandle);
    this.#release(managed);
    this.#marker?.forget(managed, managed.parts.target.device);
    for (const { handle, generation } of managed.reservations.values()) {
      this.#onLost(handle, generation, { ok: false, preempted: true });
    }
  }

  /** True after `close` or `leave`. */
  get closed(): boolean {
    return this.#closed;
  }

  /** False if somebody else has taken our root, and so all that stood, off an interface. @throws {LinuxError} */
  rootStands(interfaceHandle: number): boolean {
    const device = this.#interfaces.get(interfaceHandle)?.parts.target.device;
    if (device === undefined) return false;
    return this.#socket === undefined || readRoot(this.#socket, device)?.ours === true;
  }

  /** What the kernel has of a reservation: the number of its class, and how many filters lead to it. */
  installed(
    interfaceHandle: number,
  ): { handle: number; classNumber: number; rateBytesPerSecond: number; filters: number }[] {
    const managed = this.#interfaces.get(interfaceHandle);
    return [...managed?.reservations.values() ?? []].map(({ handle, minor, rateBytesPerSecond, places }) => (
      { handle, classNumber: minor, rateBytesPerSecond, filters: places.size }
    ));
  }

  /** Classes on an interface that an earlier run has left, and that nobody has asked for again. */
  leftovers(interfaceHandle: number): number {
    return this.#interfaces.get(interfaceHandle)?.parts.leftovers.size ?? 0;
  }

  /** Installs or changes a reservation, together with what else comes in this turn. */
  install(request: InstallRequest, answer: (answer: TrafficControlAnswer) => void): void {
    // The objects are a view of the engine's outbox, which is good until the next poll.
    const kept = { ...request, objects: request.objects.slice() };
    this.#enqueue({ kind: "INSTALL", request: kept, answer, answered: false });
  }

  /** Takes a reservation out. */
  remove(handle: number, interfaceHandle: number): void {
    this.#enqueue({ kind: "REMOVE", handle, interface: interfaceHandle });
  }

  /** Sets who hears of reservations that are lost; the node does. */
  onLost(handler: ReservationLostHandler): void {
    this.#onLost = handler;
  }

  /** Everything of ours is taken out of the kernel. What waits is not answered any more. */
  close(): void {
    if (this.#closed) return;
    for (const managed of this.#interfaces.values()) this.#release(managed);
    try {
      this.#marker?.close();
    } catch (error) {
      this.#report(error as Error);
    }
    this.leave();
  }

  /**
   * Ends without taking anything out of the kernel: who takes the interfaces over within a lifetime finds what stands.
   * What waits is not answered any more.
   */
  leave(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue.clear();
    for (const timer of [this.#expiry, this.#refilling]) if (timer !== undefined) this.#clock.cancel(timer);
    if (this.#runner instanceof KernelRunner) { for (const map of this.#runner.maps.values()) map.close(); }
    this.#interfaces.clear();
    this.#socket?.close();
    this.#onLost = () => {};
  }

  #release({ parts }: ManagedInterface): void {
    const runner = this.#runner;
    const [failure] = runner.run([{ ...parts.target, kind: "REMOVE_ROOT" }]);
    if (runner instanceof KernelRunner) {
      runner.maps.get(parts.target.device)?.close();
      runner.maps.delete(parts.target.device);
    }
    // An interface that is gone took everything with it; a root that is gone, an operator took.
    if (failure && failure.errorNumber !== ERRNO.EINVAL) this.#reportAll([failure]);
  }

  #awaitExpiry(): void {
    const at = this.#clock.nowMs() + (this.#options.lifetimeMs ?? DEFAULT_LIFETIME_MS);
    if (this.#expiry !== undefined) this.#clock.cancel(this.#expiry);
    this.#expiry = this.#clock.schedule(at, () => {
      this.#expiry = undefined;
      for (const managed of this.#interfaces.values()) this.#reportAll(managed.dropLeftovers());
    });
  }

  #enqueue(job: Job): void {
    if (!this.#closed) this.#queue.push(job);
  }

  /** Whoever asked is answered even where something went wrong that nobody has thought of. */
  #failed(jobs: readonly Job[], error: Error): void {
    this.#report(error);
    for (const job of jobs) this.#answer(job, { ok: false, errorCode: ERROR_CODE.SYSTEM, errorValue: UNNUMBERED });
  }

  #answer(job: Job, answer: TrafficControlAnswer): void {
    if (job.kind !== "INSTALL" || job.answered || this.#closed) return;
    job.answered = true;
    job.answer(answer);
  }

  /** Makes up for spare classes that were taken, while there is nothing else to do. */
  #refill(): void {
    if (this.#closed || this.#refilling !== undefined || !(this.#runner instanceof KernelRunner)) return;
    const short = [...this.#interfaces.values()].find(({ parts }) => parts.pool.spareCount < this.#spareClasses);
    if (!short) return;
    this.#refilling = this.#clock.schedule(this.#clock.nowMs() + REFILL_PAUSE_MS, () => {
      this.#refilling = undefined;
      try {
        short.makeSpareClasses(Math.min(this.#spareClasses, short.parts.pool.spareCount + REFILL_CLASSES));
        this.#refill();
      } catch (error) {
        // Whether the interface is still there, others will tell.
        if (!(error instanceof Refusal && isGone(error.errorValue))) this.#report(error as Error);
      }
    });
  }

  #workBatch(jobs: readonly Job[]): Promise<void> | undefined {
    const commands: KernelCommand[] = [];
    const planned: Planned[] = [];
    for (const job of jobs) {
      const next = this.#plan(job);
      if (!next) continue;
      planned.push({ ...next, from: commands.length, to: commands.length + next.plan.commands.length });
      commands.push(...next.plan.commands);
    }
    const failures = this.#runner.run(commands);
    const after: KernelCommand[] = [];
    const refused = new Map<Planned, CommandFailure>();
    for (const each of planned) {
      const own = failures.slice(each.from, each.to);
      const index = own.findIndex((one) => one !== undefined);
      const failure = own[index];
      if (!failure || each.job.kind === "REMOVE") {
        after.push(...each.plan.commit());
        if (failure) this.#reportAll(own);
      } else {
        after.push(...each.plan.rollback(own));
        const { kind, name } = each.plan.commands[index];
        const what = kind === "CLASS" ? "class" : "filter";
        refused.set(each, { ...failure, text: `${name}: a ${what} was refused: ${failure.text}` });
      }
    }
    // What takes back a refused install meets what was never there: that is as it should be.
    this.#runner.run(after);
    for (const [each, failure] of refused) this.#refuse(each.job, systemRefusal(failure));
    const done = planned.filter((each) => !refused.has(each));
    if (this.#marker) return this.#mark(done, this.#marker);
    this.#grant(done);
  }

  #grant(done: readonly Planned[]): void {
    for (const { job } of done) this.#answer(job, { ok: true });
  }

  /** Plans a job; answers it if it is refused already. */
  #plan(job: Job): Omit<Planned, "from" | "to"> | undefined {
    const managed = this.#interfaces.get(job.kind === "INSTALL" ? job.request.interface : job.interface);
    if (job.kind === "REMOVE") {
      const standing = managed?.reservations.get(job.handle);
      const plan = managed?.planRemove(job.handle);
      return managed && plan ? { job, managed, plan, standing } : undefined;
    }
    try {
      if (!managed) {
        const text = `no traffic control on interface ${job.request.interface}`;
        throw new Refusal(text, ERROR_CODE.SYSTEM, ERRNO.ENODEV);
      }
      const wanted = this.#wanted(job.request, managed);
      const standing = managed.reservations.get(wanted.handle);
      return { job, managed, plan: managed.planInstall(wanted), wanted, standing };
    } catch (error) {
      this.#refuse(job, error as Error);
    }
  }

  #wanted(request: InstallRequest, managed: ManagedInterface): WantedReservation & { marking?: FlowMarking } {
    const { handle, generation, rateBytesPerSecond, policing } = request;
    const objects = decodeObjects(request.objects);
    const matches = new Map(flowMatches(objects).map((match) => [matchName(match), match]));
    if (!(rateBytesPerSecond > 0 && Number.isFinite(rateBytesPerSecond))) {
      throw new Refusal("no rate to reserve", ERROR_CODE.TRAFFIC_CONTROL, ERROR_VALUE.BAD_FLOWSPEC);
    }
    const service = flowService(objects);
    const { excess, dscp } = this.#options;
    const shape = excess === "shape" && policing !== 0;
    const settings = reservationClass(rateBytesPerSecond, service.bucketBytes, managed.parts.share, shape);
    const marking: FlowMarking = { dscp: dscp?.(request, service) };
    if (excess === "demote" && policing !== 0) {
      marking.limit = { bytesPerSecond: rateBytesPerSecond, burstBytes: settings.burstBytes };
    }
    const marks = marking.dscp !== undefined || marking.limit !== undefined;
    return { handle, generation, rateBytesPerSecond, settings, matches, marking: marks ? marking : undefined };
  }

  /** Has nft mark what was done; where it refuses, the install is taken back. */
  async #mark(done: readonly Planned[], marker: PacketMarker): Promise<void> {
    const changes = done.map(({ managed, job, wanted, standing }) => {
      const minor = wanted ? managed.reservations.get(wanted.handle)?.minor : standing?.minor;
      const matches = [...wanted?.matches.values() ?? []];
      const flow = wanted?.marking &&
        { device: managed.parts.target.device, minor: minor!, matches, marking: wanted.marking };
      return marker.change(managed, job.kind === "INSTALL" ? job.request.handle : job.handle, flow);
    });
    const failures = await marker.run(changes);
    if (this.#closed) return;
    const granted: Planned[] = [];
    done.forEach((each, index) => {
      const text = failures[index];
      if (text === undefined) return granted.push(each);
      this.#takeBack(each);
      this.#refuse(each.job, new Refusal(text, ERROR_CODE.SYSTEM, UNNUMBERED));
    });
    this.#grant(granted);
  }

  /** After the kernel has installed it: it becomes what it was before. */
  #takeBack({ job, managed, standing }: Planned): void {
    if (job.kind !== "INSTALL") return;
    const plan = standing ? managed.planInstall(standing) : managed.planRemove(job.request.handle);
    if (!plan) return;
    this.#runner.run(plan.commands);
    this.#runner.run(plan.commit());
  }

  #refuse(job: Job, error: Error): void {
    // The system's words go nowhere else: an ERROR_SPEC has but a number.
    if (!(error instanceof Refusal) || error.errorCode === ERROR_CODE.SYSTEM) this.#report(error);
    const { errorCode, errorValue } = error instanceof Refusal ? error : systemRefusal();
    this.#answer(job, { ok: false, errorCode, errorValue });
  }

  #reportAll(failures: readonly (CommandFailure | undefined)[]): void {
    for (const failure of failures) {
      if (failure && !isGone(failure.errorNumber)) this.#report(new LinuxError(failure.text, failure.errorNumber));
    }
  }

  #report(error: Error): void {
    this.#options.onError?.(error);
  }
}

function isGone(errorNumber: number): boolean {
  return errorNumber === ERRNO.ENOENT || errorNumber === ERRNO.ENODEV;
}

/** Error code 22: a system error in traffic control, with the system's number (RFC 2205 appendix B). */
function systemRefusal(failure: CommandFailure = { errorNumber: UNNUMBERED, text: "traffic control failed" }): Refusal {
  return new Refusal(failure.text, ERROR_CODE.SYSTEM, failure.errorNumber);
}
