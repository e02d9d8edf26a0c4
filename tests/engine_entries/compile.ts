/** Compiles an entry under tests/engine_entries/, so that rooms of the engine can be tested one by one. */
import asc from "assemblyscript/asc";

const done = new Map<string, Promise<WebAssembly.Module>>();

async function compile(name: string): Promise<WebAssembly.Module> {
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [`tests/engine_entries/${name}`, "--config", "engine-as/asconfig.json", "--target", "release", "--debug", "--initialMemory", "32"],
    {
      writeFile: (path: string, contents: string | Uint8Array) => {
        if (path.endsWith(".wasm") && typeof contents !== "string") wasm = contents;
      },
    },
  );
  if (error) throw new Error(`${name}: ${stderr.toString()}`);
  if (!wasm) throw new Error(`${name}: the compiler wrote nothing`);
  return new WebAssembly.Module(new Uint8Array(wasm));
}

/** The compiled module of an entry; compiled once per process. */
export function entryModule(name: string): Promise<WebAssembly.Module> {
  let module = done.get(name);
  if (!module) done.set(name, module = compile(name));
  return module;
}

/** An instance of an entry, its functions typed by `E`, and its memory as bytes (taken again if memory grows). */
export async function entryInstance<E>(name: string): Promise<{ exports: E; bytes: () => Uint8Array }> {
  const instance = new WebAssembly.Instance(await entryModule(name), {});
  const memory = instance.exports.memory as WebAssembly.Memory;
  return { exports: instance.exports as unknown as E, bytes: () => new Uint8Array(memory.buffer) };
}
