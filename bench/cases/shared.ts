/**
 * The same against the C limit that lies beside the repository, where it does (../shared/perf): its own messages, its own
 * program. Nothing of it is copied here.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BenchExports } from "../engine_side.ts";
import { type Case, timed } from "../rounds.ts";

const PERF = fileURLToPath(new URL("../../../shared/perf/", import.meta.url));

function run(program: string, ...args: string[]): string {
  const { success, stdout, stderr } = new Deno.Command(program, { args, stdin: "null" }).outputSync();
  if (!success) throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** A pcap file (little-endian, microseconds) in the form that the engine's side reads: length, packet, padding. */
function packetsOf(pcap: Uint8Array): { bytes: Uint8Array; count: number } {
  const view = new DataView(pcap.buffer, pcap.byteOffset, pcap.byteLength);
  if (view.getUint32(0, true) !== 0xa1b2c3d4) throw new Error("not the pcap file that gen.py writes");
  const out = new Uint8Array(pcap.length);
  const outView = new DataView(out.buffer);
  let [at, count] = [0, 0];
  for (let record = 24; record < pcap.length; count++) {
    const length = view.getUint32(record + 8, true);
    outView.setUint32(at, length, true);
    out.set(pcap.subarray(record + 16, record + 16 + length), at + 4);
    at += 4 + ((length + 3) & ~3);
    record += 16 + length;
  }
  return { bytes: out.subarray(0, at), count };
}

/** Compiles the limit and makes its messages in `folder`; null, and a line that says why, where that is not possible. */
export function sharedCase(engine: BenchExports, folder: string, messages: number): Case | null {
  if (!existsSync(PERF + "limit.c")) {
    console.error("no folder ../shared/perf beside the repository: the C limit of that folder is left out\n");
    return null;
  }
  try {
    run("gcc", "-O3", "-march=native", "-o", `${folder}/shared_limit`, PERF + "limit.c", "-lpthread");
    run("python3", PERF + "gen.py", String(messages), folder);
  } catch (error) {
    console.error(`the C limit of ../shared/perf is left out: ${(error as Error).message}\n`);
    return null;
  }
  const { bytes, count } = packetsOf(Deno.readFileSync(`${folder}/rsvp.pcap`));
  const start = engine.room(bytes.length);
  new Uint8Array(engine.memory.buffer).set(bytes, start);
  const end = start + bytes.length;
  engine.decodeAll(start, end);
  if (engine.badCount() !== 0) throw new Error(`the engine refuses ${engine.badCount()} of ${count} good messages`);
  return {
    name: "decode, the messages of ../shared/perf",
    unit: `message, of ${count.toLocaleString("en")}`,
    sides: [
      {
        name: "C limit of ../shared/perf",
        round: () => {
          const line = /^decode\t[0-9]+\t([0-9.]+)\t/m.exec(
            run(`${folder}/shared_limit`, "decode", `${folder}/rsvp.pcap`),
          );
          if (!line) throw new Error("the C limit printed no decode line");
          return Number(line[1]);
        },
      },
      {
        name: "engine, all in one call",
        round: () => Math.min(...[1, 2, 3].map(() => timed(count, () => engine.decodeAll(start, end)))),
      },
    ],
  };
}
