/**
 * What `resv send` puts into each packet so that `resv receive` can count: which run it is of, its number, when it left.
 * Numbers are in network order: u32 mark, u32 run, u32 number, u32 flags, f64 time in milliseconds since 1970. Over TCP
 * each packet is a record with its length (u32, this word included) before it.
 */

/** "resv" in ASCII. */
const MARK = 0x72657376;
/** Bytes of a packet before its filling. */
export const FRAME_BYTES = 24;
/** Bytes before a record of TCP. */
export const RECORD_BYTES = 4;
/** Longest record that is read, so that rubbish makes nobody wait for gigabytes. */
export const LONGEST_RECORD_BYTES = 1 << 20;
const LAST = 1;

/** A packet's content. */
export interface Frame {
  /** Random, the same for all packets of a run. */
  run: number;
  /** From 0. */
  number: number;
  /** The run is over: `number` is how many packets it had. */
  last: boolean;
  /** When it left. */
  sentMs: number;
}

/** Milliseconds since 1970, finer than one. */
export function wallClockMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Writes the head of a packet; the rest of `packet` is filling. */
export function writeFrame(packet: DataView, { run, number, last, sentMs }: Frame): void {
  packet.setUint32(0, MARK);
  packet.setUint32(4, run);
  packet.setUint32(8, number);
  packet.setUint32(12, last ? LAST : 0);
  packet.setFloat64(16, sentMs);
}

/** Reads one; undefined for a packet of somebody else. */
export function readFrame(packet: Uint8Array): Frame | undefined {
  if (packet.length < FRAME_BYTES) return undefined;
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  if (view.getUint32(0) !== MARK) return undefined;
  return {
    run: view.getUint32(4),
    number: view.getUint32(8),
    last: (view.getUint32(12) & LAST) !== 0,
    sentMs: view.getFloat64(16),
  };
}

/** Takes records out of a stream of bytes that comes in pieces. */
export class RecordReader {
  #rest = new Uint8Array(0);

  /** Every record that is whole now, without its length. @throws {RangeError} for a length that cannot be. */
  *push(piece: Uint8Array): Generator<Uint8Array> {
    const bytes = new Uint8Array(this.#rest.length + piece.length);
    bytes.set(this.#rest);
    bytes.set(piece, this.#rest.length);
    const view = new DataView(bytes.buffer);
    let at = 0;
    while (at + RECORD_BYTES <= bytes.length) {
      const length = view.getUint32(at);
      if (length < RECORD_BYTES || length > LONGEST_RECORD_BYTES) throw new RangeError("not what resv send sends");
      if (at + length > bytes.length) break;
      yield bytes.subarray(at + RECORD_BYTES, at + length);
      at += length;
    }
    this.#rest = bytes.slice(at);
  }
}
