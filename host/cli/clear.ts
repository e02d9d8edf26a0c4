/** `resv clear`: takes state or counters of a running node away. */
import { buildCommand, buildRouteMap } from "@stricli/core";
import type { SessionAddress } from "../application.ts";
import type { ResvContext } from "./context.ts";
import { parseSender, parseSession } from "./session_argument.ts";
import { SOCKET_FLAG } from "./socket_flag.ts";

/** Flags of `resv clear session|sender|reservation`. */
export interface ClearFlags {
  readonly socket?: string;
  readonly sender?: { address: string; port: number };
}

const SESSION = {
  kind: "tuple",
  parameters: [{ parse: parseSession, placeholder: "SESSION", brief: "As the tables have it: 10.0.0.1:5004/UDP" }],
} as const;
const SENDER_FLAG = {
  kind: "parsed",
  parse: parseSender,
  optional: true,
  placeholder: "ADDR:PORT",
  brief: "Of this sender alone",
} as const;

function clearing(what: "all" | "senders" | "reservations", brief: string) {
  return buildCommand<ClearFlags, [SessionAddress], ResvContext>({
    docs: { brief },
    parameters: { flags: { socket: SOCKET_FLAG, sender: SENDER_FLAG }, positional: SESSION },
    loader: async () => (await import("./clear_run.ts")).runClear(what),
  });
}

const countersCommand = buildCommand<{ readonly socket?: string }, [], ResvContext>({
  docs: { brief: "Have resv show counters begin at zero again" },
  parameters: { flags: { socket: SOCKET_FLAG } },
  loader: async () => (await import("./clear_run.ts")).runClearCounters,
});

export const clearCommand = buildRouteMap({
  routes: {
    counters: countersCommand,
    session: clearing("all", "Tear senders and reservations of a session down"),
    sender: clearing("senders", "Tear senders of a session down: PathTear goes downstream"),
    reservation: clearing("reservations", "Tear reservations of a session down: what follows goes upstream"),
  },
  docs: {
    brief: "Clear counters, or state that neighbours have made",
    fullDescription:
      "State of a session is taken away as if the neighbours that made it had torn it down. What applications of this " +
      "node hold stays, and what neighbours go on refreshing comes back.",
  },
});
