// What a capture reader remembers between chunks. It lies where the host put it (a workspace of a codec engine) and has
// a fixed size: reading a capture of any length takes constant memory.
//
// The fields up to `fileOffset` are the host's: host/capture_result.ts names their offsets, and a test compares the two.

import { CHECK_RESULT_BYTES } from "../wire/check";
import { TEXT_CACHE_BYTES } from "../wire/text_cache";

export const CAPTURE_OK: u32 = 0;
// The first bytes are of no capture format that we know.
export const CAPTURE_NOT_A_CAPTURE: u32 = 1;
// The file ends inside its header.
export const CAPTURE_CUT_HEADER: u32 = 2;
// The file ends inside a record.
export const CAPTURE_CUT_RECORD: u32 = 3;
// A record's lengths contradict each other or exceed MAXIMUM_CAPTURE_RECORD_BYTES.
export const CAPTURE_BAD_RECORD: u32 = 4;
// The output has no room for the next message: take what is there and call again.
export const CAPTURE_OUTPUT_FULL: u32 = 5;

// How a message got here; `flags` of a packet.
export const PACKET_ROUTER_ALERT: u32 = 1;
export const PACKET_TRUNCATED: u32 = 2;
export const PACKET_BAD_IP_CHECKSUM: u32 = 4;
export const PACKET_REASSEMBLED: u32 = 8;
export const PACKET_TUNNELLED: u32 = 16;
// Quoted in an ICMP error, so an old message that was not delivered.
export const PACKET_QUOTED: u32 = 32;
export const PACKET_MPLS: u32 = 64;

export const FORMAT_NONE: u32 = 0;
export const FORMAT_PCAP: u32 = 1;
export const FORMAT_PCAPNG: u32 = 2;

// pcapng interfaces kept per section; packets of later ones are counted as of unknown link type.
export const MAXIMUM_INTERFACES: u32 = 64;

@unmanaged
export class CaptureState {
  // Result of the last call: a CAPTURE status, bytes of the chunk consumed, bytes written to the output.
  status: u32;
  consumed: u32;
  written: u32;
  // Since the start: frames, RSVP messages, frames of link types that are not known, fragments waiting or lost.
  frames: u32;
  messages: u32;
  unknownLinkFrames: u32;
  fragments: u32;
  // Messages that the bulk decoder could not take whole.
  undecoded: u32;
  // A sum over decoded fields, so that two runs can be compared.
  digest: u32;
  // The link type of the last frame.
  linkType: u32;
  // Where in the file the next record starts, or the record that `status` is about.
  fileOffset: f64;

  // Framing.
  mode: u32;
  format: u32;
  swapped: u32;
  recordHeaderBytes: u32;
  // Fractions of a second in one second.
  ticksPerSecond: u64;
  // Bytes of an uninteresting block that are still to come.
  skip: u32;
  interfaceCount: u32;

  // The frame at hand.
  frame: usize;
  frameBytes: u32;
  frameOriginalBytes: u32;
  seconds: u64;
  nanoseconds: u32;

  // The RSVP message found in it.
  payload: usize;
  payloadBytes: u32;
  flags: u32;
  family: u32;
  ttl: u32;
  encapsulation: u32;
  source: u64;
  sourceRest: u64;
  destination: u64;
  destinationRest: u64;

  // For reassembly: counts up with every fragment; the buffer that was completed last.
  fragmentClock: u32;
  completed: usize;
}

// pcapng interfaces: ticks per second, link type, snapshot length.
export const INTERFACE_BYTES: usize = 16;
export const INTERFACES: usize = (offsetof<CaptureState>() + 15) & ~15;

// Fragments (capture/fragments.ts): so many datagrams at once, each with its bytes and one bit for every eight of them.
export const REASSEMBLIES: u32 = 8;
export const REASSEMBLY_DATA: usize = 64;
export const REASSEMBLY_MAP: usize = REASSEMBLY_DATA + 65536;
export const REASSEMBLY_BYTES: usize = REASSEMBLY_MAP + 1024;
export const REASSEMBLY: usize = INTERFACES + <usize> MAXIMUM_INTERFACES * INTERFACE_BYTES;

// The record of the bulk decoder.
export const RECORD: usize = REASSEMBLY + <usize> REASSEMBLIES * REASSEMBLY_BYTES;
// Room for the check of one message.
export const CHECK_RESULT: usize = RECORD + 512;
// Texts of objects written lately.
export const TEXT_CACHE: usize = (CHECK_RESULT + CHECK_RESULT_BYTES + 15) & ~15;
export const CAPTURE_STATE_BYTES: usize = TEXT_CACHE + TEXT_CACHE_BYTES;
