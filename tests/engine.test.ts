import { type CallInput, PACKET_SLOT_BYTES, PACKET_SLOTS, type SendAction } from "../host/boundary.gen.ts";
import { Engine } from "../host/engine.ts";
import { EngineMisuseError, EngineTrapError, ResvError } from "../host/engine_errors.ts";
import { makeTrapMap } from "../host/trap_map.ts";
import { decodeVlq, encodeVlq } from "../host/vlq.ts";
import type { Packet } from "../host/transport/transport.ts";
import { encodeTable, functionStarts, trapMapText } from "../scripts/trap_map.ts";
import { stripCustomSections } from "../scripts/wasm_sections.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "./assert.ts";
import { fixture } from "./engine_fixture.ts";

function address(last: number): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set([10, 0, 0, last]);
  return bytes;
}

function packet(length: number, fill: number): Packet {
  return {
    interface: 7,
    source: address(1),
    destination: address(2),
    family: 4,
    ttl: 61,
    encapsulation: 0,
    routerAlert: 1,
    payload: new Uint8Array(length).fill(fill),
  };
}

async function engine(): Promise<Engine> {
  return new Engine((await fixture()).module);
}

Deno.test("a batch of packets of every length reaches the engine in slots and comes back whole", async () => {
  const subject = await engine();
  const packets = [0, 1, 1984, 1985, 4032, 4033, 9000].map((length, i) => packet(length, i + 1));
  assertEquals(subject.submitPackets(packets, 5), packets.length);
  const sends = [...subject.drain()] as (SendAction & { action: string })[];
  assertEquals(sends.map((send) => send.payloadLength), packets.map((p) => p.payload.length));
  for (const [i, send] of sends.entries()) {
    assertEquals(send.action, "SEND");
    assertEquals(send.interface, 7);
    assertEquals(send.source, address(1));
    assertEquals(send.destination, address(2));
    assertEquals([send.family, send.ttl, send.routerAlert], [4, 61, 1]);
    assertEquals(send.payload, packets[i].payload);
  }
});

Deno.test("a batch that exceeds the inbox is taken in part, and the rest after draining", async () => {
  const subject = await engine();
  const packets = Array.from({ length: PACKET_SLOTS + 5 }, (_, i) => packet(100, i));
  const first = subject.submitPackets(packets, 5);
  assertEquals(first, PACKET_SLOTS);
  assertEquals([...subject.drain()].length, PACKET_SLOTS);
  assertEquals(subject.submitPackets(packets, 5, first), 5);
  assertEquals([...subject.drain()].length, 5);
});

Deno.test("a datagram larger than the inbox is cut and does not lose the batch behind it", async () => {
  const subject = await engine();
  const taken = subject.submitPackets([packet(PACKET_SLOT_BYTES * PACKET_SLOTS, 1), packet(10, 2)], 5);
  assertEquals(taken, 1);
});

Deno.test("records with a tail of any length are written and read without their padding", async () => {
  const subject = await engine();
  for (const length of [0, 4, 8, 12, 20]) {
    const objects = new Uint8Array(length).fill(length);
    subject.submit("CALL", { call: 1, application: 9, objects }, 1);
    const [event] = [...subject.drain()];
    assert(event.action === "EVENT");
    assertEquals(event.application, 9);
    assertEquals(event.objects, objects);
  }
});

Deno.test("several records go in one submit and come back in order", async () => {
  const subject = await engine();
  const calls: CallInput[] = [1, 2, 3, 4, 5].map((n) => ({ application: n, objects: new Uint8Array(n * 4) }));
  subject.submitAll("CALL", calls, 1);
  const applications = [...subject.drain()].map((action) => action.action === "EVENT" ? action.application : -1);
  assertEquals(applications, [1, 2, 3, 4, 5]);
});

Deno.test("a record that does not fit the inbox is a RangeError and leaves the engine usable", async () => {
  const subject = await engine();
  assertThrows(() => subject.submit("CALL", { objects: new Uint8Array(70_000) }, 1), RangeError, "does not fit");
  subject.submit("TICK", {}, 2);
});

