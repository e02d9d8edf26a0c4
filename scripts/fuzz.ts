/**
 * `deno task fuzz`: damaged messages, capture files and whole attacks on a node, from a seed.
 *
 *   --seed N          the campaign; a fresh one, which is printed, by default
 *   --minutes M       how long (1 by default), or --inputs N: how many mutated messages, packets and files
 *   --target T        codec, node or capture; all of them in turn by default
 *   --case N          one case of the campaign only
 *   --replay FILE     what a failure has written, with --target
 *   --engine FILE     another module than the embedded one, such as build/engine.debug.wasm
 *
 * The first failure ends it with exit code 1, the command that runs the case again, and the smallest input found that
 * still fails, in build/.
 */
import { parseArgs } from "node:util";
import { defaultModule } from "../host/default_module.ts";
import { EngineTrapError } from "../host/engine_errors.ts";
import { Campaign, failing, type Failure, type Target, TARGETS } from "../tests/fuzz/campaign.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    minutes: { type: "string" },
    inputs: { type: "string" },
    target: { type: "string" },
    case: { type: "string" },
    replay: { type: "string" },
    engine: { type: "string" },
  },
});

function number(name: "seed" | "minutes" | "inputs" | "case", fallback: number): number {
  const text = values[name];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  console.error(`fuzz: --${name} wants a number, got "${text}"`);
  Deno.exit(2);
}

function targets(): readonly Target[] {
  if (values.target === undefined) return TARGETS;
  const target = TARGETS.find((one) => one === values.target);
  if (target) return [target];
  console.error(`fuzz: --target is one of ${TARGETS.join(", ")}, got "${values.target}"`);
  Deno.exit(2);
}

function report(failure: Failure): never {
  const { target, seed, index, message, input } = failure;
  Deno.mkdirSync("build", { recursive: true });
  const file = `build/fuzz_${target}_${seed}_${index}.${target === "node" ? "ndjson" : "hex"}`;
  Deno.writeTextFileSync(file, input + "\n");
  console.error(`fuzz: ${message}`);
  console.error(`  again:    deno task fuzz --target ${target} --seed ${seed} --case ${index}`);
  console.error(`  smallest: deno task fuzz --target ${target} --replay ${file}`);
  Deno.exit(1);
}

const module = values.engine ? new WebAssembly.Module(Deno.readFileSync(values.engine)) : defaultModule();
const seed = number("seed", crypto.getRandomValues(new Uint32Array(1))[0]);
const campaign = new Campaign(module, seed);

if (values.replay !== undefined) {
  const text = Deno.readTextFileSync(values.replay);
  let trap: EngineTrapError | undefined;
  const message = failing(() => {
    try {
      for (const target of targets().slice(0, 1)) campaign.replayInput(target, text);
    } catch (error) {
      if (error instanceof EngineTrapError) trap = error;
      throw error;
    }
  });
  if (message === undefined) {
    console.log("fuzz: the input does not fail any more");
    Deno.exit(0);
  }
  console.error(`fuzz: ${(await trap?.explain())?.message ?? message}`);
  Deno.exit(1);
}

console.log(`fuzz: seed ${seed}`);
const started = performance.now();
const [end, inputLimit] = values.inputs === undefined
  ? [started + number("minutes", 1) * 60_000, Infinity]
  : [Infinity, number("inputs", 0)];
const counts = new Map<Target, number>();
const only = values.case === undefined ? undefined : number("case", 0);
let inputs = 0;
for (let index = only ?? 0; index === (only ?? index); index++) {
  for (const target of targets()) {
    const outcome = campaign.run(target, index);
    if (outcome.failure) report(outcome.failure);
    counts.set(target, (counts.get(target) ?? 0) + outcome.inputs);
    inputs += outcome.inputs;
  }
  if (performance.now() >= end || inputs >= inputLimit) break;
}
const seconds = (performance.now() - started) / 1000;
const parts = [...counts].map(([target, count]) => `${target} ${count}`).join(", ");
console.log(`fuzz: ${inputs} inputs in ${seconds.toFixed(1)} s without a finding (${parts})`);
