/** Routes of a host: its own addresses, what is on its links, and everything else by its next hop. */
import { addressKey, formatAddress, matchesPrefix, parseAddress, parsePrefix } from "../address.ts";
import type { RouteAnswer, RouteChange, RouteHop, RouteQuestion, Routing } from "../routing/routing.ts";

/** An interface of a host. */
export interface HostInterface {
  /** Handle, from 1. */
  readonly interface: number;
  /** With prefix length: `192.0.2.7/24`. */
  readonly address: string;
  /** Router for what is not on the link. */
  readonly nextHop?: string;
}

/**
 * Routing for a host with an interface or a few. Data to a group leave by the first interface of the family, and groups
 * are delivered here while somebody is a member.
 */
export class HostRouting implements Routing {
  #interfaces: readonly HostInterface[];
  #members = new Set<string>();
  #onChange: (change: RouteChange) => void = () => {};

  /** Throws a RangeError for what is no address. */
  constructor(interfaces: readonly HostInterface[]) {
    for (const { address, nextHop } of interfaces) {
      parsePrefix(address);
      if (nextHop !== undefined) parseAddress(nextHop);
    }
    this.#interfaces = interfaces;
  }

  /** Somebody listens to a group, or nobody any more. */
  setMember(group: string, member: boolean): void {
    const { bytes, family } = parseAddress(group);
    const key = `${family} ${addressKey(bytes, family)}`;
    if (member) this.#members.add(key);
    else this.#members.delete(key);
    this.#onChange({ prefix: bytes, prefixLength: family === 4 ? 32 : 128, family });
  }

  /** Answers at once. */
  query({ destination, family, multicast }: RouteQuestion, answer: (answer: RouteAnswer) => void): void {
    const usable = this.#interfaces.filter(({ address }) => parsePrefix(address).family === family);
    if (multicast) {
      const local = this.#members.has(`${family} ${addressKey(destination, family)}`);
      const hops = usable.slice(0, 1).map((out): RouteHop => ({ interface: out.interface }));
      return answer({ found: local || hops.length > 0, local, hops });
    }
    const text = formatAddress(destination, family);
    if (usable.some(({ address }) => formatAddress(parsePrefix(address).prefix, family) === text)) {
      return answer({ found: true, local: true, hops: [] });
    }
    const onLink = usable.find(({ address }) => {
      const { prefix, prefixLength } = parsePrefix(address);
      return matchesPrefix(destination, prefix, prefixLength);
    });
    if (onLink) return answer({ found: true, hops: [{ interface: onLink.interface }] });
    const out = usable.find(({ nextHop }) => nextHop !== undefined && parseAddress(nextHop).family === family);
    if (!out) return answer({ found: false, hops: [] });
    answer({ found: true, hops: [{ interface: out.interface, gateway: parseAddress(out.nextHop!).bytes, family }] });
  }

  /** Sets the one receiver of changes. */
  onChange(handler: (change: RouteChange) => void): void {
    this.#onChange = handler;
  }

  /** Changes are announced no more. */
  close(): void {
    this.#onChange = () => {};
  }
}
