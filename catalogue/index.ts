/** The catalogue, put together from one file per RFC. A new file is added here and nowhere else. */
import { FLAGS as BASE_FLAGS, NAMES as BASE_NAMES } from "./names.ts";
import type { ItemFamily, Names, ObjectDescription } from "./schema.ts";
import * as rfc2205 from "./objects/rfc2205.ts";
import * as rfc2210 from "./objects/rfc2210.ts";

interface CatalogueFile {
  readonly OBJECTS: readonly ObjectDescription[];
  readonly FAMILIES?: readonly ItemFamily[];
  readonly NAMES?: Readonly<Record<string, Names>>;
  readonly FLAGS?: Readonly<Record<string, Names>>;
}

/** Add the import above and the module here. */
const FILES: readonly CatalogueFile[] = [rfc2205, rfc2210];

/** Every object, by class and C-Type. */
export const OBJECTS: readonly ObjectDescription[] = FILES.flatMap((file) => file.OBJECTS)
  .sort((a, b) => a.class - b.class || a.ctype - b.ctype);

/** Every family of items. */
export const FAMILIES: readonly ItemFamily[] = FILES.flatMap((file) => file.FAMILIES ?? []);

/** The enumerations that fields name in `names`. */
export const NAMES: Readonly<Record<string, Names>> = Object.assign({}, BASE_NAMES, ...FILES.map((file) => file.NAMES));

/** The sets of bits that fields name in `flags`. */
export const FLAGS: Readonly<Record<string, Names>> = Object.assign({}, BASE_FLAGS, ...FILES.map((file) => file.FLAGS));

export { MESSAGES } from "./messages.ts";
