/**
 * Networks on one machine, of network namespaces:
 *
 * ```
 * deno run -A scripts/lab.ts up [line|diamond|tree|lan] [--prefix lab] [--files FOLDER]
 * deno run -A scripts/lab.ts status [--prefix lab]
 * deno run -A scripts/lab.ts down [--prefix lab]
 * ```
 *
 * `up` also writes a file for `resv node` for each node, if it is told where. Needs root and iproute2.
 */
import { parseArgs } from "node:util";
import { buildLab, labNamespaces, removeLab } from "./lab/build.ts";
import { nodeFile } from "./lab/configuration.ts";
import { planLab, type PlannedNode } from "./lab/plan.ts";
import { TOPOLOGIES, type Topology } from "./lab/topology.ts";

const USAGE = "usage: lab.ts up [TOPOLOGY] [--prefix lab] [--files FOLDER] | status | down [--prefix lab]";

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: { prefix: { type: "string", default: "lab" }, files: { type: "string" } },
});
const [command, name = "line"] = positionals;
const prefix = values.prefix;

try {
  if (command === "up") await up(name);
  else if (command === "status") await status();
  else if (command === "down") await down();
  else throw new Error(USAGE);
} catch (error) {
  console.error(`lab: ${(error as Error).message}`);
  Deno.exit(1);
}

async function up(name: string): Promise<void> {
  const topology = (TOPOLOGIES as Record<string, Topology>)[name];
  if (!topology) throw new Error(`no topology "${name}"; there are ${Object.keys(TOPOLOGIES).join(", ")}`);
  if ((await labNamespaces(prefix)).length > 0) {
    throw new Error(`there is a lab "${prefix}" already: take it down first, or choose another --prefix`);
  }
  const lab = await buildLab(topology, prefix);
  console.log(`${topology.what}\n`);
  for (const node of lab.nodes) console.log(describe(node));
  if (values.files !== undefined) await writeFiles(lab.nodes, values.files);
}

async function writeFiles(nodes: readonly PlannedNode[], folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const socketFolder = await Deno.realPath(folder);
  // A person waits for refreshes here: the 30 seconds of RFC 2205 3.7 are for networks.
  const settings = { socketFolder, node: ["refreshIntervalMs = 2000"] };
  for (const node of nodes) await Deno.writeTextFile(`${folder}/${node.name}.toml`, nodeFile(node, settings));
  console.log(`\na node's file is ${folder}/NODE.toml; run one with:`);
  console.log(`  ip netns exec ${prefix}-${nodes[0].name} resv node --config ${folder}/${nodes[0].name}.toml`);
}

function describe({ name, router, interfaces }: PlannedNode): string {
  const head = `${`${prefix}-${name}`.padEnd(10)} ${router ? "router" : "host  "}`;
  return interfaces.map(({ name, ipv4, ipv6 }, index) =>
    `${index === 0 ? head : " ".repeat(head.length)}  ${name.padEnd(8)} ${ipv4.padEnd(14)} ${ipv6}`
  ).join("\n");
}

async function status(): Promise<void> {
  const namespaces = await labNamespaces(prefix);
  if (namespaces.length === 0) return console.log(`no lab "${prefix}"; there are the topologies:\n${topologies()}`);
  for (const namespace of namespaces) {
    const pids = await words(["ip", "netns", "pids", namespace]);
    console.log(`${namespace.padEnd(10)} ${pids.length === 0 ? "nothing runs" : `runs ${pids.join(" ")}`}`);
  }
}

function topologies(): string {
  return Object.entries<Topology>(TOPOLOGIES).map(([name, topology]) =>
    `  ${name.padEnd(8)} ${topology.what} (${planLab(topology).length} nodes)`
  ).join("\n");
}

async function words([program, ...args]: string[]): Promise<string[]> {
  const { stdout } = await new Deno.Command(program, { args, stdin: "null", stderr: "null" }).output();
  return new TextDecoder().decode(stdout).split(/\s+/).filter((word) => word !== "");
}

async function down(): Promise<void> {
  const removed = await removeLab(prefix);
  console.log(removed.length === 0 ? `no lab "${prefix}"` : `removed ${removed.join(" ")}`);
}
