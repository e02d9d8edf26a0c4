/** A message of which only header and list of objects are read at once: for looking at many and reading few. */
import { MESSAGE_NAMES, type MessageName } from "../messages.gen.ts";
import { readObject, type RsvpObject } from "../objects.gen.js";
import type { CheckResult } from "./checker.ts";
import { type Message, type Problem, problemsOf } from "./message.ts";

/** One object of a message, without its fields. */
export interface ObjectEntry {
  class: number;
  ctype: number;
  /** Byte of the message at which it starts. */
  offset: number;
  /** Bytes, object header included. */
  length: number;
}

/** Bytes and object lists of many messages share a piece of memory: allocating a buffer for each costs more than the rest. */
const POOL_BYTES = 1 << 15;

/** Memory that outlines keep their messages in. A piece lives as long as any outline that has bytes in it. */
export class OutlinePool {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  view: DataView<ArrayBuffer> = new DataView(this.bytes.buffer);
  words: Uint32Array<ArrayBuffer> = new Uint32Array(this.bytes.buffer);
  used = 0;

  /** @param decode makes the whole message of bytes, for messages that hold messages */
  constructor(readonly decode: (bytes: Uint8Array) => Message) {}

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

/**
 * Header and object list of a message, over a private copy of its bytes; `objects` are read when first asked for. The
 * messages inside a Bundle are there in `toMessage()`.
 */
export class MessageOutline {
  /** RSVP message type. */
  readonly type: number;
  readonly version: number;
  readonly flags: number;
  readonly sendTtl: number;
  /** Bytes of the message, header included. */
  readonly length: number;
  readonly checksum: "ok" | "bad" | "none";
  /** How many objects it has. */
  readonly count: number;
  /** What is wrong with it; undefined if nothing is. */
  readonly problems: Problem[] | undefined;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #words: Uint32Array;
  readonly #at: number;
  readonly #list: number;
  readonly #pool: OutlinePool;
  /** Whether messages follow its objects. */
  readonly #bundle: boolean;
  #objects: RsvpObject[] | undefined = undefined;

  /** @param bytes the message, to be copied @param result of checking it @param pool where the copy goes */
  constructor(bytes: Uint8Array, result: CheckResult, pool: OutlinePool) {
    const count = result.count, entries = result.entries;
    pool.reserve(bytes.length, count);
    const at = pool.used, list = (at + bytes.length + 3) >> 2;
    pool.bytes.set(bytes, at);
    const words = pool.words;
    for (let index = 0; index < 2 * count; index++) words[list + index] = entries[index];
    pool.used = 4 * list + 8 * count;
    const checksum = bytes[2] << 8 | bytes[3];
    this.type = bytes[1];
    this.version = bytes[0] >> 4;
    this.flags = bytes[0] & 15;
    this.sendTtl = bytes[4];
    this.length = bytes.length;
    this.checksum = checksum === 0 ? "none" : checksum === result.checksum ? "ok" : "bad";
    this.count = count;
    this.problems = result.problemCount > 0 ? problemsOf(result) : undefined;
    this.#bytes = pool.bytes;
    this.#view = pool.view;
    this.#words = words;
    this.#at = at;
    this.#list = list;
    this.#pool = pool;
    this.#bundle = result.messagesOffset < bytes.length;
  }

  /** Name of the message type; `UNKNOWN` if it has none. */
  get message(): MessageName | "UNKNOWN" {
    return (MESSAGE_NAMES[this.type] ?? "UNKNOWN") as MessageName;
  }

  /** Class of the object at `index`. */
  classAt(index: number): number {
    return this.#word(index) >>> 8 & 255;
  }

  /** C-Type of the object at `index`. */
  ctypeAt(index: number): number {
    return this.#word(index) & 255;
  }

  /** Bytes of the object at `index`, object header included. */
  lengthAt(index: number): number {
    return this.#word(index) >>> 16;
  }

  /** Byte of the message at which the object at `index` starts. */
  offsetAt(index: number): number {
    this.#word(index);
    return this.#words[this.#list + 2 * index];
  }

  #word(index: number): number {
    if (!(index >= 0 && index < this.count)) throw new RangeError(`no object ${index}; there are ${this.count}`);
    return this.#words[this.#list + 2 * index + 1];
  }

  /** The list of objects, without their fields. */
  list(): ObjectEntry[] {
    const entries: ObjectEntry[] = [];
    for (let index = 0; index < this.count; index++) {
      const word = this.#word(index);
      entries.push({ class: word >>> 8 & 255, ctype: word & 255, offset: this.offsetAt(index), length: word >>> 16 });
    }
    return entries;
  }

  /** Reads the object at `index`, and no other. */
  objectAt(index: number): RsvpObject {
    const at = this.#at;
    return this.#objects?.[index] ??
      readObject(this.#bytes, this.#view, at + this.offsetAt(index), this.lengthAt(index), at, 0);
  }

  /** All objects; the list and its values are the caller's own and are made once. */
  get objects(): RsvpObject[] {
    return this.#objects ??= this.#readAll();
  }

  #readAll(): RsvpObject[] {
    const objects: RsvpObject[] = [];
    for (let index = 0; index < this.count; index++) objects.push(this.objectAt(index));
    return objects;
  }

  /** A copy of the message's bytes. */
  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.subarray(this.#at, this.#at + this.length));
  }

  /** The plain value that `decode` would have made. */
  toMessage(): Message {
    if (this.#bundle) return this.#pool.decode(this.bytes());
    return makeMessage(this.#bytes, this.#at, this.checksum, this.problems, this.objects);
  }

  /** What JSON.stringify shows of it: the whole message. */
  toJSON(): Message {
    return this.toMessage();
  }
}

/** Puts the header at `at` and the objects together. */
export function makeMessage(
  bytes: Uint8Array,
  at: number,
  checksum: Message["checksum"],
  problems: Problem[] | undefined,
  objects: RsvpObject[],
): Message {
  const type = bytes[at + 1];
  const message = (MESSAGE_NAMES[type] ?? "UNKNOWN") as MessageName;
  const version = bytes[at] >> 4, flags = bytes[at] & 15, sendTtl = bytes[at + 4];
  const length = bytes[at + 6] << 8 | bytes[at + 7];
  // One literal with all properties: adding one more to it later would cost as much as reading an object.
  if (checksum !== "bad" && bytes[at + 5] === 0 && problems === undefined) {
    return { message, type, version, flags, checksum, sendTtl, length, objects };
  }
  const odd: Omit<Message, "objects"> = { message, type, version, flags, checksum, sendTtl, length };
  if (checksum === "bad") odd.checksumValue = bytes[at + 2] << 8 | bytes[at + 3];
  if (bytes[at + 5] !== 0) odd.reserved = bytes[at + 5];
  if (problems !== undefined) odd.problems = problems;
  // The objects come last, so that what is rare is seen.
  return { ...odd, objects };
}
