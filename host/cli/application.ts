/** The command line put together: every command, and how it speaks of mistakes (one line, then a non-zero exit). */
import {
  type Application,
  buildApplication,
  buildRouteMap,
  type Command,
  type RouteMap,
  run,
  text_en,
} from "@stricli/core";
import type { ResvContext } from "./context.ts";
import { nearestName } from "./nearest.ts";
import { CommandError, UsageError } from "./output.ts";
import { VERSION } from "./version.ts";

/** A command failed. */
export const EXIT_FAILURE = 1;
/** The command line itself was wrong. */
export const EXIT_USAGE = 2;

function explain(error: unknown): string {
  if (error instanceof CommandError) return `resv: ${error.message}`;
  if (error instanceof Deno.errors.NotCapable) return `resv: Deno was not permitted to: ${notCapable(error)}`;
  const stack = error instanceof Error ? error.stack ?? error.message : String(error);
  return `resv: this is a fault of resv itself, please report it:\n${stack}`;
}

/** `requires sys access to "networkInterfaces", run again with the --allow-sys flag`. */
function notCapable({ message }: Error): string {
  const [line] = message.split("\n");
  return line.charAt(0).toLowerCase() + line.slice(1);
}

/** Mistakes in a name that may have been meant: two letters wrong, missing, too many or in each other's place. */
const NEAR = { threshold: 2, weights: { insertion: 1, deletion: 1, substitution: 1, transposition: 1 } };

/** The one command that is most like it, if that is near enough for the length of the name. */
function suggestion(name: string, corrections: readonly string[]): string | undefined {
  const meant = nearestName(name, corrections.map((correction) => correction.replaceAll("`", "")));
  return meant === undefined ? undefined : `did you mean "${meant}"?`;
}

/**
 * Deno reads every file that a literal `import()` leads to before it starts: more than a hundred for commands that are not
 * called. This one it does not see, and so asks for the permission to read, which these commands need anyway.
 */
const load = async <T>(file: string): Promise<T> => await import(file);

type Target = Command<ResvContext> | RouteMap<ResvContext>;

/** Every command is a file of its own, which is loaded when it is called, and loads its work when it does something. */
const COMMANDS = {
  demo: async () => (await import("./demo.ts")).demoCommand,
  decode: async () => (await import("./decode.ts")).decodeCommand,
  encode: async () => (await import("./encode.ts")).encodeCommand,
  summary: async () => (await import("./summary.ts")).summaryCommand,
  simulate: async () => (await import("./simulate.ts")).simulateCommand,
  show: async () => (await load<typeof import("./show.ts")>("./show.ts")).showCommand,
  clear: async () => (await load<typeof import("./clear.ts")>("./clear.ts")).clearCommand,
  trace: async () => (await load<typeof import("./trace.ts")>("./trace.ts")).traceCommand,
  pingPath: async () => (await load<typeof import("./ping_path.ts")>("./ping_path.ts")).pingPathCommand,
  node: async () => (await load<typeof import("./node.ts")>("./node.ts")).nodeCommand,
  reload: async () => (await load<typeof import("./reload.ts")>("./reload.ts")).reloadCommand,
  call: async () => (await load<typeof import("./call.ts")>("./call.ts")).callCommand,
  send: async () => (await load<typeof import("./send.ts")>("./send.ts")).sendCommand,
  receive: async () => (await load<typeof import("./receive.ts")>("./receive.ts")).receiveCommand,
} satisfies Record<string, () => Promise<Target>>;

const kebab = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The command that was asked for, alone; all of them where it is none, for help and for what else may have been meant. */
async function loadCommands(asked: string | undefined): Promise<Record<string, Target>> {
  const names = Object.keys(COMMANDS) as (keyof typeof COMMANDS)[];
  const wanted = names.filter((name) => name === asked || kebab(name) === asked);
  const loading = (wanted.length > 0 ? wanted : names).map(async (name) => [name, await COMMANDS[name]()] as const);
  return Object.fromEntries(await Promise.all(loading));
}

/** Builds the application for a command line. */
async function buildResv(args: readonly string[]): Promise<Application<ResvContext>> {
  const routes = buildRouteMap<string, ResvContext>({
    routes: await loadCommands(args[0]),
    docs: { brief: "RSVP (RFC 2205): run a node, watch it work, read captures" },
  });
  return buildApplication(routes, {
    name: "resv",
    versionInfo: { currentVersion: VERSION },
    scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true, distanceOptions: NEAR },
    documentation: { disableAnsiColor: true },
    determineExitCode: (error) => error instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE,
    localization: {
      text: {
        ...text_en,
        noCommandRegisteredForInput: ({ input, corrections }) =>
          `resv: no command "${input}"; ${suggestion(input, corrections) ?? "resv --help lists them"}`,
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
  await run(await buildResv(asked), asked, { ...world, process, fail });
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
