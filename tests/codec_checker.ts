/**
 * A checker in TypeScript, so that the codec's own tests need no engine: header, framing and checksum only. It stands in
 * for the engine's `check`, which tests/codec_engine.test.ts compares it with; nothing but tests may use it.
 */
import type { CheckResult, MessageChecker } from "../host/codec/checker.ts";
import { STATUS } from "../host/boundary.gen.ts";

/** The checksum that the message should carry (RFC 2205 3.1.1, RFC 1071). */
export function expectedChecksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) if (at !== 2) sum += bytes[at] << 8 | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return (~sum & 0xffff) || 0xffff;
}

function failure(status: number, offset: number, number = 0, ctype = 0): CheckResult {
  return {
    status,
    errorOffset: offset,
    errorClass: number,
    errorCType: ctype,
    checksum: 0,
    bytes: new Uint8Array(0),
    view: new DataView(new ArrayBuffer(0)),
    at: 0,
    count: 0,
    entries: [],
    messagesOffset: 0,
    problemCount: 0,
    problems: [],
  };
}

export class StandInChecker implements MessageChecker {
  check(bytes: Uint8Array): CheckResult {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const checksum = bytes.length < 8 ? 0 : expectedChecksum(bytes);
    if (bytes.length < 8) return failure(STATUS.TRUNCATED, bytes.length);
    if (bytes[0] >> 4 !== 1) return { ...failure(STATUS.BAD_VERSION, 0), checksum };
    if (view.getUint16(6) !== bytes.length) return { ...failure(STATUS.BAD_LENGTH, 6), checksum };
    const entries: number[] = [];
    // A message begins with version 1; an object of a Bundle would have to be 4,096 bytes long to begin like it.
    const bundle = bytes[1] === 12;
    let at = 8;
    while (at < bytes.length && !(bundle && bytes[at] >> 4 === 1)) {
      const left = bytes.length - at;
      if (left < 4) return { ...failure(STATUS.OBJECT_OVERRUN, at), checksum };
      const length = view.getUint16(at);
      if (length < 4 || length % 4 !== 0) {
        return { ...failure(STATUS.OBJECT_LENGTH, at, bytes[at + 2], bytes[at + 3]), checksum };
      }
      if (length > left) return { ...failure(STATUS.OBJECT_OVERRUN, at, bytes[at + 2], bytes[at + 3]), checksum };
      entries.push(at, (length << 16 | bytes[at + 2] << 8 | bytes[at + 3]) >>> 0);
      at += length;
    }
    return {
      ...failure(STATUS.OK, 0),
      bytes,
      view,
      checksum,
      count: entries.length / 2,
      entries,
      messagesOffset: at,
    };
  }
}
