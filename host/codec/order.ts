/** Puts objects into the order that the RFC recommends for their message. */
import { MESSAGE_ORDERS } from "../messages.gen.ts";

/** Classes of the flow descriptor list: what follows STYLE keeps the order it was given in (RFC 2205 3.1.4). */
const FLOW_CLASSES = new Set(["FLOWSPEC", "FILTER_SPEC"]);

interface Named {
  readonly name?: unknown;
}

/**
 * The objects in the recommended order. Those that the message's grammar does not name go before the sender descriptor or
 * STYLE; after a flow descriptor they belong to it (LABEL, RFC 3209) and stay with it.
 */
export function inRecommendedOrder<T extends Named>(type: number, objects: readonly T[]): T[] {
  const order = MESSAGE_ORDERS[type];
  if (!order) return [...objects];
  const flow = order.findIndex((name) => FLOW_CLASSES.has(name));
  const middle = order.findIndex((name) => name === "STYLE" || name === "SENDER_TEMPLATE");
  let inFlow = false;
  const ranked = objects.map((object) => {
    const name = String(object.name);
    if (FLOW_CLASSES.has(name)) inFlow = true;
    const place = order.indexOf(name);
    if (FLOW_CLASSES.has(name) || (place < 0 && inFlow)) return { object, rank: flow };
    return { object, rank: place >= 0 ? place : middle < 0 ? order.length : middle - 0.5 };
  });
  // The sort is stable: equal ranks keep the order given.
  return ranked.sort((a, b) => a.rank - b.rank).map(({ object }) => object);
}
