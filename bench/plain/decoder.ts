/**
 * Decoding RSVP in plain TypeScript, tuned: one DataView, one object of numbers that is filled again for each message,
 * no allocation. It does what bench/limit/limit.c does: checksum, lengths, all objects, all fields.
 */
import { plainChecksum } from "./builder.ts";

/** RFC 2205 3.1.3 to 3.1.8: bits of the classes that each message type must carry. */
const REQUIRED = [
  [],
  [1, 3, 5, 11, 12],
  [1, 3, 5, 8, 9],
  [1, 6, 11, 12],
  [1, 3, 6, 8],
  [1, 3, 11],
  [1, 3, 8],
  [
    1,
    6,
    15,
    8,
  ],
]
  .map((classes) => classes.reduce((bits, classNumber) => bits | (1 << classNumber), 0));

const MAXIMUM_SENDERS = 8;

/** Fields of the message decoded last. What it does not carry keeps its value; `seen` says what it carries. */
export class PlainDecoder {
  ipSource = 0;
  ipDestination = 0;
  type = 0;
  flags = 0;
  ttl = 0;
  /** Bit n: class n occurs. */
  seen = 0;
  destination = 0;
  protocol = 0;
  sessionFlags = 0;
  destinationPort = 0;
  hop = 0;
  handle = 0;
  refreshMs = 0;
  errorNode = 0;
  errorFlags = 0;
  errorCode = 0;
  errorValue = 0;
  style = 0;
  confirm = 0;
  senderCount = 0;
  readonly senders: number[] = new Array(MAXIMUM_SENDERS).fill(0);
  readonly senderPorts: number[] = new Array(MAXIMUM_SENDERS).fill(0);
  readonly tspec = new PlainTokenBucket();
  readonly flowspec = new PlainTokenBucket();
  service = 0;
  guaranteedRate = 0;
  slack = 0;
  breakBit = 0;
  hops = 0;
  bandwidth = 0;
  latency = 0;
  mtu = 0;
  readonly guaranteed: number[] = [0, 0, 0, 0];

  /** As {@linkcode decode}, of an IPv4 packet, its header's checksum included. */
  decodePacket(view: DataView, at: number, available: number): boolean {
    if (available < 28) return false;
    const first = view.getUint32(at);
    const headerLength = (first >>> 22) & 0x3c;
    const total = first & 0xffff;
    if (
      first >>> 28 !== 4 || headerLength < 20 || total > available ||
      total < headerLength + 8
    ) return false;
    if (plainChecksum(view, at, headerLength) !== 0xffff) return false;
    this.ipSource = view.getUint32(at + 12);
    this.ipDestination = view.getUint32(at + 16);
    return this.decode(view, at + headerLength, total - headerLength);
  }

  /** True if the message is whole; its fields then stand in this object. */
  decode(view: DataView, start: number, length: number): boolean {
    if (length < 8) return false;
    const first = view.getUint32(start);
    if (
      first >>> 28 !== 1 || view.getUint16(start + 6) !== length ||
      (length & 3) !== 0
    ) return false;
    if (plainChecksum(view, start, length) !== 0xffff) return false;
    const type = (first >>> 16) & 0xff;
    this.type = type;
    this.flags = (first >>> 24) & 15;
    this.ttl = view.getUint8(start + 4);
    this.senderCount = this.confirm = this.breakBit = 0;
    const end = start + length;
    let seen = 0;
    for (let at = start + 8; at < end;) {
      const header = view.getUint32(at);
      const objectLength = header >>> 16;
      if (
        objectLength < 4 || (objectLength & 3) !== 0 || at + objectLength > end
      ) return false;
      const classNumber = (header >>> 8) & 0xff;
      if (!this.#object(view, at, objectLength, classNumber, header & 0xff)) {
        return false;
      }
      if (classNumber < 32) seen |= 1 << classNumber;
      at += objectLength;
    }
    this.seen = seen;
    return type >= 1 && type <= 7 && (seen & REQUIRED[type]) === REQUIRED[type];
  }

