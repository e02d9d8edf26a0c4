/** Addresses, ports and protocols as people name them on a command line: every command takes each of the spellings. */
import { parseAddress } from "../address.ts";
import { VALUE_NAMES } from "../metadata.gen.ts";
import type { SocketAddress } from "../qos/matching.ts";
import { UsageError } from "./output.ts";

/** What somebody has named; absent is what was not said. */
export interface Place {
  readonly address: string;
  readonly port?: number;
  /** Number of the IP protocol. */
  readonly protocol?: number;
}

const PROTOCOLS = { udp: 17, tcp: 6 } as const;
/** `10.0.0.1` or `2001:db8::1`, in brackets or not; `:5004` or `/5004`; `/UDP`. */
const PLACE =
  /^(?:\[([^\]]+)\]|([^:/]+)|([^/[\]]*(?::[^/[\]]*){2,}))(?:[:/](\d{1,5}))?(?:\/([A-Za-z][\w-]*|\d{1,3}))?$/;

/**
 * `10.0.0.1:5004/UDP` as tables have it, `10.0.0.1/5004`, `[2001:db8::1]:5004`, `2001:db8::1/5004`, `10.0.0.1`;
 * undefined for anything else. A number alone behind the slash is a port. @throws {Error} if there is no such protocol.
 */
export function readPlace(text: string): Place | undefined {
  const [, bracketed, plain, ipv6, digits, name] = PLACE.exec(text) ?? [];
  const address = bracketed ?? plain ?? ipv6, port = digits === undefined ? undefined : Number(digits);
  try {
    if (address === undefined || !parseAddress(address) || (port ?? 0) > 0xffff) return undefined;
  } catch {
    return undefined;
  }
  return { address, port, protocol: name === undefined ? undefined : protocolOf(name) };
}

function protocolOf(name: string): number {
  const known = Object.entries(VALUE_NAMES.protocol ?? {}).find(([, word]) =>
    word.toLowerCase() === name.toLowerCase()
  );
  const number = known ? Number(known[0]) : /^\d{1,3}$/.test(name) ? Number(name) : NaN;
  if (number <= 255) return number;
  throw new Error(`"${name}" is no IP protocol; say UDP, TCP or a number`);
}

/** A place with a port, for a flag of a command that has UDP or TCP. */
export function parseEndpoint(text: string): Place {
  const place = readPlace(text);
  if (place?.port) return place;
  throw new Error(`"${text}" is not an address with a port, such as 127.9.1.3:5004`);
}

/** Where a socket sends or receives. @throws {UsageError} if the place names another protocol than `tcp` says. */
export function socketPlace(place: Place, tcp: boolean): SocketAddress {
  const { address, port = 0, protocol } = place;
  if (protocol !== undefined && protocol !== PROTOCOLS[tcp ? "tcp" : "udp"]) {
    const name = VALUE_NAMES.protocol?.[protocol] ?? String(protocol);
    if (protocol === PROTOCOLS.tcp) throw new UsageError(`${address}:${port}/${name} needs --tcp`);
    throw new UsageError(`${address}:${port}/${name}: here it is ${tcp ? "TCP" : "UDP, or TCP with --tcp"}`);
  }
  return { address, port };
}
