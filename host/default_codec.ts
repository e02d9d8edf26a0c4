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

/** One codec for all callers; compiles the engine at first use. Elsewhere (workerd): `new Codec(CodecEngine.of(module))`. */
export function defaultCodec(): Codec {
  return cached ??= new Codec(CodecEngine.of(defaultModule()));
}

/**
 * Decodes one RSVP message, from its common header on, to plain values: addresses as text, opaque bytes as hex, units in
 * the names of the fields. What is wrong with a message that can be read is in `problems` and `checksum`.
 * @throws {ResvDecodeError} if the header or the framing of the objects is broken (RFC 2205 3.1.1, 3.1.2).
 */
export function decode(bytes: Uint8Array): Message {
  return defaultCodec().decode(bytes);
}

/** Like `decode`, but a broken message is a result and not an error. */
export function tryDecode(bytes: Uint8Array): { ok: true; message: Message } | DecodeFailure {
  return defaultCodec().tryDecode(bytes);
}

/**
 * Decodes many messages, each as `tryDecode` would.
 */
export function decodeBatch(messages: Iterable<Uint8Array>): ({ ok: true; message: Message } | DecodeFailure)[] {
  const codec = defaultCodec();
  return Array.from(messages, (bytes) => codec.tryDecode(bytes));
}

/**
 * Reads header and object list of a message; the objects are read when asked for, from a private copy of the bytes.
 * @throws {ResvDecodeError} if the header or the framing of the objects is broken.
 */
export function peek(bytes: Uint8Array): MessageOutline {
  return defaultCodec().peek(bytes);
}

/**
 * Encodes a message, with lengths and checksum made right. What `decode` returned is encoded to the same bytes.
 * @throws {ResvEncodeError} naming object and field of what cannot be written.
 */
export function encode(message: MessageInput, options?: EncodeOptions): Uint8Array<ArrayBuffer> {
  return defaultCodec().encode(message, options);
}
