// What the host must do, in order: records in chunks. The first chunk is the OUTBOX; when it is full further ones are
// taken and given back as they are drained. A record never straddles chunks.
import { OUTBOX_BYTES } from "../boundary.gen";
import { outboxPointer, root } from "../state/memory";
import { ensureMemory } from "../state/memory";

@unmanaged
class Chunk {
  next: Chunk | null;
  used: u32;
  limit: u32;
  reserved: u32;
}
const HEADER = offsetof<Chunk>();

export function initializeQueue(): void {
  const first = changetype<Chunk>(outboxPointer());
  first.next = null;
  first.used = 0;
  first.limit = OUTBOX_BYTES - <u32> HEADER;
  const state = root();
  state.firstChunk = <u32> outboxPointer();
  state.lastChunk = <u32> outboxPointer();
  state.freeChunk = 0;
  state.polled = 0;
}

function appendChunk(): Chunk {
  const state = root();
  let record: usize = state.freeChunk;
  if (record != 0) {
    state.freeChunk = <u32> changetype<usize>(changetype<Chunk>(record).next);
  } else {
    record = (<usize> state.heapTop + 7) & ~7;
    ensureMemory(record + OUTBOX_BYTES);
    state.heapTop = <u32> (record + OUTBOX_BYTES);
    state.chunkBytes += OUTBOX_BYTES;
  }
  const chunk = changetype<Chunk>(record);
  chunk.next = null;
  chunk.used = 0;
  chunk.limit = OUTBOX_BYTES - <u32> HEADER;
  changetype<Chunk>(<usize> state.lastChunk).next = chunk;
  state.lastChunk = <u32> record;
  return chunk;
}

// How many chunks wait to be polled, counted up to `limit`.
export function queuedChunks(limit: u32): u32 {
  let chunks: u32 = 0;
  let chunk: Chunk | null = changetype<Chunk>(<usize> root().firstChunk);
  for (; chunk && chunks < limit; chunk = chunk!.next) chunks += 1;
  return chunks;
}

// Room for a record of at most `bytes`; the caller fills it and calls `commitAction` with its true length.
export function reserveAction(bytes: usize): usize {
  let chunk = changetype<Chunk>(<usize> root().lastChunk);
  if (chunk.used + <u32> bytes > chunk.limit) chunk = appendChunk();
  return changetype<usize>(chunk) + HEADER + chunk.used;
}

// Completes the record at `record` of kind `kind`: content ends at `end`; the rest of the last 8 bytes is padding.
export function commitAction(record: usize, kind: u32, end: usize): void {
  const length = (<u32> (end - record) + 7) & ~7;
  const padding = <u32> record + length - <u32> end;
  // Padding is zero: what stood there before is nobody's business, and a replay must give the same bytes.
  // Contents are multiples of four bytes, so it is one word or nothing.
  if (padding != 0) store<u32>(end, 0);
  store<u64>(record, <u64> (kind | (padding << 16)) | (<u64> length << 32));
  changetype<Chunk>(<usize> root().lastChunk).used += length;
}

// What was polled last is given back.
export function giveBackActions(): void {
  const state = root();
  if (state.polled == 0) return;
  state.polled = 0;
  const chunk = changetype<Chunk>(<usize> state.firstChunk);
  const next = chunk.next;
  chunk.used = 0;
  if (next == null) return;
  state.firstChunk = <u32> changetype<usize>(next);
  // The OUTBOX itself stays in use too: it joins the free chunks.
  chunk.next = changetype<Chunk | null>(<usize> state.freeChunk);
  state.freeChunk = <u32> changetype<usize>(chunk);
}

// Bytes of actions now at `actionsPointer()`; what the poll before this one returned is given back.
export function pollActions(): u32 {
  giveBackActions();
  const state = root();
  const chunk = changetype<Chunk>(<usize> state.firstChunk);
  if (chunk.used == 0) return 0;
  state.polled = 1;
  return chunk.used;
}

// Whether there is more than what was polled last.
export function moreActions(): bool {
  return changetype<Chunk>(<usize> root().firstChunk).next != null;
}

@inline
export function actionsPointer(): usize {
  return <usize> root().firstChunk + HEADER;
}
