// Where things stand in linear memory, and how it grows.
//
//   [static data and tables][INBOX][OUTBOX][ROOT][heap ... heapTop)
//
// All state is reached from ROOT by offsets, never from wasm globals, so that the bytes from ROOT to heapTop are the
// whole snapshot. Nothing here is managed by the AssemblyScript runtime.
import { OUTBOX_BYTES, PACKET_SLOT_BYTES, PACKET_SLOTS } from "../boundary.gen";
import { MEMORY_MARGIN_BYTES } from "../limits";

export const INBOX_BYTES: usize = PACKET_SLOT_BYTES * PACKET_SLOTS;
export const ROOT_BYTES: usize = 8192;

@inline
export function inboxPointer(): usize {
  return (__heap_base + 15) & ~15;
}
@inline
export function outboxPointer(): usize {
  return inboxPointer() + INBOX_BYTES;
}
@inline
export function rootPointer(): usize {
  return outboxPointer() + OUTBOX_BYTES;
}

// Everything the engine knows, or points to. Field order is the snapshot's layout: a change needs a new ABI_VERSION.
@unmanaged
export class Root {
  heapTop: u32;
  configured: u32;
  baseMs: f64;
  elapsedMs: f64;
  nowMs: u32;
  started: u32;
  random: u64;
  hashKey: u64;
  hashFactor: u64;

  // Timing of the node (timers/timing.ts), in its order.
  refreshIntervalMs: u32;
  refreshTargetMs: u32;
  refreshStepAt: u32;
  lifetimeMultiplier: u32;
  blockadeMultiplier: u32;
  localRepairDelayMs: u32;
  slewMaximumPercent: u32;
  becomesNodes: u32;
  // Whether any interface has an R of its own.
  timedInterfaces: u32;
  memoryLimitBytes: u32;
  maximumSessions: u32;
  maximumSendersPerSession: u32;
  maximumStatePerNeighbour: u32;
  options: u32;

  // Hash tables: slots of { hash u32, value u32 }.
  sessionSlots: u32;
  sessionMask: u32;
  sessionCount: u32;
  blobSlots: u32;
  blobMask: u32;
  blobCount: u32;
  neighbourSlots: u32;
  neighbourMask: u32;
  neighbourCount: u32;
  applicationSlots: u32;
  applicationMask: u32;
  applicationCount: u32;
  destinationSlots: u32;
  destinationMask: u32;
  destinationCount: u32;
  addressSlots: u32;
  addressMask: u32;
  addressCount: u32;
  // Sessions without a destination port, and whether the table of destinations is kept.
  portlessSessions: u32;
  destinationsCounted: u32;

  // Vectors.
  interfaces: u32;
  interfaceCapacity: u32;
  // One more than the highest handle in use: what a walk over all interfaces has to look at.
  interfaceEnd: u32;
  handles: u32;
  handleCapacity: u32;
  handleFree: u32;
  handleCount: u32;
  generation: u32;

  // Timers.
  wheel: u32;
  wheelTick: u32;
  wheelEntries: u32;
  wheelSlots: u64;

  // Actions.
  firstChunk: u32;
  lastChunk: u32;
  freeChunk: u32;
  polled: u32;
  // Bytes of all chunks beside the OUTBOX; they lie among the state.
  chunkBytes: u32;

  // A route change that is still being carried to the sessions it concerns: cursor into the session table.
  routeChangeCursor: u32;
  routeChangeFamily: u32;
  routeChangePrefix: u32;
  routeChangeMask: u32;
  stateBytes: u32;
  routeChangeAddress: u64;
  routeChangeAddressLow: u64;

  // Local policy: the rules, those that are being handed over, and how often rules have been replaced.
  firstRule: u32;
  firstStagedRule: u32;
  lastStagedRule: u32;
  stagedRules: u32;
  policyVersion: u32;
  // What stands by priority: a vector by handle, kept only where there is policy.
  standings: u32;
  standingCapacity: u32;
  standingCount: u32;

  // Unix time at host time zero, milliseconds (RFC 2745: DREQ Arrival Time).
  unixEpochMs: f64;
  // Moves with every change of an interface, of CONFIG or of policy: what was known of refreshes before is void.
  refreshEpoch: u32;
  // The host ticks at multiples of so many milliseconds of its clock.
  timerGranularityMs: u32;
}

// After the named fields: free lists of the slab, then counters.
export const ROOT_FREE_LISTS: usize = 512;
export const ROOT_COUNTERS: usize = 2048;

@inline
export function root(): Root {
  return changetype<Root>(rootPointer());
}

// What 32 bits can address, but for the last page.
const LARGEST_MEMORY: u64 = 0xffff0000;

@inline
function memoryLimit(): u64 {
  const limit = <u64> root().memoryLimitBytes;
  return limit == 0 ? LARGEST_MEMORY : min(limit, LARGEST_MEMORY);
}

