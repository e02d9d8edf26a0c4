/**
 * Seeded traffic for the benchmarks: always the same bytes. Of 100 messages 60 are Path, 35 Resv (FF, SE and WF, half of
 * them guaranteed service, some with RESV_CONFIRM) and 5 tears, errors and confirmations, all valid, as IPv4 packets
 * with their checksums, Router Alert where RFC 2205 wants it.
 */
import { type PathFields, plainChecksum, PlainWriter, writePath } from "./plain/builder.ts";

/** Packets one after the other, and where each one and its message start. */
export interface Traffic {
  readonly count: number;
  /** All packets: { length u32 in little-endian order, packet padded to a multiple of four } each. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Offset of each packet's first byte, after its length. */
  readonly packets: Uint32Array;
  readonly packetLengths: Uint32Array;
  /** Offset of each RSVP message, after its IP header. */
  readonly messages: Uint32Array;
  readonly messageLengths: Uint32Array;
}

/** Marsaglia's xorshift32: small, and the same in any language. */
export function xorshift(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>>= 0;
  };
}

const FF = 0x0a, SE = 0x12, WF = 0x11;

interface Flow extends PathFields {
  readonly nextHop: number;
}

function flowOf(session: number): Flow {
  const mixed = Math.imul(session, 2654435761) >>> 0;
  const rate = 1000 * (1 + (mixed & 1023));
  return {
    destination: (0x0a000000 | (mixed & 0xffffff)) >>> 0,
    destinationPort: 1024 + (mixed >>> 17),
    protocol: 17,
    sender: (0xc6120000 | ((mixed >>> 5) & 0x1ffff)) >>> 0,
    senderPort: 5000 + (mixed & 0xfff),
    hop: (0xc0000200 | (session & 0xff)) >>> 0,
    nextHop: (0xcb007100 | (session & 0xff)) >>> 0,
    handle: session & 15,
    refreshMs: 30_000,
    ttl: 63,
    rate,
    bucket: rate * 0.4,
    peak: rate * 2,
    minimumPoliced: 64,
    maximumSize: 1500,
    hops: 1 + (session & 7),
    bandwidth: 1.25e8,
    latency: 100 + (session & 255),
    mtu: 1500,
  };
}

function writeResv(
  writer: PlainWriter,
  type: number,
  flow: Flow,
  random: () => number,
  confirm: boolean,
): void {
  const error = type === 4 || type === 7;
  writer.begin(type, 63);
  writer.session(flow);
  if (type !== 7) writer.hop(type === 4 ? flow.hop : flow.nextHop, flow.handle);
  if (type === 2) writer.timeValues(flow.refreshMs);
  if (error) {
    writer.errorSpec(flow.nextHop, type === 4 ? 1 : 0, type === 4 ? 2 : 0);
  }
  if (confirm || type === 7) writer.confirm(flow.destination);
  const pick = random() % 100;
  const style = pick < 60 ? FF : pick < 85 ? SE : WF;
  writer.style(style);
  writer.flowspec(flow, (random() & 1) === 1);
  if (style !== WF) writer.filter(10, flow.sender, flow.senderPort);
  if (style === SE) writer.filter(10, flow.sender + 1, flow.senderPort);
  writer.end();
}

function writeOther(
  writer: PlainWriter,
  flow: Flow,
  random: () => number,
): void {
  const type = [5, 6, 3, 4, 7][random() % 5];
  if (type === 4 || type === 6 || type === 7) {
    return writeResv(writer, type, flow, random, false);
  }
  writer.begin(type, 63);
  writer.session(flow);
  if (type === 5) writer.hop(flow.hop, flow.handle);
  else writer.errorSpec(flow.nextHop, 24, 0);
  writer.filter(11, flow.sender, flow.senderPort);
  writer.senderTspec(flow);
  writer.end();
}

/** RFC 791, with the Router Alert option of RFC 2113 where the header is 24 bytes long. */
function writeIpHeader(
  view: DataView,
  at: number,
  headerLength: number,
  flow: Flow,
  messageLength: number,
): void {
  view.setUint32(
    at,
    0x40c00000 + (headerLength << 22) + headerLength + messageLength,
  );
  view.setUint32(at + 4, 0);
  view.setUint32(at + 8, 0x3f2e0000);
  view.setUint32(at + 12, headerLength === 24 ? flow.sender : flow.nextHop);
  view.setUint32(at + 16, headerLength === 24 ? flow.destination : flow.hop);
  if (headerLength === 24) view.setUint32(at + 20, 0x94040000);
  view.setUint16(at + 10, ~plainChecksum(view, at, headerLength));
}

/** Makes `count` packets over `count / 5` sessions. */
export function makeTraffic(count: number, seed = 2205): Traffic {
  const random = xorshift(seed);
  const sessions = Math.max(1, Math.floor(count / 5));
  const out = new Uint8Array(count * 320);
  const view = new DataView(out.buffer);
  const [packets, packetLengths, messages, messageLengths] = [0, 1, 2, 3].map(
    () => new Uint32Array(count),
  );
  let at = 0;
  for (let i = 0; i < count; i++) {
    const flow = flowOf(random() % sessions);
    const kind = random() % 100;
    // A Resv has no Router Alert; among the others those that need it are not told apart: it is four bytes.
    const headerLength = kind < 60 || kind >= 95 ? 24 : 20;
    const writer = new PlainWriter(view, at + 4 + headerLength);
    if (kind < 60) writePath(writer, flow);
    else if (kind < 95) writeResv(writer, 2, flow, random, random() % 10 === 0);
    else writeOther(writer, flow, random);
    packets[i] = at + 4;
    packetLengths[i] = headerLength + writer.length;
    messages[i] = at + 4 + headerLength;
    messageLengths[i] = writer.length;
    writeIpHeader(view, at + 4, headerLength, flow, writer.length);
    view.setUint32(at, packetLengths[i], true);
    at += 4 + ((packetLengths[i] + 3) & ~3);
  }
  return {
    count,
    bytes: out.slice(0, at),
    packets,
    packetLengths,
    messages,
    messageLengths,
  };
}

/** Fields of the PATH that the build benchmarks write. */
export const BUILT_PATH: PathFields = { ...flowOf(7), destinationPort: 5004 };
