/** A routing table in memory: longest prefix first, then the order in which routes were added. */
import type { RouteAnswer, RouteChange, RouteHop, RouteQuestion, Routing } from "./routing.ts";
import { matchesPrefix, parseAddress, parsePrefix } from "../address.ts";

/** A route as people write it. */
export interface StaticRoute {
  /** `10.1.0.0/16`, `0.0.0.0/0`, `2001:db8::/32`; for a multicast group `224.1.2.3/32`. */
  prefix: string;
  /** Outgoing interface handle. */
  interface?: number;
  /** Next router; absent if the destination is on the link. */
  gateway?: string;
  /** Several ways out, for multicast; replaces `interface` and `gateway`. */
  hops?: readonly { interface: number; gateway?: string }[];
  /** This node is the destination, or a member of the group. */
  local?: boolean;
  /** Multicast: where the sender's data must arrive. */
  incomingInterface?: number;
}

interface Entry extends RouteChange {
  route: StaticRoute;
  answer: RouteAnswer;
}

/**
 * A routing table in memory: longest prefix first, then the order in which routes were added. Changes are announced, so
 * that a node repairs its paths (RFC 2205 3.6).
 *
 * @example
 * ```ts
 * import { parseAddress, StaticRouting } from "@resv/resv";
 *
 * const routing = new StaticRouting([
 *   { prefix: "0.0.0.0/0", interface: 1, gateway: "10.0.1.1" },
 *   { prefix: "10.0.2.0/24", interface: 2 },
 *   { prefix: "224.1.2.3/32", incomingInterface: 1, hops: [{ interface: 2 }, { interface: 3 }] },
 * ]);
 * const question = { source: parseAddress("10.0.1.9").bytes, family: 4, multicast: 0, protocol: 17, destinationPort: 0, sourcePort: 0 };
 * for (const text of ["10.0.2.7", "192.0.2.1"]) {
 *   routing.query({ ...question, destination: parseAddress(text).bytes }, ({ hops }) => console.log(text, hops[0].interface));
 * }
 * console.log(routing.remove("10.0.2.0/24")); // 1
 * ```
 */
export class StaticRouting implements Routing {
  #entries: Entry[] = [];
  #onChange: (change: RouteChange) => void = () => {};

  /** Starts with these routes. @throws {RangeError} if a prefix or a gateway is no address. */
  constructor(routes: readonly StaticRoute[] = []) {
    for (const route of routes) this.#insert(route);
  }

  /** Adds a route and announces the change. @throws {RangeError} if its prefix or a gateway is no address. */
  add(route: StaticRoute): void {
    const { prefix, prefixLength, family } = this.#insert(route);
    this.#onChange({ prefix, prefixLength, family });
  }

  /** Takes every route to exactly this prefix out, announces the change, and returns how many there were. */
  remove(prefix: string): number {
    const wanted = parsePrefix(prefix);
    const kept = this.#entries.filter((entry) =>
      entry.family !== wanted.family || entry.prefixLength !== wanted.prefixLength ||
      !matchesPrefix(entry.prefix, wanted.prefix, wanted.prefixLength)
    );
    const removed = this.#entries.length - kept.length;
    this.#entries = kept;
    if (removed > 0) this.#onChange(wanted);
    return removed;
  }

  /** Answers at once, from the first route whose prefix covers the destination. */
  query(question: RouteQuestion, answer: (answer: RouteAnswer) => void): void {
    const entry = this.#entries.find((candidate) =>
      candidate.family === question.family &&
      matchesPrefix(question.destination, candidate.prefix, candidate.prefixLength)
    );
    answer(entry?.answer ?? { found: false, hops: [] });
  }

  /** Sets who hears of `add` and `remove`; the node does. */
  onChange(handler: (change: RouteChange) => void): void {
    this.#onChange = handler;
  }

  /** Announces nothing any more. */
  close(): void {
    this.#onChange = () => {};
  }

  #insert(route: StaticRoute): Entry {
    const parsed = parsePrefix(route.prefix);
    const ways = route.hops ?? (route.interface ? [{ interface: route.interface, gateway: route.gateway }] : []);
    const hops = ways.map((way): RouteHop => {
      if (way.gateway === undefined) return { interface: way.interface };
      const gateway = parseAddress(way.gateway);
      return { interface: way.interface, gateway: gateway.bytes, family: gateway.family };
    });
    const answer = { found: true, local: route.local ?? false, incomingInterface: route.incomingInterface ?? 0, hops };
    const entry = { ...parsed, route, answer };
    this.#entries.push(entry);
    // Sorting is stable, so routes to one prefix keep their order.
    this.#entries.sort((a, b) => b.prefixLength - a.prefixLength);
    return entry;
  }
}
