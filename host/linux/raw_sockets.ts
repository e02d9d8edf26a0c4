/** Opening the sockets of raw IP, each with what it needs; host/linux/raw_transport.ts says why there are these. */
import { errno, errorText, int32, libc, setOption } from "./libc.ts";
import { ERRNO, LinuxError } from "./linux_error.ts";
import {
  attachFilter,
  GROUP_IPV4_FILTER,
  GROUP_IPV6_FILTER,
  RAW_IPV4_FILTER,
  RAW_IPV6_FILTER,
} from "./packet_filter.ts";
import { AF, ETHERTYPE, IP, IPV6, PACKET, SO, SOCK, SOL } from "./socket_numbers.ts";

const PROTOCOL_RSVP = 46;
/** IPPROTO_RAW: the only raw IPv6 socket that Router Alert can be asked for on; the header is ours to write on it. */
const PROTOCOL_RAW = 255;
/** A refresh of 200 bytes takes some 800 of the kernel's memory: this holds 10,000 of them. */
const RECEIVE_BUFFER_BYTES = 8 << 20;
const SEND_BUFFER_BYTES = 4 << 20;
/** Value of IPv6 Router Alert: "datagram contains RSVP message" (RFC 2711). */
const ROUTER_ALERT_RSVP = 1;

/** What to do where the kernel does not permit raw IP; one line. */
export const PERMISSION_NEEDED = "raw IP needs the capability CAP_NET_RAW: run as root, or give it to a copy of deno " +
  "(sudo setcap cap_net_raw,cap_net_admin+ep ./deno), or use UDP encapsulation";

/** Opens a socket. @throws {LinuxError} in one line, which says what is missing where it is not permitted. */
export function openSocket(family: number, type: number, protocol: number, what: string): number {
  const descriptor = libc().socket(family, type | SOCK.CLOEXEC | SOCK.NONBLOCK, protocol);
  if (descriptor >= 0) return descriptor;
  const number = errno();
  const refused = number === ERRNO.EPERM || number === ERRNO.EACCES;
  throw new LinuxError(refused ? PERMISSION_NEEDED : `${what}: ${errorText(number)}`, number);
}

/** Runs the steps that make a socket ready, and closes it if one fails. */
export function prepared(descriptor: number, prepare: (descriptor: number) => void): number {
  try {
    prepare(descriptor);
    return descriptor;
  } catch (error) {
    libc().close(descriptor);
    throw error;
  }
}

/**
 * Large queues: the kernel's default holds a few hundred messages. Without CAP_NET_ADMIN as much as the system allows.
 * Also has the kernel say how many were lost because the queue was full (SO_RXQ_OVFL).
 */
export function enlarge(descriptor: number): void {
  for (
    const [force, usual, bytes] of [
      [SO.RCVBUFFORCE, SO.RCVBUF, RECEIVE_BUFFER_BYTES],
      [SO.SNDBUFFORCE, SO.SNDBUF, SEND_BUFFER_BYTES],
    ]
  ) {
    const value = int32(bytes);
    if (libc().setsockopt(descriptor, SOL.SOCKET, force, value, 4) === 0) continue;
    libc().setsockopt(descriptor, SOL.SOCKET, usual, value, 4);
  }
  setOption(descriptor, SOL.SOCKET, SO.RXQ_OVFL, int32(1), "asking for counts of lost packets");
}

/**
 * IPv4, protocol 46: receives what is addressed to us, with `groups` also what comes to those joined here, and, where this machine forwards, what carries Router Alert, which
 * is then not forwarded; sends with our header.
 */
export function openRawIpv4(groups: boolean): number {
  return prepared(openSocket(AF.INET, SOCK.RAW, PROTOCOL_RSVP, "a raw IPv4 socket"), (descriptor) => {
    if (!groups) attachFilter(descriptor, RAW_IPV4_FILTER);
    enlarge(descriptor);
    setOption(descriptor, SOL.IP, IP.HDRINCL, int32(1), "IP_HDRINCL");
    setOption(descriptor, SOL.IP, IP.PKTINFO, int32(1), "IP_PKTINFO");
    setOption(descriptor, SOL.IP, IP.MULTICAST_LOOP, int32(0), "IP_MULTICAST_LOOP");
    setOption(descriptor, SOL.IP, IP.ROUTER_ALERT, int32(1), "IP_ROUTER_ALERT");
  });
}

