/**
 * A capture of encoded messages: raw IP with nanoseconds, each message from and to where its JSON says, at the time that
 * it says. What is not said is filled in with addresses for documentation (RFC 5737, RFC 3849).
 */
import { parseAddress } from "../address.ts";
import { ipDatagram } from "../transport/ip_datagram.ts";
import { InputError } from "./message_input.ts";

const MAGIC_NANOSECONDS = 0xa1b23c4d;
const LINKTYPE_RAW = 101;
const SNAPLEN = 65_535;
const RECORD_HEADER_BYTES = 16;
const DEFAULTS = { 4: ["192.0.2.1", "192.0.2.2"], 6: ["2001:db8::1", "2001:db8::2"] } as const;
/** What hosts send with unless told otherwise. */
const DEFAULT_TTL = 64;

/** Makes a capture, record by record. */
export class CapturedOutput {
  #write: (bytes: Uint8Array<ArrayBuffer>) => void;
  #records = 0;
  #started = false;

  constructor(write: (bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#write = write;
  }

  /** Writes the file's header, if it is not there yet; a capture of no message is one too. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    const header = new DataView(new ArrayBuffer(24));
    header.setUint32(0, MAGIC_NANOSECONDS, true);
    header.setUint16(4, 2, true);
    header.setUint16(6, 4, true);
    header.setUint32(16, SNAPLEN, true);
    header.setUint32(20, LINKTYPE_RAW, true);
    this.#write(new Uint8Array(header.buffer));
  }

  /**
   * Adds a message; `value` is its JSON.
   * @throws {InputError} naming what of it is wrong.
   */
  add(payload: Uint8Array<ArrayBuffer>, value: Record<string, unknown>): void {
    const [seconds, nanoseconds] = timeOf(value.timestamp);
    const { source, destination } = addressesOf(value);
    const ttl = value.ttl ?? DEFAULT_TTL;
    if (typeof ttl !== "number" || !Number.isInteger(ttl) || ttl < 0 || ttl > 255) {
      throw new InputError(`ttl: ${JSON.stringify(ttl)} is not an integer from 0 to 255`);
    }
    const datagram = ipDatagram({
      interface: 0,
      source: source.bytes,
      destination: destination.bytes,
      family: source.family,
      ttl,
      encapsulation: value.encapsulation === "UDP" ? 1 : 0,
      routerAlert: value.routerAlert === true ? 1 : 0,
      payload,
    }, ++this.#records);
    if (datagram.length > SNAPLEN) {
      throw new InputError(`the message has ${payload.length} bytes, too many for an IP datagram`);
    }
    const record = new Uint8Array(RECORD_HEADER_BYTES + datagram.length), view = new DataView(record.buffer);
    view.setUint32(0, seconds, true);
    view.setUint32(4, nanoseconds, true);
    view.setUint32(8, datagram.length, true);
    view.setUint32(12, datagram.length, true);
    record.set(datagram, RECORD_HEADER_BYTES);
    this.start();
    this.#write(record);
  }
}

/** `"1700000000.000010000"`, or a number of seconds. */
function timeOf(value: unknown): [seconds: number, nanoseconds: number] {
  if (value === undefined) return [0, 0];
  const match = /^(\d+)(?:\.(\d{1,9}))?$/.exec(String(value));
  const seconds = Number(match?.[1] ?? NaN);
  if (!(seconds <= 0xffffffff)) {
    throw new InputError(`timestamp: ${JSON.stringify(value)} is not in seconds since 1970, below 2^32`);
  }
  return [seconds, Number((match?.[2] ?? "").padEnd(9, "0"))];
}

function addressesOf({ source, destination }: Record<string, unknown>) {
  const given = { source: readAddress("source", source), destination: readAddress("destination", destination) };
  const family = given.source?.family ?? given.destination?.family ?? 4;
  const [from, to] = DEFAULTS[family === 6 ? 6 : 4];
  const both = { source: given.source ?? parseAddress(from), destination: given.destination ?? parseAddress(to) };
  if (both.source.family === both.destination.family) return both;
  throw new InputError(`source ${String(source)} and destination ${String(destination)} are of two families`);
}

function readAddress(name: string, value: unknown) {
  if (value === undefined) return undefined;
  try {
    return parseAddress(String(value));
  } catch (error) {
    throw new InputError(`${name}: ${(error as Error).message}`);
  }
}
