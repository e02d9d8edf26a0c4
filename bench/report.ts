/**
 * The published report: benny over what a user calls, as JSON and as a page with a chart. Benny's loop costs some tens
 * of nanoseconds (docs/dependencies.md), so beside it stand mitata's minima, by which decisions are made.
 */
import benny from "benny";
import { measure } from "mitata";
import { decode, encode, peek } from "../mod.ts";
import { PlainDecoder } from "./plain/decoder.ts";
import { PlainWriter, writePath } from "./plain/builder.ts";
import { decodeToObjects } from "./plain/object_decoder.ts";
import { BUILT_PATH } from "./traffic.ts";

interface Subject {
  readonly name: string;
  readonly run: () => unknown;
}

function subjects(): Subject[] {
  const bytes = new Uint8Array(512);
  const view = new DataView(bytes.buffer);
  const writer = new PlainWriter(view, 0);
  writePath(writer, BUILT_PATH);
  const path = bytes.slice(0, writer.length);
  const pathView = new DataView(path.buffer);
  const decoder = new PlainDecoder();
  if (!decoder.decode(pathView, 0, path.length)) {
    throw new Error("the plain decoder refuses the plain writer's PATH");
  }
  const message = decode(path);
  if (encode(message).toHex() !== path.toHex()) {
    throw new Error("encode(decode(path)) differs from path");
  }
  return [
    { name: "peek(bytes): header and object list", run: () => peek(path) },
    { name: "decode(bytes): every field as a plain value", run: () => decode(path) },
    { name: "plain TypeScript, the same values by hand", run: () => decodeToObjects(pathView) },
    { name: "plain TypeScript, into numbers", run: () => decoder.decode(pathView, 0, path.length) },
    { name: "encode(message)", run: () => encode(message) },
    {
      name: "plain TypeScript, build from numbers",
      run: () => {
        writer.moveTo(0);
        writePath(writer, BUILT_PATH);
      },
    },
  ];
}

/** Runs both over the same subjects and prints mitata's minima. */
export async function report(folder: string): Promise<void> {
  const all = subjects();
  const minima: Record<string, number> = {};
  for (const { name, run } of all) minima[name] = (await measure(run)).min;
  console.log("| a PATH of seven objects | ns, mitata's minimum |\n|---|---:|");
  for (const [name, ns] of Object.entries(minima)) {
    console.log(`| ${name} | ${ns.toFixed(0)} |`);
  }
  console.log();
  await Deno.writeTextFile(
    folder + "minima.json",
    JSON.stringify(minima, null, 2) + "\n",
  );
  await benny.suite(
    "A PATH of seven objects",
    ...all.map(({ name, run }) => benny.add(name, () => void run())),
    benny.cycle(),
    benny.complete(),
    benny.save({
      file: "path",
      folder,
      version: Deno.version.deno,
      details: true,
    }),
    benny.save({ file: "path", folder, format: "chart.html" }),
  );
}