  #object(
    view: DataView,
    at: number,
    length: number,
    classNumber: number,
    ctype: number,
  ): boolean {
    switch (classNumber) {
      case 1: {
        if (length !== 12 || ctype !== 1) return false;
        this.destination = view.getUint32(at + 4);
        const word = view.getUint32(at + 8);
        this.protocol = word >>> 24;
        this.sessionFlags = (word >>> 16) & 0xff;
        this.destinationPort = word & 0xffff;
        return true;
      }
      case 3:
        if (length !== 12) return false;
        this.hop = view.getUint32(at + 4);
        this.handle = view.getUint32(at + 8);
        return true;
      case 5:
        if (length !== 8) return false;
        this.refreshMs = view.getUint32(at + 4);
        return true;
      case 6: {
        if (length !== 12) return false;
        this.errorNode = view.getUint32(at + 4);
        const word = view.getUint32(at + 8);
        this.errorFlags = word >>> 24;
        this.errorCode = (word >>> 16) & 0xff;
        this.errorValue = word & 0xffff;
        return true;
      }
      case 8:
        if (length !== 8) return false;
        this.style = view.getUint8(at + 7);
        return true;
      case 9:
        return this.#flow(view, at + 4, length - 4, this.flowspec, true);
      case 10:
      case 11:
        if (length !== 12 || this.senderCount >= MAXIMUM_SENDERS) return false;
        this.senders[this.senderCount] = view.getUint32(at + 4);
        this.senderPorts[this.senderCount++] = view.getUint16(at + 10);
        return true;
      case 12:
        return this.#flow(view, at + 4, length - 4, this.tspec, false);
      case 13:
        return this.#adspec(view, at + 4, length - 4);
      case 15:
        if (length !== 8) return false;
        this.confirm = view.getUint32(at + 4);
        return true;
      default:
        return true;
    }
  }

  /** RFC 2210 3.1, 3.2. */
  #flow(
    view: DataView,
    at: number,
    length: number,
    bucket: PlainTokenBucket,
    flowspec: boolean,
  ): boolean {
    if (length < 32) return false;
    const head = view.getUint32(at);
    const service = view.getUint32(at + 4);
    if (
      head >>> 28 !== 0 || (head & 0xffff) * 4 + 4 !== length ||
      (service & 0xffff) * 4 + 8 !== length
    ) return false;
    const parameter = view.getUint32(at + 8);
    if (parameter >>> 24 !== 127 || (parameter & 0xffff) !== 5) return false;
    bucket.rate = view.getFloat32(at + 12);
    bucket.bucket = view.getFloat32(at + 16);
    bucket.peak = view.getFloat32(at + 20);
    bucket.minimumPoliced = view.getUint32(at + 24);
    bucket.maximumSize = view.getUint32(at + 28);
    if (!flowspec) return true;
    this.service = service >>> 24;
    if (this.service !== 2) return true;
    const rate = length < 44 ? 0 : view.getUint32(at + 32);
    if (rate >>> 24 !== 130 || (rate & 0xffff) !== 2) return false;
    this.guaranteedRate = view.getFloat32(at + 36);
    this.slack = view.getUint32(at + 40);
    return true;
  }

  /** RFC 2210 3.3. */
  #adspec(view: DataView, at: number, length: number): boolean {
    if (length < 4) return false;
    const head = view.getUint32(at);
    if (head >>> 28 !== 0 || (head & 0xffff) * 4 + 4 !== length) return false;
    const stop = at + length;
    for (let fragment = at + 4; fragment < stop;) {
      const header = view.getUint32(fragment);
      const end = fragment + 4 + (header & 0xffff) * 4;
      if (end > stop) return false;
      this.breakBit |= (header >>> 23) & 1;
      for (let q = fragment + 4; q < end;) {
        const parameter = view.getUint32(q);
        const next = q + 4 + (parameter & 0xffff) * 4;
        if (next > end) return false;
        if (next > q + 4) this.#parameter(view, parameter >>> 24, q + 4);
        q = next;
      }
      fragment = end;
    }
    return true;
  }

  #parameter(view: DataView, id: number, at: number): void {
    if (id === 4) this.hops = view.getUint32(at);
    else if (id === 6) this.bandwidth = view.getFloat32(at);
    else if (id === 8) this.latency = view.getUint32(at);
    else if (id === 10) this.mtu = view.getUint32(at);
    else if (id >= 133 && id <= 136) {
      this.guaranteed[id - 133] = view.getUint32(at);
    }
  }
}

/** Token bucket of RFC 2210: bytes and bytes per second. */
export class PlainTokenBucket {
  rate = 0.5;
  bucket = 0.5;
  peak = 0.5;
  minimumPoliced = 0;
  maximumSize = 0;
}
