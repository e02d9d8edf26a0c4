/**
 * Every record that crosses between host and engine, as pure data. `scripts/generate_boundary.ts` lays the fields
 * out (little-endian, natural alignment, records padded to 8 bytes) and writes both sides from it:
 * `engine-as/boundary.gen.ts` (offset constants) and `host/boundary.gen.ts` (typed readers and writers).
 *
 * A record starts with the common header { kind u16, flags u16, length u32 }, length counting the whole record.
 * `address` is 16 bytes in network order, an IPv4 address in the first four, its family (4, 6, or 0 for none) in the
 * byte field named beside it. `objects` is the tail of the record: RSVP objects in wire form, to its end.
 * `bytes` is an opaque tail. A record has at most one tail and it comes last.
 */
export type BoundaryType = "u8" | "u16" | "u32" | "f32" | "f64" | "address" | "objects" | "bytes";
export interface BoundaryField { readonly name: string; readonly type: BoundaryType; readonly doc: string }
export interface BoundaryRecord { readonly name: string; readonly kind: number; readonly doc: string; readonly fields: readonly BoundaryField[] }

const f = (name: string, type: BoundaryType, doc: string): BoundaryField => ({ name, type, doc });

/** What `submit(kind, count, nowMs)` takes from the inbox: `count` records, one after the other. */
export const INPUTS: readonly BoundaryRecord[] = [
  { name: "CONFIG", kind: 1, doc: "Settings of the node. Must be the first submit; later ones change what may change.", fields: [
    f("seed", "u32", "Seeds jitter, hash keys and generations. Same inputs and seed, same outputs."),
    f("refreshIntervalMs", "u32", "R of RFC 2205 3.7; 30,000 by default."),
    f("lifetimeMultiplier", "u32", "K of RFC 2205 3.7; 3 by default."),
    f("blockadeMultiplier", "u32", "Kb of RFC 2205 3.5; 3 by default."),
    f("localRepairDelayMs", "u32", "W of RFC 2205 3.6; 2,000 by default."),
    f("slewMaximumPercent", "u32", "Slew.Max of RFC 2205 3.7, by which R grows at the most from one refresh to the next; 30 by default."),
    f("memoryLimitBytes", "u32", "The most linear memory the engine may grow to; above it new state is refused and counted."),
    f("maximumSessions", "u32", "Sessions held at the most; 0 for no limit but memory."),
    f("maximumSendersPerSession", "u32", "Senders held in one session at the most."),
    f("maximumStatePerNeighbour", "u32", "Path and reservation states one neighbour may create; 0 for no limit but memory."),
    f("options", "u32", "Bits of CONFIG_OPTION."),
    f("timerGranularityMs", "u32", "The host ticks at multiples of so many milliseconds of its clock, and refreshes are set to such times within [0.5 R, 1.5 R] (RFC 2205 3.7); 0 or 1: at any."),
    f("unixEpochMs", "f64", "Unix time in milliseconds at time 0 of the submits, for the timestamps of RFC 2745; 0 if there is none."),
  ] },
  { name: "PACKETS", kind: 2, doc: "A batch of received datagrams, in fixed slots of PACKET_SLOT_BYTES, so that recvmmsg can fill them. A datagram longer than a slot takes as many slots as it needs. `kind` and `length` of the common header are not read.", fields: [
    f("payloadLength", "u32", "Bytes of RSVP message, IP and UDP headers not included."),
    f("interface", "u32", "Handle of the interface it arrived on."),
    f("source", "address", "IP source."),
    f("destination", "address", "IP destination."),
    f("family", "u8", "4 or 6, of both addresses."),
    f("ttl", "u8", "IP TTL or hop limit on arrival."),
    f("encapsulation", "u8", "ENCAPSULATION: raw IP, UDP to port 1698 or UDP to port 1699."),
    f("routerAlert", "u8", "1 if the datagram carried the Router Alert option."),
    f("payload", "bytes", "The RSVP message, from offset PACKET_HEADER_BYTES of the slot."),
  ] },
  { name: "TICK", kind: 3, doc: "Time has passed. Does a bounded amount of due work.", fields: [] },
  { name: "INTERFACE", kind: 4, doc: "An interface appears, changes or (up = 0) goes.", fields: [
    f("interface", "u32", "Our handle, 1 to MAXIMUM_INTERFACE_HANDLE, also sent as the logical interface handle; survives a restart."),
    f("up", "u8", "1 up, 0 down."),
    f("options", "u8", "Bits of INTERFACE_OPTION."),
    f("ipv4PrefixLength", "u8", "Bits; 0 if it has no IPv4 address."),
    f("ipv6PrefixLength", "u8", "Bits; 0 if it has no IPv6 address."),
    f("mtuBytes", "u32", "Link MTU."),
    f("ipv4", "address", "Its IPv4 address, or zeros."),
    f("ipv6", "address", "Its global IPv6 address, or zeros."),
    f("ipv6LinkLocal", "address", "Its link-local IPv6 address, or zeros."),
    f("udpNextHop", "address", "Ra of RFC 2205 appendix C: where a node without raw access sends Path for destinations that are not on the link."),
    f("udpNextHopFamily", "u8", "4, 6 or 0."),
    f("udpNextHopTtl", "u8", "Ta of RFC 2205 appendix C; 0 for the usual TTL."),
    f("policing", "u8", "1 if its traffic control can police (E_Police is cleared by the first such node, RFC 2205 3.8)."),
    f("reservableBytesPerSecond", "f64", "What admission may give away in all; negative for no limit."),
    f("perFlowBytesPerSecond", "f64", "The most for one reservation; negative for no limit."),
    f("linkBytesPerSecond", "f64", "AVAILABLE_PATH_BANDWIDTH of the link (RFC 2215), float."),
    f("minimumLatencyMicroseconds", "u32", "MINIMUM_PATH_LATENCY this hop adds (RFC 2215); 0xFFFFFFFF unknown."),
    f("guaranteedErrorTermBytes", "u32", "C of RFC 2212."),
    f("guaranteedErrorTermMicroseconds", "u32", "D of RFC 2212."),
    f("services", "u32", "Bits of SERVICE: which Int-Serv services it implements."),
    f("refreshIntervalMs", "u32", "R of what is sent by it (RFC 2205 3.7); 0 for the node's."),
    f("lifetimeMultiplier", "u32", "K of what arrives by it; 0 for the node's."),
    f("blockadeMultiplier", "u32", "Kb of ResvErr that arrives by it (RFC 2205 3.5); 0 for the node's."),
    f("localRepairDelayMs", "u32", "W of local repair that sends by it (RFC 2205 3.6); 0 for the node's."),
    f("slewMaximumPercent", "u32", "Slew.Max of its R; 0 for the node's."),
  ] },
  { name: "ROUTE", kind: 5, doc: "The answer to a ROUTE_QUERY, or (query = 0) a notification that routes under a prefix have changed.", fields: [
    f("query", "u32", "From ROUTE_QUERY; 0 for a change notification."),
    f("destination", "address", "Destination, or the prefix that changed."),
    f("family", "u8", "4 or 6."),
    f("prefixLength", "u8", "Of a change notification."),
    f("found", "u8", "1 if there is a route."),
    f("local", "u8", "1 if the destination is this node (or, multicast, has members here)."),
    f("incomingInterface", "u32", "Multicast: the expected incoming interface (RPF); 0 unicast or unknown."),
    f("hopCount", "u32", "Entries in the tail: { interface u32, family u8, 3 zero bytes, gateway 16 bytes } each; gateway family 0 is on the link."),
    f("hops", "bytes", "ROUTE_HOP_BYTES each."),
  ] },
  { name: "TRAFFIC_CONTROL_RESULT", kind: 6, doc: "What became of an INSTALL, or (unasked) that a reservation was lost.", fields: [
    f("handle", "u32", "From INSTALL."),
    f("generation", "u32", "From INSTALL; an older one is ignored."),
    f("ok", "u8", "1 installed."),
    f("preempted", "u8", "1 if a standing reservation was taken away (TC_Preempt)."),
    f("errorValue", "u16", "Sub-code for ERROR_SPEC code 01 when refused, or 21 when errorCode says so."),
    f("errorCode", "u8", "ERROR_SPEC code; 0 means 01."),
    f("objects", "objects", "Fwd_Flowspec (RFC 2205 3.11.2): a FLOWSPEC that goes on upstream in place of what was installed; usually none."),
  ] },
  { name: "CALL", kind: 7, doc: "An application's call (RFC 2205 3.11.1).", fields: [
    f("call", "u8", "CALL_KIND: SESSION, SENDER, RESERVE, RELEASE, DIAGNOSE; CLEAR is an operator's."),
    f("options", "u8", "Bits of CALL_OPTION."),
    f("ttl", "u8", "SENDER: TTL of the data, for multicast; 0 for 63."),
    f("style", "u8", "RESERVE: 0x11 WF, 0x0A FF, 0x12 SE; 0 takes the reservation away."),
    f("application", "u32", "The host's handle of the registration, 1 to MAXIMUM_APPLICATION_HANDLE."),
    f("interface", "u32", "SENDER: outgoing interface for a multihomed host; RESERVE: receiving interface; 0 by route. Of each call anew."),
    f("objects", "objects", "SESSION: SESSION. SENDER: SENDER_TEMPLATE SENDER_TSPEC [ADSPEC] [POLICY_DATA]; no object withdraws. RESERVE: [RESV_CONFIRM] [POLICY_DATA] then FLOWSPEC and FILTER_SPECs as in a Resv's flow descriptor list. DIAGNOSE: DIAGNOSTIC [DIAG_SELECT] [ROUTE], whose Request ID becomes the handle of the application. CLEAR: SESSION [SENDER_TEMPLATE]."),
  ] },
  { name: "POLICY", kind: 8, doc: "One rule of local policy (RFC 2205 2.7). The first rule of the list that matches decides; where none does, the message is accepted with priorities of zero. A list takes effect when its last rule has come, for what arrives from then on; what stands follows with its next refresh.", fields: [
    f("position", "u32", "Place in the list; 0 begins a new one, every other follows the one before it."),
    f("count", "u32", "Rules of the list, MAXIMUM_POLICY_RULES at the most; 0 takes them all away."),
    f("interface", "u32", "Path: where it arrived; Resv: the outgoing interface; 0 for any."),
    f("errorValue", "u16", "Of a refusal: ERROR_SPEC value of code 02 (RFC 2750)."),
    f("preemptionPriority", "u16", "Of a reservation without a priority of its own that counts; at most defendingPriority (RFC 3181 4)."),
    f("defendingPriority", "u16", "The same, once it stands."),
    f("elementType", "u16", "Only where POLICY_DATA has an element of this P-Type; 0 looks at none."),
    f("firstPort", "u16", "Destination ports, from."),
    f("lastPort", "u16", "To; 0 for any port."),
    f("refuses", "u8", "1: refused with code 02."),
    f("options", "u8", "Bits of POLICY_OPTION."),
    f("protocol", "u8", "IP protocol of the session; 0 for any."),
    f("destinationFamily", "u8", "4, 6, or 0 for any."),
    f("destinationPrefixLength", "u8", "Bits."),
    f("senderFamily", "u8", "4, 6, or 0 for any."),
    f("senderPrefixLength", "u8", "Bits."),
    f("destination", "address", "Prefix of the session's destination."),
    f("sender", "address", "Prefix of the sender's address; of a Resv, of those that it is for."),
    f("attribute", "bytes", "Only where an attribute of that element has this value, its padding not counted (RFC 3182 3.3); none looks at no attribute."),
  ] },
];

