/** How many bytes of engine state a session with one sender and one reservation takes. */
import { COUNTER } from "../host/boundary.gen.ts";
import { defaultModule } from "../host/default_module.ts";
import { pathPacket, resvPacket, TransitNode } from "./transit_node.ts";

function addSessions(node: TransitNode, from: number, to: number): void {
  const numbers = Array.from({ length: to - from }, (_, i) => from + i);
  node.receive(numbers.map((i) => pathPacket(i)), 1000);
  node.receive(numbers.map((i) => resvPacket(i)), 2000);
}

/** What the engine holds beyond an empty one, divided by the sessions that it holds. */
export function bytesPerSession(sessions = 100_000): number {
  const node = new TransitNode(defaultModule());
  const empty = node.counter(COUNTER.STATE_BYTES);
  addSessions(node, 0, sessions);
  const [held, reserved] = [node.counter(COUNTER.SESSIONS), node.counter(COUNTER.RESERVATION_STATES)];
  if (held !== sessions || reserved !== sessions) {
    throw new Error(`${sessions} sessions were set up, but the engine holds ${held} with ${reserved} reservations`);
  }
  return (node.counter(COUNTER.STATE_BYTES) - empty) / sessions;
}
