/** Runs the command line inside the test, with streams of its own: quicker than a process, and any stream may be a terminal. */
import { runResv } from "../host/cli/application.ts";
import { Output } from "../host/cli/output.ts";

/** What a command left. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** Standard output as bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What a test may say of the world. */
export interface World {
  /** Standard input, in the pieces in which it comes. */
  readonly input?: string | Uint8Array<ArrayBuffer> | readonly Uint8Array<ArrayBuffer>[];
  readonly outIsTerminal?: boolean;
  readonly errIsTerminal?: boolean;
  /** Nothing can be written to standard output. */
  readonly outIsFull?: boolean;
}

/** Runs one command line. */
export async function run(args: readonly string[], world: World = {}): Promise<Ran> {
  const written = { out: [] as Uint8Array[], err: [] as Uint8Array[] };
  const output = (into: Uint8Array[], isTerminal = false, isFull = false) =>
    new Output({
      write(bytes) {
        if (isFull) throw new Error("No space left on device (os error 28)");
        into.push(bytes.slice());
      },
      isTerminal,
      noColor: true,
      onClosed: () => {
        throw new Error("nobody closes this");
      },
    });
  const { input = "" } = world;
  const pieces = typeof input === "string"
    ? [new TextEncoder().encode(input)]
    : input instanceof Uint8Array
    ? [input]
    : input;
  const code = await runResv(args, {
    out: output(written.out, world.outIsTerminal, world.outIsFull),
    err: output(written.err, world.errIsTerminal),
    standardInput: ReadableStream.from(pieces),
  });
  const bytes = joined(written.out), text = new TextDecoder();
  return { code, out: text.decode(bytes), err: text.decode(joined(written.err)), bytes };
}

function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Calls `use` with a file of these contents, which is gone afterwards. */
export async function withFile<T>(contents: Uint8Array | string, use: (file: string) => Promise<T>): Promise<T> {
  const file = await Deno.makeTempFile({ prefix: "resv_" });
  try {
    await Deno.writeFile(file, typeof contents === "string" ? new TextEncoder().encode(contents) : contents);
    return await use(file);
  } finally {
    await Deno.remove(file);
  }
}

/** The JSON of every line. */
// deno-lint-ignore no-explicit-any
export function jsonLines(text: string): any[] {
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}
