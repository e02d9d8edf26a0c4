/** A virtual network at which nobody looks copies datagrams from engine to engine; what happens in it is the same. */
import { createHash } from "node:crypto";
import { SEND_OFFSET } from "../host/boundary.gen.ts";
import { Batch, LetterBags } from "../host/network/letters.ts";
import type { Packet } from "../host/transport/transport.ts";
import { defaultModule, Engine, Network } from "../mod.ts";
import { makePlan } from "../sim/plan.ts";
import { World } from "../sim/world.ts";
import { assert, assertEquals } from "./assert.ts";

/** Point-to-point links, a LAN, a link with faults, a node without RSVP, both families, a group, and failures. */
function play(network: Network): string[] {
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => network.host(name));
  const [r1, r2, r3] = ["r1", "r2", "r3"].map((name) => network.router(name));
  const plain = network.router("plain", { rsvp: false });
  network.link(a, r1, { delayMs: 0 });
  const bad = network.link(r1, r2, { faults: { loss: 0.1, duplication: 0.1, reordering: 0.2 } });
  network.link(r1, plain, { delayMs: 3 });
  network.link(plain, r3);
  network.link(r2, r3);
  network.lan([r3, b, c]);
  network.link(r2, d);
  for (let port = 1; port <= 40; port++) {
    const session = { destination: port % 2 ? b.address : b.address6, port };
    (port % 3 ? a : d).send(session, { port, tokenBucketRateBytesPerSecond: 1000 + port });
    b.receive(session, { style: (["FF", "SE", "WF"] as const)[port % 3], confirm: port % 5 === 0 });
  }
  const group = { destination: "224.5.6.7", port: 9 };
  for (const sender of [a, b, d]) sender.send(group, { port: 9, tokenBucketRateBytesPerSecond: 500 });
  for (const receiver of [b, c, d]) receiver.receive(group, { style: "WF" });
  network.run(200_000);
  bad.setFaults();
  r2.crash();
  network.run(40_000);
  r2.restart();
  bad.down();
  network.run(100_000);
  bad.up();
  network.run(100_000);
  return statesOf(network);
}

/** A digest of everything that each engine knows: snapshots are long. */
function statesOf(network: Network): string[] {
  const engines = network.nodes.filter(({ options }) => options.rsvp !== false);
  return engines.map(({ name, rsvp }) => `${name} ${digest(rsvp.snapshot())}`);
}

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

Deno.test("a network is the same to the last byte whether anybody looks on or not", () => {
  const options = { seed: 11, keptMessages: 0 };
  const unwatched = new Network(options), watched = new Network(options);
  let seen = 0;
  watched.onPacket(() => void seen++);
  const states = play(unwatched);
  assertEquals(states, play(watched));
  assert(seen > 2000, `${seen} datagrams were seen`);
  assertEquals(unwatched.inFlight, watched.inFlight);
});

Deno.test("looking on may begin and end while datagrams are under way", () => {
  const options = { seed: 3, keptMessages: 0 };
  const states = [false, true].map((looks) => {
    const network = new Network(options);
    const [a, b] = [network.host("a"), network.host("b")];
    network.link(a, b, { delayMs: 20 });
    for (let port = 1; port <= 100; port++) {
      a.send({ destination: b.address, port }, { port, tokenBucketRateBytesPerSecond: 1000 });
      b.receive({ destination: b.address, port }, { style: "FF" });
    }
    for (let round = 0; round < 200; round++) {
      const unlisten = looks ? network.onPacket(() => {}) : () => {};
      network.run(517);
      unlisten();
      network.run(11);
    }
    return statesOf(network);
  });
  assertEquals(states[0], states[1]);
});

Deno.test("who looks on at one node sees its messages, both ways, though nobody looks at the network", () => {
  const seen = [false, true].map((looks) => {
    const network = new Network({ seed: 5, keptMessages: 0 });
    const [a, r, b] = [network.host("a"), network.router("r"), network.host("b")];
    network.link(a, r);
    network.link(r, b);
    if (looks) network.onPacket(() => {});
    const lines: string[] = [];
    r.rsvp.onMessage(({ direction, interface: handle, timeMs, type, packet }) => {
      lines.push(`${timeMs} ${direction} ${handle} ${type} ${packet.ttl} ${digest(packet.payload)}`);
    });
    for (let port = 1; port <= 5; port++) {
      a.send({ destination: b.address, port }, { port, tokenBucketRateBytesPerSecond: 1000 });
      b.receive({ destination: b.address, port }, { style: "FF" });
    }
    network.run(100_000);
    return lines;
  });
  assertEquals(seen[0], seen[1]);
  assert(seen[0].some((line) => / received 2 2 /.test(line)) && seen[0].some((line) => / sent 2 1 /.test(line)));
});

/** A SEND record as an engine has it, whose payload counts on from `first`. */
function record(handle: number, payloadBytes: number, first: number): Int32Array {
  const bytes = new Uint8Array(SEND_OFFSET.payload + payloadBytes + 4 & ~3);
  const view = new DataView(bytes.buffer);
  view.setUint32(SEND_OFFSET.payloadLength, payloadBytes, true);
  view.setUint32(SEND_OFFSET.interface, handle, true);
  for (let i = 0; i < 16; i++) bytes[SEND_OFFSET.destination + i] = i + 1;
  bytes.set([4, 63, 0, 1], SEND_OFFSET.family);
  for (let i = 0; i < payloadBytes; i++) bytes[SEND_OFFSET.payload + i] = first + i;
  return new Int32Array(bytes.buffer);
}

