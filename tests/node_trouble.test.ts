/** `resv node` as a process where things go wrong around it: its log, its signals, what Deno may do. */
import { fileURLToPath } from "node:url";
import { Daemon } from "../host/daemon/daemon.ts";
import { readNodeFile } from "../host/daemon/config_file.ts";
import { ServiceError } from "../host/service/protocol.ts";
import { assertEquals, assertMatch, assertRejects } from "./assert.ts";
import { commandLine } from "./cli_process.ts";
import { loopback } from "./loopback.ts";
import { scrape, until } from "./node_process.ts";
import { needs } from "./require.ts";

const MAIN = fileURLToPath(new URL("../host/cli/main.ts", import.meta.url));

/** A node with a sender on a network of its own, and its metrics there. */
function node(network: number, more = "") {
  const net = `127.${loopback(network)}`;
  const source = `[node]
transport = "udp"
routing = "static"

[service]
enabled = false

[metrics]
listen = "${net}.1.1:9246"

[[interfaces]]
name = "left"
addresses = ["${net}.1.1/24"]

[[senders]]
destination = "${net}.1.2"
port = 5004
rate = "1 Mbit/s"
${more}`;
  return { metrics: `${net}.1.1:9246`, source };
}

/** Runs `body` with the path of a file of this text. */
async function withText(source: string, body: (file: string) => Promise<void>): Promise<void> {
  const file = await Deno.makeTempFile({ prefix: "resv_node_", suffix: ".toml" });
  try {
    await Deno.writeTextFile(file, source);
    await body(file);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test({
  name: "resv node: who reads the log may go away: the node goes on, and takes leave when it is told to",
  ...needs("linux"),
  fn: () => {
    const { source, metrics } = node(13);
    return withText(source, async (file) => {
      const child = new Deno.Command(Deno.execPath(), {
        args: commandLine(["node", "--config", file]),
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn();
      try {
        const reader = child.stderr.getReader();
        assertMatch(new TextDecoder().decode((await reader.read()).value), /running/);
        await reader.cancel();
        // Each of these is a line that nobody reads.
        for (let reloads = 1; reloads <= 3; reloads++) {
          child.kill("SIGHUP");
          await until("it reloads", () => scrape(metrics), (now) => now.get("rsvp_reloads_total") === reloads);
        }
        assertEquals((await scrape(metrics)).get("rsvp_sessions"), 1);
        child.kill("SIGTERM");
        assertEquals((await child.status).code, 0);
      } finally {
        try {
          child.kill("SIGKILL");
        } catch {
          // It has ended, as it should.
        }
      }
    });
  },
});

Deno.test({
  name: "a node that is stopping takes no new file: what it has torn down does not come again",
  ...needs("linux"),
  async fn() {
    const { source } = node(13);
    const file = readNodeFile(source);
    const lines: string[] = [];
    // The file changes between the two, so that a reload would announce another sender.
    const changed = readNodeFile(source.replaceAll("5004", "5005"));
    const daemon = await Daemon.start(file, {
      version: "0",
      write: (line) => void lines.push(line),
      read: () => Promise.resolve(changed),
    });
    // One that is read when the stop begins, one that comes during it.
    const reading = assertRejects(() => daemon.reload(), Error, "the node is stopping");
    const stopped = daemon.stop(false);
    await assertRejects(() => daemon.reload(), Error, "the node is stopping");
    await reading;
    await stopped;
    const said = lines.map((line) => line.replace(/^\S+ /, "").trimEnd());
    assertEquals(said.filter((line) => /added|gone|reload done/.test(line)), []);
    assertEquals(said.at(-1), "info node: stopped");
  },
});

Deno.test({
  name: "a reload that fails underway is told, counted and taken back, and the next one is as good as ever",
  ...needs("linux"),
  async fn() {
    const { source } = node(13);
    const lines: string[] = [];
    const other = readNodeFile(source.replaceAll("5004", "5005").replace("[node]", "[node]\nrefreshIntervalMs = 7000"));
    // No file that is read can say this: it stands for a fault of our own, after the settings have been changed.
    let next = { ...other, log: { level: "error", format: "json" }, policy: null } as unknown as typeof other;
    const daemon = await Daemon.start(readNodeFile(source), {
      version: "0",
      write: (line) => void lines.push(line.replace(/^\S+ /, "").trimEnd()),
      read: () => Promise.resolve(next),
    });
    try {
      const counted = () =>
        ["rsvp_reloads_total", "rsvp_reloads_refused_total", "rsvp_reloads_failed_total"].map((name) =>
          daemon.metrics().find((metric) => metric.name === name)?.samples[0].value
        );
      const stands = () =>
        daemon.node.inspect("sessions").map((row) => row.objects[0]).map(
          (session) => "destinationPort" in session ? session.destinationPort : 0,
        );
      await assertRejects(() => daemon.reload(), ServiceError, "the reload failed: ");
      assertEquals([counted(), stands()], [[0, 0, 1], [5004]]);
      assertEquals(lines.some((line) => line.includes("failed: Cannot read")), true, lines.join("\n"));
      assertEquals(lines.at(-1), "error node: the node goes on as it was");
      next = readNodeFile(source);
      assertEquals([await daemon.reload(), lines.at(-1)], [[], "info node: reload: nothing has changed"]);
      next = other;
      assertEquals((await daemon.reload()).includes("node and limits changed"), true);
      assertEquals([counted(), stands()], [[2, 0, 1], [5005]]);
    } finally {
      await daemon.stop(false);
    }
  },
});

Deno.test({
  name: "resv node: what Deno does not permit is one line that names the flag",
  ...needs("linux"),
  fn: () =>
    withText(node(13).source, async (file) => {
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-prompt", "--quiet", "--allow-read", MAIN, "node", "--config", file],
        stdin: "null",
        env: { NO_COLOR: "1" },
      }).output();
      const said = new TextDecoder().decode(stderr).trimEnd();
      assertEquals([code, said.split("\n").length], [1, 1], said);
      assertMatch(said, /^resv: Deno was not permitted to: requires .* --allow-\w+/);
    }),
});
