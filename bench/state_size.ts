/**
 * `deno run -A --config bench/deno.json bench/state_size.ts [sessions]`: what a session with one sender and one reservation
 * takes of the engine's memory, driven by packets.
 *
 * Every session has a destination of its own. Its objects are those of a provider's network: rates from a few hundred
 * plans, an ADSPEC that came over up to eight hops, 256 previous and 256 next hops, controlled load and guaranteed
 * service, refresh period 30 s. Prints bytes in use and linear memory for each, the time for each message, and where the
 * bytes go.
 */
import { CONFIG_OPTION, COUNTER, SERVICE } from "../host/boundary.gen.ts";
import { defaultModule } from "../host/default_module.ts";
import { Engine } from "../host/engine.ts";
import type { Packet } from "../host/transport/transport.ts";
import { type Bytes, floatBits, message, object, pack } from "../tests/fuzz/bytes.ts";

const [UPSTREAM, DOWNSTREAM] = [1, 2];
const OURS = { [UPSTREAM]: 0xc0a800fe, [DOWNSTREAM]: 0xc0a801fe };
const BATCH = 8192;

const word = (value: number): Bytes => pack([value >>> 0, 4]);
const address = (value: number): Uint8Array => pack(word(value), new Uint8Array(12));

interface Plan {
  destination: number;
  port: number;
  sender: number;
  senderPort: number;
  hop: number;
  rate: number;
}

/** Session number i: a hash spreads addresses and ports. */
function plan(i: number): Plan {
  const h = Math.imul(i, 0x9e3779b1) >>> 0;
  return {
    destination: 0x0a000000 + i,
    port: 1024 + (h >>> 17),
    sender: 0xac100000 + (h >>> 12),
    senderPort: 5000 + (h & 0xfff),
    hop: i % 250,
    rate: 1000 * (1 + (h & 1023)),
  };
}

const bucket = (rate: number): Bytes =>
  pack(
    word(0x7f000005),
    word(floatBits(rate)),
    word(floatBits(rate * 0.4)),
    word(floatBits(rate * 2)),
    word(64),
    word(1500),
  );
const general = (hops: number): Bytes =>
  pack(
    word(0x01000008),
    word(0x04000001),
    word(hops),
    word(0x06000001),
    word(floatBits(1.25e8)),
    word(0x08000001),
    word(100 * hops),
    word(0x0a000001),
    word(1500),
  );
const guaranteed = (hops: number): Bytes =>
  pack(word(0x02000008), ...[133, 134, 135, 136].flatMap((n) => [word((n << 24) | 1), word(n * 10 + hops)]));
const intServ = (objectClass: number, body: Uint8Array): Bytes =>
  object(objectClass, 2, pack([0, 2], [body.length / 4, 2], body));

const session = (p: Plan): Bytes => object(1, 1, pack(word(p.destination), [17, 1], [0, 1], [p.port, 2]));
const hop = (at: number, handle: number): Bytes => object(3, 1, pack(word(at), word(handle)));
const refresh = object(5, 1, word(30_000));
const senderBody = (p: Plan): Bytes => pack(word(p.sender), [0, 2], [p.senderPort, 2]);

function pathOf(p: Plan): Bytes {
  const hops = 1 + (p.hop & 7);
  return message(1, [
    session(p),
    hop(0xc0a80001 + p.hop, 9),
    refresh,
    object(11, 1, senderBody(p)),
    intServ(12, pack(word(0x01000006), bucket(p.rate))),
    intServ(13, pack(general(hops), guaranteed(hops), word(0x05000000))),
  ]);
}

function resvOf(p: Plan): Bytes {
  const flowspec = (p.port & 1) === 0
    ? pack(word(0x05000006), bucket(p.rate))
    : pack(word(0x02000009), bucket(p.rate), word(0x82000002), word(floatBits(p.rate * 1.5)), word(0));
  const filter = object(10, 1, senderBody(p));
  return message(2, [
    session(p),
    hop(0xc0a80101 + p.hop, DOWNSTREAM),
    refresh,
    object(8, 1, word(0x0a)),
    intServ(9, flowspec),
    filter,
  ]);
}

