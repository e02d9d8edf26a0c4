/** `resv node` as a process: nodes over UDP encapsulation on loopback, started, reloaded, measured, stopped. */
import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "./assert.ts";
import { loopback } from "./loopback.ts";
import { NodeProcess, scrape, until } from "./node_process.ts";
import { needs } from "./require.ts";

/** R, so that what waits for a refresh comes in this test's time. */
const REFRESH_MS = 300;

const NODE = `transport = "udp"\nrouting = "static"\nrefreshIntervalMs = ${REFRESH_MS}\n`;
const MEMORY = `[trafficControl]\nmode = "memory"\n\n[service]\nenabled = false\n`;

/** A line A - R - B on 127.N.1.0/24 and 127.N.2.0/24, and where R serves its metrics. */
function line(network: number) {
  const net = `127.${loopback(network)}`;
  const metrics = `${net}.1.1:9246`;
  const host = (own: string, router: string, more: string) =>
    `[node]
kind = "host"
${NODE}
${MEMORY}
[[interfaces]]
name = "eth0"
addresses = ["${own}/24"]
udpNextHop = "${router}"

[[routes]]
prefix = "${net}.0.0/16"
interface = "eth0"
gateway = "${router}"
${more}`;
  return {
    net,
    metrics,
    router: (right = "", node = "") =>
      `[node]
${NODE}${node}
${MEMORY}
[[interfaces]]
name = "left"
addresses = ["${net}.1.1/24"]

[[interfaces]]
name = "right"
addresses = ["${net}.2.1/24"]
reservableRate = "10 Mbit/s"
${right}
[metrics]
listen = "${metrics}"
`,
    alice: (rate = "1 Mbit/s") =>
      host(
        `${net}.1.2`,
        `${net}.1.1`,
        `[[senders]]
destination = "${net}.2.2"
port = 5004
sourcePort = 4001
rate = "${rate}"
`,
      ),
    bob: (reservations = RESERVE) =>
      host(`${net}.2.2`, `${net}.2.1`, reservations.replaceAll("DESTINATION", `${net}.2.2`)),
  };
}

const RESERVE = `[[reservations]]
destination = "DESTINATION"
port = 5004
style = "FF"
confirm = true
`;

/** Ends what a test has started, however it ends. */
async function withNodes(run: (start: typeof NodeProcess.start) => Promise<void>): Promise<void> {
  const nodes: NodeProcess[] = [];
  try {
    await run(async (...args) => {
      const node = await NodeProcess.start(...args);
      nodes.push(node);
      return node;
    });
  } finally {
    for (const node of nodes) await node.end();
  }
}

const RESERVED = 'rsvp_interface_reserved_bytes_per_second{interface="right"}';

Deno.test({
  name: "resv node: static senders and reservations come up through a router, follow reloads, and go with SIGTERM",
  ...needs("linux"),
  async fn() {
    const { net, metrics, router, alice, bob } = line(0);
    await withNodes(async (start) => {
      const r = await start(router());
      const a = await start(alice());
      const b = await start(bob());
      await b.said(new RegExp(`^FF reservation for ${net}.2.2:5004 udp: RESV_CONFIRM$`));
      await a.said(new RegExp(`^sender to ${net}.2.2:5004 udp from port 4001: RESV_EVENT$`));
      const first = await scrape(metrics);
      assertEquals([first.get(RESERVED), first.get("rsvp_sessions")], [125_000, 1]);
      assertGreater(first.get("rsvp_path_messages_rx_total")!, 0);
      assertGreater(first.get("process_cpu_seconds_total")!, 0);
      assertGreater(first.get("process_resident_memory_bytes")!, 2 ** 20);
      assertGreater(first.get('rsvp_interface_messages_tx_total{interface="right"}')!, 0);

      // The sender wants twice as much: its announcement changes in place, and the reservation follows.
      const said = (await a.reload(alice("2 Mbit/s"))).map(({ message }) => message);
      assertStringIncludes(said.join("\n"), "sender to");
      await until("the reservation follows the sender", () => scrape(metrics), (now) => now.get(RESERVED) === 250_000);

      // The router's limit falls below what is reserved, and nothing that stands is touched.
      const tight = await r.reload(router().replace('"10 Mbit/s"', '"1 Mbit/s"'));
      assertStringIncludes(tight.map(({ message }) => message).join("\n"), "interface right changed");
      const after = await scrape(metrics);
      assertEquals(after.get('rsvp_interface_reservable_bytes_per_second{interface="right"}'), 125_000);
      assertEquals([after.get(RESERVED), after.get("rsvp_pathtear_messages_rx_total")], [250_000, 0]);

      // What leaves the file is given up.
      await b.reload(bob(""));
      await until("the reservation is torn", () => scrape(metrics), (now) => now.get(RESERVED) === 0);
      assertEquals((await scrape(metrics)).get("rsvp_resvtear_messages_rx_total"), 1);

      assertEquals(await a.end("SIGTERM"), 0);
      const end = await until("the sender takes leave", () => scrape(metrics), (now) => now.get("rsvp_sessions") === 0);
      assertEquals(end.get("rsvp_pathtear_messages_rx_total"), 1);
      assertEquals([await b.end("SIGINT"), await r.end("SIGTERM")], [0, 0]);
    });
  },
});

