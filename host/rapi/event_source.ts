/** What a program waits for before it dispatches: RAPI's file descriptor, without a file. */

/** Tells that upcalls wait. One serves all handles of a {@linkcode Rapi}. */
export class RapiEventSource {
  #waiting: (() => void)[] = [];
  #pending: () => number;

  /** Made by {@linkcode Rapi.getfd}. */
  constructor(pending: () => number) {
    this.#pending = pending;
  }

  /** Upcalls that wait for `dispatch`. */
  get pending(): number {
    return this.#pending();
  }

  /** Resolved once an upcall waits; at once if one does already. */
  readable(): Promise<void> {
    if (this.pending > 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Wakes who waits. */
  notify(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
