/** Which messages of a capture a command is to show: by type, by session. */
import { formatAddress, parseAddress } from "../address.ts";
import { MESSAGE_NAMES, MESSAGE_TYPES } from "../messages.gen.ts";
import type { AnyObject } from "./describe.ts";
import { reasonText, UsageError } from "./output.ts";
import { type Place, readPlace } from "./place_argument.ts";
import { sessionAddress, sessionPort } from "./session_name.ts";

/** A message, whole or broken, decoded or read from a line. */
export interface Selectable {
  readonly type?: number;
  readonly objects?: readonly AnyObject[];
  /** Of a Bundle (RFC 2961 3.2). */
  readonly messages?: readonly (Selectable | { readonly bytes: string })[];
}

type WantedSession = Place;

/** The first `type` of a line is the message's: what stands before it holds no text of a sender's making. */
const LINE_TYPE = /"type":(\d+)/;

/** What was asked for; a message passes if everything fits it, or a message in the Bundle that it is. */
export class Selection {
  readonly #types: ReadonlySet<number> | undefined;
  readonly #session: WantedSession | undefined;

  private constructor(types: ReadonlySet<number> | undefined, session: WantedSession | undefined) {
    this.#types = types;
    this.#session = session;
  }

  /**
   * Reads `Path,Resv` (names in any case, or numbers) and `ADDR[:PORT][/PROTOCOL]`; undefined if nothing is asked for.
   * @throws {UsageError} naming what is not understood.
   */
  static of(types: string | undefined, session: string | undefined): Selection | undefined {
    if (types === undefined && session === undefined) return undefined;
    return new Selection(
      types === undefined ? undefined : new Set(types.split(",").map((name) => parseType(name.trim()))),
      session === undefined ? undefined : parseSession(session),
    );
  }

  /** Whether a message is wanted. */
  matches(message: Selectable): boolean {
    const { type, objects = [], messages = [] } = message;
    const typed = this.#types === undefined || (type !== undefined && this.#types.has(type));
    if (typed && (this.#session === undefined || objects.some((object) => this.#isSession(object)))) return true;
    return messages.some((bundled) => !("bytes" in bundled) && this.matches(bundled));
  }

  /** Whether the message of a line of NDJSON is wanted; most lines that are not are told without reading them whole. */
  matchesLine(line: string): boolean {
    const type = Number(LINE_TYPE.exec(line)?.[1] ?? -1);
    const bundle = type === MESSAGE_TYPES.Bundle;
    if (this.#types !== undefined && !bundle && !this.#types.has(type)) return false;
    if (this.#session !== undefined && !line.includes(this.#session.address)) return false;
    return (this.#session === undefined && !bundle) || this.matches(JSON.parse(line));
  }

  #isSession(object: AnyObject): boolean {
    const wanted = this.#session;
    if (wanted === undefined || object.name !== "SESSION" || sessionAddress(object) !== wanted.address) return false;
    if (wanted.protocol !== undefined && object.protocolId !== wanted.protocol) return false;
    return wanted.port === undefined || sessionPort(object) === wanted.port;
  }
}

function parseType(name: string): number {
  if (/^\d{1,3}$/.test(name) && Number(name) <= 255) return Number(name);
  const type = Object.entries(MESSAGE_TYPES).find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1];
  if (type !== undefined) return type;
  throw new UsageError(`--type: "${name}" is no message type; there are ${Object.values(MESSAGE_NAMES).join(", ")}`);
}

function parseSession(text: string): WantedSession {
  let place;
  try {
    place = readPlace(text);
  } catch (error) {
    throw new UsageError(`--session: ${reasonText(error)}`);
  }
  if (!place) throw new UsageError(`--session: "${text}" is no address (ADDR[:PORT][/PROTOCOL])`);
  const { bytes, family } = parseAddress(place.address);
  return { ...place, address: formatAddress(bytes, family) };
}
