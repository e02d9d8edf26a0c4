// Records of any size from free lists by size: a multiple of four bytes up to 512, powers of two above. A freed record
// serves only its own size again, so the heap never fragments beyond the high-water mark of each size. Records are
// handed out zeroed. Those whose size is a multiple of 64 begin where a cache line does, as far as there is room: they are
// made several at a time.
import { zeroWords } from "../wire/bytes";
import { ensureMemory, isBelowCeiling, isWithinLimit, root, ROOT_FREE_LISTS, rootPointer } from "./memory";

const SMALL_LIMIT: usize = 512;
const LARGEST_RECORD: usize = 1 << 30;
const LINE_BYTES: usize = 64;
// So many bytes of aligned records are made together.
const RUN_BYTES: usize = 1024;

// Small sizes use lists 1..128, large ones 129 onwards by their exponent (1,024 = 2^10).
@inline
function listOf(bytes: usize): usize {
  if (bytes <= SMALL_LIMIT) return rootPointer() + ROOT_FREE_LISTS + (bytes >>> 2) * 4;
  return rootPointer() + ROOT_FREE_LISTS + (129 + <usize> (32 - clz<u32>(<u32> bytes - 1)) - 10) * 4;
}

@inline
export function roundedSize(bytes: usize): usize {
  if (bytes <= SMALL_LIMIT) return (bytes + 3) & ~3;
  return <usize> 1 << (32 - clz<u32>(<u32> bytes - 1));
}

// A zeroed record. What comes from above the heap is zero (memory.ts).
export function allocate(bytes: usize): usize {
  const size = roundedSize(bytes);
  const list = listOf(size);
  const state = root();
  state.stateBytes += <u32> size;
  const record = <usize> load<u32>(list);
  if (record != 0) {
    store<u32>(list, load<u32>(record));
    clear(record, size);
    return record;
  }
  if ((size & (LINE_BYTES - 1)) == 0 && size <= SMALL_LIMIT) return allocateAligned(size, list);
  const top = <u64> state.heapTop + <u64> size;
  return isBelowCeiling(top) ? raise(top) : allocateAtLimit(size, top);
}

@inline
function clear(record: usize, size: usize): void {
  if (size != 2 * LINE_BYTES) return zeroWords(record, size);
  // The record of an IPv4 session.
  const zero = i64x2.splat(0);
  v128.store(record, zero);
  v128.store(record, zero, 16);
  v128.store(record, zero, 32);
  v128.store(record, zero, 48);
  v128.store(record, zero, 64);
  v128.store(record, zero, 80);
  v128.store(record, zero, 96);
  v128.store(record, zero, 112);
}

@inline
function raise(top: u64): usize {
  const record = <usize> root().heapTop;
  root().heapTop = <u32> top;
  return record;
}

// The first of a run of aligned records; the others are free, in ascending order.
function allocateAligned(size: usize, list: usize): usize {
  const state = root();
  const start = (<usize> state.heapTop + LINE_BYTES - 1) & ~(LINE_BYTES - 1);
  const end = start + max<usize>(RUN_BYTES / size, 1) * size;
  if (!isBelowCeiling(end)) {
    if (!isWithinLimit(end)) return allocateAtLimit(size, <u64> state.heapTop + <u64> size);
    ensureMemory(end);
  }
  if (start != <usize> state.heapTop) {
    const gap = listOf(start - <usize> state.heapTop);
    store<u32>(state.heapTop, load<u32>(gap));
    store<u32>(gap, state.heapTop);
  }
  state.heapTop = <u32> end;
  for (let at = end - size; at > start; at -= size) {
    store<u32>(at, load<u32>(list));
    store<u32>(list, <u32> at);
  }
  return start;
}

function allocateAtLimit(size: usize, top: u64): usize {
  const record: usize = isWithinLimit(top) ? 0 : split(size);
  if (record == 0) {
    ensureMemory(top);
    return raise(top);
  }
  zeroWords(record, size);
  return record;
}

// A record out of a larger free one, for when the heap may not grow: what a flood of one kind of state has left behind
// serves the next kind. 0 if there is none.
function split(size: usize): usize {
  for (let from = roundedSize(size + 4); from <= LARGEST_RECORD; from = roundedSize(from + 4)) {
    const list = listOf(from);
    const record = <usize> load<u32>(list);
    if (record == 0) continue;
    store<u32>(list, load<u32>(record));
    let at = record + size;
    for (let left = from - size; left != 0;) {
      const piece = left <= SMALL_LIMIT ? left : <usize> 1 << (31 - clz<u32>(<u32> left));
      const pieces = listOf(piece);
      store<u32>(at, load<u32>(pieces));
      store<u32>(pieces, <u32> at);
      at += piece;
      left -= piece;
    }
    return record;
  }
  return 0;
}

// Whether a record of this size is free.
export function hasFree(bytes: usize): bool {
  return load<u32>(listOf(roundedSize(bytes))) != 0;
}

export function release(record: usize, bytes: usize): void {
  const size = roundedSize(bytes);
  const list = listOf(size);
  store<u32>(record, load<u32>(list));
  store<u32>(list, <u32> record);
  root().stateBytes -= <u32> size;
}
