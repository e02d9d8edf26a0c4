/**
 * Many datagrams in one call: `recvmmsg` straight into slots of memory that is borrowed for the call. A datagram begins
 * `headroom` bytes before a slot's payload, so that with an IP header of that length before it the message itself lies
 * where the engine wants it. What no longer fits a slot goes on in memory of our own.
 *
 * ```
 * msghdr, 56 bytes: name@0, name length@8, iov@16, iov count@24, control@32, control length@40, flags@48
 * mmsghdr, 64 bytes: a msghdr, received length@56
 * iovec, 16 bytes: base@0, length@8
 * cmsghdr, 16 bytes: length with header@0, level@8, type@12; then data, to the next multiple of eight
 * ```
 *
 * The kernel writes over lengths of name and control: they are set again before each call.
 */
import { PACKET_HEADER_BYTES, PACKET_SLOT_BYTES } from "../boundary.gen.ts";
import type { PacketSlots } from "../transport/transport.ts";
import { addressOf, libc } from "./libc.ts";
import { MSG } from "./socket_numbers.ts";

const MMSGHDR_BYTES = 64;
const IOVECS_BYTES = 32;
const NAME_BYTES = 32;
const CONTROL_BYTES = 128;
/** Together with a slot it holds the longest datagram that IP has. */
const OVERFLOW_BYTES = 65_536;

/** Buffers for one call of recvmmsg after the other, on any socket. */
export class ReceiveBatch {
  /** Headers, names and control messages. */
  readonly view: DataView<ArrayBuffer>;
  readonly #memory: Uint8Array<ArrayBuffer>;
  readonly #overflow: Uint8Array<ArrayBuffer>;
  readonly #capacity: number;
  readonly #iovecs: number;
  readonly #names: number;
  readonly #controls: number;
  #base = -1n;
  #room = 0;
  #used: number;

  /** For so many datagrams at once. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#used = capacity;
    this.#iovecs = capacity * MMSGHDR_BYTES;
    this.#names = this.#iovecs + capacity * IOVECS_BYTES;
    this.#controls = this.#names + capacity * NAME_BYTES;
    this.#memory = new Uint8Array(this.#controls + capacity * CONTROL_BYTES);
    this.#overflow = new Uint8Array(capacity * OVERFLOW_BYTES);
    const view = this.view = new DataView(this.#memory.buffer);
    const own = addressOf(this.#memory), overflow = addressOf(this.#overflow);
    for (let i = 0; i < capacity; i++) {
      const at = i * MMSGHDR_BYTES, iovecs = this.#iovecs + i * IOVECS_BYTES;
      view.setBigUint64(at, own + BigInt(this.name(i)), true);
      view.setBigUint64(at + 16, own + BigInt(iovecs), true);
      view.setBigUint64(at + 24, 2n, true);
      view.setBigUint64(at + 32, own + BigInt(this.#controls + i * CONTROL_BYTES), true);
      view.setBigUint64(iovecs + 16, overflow + BigInt(i * OVERFLOW_BYTES), true);
      view.setBigUint64(iovecs + 24, BigInt(OVERFLOW_BYTES), true);
    }
  }

  /**
   * Receives what is there, without waiting, at most as many as there are slots. Returns how many; a negative number
   * leaves its reason in errno.
   */
  receive(descriptor: number, slots: PacketSlots, headroom: number): number {
    const count = Math.min(this.#capacity, slots.slots);
    const first = slots.start + PACKET_HEADER_BYTES - headroom;
    const room = PACKET_SLOT_BYTES - PACKET_HEADER_BYTES + headroom;
    // The pointer is asked for anew each time; only if it is another one there is anything to write.
    const base = addressOf(slots.bytes as Uint8Array<ArrayBuffer>) + BigInt(first);
    if (base !== this.#base || room !== this.#room) this.#point(base, room);
    const { view } = this;
    for (let i = 0; i < this.#used; i++) {
      const at = i * MMSGHDR_BYTES;
      view.setUint32(at + 8, NAME_BYTES, true);
      view.setUint32(at + 40, CONTROL_BYTES, true);
      view.setUint32(at + 48, 0, true);
    }
    const received = libc().recvmmsg(descriptor, this.#memory, count, MSG.DONTWAIT, null);
    this.#used = Math.max(0, received);
    return received;
  }

  /** Bytes received of a datagram, wherever they lie. */
  length(i: number): number {
    return this.view.getUint32(i * MMSGHDR_BYTES + 56, true);
  }

  /** Bits of MSG. */
  flags(i: number): number {
    return this.view.getUint32(i * MMSGHDR_BYTES + 48, true);
  }

  /** Where the sender's socket address lies in `view`. */
  name(i: number): number {
    return this.#names + i * NAME_BYTES;
  }

  /** Where the first control message lies in `view`, or 0; `next` has the others. */
  control(i: number): number {
    return this.#checked(i, this.#controls + i * CONTROL_BYTES);
  }

  /** The control message behind one, or 0. */
  nextControl(i: number, at: number): number {
    return this.#checked(i, at + ((this.view.getUint32(at, true) + 7) & ~7));
  }

  /** What of a datagram did not fit its slot; a view that is good until the next call. */
  overflow(i: number, room: number): Uint8Array {
    const start = i * OVERFLOW_BYTES;
    return this.#overflow.subarray(start, start + Math.max(0, this.length(i) - room));
  }

  #checked(i: number, at: number): number {
    const end = this.#controls + i * CONTROL_BYTES + this.view.getUint32(i * MMSGHDR_BYTES + 40, true);
    return at + 16 <= end && this.view.getUint32(at, true) >= 16 ? at : 0;
  }

  #point(base: bigint, room: number): void {
    this.#base = base;
    this.#room = room;
    for (let i = 0; i < this.#capacity; i++) {
      const iovecs = this.#iovecs + i * IOVECS_BYTES;
      this.view.setBigUint64(iovecs, base + BigInt(i * PACKET_SLOT_BYTES), true);
      this.view.setBigUint64(iovecs + 8, BigInt(room), true);
    }
  }
}
