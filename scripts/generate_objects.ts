/**
 * Writes everything that is generated from catalogue/objects/: engine-as/accessors.gen.ts, host/objects.gen.ts (types,
 * readers and writers) and the same as host/objects.gen.js, which is what runs, host/layouts.gen.js (layouts of
 * what has no code there), host/object_types.gen.ts (the list of types, for mod.ts), host/metadata.gen.ts (names, offsets and texts for trees) and docs/objects.md.
 */
import { FAMILIES, FLAGS, MESSAGES, NAMES, OBJECTS } from "../catalogue/index.ts";
import { MESSAGE_TYPES } from "../catalogue/names.ts";
import { accessorsText } from "./objects/accessors.ts";
import { docsText } from "./objects/docs.ts";
import { hostText, typeListText } from "./objects/host.ts";
import { javascriptText } from "./objects/javascript.ts";
import { layoutsText } from "./objects/layouts.ts";
import { messagesText, metadataText } from "./objects/metadata.ts";

/** The generated files, path to content. */
export function generateObjects(): Record<string, string> {
  const host = hostText(OBJECTS, FAMILIES);
  return {
    "engine-as/accessors.gen.ts": accessorsText(OBJECTS, FAMILIES),
    "host/objects.gen.ts": host,
    "host/objects.gen.js": javascriptText(host, "objects.gen.ts"),
    "host/layouts.gen.js": layoutsText(OBJECTS, FAMILIES),
    "host/object_types.gen.ts": typeListText(host),
    "host/messages.gen.ts": messagesText(MESSAGES, MESSAGE_TYPES),
    "docs/objects.md": docsText(OBJECTS, FAMILIES),
    "host/metadata.gen.ts": metadataText(OBJECTS, FAMILIES, NAMES, FLAGS),
  };
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(generateObjects())) {
    const url = new URL(`../${path}`, import.meta.url);
    await Deno.mkdir(new URL(".", url), { recursive: true });
    await Deno.writeTextFile(url, text);
  }
}