/** What `poll()` leaves in the outbox: records, one after the other, in the order in which they must be carried out. */
export const ACTIONS: readonly BoundaryRecord[] = [
  { name: "SEND", kind: 1, doc: "Send an RSVP message.", fields: [
    f("payloadLength", "u32", "Bytes of RSVP message."),
    f("interface", "u32", "Leave by this interface; 0 by route."),
    f("source", "address", "IP source."),
    f("destination", "address", "IP destination."),
    f("family", "u8", "4 or 6."),
    f("ttl", "u8", "IP TTL; equals Send_TTL."),
    f("encapsulation", "u8", "ENCAPSULATION."),
    f("routerAlert", "u8", "1: with the Router Alert option (Path, PathTear, ResvConf)."),
    f("payload", "bytes", "The RSVP message."),
  ] },
  { name: "EVENT", kind: 2, doc: "An upcall (RFC 2205 3.11.1) to an application.", fields: [
    f("event", "u8", "EVENT_KIND."),
    f("errorCode", "u8", "ERROR_SPEC code, or the CALL error in a CALL_ERROR."),
    f("errorFlags", "u8", "InPlace 0x01, NotGuilty 0x02."),
    f("style", "u8", "Of the reservation; 0 where it does not apply."),
    f("application", "u32", "Whose event it is."),
    f("errorValue", "u16", "ERROR_SPEC value."),
    f("errorNodeFamily", "u8", "4, 6 or 0."),
    f("gone", "u8", "1: the sender (PATH_EVENT) or the reservation (RESV_EVENT) is gone."),
    f("errorNode", "address", "Error node."),
    f("objects", "objects", "SESSION first, then what the event carries, as RSVP objects."),
  ] },
  { name: "INSTALL", kind: 3, doc: "Install or change a reservation in traffic control; answered by TRAFFIC_CONTROL_RESULT unless CONFIG says otherwise.", fields: [
    f("handle", "u32", "Names the reservation until REMOVE."),
    f("generation", "u32", "To be handed back."),
    f("interface", "u32", "Outgoing interface."),
    f("change", "u8", "0 new, 1 changed."),
    f("style", "u8", "0x11 WF, 0x0A FF, 0x12 SE."),
    f("policing", "u8", "Bits: E_Police 1, M_Police 2, B_Police 4."),
    f("rateBytesPerSecond", "f64", "What admission counted for it."),
    f("objects", "objects", "SESSION FLOWSPEC SENDER_TSPEC (Path_Te) then the FILTER_SPECs (none for WF: every SENDER_TEMPLATE follows instead)."),
  ] },
  { name: "REMOVE", kind: 4, doc: "Take a reservation out of traffic control. Not answered.", fields: [
    f("handle", "u32", "From INSTALL."),
    f("interface", "u32", "Outgoing interface."),
  ] },
  { name: "ROUTE_QUERY", kind: 5, doc: "Ask for a route; answered by ROUTE. A Path waits for it.", fields: [
    f("query", "u32", "To be handed back."),
    f("destination", "address", "Session destination."),
    f("source", "address", "Sender, for multicast."),
    f("family", "u8", "4 or 6."),
    f("multicast", "u8", "1 if the destination is a group."),
    f("protocol", "u8", "IP protocol of the session."),
    f("destinationPort", "u16", "Or 0."),
    f("sourcePort", "u16", "Or 0."),
  ] },
  { name: "RELAY", kind: 6, doc: "A message that is addressed to another node: forward it as IP (RFC 2205 2.9, 2209).", fields: [
    f("payloadLength", "u32", "Bytes of RSVP message."),
    f("interface", "u32", "Where it arrived."),
    f("source", "address", "IP source."),
    f("destination", "address", "IP destination."),
    f("family", "u8", "4 or 6."),
    f("ttl", "u8", "To be sent with: arrival TTL minus one."),
    f("payload", "bytes", "The RSVP message."),
  ] },
  { name: "REPORT", kind: 7, doc: "Why a message was dropped; only where CONFIG asks for it.", fields: [
    f("status", "u16", "STATUS."),
    f("class", "u8", "Object class, 0 if it was the header."),
    f("ctype", "u8", "Object C-Type."),
    f("offset", "u32", "Byte of the message."),
    f("interface", "u32", "Where it arrived."),
    f("source", "address", "IP source."),
    f("family", "u8", "4 or 6."),
    f("messageType", "u8", "RSVP message type."),
  ] },
];

