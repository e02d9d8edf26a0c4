/** What is not a loop: the size of the engine, the time to start, the memory of a session. */
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { PlainWriter, writePath } from "./plain/builder.ts";
import { bytesPerSession } from "./session_memory.ts";
import { BUILT_PATH } from "./traffic.ts";

const ROOT = new URL("..", import.meta.url);

function wasmSize(): { raw: number; gzip: number } {
  const wasm = Deno.readFileSync(new URL("engine-as/engine.wasm", ROOT));
  return { raw: wasm.length, gzip: gzipSync(wasm, { level: 9 }).length };
}

/** Milliseconds of a whole Deno process that runs the program, the project's configuration read in either case. */
function processTime(file: string): number {
  const config = new URL("deno.json", ROOT).pathname;
  const start = performance.now();
  const { success, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", "--config", config, file],
  }).outputSync();
  const took = performance.now() - start;
  if (!success) throw new Error(`${file}: ${new TextDecoder().decode(stderr)}`);
  return took;
}

function startUp(
  folder: string,
  rounds: number,
): { empty: number; decoded: number } {
  const bytes = new Uint8Array(512);
  const writer = new PlainWriter(new DataView(bytes.buffer), 0);
  writePath(writer, BUILT_PATH);
  const hex = Buffer.from(bytes.subarray(0, writer.length)).toString("hex");
  const empty = `${folder}/empty.ts`;
  const decoded = `${folder}/decoded.ts`;
  Deno.writeTextFileSync(empty, "");
  Deno.writeTextFileSync(
    decoded,
    `import { decode } from "${new URL("mod.ts", ROOT).href}";\n` +
      `if (decode(Uint8Array.fromHex("${hex}")).objects.length !== 6) throw new Error("not the PATH that was written");\n`,
  );
  const best = { empty: Infinity, decoded: Infinity };
  for (let round = 0; round < rounds; round++) {
    best.empty = Math.min(best.empty, processTime(empty));
    best.decoded = Math.min(best.decoded, processTime(decoded));
  }
  return best;
}

/** Prints the figures and leaves them in `folder`. */
export async function sizes(results: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "resv_start_" });
  try {
    const wasm = wasmSize();
    const start = startUp(folder, 15);
    const session = bytesPerSession();
    console.log("| figure | value |\n|---|---:|");
    console.log(`| engine.wasm | ${wasm.raw} bytes, ${wasm.gzip} with gzip |`);
    console.log(`| empty Deno | ${start.empty.toFixed(1)} ms |`);
    console.log(
      `| import mod.ts and decode a PATH | ${start.decoded.toFixed(1)} ms |`,
    );
    console.log(`| ratio | ${(start.decoded / start.empty).toFixed(2)} |`);
    console.log(
      `| state of a session with one sender and one reservation | ${session.toFixed(0)} bytes |\n`,
    );
    await Deno.writeTextFile(
      results + "sizes.json",
      JSON.stringify({ wasm, start, session }, null, 2) + "\n",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
