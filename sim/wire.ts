/**
 * A small reader of RSVP objects of its own, for looking at messages and tables without the codec under test. Reads what
 * the simulation sends: IPv4 and IPv6 sessions, senders, Int-Serv flowspecs.
 */
import { formatAddress } from "../host/address.ts";
import type { Flow, Tspec } from "./flow.ts";
import type { Adspec } from "./oracle.ts";

export const PATH = 1;
export const RESV = 2;
export const RESV_ERROR = 4;
export const RESV_TEAR = 6;
export const DIAGNOSTIC_REPLY = 9;
export const SESSION = 1;
export const RSVP_HOP = 3;
export const ERROR_SPEC = 6;
export const SCOPE = 7;
export const STYLE = 8;
export const FLOWSPEC = 9;
export const FILTER_SPEC = 10;
export const SENDER_TEMPLATE = 11;
export const SENDER_TSPEC = 12;
export const ADSPEC = 13;
export const POLICY_DATA = 14;
const DIAGNOSTIC = 30;
const DIAGNOSTIC_RESPONSE = 32;
const COMMON_HEADER_BYTES = 8;
const GUARANTEED = 2;

/** An object with its body, a view of the message. */
export interface WireObject {
  class: number;
  ctype: number;
  body: Uint8Array;
}

/** The objects of a run of bytes. */
export function readObjects(bytes: Uint8Array, start = 0): WireObject[] {
  const objects: WireObject[] = [];
  for (let at = start; at + 4 <= bytes.length;) {
    const length = bytes[at] << 8 | bytes[at + 1];
    if (length < 4 || at + length > bytes.length) throw new RangeError(`object of ${length} bytes at ${at}`);
    objects.push({ class: bytes[at + 2], ctype: bytes[at + 3], body: bytes.subarray(at + 4, at + length) });
    at += length;
  }
  return objects;
}

/** Type and objects of a message. */
export function readMessage(payload: Uint8Array): { type: number; objects: WireObject[] } {
  return { type: payload[1], objects: readObjects(payload, COMMON_HEADER_BYTES) };
}

/** `address/port/protocol`: what makes a session the same (RFC 2205 1.1), flags left out. */
export function sessionKey({ body, ctype }: WireObject): string {
  const bytes = ctype === 1 ? 4 : 16;
  return `${address(body, bytes)}/${body[bytes + 2] << 8 | body[bytes + 3]}/${body[bytes]}`;
}

/** `address/port` of a SENDER_TEMPLATE or FILTER_SPEC. */
export function senderKey({ body, ctype }: WireObject): string {
  const bytes = ctype === 1 ? 4 : 16;
  return `${address(body, bytes)}/${body[bytes + 2] << 8 | body[bytes + 3]}`;
}

/** Address of an RSVP_HOP. */
export function hopAddress({ body, ctype }: WireObject): string {
  return address(body, ctype === 1 ? 4 : 16);
}

/** Who found an error, and its code (RFC 2205 A.5). */
export function readError({ body, ctype }: WireObject): { node: string; code: number } {
  return { node: hopAddress({ body, ctype } as WireObject), code: body[ctype === 1 ? 5 : 17] };
}

export function readTspec({ body }: WireObject): Tspec {
  return bucketAt(new DataView(body.buffer, body.byteOffset, body.length));
}

export function readFlow({ body }: WireObject): Flow {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const guaranteed = view.getUint8(4) === GUARANTEED;
  return {
    service: guaranteed ? "GS" : "CL",
    ...bucketAt(view),
    reserved: guaranteed ? view.getFloat32(36) : 0,
    slack: guaranteed ? view.getUint32(40) : 0,
  };
}

/** The general parameters of an ADSPEC (RFC 2210 3.3.1, RFC 2215): hops, bandwidth, latency, MTU. */
export function readAdspec({ body }: WireObject): Adspec {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  // Message header and default fragment header of a word each, then four parameters of a header and a word each.
  return {
    hops: view.getUint32(12),
    bandwidth: view.getFloat32(20),
    latency: view.getUint32(28),
    mtu: view.getUint32(36),
  };
}

/** Priorities of a PREEMPTION_PRI element (RFC 3181 4). */
export interface WirePriority {
  preemption: number;
  defending: number;
}

/** The PREEMPTION_PRI elements of a POLICY_DATA object without options (RFC 2750 3.1). */
export function readPriorities({ body }: WireObject): WirePriority[] {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const found: WirePriority[] = [];
  for (let at = 4; at + 4 <= body.length; at += view.getUint16(at)) {
    if (view.getUint16(at + 2) !== 1) continue;
    found.push({ preemption: view.getUint16(at + 8), defending: view.getUint16(at + 10) });
  }
  return found;
}

/** What one node reports (RFC 2745 3.6); addresses of zeros are empty. */
export interface HopReport {
  incoming: string;
  outgoing: string;
  previous: string;
  error: number;
  /** K. */
  multiple: number;
  /** R in whole seconds. */
  seconds: number;
  objects: WireObject[];
}

/** One DREP. */
export interface DiagnosticPart {
  /** Address of whoever asked. */
  requester: string;
  offset: number;
  more: boolean;
  hops: HopReport[];
}

/** RFC 2745 3.3 and 3.6; undefined for a message without a DIAGNOSTIC. */
export function readDiagnosticReply(payload: Uint8Array): DiagnosticPart | undefined {
  const { objects } = readMessage(payload);
  const diagnostic = objects.find((object) => object.class === DIAGNOSTIC);
  if (!diagnostic) return undefined;
  const { body, ctype } = diagnostic;
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const bytes = ctype === 1 ? 4 : 16;
  // Behind LAST-HOP stand SENDER_TEMPLATE and FILTER_SPEC of who asks.
  const [, requester] = readObjects(body, 12 + bytes);
  return {
    requester: address(requester.body, bytes),
    offset: view.getUint16(10),
    more: (view.getUint16(2) & 1) === 1,
    hops: objects.filter((object) => object.class === DIAGNOSTIC_RESPONSE).map(readResponse),
  };
}

function readResponse({ body, ctype }: WireObject): HopReport {
  const bytes = ctype === 1 ? 4 : 16;
  const [incoming, outgoing, previous] = [0, 1, 2].map((index) => {
    const at = body.subarray(4 + index * bytes, 4 + (index + 1) * bytes);
    return at.every((byte) => byte === 0) ? "" : address(at, bytes);
  });
  const at = 4 + 3 * bytes, [, flags, high, low] = body.subarray(at, at + 4);
  return {
    ...{ incoming, outgoing, previous },
    error: (flags >> 4) & 7,
    multiple: flags & 15,
    seconds: high << 8 | low,
    objects: readObjects(body, at + 4),
  };
}

function bucketAt(view: DataView): Tspec {
  return {
    rate: view.getFloat32(12),
    bucket: view.getFloat32(16),
    peak: view.getFloat32(20),
    minimum: view.getUint32(24),
    maximum: view.getUint32(28),
  };
}

function address(body: Uint8Array, bytes: number): string {
  return formatAddress(body.subarray(0, bytes), bytes === 4 ? 4 : 6);
}
