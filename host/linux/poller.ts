/**
 * Waits for many descriptors with one call of poll on one thread of the runtime's pool.
 *
 * ```
 * pollfd, 8 bytes: descriptor@0 i32, events@4 i16, revents@6 i16
 * ```
 *
 * Closing a descriptor does not end a wait for it, and a wait that is left standing keeps the process from ending. So an
 * eventfd is among what is waited for: writing to it ends the wait, whenever descriptors are added or removed.
 *
 * A wait costs a change of threads and back, some 50 microseconds, which at thousands of packets a second is most of the
 * work. So a handler that is called again and again says that it is busy: then there is a pause of a millisecond, in which
 * more comes, and a look that does not wait (1 microsecond). Only when nothing has come the thread waits again.
 */
import { call, libc } from "./libc.ts";

const POLLFD_BYTES = 8;
const POLLIN = 1;
const POLLNVAL = 0x20;
const EFD_NONBLOCK_CLOEXEC = 0x800 | 0x80000;
const RETRY_MS = 10;
const PAUSE_MS = 1;

/** That there was much to read, or that there still is. */
export type Busy = "stream" | "more";

/** Reads what can be read, and says what comes next. */
export type Readable = () => Busy | void;

/** Calls back when descriptors can be read. The wait begins with the first descriptor and ends with the last. */
export class Poller {
  #handlers = new Map<number, Readable>();
  #wake = -1;
  #ended: Promise<void> | undefined;
  #changed = false;
  #removals: (() => void)[] = [];

  /**
   * Calls `readable` whenever something can be read, or the descriptor has failed; it must read what there is, without
   * waiting, and not throw. If it returns `"stream"` it is not called again for a millisecond; if it returns `"more"`,
   * because it left something to be read, it is called again as soon as others have had their turn.
   * @throws {LinuxError} if the kernel gives no eventfd.
   */
  add(descriptor: number, readable: Readable): void {
    if (this.#wake < 0) this.#wake = call(libc().eventfd(0, EFD_NONBLOCK_CLOEXEC), "an eventfd");
    this.#handlers.set(descriptor, readable);
    this.#interrupt();
    this.#ended ??= this.#run();
  }

  /** No call after this. The descriptor may be closed at once. */
  remove(descriptor: number): void {
    if (this.#handlers.delete(descriptor)) this.#interrupt();
  }

  /** Holds when no thread waits any more for what has been removed. */
  removed(): Promise<void> {
    return this.#ended ? new Promise((resolve) => void this.#removals.push(resolve)) : Promise.resolve();
  }

  /** Removes all. The promise holds when no thread is left. */
  async close(): Promise<void> {
    this.#handlers.clear();
    this.#interrupt();
    await this.idle();
  }

  /** Holds when nothing is waited for any more; at once, if nothing is. */
  async idle(): Promise<void> {
    while (this.#ended) await this.#ended;
  }

  #interrupt(): void {
    this.#changed = true;
    if (this.#wake >= 0) libc().eventfd_write(this.#wake, 1n);
  }

  async #run(): Promise<void> {
    let list: number[] = [], table = new Uint8Array(0), view = new DataView(table.buffer);
    let busy: Busy | undefined;
    try {
      while (this.#handlers.size > 0) {
        if (this.#changed) {
          this.#changed = false;
          list = [this.#wake, ...this.#handlers.keys()];
          table = pollTable(list);
          view = new DataView(table.buffer);
        }
        let ready = busy ? libc().poll(table, BigInt(list.length), 0) : 0;
        if (ready === 0) ready = await libc().pollWait(table, BigInt(list.length), -1);
        this.#tellRemoved();
        // The number of the error cannot be had; what can fail here is memory, or a signal came.
        if (ready < 0) await pause(RETRY_MS);
        else busy = this.#dispatch(list, view);
        // On a busy machine whoever sleeps, however shortly, is late: not while something waits.
        if (busy === "more") await new Promise((resolve) => setImmediate(resolve));
        else if (busy === "stream") await pause(PAUSE_MS);
      }
    } finally {
      libc().close(this.#wake);
      this.#wake = -1;
      this.#ended = undefined;
      this.#tellRemoved();
    }
  }

  #tellRemoved(): void {
    for (const tell of this.#removals.splice(0)) tell();
  }

  /** What the handlers said; more of it counts. */
  #dispatch(list: readonly number[], view: DataView): Busy | undefined {
    let busy: Busy | undefined;
    for (const [index, descriptor] of list.entries()) {
      const events = view.getInt16(POLLFD_BYTES * index + 6, true);
      if (events === 0) continue;
      if (index === 0) libc().eventfd_read(this.#wake, new Uint8Array(8));
      // Was closed without being removed: it would end every wait at once, for ever.
      else if (events & POLLNVAL) this.#handlers.delete(descriptor), this.#changed = true;
      else {
        const said = this.#handlers.get(descriptor)?.();
        if (said && busy !== "more") busy = said;
      }
    }
    return busy;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function pollTable(descriptors: readonly number[]): Uint8Array<ArrayBuffer> {
  const table = new Uint8Array(POLLFD_BYTES * descriptors.length);
  const view = new DataView(table.buffer);
  for (const [index, descriptor] of descriptors.entries()) {
    view.setInt32(POLLFD_BYTES * index, descriptor, true);
    view.setInt16(POLLFD_BYTES * index + 4, POLLIN, true);
  }
  return table;
}

let shared: Poller | undefined;

/** The one of this process, so that one thread waits for everything. */
export function sharedPoller(): Poller {
  return shared ??= new Poller();
}
