/** Batches that a transport puts straight into the engine's inbox. */
import { PACKET_OFFSET, PACKET_SLOT_BYTES, PACKET_SLOTS } from "../host/boundary.gen.ts";
import { VirtualClock } from "../host/clock.ts";
import { Engine } from "../host/engine.ts";
import { EngineMisuseError } from "../host/engine_errors.ts";
import { EngineLoop } from "../host/loop.ts";
import { Recorder } from "../host/recorder.ts";
import { replay } from "../host/replay.ts";
import { StaticRouting } from "../host/routing/static_routing.ts";
import { MemoryTrafficControl } from "../host/traffic_control/memory_traffic_control.ts";
import { MemoryTransport } from "../host/transport/memory_transport.ts";
import type { BatchTransport, Packet, PacketSlots, SlotFiller } from "../host/transport/transport.ts";
import { assert, assertEquals, assertThrows } from "./assert.ts";
import { fixture } from "./engine_fixture.ts";

/** Fills a slot as a receiver does: length and payload at their places, the rest as it was. */
function put(slots: PacketSlots, index: number, handle: number, payload: Uint8Array): void {
  const at = slots.start + index * PACKET_SLOT_BYTES;
  slots.view.setUint32(at + PACKET_OFFSET.payloadLength, payload.length, true);
  slots.view.setUint32(at + PACKET_OFFSET.interface, handle, true);
  slots.bytes.set(payload, at + PACKET_OFFSET.payload);
}

/** Brings batches as a real transport does. */
class BatchingTransport extends MemoryTransport implements BatchTransport {
  bring: (fill: SlotFiller) => void = () => {};

  onBatch(handler: (fill: SlotFiller) => void): void {
    this.bring = handler;
  }
}

Deno.test("a batch is put into the slots of the inbox, submitted in one, and seen by the recorder", async () => {
  const { module } = await fixture();
  const recorder = new Recorder();
  const engine = new Engine(module, { onSubmit: recorder.onSubmit });
  const payloads = [10, 0, 1984].map((length, i) => new Uint8Array(length).fill(i + 1));
  const count = engine.submitSlots((slots) => {
    assertEquals(slots.slots, PACKET_SLOTS);
    payloads.forEach((payload, i) => put(slots, i, i + 5, payload));
    return payloads.length;
  }, 7);
  assertEquals(count, 3);
  const raw: number[] = [];
  for (let bytes = engine.pollRaw(); bytes.length > 0; bytes = engine.pollRaw()) raw.push(...bytes);
  assertEquals(recorder.entries, 1);
  assertEquals([...replay(recorder.bytes(), module).actions], raw);
  assert(raw.length > 2000, "the fixture echoes what it was given");
});

Deno.test("an empty batch is no submit, and who fills the inbox cannot call the engine", async () => {
  const { module } = await fixture();
  let submits = 0;
  const engine = new Engine(module, { onSubmit: () => submits++ });
  assertEquals(engine.submitSlots(() => 0, 1), 0);
  assertEquals(submits, 0);
  assertThrows(() => engine.submitSlots(() => engine.poll().length, 1), EngineMisuseError, "never re-entered");
  assertThrows(() => engine.submitSlots(() => PACKET_SLOTS + 1, 1), RangeError, "34 datagrams in 33 slots");
  engine.submit("TICK", {}, 2);
});

Deno.test("memory that grew between two batches is not written through an old view", async () => {
  const { module } = await fixture();
  const engine = new Engine(module);
  let before: PacketSlots | undefined;
  engine.submitSlots((slots) => {
    before = slots;
    return 0;
  }, 1);
  engine.submit("CONFIG", { seed: 1 }, 1); // The fixture grows its memory.
  assertEquals([...engine.drain()].length, 0);
  assertEquals(before!.bytes.length, 0);
  engine.submitSlots((slots) => {
    put(slots, 0, 9, new Uint8Array([1, 2, 3]));
    return 1;
  }, 2);
  const [send] = [...engine.drain()];
  assert(send.action === "SEND");
  assertEquals([send.interface, [...send.payload]], [9, [1, 2, 3]]);
});

Deno.test("a loop takes batches from a transport that has them, and carries out what follows", async () => {
  const { module } = await fixture();
  const sent: Packet[] = [];
  const transport = new BatchingTransport({ send: (packet) => sent.push(packet) });
  const loop = new EngineLoop({
    engine: new Engine(module),
    clock: new VirtualClock(),
    transport,
    routing: new StaticRouting(),
    trafficControl: new MemoryTrafficControl(),
  });
  for (let batch = 1; batch <= 2; batch++) {
    transport.bring((slots) => {
      for (let i = 0; i < 3; i++) put(slots, i, batch, new Uint8Array([batch, i]));
      return 3;
    });
  }
  assertEquals(sent.map(({ payload }) => [...payload]), [[1, 0], [1, 1], [1, 2], [2, 0], [2, 1], [2, 2]]);
  loop.close();
});
