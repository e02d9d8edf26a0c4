/** What routing and traffic control say, as records for the engine. */
import { ROUTE_HOP_BYTES, type RouteInput } from "./boundary.gen.ts";
import type { RouteAnswer, RouteChange, RouteQuestion } from "./routing/routing.ts";
import type { TrafficControlAnswer } from "./traffic_control/traffic_control.ts";

/** What a TRAFFIC_CONTROL_RESULT says besides what it answers. */
export function resultFields(answer: TrafficControlAnswer) {
  const { ok, preempted, errorCode, errorValue, forwardFlowspec: objects } = answer;
  return {
    ok: ok ? 1 : 0,
    preempted: preempted ? 1 : 0,
    errorCode: errorCode ?? 0,
    errorValue: errorValue ?? 0,
    objects,
  };
}

/** A ROUTE record that answers nothing: the destinations with this prefix are to be asked for again. */
export function changeRecord(change: RouteChange): RouteInput {
  return { query: 0, destination: change.prefix, prefixLength: change.prefixLength, family: change.family };
}

/** The ROUTE record that answers a ROUTE_QUERY. */
export function answerRecord(query: number, question: RouteQuestion, answer: RouteAnswer): RouteInput {
  const hops = new Uint8Array(answer.hops.length * ROUTE_HOP_BYTES);
  const view = new DataView(hops.buffer);
  for (const [i, hop] of answer.hops.entries()) {
    const at = i * ROUTE_HOP_BYTES;
    view.setUint32(at, hop.interface, true);
    if (!hop.gateway) continue;
    view.setUint8(at + 4, hop.family ?? question.family);
    hops.set(hop.gateway, at + 8);
  }
  return {
    query,
    destination: question.destination,
    family: question.family,
    found: answer.found ? 1 : 0,
    local: answer.local ? 1 : 0,
    incomingInterface: answer.incomingInterface ?? 0,
    hopCount: answer.hops.length,
    hops,
  };
}
