/** A message of which only header and list of objects are read at once: for looking at many and reading few. */
import { MESSAGE_NAMES, MESSAGE_TYPES, type MessageName } from "../messages.gen.ts";
import { readObject, type RsvpObject } from "../objects.gen.js";
import type { CheckResult } from "./checker.ts";
import { type Message, type Problem, problemsOf } from "./message.ts";

/** One object of a message, without its fields. */
export interface ObjectEntry {
  /** Class-Num (RFC 2205 3.1.2). */
  class: number;
  /** C-Type (RFC 2205 3.1.2). */
  ctype: number;
  /** Byte of the message at which it starts. */
  offset: number;
  /** Bytes, object header included. */
  length: number;
}

/** Bytes and object lists of many messages share a piece of memory: allocating a buffer for each costs more than the rest. */
const POOL_BYTES = 1 << 15;

/** The common header (RFC 2205 3.1.1), after which the objects start. */
const HEADER_BYTES = 8;

/** A piece of memory that outlines keep their messages in. It lives as long as any of them. */
class Piece {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  readonly words: Uint32Array<ArrayBuffer>;
  used = 0;

  constructor(length: number, readonly decode: (bytes: Uint8Array) => Message) {
    this.bytes = new Uint8Array(length);
    this.view = new DataView(this.bytes.buffer);
    this.words = new Uint32Array(this.bytes.buffer);
  }
}

/** Where outlines get their memory. */
export class OutlinePool {
  #piece: Piece;

  /** @param decode makes the whole message of bytes, for messages that hold messages */
  constructor(decode: (bytes: Uint8Array) => Message) {
    this.#piece = new Piece(0, decode);
  }

  /** A piece with room for `length` bytes and `count` words, one after the other, from `used` on. */
  reserve(length: number, count: number): Piece {
    const needed = ((length + 3) & ~3) + 4 * count;
    if (this.#piece.used + needed <= this.#piece.bytes.length) return this.#piece;
    return this.#piece = new Piece(Math.max(POOL_BYTES, needed), this.#piece.decode);
  }
}

/**
 * Header and object list of a message, over a private copy of its bytes; `objects` are read when first asked for. The
 * messages inside a Bundle are there in `toMessage()`. Made by {@linkcode peek}.
 *
 * @example Which messages of a capture are about a session, without reading the others
 * ```ts
 * import { Network, peek } from "@resv/resv";
 *
 * const network = new Network();
 * const alice = network.host("alice"), bob = network.host("bob");
 * network.link(alice, bob);
 * alice.send({ destination: bob.address, port: 5004 }, { tokenBucketRateBytesPerSecond: 12_500 });
 * network.settle();
 *
 * const outline = peek(network.messages()[0].bytes);
 * console.log(outline.message, outline.count, outline.checksum); // Path 6 ok
 * console.log(outline.list().map((entry) => entry.class).join(" ")); // 1 3 5 11 12 13
 * const session = outline.objectAt(0);
 * console.log(session.name, outline.lengthAt(0)); // SESSION 12
 * ```
 */
export class MessageOutline {
  /** RSVP message type. */
  readonly type: number;
  /** Bytes of the message, header included. */
  readonly length: number;
  /** Whether the checksum is right; `none` if the message carries none. */
  readonly checksum: "ok" | "bad" | "none";
  /** How many objects it has. */
  readonly count: number;
  /** What is wrong with it; undefined if nothing is. */
  readonly problems: Problem[] | undefined;
  readonly #piece: Piece;
  /** Where the message is in the piece, in bytes. */
  readonly #at: number;
  /** Where the list of its objects is, in words. */
  readonly #list: number;
  /** Whether it holds messages, though there may be none. */
  readonly #bundle: boolean;
  #objects: RsvpObject[] | undefined = undefined;

  /** Copies the message; called by {@linkcode peek}. @param bytes the message, to be copied @param result of checking it @param pool where the copy goes */
  constructor(bytes: Uint8Array, result: CheckResult, pool: OutlinePool) {
    const count = result.count, entries = result.entries;
    const piece = pool.reserve(bytes.length, count);
    const at = piece.used, list = (at + bytes.length + 3) >> 2;
    piece.bytes.set(bytes, at);
    // Objects follow each other, so their lengths tell where they are.
    const words = piece.words;
    for (let index = 0; index < count; index++) words[list + index] = entries[2 * index + 1];
    piece.used = 4 * (list + count);
    const checksum = bytes[2] << 8 | bytes[3];
    this.type = bytes[1];
    this.length = bytes.length;
    this.checksum = checksum === 0 ? "none" : checksum === result.checksum ? "ok" : "bad";
    this.count = count;
    this.problems = result.problemCount > 0 ? problemsOf(result) : undefined;
    this.#piece = piece;
    this.#at = at;
    this.#list = list;
    this.#bundle = result.messagesOffset < bytes.length || bytes[1] === MESSAGE_TYPES.Bundle;
  }

  /** Name of the message type; `UNKNOWN` if it has none. */
  get message(): MessageName | "UNKNOWN" {
    return (MESSAGE_NAMES[this.type] ?? "UNKNOWN") as MessageName;
  }

  /** Version of RSVP, which is 1. */
  get version(): number {
    return this.#piece.bytes[this.#at] >> 4;
  }

  /** Four bits of the common header; 1 is refresh reduction (RFC 2961). */
  get flags(): number {
    return this.#piece.bytes[this.#at] & 15;
  }

  /** IP TTL with which the message was sent. */
  get sendTtl(): number {
    return this.#piece.bytes[this.#at + 4];
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
    let offset = HEADER_BYTES;
    for (let before = 0; before < index; before++) offset += this.#piece.words[this.#list + before] >>> 16;
    return offset;
  }

  #word(index: number): number {
    if (!(index >= 0 && index < this.count)) throw new RangeError(`no object ${index}; there are ${this.count}`);
    return this.#piece.words[this.#list + index];
  }

  /** The list of objects, without their fields. */
  list(): ObjectEntry[] {
    const entries: ObjectEntry[] = [];
    for (let index = 0, offset = HEADER_BYTES; index < this.count; index++) {
      const word = this.#piece.words[this.#list + index], length = word >>> 16;
      entries.push({ class: word >>> 8 & 255, ctype: word & 255, offset, length });
      offset += length;
    }
    return entries;
  }

  /** Reads the object at `index`, and no other. */
  objectAt(index: number): RsvpObject {
    const at = this.#at;
    return this.#objects?.[index] ??
      readObject(this.#piece.bytes, this.#piece.view, at + this.offsetAt(index), this.lengthAt(index), at, 0);
  }

  /** All objects; the list and its values are the caller's own and are made once. */
  get objects(): RsvpObject[] {
    return this.#objects ??= this.#readAll();
  }

  #readAll(): RsvpObject[] {
    const objects: RsvpObject[] = [];
    const at = this.#at;
    for (let index = 0, offset = HEADER_BYTES; index < this.count; index++) {
      const length = this.#piece.words[this.#list + index] >>> 16;
      objects.push(readObject(this.#piece.bytes, this.#piece.view, at + offset, length, at, 0));
      offset += length;
    }
    return objects;
  }

  /** A copy of the message's bytes. */
  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#piece.bytes.subarray(this.#at, this.#at + this.length));
  }

  /** The plain value that `decode` would have made. */
  toMessage(): Message {
    if (this.#bundle) return this.#piece.decode(this.bytes());
    return makeMessage(this.#piece.bytes, this.#at, this.checksum, this.problems, this.objects);
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
