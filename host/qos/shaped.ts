/** Waits until a flow's traffic control lets a packet go. */
import type { QosEndpoint } from "./endpoint.ts";
import type { SocketAddress } from "./matching.ts";
import { QosError } from "./status.ts";

/** The longest sleep, so that a change of the rate or the end of the socket does not come too late. */
const LONGEST_SLEEP_MS = 100;
/** How soon to ask again for what is held instead of being discarded. */
const HELD_MS = 2;

/** The shortest time for a timer. */
const TIMER_MS = 1;
/** Node's and Deno's; there are no sockets elsewhere. */
type WithImmediates = { setImmediate?: (callback: () => void) => unknown };

/**
 * Resolved when a packet may leave, or is to be discarded; with `holds`, it is held where it would be discarded. Rejects
 * with ENOTSOCK if the socket is closed meanwhile.
 */
export async function shaped(
  endpoint: QosEndpoint,
  to: SocketAddress,
  bytes: number,
  holds = false,
): Promise<"pass" | "discard"> {
  for (;;) {
    if (endpoint.closed) throw new QosError("ENOTSOCK", "socket", "it has been closed");
    const transmission = endpoint.transmit(to, bytes, performance.now());
    if (transmission.discard && !holds) return "discard";
    const delayMs = transmission.discard ? HELD_MS : transmission.delayMs;
    if (delayMs <= 0) return "pass";
    await pause(delayMs);
  }
}

/**
 * Timers count in milliseconds: what a fast flow with a small bucket waits beyond them, it waits by turns of the loop.
 * `setImmediate` is looked up when it is needed: asking for it makes Deno load Node's timers, 7 ms of an import of mod.ts.
 */
function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    const { setImmediate } = globalThis as WithImmediates;
    if (delayMs < TIMER_MS && setImmediate) setImmediate(() => resolve());
    else setTimeout(resolve, Math.min(Math.floor(delayMs), LONGEST_SLEEP_MS));
  });
}
