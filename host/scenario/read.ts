/** Reads a scenario file: TOML, then its shape, then its names. Every error says the line and the key. */
import { parse, TomlError } from "smol-toml";
import * as v from "valibot";
import { unknownName } from "../cli/nearest.ts";
import { type ScenarioFile, ScenarioSchema } from "./schema.ts";

/** A scenario that cannot be played: `line 12, events[3].node: ...`. */
export class ScenarioError extends Error {
  override readonly name: string = "ScenarioError";
}

type Key = string | number;

/** Reads and checks a scenario. @throws {ScenarioError} naming line and key. */
export function readScenario(source: string): ScenarioFile {
  let value: unknown;
  try {
    value = parse(source);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what] = error.message.replace(/^Invalid TOML document: /, "").split("\n");
    throw new ScenarioError(`line ${error.line}, column ${error.column}: ${what}`);
  }
  const result = v.safeParse(ScenarioSchema, value);
  if (!result.success) throw issueError(source, result.issues[0]);
  checkNames(source, result.output);
  return result.output;
}

function issueError(source: string, issue: v.BaseIssue<unknown>): ScenarioError {
  const path = (issue.path ?? []).map((item) => item.key as Key);
  if (issue.type === "strict_object" && issue.expected === "never") {
    return errorAt(source, path, "there is no such key");
  }
  if (issue.received === "undefined") return errorAt(source, path, "is missing");
  return errorAt(source, path, issue.message);
}

function errorAt(source: string, path: readonly Key[], what: string): ScenarioError {
  const line = lineOf(source, path);
  const key = path.map((part, i) => typeof part === "number" ? `[${part}]` : `${i > 0 ? "." : ""}${part}`).join("");
  return new ScenarioError(`${line > 0 ? `line ${line}, ` : ""}${key}: ${what}`);
}

/**
 * The line of a key: that of the header of its table, or below it where the key is written. A parser of TOML does not
 * keep lines, but tables and keys stand where people put them. 0 if it is not found.
 */
export function lineOf(source: string, path: readonly Key[]): number {
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
  return header;
}

/** Nodes, links and sessions are there once, and what names one names one that there is. */
function checkNames(source: string, file: ScenarioFile): void {
  const fail = (path: Key[], what: string): never => {
    throw errorAt(source, path, what);
  };
  const nodes = uniqueNames("node", "nodes", file.nodes.map(({ name }) => name), fail);
  const links = uniqueNames("link", "links", file.links.map((link) => link.name ?? link.nodes.join("-")), fail);
  const sessions = uniqueNames("session", "sessions", file.sessions.map(({ name }) => name), fail);
  const known = { node: nodes, from: nodes, to: nodes, link: links, session: sessions };
  for (const [index, link] of file.links.entries()) {
    for (const name of link.nodes) {
      if (!nodes.has(name)) fail(["links", index, "nodes"], unknownName("no node", name, nodes));
    }
  }
  for (const list of ["events", "assertions"] as const) {
    for (const [index, item] of file[list].entries()) {
      for (const [key, names] of Object.entries(known)) {
        const name = (item as Record<string, unknown>)[key];
        const what = key === "from" || key === "to" ? "node" : key;
        if (typeof name === "string" && !names.has(name)) {
          fail([list, index, key], unknownName(`no ${what}`, name, names));
        }
      }
      const senders = "senders" in item ? item.senders ?? [] : [];
      for (const name of senders) {
        if (!nodes.has(name)) fail([list, index, "senders"], unknownName("no node", name, nodes));
      }
    }
  }
}

function uniqueNames(
  what: string,
  list: string,
  names: string[],
  fail: (path: Key[], what: string) => never,
): Set<string> {
  const seen = new Set<string>();
  for (const [index, name] of names.entries()) {
    if (seen.has(name)) fail([list, index, "name"], `there is a ${what} "${name}" already`);
    seen.add(name);
  }
  return seen;
}
