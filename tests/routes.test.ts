import fc from "fast-check";
import { formatAddress, parseAddress } from "../host/address.ts";
import { Routes } from "../host/network/routes.ts";
import { type LinkOptions, type NodeRecord, Topology } from "../host/network/topology.ts";
import { assert, assertEquals, assertThrows } from "./assert.ts";

/** Builds a topology from `a-b` pairs; names that start with h are hosts. */
function build(...links: (string | [string, LinkOptions])[]) {
  const topology = new Topology();
  const node = (name: string) => topology.node(name) ?? topology.addNode(name, !name.startsWith("h"));
  for (const link of links) {
    const [names, options] = typeof link === "string" ? [link, {}] : link;
    topology.addLink(names.split("-").map(node), { name: names, ...options });
  }
  const address = (name: string) => topology.node(name)!.attachments[0].ipv4.bytes;
  return { topology, routes: new Routes(topology), address, node };
}

/** Names of the nodes on the way. */
function walk(from: NodeRecord, to: Uint8Array, routes: Routes, topology: Topology): string[] {
  const names = [from.name];
  for (let node = from;;) {
    const step = routes.step(node, to, 4);
    if (!step) return [...names, "-"];
    const next = step.gateway ?? topology.neighbour(step.out.link, to, 4);
    if (!next || next.node === node) return names;
    names.push(node === next.node ? "-" : (node = next.node).name);
    if (names.length > 100) throw new Error("routing loop");
    if (topology.owner(to, 4)?.node === node) return names;
  }
}

Deno.test("the shortest way is taken, by metric and not by hops", () => {
  const t = build("h1-r1", ["r1-r2", { metric: 5 }], "r1-r3", "r3-r2", "r2-h2");
  assertEquals(walk(t.node("h1"), t.address("h2"), t.routes, t.topology), ["h1", "r1", "r3", "r2", "h2"]);
});

Deno.test("hosts do not pass traffic on", () => {
  const t = build("r1-h0", "h0-r2", ["r1-r3", { metric: 50 }], "r3-r2", "r2-h2");
  assertEquals(walk(t.node("r1"), t.address("h2"), t.routes, t.topology), ["r1", "r3", "r2", "h2"]);
});

Deno.test("routes follow links and nodes that go and come back", () => {
  const t = build("h1-r1", "r1-r2", "r1-r3", "r3-r2", "r2-h2");
  const way = () => walk(t.node("h1"), t.address("h2"), t.routes, t.topology).join(" ");
  assertEquals(way(), "h1 r1 r2 h2");
  t.topology.links[1].up = false;
  t.topology.version++;
  assertEquals(way(), "h1 r1 r3 r2 h2");
  t.node("r3").alive = false;
  t.topology.version++;
  assertEquals(way(), "h1 -");
  t.topology.links[1].up = true;
  t.topology.version++;
  assertEquals(way(), "h1 r1 r2 h2");
});

Deno.test("an engine's question is answered with interface and gateway, on the link without one, locally with none", () => {
  const t = build("h1-r1", "r1-r2", "r2-h2");
  const ask = (from: string, destination: Uint8Array) => {
    const rest = {
      source: new Uint8Array(16),
      family: 4,
      multicast: 0,
      protocol: 17,
      destinationPort: 0,
      sourcePort: 0,
    };
    return t.routes.answer(t.node(from), { destination, ...rest });
  };
  const far = ask("r1", t.address("h2"));
  assertEquals([far.found, far.hops.length, far.hops[0].interface], [true, 1, 2]);
  assertEquals(formatAddress(far.hops[0].gateway!, 4), "10.0.2.2");
  assertEquals(ask("r2", t.address("h2")), { found: true, hops: [{ interface: 2 }] });
  assertEquals(ask("h2", t.address("h2")), { found: true, local: true, hops: [] });
  assertEquals(ask("h2", parseAddress("192.0.2.1").bytes), { found: false, hops: [] });
});

