/**
 * Writes the state diagrams and their tables into docs/protocol.md, between `<!-- states: id -->` and `<!-- end -->`, from
 * catalogue/states.ts. Data that names a flag, field or function which the engine does not have is refused, so that a
 * diagram cannot outlive what it shows.
 */
import { existsSync, readFileSync } from "node:fs";
import { END, START, STATE_MACHINES, type StateMachine } from "../catalogue/states.ts";

const ROOT = new URL("../", import.meta.url);
const DOCUMENT = "docs/protocol.md";

const read = (path: string) => readFileSync(new URL(path, ROOT), "utf8");
const hasWord = (text: string, word: string) => new RegExp(`\\b${word}\\b`).test(text);

/** What a machine says that the engine's source, or the machine itself, does not bear out. */
export function stateMistakes(machine: StateMachine): string[] {
  const record = read(`engine-as/state/${machine.record}`);
  const mistakes: string[] = [];
  for (const { id, stands } of machine.states) {
    for (const [, name] of stands.matchAll(/`(\w+)`/g)) {
      if (!hasWord(record, name)) mistakes.push(`${machine.id}: state ${id}: ${machine.record} has no ${name}`);
    }
    if (!machine.transitions.some(({ to }) => to === id)) mistakes.push(`${machine.id}: nothing leads to ${id}`);
    if (!machine.transitions.some(({ from, to }) => from === id && to !== id)) {
      mistakes.push(`${machine.id}: nothing leads out of ${id}`);
    }
  }
  const known = new Set([START, END, ...machine.states.map(({ id }) => id)]);
  for (const { from, to, event, by } of machine.transitions) {
    for (const id of [from, to]) if (!known.has(id)) mistakes.push(`${machine.id}: there is no state ${id}`);
    // What Mermaid would take for the end of a label.
    if (/[:;|]/.test(event)) mistakes.push(`${machine.id}: no colon, semicolon or bar in "${event}"`);
    const [file, name] = by.split(" ");
    const source = `engine-as/process/${file}`;
    if (!existsSync(new URL(source, ROOT)) || !hasWord(read(source), `function ${name}`)) {
      mistakes.push(`${machine.id}: ${source} has no function ${name}`);
    }
  }
  return mistakes;
}

function diagram(machine: StateMachine): string[] {
  const node = (id: string) => id === START || id === END ? "[*]" : id;
  return [
    "```mermaid",
    "stateDiagram-v2",
    ...machine.states.map(({ id, label }) => `  state "${label}" as ${id}`),
    ...machine.transitions.map(({ from, to, event }) => `  ${node(from)} --> ${node(to)}: ${event}`),
    "```",
  ];
}

/** A table as deno fmt aligns it. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  return [line(rows[0]), line(widths.map((width) => "-".repeat(width))), ...rows.slice(1).map(line)];
}

function section(machine: StateMachine): string {
  const label = (id: string) => machine.states.find((state) => state.id === id)?.label ?? "(nothing)";
  return [
    ...diagram(machine),
    "",
    ...table([["state", "how it stands in the record"], ...machine.states.map(({ label, stands }) => [label, stands])]),
    "",
    ...table([
      ["from", "to", "on", "by"],
      ...machine.transitions.map(({ from, to, event, by }) => {
        const [file, name] = by.split(" ");
        return [label(from), label(to), event, `\`${name}\` in ${file}`];
      }),
    ]),
  ].join("\n");
}

/** The document with its diagrams, as one file. */
export function generateStates(): Record<string, string> {
  const mistakes = STATE_MACHINES.flatMap(stateMistakes);
  let text = read(DOCUMENT);
  for (const machine of STATE_MACHINES) {
    const start = `<!-- states: ${machine.id} -->`;
    const from = text.indexOf(start);
    const to = text.indexOf("<!-- end -->", from);
    if (from < 0 || to < 0) {
      mistakes.push(`${DOCUMENT} has no place for ${machine.id}`);
      continue;
    }
    text = `${text.slice(0, from)}${start}\n\n${section(machine)}\n\n${text.slice(to)}`;
  }
  if (mistakes.length > 0) throw new Error(`catalogue/states.ts: ${mistakes.join("; ")}`);
  return { [DOCUMENT]: text };
}
