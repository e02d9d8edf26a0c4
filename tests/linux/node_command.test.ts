/** `resv node` as processes in namespaces: raw IP, the kernel's routes and traffic control, stopped and started again. */
import type { Lab } from "../../scripts/lab/build.ts";
import { assert, assertEquals, assertGreater, assertStringIncludes } from "../assert.ts";
import { addressOf } from "../../scripts/lab/plan.ts";
import { NodeProcess, until } from "../node_process.ts";
import { needs } from "../require.ts";
import { run } from "./namespace.ts";
import { flow, METRICS_LISTEN, metricsIn, REFRESH_MS, withLine } from "./node_lab.ts";

const linux = needs("linux", "netAdmin", "netRaw", "namespaces");
const RESERVED_BYTES = 'rsvp_interface_reserved_bytes_per_second{interface="to-r2"}';
/** What tc shows of an interface of a node. */
function shown(lab: Lab, name: string, device: string, what: "class" | "filter" | "qdisc"): Promise<string> {
  return run("tc", "-n", lab.namespace(name), what, "show", "dev", device);
}

/** How many classes of R1 have a rate, as tc writes it, and filters that lead to them: spare ones have no filters. */
async function reserved(lab: Lab, rate = "3Mbit"): Promise<number> {
  const classes = await shown(lab, "R1", "to-r2", "class"), filters = await shown(lab, "R1", "to-r2", "filter");
  const withRate = [...classes.matchAll(/^class htb (\S+) .* rate (\S+) ceil/gm)].filter(([, , own]) => own === rate);
  return withRate.filter(([, id]) => filters.includes(`flowid ${id} `)).length;
}

/** Whether there is a class or a filter of anybody. */
async function controlled(lab: Lab, name: string, device: string): Promise<boolean> {
  return (await shown(lab, name, device, "class")) + (await shown(lab, name, device, "filter")) !== "";
}

for (const family of [4, 6] as const) {
  Deno.test({
    name: `resv node on IPv${family}: static sender and reservation come up over two routers, and stand in the kernel`,
    ...linux,
    fn: () =>
      withLine(async ({ lab, start }) => {
        const { sender, reservation } = flow(lab, family);
        const r1 = await start("R1"), r2 = await start("R2");
        const a = await start("A", sender);
        const b = await start("B", reservation);
        await b.said(/RESV_CONFIRM$/);
        await a.said(/RESV_EVENT$/);
        await until("R1 has a class for it", () => reserved(lab), (count) => count === 1);
        // Taking leave takes it out, hop by hop.
        assertEquals(await b.end("SIGTERM"), 0);
        await a.said(/RESV_EVENT, gone$/);
        await until("R1 has none any more", () => reserved(lab), (count) => count === 0);
        assertEquals([await a.end("SIGTERM"), await r1.end("SIGTERM"), await r2.end("SIGTERM")], [0, 0, 0]);
        for (const [name, device] of [["R1", "to-r2"], ["R2", "to-b"]]) {
          assertEquals(await controlled(lab, name, device), false);
        }
      }),
  });
}

Deno.test({
  name: "resv node: a link that goes down takes its reservation along, and comes back with it",
  ...linux,
  fn: () =>
    withLine(async ({ lab, start }) => {
      const { sender, reservation } = flow(lab, 4);
      const r1 = await start("R1");
      await start("R2");
      const a = await start("A", sender);
      await start("B", reservation);
      await until("it is reserved", () => reserved(lab), (count) => count === 1);
      await run("ip", "-n", lab.namespace("R1"), "link", "set", "to-r2", "down");
      await r1.said(/^interface to-r2 is not used: it is down$/);
      await a.said(/RESV_EVENT, gone$/);
      await run("ip", "-n", lab.namespace("R1"), "link", "set", "to-r2", "up");
      // The kernel took the routes along.
      const lost = lab.node("R1").routes.filter((one) => one.interface === "to-r2" && !one.prefix.includes(":"));
      for (const { prefix, gateway, metric } of lost) {
        await run(
          "ip",
          "-n",
          lab.namespace("R1"),
          "route",
          "replace",
          prefix,
          "via",
          gateway,
          "metric",
          String(metric),
        );
      }
      await r1.said(/^interface to-r2 is used now$/);
      await until("it is reserved again", () => reserved(lab), (count) => count === 1);
    }),
});

