/**
 * The command language of `resv call`, in the manner of rtap, the test program of ISI's rsvpd: one command a line, a verb
 * that may be shortened, a thread before it. docs/cli.md describes it; here a line becomes a value or an error in words.
 */
import { nearestName } from "./nearest.ts";
import { parseAddress } from "../address.ts";
import { RAPI_RSTYLE } from "../rapi/codes.ts";
import {
  type RapiFilter,
  rapiFilter,
  type RapiFlowspec,
  rapiFlowspec,
  type RapiTspec,
  rapiTspec,
} from "../rapi/objects.ts";

/** Kinds of event that `waitevent` knows. */
export const WAITED_EVENTS = ["path", "nopath", "resv", "noresv", "perr", "rerr", "confirm"] as const;
/** One of them. */
export type WaitedEvent = (typeof WAITED_EVENTS)[number];

/** An address with a port, which may be missing. */
export interface Place {
  address: string;
  port: number;
}

/** What a line asks for. */
export type Command =
  | { verb: "dest"; generalized: boolean; intServ: boolean; protocol: number; place: Place }
  | { verb: "sender"; sender: { address?: string; port: number; flowLabel?: number; tspec: RapiTspec } | null }
  | { verb: "reserve"; receiver?: string; reservation: Reservation | null }
  | { verb: "sleep"; seconds: number }
  | { verb: "waitevent"; event: WaitedEvent; seconds: number }
  | { verb: "ttl"; ttl: number }
  | { verb: "auth" | "echo"; text: string }
  | { verb: "help" | "quit" | "close" | "status" | "confirm" };

/** What `reserve` asks for. */
export interface Reservation {
  styleId: number;
  /** Made when the session is known: its kind says whether a number is a port or a generalized one. */
  filters: readonly { address: string; port?: number; flowLabel?: number }[];
  flowspecs: readonly RapiFlowspec[];
}

/** A line: its thread, if it names one, and its command. */
export interface ParsedLine {
  thread?: number;
  command?: Command;
}

/** A line that means nothing. */
export class LanguageError extends Error {
  override readonly name = "LanguageError";
}

const VERBS = [
  ...["help", "?", "quit", "dest", "session", "sender", "reserve", "close", "release", "status", "ttl", "confirm"],
  ...["auth", "sleep", "waitevent", "echo"],
];
/** Verbs of rtap that are about its own workings or have another command here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  data: "`resv send` sends data",
  receive: "`resv receive` receives data",
  template: "a sender is given by address and port",
  async: "events are always printed when they come",
  dlevel: "`resv trace` shows what a node does",
  dmask: "`resv trace` shows what a node does",
  memory: "there is nothing to show",
  hexmsg: "`resv encode` makes messages",
  bug: "there is no parser to trace",
};
const PROTOCOLS: Readonly<Record<string, number>> = { udp: 17, tcp: 6 };
const DEFAULT_WAIT_SECONDS = 10;
const LONGEST_SECONDS = 1e6;

/** Reads a line. @throws {LanguageError} saying what is wrong with it. */
export function parseLine(line: string): ParsedLine {
  const designator = /^\s*t\s*(\d{1,4})(?=\s|$)/i.exec(line);
  const thread = designator ? Number(designator[1]) : undefined;
  if (thread === 0) throw new LanguageError("threads are numbered from 1");
  const words = new Words(line.slice(designator?.[0].length ?? 0));
  const word = words.next();
  if (word === undefined) return { thread };
  const command = parseCommand(verbOf(word), words);
  if (words.peek() !== undefined) throw new LanguageError(`"${words.peek()}" is one word too many`);
  return { thread, command };
}

/** The verb that a word is, or is short for. */
function verbOf(word: string): string {
  const lower = word.toLowerCase();
  if (VERBS.includes(lower)) return lower;
  const elsewhere = Object.keys(ELSEWHERE).find((verb) => verb === lower);
  if (elsewhere) throw new LanguageError(`${elsewhere} is not a command here: ${ELSEWHERE[elsewhere]}`);
  const longer = VERBS.filter((verb) => verb.startsWith(lower));
  if (longer.length === 1) return longer[0];
  if (longer.length > 1) throw new LanguageError(`"${word}" may be ${longer.join(" or ")}`);
  const near = nearestName(lower, VERBS);
  throw new LanguageError(`no command "${word}"; ${near ? `did you mean "${near}"?` : "help lists them"}`);
}

