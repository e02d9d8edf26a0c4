/**
 * Refreshes that are recognised by their fingerprint, among everything that could make their outcome another one: policy
 * and preemption on a scarce interface, late and refused answers of traffic control, errors and blockade, scopes,
 * confirmations, applications, an operator's clearing, flowspecs of no sense. Two engines get the same; one of them is told
 * its interfaces anew before every packet, which voids its fingerprints, so it carries out every message whole. Both must
 * say the same. And at every action what is installed or asked for is within what the interface may reserve.
 */
import { type Action, CALL_KIND, CALL_OPTION, CONFIG_OPTION, SERVICE, type TableRows } from "../host/boundary.gen.ts";
import { defaultModule } from "../host/default_module.ts";
import { Engine } from "../host/engine.ts";
import { encodeObjects } from "../host/object_list.ts";
import { policyRecords, type PolicyRule, priorityObject } from "../host/policy.ts";
import { ResvError } from "../host/engine_errors.ts";
import { Random } from "../host/random.ts";
import type { Packet } from "../host/transport/transport.ts";
import { assert, assertEquals } from "./assert.ts";
import { type Bytes, concat, floatBits, lineOf, message, object, pack, repairChecksum } from "./fuzz/bytes.ts";
import { error, filter, hop, session, style, template, time } from "./hostile_world.ts";

type Pick = (below: number) => number;
const word = (value: number): Bytes => pack([value >>> 0, 4]);
const address = (value: number): Uint8Array => concat([word(value), new Uint8Array(12)]);
const IN = [1, 2], OUT = [3, 4];
const own = (handle: number) => (0x0a000001 | (handle << 8)) >>> 0;
const DESTINATIONS = [0x0a630001, 0x0a630002, 0x0a630003, 0xe0010203];
const FF = 0x0a, SE = 0x12, WF = 0x11;
const LIMIT = 3000;

const interfaces = [...IN, ...OUT].map((handle) => ({
  interface: handle,
  up: 1,
  ipv4: address(own(handle)),
  ipv4PrefixLength: 24,
  mtuBytes: 1500,
  reservableBytesPerSecond: LIMIT,
  perFlowBytesPerSecond: -1,
  linkBytesPerSecond: 1e6,
  services: SERVICE.CONTROLLED_LOAD | SERVICE.GUARANTEED,
}));

const RULES: PolicyRule[][] = [
  [],
  [{ signalledPriority: true }],
  [{ direction: "path", sender: "192.0.2.2", verdict: "refuse" }, { signalledPriority: true }],
  [{ destination: "10.99.0.2", preemptionPriority: 3 }, { direction: "resv", interface: 4, verdict: "refuse" }],
  [{ destination: "10.99.0.1", preemptionPriority: 2, defendingPriority: 4, announcePriority: true }],
];

/** Usually a rate that makes sense. */
const bitsOf = (pick: Pick, usual: number[]) =>
  pick(25) === 0
    ? [0x7fc00001, 0x7f800000, 0xff800000, 0x80000000, 0xc47a0000, 1][pick(6)]
    : floatBits(usual[pick(usual.length)]);
const bucket = (pick: Pick, rates: number[]) =>
  pack([0x7f000005, 4], word(bitsOf(pick, rates)), word(floatBits(500)), word(floatBits(4e3)), [64, 4], [1500, 4]);
const tspec = (pick: Pick) => object(12, 2, pack([7, 4], [0x01000006, 4], bucket(pick, [500, 900, 1400])));
function flowspec(pick: Pick): Bytes {
  const rates = [700, 700, 1200, 1900];
  if (pick(5) !== 0) return object(9, 2, pack([7, 4], [0x05000006, 4], bucket(pick, rates)));
  const spec = pack([0x82000002, 4], word(bitsOf(pick, [800, 1500])), word(0));
  return object(9, 2, pack([10, 4], [0x02000009, 4], bucket(pick, [700]), spec));
}

/** Now and then a priority, one in an object of odd lengths, an object that travels on, or one that is left out. */
function extras(pick: Pick): Bytes[] {
  const kind = pick(10);
  if (kind < 4) {
    const mergeStrategy = (["highest-qos", "highest-priority", "error"] as const)[pick(3)];
    return [
      concat([
        encodeObjects([priorityObject({ preemptionPriority: kind, defendingPriority: kind + pick(2), mergeStrategy })]),
      ]),
    ];
  }
  if (kind === 4) {
    const element = pack([12, 2], [1, 2], [0, 1], [1 + pick(4), 1], [0, 1], [0, 1], [pick(4), 2], [pick(4), 2]);
    return [object(14, 1, pack([8, 2], [0, 2], [6, 2], [9, 2], [0, 2], element, [0, 2]))];
  }
  return kind === 5 ? [object(0xc9, 1, word(pick(2)))] : kind === 6 ? [object(0x89, 1, word(pick(2)))] : [];
}

