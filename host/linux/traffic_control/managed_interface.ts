/** One interface: its root, the reservations on it, and what becomes of them. */
import type { Classifier, FilterPlace } from "./classifier.ts";
import type { ClassPool } from "./class_pool.ts";
import { ERROR_CODE, ERROR_VALUE, Refusal } from "./flow_match.ts";
import { type LinkShare, spareClass } from "./htb.ts";
import type { ClassSettings, CommandFailure, CommandRunner, KernelCommand } from "./kernel_command.ts";
import type { LeftoverClass, Leftovers } from "./leftovers.ts";
import type { Plan, StandingReservation, WantedReservation } from "./plan.ts";

/** What an interface is made of; open_interface.ts puts it together. */
export interface InterfaceParts {
  target: { device: number; name: string };
  share: LinkShare;
  /** What reservations may have together. */
  reservableBytesPerSecond: number;
  classifier: Classifier;
  pool: ClassPool;
  leftovers: Leftovers;
  runner: CommandRunner;
}

/** A leftover filter that another class had, and that is of no use once its flow has a reservation again. */
interface Stray {
  of: LeftoverClass;
  name: string;
  place: FilterPlace;
}

/** What is there already of what an install asks for. */
interface Ground {
  minor: number;
  create: boolean;
  settings?: ClassSettings;
  /** By `matchName`: filters that stay. */
  kept: Map<string, FilterPlace>;
  /** Filters that go once the install has succeeded. */
  obsolete: FilterPlace[];
  adopted?: LeftoverClass;
  strays: Stray[];
}

/** Plans what happens on one interface, and keeps what stands. */
export class ManagedInterface {
  readonly parts: InterfaceParts;
  readonly reservations = new Map<number, StandingReservation>();
  /** Who has the packets of a match, by `matchName`. */
  #owners = new Map<string, number>();
  #reserved = 0;

  constructor(parts: InterfaceParts) {
    this.parts = parts;
  }

  /** What stands or is being installed, together. */
  get reservedBytesPerSecond(): number {
    return this.#reserved;
  }

  /** @throws {Refusal} if it cannot be asked of the kernel. */
  planInstall(wanted: WantedReservation): Plan {
    const { target, classifier } = this.parts;
    const standing = this.reservations.get(wanted.handle);
    this.#demandRoom(wanted, standing);
    const ground = standing ? this.#onStanding(standing, wanted) : this.#onLeftovers(wanted) ?? this.#onPool();
    const commands: KernelCommand[] = [];
    if (ground.create || !sameSettings(ground.settings, wanted.settings)) {
      const { minor, create } = ground;
      commands.push({ ...target, kind: "CLASS", minor, create, settings: wanted.settings });
    }
    const added = new Map<string, FilterPlace>();
    try {
      for (const [name, match] of wanted.matches) {
        if (ground.kept.has(name)) continue;
        const { place, command } = classifier.add(match, ground.minor);
        added.set(name, place);
        commands.push(command);
      }
    } catch (error) {
      this.#abandon(ground, added, !ground.create);
      throw error;
    }
    this.#count(wanted, standing, +1);
    return {
      commands,
      commit: () => this.#commit(wanted, standing, ground, added),
      rollback: (failures) => this.#rollback(wanted, standing, ground, { commands, added, failures }),
    };
  }

  /** Undefined if there is nothing to remove. */
  planRemove(handle: number): Plan | undefined {
    const standing = this.reservations.get(handle);
    if (!standing) return undefined;
    const { classifier, pool } = this.parts;
    this.reservations.delete(handle);
    this.#reserved -= standing.rateBytesPerSecond;
    for (const name of standing.matches.keys()) this.#owners.delete(name);
    const places = [...standing.places.values()];
    // Requests are worked off in their order, so that the next plan may use the class and the places already.
    for (const place of places) classifier.release(place);
    pool.give(standing.minor);
    return { commands: places.map((place) => classifier.removal(place)), commit: () => [], rollback: () => [] };
  }

  /** Takes out what is left of an earlier run. Returns what the kernel refused of it. */
  dropLeftovers(): CommandFailure[] {
    const { classifier, leftovers, pool, runner } = this.parts;
    const commands: KernelCommand[] = [];
    for (const { minor, filters } of leftovers.takeAll()) {
      for (const place of filters.values()) {
        commands.push(classifier.removal(place));
        classifier.release(place);
      }
      pool.give(minor);
    }
    return runner.run(commands).filter((failure) => failure !== undefined);
  }

  /** Makes spare classes, up to `count`. @throws {Refusal} if the kernel refuses. */
  makeSpareClasses(count: number): void {
    const { pool, runner, share, target } = this.parts;
    const minors: number[] = [];
    while (pool.spareCount + minors.length < count) minors.push(pool.newMinor());
    const settings = spareClass(share);
    const failures = runner.run(minors.map((minor) => ({ ...target, kind: "CLASS", minor, create: true, settings })));
    // Taken from the end: the lowest number first.
    for (let index = minors.length - 1; index >= 0; index--) if (!failures[index]) pool.give(minors[index]);
    const failure = failures.find((each) => each !== undefined);
    if (failure) throw new Refusal(`spare classes: ${failure.text}`, ERROR_CODE.SYSTEM, failure.errorNumber);
  }

