/**
 * A bad network from a seed: loses, duplicates, corrupts, delays and so reorders. `FaultModel` decides what becomes of
 * a datagram; `FaultInjector` wraps any transport with it. The engine never learns of either.
 */
import type { Clock } from "../clock.ts";
import { Random } from "../random.ts";
import type { Packet, PacketsHandler, Transport, TransportErrorHandler } from "./transport.ts";

/** How bad a network is. Probabilities are 0 to 1, for each datagram, each 0 by default. */
export interface FaultOptions {
  /** Same seed, same faults. */
  seed?: number;
  /** It does not arrive. */
  loss?: number;
  /** It arrives twice. */
  duplication?: number;
  /** One bit of the RSVP message is turned over. */
  corruption?: number;
  /** Held back by a random part of `reorderingDelayMs`, so that later ones overtake it. */
  reordering?: number;
  /** The longest that reordering holds one back; 10 by default. */
  reorderingDelayMs?: number;
  /** Every datagram is held back by a random part of this. */
  jitterMs?: number;
}

/** What becomes of one datagram, as {@linkcode FaultModel} decides: one copy that arrives. */
export interface FaultyCopy {
  /** The datagram, or a corrupted copy of it. */
  packet: Packet;
  /** In milliseconds, on top of the link's own delay. */
  extraDelayMs: number;
}

/**
 * Decides what becomes of datagrams, from a seed: the same faults in every run.
 *
 * @example
 * ```ts
 * import { FaultModel, parseAddress } from "@resv/resv";
 *
 * const faults = new FaultModel({ seed: 1, loss: 0.25 });
 * const { bytes: source } = parseAddress("10.0.0.1"), { bytes: destination } = parseAddress("10.0.0.2");
 * const packet = { interface: 1, source, destination, family: 4, ttl: 64, encapsulation: 0, routerAlert: 0, payload: new Uint8Array(8) };
 * for (let i = 0; i < 1000; i++) faults.decide(packet);
 * const { passed, lost } = faults.counters;
 * console.log(passed + lost, lost > 200 && lost < 300); // 1000 true
 * ```
 */
export class FaultModel {
  /** What was done so far, in datagrams. */
  readonly counters: { passed: number; lost: number; duplicated: number; corrupted: number; reordered: number } = {
    passed: 0,
    lost: 0,
    duplicated: 0,
    corrupted: 0,
    reordered: 0,
  };
  #options: FaultOptions;
  #random: Random;

  /** Faults from the seed of the options, or from 0. @throws {RangeError} naming a probability that is not 0 to 1. */
  constructor(options: FaultOptions) {
    for (const name of ["loss", "duplication", "corruption", "reordering"] as const) {
      const value = options[name];
      if (value !== undefined && !(value >= 0 && value <= 1)) throw new RangeError(`${name} is ${value}, not 0 to 1`);
    }
    this.#options = options;
    this.#random = new Random(options.seed ?? 0);
  }

  /** What becomes of a datagram: nothing, itself, or more than one copy. */
  decide(packet: Packet): FaultyCopy[] {
    const { loss = 0, duplication = 0 } = this.#options;
    if (this.#random.chance(loss)) {
      this.counters.lost++;
      return [];
    }
    this.counters.passed++;
    const copies = [this.#copy(packet)];
    if (this.#random.chance(duplication)) {
      this.counters.duplicated++;
      copies.push(this.#copy(packet));
    }
    return copies;
  }

  #copy(packet: Packet): FaultyCopy {
    const { corruption = 0, reordering = 0, reorderingDelayMs = 10, jitterMs = 0 } = this.#options;
    let arriving = packet;
    if (packet.payload.length > 0 && this.#random.chance(corruption)) {
      this.counters.corrupted++;
      const payload = packet.payload.slice();
      payload[this.#random.below(payload.length)] ^= 1 << this.#random.below(8);
      arriving = { ...packet, payload };
    }
    let extraDelayMs = jitterMs > 0 ? this.#random.fraction() * jitterMs : 0;
    if (this.#random.chance(reordering)) {
      this.counters.reordered++;
      extraDelayMs += this.#random.fraction() * reorderingDelayMs;
    }
    return { packet: arriving, extraDelayMs };
  }
}

/**
 * Puts a bad network in front of a transport, in both directions.
 *
 * @example
 * ```ts
 * import { defaultModule, FaultInjector, MemoryTransport, RsvpNode, StaticRouting, VirtualClock } from "@resv/resv";
 *
 * const clock = new VirtualClock();
 * let sent = 0;
 * const transport = new FaultInjector(new MemoryTransport({ send: () => sent++ }), clock, { loss: 1 });
 * const routing = new StaticRouting([{ prefix: "10.0.0.0/24", interface: 1 }]);
 * const interfaces = [{ interface: 1, addresses: ["10.0.0.1/24"] }];
 * const node = new RsvpNode({ module: defaultModule(), transport, clock, routing, interfaces });
 * node.session({ destination: "10.0.0.2", port: 5004 }).sender({ tokenBucketRateBytesPerSecond: 12_500 });
 * console.log(sent, transport.sending.counters.lost); // 0 1
 * ```
 */
export class FaultInjector implements Transport {
  /** What happens to what is sent. */
  readonly sending: FaultModel;
  /** What happens to what arrives; its seed is one more. */
  readonly receiving: FaultModel;
  #inner: Transport;
  #clock: Clock;

  /**
   * Goes around a transport, whose handlers it takes over.
   * @param inner carries what is left @param clock of the node, for delays @param options how bad it is
   * @throws {RangeError} naming a probability that is not 0 to 1.
   */
  constructor(inner: Transport, clock: Clock, options: FaultOptions) {
    this.#inner = inner;
    this.#clock = clock;
    this.sending = new FaultModel(options);
    this.receiving = new FaultModel({ ...options, seed: (options.seed ?? 0) + 1 });
  }

  /** Sends what the model leaves of it, when it says. */
  send(packet: Packet): void {
    this.#later(this.sending, packet, (copy) => this.#inner.send(copy));
  }

  /** Relays what the model leaves of it, when it says. */
  relay(packet: Packet): void {
    this.#later(this.sending, packet, (copy) => this.#inner.relay(copy));
  }

  /** Sets who takes what the model leaves of what arrives. */
  onPackets(handler: PacketsHandler): void {
    this.#inner.onPackets((packets) => {
      for (const packet of packets) this.#later(this.receiving, packet, (copy) => handler([copy]));
    });
  }

  /** Hands the handler to the inner transport. */
  onError(handler: TransportErrorHandler): void {
    this.#inner.onError(handler);
  }

  /** Closes the inner transport; what is held back still goes there, and is dropped. */
  close(): void {
    this.#inner.close();
  }

  #later(model: FaultModel, packet: Packet, pass: (packet: Packet) => void): void {
    for (const { packet: copy, extraDelayMs } of model.decide(packet)) {
      if (extraDelayMs === 0) pass(copy);
      else this.#clock.schedule(this.#clock.nowMs() + extraDelayMs, () => pass(copy));
    }
  }
}
