/** The catalogue, put together from one file per RFC. A new file is added here and nowhere else. */
import { MESSAGES as BASE_MESSAGES } from "./messages.ts";
import { EXTENDED_MESSAGES } from "./messages_extended.ts";
import { FLAGS as BASE_FLAGS, NAMES as BASE_NAMES } from "./names.ts";
import type { ItemFamily, MessageDescription, Names, ObjectDescription } from "./schema.ts";
import * as rfc2205 from "./objects/rfc2205.ts";
import * as rfc2210 from "./objects/rfc2210.ts";
import * as aggregation from "./objects/aggregation.ts";
import * as policy from "./objects/policy.ts";
import * as rfc2207 from "./objects/rfc2207.ts";
import * as rfc2745 from "./objects/rfc2745.ts";
import * as rfc2746 from "./objects/rfc2746.ts";
import * as rfc2747 from "./objects/rfc2747.ts";
import * as rfc2961 from "./objects/rfc2961.ts";
import * as rfc2996 from "./objects/rfc2996.ts";
import * as sbm from "./objects/sbm.ts";
import * as diffserv from "./objects/diffserv.ts";
import * as gmplsTraffic from "./objects/gmpls_traffic.ts";
import * as interfaces from "./objects/interfaces.ts";
import * as opticalUni from "./objects/optical_uni.ts";
import * as protection from "./objects/protection.ts";
import * as rfc3209 from "./objects/rfc3209.ts";
import * as rfc3473 from "./objects/rfc3473.ts";
import * as rfc4090 from "./objects/rfc4090.ts";
import * as rfc4875 from "./objects/rfc4875.ts";
import * as rfc5063 from "./objects/rfc5063.ts";
import * as rfc5420 from "./objects/rfc5420.ts";
import * as rfc6107 from "./objects/rfc6107.ts";
import * as routeSubobjects from "./objects/route_subobjects.ts";
import * as routes from "./objects/routes.ts";
import * as unpublished from "./objects/unpublished.ts";

interface CatalogueFile {
  readonly OBJECTS: readonly ObjectDescription[];
  readonly FAMILIES?: readonly ItemFamily[];
  readonly NAMES?: Readonly<Record<string, Names>>;
  readonly FLAGS?: Readonly<Record<string, Names>>;
}

/** Add the import above and the module here. */
const FILES: readonly CatalogueFile[] = [
  rfc2205,
  rfc2210,
  rfc2207,
  rfc2745,
  rfc2746,
  rfc2747,
  policy,
  rfc2961,
  rfc2996,
  aggregation,
  sbm,
  diffserv,
  gmplsTraffic,
  interfaces,
  opticalUni,
  protection,
  rfc3209,
  rfc3473,
  rfc4090,
  rfc4875,
  rfc5063,
  rfc5420,
  rfc6107,
  routeSubobjects,
  routes,
  unpublished,
];

/** Every object, by class and C-Type. */
export const OBJECTS: readonly ObjectDescription[] = FILES.flatMap((file) => file.OBJECTS)
  .sort((a, b) => a.class - b.class || a.ctype - b.ctype);

/** Every family of items. */
export const FAMILIES: readonly ItemFamily[] = FILES.flatMap((file) => file.FAMILIES ?? []);

/** The enumerations that fields name in `names`. */
export const NAMES: Readonly<Record<string, Names>> = Object.assign({}, BASE_NAMES, ...FILES.map((file) => file.NAMES));

/** The sets of bits that fields name in `flags`. */
export const FLAGS: Readonly<Record<string, Names>> = Object.assign({}, BASE_FLAGS, ...FILES.map((file) => file.FLAGS));

/** Every message, by type. */
export const MESSAGES: readonly MessageDescription[] = [...BASE_MESSAGES, ...EXTENDED_MESSAGES];
