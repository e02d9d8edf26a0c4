/** Looks up where in the AssemblyScript sources an offset of the engine's code comes from. Loaded only after a trap. */
import type { TrapMap } from "./engine_errors.ts";
import { FILES, FUNCTIONS, TABLE } from "./trap_map.gen.ts";
import { decodeVlq } from "./vlq.ts";

/** Makes the look-up from the generated text (scripts/trap_map.ts describes it). */
export function makeTrapMap(files: readonly string[], functions: string, table: string): TrapMap {
  const names = functions.split("\n");
  const entries: { offset: number; file: number; line: number }[] = [];
  let [offset, file, line] = [0, 0, 0];
  for (const segment of table === "" ? [] : table.split(",")) {
    const [offsetDelta, lineDelta, fileDelta = 0] = decodeVlq(segment);
    entries.push({ offset: offset += offsetDelta, line: line += lineDelta, file: file += fileDelta });
  }
  return (functionIndex, at) => {
    const functionName = names[functionIndex] || undefined;
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (entries[middle].offset <= at) low = middle + 1;
      else high = middle;
    }
    const entry = entries[low - 1];
    return entry ? { functionName, file: files[entry.file], line: entry.line } : { functionName };
  };
}

/** The look-up for the embedded engine. */
export function defaultTrapMap(): TrapMap {
  return makeTrapMap(FILES, FUNCTIONS, TABLE);
}
