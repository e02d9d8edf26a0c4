/** What a virtual network does around its engines: time, links, taps, groups, failures. The protocol is tested elsewhere. */
import { formatAddress } from "../host/address.ts";
import { Network } from "../host/network/network.ts";
import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "./assert.ts";

const TSPEC = { port: 4000, tokenBucketRateBytesPerSecond: 10_000 };

function pair(options: ConstructorParameters<typeof Network>[0] = {}) {
  const network = new Network(options);
  const alice = network.host("alice"), r1 = network.router("r1"), bob = network.host("bob");
  const left = network.link(alice, r1, { delayMs: 5 });
  const right = network.link(r1, bob, { delayMs: 20 });
  const session = { destination: bob.address, port: 5004 };
  return { network, alice, r1, bob, left, right, session };
}

Deno.test("time passes exactly as told, and a message takes the link's delay", () => {
  const t = pair();
  const seen: [string, number][] = [];
  t.network.onPacket(({ timeMs, from }) => void seen.push([from.node.name, timeMs]));
  t.network.run(7);
  assertEquals(t.network.now, 7);
  t.alice.send(t.session, TSPEC);
  assertEquals(t.network.inFlight, 1);
  t.network.run(4.5);
  assertEquals(seen, [["alice", 7]]);
  t.network.run(100);
  assertEquals(seen, [["alice", 7], ["r1", 12]]);
  assertEquals([t.network.now, t.network.inFlight], [111.5, 0]);
});

Deno.test("runUntil stops at the event that fulfils the condition, or at its limit", () => {
  const t = pair();
  t.alice.send(t.session, TSPEC);
  assert(t.network.runUntil(() => t.bob.inspect("senders").length === 1));
  assertEquals(t.network.now, 25);
  assert(!t.network.runUntil(() => false, 1_000));
  assertEquals(t.network.now, 1_025);
});

Deno.test("settle waits until nothing is sent any more, and says so when that never happens", () => {
  const t = pair();
  t.alice.send(t.session, TSPEC);
  t.bob.receive(t.session, { style: "FF" });
  assert(t.network.settle(100));
  assertEquals(t.alice.inspect("installed").length, 1);
  assertLess(t.network.now, 500);
  const busy = pair({ refreshIntervalMs: 50 });
  busy.alice.send(busy.session, TSPEC);
  assert(!busy.network.settle(1_000, 10_000));
  assertEquals(busy.network.now, 10_000);
});

Deno.test("a link that is down carries nothing, and interfaces of both ends say so", () => {
  const t = pair();
  t.right.down();
  t.network.run(10);
  t.alice.send(t.session, TSPEC);
  t.network.run(1_000);
  assertEquals(t.bob.inspect("senders"), []);
  assertEquals(t.r1.inspect("interfaces").map((row) => row.up), [1, 0]);
  assertEquals(t.bob.inspect("interfaces").map((row) => row.up), [0]);
  t.right.up();
  t.network.run(10_000);
  assertEquals(t.bob.inspect("senders").length, 1);
});

Deno.test("a lost message is seen by a tap as lost, and does not arrive", () => {
  const t = pair();
  t.left.setFaults({ loss: 1 });
  const fates: boolean[] = [];
  const stop = t.network.onPacket(({ lost }) => void fates.push(lost));
  t.alice.send(t.session, TSPEC);
  t.network.run(1_000);
  assert(fates.length > 0 && fates.every((lost) => lost));
  assertEquals(t.r1.counters().RECEIVED_PATH, undefined);
  assert(t.network.messages().every((line) => line.lost));
  stop();
  const before = fates.length;
  t.left.setFaults();
  t.network.run(120_000);
  assertEquals(fates.length, before);
  assertEquals(t.bob.inspect("senders").length, 1);
});

Deno.test("corrupted messages are dropped and counted, with a report that names the reason", () => {
  const network = new Network();
  const reports: string[] = [];
  const alice = network.host("alice"), bob = network.host("bob");
  const r1 = network.router("r1", {
    onReport: (report) => void reports.push(`${report.status} from ${report.source}`),
  });
  network.link(alice, r1, { faults: { corruption: 1 } });
  network.link(r1, bob);
  alice.send({ destination: bob.address, port: 5004 }, TSPEC);
  network.run(600_000);
  assertEquals(bob.inspect("senders"), []);
  assertGreater(r1.counters().BAD_CHECKSUM, 5);
  assert(reports.includes(`BAD_CHECKSUM from ${alice.address}`), reports.join());
});

