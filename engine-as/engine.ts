// Every export of the engine, and nothing else. See ARCHITECTURE.md, "The boundary".
import "./abort";
import { actionsPointer, moreActions, pollActions } from "./actions/queue";
import {
  ABI_VERSION,
  OUTBOX_BYTES,
  OUTCOME_ACTION_BYTES,
  OUTCOME_ACTIONS,
  OUTCOME_MORE,
  OUTCOME_STATUS,
  STATUS_BAD_SUBMIT,
  STATUS_OK,
} from "./boundary.gen";
import { captureBegin, captureEnd, captureRead } from "./capture/reader";
import { CAPTURE_STATE_BYTES } from "./capture/state";
import { rowBytes, rowsPointer } from "./inspect/outbox";
import { inspectTable } from "./inspect/tables";
import { arithmetic as computeArithmetic } from "./merge/arithmetic";
import { routeChangeOpen } from "./process/route_change";
import { submitRecords } from "./process/submit";
import { clearFrom, INBOX_BYTES, inboxPointer, outboxPointer, root, rootPointer } from "./state/memory";
import { hostTime, now } from "./timers/clock";
import { wheelDeadline } from "./timers/wheel";
import { CHECK_RESULT_BYTES, checkMessage } from "./wire/check";
import { writeMessageLine } from "./wire/ndjson";

export function abiVersion(): u32 {
  return ABI_VERSION;
}
export function inbox(): usize {
  return inboxPointer();
}
export function inboxLength(): u32 {
  return <u32> INBOX_BYTES;
}

// Takes `count` records of one kind from the inbox at time `nowMs`. Drain poll() before the next one.
export function submit(kind: u32, count: u32, nowMs: f64): u32 {
  showing = SHOWS_ACTIONS;
  return submitRecords(kind, count, nowMs);
}

// What the outbox shows: actions, rows of a table, or the result of a check or of arithmetic.
const SHOWS_ACTIONS: u32 = 0;
const SHOWS_ROWS: u32 = 1;
const SHOWS_RESULT: u32 = 2;
let showing: u32 = SHOWS_ACTIONS;
let resultBytes: u32 = 0;

export function poll(): u32 {
  showing = SHOWS_ACTIONS;
  return root().configured == 0 ? 0 : pollActions();
}
export function outbox(): usize {
  if (showing == SHOWS_ROWS) return rowsPointer();
  return showing == SHOWS_ACTIONS && root().configured != 0 ? actionsPointer() : outboxPointer();
}
export function outboxLength(): u32 {
  return showing == SHOWS_ROWS ? rowBytes() : showing == SHOWS_RESULT ? resultBytes : <u32> OUTBOX_BYTES;
}

// submit(), the first poll() and deadline(), whose value it returns, in one call; what the others return is left at
// outcome(). What was polled last need not be polled away before the next turn() if nothing more waits.
export function turn(kind: u32, count: u32, nowMs: f64): f64 {
  store<u32>(OUTCOME + OUTCOME_STATUS, submit(kind, count, nowMs));
  store<u32>(OUTCOME + OUTCOME_ACTION_BYTES, poll());
  store<u32>(OUTCOME + OUTCOME_ACTIONS, <u32> outbox());
  store<u32>(OUTCOME + OUTCOME_MORE, root().configured != 0 && moreActions() ? 1 : 0);
  return deadline();
}
const OUTCOME: usize = memory.data(16, 8);
export function outcome(): usize {
  return OUTCOME;
}

export function deadline(): f64 {
  if (root().configured == 0) return Infinity;
  return routeChangeOpen() ? hostTime(now()) : wheelDeadline();
}

export function inspect(table: u32, cursor: f64): f64 {
  showing = SHOWS_ROWS;
  return root().configured == 0 ? 0 : inspectTable(table, cursor);
}

// The state as one run of bytes. To restore, the host makes memory long enough, copies it to the same place and calls
// restore() in place of CONFIG.
export function stateStart(): usize {
  return rootPointer();
}
export function stateLength(): u32 {
  return root().configured == 0 ? 0 : root().heapTop - <u32> rootPointer();
}
export function restore(length: u32): u32 {
  const state = root();
  if (state.configured == 0 || state.heapTop != <u32> rootPointer() + length) return STATUS_BAD_SUBMIT;
  clearFrom(state.heapTop);
  return STATUS_OK;
}

// Memory for bulk decoding beyond the engine's own. Only for an engine that is no node: it lies where state would.
export function workspace(bytes: u32): usize {
  if (root().configured != 0) return 0;
  const start = (rootPointer() + 65535) & ~65535;
  const pages = <i32> ((start + bytes + 65535) >>> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) return 0;
  return start;
}

// Checks one message of any type at `pointer`; the result (wire/check.ts) is in the outbox.
export function check(pointer: usize, length: u32): u32 {
  showing = SHOWS_RESULT;
  resultBytes = <u32> CHECK_RESULT_BYTES;
  return checkMessage(pointer, length, outboxPointer());
}

// Flowspec arithmetic (RFC 2205 3.11.6, RFC 2210 to 2212): operands from the inbox, result in the outbox.
export function arithmetic(operation: u32): u32 {
  showing = SHOWS_RESULT;
  resultBytes = OUTBOX_BYTES;
  return computeArithmetic(operation, inboxPointer(), outboxPointer());
}

// One line of NDJSON for the message at `pointer`.
export function ndjson(pointer: usize, length: u32, output: usize, capacity: u32): u32 {
  return writeMessageLine(pointer, length, outboxPointer(), output, capacity);
}

export function captureStateBytes(): u32 {
  return <u32> CAPTURE_STATE_BYTES;
}
export { captureBegin, captureEnd, captureRead };
