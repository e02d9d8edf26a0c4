/** A summary for people. */
import type { Ansis } from "ansis";
import { Ladder } from "./ladder.ts";
import type { RefreshedState, SessionSummary, Summary, SummaryCollector } from "./summary_collect.ts";
import { formatTable } from "./table.ts";
import { formatBytes, formatCount, formatMs } from "./units.ts";

/** The lines of a summary; `limit` sessions are shown. */
export function summaryLines(collector: SummaryCollector, limit: number, style: Ansis): string[] {
  const summary = collector.summary();
  const lines = headLines(summary);
  const shown = summary.sessions.slice(0, limit);
  for (const session of shown) {
    lines.push("", ...sessionLines(session, style));
    const events = collector.eventsOf(session.session);
    if (events.length > 0) lines.push(...ladderLines(events, session, style));
  }
  const more = summary.sessions.length - shown.length;
  if (more > 0) lines.push("", `and ${formatCount(more, "session")} more; --limit shows more of them, --json all`);
  return lines;
}

function headLines(summary: Summary): string[] {
  const { messages, frames, bytes, types, sessions, firstSeconds, lastSeconds } = summary;
  const count = (states: (session: SessionSummary) => readonly unknown[]) =>
    sessions.reduce((sum, session) => sum + states(session).length, 0);
  const errors = sessions.reduce((sum, one) => sum + one.errors.reduce((all, { count }) => all + count, 0), 0);
  const time = firstSeconds === undefined || lastSeconds === undefined ? 0 : lastSeconds - firstSeconds;
  const lines = [
    `${formatCount(messages, "RSVP message")} (${formatBytes(bytes)}) in ${formatCount(frames, "frame")}, ` +
    `${formatMs(Math.round(time * 1000))}`,
    `${formatCount(sessions.length, "session")}, ${formatCount(count((one) => one.senders), "sender")}, ` +
    `${formatCount(count((one) => one.reservations), "reservation")}, ` +
    formatCount(errors, "error"),
  ];
  if (Object.keys(types).length > 0) lines.push("", ...countTable("message", types));
  const odd: Record<string, number> = {};
  if (summary.badChecksums > 0) odd["checksum bad"] = summary.badChecksums;
  for (const [status, number] of Object.entries(summary.broken)) odd[`broken: ${status}`] = number;
  for (const [status, number] of Object.entries(summary.problems)) odd[`problem: ${status}`] = number;
  if (summary.unknownLinkFrames > 0) odd["frames of a link type that is not read"] = summary.unknownLinkFrames;
  if (summary.withoutSession > 0) odd["without a session"] = summary.withoutSession;
  if (Object.keys(odd).length > 0) lines.push("", ...countTable("remarkable", odd));
  return lines;
}

function countTable(heading: string, counts: Readonly<Record<string, number>>): string[] {
  const rows = Object.entries(counts).sort(([, a], [, b]) => b - a).map(([name, number]) => [name, String(number)]);
  return formatTable([{ heading }, { heading: "count", align: "right" }], rows);
}

function sessionLines(session: SessionSummary, style: Ansis): string[] {
  const types = Object.entries(session.types).map(([name, number]) => `${number} ${name}`).join(", ");
  return [
    `${style.bold(session.session)}  ${types}`,
    ...session.senders.map((state) => `  sender ${stateText(state, "Path")}`),
    ...session.reservations.map((state) => `  reserved ${stateText(state, "Resv")}`),
    ...session.errors.map(({ message, text, count }) =>
      style.red(`  ${message} ${text}${count > 1 ? `, ${count} times` : ""}`)
    ),
  ];
}

/** `10.0.0.1:4000  250 kB/s, hop 10.0.0.9: 40 Paths, R 30 s, every 29.8 s, torn down`. */
function stateText({ name, detail, hop, messages, teardowns, ...times }: RefreshedState, message: string): string {
  const parts = [formatCount(messages, message)];
  if (times.refreshPeriodMs !== undefined) parts.push(`R ${formatMs(times.refreshPeriodMs)}`);
  if (times.observedIntervalMs !== undefined) parts.push(`every ${formatMs(times.observedIntervalMs)}`);
  if (teardowns > 0) parts.push("torn down");
  return `${name}${detail ? `  ${detail}` : ""}${hop ? `, hop ${hop}` : ""}: ${parts.join(", ")}`;
}

function ladderLines(
  events: ReturnType<SummaryCollector["eventsOf"]>,
  session: SessionSummary,
  style: Ansis,
): string[] {
  const hosts = [...new Set(events.flatMap(({ source, destination }) => [source, destination]))];
  const start = events[0].timeMs, ladder = new Ladder(hosts, events[events.length - 1].timeMs - start);
  const lines = events.map(({ source, destination, timeMs, label, detail }) => {
    const [from, to] = [hosts.indexOf(source), hosts.indexOf(destination)];
    if (from === to) return ladder.note(timeMs - start, from, `${label}  ${detail}`);
    return ladder.line({ from, to, timeMs: timeMs - start, label, detail }, style.cyan);
  });
  const more = session.messages - events.length;
  return ["", style.bold(ladder.heading()), ...lines, ...(more > 0 ? [`           and ${more} more`] : [])];
}
