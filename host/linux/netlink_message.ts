/**
 * Messages of netlink, built and read. Everything is in the machine's byte order, which is little-endian on all that
 * this runs on, except what a protocol family says is in network order.
 *
 * ```
 * nlmsghdr, 16 bytes: length@0 u32 (with this header), type@4 u16, flags@6 u16, sequence@8 u32, port@12 u32
 * then the family's own header, then attributes, each: length@0 u16 (with these 4 bytes), type@2 u16, value
 * Messages and attributes start at multiples of 4. A nested attribute's value is attributes.
 * ```
 */

/** Protocols of netlink sockets (linux/netlink.h). */
export const NETLINK = { ROUTE: 0, NETFILTER: 12 } as const;

/** Flags of a message; the same bit means different things in requests to get, to create and in answers. */
export const NLM = {
  REQUEST: 0x1,
  /** The answer goes on in further messages, until DONE. */
  MULTI: 0x2,
  /** Acknowledge even success. */
  ACK: 0x4,
  /** A dump that met a change on its way and may be wrong. */
  DUMP_INTERRUPTED: 0x10,
  /** ROOT and MATCH: everything there is. */
  DUMP: 0x300,
  REPLACE: 0x100,
  EXCL: 0x200,
  CREATE: 0x400,
  APPEND: 0x800,
  /** Of an acknowledgement: it holds the header of the request and not the whole of it. */
  CAPPED: 0x100,
  /** Of an acknowledgement: attributes follow, among them a text. */
  ACK_ATTRIBUTES: 0x200,
} as const;

/** Types of message that all families share. */
export const NLMSG = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const;

/** Bytes of nlmsghdr. */
export const NETLINK_HEADER_BYTES = 16;
const NESTED = 0x8000;
const TYPE_MASK = 0x3fff;

/**
 * Requests, one after the other in one buffer, which grows. Methods chain:
 *
 * ```ts
 * batch.begin(RTM_NEWLINK, NLM.ACK | NLM.CREATE).u8(0).zeros(15).text(IFLA_IFNAME, "veth0")
 *   .nest(IFLA_LINKINFO, (inside) => inside.text(IFLA_INFO_KIND, "veth")).end();
 * ```
 */
export class NetlinkBatch {
  #bytes = new Uint8Array(8192);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  #start = 0;
  /** Where each whole message starts, and at last where the next would. */
  readonly starts: number[] = [0];

  /** Messages that are whole. */
  get count(): number {
    return this.starts.length - 1;
  }