/** Rows that `inspect(table, cursor)` writes to the outbox; `kind` is the table's number. */
export const TABLES: readonly BoundaryRecord[] = [
  { name: "SESSIONS", kind: 1, doc: "One row per session.", fields: [
    f("session", "u32", "Identity within this run, for joining rows."), f("senders", "u32", "Path states."), f("reservations", "u32", "Reservation states."),
    f("style", "u8", "0 if none."), f("multicast", "u8", "1 if so."), f("objects", "objects", "SESSION."),
  ] },
  { name: "SENDERS", kind: 2, doc: "Path state blocks (RFC 2209).", fields: [
    f("session", "u32", "Session."), f("incomingInterface", "u32", "0 for a local sender."), f("logicalInterfaceHandle", "u32", "LIH of the previous hop."),
    f("previousHop", "address", "PHOP."), f("previousHopFamily", "u8", "4, 6 or 0 for local."), f("ttl", "u8", "Received TTL."), f("nonRsvp", "u8", "1 behind a non-RSVP hop."), f("localOnly", "u8", "1 if not forwarded."),
    f("refreshInMs", "u32", "Until the next Path is sent."), f("expiresInMs", "u32", "Until it times out; 0xFFFFFFFF never."), f("application", "u32", "Local sender's application, or 0."), f("outgoingCount", "u32", "Outgoing interfaces."),
    f("objects", "objects", "SESSION SENDER_TEMPLATE SENDER_TSPEC [ADSPEC]."),
  ] },
  { name: "REQUESTS", kind: 3, doc: "What was requested upstream, one row per previous hop.", fields: [
    f("session", "u32", "Session."), f("interface", "u32", "Towards the previous hop."), f("previousHop", "address", "PHOP."), f("previousHopFamily", "u8", "4 or 6."), f("style", "u8", "Style."),
    f("refreshInMs", "u32", "Until the next Resv is sent."), f("objects", "objects", "SESSION, then the flow descriptors last sent."),
  ] },
  { name: "RESERVATIONS", kind: 4, doc: "Reservation state blocks (RFC 2209).", fields: [
    f("session", "u32", "Session."), f("interface", "u32", "Outgoing interface."), f("nextHop", "address", "NHOP."), f("nextHopFamily", "u8", "4, 6, or 0 for a local application."), f("style", "u8", "Style."), f("application", "u32", "Local receiver's application, or 0."),
    f("expiresInMs", "u32", "Until it times out; 0xFFFFFFFF never."), f("objects", "objects", "SESSION FLOWSPEC FILTER_SPECs."),
  ] },
  { name: "INSTALLED", kind: 5, doc: "Traffic control state blocks (RFC 2209).", fields: [
    f("session", "u32", "Session."), f("interface", "u32", "Outgoing interface."), f("handle", "u32", "As in INSTALL."), f("style", "u8", "Style."), f("policing", "u8", "Police flags."), f("pending", "u8", "1 while the kernel has not answered."),
    f("rateBytesPerSecond", "f64", "What admission counts for it."), f("objects", "objects", "SESSION FLOWSPEC SENDER_TSPEC FILTER_SPECs."),
  ] },
  { name: "BLOCKADE", kind: 6, doc: "Blockade state blocks (RFC 2205 3.5).", fields: [
    f("session", "u32", "Session."), f("previousHop", "address", "PHOP."), f("previousHopFamily", "u8", "4 or 6."), f("expiresInMs", "u32", "Tb."), f("objects", "objects", "SESSION FLOWSPEC [FILTER_SPEC]."),
  ] },
  { name: "INTERFACES", kind: 7, doc: "Interfaces and their capacity.", fields: [
    f("interface", "u32", "Handle."), f("up", "u8", "1 up."), f("udp", "u8", "1 if UDP encapsulation is in use on it."), f("reservableBytesPerSecond", "f64", "Limit; negative none."), f("reservedBytesPerSecond", "f64", "In use."),
    f("reservations", "u32", "Installed."), f("ipv4", "address", "Address."), f("ipv6", "address", "Address."),
  ] },
  { name: "NEIGHBOURS", kind: 8, doc: "RSVP neighbours.", fields: [
    f("interface", "u32", "Interface."), f("address", "address", "Address."), f("family", "u8", "4 or 6."), f("states", "u32", "Path and reservation states it holds here."),
  ] },
  { name: "COUNTERS", kind: 9, doc: "Every counter: messages by type, drops by STATUS, sizes.", fields: [
    f("counter", "u16", "COUNTER number."), f("value", "f64", "Count since start."),
  ] },
];

