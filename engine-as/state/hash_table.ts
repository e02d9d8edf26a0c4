// Open addressing over slots of { hash u32, value u32 }, value 0 meaning empty; linear probing; removal shifts the
// cluster back, so there are no tombstones. A table is three consecutive u32 fields of ROOT: slots, mask, count.
// The caller compares keys: it walks the candidates with `probeFirst` and `probeNext`.
import { forgetCeiling, mayGrow, Root, root, rootPointer } from "./memory";
import { allocate, hasFree, release } from "./slab";

@unmanaged
export class HashTable {
  slots: u32;
  mask: u32;
  count: u32;
}

export const NO_SLOT: u32 = 0xffffffff;
const FIRST_CAPACITY: u32 = 64;

@inline
export function sessionTable(): HashTable {
  return changetype<HashTable>(rootPointer() + offsetof<Root>("sessionSlots"));
}
@inline
export function blobTable(): HashTable {
  return changetype<HashTable>(rootPointer() + offsetof<Root>("blobSlots"));
}
@inline
export function neighbourTable(): HashTable {
  return changetype<HashTable>(rootPointer() + offsetof<Root>("neighbourSlots"));
}
@inline
export function applicationTable(): HashTable {
  return changetype<HashTable>(rootPointer() + offsetof<Root>("applicationSlots"));
}
@inline
export function destinationTable(): HashTable {
  return changetype<HashTable>(rootPointer() + offsetof<Root>("destinationSlots"));
}
@inline
export function addressTable(): HashTable {
  return changetype<HashTable>(rootPointer() + offsetof<Root>("addressSlots"));
}

export function initializeTable(table: HashTable): void {
  table.slots = <u32> allocate(FIRST_CAPACITY * 8);
  table.mask = FIRST_CAPACITY - 1;
  table.count = 0;
}

@inline
function slotAt(table: HashTable, slot: u32): usize {
  return <usize> table.slots + <usize> slot * 8;
}
@inline
export function slotValue(table: HashTable, slot: u32): u32 {
  return load<u32>(slotAt(table, slot), 4);
}
// Where the look-up of what is in a slot begins.
@inline
export function homeOf(table: HashTable, slot: u32): u32 {
  return load<u32>(slotAt(table, slot)) & table.mask;
}
@inline
export function setSlotValue(table: HashTable, slot: u32, value: u32): void {
  store<u32>(slotAt(table, slot), value, 4);
}

// The first slot at or after `slot` whose hash matches, or NO_SLOT at the end of the cluster.
@inline
function probeFrom(table: HashTable, hash: u32, start: u32): u32 {
  let slot = start;
  const mask = table.mask;
  while (true) {
    const at = slotAt(table, slot);
    if (load<u32>(at, 4) == 0) return NO_SLOT;
    if (load<u32>(at) == hash) return slot;
    slot = (slot + 1) & mask;
  }
}
@inline
export function probeFirst(table: HashTable, hash: u32): u32 {
  return probeFrom(table, hash, hash & table.mask);
}
@inline
export function probeNext(table: HashTable, hash: u32, slot: u32): u32 {
  return probeFrom(table, hash, (slot + 1) & table.mask);
}

@inline
function place(table: HashTable, hash: u32, value: u32): void {
  const slots = <usize> table.slots, mask = table.mask;
  let slot = hash & mask;
  while (load<u32>(slots + <usize> slot * 8, 4) != 0) slot = (slot + 1) & mask;
  store<u64>(slots + <usize> slot * 8, <u64> hash | (<u64> value << 32));
}

// Adds an entry; the caller has made sure with `mayGrow` that the table may grow.
export function insert(table: HashTable, hash: u32, value: u32): void {
  if (table.count * 5 >= (table.mask + 1) * 4) grow(table);
  place(table, hash, value);
  table.count += 1;
}

function grow(table: HashTable): void {
  resize(table, (table.mask + 1) * 2);
}

// Tables that a flood has blown up give their memory back when the flood is over. What one shrinks into is mostly the
// memory that it grew out of. Called between events, never while somebody walks over a table.
export function shrinkSparseTables(): void {
  shrinkIfSparse(sessionTable());
  shrinkIfSparse(blobTable());
  shrinkIfSparse(neighbourTable());
  shrinkIfSparse(applicationTable());
  shrinkIfSparse(destinationTable());
}

@inline
function shrinkIfSparse(table: HashTable): void {
  while (table.mask >= FIRST_CAPACITY && table.count * 8 < table.mask) {
    const bytes = <usize> (table.mask + 1) * 4;
    if (!hasFree(bytes) && !mayGrow(bytes)) return;
    resize(table, (table.mask + 1) >> 1);
  }
}

function resize(table: HashTable, capacity: u32): void {
  const oldSlots = table.slots;
  const oldCapacity = table.mask + 1;
  table.slots = <u32> allocate(<usize> capacity * 8);
  table.mask = capacity - 1;
  forgetCeiling();
  for (let slot: u32 = 0; slot < oldCapacity; slot++) {
    const at = <usize> oldSlots + <usize> slot * 8;
    if (load<u32>(at, 4) != 0) place(table, load<u32>(at), load<u32>(at, 4));
  }
  release(oldSlots, <usize> oldCapacity * 8);
}

// Empties a slot and moves back the entries that probed past it.
export function removeSlot(table: HashTable, slot: u32): void {
  const mask = table.mask;
  let hole = slot;
  let next = (slot + 1) & mask;
  while (load<u32>(slotAt(table, next), 4) != 0) {
    const home = load<u32>(slotAt(table, next)) & mask;
    if (((next - home) & mask) >= ((next - hole) & mask)) {
      store<u64>(slotAt(table, hole), load<u64>(slotAt(table, next)));
      hole = next;
    }
    next = (next + 1) & mask;
  }
  store<u64>(slotAt(table, hole), 0);
  table.count -= 1;
}

export function removeValue(table: HashTable, hash: u32, value: u32): void {
  let slot = probeFirst(table, hash);
  while (slot != NO_SLOT) {
    if (slotValue(table, slot) == value) {
      removeSlot(table, slot);
      return;
    }
    slot = probeNext(table, hash, slot);
  }
}