Deno.test({
  name: "resv node: a fast stop leaves the kernel's state, which the next start takes over and a slow stop removes",
  ...linux,
  fn: () =>
    withLine(async ({ lab, start }) => {
      const { sender, reservation } = flow(lab, 4);
      const first = await start("R1");
      await start("R2");
      await start("A", sender);
      const b = await start("B", reservation);
      await until("it is reserved", () => reserved(lab), (count) => count === 1);
      assertEquals(await first.end("SIGQUIT"), 0);
      assertEquals(await reserved(lab), 1);
      const second = await start("R1");
      await until("a Resv has come again", () => second.lines.length, (count) => count > 0);
      // One lifetime of R1's settings: what nobody asks for again would be gone then.
      await new Promise((resolve) => setTimeout(resolve, 3.5 * 1.5 * REFRESH_MS + 500));
      assertEquals(await reserved(lab), 1);
      assertEquals(b.lines.filter(({ message }) => /gone$/.test(message)), []);
      assertEquals(await second.end("SIGTERM"), 0);
      assertEquals(await controlled(lab, "R1", "to-r2"), false);
    }),
});

Deno.test({
  name: "resv node: a rate changes in place, from the file to the kernel of the first router",
  ...linux,
  fn: () =>
    withLine(async ({ lab, start, file }) => {
      const { sender, reservation } = flow(lab, 4);
      await start("R1");
      await start("R2");
      const a = await start("A", sender);
      await start("B", reservation);
      await until("it is reserved", () => reserved(lab), (count) => count === 1);
      await a.reload(file("A", sender.replace("3 Mbit/s", "5 Mbit/s")));
      await until("the class has the new rate", () => reserved(lab, "5Mbit"), (count) => count === 1);
      assertEquals(await reserved(lab), 0);
    }),
});

Deno.test({
  name: "resv node: dry-run says what it would tell the kernel, and leaves it alone",
  ...linux,
  fn: () =>
    withLine(async ({ lab, start }) => {
      const { sender, reservation } = flow(lab, 4);
      const r1 = await start("R1", '[trafficControl]\nmode = "dry-run"\n');
      await start("R2");
      await start("A", sender);
      const b = await start("B", reservation);
      await b.said(/RESV_CONFIRM$/);
      const lines = r1.lines.filter(({ part }) => part === "traffic-control").map(({ message }) => message);
      assertGreater(lines.length, 0);
      assertStringIncludes(lines.join("\n"), "to-r2");
      assertEquals(await controlled(lab, "R1", "to-r2"), false);
    }),
});

Deno.test({
  name: "resv node: without its capabilities it says in one line which, and how to give them",
  ...linux,
  async fn() {
    const without = ["setpriv", "--bounding-set", "-net_raw,-net_admin", "--inh-caps", "-net_raw,-net_admin"];
    const node = NodeProcess.spawn('[[interfaces]]\nname = "lo"\n', [], without);
    assertEquals(await node.ended(), 1);
    assertEquals([node.lines.length, node.words.length], [0, 1]);
    for (const word of ["CAP_NET_RAW", "CAP_NET_ADMIN", "setcap", "AmbientCapabilities", 'transport = "udp"']) {
      assertStringIncludes(node.words[0], word);
    }
    assert(node.words[0].startsWith("resv: missing "));
  },
});

Deno.test({
  name: "resv node: more than the bottleneck can give is refused by admission, and what fits is reserved then",
  ...linux,
  fn: () =>
    withLine(async ({ lab, start, file }) => {
      const { sender, reservation } = flow(lab, 4);
      const r1 = await start("R1");
      // The link has 10 Mbit/s, of which something is kept for others.
      await r1.said(/^to-r2: 1\.\d+ MB\/s of 1\.25 MB\/s can be reserved; the rest is kept for RSVP/);
      await start("R2");
      const a = await start("A", sender.replace("3 Mbit/s", "9900 kbit/s"));
      const b = await start("B", reservation);
      await b.said(/RESV_ERROR, error 1 value 2 .*at 10\.0\.2\.2$/);
      assertEquals(await reserved(lab, "9900Kbit"), 0);
      await a.reload(file("A", sender));
      await until("what fits is reserved", () => reserved(lab), (count) => count === 1);
    }),
});

