/** What `resv show` does: fetches the tables that a layout wants, and prints them. */
import type { TableRows } from "../boundary.gen.ts";
import type { InterfaceSettings } from "../node_settings.ts";
import type { PlainRow } from "../tables.ts";
import type { ResvContext } from "./context.ts";
import { interruption } from "./node_flags.ts";
import { CommandError, type Output, UsageError } from "./output.ts";
import { ServiceClient } from "./service_client.ts";
import type { Layout, ShowFlags, Shown } from "./show.ts";
import { iosLines, iosTables } from "./show_ios.ts";
import { junosLines, junosTables } from "./show_junos.ts";
import { plainLines, plainTables, stateTableOf } from "./show_plain.ts";
import { SHOWN_CLASSES, stateCells, stateHeadings, type StateTable } from "./state_tables.ts";
import { TableStream } from "./table_stream.ts";

/** Rows of some tables, with the names of interfaces. */
export class ShownTables {
  readonly #rows = new Map<keyof TableRows, unknown[]>();
  readonly #names: ReadonlyMap<number, string>;
  /** The interfaces as they are set. */
  readonly interfaces: readonly InterfaceSettings[];
  /** Counters by name; empty unless they were asked for. */
  readonly counters: Readonly<Record<string, number>>;

  constructor(
    rows: readonly (readonly [keyof TableRows, unknown[]])[],
    interfaces: readonly InterfaceSettings[],
    counters: Readonly<Record<string, number>>,
  ) {
    for (const [table, some] of rows) this.#rows.set(table, some);
    this.interfaces = interfaces;
    this.counters = counters;
    this.#names = new Map(interfaceNames(interfaces));
  }

  /** A node has no name of its own here. */
  readonly name = "";

  inspect<T extends keyof TableRows>(table: T): PlainRow<TableRows[T]>[] {
    return (this.#rows.get(table) ?? []) as PlainRow<TableRows[T]>[];
  }

  interfaceName(handle: number): string {
    return this.#names.get(handle) ?? `if${handle}`;
  }
}

/** Rows of the engine's tables that a layout is made of. */
const TABLES_OF: Readonly<Record<Layout, (shown: Shown) => readonly (keyof TableRows)[]>> = {
  plain: plainTables,
  ios: iosTables,
  junos: junosTables,
};

const LINES_OF: Readonly<Record<Layout, (shown: Shown, tables: ShownTables) => string[]>> = {
  plain: plainLines,
  ios: iosLines,
  junos: junosLines,
};

/** Runs the command. */
export async function runShow(this: ResvContext, flags: ShowFlags, shown: Shown): Promise<void> {
  if (flags.json && flags.style !== "plain") throw new UsageError("--json and --style exclude each other");
  let ended: Error | undefined;
  const client = await ServiceClient.connect(flags.socket, (reason) => ended = reason);
  try {
    if (!flags.watch) return await showOnce(this.out, client, flags, shown);
    const stop = interruption();
    let pressed = false;
    stop.promise.then(() => pressed = true);
    try {
      while (!pressed) {
        await showOnce(this.out, client, flags, shown);
        this.out.flush();
        await Promise.race([stop.promise, new Promise((resolve) => setTimeout(resolve, flags.every * 1_000))]);
      }
    } catch (error) {
      if (ended) throw new CommandError(ended.message);
      throw error;
    } finally {
      stop.close();
    }
  } finally {
    client.close();
  }
}

async function showOnce(out: Output, client: ServiceClient, flags: ShowFlags, shown: Shown): Promise<void> {
  if (flags.json) return await printJson(out, client, flags, shown);
  const begin = () => {
    if (!flags.watch) return;
    // A terminal is cleared; what is read by a program has a blank line between two tables.
    if (out.isTerminal) out.write("\x1b[H\x1b[2J");
    out.line(new Date().toISOString());
  };
  const table = flags.style === "plain" ? stateTableOf(shown) : undefined;
  if (table) await printRows(out, client, table, begin);
  else {
    const tables = await fetchTables(client, TABLES_OF[flags.style](shown), flags.total);
    begin();
    for (const line of LINES_OF[flags.style](shown, tables)) out.line(line);
  }
  if (flags.watch) out.line();
}

/** Prints a table of the engine while it comes, so that one of any size takes no memory. */
async function printRows(out: Output, client: ServiceClient, table: StateTable, begin: () => void): Promise<void> {
  const names = new Map(interfaceNames(await interfacesOf(client)));
  const nameOf = (handle: number) => names.get(handle) ?? `if${handle}`;
  const stream = new TableStream(stateHeadings(table), (line) => out.line(line), begin);
  await client.eachRow(table, (row) => stream.add(stateCells(table, row, nameOf)), SHOWN_CLASSES);
  stream.end();
}

async function interfacesOf(client: ServiceClient): Promise<InterfaceSettings[]> {
  return (await client.request("interfaces") as unknown as { interfaces: InterfaceSettings[] }).interfaces;
}

function interfaceNames(interfaces: readonly InterfaceSettings[]): [number, string][] {
  return interfaces.map((one) => [one.interface, one.name ?? `if${one.interface}`]);
}

async function fetchTables(
  client: ServiceClient,
  wanted: readonly (keyof TableRows)[],
  total: boolean,
): Promise<ShownTables> {
  const interfaces = await interfacesOf(client);
  const rows: [keyof TableRows, unknown[]][] = [];
  let counters: Record<string, number> = {};
  for (const table of wanted) {
    // Counters by name, and less what was cleared, are an operation of their own.
    if (table === "counters") ({ counters } = await client.request("counters", { total }) as never);
    else {
      const all: unknown[] = [];
      await client.eachRow(table, (row) => all.push(row), SHOWN_CLASSES);
      rows.push([table, all]);
    }
  }
  return new ShownTables(rows, interfaces, counters);
}

async function printJson(out: Output, client: ServiceClient, flags: ShowFlags, shown: Shown): Promise<void> {
  if (shown === "counters") {
    const { counters } = await client.request("counters", { total: flags.total });
    return out.line(JSON.stringify(counters));
  }
  for (const table of plainTables(shown)) {
    await client.eachRow(table, (row) => {
      out.line(JSON.stringify(shown === "timers" ? { table, ...row } : row, finite));
    });
  }
}

/** JSON has no infinity. */
function finite(_name: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
