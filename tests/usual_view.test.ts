/** The view of usual messages, by their object headers, against the walk over all objects. */
import { assert, assertEquals } from "./assert.ts";
import { hexOf } from "./codec_vectors.ts";
import { entryInstance } from "./engine_entries/compile.ts";
import {
  ADSPEC,
  FILTER,
  FLOWSPEC_CL,
  FLOWSPEC_GS,
  HOP,
  message,
  object,
  SESSION,
  STYLE,
  TEMPLATE,
  TIME,
  TSPEC,
} from "./wire_samples.ts";

interface Exports {
  readonly MESSAGE: WebAssembly.Global;
  readonly SHORT: WebAssembly.Global;
  readonly FULL: WebAssembly.Global;
  parseMessage(message: number, available: number, view: number): number;
  parseGrammar(message: number, length: number, view: number): number;
  wasUsual(): number;
  viewBytes(): number;
}

const { exports: engine, bytes } = await entryInstance<Exports>("view_entry.ts");
const [MESSAGE, SHORT, FULL] = [engine.MESSAGE, engine.SHORT, engine.FULL].map((at) => Number(at.value));
const VIEW_BYTES = engine.viewBytes();

/** Whether the message is a usual one; its view must then be that of the walk, which finds no fault with it. */
function isUsual(packet: Uint8Array): boolean {
  bytes().set(packet, MESSAGE);
  // The checksum is not what is compared here: none was sent.
  bytes().fill(0, MESSAGE + 2, MESSAGE + 4);
  const status = engine.parseMessage(MESSAGE, packet.length, SHORT);
  if (engine.wasUsual() === 0) return false;
  const full = engine.parseGrammar(MESSAGE, packet.length, FULL);
  assertEquals([status, full], [0, 0], hexOf(packet));
  assertEquals(
    hexOf(bytes().slice(SHORT, SHORT + VIEW_BYTES)),
    hexOf(bytes().slice(FULL, FULL + VIEW_BYTES)),
    hexOf(packet),
  );
  return true;
}

const CONFIRM = object(15, 1, "c0000214"), ERROR = object(6, 1, "0a00010200000000");
const BASES = [
  [1, [SESSION, HOP, TIME, TEMPLATE, TSPEC]],
  [1, [SESSION, HOP, TIME, TEMPLATE, TSPEC, ADSPEC]],
  ...[STYLE.FF, STYLE.SE].flatMap((style) => [
    [2, [SESSION, HOP, TIME, style, FLOWSPEC_CL, FILTER]],
    [2, [SESSION, HOP, TIME, CONFIRM, style, FLOWSPEC_GS, FILTER]],
    [7, [SESSION, ERROR, CONFIRM, style, FLOWSPEC_CL, FILTER]],
  ]),
  [2, [SESSION, HOP, TIME, STYLE.WF, FLOWSPEC_CL]],
  [7, [SESSION, ERROR, CONFIRM, STYLE.WF, FLOWSPEC_GS]],
] as [number, Uint8Array[]][];

Deno.test("the usual Path, Resv and ResvConf are recognised, and their view is that of the full walk", () => {
  for (const [type, objects] of BASES) {
    assert(isUsual(message(type, objects)), `type ${type}: ${objects.map(hexOf).join(" ")}`);
  }
});

Deno.test("whatever is recognised has the view of the full walk, with any byte, object or order changed", () => {
  let seed = 2205, usual = 0;
  const random = (below: number) => {
    seed = Math.imul(seed ^ seed >>> 15, 0x2c1b3c6d) + 0x9e3779b9 | 0;
    return ((seed ^ seed >>> 13) >>> 0) % below;
  };
  const parts = BASES.flatMap(([, objects]) => objects);
  for (let round = 0; round < 60_000; round++) {
    const [type, base] = BASES[random(BASES.length)];
    const objects = [...base];
    if (random(4) === 0) objects.splice(random(objects.length + 1), random(2), parts[random(parts.length)]);
    if (random(8) === 0) objects.splice(random(objects.length), 1);
    const packet = message(random(20) === 0 ? random(9) : type, objects);
    for (let changes = random(4); changes > 0 && packet.length > 8; changes--) {
      packet[8 + random(packet.length - 8)] = random(2) === 0 ? random(256) : random(16);
    }
    if (isUsual(packet)) usual++;
  }
  assert(usual > 10_000, `only ${usual} messages were recognised`);
});
