/** Runs the command line as users do: a process of its own. */
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MAIN = ROOT + "host/cli/main.ts";

/** What a finished command left. */
export interface Finished {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The arguments with which `deno` runs the command line. */
export function commandLine(args: readonly string[]): string[] {
  return ["run", "-A", "--quiet", MAIN, ...args];
}

/** Runs `resv` with standard input from `input` and waits for its end. */
export async function resv(
  args: readonly string[],
  input?: Uint8Array,
  env: Record<string, string> = {},
): Promise<Finished> {
  const child = new Deno.Command(Deno.execPath(), {
    args: commandLine(args),
    cwd: ROOT,
    env: { DENO_NO_UPDATE_CHECK: "1", ...env },
    stdin: input ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (input) {
    const writer = child.stdin.getWriter();
    // A command that gives up early closes its input; that is its right.
    await writer.write(input).then(() => writer.close(), () => {});
  }
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}
