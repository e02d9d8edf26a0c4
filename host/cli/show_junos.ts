/**
 * `resv show --style junos`: the layouts of `show rsvp session | interface | neighbor | statistics` in Junos. What this node
 * does not have (labels, hellos, high-water marks) is a dash there.
 */
import type { TableRows } from "../boundary.gen.ts";
import type { Shown } from "./show.ts";
import { byDestination, type Flow, flowsOf } from "./show_flows.ts";
import { plainLines, plainTables } from "./show_plain.ts";
import type { ShownTables } from "./show_run.ts";
import { type Column, formatTable } from "./table.ts";

/** The engine's tables that are needed. */
export function junosTables(shown: Shown): readonly (keyof TableRows)[] {
  return isSessions(shown) ? ["senders", "reservations"] : plainTables(shown);
}

/** The lines of a table. */
export function junosLines(shown: Shown, tables: ShownTables): string[] {
  if (isSessions(shown)) return sessionLines(tables);
  switch (shown) {
    case "interfaces":
      return interfaceLines(tables);
    case "neighbors":
      return neighbourLines(tables);
    case "counters":
      return statisticsLines(tables.counters);
    default:
      // Junos has no such command: it is shown as it is.
      return plainLines(shown, tables);
  }
}

/** Junos has senders and reservations in one table. */
function isSessions(shown: Shown): boolean {
  return shown === "sessions" || shown === "senders" || shown === "reservations";
}

const left = (...headings: string[]): Column[] => headings.map((heading) => ({ heading }));
const right = (heading: string): Column => ({ heading, align: "right" });

/** `0bps`, `800kbps`, `1000Mbps`. */
export function junosRate(bytesPerSecond: number): string {
  if (!Number.isFinite(bytesPerSecond) || bytesPerSecond < 0) return "unlimited";
  const bits = bytesPerSecond * 8;
  const short = (value: number) => Number(value.toFixed(3));
  if (bits >= 1_000_000) return `${short(bits / 1_000_000)}Mbps`;
  if (bits >= 1_000) return `${short(bits / 1_000)}kbps`;
  return `${Math.round(bits)}bps`;
}

interface ShownSession {
  flow: Flow;
  routes: number;
  styles: string[];
}

/** Ingress: the sender is here; egress: a receiver is; transit: neither. */
function sessionLines(tables: ShownTables): string[] {
  const reserved = new Map<string, string[]>(), receivers = new Set<string>();
  for (const row of tables.inspect("reservations")) {
    for (const flow of flowsOf(row.objects)) {
      // A wildcard is for every sender of the session.
      const key = row.style === "WF" ? sessionKey(flow) : flowKey(flow);
      const styles = reserved.get(key) ?? [];
      reserved.set(key, [...styles, row.style]);
      if (row.application) receivers.add(key);
    }
  }
  const sections: Record<"Ingress" | "Egress" | "Transit", ShownSession[]> = { Ingress: [], Egress: [], Transit: [] };
  for (const row of tables.inspect("senders")) {
    for (const flow of flowsOf(row.objects)) {
      const keys = [flowKey(flow), sessionKey(flow)];
      const section = row.application
        ? "Ingress"
        : keys.some((key) => receivers.has(key)) || row.localOnly
        ? "Egress"
        : "Transit";
      const styles = keys.flatMap((key) => reserved.get(key) ?? []);
      sections[section].push({ flow, routes: row.outgoingCount, styles });
    }
  }
  return Object.entries(sections).flatMap(([name, sessions]) => [...sectionLines(name, sessions), ""]).slice(0, -1);
}

