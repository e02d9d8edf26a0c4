/** Reads a scenario file: TOML, then its shape, then its names. Every error says the line and the key. */
import { policyRecords } from "../policy.ts";
import { unknownName } from "../cli/nearest.ts";
import { problemAt, readToml, TomlFileError, type TomlPath } from "../toml_file.ts";
import { type ScenarioFile, ScenarioSchema } from "./schema.ts";

export { lineOf } from "../toml_file.ts";

/** A scenario that cannot be played: `line 12, events[3].node: ...`. */
export class ScenarioError extends Error {
  override readonly name: string = "ScenarioError";
}

/** Reads and checks a scenario. @throws {ScenarioError} naming line and key. */
export function readScenario(source: string): ScenarioFile {
  try {
    const file = readToml(source, ScenarioSchema);
    checkNames(source, file);
    return file;
  } catch (error) {
    throw error instanceof TomlFileError ? new ScenarioError(error.message) : error;
  }
}

/** Nodes, links and sessions are there once, and what names one names one that there is. */
function checkNames(source: string, file: ScenarioFile): void {
  const fail = (path: TomlPath, what: string): never => {
    throw new TomlFileError([problemAt(source, path, what)]);
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
  for (const [index, { nodes: named = [], ...rule }] of file.policy.entries()) {
    for (const name of named) {
      if (!nodes.has(name)) fail(["policy", index, "nodes"], unknownName("no node", name, nodes));
    }
    try {
      policyRecords([rule]);
    } catch (error) {
      const what = (error as Error).message.replace(/^policy rule 1: /, "");
      fail(["policy", index, Object.keys(rule).find((key) => what.includes(key)) ?? "nodes"], what);
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
      if ("sender" in item && !nodes.has(item.sender)) {
        fail([list, index, "sender"], unknownName("no node", item.sender, nodes));
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
  fail: (path: TomlPath, what: string) => never,
): Set<string> {
  const seen = new Set<string>();
  for (const [index, name] of names.entries()) {
    if (seen.has(name)) fail([list, index, "name"], `there is a ${what} "${name}" already`);
    seen.add(name);
  }
  return seen;
}
