/** Int-Serv objects in wire form for the tests of merge/ and admission/, written independently of the engine. */
import { entryInstance } from "./engine_entries/compile.ts";

// deno-lint-ignore no-explicit-any
type Exports = Record<string, (...parameters: any[]) => number>;

const { exports, bytes } = await entryInstance<Exports>("merge_entry.ts");

/** The engine's functions under test. */
export const engine = exports;
export { bytes };

/** (r, b, p, m, M), as in the worked examples. */
export type Bucket = readonly [number, number, number, number, number];

const hex = (...parts: (string | Uint8Array)[]) =>
  parts.map((part) => typeof part === "string" ? part.replaceAll(/[\s|]/g, "") : part.toHex()).join("");

/** A float as 8 hex digits. */
export function f32(value: number): string {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setFloat32(0, value);
  return out.toHex();
}

export function u32(value: number): string {
  return value.toString(16).padStart(8, "0");
}

const bucketHex = ([r, b, p, m, M]: Bucket) => f32(r) + f32(b) + f32(p) + u32(m) + u32(M);

export const tspec = (bucket: Bucket) => hex("00240c02 00000007 01000006 7f000005", bucketHex(bucket));
export const controlledLoad = (bucket: Bucket) => hex("00240902 00000007 05000006 7f000005", bucketHex(bucket));
export const guaranteed = (bucket: Bucket, R: number, S: number) =>
  hex("00300902 0000000a 02000009 7f000005", bucketHex(bucket), "82000002", f32(R), u32(S));
export const nullService = (M: number) => hex("00140902 00000003 06000002 80000001", u32(M));
export const nullTspec = (M: number) => hex("00140c02 00000003 06000002 80000001", u32(M));

/** An ADSPEC from its words behind the message header. */
export function adspec(words: string): string {
  const content = hex(words);
  const length = content.length / 2 + 8;
  return u32(length * 65536 + 0x0d02) + u32(length / 4 - 2) + content;
}

export const defaults = (hops: number, bandwidth: number, latency: number, mtu: number, flags = "00") =>
  `01${flags}0008 04000001${u32(hops)} 06000001${f32(bandwidth)} 08000001${u32(latency)} 0a000001${u32(mtu)}`;
export const errorTerms = (c: number, d: number, cSum: number, dSum: number, flags = "00") =>
  `02${flags}0008 85000001${u32(c)} 86000001${u32(d)} 87000001${u32(cSum)} 88000001${u32(dSum)}`;

/** Puts an object into a region of the engine's memory, over bytes that are no object. */
export function put(region: number, object: string): number {
  const at = exports.region(region);
  bytes().fill(0xa5, at, at + 1024);
  bytes().set(Uint8Array.fromHex(object), at);
  return at;
}

/** Runs a function that takes objects and a destination, and returns what it wrote. Fails if it wrote beyond. */
export function make(name: string, ...parameters: (string | number | boolean)[]): string {
  const to = put(3, "");
  const values = parameters.map((value, index) => typeof value === "string" ? put(index, value) : Number(value));
  const objects = parameters.filter((value) => typeof value === "string").length;
  values.splice(objects, 0, to);
  const length = exports[name](...values);
  const memory = bytes();
  for (let at = to + length; at < to + length + 256; at++) {
    if (memory[at] !== 0xa5) throw new Error(`${name} wrote ${at - to - length + 1} bytes beyond its ${length}`);
  }
  return memory.slice(to, to + length).toHex();
}

/** Runs a function that takes objects (and numbers) and returns a number. */
export function ask(name: string, ...parameters: (string | number)[]): number {
  return exports[name](...parameters.map((value, index) => typeof value === "string" ? put(index, value) : value));
}

/** HopParameters of merge/adspec.ts, in the engine's memory. */
export interface Hop {
  bandwidth?: number;
  latency?: number;
  mtu?: number;
  C?: number;
  D?: number;
  services?: number;
  guaranteedBandwidth?: number;
  guaranteedMtu?: number;
  controlledLoadBandwidth?: number;
  controlledLoadMtu?: number;
  reshapes?: number;
}

export function putHop(hop: Hop): number {
  const at = exports.region(4);
  const view = new DataView(bytes().buffer, at, 44);
  view.setFloat32(0, hop.bandwidth ?? 0, true);
  view.setUint32(4, hop.latency ?? 0, true);
  view.setUint32(8, hop.mtu ?? 1500, true);
  view.setUint32(12, hop.C ?? 0, true);
  view.setUint32(16, hop.D ?? 0, true);
  view.setUint32(20, hop.services ?? 0, true);
  view.setFloat32(24, hop.guaranteedBandwidth ?? 0, true);
  view.setUint32(28, hop.guaranteedMtu ?? 0, true);
  view.setFloat32(32, hop.controlledLoadBandwidth ?? 0, true);
  view.setUint32(36, hop.controlledLoadMtu ?? 0, true);
  view.setUint32(40, hop.reshapes ?? 0, true);
  return at;
}

/** Seed of the property tests: RESV_SEED, or a new one that is printed when a property fails. */
export function seed(): number {
  const given = Deno.env.get("RESV_SEED");
  return given === undefined ? Date.now() & 0x7fffffff : Number(given);
}
