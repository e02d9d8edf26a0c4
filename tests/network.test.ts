import { ACTION, readSend } from "../host/boundary.gen.ts";
import { Engine } from "../host/engine.ts";
import { Network, type NetworkOptions } from "../host/network/network.ts";
import { defaultModule } from "../host/default_module.ts";
import { Recorder } from "../host/recorder.ts";
import { replay } from "../host/replay.ts";
import type { SessionEvent } from "../host/application.ts";
import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "./assert.ts";
import { needs } from "./require.ts";

/** alice - r1 - r2 - bob, and an application at each end. */
function line(options: NetworkOptions & { reservableBytesPerSecond?: number } = {}) {
  const { reservableBytesPerSecond, ...rest } = options;
  const network = new Network(rest);
  const recorder = new Recorder();
  const alice = network.host("alice"), r1 = network.router("r1", { recorder });
  const r2 = network.router("r2"), bob = network.host("bob");
  network.link(alice, r1);
  const middle = network.link(r1, r2, { reservableBytesPerSecond });
  network.link(r2, bob);
  return { network, alice, r1, r2, bob, middle, recorder };
}

const TSPEC = { port: 4000, tokenBucketRateBytesPerSecond: 12_500 };

function reserved(t: ReturnType<typeof line>) {
  const session = { destination: t.bob.address, port: 5004 };
  const events: SessionEvent[] = [];
  const sender = t.alice.send(session, TSPEC).on((event) => void events.push(event));
  const receiver = t.bob.receive(session, { style: "FF" }).on((event) => void events.push(event));
  return { session, sender, receiver, events };
}

Deno.test("a Path goes to the receiver and a Resv comes back, and every hop installs it", () => {
  const t = line();
  const { events, receiver } = reserved(t);
  t.network.run(1_000);
  assertEquals([...receiver.senders.keys()], [`${t.alice.address}/4000`]);
  assert(events.some((event) => event.kind === "RESV_EVENT"));
  for (const node of [t.alice, t.r1, t.r2]) {
    const [row, ...others] = node.inspect("installed");
    assertEquals(others, []);
    assertEquals([row.style, row.rateBytesPerSecond, row.pending], ["FF", 12_500, 0]);
    assertEquals(node.trafficControl.installed.size, 1);
  }
  assertEquals(t.bob.inspect("installed"), []);
  const types = new Set(t.network.messages().map((line) => `${line.from}-${line.to} ${line.message}`));
  for (const want of ["alice-r1 Path", "r1-r2 Path", "r2-bob Path", "bob-r2 Resv", "r2-r1 Resv", "r1-alice Resv"]) {
    assert(types.has(want), `no ${want} among ${[...types].join(", ")}`);
  }
});

Deno.test("the ladder shows who sent what to whom", () => {
  const t = line();
  reserved(t);
  t.network.run(100);
  const ladder = t.network.ladder().split("\n");
  assert(ladder[0].includes("alice") && ladder[0].includes("bob"));
  assert(ladder.some((text) => text.includes("Path") && text.includes(`${t.bob.address}:5004`)));
  assert(ladder.some((text) => text.includes("Resv") && text.includes("FF")));
});

Deno.test("the same program with the same seed gives the same bytes at the same times, another seed does not", () => {
  const run = (seed: number) => {
    const t = line({ seed });
    const file = t.network.capture();
    reserved(t);
    t.network.run(200_000);
    return file.bytes();
  };
  const first = run(1);
  assertGreater(first.length, 2_000);
  assert(run(1).every((byte, i) => byte === first[i]));
  const other = run(2);
  assert(other.length !== first.length || other.some((byte, i) => byte !== first[i]));
});

Deno.test("state is refreshed for an hour and gone when the applications leave", () => {
  const t = line();
  const { sender, receiver } = reserved(t);
  t.network.run(3_600_000);
  assertEquals(t.r1.inspect("installed").length, 1);
  assertGreater(t.r1.counters().RECEIVED_PATH, 60);
  receiver.release();
  sender.release();
  assert(t.network.settle());
  for (const node of [t.alice, t.r1, t.r2, t.bob]) {
    assertEquals(node.inspect("sessions"), [], node.name);
    assertEquals(node.inspect("installed"), [], node.name);
  }
  assertEquals(t.r1.trafficControl.installed.size, 0);
});

Deno.test("a crashed sender's state times out on its own, and it comes back empty", () => {
  const t = line();
  reserved(t);
  t.network.run(1_000);
  t.alice.crash();
  assertThrows(() => t.alice.inspect("sessions"), TypeError, "alice has crashed");
  t.network.run(30_000);
  assertEquals(t.r2.inspect("senders").length, 1);
  t.network.run(600_000);
  assertEquals(t.r2.inspect("senders"), []);
  assertEquals(t.r2.inspect("installed"), []);
  t.alice.restart();
  assertEquals(t.alice.inspect("sessions"), []);
  reserved({ ...t });
  t.network.run(5_000);
  assertEquals(t.r1.inspect("installed").length, 1);
});

