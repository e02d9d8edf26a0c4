/** Building a PATH of seven objects, checksum included. */
import type { BenchExports } from "../engine_side.ts";
import type { CProgram } from "../limit_side.ts";
import { PlainWriter, writePath } from "../plain/builder.ts";
import { type Case, type Side, timed } from "../rounds.ts";
import { BUILT_PATH } from "../traffic.ts";

export function buildCase(
  engine: BenchExports,
  limit: CProgram | null,
  count: number,
): Case {
  const ring = engine.room(1024 * 256);
  const plainRing = new DataView(new ArrayBuffer(1024 * 256));
  const writer = new PlainWriter(plainRing, 0);
  const fields = { ...BUILT_PATH };
  if (limit) {
    const [ours, theirs] = [
      engine.buildAll(ring, 5000),
      limit.run("build", "5000", "1").check,
    ];
    if (ours !== theirs) {
      throw new Error(
        `engine and C build different messages: ${ours}, ${theirs}`,
      );
    }
  }
  const sides: Side[] = [
    {
      name: "engine",
      round: () => timed(count, () => engine.buildAll(ring, count)),
    },
    {
      name: "plain TypeScript, tuned",
      round: () =>
        timed(count, () => {
          for (let i = 0; i < count; i++) {
            fields.destination = 0x0a000000 + i;
            fields.handle = i;
            writer.moveTo((i & 1023) * 256);
            writePath(writer, fields);
          }
        }),
    },
  ];
  if (limit) {
    sides.unshift({
      name: "C",
      round: () => limit.run("build", String(count), "2").ns,
    });
  }
  return { name: "build PATH", unit: "message of 172 bytes", sides };
}
