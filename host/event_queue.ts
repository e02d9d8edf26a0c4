/** Events for `for await`, kept in a bounded queue until they are read. */

/** Events kept for a reader that does not keep up; the oldest are dropped and counted. */
const MAXIMUM_QUEUED_EVENTS = 10_000;

/** A bounded queue that is read with `for await`. */
export class EventQueue<T> implements AsyncIterableIterator<T> {
  /** False once it was ended, by either side. */
  open = true;
  #events: T[] = [];
  #waiting: ((result: IteratorResult<T>) => void)[] = [];
  #onDrop: () => void;

  /** `onDrop` is called for every event that no reader fetched in time. */
  constructor(onDrop: () => void) {
    this.#onDrop = onDrop;
  }

  /** Hands an event to who waits, or keeps it. */
  push(event: T): void {
    const reader = this.#waiting.shift();
    if (reader) return reader({ value: event, done: false });
    this.#events.push(event);
    if (this.#events.length <= MAXIMUM_QUEUED_EVENTS) return;
    this.#events.shift();
    this.#onDrop();
  }

  /** No more events will come; what is kept can still be read. */
  end(): void {
    this.open = false;
    for (const reader of this.#waiting) reader({ value: undefined, done: true });
    this.#waiting = [];
  }

  /** The next event, once there is one. */
  next(): Promise<IteratorResult<T>> {
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve({ value: event, done: false });
    if (!this.open) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The reader goes away. */
  return(): Promise<IteratorResult<T>> {
    this.end();
    this.#events = [];
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
