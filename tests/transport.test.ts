import { VirtualClock } from "../host/clock.ts";
import { FaultInjector, FaultModel } from "../host/transport/fault_injector.ts";
import { MemoryTransport } from "../host/transport/memory_transport.ts";
import { PcapFile, PcapWriter } from "../host/transport/pcap_writer.ts";
import { parseAddress } from "../host/address.ts";
import type { Packet } from "../host/transport/transport.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "./assert.ts";
import { needs } from "./require.ts";

/** A ResvConf-like message, only whose common header matters here: RFC 2205 3.1.1. */
const MESSAGE = Uint8Array.from([0x10, 7, 0, 0, 63, 0, 0, 20, 0, 12, 1, 1, 10, 0, 2, 2, 17, 0, 0x13, 0x8c]);

function packet(source: string, destination: string, more: Partial<Packet> = {}): Packet {
  const { bytes, family } = parseAddress(source);
  return {
    interface: 1,
    source: bytes,
    destination: parseAddress(destination).bytes,
    family,
    ttl: 63,
    encapsulation: 0,
    routerAlert: 0,
    payload: MESSAGE,
    ...more,
  };
}

async function tshark(pcap: Uint8Array, ...fields: string[]): Promise<string[]> {
  const file = await Deno.makeTempFile({ suffix: ".pcap" });
  try {
    await Deno.writeFile(file, pcap);
    const checks = ["ip.check_checksum:TRUE", "udp.check_checksum:TRUE"].flatMap((option) => ["-o", option]);
    const args = ["-r", file, ...checks, "-T", "fields", ...fields.flatMap((field) => ["-e", field])];
    const { stdout, success } = await new Deno.Command("tshark", { args, stderr: "null" }).output();
    assert(success, "tshark failed");
    return new TextDecoder().decode(stdout).trimEnd().split("\n");
  } finally {
    await Deno.remove(file);
  }
}

Deno.test({
  name: "tshark reads the written pcap: addresses, TTL, Router Alert, ports and right checksums",
  ...needs("tshark"),
  fn: async () => {
    const file = new PcapFile();
    file.add(0.5, packet("10.0.1.1", "10.0.2.2", { routerAlert: 1 }));
    file.add(1500.25, packet("10.0.1.1", "10.0.2.2", { ttl: 1, encapsulation: 1 }));
    file.add(1500.25, packet("10.0.1.1", "224.0.0.14", { encapsulation: 2, payload: MESSAGE.subarray(0, 19) }));
    file.add(61_000, packet("2001:db8::1", "2001:db8::2", { routerAlert: 1 }));
    file.add(61_001, packet("2001:db8::1", "2001:db8::2", { encapsulation: 1 }));
    assertEquals(file.records, 5);
    const ipv4 = await tshark(
      file.bytes(),
      ...["frame.time_epoch", "ip.src", "ip.dst", "ip.ttl", "ip.proto", "ip.checksum.status", "ip.opt.type"],
      ...["ip.opt.ra", "udp.dstport", "udp.checksum.status", "rsvp.msg", "ipv6.opt.router_alert", "ipv6.nxt"],
    );
    const rows = ipv4.map((line) => line.split("\t"));
    const time = (i: number) => Number(rows[i][0]);
    assertAlmostEquals(time(0), 0.0005, 1e-9);
    assertAlmostEquals(time(1), 1.50025, 1e-9);
    assertEquals(rows[0].slice(1, 6), ["10.0.1.1", "10.0.2.2", "63", "46", "1"]);
    assertEquals([rows[0][6], rows[0][7], rows[0][10]], ["148", "0", "7"]);
    assertEquals(rows[1].slice(3, 6), ["1", "17", "1"]);
    assertEquals([rows[1][8], rows[1][9], rows[2][8], rows[2][9]], ["1698", "1", "1699", "1"]);
    // RFC 2711: value 1, the datagram contains an RSVP message.
    assertEquals([rows[3][11], rows[3][12], rows[3][10]], ["1", "0", "7"]);
    assertEquals([rows[4][12], rows[4][8], rows[4][9]], ["17", "1698", "1"]);
  },
});

