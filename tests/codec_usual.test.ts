/** The short way through the check, for usual messages, against the full check. */
import { assert, assertEquals } from "./assert.ts";
import { bytesOf, hexOf, PATH, PATH_WITH_ADSPEC, RESV } from "./codec_vectors.ts";
import { entryInstance } from "./engine_entries/compile.ts";

interface Exports {
  readonly MESSAGE: WebAssembly.Global;
  readonly RESULT: WebAssembly.Global;
  checkMessage(message: number, available: number, result: number): number;
  checkMessageFully(message: number, available: number, result: number): number;
  wasUsual(length: number): number;
}

const { exports: engine, bytes: memory } = await entryInstance<Exports>("usual_entry.ts");
const MESSAGE = Number(engine.MESSAGE.value), RESULT = Number(engine.RESULT.value);

/** The result of a check, and whether it took the short way. */
function check(message: Uint8Array, how: "checkMessage" | "checkMessageFully"): { result: string; usual: boolean } {
  memory().set(message, MESSAGE);
  const length = engine[how](MESSAGE, message.length, RESULT);
  const result = hexOf(memory().slice(RESULT, RESULT + length));
  return { result, usual: result.startsWith("00000000") && engine.wasUsual(message.length) === 1 };
}

function compare(message: Uint8Array): boolean {
  const short = check(message, "checkMessage");
  assertEquals(short.result, check(message, "checkMessageFully").result, hexOf(message));
  return short.usual;
}

function withChecked(parts: string[], type: number): Uint8Array<ArrayBuffer> {
  const body = parts.join("");
  const length = 8 + body.length / 2;
  return bytesOf(`10${type.toString(16).padStart(2, "0")}00003f00${length.toString(16).padStart(4, "0")}${body}`);
}

const SESSION = "000c0101c00002141100138c", HOP = "000c03010a00010200000007", TIMES = "0008050100007530";
const SESSION6 = "0018010220010db80000000000000000000000141101138c";
const HOP6 = "00180302fe80000000000000000000000000000100000007";
const FLOW = "0024090200000007050000067f00000546435000453b800046c3500000000040000005dc";
const GUARANTEED = "003009020000000a020000097f00000546435000453b800046c3500000000040000005dc82000002469c400000001388";
const FILTER = "000c0a01c000020a00000fa0", FILTER6 = "00180a0220010db800000000000000000000000a00000fa0";
const TEMPLATE = "000c0b01c000020a00000fa0",
  TSPEC = "00240c0200000007010000067f00000546435000453b800046c3500000000040000005dc";
const ERROR = "000c06010a00010201010002", CONFIRM = "00080f01c0000214", SCOPE = "00080701c000020a";
const ADSPEC = PATH_WITH_ADSPEC.slice(-168), NULL = "00040000";
const [WF, FF, SE] = ["0008080100000011", "000808010000000a", "0008080100000012"];
const ALL = [
  ...[SESSION, SESSION6, HOP, HOP6, TIMES, FLOW, GUARANTEED, FILTER, FILTER6, TEMPLATE, TSPEC, ERROR, CONFIRM, SCOPE],
  ...[
    ADSPEC,
    NULL,
    WF,
    FF,
    SE,
    "00080e0100000000",
    "0008900100000000",
    "0018040100000000000000000000000000000000000000ff",
  ],
];

Deno.test("the short way takes the usual messages", () => {
  assert(compare(bytesOf(PATH)) && compare(bytesOf(RESV)) && compare(bytesOf(PATH_WITH_ADSPEC)));
  assert(compare(withChecked([SESSION6, HOP6, TIMES, FF, FLOW, FILTER6, GUARANTEED, FILTER6, FILTER6], 2)));
  assert(compare(withChecked([SESSION, HOP, TIMES, CONFIRM, SE, FLOW, FILTER, FILTER], 2)));
  assert(compare(withChecked([SESSION, HOP, TIMES, WF, FLOW], 2)));
  assert(compare(withChecked([SESSION, HOP, TEMPLATE], 5)));
  assert(compare(withChecked([SESSION, ERROR, CONFIRM, FF, FLOW, FILTER], 7)));
});

Deno.test("the short way says what the full check says, of any run of objects", () => {
  let seed = 2205, usual = 0;
  const random = (below: number) => {
    seed = Math.imul(seed ^ seed >>> 15, 0x2c1b3c6d) + 0x9e3779b9 | 0;
    return ((seed ^ seed >>> 13) >>> 0) % below;
  };
  const bases = [
    [SESSION, HOP, TIMES, TEMPLATE, TSPEC, ADSPEC],
    [SESSION, HOP, TIMES, FF, FLOW, FILTER, GUARANTEED, FILTER],
    [SESSION, HOP, TIMES, SE, FLOW, FILTER, FILTER],
    [SESSION, HOP, TIMES, WF, FLOW],
  ];
  for (let round = 0; round < 20000; round++) {
    const parts = [...bases[random(bases.length)]];
    for (let changes = random(3); changes > 0; changes--) {
      const at = random(parts.length + 1);
      if (random(2) === 0) parts.splice(at, random(2), ALL[random(ALL.length)]);
      else parts.splice(at, 1);
    }
    const message = withChecked(parts, random(4) === 0 ? random(12) : parts.includes(TEMPLATE) ? 1 : 2);
    // A byte inside, but not in the header's length, so that most messages can still be taken apart.
    for (let changes = random(3); changes > 0 && message.length > 12; changes--) {
      message[8 + random(message.length - 8)] = random(3) === 0 ? random(256) : random(20);
    }
    if (compare(message)) usual++;
  }
  assert(usual > 1000, `only ${usual} messages took the short way`);
});
