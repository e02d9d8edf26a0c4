/** `resv call`: the calls of RFC 2205 3.11.1 by hand or from a script, with the events that they bring. */
import { buildCommand } from "@stricli/core";
import type { ResvContext } from "./context.ts";
import { NODE_FLAGS, type NodeFlags } from "./node_flags.ts";

/** Flags of the command. */
export interface CallFlags extends NodeFlags {
  readonly script?: string;
  readonly json: boolean;
}

export const callCommand = buildCommand<CallFlags, string[], ResvContext>({
  docs: {
    brief: "Register sessions, announce senders and reserve, as an application would, and print the events",
    fullDescription:
      "Each COMMAND is a line in the language of rtap: dest udp 127.9.1.3/5004, sender 4000 [t 8500 680], reserve wf " +
      "[cl 8500 680], waitevent resv, sleep 30, close. They are carried out in order; at the end everything is torn " +
      "down. Without commands and without --script, lines are read from standard input. The command `help` lists all.",
  },
  parameters: {
    flags: {
      ...NODE_FLAGS,
      script: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "FILE",
        brief: "Read the commands from a file, - for standard input; the first one that fails ends it",
      },
      json: { kind: "boolean", default: false, brief: "Events as lines of JSON" },
    },
    positional: {
      kind: "array",
      parameter: { parse: String, placeholder: "COMMAND", brief: "One line each, in quotes" },
    },
  },
  loader: async () => (await import("./call_run.ts")).runCall,
});
