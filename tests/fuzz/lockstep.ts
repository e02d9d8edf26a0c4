/**
 * Two engines that are given the same inputs with different bytes around them. What they do must be the same to the byte:
 * then nothing was read beyond what was given, and nothing depends on anything but the inputs.
 */
import {
  type Action,
  PACKET_HEADER_BYTES,
  PACKET_SLOT_BYTES,
  PACKET_SLOTS,
  readAction,
} from "../../host/boundary.gen.ts";
import { Engine } from "../../host/engine.ts";
import { toHex } from "./bytes.ts";
import { processorMs } from "../processor_time.ts";

/** One submit as the engine sees it: what stands in the inbox, and where. All else in it is nobody's business. */
export interface Submit {
  kind: number;
  count: number;
  nowMs: number;
  parts: { at: number; bytes: Uint8Array }[];
}

/** What an engine did wrong. */
export class Finding extends Error {
  override readonly name = "Finding";
}

const INBOX_BYTES = PACKET_SLOT_BYTES * PACKET_SLOTS;
const POISONS = [0xa5, 0x5a];
/** No submit may take longer than this, in milliseconds; a busy machine is no finding. */
export const LONGEST_SUBMIT_MS = 2000;
const MAXIMUM_ACTION_BYTES = 256 << 20;

export function decodeActions(bytes: Uint8Array): Action[] {
  const actions: Action[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const length = at + 8 <= bytes.length ? view.getUint32(at + 4, true) : 0;
    if (length < 8 || length % 8 !== 0 || at + length > bytes.length) {
      throw new Finding(`an action of ${length} bytes at ${at} of ${bytes.length}`);
    }
    const action = readAction(view, bytes, at);
    if (!action) throw new Finding(`an action of unknown kind ${view.getUint16(at, true)}`);
    actions.push(action);
    at += length;
  }
  return actions;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

export class Lockstep {
  readonly engines: Engine[];
  /** Every submit so far, for replaying and minimising. */
  readonly log: Submit[] = [];
  longestMs = 0;
  #inboxes = POISONS.map((poison) => new Uint8Array(INBOX_BYTES).fill(poison));

  constructor(module: WebAssembly.Module) {
    this.engines = POISONS.map(() => new Engine(module));
  }

  /** Submits to both and compares status and actions; returns them. */
  submit(submit: Submit): { status: number; actions: Action[] } {
    this.log.push(submit);
    const started = processorMs();
    const results = this.engines.map((engine, index) => this.#one(engine, index, submit));
    const took = processorMs() - started;
    this.longestMs = Math.max(this.longestMs, took);
    if (took > LONGEST_SUBMIT_MS) throw new Finding(`a submit of kind ${submit.kind} took ${Math.round(took)} ms`);
    const [a, b] = results;
    if (a.status !== b.status) throw new Finding(`status ${a.status}, with other bytes around the input ${b.status}`);
    a.polled.forEach((bytes, index) => {
      const other = b.polled[index] ?? new Uint8Array(0);
      if (!sameBytes(bytes, other)) throw new Finding(describeDifference(bytes, other));
    });
    if (a.polled.length !== b.polled.length) throw new Finding("other actions with other bytes around the input");
    return { status: a.status, actions: a.polled.flatMap(decodeActions) };
  }

  #one(engine: Engine, index: number, submit: Submit) {
    const inbox = this.#inboxes[index];
    let end = 0;
    for (const { at, bytes } of submit.parts) {
      inbox.set(bytes, at);
      end = Math.max(end, at + bytes.length);
    }
    // The rest of the last slot and one more stay poisoned: that is where a read beyond the input would land.
    const used = Math.min(
      INBOX_BYTES,
      Math.ceil((end + 1) / PACKET_SLOT_BYTES) * PACKET_SLOT_BYTES + PACKET_SLOT_BYTES,
    );
    const status = engine.submitRaw(submit.kind, submit.count, submit.nowMs, inbox.subarray(0, used));
    inbox.fill(POISONS[index], 0, end);
    const polled: Uint8Array[] = [];
    let total = 0;
    for (let bytes = engine.pollRaw(); bytes.length > 0; bytes = engine.pollRaw()) {
      polled.push(bytes);
      total += bytes.length;
      if (total > MAXIMUM_ACTION_BYTES) throw new Finding("more than 256 MB of actions from one submit");
    }
    return { status, polled };
  }

  counters(): Record<string, number> {
    return this.engines[0].counters();
  }
}

function describeDifference(a: Uint8Array, b: Uint8Array): string {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  const from = Math.max(0, at - 16) & ~7;
  return `actions depend on bytes around the input, at byte ${at} of ${a.length}: ` +
    `${toHex(a.subarray(from, at + 16))} and ${toHex(b.subarray(from, at + 16))}`;
}

/** Lays packets into slots: `header` and `payload` of each. */
export function packetParts(packets: readonly { header: Uint8Array; payload: Uint8Array }[]): Submit["parts"] {
  const parts: Submit["parts"] = [];
  let at = 0;
  for (const { header, payload } of packets) {
    parts.push({ at, bytes: header }, { at: at + PACKET_HEADER_BYTES, bytes: payload });
    at += Math.ceil((PACKET_HEADER_BYTES + payload.length) / PACKET_SLOT_BYTES) * PACKET_SLOT_BYTES;
  }
  return parts;
}

/** How many of these payloads one inbox takes. */
export function fitting(payloads: readonly Uint8Array[]): number {
  let slots = 0;
  for (const [index, payload] of payloads.entries()) {
    slots += Math.ceil((PACKET_HEADER_BYTES + payload.length) / PACKET_SLOT_BYTES);
    if (slots > PACKET_SLOTS) return index;
  }
  return payloads.length;
}
