/**
 * The one interface between a node and whatever carries its datagrams: memory, UDP, raw IP. A transport moves bytes
 * and knows no RSVP rules; wrappers (pcap writer, fault injector) are transports around a transport.
 */

/**
 * One datagram that carries an RSVP message. Addresses are 16 bytes in network order, an IPv4 address in the first
 * four and zeros after it, as on the engine's boundary; whoever hands a packet over gives up the right to change it.
 */
export interface Packet {
  /** Interface handle: arrived on it, or to leave by it; 0 means by route (sending only). */
  interface: number;
  /** IP source; all zeros lets the transport choose. */
  source: Uint8Array;
  /** IP destination. */
  destination: Uint8Array;
  /** 4 or 6, of both addresses. */
  family: number;
  /** IP TTL or hop limit, on arrival or to be sent with. */
  ttl: number;
  /** ENCAPSULATION of the boundary: 0 raw IP protocol 46, 1 UDP port 1698, 2 UDP port 1699 (RFC 2205 appendix C). */
  encapsulation: number;
  /** 1 with the IP Router Alert option (RFC 2113, RFC 2711; RFC 2205 3.1.3). */
  routerAlert: number;
  /** The RSVP message, IP and UDP headers not included. */
  payload: Uint8Array;
}

/** Takes arrived packets; several at a time where the transport reads in batches. */
export type PacketsHandler = (packets: readonly Packet[]) => void;

/** Takes what went wrong while sending or receiving, for example ENOBUFS or a socket that went away. */
export type TransportErrorHandler = (error: Error, packet?: Packet) => void;

/**
 * What carries a node's datagrams: {@linkcode UdpTransport}, {@linkcode MemoryTransport}, or another that speaks raw IP.
 * {@linkcode PcapWriter} and {@linkcode FaultInjector} go around any of them.
 */
export interface Transport {
  /**
   * Sends one datagram as it is described. Never throws for the network's sake: an unreachable destination or a full
   * queue is a loss like any other and goes to the error handler, for RSVP's soft state repairs it (RFC 2205 2.3).
   */
  send(packet: Packet): void;
  /**
   * Forwards a datagram that was addressed to another node, as IP would have (RFC 2205 2.9). `packet.ttl` is already
   * decremented and `packet.interface` is where it arrived.
   */
  relay(packet: Packet): void;
  /** Sets the one receiver of arrived packets; replaces an earlier one. */
  onPackets(handler: PacketsHandler): void;
  /** Sets the one receiver of transport errors; without one they are only counted. */
  onError(handler: TransportErrorHandler): void;
  /** Stops receiving and frees what is held. Sending afterwards does nothing. May be called twice. */
  close(): void;
}

/**
 * Where a batch of datagrams goes: slots of an engine's inbox, PACKET_SLOT_BYTES each. The views are good during one call
 * only, for the engine's memory moves when it grows; nothing of them may be kept.
 */
export interface PacketSlots {
  /** The memory that the slots lie in. */
  bytes: Uint8Array;
  /** The same memory. */
  view: DataView;
  /** The same memory, as words in the machine's order, which is the engine's. */
  words: Int32Array;
  /** Where the first slot begins. */
  start: number;
  /** How many there are. */
  slots: number;
}

/**
 * Puts datagrams into slots, one into each from the first on, header and payload, and returns how many. A datagram that
 * is too long for a slot goes to the handler of `onPackets` instead. Must not call the engine.
 */
export type SlotFiller = (slots: PacketSlots) => number;

/** A transport that can put what arrives straight into an engine's inbox. */
export interface BatchTransport extends Transport {
  /**
   * Sets who takes batches: the handler calls what it is given once, with an engine's slots, or so many times one after
   * the other. Without one, and for what fits no slot, packets go to the handler of `onPackets`.
   */
  onBatch(handler: (fill: SlotFiller, batches?: number) => void): void;
}

/**
 * Takes a datagram that an engine wants sent where it stands, a SEND record at word `at` of the engine's memory, and says
 * whether it has; else it comes through `send`, and so does all that was wanted after it. The words are good during the
 * call only, and the engine must not be called.
 */
export type SendTaker = (words: Int32Array, at: number) => boolean;

/** A transport that can take what is to be sent without an object for each datagram. */
export interface DirectTransport extends Transport {
  /** Who takes datagrams where they stand. */
  readonly taker: SendTaker;
}