Deno.test({
  name: "resv node: SIGQUIT and --fast tear nothing down; neighbours' state times out",
  ...needs("linux"),
  async fn() {
    const { metrics, router, alice } = line(1);
    await withNodes(async (start) => {
      await start(router());
      for (const [args, signal] of [[[], "SIGQUIT"], [["--fast"], "SIGTERM"]] as const) {
        const a = await start(alice(), args);
        await until("the sender is known", () => scrape(metrics), (now) => now.get("rsvp_path_states") === 1);
        assertEquals(await a.end(signal), 0);
        const now = await scrape(metrics);
        assertEquals([now.get("rsvp_path_states"), now.get("rsvp_pathtear_messages_rx_total")], [1, 0]);
        // (K + 0.5) * 1.5 * R after the last refresh (RFC 2205 3.7); a loaded machine may be late.
        await until("it times out", () => scrape(metrics), (seen) => seen.get("rsvp_path_states") === 0);
      }
      assertEquals((await scrape(metrics)).get("rsvp_path_expired_total"), 2);
    });
  },
});

Deno.test({
  name: "resv node: a file that cannot be is refused on reload, and the node goes on as it was",
  ...needs("linux"),
  async fn() {
    const { metrics, router } = line(2);
    await withNodes(async (start) => {
      const r = await start(router());
      const lines = await r.reload(router().replace("reservableRate", "reservabelRate"));
      assertMatch(
        lines.at(-1)!.message,
        /^reload refused: line \d+, interfaces\[1\]\.reservabelRate: there is no such key, did you mean/,
      );
      const now = await scrape(metrics);
      assertEquals([now.get("rsvp_reloads_total"), now.get("rsvp_reloads_refused_total")], [0, 1]);
      assertEquals(now.get('rsvp_interface_up{interface="right"}'), 1);
      assertEquals((await r.reload(router())).map(({ message }) => message), ["reload: nothing has changed"]);
    });
  },
});

Deno.test({
  name: "resv node: a second start finds the addresses taken and says so in one line",
  ...needs("linux"),
  async fn() {
    const { net, router } = line(3);
    await withNodes(async (start) => {
      await start(router());
      const second = NodeProcess.spawn(router());
      assertEquals(await second.ended(), 1);
      assertEquals(second.lines, []);
      assertEquals(second.words, [
        `resv: cannot listen on ${net}.1.1:1698: another program, perhaps another RSVP node, holds this address and ` +
        "port; stop it or use another address",
      ]);
    });
  },
});

Deno.test({
  name: "resv node: messages of who is not allowed are dropped, counted, told once, and allowed after a reload",
  ...needs("linux"),
  async fn() {
    const { net, metrics, router, alice } = line(4);
    await withNodes(async (start) => {
      const r = await start(router("", `neighbours = ["${net}.2.0/24"]\n`));
      await start(alice());
      const line = await r.said(/^dropped a message of .* on left: not among those who are allowed$/);
      assertEquals([line.level, line.source, line.reason], ["warning", `${net}.1.2`, "NOT_ALLOWED"]);
      const refused = 'rsvp_interface_refused_rx_total{interface="left"}';
      const now = await until("more come", () => scrape(metrics), (seen) => (seen.get(refused) ?? 0) >= 3);
      assertEquals(now.get("rsvp_path_states"), 0);
      assertEquals(r.lines.filter(({ reason }) => reason === "NOT_ALLOWED").length, 1);
      await r.reload(router("", `neighbours = ["${net}.0.0/16"]\n`));
      await until("the sender is heard", () => scrape(metrics), (seen) => seen.get("rsvp_path_states") === 1);
    });
  },
});

