/** Diagnostics: DREQ and DREP over virtual networks (RFC 2745). */
import { assert, assertEquals, assertThrows } from "./assert.ts";
import { type DiagnoseOptions, PathDiagnosis } from "../host/diagnosis.ts";
import { decode } from "../host/default_codec.ts";
import { Network } from "../host/network/network.ts";
import type { NetworkNode } from "../host/network/network_node.ts";
import type { Sighting } from "../host/network/network_link.ts";
import { needs } from "./require.ts";

const RATE = 12_500;

/** alice - r1 - r2 - r3 - bob, with a sender at alice and a reservation of bob. */
function threeRouters(family: 4 | 6 = 4, mtuBytes = 1500) {
  const network = new Network({ seed: 7 });
  const alice = network.host("alice"), bob = network.host("bob");
  const [r1, r2, r3] = ["r1", "r2", "r3"].map((name) => network.router(name));
  const chain = [alice, r1, r2, r3, bob];
  for (let i = 1; i < chain.length; i++) network.link(chain[i - 1], chain[i], { mtuBytes });
  const address = (node: NetworkNode) => family === 4 ? node.address : node.address6;
  const flow = { destination: address(bob), port: 5004 };
  const sender = { address: address(alice), port: 4000 };
  alice.send(flow, { ...sender, tokenBucketRateBytesPerSecond: RATE });
  bob.receive(flow, { style: "FF" });
  network.settle();
  const messages: Sighting[] = [];
  network.onPacket((sighting) => {
    if (sighting.packet.payload[1] === 8 || sighting.packet.payload[1] === 9) messages.push(sighting);
  });
  return { network, alice, r1, r2, r3, bob, flow, sender, messages };
}

type World = ReturnType<typeof threeRouters>;

function diagnose(world: World, node: NetworkNode, options: Partial<DiagnoseOptions> = {}): PathDiagnosis {
  const diagnosis = new PathDiagnosis();
  const session = node.rsvp.session(world.flow);
  session.on(({ kind, objects }) => {
    if (kind === "DIAGNOSTIC_REPLY") diagnosis.take(objects);
  });
  session.diagnose({ sender: world.sender, ...options });
  world.network.run(200);
  session.release();
  return diagnosis;
}

const path = ({ messages }: World) =>
  messages.map(({ packet, from, to }) =>
    `${packet.payload[1] === 8 ? "DREQ" : "DREP"} ${from.node.name}>${to?.node.name}`
  );

for (const family of [4, 6] as const) {
  Deno.test(`RFC 2745 4.1: over three routers with IPv${family} each node adds what it knows, and the sender's host replies`, () => {
    const world = threeRouters(family);
    const diagnosis = diagnose(world, world.bob);
    assert(diagnosis.complete);
    const { hops } = diagnosis;
    const towards = (a: NetworkNode, b: NetworkNode) => a.addressTowards(b, family);
    const { alice, r1, r2, r3, bob } = world;
    assertEquals(hops.map(({ previousHop }) => previousHop), [
      towards(r3, bob),
      towards(r2, r3),
      towards(r1, r2),
      towards(alice, r1),
      "",
    ]);
    assertEquals(hops.map(({ incomingAddress }) => incomingAddress), [
      towards(bob, r3),
      towards(r3, r2),
      towards(r2, r1),
      towards(r1, alice),
      "",
    ]);
    // At the last hop of a unicast session data end at the destination.
    assertEquals(hops.map(({ outgoingAddress }) => outgoingAddress), [
      world.flow.destination,
      towards(r3, bob),
      towards(r2, r3),
      towards(r1, r2),
      towards(alice, r1),
    ]);
    assertEquals(hops.map(({ style }) => style), ["FF", "FF", "FF", "FF", "FF"]);
    assertEquals(
      hops.map(({ refreshIntervalSeconds, lifetimeMultiplier }) => [refreshIntervalSeconds, lifetimeMultiplier]),
      Array(5).fill([30, 3]),
    );
    assertEquals(
      hops.map(({ ipHops, merged, noPathState }) => [ipHops, merged, noPathState]),
      Array(5).fill([0, false, false]),
    );
    for (const { objects } of hops) {
      assertEquals(objects.map(({ name }) => name), ["SENDER_TSPEC", "STYLE", "FLOWSPEC", "FILTER_SPEC"]);
    }
  });
}

