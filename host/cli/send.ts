/** `resv send`: data with a reservation. */
import { buildCommand } from "@stricli/core";
import type { ResvContext } from "./context.ts";
import { NODE_FLAGS } from "./node_flags.ts";
import { parseEndpoint, type Place } from "./place_argument.ts";
import { optional, seconds, TRAFFIC_FLAGS, type TrafficFlags } from "./traffic_flags.ts";

/** Flags of the command. */
export interface SendFlags extends TrafficFlags {
  readonly to?: readonly Place[];
  readonly from?: number;
  readonly wait: number;
  readonly required: boolean;
}

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65536) return Number(text);
  throw new Error(`"${text}" is not a port`);
}

export const sendCommand = buildCommand<SendFlags, [], ResvContext>({
  docs: {
    brief: "Announce a flow, wait until it is reserved, and send data at its rate",
    fullDescription:
      "Opens a QOS socket, announces what it will send (Path), waits for a reservation, and sends packets as the token " +
      "bucket permits, with a line of figures each second. `resv receive` on the other side reserves and counts. " +
      "Without a reservation, data are sent all the same, as best effort.",
  },
  parameters: {
    flags: {
      ...NODE_FLAGS,
      to: {
        kind: "parsed",
        parse: parseEndpoint,
        optional: true,
        variadic: true,
        placeholder: "ADDR:PORT",
        brief: "Where to send: a host, or a group; several times for several sessions of one socket",
      },
      from: optional(parsePort, "PORT", "Source port; any free one by default"),
      ...TRAFFIC_FLAGS,
      duration: seconds("10", "How long data are sent"),
      wait: seconds("5", "How long to wait for a reservation before data are sent without"),
      required: {
        kind: "boolean",
        default: false,
        brief: "Fail, and send nothing, if no reservation comes in that time",
      },
    },
  },
  loader: async () => (await import("./send_run.ts")).runSend,
});
