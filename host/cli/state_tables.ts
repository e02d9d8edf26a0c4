/**
 * The state of nodes as tables for people: sessions, senders, requests, reservations, what is installed, blockade state
 * and neighbours, with their timers. The same for a node of a scenario and for one on real sockets.
 */
import type { PlainRow } from "../tables.ts";
import type { TableRows } from "../boundary.gen.ts";
import { type AnyObject, describeFlow, describeSender } from "./describe.ts";
import { sessionName } from "./session_name.ts";
import { formatTable } from "./table.ts";
import { formatMs, formatRate } from "./units.ts";

/** What is shown, in this order. */
export const STATE_TABLES = [
  "sessions",
  "senders",
  "requests",
  "reservations",
  "installed",
  "blockade",
  "neighbours",
] as const;
export type StateTable = typeof STATE_TABLES[number];

/** Something with tables: an `RsvpNode`, or a node of a virtual network. */
export interface Inspected {
  readonly name: string;
  inspect<T extends keyof TableRows>(table: T): PlainRow<TableRows[T]>[];
  /** The name of an interface by its handle. */
  interfaceName(handle: number): string;
}

/** Every row of every table, for JSON: the columns of the engine's tables, objects decoded. */
export function stateOf(node: Inspected): Record<StateTable, unknown[]> {
  return Object.fromEntries(STATE_TABLES.map((table) => [table, node.inspect(table)])) as Record<StateTable, unknown[]>;
}

/** The tables that have rows, each under its name. */
export function stateLines(nodes: readonly Inspected[]): string[] {
  const lines: string[] = [];
  for (const table of STATE_TABLES) {
    const rows = nodes.flatMap((node) => rowsOf(table, node).map((row) => [node.name, ...row]));
    if (rows.length === 0) continue;
    if (lines.length > 0) lines.push("");
    lines.push(table);
    const headings = ["node", ...HEADINGS[table]];
    lines.push(...formatTable(headings.map((heading) => ({ heading })), rows).map((line) => `  ${line}`));
  }
  return lines;
}

const HEADINGS: Readonly<Record<StateTable, readonly string[]>> = {
  sessions: ["session", "senders", "reservations", "style"],
  senders: ["session", "sender", "rate", "from", "interface", "refresh in", "expires in", "remarks"],
  requests: ["session", "to", "interface", "style", "asked for", "refresh in"],
  reservations: ["session", "from", "interface", "style", "asked for", "expires in"],
  installed: ["session", "interface", "style", "flowspec", "counted", "policing", "remarks"],
  blockade: ["session", "previous hop", "flowspec", "expires in"],
  neighbours: ["address", "interface", "states"],
};

/** The headings of a table. */
export function stateHeadings(table: StateTable): readonly string[] {
  return HEADINGS[table];
}

/** In the tables: never. */
export const NEVER = 0xffffffff;
const POLICING = [[1, "entry"], [2, "merge"], [4, "branch"]] as const;

function rowsOf(table: StateTable, node: Inspected): string[][] {
  const on = (handle: number) => node.interfaceName(handle);
  return node.inspect(table).map((row) => stateCells(table, row, on));
}

/** Classes of the objects that cells are made of; ADSPEC, which is the longest, is not among them. */
export const SHOWN_CLASSES: ReadonlySet<string> = new Set([
  "SESSION",
  "SENDER_TEMPLATE",
  "SENDER_TSPEC",
  "FLOWSPEC",
  "FILTER_SPEC",
]);

/** The cells of one row; `nameOf` has the name of an interface by its handle. */
export function stateCells<T extends StateTable>(
  table: T,
  row: PlainRow<TableRows[T]>,
  nameOf: (handle: number) => string,
): string[] {
  return CELLS[table](row, (handle) => handle === 0 ? "" : nameOf(handle));
}

type On = (handle: number) => string;
const CELLS: { readonly [T in StateTable]: (row: PlainRow<TableRows[T]>, on: On) => string[] } = {
  sessions: (row) => [session(row), String(row.senders), String(row.reservations), row.style],
  senders: (row, on) => [
    session(row),
    ...senderCells(row.objects),
    row.application ? `application ${row.application}` : row.previousHop,
    on(row.incomingInterface),
    timeText(row.refreshInMs),
    timeText(row.expiresInMs),
    [row.localOnly ? "local only" : "", row.nonRsvp ? "behind a non-RSVP hop" : ""].filter(Boolean).join(", "),
  ],
  requests: (row, on) => [
    session(row),
    row.previousHop,
    on(row.interface),
    row.style,
    descriptors(row.objects),
    timeText(row.refreshInMs),
  ],
  reservations: (row, on) => [
    session(row),
    row.application ? `application ${row.application}` : row.nextHop,
    on(row.interface),
    row.style,
    descriptors(row.objects),
    timeText(row.expiresInMs),
  ],
  installed: (row, on) => [
    session(row),
    on(row.interface),
    row.style,
    descriptors(row.objects),
    formatRate(row.rateBytesPerSecond),
    POLICING.filter(([bit]) => row.policing & bit).map(([, name]) => name).join(", "),
    row.pending ? "pending" : "",
  ],
  blockade: (row) => [session(row), row.previousHop, descriptors(row.objects), timeText(row.expiresInMs)],
  neighbours: (row, on) => [row.address, on(row.interface), String(row.states)],
};

function session({ objects }: { objects: readonly unknown[] }): string {
  return sessionName(objects[0] as AnyObject);
}

/** A time until something happens. */
export function timeText(ms: number): string {
  return ms === NEVER ? "never" : formatMs(Math.round(ms));
}

function senderCells(objects: readonly unknown[]): [string, string] {
  const all = objects as readonly AnyObject[];
  const template = all.find(({ name }) => name === "SENDER_TEMPLATE");
  const tspec = all.find(({ name }) => name === "SENDER_TSPEC");
  return [template ? describeSender(template) : "", tspec ? describeFlow(tspec) : ""];
}

/** `250 kB/s for 10.0.1.1:4001 10.0.1.1:4002`: each FLOWSPEC with the filters that follow it. */
function descriptors(objects: readonly unknown[]): string {
  const parts: { flow: string; filters: string[] }[] = [];
  for (const object of objects as readonly AnyObject[]) {
    if (object.name === "FLOWSPEC") parts.push({ flow: describeFlow(object), filters: [] });
    else if (object.name === "FILTER_SPEC") parts.at(-1)?.filters.push(describeSender(object));
  }
  return parts.map(({ flow, filters }) => filters.length > 0 ? `${flow} for ${filters.join(" ")}` : flow).join(", ");
}
