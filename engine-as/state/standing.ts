// What is installed, by interface and defending priority (RFC 3181 section 4), so that a request with a higher priority
// finds what it may displace without looking at everything. It is kept beside the blocks, found by their handles, and only
// where there is policy: without, it costs nothing.
import { Interface } from "./interface";
import { mayChange, root } from "./memory";
import { allocate, release } from "./slab";

// All that stands on one interface with one priority. An interface has its classes in ascending order.
@unmanaged
export class PriorityClass {
  next: PriorityClass | null;
  first: Standing | null;
  interface: Interface;
  defendingPriority: u32;
  bytesPerSecond: f64;
}

@unmanaged
export class Standing {
  next: Standing | null;
  previous: Standing | null;
  owner: PriorityClass;
  handle: u32;
  // Rules by which it was ranked.
  version: u32;
}

@inline
function entry(handle: u32): usize {
  return <usize> root().standings + <usize> handle * 4;
}

export function standingOf(handle: u32): Standing | null {
  if (handle >= root().standingCapacity) return null;
  return changetype<Standing | null>(<usize> load<u32>(entry(handle)));
}

// Whether there is room for the handle; without memory for a larger vector it stays unranked, and nobody displaces it.
function ensureCapacity(handle: u32): bool {
  const state = root();
  if (handle < state.standingCapacity) return true;
  let capacity = max<u32>(state.standingCapacity, 64);
  while (capacity <= handle) capacity *= 2;
  if (!mayChange(<usize> capacity * 4)) return false;
  const grown = allocate(<usize> capacity * 4);
  if (state.standings != 0) {
    memory.copy(grown, state.standings, <usize> state.standingCapacity * 4);
    release(state.standings, <usize> state.standingCapacity * 4);
  }
  state.standings = <u32> grown;
  state.standingCapacity = capacity;
  return true;
}

function classOf(iface: Interface, defendingPriority: u32): PriorityClass {
  let previous: PriorityClass | null = null;
  let at = changetype<PriorityClass | null>(<usize> iface.firstClass);
  while (at && at.defendingPriority < defendingPriority) {
    previous = at;
    at = at.next;
  }
  if (at && at.defendingPriority == defendingPriority) return at;
  const made = changetype<PriorityClass>(allocate(offsetof<PriorityClass>()));
  made.interface = iface;
  made.defendingPriority = defendingPriority;
  made.next = at;
  if (previous) previous.next = made;
  else iface.firstClass = <u32> changetype<usize>(made);
  return made;
}

function leaveClass(standing: Standing, bytesPerSecond: f64): void {
  const owner = standing.owner;
  const next = standing.next;
  const previous = standing.previous;
  if (next) next.previous = previous;
  if (previous) previous.next = next;
  else owner.first = next;
  owner.bytesPerSecond -= bytesPerSecond;
  if (owner.first == null) dropClass(owner);
}

function dropClass(gone: PriorityClass): void {
  const iface = gone.interface;
  let previous: PriorityClass | null = null;
  let at = changetype<PriorityClass | null>(<usize> iface.firstClass);
  while (at && at != gone) {
    previous = at;
    at = at.next;
  }
  if (previous) previous.next = gone.next;
  else iface.firstClass = <u32> changetype<usize>(gone.next);
  release(changetype<usize>(gone), offsetof<PriorityClass>());
}

function enterClass(standing: Standing, owner: PriorityClass, bytesPerSecond: f64): void {
  const first = owner.first;
  standing.owner = owner;
  standing.previous = null;
  standing.next = first;
  if (first) first.previous = standing;
  owner.first = standing;
  owner.bytesPerSecond += bytesPerSecond;
}

// Ranks what a handle stands for. The latest of a class is the first to be displaced.
export function rankStanding(handle: u32, iface: Interface, defendingPriority: u32, bytesPerSecond: f64): void {
  let standing = standingOf(handle);
  if (standing && standing.owner.defendingPriority == defendingPriority && standing.owner.interface == iface) {
    standing.version = root().policyVersion;
    return;
  }
  if (standing) {
    leaveClass(standing, bytesPerSecond);
  } else {
    if (!ensureCapacity(handle)) return;
    standing = changetype<Standing>(allocate(offsetof<Standing>()));
    standing.handle = handle;
    store<u32>(entry(handle), <u32> changetype<usize>(standing));
    root().standingCount += 1;
  }
  standing.version = root().policyVersion;
  enterClass(standing, classOf(iface, defendingPriority), bytesPerSecond);
}

// The rate that an interface holds for a handle has changed: every change of `reserved` comes by here.
export function holdRate(iface: Interface, handle: u32, change: f64): void {
  iface.reserved += change;
  if (root().standingCount == 0) return;
  const standing = standingOf(handle);
  if (standing) standing.owner.bytesPerSecond += change;
}

// The handle ends; what it held has been given back.
export function endStanding(handle: u32): void {
  const state = root();
  if (state.standingCount == 0) return;
  const standing = standingOf(handle);
  if (standing == null) return;
  leaveClass(standing, 0);
  store<u32>(entry(handle), 0);
  release(changetype<usize>(standing), offsetof<Standing>());
  state.standingCount -= 1;
  if (state.standingCount != 0) return;
  // With the last one goes the vector that many have made large.
  release(state.standings, <usize> state.standingCapacity * 4);
  state.standings = 0;
  state.standingCapacity = 0;
}
