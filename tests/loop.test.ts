import type { Action, EventAction, RouteQueryAction } from "../host/boundary.gen.ts";
import { SystemClock, VirtualClock } from "../host/clock.ts";
import { ResvError } from "../host/engine_errors.ts";
import { EngineLoop, type LoopEngine, type LoopOptions } from "../host/loop.ts";
import { StaticRouting } from "../host/routing/static_routing.ts";
import { parseAddress } from "../host/address.ts";
import { MemoryTrafficControl } from "../host/traffic_control/memory_traffic_control.ts";
import { MemoryTransport } from "../host/transport/memory_transport.ts";
import type { Packet } from "../host/transport/transport.ts";
import { assert, assertEquals, assertThrows } from "./assert.ts";

/** An engine that answers from a script and, like the real one, cannot bear being submitted to before it is drained. */
class ScriptedEngine implements LoopEngine {
  log: string[] = [];
  reactions = new Map<string, Action[]>();
  nextDeadline = Infinity;
  refuse = "";
  #pending: Action[] = [];
  #undrained = false;

  submit(kind: string, record: object, nowMs: number): void {
    this.#begin();
    this.log.push(`${kind} at ${nowMs} ${JSON.stringify(record, (_, v) => v instanceof Uint8Array ? v.length : v)}`);
    this.#pending = this.reactions.get(kind)?.slice() ?? [];
    if (kind === "TICK") this.nextDeadline = Infinity;
    if (kind === this.refuse) throw new ResvError(41, "submitting");
  }

  submitAll(kind: string, records: readonly object[], nowMs: number): void {
    if (records.length > 1) this.log.push(`${records.length} together`);
    for (const record of records) {
      this.#undrained = false;
      this.submit(kind, record, nowMs);
    }
  }

  submitPackets(packets: readonly Packet[], nowMs: number, start = 0): number {
    this.#begin();
    const taken = Math.min(2, packets.length - start);
    this.log.push(`PACKETS ${start}+${taken} at ${nowMs}`);
    this.#pending = this.reactions.get("PACKETS")?.slice() ?? [];
    return taken;
  }

  poll(): Action[] {
    const actions = this.#pending;
    this.#pending = [];
    if (actions.length === 0) this.#undrained = false;
    return actions;
  }

  deadline(): number {
    return this.nextDeadline;
  }

  #begin(): void {
    if (this.#undrained) throw new Error("submitted before it was drained");
    this.#undrained = true;
  }
}

const zero = new Uint8Array(16);
const send: Action = {
  action: "SEND",
  payloadLength: 1,
  interface: 2,
  source: zero,
  destination: zero,
  family: 4,
  ttl: 9,
  encapsulation: 0,
  routerAlert: 1,
  payload: new Uint8Array([7]),
};
const event: Action = {
  action: "EVENT",
  event: 1,
  errorCode: 0,
  errorFlags: 0,
  style: 0,
  application: 5,
  errorValue: 0,
  errorNodeFamily: 0,
  gone: 0,
  errorNode: zero,
  objects: new Uint8Array(0),
};
const install: Action = {
  action: "INSTALL",
  handle: 11,
  generation: 3,
  interface: 2,
  change: 0,
  style: 10,
  policing: 0,
  rateBytesPerSecond: 1000,
  objects: new Uint8Array(0),
};

function query(destination: string): Action & RouteQueryAction {
  const { bytes, family } = parseAddress(destination);
  const rest = { source: zero, multicast: 0, protocol: 17, destinationPort: 0, sourcePort: 0 };
  return { action: "ROUTE_QUERY", query: 77, destination: bytes, family, ...rest };
}

function set(more: Partial<LoopOptions> = {}) {
  const engine = new ScriptedEngine();
  const clock = new VirtualClock();
  const sent: Packet[] = [];
  const relayed: Packet[] = [];
  const errors: Error[] = [];
  const transport = new MemoryTransport({ send: (p) => void sent.push(p), relay: (p) => void relayed.push(p) });
  const routing = new StaticRouting();
  const trafficControl = new MemoryTrafficControl();
  const onError = (error: Error) => void errors.push(error);
  const loop = new EngineLoop({ engine, clock, transport, routing, trafficControl, onError, ...more });
  return { engine, clock, sent, relayed, errors, transport, routing, trafficControl, loop };
}

