/**
 * A route of the kernel is withdrawn, and 1,000 reservations follow: nodes of a diamond as processes in namespaces, raw IP,
 * the kernel's routes and traffic control (docs/performance.md). Needs root:
 *
 * ```
 * deno run -A --config deno.json bench/route_change.ts [sessions] [W in milliseconds]
 * ```
 */
import { TOPOLOGIES } from "../scripts/lab/topology.ts";
import { handleOfName } from "../host/linux/links.ts";
import { ip, until } from "../tests/linux/namespace.ts";
import { reservation, RunningLab, sender } from "../tests/linux/running_lab.ts";

const [sessions = 1_000, delayMs = 2_000] = Deno.args.map(Number);
const FIRST_PORT = 10_000;
const LIMIT_MS = 120_000;
const ports = Array.from({ length: sessions }, (_, index) => FIRST_PORT + index);

/** What is installed on an interface: one row, however many there are. */
async function installed(nodes: RunningLab, name: string, device: string): Promise<number> {
  const rows = await nodes.rows(name, "interfaces");
  return rows.find((row) => row.interface === handleOfName(device))?.reservations ?? 0;
}

/** Milliseconds until as many as there are sessions are installed there. */
async function all(nodes: RunningLab, since: number, name: string, device: string): Promise<number> {
  const wanted = async () => await installed(nodes, name, device) >= sessions;
  await until(`${sessions} reservations on ${device} of ${name}`, wanted, LIMIT_MS);
  return performance.now() - since;
}

/** Seconds of the processor that a process has used: fields 14 and 15 of its stat, in hundredths. */
function processorSeconds(pid: number): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

await RunningLab.run(TOPOLOGIES.diamond, {
  node: [`localRepairDelayMs = ${delayMs}`],
  log: "info",
  more: (nodes) => ({
    A: ports.map((port) => sender(nodes.address("B", 4), port, "8 kbit/s")).join("\n"),
    B: ports.map((port) => reservation(nodes.address("B", 4), port, "FF", "8 kbit/s", [nodes.address("A", 4)])).join(
      "\n",
    ),
  }),
}, async (nodes) => {
  const setUp = await all(nodes, performance.now(), "A", "to-r1");
  console.log(`${sessions} reservations from end to end, ${(setUp / 1000).toFixed(1)} s after the nodes ran`);
  const routers = ["R1", "R3", "R4"];
  const before = routers.map((name) => processorSeconds(nodes.process(name).pid));
  await ip(nodes.lab.namespace("R1"), "route del 10.0.6.0/24 metric 10");
  const since = performance.now();
  const [r1, r3] = await Promise.all([all(nodes, since, "R1", "to-r3"), all(nodes, since, "R3", "to-r4")]);
  const used = routers.map((name, index) => processorSeconds(nodes.process(name).pid) - before[index]);
  console.log(
    `W = ${delayMs / 1000} s: on R3 after ${(r3 / 1000).toFixed(2)} s, on R1 after ${(r1 / 1000).toFixed(2)} s`,
  );
  console.log(`processor: ${routers.map((name, index) => `${name} ${used[index].toFixed(2)} s`).join(", ")}`);
});