function parseCommand(verb: string, words: Words): Command {
  switch (verb) {
    case "dest":
    case "session":
      return parseDest(words);
    case "sender":
      return { verb, sender: words.peek() === undefined ? null : parseSender(words) };
    case "reserve":
      return parseReserve(words);
    case "sleep":
      return { verb, seconds: words.number("seconds", 0, LONGEST_SECONDS) };
    case "waitevent": {
      const event = words.oneOf(WAITED_EVENTS, "an event");
      return { verb, event, seconds: words.optionalNumber("seconds", 0, LONGEST_SECONDS) ?? DEFAULT_WAIT_SECONDS };
    }
    case "ttl":
      return { verb, ttl: words.number("TTL", 0, 255) };
    case "auth":
    case "echo":
      return { verb, text: words.rest() };
    case "release":
      return { verb: "close" };
    case "?":
      return { verb: "help" };
    default:
      return { verb: verb as "help" };
  }
}

function parseDest(words: Words): Command {
  const generalized = words.takes("gpi"), intServ = words.takes("intserv");
  const name = words.next()?.toLowerCase() ?? "";
  const protocol = name === "proto" ? words.number("protocol", 0, 255) : PROTOCOLS[name];
  if (protocol === undefined) throw new LanguageError(`"${name}" is not udp, tcp or proto NUMBER`);
  const { address, port = 0 } = words.place("a destination");
  return { verb: "dest", generalized, intServ, protocol, place: { address, port } };
}

/** `[[ADDRESS:]PORT] [t ...]`. */
function parseSender(words: Words) {
  const first = words.peek()!;
  const place = /^\d+$/.test(first) ? { port: words.number("port", 0, 0xffffffff) } : words.place("a sender");
  return { port: 0, ...place, tspec: parseTspec(words) };
}

function parseReserve(words: Words): Command {
  if (words.peek() === undefined) return { verb: "reserve", reservation: null };
  const styles = ["wf", "ff", "se"] as const;
  const isStyle = (word: string | undefined) => styles.some((style) => style === word?.toLowerCase());
  const receiver = isStyle(words.peek()) ? undefined : words.place("a style (wf, ff, se) or a receiver").address;
  const style = words.oneOf(styles, "a style");
  if (words.peek() === undefined) return { verb: "reserve", receiver, reservation: null };
  return { verb: "reserve", receiver, reservation: RESERVATIONS[style](words) };
}

const RESERVATIONS: Readonly<Record<"wf" | "ff" | "se", (words: Words) => Reservation>> = {
  wf(words) {
    words.takes("*");
    return { styleId: RAPI_RSTYLE.WILDCARD, filters: [], flowspecs: [parseFlowspec(words)] };
  },
  ff(words) {
    const filters = [], flowspecs = [];
    while (words.peek() !== undefined) {
      filters.push(words.place("a sender"));
      flowspecs.push(parseFlowspec(words));
    }
    return { styleId: RAPI_RSTYLE.FIXED, filters, flowspecs };
  },
  se(words) {
    const filters = [words.place("a sender")];
    while (words.peek() !== undefined && words.peek() !== "[") filters.push(words.place("a sender"));
    return { styleId: RAPI_RSTYLE.SE, filters, flowspecs: [parseFlowspec(words)] };
  },
};

/** `[t r b [p [m [M]]]]`. */
function parseTspec(words: Words): RapiTspec {
  const [kind, ...numbers] = words.bracket("a Tspec: [t r b p m M]");
  if (kind?.toLowerCase() !== "t") throw new LanguageError(`a Tspec begins with [t, not [${kind ?? ""}`);
  if (numbers.length < 2 || numbers.length > 5) {
    throw new LanguageError("a Tspec has r and b, then p, m and M if wanted");
  }
  return rapiTspec(bucketOf(numbers));
}

/** `[cl r b [m [M]]]`, `[g R S r b [p [m [M]]]]`. */
function parseFlowspec(words: Words): RapiFlowspec {
  const [kind, ...numbers] = words.bracket("a flowspec: [cl r b m M] or [g R S r b p m M]");
  const service = kind?.toLowerCase();
  if (service === "cl") {
    const [r, b, ...sizes] = numbers;
    if (numbers.length < 2 || numbers.length > 4) {
      throw new LanguageError("a flowspec of controlled load has r and b, then m and M if wanted");
    }
    return rapiFlowspec(bucketOf([r, b, "inf", ...sizes]));
  }
  if (service !== "g") throw new LanguageError(`a flowspec begins with [cl or [g, not [${kind ?? ""}`);
  const [R, S, ...bucket] = numbers;
  if (bucket.length < 2 || bucket.length > 5) {
    throw new LanguageError("a flowspec of guaranteed service has R, S, r and b, then p, m and M if wanted");
  }
  const rateBytesPerSecond = numberOf(R, "R"), slackTermMicroseconds = numberOf(S, "S");
  return rapiFlowspec({ ...bucketOf(bucket), rateBytesPerSecond, slackTermMicroseconds });
}

