/**
 * Messages for users: `decode` makes plain values of bytes, `encode` makes bytes of them. The engine checks a message and
 * lists its objects; generated readers turn each object into a value.
 *
 * A decoded message is a plain object. Its `objects` are read, all at once, when they are first asked for, from a private
 * copy of the bytes; `JSON.stringify`, `structuredClone` and the spread operator ask for them, so they lose nothing.
 */
import type { CheckResult, MessageChecker } from "./codec/checker.ts";
import { inRecommendedOrder } from "./codec/order.ts";
import { fieldsOf, list, putBits, putU16, putU8, ResvEncodeError, Writer } from "./codec/write.ts";
import { STATUS, STATUS_TEXT } from "./boundary.gen.ts";
import { MESSAGE_NAMES, MESSAGE_TYPES, type MessageName } from "./messages.gen.ts";
import { OBJECT_NAMES, readObject, type RsvpObject, writeObject } from "./objects.gen.ts";

export { ResvEncodeError } from "./codec/write.ts";
export type { CheckResult, MessageChecker } from "./codec/checker.ts";

/** Something about a message that is not as the RFC demands, though the message can be read. */
export interface Problem {
  /** STATUS name, such as `MISSING_OBJECT`. */
  status: string;
  /** In words, with object and offset. */
  text: string;
  /** RFC 2205 and its section. */
  rfc: string;
  /** Class of the object; 0 where it is about the message. */
  class: number;
  ctype: number;
  /** Byte of the message. */
  offset: number;
}

/** A decoded message (RFC 2205 3.1.1). */
export interface Message {
  /** Name of the type; `UNKNOWN` if it has none. */
  message: MessageName | "UNKNOWN";
  type: number;
  version: number;
  /** Four bits of the common header; 1 is refresh reduction (RFC 2961). */
  flags: number;
  /** Whether the checksum is right; `none` if the message carries none. */
  checksum: "ok" | "bad" | "none";
  /** The checksum that came; only where it is bad. */
  checksumValue?: number;
  /** IP TTL with which the message was sent. */
  sendTtl: number;
  /** The reserved byte of the header; only where it is not zero. */
  reserved?: number;
  /** Bytes of the message, header included. */
  length: number;
  /** What is wrong with it; only if something is. */
  problems?: Problem[];
  /** Read when first asked for. */
  readonly objects: RsvpObject[];
}

type Loose<T> = T extends { name: string }
  ? { [K in keyof T as K extends Derived ? never : K]: T[K] } & Partial<Pick<T, keyof T & Derived>>
  : never;
type Derived = "class" | "form" | "offset" | "length";
/** An object to encode: `name` and, where the class has several, `ctype` tell which; lengths are computed. */
export type ObjectInput = Loose<RsvpObject>;

/** A message to encode; what a `Message` has is accepted too. */
export interface MessageInput {
  /** Name of the type. A `type` beside it wins. */
  message?: MessageName | "UNKNOWN";
  type?: number;
  /** 1 by default. */
  version?: number;
  flags?: number;
  /** `ok` and by default: computed. `none`: zero. `bad`: `checksumValue`. */
  checksum?: "ok" | "bad" | "none";
  checksumValue?: number;
  /** 255 by default. */
  sendTtl?: number;
  reserved?: number;
  /** Only read with `raw`. */
  length?: number;
  objects: readonly ObjectInput[];
}

export interface EncodeOptions {
  /** `given`, by default, keeps the order of the list; `rfc` takes the order that the RFC recommends. */
  order?: "given" | "rfc";
  /** For test engineers: writes `length` and `checksumValue` of the message, and `length` of objects, where they are given. */
  raw?: boolean;
}

/** Where and why a message could not be decoded. */
export interface DecodeFailure {
  ok: false;
  status: string;
  /** STATUS number. */
  code: number;
  /** In words, with object and offset. */
  text: string;
  rfc: string;
  class: number;
  ctype: number;
  offset: number;
}

/** A message could not be taken apart: its header or the framing of its objects is broken. */
export class ResvDecodeError extends Error {
  override readonly name = "ResvDecodeError";
  readonly code: number;
  readonly status: string;
  readonly rfc: string;
  readonly class: number;
  readonly ctype: number;
  readonly offset: number;
  constructor(failure: DecodeFailure) {
    super(failure.text);
    ({
      code: this.code,
      status: this.status,
      rfc: this.rfc,
      class: this.class,
      ctype: this.ctype,
      offset: this.offset,
    } = failure);
  }
}

