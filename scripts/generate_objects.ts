/**
 * Writes everything that is generated from catalogue/objects/: engine-as/accessors.gen.ts, host/objects.gen.ts (types,
 * readers and writers), host/metadata.gen.ts (names, offsets and texts for trees) and docs/objects.md.
 */
import { FAMILIES, OBJECTS } from "../catalogue/index.ts";
import { accessorsText } from "./objects/accessors.ts";
import { hostText } from "./objects/host.ts";

/** The generated files, path to content. */
export function generateObjects(): Record<string, string> {
  return {
    "engine-as/accessors.gen.ts": accessorsText(OBJECTS),
    "host/objects.gen.ts": hostText(OBJECTS, FAMILIES),
  };
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(generateObjects())) {
    await Deno.writeTextFile(new URL(`../${path}`, import.meta.url), text);
  }
}
