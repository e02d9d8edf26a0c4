/** Rows of the engine's tables as vendors show them: one line for each sender and session. */
import { VALUE_NAMES } from "../metadata.gen.ts";
import type { AnyObject } from "./describe.ts";
import { sessionAddress, sessionPort } from "./session_name.ts";

/** One flow of a row: a session with one of its senders, and the flowspec for it. */
export interface Flow {
  /** Destination address. */
  readonly to: string;
  /** IP protocol by name, or its number; empty where the session has none. */
  readonly protocol: string;
  /** Destination port; 0 for none. */
  readonly destinationPort: number;
  /** The sender; 0.0.0.0 or :: for every sender of a wildcard. */
  readonly from: string;
  /** Source port; 0 for none. */
  readonly sourcePort: number;
  /** What is announced or reserved. */
  readonly rateBytesPerSecond: number;
  /** RATE (guaranteed), LOAD (controlled load), or empty. */
  readonly service: "RATE" | "LOAD" | "";
}

/** The flows of a row: SESSION, then a sender descriptor, or flow descriptors. */
export function flowsOf(objects: readonly unknown[]): Flow[] {
  const [session, ...rest] = objects as readonly AnyObject[];
  const base = {
    to: sessionAddress(session),
    protocol: session.protocolId === undefined
      ? ""
      : VALUE_NAMES.protocol?.[session.protocolId] ?? `${session.protocolId}`,
    destinationPort: sessionPort(session) ?? 0,
  };
  const template = rest.find(({ name }) => name === "SENDER_TEMPLATE");
  const tspec = rest.find(({ name }) => name === "SENDER_TSPEC");
  // Path state: one sender with what it announces.
  if (template && !rest.some(({ name }) => name === "FLOWSPEC")) {
    return [{ ...base, ...sender(template), ...flow(tspec) }];
  }
  const flows: Flow[] = [];
  let current: AnyObject | undefined, named = true;
  const close = () => {
    if (current && !named) flows.push({ ...base, ...everySender(base.to), ...flow(current) });
  };
  for (const object of rest) {
    if (object.name === "FLOWSPEC") {
      close();
      current = object;
      named = false;
    } else if (object.name === "FILTER_SPEC") {
      flows.push({ ...base, ...sender(object), ...flow(current) });
      named = true;
    }
  }
  close();
  return flows;
}

function sender(object: AnyObject) {
  const from = String(object.sourceAddress ?? object.tunnelSenderAddress ?? object.aggregatorAddress ?? "");
  return { from, sourcePort: Number(object.sourcePort ?? object.lspId ?? 0) };
}

function everySender(to: string) {
  return { from: to.includes(":") ? "::" : "0.0.0.0", sourcePort: 0 };
}

function flow(object: AnyObject | undefined) {
  const reserved = object?.rateBytesPerSecond;
  const rate = reserved ?? object?.tokenBucketRateBytesPerSecond ?? 0;
  const service: Flow["service"] = object?.name !== "FLOWSPEC" ? "" : reserved === undefined ? "LOAD" : "RATE";
  return { rateBytesPerSecond: Number(rate), service };
}

/** In the order in which vendors list them: by destination, then by sender. */
export function byDestination(a: Flow, b: Flow): number {
  return compare(a.to, b.to) || a.destinationPort - b.destinationPort || compare(a.from, b.from) ||
    a.sourcePort - b.sourcePort;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
