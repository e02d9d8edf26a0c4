/** Reads what the engine's check of a message leaves in memory; engine-as/wire/check.ts describes the layout. */
import type { CheckResult } from "./codec/checker.ts";

/** Word of the result in which each part stands. */
export const CHECK_WORDS = {
  status: 0,
  errorOffset: 1,
  errorClass: 2,
  errorCType: 3,
  checksum: 4,
  count: 5,
  problemCount: 6,
  /** Where the messages inside a Bundle start (RFC 2961 3.2); else the length of the message. */
  messagesOffset: 7,
  /** Two words for each object, then two for each problem. */
  entries: 8,
} as const;

/** The result in `words`, of which it keeps views, of checking `message`. */
export function readCheckResult(words: Uint32Array, message: Uint8Array): CheckResult {
  const count = words[CHECK_WORDS.count], problemCount = words[CHECK_WORDS.problemCount];
  const problems = CHECK_WORDS.entries + 2 * count;
  return {
    bytes: message,
    view: new DataView(message.buffer, message.byteOffset, message.byteLength),
    at: 0,
    status: words[CHECK_WORDS.status],
    errorOffset: words[CHECK_WORDS.errorOffset],
    errorClass: words[CHECK_WORDS.errorClass],
    errorCType: words[CHECK_WORDS.errorCType],
    checksum: words[CHECK_WORDS.checksum],
    count,
    entries: words.subarray(CHECK_WORDS.entries, problems),
    problemCount,
    problems: words.subarray(problems, problems + 2 * problemCount),
    messagesOffset: words[CHECK_WORDS.messagesOffset],
  };
}
