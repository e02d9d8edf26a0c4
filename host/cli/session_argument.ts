/** Sessions and senders as people name them on a command line. */
import { senderObject, type SessionAddress, sessionObject } from "../application.ts";
import { encodeObjects } from "../object_list.ts";
import { type Place, readPlace } from "./place_argument.ts";

function placeOf(text: string): Place {
  const place = readPlace(text);
  if (place) return place;
  throw new Error(`"${text}" is no address with a port, such as 10.0.0.1:5004 or [2001:db8::1]:5004`);
}

/** `10.0.0.1:5004/UDP`, as the tables have it, and other spellings (place_argument.ts); UDP where nothing is said. */
export function parseSession(text: string): SessionAddress {
  const { address, port = 0, protocol = "udp" } = placeOf(text);
  return { destination: address, port, protocol };
}

/** `10.0.0.9:4000`; its address alone if it announces no port. */
export function parseSender(text: string): { address: string; port: number } {
  const { address, port = 0, protocol } = placeOf(text);
  if (protocol === undefined) return { address, port };
  throw new Error(`"${text}": a sender has no protocol of its own`);
}

/** SESSION, and a SENDER_TEMPLATE where a sender is named, in wire form. */
export function sessionBytes(session: SessionAddress, sender?: { address: string; port: number }): Uint8Array {
  return encodeObjects([sessionObject(session), ...(sender ? [senderObject("SENDER_TEMPLATE", sender)] : [])]);
}
