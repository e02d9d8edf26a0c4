/** Session look-up in plain TypeScript: as most would write it, and tuned. */

/** A Map whose key is text, as applications do it. */
export class MapSessions {
  #sessions = new Map<string, { number: number }>();

  add(
    destination: number,
    protocol: number,
    port: number,
    number: number,
  ): void {
    this.#sessions.set(`${destination}/${protocol}/${port}`, { number });
  }

  find(destination: number, protocol: number, port: number): number {
    return this.#sessions.get(`${destination}/${protocol}/${port}`)?.number ??
      -1;
  }
}

/** Open addressing over typed arrays: { fingerprint, number } slots and one array for each part of the key. */
export class TableSessions {
  readonly #mask: number;
  readonly #slots: Uint32Array;
  readonly #destinations: Uint32Array;
  readonly #ports: Uint32Array;

  constructor(count: number) {
    let size = 1;
    while (size < count + count / 3) size *= 2;
    this.#mask = size - 1;
    this.#slots = new Uint32Array(size * 2);
    this.#destinations = new Uint32Array(count);
    this.#ports = new Uint32Array(count);
  }

  #hash(destination: number, portAndProtocol: number): number {
    let h = Math.imul(
      destination ^ Math.imul(portAndProtocol, 0x9e3779b1),
      0x85ebca6b,
    );
    h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35);
    return (h ^ (h >>> 13)) >>> 0;
  }

  add(
    destination: number,
    protocol: number,
    port: number,
    number: number,
  ): void {
    const hash = this.#hash(destination, (port << 8) | protocol);
    let slot = hash & this.#mask;
    while (this.#slots[slot * 2] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot * 2] = (hash | 1) >>> 0;
    this.#slots[slot * 2 + 1] = number;
    this.#destinations[number] = destination;
    this.#ports[number] = (port << 8) | protocol;
  }

  find(destination: number, protocol: number, port: number): number {
    const portAndProtocol = (port << 8) | protocol;
    const hash = this.#hash(destination, portAndProtocol);
    const tag = (hash | 1) >>> 0;
    for (let slot = hash & this.#mask;; slot = (slot + 1) & this.#mask) {
      const found = this.#slots[slot * 2];
      if (found === 0) return -1;
      if (found !== tag) continue;
      const number = this.#slots[slot * 2 + 1];
      if (
        this.#destinations[number] === destination &&
        this.#ports[number] === portAndProtocol
      ) return number;
    }
  }
}