Deno.test({
  name: "resv node: junk is counted by its reason, and told once",
  ...needs("linux"),
  async fn() {
    const { net, metrics, router } = line(5);
    await withNodes(async (start) => {
      const r = await start(router());
      const { createSocket } = await import("node:dgram");
      const socket = createSocket("udp4");
      const junk = new Uint8Array(64).fill(0xee);
      for (let i = 0; i < 20; i++) {
        await new Promise<void>((resolve) => socket.send(junk, 1698, `${net}.1.1`, () => resolve()));
      }
      socket.close();
      const counter = 'rsvp_drops_total{reason="BAD_VERSION"}';
      await until("all are counted", () => scrape(metrics), (now) => now.get(counter) === 20);
      const told = r.lines.filter(({ reason }) => reason === "BAD_VERSION");
      assertEquals(told.length, 1);
      assertStringIncludes(told[0].message, "on left: version is not 1");
    });
  },
});

Deno.test({
  name: "resv node: interfaces come and go with a reload; what was reserved on one that goes is let go",
  ...needs("linux"),
  async fn() {
    const { net, metrics, router, alice, bob } = line(6);
    await withNodes(async (start) => {
      const r = await start(router());
      const a = await start(alice());
      await start(bob());
      await until("it is reserved", () => scrape(metrics), (now) => now.get(RESERVED) === 125_000);
      const without = router().replace(/\[\[interfaces\]\]\nname = "right"[\s\S]*?(?=\[metrics)/, "");
      assert(without.length < router().length);
      const lines = await r.reload(without);
      assertStringIncludes(lines.map(({ message }) => message).join("\n"), "interface right gone");
      await a.said(/RESV_EVENT, gone$/);
      await r.reload(router());
      await until("it is reserved again", () => scrape(metrics), (now) => now.get(RESERVED) === 125_000);
      assertEquals((await scrape(metrics)).get(`rsvp_interface_up{interface="right"}`), 1, net);
      // Another handle is another interface: what stood on the old one comes again on the new one.
      const other = await r.reload(router().replace('name = "right"', 'name = "right"\nhandle = 9'));
      const said = other.map(({ message }) => message).join("\n");
      for (const what of ["right gone", "right added"]) assertStringIncludes(said, `interface ${what}`);
      await until("it is reserved on it", () => scrape(metrics), (now) => now.get(RESERVED) === 125_000);
    });
  },
});

Deno.test({
  name: "resv node: rules of policy refuse, with code 02 at the receiver, until a reload takes them away",
  ...needs("linux"),
  async fn() {
    const { metrics, router, alice, bob } = line(11);
    await withNodes(async (start) => {
      const rule = `[[policy]]\ndirection = "resv"\nports = [5000, 5999]\ninterface = "right"\nverdict = "refuse"\n\n`;
      const r = await start(router().replace("[metrics]", `${rule}[metrics]`));
      await start(alice());
      const b = await start(bob());
      await b.said(/RESV_ERROR, error 2 value 3 .*at /);
      assertEquals((await scrape(metrics)).get(RESERVED), 0);
      const lines = await r.reload(router());
      assertStringIncludes(lines.map(({ message }) => message).join("\n"), "policy: 0 rules");
      await until("it is reserved", () => scrape(metrics), (now) => now.get(RESERVED) === 125_000);
    });
  },
});

Deno.test({
  name:
    "resv node: a static reservation that the engine refuses is told with its reason, and comes up once it is mended",
  ...needs("linux"),
  async fn() {
    const { metrics, router, alice, bob } = line(12);
    await withNodes(async (start) => {
      await start(router());
      await start(alice());
      // Guaranteed service needs a rate that is at least that of the token bucket (RFC 2212).
      const wrong = `${RESERVE}rate = "1 Mbit/s"\nreservedRate = "500 kbit/s"\n`;
      const b = await start(bob(wrong));
      await b.said(/^FF reservation for .*: RESV_ERROR, error 21 value 3 \(.+\) at this node$/);
      await b.reload(bob(wrong.replace("500 kbit/s", "2 Mbit/s")));
      await b.said(/RESV_CONFIRM$/);
      assertEquals((await scrape(metrics)).get(RESERVED), 250_000);
    });
  },
});
