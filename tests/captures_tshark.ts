/**
 * tshark's reading of the captures beside the repository, in a form that can be compared with ours: for every RSVP
 * message its header, its objects in order, and for every object the fields with the values that tshark prints.
 *
 * Sources: `FILE.tshark.fields.tsv` has classes, C-Types and lengths in the order of the message; `FILE.tshark.json` has
 * the fields; `FILE.hex` has each message's bytes and the verdict on its checksum, which tshark's JSON leaves out.
 */
import { CAPTURES } from "./require.ts";

/** All values of each tshark field of one object, in order of appearance; names of sub-trees are left out. */
export type TsharkFields = Record<string, string[]>;

/** One object as tshark read it. */
export interface TsharkObject {
  readonly class: number;
  readonly ctype: number;
  readonly length: number;
  /** Undefined where the JSON lacks the frame (it holds the first of a long capture) or mixes several of one class. */
  readonly fields: TsharkFields | undefined;
}

/** One message as tshark read it. */
export interface TsharkMessage {
  readonly frame: number;
  readonly source: string;
  readonly destination: string;
  readonly ttl: number;
  readonly version: number;
  readonly flags: number;
  readonly type: number;
  readonly length: number;
  readonly sendTtl: number;
  readonly checksum: number;
  readonly objects: readonly TsharkObject[];
}

/** One message of a `.hex` file. */
export interface HexMessage {
  readonly frame: number;
  readonly bytes: Uint8Array;
  /** ok, bad, or none (the field is zero: the sender did not compute one). */
  readonly checksum: "ok" | "bad" | "none" | "n/a";
  readonly routerAlert: boolean;
}

type Json = string | Json[] | { [key: string]: Json };

/** A file's entry in MANIFEST.json. */
export interface ManifestEntry {
  readonly file: string;
  readonly rsvp: number;
  readonly types: Readonly<Record<string, number>>;
  /** Frames with what is wrong with them. */
  readonly malformed: readonly (readonly [number, readonly string[]])[];
}

/** MANIFEST.json. */
export function readManifest(): ManifestEntry[] {
  return JSON.parse(Deno.readTextFileSync(CAPTURES + "MANIFEST.json"));
}

function flatten(json: Json, into: TsharkFields): TsharkFields {
  if (typeof json === "string") return into;
  for (const [key, value] of Object.entries(json)) {
    const values = Array.isArray(value) ? value : [value];
    for (const one of values) {
      if (typeof one === "string") (into[key] ??= []).push(one);
      else flatten(one, into);
    }
  }
  return into;
}

/** The objects in tshark's JSON, by class; a class that appears more than once has no entry. */
function fieldsByClass(rsvp: { [key: string]: Json }): Map<number, TsharkFields> {
  const found = new Map<number, TsharkFields>();
  const several = new Set<number>();
  for (const value of Object.values(rsvp).flat()) {
    const fields = flatten(value, {});
    const number = Number(fields["rsvp.object"]?.[0]);
    if (Number.isNaN(number)) continue;
    if (found.has(number)) several.add(number);
    found.set(number, fields);
  }
  for (const number of several) found.delete(number);
  return found;
}

const numbers = (text: string) => text === "" ? [] : text.split(",").map(Number);

/** Every RSVP message of a capture, as the tshark of its collector read it. */
export function readTshark(file: string): TsharkMessage[] {
  const path = `${CAPTURES}${file}.tshark`;
  return tsharkMessages(Deno.readTextFileSync(`${path}.fields.tsv`), Deno.readTextFileSync(`${path}.json`));
}

/** The columns of the table beside each capture. */
const COLUMNS = ["frame.number", "ip.src", "ip.dst", "ip.ttl", "rsvp.version", "rsvp.flags", "rsvp.message_length"]
  .concat(
    ["rsvp.sending_ttl", "rsvp.message_checksum", "rsvp.msg", "rsvp.object", "rsvp.ctype", "rsvp.length"],
  );

/** Every RSVP message of a capture that has no reading beside it, as the tshark of this machine reads it. */
export async function runTshark(path: string): Promise<TsharkMessage[]> {
  const run = async (...args: string[]) => {
    const { code, stdout } = await new Deno.Command("tshark", {
      args: ["-r", path, "-Y", "rsvp", ...args],
      stdout: "piped",
      stderr: "null",
    }).output();
    if (code !== 0) throw new Error(`tshark ends with ${code}`);
    return new TextDecoder().decode(stdout);
  };
  const columns = COLUMNS.flatMap((name) => ["-e", name]);
  const table = await run("-T", "fields", "-E", "header=y", ...columns);
  return tsharkMessages(table, await run("-T", "json", "--no-duplicate-keys"));
}

function tsharkMessages(table: string, json: string): TsharkMessage[] {
  const lines = table.trimEnd().split("\n");
  const names = lines[0].split("\t");
  // deno-lint-ignore no-explicit-any
  const packets: any[] = JSON.parse(json);
  const layers = new Map(packets.map(({ _source }) => [Number(_source.layers.frame["frame.number"]), _source.layers]));
  return lines.slice(1).map((line) => {
    const cells = line.split("\t");
    const row = Object.fromEntries(names.map((name, index) => [name, cells[index] ?? ""]));
    const frame = Number(row["frame.number"]);
    const fields = fieldsByClass(layers.get(frame)?.rsvp ?? {});
    const classes = numbers(row["rsvp.object"]), ctypes = numbers(row["rsvp.ctype"]);
    const lengths = numbers(row["rsvp.length"]);
    return {
      frame,
      source: row["ip.src"],
      destination: row["ip.dst"],
      ttl: Number(row["ip.ttl"]),
      version: Number(row["rsvp.version"]),
      flags: Number(row["rsvp.flags"]),
      type: Number(row["rsvp.msg"]),
      length: Number(row["rsvp.message_length"]),
      sendTtl: Number(row["rsvp.sending_ttl"]),
      checksum: Number(row["rsvp.message_checksum"]),
      objects: classes.map((number, index) => ({
        class: number,
        ctype: ctypes[index],
        length: lengths[index],
        fields: fields.get(number),
      })),
    };
  });
}

/** Every RSVP message of a capture as bytes, with the verdict on its checksum. */
export function readHex(file: string): HexMessage[] {
  const lines = Deno.readTextFileSync(`${CAPTURES}${file}.hex`).split("\n");
  const messages: HexMessage[] = [];
  lines.forEach((line, index) => {
    const head = /^# frame (\d+) .*router-alert=(\d).*cksum=(\S+)/.exec(line);
    if (!head) return;
    const verdict = { ok: "ok", BAD: "bad", zero: "none" }[head[3]] ?? "n/a";
    messages.push({
      frame: Number(head[1]),
      bytes: Uint8Array.from(lines[index + 1].match(/../g) ?? [], (pair) => parseInt(pair, 16)),
      checksum: verdict as HexMessage["checksum"],
      routerAlert: head[2] === "1",
    });
  });
  return messages;
}
