/** `resv decode`: what the RSVP messages of a capture say. */
import { buildCommand } from "@stricli/core";
import type { ResvContext } from "./context.ts";

/** Flags of the command. */
export interface DecodeFlags {
  readonly json: boolean;
  readonly ndjson: boolean;
  readonly fields?: string;
  readonly type?: string;
  readonly session?: string;
}

export const decodeCommand = buildCommand<DecodeFlags, string[], ResvContext>({
  docs: {
    brief: "Show the RSVP messages of captures (pcap, pcapng)",
    fullDescription:
      "Prints a tree with byte offsets and RFC sections, JSON, or columns. Reads standard input where a file is -. " +
      "A file that is cut short is shown up to there; the exit code then is 1.",
  },
  parameters: {
    flags: {
      json: { kind: "boolean", default: false, brief: "A JSON array of messages" },
      ndjson: { kind: "boolean", default: false, brief: "One JSON object a line, a line a message" },
      fields: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "a,b,c",
        brief: "Columns with tabs between them: frame,source,SESSION.destinationAddress",
      },
      type: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "Path,Resv",
        brief: "Only messages of these types (names or numbers)",
      },
      session: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "ADDR[:PORT]",
        brief: "Only messages of this session",
      },
    },
    positional: {
      kind: "array",
      minimum: 1,
      parameter: { parse: String, placeholder: "FILE", brief: "Capture, or - for standard input" },
    },
  },
  loader: async () => (await import("./decode_run.ts")).runDecode,
});
