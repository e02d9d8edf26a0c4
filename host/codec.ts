/**
 * Messages for users: `decode` makes plain values of bytes, `encode` makes bytes of them, `peek` reads header and object
 * list only. The engine checks a message and lists its objects; generated readers turn each object into a value.
 *
 * What `decode` returns is plain through and through: JSON.stringify, structuredClone and comparison work as on any value.
 * Reading objects later, from a private copy, is what `peek` is for: as a property of a plain object it would cost each
 * message more than it saves (a getter of its own takes longer to define than a short message takes to read).
 */
import type { CheckResult, MessageChecker } from "./codec/checker.ts";
import {
  type DecodeFailure,
  type EncodeOptions,
  failureOf,
  type Message,
  type MessageInput,
  type ObjectInput,
  problemsOf,
  ResvDecodeError,
} from "./codec/message.ts";
import { inRecommendedOrder } from "./codec/order.ts";
import { makeMessage, MessageOutline, OutlinePool } from "./codec/outline.ts";
import { fieldsOf, list, putBits, putU16, putU8, ResvEncodeError, Writer } from "./codec/write.ts";
import { STATUS } from "./boundary.gen.ts";
import { MESSAGE_TYPES } from "./messages.gen.ts";
import { readObject, type RsvpObject, writeObject } from "./objects.gen.ts";

export { ResvDecodeError } from "./codec/message.ts";
export type { DecodeFailure, EncodeOptions, Message, MessageInput, ObjectInput, Problem } from "./codec/message.ts";
export { MessageOutline, type ObjectEntry } from "./codec/outline.ts";
export { ResvEncodeError } from "./codec/write.ts";
export type { CheckResult, MessageChecker } from "./codec/checker.ts";

/** Decodes and encodes with one checker, which is the engine but in tests of this file. */
export class Codec {
  #checker: MessageChecker;
  #pool = new OutlinePool();
  #writer = new Writer();
  #scratch = new Uint8Array(65536);
  #scratchView = new DataView(this.#scratch.buffer);

  /** @param checker the engine's `check`, or what stands for it */
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
    return this.#read(bytes, result);
  }

  /** Like `decode`, but a broken message is a result and not an error. */
  tryDecode(bytes: Uint8Array): { ok: true; message: Message } | DecodeFailure {
    const result = this.#checker.check(bytes);
    return result.status === STATUS.OK ? { ok: true, message: this.#read(bytes, result) } : failureOf(result);
  }

  /**
   * Reads header and object list of a message, over a private copy of its bytes; objects are read when asked for.
   * @throws {ResvDecodeError} if the header or the framing of the objects is broken.
   */
  peek(bytes: Uint8Array): MessageOutline {
    const result = this.#checker.check(bytes);
    if (result.status !== STATUS.OK) throw new ResvDecodeError(failureOf(result));
    return new MessageOutline(bytes, result, this.#pool);
  }

  /** Reads the fields of every object of a message that has been checked. */
  #read(bytes: Uint8Array, result: CheckResult): Message {
    const { count, entries } = result;
    if (bytes.length > this.#scratch.length) this.#scratch = new Uint8Array(bytes.length);
    if (this.#scratchView.buffer !== this.#scratch.buffer) this.#scratchView = new DataView(this.#scratch.buffer);
    // Copying a message costs less than making a view of the caller's bytes.
    const scratch = this.#scratch, view = this.#scratchView;
    scratch.set(bytes);
    const objects: RsvpObject[] = [];
    for (let index = 0; index < count; index++) {
      objects.push(readObject(scratch, view, entries[2 * index], entries[2 * index + 1] >>> 16, 0, 0));
    }
    const checksum = bytes[2] << 8 | bytes[3];
    const verdict = checksum === 0 ? "none" : checksum === result.checksum ? "ok" : "bad";
    return makeMessage(scratch, 0, verdict, result.problemCount > 0 ? problemsOf(result) : undefined, objects);
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
    if (message.checksum === "bad" || (raw && message.checksumValue !== undefined)) {
      putU16(w, 2, message.checksumValue, "checksumValue");
      return w.bytes.slice(0, w.at);
    }
    const bytes = w.bytes.slice(0, w.at);
    if (message.checksum !== "none") {
      const { checksum } = this.#checker.check(bytes);
      bytes[2] = checksum >> 8;
      bytes[3] = checksum & 255;
    }
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
