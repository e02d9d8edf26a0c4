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
import { reservationClass } from "./traffic_control/htb.ts";
import type { CommandFailure, CommandRunner, KernelCommand } from "./traffic_control/kernel_command.ts";
import { DryRunner, KernelRunner } from "./traffic_control/kernel_runner.ts";
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

/** Installs and removals in one turn: about as many as the kernel does in 20 ms; the loop has others to serve. */
const JOBS_PER_TURN = 128;
/** The system's errors that have no number. */
const UNNUMBERED = 0;

type Job =
  | { kind: "INSTALL"; request: InstallRequest; answer: (answer: TrafficControlAnswer) => void }
  | { kind: "REMOVE"; handle: number; interface: number };

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
  #queue: Job[] = [];
  #working = false;
  #closed = false;

  /**
   * Takes the interfaces over at once.
   * @throws {LinuxError} in one line that says what to do: no permission, no such interface, a root queueing discipline
   * that is somebody else's. What had been done until then is undone.
   * @throws {RangeError} for rates that do not fit.
   */
  constructor(options: KernelTrafficControlOptions = {}) {
    this.#options = options;
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
    const spare = runner instanceof KernelRunner ? this.#options.spareClasses ?? DEFAULT_SPARE_CLASSES : 0;
    try {
      managed.makeSpareClasses(spare);
      this.#marker?.manage(managed.parts.target.device);
    } catch (error) {
      this.#interfaces.delete(options.interface);
      this.#release(managed);
      throw error;
    }
  }

  /** Lets an interface go, with all that stands on it: each reservation is reported lost. */
  unmanage(interfaceHandle: number): void {
    const managed = this.#interfaces.get(interfaceHandle);
    if (!managed) return;
    this.#interfaces.delete(interfaceHandle);
    this.#release(managed);
    this.#marker?.forget(managed, managed.parts.target.device);
    for (const { handle, generation } of managed.reservations.values()) {
      this.#onLost(handle, generation, { ok: false, errorCode: ERROR_CODE.SYSTEM, errorValue: ERRNO.ENODEV });
    }
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
    this.#enqueue({ kind: "INSTALL", request: kept, answer });
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
    this.#queue = [];
    if (this.#expiry !== undefined) this.#clock.cancel(this.#expiry);
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
    if (this.#closed) return;
    this.#queue.push(job);
    if (this.#working) return;
    this.#working = true;
    queueMicrotask(() => this.#work());
  }

  /** Works off the queue, and lets the process do other things after each batch. */
  async #work(): Promise<void> {
    while (this.#queue.length > 0 && !this.#closed) {
      try {
        const marking = this.#workBatch(this.#nextBatch());
        if (marking) await marking;
      } catch (error) {
        this.#report(error as Error);
      }
      if (this.#queue.length > 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    this.#working = false;
  }

  /** As many as go together: no reservation twice, for the second builds on what becomes of the first. */
  #nextBatch(): Job[] {
    const seen = new Set<number>();
    let count = 0;
    for (; count < Math.min(this.#queue.length, JOBS_PER_TURN); count++) {
      const job = this.#queue[count];
      const handle = job.kind === "INSTALL" ? job.request.handle : job.handle;
      if (seen.has(handle)) break;
      seen.add(handle);
    }
    return this.#queue.splice(0, count);
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
    for (const { job } of done) if (job.kind === "INSTALL" && !this.#closed) job.answer({ ok: true });
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
    if (job.kind !== "INSTALL" || this.#closed) return;
    const { errorCode, errorValue } = error instanceof Refusal ? error : systemRefusal();
    job.answer({ ok: false, errorCode, errorValue });
  }

  #reportAll(failures: readonly (CommandFailure | undefined)[]): void {
    for (const failure of failures) {
      if (failure && !isGone(failure)) this.#report(new LinuxError(failure.text, failure.errorNumber));
    }
  }

  #report(error: Error): void {
    this.#options.onError?.(error);
  }
}

function isGone({ errorNumber }: CommandFailure): boolean {
  return errorNumber === ERRNO.ENOENT || errorNumber === ERRNO.ENODEV;
}

/** Error code 22: a system error in traffic control, with the system's number (RFC 2205 appendix B). */
function systemRefusal(failure: CommandFailure = { errorNumber: UNNUMBERED, text: "traffic control failed" }): Refusal {
  return new Refusal(failure.text, ERROR_CODE.SYSTEM, failure.errorNumber);
}