Deno.test("letters keep their order when a packet that is none comes between them", () => {
  const bags = new LetterBags();
  const batch = new Batch(5, bags), other = new Batch(5, bags);
  for (let i = 0; i < 50; i++) {
    assert(batch.post(record(9, 100 + i, i), 0, i + 1));
    assert(other.post(record(9, 8, 0), 0, 77));
  }
  const packet: Packet = {
    interface: 0,
    source: new Uint8Array(16),
    destination: new Uint8Array(16),
    family: 4,
    ttl: 1,
    encapsulation: 0,
    routerAlert: 0,
    payload: new Uint8Array(3),
  };
  batch.add(60, packet);
  assert(!batch.post(record(9, 8, 0), 0, 61), "no letter may overtake a packet");
  assertEquals(batch.handles, [...Array.from({ length: 50 }, (_, i) => i + 1), 60]);
  assertEquals(batch.packets![50], packet);
  const { payload, destination, family, ttl, routerAlert } = batch.packets![49];
  assertEquals(payload, Uint8Array.from({ length: 149 }, (_, i) => 49 + i));
  assertEquals([destination[0], destination[15], family, ttl, routerAlert], [1, 16, 4, 63, 1]);
  assertEquals(batch.letters, 0);
  assertEquals(other.letters, 50);
});

Deno.test("letters fill slots in order, as many as there are, and their bag is used again", () => {
  const bags = new LetterBags();
  const bag = bags.due(5);
  const batch = new Batch(5, bags);
  for (let i = 0; i < 40; i++) batch.post(record(9, 12, i), 0, i + 1);
  batch.close();
  assert(bags.due(5) !== bag, "what is sent while letters are handed over goes into another bag");
  const bytes = new Uint8Array(33 * 2048), view = new DataView(bytes.buffer), words = new Int32Array(bytes.buffer);
  const slots = { bytes, view, words, start: 0, slots: 33 };
  assertEquals(batch.fill(slots), 33);
  assertEquals([view.getUint32(8, true), view.getUint32(12, true), bytes[64]], [12, 1, 0]);
  assertEquals([view.getUint32(32 * 2048 + 12, true), bytes[32 * 2048 + 64]], [33, 32]);
  assertEquals(batch.fill(slots), 7);
  assertEquals([view.getUint32(12, true), bytes[64], bytes[64 + 11]], [34, 33, 44]);
  assertEquals(batch.fill(slots), 0);
  assert(bags.due(6) === bag, "the bag is empty and serves another time");
});

Deno.test("submit, first poll and deadline in one call find what they find one by one", async () => {
  const exports = () => new WebAssembly.Instance(module, {}).exports as Record<string, CallableFunction>;
  const module = await WebAssembly.compile(await Deno.readFile(new URL("../engine-as/engine.wasm", import.meta.url)));
  const log: [number, number, number, Uint8Array][] = [];
  const network = new Network({ seed: 2, keptMessages: 0 });
  const a = network.host("a"),
    r = network.router("r", {
      recorder: {
        onSubmit: (kind: number, count: number, nowMs: number, inbox: Uint8Array) =>
          log.push([kind, count, nowMs, inbox.slice()]),
      } as never,
    });
  network.link(a, r);
  network.link(r, network.host("b"));
  for (let port = 1; port < 300; port++) {
    a.send({ destination: network.node("b").address, port }, { port, tokenBucketRateBytesPerSecond: 1000 });
  }
  network.run(100_000);
  const one = exports(), other = exports();
  const memory = ({ memory }: Record<string, unknown>) => (memory as WebAssembly.Memory).buffer;
  let polled = 0;
  for (const [kind, count, nowMs, inbox] of log) {
    for (const engine of [one, other]) new Uint8Array(memory(engine)).set(inbox, engine.inbox());
    const deadline = one.turn(kind, count, nowMs);
    const [status, length, at, more] = new Uint32Array(memory(one), one.outcome(), 4);
    assertEquals(status, other.submit(kind, count, nowMs));
    assertEquals(length, other.poll());
    const actions = (engine: Record<string, CallableFunction>, start: number) =>
      new Uint8Array(memory(engine), start, length);
    assertEquals(actions(one, at), actions(other, other.outbox()));
    polled += length;
    let next = other.poll();
    assertEquals(more !== 0, next !== 0);
    if (more !== 0) assertEquals(one.poll(), next);
    while (next !== 0) {
      next = other.poll();
      if (more !== 0) assertEquals(one.poll(), next);
    }
    assertEquals(deadline, other.deadline());
  }
  assert(log.length > 100 && polled > 50_000, `${log.length} submits, ${polled} bytes of actions`);
  assertEquals(Engine.restore(defaultModule(), r.rsvp.snapshot()).inspect("sessions").length, 299);
});

/** A network of the simulation, with all that happens in it, and the states that its engines have come to. */
function simulate(seed: number, looks: boolean): string[] {
  const plan = makePlan(seed, { maximumNodes: 24 }), world = new World(plan);
  if (looks) world.network.onPacket(() => {});
  for (const { durationMs, events } of plan.rounds) {
    const start = world.network.now;
    for (const { atMs, what } of events) {
      world.network.run(start + atMs - world.network.now);
      world.apply(what);
    }
    world.network.run(start + durationMs - world.network.now);
    world.endFaults();
    world.network.run(3 * plan.refreshIntervalMs);
  }
  const states = world.speakers.map(({ name, rsvp }) => `${name} ${digest(rsvp.snapshot())}`);
  world.close();
  return states;
}

Deno.test("networks of the simulation come to the same states whether anybody looks on or not", () => {
  const first = crypto.getRandomValues(new Uint32Array(1))[0] >>> 1;
  console.log(`seeds ${first} to ${first + 11}`);
  for (let seed = first; seed < first + 12; seed++) {
    assertEquals(simulate(seed, false), simulate(seed, true), `seed ${seed}`);
  }
});