Deno.test("RFC 2745 3.5: without ROUTE the reply goes straight to the requester, with it back node by node", () => {
  const direct = threeRouters();
  diagnose(direct, direct.bob);
  assertEquals(path(direct), [
    "DREQ bob>r3",
    "DREQ r3>r2",
    "DREQ r2>r1",
    "DREQ r1>alice",
    "DREP alice>r1",
    "DREP r1>r2",
    "DREP r2>r3",
    "DREP r3>bob",
  ]);
  // Forwarded by IP, so nobody on the way counts it.
  assertEquals(direct.r2.counters().RECEIVED_DIAGNOSTIC_REPLY, undefined);
  const routed = threeRouters();
  assert(diagnose(routed, routed.bob, { hopByHop: true }).complete);
  assertEquals(path(routed), path(direct));
  assertEquals([routed.r1, routed.r2, routed.r3].map((node) => node.counters().RECEIVED_DIAGNOSTIC_REPLY), [1, 1, 1]);
  const pointers = routed.messages.map(({ packet }) => {
    const route = decode(packet.payload).objects.find(({ name }) => name === "ROUTE") as unknown as {
      routePointer: number;
      nodes: string[];
    };
    return [route.routePointer, route.nodes.length];
  });
  assertEquals(pointers, [[1, 1], [2, 2], [3, 3], [4, 4], [3, 4], [2, 4], [1, 4], [0, 4]]);
});

Deno.test("RFC 2745 3.3: Max-RSVP-hops ends it, and a last hop elsewhere begins it there", () => {
  const world = threeRouters();
  const two = diagnose(world, world.bob, { maximumHops: 2 });
  assertEquals([two.complete, two.hops.length], [true, 2]);
  const one = diagnose(world, world.bob, { maximumHops: 1 });
  assertEquals([one.complete, one.hops.length], [true, 1]);
  // r3 asks about the part of the way behind r2: nothing is collected before the LAST-HOP.
  const from = diagnose(world, world.bob, { lastHop: world.r2.address });
  assertEquals([from.complete, from.hops.length], [true, 3]);
  // A third party asks for all of it.
  const third = diagnose(world, world.alice, { lastHop: world.bob.address });
  assertEquals([third.complete, third.hops.length], [true, 5]);
});

Deno.test("RFC 2745 4.1 step 4: where path state is missing the request turns back with R-error 1", () => {
  const world = threeRouters();
  const other = diagnose(world, world.bob, { sender: { ...world.sender, port: 4001 } });
  assertEquals([other.complete, other.hops.map(({ noPathState }) => noPathState)], [true, [true]]);
  // A router that has lost its state in the middle.
  world.r2.crash();
  world.network.run(100);
  world.r2.restart();
  const lost = diagnose(world, world.bob);
  assertEquals([lost.complete, lost.hops.map(({ noPathState }) => noPathState)], [true, [false, false, true]]);
});

Deno.test("RFC 2745 3.4: DIAG_SELECT says what is reported", () => {
  const world = threeRouters();
  const { hops } = diagnose(world, world.bob, { classes: [3, 11, 13] });
  assertEquals(hops.map(({ objects }) => objects.map(({ name }) => name)), [
    ...Array(4).fill(["RSVP_HOP", "SENDER_TEMPLATE", "ADSPEC"]),
    ["SENDER_TEMPLATE", "ADSPEC"],
  ]);
});

Deno.test("RFC 2745 4.1 Send_DREP: what grows beyond Path MTU comes in parts, and is put together", () => {
  for (const hopByHop of [false, true]) {
    const world = threeRouters();
    const whole = diagnose(world, world.bob, { hopByHop }).hops;
    world.messages.length = 0;
    const parts = diagnose(world, world.bob, { hopByHop, pathMtuBytes: 400 });
    assert(parts.complete);
    assertEquals(parts.hops.map(({ previousHop }) => previousHop), whole.map(({ previousHop }) => previousHop));
    const lengths = world.messages.map(({ packet }) => packet.payload.length);
    assert(lengths.every((length) => length <= 400), String(lengths));
    const replies = world.messages.filter(({ packet, to }) => packet.payload[1] === 9 && to?.node.name === "bob");
    const fields = replies.map(({ packet }) =>
      decode(packet.payload).objects.find(({ name }) => name === "DIAGNOSTIC") as unknown as { moreFragments: number }
    );
    assert(fields.length > 1);
    assertEquals(fields.filter(({ moreFragments }) => moreFragments === 0).length, 1);
  }
});

Deno.test("RFC 2745 4.3: an interface with a smaller MTU lowers Path MTU", () => {
  const world = threeRouters(4, 576);
  const diagnosis = diagnose(world, world.bob, { classes: [3, 8, 9, 10, 11, 12, 13] });
  assert(diagnosis.complete);
  assertEquals(diagnosis.hops.length, 5);
  for (const { packet } of world.messages) assert(packet.payload.length <= 576, String(packet.payload.length));
});

