/**
 * Simulates whole networks from seeds: `sim [--seed N] [--count M]`. Fresh seeds if none is given. Ends with a line that
 * reads like that of a test run; a failing seed prints the command that repeats it and leaves its logs in build/sim/.
 */
import { parseArgs } from "node:util";
import { makePlan } from "../sim/plan.ts";
import { runPlan } from "../sim/run.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seed: { type: "string" },
    count: { type: "string", default: "300" },
    nodes: { type: "string", default: "64" },
  },
});
const first = Number(values.seed ?? Date.now() % 1_000_000_000), count = Number(values.count);
const start = performance.now();
let failed = 0, messages = 0, slowest = 0, virtualMs = 0;
for (let seed = first; seed < first + count; seed++) {
  const plan = makePlan(seed, { maximumNodes: Number(values.nodes) });
  const t = performance.now();
  const result = runPlan(plan);
  messages += result.messages;
  virtualMs += result.virtualMs;
  slowest = Math.max(slowest, result.slowestIntervals);
  if (!result.failure) continue;
  failed++;
  const { rule, round, atMs, lines } = result.failure;
  console.log(
    `seed ${seed} ${plan.shape} ${plan.nodes.length} nodes: ${rule} in round ${round} at ${atMs} ms (${
      (performance.now() - t).toFixed()
    } ms)`,
  );
  for (const line of lines.slice(0, 8)) console.log(`    ${line}`);
}
const s = (performance.now() - start) / 1000;
console.log(`${messages} messages, ${(virtualMs / 3600000).toFixed(1)} h, slowest ${slowest}`);
console.log(`${failed ? "FAILED" : "ok"} | ${count - failed} passed | ${failed} failed (${s.toFixed(1)}s)`);
