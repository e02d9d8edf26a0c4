/**
 * What a usual session comes to by the short way (engine-as/process/first_reservation.ts and its like) is what the general
 * procedures come to. Two engines get the same messages, calls and times, but one gets each message with a NULL object
 * before all others, which is skipped (RFC 2205 section 3.1.2) and makes it unusual, and a policy that fits nobody, so that
 * nothing short is tried.
 */
import { CONFIG_OPTION, type InterfaceInput, SERVICE } from "../host/boundary.gen.ts";
import { defaultModule } from "../host/default_module.ts";
import { Engine } from "../host/engine.ts";
import { Random } from "../host/random.ts";
import { assert, assertEquals } from "./assert.ts";
import { type Bytes, concat, floatBits, lineOf, message, object, pack, repairChecksum, toHex } from "./fuzz/bytes.ts";
import { error, filter, hop, session, style, template, time } from "./hostile_world.ts";

const word = (value: number): Bytes => pack([value >>> 0, 4]);
const address = (value: number): Uint8Array => concat([word(value), new Uint8Array(12)]);
const NULL_OBJECT = object(0, 0, new Uint8Array(0));
const OWN = [0xc00002fe, 0xcb0071fe, 0xcb0072fe], STYLES = [0x0a, 0x0a, 0x0a, 0x12, 0x12, 0x11];
const [PATH, RESV, PATH_ERROR, RESV_ERROR, PATH_TEAR, RESV_TEAR, RESV_CONFIRM] = [1, 2, 3, 4, 5, 6, 7];

/** A rule that fits nobody: with policy of any kind nothing short is tried for reservations and requests. */
const POLICY = { position: 0, count: 1, destinationFamily: 4, destinationPrefixLength: 32, destination: address(1) };

type Kind = "POLICY" | "CONFIG" | "INTERFACE" | "ROUTE" | "TICK" | "TRAFFIC_CONTROL_RESULT";

/** One of the two: answers route queries by the routes of the moment, and says what it was asked to do. */
class Side {
  readonly engine = new Engine(defaultModule());
  /** What was asked for and is not answered, where traffic control answers. */
  readonly asked: { handle: number; generation: number }[] = [];
  constructor(readonly routes: Map<string, number>, readonly before: readonly Bytes[]) {}

  submit(kind: Kind, record: Record<string, unknown>, nowMs: number): string {
    this.engine.submit(kind, record as never, nowMs);
    return this.drain(nowMs);
  }

  receive(iface: number, type: number, objects: readonly Bytes[], over: Over, nowMs: number): string {
    const payload = message(type, [...this.before, ...objects], over.sendTtl);
    repairChecksum(payload);
    if (over.noChecksum) payload[2] = payload[3] = 0;
    const toward = over.to ?? OWN[iface - 1];
    this.engine.submitPackets([{
      interface: iface,
      source: address(over.from),
      destination: address(toward),
      family: 4,
      ttl: 63,
      encapsulation: 0,
      routerAlert: 0,
      payload,
    }], nowMs);
    return this.drain(nowMs);
  }

  drain(nowMs: number): string {
    let said = "";
    for (const action of [...this.engine.drain()]) {
      const told = action.action === "REPORT"
        ? { status: action.status, class: action.class }
        : action.action === "SEND"
        ? { ...action, payloadLength: 0, payload: plain(action.payload) }
        : action;
      said += lineOf(told) + "\n";
      if (action.action === "INSTALL") this.asked.push({ handle: action.handle, generation: action.generation });
      if (action.action !== "ROUTE_QUERY") continue;
      const hops = new Uint8Array(24);
      hops[0] = this.routes.get(toHex(action.destination.subarray(0, 4))) ?? 2;
      const { query, destination, family } = action;
      said += this.submit("ROUTE", { query, destination, family, found: 1, hopCount: 1, hops }, nowMs);
    }
    return said;
  }

  /** Traffic control agrees to the oldest request, refuses it, or takes what stood away. */
  answer(kind: number, nowMs: number): string {
    const first = this.asked.shift();
    if (!first) return "";
    const ok = kind < 12 ? 1 : 0, preempted = kind === 15 ? 1 : 0;
    return this.submit("TRAFFIC_CONTROL_RESULT", { ...first, ok, preempted, errorCode: 1, errorValue: 2 }, nowMs);
  }

  /** `bytes`: what state takes is compared too. */
  tables(bytes: boolean): string {
    const { engine } = this;
    const tables = (["sessions", "senders", "requests", "reservations", "installed", "blockade", "neighbours"] as const)
      .map((name) => lineOf(engine.inspect(name)));
    const counters = Object.entries(engine.counters()).filter(([name]) =>
      !["RECEIVED_BYTES", "SENT_BYTES", "REFRESHES_UNCHANGED", "MEMORY_BYTES", bytes ? "" : "STATE_BYTES"].includes(
        name,
      )
    );
    // A session is numbered by where it stands in memory, which may differ.
    const numbers = new Map<string, number>();
    const named = tables.join("\n").replaceAll(/"session":\d+/g, (text) => {
      if (!numbers.has(text)) numbers.set(text, numbers.size);
      return `session ${numbers.get(text)}`;
    });
    return named + "\n" + counters.sort().join("\n");
  }
}

