// BSB, blockade state block (RFC 2205 section 3.5): a flowspec Qb that failed upstream. For WF one per previous hop, for
// FF and SE one per filter. While it lives, a request that is not strictly smaller than Qb is left out of what is sent.
import { COUNTER_BLOCKADE_STATES } from "../boundary.gen";
import { copyWords, objectCType, objectLength } from "../wire/bytes";
import { releaseBlob } from "./blob";
import { equalBytes } from "./keys";
import { count, uncount } from "./memory";
import { PathState, templateOf } from "./path_state";
import { RequestState } from "./request_state";
import { allocate, release } from "./slab";

@unmanaged
export class BlockadeState {
  next: BlockadeState | null;
  expiresAt: u32;
  flowspec: u32;
  ctype: u16;
  keyLength: u16;
}
const HEADER = offsetof<BlockadeState>();

@inline
export function blockadeKey(block: BlockadeState): usize {
  return changetype<usize>(block) + HEADER;
}
@inline
export function blockadeMatchesPath(block: BlockadeState, path: PathState | null): bool {
  if (path == null) return block.keyLength == 0;
  return block.keyLength == path.keyLength && block.ctype == path.ctype &&
    equalBytes(blockadeKey(block), templateOf(path), block.keyLength);
}

// The block for the filter `object` (0 for WF), created if need be.
export function findOrCreateBlockade(request: RequestState, object: usize): BlockadeState {
  const length: usize = object == 0 ? 0 : <usize> objectLength(object) - 4;
  const ctype: u32 = object == 0 ? 0 : objectCType(object);
  for (let block: BlockadeState | null = request.firstBlockade; block; block = block!.next) {
    if (block.keyLength == length && block.ctype == ctype && equalBytes(blockadeKey(block), object + 4, length)) {
      return block;
    }
  }
  const block = changetype<BlockadeState>(allocate(HEADER + length));
  block.keyLength = <u16> length;
  block.ctype = <u16> ctype;
  copyWords(blockadeKey(block), object + 4, length);
  block.next = request.firstBlockade;
  request.firstBlockade = block;
  count(COUNTER_BLOCKADE_STATES);
  return block;
}

export function deleteBlockade(request: RequestState, gone: BlockadeState): void {
  let previous: BlockadeState | null = null;
  for (let block: BlockadeState | null = request.firstBlockade; block; block = block!.next) {
    if (block == gone) {
      if (previous) previous.next = gone.next;
      else request.firstBlockade = gone.next;
      break;
    }
    previous = block;
  }
  releaseBlob(gone.flowspec);
  release(changetype<usize>(gone), HEADER + <usize> gone.keyLength);
  uncount(COUNTER_BLOCKADE_STATES);
}

export function deleteBlockades(request: RequestState): void {
  while (request.firstBlockade) deleteBlockade(request, request.firstBlockade!);
}