/** What a decoded message keeps to itself until its objects are asked for. */
class Source {
  objects: RsvpObject[] | undefined = undefined;
  constructor(
    readonly bytes: Uint8Array,
    readonly view: DataView,
    readonly words: Uint32Array,
    readonly at: number,
    readonly list: number,
    readonly count: number,
  ) {}
}

/** Returns what it is given, so that a subclass puts its private fields onto that. */
class Given {
  constructor(given: object) {
    return given;
  }
}

/** Keeps the source of a message with it, where no copy, clone or listing of properties finds it. */
class Kept extends Given {
  #source: Source;
  constructor(message: object, source: Source) {
    super(message);
    this.#source = source;
  }
  static of(message: object): Source | undefined {
    return #source in message ? message.#source : undefined;
  }
}

function readAll(source: Source): RsvpObject[] {
  const { bytes, view, words, at, list, count } = source;
  const objects: RsvpObject[] = [];
  for (let index = 0; index < count; index++) {
    objects.push(readObject(bytes, view, at + words[list + 2 * index], words[list + 2 * index + 1] >>> 16, at, 0));
  }
  return source.objects = objects;
}

function getObjects(this: object): RsvpObject[] {
  const source = Kept.of(this)!;
  return source.objects ?? readAll(source);
}

/** One getter for all messages: V8 then gives them one shape. */
const OBJECTS: PropertyDescriptor = { enumerable: true, configurable: true, get: getObjects };

/** Bytes and object lists of many messages share a piece of memory: allocating a buffer for each costs more than the rest. */
const POOL_BYTES = 1 << 15;

class Pool {
  bytes = new Uint8Array(0);
  view = new DataView(this.bytes.buffer);
  words = new Uint32Array(0);
  used = 0;

  /** Makes room for `length` bytes and `count` pairs of words, in one piece, from `used` on. */
  reserve(length: number, count: number): void {
    const needed = ((length + 3) & ~3) + 8 * count;
    if (this.used + needed <= this.bytes.length) return;
    this.bytes = new Uint8Array(Math.max(POOL_BYTES, needed));
    this.view = new DataView(this.bytes.buffer);
    this.words = new Uint32Array(this.bytes.buffer);
    this.used = 0;
  }
}

/** One object of a message, without its fields. */
export interface ObjectEntry {
  class: number;
  ctype: number;
  offset: number;
  length: number;
}

/** Lists the objects of a decoded message without reading their fields. */
export function listObjects(message: Message): ObjectEntry[] {
  const source = Kept.of(message);
  if (!source) {
    return message.objects.map(({ class: number, ctype, offset, length }) => ({
      class: number,
      ctype,
      offset,
      length,
    }));
  }
  const entries: ObjectEntry[] = [];
  for (let index = 0; index < source.count; index++) {
    const word = source.words[source.list + 2 * index + 1];
    entries.push({
      class: word >>> 8 & 255,
      ctype: word & 255,
      offset: source.words[source.list + 2 * index],
      length: word >>> 16,
    });
  }
  return entries;
}

/** Decodes and encodes with one checker, which is the engine but in tests of this file. */
export class Codec {
  #checker: MessageChecker;
  #pool = new Pool();
  #writer = new Writer();

  constructor(checker: MessageChecker) {
    this.#checker = checker;
  }

  /**
   * Decodes one message; `bytes` is not kept. A wrong checksum, a missing object and the like are told in the result.
   * @throws {ResvDecodeError} if the header or the framing of the objects is broken.
   */
  decode(bytes: Uint8Array): Message {
    const result = this.#checker.check(bytes);
    if (result.status !== STATUS.OK) throw new ResvDecodeError(failureOf(result));
    return this.#message(bytes, result);
  }