/** Named numbers used in the records. */
export const CONSTANTS = {
  ABI_VERSION: 3,
  PACKET_SLOT_BYTES: 2048,
  PACKET_SLOTS: 33,
  PACKET_HEADER_BYTES: 64,
  ROUTE_HOP_BYTES: 24,
  OUTBOX_BYTES: 69632,
  // Where the words of what `turn` leaves stand: STATUS, bytes of actions, where they begin, whether more wait.
  OUTCOME_STATUS: 0,
  OUTCOME_ACTION_BYTES: 4,
  OUTCOME_ACTIONS: 8,
  OUTCOME_MORE: 12,
  ARITHMETIC_HEADER_BYTES: 128,
  ARITHMETIC_NUMBERS: 15,
  MAXIMUM_INTERFACE_HANDLE: 65535,
  MAXIMUM_APPLICATION_HANDLE: 0x3fffffff,
  MAXIMUM_POLICY_RULES: 256,
  UDP_ENCAPSULATION_PORT: 1698,
  UDP_ENCAPSULATION_PORT_ALTERNATE: 1699,
} as const;

/** What each group of `ENUMERATIONS` means, for its docstring. */
export const ENUMERATION_DOCS: Readonly<Record<keyof typeof ENUMERATIONS, string>> = {
  ENCAPSULATION: "How a datagram travels: as raw IP protocol 46, or in UDP to port 1698 or 1699 (RFC 2205 appendix C).",
  CONFIG_OPTION: "Bits of `options` of CONFIG: reservations count as installed without an answer of traffic control; dropped messages are reported; refreshes come without jitter (RFC 2205 3.7); routes of a group do not depend on the sender; the node is an end system that forwards nothing; the first refresh after a change comes after a tenth of R (RFC 2205 3.7).",
  INTERFACE_OPTION: "Bits of `options` of INTERFACE: only UDP encapsulation on it, or that too (RFC 2205 appendix C); no RSVP on it; it is the loopback; what comes by it has passed a hop without RSVP, or its TTL does not tell (RFC 2205 section 3.8).",
  SERVICE: "Bits of `services` of INTERFACE: controlled load (RFC 2211), guaranteed (RFC 2212), null service (RFC 2997).",
  CALL_KIND: "What an application calls for: to register in a session, to announce or withdraw a sender, to reserve or give up, to end its registration (RFC 2205 3.11.1), to ask the nodes on the way to a sender what they know (RFC 2745); CLEAR, an operator's, takes state away that neighbours have made.",
  CALL_OPTION: "Bits of `options` of CALL: a reservation asks for a ResvConf (RFC 2205 2.6); a sender's Path carries no ADSPEC; CLEAR takes senders, reservations, or both.",
  POLICY_OPTION: "Bits of `options` of POLICY: the rule is for Path, for Resv (for both where neither is set); PREEMPTION_PRI elements in POLICY_DATA count before the rule's own priorities; the priority that counts goes on upstream in an element of its own (RFC 3181 2).",
  EVENT_KIND: "The upcalls to an application (RFC 2205 3.11.1), CALL_ERROR, which refuses a call, and DIAGNOSTIC_REPLY, which brings a DREP or a part of one (RFC 2745).",
  ARITHMETIC: "Operations of the engine's `arithmetic` export, on flowspecs, TSpecs and ADSPECs (RFC 2205 3.11.6).",
};

