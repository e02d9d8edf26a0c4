/** One simulation from its plan to its verdict. */
import type { NetworkNode } from "../host/network/network_node.ts";
import type { Recorder } from "../host/recorder.ts";
import { Causes } from "./causes.ts";
import { Diagnoses } from "./diagnoses.ts";
import { countCopy, InputCount, leaks, nodeFaults, overCommitment } from "./invariants.ts";
import { actualLines, difference, expectedLines, withoutValues } from "./lines.ts";
import { solve } from "./oracle.ts";
import { type Happening, longestIntervalMs, type Plan } from "./plan.ts";
import { Priorities } from "./priorities.ts";
import { scarcityFaults } from "./scarce.ts";
import { Scopes } from "./scopes.ts";
import { World } from "./world.ts";

/** What was found wrong: when, and in words. */
export interface Failure {
  /** `converges`, `at once`, `scarcity`, `priority`, `scope`, `diagnosis`, `confirmation`, `cause`, `capacity`, `counters`, `leak` or `fault`. */
  rule: string;
  round: number;
  atMs: number;
  lines: string[];
}

export interface RunOptions {
  /** Keeps every submit of a node. */
  recorder?: (name: string) => Recorder;
  /** Called with the world once it stands, for captures. */
  onStart?: (world: World) => void;
}

export interface RunResult {
  failure: Failure | undefined;
  messages: number;
  virtualMs: number;
  /** Rounds that ended in the oracle's state, and how long that took at the most, in refresh intervals. */
  settled: number;
  slowestIntervals: number;
}

/** Looks at invariants so many times in a refresh interval. */
const SAMPLES_PER_INTERVAL = 2;
/** Beyond lifetimes: a lost message is sent again within 1.5 R, and may then meet a style that has only just gone. */
const EXTRA_INTERVALS = 4;
/** Delay of faults, links, routing and traffic control together stays below this. */
const LATE_MS = 2_000;
const REPORTED_LINES = 40;
/** A state that stands for so long is one that stays. */
const QUIET_INTERVALS = 2;
/** Kb where the plan says nothing (RFC 2205 3.5). */
const STANDARD_BLOCKADE = 3;

class Stop extends Error {
  failure: Failure;
  constructor(failure: Failure) {
    super(failure.lines[0]);
    this.failure = failure;
  }
}

/** Runs a plan and says what it found first, if anything. */
export function runPlan(plan: Plan, options: RunOptions = {}): RunResult {
  const run = new Run(plan, options);
  let failure: Failure | undefined;
  try {
    run.all();
  } catch (error) {
    // A trap, or a fault of the simulation: as good a failure as any.
    const lines = [error instanceof Error ? error.stack ?? error.message : String(error)];
    failure = error instanceof Stop ? error.failure : { rule: "fault", round: run.round, atMs: run.now, lines };
  }
  const result = { failure, messages: run.messages, virtualMs: run.now, settled: run.settled };
  run.close();
  return { ...result, slowestIntervals: run.slowestIntervals };
}

class Run {
  round = 0;
  messages = 0;
  settled = 0;
  slowestIntervals = 0;
  /** Changes that had their effect at once. */
  atOnce = 0;
  #plan: Plan;
  #world: World;
  #causes: Causes;
  #scopes: Scopes;
  #diagnoses: Diagnoses;
  #priorities: Priorities;
  #inputs = new Map<string, InputCount>();
  #emptyBytes = new Map<string, number>();
  #over: string | undefined;

