/** Where the data of groups go: by the kernel's forwarding entries, else by routes of the configuration. */
import { addressKey, matchesPrefix, parsePrefix } from "../address.ts";
import type { RouteChange } from "../routing/routing.ts";
import type { ForwardingEntry } from "./route_messages.ts";

/** A multicast route of the configuration. Interfaces by name. */
export interface MulticastRoute {
  /** The group or groups: `224.1.2.3`, `239.1.0.0/16`, `ff05::/16`. */
  group: string;
  /** The sender or senders it is for: `10.1.0.0/16`; all, if left out. */
  source?: string;
  /** The interface that the data come in by; if left out, the one by which the kernel would reach the sender. */
  incoming?: string;
  /** The interfaces that they leave by. */
  outgoing?: readonly string[];
  /** This node is a member itself. */
  local?: boolean;
}

interface Configured {
  group: RouteChange;
  source?: RouteChange;
  route: MulticastRoute;
}

/** The kernel's entries and the configuration's, looked up by group and sender. */
export class MulticastRoutes {
  #entries = new Map<string, ForwardingEntry>();
  #configured: Configured[] = [];

  /** Takes all entries of the kernel in place of those that were known. */
  load(entries: readonly ForwardingEntry[]): void {
    this.#entries.clear();
    for (const entry of entries) this.set(entry);
  }

  /** Adds an entry of the kernel, or replaces it. */
  set(entry: ForwardingEntry): void {
    this.#entries.set(keyOf(entry.family, entry.group, entry.source), entry);
  }

  /** Forgets an entry of the kernel. */
  delete({ family, group, source }: ForwardingEntry): void {
    this.#entries.delete(keyOf(family, group, source));
  }

  /**
   * Sets the routes of the configuration, and returns what may have changed by that.
   * @throws {RangeError} naming a prefix that is none, or one that is of no group.
   */
  configure(routes: readonly MulticastRoute[]): RouteChange[] {
    const configured = routes.map((route): Configured => {
      const group = parsePrefix(route.group);
      if (!isGroupPrefix(group)) throw new RangeError(`"${route.group}" is no multicast group`);
      const source = route.source === undefined ? undefined : parsePrefix(route.source);
      if (source && source.family !== group.family) {
        throw new RangeError(`"${route.group}" and "${route.source}" are not of the same IP version`);
      }
      return { group, source, route };
    });
    // The narrowest first; sorting is stable, so others keep their order.
    const narrowness = ({ group, source }: Configured) => 129 * group.prefixLength + (source?.prefixLength ?? 0);
    configured.sort((a, b) => narrowness(b) - narrowness(a));
    const changed = [...this.#configured, ...configured].map(({ group }) => group);
    this.#configured = configured;
    return changed;
  }

  /** The kernel's entry for this sender, else that for any sender, else that for any group. */
  entry(family: number, group: Uint8Array, source: Uint8Array): ForwardingEntry | undefined {
    return this.#entries.get(keyOf(family, group, source)) ?? this.#entries.get(keyOf(family, group, ANY)) ??
      this.#entries.get(keyOf(family, ANY, ANY));
  }

  /** The configuration's narrowest route. */
  configuredRoute(family: number, group: Uint8Array, source: Uint8Array): MulticastRoute | undefined {
    const covers = (prefix: RouteChange, address: Uint8Array) =>
      prefix.family === family && matchesPrefix(address, prefix.prefix, prefix.prefixLength);
    return this.#configured.find((one) => covers(one.group, group) && (!one.source || covers(one.source, source)))
      ?.route;
  }
}

const ANY = new Uint8Array(16);

function keyOf(family: number, group: Uint8Array, source: Uint8Array): string {
  return `${family} ${addressKey(group, family)} ${addressKey(source, family)}`;
}

function isGroupPrefix({ prefix, prefixLength, family }: RouteChange): boolean {
  return family === 4 ? prefixLength >= 4 && (prefix[0] & 0xf0) === 0xe0 : prefixLength >= 8 && prefix[0] === 0xff;
}
