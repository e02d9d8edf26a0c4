/** `resv summary`: what goes on in a capture, at a glance. */
import { buildCommand } from "@stricli/core";
import type { ResvContext } from "./context.ts";

/** Flags of the command. */
export interface SummaryFlags {
  readonly json: boolean;
  readonly ladder: boolean;
  readonly limit: number;
  readonly session?: string;
}

function parseLimit(text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw new Error(`"${text}" is not a number of sessions above zero`);
}

export const summaryCommand = buildCommand<SummaryFlags, string[], ResvContext>({
  docs: {
    brief: "Count the RSVP messages of captures: types, sessions, senders, reservations, refreshes, errors",
    fullDescription:
      "Reads captures (pcap, pcapng) one after the other as one. Reads standard input where a file is -.",
  },
  parameters: {
    flags: {
      json: { kind: "boolean", default: false, brief: "One JSON value with everything, sessions without a limit" },
      ladder: { kind: "boolean", default: false, brief: "The messages of each session as a ladder" },
      limit: {
        kind: "parsed",
        parse: parseLimit,
        default: "20",
        placeholder: "N",
        brief: "Show so many sessions, those with most messages first",
      },
      session: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "ADDR[:PORT]",
        brief: "Only this session",
      },
    },
    positional: {
      kind: "array",
      minimum: 1,
      parameter: { parse: String, placeholder: "FILE", brief: "Capture, or - for standard input" },
    },
  },
  loader: async () => (await import("./summary_run.ts")).runSummary,
});
