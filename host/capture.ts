/**
 * Capture files (pcap, pcapng) as a stream of bytes in and RSVP messages out. The engine finds the messages
 * (engine-as/capture/reader.ts has the layouts that are read here); this hands it the bytes and says what it found.
 * Memory does not grow with the file.
 */
import { formatAddress } from "./address.ts";
import { UDP_ENCAPSULATION_PORT, UDP_ENCAPSULATION_PORT_ALTERNATE } from "./boundary.gen.ts";

/** An engine that is lent for reading one capture (host/capture_engine.ts). */
export interface CapturePort {
  /** Room for so many bytes in the engine's memory, until the port is given up. @throws {RangeError} if there is none. */
  room(bytes: number): number;
  /** The engine's memory as it is now; good until the next call. */
  bytes(): Uint8Array;
  captureStateBytes(): number;
  captureBegin(state: number, mode: number): void;
  captureRead(state: number, chunk: number, length: number, output: number, capacity: number): number;
  captureEnd(state: number, left: number): number;
}

/** How a message got into the capture. */
export const CAPTURE_FLAG = {
  ROUTER_ALERT: 1,
  TRUNCATED: 2,
  BAD_IP_CHECKSUM: 4,
  REASSEMBLED: 8,
  TUNNELLED: 16,
  QUOTED: 32,
  MPLS: 64,
} as const;

/** An RSVP message of a capture, as bytes. */
export interface CapturedMessage {
  /** Number of the frame in the file, from 1. */
  frame: number;
  /** Seconds since 1970; 0 where the file has no time. */
  seconds: number;
  nanoseconds: number;
  /** Bits of CAPTURE_FLAG. */
  flags: number;
  source: string;
  destination: string;
  /** 4 or 6. */
  family: number;
  /** IP TTL or hop limit. */
  ttl: number;
  /** Destination port of UDP encapsulation (RFC 2205 appendix C), 0 for raw IP. */
  udpPort: number;
  /** Number of the link type (LINKTYPE_...) of its frame. */
  linkType: number;
  /** Bytes of the message that were not captured. */
  missingBytes: number;
  /** The RSVP message. */
  payload: Uint8Array;
}

/** Why a capture file ended, or could not be read on. */
export type CaptureStatus = "OK" | "NOT_A_CAPTURE" | "CUT_HEADER" | "CUT_RECORD" | "BAD_RECORD";

const STATUSES: readonly (CaptureStatus | "OUTPUT_FULL")[] = [
  "OK",
  "NOT_A_CAPTURE",
  "CUT_HEADER",
  "CUT_RECORD",
  "BAD_RECORD",
  "OUTPUT_FULL",
];
const MODES = { packets: 0, text: 1 } as const;

/** Words of the engine's CaptureState. */
const WORD = { consumed: 1, written: 2, frames: 3, messages: 4, unknownLinkFrames: 5, fragments: 6 } as const;
const FILE_OFFSET_AT = 40;

/** The longest record that the engine takes, and room to read behind it. */
const CHUNK_BYTES = 1 << 20;
const OUTPUT_BYTES = 2 << 20;
const PAYLOAD_AT = 80;

/** Reads one capture. `packets` gives records for {@linkcode readCaptured}, `text` gives lines of NDJSON. */
export class CaptureReader {
  #port: CapturePort;
  #state: number;
  #chunk: number;
  #output: number;
  /** Bytes of an unfinished record at the start of the chunk. */
  #held = 0;
  #failed: CaptureStatus | undefined;

  constructor(port: CapturePort, mode: keyof typeof MODES) {
    this.#port = port;
    const stateBytes = (port.captureStateBytes() + 15) & ~15;
    this.#state = port.room(stateBytes + CHUNK_BYTES + OUTPUT_BYTES);
    this.#chunk = this.#state + stateBytes;
    this.#output = this.#chunk + CHUNK_BYTES;
    port.captureBegin(this.#state, MODES[mode]);
  }

  /**
   * Reads on. `take` gets what was found, a view that is good during the call only. False if the file cannot be read
   * any further; `end` then says why.
   */
  feed(bytes: Uint8Array, take: (found: Uint8Array) => void): boolean {
    for (let at = 0; at < bytes.length && this.#failed === undefined;) {
      const part = bytes.subarray(at, at + CHUNK_BYTES - this.#held);
      this.#port.bytes().set(part, this.#chunk + this.#held);
      this.#held += part.length;
      at += part.length;
      this.#read(take);
    }
    return this.#failed === undefined;
  }

  /** What is to be said of the file once all of it was fed. */
  end(): { status: CaptureStatus; offset: number; frames: number; messages: number; unknownLinkFrames: number } {
    const status = this.#failed ?? STATUSES[this.#port.captureEnd(this.#state, this.#held)] as CaptureStatus;
    const bytes = this.#port.bytes();
    const view = new DataView(bytes.buffer, bytes.byteOffset + this.#state, FILE_OFFSET_AT + 8);
    return {
      status,
      offset: view.getFloat64(FILE_OFFSET_AT, true),
      frames: view.getUint32(WORD.frames * 4, true),
      messages: view.getUint32(WORD.messages * 4, true),
      unknownLinkFrames: view.getUint32(WORD.unknownLinkFrames * 4, true),
    };
  }

  #read(take: (found: Uint8Array) => void): void {
    for (;;) {
      const result = this.#port.captureRead(this.#state, this.#chunk, this.#held, this.#output, OUTPUT_BYTES);
      const status = STATUSES[result];
      const bytes = this.#port.bytes();
      const words = new Uint32Array(bytes.buffer, bytes.byteOffset + this.#state, WORD.fragments + 1);
      const consumed = words[WORD.consumed], written = words[WORD.written];
      bytes.copyWithin(this.#chunk, this.#chunk + consumed, this.#chunk + this.#held);
      this.#held -= consumed;
      if (written > 0) take(bytes.subarray(this.#output, this.#output + written));
      if (status === "OUTPUT_FULL" && (consumed > 0 || written > 0)) continue;
      if (status === "OK" && this.#held < CHUNK_BYTES) return;
      // A record that fills the whole chunk, or a message that no output could hold, would be our own fault; end the file.
      this.#failed = status === "OK" || status === "OUTPUT_FULL" ? "BAD_RECORD" : status;
      return;
    }
  }
}

/** The messages in what a reader in mode `packets` found; payloads are copied. */
export function* readCaptured(found: Uint8Array): Generator<CapturedMessage, void, void> {
  const view = new DataView(found.buffer, found.byteOffset, found.byteLength);
  for (let at = 0; at < found.length; at += view.getUint32(at, true)) {
    const family = view.getUint8(at + 64);
    const payloadBytes = view.getUint32(at + 4, true);
    yield {
      frame: view.getUint32(at + 8, true),
      seconds: view.getFloat64(at + 16, true),
      nanoseconds: view.getUint32(at + 24, true),
      flags: view.getUint32(at + 28, true),
      source: formatAddress(found.subarray(at + 32, at + 48), family),
      destination: formatAddress(found.subarray(at + 48, at + 64), family),
      family,
      ttl: view.getUint8(at + 65),
      udpPort: [0, UDP_ENCAPSULATION_PORT, UDP_ENCAPSULATION_PORT_ALTERNATE][view.getUint8(at + 66)] ?? 0,
      linkType: view.getUint32(at + 68, true),
      missingBytes: view.getUint32(at + 72, true),
      payload: found.slice(at + PAYLOAD_AT, at + PAYLOAD_AT + payloadBytes),
    };
  }
}
