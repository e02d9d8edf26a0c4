/** Nodes in a diamond: a route withdrawn in the kernel, and the reservation follows. */
import { assert, assertEquals, assertLess } from "../assert.ts";
import { needs } from "../require.ts";
import { TOPOLOGIES } from "../../scripts/lab/topology.ts";
import { ip } from "./namespace.ts";
import { reservation, RunningLab, sender } from "./running_lab.ts";

const linux = needs("linux", "netAdmin", "netRaw", "namespaces", "tshark", "tcpdump");
const PORT = 5004;
const [PATH_TEAR, RESV_TEAR] = [5, 6];
/** R of these tests: state lives for 5.25 s. */
const REFRESH_MS = 1_000;
const LIFETIME_MS = (3 + 0.5) * 1.5 * REFRESH_MS;
/** What may come on top of W: the Path down, the Resv up, three kernels, and a machine that does other things too. */
const MARGIN_MS = 1_000;

function diamond(delayMs: number, body: (nodes: RunningLab) => Promise<void>): Promise<void> {
  const families = [4, 6] as const;
  return RunningLab.run(TOPOLOGIES.diamond, {
    node: [`refreshIntervalMs = ${REFRESH_MS}`, `localRepairDelayMs = ${delayMs}`],
    captured: ["R1", "R2"],
    more: (nodes) => ({
      A: families.map((family) => sender(nodes.address("B", family), PORT, "3 Mbit/s")).join("\n"),
      B: families.map((family) =>
        reservation(nodes.address("B", family), PORT, "FF", "3 Mbit/s", [nodes.address("A", family)])
      ).join("\n"),
    }),
  }, body);
}

/** What is reserved on the old and on the new branch. */
async function branches(nodes: RunningLab): Promise<{ old: number; new: number }> {
  const count = async (name: string, device: string) => (await nodes.rowsOn(name, "installed", device)).length;
  return { old: await count("R1", "to-r2"), new: await count("R1", "to-r3") };
}

for (const delayMs of [2_000, 200]) {
  Deno.test({
    name: `a route is withdrawn: the reservation follows within W + 1 s, W = ${
      delayMs / 1000
    } s, and the old branch ends later`,
    ...linux,
    fn: () =>
      diamond(delayMs, async (nodes) => {
        for (const [name, device] of [["A", "to-r1"], ["R1", "to-r2"], ["R2", "to-r4"], ["R4", "to-b"]]) {
          await nodes.installed(name, device, 2);
        }
        assertEquals(await branches(nodes), { old: 2, new: 0 });

        const withdrawnMs = Date.now();
        for (const line of ["route del 10.0.6.0/24 metric 10", "-6 route del fd00:6::/64 metric 10"]) {
          await ip(nodes.lab.namespace("R1"), line);
        }
        await nodes.installed("R1", "to-r3", 2, delayMs + MARGIN_MS);
        const movedMs = Date.now();
        assertLess(movedMs - withdrawnMs, delayMs + MARGIN_MS);
        assertEquals(await branches(nodes), { old: 2, new: 2 });
        await nodes.installed("R3", "to-r4", 2, 1);

        // The old branch is not refreshed any more: it ends with its lifetime, a quarter of R for the wheel and the way.
        await nodes.installed("R1", "to-r2", 0, LIFETIME_MS + 2 * REFRESH_MS);
        await nodes.installed("R2", "to-r4", 0, 2 * REFRESH_MS);
        // And what it says when it ends takes nothing with it.
        for (const end = Date.now() + 2 * REFRESH_MS; Date.now() < end;) {
          for (const [name, device] of [["R1", "to-r3"], ["R3", "to-r4"], ["R4", "to-b"]]) {
            assertEquals((await nodes.rowsOn(name, "installed", device)).length, 2, `${device} of ${name}`);
          }
        }

        for (const name of ["R1", "R2"]) {
          const capture = await nodes.capture(name);
          assertEquals(await capture.complaints(), []);
          const tears = (await capture.messages()).filter(({ type }) => type === PATH_TEAR || type === RESV_TEAR);
          const early = tears.filter(({ atMs }) => atMs < movedMs);
          const words = early.map((one) => `${one.atMs - withdrawnMs} ms: ${JSON.stringify(one)}`).join("\n");
          assert(
            early.length === 0,
            `torn at ${name} before the new branch was reserved at ${movedMs - withdrawnMs} ms:\n${words}`,
          );
        }
      }),
  });
}

Deno.test({
  name:
    "the link of the route goes down, of which the kernel tells no route: the reservation follows within W + 1 s all the same",
  ...linux,
  fn: () =>
    diamond(200, async (nodes) => {
      for (const [name, device] of [["A", "to-r1"], ["R1", "to-r2"], ["R2", "to-r4"], ["R4", "to-b"]]) {
        await nodes.installed(name, device, 2);
      }
      await ip(nodes.lab.namespace("R1"), "link set to-r2 down");
      await nodes.installed("R1", "to-r3", 2, 200 + MARGIN_MS);
      assertEquals(await branches(nodes), { old: 0, new: 2 });
      await nodes.installed("A", "to-r1", 2, MARGIN_MS);
      assertEquals(await (await nodes.capture("R1")).complaints(), []);
    }),
});
