/**
 * A Path or Resv that repeats the one before is recognised by its fingerprint and not parsed. Two engines get the same
 * events; before every packet one of them is told its interfaces anew, which changes nothing but makes all fingerprints
 * void, so that it carries out the whole procedure. Both must say the same and come to the same state.
 */
import { CONFIG_OPTION, SERVICE, type TableRows } from "../host/boundary.gen.ts";
import { defaultModule } from "../host/default_module.ts";
import { Engine } from "../host/engine.ts";
import type { Packet } from "../host/transport/transport.ts";
import { assert, assertEquals } from "./assert.ts";
import { type Bytes, floatBits, lineOf, message, object, pack, repairChecksum } from "./fuzz/bytes.ts";

const word = (value: number): Bytes => pack([value >>> 0, 4]);
const address = (value: number): Uint8Array => pack(word(value), new Uint8Array(12));
const IN = [1, 2], OUT = [3, 4];
const own = (handle: number) => (0x0a000000 | (handle << 8) | 1) >>> 0;
const neighbour = (handle: number, number: number) => own(handle) + 1 + number;
const DESTINATIONS = [0x0a630001, 0x0a630002, 0xe0010203];
const FF = 0x0a, SE = 0x12, WF = 0x11;

const interfaces = [...IN, ...OUT].map((handle) => ({
  interface: handle,
  up: 1,
  ipv4: address(own(handle)),
  ipv4PrefixLength: 24,
  mtuBytes: 1500,
  reservableBytesPerSecond: 3000,
  perFlowBytesPerSecond: -1,
  linkBytesPerSecond: 1e6,
  services: SERVICE.CONTROLLED_LOAD | SERVICE.GUARANTEED,
}));

const tokens = (rate: number) =>
  pack(word(0x7f000005), word(floatBits(rate)), word(floatBits(500)), word(floatBits(2e3)), word(64), word(1500));
const session = (number: number) => object(1, 1, pack(word(DESTINATIONS[number]), [17, 1], [0, 1], [5004, 2]));
const hop = (at: number, handle: number) => object(3, 1, pack(word(at), word(handle)));
const senderBody = (number: number) => pack(word(0xc0000201 + number), [0, 2], [4000 + number, 2]);
const intServ = (objectClass: number, body: Bytes) => object(objectClass, 2, pack([0, 2], [body.length / 4, 2], body));

/** Seeded, and the same in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = Math.imul(state ^ state >>> 15, 0x2c1b3c6d) + 0x9e3779b9 | 0;
    return ((state ^ state >>> 13) >>> 0) % below;
  };
}

/** One of few Paths or Resvs, so that most have come before; now and then damaged or decorated. */
function packet(pick: (below: number) => number): Packet {
  const number = pick(DESTINATIONS.length), refresh = object(5, 1, word([30_000, 30_000, 10_000][pick(3)]));
  // An object that is never the same, and one that travels on.
  const integrity = pick(6) === 0
    ? [object(4, 1, pack(...Array.from({ length: 20 }, () => [pick(256), 1] as [number, 1])))]
    : [];
  const extra = pick(8) === 0 ? [object(0xc9, 1, word(pick(2)))] : [];
  const flowspec = () => intServ(9, pack(word(0x05000006), tokens([1000, 1000, 2000][pick(3)])));
  const filter = (which: number) => object(10, 1, senderBody(which));
  const style = [FF, FF, SE, WF][pick(4)];
  const isPath = pick(2) === 0;
  const arrival = isPath ? IN[pick(8) >> 2] : OUT[pick(8) >> 2];
  const from = neighbour(arrival, pick(8) >> 2), sender = pick(2);
  const lists = new Map([
    [FF, () => [flowspec(), filter(0), ...(pick(2) ? [flowspec(), filter(1)] : [])]],
    [SE, () => [flowspec(), filter(pick(2)), ...(pick(2) ? [filter(pick(2))] : [])]],
    [WF, () => [flowspec()]],
  ]);
  const payload = isPath
    ? message(1, [
      ...integrity,
      session(number),
      hop(from, 9),
      refresh,
      ...extra,
      object(11, 1, senderBody(sender)),
      intServ(12, pack(word(0x01000006), tokens([500, 500, 700][pick(3)]))),
    ])
    : message(2, [
      ...integrity,
      session(number),
      hop(from, arrival),
      refresh,
      ...(pick(10) === 0 ? [object(15, 1, word(DESTINATIONS[number]))] : []),
      ...extra,
      object(8, 1, word(style)),
      ...lists.get(style)!(),
    ]);
  // A tear of the same: its type, and nothing that it must not have.
  if (pick(12) === 0) payload[1] = isPath ? 5 : 6;
  if (pick(40) === 0) payload[8 + pick(payload.length - 8)] ^= 1 << pick(8);
  // Half of the damage has a checksum that fits it.
  if (pick(2) === 0) repairChecksum(payload);
  return {
    interface: arrival,
    source: address(isPath ? 0xc0000201 + sender : from),
    destination: address(isPath ? DESTINATIONS[number] : own(arrival)),
    family: 4,
    ttl: pick(20) === 0 ? 40 : 63,
    encapsulation: 0,
    routerAlert: isPath ? 1 : 0,
    payload,
  };
}

