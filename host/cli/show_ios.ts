/** `resv show --style ios`: the layouts of `show ip rsvp ...` in IOS. Bandwidths are bits per second, as there. */
import type { TableRows } from "../boundary.gen.ts";
import type { Shown } from "./show.ts";
import { byDestination, type Flow, flowsOf } from "./show_flows.ts";
import type { ShownTables } from "./show_run.ts";
import { type Column, formatTable } from "./table.ts";
import { plainLines, plainTables } from "./show_plain.ts";

/** The engine's tables that are needed. */
export function iosTables(shown: Shown): readonly (keyof TableRows)[] {
  return shown === "sessions" ? ["sessions", "senders"] : plainTables(shown);
}

/** The lines of a table. */
export function iosLines(shown: Shown, tables: ShownTables): string[] {
  switch (shown) {
    case "sessions":
    case "senders":
      return senderLines(tables);
    case "requests":
      return requestLines(tables);
    case "reservations":
      return reservationLines(tables);
    case "installed":
      return installedLines(tables);
    case "interfaces":
      return interfaceLines(tables);
    case "neighbors":
      return neighbourLines(tables);
    case "counters":
      return counterLines(tables.counters);
    default:
      // IOS has no such command: it is shown as it is.
      return plainLines(shown, tables);
  }
}

const left = (...headings: string[]): Column[] => headings.map((heading) => ({ heading }));

/** `10K`, `1500K`, `2M`: bits per second. */
export function iosRate(bytesPerSecond: number): string {
  if (!Number.isFinite(bytesPerSecond) || bytesPerSecond < 0) return "unlimited";
  const bits = bytesPerSecond * 8;
  if (bits >= 1_000_000 && bits % 1_000_000 === 0) return `${bits / 1_000_000}M`;
  if (bits >= 1_000) return `${Math.round(bits / 1_000)}K`;
  return String(Math.round(bits));
}

const place = (flow: Flow) => [
  flow.to,
  flow.from,
  flow.protocol,
  String(flow.destinationPort),
  String(flow.sourcePort),
];

interface Row {
  flow: Flow;
  more: string[];
}

function table(columns: Column[], rows: Row[]): string[] {
  rows.sort((a, b) => byDestination(a.flow, b.flow));
  return formatTable(columns, rows.map(({ flow, more }) => [...place(flow), ...more]));
}

function senderLines(tables: ShownTables): string[] {
  const rows = tables.inspect("senders").flatMap((row) =>
    flowsOf(row.objects).map((flow): Row => {
      const on = row.incomingInterface ? tables.interfaceName(row.incomingInterface) : "none";
      return { flow, more: [row.previousHop || "none", on, iosRate(flow.rateBytesPerSecond)] };
    })
  );
  return table(left("To", "From", "Pro", "DPort", "Sport", "Prev Hop", "I/F", "BPS"), rows);
}

function reservationLines(tables: ShownTables): string[] {
  const rows = tables.inspect("reservations").flatMap((row) =>
    flowsOf(row.objects).map((flow): Row => ({
      flow,
      more: [
        row.nextHop || "none",
        row.interface ? tables.interfaceName(row.interface) : "none",
        row.style,
        flow.service,
        iosRate(flow.rateBytesPerSecond),
      ],
    }))
  );
  return table(left("To", "From", "Pro", "DPort", "Sport", "Next Hop", "I/F", "Fi", "Serv", "BPS"), rows);
}

function requestLines(tables: ShownTables): string[] {
  const rows = tables.inspect("requests").flatMap((row) =>
    flowsOf(row.objects).map((flow): Row => ({
      flow,
      more: [
        row.previousHop,
        tables.interfaceName(row.interface),
        row.style,
        flow.service,
        iosRate(flow.rateBytesPerSecond),
      ],
    }))
  );
  return table(left("To", "From", "Pro", "DPort", "Sport", "Next Hop", "I/F", "Fi", "Serv", "BPS"), rows);
}

/** Under each interface, what is installed on it; one that has nothing says so. */
function installedLines(tables: ShownTables): string[] {
  const lines: string[] = [];
  for (const { interface: handle } of tables.interfaces) {
    const flows = tables.inspect("installed").filter((row) => row.interface === handle)
      .flatMap((row) => flowsOf(row.objects)).sort(byDestination);
    const name = tables.interfaceName(handle);
    if (flows.length === 0) {
      lines.push(`RSVP: ${name} has no installed reservations`);
      continue;
    }
    const rows = flows.map((flow) => [iosRate(flow.rateBytesPerSecond), ...place(flow)]);
    lines.push(`RSVP: ${name}`, ...formatTable(left("BPS", "To", "From", "Protoc", "DPort", "Sport"), rows));
  }
  return lines;
}

function interfaceLines(tables: ShownTables): string[] {
  const settings = new Map(tables.interfaces.map((one) => [one.interface, one]));
  const rows = tables.inspect("interfaces").map((row) => {
    const limit = settings.get(row.interface)?.perFlowBytesPerSecond;
    return [
      tables.interfaceName(row.interface),
      settings.get(row.interface)?.noRsvp || !row.up ? "dis" : "ena",
      iosRate(row.reservedBytesPerSecond),
      iosRate(row.reservableBytesPerSecond),
      iosRate(limit ?? row.reservableBytesPerSecond),
      "0",
    ];
  });
  return formatTable(left("interface", "rsvp", "allocated", "i/f max", "flow max", "sub max"), rows);
}

function neighbourLines(tables: ShownTables): string[] {
  const udp = new Set(tables.interfaces.filter((one) => one.udp === "only").map((one) => one.interface));
  const rows = tables.inspect("neighbours").map((row) => [
    row.address,
    udp.has(row.interface) ? "UDP" : "Raw IP",
    tables.interfaceName(row.interface),
    String(row.states),
  ]);
  rows.sort((a, b) => a[0] < b[0] ? -1 : 1);
  return formatTable(left("Neighbor", "Encapsulation", "I/F", "States"), rows);
}

/** Names of messages as IOS has them, with those of the engine's counters. */
const MESSAGES = [
  ["Path", "PATH"],
  ["Resv", "RESV"],
  ["PathError", "PATH_ERROR"],
  ["ResvError", "RESV_ERROR"],
  ["PathTear", "PATH_TEAR"],
  ["ResvTear", "RESV_TEAR"],
  ["ResvConf", "RESV_CONFIRM"],
] as const;

function counterLines(counters: Readonly<Record<string, number>>): string[] {
  const rows = MESSAGES.map(([name, counter]) => [
    `  ${name}`,
    String(counters[`RECEIVED_${counter}`] ?? 0),
    String(counters[`SENT_${counter}`] ?? 0),
  ]);
  const number = (heading: string): Column => ({ heading, align: "right" });
  return formatTable([{ heading: "All Interfaces" }, number("Recv"), number("Xmit")], [
    ...rows,
    ["  Total", String(counters.RECEIVED_MESSAGES ?? 0), String(counters.SENT_MESSAGES ?? 0)],
  ]);
}
