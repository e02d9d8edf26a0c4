/** Reads what the engine has written into its outbox, through views that host/engine.ts hands in. */
import type { Copied } from "./arena.ts";
import { ACTION, type Action, readAction } from "./boundary.gen.ts";
import type { SendTaker } from "./transport/transport.ts";

/** Every record begins with its kind, two bytes, and has its length, padding included, in its second word. */
const HEADER_BYTES = 8;
const KIND_MASK = 0xffff;

/** Copied, where `[]` would do: V8 may lay the arrays of a literal among the old objects, where they keep what is in them. */
export const NO_ACTIONS: Action[] = [];
/** Returned where records do not fit the outbox that they stand in. */
export const BROKEN: Action[] = [];

/** The actions in a copy of `length` bytes. Kinds that this version does not know are left out. */
export function readActions({ view, bytes, start }: Copied, length: number): Action[] {
  const actions = NO_ACTIONS.slice();
  const end = start + length;
  for (let at = start; at < end;) {
    const recordBytes = view.getUint32(at + 4, true);
    if (recordBytes < HEADER_BYTES || at + recordBytes > end) return BROKEN;
    const action = readAction(view, bytes, at);
    if (action) actions.push(action);
    at += recordBytes;
  }
  return actions;
}

/**
 * Offers SEND records from `start` to `end` one by one, and returns where the first one stands that is of another kind, was
 * not taken, or does not fit; `end` if there is none.
 */
export function takeSends(words: Int32Array, start: number, end: number, take: SendTaker): number {
  let at = start;
  while (at < end) {
    const word = at >> 2;
    const recordBytes = words[word + 1];
    if ((words[word] & KIND_MASK) !== ACTION.SEND || recordBytes < HEADER_BYTES || at + recordBytes > end) break;
    if (!take(words, word)) break;
    at += recordBytes;
  }
  return at;
}
