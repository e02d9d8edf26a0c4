/** `resv encode`: messages from JSON. */
import { buildCommand } from "@stricli/core";
import type { ResvContext } from "./context.ts";

/** Flags of the command. */
export interface EncodeFlags {
  readonly bytes: boolean;
  readonly pcap: boolean;
  readonly raw: boolean;
  readonly order?: "given" | "rfc";
}

export const encodeCommand = buildCommand<EncodeFlags, string[], ResvContext>({
  docs: {
    brief: "Make RSVP messages of JSON, as resv decode --json or --ndjson writes it, or written by hand",
    fullDescription:
      "Prints hex, a line a message. Lengths and checksums are computed; objects stand in the order that the " +
      "RFC recommends, or in the order of the message they were decoded from. Reads standard input where a file is -.",
  },
  parameters: {
    flags: {
      bytes: { kind: "boolean", default: false, brief: "The bytes themselves, one message after the other" },
      pcap: { kind: "boolean", default: false, brief: "A capture, with the addresses and times that the JSON says" },
      raw: {
        kind: "boolean",
        default: false,
        brief: "Keep length, checksumValue, lengths and order of objects as given, right or wrong",
      },
      order: {
        kind: "enum",
        values: ["given", "rfc"],
        optional: true,
        brief: "Order of the objects (default: rfc, but given for what was decoded)",
      },
    },
    positional: {
      kind: "array",
      minimum: 1,
      parameter: { parse: String, placeholder: "FILE", brief: "JSON or NDJSON, or - for standard input" },
    },
  },
  loader: async () => (await import("./encode_run.ts")).runEncode,
});
