/**
 * What a user of mod.ts calls: bytes to plain values and back, against plain TypeScript written by hand for the same
 * values. A Path and a Resv in turn, so that no side sees one shape only.
 */
import { decode, encode, peek } from "../../mod.ts";
import { decodeToObjects } from "../plain/object_decoder.ts";
import { type Case, timed } from "../rounds.ts";
import { makeTraffic } from "../traffic.ts";

const COUNT = 2000;

/** Paths and Resvs, each in bytes of its own, as they come from a socket. */
export function messages(): Uint8Array[] {
  const traffic = makeTraffic(COUNT);
  const all = Array.from(
    traffic.messages,
    (at, i) => traffic.bytes.slice(at, at + traffic.messageLengths[i]),
  );
  return all.filter((bytes) => bytes[1] === 1 || bytes[1] === 2);
}

/** Throws unless both sides read the same values from every message and encode() writes its bytes again. */
export function proveEqual(all: readonly Uint8Array[]): void {
  for (const bytes of all) {
    const ours = decode(bytes);
    const [a, b] = [JSON.stringify(ours), JSON.stringify(decodeToObjects(new DataView(bytes.buffer)))];
    if (a !== b) throw new Error(`decode() and plain TypeScript differ:\n${a}\n${b}`);
    if (encode(ours).toHex() !== bytes.toHex()) throw new Error("encode(decode(bytes)) differs from bytes");
  }
}

export function valuesCases(): Case[] {
  const all = messages();
  proveEqual(all);
  const decoded = all.map(decode);
  let sink = 0;
  const each = (work: (bytes: Uint8Array) => number) => () =>
    timed(all.length, () => {
      for (let i = 0; i < all.length; i++) sink += work(all[i]);
    });
  return [
    {
      name: "bytes to plain values",
      unit: "Path and Resv mixed",
      sides: [
        {
          name: "plain TypeScript, by hand for these objects",
          round: each((bytes) =>
            (decodeToObjects(new DataView(bytes.buffer, bytes.byteOffset, bytes.length)).objects as unknown[]).length
          ),
        },
        { name: "decode(bytes)", round: each((bytes) => decode(bytes).objects.length) },
        { name: "peek(bytes): header and object list", round: each((bytes) => peek(bytes).count) },
      ],
    },
    {
      name: "plain values to bytes",
      unit: "Path and Resv mixed",
      sides: [{
        name: "encode(message)",
        round: () =>
          timed(decoded.length, () => {
            for (let i = 0; i < decoded.length; i++) sink += encode(decoded[i]).length;
            if (sink === 1) console.log(sink);
          }),
      }],
    },
  ];
}