export const ENUMERATIONS = {
  ENCAPSULATION: { RAW: 0, UDP: 1, UDP_ALTERNATE: 2 },
  CONFIG_OPTION: { NO_TRAFFIC_CONTROL_RESULT: 1, REPORT_DROPS: 2, NO_JITTER: 4, SHARED_TREES: 8, HOST: 16, FAST_START: 32 },
  INTERFACE_OPTION: { UDP_ONLY: 1, UDP_ALSO: 2, NO_RSVP: 4, LOOPBACK: 8, NON_RSVP_HOP: 16, IGNORE_TTL: 32 },
  SERVICE: { CONTROLLED_LOAD: 1, GUARANTEED: 2, NULL: 4 },
  CALL_KIND: { SESSION: 1, SENDER: 2, RESERVE: 3, RELEASE: 4, CLEAR: 5, DIAGNOSE: 6 },
  CALL_OPTION: { CONFIRM: 1, NO_ADSPEC: 2, CLEAR_SENDERS: 4, CLEAR_RESERVATIONS: 8 },
  POLICY_OPTION: { PATH: 1, RESV: 2, SIGNALLED_PRIORITY: 4, ANNOUNCE_PRIORITY: 8 },
  EVENT_KIND: { PATH_EVENT: 1, RESV_EVENT: 2, PATH_ERROR: 3, RESV_ERROR: 4, RESV_CONFIRM: 5, CALL_ERROR: 6, DIAGNOSTIC_REPLY: 7 },
  /** Operations of `arithmetic`; engine-as/merge/arithmetic.ts says what each takes and gives. */
  ARITHMETIC: { COMPARE_FLOWSPECS: 1, MERGE_FLOWSPECS: 2, LEAST_UPPER_BOUND: 3, GREATEST_LOWER_BOUND: 4, COMPARE_TSPECS: 5, SUM_TSPECS: 6, MINIMUM_TSPEC: 7, EFFECTIVE_FLOWSPEC: 8, EFFECTIVE_RATE: 9, FLOWSPEC_FROM_TSPEC: 10, WRITE_TSPEC: 11, CREATE_ADSPEC: 12, COMPOSE_ADSPEC: 13, PATH_CHARACTERISTICS: 14, VALIDATE: 15, DELAY_BOUND: 16, RATE_FOR_DELAY: 17, RATE_AFTER_SLACK: 18, BUFFER_SIZE: 19, ATM_OVERHEAD: 20, FLOWSPEC_FOR_DELAY: 21 },
} as const;
