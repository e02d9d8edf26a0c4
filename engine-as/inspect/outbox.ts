// Rows go to the OUTBOX, which must be drained of actions before a table is asked for.
import { OUTBOX_BYTES } from "../boundary.gen";
import { outboxPointer } from "../state/memory";

let used: usize = 0;
let table: u32 = 0;

export function beginRows(kind: u32): void {
  used = 0;
  table = kind;
}
@inline
export function rowBytes(): u32 {
  return <u32> used;
}

// Room for a row with `fixed` bytes before its objects and at most `objects` of them, zeroed; 0 if it does not fit any
// more. A row that would not fit an empty outbox is cut by its writer.
export function startRow(fixed: usize, objects: usize): usize {
  const bytes = (fixed + objects + 15) & ~7;
  if (used != 0 && used + bytes > OUTBOX_BYTES) return 0;
  const row = rowsPointer() + used;
  memory.fill(row, 0, fixed);
  return row;
}

export function finishRow(row: usize, end: usize): bool {
  const length = (end - row + 7) & ~7;
  if (row + length != end) store<u32>(end, 0);
  store<u16>(row, <u16> table);
  store<u16>(row, <u16> (row + length - end), 2);
  store<u32>(row, <u32> length, 4);
  used += length;
  return true;
}

// Rows start where the actions of the first chunk would.
@inline
export function rowsPointer(): usize {
  return outboxPointer() + 16;
}
