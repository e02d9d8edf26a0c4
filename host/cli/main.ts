/** `resv`, the command line. Run with `deno task resv`. */
import { runResv } from "./application.ts";
import { Output } from "./output.ts";

function outputTo(stream: typeof Deno.stdout): Output {
  return new Output({
    write(bytes) {
      for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
    },
    isTerminal: stream.isTerminal(),
    noColor: Deno.noColor,
    onClosed: () => Deno.exit(0),
  });
}

if (import.meta.main) {
  const out = outputTo(Deno.stdout);
  const err = outputTo(Deno.stderr);
  Deno.exitCode = await runResv(Deno.args, { out, err, standardInput: Deno.stdin.readable });
}
