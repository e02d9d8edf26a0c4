// Records of any size from free lists by size: a multiple of four bytes up to 512, powers of two above. A freed record
// serves only its own size again, so the heap never fragments beyond the high-water mark of each size. Records are
// handed out zeroed.
import { zeroWords } from "../wire/bytes";
import { ensureMemory, root, ROOT_FREE_LISTS, rootPointer } from "./memory";

const SMALL_LIMIT: usize = 512;

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

export function allocate(bytes: usize): usize {
  const size = roundedSize(bytes);
  const list = listOf(size);
  const state = root();
  let record: usize = load<u32>(list);
  if (record != 0) {
    store<u32>(list, load<u32>(record));
  } else {
    record = state.heapTop;
    ensureMemory(record + size);
    state.heapTop = <u32> (record + size);
  }
  state.stateBytes += <u32> size;
  zeroWords(record, size);
  return record;
}

export function release(record: usize, bytes: usize): void {
  const size = roundedSize(bytes);
  const list = listOf(size);
  store<u32>(record, load<u32>(list));
  store<u32>(list, <u32> record);
  root().stateBytes -= <u32> size;
}
