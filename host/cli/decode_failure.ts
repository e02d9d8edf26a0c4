/**
 * Why a message cannot be taken apart, for people: what its header says, the objects before the fault, the fault with the
 * numbers that contradict each other. The engine finds every fault; it is asked again about the part before the last one.
 */
import type { Ansis } from "ansis";
import type { Codec, DecodeFailure } from "../codec.ts";
import { MESSAGE_NAMES } from "../messages.gen.ts";
import { TreeWriter } from "./decode_tree.ts";
import type { AnyObject } from "./describe.ts";

/** Of a message that cannot be taken apart so many bytes are shown, so many on a line. */
const SHOWN_BYTES = 64;
const LINE_BYTES = 16;

/** RFC 2205 3.1.1 and 3.1.2: lengths of headers, and where the length of a message stands. */
const HEADER_BYTES = 8;
const OBJECT_HEADER_BYTES = 4;
const LENGTH_AT = 6;

/** What is known of a broken message. */
export interface Explanation {
  /** Name of its type; undefined if not even that has arrived. */
  readonly message: string | undefined;
  /** The objects before the first fault in the objects. */
  readonly objects: readonly AnyObject[];
  /** The faults, the one that the engine stopped at first. */
  readonly faults: readonly Fault[];
}

/** One fault. */
export interface Fault {
  readonly offset: number;
  readonly status: string;
  /** What is wrong, where, and which numbers contradict each other. */
  readonly text: string;
  readonly rfc: string;
}

const u16 = (bytes: Uint8Array, at: number) => bytes[at] << 8 | bytes[at + 1];

/** Finds out what can be said of a message that cannot be taken apart. */
export function explainFailure(payload: Uint8Array, failure: DecodeFailure, codec: Codec): Explanation {
  const faults = [describeFault(payload, failure, payload.length)];
  let objects: readonly AnyObject[] = [];
  // The engine is asked about what stands before the fault, as if the message ended there.
  let end = failure.offset >= HEADER_BYTES ? failure.offset : payload.length & ~3;
  while (end >= HEADER_BYTES) {
    const part = payload.slice(0, end);
    part[0] = 0x10 | part[0] & 15;
    part[2] = part[3] = 0;
    part[LENGTH_AT] = end >> 8;
    part[LENGTH_AT + 1] = end;
    const result = codec.tryDecode(part);
    if (result.ok) objects = result.message.objects as readonly AnyObject[];
    if (result.ok || result.offset < HEADER_BYTES || result.offset >= end) break;
    faults.push(describeFault(payload, result, payload.length));
    end = result.offset;
  }
  const type = payload[1];
  const message = type === undefined ? undefined : MESSAGE_NAMES[type] ?? `UNKNOWN type ${type}`;
  return { message, objects, faults };
}

function describeFault(payload: Uint8Array, { offset, status, text, rfc }: DecodeFailure, arrived: number): Fault {
  let detail = "";
  if (offset >= HEADER_BYTES && offset + OBJECT_HEADER_BYTES <= arrived) {
    detail = `; its length says ${u16(payload, offset)}, and ${arrived - offset} bytes are left`;
  } else if (offset >= HEADER_BYTES) detail = `; ${arrived - offset} bytes are left, too few for an object's header`;
  else if (arrived < HEADER_BYTES) detail = `; ${arrived} bytes arrived, and a header has ${HEADER_BYTES}`;
  else if (offset === LENGTH_AT) detail = `; it says ${u16(payload, LENGTH_AT)}, and ${arrived} bytes arrived`;
  else if (offset === 0) detail = `; it is ${payload[0] >> 4}`;
  return { offset, status, text: text + detail, rfc };
}

/** The lines of a broken message: what could be read, then its faults, then its first bytes. */
export function failureLines(payload: Uint8Array, failure: DecodeFailure, codec: Codec, style: Ansis): string[] {
  const { message, objects, faults } = explainFailure(payload, failure, codec);
  const lines: string[] = [];
  if (message !== undefined) {
    lines.push(`    ${style.dim("0")}  ${style.bold(message)}  ${payload.length} bytes arrived`);
  }
  lines.push(...new TreeWriter(payload, style).objects(objects));
  for (const { offset, text, rfc } of faults) {
    lines.push(`${style.dim(String(offset).padStart(5))}  ${style.red(`! ${text}`)}${style.dim(`  ${rfc}`)}`);
  }
  for (let at = 0; at < Math.min(payload.length, SHOWN_BYTES); at += LINE_BYTES) {
    const hex = [...payload.subarray(at, at + LINE_BYTES)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    lines.push(`${style.dim(String(at).padStart(5))}  ${hex}`);
  }
  if (payload.length > SHOWN_BYTES) lines.push(`       ... ${payload.length} bytes`);
  return lines;
}