function descriptors(pick: Pick, chosen: number): Bytes[] {
  const one = (number: number) => filter(word(0xc0000201 + number));
  if (chosen === WF) return [flowspec(pick)];
  if (chosen === SE) return [flowspec(pick), ...[0, 1, 2].filter(() => pick(2)).map(one), one(pick(3))];
  return [flowspec(pick), one(pick(3)), ...(pick(2) ? [flowspec(pick), one(pick(3))] : [])];
}

function packet(pick: Pick): Packet {
  const number = pick(DESTINATIONS.length), to = word(DESTINATIONS[number]);
  const chosen = number === 3 ? WF : number === 2 ? SE : FF;
  const sender = pick(3), isPath = pick(5) < 2, isError = !isPath && pick(9) === 0;
  const arrival = isPath || isError ? IN[pick(8) >> 2] : OUT[pick(8) >> 2];
  const from = own(arrival) + 1 + (pick(8) >> 2), refresh = time([30_000, 30_000, 10_000][pick(3)]);
  const scope = chosen === WF && pick(4) === 0 ? [object(7, 1, word(0xc0000201 + pick(3)))] : [];
  const confirm = pick(8) === 0 ? [object(15, 1, word(from))] : [];
  const start = [session(to), hop(word(from), isPath ? 9 : isError ? 9 : arrival * pick(6) ? arrival : 0)];
  let payload: Bytes;
  if (isPath) {
    payload = message(1, [...start, refresh, ...extras(pick), template(word(0xc0000201 + sender)), tspec(pick)]);
  } else if (isError) {
    const failed = [error(word(from), 1 + pick(2), 2, pick(2)), ...scope, style(chosen), ...descriptors(pick, chosen)];
    payload = message(4, [...start, ...failed]);
  } else {
    payload = message(2, [
      ...start,
      refresh,
      ...confirm,
      ...scope,
      ...extras(pick),
      style(chosen),
      ...descriptors(pick, chosen),
    ]);
  }
  if (!isError && pick(14) === 0) payload[1] = isPath ? 5 : 6;
  if (pick(60) === 0) payload[8 + pick(payload.length - 8)] ^= 1 << pick(8);
  repairChecksum(payload);
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
];

/** What the host knows of one handle. */
interface Block {
  interface: number;
  generation: number;
  asked?: number;
  confirmed?: number;
}

/** An engine whose routes are answered at once, and whose traffic control takes its time. */
class Side {
  readonly engine = new Engine(defaultModule());
  readonly blocks = new Map<number, Block>();
  readonly open: { handle: number; generation: number }[] = [];
  constructor(readonly pick: Pick, readonly forgets: boolean, readonly note: string) {
    this.engine.submit("CONFIG", { seed: 7, options: CONFIG_OPTION.REPORT_DROPS }, 0);
    this.drain(0);
    this.engine.submitAll("INTERFACE", interfaces, 0);
    this.drain(0);
  }

  receive(packets: Packet[], nowMs: number): string {
    let said = "";
    for (const one of packets) {
      if (this.forgets) {
        this.engine.submitAll("INTERFACE", interfaces, nowMs);
        this.drain(nowMs);
      }
      this.engine.submitPackets([one], nowMs);
      said += this.drain(nowMs);
    }
    return said;
  }

  /** Answers some of what is open, now and then twice, refused, or as taken away again. */
  answer(nowMs: number): string {
    const records = this.open.splice(0, this.pick(this.open.length + 1)).map((asked) => {
      const block = this.blocks.get(asked.handle), kind = this.pick(10);
      const live = block?.generation === asked.generation && block.asked !== undefined;
      if (kind === 0 && live) return { ...asked, preempted: 1 };
      if (live) {
        if (kind > 1) block.confirmed = block.asked;
        block.asked = undefined;
      }
      return { ...asked, ok: kind > 1 ? 1 : 0 };
    });
    if (records.length === 0) return "";
    // The first of them comes a second time.
    if (this.pick(4) === 0 && !("preempted" in records[0])) records.push(records[0]);
    this.engine.submitAll("TRAFFIC_CONTROL_RESULT", records, nowMs);
    return this.drain(nowMs);
  }

  submit(kind: Parameters<Engine["submit"]>[0], record: Parameters<Engine["submit"]>[1], nowMs: number): string {
    let said = "";
    try {
      this.engine.submit(kind, record, nowMs);
    } catch (error) {
      // CLEAR that finds nothing says so.
      if (!(error instanceof ResvError)) throw error;
      said = error.message;
    }
    return said + this.drain(nowMs);
  }