Deno.test("when a link breaks, Path and reservation move to the other way", () => {
  const network = new Network();
  const alice = network.host("alice"), bob = network.host("bob");
  const [r1, r2, r3] = ["r1", "r2", "r3"].map((name) => network.router(name));
  network.link(alice, r1);
  const short = network.link(r1, r2);
  network.link(r1, r3);
  network.link(r3, r2);
  network.link(r2, bob);
  const session = { destination: bob.address, port: 5004 };
  alice.send(session, TSPEC);
  bob.receive(session, { style: "SE" });
  network.run(1_000);
  const shortWay = r1.interfaceTowards(r2).handle, longWay = r1.interfaceTowards(r3).handle;
  assertEquals(r1.inspect("installed").map((row) => row.interface), [shortWay]);
  assertEquals(r3.inspect("sessions"), []);
  short.down();
  // Local repair (RFC 2205 3.6) is far quicker than a refresh.
  network.run(10_000);
  assertEquals(r3.inspect("installed").length, 1);
  assert(r1.inspect("installed").some((row) => row.interface === longWay));
  short.up();
  network.run(300_000);
  assertEquals(r1.inspect("installed").map((row) => row.interface), [shortWay]);
  assertEquals(r3.inspect("installed"), []);
});

Deno.test("a group's receivers share one reservation towards the sender", () => {
  const network = new Network();
  const alice = network.host("alice"),
    bob = network.host("bob"),
    carol = network.host("carol"),
    dave = network.host("dave");
  const r1 = network.router("r1"), r2 = network.router("r2");
  network.link(alice, r1);
  network.link(r1, r2);
  network.link(r2, bob);
  network.lan([r2, carol, dave]);
  const session = { destination: "224.1.2.3", port: 5004 };
  alice.send(session, TSPEC);
  bob.receive(session, { style: "WF", tokenBucketRateBytesPerSecond: 5_000 });
  carol.receive(session, { style: "WF", tokenBucketRateBytesPerSecond: 9_000 });
  network.run(60_000);
  assertEquals(r2.inspect("installed").length, 2);
  assertEquals(r1.inspect("installed").map((row) => row.rateBytesPerSecond), [9_000]);
  assertEquals(dave.inspect("reservations"), []);
});

Deno.test("IPv6 works as IPv4 does", () => {
  const t = line();
  const session = { destination: t.bob.address6, port: 5004 };
  t.alice.send(session, TSPEC);
  t.bob.receive(session, { style: "FF" });
  t.network.run(1_000);
  assertEquals(t.r1.inspect("installed").length, 1);
  assertEquals(t.r1.inspect("senders")[0].previousHopFamily, 6);
});

Deno.test("a reservation beyond what a link can give is refused, and the receiver hears where", () => {
  const t = line({ reservableBytesPerSecond: 10_000 });
  const { events } = reserved(t);
  t.network.run(1_000);
  assertEquals(t.r1.inspect("installed"), []);
  assertEquals(t.r2.inspect("installed").length, 1);
  const error = events.find((event) => event.kind === "RESV_ERROR");
  assertEquals([error?.errorCode, error?.errorNode], [1, t.r1.addressTowards(t.r2)]);
});

Deno.test("traffic control's refusal has the same effect as admission's", () => {
  const network = new Network();
  const refuse = { decide: () => ({ ok: false, errorCode: 21, errorValue: 3 }) };
  const alice = network.host("alice"), bob = network.host("bob"), r1 = network.router("r1", { trafficControl: refuse });
  network.link(alice, r1);
  network.link(r1, bob);
  const session = { destination: bob.address, port: 5004 };
  alice.send(session, TSPEC);
  const events: SessionEvent[] = [];
  bob.receive(session, { style: "FF" }).on((event) => void events.push(event));
  network.run(1_000);
  assertEquals(r1.inspect("installed"), []);
  assertEquals(events.find((event) => event.kind === "RESV_ERROR")?.errorCode, 21);
});

Deno.test("one message in five may be lost and the reservation stands", () => {
  const t = line({ seed: 4 });
  for (const link of t.network.links) {
    link.setFaults({ loss: 0.2, duplication: 0.05, reordering: 0.1, corruption: 0.02 });
  }
  reserved(t);
  t.network.run(120_000);
  let standing = 0;
  for (let minute = 0; minute < 120; minute++) {
    t.network.run(60_000);
    standing += t.r1.inspect("installed").length;
  }
  assertGreater(standing, 110);
  assertGreater(t.middle.faults!.counters.lost, 50);
});

