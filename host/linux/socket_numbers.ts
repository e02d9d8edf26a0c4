/** Numbers of the kernel's socket interface (x86-64 and aarch64): families, levels, options, flags. */

/** Address families. */
export const AF = { INET: 2, INET6: 10, PACKET: 17 } as const;

/** Types of socket; CLOEXEC keeps them from programs that are started. */
export const SOCK = { DATAGRAM: 2, RAW: 3, CLOEXEC: 0x80000, NONBLOCK: 0x800 } as const;

/** Levels of options and of control messages. */
export const SOL = { SOCKET: 1, IP: 0, IPV6: 41, PACKET: 263 } as const;

/** Options of SOL.SOCKET. */
export const SO = {
  REUSEADDR: 2,
  SNDBUF: 7,
  RCVBUF: 8,
  ATTACH_FILTER: 26,
  SNDBUFFORCE: 32,
  RCVBUFFORCE: 33,
  RXQ_OVFL: 40,
} as const;

/** Options of SOL.IP; TTL and PKTINFO are control messages too. */
export const IP = {
  TOS: 1,
  TTL: 2,
  HDRINCL: 3,
  ROUTER_ALERT: 5,
  PKTINFO: 8,
  RECVTTL: 12,
  MULTICAST_LOOP: 34,
  ADD_MEMBERSHIP: 35,
  DROP_MEMBERSHIP: 36,
  MULTICAST_ALL: 49,
} as const;

/** Options of SOL.IPV6; PKTINFO, HOPLIMIT and HOPOPTS are control messages. */
export const IPV6 = {
  MULTICAST_LOOP: 19,
  JOIN_GROUP: 20,
  LEAVE_GROUP: 21,
  ROUTER_ALERT: 22,
  V6ONLY: 26,
  MULTICAST_ALL: 29,
  ROUTER_ALERT_ISOLATE: 30,
  RECVPKTINFO: 49,
  PKTINFO: 50,
  RECVHOPLIMIT: 51,
  HOPLIMIT: 52,
  RECVHOPOPTS: 53,
  HOPOPTS: 54,
  TCLASS: 67,
} as const;

/** Options of SOL.PACKET, and the membership that brings every group of a link. */
export const PACKET = { ADD_MEMBERSHIP: 1, DROP_MEMBERSHIP: 2, MEMBERSHIP_ALL_MULTICAST: 2 } as const;

/** Types of Ethernet, which are protocols of packet sockets. */
export const ETHERTYPE = { IPV4: 0x0800, IPV6: 0x86dd } as const;

/** Flags of receiving. */
export const MSG = { CONTROL_TRUNCATED: 0x08, TRUNCATED: 0x20, DONTWAIT: 0x40 } as const;

/** Class selector 6 (RFC 2474), as IP precedence 6 "internetwork control" had it: what routers send signalling with. */
export const TRAFFIC_CLASS_CONTROL = 0xc0;