// Up to here the heap may reach whatever one event adds to tables: every table and the vector of handles could double, the
// margin would stay free, and linear memory is there. 0 for not known. A cache and not state: what is not below it is
// counted, so that it changes no answer.
let ceiling: u64 = 0;

// Whether the heap may reach `top` without anything having to be counted.
@inline
export function isBelowCeiling(top: u64): bool {
  return top <= ceiling;
}
// Called where a table, the limit or linear memory changes.
@inline
export function forgetCeiling(): void {
  ceiling = 0;
}

function findCeiling(): void {
  const end = min(memoryLimit(), <u64> memory.size() << 16);
  const kept = growthOfTables(true) + <u64> MEMORY_MARGIN_BYTES;
  ceiling = end > kept ? end - kept : 0;
}

// Memory from `top` on is zero, and stays so until the heap reaches it: what is taken from there needs no clearing.
export function clearFrom(top: usize): void {
  const end = <u64> memory.size() << 16;
  if (end > <u64> top) memory.fill(top, 0, <usize> (end - <u64> top));
}

// Grows linear memory so that it reaches `top`, if the host gives that much.
function growTo(top: u64): bool {
  if (top > LARGEST_MEMORY) return false;
  const pages = <i32> ((top + 0xffff) >>> 16);
  const have = memory.size();
  if (pages <= have) return true;
  // A quarter more than asked, so that growing stays rare, but never beyond the configured limit if that suffices.
  forgetCeiling();
  const want = max<i32>(pages, min<i32>(have + (have >> 2), <i32> (memoryLimit() >>> 16)));
  return memory.grow(want - have) >= 0 || memory.grow(pages - have) >= 0;
}

// Like growTo, where failing is our own fault: limits are checked before state is created.
export function ensureMemory(top: u64): void {
  if (!growTo(top)) unreachable();
}

// Whether the limit lets the heap reach `top`.
@inline
export function isWithinLimit(top: u64): bool {
  return top <= memoryLimit();
}

// Entries that one event may add to a table.
const ENTRIES_AT_ONCE: u32 = 1024;

// What the hash tables and the vector of handles take if they have to double in the event at hand, or if `all` of them do.
// The tables stand in ROOT one after the other: slots, mask, count.
function growthOfTables(all: bool): u64 {
  let bytes: u64 = 0;
  const state = root();
  for (
    let at = rootPointer() + offsetof<Root>("sessionSlots");
    at <= rootPointer() + offsetof<Root>("addressSlots");
    at += 12
  ) {
    const capacity = load<u32>(at, 4) + 1;
    if (all || <u64> (load<u32>(at, 8) + ENTRIES_AT_ONCE) * 5 >= <u64> capacity * 4) {
      bytes += <u64> max(capacity, ENTRIES_AT_ONCE) * 16;
    }
  }
  const handles = state.handleCapacity;
  const handlesGrow = all || state.handleCount + ENTRIES_AT_ONCE >= handles;
  return handlesGrow ? bytes + <u64> max(handles, ENTRIES_AT_ONCE) * 16 : bytes;
}

// Whether `bytes` of new state still fit under the configured limit, and the host has the memory for them. Asked before
// anything is created, so that nothing fails half done. What was given back counts as free: records of other sizes are
// split where the heap has no room left to grow (slab.ts).
export function mayGrow(bytes: usize): bool {
  return isBelowCeiling(<u64> root().heapTop + <u64> bytes) || hasRoom(bytes, MEMORY_MARGIN_BYTES);
}

// The same for a change of state that stands: most of the margin is kept free for that.
export function mayChange(bytes: usize): bool {
  return isBelowCeiling(<u64> root().heapTop + <u64> bytes) || hasRoom(bytes, MEMORY_MARGIN_BYTES / 4);
}

function hasRoom(bytes: usize, margin: u32): bool {
  const state = root();
  const need = <u64> bytes + growthOfTables(false) + <u64> margin;
  const used = <u64> (rootPointer() + ROOT_BYTES) + <u64> state.stateBytes + <u64> state.chunkBytes;
  if (!isWithinLimit(used + need)) return false;
  const top = <u64> state.heapTop + need;
  if (isWithinLimit(top) && growTo(top)) {
    if (ceiling == 0) findCeiling();
    return true;
  }
  return <u64> state.heapTop - used >= need * 2;
}

@inline
export function count(counter: u32, by: u32 = 1): void {
  const at = rootPointer() + ROOT_COUNTERS + <usize> counter * 8;
  store<u64>(at, load<u64>(at) + by);
}
@inline
export function uncount(counter: u32): void {
  const at = rootPointer() + ROOT_COUNTERS + <usize> counter * 8;
  store<u64>(at, load<u64>(at) - 1);
}
@inline
export function counterValue(counter: u32): u64 {
  return load<u64>(rootPointer() + ROOT_COUNTERS + <usize> counter * 8);
}

// The options of CONFIG are bits.
@inline
export function configured(option: u32): bool {
  return (root().options & option) != 0;
}
