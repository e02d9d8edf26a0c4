/** Groups over `resv node`: static senders and reservations, merged where the tree branches. */
import { TOPOLOGIES } from "../../scripts/lab/topology.ts";
import { assert, assertEquals } from "../assert.ts";
import { until } from "../node_process.ts";
import { needs } from "../require.ts";
import { run } from "./namespace.ts";
import { withNodes } from "./node_lab.ts";

const sender = (group: string, rate: string) =>
  `[[senders]]\ndestination = "${group}"\nport = 5004\nrate = "${rate}"\n`;
const reservation = (group: string, rate: string) =>
  `[[reservations]]\ndestination = "${group}"\nport = 5004\nstyle = "SE"\nrate = "${rate}"\nconfirm = true\n`;

for (const [family, group] of [[4, "239.1.1.1"], [6, "ff3e::1:1"]] as const) {
  Deno.test({
    name: `resv node on IPv${family}: a group with two senders and two receivers; SE reservations merge at the branch`,
    ...needs("linux", "netAdmin", "netRaw", "namespaces"),
    fn: () =>
      withNodes(TOPOLOGIES.tree, async ({ lab, start }) => {
        for (const name of ["R1", "R2"]) await start(name);
        for (const name of ["A", "D"]) await start(name, sender(group, "4 Mbit/s"));
        const b = await start("B", reservation(group, "3 Mbit/s")),
          c = await start("C", reservation(group, "2 Mbit/s"));
        /** Rates of the classes with filters on an interface, as tc writes them, and how many filters lead to them. */
        const standing = async (node: string, device: string) => {
          const shown = (what: string) => run("tc", "-n", lab.namespace(node), what, "show", "dev", device);
          const filters = await shown("filter");
          return [...(await shown("class")).matchAll(/^class htb (\S+) .* rate (\S+) ceil/gm)]
            .map(([, id, rate]) => ({ rate, filters: filters.split(`flowid ${id} `).length - 1 }))
            .filter((one) => one.filters > 0 && /^[23]Mbit$/.test(one.rate));
        };
        const wanted = { rate: "3Mbit", filters: 2 };
        const same = (seen: unknown) => JSON.stringify(seen) === JSON.stringify([wanted]);
        // From R1 on there is one flow for both: the larger of the two, for both senders.
        await until("R1 has one reservation for both", () => standing("R1", "to-r2"), same);
        await until("B has its own", () => standing("R2", "to-b"), same);
        await until(
          "C has its own",
          () => standing("R2", "to-c"),
          (seen) => JSON.stringify(seen) === JSON.stringify([{ rate: "2Mbit", filters: 2 }]),
        );
        for (const node of [b, c]) assertEquals(node.lines.filter(({ message }) => /ERROR/.test(message)), []);
        // The larger one goes: the branch keeps what is left.
        assertEquals(await b.end("SIGTERM"), 0);
        const left = await until("R1 keeps what C wants", () =>
          standing("R1", "to-r2"), ([one]) =>
          one?.rate === "2Mbit");
        assertEquals(left.length, 1);
        assert(left[0].filters === 2);
      }),
  });
}
