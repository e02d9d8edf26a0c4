/** scripts/lab: networks of namespaces. */
import { assert, assertEquals, assertRejects, assertThrows } from "../assert.ts";
import { needs } from "../require.ts";
import { buildLab, type Lab, labNamespaces, removeLab } from "../../scripts/lab/build.ts";
import { addressOf, planLab } from "../../scripts/lab/plan.ts";
import { TOPOLOGIES, type Topology } from "../../scripts/lab/topology.ts";
import { DataSocket } from "./data.ts";
import { ip, run } from "./namespace.ts";

const linux = needs("linux", "netAdmin", "namespaces", "bridge");
const PREFIX = `resvlab${Deno.pid}`;

async function withLab(topology: Topology, body: (lab: Lab) => Promise<void> | void): Promise<void> {
  const lab = await buildLab(topology, PREFIX);
  try {
    await body(lab);
  } finally {
    await removeLab(PREFIX);
  }
}

/** What arrives at `to` of a datagram from `from`. */
function carried(lab: Lab, from: string, to: string, family: 4 | 6): string | undefined {
  const receiver = new DataSocket(lab.namespace(to), family, 5000);
  const sender = new DataSocket(lab.namespace(from), family);
  sender.send(`${from} to ${to}`, addressOf(lab.node(to), family), 5000);
  const text = receiver.receive();
  sender.close();
  receiver.close();
  return text;
}

for (const [name, topology] of Object.entries<Topology>(TOPOLOGIES)) {
  Deno.test({
    name: `lab: hosts of "${name}" reach each other over IPv4 and IPv6, and nothing is left when it is taken down`,
    ...linux,
    async fn() {
      await withLab(topology, (lab) => {
        const hosts = lab.nodes.filter(({ router }) => !router).map((node) => node.name);
        for (const from of hosts) {
          for (const to of hosts) {
            if (from === to) continue;
            for (const family of [4, 6] as const) assertEquals(carried(lab, from, to, family), `${from} to ${to}`);
          }
        }
      });
      assertEquals(await labNamespaces(PREFIX), []);
    },
  });
}

Deno.test({
  name: "lab: with its first route taken away, R1 of the diamond sends by R3",
  ...linux,
  fn: () =>
    withLab(TOPOLOGIES.diamond, async (lab) => {
      for (const [family, prefix] of [["-4", "10.0.6.0/24"], ["-6", "fd00:6::/64"]]) {
        const ways = async () => {
          const shown = await ip(lab.namespace("R1"), `-j ${family} route show ${prefix}`);
          return (JSON.parse(shown) as { dev: string; metric: number }[]).map(({ dev, metric }) => `${dev} ${metric}`);
        };
        assertEquals(await ways(), ["to-r2 10", "to-r3 20"]);
        await ip(lab.namespace("R1"), `${family} route del ${prefix} metric 10`);
        assertEquals(await ways(), ["to-r3 20"]);
      }
      for (const family of [4, 6] as const) assertEquals(carried(lab, "A", "B", family), "A to B");
    }),
});

Deno.test({
  name: "lab: what fails while it is built leaves nothing, and namespaces of others with its prefix stay",
  ...linux,
  async fn() {
    const other = `${PREFIX}-other`;
    await run("ip", "netns", "add", other);
    try {
      const nodes = { other: "host", B: "host" } as const;
      await assertRejects(() => buildLab({ what: "", nodes, links: [{ ends: ["B", "other"] }] }, PREFIX), Error, other);
      assertEquals(await labNamespaces(PREFIX), []);
      assert((await run("ip", "netns", "list")).includes(other));
    } finally {
      await run("ip", "netns", "del", other);
    }
  },
});

Deno.test("lab: multicast trees follow the shortest ways, and a link to nowhere is named", () => {
  const trees = planLab(TOPOLOGIES.tree).flatMap(({ name, multicast }) =>
    multicast.filter(({ group, source }) => group === "239.1.1.1" && source === "10.0.1.1")
      .map(({ incoming, outgoing }) => `${name}: ${incoming ?? "-"} to ${outgoing.join()}`)
  );
  assertEquals(trees, ["A: - to to-r1", "R1: to-a to to-r2", "R2: to-r1 to to-b,to-c", "B: to-r2 to ", "C: to-r2 to "]);
  const broken: Topology = { what: "", nodes: { A: "host" }, links: [{ ends: ["A", "X"] }] };
  assertThrows(() => planLab(broken), Error, 'link 1 ends at "X"');
});
