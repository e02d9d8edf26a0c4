/** Every limit of the signalling service, with the reason for each. */

/** The versions of the protocol that this host speaks, best first (docs/service.md). */
export const PROTOCOL_VERSIONS: readonly number[] = [1];

/** The longest line from a client: a call with all the objects that the engine's inbox takes (68 KB), in base64. */
export const MAXIMUM_REQUEST_BYTES = 100_000;
/** The longest line to a client: one page of a table (68 KB, in base64), or the rows of a small one decoded. */
export const MAXIMUM_ANSWER_BYTES = 4_000_000;
/** Connections at a time. */
export const MAXIMUM_CLIENTS = 1_000;
/** Registrations of one client. The engine's memory limit stands behind it. */
export const MAXIMUM_SESSIONS_PER_CLIENT = 20_000;
/** Groups that one client listens to: the kernel's own limit is for the whole of a socket's memberships. */
export const MAXIMUM_GROUPS_PER_CLIENT = 1_000;
/** Questions of one client that are being worked on. */
export const MAXIMUM_REQUESTS_AT_ONCE = 1_000;
/** What a client has not read; who does not read events for so long is cut off, lest the service's memory go. */
export const MAXIMUM_UNREAD_BYTES = 8_000_000;
/** Unread bytes below which a long answer (a table in pages, a trace) goes on. */
export const UNREAD_BYTES_TO_GO_ON = 300_000;
/** Requests that were answered with BAD_REQUEST before a client is taken to be broken and is cut off. */
export const MAXIMUM_MISTAKES = 100;
/** A client that has not said hello by then is cut off. */
export const HELLO_TIMEOUT_MS = 10_000;
/** Bytes read at a time: what a client may keep the node from its other work with, in one turn of the event loop. */
export const READ_CHUNK_BYTES = 16_384;

/** The first pause of a client whose service has gone, and the longest; each is twice the one before, give or take half. */
export const RECONNECT_FIRST_MS = 20;
/** See RECONNECT_FIRST_MS. */
export const RECONNECT_LONGEST_MS = 2_000;
