/** The command line put together: every command, and how it speaks of mistakes (one line, then a non-zero exit). */
import { type Application, buildApplication, buildRouteMap, run, text_en } from "@stricli/core";
import { callCommand } from "./call.ts";
import { clearCommand } from "./clear.ts";
import type { ResvContext } from "./context.ts";
import { decodeCommand } from "./decode.ts";
import { demoCommand } from "./demo.ts";
import { encodeCommand } from "./encode.ts";
import { nodeCommand } from "./node.ts";
import { CommandError, UsageError } from "./output.ts";
import { reloadCommand } from "./reload.ts";
import { pingPathCommand } from "./ping_path.ts";
import { receiveCommand } from "./receive.ts";
import { sendCommand } from "./send.ts";
import { showCommand } from "./show.ts";
import { simulateCommand } from "./simulate.ts";
import { summaryCommand } from "./summary.ts";
import { traceCommand } from "./trace.ts";
import { VERSION } from "./version.ts";

/** A command failed. */
export const EXIT_FAILURE = 1;
/** The command line itself was wrong. */
export const EXIT_USAGE = 2;

function explain(error: unknown): string {
  if (error instanceof CommandError) return `resv: ${error.message}`;
  const stack = error instanceof Error ? error.stack ?? error.message : String(error);
  return `resv: this is a fault of resv itself, please report it:\n${stack}`;
}

function suggestion(corrections: readonly string[]): string {
  return corrections.length > 0
    ? `did you mean ${corrections.map((name) => name.replaceAll("`", '"')).join(" or ")}?`
    : "";
}

/** Builds the application; each command is a file of its own, whose work is loaded when it is called. */
export function buildResv(): Application<ResvContext> {
  const routes = buildRouteMap({
    routes: {
      demo: demoCommand,
      decode: decodeCommand,
      encode: encodeCommand,
      summary: summaryCommand,
      simulate: simulateCommand,
      show: showCommand,
      clear: clearCommand,
      trace: traceCommand,
      pingPath: pingPathCommand,
      node: nodeCommand,
      reload: reloadCommand,
      call: callCommand,
      send: sendCommand,
      receive: receiveCommand,
    },
    docs: { brief: "RSVP (RFC 2205): run a node, watch it work, read captures" },
  });
  return buildApplication(routes, {
    name: "resv",
    versionInfo: { currentVersion: VERSION },
    scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
    documentation: { disableAnsiColor: true },
    determineExitCode: (error) => error instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE,
    localization: {
      text: {
        ...text_en,
        noCommandRegisteredForInput: ({ input, corrections }) =>
          `resv: no command "${input}"; ${suggestion(corrections) || "resv --help lists them"}`,
        exceptionWhileParsingArguments: (error) =>
          `resv: ${text_en.exceptionWhileParsingArguments(error, false)}; --help lists what there is`,
        exceptionWhileRunningCommand: explain,
        commandErrorResult: explain,
      },
    },
  });
}

/** Runs one command line and returns the exit code. */
export async function runResv(args: readonly string[], world: Omit<ResvContext, "fail" | "process">): Promise<number> {
  const process = {
    exitCode: undefined as number | string | null | undefined,
    env: {},
    stdout: { write: (text: string) => world.out.write(text) },
    stderr: { write: (text: string) => world.err.write(text) },
  };
  let failed = false;
  const fail = (line: string) => {
    failed = true;
    world.out.flush();
    world.err.line(`resv: ${line}`);
  };
  // `resv help decode` is what some expect beside `resv decode --help`.
  const asked = args[0] === "help" ? [...args.slice(1), "--help"] : args;
  await run(buildResv(), asked, { ...world, process, fail });
  try {
    world.out.flush();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    fail(error.message);
  }
  world.err.flush();
  const code = Number(process.exitCode ?? 0);
  return code < 0 ? EXIT_USAGE : code === 0 && failed ? EXIT_FAILURE : code;
}