/** IPv6, protocol 46: receives what is addressed to us, and to groups as above, without its headers. */
export function openRawIpv6(groups: boolean): number {
  return prepared(openSocket(AF.INET6, SOCK.RAW, PROTOCOL_RSVP, "a raw IPv6 socket"), (descriptor) => {
    if (!groups) attachFilter(descriptor, RAW_IPV6_FILTER);
    enlarge(descriptor);
    setOption(descriptor, SOL.IPV6, IPV6.RECVPKTINFO, int32(1), "IPV6_RECVPKTINFO");
    setOption(descriptor, SOL.IPV6, IPV6.RECVHOPLIMIT, int32(1), "IPV6_RECVHOPLIMIT");
    setOption(descriptor, SOL.IPV6, IPV6.RECVHOPOPTS, int32(1), "IPV6_RECVHOPOPTS");
  });
}

/**
 * IPv6, where this machine forwards: receives what carries Router Alert with the value of RSVP, header included and in
 * fragments if it is, and it is not forwarded; sends with our header. Without ROUTER_ALERT_ISOLATE the kernel would hand it
 * the packets of every network namespace.
 */
export function openRouterAlertIpv6(): number {
  return prepared(openSocket(AF.INET6, SOCK.RAW, PROTOCOL_RAW, "a raw IPv6 socket"), (descriptor) => {
    enlarge(descriptor);
    setOption(descriptor, SOL.IPV6, IPV6.RECVPKTINFO, int32(1), "IPV6_RECVPKTINFO");
    setOption(descriptor, SOL.IPV6, IPV6.MULTICAST_LOOP, int32(0), "IPV6_MULTICAST_LOOP");
    setOption(descriptor, SOL.IPV6, IPV6.ROUTER_ALERT_ISOLATE, int32(1), "IPV6_ROUTER_ALERT_ISOLATE");
    setOption(descriptor, SOL.IPV6, IPV6.ROUTER_ALERT, int32(ROUTER_ALERT_RSVP), "IPV6_ROUTER_ALERT");
  });
}

/**
 * Messages to groups, as they come from the link, header included, whether anybody here has joined the group or not.
 *
 * ```
 * sockaddr_ll, 20 bytes: family@0, protocol@2 (network order), interface index@4, hardware type@8, packet type@10
 * ```
 */
export function openGroups(family: number): number {
  return prepared(openSocket(AF.PACKET, SOCK.DATAGRAM, 0, "a packet socket"), (descriptor) => {
    attachFilter(descriptor, family === 6 ? GROUP_IPV6_FILTER : GROUP_IPV4_FILTER);
    enlarge(descriptor);
    const address = new Uint8Array(20);
    const view = new DataView(address.buffer);
    view.setUint16(0, AF.PACKET, true);
    view.setUint16(2, family === 6 ? ETHERTYPE.IPV6 : ETHERTYPE.IPV4);
    // Until now, made with protocol 0, it has received nothing that the filter did not see.
    if (libc().bind(descriptor, address, address.length) < 0) {
      throw new LinuxError(`binding a packet socket: ${errorText(errno())}`, errno());
    }
  });
}

/**
 * Has an interface take in every group of its link, or no more, for as long as the socket is open (packet(7)).
 *
 * ```
 * packet_mreq, 16 bytes: interface index@0, type@4, address length@6, address@8
 * ```
 */
export function receiveAllGroups(descriptor: number, index: number, receive: boolean): void {
  const request = new Uint8Array(16);
  const view = new DataView(request.buffer);
  view.setInt32(0, index, true);
  view.setUint16(4, PACKET.MEMBERSHIP_ALL_MULTICAST, true);
  const option = receive ? PACKET.ADD_MEMBERSHIP : PACKET.DROP_MEMBERSHIP;
  // The interface may have gone, and its memberships with it; then there is nothing to be done.
  libc().setsockopt(descriptor, SOL.PACKET, option, request, request.length);
}
