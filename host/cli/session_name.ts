/** Which fields of a SESSION object are its address and its port, and how a session is called in one line. */
import { VALUE_NAMES } from "../metadata.gen.ts";
import type { AnyObject } from "./describe.ts";
import { formatAddressPort } from "./units.ts";

/** Fields that hold the place where a session's data goes, by form of SESSION: RFC 2205 A.1, RFC 3209 4.6.1, RFC 4875 19.1. */
const ADDRESS_FIELDS = ["destinationAddress", "tunnelEndPointAddress", "p2mpId"] as const;
/** Fields that tell apart the sessions of one address: RFC 2205 A.1, RFC 2207 2, RFC 3175 3.1, RFC 3209 4.6.1. */
const PORT_FIELDS = ["destinationPort", "virtualDestinationPort", "tunnelId", "dscp"] as const;

/** The address of a SESSION; empty for a form that is kept as bytes. */
export function sessionAddress(session: AnyObject): string {
  const field = ADDRESS_FIELDS.find((name) => session[name] !== undefined);
  return field === undefined ? "" : String(session[field]);
}

/** The port, tunnel or code point of a SESSION; undefined where its form has none. */
export function sessionPort(session: AnyObject): number | undefined {
  const field = PORT_FIELDS.find((name) => session[name] !== undefined);
  return field === undefined ? undefined : session[field];
}

/** `127.0.2.2:5004/UDP`, `10.0.0.9 tunnel 7 of 10.0.0.1`; the same for the same session and for no other. */
export function sessionName(session: AnyObject): string {
  const { destinationAddress, tunnelId, extendedTunnelId, extendedAddress, dscp, protocolId } = session;
  const address = sessionAddress(session);
  if (address === "") return `${session.name} ${session.form} ${session.bytes ?? session.content ?? ""}`.trim();
  if (tunnelId !== undefined) {
    const from = extendedTunnelId ?? extendedAddress;
    return `${address} tunnel ${tunnelId}${from === undefined ? "" : ` of ${from}`}`;
  }
  if (dscp !== undefined) return `${address} DSCP ${dscp}`;
  const extended = session.extendedVirtualDestinationPort;
  return formatSession(destinationAddress ?? address, sessionPort(session) ?? 0, protocolId, extended);
}

/** `127.0.2.2:5004/UDP`, the spelling of every table; commands take it back (place_argument.ts). */
export function formatSession(address: string, port: number, protocol?: number, extended?: number): string {
  const name = protocol === undefined ? undefined : VALUE_NAMES.protocol?.[protocol];
  const text = formatAddressPort(address, port) + (extended ? `+${extended}` : "");
  if (protocol === undefined) return text;
  // A number alone behind the slash would be a port.
  if (name === undefined && port === 0 && !extended) {
    return `${address.includes(":") ? `[${address}]` : address}:0/${protocol}`;
  }
  return `${text}/${name ?? protocol}`;
}
