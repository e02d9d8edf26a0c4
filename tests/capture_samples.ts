/** Frames and capture files for tests, put together byte by byte. */
import { hex, internetChecksum } from "./wire_samples.ts";

export type Bytes = Uint8Array;
export const join = (...parts: (Bytes | number[])[]): Bytes => new Uint8Array(parts.flatMap((part) => [...part]));
const be16 = (value: number) => [value >> 8 & 255, value & 255];

export interface Ipv4Options {
  protocol?: number;
  source?: string;
  destination?: string;
  ttl?: number;
  options?: Bytes;
  identification?: number;
  /** Offset in bytes, and whether more fragments follow. */
  fragment?: [offset: number, more: boolean];
}

export function ipv4(payload: Bytes, o: Ipv4Options = {}): Bytes {
  const options = o.options ?? new Uint8Array(0);
  const [offset, more] = o.fragment ?? [0, false];
  const header = join(
    [0x40 | (20 + options.length) / 4, 0xc0],
    be16(20 + options.length + payload.length),
    be16(o.identification ?? 1),
    be16(offset / 8 | (more ? 0x2000 : 0)),
    [o.ttl ?? 63, o.protocol ?? 46, 0, 0],
    hex(o.source ?? "c000020a"),
    hex(o.destination ?? "c0000214"),
    options,
  );
  const sum = internetChecksum(header);
  header.set(be16(sum), 10);
  return join(header, payload);
}

export const SOURCE6 = "20010db800000000000000000000000a";
export const DESTINATION6 = "20010db8000000000000000000000014";

/** `next` is the first next-header value; `payload` starts with that header. */
export function ipv6(payload: Bytes, next = 46, hops = 62): Bytes {
  return join([0x60, 0, 0, 0], be16(payload.length), [next, hops], hex(SOURCE6), hex(DESTINATION6), payload);
}

export const udp = (payload: Bytes, port = 1698) =>
  join(be16(40000), be16(port), be16(payload.length + 8), [0, 0], payload);

export const ethernet = (type: number, payload: Bytes) => join(hex("020000000001020000000002"), be16(type), payload);

export interface FileOptions {
  bigEndian?: boolean;
  nanoseconds?: boolean;
  modified?: boolean;
  link?: number;
}

function writer(bigEndian: boolean) {
  return {
    u32: (value: number) => {
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setUint32(0, value, !bigEndian);
      return bytes;
    },
    u16: (value: number) => {
      const bytes = new Uint8Array(2);
      new DataView(bytes.buffer).setUint16(0, value, !bigEndian);
      return bytes;
    },
  };
}

/** A pcap file; frames come at 1,700,000,000 seconds and their number times 1,000 fractions. */
export function pcap(frames: readonly Bytes[], o: FileOptions = {}): Bytes {
  const { u32, u16 } = writer(o.bigEndian ?? false);
  const magic = o.modified ? 0xa1b2cd34 : o.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4;
  const records = frames.map((frame, index) =>
    join(
      u32(1700000000),
      u32(1000 * (index + 1)),
      u32(frame.length),
      u32(frame.length),
      o.modified ? new Uint8Array(8) : [],
      frame,
    )
  );
  return join(u32(magic), u16(2), u16(4), u32(0), u32(0), u32(65535), u32(o.link ?? 1), ...records);
}

export function pcapngBlock(type: number, body: Bytes, bigEndian = false): Bytes {
  const { u32 } = writer(bigEndian);
  const padded = join(body, new Uint8Array(-body.length & 3));
  return join(u32(type), u32(padded.length + 12), padded, u32(padded.length + 12));
}

export const sectionHeader = (bigEndian = false) => {
  const { u32, u16 } = writer(bigEndian);
  return pcapngBlock(0x0a0d0d0a, join(u32(0x1a2b3c4d), u16(1), u16(0), u32(0xffffffff), u32(0xffffffff)), bigEndian);
};

/** `resolution` is if_tsresol. */
export const interfaceBlock = (link: number, resolution?: number, bigEndian = false) => {
  const { u32, u16 } = writer(bigEndian);
  const option = resolution === undefined ? [] : join(u16(9), u16(1), [resolution, 0, 0, 0], u16(0), u16(0));
  return pcapngBlock(1, join(u16(link), u16(0), u32(0), option), bigEndian);
};

export const packetBlock = (id: number, frame: Bytes, high: number, low: number, bigEndian = false) => {
  const { u32 } = writer(bigEndian);
  return pcapngBlock(6, join(u32(id), u32(high), u32(low), u32(frame.length), u32(frame.length), frame), bigEndian);
};

export const simpleBlock = (frame: Bytes) => {
  const { u32 } = writer(false);
  return pcapngBlock(3, join(u32(frame.length), frame));
};