/** A ResvConf goes on as it came: without the NULL object, length and checksum apart. */
function plain(payload: Uint8Array): Uint8Array {
  if (payload[1] !== RESV_CONFIRM) return payload;
  const objects = payload.subarray(toHex(payload.subarray(8, 12)) === toHex(NULL_OBJECT) ? 12 : 8);
  return concat([payload.subarray(0, 2), payload.subarray(4, 6), objects]);
}

interface Over {
  from: number;
  to?: number;
  sendTtl?: number;
  noChecksum?: boolean;
}

const bucket = (rate: number, size: number) =>
  pack([0x7f000005, 4], word(floatBits(rate)), word(floatBits(500)), word(floatBits(rate * 4)), [64, 4], [size, 4]);
const tspec = (rate: number): Bytes => object(12, 2, pack([7, 4], [0x01000006, 4], bucket(rate, 1500)));
const one = (parameter: number, value: number) => pack([parameter, 1], [0, 1], [1, 2], [value >>> 0, 4]);
const adspec = (latency: number): Bytes =>
  object(
    13,
    2,
    pack(
      [19, 4],
      [0x01000008, 4],
      ...[one(4, 3), one(6, floatBits(1e6)), one(8, latency), one(10, 1500)],
      [0x02000008, 4],
      ...[133, 134, 135, 136].map((parameter) => one(parameter, 10)),
      [0x05000000, 4],
    ),
  );
function flowspec(random: Random): Bytes {
  const rate = 500 * (1 + random.below(6)), size = random.chance(0.05) ? 9000 : 1500;
  // Reserved bits and flags are for the canonical form to clear.
  if (random.chance(0.7)) return object(9, 2, pack([7, 4], [0x05000006, 4], bucket(rate, size)));
  const reserved = pack([0x82000002, 4], word(floatBits(rate * 2)), word(random.below(2) * 40));
  return object(9, 2, pack([10, 4], [0x02000009, 4], bucket(rate, size), reserved));
}

interface Drawn {
  iface: number;
  type: number;
  objects: Bytes[];
  over: Over;
}

/** A message of one of a few sessions, senders and hops; nearly always one that makes sense. */
function drawn(random: Random): Drawn {
  const number = random.below(SESSIONS), destination = 0x0a630001 + number;
  const sender = 0xc0000264 + (random.chance(0.8) ? 0 : 1), port = 4000 + (random.chance(0.9) ? 0 : 1);
  const to = session(word(destination)), R = time([10_000, 30_000, 30_000][random.below(3)]);
  if (random.chance(0.1)) to[9] = random.below(2);
  const previousHop = 0xc0000201 + (random.chance(0.9) ? 0 : 1);
  const noChecksum = random.chance(0.05), out = random.chance(0.9) ? 2 : 3;
  const nextHop = OWN[out - 1] - 0xfd + (random.chance(0.85) ? 0 : 1);
  const handle = [out, out, out, out, 0, 7][random.chance(0.9) ? 0 : random.below(6)];
  const upward = { iface: out, over: { from: nextHop, noChecksum } };
  const kind = random.below(100);
  if (kind < 35 || (kind < 45 && random.chance(0.5))) {
    const type = kind < 35 ? PATH : PATH_TEAR;
    const objects = [to, hop(word(previousHop), 9), ...(type === PATH ? [R] : [])];
    objects.push(template(word(sender), port), tspec(500 * (1 + random.below(3))));
    if (random.chance(0.7)) objects.push(adspec(random.below(2) * 50));
    const over = { from: sender, to: destination, sendTtl: random.chance(0.9) ? 63 : 64, noChecksum };
    return { iface: random.chance(0.97) ? 1 : 3, type, objects, over };
  }
  const vector = STYLES[random.below(STYLES.length)];
  const filters = vector === 0x11 ? [] : [filter(word(sender), port)];
  if (filters.length && random.chance(0.1)) filters[0][8] = random.below(256);
  const confirm = random.chance(0.3) ? [object(15, 1, word(nextHop))] : [];
  const said = style(vector | (random.chance(0.1) ? 0x5a000000 : 0));
  if (kind < 45) return { ...upward, type: RESV_TEAR, objects: [to, hop(word(nextHop), handle), said, ...filters] };
  if (kind < 90) {
    const objects = [to, hop(word(nextHop), handle), R, ...confirm, said, flowspec(random), ...filters];
    return { ...upward, type: RESV, objects };
  }
  const failed = error(word(previousHop), random.chance(0.5) ? 1 : 0, 2);
  if (kind < 94) {
    const objects = [to, hop(word(previousHop), 1), failed, style(vector), flowspec(random), ...filters];
    return { iface: 1, type: RESV_ERROR, objects, over: { from: previousHop } };
  }
  if (kind < 96) {
    const objects = [to, error(word(nextHop), 13, 1), template(word(sender), port), tspec(1000)];
    return { iface: out, type: PATH_ERROR, objects, over: { from: nextHop } };
  }
  const objects = [to, failed, object(15, 1, word(nextHop)), style(vector), flowspec(random), ...filters];
  return { iface: 1, type: RESV_CONFIRM, objects, over: { from: sender, to: nextHop } };
}

