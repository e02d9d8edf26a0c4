/** Files in TOML against a schema of valibot. Every error says the line, the key and what was expected there. */
import { parse, TomlError } from "smol-toml";
import * as v from "valibot";
import { nearestName } from "./cli/nearest.ts";

/** A key of a file: names of tables and keys, numbers for items of lists. */
export type TomlPath = readonly (string | number)[];

/** What is wrong with a file, and where: `line 12, interfaces[1].name: wants text`. */
export class TomlFileError extends Error {
  override readonly name: string = "TomlFileError";
  /** Everything that is wrong, a line each; the first is the message. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems[0]);
    this.problems = problems;
  }
}

type Schema = v.GenericSchema<unknown, unknown>;

/** Parses and checks. @throws {TomlFileError} with all that does not fit the schema. */
export function readToml<S extends Schema>(source: string, schema: S): v.InferOutput<S> {
  let value: unknown;
  try {
    value = parse(source);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what] = error.message.replace(/^Invalid TOML document: /, "").split("\n");
    throw new TomlFileError([`line ${error.line}, column ${error.column}: ${what}`]);
  }
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw new TomlFileError(result.issues.map((issue) => issueText(source, schema, issue)));
}

function issueText(source: string, schema: Schema, issue: v.BaseIssue<unknown>): string {
  const path = (issue.path ?? []).map((item) => item.key as string | number);
  if (issue.type === "strict_object" && issue.expected === "never") {
    const known = Object.keys(schemaAt(schema, path.slice(0, -1))?.entries ?? {});
    const meant = nearestName(String(path.at(-1)), known);
    return problemAt(source, path, `there is no such key${meant === undefined ? "" : `, did you mean "${meant}"?`}`);
  }
  if (issue.received !== "undefined") return problemAt(source, path, issue.message);
  const { message } = schemaAt(schema, path) ?? {};
  return problemAt(source, path, typeof message === "string" ? `is missing: ${message}` : "is missing");
}

/** What the schema says of a key; nothing where that depends on the values beside it. */
function schemaAt(schema: Schema, path: TomlPath): Peeled | undefined {
  let at = peeled(schema);
  for (const key of path) at = peeled(typeof key === "number" ? at?.item : at?.entries?.[key]);
  return at;
}

interface Peeled {
  readonly wrapped?: unknown;
  readonly item?: unknown;
  readonly entries?: Record<string, unknown>;
  /** What a value must be, in words, as the schema says it. */
  readonly message?: unknown;
}

/** A schema without the `optional` around it. */
function peeled(schema: unknown): Peeled | undefined {
  let at = schema as Peeled | undefined;
  while (at?.wrapped) at = at.wrapped as Peeled;
  return at;
}

/** `line 12, interfaces[1].name: wants text`. */
export function problemAt(source: string, path: TomlPath, what: string): string {
  const line = lineOf(source, path);
  const key = path.map((part, i) => typeof part === "number" ? `[${part}]` : `${i > 0 ? "." : ""}${part}`).join("");
  return `${line > 0 ? `line ${line}, ` : ""}${key}: ${what}`;
}

/**
 * The line of a key: that of the header of its table, or below it where the key is written; of a table that is written
 * inline, that where it begins. A parser of TOML does not keep lines, but tables and keys stand where people put them. 0
 * if it is not found.
 */
export function lineOf(source: string, path: TomlPath): number {
  const lines = source.split("\n");
  const [table, second] = path;
  const isArray = typeof second === "number";
  const rest = path.slice(isArray ? 2 : 1);
  let header = 0, seen = -1, here = path.length === 1 || rest.length === 0;
  let inside = !isArray && rest.length === 0;
  for (const [index, line] of lines.entries()) {
    const text = line.trim();
    const opened = /^\[\[?\s*([^\]]+?)\s*\]\]?/.exec(text);
    if (opened) {
      inside = opened[1] === table && (!isArray || ++seen === second);
      if (inside && header === 0) header = index + 1;
      here = false;
      continue;
    }
    const key = here && rest.length === 0 ? table : rest[0];
    if (!inside && !here) continue;
    if (new RegExp(`^"?${String(key).replaceAll(/[^\w-]/g, ".")}"?\\s*[.=]`).test(text)) return index + 1;
  }
  if (header > 0 || path.length === 1) return header;
  return lineOf(source, [table]);
}
