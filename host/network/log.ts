/** The messages that a network has seen, kept as bytes and told as text when somebody asks. */
import { Ladder } from "../cli/ladder.ts";
import { formatRate } from "../cli/units.ts";
import { MESSAGE_NAMES } from "../messages.gen.ts";
import { decodeObjects } from "../object_list.ts";
import type { RsvpObject } from "../objects.gen.ts";
import { styleName } from "../application.ts";
import type { Sighting } from "./network_link.ts";

/** Which messages are wanted. */
export interface LogOptions {
  /** Not before this virtual time. */
  fromMs?: number;
  /** Not after this virtual time. */
  toMs?: number;
  /** Message names, such as `Path`. */
  types?: readonly string[];
  /** At the most so many, the latest. */
  limit?: number;
}

/** One message from one node to another. */
export interface LogLine {
  /** Virtual time at which it was sent. */
  timeMs: number;
  /** Name of the node that sent it. */
  from: string;
  /** Empty if nobody on the link had the address. */
  to: string;
  /** Name of the link. */
  link: string;
  /** `Path`, `Resv` and so on. */
  message: string;
  /** Session and what else tells messages apart. */
  detail: string;
  /** It will not arrive. */
  lost: boolean;
  /** The RSVP message, for `decode`. */
  bytes: Uint8Array;
}

const COMMON_HEADER_BYTES = 8;

export class Log {
  #limit: number;
  #kept: Sighting[] = [];
  #first = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether it keeps anything at all. */
  get keeps(): boolean {
    return this.#limit > 0;
  }

  add(sighting: Sighting): void {
    if (this.#limit === 0) return;
    // A ring, so that an hour of refreshes costs the same as a minute.
    if (this.#kept.length < this.#limit) return void this.#kept.push(sighting);
    this.#kept[this.#first] = sighting;
    this.#first = (this.#first + 1) % this.#limit;
  }

  clear(): void {
    this.#kept = [];
    this.#first = 0;
  }

  lines(options: LogOptions): LogLine[] {
    const { fromMs = -Infinity, toMs = Infinity, types, limit = Infinity } = options;
    const lines: LogLine[] = [];
    for (let i = 0; i < this.#kept.length; i++) {
      const sighting = this.#kept[(this.#first + i) % this.#kept.length];
      if (sighting.timeMs < fromMs || sighting.timeMs > toMs) continue;
      if (types && !types.includes(messageName(sighting.packet.payload))) continue;
      lines.push(describe(sighting));
    }
    return lines.length > limit ? lines.slice(-limit) : lines;
  }

  ladder(nodes: readonly string[], options: LogOptions): string {
    const lines = this.lines(options), ladder = new Ladder(nodes, lines[lines.length - 1]?.timeMs);
    const out = [ladder.heading()];
    for (const line of lines) {
      const [from, to] = [nodes.indexOf(line.from), nodes.indexOf(line.to)];
      if (from < 0 || to < 0) continue;
      out.push(
        ladder.line({ timeMs: line.timeMs, from, to, label: line.message, detail: line.detail, lost: line.lost }),
      );
    }
    return out.join("\n");
  }
}

function messageName(payload: Uint8Array): string {
  return MESSAGE_NAMES[payload[1]] ?? `type ${payload[1]}`;
}

function describe(sighting: Sighting): LogLine {
  const { payload } = sighting.packet;
  return {
    timeMs: sighting.timeMs,
    from: sighting.from.node.name,
    to: sighting.to?.node.name ?? "",
    link: sighting.from.link.name,
    message: messageName(payload),
    detail: detailOf(payload),
    lost: sighting.lost,
    bytes: payload,
  };
}

/** Session, style, senders and error in a few words. A message that was corrupted on its way may not decode. */
function detailOf(payload: Uint8Array): string {
  try {
    return decodeObjects(payload.subarray(COMMON_HEADER_BYTES)).map(wordsOf).filter((words) => words !== "").join(" ");
  } catch {
    return "(does not decode)";
  }
}

function wordsOf(object: RsvpObject): string {
  const fields = object as unknown as Record<string, number | string>;
  switch (object.name) {
    case "SESSION":
      return "destinationAddress" in object ? `${fields.destinationAddress}:${fields.destinationPort ?? 0}` : "";
    case "SENDER_TEMPLATE":
    case "FILTER_SPEC":
      return "sourceAddress" in object ? `from ${fields.sourceAddress}:${fields.sourcePort ?? 0}` : "";
    case "STYLE":
      return styleName(Number(fields.optionVector ?? fields.style ?? 0));
    case "FLOWSPEC":
      return "tokenBucketRateBytesPerSecond" in object
        ? formatRate(Number(fields.rateBytesPerSecond ?? fields.tokenBucketRateBytesPerSecond))
        : "";
    case "ERROR_SPEC":
      return "errorCode" in object && object.errorCode !== 0
        ? `error ${fields.errorCode}/${fields.errorValue} at ${fields.errorNodeAddress ?? ""}`.trim()
        : "";
    default:
      return "";
  }
}
