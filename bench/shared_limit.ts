/**
 * The C limit that lies beside the repository, where it does (../shared/perf): its own messages, its own program. Nothing
 * of it is copied here.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PERF = fileURLToPath(new URL("../../shared/perf/", import.meta.url));

/** The program, compiled, and the capture that it reads. */
export interface SharedLimit {
  readonly capture: string;
  /** Nanoseconds of the line that begins so, of the named case. */
  ns(line: string, ...args: string[]): number;
}

function run(program: string, ...args: string[]): string {
  const { success, stdout, stderr } = new Deno.Command(program, { args, stdin: "null" }).outputSync();
  if (!success) throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** Compiles the limit and makes `messages` messages in `folder`; null, and a line that says why, where that is not possible. */
export function sharedLimit(folder: string, messages: number): SharedLimit | null {
  if (!existsSync(PERF + "limit.c")) {
    console.error("no folder ../shared/perf beside the repository: the C limit of that folder is left out\n");
    return null;
  }
  const program = `${folder}/shared_limit`, capture = `${folder}/rsvp.pcap`;
  try {
    run("gcc", "-O3", "-march=native", "-o", program, PERF + "limit.c", "-lpthread");
    run("python3", PERF + "gen.py", String(messages), folder);
  } catch (error) {
    console.error(`the C limit of ../shared/perf is left out: ${(error as Error).message}\n`);
    return null;
  }
  return {
    capture,
    ns: (line, ...args) => {
      const printed = run(program, ...args);
      const found = printed.split("\n").find((text) => text.startsWith(line + "\t"))?.split("\t")[2];
      if (found === undefined) throw new Error(`the C limit printed no line "${line}"`);
      return Number(found);
    },
  };
}
