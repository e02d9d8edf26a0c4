/**
 * Which node a command signals through: a host of its own, in UDP encapsulation and so without privileges, or the host's
 * signalling service. Shared by `call`, `send` and `receive`.
 */
import { parsePrefix } from "../address.ts";
import type { QosHost } from "../qos/host.ts";
import { CommandError, reasonText } from "./output.ts";

/** Flags of every command that has a node. */
export interface NodeFlags {
  readonly address?: readonly string[];
  readonly nextHop?: string;
  readonly socket?: string;
}

function parseAddressFlag(text: string): string {
  try {
    if (text.includes("/")) return parsePrefix(text) && text;
  } catch {
    // Said below, in other words.
  }
  throw new Error(`"${text}" is not an address with a prefix length, such as 127.9.1.2/24`);
}

/** For a command's `parameters.flags`. */
export const NODE_FLAGS = {
  address: {
    kind: "parsed",
    parse: parseAddressFlag,
    optional: true,
    variadic: true,
    placeholder: "ADDR/LEN",
    brief: "An address of this host, with the length of its link's prefix; once for each link",
  },
  nextHop: {
    kind: "parsed",
    parse: String,
    optional: true,
    placeholder: "ADDR",
    brief: "Router for what is not on the link; it has to take RSVP in UDP (RFC 2205 appendix C)",
  },
  socket: {
    kind: "parsed",
    parse: String,
    optional: true,
    placeholder: "PATH",
    brief: "Socket of the host's signalling service (docs/service.md); joined if there is no --address",
  },
} as const;

/**
 * Opens the host, or joins the signalling service of this one: at `socket`, or where it usually is if nothing is said.
 * `fail` takes what goes wrong afterwards. @throws {CommandError} in one line if that cannot be.
 */
export async function openNode(
  { address: addresses = [], nextHop, socket: service }: NodeFlags,
  fail: (line: string) => void,
): Promise<QosHost> {
  // What goes wrong later, such as a group that no route leads to, ends nothing.
  const onError = (error: Error) => fail(reasonText(error));
  const { joinQosHost, openQosHost } = await import("../qos/host.ts");
  try {
    if (addresses.length === 0) return await joinQosHost({ service, onError });
    return await openQosHost({ interfaces: addresses.map((address) => ({ address, nextHop })), service, onError });
  } catch (error) {
    if (addresses.length > 0 || service !== undefined) throw new CommandError(reasonText(error));
    const what = "no signalling service runs here: say which address this host has (--address 127.9.1.2/24)";
    throw new CommandError(`${what}, or start resv node`);
  }
}

/** Resolved when somebody presses Ctrl-C or the process is asked to end; `close` stops listening. */
export function interruption(): { promise: Promise<void>; close: () => void } {
  const signals = ["SIGINT", "SIGTERM"] as const;
  const { promise, resolve } = Promise.withResolvers<void>();
  const listen = () => resolve();
  for (const signal of signals) Deno.addSignalListener(signal, listen);
  return { promise, close: () => signals.forEach((signal) => Deno.removeSignalListener(signal, listen)) };
}