Deno.test("sends go to the transport, relays too, events to the application", () => {
  const events: EventAction[] = [];
  const t = set({ onEvent: (e) => void events.push(e) });
  t.engine.reactions.set("CALL", [send, event, { ...send, action: "RELAY", interface: 3, ttl: 4 } as Action]);
  t.loop.submit("CALL", {});
  assertEquals(t.sent.map((p) => [p.interface, p.ttl, p.routerAlert]), [[2, 9, 1]]);
  assertEquals(t.relayed.map((p) => [p.interface, p.ttl, p.routerAlert]), [[3, 4, 0]]);
  assertEquals(events.map((e) => e.application), [5]);
});

Deno.test("answers go back after the engine is drained, in order, never from inside it", () => {
  const t = set();
  t.routing.add({ prefix: "10.0.0.0/8", interface: 4, gateway: "10.0.0.1" });
  t.engine.log = [];
  t.engine.reactions.set("CALL", [install, query("10.1.2.3"), send]);
  t.loop.submit("CALL", {});
  assertEquals(t.engine.log.map((line) => line.split(" ")[0]), ["CALL", "TRAFFIC_CONTROL_RESULT", "ROUTE"]);
  assert(t.engine.log[1].includes('"handle":11,"generation":3,"ok":1'));
  assert(t.engine.log[2].includes('"query":77'));
  assert(t.engine.log[2].includes('"hopCount":1,"hops":24'));
  assertEquals(t.trafficControl.installed.get(11)?.rateBytesPerSecond, 1000);
});

Deno.test("a destination without a route is answered as not found", () => {
  const t = set();
  t.engine.reactions.set("CALL", [query("192.0.2.1")]);
  t.loop.submit("CALL", {});
  assert(t.engine.log[1].includes('"found":0'));
});

Deno.test("a submit from an event handler waits until the engine is drained", () => {
  const t = set({ onEvent: () => t.loop.submit("INTERFACE", { interface: 1 }) });
  t.engine.reactions.set("CALL", [event, send]);
  t.loop.submit("CALL", {});
  assertEquals(t.engine.log.map((line) => line.split(" ")[0]), ["CALL", "INTERFACE"]);
  assertEquals(t.sent.length, 1);
});

Deno.test("a handler that throws does not stop the actions behind it", () => {
  const t = set({
    onEvent: () => {
      throw new Error("handler");
    },
  });
  t.engine.reactions.set("CALL", [event, send]);
  t.loop.submit("CALL", {});
  assertEquals(t.sent.length, 1);
  assertEquals(t.errors.map((e) => e.message), ["handler"]);
});

Deno.test("a refusal is thrown to the caller, with what the engine had to do carried out", () => {
  const t = set();
  t.engine.reactions.set("CALL", [send]);
  t.engine.refuse = "CALL";
  assertThrows(() => t.loop.submit("CALL", {}), ResvError, "BAD_SUBMIT");
  assertEquals(t.sent.length, 1);
  t.loop.submit("TICK", {});
  assertEquals(t.errors, []);
});

Deno.test("a batch that the engine takes in parts is submitted to its end", () => {
  const t = set();
  const packet = { ...send, payload: new Uint8Array(1) };
  t.transport.deliver([packet, packet, packet, packet, packet]);
  assertEquals(t.engine.log, ["PACKETS 0+2 at 0", "PACKETS 2+2 at 0", "PACKETS 4+1 at 0"]);
});

Deno.test("a tick comes at the deadline, also when the deadline moves", () => {
  const t = set();
  t.engine.nextDeadline = 500;
  t.loop.submit("CALL", {});
  t.clock.advance(100);
  t.engine.nextDeadline = 200;
  t.loop.submit("CALL", {});
  t.clock.advance(50);
  t.engine.nextDeadline = 300;
  t.loop.submit("CALL", {});
  assertEquals(t.engine.log.filter((line) => line.startsWith("TICK")), []);
  t.clock.advance(1000);
  assertEquals(t.engine.log.filter((line) => line.startsWith("TICK")), ["TICK at 300 {}"]);
  assertEquals(t.clock.pending, 0);
});

Deno.test("a deadline in the past brings one tick after another until the work is done", () => {
  const t = set();
  let left = 3;
  t.engine.deadline = () => left > 0 ? -1 : Infinity;
  const submit = t.engine.submit.bind(t.engine);
  t.engine.submit = (kind: string, record: object, nowMs: number) => {
    if (kind === "TICK") left--;
    submit(kind, record, nowMs);
  };
  t.loop.submit("CALL", {});
  t.clock.advance(0);
  assertEquals(t.engine.log.filter((line) => line.startsWith("TICK")).length, 3);
});

