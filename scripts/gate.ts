/**
 * The whole gate, `deno task ok`: every check runs, each says what it found, and the last line sums up.
 * `gate.ts --without-tests` leaves the tests out, for those who have just run them.
 */
import { existsSync } from "node:fs";
import { freshness } from "./gate_fresh.ts";

const ROOT_FOLDERS = ["catalogue", "host", "scripts", "tests", "examples"];

const NOT_TYPESCRIPT = new Set(["node_modules", "engine_entries"]);

interface Check {
  readonly name: string;
  /** Returns what is wrong; an empty string if nothing is. */
  readonly run: () => Promise<string>;
}

/** Runs deno with the arguments; what it printed, if it failed. */
async function deno(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    stdin: "null",
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
  }).output();
  if (success) return "";
  const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("").trimEnd();
  return text === "" ? `deno ${args.join(" ")} failed without a word` : text;
}

/** TypeScript under the folder, but for AssemblyScript and for folders that have a configuration of their own. */
function typeScriptIn(folder: string): string[] {
  const files: string[] = [];
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory && !existsSync(`${path}/deno.json`) && !NOT_TYPESCRIPT.has(entry.name)) {
      files.push(...typeScriptIn(path));
    } else if (entry.isFile && path.endsWith(".ts")) files.push(path);
  }
  return files.sort();
}

function checkTypes(): Promise<string> {
  const roots = existsSync("mod.ts") ? ["mod.ts"] : [];
  return deno("check", ...roots, ...ROOT_FOLDERS.filter((folder) => existsSync(folder)).flatMap(typeScriptIn));
}

/** Runs the tests with their output shown, since they are the long part. */
async function tests(): Promise<string> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "test"],
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  return success ? "" : "tests failed; see above";
}

/** Benchmarks have a configuration of their own; tests/runtimes/ is checked when it runs, for it fetches much. */
function checkBenchTypes(): Promise<string> {
  return deno("check", "--config", "bench/deno.json", "bench/main.ts");
}

const CHECKS: Check[] = [
  { name: "format", run: () => deno("fmt", "--check") },
  { name: "lint", run: () => deno("lint") },
  { name: "types", run: checkTypes },
  { name: "types of bench/", run: checkBenchTypes },
  { name: "engine.wasm and generated files are fresh", run: freshness },
  { name: "documentation of the public API", run: () => deno("doc", "--lint", "mod.ts") },
  { name: "package contents", run: () => deno("publish", "--dry-run", "--allow-dirty") },
];
if (!Deno.args.includes("--without-tests")) CHECKS.push({ name: "tests", run: tests });

const failed: string[] = [];
for (const check of CHECKS) {
  const started = performance.now();
  const wrong = await check.run();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${wrong === "" ? "ok    " : "FAILED"} ${check.name} (${seconds} s)`);
  if (wrong === "") continue;
  failed.push(check.name);
  console.error(wrong.replace(/^/gm, "       "));
}
if (failed.length > 0) {
  console.error(`gate: ${failed.length} of ${CHECKS.length} checks failed: ${failed.join("; ")}`);
  Deno.exit(1);
}
console.log(`gate: all ${CHECKS.length} checks passed`);