const SESSIONS = 12;
const interfaces = OWN.map((own, index): InterfaceInput => ({
  interface: index + 1,
  up: 1,
  ipv4: address(own),
  ipv4PrefixLength: 24,
  mtuBytes: 1500,
  reservableBytesPerSecond: 12_000,
  perFlowBytesPerSecond: -1,
  linkBytesPerSecond: 1e6,
  services: SERVICE.CONTROLLED_LOAD | SERVICE.GUARANTEED,
}));

/** Plays one history on both sides; returns the counters of the one that takes short ways. */
function play(seed: number, rounds: number): Record<string, number> {
  const random = new Random(seed), routes = new Map<string, number>();
  const sides = [new Side(routes, []), new Side(routes, [NULL_OBJECT])];
  let nowMs = 0, round = 0;
  const both = (act: (side: Side) => string, what: string) => {
    const [short, general] = sides.map(act);
    assertEquals(short, general, `seed ${seed}, round ${round}: ${what}`);
    return short;
  };
  const answers = random.chance(0.5);
  const options = (!answers ? CONFIG_OPTION.NO_TRAFFIC_CONTROL_RESULT : 0) | CONFIG_OPTION.REPORT_DROPS |
    (random.chance(0.2) ? CONFIG_OPTION.FAST_START : 0);
  const maximumStatePerNeighbour = random.chance(0.2) ? 6 : 0;
  both((side) => side.submit("CONFIG", { seed, options, maximumStatePerNeighbour }, nowMs), "CONFIG");
  const policy = random.chance(0.8);
  if (policy) sides[1].submit("POLICY", POLICY, nowMs);
  for (const iface of interfaces) both((side) => side.submit("INTERFACE", { ...iface }, nowMs), "INTERFACE");
  for (; round < rounds; round++) {
    nowMs += random.below(random.chance(0.1) ? 20_000 : 800);
    both((side) => {
      let said = "";
      while (side.engine.deadline() <= nowMs) said += side.submit("TICK", {}, nowMs);
      return said;
    }, "TICK");
    while (answers && sides[0].asked.length > 0 && random.chance(0.6)) {
      const kind = random.below(16);
      both((side) => side.answer(kind, nowMs), `answer ${kind}`);
    }
    const other = random.below(200);
    if (other === 0) {
      const destination = word(0x0a630001 + random.below(SESSIONS));
      routes.set(toHex(destination), 2 + random.below(2));
      const change = { query: 0, destination: address(0x0a630000), prefixLength: 16, family: 4 };
      both((side) => side.submit("ROUTE", change, nowMs), "ROUTE");
    } else if (other === 1) {
      const reservableBytesPerSecond = [3000, 12_000, -1][random.below(3)], up = random.chance(0.9) ? 1 : 0;
      const iface = { ...interfaces[random.below(3)], reservableBytesPerSecond, up };
      both((side) => side.submit("INTERFACE", { ...iface }, nowMs), "INTERFACE");
    } else {
      const { iface, type, objects, over } = drawn(random);
      both((side) => side.receive(iface, type, objects, over, nowMs), `type ${type}: ${objects.map(toHex).join(" ")}`);
    }
    if (round % 40 === 0) both((side) => side.tables(!policy), "tables");
  }
  both((side) => side.tables(!policy), "tables");
  return sides[0].engine.counters();
}

Deno.test("A usual session comes to the same by the short way and by the general procedures", () => {
  const seed = Math.floor(Math.random() * 2 ** 31), totals: Record<string, number> = {};
  console.log(`seed ${seed}`);
  for (let history = 0; history < 40; history++) {
    for (const [name, value] of Object.entries(play(seed + history, 400))) totals[name] = (totals[name] ?? 0) + value;
  }
  for (const name of ["SENT_RESV", "SENT_PATH", "SENT_RESV_ERROR", "SENT_RESV_CONFIRM", "ADMISSION_REFUSED"]) {
    assert(totals[name] > 20, `${name}: ${totals[name]}`);
  }
});