Deno.test("RFC 2745 SD4: a ROUTE that has become too large is left, and its nodes with it", () => {
  const world = threeRouters();
  const diagnosis = diagnose(world, world.bob, { hopByHop: true, pathMtuBytes: 240 });
  assert(diagnosis.complete);
  assertEquals(diagnosis.hops.length, 5);
});

Deno.test("RFC 2745 5.4: a merge with another interface's reservation is told", () => {
  const network = new Network({ seed: 7 });
  const alice = network.host("alice"),
    r1 = network.router("r1"),
    bob = network.host("bob"),
    carol = network.host("carol");
  for (const other of [alice, bob, carol]) network.link(r1, other);
  const flow = { destination: "224.1.2.3", port: 5004 };
  alice.send(flow, { port: 4000, tokenBucketRateBytesPerSecond: RATE });
  for (const node of [bob, carol]) node.receive(flow, { style: "SE" });
  network.settle();
  const diagnosis = new PathDiagnosis();
  const session = bob.session(flow);
  session.on(({ kind, objects }) => kind === "DIAGNOSTIC_REPLY" && diagnosis.take(objects));
  session.diagnose({ sender: { address: alice.address, port: 4000 } });
  network.run(200);
  assertEquals(diagnosis.hops.map(({ merged, style }) => [merged, style]), [[false, "SE"], [true, "SE"], [
    false,
    "SE",
  ]]);
});

Deno.test("RFC 2745 5.3: a router without RSVP between two nodes shows in the IP hops", () => {
  const network = new Network({ seed: 7 });
  const alice = network.host("alice"), bob = network.host("bob"), r1 = network.router("r1");
  const plain = network.router("plain", { rsvp: false });
  const chain = [alice, r1, plain, bob];
  for (let i = 1; i < chain.length; i++) network.link(chain[i - 1], chain[i]);
  const flow = { destination: bob.address, port: 5004 };
  alice.send(flow, { port: 4000, tokenBucketRateBytesPerSecond: RATE });
  network.settle();
  const diagnosis = new PathDiagnosis();
  const session = bob.session(flow);
  session.on(({ kind, objects }) => kind === "DIAGNOSTIC_REPLY" && diagnosis.take(objects));
  session.diagnose({ sender: { address: alice.address, port: 4000 } });
  network.run(200);
  assert(diagnosis.complete);
  assertEquals(diagnosis.hops.map(({ ipHops, style }) => [ipHops, style]), [[0, ""], [1, ""], [0, ""]]);
});

Deno.test("Options of a diagnosis that are out of range are refused by name", () => {
  const world = threeRouters();
  const session = world.bob.session(world.flow);
  assertThrows(() => session.diagnose({ sender: world.sender, maximumHops: 256 }), RangeError, "maximumHops");
  assertThrows(() => session.diagnose({ sender: world.sender, pathMtuBytes: 0 }), RangeError, "pathMtuBytes");
  // A requester that is not of this node could have others flooded.
  assertThrows(() => session.diagnose({ sender: world.sender, requester: world.alice.address }), Error);
});

for (const family of [4, 6] as const) {
  Deno.test({
    name: `RFC 2745 3: tshark reads every DREQ and DREP of IPv${family}, nothing malformed`,
    ...needs("tshark"),
    async fn() {
      const world = threeRouters(family);
      const capture = world.network.capture(({ packet }) => packet.payload[1] >= 8);
      diagnose(world, world.bob, { hopByHop: true, classes: [3, 8, 9, 10, 11, 12, 13] });
      diagnose(world, world.bob, { pathMtuBytes: 600 });
      const file = await Deno.makeTempFile({ suffix: ".pcap" });
      try {
        await Deno.writeFile(file, capture.bytes());
        const { stdout } = await new Deno.Command("tshark", {
          // deno-fmt-ignore
          args: ["-r", file, "-T", "fields", "-e", "rsvp.msg", "-e", "_ws.malformed", "-e", "_ws.expert.message"],
          stderr: "null",
        }).output();
        const rows = new TextDecoder().decode(stdout).replace(/\n$/, "").split("\n").map((line) => line.split("\t"));
        assertEquals(rows.length, world.messages.length);
        for (const [index, [message, malformed, expert = ""]] of rows.entries()) {
          assertEquals([Number(message), malformed], [world.messages[index].packet.payload[1], ""]);
          assert(!/checksum|malformed|bogus/i.test(expert), expert);
        }
      } finally {
        await Deno.remove(file);
      }
    },
  });
}
