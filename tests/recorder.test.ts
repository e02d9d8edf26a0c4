import { Engine } from "../host/engine.ts";
import { LogError, readLog, Recorder } from "../host/recorder.ts";
import { replay } from "../host/replay.ts";
import type { Packet } from "../host/transport/transport.ts";
import { assert, assertEquals, assertThrows } from "./assert.ts";
import { fixture } from "./engine_fixture.ts";

/** Lengths of the two records, as the catalogue lays them out. */
const [CONFIG_BYTES, INTERFACE_BYTES] = [64, 152];

function packet(length: number): Packet {
  const address = new Uint8Array(16).fill(length & 255);
  const payload = Uint8Array.from({ length }, (_, i) => i * 31 + length);
  return {
    interface: 3,
    source: address,
    destination: address,
    family: 6,
    ttl: 9,
    encapsulation: 0,
    routerAlert: 1,
    payload,
  };
}

/** Runs a session of every kind of submit and returns its log and the raw actions. */
async function recorded(): Promise<{ log: Uint8Array; actions: number[] }> {
  const { module } = await fixture();
  const recorder = new Recorder();
  const engine = new Engine(module, { onSubmit: recorder.onSubmit });
  const actions: number[] = [];
  const drain = () => {
    for (let raw = engine.pollRaw(); raw.length > 0; raw = engine.pollRaw()) actions.push(...raw);
  };
  engine.submit("CONFIG", { seed: 7 }, 0);
  drain();
  engine.submit("INTERFACE", { interface: 1, up: 1 }, 1);
  drain();
  engine.submitPackets([packet(20), packet(5000), packet(0), packet(1984)], 2.5);
  drain();
  engine.submitAll("CALL", [{ application: 1, objects: new Uint8Array(12).fill(3) }, { application: 2 }], 1e9 + 0.125);
  drain();
  engine.submit("TICK", {}, 2e9);
  drain();
  assertEquals(recorder.entries, 5);
  return { log: recorder.bytes(), actions };
}

Deno.test("a replayed log gives the same actions byte for byte", async () => {
  const { log, actions } = await recorded();
  const { module } = await fixture();
  const times: number[] = [];
  const result = replay(log, module, { onStep: (entry) => void times.push(entry.nowMs) });
  assertEquals([...result.actions], actions);
  assertEquals(result.submits, 5);
  assertEquals(times, [0, 1, 2.5, 1e9 + 0.125, 2e9]);
  assert(actions.length > 7000);
});

Deno.test("packets are kept without the unused rest of their slots", async () => {
  const { log } = await recorded();
  assert(
    log.length < 64 + 5 * 16 + CONFIG_BYTES + INTERFACE_BYTES + (4 * 64 + 20 + 5000 + 1984) + 100 + 8,
    `${log.length} bytes`,
  );
});

Deno.test("a log that is cut or broken is refused with the offset", async () => {
  const { log } = await recorded();
  const { module } = await fixture();
  assertThrows(() => replay(log.subarray(0, 30), module), LogError, "30 bytes");
  assertThrows(() => replay(log.subarray(0, log.length - 1), module), LogError, "runs past the end");
  assertThrows(() => [...readLog(log.subarray(0, 64 + 7))], LogError, "offset 64: entry is cut off");
  for (const [offset, text] of [[0, "offset 0"], [4, "offset 4"], [8, "offset 8"], [33, "another build"]] as const) {
    const copy = log.slice();
    copy[offset] ^= 1;
    assertThrows(() => replay(copy, module), LogError, text);
  }
  const another = log.slice();
  another[33] ^= 1;
  assertEquals(replay(another, module, { anyBuild: true }).submits, 5);
});

Deno.test("a log grows beyond its first room", async () => {
  const { module } = await fixture();
  const recorder = new Recorder();
  const engine = new Engine(module, { onSubmit: recorder.onSubmit });
  for (let i = 0; i < 300; i++) {
    engine.submitPackets([packet(200)], i);
    for (const _ of engine.drain());
  }
  assertEquals([...readLog(recorder.bytes())].length, 300);
});
