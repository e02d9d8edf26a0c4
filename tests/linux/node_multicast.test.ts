/** Nodes that send to groups: SE merged at a branch, and a LAN with three routers. */
import { assertEquals } from "../assert.ts";
import { needs } from "../require.ts";
import { TOPOLOGIES } from "../../scripts/lab/topology.ts";
import { DataSocket } from "./data.ts";
import { openMulticastForwarding } from "./multicast_forwarding.ts";
import { inNamespace, ip, until } from "./namespace.ts";
import { filtersOf, reservation, type Row, RunningLab, sender } from "./running_lab.ts";

const linux = needs("linux", "netAdmin", "netRaw", "namespaces", "bridge", "tshark", "tcpdump");
const FAMILIES = [4, 6] as const;
const GROUPS = { 4: "239.1.1.1", 6: "ff3e::1:1" } as const;
const PORT = 5004;
const NODE = ["refreshIntervalMs = 1000", "localRepairDelayMs = 200"];
/** Bytes a second. */
const [TWO, THREE] = [250_000, 375_000];

/** What is installed on an interface for the group of a family: style, senders by the name of their node, rate. */
async function installedFor(nodes: RunningLab, name: string, device: string, family: 4 | 6): Promise<string[]> {
  const names = new Map(nodes.lab.nodes.map((node) => [nodes.address(node.name, family), node.name]));
  const ours = ({ objects, pending }: Row) =>
    !pending &&
    (objects as Row[]).some((object) => object.name === "SESSION" && object.destinationAddress === GROUPS[family]);
  return (await nodes.rowsOn(name, "installed", device)).filter(ours).map((row) =>
    `${row.style} ${filtersOf(row).map((address) => names.get(address)).sort().join("+")} ${row.rateBytesPerSecond}`
  );
}

/** Waits until all of it is so, in both families. */
async function settles(nodes: RunningLab, wanted: Readonly<Record<string, readonly string[]>>): Promise<void> {
  for (const [place, expected] of Object.entries(wanted)) {
    const [name, device] = place.split(" ");
    for (const family of FAMILIES) {
      let seen: string[] = [];
      const same = async () =>
        JSON.stringify(seen = await installedFor(nodes, name, device, family)) === JSON.stringify(expected);
      await until(`${place}, IPv${family}: ${expected.join()}`, same, 8_000).catch((error) => {
        throw new Error(`${error.message}, but ${seen.join()}`);
      });
    }
  }
}

const each = (make: (family: 4 | 6) => string) => FAMILIES.map(make).join("\n");

Deno.test({
  name:
    "multicast to two receivers: SE of different senders and rates is merged at the branch, and shrinks when one leaves",
  ...linux,
  fn: () =>
    RunningLab.run(TOPOLOGIES.tree, {
      node: NODE,
      captured: ["R2"],
      more: (nodes) => ({
        A: each((family) => sender(GROUPS[family], PORT, "3 Mbit/s")),
        D: each((family) => sender(GROUPS[family], PORT, "3 Mbit/s")),
        B: each((family) =>
          reservation(GROUPS[family], PORT, "SE", "3 Mbit/s", [nodes.address("A", family), nodes.address("D", family)])
        ),
        C: each((family) => reservation(GROUPS[family], PORT, "SE", "2 Mbit/s", [nodes.address("A", family)])),
      }),
    }, async (nodes) => {
      await settles(nodes, {
        "R2 to-b": [`SE A+D ${THREE}`],
        "R2 to-c": [`SE A ${TWO}`],
        "R1 to-r2": [`SE A+D ${THREE}`],
        "A to-r1": [`SE A ${THREE}`],
        "D to-r1": [`SE D ${THREE}`],
      });
      await nodes.stop("B", "SIGTERM");
      await settles(nodes, { "R2 to-b": [], "R2 to-c": [`SE A ${TWO}`], "R1 to-r2": [`SE A ${TWO}`], "D to-r1": [] });
      assertEquals(await (await nodes.capture("R2")).complaints(), []);
    }),
});

