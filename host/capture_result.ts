/** Reads what the engine's capture reader leaves in memory; engine-as/capture/state.ts and reader.ts describe it. */

/** What `captureRead` and `captureEnd` return. */
export const CAPTURE_STATUS = {
  OK: 0,
  NOT_A_CAPTURE: 1,
  CUT_HEADER: 2,
  CUT_RECORD: 3,
  BAD_RECORD: 4,
  OUTPUT_FULL: 5,
} as const;

/** Words for a user; the place in the file is to be added. */
export const CAPTURE_STATUS_TEXT: Readonly<Record<number, string>> = {
  1: "is not a capture file (pcap or pcapng)",
  2: "ends inside the capture file header",
  3: "ends inside a record",
  4: "has a record whose lengths cannot be right",
  5: "has a message whose text exceeds the output",
};

/** What `captureBegin` is asked for. */
export const CAPTURE_MODE = { PACKETS: 0, TEXT: 1, COUNT: 2 } as const;

/** Bits of a packet's `flags`. */
export const PACKET_FLAG = {
  ROUTER_ALERT: 1,
  TRUNCATED: 2,
  BAD_IP_CHECKSUM: 4,
  REASSEMBLED: 8,
  TUNNELLED: 16,
  QUOTED: 32,
  MPLS: 64,
} as const;

/** Bytes that a chunk must have room for, or a record may never fit. */
export const MINIMUM_CHUNK_BYTES = 262144 + 4096;
/** Bytes of output that hold the text of any message, but for the most contrived; grow on OUTPUT_FULL with nothing written. */
export const TEXT_OUTPUT_BYTES = 4 << 20;

/** The state's first fields, after a call. */
export interface CaptureProgress {
  status: number;
  /** Bytes of the chunk that are done with. */
  consumed: number;
  /** Bytes of output. */
  written: number;
  frames: number;
  messages: number;
  /** Frames of link types that are not known. */
  unknownLinkFrames: number;
  fragments: number;
  /** In COUNT: messages that are broken or not of IPv4. */
  undecoded: number;
  /** In COUNT: a sum over fields. */
  digest: number;
  linkType: number;
  /** Where in the file the next record starts, or the one that `status` is about. */
  fileOffset: number;
}

/** Reads the progress; `view` starts at the state. */
export function readCaptureProgress(view: DataView): CaptureProgress {
  const word = (index: number) => view.getUint32(4 * index, true);
  return {
    status: word(0),
    consumed: word(1),
    written: word(2),
    frames: word(3),
    messages: word(4),
    unknownLinkFrames: word(5),
    fragments: word(6),
    undecoded: word(7),
    digest: word(8),
    linkType: word(9),
    fileOffset: view.getFloat64(40, true),
  };
}

/** One RSVP message found in a capture. */
export interface CapturedPacket {
  /** Number of the frame, from 1; of the last one where it was reassembled. */
  frame: number;
  /** Seconds since 1970, and nanoseconds. */
  seconds: number;
  nanoseconds: number;
  /** `PACKET_FLAG` bits. */
  flags: number;
  /** 4 bytes or 16. */
  source: Uint8Array;
  destination: Uint8Array;
  ttl: number;
  /** ENCAPSULATION of the boundary. */
  encapsulation: number;
  linkType: number;
  /** Bytes of the message that the capture does not have. */
  missing: number;
  payload: Uint8Array;
}

/** Reads the records of mode PACKETS; what is returned are views of `bytes`. */
export function* readCapturedPackets(bytes: Uint8Array): Generator<CapturedPacket> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += view.getUint32(at, true)) {
    const size = bytes[at + 64] === 4 ? 4 : 16;
    yield {
      frame: view.getUint32(at + 8, true),
      seconds: view.getFloat64(at + 16, true),
      nanoseconds: view.getUint32(at + 24, true),
      flags: view.getUint32(at + 28, true),
      source: bytes.subarray(at + 32, at + 32 + size),
      destination: bytes.subarray(at + 48, at + 48 + size),
      ttl: bytes[at + 65],
      encapsulation: bytes[at + 66],
      linkType: view.getUint32(at + 68, true),
      missing: view.getUint32(at + 72, true),
      payload: bytes.subarray(at + 80, at + 80 + view.getUint32(at + 4, true)),
    };
  }
}
