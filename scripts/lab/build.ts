/**
 * Builds a planned lab from namespaces, veth pairs and bridges, and takes it away again. A namespace of a lab is called
 * PREFIX-NODE (PREFIX-lanN for the switch of a LAN); its loopback bears a mark, so that nothing else is ever removed.
 */
import { planLab, type PlannedNode } from "./plan.ts";
import type { LabLink, Topology } from "./topology.ts";

const MARK = "made by the lab of resv";
/** What processes in a namespace get to end in, before they are killed. */
const GRACE_MS = 2_000;
const SETTLE_MS = 5_000;
const FORWARDING = ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"];

/** A lab that stands. */
export interface Lab {
  readonly prefix: string;
  readonly nodes: readonly PlannedNode[];
  /** The namespace of a node. */
  namespace(node: string): string;
  node(name: string): PlannedNode;
}

/**
 * Builds it; what was built is removed again, if something fails.
 * @throws {Error} with the command that failed and its words: most of all, that one must be root.
 */
export async function buildLab(topology: Topology, prefix: string): Promise<Lab> {
  const nodes = planLab(topology);
  const namespace = (node: string) => `${prefix}-${node}`;
  const lans = topology.links.flatMap(({ ends }, index) => ends.length > 2 ? [`lan${index + 1}`] : []);
  try {
    for (const name of [...Object.keys(topology.nodes), ...lans]) await addNamespace(namespace(name));
    for (const lan of lans) await addSwitch(namespace(lan), lan);
    await ip(undefined, topology.links.flatMap((link, index) => cables(link, index + 1, nodes, namespace)));
    for (const lan of lans) await ip(namespace(lan), switchOn(lan, topology));
    for (const node of nodes) {
      await ip(namespace(node.name), nodeLines(node));
      if (node.router) await sysctl(namespace(node.name), FORWARDING);
    }
    for (const name of [...nodes.map(({ name }) => name), ...lans]) await settled(namespace(name));
  } catch (error) {
    await removeLab(prefix);
    throw error;
  }
  const node = (name: string) => {
    const found = nodes.find((one) => one.name === name);
    if (!found) throw new Error(`the lab has no node "${name}"`);
    return found;
  };
  return { prefix, nodes, namespace, node };
}

