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
  /** In the order of the message. */
  objects: RsvpObject[];
  /** The messages in a Bundle (RFC 2961 3.2). */
  messages?: (Message | BrokenMessage)[];
}

/** A message in a Bundle that cannot be taken apart, or what is left of the Bundle where no message can begin. */
export interface BrokenMessage {
  /** Why. */
  malformed: string;
  /** All of it, hex. */
  bytes: string;
}

type Loose<T> = T extends { name: string }
  ? { [K in keyof T as K extends Derived ? never : K]: T[K] } & Partial<Pick<T, keyof T & Derived>>
  : never;
type Derived = "class" | "form" | "offset" | "length";
/** An object to encode: `name` and, where the class has several, `ctype` tell which; lengths are computed. */
export type TypedObjectInput = Loose<RsvpObject>;

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
  objects: readonly TypedObjectInput[];
  /** Of a Bundle. */
  messages?: readonly (MessageInput | BrokenMessage)[];
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
