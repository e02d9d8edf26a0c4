/**
 * The one interface between a node and its routing protocol or kernel table (RFC 2205 3.11.4, the RSVP / routing
 * interface). Routes are asked for, never assumed; the answer is kept by the engine until a change is announced.
 * Addresses are 16 bytes in network order, an IPv4 address in the first four.
 */

/** A question from the engine's ROUTE_QUERY action. */
export interface RouteQuestion {
  /** Where the session's data go. */
  destination: Uint8Array;
  /** The sender, which matters for multicast trees. */
  source: Uint8Array;
  /** 4 or 6. */
  family: number;
  /** 1 if the destination is a group. */
  multicast: number;
  /** IP protocol of the session's data. */
  protocol: number;
  /** Of the session; 0 for none. */
  destinationPort: number;
  /** Of the sender; 0 for none. */
  sourcePort: number;
}

/** One way out: an outgoing interface, and the next router on it. */
export interface RouteHop {
  /** Outgoing interface handle. */
  interface: number;
  /** Next router; absent if the destination is on the link. */
  gateway?: Uint8Array;
  /** 4 or 6, of the gateway. */
  family?: number;
}

/** Where the data of a session goes from here (RFC 2205 3.11.4, Route_Query). */
export interface RouteAnswer {
  /** False if there is no route. */
  found: boolean;
  /** True if the destination is this node or, multicast, has members on this node. */
  local?: boolean;
  /** Multicast: the interface on which the sender's data must arrive (reverse path forwarding); 0 unknown. */
  incomingInterface?: number;
  /** Empty for a purely local destination. */
  hops: readonly RouteHop[];
}

/** Routes to destinations under this prefix have changed and should be asked again. */
export interface RouteChange {
  /** Address in network order; bits after the prefix do not matter. */
  prefix: Uint8Array;
  /** In bits. */
  prefixLength: number;
  /** 4 or 6. */
  family: number;
}

/**
 * A node's view of routing (RFC 2205 3.11.4): {@linkcode StaticRouting} is one; a kernel's table or a routing daemon can be
 * another.
 */
export interface Routing {
  /**
   * Answers a question by calling `answer` once, at once or later. A callback and not a promise, because virtual time
   * does not wait for the runtime's microtasks. Throwing counts as no route.
   */
  query(question: RouteQuestion, answer: (answer: RouteAnswer) => void): void;
  /** Sets the one receiver of change announcements. */
  onChange(handler: (change: RouteChange) => void): void;
  /** Frees what is held. */
  close(): void;
}