Deno.test("a clock that goes back does not take the engine with it", () => {
  let now = 100;
  const clock = { nowMs: () => now, schedule: () => 0, cancel: () => {} };
  const t = set({ clock });
  t.loop.submit("CALL", {});
  now = 50;
  t.loop.submit("CALL", {});
  assertEquals(t.engine.log, ["CALL at 100 {}", "CALL at 100 {}"]);
});

Deno.test("an engine that dies closes the loop, and the caller or the error handler hears of it", () => {
  const dying = () => {
    const t = set();
    t.engine.submit = t.engine.submitPackets = () => {
      throw new TypeError("boom");
    };
    return t;
  };
  const called = dying();
  assertThrows(() => called.loop.submit("CALL", {}), TypeError, "boom");
  assert(!called.loop.running);
  called.loop.submit("CALL", {});
  const received = dying();
  received.transport.deliver([{ ...send, payload: new Uint8Array(1) }]);
  assertEquals(received.errors.map((e) => e.message), ["boom"]);
  assert(!received.loop.running);
});

Deno.test("traffic control may answer late, refuse, and lose what stands", () => {
  const clock = new VirtualClock();
  const trafficControl = new MemoryTrafficControl({
    clock,
    delayMs: 20,
    decide: (request) => request.handle === 12 ? { ok: false, errorCode: 1, errorValue: 2 } : undefined,
  });
  const t = set({ clock, trafficControl });
  t.engine.reactions.set("CALL", [install, { ...install, handle: 12 } as Action]);
  t.loop.submit("CALL", {});
  assertEquals(t.engine.log.length, 1);
  clock.advance(20);
  assert(t.engine.log[1].startsWith('TRAFFIC_CONTROL_RESULT at 20 {"handle":11,"generation":3,"ok":1'));
  assert(t.engine.log[2].includes('"handle":12,"generation":3,"ok":0,"preempted":0,"errorCode":1,"errorValue":2'));
  assert(trafficControl.lose(11, { preempted: true }));
  assert(t.engine.log[3].includes('"handle":11,"generation":3,"ok":0,"preempted":1'));
  assert(!trafficControl.lose(11));
});

Deno.test("a changed route is announced to the engine", () => {
  const t = set();
  t.routing.add({ prefix: "10.1.0.0/16", interface: 1 });
  assert(t.engine.log[0].startsWith('ROUTE at 0 {"query":0'));
  assert(t.engine.log[0].includes('"prefixLength":16'));
  assertEquals(t.routing.remove("10.1.0.0/16"), 1);
  assertEquals(t.engine.log.length, 2);
});

Deno.test("the virtual clock calls in order of time, then of scheduling, and not what was cancelled", () => {
  const clock = new VirtualClock();
  const calls: string[] = [];
  clock.schedule(10, () => calls.push("b"));
  clock.schedule(5, () => {
    calls.push("a");
    clock.schedule(5, () => calls.push("a2"));
  });
  clock.schedule(10, () => calls.push("c"));
  const cancelled = clock.schedule(7, () => calls.push("never"));
  clock.cancel(cancelled);
  assertEquals(clock.pending, 3);
  clock.advance(9);
  assertEquals([clock.nowMs(), calls.join()], [9, "a,a2"]);
  clock.advance(1);
  assertEquals(calls.join(), "a,a2,b,c");
  assertEquals(clock.nextMs(), Infinity);
});

Deno.test("the virtual clock keeps its order with many calls", () => {
  const clock = new VirtualClock();
  const times: number[] = [];
  for (let i = 0; i < 5000; i++) {
    const at = (i * 7919) % 1009;
    const handle = clock.schedule(at, () => times.push(at));
    if (i % 3 === 0) clock.cancel(handle);
  }
  clock.advance(2000);
  assertEquals(times.length, 3333);
  assertEquals(times, times.slice().sort((a, b) => a - b));
});

Deno.test("the system clock wakes up not before its time", async () => {
  const clock = new SystemClock();
  const at = clock.nowMs() + 15;
  const woke = await new Promise<number>((resolve) => clock.schedule(at, () => resolve(clock.nowMs())));
  assert(woke >= at - 1, `woke ${at - woke} ms early`);
});
