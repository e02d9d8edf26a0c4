/**
 * What the codec asks of the engine: one pass over a message that checks header, checksum, framing, grammar and the
 * structure of each object, and lists the objects. The fields are then read by generated code where the list says.
 */

/** What a check found. The checker may hand out the same object, and the same memory, at every call. */
export interface CheckResult {
  /** STATUS: OK, or the first thing that keeps the message from being taken apart (header or framing). */
  readonly status: number;
  /** Byte of the message that `status` is about. */
  readonly errorOffset: number;
  /** Class of the object that `status` is about; 0 if it is the header. */
  readonly errorClass: number;
  /** C-Type of that object. */
  readonly errorCType: number;
  /** The checksum that the message should carry; never 0, which on the wire means none (RFC 2205 3.1.1). */
  readonly checksum: number;
  /** The checker's own copy of the message, good until the next check: it starts at `at` of `bytes` and of `view`. */
  readonly bytes: Uint8Array;
  /** The same bytes. */
  readonly view: DataView;
  /** Where the message starts in them. */
  readonly at: number;
  /** How many objects there are. */
  readonly count: number;
  /** Two words for each object: its offset, then length << 16 | class << 8 | C-Type. */
  readonly entries: ArrayLike<number>;
  /** Where whole messages begin, in a message that carries them (Bundle, RFC 2961 3.2); else the length. */
  readonly messagesOffset: number;
  /** How many problems there are that leave the message readable: grammar, sizes, unknown classes. */
  readonly problemCount: number;
  /** Two words for each problem: its offset, then STATUS << 16 | class << 8 | C-Type. */
  readonly problems: ArrayLike<number>;
}

/** What a {@linkcode Codec} asks of the engine: {@linkcode CodecEngine} is one. */
export interface MessageChecker {
  /** Checks one message. The result is good until the next check. */
  check(message: Uint8Array): CheckResult;
}
