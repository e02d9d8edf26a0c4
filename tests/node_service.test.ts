/** What `resv node` offers besides signalling: the service for applications, OpenTelemetry. */
import { RemoteNode } from "../host/service/remote_node.ts";
import { assertEquals, assertGreater, assertMatch, assertStringIncludes } from "./assert.ts";
import { resv } from "./cli_process.ts";
import { loopback } from "./loopback.ts";
import { NodeProcess, scrape, until } from "./node_process.ts";
import { needs } from "./require.ts";

function host(address: string, socket: string, more = ""): string {
  return `[node]
kind = "host"
transport = "udp"
routing = "static"

[trafficControl]
mode = "memory"

[service]
socket = "${socket}"

[[interfaces]]
name = "eth0"
addresses = ["${address}/24"]
${more}`;
}

async function withNode(
  network: number,
  run: (node: NodeProcess, socket: string, net: string) => Promise<void>,
  more = "",
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "resv_service_" });
  const net = `127.${loopback(network)}.5`, socket = `${folder}/node.sock`;
  const node = await NodeProcess.start(host(`${net}.1`, socket, more));
  try {
    await run(node, socket, net);
  } finally {
    await node.end();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Asks the service in its own words. */
async function ask(socket: string, ...requests: object[]): Promise<Record<string, unknown>[]> {
  const connection = await Deno.connect({ transport: "unix", path: socket });
  const lines = [{ op: "hello", versions: [1] }, ...requests].map((request, index) =>
    JSON.stringify({ id: index + 1, ...request }) + "\n"
  );
  await connection.write(new TextEncoder().encode(lines.join("")));
  const answers: Record<string, unknown>[] = [];
  let text = "";
  for await (const chunk of connection.readable.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const parts = text.split("\n");
    text = parts.pop()!;
    // What is pushed has no number: only answers are asked for here.
    answers.push(...parts.map((part) => JSON.parse(part)).filter((line) => "id" in line));
    if (answers.length >= lines.length) break;
  }
  return answers;
}

Deno.test({
  name: "resv node: an application joins it by its socket of mode 0600, and leaves nothing when it goes",
  ...needs("linux"),
  fn: () =>
    withNode(7, async (_node, socket, net) => {
      assertEquals((await Deno.stat(socket)).mode! & 0o777, 0o600);
      const application = await RemoteNode.connect({ path: socket });
      const session = application.session({ destination: `${net}.9`, port: 5004 });
      session.sender({ tokenBucketRateBytesPerSecond: 12_500 });
      await application.settled();
      const seen = async () => {
        const metrics = await scrape(`${net}.1:9246`);
        return [metrics.get("rsvp_path_states"), metrics.get("rsvp_service_clients")];
      };
      assertEquals(await seen(), [1, 1]);
      application.close();
      await until("it is torn down", seen, ([states, clients]) => states === 0 && clients === 0);
    }, `\n[metrics]\nlisten = "127.${loopback(7)}.5.1:9246"\n`),
});

Deno.test({
  name: "resv node: the operation reload, and resv reload, say what was done, or what is wrong with the file",
  ...needs("linux"),
  fn: () =>
    withNode(8, async (node, socket, net) => {
      const change = (more: string) => node.write(host(`${net}.1`, socket, more));
      change('reservableRate = "1 Mbit/s"\n');
      assertEquals((await ask(socket, { op: "reload" }))[1].result, { done: ["interface eth0 changed"] });
      change('reservableRate = "2 Mbit/s"\n');
      assertEquals(await resv(["reload", "--socket", socket]), { code: 0, out: "interface eth0 changed\n", err: "" });
      assertEquals((await resv(["reload", "--socket", socket])).out, "nothing has changed\n");
      change("reservableRate = 1\n");
      const { code, err } = await resv(["reload", "--socket", socket]);
      assertEquals(code, 1);
      assertMatch(err, /^resv: line \d+, interfaces\[0\]\.reservableRate: wants a rate with its unit/);
      const { error } = (await ask(socket, { op: "reload" }))[1] as { error: { code: string; message: string } };
      assertEquals(error.code, "REFUSED");
      assertMatch(error.message, /^line \d+, interfaces\[0\]\.reservableRate: wants a rate with its unit/);
    }),
});

Deno.test({
  name: "resv node: a second node finds the service's socket taken, says so in one line, and the first goes on",
  ...needs("linux"),
  fn: () =>
    withNode(9, async (_node, socket, net) => {
      const second = NodeProcess.spawn(host(`${net}.2`, socket));
      assertEquals(await second.ended(), 1);
      assertEquals(second.words, [
        `resv: another signalling service listens at ${socket}; stop it or name another`,
      ]);
      assertEquals((await ask(socket)).length, 1);
    }),
});

Deno.test({
  name: "resv node: started with OTEL_DENO its metrics arrive at a collector of OpenTelemetry",
  ...needs("linux"),
  async fn() {
    const bodies: string[] = [];
    const collector = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      if (new URL(request.url).pathname === "/v1/metrics") bodies.push(await request.text());
      return Response.json({});
    });
    const env = {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.addr.port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_METRIC_EXPORT_INTERVAL: "200",
    };
    const net = `127.${loopback(10)}.5`;
    const file = host(`${net}.1`, "unused", "[metrics]\nopenTelemetry = true\n")
      .replace('socket = "unused"', "enabled = false");
    const wrap = ["env", ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
    const node = await NodeProcess.start(file, [], wrap);
    try {
      await until("they arrive", () => bodies.join("\n"), (text) => text.includes("rsvp_interface_up"));
      assertStringIncludes(bodies.join("\n"), '"rsvp_path_messages_rx"');
      assertGreater(bodies.length, 0);
    } finally {
      await node.end("SIGTERM");
      await collector.shutdown();
    }
  },
});
