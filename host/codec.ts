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
  type BrokenMessage,
  type DecodeFailure,
  type EncodeOptions,
  failureOf,
  type Message,
  type MessageInput,
  problemsOf,
  ResvDecodeError,
  type TypedObjectInput,
} from "./codec/message.ts";
import { inRecommendedOrder } from "./codec/order.ts";
import { makeMessage, MessageOutline, OutlinePool } from "./codec/outline.ts";
import { hex } from "./codec/read.ts";
import { appendBytes, fieldsOf, list, putBits, putU16, putU8, Writer } from "./codec/write.ts";
import { STATUS } from "./boundary.gen.ts";
import { MESSAGE_NAMES, MESSAGE_TYPES, type MessageName } from "./messages.gen.ts";
import { readObject, type RsvpObject, writeObject } from "./objects.gen.js";

export { ResvDecodeError } from "./codec/message.ts";
export type {
  BrokenMessage,
  DecodeFailure,
  DerivedField,
  EncodeOptions,
  LooseObject,
  Message,
  MessageInput,
  ObjectChoice,
  Problem,
  TypedObjectInput,
} from "./codec/message.ts";
export { MessageOutline, type ObjectEntry } from "./codec/outline.ts";
export { ResvEncodeError } from "./codec/write.ts";
export type { CheckResult, MessageChecker } from "./codec/checker.ts";

/**
 * Decodes and encodes messages with an engine of its own. {@linkcode decode} and {@linkcode encode} have one already;
 * make another where they cannot compile the engine from bytes ({@linkcode CodecEngine}).
 *
 * @example
 * ```ts
 * import { Codec, CodecEngine, defaultModule } from "@resv/resv";
 *
 * const codec = new Codec(CodecEngine.of(defaultModule()));
 * const bytes = codec.encode({ message: "Hello", objects: [
 *   { name: "HELLO", form: "REQUEST", sourceInstance: 7, destinationInstance: 0 },
 * ] });
 * console.log(bytes.length, codec.decode(bytes).message); // 20 Hello
 * ```
 */
export class Codec {
  #checker: MessageChecker;
  #pool = new OutlinePool((bytes) => this.decode(bytes));
  #writer = new Writer();

  /** Over one checker, which nobody else may use. @param checker the engine's `check`, or what stands for it */
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
    const { count, entries, bytes: copy, view, at } = result;
    const objects: RsvpObject[] = [];
    for (let index = 0; index < count; index++) {
      // The mask says nothing new but to the compiler, which then knows that the sum is a small integer.
      const from = at + (entries[2 * index] & 0xffff);
      objects.push(readObject(copy, view, from, entries[2 * index + 1] >>> 16, at, 0));
    }
    const checksum = bytes[2] << 8 | bytes[3];
    const verdict = checksum === 0 ? "none" : checksum === result.checksum ? "ok" : "bad";
    const problems = result.problemCount > 0 ? problemsOf(result) : undefined;
    const message = makeMessage(copy, at, verdict, problems, objects);
    const from = result.messagesOffset;
    // The result and its copy of the message are used again from here on.
    if (from < bytes.length || carriesMessages(message)) message.messages = this.#readMessages(bytes.subarray(from));
    return message;
  }

  /** Reads the messages of a Bundle; each is checked as if it had come alone. */
  #readMessages(bytes: Uint8Array): (Message | BrokenMessage)[] {
    const messages: (Message | BrokenMessage)[] = [];
    for (let at = 0; at < bytes.length;) {
      const left = bytes.length - at;
      const length = left < 8 ? 0 : bytes[at + 6] << 8 | bytes[at + 7];
      if (length < 8 || length > left) {
        messages.push({
          malformed: `message length says ${length} bytes, ${left} are left`,
          bytes: hex(bytes, at, bytes.length),
        });
        break;
      }
      messages.push(this.#readBundled(bytes.subarray(at, at + length)));
      at += length;
    }
    return messages;
  }

  #readBundled(bytes: Uint8Array): Message | BrokenMessage {
    // A Bundle in a Bundle is forbidden (RFC 2961 3.2), and would nest as deep as its sender likes.
    if (bytes[1] === MESSAGE_TYPES.Bundle) {
      return { malformed: "a Bundle stands in a Bundle", bytes: hex(bytes, 0, bytes.length) };
    }
    const result = this.#checker.check(bytes);
    if (result.status === STATUS.OK) return this.#read(bytes, result);
    const { status, text, rfc, class: number, ctype, offset } = failureOf(result);
    const error = { status, text, rfc, class: number, ctype, offset };
    const message = (MESSAGE_NAMES[bytes[1]] ?? "UNKNOWN") as MessageName;
    return { message, type: bytes[1], error, bytes: hex(bytes, 0, bytes.length) };
  }

  /**
   * Encodes a message: lengths and checksum are computed, every value is checked.
   * @throws {ResvEncodeError} naming object and field of what cannot be written.
   */
  encode(message: MessageInput, options: EncodeOptions = {}): Uint8Array<ArrayBuffer> {
    const w = this.#writer;
    w.reset();
    this.#write(message, options);
    return w.bytes.slice(0, w.at);
  }

  /** Writes a message where the writer stands, with its checksum. */
  #write(message: MessageInput, options: EncodeOptions): void {
    const w = this.#writer, at = w.at, raw = options.raw === true;
    writeMessage(w, message, options.order === "rfc", raw);
    (message.messages ?? []).forEach((bundled, index) => {
      w.path.push("messages", index);
      if ("bytes" in bundled) appendBytes(w, bundled.bytes, "bytes");
      else this.#write(bundled, options);
      w.path.pop();
      w.path.pop();
    });
    if (!raw && w.at - at > 0xffff) w.refuse("length", `the message has ${w.at - at} bytes, more than 65535`);
    putU16(w, at + 6, raw && message.length !== undefined ? message.length : w.at - at, "length");
    if (message.checksum === "bad" || (raw && message.checksumValue !== undefined)) {
      putU16(w, at + 2, message.checksumValue, "checksumValue");
    } else if (message.checksum !== "none") {
      putU16(w, at + 2, this.#checker.check(w.bytes.subarray(at, w.at)).checksum, "checksum");
    }
  }
}

/** Whether the type says that there are messages inside, though there may be none. */
const carriesMessages = (message: Message) => message.type === MESSAGE_TYPES.Bundle;

/** Writes header and objects; length and checksum come when all is written. */
function writeMessage(w: Writer, message: MessageInput, sort: boolean, raw: boolean): void {
  fieldsOf(w, message);
  const type = message.type ?? MESSAGE_TYPES[String(message.message)];
  if (type === undefined) {
    w.refuse("message", `${String(message.message)} is not the name of a message, and there is no type`);
  }
  const at = w.take(8);
  putBits(w, at, 1, 4, 4, message.version ?? 1, "version");
  putBits(w, at, 1, 0, 4, message.flags ?? 0, "flags");
  putU8(w, at + 1, type, "type");
  putU8(w, at + 4, message.sendTtl ?? 255, "sendTtl");
  putU8(w, at + 5, message.reserved ?? 0, "reserved");
  const given = list(w, message.objects, "objects") as readonly TypedObjectInput[];
  const objects = sort ? inRecommendedOrder(type, given) : given;
  for (let index = 0; index < objects.length; index++) {
    w.path.push("objects", index);
    writeObject(w, objects[index], raw);
    w.path.pop();
    w.path.pop();
  }
}
