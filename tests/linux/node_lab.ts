/** `resv node` in the namespaces of a lab, for tests. */
import { buildLab, type Lab, removeLab } from "../../scripts/lab/build.ts";
import { nodeFile } from "../../scripts/lab/configuration.ts";
import { addressOf } from "../../scripts/lab/plan.ts";
import { TOPOLOGIES, type Topology } from "../../scripts/lab/topology.ts";
import { NodeProcess } from "../node_process.ts";

const PREFIX = `resvnode${Deno.pid}`;
/** R, so that what waits for refreshes comes in a test's time. */
export const REFRESH_MS = 500;
const SHORT = [`refreshIntervalMs = ${REFRESH_MS}`];

/** A lab whose nodes are started one by one. */
export interface World {
  readonly lab: Lab;
  /** Starts the node of this name; `more` is added to its file. */
  start(name: string, more?: string, args?: readonly string[]): Promise<NodeProcess>;
  /** The file of a node. */
  file(name: string, more?: string): string;
}

/** The line A - R1 - R2 - B, whose nodes the body starts. */
export function withLine(body: (world: World) => Promise<void>): Promise<void> {
  return withNodes(TOPOLOGIES.line, body);
}

/** A lab whose nodes the body starts; everything is ended and removed afterwards. */
export async function withNodes(topology: Topology, body: (world: World) => Promise<void>): Promise<void> {
  const lab = await buildLab(topology, PREFIX);
  const folder = await Deno.makeTempDir({ prefix: "resv_lab_" });
  const nodes: NodeProcess[] = [];
  const file = (name: string, more = "") =>
    `${nodeFile(lab.node(name), { socketFolder: folder, node: SHORT })}\n${more}`;
  const start: World["start"] = async (name, more = "", args = []) => {
    const node = await NodeProcess.start(file(name, more), args, ["ip", "netns", "exec", lab.namespace(name)]);
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