  /** The buffer; what is behind the last message has no meaning. Good until something is added. */
  get buffer(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /** Forgets all messages; the buffer stays. */
  clear(): this {
    this.#at = 0;
    this.starts.length = 1;
    return this;
  }

  /** Begins a message; REQUEST is added to the flags. The socket fills in the sequence number. */
  begin(type: number, flags: number): this {
    this.#start = this.#at;
    return this.u32(0).u16(type).u16(flags | NLM.REQUEST).u32(0).u32(0);
  }

  /** Ends the message that was begun. */
  end(): this {
    this.#view.setUint32(this.#start, this.#at - this.#start, true);
    this.#pad();
    this.starts.push(this.#at);
    return this;
  }

  /** One byte. */
  u8(value: number): this {
    this.#room(1);
    this.#bytes[this.#at++] = value;
    return this;
  }

  /** Two bytes, in the machine's order. */
  u16(value: number): this {
    this.#room(2);
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
    return this;
  }

  /** Four bytes, in the machine's order. */
  u32(value: number): this {
    this.#room(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
    return this;
  }

  /** Eight bytes, in the machine's order. */
  u64(value: bigint): this {
    this.#room(8);
    this.#view.setBigUint64(this.#at, value, true);
    this.#at += 8;
    return this;
  }

  /** In network order. */
  u16be(value: number): this {
    return this.u8(value >> 8).u8(value);
  }

  /** In network order. */
  u32be(value: number): this {
    this.#room(4);
    this.#view.setUint32(this.#at, value, false);
    this.#at += 4;
    return this;
  }

  /** So many bytes of zero. */
  zeros(count: number): this {
    this.#room(count);
    this.#bytes.fill(0, this.#at, this.#at + count);
    this.#at += count;
    return this;
  }

  /** Bytes as they are. */
  bytes(values: Uint8Array): this {
    this.#room(values.length);
    this.#bytes.set(values, this.#at);
    this.#at += values.length;
    return this;
  }

  /** An attribute of any value. */
  attribute(type: number, value: Uint8Array): this {
    return this.u16(4 + value.length).u16(type).bytes(value).#pad();
  }

  /** An attribute that is there or not. */
  flag(type: number): this {
    return this.u16(4).u16(type);
  }

  /** A byte. */
  attributeU8(type: number, value: number): this {
    return this.u16(5).u16(type).u8(value).#pad();
  }

  /** Two bytes, in the machine's order. */
  attributeU16(type: number, value: number): this {
    return this.u16(6).u16(type).u16(value).#pad();
  }

  /** Four bytes, in the machine's order. */
  attributeU32(type: number, value: number): this {
    return this.u16(8).u16(type).u32(value);
  }

  /** Eight bytes, in the machine's order. */
  attributeU64(type: number, value: bigint): this {
    return this.u16(12).u16(type).u64(value);
  }

  /** In network order, as nf_tables has all its numbers. */
  attributeU32be(type: number, value: number): this {
    return this.u16(8).u16(type).u32be(value);
  }

  /** In network order. */
  attributeU64be(type: number, value: bigint): this {
    return this.u16(12).u16(type).u32be(Number(value >> 32n)).u32be(Number(value & 0xffffffffn));
  }

  /** Text with its closing zero. */
  text(type: number, value: string): this {
    const bytes = new TextEncoder().encode(value);
    return this.u16(5 + bytes.length).u16(type).bytes(bytes).u8(0).#pad();
  }

  /** Attributes in an attribute. `marked` sets the bit that says so, which nf_tables asks for and traffic control does not. */
  nest(type: number, fill: (inside: this) => void, marked = false): this {
    const start = this.#at;
    this.u16(0).u16(marked ? type | NESTED : type);
    fill(this);
    this.#view.setUint16(start, this.#at - start, true);
    return this.#pad();
  }

  #pad(): this {
    while (this.#at & 3) this.u8(0);
    return this;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#bytes.length + bytes));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** A message from the kernel. */
export interface NetlinkMessage {
  type: number;
  flags: number;
  /** The sequence number of the request that it answers; 0 for a notification. */
  sequence: number;
  /** What follows the header. A view of the buffer of the socket: good until the next receive. */
  body: Uint8Array;
}

/** The messages of one datagram. What is cut short ends the list. */
export function splitMessages(datagram: Uint8Array): NetlinkMessage[] {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at + NETLINK_HEADER_BYTES <= datagram.length;) {
    const length = view.getUint32(at, true);
    if (length < NETLINK_HEADER_BYTES || at + length > datagram.length) break;
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      body: datagram.subarray(at + NETLINK_HEADER_BYTES, at + length),
    });
    at += (length + 3) & ~3;
  }
  return messages;
}

/** Attributes by type, from `offset` on; of several of one type the last. */
export function readAttributes(bytes: Uint8Array, offset = 0): Map<number, Uint8Array> {
  return new Map(listAttributes(bytes, offset).map(({ type, value }) => [type, value]));
}

/** Attributes in their order, where one type may stand several times. */
export function listAttributes(bytes: Uint8Array, offset = 0): { type: number; value: Uint8Array }[] {
  const list = [];
  for (let at = offset; at + 4 <= bytes.length;) {
    const length = bytes[at] | (bytes[at + 1] << 8);
    if (length < 4 || at + length > bytes.length) break;
    const type = (bytes[at + 2] | (bytes[at + 3] << 8)) & TYPE_MASK;
    list.push({ type, value: bytes.subarray(at + 4, at + length) });
    at += (length + 3) & ~3;
  }
  return list;
}

/** In the machine's order. */
export function readU32(bytes: Uint8Array, offset = 0): number {
  return (bytes[offset] | (bytes[offset + 1] << 8) | (bytes[offset + 2] << 16) | (bytes[offset + 3] << 24)) >>> 0;
}

/** In the machine's order. */
export function readU16(bytes: Uint8Array, offset = 0): number {
  return bytes[offset] | (bytes[offset + 1] << 8);
}

/** Text up to its closing zero. */
export function readText(bytes: Uint8Array): string {
  const zero = bytes.indexOf(0);
  return new TextDecoder().decode(zero < 0 ? bytes : bytes.subarray(0, zero));
}
