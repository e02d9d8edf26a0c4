/** What is left behind of a failing simulation: the plan, what was found, every node's log of submits, and a capture. */
import { Recorder } from "../host/recorder.ts";
import type { Plan } from "./plan.ts";
import { type Failure, runPlan } from "./run.ts";
import { countEvents } from "./shrink.ts";

/** A plan as JSON; infinite peak rates as text, because JSON has none. */
export function planText(plan: Plan): string {
  return JSON.stringify(plan, (_key, value) => value === Infinity ? "Infinity" : value, 2) + "\n";
}

export function readPlan(text: string): Plan {
  return JSON.parse(text, (_key, value) => value === "Infinity" ? Infinity : value);
}

/** A failure in words, with the smaller plan that still fails. */
export function describeFailure(plan: Plan, failure: Failure): string {
  const where = `${failure.rule} in round ${failure.round + 1} at ${failure.atMs / 1_000} s`;
  return [
    `seed ${plan.seed}: ${where}; ${plan.shape} of ${plan.nodes.length} nodes, ${countEvents(plan)} events`,
    ...failure.lines.map((line) => `  ${line}`),
  ].join("\n");
}

/** Runs the plan again and writes what it does into a folder of its own. Returns the folder. */
export function recordRun(folder: string, plan: Plan): string {
  const recorders = new Map<string, Recorder>();
  let capture: () => Uint8Array = () => new Uint8Array();
  const { failure } = runPlan(plan, {
    recorder(name) {
      const recorder = new Recorder();
      recorders.set(name, recorder);
      return recorder;
    },
    onStart(world) {
      const file = world.network.capture();
      capture = () => file.bytes();
    },
  });
  Deno.mkdirSync(folder, { recursive: true });
  Deno.writeTextFileSync(`${folder}/plan.json`, planText(plan));
  Deno.writeTextFileSync(`${folder}/failure.txt`, failure ? describeFailure(plan, failure) + "\n" : "it passed\n");
  Deno.writeFileSync(`${folder}/network.pcap`, capture());
  for (const [name, recorder] of recorders) Deno.writeFileSync(`${folder}/${name}.rsvl`, recorder.bytes());
  return folder;
}
