/** Plays a log of submits (host/recorder.ts) back into a fresh engine. */
import { Engine } from "./engine.ts";
import { type LogEntry, LogError, readLog, readLogHeader } from "./recorder.ts";
import { defaultEngineHash } from "./snapshot.ts";

/** How a log is played. */
export interface ReplayOptions {
  /** Sees every submit after it was drained: its status and the bytes of its actions. */
  onStep?: (entry: LogEntry, status: number, actions: Uint8Array) => void;
  /** Hash of the module's build, if it is not the embedded one. */
  engineHash?: Uint8Array;
  /** True to play a log of another build: the same actions are then not to be expected. */
  anyBuild?: boolean;
}

/** What came of playing a log. */
export interface ReplayResult {
  /** The engine after the last submit, for inspection. */
  engine: Engine;
  /** How many submits were played. */
  submits: number;
  /** All actions as the engine wrote them, one run of bytes. */
  actions: Uint8Array<ArrayBuffer>;
}

/**
 * Plays the whole log of a {@linkcode Recorder} into a fresh engine, as fast as it goes.
 * @throws {LogError} if the log is broken or from another build of the engine.
 * @throws {EngineTrapError} where the engine traps, as it did when the log was made.
 *
 * @example What a node was told, step by step
 * ```ts
 * import { defaultModule, Network, Recorder, replay } from "@resv/resv";
 *
 * const recorder = new Recorder();
 * const network = new Network({ noJitter: true });
 * const alice = network.host("alice", { recorder }), bob = network.host("bob");
 * network.link(alice, bob);
 * alice.send({ destination: bob.address, port: 5004 }, { tokenBucketRateBytesPerSecond: 12_500 });
 * network.run(40_000);
 *
 * const ticks: number[] = [];
 * replay(recorder.bytes(), defaultModule(), {
 *   onStep: ({ kind, nowMs }, _status, actions) => {
 *     if (kind === 3 && actions.length > 0) ticks.push(nowMs);
 *   },
 * });
 * console.log(ticks.length > 0 && ticks.every((at) => at <= 40_000)); // true
 * ```
 */
export function replay(log: Uint8Array, module: WebAssembly.Module, options: ReplayOptions = {}): ReplayResult {
  const { engineHash } = readLogHeader(log);
  const ours = options.engineHash ?? defaultEngineHash();
  if (!options.anyBuild && !engineHash.every((byte, i) => byte === ours[i])) {
    throw new LogError("offset 32: the log was recorded with another build of the engine");
  }
  const engine = new Engine(module, { engineHash: ours });
  const chunks: Uint8Array[] = [];
  let length = 0;
  let submits = 0;
  for (const entry of readLog(log)) {
    const status = engine.submitRaw(entry.kind, entry.count, entry.nowMs, entry.inbox);
    submits++;
    const before = chunks.length;
    for (let actions = engine.pollRaw(); actions.length > 0; actions = engine.pollRaw()) {
      chunks.push(actions);
      length += actions.length;
    }
    options.onStep?.(entry, status, concatenate(chunks.slice(before)));
  }
  return { engine, submits, actions: concatenate(chunks, length) };
}

function concatenate(chunks: readonly Uint8Array[], length = chunks.reduce((sum, chunk) => sum + chunk.length, 0)) {
  const out = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}
