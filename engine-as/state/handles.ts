// Numbers that the host holds for us (reservations in traffic control, open route queries): an index into a vector of
// { owner, session }, so that a stale or invented number can be told from a living one.
import { root } from "./memory";
import { allocate, release } from "./slab";

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
  chain(1, FIRST_CAPACITY);
}

function chain(from: u32, to: u32): void {
  const state = root();
  for (let handle = from; handle < to; handle++) {
    store<u32>(entry(handle), handle + 1 < to ? handle + 1 : state.handleFree, 4);
  }
  state.handleFree = from;
}

export function newHandle(owner: usize, session: usize): u32 {
  const state = root();
  if (state.handleFree == 0) {
    const old = state.handles;
    const capacity = state.handleCapacity;
    const grown = allocate(<usize> capacity * 2 * ENTRY_BYTES);
    memory.copy(grown, old, <usize> capacity * ENTRY_BYTES);
    state.handles = <u32> grown;
    state.handleCapacity = capacity * 2;
    release(old, <usize> capacity * ENTRY_BYTES);
    chain(capacity, capacity * 2);
  }
  const handle = state.handleFree;
  state.handleFree = load<u32>(entry(handle), 4);
  store<u32>(entry(handle), <u32> owner);
  store<u32>(entry(handle), <u32> session, 4);
  return handle;
}

// The owner's record, or 0.
export function handleOwner(handle: u32): usize {
  if (handle == 0 || handle >= root().handleCapacity) return 0;
  return load<u32>(entry(handle));
}
@inline
export function handleSession(handle: u32): usize {
  return load<u32>(entry(handle), 4);
}

export function releaseHandle(handle: u32): void {
  const state = root();
  store<u32>(entry(handle), 0);
  store<u32>(entry(handle), state.handleFree, 4);
  state.handleFree = handle;
}