Deno.test({
  name:
    "a LAN with three routers: two next hops are one reservation on it, the larger; the smaller stands when that leaves",
  ...linux,
  fn: () =>
    RunningLab.run(TOPOLOGIES.lan, {
      node: NODE,
      captured: ["R1"],
      more: () => ({
        A: each((family) => sender(GROUPS[family], PORT, "3 Mbit/s")),
        B: each((family) => reservation(GROUPS[family], PORT, "WF", "3 Mbit/s")),
        C: each((family) => reservation(GROUPS[family], PORT, "WF", "2 Mbit/s")),
      }),
    }, async (nodes) => {
      await settles(nodes, {
        "R2 to-b": [`WF  ${THREE}`],
        "R3 to-c": [`WF  ${TWO}`],
        "R1 lan2": [`WF  ${THREE}`],
        "A to-r1": [`WF  ${THREE}`],
        // What came in by the LAN does not go back to it.
        "R2 lan2": [],
        "R3 lan2": [],
      });
      const hops = (await nodes.rowsOn("R1", "reservations", "lan2")).map(({ nextHop }) => nextHop).sort();
      assertEquals(hops, ["10.0.2.3", "10.0.2.4", "fd00:2::3", "fd00:2::4"]);
      await nodes.stop("B", "SIGTERM");
      await settles(nodes, { "R1 lan2": [`WF  ${TWO}`], "R2 to-b": [] });
      await nodes.stop("C", "SIGTERM");
      await settles(nodes, { "R1 lan2": [], "A to-r1": [] });
      assertEquals(await (await nodes.capture("R1")).complaints(), []);
    }),
});

/** The kernel's number of an interface. */
async function indexOf(nodes: RunningLab, name: string, device: string): Promise<number> {
  const [{ ifindex }] = JSON.parse(await ip(nodes.lab.namespace(name), `-j link show ${device}`));
  return ifindex;
}

/** Plays the multicast routing daemon of R1 and R2: data of A go to B alone, until `toBoth` is called. */
async function forward(nodes: RunningLab, family: 4 | 6): Promise<{ toBoth(): void; close(): void }> {
  const open = async (name: string, devices: readonly string[]) => {
    const forwarding = inNamespace(nodes.lab.namespace(name), () => openMulticastForwarding(family));
    const numbers = new Map<string, number>();
    for (const device of devices) numbers.set(device, forwarding.addInterface(await indexOf(nodes, name, device)));
    const route = (incoming: string, outgoing: readonly string[]) =>
      forwarding.addRoute(
        nodes.address("A", family),
        GROUPS[family],
        numbers.get(incoming)!,
        outgoing.map((one) => numbers.get(one)!),
      );
    return { route, close: () => forwarding.close() };
  };
  const r1 = await open("R1", ["to-a", "to-r2"]), r2 = await open("R2", ["to-r1", "to-b", "to-c"]);
  r1.route("to-a", ["to-r2"]);
  r2.route("to-r1", ["to-b"]);
  return {
    toBoth: () => r2.route("to-r1", ["to-b", "to-c"]),
    close() {
      r1.close();
      r2.close();
    },
  };
}

Deno.test({
  name: "groups by the kernel's own forwarding: Paths and data take the same tree, and a branch that grows is reserved",
  ...linux,
  fn: () =>
    RunningLab.run(TOPOLOGIES.tree, {
      node: NODE,
      kernelGroups: true,
      captured: ["R2"],
      more: () => ({
        A: each((family) => sender(GROUPS[family], PORT, "3 Mbit/s")),
        B: each((family) => reservation(GROUPS[family], PORT, "WF", "3 Mbit/s")),
        C: each((family) => reservation(GROUPS[family], PORT, "WF", "2 Mbit/s")),
      }),
    }, async (nodes) => {
      const forwardings = [await forward(nodes, 4), await forward(nodes, 6)];
      try {
        await settles(nodes, { "R2 to-b": [`WF  ${THREE}`], "R1 to-r2": [`WF  ${THREE}`], "R2 to-c": [] });
        for (const forwarding of forwardings) forwarding.toBoth();
        await settles(nodes, { "R2 to-c": [`WF  ${TWO}`], "A to-r1": [`WF  ${THREE}`] });
        for (const family of FAMILIES) {
          const from = new DataSocket(nodes.lab.namespace("A"), family);
          from.sendGroupsBy(await indexOf(nodes, "A", "to-r1"));
          for (const name of ["B", "C"]) {
            const to = new DataSocket(nodes.lab.namespace(name), family, PORT);
            to.join(GROUPS[family], await indexOf(nodes, name, "to-r2"));
            from.send("data", GROUPS[family], PORT);
            assertEquals(to.receive(), "data", `${name}, IPv${family}`);
            to.close();
          }
          from.close();
        }
        assertEquals(await (await nodes.capture("R2")).complaints(), []);
      } finally {
        for (const forwarding of forwardings) forwarding.close();
      }
    }),
});
