/** The engine's rooms as the benchmarks call them: bench/entries/bench_entry.ts, compiled on the spot as a release. */
import asc from "assemblyscript/asc";
import { stripCustomSections } from "../scripts/wasm_sections.ts";

export interface BenchExports {
  readonly memory: WebAssembly.Memory;
  room(bytes: number): number;
  badCount(): number;
  decodeAll(start: number, end: number): number;
  decodeOne(at: number, length: number): number;
  parseAll(start: number, end: number): number;
  slot(): number;
  buildAll(ring: number, count: number): number;
  createSessions(count: number): void;
  lookupAll(sessions: number, count: number): number;
  lookupBatches(sessions: number, count: number): number;
}

/** Compiles the entry; the caller makes as many instances as it needs. */
export async function compileBenchModule(): Promise<WebAssembly.Module> {
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      "bench/entries/bench_entry.ts",
      "--config",
      "engine-as/asconfig.json",
      "--target",
      "release",
    ],
    {
      writeFile: (path: string, contents: string | Uint8Array) => {
        if (path.endsWith(".wasm") && typeof contents !== "string") {
          wasm = contents;
        }
      },
    },
  );
  if (error || wasm === undefined) {
    throw new Error("bench entry: " + stderr.toString());
  }
  return new WebAssembly.Module(stripCustomSections(wasm));
}

/** A fresh instance: its own memory, nothing shared with another benchmark. */
export function instance(module: WebAssembly.Module): BenchExports {
  return new WebAssembly.Instance(module, {})
    .exports as unknown as BenchExports;
}