  /** Like `decode`, but a broken message is a result and not an error. */
  tryDecode(bytes: Uint8Array): { ok: true; message: Message } | DecodeFailure {
    const result = this.#checker.check(bytes);
    return result.status === STATUS.OK ? { ok: true, message: this.#message(bytes, result) } : failureOf(result);
  }

  #message(bytes: Uint8Array, result: CheckResult): Message {
    const checksum = bytes[2] << 8 | bytes[3];
    const message = {
      message: (MESSAGE_NAMES[bytes[1]] ?? "UNKNOWN") as MessageName,
      type: bytes[1],
      version: bytes[0] >> 4,
      flags: bytes[0] & 15,
      checksum: checksum === 0 ? "none" : checksum === result.checksum ? "ok" : "bad",
      sendTtl: bytes[4],
      length: bytes[6] << 8 | bytes[7],
    } as Message;
    if (message.checksum === "bad") message.checksumValue = checksum;
    if (bytes[5] !== 0) message.reserved = bytes[5];
    if (result.problemCount > 0) message.problems = problemsOf(result);
    new Kept(message, this.#keep(bytes, result));
    return Object.defineProperty(message, "objects", OBJECTS);
  }

  #keep(bytes: Uint8Array, { count, entries }: CheckResult): Source {
    const pool = this.#pool;
    pool.reserve(bytes.length, count);
    const at = pool.used, list = (at + bytes.length + 3) >> 2;
    pool.bytes.set(bytes, at);
    for (let index = 0; index < 2 * count; index++) pool.words[list + index] = entries[index];
    pool.used = 4 * list + 8 * count;
    return new Source(pool.bytes, pool.view, pool.words, at, list, count);
  }

  /**
   * Encodes a message: lengths and checksum are computed, every value is checked.
   * @throws {ResvEncodeError} naming object and field of what cannot be written.
   */
  encode(message: MessageInput, options: EncodeOptions = {}): Uint8Array<ArrayBuffer> {
    const w = this.#writer;
    w.at = 0;
    w.path.length = 0;
    const raw = options.raw === true;
    writeMessage(w, message, options.order === "rfc", raw);
    const bytes = w.bytes.slice(0, w.at);
    const view = new DataView(bytes.buffer);
    if (message.checksum === "bad" || (raw && message.checksumValue !== undefined)) {
      putU16(w, 2, message.checksumValue, "checksumValue");
      view.setUint16(2, message.checksumValue!);
    } else if (message.checksum !== "none") view.setUint16(2, this.#checker.check(bytes).checksum);
    return bytes;
  }
}

function writeMessage(w: Writer, message: MessageInput, sort: boolean, raw: boolean): void {
  fieldsOf(w, message);
  const type = message.type ?? MESSAGE_TYPES[String(message.message)];
  if (type === undefined) {
    w.refuse("message", `${String(message.message)} is not the name of a message, and there is no type`);
  }
  w.take(8);
  putBits(w, 0, 1, 4, 4, message.version ?? 1, "version");
  putBits(w, 0, 1, 0, 4, message.flags ?? 0, "flags");
  putU8(w, 1, type, "type");
  putU8(w, 4, message.sendTtl ?? 255, "sendTtl");
  putU8(w, 5, message.reserved ?? 0, "reserved");
  const given = list(w, message.objects, "objects") as readonly ObjectInput[];
  const objects = sort ? inRecommendedOrder(type, given) : given;
  for (let index = 0; index < objects.length; index++) {
    w.path.push(`objects[${index}]`);
    writeObject(w, objects[index], raw);
    w.path.pop();
  }
  if (!raw && w.at > 0xffff) throw new ResvEncodeError("objects", `make a message of ${w.at} bytes, more than 65535`);
  putU16(w, 6, raw && message.length !== undefined ? message.length : w.at, "length");
}

/** `class 12 C-Type 2 SENDER_TSPEC at byte 20`, or `byte 6 of the header`. */
function place(offset: number, number: number, ctype: number): string {
  if (number === 0) return `byte ${offset}`;
  const name = OBJECT_NAMES[number];
  return `class ${number} C-Type ${ctype}${name ? ` ${name}` : ""} at byte ${offset}`;
}

function problemsOf({ problems, problemCount }: CheckResult): Problem[] {
  const found: Problem[] = [];
  for (let index = 0; index < problemCount; index++) {
    const offset = problems[2 * index], word = problems[2 * index + 1];
    const number = word >>> 8 & 255, ctype = word & 255;
    const { name, text, rfc } = STATUS_TEXT[word >>> 16] ??
      { name: `STATUS_${word >>> 16}`, text: "unknown status", rfc: "" };
    found.push({ status: name, text: `${text}: ${place(offset, number, ctype)}`, rfc, class: number, ctype, offset });
  }
  return found;
}

function failureOf(result: CheckResult): DecodeFailure {
  const { status: code, errorOffset: offset, errorClass: number, errorCType: ctype } = result;
  const { name, text, rfc } = STATUS_TEXT[code] ?? { name: `STATUS_${code}`, text: "unknown status", rfc: "" };
  return {
    ok: false,
    status: name,
    code,
    text: `${text}: ${place(offset, number, ctype)}`,
    rfc,
    class: number,
    ctype,
    offset,
  };
}