/** A carrier takes up to a second to be noticed; until then a port of a switch forwards nothing. */
async function settled(namespace: string): Promise<void> {
  for (const end = Date.now() + SETTLE_MS;;) {
    const links = JSON.parse(await run(["ip", "-j", "-d", "-n", namespace, "link", "show"])) as Shown[];
    const waiting = links.find(({ ifname, operstate, linkinfo }) =>
      ifname !== "lo" && (operstate !== "UP" || (linkinfo?.info_slave_data?.state ?? "forwarding") !== "forwarding")
    );
    if (!waiting) return;
    if (Date.now() > end) throw new Error(`${waiting.ifname} of ${namespace} does not come up`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What the ip command shows of a link, as far as it is read here. */
interface Shown {
  ifname: string;
  operstate: string;
  linkinfo?: { info_slave_data?: { state?: string } };
}

/** Ends what runs in the namespaces of a lab, and removes them. Returns their names. */
export async function removeLab(prefix: string): Promise<string[]> {
  const namespaces = await labNamespaces(prefix);
  const pids = async () =>
    (await Promise.all(namespaces.map((name) => run(["ip", "netns", "pids", name])))).join("\n").split("\n")
      .filter((line) => line !== "").map(Number);
  for (const pid of await pids()) signal(pid, "SIGTERM");
  for (const end = Date.now() + GRACE_MS; Date.now() < end && (await pids()).length > 0;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (const pid of await pids()) signal(pid, "SIGKILL");
  for (const name of namespaces) await run(["ip", "netns", "del", name]);
  return namespaces;
}

/** Namespaces of labs with this prefix. */
export async function labNamespaces(prefix: string): Promise<string[]> {
  const listed = JSON.parse(await run(["ip", "-j", "netns", "list"]) || "[]") as { name: string }[];
  const names: string[] = [];
  for (const { name } of listed) {
    if (!name.startsWith(`${prefix}-`)) continue;
    const [loopback] = JSON.parse(await run(["ip", "-j", "-n", name, "link", "show", "lo"])) as { ifalias?: string }[];
    if (loopback?.ifalias === MARK) names.push(name);
  }
  return names.sort();
}

/** Duplicate address detection off, because it holds an address back for a second; and nobody filters by way back. */
async function addNamespace(name: string): Promise<void> {
  await run(["ip", "netns", "add", name]);
  await ip(name, ["link set lo up", `link set lo alias "${MARK}"`]);
  const off = ["ipv6.conf.all.accept_dad", "ipv6.conf.default.accept_dad", "ipv4.conf.all.rp_filter"];
  await sysctl(name, [...off, "ipv4.conf.default.rp_filter"].map((key) => `net.${key}=0`));
}

async function sysctl(namespace: string, settings: readonly string[]): Promise<void> {
  await run(["ip", "netns", "exec", namespace, "sysctl", "-qw", ...settings]);
}

/** Groups go to every port, because nobody here asks who listens. */
async function addSwitch(namespace: string, lan: string): Promise<void> {
  try {
    await ip(namespace, [`link add ${lan} type bridge mcast_snooping 0`]);
  } catch (error) {
    const reason = (error as Error).message;
    throw new Error(`a LAN needs bridges in the kernel (CONFIG_BRIDGE); the other topologies do without: ${reason}`);
  }
}

/** Both ends are made where they belong, so that nothing is ever in the namespace of the caller. */
function cables(
  link: LabLink,
  number: number,
  nodes: readonly PlannedNode[],
  namespace: (node: string) => string,
): string[] {
  const end = (node: string) =>
    nodes.find(({ name }) => name === node)!.interfaces.find((one) => one.link === number)!.name;
  const [first, second] = link.ends;
  if (link.ends.length === 2) {
    return [
      `link add ${end(first)} netns ${namespace(first)} type veth peer name ${end(second)} netns ${namespace(second)}`,
    ];
  }
  const lan = `lan${number}`;
  return link.ends.map((node) =>
    `link add ${end(node)} netns ${namespace(node)} type veth peer name ${node.toLowerCase()} netns ${namespace(lan)}`
  );
}

function switchOn(lan: string, { links }: Topology): string[] {
  const { ends, mtuBytes = 1500 } = links[Number(lan.slice("lan".length)) - 1];
  const ports = ends.map((end) => end.toLowerCase());
  return [...ports.map((port) => `link set ${port} mtu ${mtuBytes} master ${lan} up`), `link set ${lan} up`];
}

/** What the kernel forgets when an interface goes down: its IPv6 addresses and the routes over it. For when it is up again. */
export async function restoreNode(lab: Lab, name: string): Promise<void> {
  await ip(lab.namespace(name), nodeLines(lab.node(name)));
}

function nodeLines({ interfaces, routes }: PlannedNode): string[] {
  return [
    ...interfaces.flatMap(({ name, mtuBytes, ipv4, ipv6, linkLocal }) => [
      `link set ${name} mtu ${mtuBytes} addrgenmode none up`,
      `address replace ${ipv4} dev ${name}`,
      `address replace ${ipv6} dev ${name} nodad`,
      `address replace ${linkLocal} dev ${name} nodad`,
    ]),
    ...routes.map((route) =>
      `route replace ${route.prefix} via ${route.gateway} dev ${route.interface} metric ${route.metric}`
    ),
  ];
}

/** Lines of the ip command, in one process. */
async function ip(namespace: string | undefined, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  const args = [...(namespace === undefined ? [] : ["-n", namespace]), "-batch", "-"];
  await run(["ip", ...args], lines.join("\n") + "\n");
}

async function run([program, ...args]: string[], input = ""): Promise<string> {
  const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  // A program that ends without reading fails by its code.
  await writer.write(new TextEncoder().encode(input)).then(() => writer.close()).catch(() => {});
  const { success, stdout, stderr } = await child.output();
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) throw new Error(`${program} ${args.join(" ")}: ${(error || out).trim()}`);
  return out;
}

function signal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