Deno.test("a multicast tree leads from the source to every member and nowhere else", () => {
  const t = build("h1-r1", "r1-r2", "r2-h2", "r2-h3-h4", "r1-r5", "r5-h5", "r5-h6");
  const group = parseAddress("224.1.2.3").bytes;
  for (const member of ["h2", "h4", "h6"]) assert(t.routes.join(t.node(member), group, 4));
  assert(!t.routes.join(t.node("h2"), group, 4));
  const tree = t.routes.tree(t.address("h1"), group, 4)!;
  const out = (name: string) => (tree.outgoing.get(t.node(name)) ?? []).map((a) => a.link.name);
  assertEquals(out("h1"), ["h1-r1"]);
  assertEquals(out("r1"), ["r1-r2", "r1-r5"]);
  assertEquals(out("r2"), ["r2-h2", "r2-h3-h4"]);
  assertEquals(out("r5"), ["r5-h6"]);
  assertEquals(out("h2"), []);
  assertEquals(tree.incoming.get(t.node("r5"))?.link.name, "r1-r5");
  assertEquals(tree.incoming.get(t.node("h1")), undefined);
  t.routes.leave(t.node("h6"), group, 4);
  assertEquals(t.routes.tree(t.address("h1"), group, 4)!.outgoing.get(t.node("r5")), undefined);
});

Deno.test("members on the source's own link are reached directly", () => {
  const t = build("h1-h2-r1", "r1-h3");
  const group = parseAddress("224.1.2.3").bytes;
  t.routes.join(t.node("h2"), group, 4);
  const tree = t.routes.tree(t.address("h1"), group, 4)!;
  assertEquals([...tree.outgoing.keys()].map((node) => node.name), ["h1"]);
});

Deno.test("links and nodes that make no sense are refused by name", () => {
  const topology = new Topology();
  const a = topology.addNode("a", true);
  assertThrows(() => topology.addNode("a", true), RangeError, '"a"');
  assertThrows(() => topology.addLink([a, a], {}), RangeError, "twice");
  assertThrows(() => topology.addLink([a], {}), RangeError, "2 to 254");
  const b = topology.addNode("b", true);
  assertThrows(() => topology.addLink([a, b], { delayMs: -1 }), RangeError, "delayMs is -1");
  assertThrows(() => topology.addLink([a, b], { metric: 0 }), RangeError, "metric");
});

Deno.test("in any network every way is as short as Floyd and Warshall say, and nobody is sent in circles", () => {
  const arbitrary = fc.record({
    count: fc.integer({ min: 2, max: 9 }),
    links: fc.array(fc.tuple(fc.nat(8), fc.nat(8), fc.integer({ min: 1, max: 4 })), { maxLength: 16 }),
  });
  fc.assert(fc.property(arbitrary, ({ count, links }) => {
    const topology = new Topology();
    const nodes = Array.from({ length: count }, (_, i) => topology.addNode(`r${i}`, true));
    const distance = nodes.map((_, i) => nodes.map((_, j) => i === j ? 0 : Infinity));
    for (const [a, b, metric] of links) {
      const [from, to] = [a % count, b % count];
      if (from === to) continue;
      topology.addLink([nodes[from], nodes[to]], { metric });
      const shorter = Math.min(distance[from][to], metric);
      distance[from][to] = distance[to][from] = shorter;
    }
    for (let k = 0; k < count; k++) {
      for (let i = 0; i < count; i++) {
        for (let j = 0; j < count; j++) distance[i][j] = Math.min(distance[i][j], distance[i][k] + distance[k][j]);
      }
    }
    const routes = new Routes(topology);
    for (const link of topology.links) {
      for (const [i, node] of nodes.entries()) {
        const best = Math.min(...link.attachments.map(({ node: end }) => distance[i][end.index]));
        const step = routes.step(node, link.attachments[0].ipv4.bytes, 4);
        assertEquals(step?.distance ?? Infinity, best);
        if (step?.gateway) {
          const next = routes.step(step.gateway.node, link.attachments[0].ipv4.bytes, 4)!;
          assert(next.distance < step.distance);
        }
      }
    }
  }));
});
