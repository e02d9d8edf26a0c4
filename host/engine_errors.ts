/** What can go wrong at the engine's boundary, told apart by type: refused input, misuse, and our own faults. */
import { STATUS_TEXT } from "./boundary.gen.ts";

/**
 * The engine refused a submit, a call of an application or a restore. `code` is the STATUS of the boundary, and the
 * message says it in words. What a peer does wrong is never an error, but a counted drop.
 *
 * @example
 * ```ts
 * import { Network, ResvError } from "@resv/resv";
 *
 * const network = new Network();
 * const alice = network.host("alice"), bob = network.host("bob");
 * network.link(alice, bob);
 * alice.session({ destination: bob.address, port: 5004 });
 * try {
 *   // A destination with and one without ports cannot be told apart by what is in the packets (RFC 2205 3.2).
 *   alice.session({ destination: bob.address });
 * } catch (error) {
 *   if (error instanceof ResvError) console.log(error.status, error.rfc); // DESTINATION_PORT_CONFLICT RFC 2205 3.2
 * }
 * ```
 */
export class ResvError extends Error {
  /** Tells it from other errors where `instanceof` cannot. */
  override readonly name: string = "ResvError";
  /** STATUS number (catalogue/status.ts). */
  readonly code: number;
  /** STATUS name, such as `BAD_SUBMIT`. */
  readonly status: string;
  /** The RFC and section that the status follows from; empty where no RFC is concerned. */
  readonly rfc: string;

  /** Finds the words for the status. @param code STATUS number @param doing what was asked for, for the message */
  constructor(code: number, doing: string) {
    const entry = STATUS_TEXT[code];
    const status = entry?.name ?? `STATUS_${code}`;
    const text = entry?.text ?? "a status that this host does not know";
    super(`${doing}: ${text} [${status}${entry?.rfc ? `, ${entry.rfc}` : ""}]`);
    this.code = code;
    this.status = status;
    this.rfc = entry?.rfc ?? "";
  }
}

/**
 * The caller broke the boundary's contract: it submitted before the actions were drained, from inside the handler of
 * an action, or to an engine that has trapped or was closed.
 *
 * @example
 * ```ts
 * import { defaultModule, Engine, EngineMisuseError } from "@resv/resv";
 *
 * const engine = new Engine(defaultModule());
 * engine.submit("CONFIG", { seed: 1, refreshIntervalMs: 30_000, lifetimeMultiplier: 3, blockadeMultiplier: 3, memoryLimitBytes: 1 << 24 }, 0);
 * try {
 *   engine.submit("TICK", {}, 1);
 * } catch (error) {
 *   console.log(error instanceof EngineMisuseError); // true
 * }
 * ```
 */
export class EngineMisuseError extends Error {
  /** Tells it from other errors where `instanceof` cannot. */
  override readonly name: string = "EngineMisuseError";
}

/** One frame of a trap's stack: where in the engine's code it stood. */
export interface TrapFrame {
  /** Byte offset in the module. */
  offset: number;
  /** AssemblyScript function, once it has been looked up. */
  functionName?: string;
  /** Source file, once it has been looked up. */
  file?: string;
  /** Line of the source file, from 1, once it has been looked up. */
  line?: number;
}

/** Answers for an offset of the module; generated as `host/trap_map.gen.ts`, or given by a test. */
export type TrapMap = (offset: number) => { functionName?: string; file?: string; line?: number };

/**
 * Reads the frames that V8 writes for WASM code: `wasm-function[12]:0x3f2`, innermost first. The index is not used: Deno
 * prints 0 for every function.
 */
export function parseTrapFrames(stack: string): TrapFrame[] {
  const frames: TrapFrame[] = [];
  for (const match of stack.matchAll(/wasm-function\[\d+\]:0x([0-9a-f]+)/gi)) {
    frames.push({ offset: parseInt(match[1], 16) });
  }
  return frames;
}

/**
 * The engine trapped, which is always our own fault and never a peer's. The instance is dropped: restore a snapshot or
 * start a new one. The message names raw code offsets at first; `explain()` adds AssemblyScript function, file and line.
 *
 * @example What a module that traps looks like
 * ```ts
 * import { CodecEngine, EngineTrapError } from "@resv/resv";
 *
 * // Stands for a broken engine: its check of messages is `unreachable`.
 * const broken = new CodecEngine({
 *   memory: new WebAssembly.Memory({ initial: 2 }),
 *   workspace: () => 8,
 *   outbox: () => 0,
 *   check: () => {
 *     throw new WebAssembly.RuntimeError("unreachable");
 *   },
 * });
 * try {
 *   broken.check(new Uint8Array(8));
 * } catch (error) {
 *   if (!(error instanceof EngineTrapError)) throw error;
 *   console.log((await error.explain()).message); // the engine trapped while checking a message: unreachable
 * }
 * ```
 */
export class EngineTrapError extends Error {
  /** Tells it from other errors where `instanceof` cannot. */
  override readonly name: string = "EngineTrapError";
  /** What the engine was asked to do. */
  readonly doing: string;
  /** Innermost first. Empty where the runtime's stack has no WASM offsets. */
  readonly frames: TrapFrame[];
  #reason: string;

  /** Reads the frames of the runtime's error. @param doing what the engine was asked to do @param cause the runtime's error */
  constructor(doing: string, cause: Error) {
    super("", { cause });
    this.doing = doing;
    this.#reason = cause.message;
    this.frames = parseTrapFrames(cause.stack ?? "");
    this.message = this.#describe();
  }

  /**
   * Looks the frames up and rewrites the message. The side table is large and is loaded only here; where it cannot be
   * loaded the message keeps its offsets.
   */
  async explain(map?: TrapMap): Promise<this> {
    let lookUp = map;
    if (!lookUp) {
      try {
        lookUp = (await import("./trap_map.ts")).defaultTrapMap();
      } catch {
        return this;
      }
    }
    for (const frame of this.frames) Object.assign(frame, lookUp(frame.offset));
    this.message = this.#describe();
    return this;
  }

  #describe(): string {
    const [innermost, ...outer] = this.frames.map(describeFrame);
    const via = outer.length > 0 ? `, called from ${outer.join(", ")}` : "";
    return `the engine trapped while ${this.doing}: ${this.#reason}${innermost ? ` at ${innermost}${via}` : ""}`;
  }
}

function describeFrame(frame: TrapFrame): string {
  const place = frame.file ? `${frame.file}:${frame.line}` : `engine.wasm:0x${frame.offset.toString(16)}`;
  return frame.functionName ? `${frame.functionName} (${place})` : place;
}
