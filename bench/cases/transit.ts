/**
 * A router in the middle: a Path and a Resv of each session come in, state is made, both go onwards. Our side is the whole
 * boundary as a node uses it: packets copied in, routes asked for and answered, every action read by the host. Beside it
 * the same with records written beforehand and actions only counted: what the engine itself takes, and the copying.
 */
import { defaultModule } from "../../host/default_module.ts";
import type { CProgram } from "../limit_side.ts";
import { RawTransit, slotOf } from "../raw_transit.ts";
import { type Case, type Side, timed } from "../rounds.ts";
import { pathPacket, resvPacket, TransitNode } from "../transit_node.ts";

export function transitCase(limit: CProgram | null, sessions: number): Case {
  const numbers = Array.from({ length: sessions }, (_, i) => i);
  const paths = numbers.map(pathPacket);
  const resvs = numbers.map(resvPacket);
  const sides: Side[] = [{
    name: "engine and host",
    round: () => {
      const node = new TransitNode(defaultModule());
      const ns = timed(sessions, () => {
        node.receive(paths, 1000);
        node.receive(resvs, 1000);
      });
      const [path, resv] = [node.sent.get(1), node.sent.get(2)];
      if (path !== sessions || resv !== sessions) {
        throw new Error(`of ${sessions} sessions ${path} Path and ${resv} Resv went on`);
      }
      return ns;
    },
  }];
  const slots = [...paths, ...resvs].map(slotOf);
  sides.unshift({
    name: "engine, actions not read",
    round: () => {
      const node = new RawTransit(defaultModule());
      const ns = timed(sessions, () => node.receive(slots));
      if (node.sent !== 2 * sessions) throw new Error(`of ${2 * sessions} messages ${node.sent} went on`);
      return ns;
    },
  });
  if (limit) sides.unshift({ name: "C", round: () => limit.run("transit", String(sessions), "2").ns });
  return { name: "Path and Resv through a router", unit: `session, of ${sessions.toLocaleString("en")}`, sides };
}