/** r, b, p, m, M, as many as there are; the largest packet is at least the smallest. */
function bucketOf([r, b, p, m, M]: readonly string[]) {
  const [minimum, maximum] = [m, M].map((text) => text === undefined ? undefined : numberOf(text, "m, M"));
  return {
    tokenBucketRateBytesPerSecond: numberOf(r, "r"),
    tokenBucketSizeBytes: numberOf(b, "b"),
    ...(p === undefined ? {} : { peakRateBytesPerSecond: numberOf(p, "p") }),
    ...(minimum === undefined ? {} : { minimumPolicedUnitBytes: minimum }),
    ...(maximum === undefined ? {} : { maximumPacketSizeBytes: maximum }),
  };
}

function numberOf(text: string, name: string): number {
  if (/^inf(inity)?$/i.test(text) && name === "p") return Infinity;
  if (/^(0x[\da-f]{1,8}|\d{1,12}(\.\d{1,6})?)$/i.test(text)) return Number(text);
  throw new LanguageError(`${name}: "${text}" is not a number`);
}

/** The filter of a reservation, in a session of its kind. */
export function filterIn(
  generalized: boolean,
  { address, port = 0, flowLabel }: Reservation["filters"][number],
): RapiFilter {
  return generalized
    ? rapiFilter({ address, generalizedPortIdentifier: port })
    : rapiFilter({ address, port, ...(flowLabel === undefined ? {} : { flowLabel }) });
}

/** An IPv6 address in brackets, with what follows it; a bracket, which is a word of its own; any other word. */
const WORD = /\[[\da-f]*:[\da-f:.]*\]\S*|[[\]]|[^\s[\]]+/gi;

/** A line taken word by word. */
class Words {
  #words: { text: string; at: number }[];
  #line: string;

  constructor(line: string) {
    this.#line = line.replace(/(^|\s)#.*$/, "$1");
    this.#words = [...this.#line.matchAll(WORD)].map((match) => ({ text: match[0], at: match.index }));
  }

  peek(): string | undefined {
    return this.#words[0]?.text;
  }

  next(): string | undefined {
    return this.#words.shift()?.text;
  }

  /** Takes a word if it comes next. */
  takes(word: string): boolean {
    if (this.peek()?.toLowerCase() !== word) return false;
    this.next();
    return true;
  }

  /** What is left of the line, as it stands. */
  rest(): string {
    const from = this.#words[0]?.at ?? this.#line.length;
    this.#words = [];
    return this.#line.slice(from).trim();
  }

  oneOf<T extends string>(choices: readonly T[], what: string): T {
    const word = this.next() ?? "";
    const found = choices.find((choice) => choice === word.toLowerCase());
    if (found === undefined) throw new LanguageError(`"${word}" is not ${what}: ${choices.join(", ")}`);
    return found;
  }

  number(what: string, least: number, most: number): number {
    const word = this.next();
    if (word === undefined) throw new LanguageError(`the number of ${what} is missing`);
    const value = numberOf(word, what);
    if (value < least || value > most) throw new LanguageError(`${what}: ${word} is not from ${least} to ${most}`);
    return value;
  }

  optionalNumber(what: string, least: number, most: number): number | undefined {
    return this.peek() === undefined ? undefined : this.number(what, least, most);
  }

  /** `10.0.0.1:5004`, `10.0.0.1/5004`, `2001:db8::1/5004`, `[2001:db8::1]:5004`, `2001:db8::1/FL0xA1234`. */
  place(what: string): { address: string; port?: number; flowLabel?: number } {
    const word = this.next();
    if (word === undefined) throw new LanguageError(`${what} is missing`);
    const parts = /^\[([^\]]+)\](?:[:/](.+))?$/.exec(word) ?? /^([^/]+)\/(.+)$/.exec(word) ??
      /^([^:]+):([^:]+)$/.exec(word) ?? [word, word];
    const [, address, suffix] = parts as (string | undefined)[];
    try {
      parseAddress(address!);
    } catch {
      throw new LanguageError(`"${word}" is not ${what}: an address, with a port after : or /`);
    }
    if (suffix === undefined) return { address: address! };
    const label = /^fl(.+)$/i.exec(suffix);
    if (label) return { address: address!, flowLabel: numberOf(label[1], "flow label") };
    return { address: address!, port: numberOf(suffix, "port") };
  }

  /** The words of `[ ... ]`. */
  bracket(what: string): string[] {
    if (this.next() !== "[") throw new LanguageError(`${what} is missing`);
    const inside: string[] = [];
    for (let word = this.next(); word !== "]"; word = this.next()) {
      if (word === undefined) throw new LanguageError(`${what}: the ] is missing`);
      inside.push(word);
    }
    return inside;
  }
}
