/** `resv show` in resv's own layout. */
import type { TableRows } from "../boundary.gen.ts";
import { NEVER, STATE_TABLES, stateCells, stateHeadings, type StateTable, timeText } from "./state_tables.ts";
import type { AnyObject } from "./describe.ts";
import { sessionName } from "./session_name.ts";
import type { Shown } from "./show.ts";
import type { ShownTables } from "./show_run.ts";
import { formatTable } from "./table.ts";
import { formatRate } from "./units.ts";

/** Tables with rows that wait for a time. */
const TIMED = ["senders", "requests", "reservations", "blockade"] as const;

/** The engine's tables that are needed. */
export function plainTables(shown: Shown): readonly (keyof TableRows)[] {
  if (shown === "timers") return TIMED;
  return [shown === "neighbors" ? "neighbours" : shown];
}

/** The table of the engine that is shown row by row as it is, if it is one of those. */
export function stateTableOf(shown: Shown): StateTable | undefined {
  const name = shown === "neighbors" ? "neighbours" : shown;
  return STATE_TABLES.find((table) => table === name);
}

/** The lines of a table that is made of all its rows. */
export function plainLines(shown: Shown, tables: ShownTables): string[] {
  switch (shown) {
    case "interfaces":
      return interfaceLines(tables);
    case "counters":
      return counterLines(tables.counters);
    case "timers":
      return timerLines(tables);
    default: {
      const table = stateTableOf(shown)!;
      const rows = tables.inspect(table).map((row) => stateCells(table, row, (handle) => tables.interfaceName(handle)));
      return sortedTable(stateHeadings(table), rows);
    }
  }
}

/** Rows come in the order of the engine's memory, which means nothing to anybody. */
export function sortedTable(headings: readonly string[], rows: string[][]): string[] {
  rows.sort((a, b) => a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0);
  return formatTable(headings.map((heading) => ({ heading })), rows);
}

function interfaceLines(tables: ShownTables): string[] {
  const settings = new Map(tables.interfaces.map((one) => [one.interface, one]));
  const rows = tables.inspect("interfaces").map((row) => [
    String(row.interface),
    tables.interfaceName(row.interface),
    row.up ? "up" : "down",
    row.udp ? "UDP" : "IP",
    settings.get(row.interface)?.addresses.join(" ") ?? "",
    formatRate(row.reservableBytesPerSecond),
    formatRate(row.reservedBytesPerSecond),
    String(row.reservations),
  ]);
  const headings = [
    "handle",
    "name",
    "state",
    "carries RSVP in",
    "addresses",
    "reservable",
    "reserved",
    "reservations",
  ];
  return formatTable(headings.map((heading) => ({ heading })), rows);
}

function counterLines(counters: Readonly<Record<string, number>>): string[] {
  const rows = Object.entries(counters).map(([name, value]) => [name, String(value)]);
  return formatTable([{ heading: "counter" }, { heading: "value", align: "right" }], rows);
}

/** What happens when, soonest first. */
function timerLines(tables: ShownTables): string[] {
  const due: { ms: number; what: string; session: string; detail: string }[] = [];
  for (const table of TIMED) {
    for (const row of tables.inspect(table) as unknown as AnyObject[]) {
      const session = sessionName(row.objects[0]);
      const hop = row.previousHop || row.nextHop || (row.application ? `application ${row.application}` : "");
      const on = row.interface || row.incomingInterface;
      const detail = [hop, on ? tables.interfaceName(on) : ""].filter(Boolean).join(" on ");
      const refreshes = table === "senders" ? "Path is sent" : "Resv is sent";
      if (isSet(row.refreshInMs)) due.push({ ms: row.refreshInMs, what: refreshes, session, detail });
      if (isSet(row.expiresInMs)) due.push({ ms: row.expiresInMs, what: EXPIRES[table], session, detail });
    }
  }
  due.sort((a, b) => a.ms - b.ms);
  const rows = due.map(({ ms, what, session, detail }) => [timeText(ms), what, session, detail]);
  return formatTable([{ heading: "in", align: "right" }, { heading: "what" }, { heading: "session" }, {
    heading: "neighbour",
  }], rows);
}

const EXPIRES = {
  senders: "sender times out",
  requests: "",
  reservations: "reservation times out",
  blockade: "blockade ends",
} as const;

function isSet(ms: unknown): ms is number {
  return typeof ms === "number" && ms !== NEVER;
}
