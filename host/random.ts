/** Randomness from a seed, for simulations that can be run again. Never for secrets. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 32 random bits (the mixing steps are those of SplitMix with 32-bit words). */
  u32(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  }

  /** 0 up to but not including 1. */
  fraction(): number {
    return this.u32() / 4294967296;
  }

  /** 0 to `bound - 1`. */
  below(bound: number): number {
    return Math.floor(this.fraction() * bound);
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    // Nothing is drawn for an impossible event, so that switching one fault on does not move the others.
    return probability > 0 && this.fraction() < probability;
  }
}
