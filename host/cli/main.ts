/** `resv`, the command line. Run with `deno task resv`. */
import { runResv } from "./application.ts";
import { Output } from "./output.ts";

function outputTo(stream: typeof Deno.stdout, onClosed: () => void): Output {
  return new Output({
    write(bytes) {
      for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
    },
    isTerminal: stream.isTerminal(),
    noColor: Deno.noColor,
    onClosed,
  });
}

/** Where the user is: `deno task` runs in the project's folder, and tells where it was called in RESV_CWD (deno.json). */
function enterUsersFolder(): void {
  if (Deno.permissions.querySync({ name: "env", variable: "RESV_CWD" }).state !== "granted") return;
  const folder = Deno.env.get("RESV_CWD");
  if (folder) Deno.chdir(folder);
}

if (import.meta.main) {
  enterUsersFolder();
  // Nobody wants more of the output: there is nothing left to do. Without somebody to complain to the work goes on.
  const out = outputTo(Deno.stdout, () => Deno.exit(0));
  const err = outputTo(Deno.stderr, () => {});
  Deno.exitCode = await runResv(Deno.args, { out, err, standardInput: Deno.stdin.readable });
}
