/**
 * Why something was refused, dropped or counted: one list for engine and host. The number is the STATUS on the
 * boundary and the number of the counter. Append only; numbers are never reused.
 */
export interface Status { readonly name: string; readonly code: number; readonly text: string; readonly rfc: string }
const s = (code: number, name: string, text: string, rfc: string): Status => ({ code, name, text, rfc });

export const STATUSES: readonly Status[] = [
  s(0, "OK", "ok", ""),
  // Header (RFC 2205 3.1.1)
  s(1, "TRUNCATED", "message ends inside its header", "RFC 2205 3.1.1"),
  s(2, "BAD_VERSION", "version is not 1", "RFC 2205 3.1.1"),
  s(3, "BAD_CHECKSUM", "checksum does not match", "RFC 2205 3.1.1"),
  s(4, "BAD_LENGTH", "RSVP length does not match what arrived", "RFC 2205 3.1.1"),
  s(5, "UNKNOWN_MESSAGE", "unknown message type", "RFC 2205 3.1.1"),
  // Objects (RFC 2205 3.1.2)
  s(10, "OBJECT_LENGTH", "object length is below 4 or not a multiple of 4", "RFC 2205 3.1.2"),
  s(11, "OBJECT_OVERRUN", "object runs past the end of the message", "RFC 2205 3.1.2"),
  s(12, "OBJECT_SIZE", "object has the wrong size for its class and C-Type", "RFC 2205 appendix A"),
  s(13, "OBJECT_CONTENT", "object's inner structure is broken", "RFC 2205 appendix A"),
  s(14, "MISSING_OBJECT", "a required object is missing", "RFC 2205 3.1.2"),
  s(15, "DUPLICATE_OBJECT", "an object that may appear once appears again", "RFC 2205 3.1"),
  s(16, "OBJECT_ORDER", "objects stand in an order that is not permitted", "RFC 2205 3.1"),
  s(17, "FLOW_DESCRIPTOR", "flow descriptor list does not fit the style", "RFC 2205 3.1.4"),
  s(18, "UNKNOWN_CLASS", "unknown object class that must be understood", "RFC 2205 3.10"),
  s(19, "UNKNOWN_CTYPE", "unknown C-Type of a known class", "RFC 2205 3.10"),
  s(20, "BAD_VALUE", "a field has an illegal value", "RFC 2205 appendix A"),
  s(21, "TOO_MANY_OBJECTS", "more objects than the limit", ""),
  s(22, "MIXED_FAMILIES", "IPv4 and IPv6 objects are mixed", "RFC 2205 3.1.2"),
  s(23, "UNKNOWN_STYLE", "unknown reservation style", "RFC 2205 appendix B"),
  // Protocol
  s(40, "NOT_CONFIGURED", "CONFIG has not been submitted", ""),
  s(41, "BAD_SUBMIT", "unknown kind or a record that does not fit", ""),
  s(42, "UNKNOWN_INTERFACE", "no such interface", ""),
  s(43, "NOT_FOR_US", "addressed to another node; relayed", "RFC 2205 2.9"),
  s(44, "PORT_CONFLICT", "SrcPort is set but DstPort is zero", "RFC 2209"),
  s(45, "DESTINATION_PORT_CONFLICT", "zero and non-zero DstPort for one destination", "RFC 2205 3.2"),
  s(46, "SENDER_PORT_CONFLICT", "zero and non-zero SrcPort for one sender", "RFC 2205 3.2"),
  s(47, "NO_PATH_STATE", "no path state for the session", "RFC 2205 appendix B"),
  s(48, "NO_SENDER", "no sender matches the filter", "RFC 2205 appendix B"),
  s(49, "STYLE_CONFLICT", "reservation style conflicts with the existing one", "RFC 2205 appendix B"),
  s(50, "ADMISSION_REFUSED", "not enough reservable bandwidth", "RFC 2205 appendix B"),
  s(51, "NO_STATE", "nothing matches; dropped", "RFC 2209"),
  s(52, "WRONG_HOP", "not from the previous or next hop that the state names", "RFC 2205 3.1.5"),
  s(53, "OUT_OF_MEMORY", "memory limit reached; new state refused", ""),
  s(54, "SESSION_LIMIT", "session limit reached", ""),
  s(55, "SENDER_LIMIT", "limit of senders in the session reached", ""),
  s(56, "NEIGHBOUR_LIMIT", "limit of states for this neighbour reached", ""),
  s(57, "IGNORED_ENCAPSULATION", "UDP copy that a raw-capable node must ignore", "RFC 2205 appendix C"),
  s(58, "OWN_MESSAGE", "our own message came back", "RFC 2205 3.3"),
  s(59, "BAD_CONFIRM_ADDRESS", "ResvConf destination differs from its RESV_CONFIRM address", "RFC 2205 appendix B"),
  s(60, "BAD_CALL", "application call refused", "RFC 2205 3.11.1"),
  s(61, "STALE_RESULT", "traffic control result for an older generation", ""),
  s(62, "TTL_EXPIRED", "TTL reached zero; not forwarded", "RFC 2209"),
  s(63, "NOT_ON_LINK", "arrived on an interface that its state does not expect", ""),
  s(64, "RESERVATION_LIMIT", "limit of reservations in the session reached", ""),
  s(65, "POLICY_REFUSED", "refused by local policy", "RFC 2205 2.7"),
];

/** Counters beyond the drops: number, name. Drops are counted under their STATUS code. */
export const COUNTERS = {
  RECEIVED_PATH: 101, RECEIVED_RESV: 102, RECEIVED_PATH_ERROR: 103, RECEIVED_RESV_ERROR: 104, RECEIVED_PATH_TEAR: 105, RECEIVED_RESV_TEAR: 106, RECEIVED_RESV_CONFIRM: 107, RECEIVED_DIAGNOSTIC_REQUEST: 108, RECEIVED_DIAGNOSTIC_REPLY: 109,
  SENT_PATH: 111, SENT_RESV: 112, SENT_PATH_ERROR: 113, SENT_RESV_ERROR: 114, SENT_PATH_TEAR: 115, SENT_RESV_TEAR: 116, SENT_RESV_CONFIRM: 117, SENT_DIAGNOSTIC_REQUEST: 118, SENT_DIAGNOSTIC_REPLY: 119,
  RECEIVED_MESSAGES: 120, RECEIVED_BYTES: 121, SENT_MESSAGES: 122, SENT_BYTES: 123,
  REFRESHES_UNCHANGED: 124, PATH_EXPIRED: 125, RESERVATION_EXPIRED: 126, RESERVATION_PREEMPTED: 127,
  SESSIONS: 130, PATH_STATES: 131, RESERVATION_STATES: 132, TRAFFIC_CONTROL_STATES: 133, BLOCKADE_STATES: 134, NEIGHBOURS: 135, STATE_BYTES: 136, MEMORY_BYTES: 137,
} as const;