Deno.test({
  name: "resv node: once an interface is up again its senders are announced by it, long before the next refresh",
  ...linux,
  fn: () =>
    withLine(async ({ lab, start }) => {
      const [{ name: device }] = lab.node("A").interfaces;
      const sender = `[[senders]]\ndestination = "${addressOf(lab.node("R1"), 4)}"\nport = 5004\nrate = "1 Mbit/s"\n`;
      const a = await start("A", `${sender}\n[metrics]\nlisten = "${METRICS_LISTEN}"\n`, [], 60_000);
      const sent = async () => (await metricsIn(lab.namespace("A"))).get("rsvp_path_messages_tx_total")!;
      await until("it is announced", sent, (count) => count > 0);
      await run("ip", "-n", lab.namespace("A"), "link", "set", device, "down");
      await a.said(/is not used: it is down$/);
      const before = await sent();
      await run("ip", "-n", lab.namespace("A"), "link", "set", device, "up");
      // W of RFC 2205 3.6 is two seconds; the machine may be slow.
      await until("it is announced again", sent, (count) => count > before, 8_000);
    }),
});

Deno.test({
  name: "resv node on raw IP: who is not allowed is taken out of batches, counted and told, until a reload allows it",
  ...linux,
  fn: () =>
    withLine(async ({ lab, start, file }) => {
      const { sender, reservation } = flow(lab, 4);
      const metrics = `\n[metrics]\nlisten = "${METRICS_LISTEN}"\n`;
      // The sender's own network is not in the list; what addresses R1 itself still comes in.
      const closed = (source: string) => source.replace("[node]", '[node]\npathSources = ["10.99.0.0/16"]');
      const r1 = await start("R1", metrics);
      await r1.reload(closed(file("R1", metrics)));
      await start("R2");
      await start("A", sender);
      const line = await r1.said(/^dropped a message of 10\.0\.1\.1 on to-a: not among those who are allowed$/);
      assertEquals([line.level, line.destination], ["warning", addressOf(lab.node("B"), 4)]);
      const b = await start("B", reservation);
      const refused = async () =>
        (await metricsIn(lab.namespace("R1"))).get('rsvp_interface_refused_rx_total{interface="to-a"}') ?? 0;
      await until("refreshes are refused too", refused, (count) => count >= 3);
      assertEquals(await reserved(lab), 0);
      await r1.reload(file("R1", metrics));
      await b.said(/RESV_CONFIRM$/);
      assertEquals(await reserved(lab), 1);
    }),
});

Deno.test({
  name:
    "resv node: a host without raw access is reached in UDP by a router that has both, and raw IP goes on from there",
  ...linux,
  fn: () =>
    withLine(async ({ lab, start, file }) => {
      const { sender, reservation } = flow(lab, 4);
      const inUdp = (name: string, device: string, lines: string) =>
        file(name).replace(`name = "${device}"`, `name = "${device}"\n${lines}`);
      const r1 = await start("R1");
      await r1.reload(inUdp("R1", "to-a", 'udp = "also"'));
      await start("R2");
      const a = await start("A");
      const next = `udp = "only"\nudpNextHop = "${addressOf(lab.node("R1"), 4)}"`;
      await a.reload(`${inUdp("A", "to-r1", next)}\n${sender}`);
      const b = await start("B", reservation);
      await b.said(/RESV_CONFIRM$/);
      await a.said(/RESV_EVENT$/);
      assertEquals(await reserved(lab), 1);
    }),
});

Deno.test({
  name: "resv node: a root that somebody takes away comes back with its reservations; somebody else's is left alone",
  ...linux,
  fn: () =>
    withLine(async ({ lab, start }) => {
      const { sender, reservation } = flow(lab, 4);
      const r1 = await start("R1", `[metrics]\nlisten = "${METRICS_LISTEN}"\n`);
      await start("R2");
      await start("A", sender);
      const b = await start("B", reservation);
      const tc = (...words: string[]) => run("tc", "-n", lab.namespace("R1"), "qdisc", ...words);
      const installed = async () => (await metricsIn(lab.namespace("R1"))).get(RESERVED_BYTES);
      await until("R1 has a class for it", () => reserved(lab), (count) => count === 1);

      await tc("del", "dev", "to-r2", "root");
      await r1.said(/^to-r2: somebody has taken our root queueing discipline away/);
      await b.said(/RESV_ERROR, error 12 value 0 /);
      await until("it is there again", () => reserved(lab), (count) => count === 1);

      await tc("replace", "dev", "to-r2", "root", "handle", "77:", "pfifo");
      await r1.said(/^to-r2: its root queueing discipline \(pfifo 77:\) is somebody else's: remove it/);
      await until("nothing is said to be reserved", installed, (bytes) => bytes === 0);
      assertStringIncludes(await shown(lab, "R1", "to-r2", "qdisc"), "pfifo 77:");

      await tc("del", "dev", "to-r2", "root");
      await until("it is there once more", () => reserved(lab), (count) => count === 1);
      await until("and counted", installed, (bytes) => bytes === 375_000);
    }),
});
