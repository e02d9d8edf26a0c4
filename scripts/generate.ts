/**
 * Writes every generated file: `generate.ts`. With `--check` it writes nothing and fails, naming each file that is not
 * what would be written.
 */
import { existsSync } from "node:fs";
import { generateBoundary } from "./generate_boundary.ts";
import { generateObjects } from "./generate_objects.ts";

const ROOT = new URL("../", import.meta.url);

type Files = Record<string, string>;

/** Every generated file, path to content. */
export async function generateAll(): Promise<Files> {
  const files: Files = { ...generateBoundary(), ...generateObjects() };
  // The engine's tables are generated from the same catalogue, by a part that the boundary and the codec do not need.
  const tables = new URL("scripts/generate_tables.ts", ROOT);
  if (existsSync(tables)) Object.assign(files, (await import(tables.href)).generateTables());
  // The document that links requirements to tests is made from the tests' names, where they are.
  if (existsSync(new URL("tests/conformance/requirements.tsv", ROOT))) {
    Object.assign(files, (await import("./generate_conformance.ts")).generateConformance());
  }
  // The theory of operation has its state diagrams drawn into it.
  if (existsSync(new URL("docs/protocol.md", ROOT))) {
    Object.assign(files, (await import("./generate_states.ts")).generateStates());
  }
  return files;
}

/** The paths whose content in the tree is another, or that are missing. */
export async function staleFiles(): Promise<string[]> {
  const stale: string[] = [];
  for (const [path, text] of Object.entries(await generateAll())) {
    const committed = await Deno.readTextFile(new URL(path, ROOT)).catch(() => undefined);
    if (committed !== text) stale.push(path);
  }
  return stale;
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--check")) {
    const stale = await staleFiles();
    for (const path of stale) console.error(`${path} is stale: run deno run -A scripts/generate.ts`);
    return stale.length === 0 ? 0 : 1;
  }
  for (const [path, text] of Object.entries(await generateAll())) {
    const url = new URL(path, ROOT);
    await Deno.mkdir(new URL(".", url), { recursive: true });
    await Deno.writeTextFile(url, text);
  }
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
