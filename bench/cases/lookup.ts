/** Finding a session by its SESSION object, at random, among many. */
import type { BenchExports } from "../engine_side.ts";
import type { CProgram } from "../limit_side.ts";
import { MapSessions, TableSessions } from "../plain/sessions.ts";
import { type Case, type Side, timed } from "../rounds.ts";
import { xorshift } from "../traffic.ts";

interface Sessions {
  add(
    destination: number,
    protocol: number,
    port: number,
    number: number,
  ): void;
  find(destination: number, protocol: number, port: number): number;
}

function plainSide(
  name: string,
  table: Sessions,
  sessions: number,
  count: number,
  wanted: number,
): Side {
  for (let i = 0; i < sessions; i++) table.add(0x0a000000 + i, 17, 5004, i);
  return {
    name,
    round: () => {
      let check = 0;
      const ns = timed(count, () => {
        const random = xorshift(2463534242);
        for (let i = 0; i < count; i++) {
          const number = Math.floor(random() * sessions / 0x100000000);
          check += table.find(0x0a000000 + number, 17, 5004);
        }
      });
      if (check !== wanted) {
        throw new Error(`${name}: found ${check}, wanted ${wanted}`);
      }
      return ns;
    },
  };
}

export function lookupCase(
  engine: BenchExports,
  limit: CProgram | null,
  sessions: number,
  count: number,
): Case {
  engine.createSessions(sessions);
  const wanted = engine.lookupAll(sessions, count);
  if (engine.lookupBatches(sessions, count) !== wanted) throw new Error("batches find different sessions");
  if (limit) {
    const theirs = limit.run("lookup", String(sessions), String(count), "1").check;
    if (theirs !== wanted) {
      throw new Error(
        `engine and C find different sessions: ${wanted}, ${theirs}`,
      );
    }
  }
  const sides: Side[] = [
    {
      name: "engine",
      round: () => timed(count, () => engine.lookupAll(sessions, count)),
    },
    {
      name: "engine, 32 at a time",
      round: () => timed(count, () => engine.lookupBatches(sessions, count)),
    },
    plainSide(
      "plain TypeScript, typed arrays",
      new TableSessions(sessions),
      sessions,
      count,
      wanted,
    ),
    plainSide(
      "plain TypeScript, Map with text key",
      new MapSessions(),
      sessions,
      count,
      wanted,
    ),
  ];
  if (limit) {
    sides.unshift({
      name: "C",
      round: () => limit.run("lookup", String(sessions), String(count), "2").ns,
    });
  }
  return {
    name: "session look-up",
    unit: `${sessions.toLocaleString("en")} sessions`,
    sides,
  };
}
