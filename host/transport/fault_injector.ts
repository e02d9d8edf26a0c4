/**
 * A bad network from a seed: loses, duplicates, corrupts, delays and so reorders. `FaultModel` decides what becomes of
 * a datagram; `FaultInjector` wraps any transport with it. The engine never learns of either.
 */
import type { Clock } from "../clock.ts";
import { Random } from "../random.ts";
import type { Packet, PacketsHandler, Transport, TransportErrorHandler } from "./transport.ts";

/** Probabilities are 0 to 1, each 0 by default. */
export interface FaultOptions {
  /** Same seed, same faults. */
  seed?: number;
  loss?: number;
  duplication?: number;
  /** One bit of the RSVP message is turned over. */
  corruption?: number;
  /** Held back by a random part of `reorderingDelayMs`, so that later ones overtake it. */
  reordering?: number;
  /** 10 by default. */
  reorderingDelayMs?: number;
  /** Every datagram is held back by a random part of this. */
  jitterMs?: number;
}

/** A copy that arrives. */
export interface FaultyCopy {
  packet: Packet;
  /** On top of the link's own delay. */
  extraDelayMs: number;
}

export class FaultModel {
  /** What was done so far. */
  readonly counters = { passed: 0, lost: 0, duplicated: 0, corrupted: 0, reordered: 0 };
  #options: FaultOptions;
  #random: Random;

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

/** Puts a bad network in front of a transport, in both directions. */
export class FaultInjector implements Transport {
  readonly sending: FaultModel;
  readonly receiving: FaultModel;
  #inner: Transport;
  #clock: Clock;

  constructor(inner: Transport, clock: Clock, options: FaultOptions) {
    this.#inner = inner;
    this.#clock = clock;
    this.sending = new FaultModel(options);
    this.receiving = new FaultModel({ ...options, seed: (options.seed ?? 0) + 1 });
  }

  send(packet: Packet): void {
    this.#later(this.sending, packet, (copy) => this.#inner.send(copy));
  }

  relay(packet: Packet): void {
    this.#later(this.sending, packet, (copy) => this.#inner.relay(copy));
  }

  onPackets(handler: PacketsHandler): void {
    this.#inner.onPackets((packets) => {
      for (const packet of packets) this.#later(this.receiving, packet, (copy) => handler([copy]));
    });
  }

  onError(handler: TransportErrorHandler): void {
    this.#inner.onError(handler);
  }

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
