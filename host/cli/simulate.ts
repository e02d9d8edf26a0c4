/** `resv simulate`: plays a scenario in virtual time. */
import { buildCommand } from "@stricli/core";
import type { ResvContext } from "./context.ts";

/** Flags of the command. */
export interface SimulateFlags {
  readonly json: boolean;
  readonly ladder: boolean;
  readonly limit: number;
  readonly refreshes: boolean;
  readonly write?: string;
}

function parseLimit(text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw new Error(`"${text}" is not a number of messages above zero`);
}

export const simulateCommand = buildCommand<SimulateFlags, [string], ResvContext>({
  docs: {
    brief: "Play a scenario: a network of nodes in virtual time, drawn as a ladder, with its tables and assertions",
    fullDescription:
      "Reads a scenario (TOML: nodes, links, sessions, events, assertions), plays it in virtual time with a " +
      "protocol engine in every node, and prints the messages, the final state and whether the assertions hold. " +
      "The exit code is 1 if one does not.",
  },
  parameters: {
    flags: {
      json: { kind: "boolean", default: false, brief: "One JSON value with everything" },
      ladder: { kind: "boolean", default: true, brief: "Draw the messages; --no-ladder leaves them out" },
      refreshes: { kind: "boolean", default: false, brief: "Draw refreshes that say nothing new, too" },
      limit: { kind: "parsed", parse: parseLimit, default: "200", placeholder: "N", brief: "Draw so many messages" },
      write: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "FILE.pcap",
        brief: "Also write every message to a capture",
      },
    },
    positional: {
      kind: "tuple",
      parameters: [{ parse: String, placeholder: "SCENARIO.toml", brief: "Scenario" }],
    },
  },
  loader: async () => (await import("./simulate_run.ts")).runSimulate,
});