Deno.test("submitting before the actions are drained is refused", async () => {
  const subject = await engine();
  subject.submitPackets([packet(1, 1), packet(2, 2), packet(3, 3)], 1);
  assertThrows(() => subject.submit("TICK", {}, 2), EngineMisuseError, "drain poll()");
  subject.poll();
  assertThrows(() => subject.inspect("counters"), EngineMisuseError, "drain poll()");
  for (const _ of subject.drain()) assertThrows(() => subject.submit("TICK", {}, 2), EngineMisuseError, "drain poll()");
  subject.submit("TICK", {}, 2);
});

Deno.test("an observer that calls back into the engine is refused", async () => {
  const { module } = await fixture();
  let thrown: unknown;
  const subject: Engine = new Engine(module, {
    onSubmit: () => {
      try {
        subject.deadline();
      } catch (error) {
        thrown = error;
      }
    },
  });
  subject.submit("TICK", {}, 1);
  assert(thrown instanceof EngineMisuseError);
  assertMatch(thrown.message, /never re-entered/);
});

Deno.test("views follow when the engine grows its memory", async () => {
  const subject = await engine();
  const before = subject.memoryBytes;
  subject.submit("CONFIG", { seed: 1 }, 0);
  assertEquals([...subject.drain()], []);
  assertEquals(subject.memoryBytes, before + 65536);
  subject.submitPackets([packet(3000, 9)], 1);
  const [send] = [...subject.drain()];
  assert(send.action === "SEND");
  assertEquals(send.payload, packet(3000, 9).payload);
});

Deno.test("a refused submit names status and text, and the engine goes on", async () => {
  const subject = await engine();
  const error = assertThrows(() => subject.submit("INTERFACE", { interface: 0 }, 1), ResvError);
  assertEquals(error.status, "UNKNOWN_INTERFACE");
  assertMatch(error.message, /no such interface/);
  assertEquals([...subject.drain()], []);
  subject.submit("TICK", {}, 2);
});

Deno.test("a table is read to its end over several steps, counters by name", async () => {
  const subject = await engine();
  assertEquals(subject.counters(), { RECEIVED_PATH: 1, BAD_CHECKSUM: 2, COUNTER_9999: 3 });
  assertEquals(subject.inspect("sessions"), []);
});

Deno.test("a trap drops the instance and names function, file and line of the AssemblyScript source", async () => {
  const { module, wasm, sourceMap } = await fixture();
  // The released code has no names: they come from the side table alone.
  const released = new WebAssembly.Module(stripCustomSections(wasm));
  for (const tried of [module, released]) {
    const subject = new Engine(tried);
    subject.submit("TICK", {}, 665);
    assertEquals([...subject.drain()], []);
    const error = assertThrows(() => subject.submit("TICK", {}, 666), EngineTrapError);
    assertMatch(error.message, /engine\.wasm:0x[0-9a-f]+/);
    const { files, table } = encodeTable(JSON.parse(sourceMap));
    const starts = functionStarts(wasm);
    const offsets = encodeVlq(starts.map(({ offset }, i) => offset - (starts[i - 1]?.offset ?? 0)));
    await error.explain(makeTrapMap(files, starts.map(({ name }) => name).join("\n"), offsets, table));
    assertMatch(error.message, /submit|failHere/);
    const [frame] = error.frames;
    assert(frame.file?.endsWith("fixture.ts"));
    const { sourcesContent } = JSON.parse(sourceMap) as { sourcesContent?: string[] };
    const source = sourcesContent?.find((text) => text.includes("failHere"));
    assert(source);
    assertMatch(source.split("\n")[frame.line! - 1], /unreachable/);
    assert(!subject.alive);
    assertThrows(() => subject.submit("TICK", {}, 1), EngineMisuseError, "trapped");
  }
});

Deno.test("a trap map is refused when its code is not the released code", async () => {
  const { wasm, sourceMap } = await fixture();
  const released = stripCustomSections(wasm);
  assertMatch(trapMapText(released, wasm, sourceMap), /export const TABLE = "/);
  const changed = released.slice();
  changed[changed.length - 20] ^= 1;
  assertThrows(() => trapMapText(changed, wasm, sourceMap), Error, "not the released code");
});

Deno.test("VLQ numbers of any sign and size survive", () => {
  const numbers = [0, 1, -1, 15, 16, -16, 31, 32, 1023, -1024, 2 ** 31, -(2 ** 31)];
  assertEquals(decodeVlq(encodeVlq(numbers)), numbers);
});
