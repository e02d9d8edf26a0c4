/** What `resv node` does: reads the file, starts the node, and does what signals say until it ends. */
import { readNodeFile } from "../daemon/config_file.ts";
import { Daemon, type DaemonWorld } from "../daemon/daemon.ts";
import { MetricsListenError } from "../daemon/metrics_ends.ts";
import { PartError } from "../daemon/parts.ts";
import type { NodeFile } from "../daemon/schema.ts";
import { ServiceSocketError } from "../service/listen.ts";
import { TomlFileError } from "../toml_file.ts";
import { UdpOpenError } from "../transport/udp.ts";
import type { ResvContext } from "./context.ts";
import type { NodeFlags } from "./node.ts";
import { CommandError, reasonText } from "./output.ts";
import { formatCount } from "./units.ts";
import { VERSION } from "./version.ts";

export async function runNode(this: ResvContext, flags: NodeFlags): Promise<void> {
  let file: NodeFile;
  try {
    file = await readFile(flags.config);
  } catch (error) {
    if (!(error instanceof TomlFileError)) throw error;
    for (const problem of error.problems) this.fail(`${flags.config}: ${problem}`);
    return;
  }
  if (flags.check) return void this.out.line(summary(flags.config, file));
  const write = (line: string) => this.err.log(line);
  // Listened to before anything is open, so that no signal finds the default, which is to die on the spot.
  const signals = new NodeSignals(flags);
  try {
    const daemon = await startDaemon(file, { version: VERSION, write, read: () => readFile(flags.config) });
    signals.attach(daemon);
    const reason = await daemon.ended;
    if (!reason) return;
    await daemon.stop(true);
    throw new CommandError(`the node has ended: ${reason.message}`);
  } finally {
    signals.close();
  }
}

async function readFile(path: string): Promise<NodeFile> {
  let source: string;
  try {
    source = await Deno.readTextFile(path);
  } catch (error) {
    throw new CommandError(`${path}: ${reasonText(error)}`);
  }
  return readNodeFile(source);
}

function summary(path: string, file: NodeFile): string {
  const parts = [
    formatCount(file.interfaces.length, "interface"),
    formatCount(file.senders.length, "static sender"),
    formatCount(file.reservations.length, "static reservation"),
  ];
  return `${path}: ok, a ${file.node.kind} with ${parts.join(", ")}`;
}

/** What a person can do something about is said in one line. */
async function startDaemon(file: NodeFile, world: DaemonWorld): Promise<Daemon> {
  try {
    return await Daemon.start(file, world);
  } catch (error) {
    if ([UdpOpenError, MetricsListenError, PartError, ServiceSocketError].some((one) => error instanceof one)) {
      throw new CommandError((error as Error).message);
    }
    throw error;
  }
}

/** What signals ask for; what comes while the node starts waits until it has. */
class NodeSignals {
  #handlers: [Deno.Signal, () => void][];
  #daemon: Daemon | undefined;
  #waiting: ((daemon: Daemon) => void)[] = [];

  constructor(flags: NodeFlags) {
    const ask = (what: (daemon: Daemon) => void) => () => {
      if (this.#daemon) what(this.#daemon);
      else this.#waiting.push(what);
    };
    const stop = ask((daemon) => void daemon.stop(flags.fast));
    this.#handlers = [
      ["SIGTERM", stop],
      ["SIGINT", stop],
      ["SIGQUIT", ask((daemon) => void daemon.stop(true))],
      // Whoever sent it is not there to hear how it went: the daemon tells its log, and counts it.
      ["SIGHUP", ask((daemon) => void daemon.reload().catch(() => {}))],
    ];
    for (const [signal, handler] of this.#handlers) Deno.addSignalListener(signal, handler);
  }

  attach(daemon: Daemon): void {
    this.#daemon = daemon;
    for (const what of this.#waiting) what(daemon);
  }

  close(): void {
    for (const [signal, handler] of this.#handlers) Deno.removeSignalListener(signal, handler);
  }
}
