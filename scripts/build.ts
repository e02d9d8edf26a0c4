/**
 * Builds the engine and everything generated: `build.ts [release|debug] [--engine-only]`.
 *
 * Release writes the generated files, engine-as/engine.wasm (committed; nothing but code and data, so that it is the
 * same bytes on every machine) and what is made from it. The compiler is asked for names and a source map, which it
 * puts into sections and files of their own without changing the code; they go to build/, and from there into the map
 * that turns the offset of a trap into function and line. Debug writes build/engine.debug.wasm, not optimised.
 */
import asc, { type Transform } from "assemblyscript/asc";
import { customSections, stripCustomSections } from "./wasm_sections.ts";

const ENTRY = "engine-as/engine.ts";
const CONFIG = "engine-as/asconfig.json";

/** Scripts that write `*.gen.ts` files and docs/objects.md from the catalogue, in this order. */
const GENERATORS = ["scripts/generate.ts"];
/** Scripts that write files from the compiled engine, in this order. */
const FOLLOWERS = ["scripts/embed_wasm.ts", "scripts/trap_map.ts", "scripts/bundle_public.ts"];

async function run(script: string): Promise<void> {
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script],
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error(`${script} failed with exit code ${code}`);
}

/** What is used of the optimizer that the compiler brings and hands to its transforms. */
interface Binaryen {
  setOptimizeLevel(level: number): void;
  setShrinkLevel(level: number): void;
  setOneCallerInlineMaxSize(size: number): void;
  setAlwaysInlineMaxSize(size: number): void;
  setFlexibleInlineMaxSize(size: number): void;
}

/**
 * Puts every function that has one caller into it, however long it is. The compiler stops at a size that keeps the short
 * functions of the sources apart, each with its call and its frame: through a router in the middle a message is a tenth
 * faster without, and the engine hardly larger.
 */
class InlineSingleCalls {
  /** Set by the compiler. */
  declare binaryen: Binaryen;

  afterCompile(module: { runPasses(passes: string[]): void }): void {
    const { binaryen } = this;
    binaryen.setOptimizeLevel(3);
    binaryen.setShrinkLevel(0);
    binaryen.setOneCallerInlineMaxSize(1_000_000);
    binaryen.setAlwaysInlineMaxSize(2);
    binaryen.setFlexibleInlineMaxSize(20);
    module.runPasses(["inlining-optimizing"]);
  }
}

/** Compiles in memory and returns what the compiler wrote, by file name. */
async function compile(target: string, ...extra: string[]): Promise<Map<string, Uint8Array | string>> {
  const written = new Map<string, Uint8Array | string>();
  const { error, stderr } = await asc.main([ENTRY, "--config", CONFIG, "--target", target, ...extra], {
    writeFile: (name: string, contents: Uint8Array | string) => void written.set(name, contents),
    transforms: target === "release" ? [InlineSingleCalls as unknown as Transform] : [],
  });
  const text = stderr.toString();
  if (text) console.error(text);
  if (error) throw error;
  return written;
}

/** The compiler exits silently on some mistakes, so what it wrote is looked at rather than its word taken. */
function checkedWasm(written: Map<string, Uint8Array | string>): Uint8Array<ArrayBuffer> {
  const wasm = [...written].find(([name]) => name.endsWith(".wasm"))?.[1];
  if (!(wasm instanceof Uint8Array)) throw new Error("the compiler wrote no .wasm file");
  const bytes = new Uint8Array(wasm);
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
  if (imports.length > 0) {
    throw new Error(
      "the engine must import nothing, but imports " + imports.map((i) => `${i.module}.${i.name}`).join(", "),
    );
  }
  return bytes;
}

async function gzipLength(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

async function buildRelease(): Promise<void> {
  const written = await compile("release", "--debug", "--sourceMap");
  const named = checkedWasm(written);
  if (customSections(named).every((section) => section.name !== "name")) throw new Error("the compiler kept no names");
  const wasm = stripCustomSections(named);
  Deno.mkdirSync("build", { recursive: true });
  Deno.writeFileSync("engine-as/engine.wasm", wasm);
  Deno.writeFileSync("build/engine.named.wasm", named);
  const map = [...written].find(([name]) => name.endsWith(".map"))?.[1];
  if (typeof map !== "string") throw new Error("the compiler wrote no source map");
  Deno.writeTextFileSync("build/engine.wasm.map", map);
  console.log(`engine-as/engine.wasm: ${wasm.length} bytes, ${await gzipLength(wasm)} with gzip`);
}

async function buildDebug(): Promise<void> {
  const written = await compile("debug");
  checkedWasm(written);
  Deno.mkdirSync("build", { recursive: true });
  for (const [name, contents] of written) {
    const file = "build/" + name.slice(name.lastIndexOf("/") + 1);
    if (typeof contents === "string") Deno.writeTextFileSync(file, contents);
    else Deno.writeFileSync(file, contents);
    console.log(`${file}: ${contents.length} bytes`);
  }
}

const target = Deno.args.find((argument) => !argument.startsWith("-")) ?? "release";
const engineOnly = Deno.args.includes("--engine-only");
if (target !== "release" && target !== "debug") {
  console.error(`build.ts: "${target}" is neither release nor debug`);
  Deno.exit(2);
}
try {
  if (!engineOnly) { for (const script of GENERATORS) await run(script); }
  if (target === "debug") await buildDebug();
  else {
    await buildRelease();
    if (!engineOnly) { for (const script of FOLLOWERS) await run(script); }
  }
} catch (error) {
  console.error(`build failed: ${(error as Error).message}`);
  Deno.exit(1);
}
