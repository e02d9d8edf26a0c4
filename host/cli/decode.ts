/** `resv decode`: what the RSVP messages of a capture say. */
import { buildCommand } from "@stricli/core";
import type { ResvContext } from "./context.ts";

/** Flags of the command. */
export interface DecodeFlags {
  readonly json: boolean;
  readonly ndjson: boolean;
}

export const decodeCommand = buildCommand<DecodeFlags, string[], ResvContext>({
  docs: {
    brief: "Show the RSVP messages of captures (pcap, pcapng)",
    fullDescription:
      "Prints a tree with byte offsets and RFC sections, or JSON. Reads standard input where a file is -. " +
      "A file that is cut short is shown up to there; the exit code then is 1.",
  },
  parameters: {
    flags: {
      json: { kind: "boolean", default: false, brief: "A JSON array of messages" },
      ndjson: { kind: "boolean", default: false, brief: "One JSON object a line, a line a message" },
    },
    positional: {
      kind: "array",
      minimum: 1,
      parameter: { parse: String, placeholder: "FILE", brief: "Capture, or - for standard input" },
    },
  },
  loader: async () => (await import("./decode_run.ts")).runDecode,
});
