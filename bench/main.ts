/**
 * `deno task bench`: the engine against plain TypeScript and, where a C compiler is present, against a C program
 * compiled on the spot. Prints the tables that docs/performance.md quotes and leaves reports in bench/results/.
 *
 * Options: `--rounds N` (5), `--messages N` (20,000), `--sessions N` (100,000), `--only interleaved|shared|report|sizes`.
 */
import { parseArgs } from "node:util";
import { buildCase } from "./cases/build.ts";
import { decodeCase } from "./cases/decode.ts";
import { lookupCase } from "./cases/lookup.ts";
import { sharedCase } from "./cases/shared.ts";
import { transitCase } from "./cases/transit.ts";
import { compileBenchModule, instance } from "./engine_side.ts";
import { compileLimit } from "./limit_side.ts";
import { report } from "./report.ts";
import { measureCase, table } from "./rounds.ts";
import { sizes } from "./sizes.ts";

const RESULTS = new URL("./results/", import.meta.url).pathname;
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    messages: { type: "string", default: "20000" },
    sessions: { type: "string", default: "100000" },
    only: { type: "string" },
  },
});

function positive(name: "rounds" | "messages" | "sessions"): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value > 0) return value;
  console.error(
    `bench: --${name} wants a whole number above zero, got "${values[name]}"`,
  );
  Deno.exit(2);
}

async function interleaved(): Promise<void> {
  const [rounds, messages, sessions] = [
    positive("rounds"),
    positive("messages"),
    positive("sessions"),
  ];
  const module = await compileBenchModule();
  const folder = await Deno.makeTempDir({ prefix: "resv_bench_" });
  try {
    const limit = compileLimit(folder);
    console.log(
      `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}; C: ${
        limit?.version ?? "none"
      }; best of ${rounds} interleaved rounds\n`,
    );
    const cases = [
      decodeCase(instance(module), limit, folder, messages),
      buildCase(instance(module), limit, 200_000),
      lookupCase(instance(module), limit, sessions, 500_000),
      transitCase(limit, 10_000),
    ];
    const results = cases.map((measured) => measureCase(measured, rounds));
    console.log(table(results) + "\n");
    await Deno.writeTextFile(
      RESULTS + "interleaved.json",
      JSON.stringify(results, null, 2) + "\n",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function shared(): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "resv_bench_" });
  try {
    const measured = sharedCase(instance(await compileBenchModule()), folder, 200_000);
    if (measured === null) return;
    const result = measureCase(measured, 3);
    console.log(table([result]) + "\n");
    await Deno.writeTextFile(RESULTS + "shared.json", JSON.stringify(result, null, 2) + "\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const PARTS = {
  interleaved,
  shared,
  report: () => report(RESULTS),
  sizes: () => sizes(RESULTS),
};
const only = values.only as keyof typeof PARTS | undefined;
if (only !== undefined && !(only in PARTS)) {
  console.error(`bench: --only wants one of ${Object.keys(PARTS).join(", ")}`);
  Deno.exit(2);
}
await Deno.mkdir(RESULTS, { recursive: true });
for (const part of only === undefined ? Object.values(PARTS) : [PARTS[only]]) {
  await part();
}
