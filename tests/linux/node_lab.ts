/** `resv node` in the namespaces of a lab, for tests. */
import { buildLab, type Lab, removeLab } from "../../scripts/lab/build.ts";
import { nodeFile } from "../../scripts/lab/configuration.ts";
import { addressOf } from "../../scripts/lab/plan.ts";
import { TOPOLOGIES } from "../../scripts/lab/topology.ts";
import { NodeProcess } from "../node_process.ts";
import { run } from "./namespace.ts";

const PREFIX = `resvnode${Deno.pid}`;
/** R, so that what waits for refreshes comes in a test's time. */
export const REFRESH_MS = 500;

/** A lab whose nodes are started one by one. */
export interface World {
  readonly lab: Lab;
  /** Starts the node of this name; `more` is added to its file. */
  start(name: string, more?: string, args?: readonly string[], refreshMs?: number): Promise<NodeProcess>;
  /** The file of a node. */
  file(name: string, more?: string, refreshMs?: number): string;
}

/** The line A - R1 - R2 - B, whose nodes the body starts; everything is ended and removed afterwards. */
export async function withLine(body: (world: World) => Promise<void>): Promise<void> {
  const lab = await buildLab(TOPOLOGIES.line, PREFIX);
  const folder = await Deno.makeTempDir({ prefix: "resv_lab_" });
  const nodes: NodeProcess[] = [];
  const file = (name: string, more = "", refreshMs = REFRESH_MS) =>
    `${nodeFile(lab.node(name), { socketFolder: folder, node: [`refreshIntervalMs = ${refreshMs}`] })}\n${more}`;
  const start: World["start"] = async (name, more = "", args = [], refreshMs = REFRESH_MS) => {
    const node = await NodeProcess.start(file(name, more, refreshMs), args, [
      "ip",
      "netns",
      "exec",
      lab.namespace(name),
    ]);
    nodes.push(node);
    return node;
  };
  try {
    await body({ lab, start, file });
  } finally {
    for (const node of nodes) await node.end();
    await removeLab(PREFIX);
    await Deno.remove(folder, { recursive: true });
  }
}

/** Static sender at A and static reservation at B of one family, 3 Mbit/s. */
export function flow(lab: Lab, family: 4 | 6) {
  const destination = addressOf(lab.node("B"), family);
  return {
    sender: `[[senders]]\ndestination = "${destination}"\nport = 5004\nsourcePort = 4001\nrate = "3 Mbit/s"\n`,
    reservation: `[[reservations]]\ndestination = "${destination}"\nport = 5004\nstyle = "FF"\nconfirm = true\n`,
  };
}

/** Where a node of a lab serves its metrics, within its own namespace. */
export const METRICS_LISTEN = "127.0.0.1:9246";

/** Metrics of a node in a namespace, by name with labels. */
export async function metricsIn(namespace: string): Promise<Map<string, number>> {
  const fetched = `console.log(await (await fetch("http://${METRICS_LISTEN}/metrics")).text())`;
  const text = await run("ip", "netns", "exec", namespace, Deno.execPath(), "eval", "--no-config", fetched);
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const at = line.lastIndexOf(" ");
    return [line.slice(0, at), Number(line.slice(at + 1))];
  }));
}
