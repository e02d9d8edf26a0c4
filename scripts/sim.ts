/**
 * Simulates whole networks from seeds (docs/simulation.md):
 *
 *     sim [--seed N] [--count M] [--nodes N] [--plan FILE] [--verbose]
 *
 * Without --seed the seeds are fresh ones. The last line reads like that of a test run. A failing seed prints the command
 * that repeats it and leaves plan, capture and logs of submits in build/sim/.
 */
import { parseArgs } from "node:util";
import { makePlan, type Plan } from "../sim/plan.ts";
import { describeFailure, readPlan, recordRun } from "../sim/record.ts";
import { runPlan, type RunResult } from "../sim/run.ts";
import { countEvents, shrink } from "../sim/shrink.ts";

const FRESH_SEEDS = 1_000_000_000;
/** Shrinking and recording take time: enough failures are enough. */
const RECORDED_FAILURES = 5;
const FOLDER = "build/sim";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seed: { type: "string" },
    count: { type: "string", default: "300" },
    nodes: { type: "string", default: "64" },
    plan: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  console.error(`sim: --${name} wants a whole number from ${least}, not "${text}"`);
  Deno.exit(2);
}

const totals = { passed: 0, failed: 0, messages: 0, virtualMs: 0, settled: 0, slowestIntervals: 0 };

function add(plan: Plan, result: RunResult, command: string): void {
  totals.messages += result.messages;
  totals.virtualMs += result.virtualMs;
  totals.settled += result.settled;
  totals.slowestIntervals = Math.max(totals.slowestIntervals, result.slowestIntervals);
  if (!result.failure) {
    totals.passed++;
    if (values.verbose) console.log(`seed ${plan.seed} ${plan.shape} ${plan.nodes.length} nodes: ok`);
    return;
  }
  totals.failed++;
  console.log(describeFailure(plan, result.failure));
  console.log(`  again: ${command}`);
  if (totals.failed > RECORDED_FAILURES) return;
  const small = shrink(plan, result.failure.rule).plan;
  const folder = recordRun(`${FOLDER}/seed-${plan.seed}`, plan);
  const smallFolder = recordRun(`${FOLDER}/seed-${plan.seed}-small`, small);
  console.log(`  recorded: ${folder}, and with ${countEvents(small)} of ${countEvents(plan)} events ${smallFolder}`);
}

function runSeeds(): void {
  const count = wholeNumber("count", values.count, 1);
  const maximumNodes = wholeNumber("nodes", values.nodes, 2);
  const fresh = crypto.getRandomValues(new Uint32Array(1))[0] % FRESH_SEEDS;
  const first = values.seed === undefined ? fresh : wholeNumber("seed", values.seed, 0);
  console.log(`seeds ${first} to ${first + count - 1}`);
  const flags = maximumNodes === 64 ? "" : ` --nodes ${maximumNodes}`;
  for (let seed = first; seed < first + count; seed++) {
    const plan = makePlan(seed, { maximumNodes });
    add(plan, runPlan(plan), `deno task sim --seed ${seed} --count 1${flags}`);
  }
}

const start = performance.now();
if (values.plan === undefined) runSeeds();
else {
  const plan = readPlan(Deno.readTextFileSync(values.plan));
  add(plan, runPlan(plan), `deno task sim --plan ${values.plan}`);
}
const seconds = (performance.now() - start) / 1_000;
const hours = totals.virtualMs / 3_600_000;
console.log(
  `${hours.toFixed(1)} hours of ${totals.passed + totals.failed} networks, ${totals.messages} messages; ` +
    `settled ${totals.settled} times, within ${totals.slowestIntervals.toFixed(1)} refresh intervals`,
);
const verdict = totals.failed > 0 ? "FAILED" : "ok";
console.log(`${verdict} | ${totals.passed} passed | ${totals.failed} failed (${seconds.toFixed(1)}s)`);
Deno.exitCode = totals.failed > 0 ? 1 : 0;