  drain(nowMs: number): string {
    const actions = [...this.engine.drain()];
    let said = lineOf(actions);
    for (const action of actions) this.#watch(action);
    for (const action of actions) {
      if (action.action !== "ROUTE_QUERY") continue;
      const hops = new Uint8Array(48), first = this.pick(4) === 0 ? 1 : 0;
      OUT.forEach((_, index) => void (hops[24 * index] = OUT[(index + first) % 2]));
      const { query, destination, family, multicast } = action, hopCount = multicast ? 2 : 1;
      const route = { query, destination, family, found: 1, hopCount, hops: hops.subarray(0, 24 * hopCount) };
      said += this.submit("ROUTE", route, nowMs);
    }
    return said;
  }

  #watch(action: Action): void {
    if (action.action === "REMOVE") this.blocks.delete(action.handle);
    if (action.action !== "INSTALL") return;
    const { handle, generation, interface: iface, rateBytesPerSecond: asked } = action;
    this.blocks.set(handle, { interface: iface, generation, asked, confirmed: this.blocks.get(handle)?.confirmed });
    this.open.push({ handle, generation });
    let sum = 0;
    for (const block of this.blocks.values()) {
      if (block.interface === iface) sum += Math.max(block.asked ?? 0, block.confirmed ?? 0);
    }
    assert(sum <= LIMIT, `${this.note}: ${sum} bytes/s on interface ${iface}`);
  }

  tick(nowMs: number): string {
    let said = "";
    while (this.engine.deadline() <= nowMs) said += this.submit("TICK", {}, nowMs);
    return said;
  }

  tables(): string[] {
    return [
      ...TABLES.flatMap((table) => this.engine.inspect(table).map((row) => `${table} ${lineOf(row)}`)),
      lineOf({ ...this.engine.counters() }),
    ];
  }
}

/** Something that is no packet. */
function event(pick: Pick): (side: Side, nowMs: number) => string {
  const kind = pick(7), to = word(DESTINATIONS[pick(4)]), rules = RULES[pick(RULES.length)];
  const call = (name: keyof typeof CALL_KIND, objects: Bytes[], more: { style?: number; options?: number } = {}) => {
    const record = { application: 5, call: CALL_KIND[name], objects: concat(objects), ...more };
    return (side: Side, nowMs: number) => side.submit("CALL", record, nowMs);
  };
  if (kind === 0) {
    return (side, nowMs) => {
      side.engine.submitAll("POLICY", policyRecords(rules), nowMs);
      return side.drain(nowMs);
    };
  }
  if (kind === 1) return (side, nowMs) => side.submit("ROUTE", { destination: address(0), family: 4 }, nowMs);
  if (kind === 2) return call("SESSION", [session(word(DESTINATIONS[3]))]);
  if (kind === 3) return call("RESERVE", [flowspec(pick)], { style: WF, options: pick(2) ? CALL_OPTION.CONFIRM : 0 });
  if (kind === 4) return call("RELEASE", []);
  if (kind === 5 && pick(3) === 0) {
    return call("CLEAR", [session(to)], {
      options: [CALL_OPTION.CLEAR_SENDERS, CALL_OPTION.CLEAR_RESERVATIONS][pick(2)],
    });
  }
  return (side, nowMs) => side.answer(nowMs);
}

Deno.test("Recognised refreshes among policy, preemption, errors and late answers: as if carried out, within capacity", () => {
  const base = Math.floor(Math.random() * 2 ** 31);
  console.log(`seed ${base}`);
  let recognised = 0, preempted = 0;
  for (let round = 0; round < 30; round++) {
    const picker = (seed: number): Pick => {
      const random = new Random(base + seed);
      return (below) => random.below(below);
    };
    const pick = picker(2 * round), note = `seed ${base}, round ${round}`;
    const [fast, whole] = [new Side(picker(2 * round + 1), false, note), new Side(picker(2 * round + 1), true, note)];
    const known: Packet[] = [];
    for (let step = 0, nowMs = 0; step < 400; step++) {
      nowMs += [0, 1, 100, 4_000, 9_000][pick(5)];
      const at = `${note}, step ${step}`;
      assertEquals(fast.tick(nowMs), whole.tick(nowMs), at);
      if (pick(3) === 0) {
        const happens = event(pick);
        assertEquals(happens(fast, nowMs), happens(whole, nowMs), at);
      }
      const again = known.length > 0 && pick(3) !== 0;
      const one = again ? known[known.length - 1 - pick(Math.min(known.length, 8))] : packet(pick);
      if (!again) known.push(one);
      const unchanged = fast.engine.counters().REFRESHES_UNCHANGED ?? 0;
      assertEquals(fast.receive([one], nowMs), whole.receive([one], nowMs), at);
      if ((fast.engine.counters().REFRESHES_UNCHANGED ?? 0) > unchanged) recognised++;
      if (step % 10 === 0) assertEquals(fast.tables(), whole.tables(), at);
    }
    preempted += fast.engine.counters().RESERVATION_PREEMPTED ?? 0;
  }
  assert(recognised > 500 && preempted > 10, `only ${recognised} refreshes, ${preempted} preempted`);
});
