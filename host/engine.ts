/**
 * The engine as a typed object: the only file that makes views of WASM memory.
 *
 * Contract of the boundary: submit, drain `poll()` until it returns nothing, submit again. The host copies in, calls,
 * and copies out; views are derived again whenever `memory.grow` has replaced the buffer. Nothing here knows a rule of
 * RSVP: records are written and read by the generated code of `boundary.gen.ts`.
 */
import { ABI_VERSION, type Action, INPUT, PACKET_SLOT_BYTES, STATUS, type TableRows } from "./boundary.gen.ts";
import { OUTCOME_ACTION_BYTES, OUTCOME_ACTIONS, OUTCOME_MORE, OUTCOME_STATUS } from "./boundary.gen.ts";
import {
  countersByName,
  type EngineExports,
  type EngineOptions,
  type SubmitObserver,
  type SubmitRecords,
} from "./engine_exports.ts";
import { type Copied, keep } from "./arena.ts";
import { fillSlots, placePackets, placeRecords } from "./inbox.ts";
import { BROKEN, NO_ACTIONS, readActions, takeSends } from "./outbox.ts";
import { EngineMisuseError, EngineTrapError, ResvError } from "./engine_errors.ts";
import { defaultEngineHash, readSnapshotHeader, writeSnapshot } from "./snapshot.ts";
import { allRows, tableNumber, type TablePage } from "./table_rows.ts";
import type { Packet, SlotFiller } from "./transport/transport.ts";

export type { EngineOptions, SubmitObserver };

/**
 * One engine: one node's protocol state in one WASM instance. Records go in, actions come out; who calls it carries them
 * out, as {@linkcode EngineLoop} does for {@linkcode RsvpNode}. docs/api.md has a longer example.
 *
 * @example An application registers, and the engine's counters tell
 * ```ts
 * import { CALL_KIND, defaultModule, encodeObjects, Engine } from "@resv/resv";
 *
 * const engine = new Engine(defaultModule());
 * engine.submit("CONFIG", { seed: 1, refreshIntervalMs: 30_000, lifetimeMultiplier: 3, blockadeMultiplier: 3, memoryLimitBytes: 2 ** 24 }, 0);
 * for (const { action } of engine.drain()) console.log(action);
 * const session = { name: "SESSION", form: "IPv4", destinationAddress: "10.0.1.2", protocolId: 17, destinationPort: 5004, flags: 0 } as const;
 * engine.submit("CALL", { call: CALL_KIND.SESSION, application: 1, objects: encodeObjects([session]) }, 0);
 * for (const { action } of engine.drain()) console.log(action);
 * console.log(engine.counters().SESSIONS); // 1
 * ```
 */
export class Engine {
  #exports: EngineExports;
  #module: WebAssembly.Module;
  #bytes!: Uint8Array;
  #view!: DataView;
  #words!: Int32Array;
  #inbox: number;
  #inboxLength: number;
  /** Absent in engines that know only its parts. A function of its own: `exports` is slow to look anything up in. */
  #turn: EngineExports["turn"];
  #outcome = 0;
  /** Bytes of actions that the last turn has polled and nobody has taken. */
  #polled = 0;
  /** Where what was polled last begins. */
  #polledAt = 0;
  /** Whether the engine has to be asked for more. */
  #more = true;
  /** What the last turn has told. */
  #deadline: number | undefined = undefined;
  /** True from a submit until a poll has returned nothing. */
  #undrained = false;
  /** True while the observer of submits, or who fills the inbox, runs. */
  #observing = false;
  #dead: string | undefined;
  #onSubmit: SubmitObserver | undefined;
  #hash: Uint8Array;

  /**
   * Instantiates a compiled module; {@linkcode defaultModule} has the embedded one.
   * @throws {EngineMisuseError} if the module speaks another version of the boundary.
   */
  constructor(module: WebAssembly.Module, options: EngineOptions = {}) {
    this.#module = module;
    // The engine imports nothing, hence the empty object: a module that wants more fails here.
    this.#exports = new WebAssembly.Instance(module, {}).exports as unknown as EngineExports;
    this.#onSubmit = options.onSubmit;
    this.#hash = options.engineHash ?? defaultEngineHash();
    const version = this.#exports.abiVersion() >>> 0;
    if (version !== ABI_VERSION) {
      throw new EngineMisuseError(`engine speaks boundary version ${version}, this host speaks ${ABI_VERSION}`);
    }
    this.#deriveViews();
    this.#inbox = this.#exports.inbox() >>> 0;
    this.#inboxLength = this.#exports.inboxLength() >>> 0;
    this.#turn = this.#exports.turn;
    this.#outcome = this.#exports.outcome ? this.#exports.outcome() >>> 0 : 0;
  }

