/**
 * The first Path of a usual sender makes its state in one go (engine-as/process/first_path.ts), and what goes on is written
 * in one go, with an ADSPEC that has been composed before where that is so, and a checksum from known parts
 * (engine-as/process/path_refresh.ts, composed_adspec.ts). It is what the general way writes: two engines hear the same
 * senders, but one hears each of them with an unknown object besides, which goes on with the Path (RFC 2205 section 3.10) and
 * makes it unusual; the other one hears some with a NULL object, which is skipped. A ResvConf that goes on as it came has
 * its checksum from the one it had.
 */
import { CONFIG_OPTION, type InterfaceInput, SERVICE } from "../host/boundary.gen.ts";
import { defaultModule } from "../host/default_module.ts";
import { Engine } from "../host/engine.ts";
import { Random } from "../host/random.ts";
import { assert, assertEquals } from "./assert.ts";
import { type Bytes, concat, floatBits, lineOf, message, object, pack, repairChecksum, toHex } from "./fuzz/bytes.ts";
import { error, filter, flowspec, hop, session, style, template, time, tspec } from "./hostile_world.ts";

const word = (value: number): Bytes => pack([value >>> 0, 4]);
const address = (value: number): Uint8Array => concat([word(value), new Uint8Array(12)]);
const OWN = [0xc00002fe, 0xcb0071fe, 0xcb0072fe];
const [PATH, PATH_TEAR, RESV_CONFIRM] = [1, 5, 7], UNKNOWN = 0xc1;
const CARRIED = object(UNKNOWN, 1, new Uint8Array(4)), NULL_OBJECT = object(0, 0, new Uint8Array(0));

const one = (parameter: number, value: number) => pack([parameter, 1], [0, 1], [1, 2], [value >>> 0, 4]);

/** The shape of nearly all ADSPECs, with few values and many, some near their limits. */
function adspec(random: Random): Bytes {
  const value = () => random.chance(0.7) ? random.below(3) : random.chance(0.5) ? 0xffffff00 + random.below(256) : 255;
  const breaks = () => random.chance(0.1) ? 0x00800000 : 0;
  const general = [
    one(4, value()),
    one(6, floatBits(random.below(3) * 1e6)),
    one(8, value()),
    one(10, 1 + random.below(3000)),
  ];
  const terms = [133, 134, 135, 136].map((parameter) => one(parameter, value()));
  const head = (service: number) => pack([service | breaks(), 4]);
  return object(13, 2, pack([19, 4], head(0x01000008), ...general, head(0x02000008), ...terms, head(0x05000000)));
}

interface Told {
  type: number;
  objects: readonly Bytes[];
  to: number;
  ttl: number;
  flags?: number;
  /** With a NULL object, where nothing else makes it unusual. */
  unusual?: boolean;
}

/** What it sent, whose checksums are right: Paths without the object that only one side carries, and without the length. */
class Side {
  readonly engine = new Engine(defaultModule());
  paths = 0;
  constructor(readonly carried: readonly Bytes[], readonly branches: number) {}

  submit(kind: "CONFIG" | "INTERFACE" | "ROUTE" | "TICK", record: Record<string, unknown>, nowMs: number): string {
    this.engine.submit(kind, record as never, nowMs);
    return this.drain(nowMs);
  }

  receive(packet: Told, nowMs: number): string {
    const { type, objects, to, ttl } = packet;
    const carried = type !== PATH ? [] : this.carried.length || !packet.unusual ? this.carried : [NULL_OBJECT];
    const payload = message(type, [...objects.slice(0, 3), ...carried, ...objects.slice(3)], 63);
    payload[0] |= packet.flags ?? 0;
    payload[5] = packet.flags ?? 0;
    repairChecksum(payload);
    const addresses = { source: address(0xc6336401), destination: address(to), family: 4 } as const;
    this.engine.submitPackets(
      [{ interface: 1, ...addresses, ttl, encapsulation: 0, routerAlert: 1, payload }],
      nowMs,
    );
    return this.drain(nowMs);
  }

