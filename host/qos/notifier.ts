/** Edge-triggered notification, as FD_QOS and SIO_GET_QOS have it, for programs that were written for it. */
import type { QosEndpoint } from "./endpoint.ts";
import type { QosEvent } from "./events.ts";
import { encodeQos } from "./layout_write.ts";
import type { LayoutOptions } from "./layout.ts";
import { QosError } from "./status.ts";

/** Events kept for a program that does not fetch them; the oldest are dropped and counted. */
const MAXIMUM_WAITING = 1_000;

/**
 * Tells once that there is an event, and not again before it was fetched. Several may wait by then: fetch until there
 * is none.
 *
 * ```ts
 * import { type QosEndpoint, QosNotifier } from "@resv/resv";
 * function watch(endpoint: QosEndpoint) {
 *   const notifier = new QosNotifier(endpoint, (statusCode) => {
 *     console.log("FD_QOS", statusCode);
 *     for (let event = notifier.take(); event; event = notifier.take()) console.log(event.status);
 *   });
 * }
 * ```
 */
export class QosNotifier {
  /** Events that were not fetched in time. */
  dropped = 0;
  #endpoint: QosEndpoint;
  #ready: (statusCode: number) => void;
  #waiting: QosEvent[] = [];
  #armed = true;
  #listen = (event: QosEvent) => this.#arrive(event);

  /** `ready` takes the status code of the event, which is never 0. */
  constructor(endpoint: QosEndpoint, ready: (statusCode: number) => void) {
    this.#endpoint = endpoint;
    this.#ready = ready;
    endpoint.on(this.#listen);
  }

  /** The oldest event that waits; undefined if there is none. Either way, the next event is told again. */
  take(): QosEvent | undefined {
    this.#armed = true;
    return this.#waiting.shift();
  }

  /**
   * The same as a QOS in binary layout, for a buffer of `capacityBytes` (SIO_GET_QOS). Throws a {@linkcode QosError}:
   * EINVAL for a socket that cannot hear of anything yet; EWOULDBLOCK if nothing waits; ENOBUFS if it does not fit, with the size that it needs in `offset`, and the event
   * still waits then.
   */
  takeBuffer(capacityBytes: number, options?: LayoutOptions): Uint8Array<ArrayBuffer> {
    const { local, peer, sessions } = this.#endpoint;
    if (!local && !peer && sessions.length === 0) {
      throw new QosError("EINVAL", "SIO_GET_QOS", "the socket is neither bound nor connected, and has joined no group");
    }
    const [event] = this.#waiting;
    this.#armed = true;
    if (!event) throw new QosError("EWOULDBLOCK", "SIO_GET_QOS", "no event waits");
    const bytes = encodeQos(event.qos, options);
    if (bytes.length > capacityBytes) {
      const what = `${bytes.length} bytes are needed, not ${capacityBytes}`;
      throw new QosError("ENOBUFS", "SIO_GET_QOS", what, 0, bytes.length);
    }
    this.#waiting.shift();
    return bytes;
  }

  /** Stops listening. */
  close(): void {
    this.#endpoint.off(this.#listen);
    this.#waiting = [];
  }

  #arrive(event: QosEvent): void {
    this.#waiting.push(event);
    if (this.#waiting.length > MAXIMUM_WAITING) {
      this.#waiting.shift();
      this.dropped++;
    }
    if (!this.#armed) return;
    this.#armed = false;
    this.#ready(event.statusCode);
  }
}
