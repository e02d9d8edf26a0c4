/** `resv node` on every node of a lab, looked into by its signalling service, with captures of what it says. */
import { handleOfName } from "../../host/linux/links.ts";
import { ServiceClient } from "../../host/cli/service_client.ts";
import { buildLab, type Lab, removeLab } from "../../scripts/lab/build.ts";
import { nodeFile } from "../../scripts/lab/configuration.ts";
import { addressOf } from "../../scripts/lab/plan.ts";
import type { Topology } from "../../scripts/lab/topology.ts";
import { NodeProcess } from "../node_process.ts";
import { Capture } from "./capture.ts";
import { until } from "./namespace.ts";

/** A row of a table, as `resv show --json` has it. */
// deno-lint-ignore no-explicit-any
export type Row = Record<string, any>;
/** Tables of a node. */
export type Table = "sessions" | "senders" | "requests" | "reservations" | "installed" | "interfaces" | "neighbours";

/** What is the same for all nodes of a test. */
export interface RunningLabOptions {
  /** Lines for `[node]` of every file. */
  readonly node?: readonly string[];
  /** More of the file, by node: static senders and reservations. */
  readonly more?: (nodes: RunningLab) => Record<string, string>;
  /** Level of the nodes' log, `info` at least; all of it by default. */
  readonly log?: string;
  /** Routers have the routes of groups from their kernels, and not from their files. */
  readonly kernelGroups?: boolean;
  /** Nodes whose RSVP messages are captured. */
  readonly captured?: readonly string[];
}

/** A lab whose nodes run. */
export class RunningLab {
  readonly lab: Lab;
  #options: RunningLabOptions;
  #folder: string;
  #processes = new Map<string, NodeProcess>();
  #clients = new Map<string, ServiceClient>();
  #captures = new Map<string, Capture>();

  private constructor(lab: Lab, options: RunningLabOptions) {
    this.lab = lab;
    this.#options = options;
    this.#folder = Deno.makeTempDirSync({ prefix: "resv_lab_" });
  }

  /** Builds it, starts every node, and takes all of it away after `body`. */
  static async run(
    topology: Topology,
    options: RunningLabOptions,
    body: (nodes: RunningLab) => Promise<void>,
  ): Promise<void> {
    const prefix = `resvlab${Deno.pid}`;
    const nodes = new RunningLab(await buildLab(topology, prefix), options);
    try {
      for (const name of options.captured ?? []) {
        nodes.#captures.set(name, await Capture.start(nodes.lab.namespace(name)));
      }
      // A router that does not run yet lets messages through, and its neighbours reserve with each other over it: what they
      // have then lives on beside what they reserve with the router, until it times out.
      for (const kind of [true, false]) {
        const some = nodes.lab.nodes.filter(({ router }) => router === kind);
        await Promise.all(some.map(({ name }) => nodes.start(name)));
      }
      await body(nodes);
    } finally {
      await nodes.#end();
      await removeLab(prefix);
    }
  }

  /** Starts a node, with the same file as before. */
  async start(name: string): Promise<void> {
    const more = this.#options.more?.(this)[name] ?? "";
    const settings = { socketFolder: this.#folder, node: this.#options.node };
    const { log, kernelGroups } = this.#options;
    const planned = this.lab.node(name);
    const node = kernelGroups && planned.router ? { ...planned, multicast: [] } : planned;
    const logged = log === undefined ? "" : `\n[log]\nlevel = "${log}"\nformat = "json"\n`;
    const source = `${nodeFile(node, settings)}\n${more}${logged}`;
    const wrap = ["ip", "netns", "exec", this.lab.namespace(name)];
    const process = await NodeProcess.start(source, [], wrap);
    this.#processes.set(name, process);
    await process.said(/^service at /);
  }

  /** The process of a node. */
  process(name: string): NodeProcess {
    return this.#processes.get(name)!;
  }

  /** Ends a node by a signal, and waits for it. Returns its exit code. */
  async stop(name: string, signal: Deno.Signal): Promise<number> {
    this.#clients.get(name)?.close();
    this.#clients.delete(name);
    return await this.process(name).end(signal);
  }

  /** An address of a node. */
  address(name: string, family: 4 | 6): string {
    return addressOf(this.lab.node(name), family);
  }

  /** The rows of a table. */
  async rows(name: string, table: Table): Promise<Row[]> {
    let client = this.#clients.get(name);
    if (!client) this.#clients.set(name, client = await ServiceClient.connect(`${this.#folder}/${name}.sock`));
    return await client.table(table);
  }

  /** The rows that belong to an interface of the node. */
  async rowsOn(name: string, table: Table, interfaceName: string): Promise<Row[]> {
    const handle = handleOfName(interfaceName);
    return (await this.rows(name, table)).filter((row) => row.interface === handle);
  }

  /** Waits until so many reservations are installed on an interface. */
  async installed(name: string, interfaceName: string, count: number, withinMs = 10_000): Promise<void> {
    let seen = 0;
    const reached = async () => {
      const rows = await this.rowsOn(name, "installed", interfaceName);
      seen = rows.filter(({ pending }) => !pending).length;
      return seen === count;
    };
    await until(`${count} reservations on ${interfaceName} of ${name}`, reached, withinMs).catch((error) => {
      throw new Error(`${error.message}, but ${seen}`);
    });
  }

  /** What was captured at a node; the capture ends with this. */
  async capture(name: string): Promise<Capture> {
    const capture = this.#captures.get(name)!;
    await capture.stop();
    return capture;
  }

  async #end(): Promise<void> {
    for (const client of this.#clients.values()) client.close();
    for (const process of this.#processes.values()) await process.end();
    for (const capture of this.#captures.values()) await capture.discard();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** A static sender of a file: `rate` such as `3 Mbit/s`. */
export function sender(destination: string, port: number, rate: string, more: readonly string[] = []): string {
  return table("senders", [
    `destination = "${destination}"`,
    `port = ${port}`,
    "sourcePort = 4000",
    `rate = "${rate}"`,
    ...more,
  ]);
}

/** A static reservation of a file. */
export function reservation(
  destination: string,
  port: number,
  style: "WF" | "FF" | "SE",
  rate: string,
  senders: readonly string[] = [],
  more: readonly string[] = [],
): string {
  const named = senders.map((address) => `{ address = "${address}", port = 4000 }`).join(", ");
  return table("reservations", [
    `destination = "${destination}"`,
    `port = ${port}`,
    `style = "${style}"`,
    `rate = "${rate}"`,
    ...(senders.length === 0 ? [] : [`senders = [${named}]`]),
    ...more,
  ]);
}

function table(name: string, lines: readonly string[]): string {
  return `[[${name}]]\n${lines.join("\n")}\n`;
}

/** The senders that a row names, in order. */
export function filtersOf({ objects }: Row): string[] {
  const filters = (objects as Row[]).filter(({ name }) => name === "FILTER_SPEC");
  return filters.map(({ sourceAddress }) => sourceAddress as string).sort();
}
