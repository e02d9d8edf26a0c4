/** Keeps what nftables has of each reservation, and changes it in transactions. */
import { LinuxError } from "../linux_error.ts";
import {
  deviceText,
  installText,
  type MarkedFlow,
  PacketFilter,
  removeTableText,
  removeText,
  tableText,
} from "./nftables.ts";

/** So many fit the arguments of a program. */
const FLOWS_AT_ONCE = 200;

/** A change of one reservation; without text nothing is to be done. */
export interface MarkChange {
  text: string;
  commit(): void;
}

/** The packet filter's side of the reservations. */
export class PacketMarker {
  #filter: PacketFilter;
  #print: ((line: string) => void) | undefined;
  #marksRsvp: boolean;
  /** By interface and handle. */
  #flows = new Map<object, Map<number, MarkedFlow>>();
  #waiting: { changes: readonly MarkChange[]; resolve: (failures: (string | undefined)[]) => void }[] = [];
  #running = false;

  /** With `print` nothing is done. `marksRsvp`: RSVP's own packets get CS6. */
  constructor(command: readonly string[], print: ((line: string) => void) | undefined, marksRsvp: boolean) {
    this.#filter = new PacketFilter(command);
    this.#print = print;
    this.#marksRsvp = marksRsvp;
  }

  /** Makes the table. @throws {LinuxError} in one line, if nft is not there or refuses. */
  open(devices: readonly number[]): void {
    this.#demand(tableText(this.#marksRsvp ? devices : []));
  }

  /** RSVP's packets on an interface get CS6 from now on. @throws {LinuxError} if nft refuses. */
  manage(device: number): void {
    if (this.#marksRsvp) this.#demand(deviceText(device, true));
  }

  /** Takes out what is known of an interface. @throws {LinuxError} if nft refuses. */
  forget(owner: object, device: number): void {
    const flows = [...this.#flows.get(owner)?.values() ?? []];
    this.#flows.delete(owner);
    for (let from = 0; from < flows.length; from += FLOWS_AT_ONCE) {
      this.#demand(flows.slice(from, from + FLOWS_AT_ONCE).map(removeText).join(""));
    }
    if (this.#marksRsvp) this.#demand(deviceText(device, false));
  }

  /** What gives a reservation this marking (or none) in place of what it has. */
  change(owner: object, handle: number, flow: MarkedFlow | undefined): MarkChange {
    let flows = this.#flows.get(owner);
    if (!flows) this.#flows.set(owner, flows = new Map());
    const standing = flows.get(handle);
    const own = flows;
    const commit = () => void (flow ? own.set(handle, flow) : own.delete(handle));
    if (flow) return { text: installText(flow, standing), commit };
    return { text: standing ? removeText(standing) : "", commit };
  }

  /**
   * Makes changes, after those that were asked for before. What nft says of each that it refuses. A run takes half a
   * second where there are many flows, however many change; so what comes during one goes together in the next.
   */
  run(changes: readonly MarkChange[]): Promise<(string | undefined)[]> {
    return new Promise((resolve) => {
      this.#waiting.push({ changes, resolve });
      if (!this.#running) this.#runWaiting();
    });
  }

  /** Takes the table out. @throws {LinuxError} if nft refuses. */
  close(): void {
    this.#demand(removeTableText());
  }

  #demand(text: string): void {
    const failure = this.#print ? this.#show(text) : this.#filter.runAtOnce(text);
    if (failure) throw new LinuxError(failure, 0);
  }

  async #runWaiting(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const together = this.#waiting.splice(0);
      const failures = await this.#runTogether(together.flatMap(({ changes }) => changes));
      let from = 0;
      for (const { changes, resolve } of together) resolve(failures.slice(from, from += changes.length));
    }
    this.#running = false;
  }

  /** All in one transaction; if that is refused, one by one. */
  async #runTogether(changes: readonly MarkChange[]): Promise<(string | undefined)[]> {
    const failures = new Array<string | undefined>(changes.length);
    const text = changes.map((each) => each.text).join("");
    if (text === "" || await this.#run(text) === undefined) {
      for (const each of changes) each.commit();
      return failures;
    }
    for (const [index, each] of changes.entries()) {
      if (each.text !== "") failures[index] = await this.#run(each.text);
      if (failures[index] === undefined) each.commit();
    }
    return failures;
  }

  async #run(text: string): Promise<string | undefined> {
    return this.#print ? this.#show(text) : await this.#filter.run(text);
  }

  #show(text: string): undefined {
    this.#print!(`nft -f - <<'END'\n${text}END`);
  }
}
