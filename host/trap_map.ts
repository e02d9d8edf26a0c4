/** Looks up where in the AssemblyScript sources an offset of the engine's code comes from. Loaded only after a trap. */
import type { TrapMap } from "./engine_errors.ts";
import { FILES, FUNCTIONS, STARTS, TABLE } from "./trap_map.gen.ts";
import { decodeVlq } from "./vlq.ts";

/** Makes the look-up from the generated text (scripts/trap_map.ts describes it). */
export function makeTrapMap(files: readonly string[], functions: string, starts: string, table: string): TrapMap {
  const names = functions.split("\n");
  const bodies: number[] = [];
  for (const delta of decodeVlq(starts)) bodies.push((bodies.at(-1) ?? 0) + delta);
  const places: number[] = [];
  const entries: { file: number; line: number }[] = [];
  let [offset, file, line] = [0, 0, 0];
  for (const segment of table === "" ? [] : table.split(",")) {
    const [offsetDelta, lineDelta, fileDelta = 0] = decodeVlq(segment);
    places.push(offset += offsetDelta);
    entries.push({ line: line += lineDelta, file: file += fileDelta });
  }
  return (at) => {
    const functionName = names[lastUpTo(bodies, at)] || undefined;
    const entry = entries[lastUpTo(places, at)];
    return entry ? { functionName, file: files[entry.file], line: entry.line } : { functionName };
  };
}

/** Index of the last of the sorted numbers that is not above the limit; -1 if there is none. */
function lastUpTo(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The look-up for the embedded engine. */
export function defaultTrapMap(): TrapMap {
  return makeTrapMap(FILES, FUNCTIONS, STARTS, TABLE);
}
