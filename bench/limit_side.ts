/** The C side: compiles bench/limit/limit.c where there is a compiler, and runs it, a process a round. */
const decoder = new TextDecoder();

export interface CProgram {
  /** Runs a case; the best round's nanoseconds per operation, and the sum over what it read. */
  run(...args: string[]): { ns: number; check: number };
  /** How it was compiled. */
  readonly version: string;
}

/** The compiled program in a temporary folder, or null with a line that says why not. */
export function compileLimit(folder: string): CProgram | null {
  for (const compiler of ["gcc", "cc", "clang"]) {
    let version: Deno.CommandOutput;
    try {
      version = new Deno.Command(compiler, {
        args: ["--version"],
        stderr: "null",
      }).outputSync();
    } catch {
      continue;
    }
    const source = new URL("./limit/limit.c", import.meta.url).pathname;
    const program = `${folder}/limit`;
    const { success, stderr } = new Deno.Command(compiler, {
      args: ["-O3", "-march=native", "-o", program, source],
    }).outputSync();
    if (!success) {
      throw new Error(
        `${compiler} does not compile bench/limit/limit.c: ${decoder.decode(stderr)}`,
      );
    }
    const name = decoder.decode(version.stdout).split("\n")[0];
    return {
      version: `${name}, -O3 -march=native`,
      run: (...args) => runLimit(program, args),
    };
  }
  console.error(
    "no C compiler found (gcc, cc or clang): the C column stays empty",
  );
  return null;
}

function runLimit(
  program: string,
  args: string[],
): { ns: number; check: number } {
  const { success, stdout, stderr } = new Deno.Command(program, { args })
    .outputSync();
  if (!success) {
    throw new Error(`limit ${args.join(" ")}: ${decoder.decode(stderr)}`);
  }
  const text = decoder.decode(stdout);
  const numbers = (word: string) =>
    [...text.matchAll(new RegExp(`^${word} ([0-9.]+)$`, "gm"))].map((match) => Number(match[1]));
  const bad = numbers("bad")[0] ?? 0;
  if (bad > 0) {
    throw new Error(
      `limit ${args.join(" ")}: refused ${bad} messages that are good`,
    );
  }
  return { ns: Math.min(...numbers("ns")), check: numbers("check")[0] };
}
