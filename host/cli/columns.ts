/**
 * `--fields a,b,c`: values of messages as tab-separated columns. A field is a member of the line that `--ndjson` prints
 * (`frame`, `source`, `message`), a member of an object or item by name (`SESSION.destinationAddress`,
 * `ADSPEC.PATH_MTU.mtuBytes`), or a member of any object (`destinationAddress`). What a message has several times stands
 * in one column with commas, what it lacks leaves the column empty.
 */
import { FAMILY_METADATA, type FieldMetadata, OBJECT_METADATA, type RestMetadata } from "../metadata.gen.ts";
import { UsageError } from "./output.ts";

/** Members of a line itself. */
export const LINE_MEMBERS: ReadonlySet<string> = new Set([
  ...[
    "file",
    "frame",
    "timestamp",
    "source",
    "destination",
    "ttl",
    "encapsulation",
    "routerAlert",
    "truncated",
    "ipChecksum",
  ],
  ...["reassembled", "tunnelled", "quoted", "mpls", "message", "type", "version", "flags", "checksum", "checksumValue"],
  ...["sendTtl", "length", "reserved", "problems", "objects", "messages", "error", "bytes"],
]);
/** Members that an object, item, problem or error has besides its fields. */
export const COMMON_MEMBERS: readonly string[] = [
  ...["name", "class", "ctype", "form", "offset", "length", "type", "malformed", "bytes", "padding", "trailing"],
  ...["status"],
];

/** One column. */
export interface FieldColumn {
  /** As it was asked for. */
  readonly heading: string;
  /** All values in a message, in its order. */
  values(message: unknown): unknown[];
}

/**
 * Reads the list of fields.
 * @throws {UsageError} naming a field that no message can have.
 */
export function parseFields(list: string): FieldColumn[] {
  const known = knownNames();
  return list.split(",").map((text) => {
    const heading = text.trim(), path = heading.split(".");
    const unknown = path.find((part) => !known.structures.has(part) && !known.members.has(part));
    if (unknown !== undefined || path.length === 0) {
      throw new UsageError(
        `--fields: no field "${unknown}"; ${nearest(String(unknown), known)}`,
      );
    }
    return { heading, values: (message: unknown) => valuesAt(message, path, known.structures) };
  });
}

/** The columns of one message, with tabs between them and no newline. */
export function formatRow(columns: readonly FieldColumn[], message: unknown): string {
  return columns.map((column) => column.values(message).map(formatCell).join(",")).join("\t");
}

/** The line of headings. */
export function formatHeadings(columns: readonly FieldColumn[]): string {
  return columns.map(({ heading }) => heading).join("\t");
}

interface Known {
  /** Names of objects and items. */
  readonly structures: ReadonlySet<string>;
  /** Names of their members. */
  readonly members: ReadonlySet<string>;
}

let cached: Known | undefined;

/** Every name that a line can hold, from the catalogue. */
function knownNames(): Known {
  if (cached) return cached;
  const structures = new Set(["UNKNOWN"]), members = new Set([...LINE_MEMBERS, ...COMMON_MEMBERS]);
  const addFields = (fields: readonly FieldMetadata[] = []) => fields.forEach(({ name }) => members.add(name));
  const addRest = (rest: RestMetadata | undefined) => {
    if (rest === undefined) return;
    members.add(rest.name);
    if (rest.kind === "text") members.add(`${rest.name}Bytes`);
    addFields(rest.fields);
  };
  const families = Object.values(FAMILY_METADATA);
  for (const { headerFields } of families) addFields(headerFields);
  for (const body of [...Object.values(OBJECT_METADATA), ...families.flatMap(({ items }) => Object.values(items))]) {
    structures.add(body.name);
    addFields(body.fields);
    addRest(body.rest);
    for (const variant of body.variants ?? []) addFields(variant.fields);
  }
  return cached = { structures, members };
}

/** `did you mean "destinationPort"?`, for a name in the wrong case or with a part of the right one. */
function nearest(name: string, known: Known): string {
  const lower = name.toLowerCase();
  const names = [...known.structures, ...known.members];
  const found = names.find((one) => one.toLowerCase() === lower) ??
    names.find((one) => lower.length >= 4 && one.toLowerCase().includes(lower));
  return found === undefined ? "--json shows them all" : `did you mean "${found}"?`;
}

function valuesAt(message: unknown, path: readonly string[], structures: ReadonlySet<string>): unknown[] {
  let at: unknown[] = [message];
  path.forEach((part, index) => {
    const deep = index > 0 || !LINE_MEMBERS.has(part);
    if (structures.has(part)) {
      at = at.flatMap((value) => findAll(value, (one) => one.name === part ? [one] : undefined));
    } else if (deep && index === 0) {
      at = at.flatMap((value) => findAll(value, (one) => part in one ? [one[part]] : undefined));
    } else at = at.flatMap((value) => memberOf(value, part));
  });
  return at.flatMap((value) => Array.isArray(value) && !value.some(isRecord) ? value : [value]);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function memberOf(value: unknown, name: string): unknown[] {
  if (Array.isArray(value)) return value.flatMap((one) => memberOf(one, name));
  return isRecord(value) && name in value ? [value[name]] : [];
}

/** What `take` gives for every object in a value, from outside to inside; below a find the search goes on too. */
function findAll(value: unknown, take: (one: Record<string, unknown>) => unknown[] | undefined): unknown[] {
  if (Array.isArray(value)) return value.flatMap((one) => findAll(one, take));
  if (!isRecord(value)) return [];
  return [...take(value) ?? [], ...Object.values(value).flatMap((one) => findAll(one, take))];
}

const ESCAPES: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r", "\\": "\\\\" };

function formatCell(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.replace(/[\t\n\r\\]/g, (character) => ESCAPES[character]);
}