function packet(payload: Bytes, p: Plan): Packet {
  const path = payload[1] === 1;
  return {
    interface: path ? UPSTREAM : DOWNSTREAM,
    source: address(path ? p.sender : 0xc0a80101 + p.hop),
    destination: address(path ? p.destination : OURS[DOWNSTREAM]),
    family: 4,
    ttl: 63,
    encapsulation: 0,
    routerAlert: path ? 1 : 0,
    payload,
  };
}

const hops = new Uint8Array(24);
hops[0] = DOWNSTREAM;

function drain(engine: Engine): void {
  const queries: { query: number; destination: Uint8Array }[] = [];
  for (const action of engine.drain()) if (action.action === "ROUTE_QUERY") queries.push(action);
  for (let at = 0; at < queries.length; at += 200) {
    engine.submitAll(
      "ROUTE",
      queries.slice(at, at + 200).map(({ query, destination }) => {
        return { query, destination, family: 4, found: 1, hopCount: 1, hops };
      }),
      0,
    );
    for (const _ of engine.drain());
  }
}

function router(): Engine {
  const engine = new Engine(defaultModule());
  engine.submit("CONFIG", { seed: 1, options: CONFIG_OPTION.NO_TRAFFIC_CONTROL_RESULT }, 0);
  drain(engine);
  for (const handle of [UPSTREAM, DOWNSTREAM]) {
    engine.submit("INTERFACE", {
      interface: handle,
      up: 1,
      ipv4: address(OURS[handle]),
      ipv4PrefixLength: 24,
      mtuBytes: 1500,
      reservableBytesPerSecond: -1,
      perFlowBytesPerSecond: -1,
      linkBytesPerSecond: 1.25e8,
      services: SERVICE.CONTROLLED_LOAD | SERVICE.GUARANTEED,
    }, 0);
    drain(engine);
  }
  return engine;
}

const counter = (engine: Engine, number: number): number =>
  engine.inspect("counters").find((row) => row.counter === number)?.value ?? 0;

/** Gives the engine the messages of all sessions; returns microseconds for each, reading the actions included. */
function give(engine: Engine, sessions: number, make: (p: Plan) => Bytes): number {
  let spent = 0;
  for (let from = 0; from < sessions; from += BATCH) {
    const packets = Array.from({ length: Math.min(BATCH, sessions - from) }, (_, i) => {
      const p = plan(from + i + 1);
      return packet(make(p), p);
    });
    const started = performance.now();
    for (let taken = 0; taken < packets.length;) {
      taken += engine.submitPackets(packets, 0, taken);
      drain(engine);
    }
    spent += performance.now() - started;
  }
  return spent * 1000 / sessions;
}

function measure(sessions: number): void {
  const engine = router();
  const [emptyState, emptyMemory] = [counter(engine, COUNTER.STATE_BYTES), engine.memoryBytes];
  const state = () => (counter(engine, COUNTER.STATE_BYTES) - emptyState) / sessions;
  const path = give(engine, sessions, pathOf);
  const afterPaths = state();
  const resv = give(engine, sessions, resvOf);
  const afterResvs = state();
  for (
    const [name, number] of [["sessions", COUNTER.SESSIONS], ["reservations", COUNTER.RESERVATION_STATES], [
      "installed",
      COUNTER.TRAFFIC_CONTROL_STATES,
    ]] as const
  ) {
    if (counter(engine, number) !== sessions) {
      throw new Error(`${counter(engine, number)} ${name} instead of ${sessions}`);
    }
  }
  const memory = (engine.memoryBytes - emptyMemory) / sessions;
  const again = give(engine, sessions, pathOf);
  console.log(
    `${String(sessions).padStart(9)} sessions: ${afterResvs.toFixed(1)} bytes in use for each ` +
      `(${afterPaths.toFixed(1)} with the Path alone), ${memory.toFixed(1)} of linear memory; ` +
      `${path.toFixed(2)} us a Path, ${resv.toFixed(2)} a Resv, ${again.toFixed(2)} a refresh`,
  );
}

const empty = router();
console.log(`empty engine: ${empty.memoryBytes} bytes of linear memory`);
const asked = Deno.args[0] === undefined ? [100_000, 1_000_000] : [Number(Deno.args[0])];
for (const sessions of asked) measure(sessions);
