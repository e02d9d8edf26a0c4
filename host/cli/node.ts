/** `resv node`: a node that runs from a file until it is stopped. */
import { buildCommand } from "@stricli/core";
import type { ResvContext } from "./context.ts";

/** Flags of the command. */
export interface NodeFlags {
  readonly config: string;
  readonly check: boolean;
  readonly fast: boolean;
}

export const nodeCommand = buildCommand<NodeFlags, [], ResvContext>({
  docs: {
    brief: "Run an RSVP node: router or host, from a file",
    fullDescription:
      "Runs the node that a file (TOML, docs/linux.md) describes, and writes its log to standard error. SIGHUP reads " +
      "the file again and changes what may change without losing state; SIGTERM and SIGINT tear down and stop; " +
      "SIGQUIT stops at once and leaves state for a node that starts again soon.",
  },
  parameters: {
    flags: {
      config: { kind: "parsed", parse: String, placeholder: "node.toml", brief: "The file" },
      check: { kind: "boolean", default: false, brief: "Only check the file and say what is wrong with it" },
      fast: { kind: "boolean", default: false, brief: "Stop fast on every signal: tear nothing down" },
    },
  },
  loader: async () => (await import("./node_run.ts")).runNode,
});