  constructor(plan: Plan, options: RunOptions) {
    this.#plan = plan;
    this.#world = new World(plan, {
      recorder: (name) => this.#countInputs(name, options.recorder?.(name)),
      onCrash: ({ name }) => {
        this.#inputs.get(name)!.crashed = true;
      },
      onInstall: (node, request) => {
        this.#over ??= overCommitment(this.#world, node, request);
        return undefined;
      },
    });
    this.#causes = new Causes(this.#world);
    this.#scopes = new Scopes(this.#world);
    this.#diagnoses = new Diagnoses(this.#world);
    this.#priorities = new Priorities(this.#world);
    this.#world.network.onPacket((sighting) => {
      this.messages++;
      countCopy(this.#inputs, sighting);
    });
    for (const node of this.#world.speakers) this.#emptyBytes.set(node.name, emptyBytes(node));
    options.onStart?.(this.#world);
  }

  get now(): number {
    return this.#world.network.now;
  }

  close(): void {
    this.#world.close();
  }

  all(): void {
    for (this.round = 0; this.round < this.#plan.rounds.length; this.round++) {
      this.#trouble();
      this.#world.endFaults();
      this.#settle();
    }
    this.#world.releaseAll();
    this.#pass(this.#settlingMs);
    this.#demand("leak", this.#leaks());
  }

  get #settlingMs(): number {
    const { lifetimeMultiplier, scarce, blockadeMultiplier = STANDARD_BLOCKADE } = this.#plan;
    // Path state that data have left lives for a lifetime and asks for reservations meanwhile; the last of those lives
    // for one more, because a path state that times out has nobody upstream to tell (RFC 2209, PATH TEAR).
    const lifetimes = 2 * (lifetimeMultiplier + 0.5) * 1.5;
    // Blockade state holds smaller requests back for Kb * R (RFC 2205 3.5).
    const blockade = scarce ? blockadeMultiplier + 2 : 0;
    return (lifetimes + EXTRA_INTERVALS + blockade) * longestIntervalMs(this.#plan) + LATE_MS;
  }

  /** Events at their times, with looks at the invariants after each and in between. */
  #trouble(): void {
    const { durationMs, events } = this.#plan.rounds[this.round];
    const start = this.now;
    for (const [index, { atMs, what }] of events.entries()) {
      this.#pass(start + atMs - this.now);
      const next = events[index + 1]?.atMs ?? durationMs;
      if (this.#plan.calm) this.#applyCalmly(what, start + next);
      else this.#world.apply(what);
      this.#look();
    }
    this.#pass(start + durationMs - this.now);
  }

  /**
   * Where nothing goes wrong, a change has its full effect as soon as its messages have arrived (RFC 2205 2.3), not by the
   * next refresh. Not so where groups change: a Path for a new member may have to wait for its refresh.
   */
  #applyCalmly(what: Happening, untilMs: number): void {
    const members = this.#world.memberships;
    const settled = this.#difference().length === 0;
    const confirmations = what.kind === "reserve" ? this.#world.confirmations(what.application)?.heard ?? 0 : 0;
    this.#world.apply(what);
    const { links, nodes, routingDelayMs, installDelayMs } = this.#plan;
    const delays = links.reduce((sum, link) => sum + link.delayMs, 0);
    const ms = routingDelayMs + 4 * delays + nodes.length * (installDelayMs + 1);
    const prompt = settled && this.#world.memberships === members && isPrompt(what);
    if (!prompt || this.now + ms > untilMs) return;
    this.#world.network.run(ms);
    this.atOnce++;
    const faults = this.#difference().filter((line) => !endsSender(what) || isLoss(line));
    this.#demand("at once", faults.map((line) => `after ${JSON.stringify(what)}: ${line}`));
    if (what.kind === "reserve" && what.confirm) this.#demandConfirmation(what.application, confirmations);
  }

  /** Nothing gets lost and nobody refuses: who asks for a confirmation and reserves anything hears one (RFC 2205 2.6). */
  #demandConfirmation(index: number, before: number): void {
    const now = this.#world.confirmations(index);
    if (!now || now.heard > before) return;
    const reserves = solve(this.#world).some(({ nodes }) =>
      nodes.get(now.node.record)?.reservations.some((one) => one.on === now.application)
    );
    if (reserves) this.#demand("confirmation", [`application ${index} at ${now.node.name} has heard none`]);
  }

  #difference(): string[] {
    const expected = solve(this.#world);
    const circular = expected.some((session) => session.circular);
    const lines = expectedLines(this.#world, expected), have = actualLines(this.#world);
    return circular ? difference(withoutValues(lines), withoutValues(have)) : difference(lines, have);
  }

  #pass(ms: number): void {
    const end = this.now + ms;
    const step = this.#plan.refreshIntervalMs / SAMPLES_PER_INTERVAL;
    while (this.now < end) {
      this.#world.network.run(Math.min(step, end - this.now));
      this.#look();
    }
  }

  #look(): void {
    this.#world.retry();
    if (this.#over) this.#demand("capacity", [this.#over]);
    for (const node of this.#world.speakers) {
      this.#demand("counters", nodeFaults(node, this.#inputs.get(node.name)!));
    }
    this.#demand("cause", this.#causes.missing(LATE_MS));
  }

  /** Left alone, the network comes to the oracle's state within the bound, and stays in it. */
  #settle(): void {
    const start = this.now;
    let expected = solve(this.#world);
    let refused = this.#world.refused;
    const differ = () => {
      // Applications that were refused may have been granted their wish meanwhile.
      if (refused.length > 0) expected = solve(this.#world);
      refused = this.#world.refused;
      const circular = expected.some((session) => session.circular);
      const lines = expectedLines(this.#world, expected);
      const have = actualLines(this.#world);
      const found = circular ? difference(withoutValues(lines), withoutValues(have)) : difference(lines, have);
      return [...refused.map((who) => `refused: ${who}`), ...found];
    };
    const step = this.#plan.refreshIntervalMs / SAMPLES_PER_INTERVAL;
    if (this.#plan.scarce) return this.#settleScarce();
    const end = start + this.#settlingMs, quietMs = longestIntervalMs(this.#plan) * QUIET_INTERVALS;
    // What was still on its way may lead out of the state again: it counts once it has stood for some time.
    for (let since = start; this.now - since < quietMs;) {
      const found = differ();
      if (found.length > 0) {
        if (this.now >= end) this.#demand("converges", found);
        since = this.now + step;
        this.slowestIntervals = Math.max(this.slowestIntervals, (since - start) / this.#plan.refreshIntervalMs);
      }
      this.#pass(step);
    }
    this.#demand("converges", differ());
    this.#demand("scope", this.#scopes.faults(expected));
    this.#demand("diagnosis", this.#diagnoses.faults(expected));
    this.settled++;
  }

  #settleScarce(): void {
    this.#pass(this.#settlingMs);
    const isPending = () => [...actualLines(this.#world).values()].flat().some((line) => line.endsWith(" pending"));
    // A Resv may just have arrived, and traffic control not have answered yet.
    for (let times = 0; times < QUIET_INTERVALS && isPending(); times++) {
      this.#world.network.run(this.#plan.installDelayMs);
    }
    const solved = solve(this.#world);
    this.#demand("scarcity", scarcityFaults(this.#world, solved));
    if (this.#plan.priorities) this.#demand("priority", this.#priorities.faults(solved));
    this.settled++;
  }

  *#leaks(): Generator<string> {
    for (const node of this.#world.speakers) yield* leaks(node, this.#emptyBytes.get(node.name)!);
  }

  #demand(rule: string, faults: Iterable<string>): void {
    const lines: string[] = [];
    for (const line of faults) if (lines.push(line) === REPORTED_LINES) break;
    if (lines.length > 0) throw new Stop({ rule, round: this.round, atMs: this.now, lines });
  }

  #countInputs(name: string, recorder: Recorder | undefined) {
    const count = new InputCount();
    this.#inputs.set(name, count);
    return {
      onSubmit: (kind: number, records: number, nowMs: number, inbox: Uint8Array) => {
        count.onSubmit(kind, records);
        recorder?.onSubmit(kind, records, nowMs, inbox);
      },
    };
  }
}

/** A Path with a smaller TTL than before leaves state behind where it does not come any more. */
function isPrompt(what: Happening): boolean {
  return what.kind === "announce" ? what.ttl === undefined : what.kind !== "restyle";
}

/** What is asked of previous hops for a sender that has gone is said with the next refresh (RFC 2209, PATH TEAR). */
function endsSender(what: Happening): boolean {
  return what.kind === "withdraw" || what.kind === "release";
}

/** Path state is not as it should be. */
function isLoss(line: string): boolean {
  return line.includes(" sender ");
}

function emptyBytes(node: NetworkNode): number {
  return node.counters().STATE_BYTES ?? 0;
}
