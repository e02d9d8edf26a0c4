/** `resv receive`: reserves for what is announced, and counts what arrives. */
import { buildCommand } from "@stricli/core";
import { RESERVE_STYLE } from "../qos/provider_objects.ts";
import type { ResvContext } from "./context.ts";
import { NODE_FLAGS } from "./node_flags.ts";
import { parseEndpoint, type Place } from "./place_argument.ts";
import { optional, parseAmount, seconds, TRAFFIC_FLAGS, type TrafficFlags } from "./traffic_flags.ts";

/** Styles by name. */
export const STYLES = {
  wf: RESERVE_STYLE.WILDCARD,
  ff: RESERVE_STYLE.FIXED_FILTER,
  se: RESERVE_STYLE.SHARED_EXPLICIT,
} as const;

/** Flags of the command. */
export interface ReceiveFlags extends TrafficFlags {
  readonly at?: Place;
  readonly style?: keyof typeof STYLES;
  readonly sender?: readonly Place[];
  readonly latency?: number;
  readonly slack?: number;
  readonly confirm: boolean;
}

function parseStyle(text: string): keyof typeof STYLES {
  const lower = text.toLowerCase();
  if (lower in STYLES) return lower as keyof typeof STYLES;
  throw new Error(`no style "${text}": there are wf, ff, se`);
}

export const receiveCommand = buildCommand<ReceiveFlags, [], ResvContext>({
  docs: {
    brief: "Reserve for the flows that are announced, and count what arrives",
    fullDescription:
      "Opens a QOS socket at an address and port (or joins a group), reserves for the senders that announce themselves " +
      "(Resv), and prints throughput, loss and delay of what `resv send` sends, a line each second and a summary. It " +
      "ends when every sender has said that it is done, or after the duration. The exit code is 1 if nothing came.",
  },
  parameters: {
    flags: {
      ...NODE_FLAGS,
      at: optional(parseEndpoint, "ADDR:PORT", "Where to receive: an address of this host, or a group"),
      ...TRAFFIC_FLAGS,
      latency: optional(
        parseAmount,
        "MICROSECONDS",
        "Guaranteed: the longest delay wanted, from which the rate follows",
      ),
      slack: optional(parseAmount, "MICROSECONDS", "Guaranteed: by how much the delay may exceed that of the rate"),
      style: optional(parseStyle, "wf|ff|se", "Reservation style; wf by default, ff for TCP"),
      sender: {
        kind: "parsed",
        parse: parseEndpoint,
        optional: true,
        variadic: true,
        placeholder: "ADDR:PORT",
        brief: "A sender to reserve for, with ff and se; once for each",
      },
      confirm: { kind: "boolean", default: false, brief: "Ask for a confirmation" },
      duration: seconds("60", "How long to receive, at the most"),
    },
  },
  loader: async () => (await import("./receive_run.ts")).runReceive,
});
