/** What the system says of its interfaces: names, addresses, and what changes. */
import type { Handles, Link } from "./interface_plan.ts";

/** Where links come from. */
export interface LinkSource {
  /** Sets which interfaces are the node's, and by what handle. */
  manage(handles: Handles): void;
  /** Those that are there, as they are now. */
  links(): Link[];
  /** Calls whenever something of them has changed. */
  onChange(handler: () => void): void;
  close(): void;
}

/** How often interfaces are looked at where nothing tells of changes. */
const LOOK_INTERVAL_MS = 5_000;

/** Links as the runtime lists them, for nodes without netlink: looked at every few seconds. Only those that are up are listed. */
export class ListedLinks implements LinkSource {
  #timer: ReturnType<typeof setInterval> | undefined;
  #seen = "";

  manage(): void {
    // All are looked at.
  }

  links(): Link[] {
    const byName = new Map<string, string[]>();
    for (const { name, cidr } of Deno.networkInterfaces()) {
      const addresses = byName.get(name);
      if (addresses) addresses.push(cidr);
      else byName.set(name, [cidr]);
    }
    return [...byName].map(([name, addresses]) => ({ name, index: 0, up: true, addresses }));
  }

  onChange(handler: () => void): void {
    clearInterval(this.#timer);
    this.#seen = JSON.stringify(this.links());
    this.#timer = setInterval(() => {
      const now = JSON.stringify(this.links());
      if (now === this.#seen) return;
      this.#seen = now;
      handler();
    }, LOOK_INTERVAL_MS);
    Deno.unrefTimer(Number(this.#timer));
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
