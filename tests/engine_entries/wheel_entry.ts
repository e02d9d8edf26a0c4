// What the test of the wheel calls: sessions by number, and nothing else of the engine.
import "../../engine-as/abort";
import { clearFrom, ensureMemory, forgetCeiling, root, ROOT_BYTES, rootPointer } from "../../engine-as/state/memory";
import { Session } from "../../engine-as/state/session";
import { setNow } from "../../engine-as/timers/clock";
import { initializeWheel, nextDue, schedule, unschedule, wheelDeadline } from "../../engine-as/timers/wheel";

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
// The number of a session that is due, or -1.
export function due(): i32 {
  const next = nextDue();
  return next ? <i32> ((changetype<usize>(next) - sessions) / SESSION_BYTES) : -1;
}
export function deadline(): f64 {
  return wheelDeadline();
}
export function stateBytes(): u32 {
  return root().stateBytes;
}
