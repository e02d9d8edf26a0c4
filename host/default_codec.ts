/** The codec over the engine that this package carries: for every runtime that may compile it from bytes. */
import {
  Codec,
  type DecodeFailure,
  type EncodeOptions,
  type Message,
  type MessageInput,
  type MessageOutline,
} from "./codec.ts";
import { CodecEngine } from "./codec_engine.ts";
import { defaultModule } from "./default_module.ts";

let cached: Codec | undefined;

/**
 * One codec for all callers; compiles the engine at first use. Elsewhere (workerd): `new Codec(CodecEngine.of(module))`.
 *
 * @example
 * ```ts
 * import { decode, defaultCodec } from "@resv/resv";
 *
 * const ack = Uint8Array.of(0x10, 13, 0, 0, 255, 0, 0, 8);
 * console.log(defaultCodec().decode(ack).message === decode(ack).message); // true
 * ```
 */
export function defaultCodec(): Codec {
  return cached ??= new Codec(CodecEngine.of(defaultModule()));
}

/**
 * Decodes one RSVP message, from its common header on, to plain values: addresses as text, opaque bytes as hex, units in
 * the names of the fields. What is wrong with a message that can be read is in `problems` and `checksum`.
 * @throws {ResvDecodeError} if the header or the framing of the objects is broken (RFC 2205 3.1.1, 3.1.2).
 *
 * @example
 * ```ts
 * import { decode, isObject } from "@resv/resv";
 *
 * const bytes = Uint8Array.of(
 *   ...[0x10, 5, 0, 0, 63, 0, 0, 44], // version 1, PathTear, no checksum, TTL 63, 44 bytes
 *   ...[0, 12, 1, 1, 10, 0, 9, 9, 17, 0, 0x13, 0x8c], // SESSION
 *   ...[0, 12, 3, 1, 10, 0, 1, 1, 0, 0, 0, 7], // RSVP_HOP
 *   ...[0, 12, 11, 1, 10, 0, 1, 1, 0, 0, 0x13, 0x8c], // SENDER_TEMPLATE
 * );
 * const { message, checksum, objects, problems } = decode(bytes);
 * console.log(message, checksum, problems); // PathTear none undefined
 * for (const object of objects) {
 *   if (isObject(object, "SESSION", "IPv4")) console.log(object.destinationAddress, object.destinationPort); // 10.0.9.9 5004
 * }
 * ```
 */
export function decode(bytes: Uint8Array): Message {
  return defaultCodec().decode(bytes);
}

/**
 * Like {@linkcode decode}, but a broken message is a result and not an error.
 *
 * @example
 * ```ts
 * import { tryDecode } from "@resv/resv";
 *
 * const result = tryDecode(Uint8Array.of(0x20, 1, 0, 0, 63, 0, 0, 8));
 * if (!result.ok) console.log(result.status, result.rfc); // BAD_VERSION RFC 2205 3.1.1
 * ```
 */
export function tryDecode(bytes: Uint8Array): { ok: true; message: Message } | DecodeFailure {
  return defaultCodec().tryDecode(bytes);
}

/**
 * Decodes many messages, each as {@linkcode tryDecode} would.
 *
 * @example
 * ```ts
 * import { decodeBatch, encode } from "@resv/resv";
 *
 * const ack = encode({ message: "Ack", objects: [] });
 * console.log(decodeBatch([ack, ack.subarray(0, 7)]).map(({ ok }) => ok).join(" ")); // true false
 * ```
 */
export function decodeBatch(messages: Iterable<Uint8Array>): ({ ok: true; message: Message } | DecodeFailure)[] {
  const codec = defaultCodec();
  return Array.from(messages, (bytes) => codec.tryDecode(bytes));
}

/**
 * Reads header and object list of a message; the objects are read when asked for, from a private copy of the bytes.
 * @throws {ResvDecodeError} if the header or the framing of the objects is broken.
 *
 * @example
 * ```ts
 * import { encode, peek } from "@resv/resv";
 *
 * const bytes = encode({ message: "Ack", objects: [{ name: "MESSAGE_ID_ACK", ctype: 1, flags: 0, epoch: 5, messageIdentifier: 9 }] });
 * console.log(peek(bytes).message, peek(bytes).classAt(0)); // Ack 24
 * ```
 */
export function peek(bytes: Uint8Array): MessageOutline {
  return defaultCodec().peek(bytes);
}

/**
 * Encodes a message, with lengths and checksum made right. What `decode` returned is encoded to the same bytes.
 * @throws {ResvEncodeError} naming object and field of what cannot be written.
 *
 * @example
 * ```ts
 * import { decode, encode } from "@resv/resv";
 *
 * const bytes = encode({
 *   message: "PathTear",
 *   sendTtl: 63,
 *   objects: [
 *     { name: "SESSION", form: "IPv4", destinationAddress: "10.0.9.9", protocolId: 17, flags: 0, destinationPort: 5004 },
 *     { name: "RSVP_HOP", form: "IPv4", hopAddress: "10.0.1.1", logicalInterfaceHandle: 7 },
 *     { name: "SENDER_TEMPLATE", form: "IPv4", sourceAddress: "10.0.1.1", sourcePort: 5004 },
 *   ],
 * });
 * console.log(bytes.length, decode(bytes).checksum); // 44 ok
 * // What was decoded, changed or not, may be encoded again.
 * console.log(encode(decode(bytes)).join() === bytes.join()); // true
 * ```
 */
export function encode(message: MessageInput, options?: EncodeOptions): Uint8Array<ArrayBuffer> {
  return defaultCodec().encode(message, options);
}
