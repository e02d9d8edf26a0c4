/** Decoding the messages of ../shared/perf, against the C limit of that folder. */
import type { BenchExports } from "../engine_side.ts";
import { type Case, timed } from "../rounds.ts";
import { sharedLimit } from "../shared_limit.ts";

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

export function sharedCase(engine: BenchExports, folder: string, messages: number): Case | null {
  const limit = sharedLimit(folder, messages);
  if (!limit) return null;
  const { bytes, count } = packetsOf(Deno.readFileSync(limit.capture));
  const start = engine.room(bytes.length);
  new Uint8Array(engine.memory.buffer).set(bytes, start);
  const end = start + bytes.length;
  engine.decodeAll(start, end);
  if (engine.badCount() !== 0) throw new Error(`the engine refuses ${engine.badCount()} of ${count} good messages`);
  return {
    name: "decode, the messages of ../shared/perf",
    unit: `message, of ${count.toLocaleString("en")}`,
    sides: [
      { name: "C limit of ../shared/perf", round: () => limit.ns("decode", "decode", limit.capture) },
      {
        name: "engine, all in one call",
        round: () => Math.min(...[1, 2, 3].map(() => timed(count, () => engine.decodeAll(start, end)))),
      },
    ],
  };
}
