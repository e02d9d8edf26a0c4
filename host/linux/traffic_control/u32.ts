/**
 * Filters of u32 in hashed tables, so that a packet is compared with a few and not with all.
 *
 * ```
 * root of IPv4 -> RSVP's filters; link -> table 1, by the last byte of the destination
 * root of IPv6 -> RSVP's filters; link -> table 2, the same
 *   bucket of table 1 or 2 -> filters; from the 17th with a port on: link -> a table of its own, by the low byte of the port
 * ```
 *
 * The second step is made only where many flows go to one place, because a class that is made or removed costs the kernel
 * a walk over every bucket of every table. Handles are table:bucket:node with 12, 8 and 12 bits; a node of 0 means the
 * table itself. Tables from 0x800 on are the kernel's.
 */
import { ERROR_CODE, type FlowMatch, Refusal } from "./flow_match.ts";
import { type CommandRunner, filterHandle, type KernelCommand } from "./kernel_command.ts";
import { controlFilters, flowKeys, keysName, OFFSET } from "./u32_keys.ts";

const BUCKETS = 256;
const FIRST_TABLE = { 4: 1, 6: 2 } as const;
const FIRST_SECOND_TABLE = 3;
const LAST_TABLE = 0x7ff;
const LAST_NODE = 0xfff;
/** Filters of a bucket before a table of its own is made for it. */
const SPLIT_AT = 16;
const ENOSPC = 28;

/** The nodes of one bucket. */
class Bucket {
  readonly used = new Set<number>();
  /** Tables that this bucket leads to, of the first step. */
  readonly tables: number[] = [];
  #next = 1;

  /** A number that is free; 0 if there is none. */
  take(): number {
    if (this.used.size === LAST_NODE) return 0;
    while (this.used.has(this.#next)) this.#next = this.#next % LAST_NODE + 1;
    this.used.add(this.#next);
    return this.#next;
  }
}

/** The tables of one interface. */
export class U32Tables {
  #target: { device: number; name: string };
  #runner: CommandRunner;
  /** By table << 8 | bucket. */
  #buckets = new Map<number, Bucket>();
  #nextTable = FIRST_SECOND_TABLE;

  /** `runner` is used at once where a bucket needs a table of its own. */
  constructor(target: { device: number; name: string }, runner: CommandRunner) {
    this.#target = target;
    this.#runner = runner;
  }

  /** What makes the first step. The last of these shows that all have been carried out. */
  foundation(): KernelCommand[] {
    const table = (family: 4 | 6): KernelCommand => (
      { ...this.#target, kind: "TABLE", family, table: FIRST_TABLE[family], divisor: BUCKETS }
    );
    const link = (family: 4 | 6): KernelCommand => ({
      ...this.#target,
      kind: "LINK",
      family,
      handle: 0,
      table: FIRST_TABLE[family],
      offset: OFFSET[family].hash,
      mask: 0xff,
    });
    return [table(4), table(6), ...controlFilters(this.#target), link(4), link(6)];
  }

  /** A place for a filter and the command that puts it there. @throws {Refusal} if there is none left. */
  add(match: FlowMatch, minor: number): { family: 4 | 6; handle: number; command: KernelCommand } {
    const { family } = match;
    const handle = this.#place(match);
    const command: KernelCommand = {
      ...this.#target,
      kind: "FILTER",
      family,
      handle,
      minor,
      keys: flowKeys(match),
    };
    return { family, handle, command };
  }

  /** The place of a filter is free again. */
  release(handle: number): void {
    this.#buckets.get(handle >>> 12)?.used.delete(handle & LAST_NODE);
  }

  /** Takes note of a filter or a link that is there already. */
  adopt(handle: number, leadsTo?: number): void {
    if (handle >>> 20 > LAST_TABLE) return;
    const bucket = this.#bucket(handle >>> 12);
    bucket.used.add(handle & LAST_NODE);
    if (leadsTo !== undefined) bucket.tables.push(leadsTo);
  }

  /** Takes note of a table that is there already. */
  adoptTable(table: number): void {
    if (table <= LAST_TABLE) this.#nextTable = Math.max(this.#nextTable, table + 1);
  }

  #bucket(key: number): Bucket {
    let bucket = this.#buckets.get(key);
    if (!bucket) this.#buckets.set(key, bucket = new Bucket());
    return bucket;
  }

  #place(match: FlowMatch): number {
    const { family, destination, destinationPort } = match;
    const table = FIRST_TABLE[family];
    const place = destination[destination.length - 1];
    const first = this.#bucket((table << 8) | place);
    if (destinationPort === 0 || first.used.size < SPLIT_AT) {
      const node = first.take();
      if (node === 0) throw new Refusal("no room for a filter", ERROR_CODE.SYSTEM, ENOSPC);
      return filterHandle(table, place, node);
    }
    const port = destinationPort & 0xff;
    for (const second of first.tables) {
      const node = this.#bucket((second << 8) | port).take();
      if (node !== 0) return filterHandle(second, port, node);
    }
    const second = this.#split(family, place, first);
    return filterHandle(second, port, this.#bucket((second << 8) | port).take());
  }

  /** Makes a table for a bucket of the first step. */
  #split(family: 4 | 6, place: number, first: Bucket): number {
    const table = this.#nextTable;
    const node = table > LAST_TABLE ? 0 : first.take();
    if (node === 0) throw new Refusal("no room for a table of filters", ERROR_CODE.SYSTEM, ENOSPC);
    const handle = filterHandle(FIRST_TABLE[family], place, node);
    const failures = this.#runner.run([
      { ...this.#target, kind: "TABLE", family, table, divisor: BUCKETS },
      { ...this.#target, kind: "LINK", family, handle, table, offset: OFFSET[family].transport, mask: 0xff },
    ]);
    const failure = failures.find((each) => each !== undefined);
    // A number whose table may stand half made is not used again.
    this.#nextTable++;
    if (failure) {
      first.used.delete(node);
      throw new Refusal(`a table of filters: ${failure.text}`, ERROR_CODE.SYSTEM, failure.errorNumber);
    }
    first.tables.push(table);
    return table;
  }
}

/** The name of a match as its filter's keys have it, under which a leftover is found again. */
export function filterName(match: FlowMatch): string {
  return keysName(match.family, flowKeys(match));
}
