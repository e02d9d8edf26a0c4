/** Nodes in a line: a reservation from end to end, admission on its bottleneck, a node that dies, a link that goes down. */
import { assert, assertEquals, assertLess, assertLessOrEqual } from "../assert.ts";
import { needs } from "../require.ts";
import { restoreNode } from "../../scripts/lab/build.ts";
import { TOPOLOGIES } from "../../scripts/lab/topology.ts";
import { ip, run, until } from "./namespace.ts";
import { filtersOf, reservation, RunningLab, sender } from "./running_lab.ts";

const linux = needs("linux", "netAdmin", "netRaw", "namespaces", "tshark", "tcpdump");
/** R of these tests, and W. */
const [REFRESH_MS, REPAIR_MS] = [1_000, 200];
/** A refresh may come 1.5 R after the one before. */
const LONGEST_REFRESH_MS = 1.5 * REFRESH_MS;
/** What a machine may take that does other things too. */
const MARGIN_MS = 1_000;
/** 3 Mbit/s. */
const FLOW_BYTES_PER_SECOND = 375_000;
/** Every outgoing interface of the line. */
const WAY = [["A", "to-r1"], ["R1", "to-r2"], ["R2", "to-b"]] as const;
const [PATH, RESV, PATH_TEAR, RESV_TEAR, RESV_CONF] = [1, 2, 5, 6, 7];
const FAMILIES = [4, 6] as const;

/** A line with as many flows of 3 Mbit/s in each family. */
function line(flows: number, body: (nodes: RunningLab) => Promise<void>): Promise<void> {
  const ports = Array.from({ length: flows }, (_, index) => 5000 + index);
  const each = (make: (family: 4 | 6, port: number) => string) =>
    FAMILIES.flatMap((family) => ports.map((port) => make(family, port))).join("\n");
  return RunningLab.run(TOPOLOGIES.line, {
    node: [`refreshIntervalMs = ${REFRESH_MS}`, `localRepairDelayMs = ${REPAIR_MS}`],
    captured: ["R1", "R2"],
    more: (nodes) => ({
      A: each((family, port) => sender(nodes.address("B", family), port, "3 Mbit/s")),
      B: each((family, port) =>
        reservation(nodes.address("B", family), port, "FF", "3 Mbit/s", [nodes.address("A", family)], [
          "confirm = true",
        ])
      ),
    }),
  }, body);
}

Deno.test({
  name: "a reservation from end to end over two routers, IPv4 and IPv6, and its teardown, read clean by tshark",
  ...linux,
  fn: () =>
    line(1, async (nodes) => {
      for (const [name, device] of WAY) await nodes.installed(name, device, 2);
      for (const family of FAMILIES) {
        const senders = (await nodes.rowsOn("R1", "installed", "to-r2")).flatMap(filtersOf);
        assert(senders.includes(nodes.address("A", family)), senders.join());
      }
      await nodes.stop("B", "SIGTERM");
      for (const [name, device] of WAY) await nodes.installed(name, device, 0);
      await nodes.stop("A", "SIGTERM");
      await until("no path state", async () => (await nodes.rows("R2", "senders")).length === 0);
      for (const name of ["R1", "R2"]) {
        const capture = await nodes.capture(name);
        assertEquals(await capture.complaints(), []);
        const messages = await capture.messages();
        for (const type of [PATH, RESV, PATH_TEAR, RESV_TEAR, RESV_CONF]) {
          for (const colon of [false, true]) {
            const found = messages.filter((one) => one.type === type && one.source.includes(":") === colon);
            assert(found.length > 0, `no message of type ${type} over IPv${colon ? 6 : 4} at ${name}`);
          }
        }
      }
    }),
});

Deno.test({
  name:
    "admission on the bottleneck: of four flows of 3 Mbit/s three get into 10 Mbit/s, and the receiver hears of the fourth",
  ...linux,
  fn: () =>
    line(2, async (nodes) => {
      await nodes.installed("R1", "to-r2", 3);
      await nodes.process("B").said(/reservation .*RESV_ERROR, error 1 /);
      const [bottleneck] = await nodes.rowsOn("R1", "interfaces", "to-r2");
      const { reservations, reservableBytesPerSecond, reservedBytesPerSecond } = bottleneck;
      assertEquals(reservations, 3);
      // A part of the 10 Mbit/s is RSVP's own.
      assertLessOrEqual(reservableBytesPerSecond, 1_250_000);
      assertLessOrEqual(reservedBytesPerSecond, reservableBytesPerSecond);
      assertLess(reservableBytesPerSecond - reservedBytesPerSecond, FLOW_BYTES_PER_SECOND);
      const classes = await run("tc", "-n", nodes.lab.namespace("R1"), "class", "show", "dev", "to-r2");
      assertEquals(classes.split("\n").filter((text) => /rate 3Mbit/.test(text)).length, 3, classes);
      // Behind the bottleneck there is room, and before it nothing may be left of the refused one.
      await nodes.installed("R2", "to-b", 4);
      await nodes.installed("A", "to-r1", 3);
    }),
});

Deno.test({
  name:
    "a router killed on the spot and started again has its reservations back within two refreshes, and nobody else lost any",
  ...linux,
  fn: () =>
    line(1, async (nodes) => {
      for (const [name, device] of WAY) await nodes.installed(name, device, 2);
      await nodes.stop("R1", "SIGKILL");
      const classes = () => run("tc", "-n", nodes.lab.namespace("R1"), "class", "show", "dev", "to-r2");
      const reserved = (text: string) => text.split("\n").filter((line) => /rate 3Mbit/.test(line)).length;
      assertEquals(reserved(await classes()), 2, "what is reserved in the kernel outlives the process");
      await nodes.start("R1");
      // The Path of A at its next refresh, then the Resv of R2 at its next.
      await nodes.installed("R1", "to-r2", 2, 2 * LONGEST_REFRESH_MS + MARGIN_MS);
      assertEquals(reserved(await classes()), 2);
      for (const [name, device] of WAY) assertEquals((await nodes.rowsOn(name, "installed", device)).length, 2, name);
      const heard = nodes.process("B").lines.map(({ message }) => message).join("\n");
      assert(!/gone/.test(heard), heard);
      assertEquals(await (await nodes.capture("R2")).complaints(), []);
    }),
});

Deno.test({
  name:
    "a link goes down: what is reserved on it goes at once; it comes up: the reservation is back within a refresh after W",
  ...linux,
  fn: () =>
    line(1, async (nodes) => {
      for (const [name, device] of WAY) await nodes.installed(name, device, 2);
      await ip(nodes.lab.namespace("R1"), "link set to-r2 down");
      await nodes.installed("R1", "to-r2", 0, MARGIN_MS);
      await nodes.installed("A", "to-r1", 0, MARGIN_MS);
      // R2's end has lost its carrier, and keeps its addresses.
      await ip(nodes.lab.namespace("R1"), "link set to-r2 up");
      await restoreNode(nodes.lab, "R1");
      // The Path is sent again W after the routes are back; the Resv comes with the next refresh of R2.
      for (const [name, device] of WAY) {
        await nodes.installed(name, device, 2, REPAIR_MS + 2 * LONGEST_REFRESH_MS + MARGIN_MS);
      }
      assertEquals(await (await nodes.capture("R1")).complaints(), []);
    }),
});
