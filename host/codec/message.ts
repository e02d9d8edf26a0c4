/** The types of messages as users see them: decoded, to be encoded, and what is wrong with them. */
import { STATUS_TEXT } from "../boundary.gen.ts";
import type { MessageName } from "../messages.gen.ts";
import { OBJECT_NAMES, type RsvpObject } from "../objects.gen.js";
import type { CheckResult } from "./checker.ts";

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
  /** C-Type of the object; 0 where it is about the message. */
  ctype: number;
  /** Byte of the message. */
  offset: number;
}

/**
 * A decoded message (RFC 2205 3.1.1): a plain value, which JSON.stringify and structuredClone keep whole and
 * {@linkcode encode} turns back into the same bytes.
 */
export interface Message {
  /** Name of the type; `UNKNOWN` if it has none. */
  message: MessageName | "UNKNOWN";
  /** Number of the type. */
  type: number;
  /** Version of RSVP, which is 1. */
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
  /** In the order of the message. */
  objects: RsvpObject[];
  /** The messages in a Bundle (RFC 2961 3.2). */
  messages?: (Message | BrokenMessage)[];
}

/**
 * A message in a Bundle that cannot be taken apart, as the lines of NDJSON show it too: `error` says what is wrong with its
 * header or framing. Where there is nothing to be checked, `malformed` says why in its place: a length that cannot be, with
 * which the rest of the Bundle is lost, or a Bundle in the Bundle (RFC 2961 3.2).
 */
export interface BrokenMessage {
  /** Name of the type; with `error` only. */
  message?: MessageName | "UNKNOWN";
  /** RSVP message type; with `error` only. */
  type?: number;
  /** What is wrong with it; offsets count from its own header. */
  error?: Problem;
  /** Why there is no `error`. */
  malformed?: string;
  /** All of it, hex. */
  bytes: string;
}

/** What follows from the rest of an object, and so need not be given. */
export type DerivedField = "class" | "form" | "ctype" | "offset" | "length";
/** What has to be said of which form of its class an object is: nothing where there is one, else `ctype` or `form`. */
export type ObjectChoice<T> = T extends { form: ""; ctype: unknown } ? Partial<Pick<T, "form" | "ctype">>
  : T extends { form: unknown; ctype: unknown }
    ? Pick<T, "ctype"> & Partial<Pick<T, "form">> | Pick<T, "form"> & Partial<Pick<T, "ctype">>
  : T extends { ctype: unknown } ? Pick<T, "ctype">
  : unknown;
/** A decoded object of which what follows from the rest may be left out. */
export type LooseObject<T> = T extends { name: string } ?
    & { [K in keyof T as K extends DerivedField ? never : K]: T[K] }
    & ObjectChoice<T>
    & {
      [K in keyof T & ("class" | "offset" | "length")]?: T[K];
    }
  : never;
/** An object to encode: `name` and, where the class has several, `ctype` tell which; lengths are computed. */
export type TypedObjectInput = LooseObject<RsvpObject>;

/** A message to encode; what a `Message` has is accepted too. */
export interface MessageInput {
  /** Name of the type. A `type` beside it wins. */
  message?: MessageName | "UNKNOWN";
  /** Number of the type. */
  type?: number;
  /** Version of RSVP; 1 by default. */
  version?: number;
  /** Four bits of the common header; 0 by default. */
  flags?: number;
  /** `ok` and by default: computed. `none`: zero. `bad`: `checksumValue`. */
  checksum?: "ok" | "bad" | "none";
  /** The checksum of a `bad` one. */
  checksumValue?: number;
  /** IP TTL with which the message is to be sent (Send_TTL, RFC 2205 3.1.1); 255 by default. */
  sendTtl?: number;
  /** The reserved byte of the header; 0 by default. */
  reserved?: number;
  /** What the header is to say of the length, right or wrong; only read with `raw`. */
  length?: number;
  /** In the order in which they are written, unless `order` says otherwise. */
  objects: readonly TypedObjectInput[];
  /** The messages in a Bundle (RFC 2961 3.2), after its objects. */
  messages?: readonly (MessageInput | BrokenMessage)[];
}

/** How a message is written. */
export interface EncodeOptions {
  /** `given`, by default, keeps the order of the list; `rfc` takes the order that the RFC recommends. */
  order?: "given" | "rfc";
  /** For test engineers: writes `length` and `checksumValue` of the message, and `length` of objects, where they are given. */
  raw?: boolean;
}

/** Where and why a message could not be decoded. */
export interface DecodeFailure {
  /** Tells a failure from a message. */
  ok: false;
  /** STATUS name, such as `OBJECT_OVERRUN`. */
  status: string;
  /** STATUS number. */
  code: number;
  /** In words, with object and offset. */
  text: string;
  /** RFC 2205 and its section. */
  rfc: string;
  /** Class of the object; 0 for the header. */
  class: number;
  /** C-Type of the object; 0 for the header. */
  ctype: number;
  /** Byte of the message. */
  offset: number;
}

/**
 * A message could not be taken apart: its header or the framing of its objects is broken.
 *
 * @example
 * ```ts
 * import { decode, ResvDecodeError } from "@resv/resv";
 *
 * try {
 *   // A header that announces 12 bytes, and a SESSION that is longer than what is left.
 *   decode(Uint8Array.of(0x10, 1, 0, 0, 63, 0, 0, 12, 0, 12, 1, 1));
 * } catch (error) {
 *   if (error instanceof ResvDecodeError) console.log(error.status, error.class, error.offset); // OBJECT_OVERRUN 1 8
 * }
 * ```
 */
export class ResvDecodeError extends Error {
  /** Tells it from other errors where `instanceof` cannot. */
  override readonly name = "ResvDecodeError";
  /** STATUS number. */
  readonly code: number;
  /** STATUS name, such as `OBJECT_OVERRUN`. */
  readonly status: string;
  /** RFC 2205 and its section. */
  readonly rfc: string;
  /** Class of the object; 0 for the header. */
  readonly class: number;
  /** C-Type of the object; 0 for the header. */
  readonly ctype: number;
  /** Byte of the message. */
  readonly offset: number;
  /** Of what `tryDecode` returned. */
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

/** `class 12 C-Type 2 SENDER_TSPEC at byte 20`, or `byte 6 of the header`. */
function place(offset: number, number: number, ctype: number): string {
  if (number === 0) return `byte ${offset}`;
  const name = OBJECT_NAMES[number];
  return `class ${number} C-Type ${ctype}${name ? ` ${name}` : ""} at byte ${offset}`;
}

/** The problems of a check, in words. */
export function problemsOf({ problems, problemCount }: CheckResult): Problem[] {
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

/** The failure of a check, in words. */
export function failureOf(result: CheckResult): DecodeFailure {
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