  #demandRoom(wanted: WantedReservation, standing: StandingReservation | undefined): void {
    for (const name of wanted.matches.keys()) {
      const owner = this.#owners.get(name);
      if (owner === undefined || owner === wanted.handle) continue;
      const { TRAFFIC_CONTROL } = ERROR_CODE;
      throw new Refusal("another reservation has these packets", TRAFFIC_CONTROL, ERROR_VALUE.SERVICE_CONFLICT);
    }
    const sum = this.#reserved - (standing?.rateBytesPerSecond ?? 0) + wanted.rateBytesPerSecond;
    const { reservableBytesPerSecond } = this.parts;
    if (sum > reservableBytesPerSecond) {
      const text = `${Math.ceil(sum)} bytes/s of ${Math.floor(reservableBytesPerSecond)}`;
      throw new Refusal(text, ERROR_CODE.ADMISSION, ERROR_VALUE.BANDWIDTH_UNAVAILABLE);
    }
  }

  #onStanding(standing: StandingReservation, wanted: WantedReservation): Ground {
    const kept = new Map<string, FilterPlace>();
    const obsolete: FilterPlace[] = [];
    for (const [name, place] of standing.places) {
      if (wanted.matches.has(name)) kept.set(name, place);
      else obsolete.push(place);
    }
    const { minor, settings } = standing;
    return { minor, create: false, settings, kept, obsolete, strays: [] };
  }

  /** The class that served one of these flows before a crash, if there is one. */
  #onLeftovers(wanted: WantedReservation): Ground | undefined {
    const { classifier, leftovers, reservableBytesPerSecond } = this.parts;
    if (leftovers.size === 0) return undefined;
    const names = new Map([...wanted.matches].map(([name, match]) => [name, classifier.names(match)]));
    const adopted = leftovers.takeClass([...names.values()].flat());
    if (this.#reserved + wanted.rateBytesPerSecond + leftovers.bytesPerSecond > reservableBytesPerSecond) {
      // Who asks now goes before those who may never come back.
      this.dropLeftovers();
    }
    if (!adopted) return undefined;
    const kept = new Map<string, FilterPlace>();
    const strays: Stray[] = [];
    const rest = new Map(adopted.filters);
    for (const [name, filterNames] of names) {
      for (const filterName of filterNames) {
        const own = kept.has(name) ? undefined : rest.get(filterName);
        if (own) {
          kept.set(name, own);
          rest.delete(filterName);
          continue;
        }
        const found = leftovers.takeFilter(filterName);
        if (found) strays.push({ ...found, name: filterName });
      }
    }
    const obsolete = [...rest.values(), ...strays.map(({ place }) => place)];
    return { minor: adopted.minor, create: false, settings: adopted.settings, kept, obsolete, adopted, strays };
  }

  #onPool(): Ground {
    return { ...this.parts.pool.take(), kept: new Map(), obsolete: [], strays: [] };
  }

  #commit(
    wanted: WantedReservation,
    standing: StandingReservation | undefined,
    ground: Ground,
    added: Map<string, FilterPlace>,
  ): KernelCommand[] {
    const { classifier } = this.parts;
    const places = new Map([...ground.kept, ...added]);
    this.reservations.set(wanted.handle, { ...wanted, minor: ground.minor, places });
    for (const name of standing?.matches.keys() ?? []) {
      if (!wanted.matches.has(name)) this.#owners.delete(name);
    }
    for (const place of ground.obsolete) classifier.release(place);
    return ground.obsolete.map((place) => classifier.removal(place));
  }

  #rollback(
    wanted: WantedReservation,
    standing: StandingReservation | undefined,
    ground: Ground,
    outcome: {
      commands: readonly KernelCommand[];
      added: Map<string, FilterPlace>;
      failures: readonly (CommandFailure | undefined)[];
    },
  ): KernelCommand[] {
    const { commands, added, failures } = outcome;
    const { classifier, target } = this.parts;
    this.#count(wanted, standing, -1);
    const classFailed = commands.some(({ kind }, index) => kind === "CLASS" && failures[index] !== undefined);
    this.#abandon(ground, added, !classFailed);
    // Where a filter was refused because another one is there, that one is somebody else's.
    const mayStand = (index: number) => failures[index] === undefined || failures[index].unknown === true;
    const first = commands.length - added.size;
    const undo = [...added.values()].filter((_, index) => mayStand(first + index))
      .map((place) => classifier.removal(place));
    if (ground.settings && commands.some(({ kind }) => kind === "CLASS")) {
      undo.push({ ...target, kind: "CLASS", minor: ground.minor, create: false, settings: ground.settings });
    }
    return undo;
  }

  /** Gives back what a plan has taken; the class too, if there is one. */
  #abandon(ground: Ground, added: Map<string, FilterPlace>, classStands: boolean): void {
    const { classifier, leftovers, pool } = this.parts;
    for (const place of added.values()) classifier.release(place);
    const { adopted } = ground;
    if (adopted) {
      for (const [name, place] of adopted.filters) leftovers.add(adopted.minor, adopted.settings, name, place);
      for (const { of, name, place } of ground.strays) leftovers.add(of.minor, of.settings, name, place);
    } else if (!ground.settings && classStands) pool.give(ground.minor);
  }

  /** Counts what is asked for with what stands, or takes it out again. */
  #count(wanted: WantedReservation, standing: StandingReservation | undefined, sign: 1 | -1): void {
    this.#reserved += sign * (wanted.rateBytesPerSecond - (standing?.rateBytesPerSecond ?? 0));
    for (const name of wanted.matches.keys()) {
      if (sign > 0) this.#owners.set(name, wanted.handle);
      else if (!standing?.matches.has(name)) this.#owners.delete(name);
    }
  }
}

function sameSettings(a: ClassSettings | undefined, b: ClassSettings): boolean {
  return a !== undefined && a.rateBytesPerSecond === b.rateBytesPerSecond &&
    a.ceilingBytesPerSecond === b.ceilingBytesPerSecond && a.burstBytes === b.burstBytes &&
    a.ceilingBurstBytes === b.ceilingBurstBytes && a.quantumBytes === b.quantumBytes && a.priority === b.priority;
}
