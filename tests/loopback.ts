/**
 * Loopback networks for tests with real sockets: 127.N.0.0/16, N another in each process as far as there are enough of
 * them, so that two runs of the tests on one machine do not take each other's ports.
 */

/** Kept free for the demo and for people. */
const FIRST = 20;
/** How many one process may ask for. */
const EACH = 14;
const PROCESSES = Math.floor((255 - FIRST) / EACH);

/** The second octet of network `index`, 0 to 13. */
export function loopback(index: number): number {
  if (!Number.isInteger(index) || index < 0 || index >= EACH) throw new RangeError(`loopback network ${index}`);
  return FIRST + (Deno.pid % PROCESSES) * EACH + index;
}
