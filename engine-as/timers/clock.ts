// Times are u32 milliseconds since the first submit, compared with wrap-around: right for differences below 2^31 ms,
// which limits.ts guarantees for everything that is stored.
import { CONFIG_OPTION_FAST_START, CONFIG_OPTION_NO_JITTER } from "../boundary.gen";
import { MAXIMUM_INTERVAL_MS, MINIMUM_REFRESH_INTERVAL_MS } from "../limits";
import { random } from "../state/hash";
import { configured, root } from "../state/memory";

// A slot of the wheel (wheel.ts) has 8 ms.
export const SLOT_SHIFT: u32 = 3;

@inline
export function now(): u32 {
  return root().nowMs;
}
@inline
export function isDue(at: u32): bool {
  return <i32> (root().nowMs - at) >= 0;
}
@inline
export function isBefore(a: u32, b: u32): bool {
  return <i32> (a - b) < 0;
}
@inline
export function remaining(at: u32): u32 {
  return isDue(at) ? 0 : at - root().nowMs;
}

// Above this a f64 does not count milliseconds any more.
export const LATEST_TIME: f64 = 4503599627370496;

// Time never runs backwards inside the engine, whatever the host says. NaN and infinities are no times. A leap is cut to
// what deadlines can be compared over: everything is due after it just the same, and the host's clock is followed from
// there.
export function setNow(nowMs: f64): void {
  if (!(Math.abs(nowMs) <= LATEST_TIME)) return;
  const state = root();
  if (state.started == 0) {
    state.started = 1;
    state.baseMs = nowMs;
  }
  let elapsed = nowMs - state.baseMs;
  if (!(elapsed > state.elapsedMs)) return;
  const latest = state.elapsedMs + <f64> leapLimit();
  if (elapsed > latest) {
    state.baseMs += elapsed - latest;
    elapsed = latest;
  }
  state.elapsedMs = elapsed;
  state.nowMs = <u32> (<u64> elapsed);
}

// How far time may go on at once. While ticks are owed, the oldest work that waits counts too: engine time waits for it.
function leapLimit(): u32 {
  const state = root();
  if (state.wheelEntries == 0) return MAXIMUM_INTERVAL_MS;
  const behind = state.nowMs - (state.wheelTick << SLOT_SHIFT);
  return <i32> behind > 0 ? MAXIMUM_INTERVAL_MS - min(behind, MAXIMUM_INTERVAL_MS) : MAXIMUM_INTERVAL_MS;
}

// The host's time of an engine time. Engine milliseconds are the host's rounded down, so a deadline is never early.
export function hostTime(at: u32): f64 {
  const state = root();
  const whole = <f64> (<u64> state.elapsedMs);
  return state.baseMs + whole + <f64> <i32> (at - state.nowMs);
}

@inline
export function clampRefresh(intervalMs: u32): u32 {
  return min(max(intervalMs, MINIMUM_REFRESH_INTERVAL_MS), MAXIMUM_INTERVAL_MS);
}

// How much sooner the refresh after a change comes, with FAST_START.
const FAST_START_DIVISOR: u32 = 10;

// The next refresh of state with this R: uniform in [0.5 R, 1.5 R] (RFC 2205 section 3.7). After a change the first one may come sooner, so that
// the loss of one message does not cost a whole R; what TIME_VALUES says stays R.
export function nextRefresh(intervalMs: u32, changed: bool): u32 {
  const interval = firstInterval(intervalMs, changed);
  if (configured(CONFIG_OPTION_NO_JITTER)) return now() + interval;
  const earliest = now() + (interval >> 1);
  const at = earliest + <u32> ((<u64> random() * <u64> (interval + 1)) >> 32);
  const granularity = root().timerGranularityMs;
  return granularity > 1 && granularity <= interval ? atTick(at, earliest, granularity) : at;
}

// The last time not after `at` at which the host ticks, or the next one where that is before 0.5 R: with ticks no more
// than R apart there is one up to 1.5 R, and no refresh has to wait for a later one.
function atTick(at: u32, earliest: u32, granularity: u32): u32 {
  const time = hostTime(at);
  const whole = Math.floor(time / granularity) * granularity;
  const past = <u32> Math.ceil(time - whole);
  return isBefore(at - past, earliest) ? at + granularity - past : at - past;
}

// Whether nextRefresh(intervalMs, true) may come to this time now.
export function mayBeNextRefresh(at: u32, intervalMs: u32): bool {
  const interval = firstInterval(intervalMs, true);
  if (configured(CONFIG_OPTION_NO_JITTER)) return at == now() + interval;
  return at - now() - (interval >> 1) <= interval;
}

@inline
function firstInterval(intervalMs: u32, changed: bool): u32 {
  return changed && configured(CONFIG_OPTION_FAST_START) ? max(intervalMs / FAST_START_DIVISOR, 2) : intervalMs;
}