  drain(nowMs: number): string {
    let said = "";
    for (const action of [...this.engine.drain()]) {
      if (action.action === "SEND") said += this.sent(action.payload, `${action.interface} ${action.ttl}`);
      if (action.action !== "ROUTE_QUERY") continue;
      const hops = new Uint8Array(24 * this.branches);
      for (let branch = 0; branch < this.branches; branch++) hops[24 * branch] = 2 + branch;
      const { query, destination, family } = action;
      said += this.submit("ROUTE", { query, destination, family, found: 1, hopCount: this.branches, hops }, nowMs);
    }
    return said;
  }

  tables(): string {
    const rows = (["sessions", "requests", "neighbours"] as const).map((name) => lineOf(this.engine.inspect(name)));
    const counters = Object.entries(this.engine.counters()).filter(([name]) => !/BYTES|REFRESHES_UNCHANGED/.test(name));
    // A session is numbered by where it stands in memory, which may differ, and the tables have them by their keys.
    return rows.map((row) => row.replaceAll(/"session":\d+,?/g, "")).join("\n") + counters.sort().join("\n");
  }

  sent(payload: Uint8Array, where: string): string {
    const repaired = payload.slice();
    repairChecksum(repaired);
    assertEquals(toHex(payload), toHex(repaired), "checksum");
    if (payload[1] === PATH) this.paths++;
    const objects: string[] = [];
    for (let at = 8; at < payload.length; at += payload[at] * 256 + payload[at + 1]) {
      if (payload[at + 2] !== UNKNOWN) {
        objects.push(toHex(payload.subarray(at, at + payload[at] * 256 + payload[at + 1])));
      }
    }
    return `${where} ${payload[1]} ${payload[4]}: ${objects.join(" ")}\n`;
  }
}

const HOPS = [0xc0000201, 0xc0000202];

function randomInterface(random: Random, index: number): InterfaceInput {
  return {
    interface: index + 1,
    up: 1,
    // What was a hop may become an address of this node's.
    ipv4: address(index === 2 && random.chance(0.5) ? HOPS[0] : OWN[index]),
    ipv4PrefixLength: 24,
    mtuBytes: 500 + random.below(3) * 500,
    reservableBytesPerSecond: -1,
    perFlowBytesPerSecond: -1,
    linkBytesPerSecond: random.below(3) * 7e5,
    minimumLatencyMicroseconds: random.below(3) * 10,
    guaranteedErrorTermBytes: random.below(3) * 5,
    guaranteedErrorTermMicroseconds: random.below(2) * 5,
    policing: random.below(2),
    services: random.chance(0.7) ? SERVICE.CONTROLLED_LOAD | SERVICE.GUARANTEED : SERVICE.CONTROLLED_LOAD,
  };
}

