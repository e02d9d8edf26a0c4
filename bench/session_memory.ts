/** How many bytes of engine state a session with one sender and one reservation takes. */
import { COUNTER } from "../host/boundary.gen.ts";
import { defaultModule } from "../host/default_module.ts";
import { pathPacket, resvPacket, TransitNode } from "./transit_node.ts";

function addSessions(node: TransitNode, from: number, to: number): void {
  const numbers = Array.from({ length: to - from }, (_, i) => from + i);
  node.receive(numbers.map(pathPacket), 1000);
  node.receive(numbers.map(resvPacket), 2000);
}

/**
 * The growth from one power of two of sessions to the next, so that fixed tables do not count, and tables that double
 * as they fill count once in full.
 */
export function bytesPerSession(sessions = 8192): number {
  const node = new TransitNode(defaultModule());
  addSessions(node, 0, sessions);
  const before = node.counter(COUNTER.STATE_BYTES);
  addSessions(node, sessions, 2 * sessions);
  const held = node.counter(COUNTER.SESSIONS);
  const reserved = node.counter(COUNTER.RESERVATION_STATES);
  if (held !== 2 * sessions || reserved !== 2 * sessions) {
    throw new Error(
      `${2 * sessions} sessions were set up, but the engine holds ${held} with ${reserved} reservations`,
    );
  }
  return (node.counter(COUNTER.STATE_BYTES) - before) / sessions;
}
