/** `resv trace`: the messages of a running node, as they come and go. */
import { buildCommand } from "@stricli/core";
import type { SessionAddress } from "../application.ts";
import type { ResvContext } from "./context.ts";
import { parseSession } from "./session_argument.ts";
import { SOCKET_FLAG } from "./socket_flag.ts";

/** Flags of the command. */
export interface TraceFlags {
  readonly socket?: string;
  readonly session?: SessionAddress;
  readonly message?: readonly string[];
  readonly interface?: string;
  readonly json: boolean;
  readonly count: number;
}

function parseCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`"${text}" is not a number of messages`);
}

export const traceCommand = buildCommand<TraceFlags, [], ResvContext>({
  docs: {
    brief: "Watch the messages of a running node, drawn as a ladder",
    fullDescription:
      "One column for the node and one for each of its interfaces, one line for each message that it receives, sends " +
      "or relays, until Ctrl-C. Nobody pays for it while nobody watches.",
  },
  parameters: {
    flags: {
      socket: SOCKET_FLAG,
      session: {
        kind: "parsed",
        parse: parseSession,
        optional: true,
        placeholder: "SESSION",
        brief: "Messages of this session: 10.0.0.1:5004/UDP",
      },
      message: {
        kind: "parsed",
        parse: String,
        optional: true,
        variadic: true,
        placeholder: "NAME",
        brief: "Messages of this kind: Path, Resv, PathErr, ...; may be given again",
      },
      interface: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "NAME",
        brief: "Messages of this interface, by name or handle",
      },
      json: { kind: "boolean", default: false, brief: "Messages as JSON, one a line, decoded" },
      count: {
        kind: "parsed",
        parse: parseCount,
        default: "0",
        placeholder: "N",
        brief: "End after so many; 0 for never",
      },
    },
  },
  loader: async () => (await import("./trace_run.ts")).runTrace,
});