Deno.test("the pcap writer records both directions and hands everything on", () => {
  const clock = new VirtualClock();
  const sent: Packet[] = [];
  const inner = new MemoryTransport({ send: (p) => void sent.push(p) });
  const writer = new PcapWriter(inner, clock);
  const received: Packet[] = [];
  writer.onPackets((packets) => void received.push(...packets));
  writer.send(packet("10.0.1.1", "10.0.2.2"));
  clock.advance(10);
  inner.deliver([packet("10.0.2.2", "10.0.1.1"), packet("10.0.2.2", "10.0.1.1")]);
  writer.relay(packet("10.0.1.1", "10.0.2.2"));
  assertEquals([sent.length, received.length, writer.file.records], [2, 2, 4]);
  assertEquals(writer.file.bytes().length, 24 + 4 * (16 + 20 + MESSAGE.length));
});

Deno.test("a message too long for an IP datagram is left out of the file and counted", () => {
  const file = new PcapFile();
  file.add(0, packet("10.0.0.1", "10.0.0.2", { payload: new Uint8Array(65_530) }));
  assertEquals([file.records, file.skipped], [0, 1]);
});

Deno.test("what was taken from a file is not given out again", () => {
  const file = new PcapFile();
  file.add(0, packet("10.0.0.1", "10.0.0.2"));
  const first = file.take();
  file.add(1, packet("10.0.0.1", "10.0.0.2"));
  assertEquals([first.length, file.take().length, file.take().length, file.records], [24 + 56, 56, 0, 2]);
});

Deno.test("faults come as often as they were asked for, and the same for the same seed", () => {
  const run = (seed: number) => {
    const model = new FaultModel({ seed, loss: 0.2, duplication: 0.1, corruption: 0.05, reordering: 0.3 });
    const fates = Array.from({ length: 10_000 }, () => model.decide(packet("10.0.0.1", "10.0.0.2")));
    return {
      counters: model.counters,
      fates: JSON.stringify(fates.map((copies) => copies.map((c) => c.extraDelayMs))),
    };
  };
  const { counters, fates } = run(1);
  assertEquals(counters.lost + counters.passed, 10_000);
  assertAlmostEquals(counters.lost / 10_000, 0.2, 0.02);
  assertAlmostEquals(counters.duplicated / counters.passed, 0.1, 0.02);
  assertAlmostEquals(counters.corrupted / (counters.passed + counters.duplicated), 0.05, 0.015);
  assertAlmostEquals(counters.reordered / (counters.passed + counters.duplicated), 0.3, 0.03);
  assert(run(1).fates === fates);
  assert(run(2).fates !== fates);
});

Deno.test("corruption turns exactly one bit over and leaves the sender's bytes alone", () => {
  const model = new FaultModel({ corruption: 1 });
  const original = packet("10.0.0.1", "10.0.0.2");
  const before = original.payload.slice();
  const [{ packet: bad }] = model.decide(original);
  const bits = bad.payload.reduce((sum, byte, i) => sum + (byte ^ before[i]).toString(2).replaceAll("0", "").length, 0);
  assertEquals(bits, 1);
  assertEquals(original.payload, before);
});

Deno.test("a fault probability outside 0 to 1 is refused by name", () => {
  assertThrows(() => new FaultModel({ loss: 1.5 }), RangeError, "loss is 1.5");
});

Deno.test("the fault injector delays in virtual time, so that a later packet overtakes", () => {
  const clock = new VirtualClock();
  const sent: number[] = [];
  const inner = new MemoryTransport({ send: (p) => void sent.push(p.ttl) });
  const injector = new FaultInjector(inner, clock, { seed: 3, reordering: 0.5, reorderingDelayMs: 100 });
  for (let ttl = 1; ttl <= 50; ttl++) injector.send(packet("10.0.0.1", "10.0.0.2", { ttl }));
  assert(sent.length < 50);
  clock.advance(100);
  assertEquals(sent.length, 50);
  assert(sent.some((ttl, i) => i > 0 && ttl < sent[i - 1]));
});