  /** The module it was made from, for another engine of the same kind. */
  get module(): WebAssembly.Module {
    return this.#module;
  }

  /** False once the engine has trapped or was closed; every call then throws. */
  get alive(): boolean {
    return this.#dead === undefined;
  }

  /** Size of its linear memory in bytes; it grows and never shrinks. */
  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  /**
   * Submits one record. `nowMs` is the host's monotonic clock in milliseconds and must not go backwards.
   * @throws {ResvError} if the engine refuses it. A peer's fault is never an error here.
   * @throws {EngineMisuseError} if the actions of the submit before it have not been drained.
   * @throws {EngineTrapError} if the engine is broken; it is gone then.
   */
  submit<K extends keyof SubmitRecords>(kind: K, record: SubmitRecords[K], nowMs: number): void {
    // Nothing of a TICK is read; who looks on shall see one all the same.
    if (kind !== "TICK" || this.#onSubmit) return this.submitAll(kind, [record], nowMs);
    this.#mustBeDrained(kind);
    this.#callSubmit(kind, INPUT.TICK, 1, nowMs, 0);
  }

  /**
   * Submits several records of one kind as one submit: what they set off is told together.
   * @throws {RangeError} naming the record with which the inbox (some 68 KB) is full; nothing is submitted then.
   * @throws what `submit` throws.
   */
  submitAll<K extends keyof SubmitRecords>(kind: K, records: readonly SubmitRecords[K][], nowMs: number): void {
    this.#beginSubmit(kind);
    const used = placeRecords(this.#view, this.#bytes, this.#inbox, this.#inboxLength, kind, records);
    this.#callSubmit(kind, INPUT[kind], records.length, nowMs, used);
  }

  /**
   * Submits received datagrams from `start` on, as many as the inbox holds, and returns how many it took: drain, then
   * submit the rest. A datagram that no inbox could hold is cut to what fits, so that the engine counts it as an error
   * in length and the batch behind it is not lost. @throws what `submit` throws, but never for a packet's sake.
   */
  submitPackets(packets: readonly Packet[], nowMs: number, start = 0): number {
    this.#beginSubmit("PACKETS");
    const end = this.#inbox + this.#inboxLength;
    const { count, used } = placePackets(this.#view, this.#bytes, this.#inbox, end, packets, start);
    if (count > 0) this.#callSubmit("PACKETS", INPUT.PACKETS, count, nowMs, used);
    return count;
  }

  /**
   * Has `fill` put datagrams into the inbox, submits them and returns how many there were. Nothing is copied.
   * @throws what `submit` throws, but never for a packet's sake.
   */
  submitSlots(fill: SlotFiller, nowMs: number): number {
    this.#beginSubmit("PACKETS");
    this.#observing = true;
    let count = 0;
    try {
      count = fillSlots(this.#view, this.#bytes, this.#words, this.#inbox, this.#inboxLength, fill);
    } finally {
      this.#observing = false;
    }
    if (count > 0) this.#callSubmit("PACKETS", INPUT.PACKETS, count, nowMs, count * PACKET_SLOT_BYTES);
    return count;
  }

  /** Submits raw inbox bytes as a recorder saw them, and returns the STATUS; {@linkcode replay} does it for a whole log. */
  submitRaw(kind: number, count: number, nowMs: number, inbox: Uint8Array): number {
    this.#beginSubmit("replay");
    this.#put("a recorded submit", inbox, 0);
    return this.#rawSubmit("a recorded submit", kind, count, nowMs, inbox.length);
  }

  /** The actions of one outbox, copied; an empty list means that the engine is drained and may be submitted to. */
  poll(): Action[] {
    const length = this.#poll();
    return length === 0 ? NO_ACTIONS.slice() : this.#read(this.#polledAt, length);
  }

  /**
   * Like `poll`, but datagrams to be sent go to `take`, where they stand: from the first action on that is another, or
   * that `take` leaves, they are returned. `take` must not call the engine.
   */
  pollUntaken(take: (words: Int32Array, at: number) => boolean): Action[] {
    for (let length = this.#poll(); length !== 0; length = this.#poll()) {
      const start = this.#polledAt, end = start + length;
      const at = takeSends(this.#words, start, end, take);
      if (at < end) return this.#read(at, end - at);
    }
    return NO_ACTIONS.slice();
  }

  /** Yields every action until the engine is drained. The body of the loop must not submit. */
  *drain(): Generator<Action, void, void> {
    for (let actions = this.poll(); actions.length > 0; actions = this.poll()) yield* actions;
  }

  /** Like `poll`, as one run of bytes, for comparing runs. */
  pollRaw(): Uint8Array {
    const length = this.#poll();
    return this.#fresh().slice(this.#polledAt, this.#polledAt + length);
  }

  /** When the next TICK is wanted, in the host's milliseconds; Infinity if never; in the past if more work is due. */
  deadline(): number {
    this.#mustBeFree("deadline");
    if (this.#deadline !== undefined) return this.#deadline;
    return this.#call("asking for the deadline", () => this.#exports.deadline());
  }

  /**
   * Some rows of a table, as the engine wrote them ({@linkcode TableRows} has what is in them), and where to go on: 0 is
   * the beginning and the end. Between two pages anything may be submitted; rows that move meanwhile may be missing or
   * come twice. @throws {EngineMisuseError} if there are actions to be drained. @throws {RangeError} if there is no such
   * table.
   */
  inspectPage(table: keyof TableRows, cursor = 0): TablePage {
    this.#mustBeDrained(`inspect("${String(table)}")`);
    this.#pollEngine();
    const number = tableNumber(table);
    const next = this.#call(`inspecting ${String(table)}`, () => this.#exports.inspect(number, cursor));
    const length = this.#exports.outboxLength() >>> 0;
    const { bytes, start } = this.#copy(this.#exports.outbox() >>> 0, length);
    return { rows: bytes.subarray(start, start + length), cursor: next };
  }

  /** All rows of a table, copied. @throws what `inspectPage` throws. */
  inspect<T extends keyof TableRows>(table: T): TableRows[T][] {
    return allRows(table, (cursor) => this.inspectPage(table, cursor));
  }

  /** Every counter by name: those of `COUNTER`, and drops under the name of their STATUS. Zero counters are left out. */
  counters(): Record<string, number> {
    return countersByName(this.inspect("counters"));
  }

  /** Flowspec arithmetic (RFC 2205 3.11.6) on RSVP objects, in wire form; returns the resulting bytes. */
  arithmetic(operation: number, objects: Uint8Array): Uint8Array {
    const arithmetic = this.#exports.arithmetic;
    if (!arithmetic) throw new EngineMisuseError("this engine has no arithmetic export");
    this.#mustBeDrained("arithmetic");
    this.#pollEngine();
    this.#put("objects", objects, 8);
    const length = this.#call("flowspec arithmetic", () => arithmetic(operation)) >>> 0;
    const start = this.#exports.outbox() >>> 0;
    return this.#fresh().slice(start, start + length);
  }

  /**
   * The whole state as bytes, with a header that names the boundary version and the engine's build. Times in it are kept
   * as they are: restore it with a clock that goes on. @throws {EngineMisuseError} if there are actions to be drained.
   */
  snapshot(): Uint8Array {
    this.#mustBeDrained("snapshot");
    this.#pollEngine();
    const start = this.#exports.stateStart() >>> 0, length = this.#exports.stateLength() >>> 0;
    return writeSnapshot(this.#hash, this.#fresh().subarray(start, start + length));
  }

  /**
   * A new engine in the state of a snapshot. {@linkcode SnapshotError} has an example.
   * @throws {SnapshotError} if it is damaged or from another build of the engine.
   */
  static restore(module: WebAssembly.Module, snapshot: Uint8Array, options: EngineOptions = {}): Engine {
    const state = readSnapshotHeader(snapshot, options.engineHash ?? defaultEngineHash());
    const engine = new Engine(module, options);
    const memory = engine.#exports.memory;
    const start = engine.#exports.stateStart() >>> 0;
    const missing = start + state.length - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65536));
    engine.#deriveViews();
    engine.#bytes.set(state, start);
    const status = engine.#call("restoring a snapshot", () => engine.#exports.restore(state.length)) >>> 0;
    if (status !== STATUS.OK) throw new ResvError(status, "restoring a snapshot");
    return engine;
  }

  /** Lets the instance go. Every later call throws. */
  close(): void {
    this.#dead ??= "it was closed";
  }

  #poll(): number {
    this.#mustBeFree("poll");
    let length = this.#polled;
    this.#polled = 0;
    if (length === 0 && this.#more) length = this.#pollEngine();
    this.#undrained = length !== 0;
    return length;
  }

  #pollEngine(): number {
    const length = this.#call("polling", () => this.#exports.poll()) >>> 0;
    this.#polledAt = this.#exports.outbox() >>> 0;
    this.#more = length !== 0;
    return length;
  }

  #beginSubmit(what: string): void {
    this.#mustBeDrained(what);
    this.#fresh();
  }

  #mustBeDrained(doing: string): void {
    this.#mustBeFree(doing);
    if (this.#undrained) {
      throw new EngineMisuseError(`${doing}: drain poll() until it returns nothing, then submit again`);
    }
  }

  /** The engine imports nothing: nobody but an observer of submits, or who fills the inbox, can come back. */
  #mustBeFree(doing: string): void {
    if (this.#dead !== undefined) throw new EngineMisuseError(`${doing}: the engine is gone, ${this.#dead}`);
    if (this.#observing) throw new EngineMisuseError(`${doing}: the engine is already running; it is never re-entered`);
  }

  /** Fills the inbox, with zeros behind. */
  #put(what: string, content: Uint8Array, zeros: number): void {
    const { length } = content;
    if (length > this.#inboxLength) {
      throw new RangeError(`${what}: ${length} bytes do not fit the inbox of ${this.#inboxLength}`);
    }
    this.#fresh().set(content, this.#inbox);
    this.#bytes.fill(0, this.#inbox + length, this.#inbox + Math.min(this.#inboxLength, length + zeros));
  }

  #callSubmit(name: string, kind: number, count: number, nowMs: number, used: number): void {
    const status = this.#rawSubmit(name, kind, count, nowMs, used);
    if (status !== STATUS.OK) throw new ResvError(status, `submitting ${name}`);
  }

  #rawSubmit(name: string, kind: number, count: number, nowMs: number, used: number): number {
    if (this.#onSubmit) {
      this.#observing = true;
      try {
        this.#onSubmit(kind, count, nowMs, this.#bytes.subarray(this.#inbox, this.#inbox + used));
      } finally {
        this.#observing = false;
      }
    }
    // Even a refused submit may have left actions (counters, reports), so it has to be drained like any other.
    this.#undrained = this.#more = true;
    this.#polled = 0;
    try {
      if (!this.#turn) return this.#exports.submit(kind, count, nowMs) >>> 0;
      this.#deadline = this.#turn(kind, count, nowMs);
    } catch (error) {
      throw this.#trapped(`submitting ${name}`, error);
    }
    this.#fresh();
    const at = this.#outcome >> 2, words = this.#words;
    this.#polled = words[at + (OUTCOME_ACTION_BYTES >> 2)];
    this.#polledAt = words[at + (OUTCOME_ACTIONS >> 2)] >>> 0;
    this.#more = words[at + (OUTCOME_MORE >> 2)] !== 0;
    return words[at + (OUTCOME_STATUS >> 2)];
  }

  /** Everything that is not done for every packet. */
  #call<T>(doing: string, run: () => T): T {
    this.#mustBeFree(doing);
    try {
      return run();
    } catch (error) {
      throw this.#trapped(doing, error);
    }
  }

  #trapped(doing: string, error: unknown): unknown {
    // A stack that has run out is a RangeError, in WebAssembly too.
    if (!(error instanceof WebAssembly.RuntimeError) && !(error instanceof RangeError)) return error;
    this.#dead = `it trapped while ${doing}`;
    return new EngineTrapError(doing, error);
  }

  /** Copies what is in the outbox to where the views that go out to the caller stay good. */
  #copy(at: number, length: number): Copied {
    return keep(this.#fresh().subarray(at, at + length));
  }

  #read(at: number, length: number): Action[] {
    const actions = readActions(this.#copy(at, length), length);
    if (actions !== BROKEN) return actions;
    throw new EngineMisuseError(`engine is gone, ${this.#dead = "it wrote a record that does not fit its outbox"}`);
  }

  /** memory.grow detaches the old buffer, whose length then reads as zero. */
  #fresh(): Uint8Array {
    if (this.#words.length === 0) this.#deriveViews();
    return this.#bytes;
  }

  #deriveViews(): void {
    const buffer = this.#exports.memory.buffer;
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
    this.#words = new Int32Array(buffer);
  }
}
