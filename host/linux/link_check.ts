/**
 * By which link a datagram to one of our own addresses may come. Its source lies in the subnet of the link that it came by, or
 * in none of ours, if a hop without RSVP is between; in the subnet of another of our links it is forged. The kernel's
 * reverse path filter sees that too, but it is often off, there is none for IPv6, and a group never passes it.
 *
 * What only passes through (a Path, with its sender's address as source) may come by any link: routes need not be the same
 * both ways.
 */
import type { InterfaceAddress } from "./interface_table.ts";

/** Words as they stand in memory; an IPv4 address has one. */
interface Subnet {
  readonly handle: number;
  readonly family: number;
  readonly address: Uint32Array;
  readonly mask: Uint32Array;
}

/** Our addresses, as words that need no taking apart. */
export class LinkCheck {
  #subnets: Subnet[] = [];
  #own = new Set<number>();

  /** Takes the addresses of all interfaces. */
  set(interfaces: Iterable<{ handle: number; addresses: readonly InterfaceAddress[] }>): void {
    this.#subnets = [];
    this.#own.clear();
    for (const { handle, addresses } of interfaces) {
      for (const { bytes, family, prefixLength } of addresses) {
        const mask = new Uint8Array(16);
        for (let bit = 0; bit < prefixLength; bit++) mask[bit >> 3] |= 0x80 >> (bit & 7);
        const [address, maskWords] = [bytes, mask].map((part) => new Uint32Array(part.slice().buffer));
        this.#subnets.push({ handle, family, address, mask: maskWords });
        // Of an IPv6 address a part is enough to know that it is not ours, which nearly all are.
        this.#own.add(family === 4 ? address[0] : address[3]);
      }
    }
  }

  /** True for a datagram that is addressed to us and forged. `words` are source and destination, four each. */
  isForged(words: Uint32Array, family: number, handle: number): boolean {
    if (!this.#own.has(family === 4 ? words[4] : words[7]) || !this.#isOwn(words, family)) return false;
    // A link-local address is on every link. In memory fe80 is its first two bytes.
    if (family === 6 && (words[0] & 0xc0ff) === 0x80fe) return false;
    let elsewhere = false;
    for (const subnet of this.#subnets) {
      if (subnet.family !== family || !matches(subnet, words)) continue;
      if (subnet.handle === handle) return false;
      elsewhere = true;
    }
    return elsewhere;
  }

  #isOwn(words: Uint32Array, family: number): boolean {
    return family === 4 ||
      this.#subnets.some(({ address, family }) => family === 6 && address.every((word, i) => word === words[4 + i]));
  }
}

function matches({ address, mask, family }: Subnet, words: Uint32Array): boolean {
  for (let i = 0; i < (family === 4 ? 1 : 4); i++) if (((address[i] ^ words[i]) & mask[i]) !== 0) return false;
  return true;
}
