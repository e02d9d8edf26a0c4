/**
 * A node under attack: an engine with interfaces, whose host answers its questions now and then, late, twice or wrongly,
 * while damaged and undamaged messages come in on all interfaces and applications call sense and nonsense.
 */
import { type Action, CALL_KIND, INPUT, type RouteInput } from "../../host/boundary.gen.ts";
import { Random } from "../../host/random.ts";
import { type Bytes, fromHex, object, pack } from "./bytes.ts";
import { checkCounters, checkReservedBandwidth, checkSent, checkTables } from "./invariants.ts";
import { Finding, Lockstep, type Submit } from "./lockstep.ts";
import { type Arrival, randomArrival } from "./messages.ts";
import { mutate } from "./mutate.ts";
import {
  boundaryAddress,
  callSubmit,
  configSubmit,
  interfaceInput,
  interfaceSubmit,
  packetsSubmit,
  policySubmit,
  resultSubmit,
  routeSubmit,
  tickSubmit,
} from "./records.ts";
import { INTERFACES, randomAdspec, randomFlowspec, randomSender, randomSession, randomTspec } from "./universe.ts";

const APPLICATIONS = 4;
const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)];

interface Question {
  query: number;
  destination: Uint8Array;
  family: number;
}
interface Install {
  handle: number;
  generation: number;
}

/** One run of the attack. Everything follows from the seed. */
export class NodeAttack {
  readonly node: Lockstep;
  readonly random: Random;
  packets = 0;
  now: number;
  #pool: readonly Bytes[];
  #questions: Question[] = [];
  #installs: Install[] = [];
  #policy: Submit | undefined;
  #empty: Record<string, number> = {};

  constructor(module: WebAssembly.Module, seed: number, pool: readonly Bytes[]) {
    this.node = new Lockstep(module);
    this.random = new Random(seed);
    this.#pool = pool;
    // Some clocks start late, and the 32 bits of the engine's time wrap in others soon.
    this.now = pick(this.random, [0, 0, 123.456, 1e12, -5000]);
    this.#configure();
  }

  #configure(): void {
    this.submit(this.#config());
    for (const iface of INTERFACES) this.submit(interfaceSubmit(interfaceInput(iface), this.now));
    this.#empty = this.node.counters();
    if (this.random.chance(0.5)) this.submit(this.#policy = this.#rules());
  }

  /** Rules that refuse a few, and rank the others by their own numbers or by what they say. */
  #rules(): Submit {
    const random = this.random;
    const count = 1 + random.below(6);
    const rules = Array.from({ length: count }, (_, position) => {
      const preemptionPriority = random.below(6);
      const family = pick(random, [0, 4, 6]);
      return {
        position,
        count,
        senderFamily: family,
        senderPrefixLength: family ? random.below(33) : 0,
        sender: boundaryAddress(random.chance(0.5) ? new Uint8Array(16) : fromHex("0a0100020000000000000000")),
        lastPort: random.chance(0.5) ? 0 : random.below(0x10000),
        elementType: random.chance(0.1) ? 1 + random.below(3) : 0,
        refuses: random.chance(0.1) ? 1 : 0,
        options: random.below(16),
        preemptionPriority,
        defendingPriority: preemptionPriority + random.below(3),
      };
    });
    return policySubmit(rules, this.now);
  }

