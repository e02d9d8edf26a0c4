/** Building RSVP messages in plain TypeScript, tuned: one DataView, no allocation, constant words in one store. */
export interface PathFields {
  readonly destination: number;
  readonly destinationPort: number;
  readonly protocol: number;
  readonly sender: number;
  readonly senderPort: number;
  readonly hop: number;
  readonly handle: number;
  readonly refreshMs: number;
  readonly ttl: number;
  /** Bytes per second. */
  readonly rate: number;
  /** Bytes. */
  readonly bucket: number;
  /** Bytes per second. */
  readonly peak: number;
  readonly minimumPoliced: number;
  readonly maximumSize: number;
  readonly hops: number;
  /** Bytes per second. */
  readonly bandwidth: number;
  /** Microseconds. */
  readonly latency: number;
  readonly mtu: number;
}

/** The one's complement sum of RFC 1071, folded; 0xffff over a message whose checksum is right. */
export function plainChecksum(
  view: DataView,
  at: number,
  length: number,
): number {
  let low = 0;
  let high = 0;
  const end = at + length;
  // Two sums of 16-bit halves of 32-bit words: no carry is lost below 2^16 words, and one load serves two additions.
  for (; at + 4 <= end; at += 4) {
    const word = view.getUint32(at);
    low += word & 0xffff;
    high += word >>> 16;
  }
  let sum = low + high;
  sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  sum = (sum & 0xffff) + (sum >>> 16);
  return (sum & 0xffff) + (sum >>> 16);
}

/** Appends objects to a message that starts at an offset of a view. */
export class PlainWriter {
  #view: DataView;
  #start: number;
  #at: number;

  constructor(view: DataView, at: number) {
    this.#view = view;
    this.#start = at;
    this.#at = at;
  }

  /** Starts over at another offset, so that one writer serves for many messages. */
  moveTo(at: number): void {
    this.#start = at;
    this.#at = at;
  }

  get length(): number {
    return this.#at - this.#start;
  }

  begin(type: number, ttl: number): void {
    this.#view.setUint32(this.#at, 0x10000000 | (type << 16));
    this.#view.setUint32(this.#at + 4, ttl << 24);
    this.#at += 8;
  }

  end(): void {
    const start = this.#start;
    this.#view.setUint16(start + 6, this.#at - start);
    this.#view.setUint16(
      start + 2,
      ~plainChecksum(this.#view, start, this.#at - start),
    );
  }

  session(fields: PathFields): void {
    const at = this.#at;
    this.#view.setUint32(at, 0x000c0101);
    this.#view.setUint32(at + 4, fields.destination);
    this.#view.setUint32(
      at + 8,
      (fields.protocol << 24) | fields.destinationPort,
    );
    this.#at = at + 12;
  }

  hop(address: number, handle: number): void {
    const at = this.#at;
    this.#view.setUint32(at, 0x000c0301);
    this.#view.setUint32(at + 4, address);
    this.#view.setUint32(at + 8, handle);
    this.#at = at + 12;
  }

  timeValues(refreshMs: number): void {
    this.#view.setUint32(this.#at, 0x00080501);
    this.#view.setUint32(this.#at + 4, refreshMs);
    this.#at += 8;
  }

  errorSpec(node: number, code: number, value: number): void {
    const at = this.#at;
    this.#view.setUint32(at, 0x000c0601);
    this.#view.setUint32(at + 4, node);
    this.#view.setUint32(at + 8, (code << 16) | value);
    this.#at = at + 12;
  }

  confirm(receiver: number): void {
    this.#view.setUint32(this.#at, 0x00080f01);
    this.#view.setUint32(this.#at + 4, receiver);
    this.#at += 8;
  }

  style(style: number): void {
    this.#view.setUint32(this.#at, 0x00080801);
    this.#view.setUint32(this.#at + 4, style);
    this.#at += 8;
  }

  /** FILTER_SPEC (class 10) or SENDER_TEMPLATE (class 11). */
  filter(classNumber: number, address: number, port: number): void {
    const at = this.#at;
    this.#view.setUint32(at, 0x000c0001 | (classNumber << 8));
    this.#view.setUint32(at + 4, address);
    this.#view.setUint32(at + 8, port);
    this.#at = at + 12;
  }

  #tokenBucket(at: number, fields: PathFields): void {
    this.#view.setUint32(at, 0x7f000005);
    this.#view.setFloat32(at + 4, fields.rate);
    this.#view.setFloat32(at + 8, fields.bucket);
    this.#view.setFloat32(at + 12, fields.peak);
    this.#view.setUint32(at + 16, fields.minimumPoliced);
    this.#view.setUint32(at + 20, fields.maximumSize);
  }

  senderTspec(fields: PathFields): void {
    const at = this.#at;
    this.#view.setUint32(at, 0x00240c02);
    this.#view.setUint32(at + 4, 7);
    this.#view.setUint32(at + 8, 0x01000006);
    this.#tokenBucket(at + 12, fields);
    this.#at = at + 36;
  }

  flowspec(fields: PathFields, guaranteed: boolean): void {
    const at = this.#at;
    const length = guaranteed ? 48 : 36;
    this.#view.setUint32(at, (length << 16) | 0x0902);
    this.#view.setUint32(at + 4, guaranteed ? 10 : 7);
    this.#view.setUint32(at + 8, guaranteed ? 0x02000009 : 0x05000006);
    this.#tokenBucket(at + 12, fields);
    if (guaranteed) {
      this.#view.setUint32(at + 36, 0x82000002);
      this.#view.setFloat32(at + 40, fields.rate * 1.5);
      this.#view.setUint32(at + 44, 0);
    }
    this.#at = at + length;
  }

  adspec(fields: PathFields): void {
    const view = this.#view;
    const at = this.#at;
    view.setUint32(at, 0x00540d02);
    view.setUint32(at + 4, 19);
    view.setUint32(at + 8, 0x01000008);
    view.setUint32(at + 12, 0x04000001);
    view.setUint32(at + 16, fields.hops);
    view.setUint32(at + 20, 0x06000001);
    view.setFloat32(at + 24, fields.bandwidth);
    view.setUint32(at + 28, 0x08000001);
    view.setUint32(at + 32, fields.latency);
    view.setUint32(at + 36, 0x0a000001);
    view.setUint32(at + 40, fields.mtu);
    view.setUint32(at + 44, 0x02000008);
    for (let i = 0; i < 4; i++) {
      view.setUint32(at + 48 + 8 * i, (0x85000001 + (i << 24)) >>> 0);
      view.setUint32(at + 52 + 8 * i, 1000 + fields.hops);
    }
    view.setUint32(at + 80, 0x05000000);
    this.#at = at + 84;
  }
}

/** A PATH of seven objects. */
export function writePath(writer: PlainWriter, fields: PathFields): void {
  writer.begin(1, fields.ttl);
  writer.session(fields);
  writer.hop(fields.hop, fields.handle);
  writer.timeValues(fields.refreshMs);
  writer.filter(11, fields.sender, fields.senderPort);
  writer.senderTspec(fields);
  writer.adspec(fields);
  writer.end();
}
