/**
 * A campaign: cases one after the other, each from a seed of its own that follows from the campaign's seed and the number
 * of the case. A case that fails is told with the command that runs it again, and made as small as it gets.
 */
import { EngineTrapError } from "../../host/engine_errors.ts";
import { Random } from "../../host/random.ts";
import { fromHex, toHex } from "./bytes.ts";
import { CaptureAttack, randomCapture } from "./capture_target.ts";
import { CodecAttack } from "./codec_target.ts";
import { corpus } from "./corpus.ts";
import { Finding, Lockstep, type Submit } from "./lockstep.ts";
import { checkReservedBandwidth, checkTables } from "./invariants.ts";
import { smallerBytes, smallerList } from "./minimise.ts";
import { mutate } from "./mutate.ts";
import { NodeAttack } from "./node_target.ts";

export const TARGETS = ["codec", "node", "capture"] as const;
export type Target = (typeof TARGETS)[number];

/** Inputs in one case of a target, for sharing time between the targets. */
const MESSAGES_PER_CODEC_CASE = 200;
const FILES_PER_CAPTURE_CASE = 10;
const STEPS_PER_NODE_CASE = 250;
const STEPS_BETWEEN_CHECKS = 25;
/** How many messages of a codec case are compared with their line of NDJSON too. */
const LINE_EVERY = 8;

/** What went wrong, and with what. */
export interface Failure {
  target: Target;
  seed: number;
  index: number;
  message: string;
  /** The smallest input found that still fails, as text: hex of a message or file, JSON of submits. */
  input: string;
}

export interface Outcome {
  cases: number;
  /** Mutated messages, packets and files. */
  inputs: number;
  failure?: Failure;
}

/** Seed of a case. */
function caseSeed(seed: number, target: Target, index: number): number {
  const random = new Random((seed ^ Math.imul(TARGETS.indexOf(target) + 1, 0x9e3779b1)) >>> 0);
  return (random.u32() + Math.imul(index, 0x85ebca6b)) >>> 0;
}

function describe(error: unknown): string {
  if (error instanceof Finding || error instanceof EngineTrapError) return error.message;
  return (error as Error).stack ?? String(error);
}

/** The error that the function throws, in words; undefined if it throws none. */
export function failing(run: () => void): string | undefined {
  try {
    run();
  } catch (error) {
    return describe(error);
  }
}

/** Same kind of failure: same words, whatever numbers. */
const kindOf = (message: string) => message.replace(/0x[0-9a-f]+|\d+|[0-9a-f]{8,}/g, "#").slice(0, 60);

export class Campaign {
  readonly seed: number;
  readonly #module: WebAssembly.Module;
  #codec: CodecAttack;
  #capture: CaptureAttack;

  constructor(module: WebAssembly.Module, seed: number) {
    this.#module = module;
    this.seed = seed >>> 0;
    this.#codec = new CodecAttack(module);
    this.#capture = new CaptureAttack(module);
  }

  /** Runs one case and returns its number of inputs. */
  run(target: Target, index: number): Outcome {
    const random = new Random(caseSeed(this.seed, target, index));
    if (target === "codec") return this.#runCodec(random, index);
    if (target === "capture") return this.#runCapture(random, index);
    return this.#runNode(random, index);
  }

  #fail(target: Target, index: number, message: string, input: string, inputs: number): Outcome {
    return { cases: 1, inputs, failure: { target, seed: this.seed, index, message, input } };
  }

  #runCodec(random: Random, index: number): Outcome {
    const pool = corpus();
    for (let number = 0; number < MESSAGES_PER_CODEC_CASE; number++) {
      const input = mutate(random, pool[random.below(pool.length)], pool);
      const lines = number % LINE_EVERY === 0;
      const message = failing(() => this.#codec.run(input, lines));
      if (message === undefined) continue;
      const smaller = smallerBytes(input, (bytes) => this.#codecFails(bytes, kindOf(message)));
      return this.#fail("codec", index, message, toHex(smaller), number);
    }
    return { cases: 1, inputs: MESSAGES_PER_CODEC_CASE };
  }

  #codecFails(bytes: Uint8Array, kind: string): boolean {
    const message = failing(() => new CodecAttack(this.#module).run(bytes, true));
    return message !== undefined && kindOf(message) === kind;
  }

  #runCapture(random: Random, index: number): Outcome {
    const pool = corpus();
    for (let number = 0; number < FILES_PER_CAPTURE_CASE; number++) {
      const messages = Array.from(
        { length: 1 + random.below(5) },
        () => mutate(random, pool[random.below(pool.length)], pool),
      );
      const file = randomCapture(random, messages);
      const piece = 1 + random.below(200);
      const message = failing(() => this.#capture.run(file, piece));
      if (message === undefined) continue;
      const smaller = smallerBytes(file, (bytes) => {
        const other = failing(() => new CaptureAttack(this.#module).run(bytes, piece));
        return other !== undefined && kindOf(other) === kindOf(message);
      });
      return this.#fail("capture", index, message, toHex(smaller), number);
    }
    return { cases: 1, inputs: FILES_PER_CAPTURE_CASE };
  }

  #runNode(random: Random, index: number): Outcome {
    let attack: NodeAttack | undefined;
    const message = failing(() => {
      attack = new NodeAttack(this.#module, random.u32(), corpus());
      for (let step = 0; step < STEPS_PER_NODE_CASE; step++) {
        attack.step();
        if (step % STEPS_BETWEEN_CHECKS === 0) attack.check();
      }
      attack.end();
    });
    const inputs = attack?.packets ?? 0;
    if (message === undefined) return { cases: 1, inputs };
    const submits = smallerList(attack?.node.log ?? [], (list) => {
      const other = failing(() => this.replay(list));
      return other !== undefined && kindOf(other) === kindOf(message);
    });
    return this.#fail("node", index, message, submitsToText(submits), inputs);
  }

  /** Gives recorded submits to a pair of engines. */
  replay(submits: readonly Submit[]): void {
    const node = new Lockstep(this.#module);
    for (const submit of submits) {
      node.submit(submit);
      checkTables(node.engines[0]);
      checkReservedBandwidth(node.engines[0]);
    }
  }

  /** Runs what a failure has written. */
  replayInput(target: Target, text: string): void {
    if (target === "node") this.replay(submitsFromText(text));
    else if (target === "codec") this.#codec.run(fromHex(text.trim()), true);
    else for (const piece of [1, 7, 64, 199]) this.#capture.run(fromHex(text.trim()), piece);
  }
}

/** One JSON value a line: kind, count, time, and the parts of the inbox. */
export function submitsToText(submits: readonly Submit[]): string {
  return submits.map(({ kind, count, nowMs, parts }) => {
    return JSON.stringify({
      kind,
      count,
      nowMs: String(nowMs),
      parts: parts.map(({ at, bytes }) => [at, toHex(bytes)]),
    });
  }).join("\n");
}

export function submitsFromText(text: string): Submit[] {
  return text.split("\n").filter((line) => line.trim() !== "").map((line) => {
    const { kind, count, nowMs, parts } = JSON.parse(line);
    return {
      kind,
      count,
      nowMs: Number(nowMs),
      parts: (parts as [number, string][]).map(([at, hex]) => ({ at, bytes: fromHex(hex) })),
    };
  });
}
