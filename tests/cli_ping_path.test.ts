/** `resv ping-path`: path state hop by hop, through the service of a running node (RFC 2745). */
import { assertEquals, assertMatch, assertStringIncludes } from "./assert.ts";
import { run } from "./cli_in_process.ts";
import { Network } from "../host/network/network.ts";
import type { NetworkNode } from "../host/network/network_node.ts";
import { ServiceServer } from "../host/service/server.ts";

interface World {
  network: Network;
  nodes: Record<"alice" | "r1" | "r2" | "bob", NetworkNode>;
  resv(...args: string[]): ReturnType<typeof run>;
}

/** alice - r1 - r2 - bob with one flow; `at` is served, and virtual time goes on while a command waits. */
async function withPath(at: keyof World["nodes"], test: (world: World) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "resv_ping_" });
  const network = new Network();
  const alice = network.host("alice"), r1 = network.router("r1"), r2 = network.router("r2"), bob = network.host("bob");
  const nodes = { alice, r1, r2, bob }, chain = [alice, r1, r2, bob];
  for (let i = 1; i < chain.length; i++) network.link(chain[i - 1], chain[i]);
  const flow = { destination: bob.address, port: 5004 };
  alice.send(flow, { port: 4000, tokenBucketRateBytesPerSecond: 12_500 });
  bob.receive(flow, { style: "FF" });
  network.settle();
  const server = new ServiceServer({ node: nodes[at].rsvp, path: `${folder}/resv.sock` });
  const clock = setInterval(() => network.run(5), 5);
  try {
    await server.listen();
    await test({ network, nodes, resv: (...args) => run([...args, "--socket", server.path]) });
  } finally {
    clearInterval(clock);
    await server.close();
    await Deno.remove(folder, { recursive: true });
  }
}

const FLOW = ["ping-path", "10.0.3.2/5004", "--from", "10.0.1.1/4000"];

// From elsewhere the request to the last hop passes routers as any packet does.
for (const [at, away] of [["bob", 0], ["r1", 1], ["alice", 2]] as const) {
  Deno.test(`cli ping-path, at ${at}: every hop from the receiver to the sender`, async () => {
    await withPath(at, async ({ resv }) => {
      for (const back of [[], ["--back"], ["--mtu", "400"]]) {
        const { code, out, err } = await resv(...FLOW, ...back);
        assertEquals([code, err], [0, ""]);
        assertEquals(
          out,
          `from 10.0.1.1:4000 to 10.0.3.2:5004/UDP
hop  node      previous hop  IP hops     R  style  reserved   remarks
  1  10.0.3.2  10.0.3.1            ${away}  30 s  FF     12.5 kB/s
  2  10.0.3.1  10.0.2.1            0  30 s  FF     12.5 kB/s
  3  10.0.2.1  10.0.1.1            0  30 s  FF     12.5 kB/s
  4  10.0.1.1                      0  30 s  FF     12.5 kB/s  the sender's node
`,
        );
      }
    });
  });
}

Deno.test("cli ping-path: where path state is missing it says so, with exit code 1", async () => {
  await withPath("bob", async ({ nodes, resv }) => {
    nodes.r1.crash();
    nodes.r1.restart();
    const { code, out, err } = await resv(...FLOW);
    assertEquals(code, 1);
    assertEquals(err, "resv: no path state beyond 10.0.3.1, hop 3\n");
    assertStringIncludes(out, "no path state");
    const other = await resv("ping-path", "10.0.3.2/5004", "--from", "10.0.1.1/4001");
    assertEquals([other.code, other.err], [1, "resv: no path state at the last hop, hop 1\n"]);
  });
});

Deno.test("cli ping-path: one JSON value, limits of hops, another last hop", async () => {
  await withPath("bob", async ({ resv }) => {
    const all = JSON.parse((await resv(...FLOW, "--json")).out);
    assertEquals([all.complete, all.reached, all.hops.length], [true, true, 4]);
    assertEquals(all.hops[1].objects.map(({ name }: { name: string }) => name), [
      "SENDER_TSPEC",
      "STYLE",
      "FLOWSPEC",
      "FILTER_SPEC",
    ]);
    const two = await resv(...FLOW, "--json", "--maximum-hops", "2");
    assertEquals([two.code, JSON.parse(two.out).hops.length], [0, 2]);
    const later = await resv(...FLOW, "--json", "--last-hop", "10.0.2.1");
    assertEquals([later.code, JSON.parse(later.out).hops.length], [0, 2]);
  });
});

Deno.test("cli ping-path: a sender without a port is named by its address alone, as the tables have it", async () => {
  await withPath("bob", async ({ network, nodes, resv }) => {
    const flow = { destination: nodes.bob.address, port: 5006 };
    nodes.alice.send(flow, { port: 0, tokenBucketRateBytesPerSecond: 12_500 });
    network.settle();
    for (const from of ["10.0.1.1", "10.0.1.1/0"]) {
      const { code, out, err } = await resv("ping-path", "10.0.3.2/5006", "--from", from);
      assertEquals([code, err, out.split("\n")[0]], [0, "", "from 10.0.1.1 to 10.0.3.2:5006/UDP"]);
    }
  });
});

Deno.test("cli ping-path: a session is named as the tables have it, or with a slash", async () => {
  await withPath("bob", async ({ resv }) => {
    for (const session of ["10.0.3.2:5004/UDP", "10.0.3.2:5004", "10.0.3.2/5004"]) {
      for (const from of ["10.0.1.1:4000", "10.0.1.1/4000"]) {
        const { code, out, err } = await resv("ping-path", session, "--from", from);
        assertEquals([code, err, out.split("\n")[0]], [0, "", "from 10.0.1.1:4000 to 10.0.3.2:5004/UDP"]);
      }
    }
    const tcp = await resv("ping-path", "10.0.3.2:5004/TCP", "--from", "10.0.1.1:4000");
    assertEquals([tcp.code, tcp.out.split("\n")[0]], [1, "from 10.0.1.1:4000 to 10.0.3.2:5004/TCP"]);
  });
});

Deno.test("cli ping-path: mistakes in one line each", async () => {
  await withPath("bob", async ({ resv }) => {
    const cases: [string[], RegExp][] = [
      [["ping-path", "10.0.3.2/5004"], /^resv: say which sender: --from \S+\n$/],
      [
        ["ping-path", "10.0.3.2/5004", "--from", "2001:db8::1/4000"],
        /^resv: sender and destination are of different families\n$/,
      ],
      [[...FLOW, "--last-hop", "bob"], /"bob" is not an IPv4 or IPv6 address.*\n$/],
      [[...FLOW, "--last-hop", "10.9.9.9", "--timeout", "1"], /^resv: no reply within 1 s: .*--last-hop\n$/],
      [["ping-path", "10.0.3.2", "--from", "10.0.1.1/4000"], /not an address with a port/],
      [["ping-path", "10.0.3.2/5004", "--from", "alice"], /"alice" is no address with a port/],
      [[...FLOW, "--from", "10.0.1.1:4000/UDP"], /a sender has no protocol of its own|Too many/],
      [
        ["ping-path", "10.0.3.2:5004/UDP", "--tcp", "--from", "10.0.1.1"],
        /^resv: 10.0.3.2:5004\/UDP: here it is TCP\n$/,
      ],
    ];
    for (const [args, wanted] of cases) {
      const { code, err } = await resv(...args);
      assertEquals(code !== 0, true, args.join(" "));
      assertMatch(err, wanted);
    }
  });
});