const TABLES: (keyof TableRows)[] = [
  "sessions",
  "senders",
  "requests",
  "reservations",
  "installed",
  "interfaces",
  "counters",
];

/** An engine whose route queries and installs are answered as `pick` says. */
class Side {
  readonly engine = new Engine(defaultModule());
  constructor(readonly pick: (below: number) => number, readonly forgets: boolean) {
    this.engine.submit("CONFIG", { seed: 7, options: CONFIG_OPTION.REPORT_DROPS }, 0);
    this.drain(0);
    this.tellInterfaces(0);
  }

  tellInterfaces(nowMs: number): void {
    this.engine.submitAll("INTERFACE", interfaces, nowMs);
    this.drain(nowMs);
  }

  changeRoutes(nowMs: number): string {
    this.engine.submit("ROUTE", { query: 0, destination: address(0), prefixLength: 0, family: 4 }, nowMs);
    return this.drain(nowMs);
  }

  receive(packet: Packet, nowMs: number): string {
    if (this.forgets) this.tellInterfaces(nowMs);
    this.engine.submitPackets([packet], nowMs);
    return this.drain(nowMs);
  }

  drain(nowMs: number): string {
    const actions = [...this.engine.drain()];
    let said = lineOf(actions);
    for (const action of actions) {
      if (action.action === "ROUTE_QUERY") {
        const hops = new Uint8Array(48);
        const count = action.multicast ? 2 : 1, first = this.pick(4) === 0 ? 1 : 0;
        OUT.forEach((_, i) => void (hops[24 * i] = OUT[(i + first) % 2]));
        const { query, destination, family } = action;
        this.engine.submit("ROUTE", {
          query,
          destination,
          family,
          found: 1,
          hopCount: count,
          hops: hops.subarray(0, 24 * count),
        }, nowMs);
        said += this.drain(nowMs);
      } else if (action.action === "INSTALL") {
        const { handle, generation } = action;
        const ok = this.pick(8) === 0 ? 0 : 1;
        this.engine.submit("TRAFFIC_CONTROL_RESULT", { handle, generation, ok }, nowMs);
        said += this.drain(nowMs);
      }
    }
    return said;
  }

  tick(nowMs: number): string {
    let said = "";
    while (this.engine.deadline() <= nowMs) {
      this.engine.submit("TICK", {}, nowMs);
      said += this.drain(nowMs);
    }
    return said;
  }

  /** A line for each row. */
  tables(): string[] {
    return TABLES.flatMap((table) => this.engine.inspect(table).map((row) => `${table} ${lineOf(row)}`));
  }
}

Deno.test("a recognised refresh does what the whole procedure does, whatever came between", () => {
  let recognised = 0;
  for (let seed = 1; seed <= 40; seed++) {
    // Each side asks in the same order, so both have the same answers.
    const [fast, whole] = [new Side(random(seed), false), new Side(random(seed), true)];
    const pick = random(seed + 1000);
    const known: Packet[] = [];
    let nowMs = 0;
    for (let step = 0; step < 250; step++) {
      nowMs += [0, 1, 100, 5_000, 20_000][pick(5)];
      const note = `seed ${seed}, step ${step}`;
      assertEquals(fast.tick(nowMs), whole.tick(nowMs), note);
      const again = known.length > 0 && pick(3) !== 0;
      const one = again ? known[known.length - 1 - pick(Math.min(known.length, 6))] : packet(pick);
      if (!again) known.push(one);
      // Payloads are copied in, so that neither side sees what the other does to them.
      const unchanged = fast.engine.counters().REFRESHES_UNCHANGED ?? 0;
      assertEquals(fast.receive(one, nowMs), whole.receive(one, nowMs), note);
      if (pick(30) === 0) assertEquals(fast.changeRoutes(nowMs), whole.changeRoutes(nowMs), note);
      if ((fast.engine.counters().REFRESHES_UNCHANGED ?? 0) > unchanged) recognised++;
      if (step % 5 === 0) assertEquals(fast.tables(), whole.tables(), note);
    }
    assertEquals(fast.tables(), whole.tables(), `seed ${seed}`);
  }
  assert(recognised > 1000, `only ${recognised} refreshes changed nothing`);
});