  #config(): Submit {
    const random = this.random;
    const limited = random.chance(0.3);
    return configSubmit({
      seed: random.u32(),
      refreshIntervalMs: pick(random, [30_000, 30_000, 1000, 0xffffffff]),
      memoryLimitBytes: pick(random, [0, 2 ** 31, 2 ** 22]),
      maximumSessions: limited ? 5 : 0,
      maximumSendersPerSession: limited ? 3 : 0,
      maximumStatePerNeighbour: limited ? 6 : 0,
      options: random.chance(0.5) ? random.below(32) : 2 * random.below(2),
    }, this.now);
  }

  /** Submits, and remembers what the engine wants to know. */
  submit(submit: Submit): Action[] {
    const { actions } = this.node.submit(submit);
    for (const action of actions) {
      if (action.action === "ROUTE_QUERY") this.#questions.push(action);
      else if (action.action === "INSTALL") this.#installs.push(action);
      else if (action.action === "SEND") checkSent(action.payload);
    }
    // What is never answered is forgotten by this host.
    if (this.#questions.length > 400) this.#questions.splice(0, 200);
    if (this.#installs.length > 400) this.#installs.splice(0, 200);
    return actions;
  }

  /** One event. */
  step(): void {
    const kind = this.random.below(100);
    if (kind < 62) this.#packets();
    else if (kind < 75) this.#tick();
    else if (kind < 86) this.#routes();
    else if (kind < 92) this.#results();
    else if (kind < 97) this.#call();
    else if (kind < 98) {
      if (this.random.chance(0.3)) this.#interface();
      // The same rules again: what stands is ranked anew.
      else if (this.#policy) this.submit({ ...this.#policy, nowMs: this.now });
    } else this.#garbage();
  }

  #arrival(): Arrival {
    const arrival = randomArrival(this.random);
    if (!this.random.chance(0.4)) return arrival;
    return { ...arrival, payload: mutate(this.random, arrival.payload, this.#pool) };
  }

  #packets(): void {
    const arrivals = Array.from({ length: 1 + this.random.below(12) }, () => this.#arrival());
    // Replays are damage too.
    if (this.random.chance(0.3)) arrivals.push(pick(this.random, arrivals));
    const submit = packetsSubmit(arrivals, this.now);
    const single = submit.count === 1 ? this.node.counters() : undefined;
    this.submit(submit);
    this.packets += submit.count;
    if (single) checkCounters(single, this.node.counters());
    // Most hosts answer soon.
    if (this.random.chance(0.7)) this.#routes();
    if (this.random.chance(0.5)) this.#results();
  }

  #tick(): void {
    const random = this.random;
    const kind = random.below(20);
    if (kind < 6) this.now += random.below(40_000);
    else if (kind < 14) this.now = Math.max(this.now, Math.min(this.node.engines[0].deadline(), this.now + 1e6));
    else if (kind === 14) this.now += random.u32();
    else if (kind === 15) this.now += random.fraction();
    const strange = kind === 16 ? pick(random, [NaN, -Infinity, this.now - 1e6, 0, -1]) : this.now;
    this.submit(tickSubmit(strange));
  }

  #hop(): Uint8Array {
    const iface = this.random.chance(0.8) ? INTERFACES[1 + this.random.below(2)] : pick(this.random, INTERFACES);
    const hop = new Uint8Array(24);
    const handle = this.random.chance(0.03) ? this.random.u32() : iface.handle;
    new DataView(hop.buffer).setUint32(0, handle, true);
    if (this.random.chance(0.3)) {
      hop[4] = 4;
      hop.set(fromHex(iface.ipv4), 8);
    }
    return hop;
  }

  #route(question: Question | undefined): RouteInput {
    const random = this.random;
    const hops = Array.from({ length: random.chance(0.3) ? random.below(5) : 2 }, () => this.#hop());
    const handles = hops.map((hop) => new DataView(hop.buffer).getUint32(0, true));
    return {
      query: question?.query ?? random.below(300),
      destination: question?.destination ?? boundaryAddress(fromHex("0a000001")),
      family: question?.family ?? 4,
      found: hops.length > 0 ? 1 : 0,
      local: random.chance(0.3) ? 1 : 0,
      incomingInterface: random.chance(0.3) ? pick(random, [1, 2, 3, 65535, 9]) : 0,
      hopCount: random.chance(0.01) ? random.u32() : handles.length,
      hops: pack(...hops),
    };
  }

  #routes(): void {
    const random = this.random;
    if (random.chance(0.03)) {
      const prefixLength = random.below(40);
      const family = random.chance(0.7) ? 4 : random.below(8);
      this.submit(
        routeSubmit([{ query: 0, destination: boundaryAddress(fromHex("0a000000")), family, prefixLength }], this.now),
      );
      return;
    }
    const answers: RouteInput[] = [];
    while (this.#questions.length > 0 && answers.length < 20) {
      const index = random.chance(0.9) ? 0 : random.below(this.#questions.length);
      answers.push(this.#route(this.#questions[index]));
      // Some are answered twice.
      if (!random.chance(0.05)) this.#questions.splice(index, 1);
    }
    if (random.chance(0.1)) answers.push(this.#route(undefined));
    if (answers.length > 0) this.submit(routeSubmit(answers, this.now));
  }

  #results(): void {
    const random = this.random;
    const results = [];
    for (let left = random.below(10); left > 0; left--) {
      const invented = random.chance(0.05);
      const index = random.below(this.#installs.length);
      const install = this.#installs[index];
      if (!install && !invented) break;
      results.push({
        handle: invented ? random.below(200) : install.handle,
        generation: random.chance(0.05) ? random.u32() : install?.generation ?? 0,
        ok: random.chance(0.7) ? 1 : 0,
        preempted: random.chance(0.05) ? 1 : 0,
        errorCode: random.chance(0.7) ? 0 : random.below(256),
        errorValue: random.below(4),
      });
      if (!random.chance(0.1)) this.#installs.splice(index, 1);
    }
    if (results.length > 0) this.submit(resultSubmit(results, this.now));
  }

  #call(): void {
    const random = this.random;
    const session = randomSession(random);
    const call = random.chance(0.05) ? random.below(8) : 1 + random.below(4);
    let objects: Uint8Array = new Uint8Array(0);
    if (call === CALL_KIND.SESSION) objects = session.object;
    if (call === CALL_KIND.SENDER && !random.chance(0.1)) {
      objects = pack(
        this.#localSender(session.family),
        randomTspec(random),
        ...(random.chance(0.5) ? [randomAdspec(random)] : []),
      );
    }
    if (call === CALL_KIND.RESERVE) {
      objects = pack(randomFlowspec(random), ...(random.chance(0.7) ? [randomSender(random, 10, session)] : []));
    }
    if (random.chance(0.2)) {
      objects = mutate(random, pack([0x10010000, 4], [0x3f000000, 4], objects), this.#pool).slice(8);
    }
    this.submit(callSubmit({
      call,
      options: random.below(4),
      ttl: random.below(3),
      style: pick(random, [0x0a, 0x0a, 0x12, 0x11, 0, 7]),
      application: random.chance(0.03) ? random.u32() : 1 + random.below(APPLICATIONS),
      interface: random.chance(0.2) ? pick(random, [1, 2, 3, 9, 65535]) : 0,
      objects,
    }, this.now));
  }

  #localSender(family: 4 | 6): Bytes {
    const iface = pick(this.random, INTERFACES);
    const address = fromHex(family === 4 ? iface.ipv4 : iface.ipv6 || "20010db80001000000000000000000fe");
    return object(11, family === 4 ? 1 : 2, pack(address, [0, 2], [4000, 2]));
  }

  #interface(): void {
    // Settings may change while the node runs, limits below what stands included.
    if (this.random.chance(0.3)) {
      this.submit(this.#config());
      return;
    }
    const iface = pick(this.random, INTERFACES);
    this.submit(interfaceSubmit(interfaceInput(iface, this.random.chance(0.6) ? 1 : 0), this.now));
  }

  #garbage(): void {
    const random = this.random;
    const bytes = new Uint8Array(8 * (1 + random.below(60)));
    for (let at = 0; at < bytes.length; at++) bytes[at] = random.chance(0.6) ? 0 : random.below(256);
    // Half of them have lengths that fit, so that what is behind the check of lengths is reached.
    if (random.chance(0.5)) bytes.set([0, 0, 0, 0, bytes.length & 255, bytes.length >> 8, 0, 0]);
    const kind = pick(random, [
      INPUT.PACKETS,
      INPUT.TICK,
      INPUT.ROUTE,
      INPUT.TRAFFIC_CONTROL_RESULT,
      INPUT.CALL,
      0,
      8,
      99,
    ]);
    const count = random.chance(0.1) ? random.u32() : random.below(4);
    this.submit({ kind, count, nowMs: this.now, parts: [{ at: 0, bytes }] });
  }

  /** What must hold at any time between two submits. */
  check(): void {
    checkTables(this.node.engines[0]);
    checkReservedBandwidth(this.node.engines[0]);
  }

  /** Lets everything expire; then nothing may be left. */
  end(): void {
    for (let application = 1; application <= APPLICATIONS; application++) {
      this.submit(callSubmit({ call: CALL_KIND.RELEASE, application }, this.now));
    }
    const { engines: [engine] } = this.node;
    // Applications with handles that were made up are released by them.
    for (const sender of engine.inspect("sessions").length > 0 ? this.#strayApplications() : []) {
      this.submit(callSubmit({ call: CALL_KIND.RELEASE, application: sender }, this.now));
    }
    for (let ticks = 0; engine.deadline() !== Infinity; ticks++) {
      if (ticks > 5000) throw new Finding(`state does not end: deadline ${engine.deadline()} at ${this.now}`);
      this.now = Math.max(this.now, engine.deadline()) + 2 ** 27;
      this.submit(tickSubmit(this.now));
    }
    // Rules stay whatever expires; none, and the list that was not handed over whole goes too.
    this.submit(policySubmit([{ position: 0, count: 0 }], this.now));
    const left = this.node.counters();
    for (
      const name of [
        "SESSIONS",
        "PATH_STATES",
        "RESERVATION_STATES",
        "TRAFFIC_CONTROL_STATES",
        "BLOCKADE_STATES",
        "NEIGHBOURS",
      ]
    ) {
      if (left[name]) throw new Finding(`${left[name]} ${name} are left after everything has expired`);
    }
    if (left.STATE_BYTES !== this.#empty.STATE_BYTES) {
      throw new Finding(
        `${left.STATE_BYTES} STATE_BYTES after everything has expired, ${this.#empty.STATE_BYTES} before`,
      );
    }
    if (left.MEMORY_BYTES > 64 << 20) throw new Finding(`memory has grown to ${left.MEMORY_BYTES} bytes`);
  }

  #strayApplications(): number[] {
    const handles = new Set<number>();
    for (const { kind, parts } of this.node.log) {
      if (kind !== INPUT.CALL) continue;
      for (const { bytes } of parts) {
        if (bytes.length >= 16) handles.add(new DataView(bytes.buffer, bytes.byteOffset).getUint32(12, true));
      }
    }
    return [...handles];
  }
}
