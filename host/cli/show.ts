/** `resv show`: the tables of a running node. */
import { buildCommand } from "@stricli/core";
import type { ResvContext } from "./context.ts";
import { SOCKET_FLAG } from "./socket_flag.ts";

/** What can be shown. */
export const SHOWN = [
  "sessions",
  "senders",
  "requests",
  "reservations",
  "installed",
  "interfaces",
  "neighbors",
  "counters",
  "blockade",
  "timers",
] as const;
export type Shown = typeof SHOWN[number];

/** Whose layout. */
export const LAYOUTS = ["plain", "ios", "junos"] as const;
export type Layout = typeof LAYOUTS[number];

/** Flags of the command. */
export interface ShowFlags {
  readonly socket?: string;
  readonly style: Layout;
  readonly json: boolean;
  readonly watch: boolean;
  readonly every: number;
  readonly total: boolean;
}

function parseShown(text: string): Shown {
  // Both spellings, and the names that vendors give.
  const other: Record<string, Shown> = {
    neighbours: "neighbors",
    neighbour: "neighbors",
    neighbor: "neighbors",
    session: "sessions",
    sender: "senders",
    request: "requests",
    reservation: "reservations",
    interface: "interfaces",
    statistics: "counters",
  };
  const found = SHOWN.find((name) => name === text) ?? (Object.hasOwn(other, text) ? other[text] : undefined);
  if (found) return found;
  throw new Error(`there is no table "${text}"; there are ${SHOWN.join(", ")}`);
}

/** A timer takes no more than 2^31 milliseconds; one that is longer would go off at once, again and again. */
const LONGEST_PAUSE_SECONDS = 1_000_000;

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds >= 0.1 && seconds <= LONGEST_PAUSE_SECONDS) return seconds;
  throw new Error(`"${text}" is not a number of seconds from 0.1 on, and ${LONGEST_PAUSE_SECONDS} at the most`);
}

export const showCommand = buildCommand<ShowFlags, [Shown], ResvContext>({
  docs: {
    brief: "Show a table of a running node",
    fullDescription:
      `Shows one of ${SHOWN.join(", ")} of the node whose signalling service listens at the socket: that of ` +
      "`resv node`, or of the first application of this host that signals.",
  },
  parameters: {
    flags: {
      socket: SOCKET_FLAG,
      style: {
        kind: "enum",
        values: LAYOUTS,
        default: "plain",
        brief: "Layout: of resv itself, of IOS' show ip rsvp, of Junos' show rsvp",
      },
      json: { kind: "boolean", default: false, brief: "Rows as JSON, one a line, with everything that is known" },
      watch: { kind: "boolean", default: false, brief: "Show it again and again until Ctrl-C" },
      every: { kind: "parsed", parse: parseSeconds, default: "2", placeholder: "SECONDS", brief: "Pause of --watch" },
      total: { kind: "boolean", default: false, brief: "Counters since the start, also where they were cleared" },
    },
    positional: {
      kind: "tuple",
      parameters: [{ parse: parseShown, placeholder: "TABLE", brief: SHOWN.join(", ") }],
    },
  },
  loader: async () => (await import("./show_run.ts")).runShow,
});
