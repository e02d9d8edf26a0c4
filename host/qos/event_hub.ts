/** Who listens to the events of one endpoint: handlers that are called, and readers that fetch. */
import { EventQueue } from "../event_queue.ts";

/** Hands events to everyone who listens. */
export class EventHub<T> {
  /** Events that a reader did not fetch in time. */
  dropped = 0;
  #handlers: ((event: T) => void)[] = [];
  #readers: EventQueue<T>[] = [];
  #ended = false;

  /** Adds a handler. */
  on(handler: (event: T) => void): void {
    this.#handlers.push(handler);
  }

  /** Takes a handler away. */
  off(handler: (event: T) => void): void {
    this.#handlers = this.#handlers.filter((other) => other !== handler);
  }

  /** Adds a reader, of every event from now on. */
  events(): AsyncIterableIterator<T> {
    const queue = new EventQueue<T>(() => this.dropped++);
    if (this.#ended) queue.end();
    else this.#readers.push(queue);
    return queue;
  }

  /** Hands an event to everyone. */
  deliver(event: T): void {
    for (const handler of this.#handlers) handler(event);
    this.#readers = this.#readers.filter((reader) => reader.open);
    for (const reader of this.#readers) reader.push(event);
  }

  /** No more events will come. */
  end(): void {
    this.#ended = true;
    for (const reader of this.#readers) reader.end();
    this.#readers = [];
  }
}
