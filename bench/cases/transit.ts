/**
 * A router in the middle: Path, Resv with RESV_CONFIRM and ResvConf of each session come in, state is made, all three go
 * onwards. The sides:
 *   C                bench/limit/limit.c: one flat record a session; all Paths, then all Resvs, then all ResvConfs
 *   C limit of ../shared/perf   the same, of 500,000 sessions, whose three messages follow each other
 *   engine           the time inside its calls: packets in their slots, actions where they stand, as for a host that
 *                    hands its memory to the kernel; in either order
 *   no two ask for the same   the same with a rate for each session, so that nothing is known from the session before
 *   packets copied in, actions looked at   with what a host in JavaScript does besides
 *   engine and host  every action read as an object
 */
import { defaultModule } from "../../host/default_module.ts";
import type { CProgram } from "../limit_side.ts";
import { RawTransit, slotOf } from "../raw_transit.ts";
import { type Case, type Side, timed } from "../rounds.ts";
import { sharedLimit } from "../shared_limit.ts";
import { confirmPacket, pathPacket, resvPacket, TransitNode } from "../transit_node.ts";

/** Memory that is made and written to before the clock starts, per session and besides. */
const [BYTES_PER_SESSION, BYTES_BESIDES] = [500, 2_000_000];
/** Its case prints a line for its own messages first; few of them are enough. */
const SHARED_MESSAGES = 2000;

/** Bytes per second of the first session where each has a rate of its own. */
const RATE = 100_000;

/** Sessions whose three messages follow each other: a batch of each. */
const TOGETHER = 32;

function engineSide(name: string, kinds: Uint8Array[][], together: number, inside: boolean): Side {
  const sessions = kinds[0].length;
  return {
    name,
    round: () => {
      const node = new RawTransit(defaultModule(), sessions * BYTES_PER_SESSION + BYTES_BESIDES);
      const ns = timed(sessions, () => {
        for (let from = 0; from < sessions; from += together) {
          for (const slots of kinds) node.receive(slots.slice(from, from + together));
        }
      });
      if (node.sent !== 3 * sessions) throw new Error(`of ${3 * sessions} messages ${node.sent} went on`);
      return inside ? ns * node.insideMs / node.totalMs : ns;
    },
  };
}

export function transitCases(limit: CProgram | null, folder: string, counts: readonly number[]): Case[] {
  const shared = sharedLimit(folder, SHARED_MESSAGES);
  return counts.map((sessions) => {
    const numbers = Array.from({ length: sessions }, (_, i) => i);
    const kinds = [
      numbers.map((i) => pathPacket(i)),
      numbers.map((i) => resvPacket(i, true)),
      numbers.map(confirmPacket),
    ];
    const slots = kinds.map((packets) => packets.map(slotOf));
    const unlike = [
      numbers.map((i) => pathPacket(i, RATE + i)),
      numbers.map((i) => resvPacket(i, true, RATE + i)),
      numbers.map(confirmPacket),
    ].map((packets) => packets.map(slotOf));
    const sides: Side[] = [
      engineSide("engine, 32 sessions at a time", slots, TOGETHER, true),
      engineSide("engine, all Paths, then all Resvs", slots, sessions, true),
      engineSide("engine, 32 at a time, no two ask for the same", unlike, TOGETHER, true),
      engineSide("engine, all alike, packets copied in, actions looked at", slots, sessions, false),
      {
        name: "engine and host",
        round: () => {
          const node = new TransitNode(defaultModule());
          const ns = timed(sessions, () => {
            for (const packets of kinds) node.receive(packets, 1000);
          });
          const went = [1, 2, 7].map((type) => node.sent.get(type));
          if (went.some((count) => count !== sessions)) throw new Error(`of ${sessions} sessions ${went} went on`);
          return ns;
        },
      },
    ];
    if (shared) {
      const line = "transit PATH+RESV+CONF/session";
      sides.unshift({ name: "C limit of ../shared/perf", round: () => shared.ns(line, "decode", shared.capture) });
    }
    if (limit) sides.unshift({ name: "C", round: () => limit.run("transit", String(sessions), "2").ns });
    const unit = `session, of ${sessions.toLocaleString("en")}`;
    return { name: "Path, Resv and ResvConf through a router", unit, sides };
  });
}
