/**
 * Where what the engines say is copied to. Making a small array costs more than all else that is done for an action,
 * making a view of a large one next to nothing: so everything goes into one array until it is full, and then into
 * another. An array lives as long as anyone keeps a view of it.
 */
const ARENA_BYTES = 262_144;

/** A copy: `length` bytes from `start` on, in an array that is shared with other copies and never overwritten. */
export interface Copied {
  bytes: Uint8Array;
  view: DataView;
  start: number;
}

let bytes = new Uint8Array(0);
let view = new DataView(bytes.buffer);
let used = 0;

/** Copies bytes, aligned to eight. */
export function keep(source: Uint8Array): Copied {
  if (used + source.length > bytes.length) {
    bytes = new Uint8Array(Math.max(ARENA_BYTES, source.length));
    view = new DataView(bytes.buffer);
    used = 0;
  }
  const start = used;
  bytes.set(source, start);
  used += (source.length + 7) & ~7;
  return { bytes, view, start };
}
