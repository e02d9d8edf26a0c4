/** `resv ping-path`: is there path state, hop by hop? */
import { buildCommand } from "@stricli/core";
import { parseAddress } from "../address.ts";
import type { SocketAddress } from "../qos/matching.ts";
import type { ResvContext } from "./context.ts";
import { parseEndpoint, type Place } from "./place_argument.ts";
import { parseSender } from "./session_argument.ts";
import { SOCKET_FLAG } from "./socket_flag.ts";
import { optional, seconds } from "./traffic_flags.ts";

/** Flags of the command. */
export interface PingPathFlags {
  readonly from?: SocketAddress;
  readonly tcp: boolean;
  readonly lastHop?: string;
  readonly maximumHops: number;
  readonly back: boolean;
  readonly mtu: number;
  readonly timeout: number;
  readonly json: boolean;
  readonly socket?: string;
}

function parseWhole(largest: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 0 && value <= largest) return value;
    throw new Error(`"${text}" is not a whole number from 0 to ${largest}`);
  };
}

function parseHop(text: string): string {
  parseAddress(text);
  return text;
}

export const pingPathCommand = buildCommand<PingPathFlags, [Place], ResvContext>({
  docs: {
    brief: "Ask the nodes on the way from a sender whether they have path state, hop by hop",
    fullDescription:
      "Sends a diagnostic request (RFC 2745) through the running node whose service listens at the socket. It goes from " +
      "the receiver's side towards the sender; every RSVP node adds what it knows of the sender's path state and of " +
      "the reservation for it. The exit code is 1 if the sender was not reached with path state all the way.",
  },
  parameters: {
    flags: {
      from: optional(parseSender, "ADDR:PORT", "The sender; its address alone if it announces no port"),
      tcp: { kind: "boolean", default: false, brief: "A TCP session, as ADDR:PORT/TCP; UDP by default" },
      lastHop: optional(
        parseHop,
        "ADDR",
        "The node at which to begin: the destination by default, of a group this node",
      ),
      maximumHops: {
        kind: "parsed",
        parse: parseWhole(255),
        default: "0",
        placeholder: "N",
        brief: "So many RSVP nodes at the most; 0 for all",
      },
      back: { kind: "boolean", default: false, brief: "The reply comes back node by node (ROUTE), not straight" },
      mtu: {
        kind: "parsed",
        parse: parseWhole(65_535),
        default: "1500",
        placeholder: "BYTES",
        brief: "Longer replies come in parts",
      },
      timeout: seconds("3", "How long to wait; a request is sent each second"),
      json: { kind: "boolean", default: false, brief: "One JSON value" },
      socket: SOCKET_FLAG,
    },
    positional: {
      kind: "tuple",
      parameters: [{ parse: parseEndpoint, placeholder: "ADDR:PORT", brief: "The session, as tables have it" }],
    },
  },
  loader: async () => (await import("./ping_path_run.ts")).runPingPath,
});
