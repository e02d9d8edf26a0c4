/** Decoding: mixed messages of RFC 2205 as IPv4 packets, checksums verified, every field read into host order. */
import type { BenchExports } from "../engine_side.ts";
import type { CProgram } from "../limit_side.ts";
import { PlainDecoder } from "../plain/decoder.ts";
import { type Case, type Side, timed } from "../rounds.ts";
import { makeTraffic, type Traffic } from "../traffic.ts";

const words = new DataView(new ArrayBuffer(4));
function bitsOf(float: number): number {
  words.setFloat32(0, float);
  return words.getUint32(0);
}

/** The sum that limit.c makes over what it read, so that all sides can be shown to have read the same. */
function plainCheck(traffic: Traffic): number {
  const decoder = new PlainDecoder();
  const view = new DataView(traffic.bytes.buffer);
  let check = 0;
  for (let i = 0; i < traffic.count; i++) {
    if (
      !decoder.decodePacket(view, traffic.packets[i], traffic.packetLengths[i])
    ) throw new Error(`packet ${i} refused`);
    const rate = decoder.type === 1 ? bitsOf(decoder.tspec.rate) ^ decoder.latency : bitsOf(decoder.flowspec.rate);
    check += (decoder.destination ^ decoder.hop ^ decoder.senders[0] ^ rate) >>>
      0;
  }
  return check;
}

function plainSide(traffic: Traffic): Side {
  const decoder = new PlainDecoder();
  const view = new DataView(traffic.bytes.buffer);
  return {
    name: "plain TypeScript, tuned, no objects",
    round: () =>
      timed(traffic.count, () => {
        let sum = 0;
        for (let i = 0; i < traffic.count; i++) {
          decoder.decodePacket(
            view,
            traffic.packets[i],
            traffic.packetLengths[i],
          );
          sum += decoder.destination + decoder.senders[0] + decoder.hop +
            decoder.flowspec.rate + decoder.latency;
        }
        if (sum === 1) console.log(sum);
      }),
  };
}

function engineSides(
  engine: BenchExports,
  traffic: Traffic,
  start: number,
): Side[] {
  const { count, bytes, packets, packetLengths } = traffic;
  const end = start + bytes.length;
  const memory = new Uint8Array(engine.memory.buffer);
  const slot = engine.slot();
  return [
    {
      name: "engine, all in one call",
      round: () => timed(count, () => engine.decodeAll(start, end)),
    },
    {
      name: "engine, a call for each packet",
      round: () =>
        timed(count, () => {
          for (let i = 0; i < count; i++) {
            engine.decodeOne(start + packets[i], packetLengths[i]);
          }
        }),
    },
    {
      name: "engine, each packet copied in first",
      round: () =>
        timed(count, () => {
          for (let i = 0; i < count; i++) {
            memory.set(
              bytes.subarray(packets[i], packets[i] + packetLengths[i]),
              slot,
            );
            engine.decodeOne(slot, packetLengths[i]);
          }
        }),
    },
    {
      name: "engine, as the protocol takes them: full grammar",
      round: () => timed(count, () => engine.parseAll(start, end)),
    },
  ];
}

/** All sides over the same packets; `folder` takes the file that the C program reads. */
export function decodeCase(
  engine: BenchExports,
  limit: CProgram | null,
  folder: string,
  count: number,
): Case {
  const traffic = makeTraffic(count);
  const file = `${folder}/packets.bin`;
  Deno.writeFileSync(file, traffic.bytes);
  const start = engine.room(traffic.bytes.length);
  new Uint8Array(engine.memory.buffer).set(traffic.bytes, start);
  const end = start + traffic.bytes.length;

  const [check, plain] = [engine.decodeAll(start, end), plainCheck(traffic)];
  const wanted = limit === null ? plain : limit.run("decode", file, "1").check;
  if (check !== wanted || plain !== wanted || engine.badCount() !== 0) {
    throw new Error(
      `the sides read different fields: ${check}, ${plain}, ${wanted}`,
    );
  }
  engine.parseAll(start, end);
  if (engine.badCount() !== 0) {
    throw new Error("parseMessage refuses good messages");
  }

  const sides = [...engineSides(engine, traffic, start), plainSide(traffic)];
  if (limit) {
    sides.unshift({
      name: "C",
      round: () => limit.run("decode", file, "2").ns,
    });
  }
  return {
    name: "decode",
    unit: `message, ${(traffic.bytes.length / count - 4).toFixed(0)} bytes mean`,
    sides,
  };
}
