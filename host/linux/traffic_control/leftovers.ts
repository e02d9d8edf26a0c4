/**
 * What an earlier run left behind when it was killed: classes of ours with their filters. They go on serving their flows
 * until the same flows are installed again, which then take them over, or until a lifetime has passed (RFC 2205 3.7),
 * after which nobody would ask for them any more.
 */
import type { FilterPlace } from "./classifier.ts";
import type { ClassSettings } from "./kernel_command.ts";

/** A class with the filters that name it, by the names that classifiers give them. */
export interface LeftoverClass {
  minor: number;
  settings: ClassSettings;
  filters: Map<string, FilterPlace>;
}

/** The leftovers of one interface. */
export class Leftovers {
  /** By minor number. */
  #classes = new Map<number, LeftoverClass>();
  #byName = new Map<string, LeftoverClass>();

  /** Classes that nobody has taken over. */
  get size(): number {
    return this.#classes.size;
  }

  /** What they are guaranteed, together. */
  get bytesPerSecond(): number {
    let sum = 0;
    for (const { settings } of this.#classes.values()) sum += settings.rateBytesPerSecond;
    return sum;
  }

  /** Numbers of the classes. */
  minors(): IterableIterator<number> {
    return this.#classes.keys();
  }

  /** Takes note of a filter and its class. */
  add(minor: number, settings: ClassSettings, name: string, place: FilterPlace): void {
    let found = this.#classes.get(minor);
    if (!found) this.#classes.set(minor, found = { minor, settings, filters: new Map() });
    found.filters.set(name, place);
    this.#byName.set(name, found);
  }

  /** Takes out the class that serves a flow of one of these names; undefined if there is none. */
  takeClass(names: Iterable<string>): LeftoverClass | undefined {
    for (const name of names) {
      const found = this.#byName.get(name);
      if (!found) continue;
      this.#classes.delete(found.minor);
      for (const each of found.filters.keys()) this.#byName.delete(each);
      return found;
    }
  }

  /** Takes out one filter; its class stays, with what other filters it has. */
  takeFilter(name: string): { of: LeftoverClass; place: FilterPlace } | undefined {
    const of = this.#byName.get(name);
    const place = of?.filters.get(name);
    if (!of || !place) return undefined;
    this.#byName.delete(name);
    of.filters.delete(name);
    return { of, place };
  }

  /** Takes out the rest. */
  takeAll(): LeftoverClass[] {
    const all = [...this.#classes.values()];
    this.#classes.clear();
    this.#byName.clear();
    return all;
  }
}
