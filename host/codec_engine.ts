/**
 * An engine that only checks messages for the codec. It is an instance of its own, so that it holds no protocol state and
 * may be called at any time; like host/engine.ts, it makes views of its memory, because a check takes less time than a
 * copy of its result would.
 */
import { EngineTrapError } from "./engine_errors.ts";
import type { CheckResult, MessageChecker } from "./codec/checker.ts";

/** What a codec needs of the engine's exports. */
export interface CodecExports {
  readonly memory: WebAssembly.Memory;
  /** Makes scratch memory of at least `bytes` and returns where it is; 0 if there is none. */
  workspace(bytes: number): number;
  /** Checks a message and leaves the result at `outbox()`. */
  check(pointer: number, length: number): number;
  outbox(): number;
}

/** Words of the result (engine-as/wire/check.ts). */
const STATUS_WORD = 0, OFFSET_WORD = 1, CLASS_WORD = 2, CTYPE_WORD = 3, CHECKSUM_WORD = 4, COUNT_WORD = 5;
const PROBLEM_COUNT_WORD = 6, MESSAGES_WORD = 7, ENTRIES_WORD = 8;

/** The longest message there is. */
const MESSAGE_ROOM = 65536;

/** The result of the last check; read from memory when asked for. */
class Result implements CheckResult {
  status = 0;
  checksum = 0;
  count = 0;
  problemCount = 0;
  messagesOffset = 0;
  /** From the entries on, to the end of memory. */
  entries: Uint32Array = new Uint32Array(0);
  words: Uint32Array = new Uint32Array(0);
  /** The message as it stands in the engine's memory. */
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  at = 0;

  get errorOffset(): number {
    return this.words[OFFSET_WORD];
  }
  get errorClass(): number {
    return this.words[CLASS_WORD];
  }
  get errorCType(): number {
    return this.words[CTYPE_WORD];
  }
  get problems(): Uint32Array {
    return this.entries.subarray(2 * this.count, 2 * (this.count + this.problemCount));
  }

  take(): void {
    const words = this.words;
    this.status = words[STATUS_WORD];
    this.checksum = words[CHECKSUM_WORD];
    this.count = words[COUNT_WORD];
    this.problemCount = words[PROBLEM_COUNT_WORD];
    this.messagesOffset = words[MESSAGES_WORD];
  }
}

/**
 * An engine that checks messages for a {@linkcode Codec}, one after the other; every result is good until the next check.
 * It is an instance of its own and holds no protocol state.
 *
 * @example Where a runtime does not compile from bytes (workerd), the module is imported and handed in
 * ```ts
 * import { Codec, CodecEngine, defaultModule } from "@resv/resv";
 *
 * // There: import module from "@resv/resv/engine-as/engine.wasm";
 * const module = defaultModule();
 * const codec = new Codec(CodecEngine.of(module));
 * console.log(codec.tryDecode(new Uint8Array(4)).ok); // false
 * ```
 */
export class CodecEngine implements MessageChecker {
  readonly #exports: CodecExports;
  readonly #result = new Result();
  /** All of its memory; empty before the first check, and for good once it has trapped. */
  #bytes: Uint8Array = new Uint8Array(0);
  #pointer = 0;
  #dead = false;

  /** Takes an instance over; {@linkcode CodecEngine.of} makes one. @param exports of an instance that nobody else uses */
  constructor(exports: CodecExports) {
    this.#exports = exports;
  }

  /** A codec engine of a compiled module. @throws {RangeError} if the module has no check. */
  static of(module: WebAssembly.Module): CodecEngine {
    const { memory, workspace, check, outbox } = new WebAssembly.Instance(module, {}).exports as Partial<
      Record<keyof CodecExports, unknown>
    >;
    if (!memory || !workspace || !check || !outbox) throw new RangeError("this module has no check of messages");
    return new CodecEngine({ memory, workspace, check, outbox } as CodecExports);
  }

  /** Checks one message; see {@linkcode CheckResult}. @throws {EngineTrapError} if the engine is broken. */
  check(message: Uint8Array): CheckResult {
    const length = message.length, result = this.#result;
    // Beyond the longest message, what its length says cannot be true; its first bytes tell the engine so.
    const taken = length <= MESSAGE_ROOM ? message : message.subarray(0, MESSAGE_ROOM);
    if (this.#bytes.length === 0) this.#prepare();
    this.#bytes.set(taken, this.#pointer);
    try {
      this.#exports.check(this.#pointer, taken.length);
    } catch (error) {
      this.#dead = true;
      this.#bytes = new Uint8Array(0);
      throw new EngineTrapError("checking a message", error as WebAssembly.RuntimeError);
    }
    // Memory that has grown asks for new views.
    if (this.#bytes.length === 0) this.#deriveViews();
    result.take();
    return result;
  }

  #prepare(): void {
    if (this.#dead) throw new RangeError("this codec's engine has trapped; make another codec");
    this.#pointer = this.#exports.workspace(MESSAGE_ROOM) >>> 0;
    if (this.#pointer === 0) throw new RangeError("the codec's engine has no memory for a message");
    this.#deriveViews();
  }

  #deriveViews(): void {
    const buffer = this.#exports.memory.buffer;
    this.#bytes = new Uint8Array(buffer);
    // Nobody polls this engine, so its results stand in one place.
    const outbox = this.#exports.outbox() >>> 0;
    this.#result.bytes = this.#bytes;
    this.#result.view = new DataView(buffer);
    this.#result.at = this.#pointer;
    this.#result.words = new Uint32Array(buffer, outbox);
    this.#result.entries = new Uint32Array(buffer, outbox + 4 * ENTRIES_WORD);
  }
}
