/**
 * Which RSVP sessions a socket takes part in, by what it is bound to, connected to and has joined: the table of the
 * reference as one pure function for each direction.
 */
import { isMulticast, parseAddress } from "../address.ts";
import type { SessionAddress, StyleName } from "../application.ts";

/** An address with a port. */
export interface SocketAddress {
  /** IPv4 or IPv6, in text. */
  address: string;
  /** 1 to 65535; 0 where none is bound yet. */
  port: number;
}

/** A multicast group that a socket has joined. */
export interface JoinedGroup extends SocketAddress {
  sends: boolean;
  receives: boolean;
}

/** What decides about a socket's sessions. */
export interface SocketState {
  protocol: "udp" | "tcp";
  /** Absent while it is not bound. */
  local?: SocketAddress;
  /** Absent while it is not connected. */
  peer?: SocketAddress;
  groups: readonly JoinedGroup[];
  /** Where an unconnected UDP socket says that it sends. */
  destinations: readonly SocketAddress[];
}

/** A session that a socket sends to. */
export interface SenderMatch {
  session: SessionAddress;
  /** What it is bound to: the sender template, once an address of "any" is replaced by that of the route. */
  local: SocketAddress;
}

/** A session that a socket receives. */
export interface ReceiverMatch {
  session: SessionAddress;
  /** The only sender that matches; absent if every sender does. */
  peer?: SocketAddress;
}

/** Whether it is the address that stands for all of a host's. */
export function isAnyAddress(address: string): boolean {
  return parseAddress(address).bytes.every((byte) => byte === 0);
}

/** Whether it is a group. */
export function isGroup(address: string): boolean {
  const { bytes, family } = parseAddress(address);
  return isMulticast(bytes, family);
}

/** Whether two addresses are one, however they are written. */
export function sameAddress(a: string, b: string): boolean {
  if (a === b) return true;
  const left = parseAddress(a), right = parseAddress(b);
  return left.family === right.family && left.bytes.every((byte, index) => byte === right.bytes[index]);
}

/**
 * The sessions that a socket sends to: its groups; else its peer; else, for UDP, the destinations that were named. A
 * socket that is not bound yet has no sender template and so sends to none.
 */
export function senderMatches(state: SocketState): SenderMatch[] {
  const { protocol, local, peer, groups, destinations } = state;
  if (!local || local.port === 0) return [];
  const to = ({ address, port }: SocketAddress): SenderMatch => ({
    session: { destination: address, port, protocol },
    local,
  });
  if (groups.length > 0) return groups.filter((group) => group.sends).map(to);
  if (peer) return isGroup(peer.address) ? [] : [to(peer)];
  // A group becomes a session by being joined, never by being sent to.
  return protocol === "udp" ? destinations.filter(({ address }) => !isGroup(address)).map(to) : [];
}

/**
 * The sessions that a socket receives. `localAddresses` are the host's, of the family that is asked for: a socket bound
 * to any address receives at each.
 */
export function receiverMatches(
  state: SocketState,
  localAddresses: (family: number) => readonly string[],
): ReceiverMatch[] {
  const { protocol, local, peer, groups } = state;
  // What it is bound to does not matter for a group.
  if (groups.length > 0) {
    return groups.filter((group) => group.receives)
      .map(({ address, port }) => ({ session: { destination: address, port, protocol } }));
  }
  if (!local || local.port === 0) return [];
  if (peer ? isGroup(peer.address) : protocol === "tcp") return [];
  const { family } = parseAddress(local.address);
  const addresses = isAnyAddress(local.address) ? localAddresses(family) : [local.address];
  // TCP knows its own address once it is connected.
  if (protocol === "tcp" && isAnyAddress(local.address)) return [];
  return addresses.map((destination) => ({ session: { destination, port: local.port, protocol }, peer }));
}

/** The style of a reservation for which none was asked: fixed filter where there is one peer, else wildcard filter. */
export function defaultStyle(state: SocketState): StyleName {
  return state.protocol === "tcp" || (state.peer !== undefined && state.groups.length === 0) ? "FF" : "WF";
}

/** A key for maps: the same for the same session. */
export function sessionKey({ destination, port = 0, protocol = "udp" }: SessionAddress): string {
  return `${protocol} ${destination} ${port}`;
}