Deno.test("only the latest messages are kept, and they can be chosen by time and type", () => {
  const t = pair({ keptMessages: 6 });
  t.alice.send(t.session, TSPEC);
  t.bob.receive(t.session, { style: "FF" });
  t.network.run(600_000);
  const lines = t.network.messages();
  assertEquals(lines.length, 6);
  assertEquals(lines.map((line) => line.timeMs), lines.map((line) => line.timeMs).sort((a, b) => a - b));
  assertGreater(lines[0].timeMs, 400_000);
  assert(t.network.messages({ types: ["Resv"] }).every((line) => line.message === "Resv"));
  assertEquals(t.network.messages({ limit: 2 }), lines.slice(-2));
  assertEquals(t.network.messages({ fromMs: lines[3].timeMs }), lines.filter((line) => line.timeMs >= lines[3].timeMs));
  t.network.forgetMessages();
  assertEquals(t.network.messages(), []);
});

Deno.test("a capture may be limited to one link", () => {
  const t = pair();
  const all = t.network.capture();
  const right = t.network.capture(({ from }) => from.link === t.right.record);
  t.alice.send(t.session, TSPEC);
  t.network.run(1_000);
  assertEquals([all.records, right.records], [2, 1]);
});

Deno.test("data of a group goes to its members only, and stops when they leave", () => {
  const network = new Network();
  const alice = network.host("alice"), bob = network.host("bob"), carol = network.host("carol");
  const r1 = network.router("r1"), plain = network.router("plain", { rsvp: false });
  network.link(alice, r1);
  network.link(r1, plain);
  network.link(plain, bob);
  network.link(plain, carol);
  const session = { destination: "224.5.6.7", port: 5004 };
  alice.send(session, TSPEC);
  const receiver = bob.session(session);
  network.run(1_000);
  assertEquals(bob.inspect("senders").length, 1);
  assertEquals(network.messages().filter((line) => line.to === "carol"), []);
  carol.session(session);
  // No RSVP node's routes have changed, so that carol hears the next refresh and no earlier one.
  network.run(60_000);
  assertEquals(carol.inspect("senders").length, 1);
  receiver.release();
  bob.leave("224.5.6.7");
  network.forgetMessages();
  network.run(300_000);
  assertEquals(network.messages().filter((line) => line.to === "bob"), []);
  assert(network.messages().some((line) => line.to === "carol"));
});

Deno.test("a message to a crashed node is lost, and its neighbours' routes go around it", () => {
  const network = new Network();
  const alice = network.host("alice"), bob = network.host("bob");
  const [r1, r2, r3, r4] = ["r1", "r2", "r3", "r4"].map((name) => network.router(name));
  network.link(alice, r1);
  network.link(r1, r2);
  network.link(r2, r4);
  network.link(r1, r3, { metric: 5 });
  network.link(r3, r4, { metric: 5 });
  network.link(r4, bob);
  alice.send({ destination: bob.address, port: 5004 }, TSPEC);
  network.run(1_000);
  assertEquals([r2, r3].map((node) => node.inspect("senders").length), [1, 0]);
  r2.crash();
  assert(!r2.alive);
  network.run(10_000);
  assertEquals(r3.inspect("senders").length, 1);
  r2.restart();
  network.run(120_000);
  assertEquals(r2.inspect("senders").length, 1);
});

Deno.test("on a LAN a unicast Path goes to the next hop alone", () => {
  const network = new Network();
  const alice = network.host("alice"), bob = network.host("bob");
  const [r1, r2, r3] = ["r1", "r2", "r3"].map((name) => network.router(name));
  network.link(alice, r1);
  network.lan([r1, r2, r3], { name: "lan" });
  network.link(r2, bob);
  alice.send({ destination: bob.address, port: 5004 }, TSPEC);
  network.run(1_000);
  const onLan = network.messages().filter((line) => line.link === "lan").map((line) => `${line.from} ${line.to}`);
  assertEquals(onLan, ["r1 r2"]);
  assertEquals(r3.inspect("senders"), []);
});

Deno.test("a host with two links answers for both its addresses", () => {
  const network = new Network();
  const alice = network.host("alice"), bob = network.host("bob");
  const r1 = network.router("r1"), r2 = network.router("r2");
  network.link(alice, r1);
  network.link(r1, r2);
  network.link(r1, bob);
  network.link(r2, bob);
  const second = formatAddress(bob.interfaceTowards(r2).ipv4.bytes, 4);
  assertEquals(bob.addressTowards(r2), second);
  for (const [i, destination] of [bob.address, second].entries()) {
    alice.send({ destination, port: 6000 + i }, TSPEC);
    bob.receive({ destination, port: 6000 + i }, { style: "FF" });
  }
  network.run(2_000);
  assertEquals(bob.inspect("senders").map((row) => row.incomingInterface).sort(), [1, 2]);
  assertEquals(alice.inspect("installed").length, 2);
});

