/** Sessions and senders as people name them on a command line. */
import { parseAddress } from "../address.ts";
import { senderObject, type SessionAddress, sessionObject } from "../application.ts";
import { encodeObjects } from "../object_list.ts";
import { VALUE_NAMES } from "../metadata.gen.ts";

/** Address and port: `10.0.0.1:5004`, `[2001:db8::1]:5004`, `10.0.0.1`. */
function parsePlace(text: string): { address: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+|[^:]*(?::[^:]*){2,}))(?::(\d{1,5}))?$/.exec(text);
  const address = match?.[1] ?? match?.[2] ?? "";
  const port = Number(match?.[3] ?? 0);
  try {
    parseAddress(address);
    if (port <= 0xffff) return { address, port };
  } catch {
    // Said below.
  }
  throw new Error(`"${text}" is no address with a port, such as 10.0.0.1:5004 or [2001:db8::1]:5004`);
}

/** `10.0.0.1:5004/UDP`, as the tables have it; UDP where nothing is said. */
export function parseSession(text: string): SessionAddress {
  const [place, name] = text.split("/");
  const { address, port } = parsePlace(place);
  if (name === undefined) return { destination: address, port, protocol: "udp" };
  const known = Object.entries(VALUE_NAMES.protocol ?? {}).find(([, word]) =>
    word.toLowerCase() === name.toLowerCase()
  );
  const protocol = known ? Number(known[0]) : /^\d{1,3}$/.test(name) ? Number(name) : NaN;
  if (protocol <= 255) return { destination: address, port, protocol };
  throw new Error(`"${name}" is no IP protocol; say UDP, TCP or a number`);
}

/** `10.0.0.9:4000`. */
export function parseSender(text: string): { address: string; port: number } {
  return parsePlace(text);
}

/** SESSION, and a SENDER_TEMPLATE where a sender is named, in wire form. */
export function sessionBytes(session: SessionAddress, sender?: { address: string; port: number }): Uint8Array {
  return encodeObjects([sessionObject(session), ...(sender ? [senderObject("SENDER_TEMPLATE", sender)] : [])]);
}
