// R, K, Kb, W and Slew.Max (RFC 2205 sections 3.5 to 3.7): those of the node, and those of an interface that has its own.
// Zero in an interface stands for the node's.
import { MAXIMUM_INTERVAL_MS } from "../limits";
import { Interface } from "../state/interface";
import { Root, root } from "../state/memory";
import { clampRefresh } from "./clock";

// The fields of Root and of Interface that begin with `refreshIntervalMs`, in their order.
@unmanaged
export class Timing {
  // R as it is now, which approaches `refreshTargetMs` in steps, and when the next step may be taken.
  refreshIntervalMs: u32;
  refreshTargetMs: u32;
  refreshStepAt: u32;
  lifetimeMultiplier: u32;
  blockadeMultiplier: u32;
  localRepairDelayMs: u32;
  slewMaximumPercent: u32;
  // Of an interface: R is going up to the node's, which it follows once it is there.
  becomesNodes: u32;
}

@inline
export function nodeTiming(): Timing {
  return changetype<Timing>(changetype<usize>(root()) + offsetof<Root>("refreshIntervalMs"));
}
@inline
export function timingOf(iface: Interface): Timing {
  return changetype<Timing>(changetype<usize>(iface) + offsetof<Interface>("refreshIntervalMs"));
}

// A smaller R holds at once; a larger one is approached in steps, so that neighbours, whose lifetimes rest on the R they
// were told last, survive a loss meanwhile (RFC 2205 section 3.7: Slew.Max). `from` is the R that held until now; 0: none.
export function setRefreshInterval(timing: Timing, intervalMs: u32, from: u32): void {
  timing.refreshTargetMs = intervalMs;
  timing.refreshIntervalMs = from;
  if (from != 0 && intervalMs > from) return;
  timing.refreshIntervalMs = intervalMs;
  timing.refreshStepAt = root().nowMs;
}

// Steps are at least the longest refresh interval apart, so no state says two of them in successive refreshes.
export function stepRefreshInterval(timing: Timing): void {
  const now = timing.refreshIntervalMs;
  if (now >= timing.refreshTargetMs || !isStepDue(timing)) return;
  const slew = timing.slewMaximumPercent != 0 ? timing.slewMaximumPercent : root().slewMaximumPercent;
  const step = clampRefresh(<u32> min<u64>(<u64> now * (100 + slew) / 100, u32.MAX_VALUE));
  timing.refreshIntervalMs = min(max(step, now + 1), timing.refreshTargetMs);
  timing.refreshStepAt = root().nowMs + timing.refreshIntervalMs + (timing.refreshIntervalMs >> 1);
}

// The next step is never further away than its own R asks for; whatever seems further was due long ago. R may be raised
// more than 2^31 ms after it was set, when that time alone would seem to lie ahead.
@inline
function isStepDue(timing: Timing): bool {
  const wait = timing.refreshStepAt - root().nowMs;
  return wait == 0 || wait > timing.refreshIntervalMs + (timing.refreshIntervalMs >> 1);
}

// R of what is sent by an interface. One of its own is stepped when it is asked for.
export function refreshIntervalOf(iface: Interface): u32 {
  const timing = timingOf(iface);
  if (timing.refreshTargetMs == 0) return root().refreshIntervalMs;
  stepRefreshInterval(timing);
  if (timing.becomesNodes && timing.refreshIntervalMs >= root().refreshIntervalMs) {
    timing.refreshTargetMs = 0;
    timing.becomesNodes = 0;
    return root().refreshIntervalMs;
  }
  return timing.refreshIntervalMs;
}

// Takes what an INTERFACE record says of R; `isNew` if nothing has been sent by it yet. R goes up in steps from whatever
// held before, also where it becomes the node's again.
export function setInterfaceRefresh(iface: Interface, intervalMs: u32, isNew: bool): void {
  const timing = timingOf(iface);
  const state = root();
  const own = timing.refreshTargetMs != 0;
  const before: u32 = isNew ? 0 : own ? timing.refreshIntervalMs : state.refreshIntervalMs;
  if (intervalMs != 0) {
    const target = clampRefresh(intervalMs);
    if (own && !timing.becomesNodes && timing.refreshTargetMs == target) return;
    timing.becomesNodes = 0;
    state.timedInterfaces = 1;
    setRefreshInterval(timing, target, before);
  } else if (own && before >= state.refreshIntervalMs) {
    timing.refreshTargetMs = 0;
    timing.becomesNodes = 0;
  } else if (own) {
    timing.refreshTargetMs = state.refreshTargetMs;
    timing.becomesNodes = 1;
  }
}

// Lifetime of state that arrived by an interface and is refreshed every R by a neighbour: L >= (K + 0.5) * 1.5 * R (RFC 2205
// section 3.7), rounded up.
export function lifetimeOf(iface: Interface, refreshIntervalMs: u32): u32 {
  const own = timingOf(iface).lifetimeMultiplier;
  const halves = <u64> (own != 0 ? own : root().lifetimeMultiplier) * 2 + 1;
  const lifetime = (<u64> clampRefresh(refreshIntervalMs) * halves * 3 + 3) / 4;
  return <u32> min<u64>(lifetime, <u64> MAXIMUM_INTERVAL_MS);
}

// Kb * R, how long blockade state lasts that came by an interface (RFC 2205 section 3.5).
export function blockadeTimeOf(iface: Interface): u32 {
  const own = timingOf(iface).blockadeMultiplier;
  const multiplier = own != 0 ? own : root().blockadeMultiplier;
  return <u32> min<u64>(<u64> refreshIntervalOf(iface) * multiplier, <u64> MAXIMUM_INTERVAL_MS);
}

// W, how long local repair waits before it sends by an interface (RFC 2205 section 3.6).
export function localRepairDelayOf(iface: Interface): u32 {
  const own = timingOf(iface).localRepairDelayMs;
  return own != 0 ? own : root().localRepairDelayMs;
}
