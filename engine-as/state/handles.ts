// Numbers that the host holds for us (reservations in traffic control, open route queries): an index into a vector of
// { owner, session and kind }, so that a stale or invented number can be told from a living one, and one kind of number
// from the other.
import { forgetCeiling, root } from "./memory";
import { allocate, release } from "./slab";

// Kinds stand in the low bits of the session's address, which are zero.
export const HANDLE_QUERY: u32 = 1;
export const HANDLE_TRAFFIC_CONTROL: u32 = 2;
const KIND_MASK: u32 = 3;

const ENTRY_BYTES: usize = 8;
const FIRST_CAPACITY: u32 = 64;

@inline
function entry(handle: u32): usize {
  return <usize> root().handles + <usize> handle * ENTRY_BYTES;
}

// Handle 0 means none, so entry 0 is never given out. Free entries are chained through their second word, the first
// being zero.
export function initializeHandles(): void {
  const state = root();
  state.handles = <u32> allocate(<usize> FIRST_CAPACITY * ENTRY_BYTES);
  state.handleCapacity = FIRST_CAPACITY;
  state.handleCount = 0;
  state.handleFree = 0;
  chain(1, FIRST_CAPACITY);
}

function chain(from: u32, to: u32): void {
  const state = root();
  for (let handle = from; handle < to; handle++) {
    store<u32>(entry(handle), handle + 1 < to ? handle + 1 : state.handleFree, 4);
  }
  state.handleFree = from;
}

export function newHandle(owner: usize, session: usize, kind: u32): u32 {
  const state = root();
  if (state.handleFree == 0) {
    const old = state.handles;
    const capacity = state.handleCapacity;
    const grown = allocate(<usize> capacity * 2 * ENTRY_BYTES);
    memory.copy(grown, old, <usize> capacity * ENTRY_BYTES);
    state.handles = <u32> grown;
    state.handleCapacity = capacity * 2;
    forgetCeiling();
    release(old, <usize> capacity * ENTRY_BYTES);
    chain(capacity, capacity * 2);
  }
  const handle = state.handleFree;
  const at = entry(handle);
  state.handleFree = load<u32>(at, 4);
  state.handleCount += 1;
  store<u64>(at, <u64> owner | (<u64> (session | kind) << 32));
  return handle;
}

// The owner's record if this is a living handle of this kind, or 0.
export function handleOwner(handle: u32, kind: u32): usize {
  if (handle == 0 || handle >= root().handleCapacity) return 0;
  return (load<u32>(entry(handle), 4) & KIND_MASK) == kind ? <usize> load<u32>(entry(handle)) : 0;
}
@inline
export function handleSession(handle: u32): usize {
  return load<u32>(entry(handle), 4) & ~KIND_MASK;
}

// With the last one the vector is given back that many have made large.
export function releaseHandle(handle: u32): void {
  const state = root();
  state.handleCount -= 1;
  if (state.handleCount == 0 && state.handleCapacity > FIRST_CAPACITY) {
    release(state.handles, <usize> state.handleCapacity * ENTRY_BYTES);
    return initializeHandles();
  }
  store<u64>(entry(handle), <u64> state.handleFree << 32);
  state.handleFree = handle;
}
