// What the test of the wheel calls: sessions by number, and nothing else of the engine.
import "../../engine-as/abort";
import { clearFrom, ensureMemory, forgetCeiling, root, ROOT_BYTES, rootPointer } from "../../engine-as/state/memory";
import { Session } from "../../engine-as/state/session";
import { setNow } from "../../engine-as/timers/clock";
import { initializeWheel, nextDue, putBack, schedule, unschedule, wheelDeadline } from "../../engine-as/timers/wheel";

const SESSION_BYTES: usize = offsetof<Session>();
let sessions: usize = 0;

export function begin(count: u32, nowMs: f64): void {
  ensureMemory(rootPointer() + ROOT_BYTES + 65536);
  memory.fill(rootPointer(), 0, ROOT_BYTES);
  sessions = (rootPointer() + ROOT_BYTES + 63) & ~63;
  root().heapTop = <u32> (sessions + <usize> count * SESSION_BYTES);
  ensureMemory(root().heapTop);
  clearFrom(sessions);
  forgetCeiling();
  setNow(nowMs);
  initializeWheel();
}
function session(number: u32): Session {
  return changetype<Session>(sessions + <usize> number * SESSION_BYTES);
}
export function time(nowMs: f64): void {
  setNow(nowMs);
}
// `afterMs` from now, or before.
export function put(number: u32, afterMs: i32): void {
  schedule(session(number), root().nowMs + afterMs);
}
export function take(number: u32): void {
  unschedule(session(number));
}
// The number of a session that is due, or -1; it is due again `afterMs` from now, or not in the wheel any more with 0.
export function due(afterMs: u32): i32 {
  const next = nextDue();
  if (next == null) return -1;
  if (afterMs == 0) unschedule(next);
  else putBack(next, root().nowMs + afterMs);
  return <i32> ((changetype<usize>(next) - sessions) / SESSION_BYTES);
}
export function deadline(): f64 {
  return wheelDeadline();
}
export function stateBytes(): u32 {
  return root().stateBytes;
}