function play(seed: number): number {
  const random = new Random(seed), branches = 1 + random.below(2);
  const sides = [new Side([], branches), new Side([CARRIED], branches)];
  const both = (act: (side: Side) => string, what: string) => {
    const [usual, general] = sides.map(act);
    assertEquals(usual, general, `seed ${seed}: ${what}`);
  };
  const limits = { maximumSessions: random.chance(0.2) ? 5 : 0, maximumStatePerNeighbour: random.chance(0.2) ? 4 : 0 };
  both((side) => side.submit("CONFIG", { seed, options: CONFIG_OPTION.NO_JITTER, ...limits }, 0), "CONFIG");
  for (let index = 0; index < 3; index++) {
    const iface = randomInterface(random, index);
    both((side) => side.submit("INTERFACE", { ...iface }, 0), "INTERFACE");
  }
  const adspecs = Array.from({ length: 4 }, () => adspec(random));
  for (let round = 0, nowMs = 0; round < 200; round++, nowMs += random.below(3000)) {
    both((side) => {
      let said = "";
      while (side.engine.deadline() <= nowMs) said += side.submit("TICK", {}, nowMs);
      return said;
    }, "TICK");
    if (random.chance(0.06)) {
      const iface = randomInterface(random, random.below(3));
      both((side) => side.submit("INTERFACE", { ...iface }, nowMs), "INTERFACE");
      continue;
    }
    const group = random.chance(0.3), to = (group ? 0xe8000001 : 0x0a630001) + random.below(6), from = word(0xc6336401);
    const about = session(word(to)),
      previous = hop(word(0xc0000201), 9),
      sender = template(from, 4000 + random.below(2));
    about[9] = random.below(2);
    const end = random.chance(0.2), ttl = random.chance(0.8) ? 63 : 62;
    if (random.chance(0.1)) adspecs[random.below(4)] = adspec(random);
    const specs = [tspec(1000 * (1 + random.below(3))), ...(random.chance(0.9) ? [adspecs[random.below(4)]] : [])];
    const objects = end ? [about, previous, sender, specs[0]] : [about, previous, time(30_000), sender, ...specs];
    const told: Told = { type: end ? PATH_TEAR : PATH, objects, to, ttl, unusual: random.chance(0.2) };
    both((side) => side.receive(told, nowMs), toHex(concat(objects)));
    if (round % 20 === 0) both((side) => side.tables(), "tables");
  }
  for (const side of sides) assertEquals(side.engine.counters().SENT_PATH ?? 0, side.paths, `seed ${seed}`);
  return sides[0].paths;
}

Deno.test("The Path of a usual sender is what the general way writes, whatever it and the interface say", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`seed ${seed}`);
  let paths = 0;
  for (let history = 0; history < 60; history++) paths += play(seed + history);
  assert(paths > 5000, `${paths} Paths`);
});

Deno.test("A hop whose address has become this node's own makes no state by the short way either", () => {
  const side = new Side([], 1), random = new Random(1);
  const iface = (index: number, own: number) => ({ ...randomInterface(random, index), ipv4: address(own) });
  side.submit("CONFIG", { seed: 1 }, 0);
  OWN.forEach((own, index) => side.submit("INTERFACE", iface(index, own), 0));
  const specs = [tspec(1000), adspec(random)];
  const path = (number: number) => {
    const to = 0x0a630001 + number, from = word(0xc6336401);
    const objects = [session(word(to)), hop(word(HOPS[0]), 9), time(30_000), template(from, 4000), ...specs];
    side.receive({ type: PATH, objects, to, ttl: 63 }, 0);
    return side.engine.counters().PATH_STATES;
  };
  assertEquals([path(1), path(2), path(3)], [1, 2, 3]);
  side.submit("INTERFACE", iface(2, HOPS[0]), 0);
  assertEquals(path(4), 3);
  side.submit("INTERFACE", iface(2, OWN[2]), 0);
  assertEquals([path(5), path(6)], [4, 5]);
});

Deno.test("A ResvConf that goes on has the checksum of what it is now, whatever it held", () => {
  const seed = Math.floor(Math.random() * 2 ** 31), random = new Random(seed);
  console.log(`seed ${seed}`);
  const side = new Side([], 1);
  side.submit("CONFIG", { seed: 1 }, 0);
  for (let index = 0; index < 3; index++) side.submit("INTERFACE", { ...randomInterface(random, index) }, 0);
  for (let round = 0; round < 2000; round++) {
    const to = random.below(2 ** 31) + 1, from = word(0xc6336401);
    const sender = filter(from, random.below(65536));
    // Unused bytes are cleared where it passes.
    if (random.chance(0.2)) sender[8] = random.below(256);
    const objects = [session(word(0x0a630001)), error(from, 0), object(15, 1, word(to)), style(0x0a)];
    objects.push(flowspec(1000 * (1 + random.below(100))), sender);
    const flags = random.chance(0.2) ? random.below(16) : 0;
    const said = side.receive({ type: RESV_CONFIRM, objects, to, ttl: 2 + random.below(254), flags }, 0);
    sender[8] = 0;
    assert(said.endsWith(`: ${objects.map(toHex).join(" ")}\n`), `seed ${seed}, round ${round}: ${said}`);
  }
});
