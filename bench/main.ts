/**
 * `deno task bench`: the engine against plain TypeScript and, where a C compiler is present, against a C program
 * compiled on the spot. Prints the tables that docs/performance.md quotes and leaves reports in bench/results/.
 *
 * Options: `--rounds N` (5), `--messages N` (20,000), `--sessions N` (100,000),
 * `--refreshed N` (1,000,000) sessions, `--only PART` with one of the cases
 * decode, build, lookup, transit, refresh, values, shared, or one of report, sizes.
 */
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { buildCase } from "./cases/build.ts";
import { decodeCase } from "./cases/decode.ts";
import { lookupCase } from "./cases/lookup.ts";
import { refreshCases, shareOfCore } from "./cases/refresh.ts";
import { sharedCase } from "./cases/shared.ts";
import { transitCases } from "./cases/transit.ts";
import { valuesCases } from "./cases/values.ts";
import { compileBenchModule, instance } from "./engine_side.ts";
import { compileLimit, type CProgram } from "./limit_side.ts";
import { report } from "./report.ts";
import { type Case, measureCase, type Measured, table } from "./rounds.ts";
import { sizes } from "./sizes.ts";

const RESULTS = fileURLToPath(new URL("./results/", import.meta.url));
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    messages: { type: "string", default: "20000" },
    sessions: { type: "string", default: "100000" },
    refreshed: { type: "string", default: "1000000" },
    only: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

function positive(name: "rounds" | "messages" | "sessions" | "refreshed"): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value > 0) return value;
  console.error(`bench: --${name} wants a whole number above zero, got "${values[name]}"`);
  Deno.exit(2);
}

type MakeCases = (limit: CProgram | null, folder: string) => Promise<Case[]>;
const engine = async () => instance(await compileBenchModule());
const CASES: Record<string, MakeCases> = {
  decode: async (limit, folder) => [decodeCase(await engine(), limit, folder, positive("messages"))],
  build: async (limit) => [buildCase(await engine(), limit, 200_000)],
  lookup: async (limit) => [lookupCase(await engine(), limit, positive("sessions"), 500_000)],
  transit: (limit, folder) => Promise.resolve(transitCases(limit, folder, [10_000, 100_000])),
  refresh: (_limit, folder) => Promise.resolve(refreshCases(folder, positive("refreshed"))),
  values: () => Promise.resolve(valuesCases()),
  shared: async (_limit, folder) => [sharedCase(await engine(), folder, 200_000) ?? []].flat(),
};

async function measure(name: string): Promise<Measured[]> {
  const folder = await Deno.makeTempDir({ prefix: "resv_bench_" });
  try {
    const cases = await CASES[name](compileLimit(folder), folder);
    return cases.map((measured) => measureCase(measured, positive("rounds")));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Each case in a process of its own, for what one case teaches the optimising compiler is not to spoil the next. */
async function allCases(): Promise<void> {
  console.log(`Deno ${Deno.version.deno}, V8 ${Deno.version.v8}; best of ${positive("rounds")} interleaved rounds\n`);
  const results: Measured[] = [];
  for (const name of Object.keys(CASES)) {
    const { success, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--config", "bench/deno.json", "bench/main.ts", ...Deno.args, "--only", name, "--json"],
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      stdin: "null",
      stderr: "inherit",
    }).output();
    if (!success) throw new Error(`the case "${name}" failed`);
    results.push(...JSON.parse(new TextDecoder().decode(stdout)) as Measured[]);
  }
  console.log(table(results) + "\n" + shareOfCore(results));
  await Deno.writeTextFile(RESULTS + "interleaved.json", JSON.stringify(results, null, 2) + "\n");
}

const PARTS: Record<string, () => Promise<void>> = {
  report: () => report(RESULTS),
  sizes: () => sizes(RESULTS),
};
for (const name of Object.keys(CASES)) {
  PARTS[name] = async () => {
    const results = await measure(name);
    console.log(values.json ? JSON.stringify(results) : table(results) + shareOfCore(results));
  };
}
if (values.only !== undefined && !(values.only in PARTS)) {
  console.error(`bench: --only wants one of ${Object.keys(PARTS).join(", ")}`);
  Deno.exit(2);
}
await Deno.mkdir(RESULTS, { recursive: true });
if (values.only !== undefined) await PARTS[values.only]();
else {
  await allCases();
  await PARTS.sizes();
  await PARTS.report();
}