Deno.test("a router that knows no RSVP passes the messages on", () => {
  const network = new Network();
  const alice = network.host("alice"), bob = network.host("bob"), plain = network.router("plain", { rsvp: false });
  const r1 = network.router("r1");
  network.link(alice, plain);
  network.link(plain, r1);
  network.link(r1, bob);
  const session = { destination: bob.address, port: 5004 };
  alice.send(session, TSPEC);
  bob.receive(session, { style: "FF" });
  network.run(1_000);
  assertEquals(r1.inspect("senders").map((row) => [row.previousHop, row.nonRsvp]), [[alice.address, 1]]);
  assertEquals(r1.inspect("installed").length, 1);
  assertEquals(alice.inspect("installed").length, 1);
  assertThrows(() => plain.inspect("sessions"), TypeError, "does not speak RSVP");
});

Deno.test("a node's log replays to the very messages that it sent, and to the same tables", () => {
  const t = line();
  const sent: string[] = [];
  t.network.onPacket(({ timeMs, from, packet }) => {
    if (from.node.name === "r1") sent.push(`${timeMs} ${packet.payload.toHex()}`);
  });
  reserved(t);
  t.network.run(1_000_000);
  const again: string[] = [];
  const { engine, actions } = replay(t.recorder.bytes(), defaultModule(), {
    onStep: ({ nowMs }, _status, bytes) => {
      const view = new DataView(bytes.buffer);
      for (let at = 0; at < bytes.length; at += view.getUint32(at + 4, true)) {
        if (view.getUint16(at, true) !== ACTION.SEND) continue;
        again.push(`${nowMs} ${readSend(view, bytes, at).payload.toHex()}`);
      }
    },
  });
  assertGreater(sent.length, 10);
  assertEquals(again, sent);
  assertEquals(replay(t.recorder.bytes(), defaultModule()).actions, actions);
  for (const table of ["sessions", "senders", "requests", "reservations", "installed", "counters"] as const) {
    assertEquals(engine.inspect(table), t.r1.rsvp.engine.inspect(table));
  }
});

Deno.test("an engine restored from a snapshot goes on as the first would have", () => {
  const t = line();
  reserved(t);
  t.network.run(100_000);
  const restored = Engine.restore(defaultModule(), t.r1.rsvp.snapshot());
  assertEquals(restored.deadline(), t.r1.rsvp.engine.deadline());
  assertEquals(restored.inspect("installed"), t.r1.rsvp.engine.inspect("installed"));
  const due = restored.deadline() + 60_000;
  const tick = (engine: Engine) => {
    engine.submit("TICK", {}, due);
    return [...engine.drain()];
  };
  assertEquals(tick(restored), tick(Engine.restore(defaultModule(), t.r1.rsvp.snapshot())));
});

Deno.test({
  name: "tshark reads a captured run without a malformed message",
  ...needs("tshark"),
  fn: async () => {
    const t = line();
    const file = t.network.capture();
    reserved(t);
    t.network.run(100_000);
    const path = await Deno.makeTempFile({ suffix: ".pcap" });
    try {
      await Deno.writeFile(path, file.bytes());
      const fields = ["frame.number", "_ws.malformed", "rsvp.msg", "ip.checksum.status", "_ws.col.Info"];
      const args = [
        "-r",
        path,
        "-o",
        "ip.check_checksum:TRUE",
        "-T",
        "fields",
        ...fields.flatMap((name) => ["-e", name]),
      ];
      const { stdout } = await new Deno.Command("tshark", { args, stderr: "null" }).output();
      const rows = new TextDecoder().decode(stdout).trimEnd().split("\n").map((line) => line.split("\t"));
      assertEquals(rows.length, file.records);
      assertLess(10, rows.length);
      assertEquals(rows.filter((row) => row[1] !== "" || row[3] !== "1"), []);
      assertEquals(new Set(rows.map((row) => row[2])), new Set(["1", "2"]));
    } finally {
      await Deno.remove(path);
    }
  },
});

Deno.test("names are unique, nodes are found by name, unknown ones named in the error", () => {
  const t = line();
  assert(t.network.node("r1") === t.r1);
  assertThrows(() => t.network.router("bob"), RangeError, '"bob"');
  assertThrows(() => t.network.node("zoe"), RangeError, '"zoe"');
  assertThrows(() => t.alice.interfaceTowards(t.bob), RangeError, "alice and bob");
  assertThrows(() => new Network().host("lonely").address, RangeError, "lonely");
});