Deno.test("with coarser timers refreshes come at their multiples, and none beyond 1.5 R", () => {
  const t = pair({ timerGranularityMs: 4_000, refreshIntervalMs: 10_000 });
  const times = new Map<string, number[]>();
  t.network.onPacket(({ timeMs, from, packet }) => {
    const key = `${from.node.name} ${packet.payload[1]}`;
    times.set(key, [...times.get(key) ?? [], timeMs]);
  });
  // Nodes whose clocks begin at another time than a multiple.
  t.network.run(1_234.5);
  for (const node of [t.alice, t.r1, t.bob]) node.crash();
  for (const node of [t.alice, t.r1, t.bob]) node.restart();
  t.network.run(777.25);
  t.alice.send(t.session, TSPEC);
  t.bob.receive(t.session, { style: "SE" });
  t.network.run(900_000);
  for (const key of ["alice 1", "r1 1", "r1 2", "bob 2"]) {
    const refreshes = times.get(key)!.filter((timeMs) => timeMs > 20_000);
    assertGreater(refreshes.length, 60);
    assertEquals(refreshes.filter((timeMs) => timeMs % 4_000 !== 0), []);
    const gaps = refreshes.slice(1).map((timeMs, i) => timeMs - refreshes[i]);
    assertEquals([...new Set(gaps)].sort((a, b) => a - b), [8_000, 12_000], `${key}: within 5 and 15 s`);
  }
});

for (const destination of [undefined, "224.1.2.3"]) {
  Deno.test(`hosts without raw access speak UDP with their routers, ${destination ? "multicast" : "unicast"}`, () => {
    const network = new Network();
    const [alice, bob] = ["alice", "bob"].map((name) => network.host(name, { udp: "only" }));
    const [r1, r2] = ["r1", "r2"].map((name) => network.router(name));
    const links = [network.link(alice, r1), network.link(r1, r2), network.link(r2, bob)];
    const ways = links.map(() => new Set<number>());
    network.onPacket(({ from, packet }) => void ways[from.link.index].add(packet.encapsulation));
    const session = { destination: destination ?? bob.address, port: 5004 };
    const events: string[] = [];
    alice.send(session, { port: 4000, tokenBucketRateBytesPerSecond: 12_500 });
    bob.receive(session, { style: "FF", confirm: true }).on(({ kind }) => void events.push(kind));
    network.settle();
    assertEquals([r1, r2].map((node) => node.inspect("installed").map((row) => row.rateBytesPerSecond)), [[12_500], [
      12_500,
    ]]);
    assertEquals(events, ["PATH_EVENT", "RESV_CONFIRM"]);
    network.run(100_000);
    // Routers send raw and a copy to port 1699 where a host needs it; among themselves raw alone.
    assertEquals(ways.map((set) => [...set].sort()), [[0, 1, 2], [0], [0, 1, 2]]);
    for (const node of [r1, r2]) assertEquals(node.inspect("installed").length, 1);
    assertEquals(alice.counters().RECEIVED_MESSAGES, alice.counters().RECEIVED_RESV);
    for (const one of network.sessions()) one.release();
    network.settle();
    for (const node of network.nodes) assertEquals(node.inspect("sessions"), [], node.name);
  });
}

Deno.test("coarser timers do not change what is reserved", () => {
  const t = pair({ timerGranularityMs: 250 });
  t.alice.send(t.session, TSPEC);
  t.bob.receive(t.session, { style: "SE" });
  t.network.run(900_000);
  assertEquals(t.r1.inspect("installed").length, 1);
});

Deno.test("what the engine refuses of a call is thrown to the caller, and events can be awaited", async () => {
  const t = pair();
  const receiver = t.bob.session(t.session);
  const events = receiver.events();
  t.alice.send(t.session, TSPEC);
  t.network.run(100);
  const { value: first } = await events.next();
  assertEquals([first.kind, first.gone], ["PATH_EVENT", false]);
  receiver.release();
  assertEquals((await events.next()).done, true);
  assertThrows(() => receiver.reserve({ style: "WF", flowspec: TSPEC }), TypeError, "released");
  assertThrows(() => t.bob.session({ destination: "not an address" }), RangeError, "not an address");
  assertThrows(() => t.alice.rsvp.session({ destination: t.bob.address, protocol: 0 }), Error);
});

Deno.test("settings out of range are refused by name", () => {
  const network = new Network({ refreshIntervalMs: 0 });
  assertThrows(() => network.host("alice"), RangeError, "refreshIntervalMs");
  assertThrows(() => new Network({ lifetimeMultiplier: 1.5 }).host("alice"), RangeError, "lifetimeMultiplier is 1.5");
});