function sectionLines(name: string, sessions: ShownSession[]): string[] {
  sessions.sort((a, b) => byDestination(a.flow, b.flow));
  const up = sessions.filter(({ styles }) => styles.length > 0).length;
  const heading = `${name} RSVP: ${sessions.length} sessions`;
  const total = `Total ${sessions.length} displayed, Up ${up}, Down ${sessions.length - up}`;
  if (sessions.length === 0) return [heading, total];
  const rows = sessions.map(({ flow, routes, styles }) => [
    flow.to,
    flow.from,
    styles.length > 0 ? "Up" : "Dn",
    String(routes),
    `${styles.length} ${styles[0] ?? "-"}`,
    "-",
    "-",
    `${flow.protocol} ${flow.sourcePort}->${flow.destinationPort}`,
  ]);
  const columns = [
    ...left("To", "From", "State"),
    right("Rt"),
    ...left("Style"),
    ...left("Labelin", "Labelout", "LSPname"),
  ];
  return [heading, ...formatTable(columns, rows), total];
}

const sessionKey = ({ to, protocol, destinationPort }: Flow) => `${to} ${protocol} ${destinationPort}`;
const flowKey = (flow: Flow) => `${sessionKey(flow)} ${flow.from} ${flow.sourcePort}`;

function interfaceLines(tables: ShownTables): string[] {
  const settings = new Map(tables.interfaces.map((one) => [one.interface, one]));
  const rows = tables.inspect("interfaces").map((row) => {
    const link = settings.get(row.interface)?.linkBytesPerSecond;
    const limit = row.reservableBytesPerSecond;
    const share = link && limit >= 0 ? `${Math.round(100 * limit / link)}%` : "100%";
    return [
      tables.interfaceName(row.interface),
      row.up ? "Up" : "Down",
      String(row.reservations),
      share,
      junosRate(link ?? limit),
      junosRate(limit < 0 ? Infinity : Math.max(0, limit - row.reservedBytesPerSecond)),
      junosRate(row.reservedBytesPerSecond),
      "-",
    ];
  });
  const columns = [
    ...left("Interface", "State"),
    right("Active resv"),
    right("Subscription"),
    right("Static BW"),
    right("Available BW"),
    right("Reserved BW"),
    right("Highwater mark"),
  ];
  const active = tables.inspect("interfaces").filter((row) => row.up).length;
  return [`RSVP interface: ${active} active`, ...formatTable(columns, rows)];
}

function neighbourLines(tables: ShownTables): string[] {
  const rows = tables.inspect("neighbours").map((row) => [
    row.address,
    tables.interfaceName(row.interface),
    "-",
    "-",
    "-",
    String(row.states),
  ]);
  rows.sort((a, b) => a[0] < b[0] ? -1 : 1);
  const columns = [...left("Address", "Interface", "Idle", "Up/Dn", "HelloTx/Rx"), right("States")];
  return [`RSVP neighbor: ${rows.length} learned`, ...formatTable(columns, rows)];
}

const PACKETS = [
  ["Path", "PATH"],
  ["PathErr", "PATH_ERROR"],
  ["PathTear", "PATH_TEAR"],
  ["Resv", "RESV"],
  ["ResvErr", "RESV_ERROR"],
  ["ResvTear", "RESV_TEAR"],
  ["ResvConf", "RESV_CONFIRM"],
] as const;

/** Counters that are no drops: messages, sizes, what was refreshed or timed out. */
const NO_DROP = /^(RECEIVED|SENT)_|_(STATES|BYTES|EXPIRED)$|^(SESSIONS|NEIGHBOURS|REFRESHES_UNCHANGED)$/;

function statisticsLines(counters: Readonly<Record<string, number>>): string[] {
  const rows = PACKETS.map(([name, counter]) => [
    name,
    String(counters[`SENT_${counter}`] ?? 0),
    String(counters[`RECEIVED_${counter}`] ?? 0),
  ]);
  const errors = Object.entries(counters).filter(([name]) => !NO_DROP.test(name)).map(([name, value]) => [
    name,
    String(value),
  ]);
  return [
    ...formatTable([{ heading: "PacketType" }, right("Sent"), right("Received")], rows),
    "",
    ...formatTable([{ heading: "Errors" }, right("Total")], errors),
  ];
}
