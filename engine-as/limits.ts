// Every limit of the engine, with its reason. The relations between them are asserted where both sides are known.

// A message has at most 65,535 bytes and an object at least 4, so 16,381 objects fit. No honest message comes near
// this limit; a dishonest one must not buy more work than its bytes are worth.
export const MAXIMUM_OBJECTS_PER_MESSAGE: u32 = 4096;

// FILTER_SPECs of one message. An IPv4 FILTER_SPEC has 12 bytes, so a full datagram could carry some 5,400.
export const MAXIMUM_FILTERS_PER_MESSAGE: u32 = 2048;

// Unknown objects of class 11bbbbbb are stored and forwarded (RFC 2205 section 3.10). More than this many in one
// message are refused, because each costs state at every node.
export const MAXIMUM_FORWARDED_OBJECTS: u32 = 16;

// Work that one TICK may do, in sessions visited; what is left keeps `deadline()` in the past, so the loop comes back.
export const MAXIMUM_SESSIONS_PER_TICK: u32 = 1024;

// A TICK ends when it has filled so many chunks of actions (68 KB each): sessions with hundreds of senders and branches
// must not make it grow memory without end.
export const MAXIMUM_CHUNKS_PER_TICK: u32 = 16;

// Room kept free under the configured memory limit, so that handling what already exists never fails for memory.
export const MEMORY_MARGIN_BYTES: u32 = 262144;

// A lifetime or refresh interval longer than this (12 days) is cut to it: times are u32 milliseconds compared with
// wrap-around, which is right only for differences below 2^31.
export const MAXIMUM_INTERVAL_MS: u32 = 1 << 30;

// A refresh interval below this would let a peer buy unbounded work with one message.
export const MINIMUM_REFRESH_INTERVAL_MS: u32 = 10;

// K and Kb (RFC 2205 section 3.7): more would only come to the longest interval.
export const MAXIMUM_MULTIPLIER: u32 = 1000;

// W (RFC 2205 section 3.6): some four and a half hours.
export const MAXIMUM_REPAIR_DELAY_MS: u32 = 1 << 24;

// Slew.Max (RFC 2205 section 3.7), by which R may grow from one refresh to the next.
export const MAXIMUM_SLEW_PERCENT: u32 = 1000;

// A record of a capture file. Snapshot lengths go up to 262,144 bytes (libpcap's MAXIMUM_SNAPLEN); a longer record is
// the sign of a damaged file.
export const MAXIMUM_CAPTURE_RECORD_BYTES: u32 = 262144 + 4096;

// Encapsulations inside each other (VLAN tags, tunnels, quoted packets) that are followed in a captured frame.
export const MAXIMUM_ENCAPSULATION_DEPTH: u32 = 16;

// Senders of one session, whatever CONFIG says: a Resv with a FLOWSPEC (at most 48 bytes) and an IPv6 FILTER_SPEC (24) for
// each, and a SCOPE (16), stays within one datagram.
export const MAXIMUM_SENDERS_PER_SESSION: u32 = 400;

// Filters of all reservations of one session together (a WF reservation has one, an FF reservation is one): next hops times
// the senders that each names. More are refused, because merging looks at all of them with every change.
export const MAXIMUM_FILTERS_PER_SESSION: u32 = 2048;

// Outgoing interfaces of one route. A multicast group with more branches than this on one node is refused.
export const MAXIMUM_ROUTE_HOPS: u32 = 1024;

// Objects and problems that the codec's check lists. The result goes to the outbox, which wire/check.ts relies on.
export const MAXIMUM_CHECKED_OBJECTS: u32 = 8192;
export const MAXIMUM_PROBLEMS: u32 = 256;

// Reservations that one request may displace (RFC 3181). One that would have to displace more is refused.
export const MAXIMUM_DISPLACED: u32 = 1024;

// Comparisons of FLOWSPECs that the merging of priorities may cost at once (RFC 3181 5.1): next hops that each ask for
// something else must not buy the comparison of all with all. Beyond it every priority takes part.
export const MAXIMUM_PRIORITY_COMPARISONS: u32 = 65536;
