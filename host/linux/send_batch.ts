/**
 * Many datagrams in one call: they are laid one behind the other in memory and go out by `sendmmsg`, when as many as fit
 * have come or when the caller's turn is over. Copying a message there takes 40 ns; asking for the address of where it
 * lies instead would take 700.
 *
 * Layouts of msghdr, mmsghdr, iovec and cmsghdr: receive_batch.ts.
 *
 * ```
 * sockaddr_in, 16 bytes: family@0, port@2 (network order), address@4
 * sockaddr_in6, 28 bytes: family@0, port@2 (network order), address@8, scope@24
 * in_pktinfo, 12 bytes: interface index@0, source@4, 0@8; in6_pktinfo, 20 bytes: source@0, interface index@16
 * ```
 */
import { addressOf, errno, libc } from "./libc.ts";
import { ERRNO, errorName } from "./linux_error.ts";
import { AF, IP, IPV6, MSG, SOL } from "./socket_numbers.ts";

const CAPACITY = 64;
const DATA_BYTES = 256 << 10;
const MMSGHDR_BYTES = 64;
const IOVEC_BYTES = 16;
const NAME_BYTES = 32;
const CONTROL_BYTES = 64;
/** How long a full queue of the kernel is waited for before it is tried again. */
const RETRY_MS = 1;

/** Where a datagram goes, beside its bytes. */
export interface Envelope {
  /** 4 or 6. */
  readonly family: number;
  readonly destination: Uint8Array;
  /** 0 for raw sockets. */
  readonly port: number;
  /** The kernel's index of the interface to leave by; 0 by route. */
  readonly index: number;
  /** The kernel writes it into the header: UDP sockets. Where we write the header ourselves, undefined. */
  readonly source?: Uint8Array;
  /** The kernel writes it into the header; undefined where we do. */
  readonly ttl?: number;
}

/** How it went, for the owner's counters. */
export interface SendReports {
  sent(count: number): void;
  /** A datagram was not taken: `reason` is a name such as ENETUNREACH. `tag` is what was given with it. */
  failed(reason: string, errorNumber: number, tag: unknown): void;
}

/** What waits to be sent on one socket. */
export class SendBatch {
  /** The bytes of what waits; `begin` says where the next goes. */
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(DATA_BYTES);
  readonly view: DataView<ArrayBuffer> = new DataView(this.bytes.buffer);
  readonly #descriptor: number;
  readonly #reports: SendReports;
  readonly #headers: Uint8Array<ArrayBuffer>;
  readonly #headersView: DataView<ArrayBuffer>;
  /** As a number, which holds any address there is: arithmetic with big integers costs more than all else here. */
  readonly #dataAddress: number;
  readonly #tags: unknown[] = [];
  #count = 0;
  #used = 0;
  #scheduled = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** For a socket that stays the owner's. */
  constructor(descriptor: number, reports: SendReports) {
    this.#descriptor = descriptor;
    this.#reports = reports;
    this.#headers = new Uint8Array(CAPACITY * (MMSGHDR_BYTES + IOVEC_BYTES + NAME_BYTES + CONTROL_BYTES));
    this.#headersView = new DataView(this.#headers.buffer);
    this.#dataAddress = Number(addressOf(this.bytes));
    const own = addressOf(this.#headers);
    for (let i = 0; i < CAPACITY; i++) {
      const at = i * MMSGHDR_BYTES;
      this.#headersView.setBigUint64(at, own + BigInt(nameAt(i)), true);
      this.#headersView.setBigUint64(at + 16, own + BigInt(iovecAt(i)), true);
      this.#headersView.setBigUint64(at + 24, 1n, true);
      this.#headersView.setBigUint64(at + 32, own + BigInt(controlAt(i)), true);
    }
  }

  /**
   * Where the next datagram of `length` bytes may be written; -1 if there is no room although what waited was offered to
   * the kernel: the link is not taking any more, and the datagram is lost.
   */
  begin(length: number): number {
    if (this.#closed || length > DATA_BYTES) return -1;
    if (this.#count === CAPACITY || this.#used + length > DATA_BYTES) this.flush();
    return this.#count === CAPACITY || this.#used + length > DATA_BYTES ? -1 : this.#used;
  }

  /** Takes the datagram of `length` bytes that has been written where `begin` said. */
  commit(length: number, envelope: Envelope, tag?: unknown): void {
    const i = this.#count++;
    const view = this.#headersView;
    const address = this.#dataAddress + this.#used;
    view.setUint32(iovecAt(i), address % 2 ** 32, true);
    view.setUint32(iovecAt(i) + 4, address / 2 ** 32, true);
    view.setUint32(iovecAt(i) + 8, length, true);
    view.setUint32(i * MMSGHDR_BYTES + 8, writeName(view, this.#headers, nameAt(i), envelope), true);
    view.setUint32(i * MMSGHDR_BYTES + 40, writeControl(view, this.#headers, controlAt(i), envelope), true);
    this.#tags[i] = tag;
    this.#used += (length + 7) & ~7;
    if (this.#scheduled || this.#timer !== undefined) return;
    this.#scheduled = true;
    // After what is being done now: a loop that carries out a batch of actions has them all sent together.
    queueMicrotask(() => {
      this.#scheduled = false;
      if (this.#timer === undefined) this.flush();
    });
  }

  /** Offers to the kernel what waits. What its queue has no room for is offered again a little later. */
  flush(): void {
    if (this.#closed) return;
    const failures: [number: number, tag: unknown][] = [];
    const first = this.#offer(failures);
    if (first < this.#count) this.#retryFrom(first);
    else this.#reset();
    // Only now, for who hears of it may send again.
    for (const [number, tag] of failures) this.#reports.failed(errorName(number), number, tag);
  }

  /** Returns how many are done with. */
  #offer(failures: [number: number, tag: unknown][]): number {
    let first = 0;
    while (first < this.#count) {
      const headers = first === 0 ? this.#headers : this.#headers.subarray(first * MMSGHDR_BYTES);
      const taken = libc().sendmmsg(this.#descriptor, headers, this.#count - first, MSG.DONTWAIT);
      if (taken > 0) {
        this.#reports.sent(taken);
        first += taken;
        continue;
      }
      const number = errno();
      if (number === ERRNO.EAGAIN) return first;
      if (number === ERRNO.EINTR) continue;
      // The first one is the culprit; the others may still go.
      failures.push([number, this.#tags[first]]);
      first++;
    }
    return first;
  }

  /** Sends what it can at once, and nothing after that. */
  close(): void {
    this.flush();
    this.#closed = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    const lost = this.#tags.slice(0, this.#count);
    this.#reset();
    for (const tag of lost) this.#reports.failed("EAGAIN", ERRNO.EAGAIN, tag);
  }

  #retryFrom(first: number): void {
    // Moves the headers of what waits to the front; the data stay where they are.
    const view = this.#headersView;
    for (let to = 0, from = first; from < this.#count; to++, from++) {
      this.#headers.copyWithin(nameAt(to), nameAt(from), nameAt(from) + NAME_BYTES);
      this.#headers.copyWithin(iovecAt(to), iovecAt(from), iovecAt(from) + IOVEC_BYTES);
      this.#headers.copyWithin(controlAt(to), controlAt(from), controlAt(from) + CONTROL_BYTES);
      for (const field of [8, 40]) {
        view.setUint32(to * MMSGHDR_BYTES + field, view.getUint32(from * MMSGHDR_BYTES + field, true), true);
      }
      this.#tags[to] = this.#tags[from];
    }
    this.#count -= first;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.flush();
    }, RETRY_MS);
  }

  #reset(): void {
    this.#count = 0;
    this.#used = 0;
    this.#tags.length = 0;
  }
}

const iovecAt = (i: number) => CAPACITY * MMSGHDR_BYTES + i * IOVEC_BYTES;
const nameAt = (i: number) => CAPACITY * (MMSGHDR_BYTES + IOVEC_BYTES) + i * NAME_BYTES;
const controlAt = (i: number) => CAPACITY * (MMSGHDR_BYTES + IOVEC_BYTES + NAME_BYTES) + i * CONTROL_BYTES;

function writeName(view: DataView, bytes: Uint8Array, at: number, envelope: Envelope): number {
  const { family, destination, port } = envelope;
  view.setUint16(at, family === 6 ? AF.INET6 : AF.INET, true);
  view.setUint16(at + 2, port);
  if (family === 4) {
    for (let i = 0; i < 4; i++) bytes[at + 4 + i] = destination[i];
    return 16;
  }
  bytes.set(destination.subarray(0, 16), at + 8);
  // A link-local address means nothing without its link.
  view.setUint32(at + 24, envelope.index, true);
  return 28;
}

/** Lengths are 64 bits wide, of which the upper half is zero from the start. */
function writeControl(view: DataView, bytes: Uint8Array, at: number, envelope: Envelope): number {
  const { family, index, source, ttl } = envelope;
  let next = at;
  if (family === 6 && (index !== 0 || source)) {
    controlHeader(view, next, 36, SOL.IPV6, IPV6.PKTINFO);
    if (source) bytes.set(source.subarray(0, 16), next + 16);
    else for (let i = 16; i < 32; i += 4) view.setUint32(next + i, 0, true);
    view.setInt32(next + 32, index, true);
    next += 40;
  } else if (index !== 0 || source) {
    controlHeader(view, next, 28, SOL.IP, IP.PKTINFO);
    view.setInt32(next + 16, index, true);
    view.setUint32(next + 20, 0, true);
    view.setUint32(next + 24, 0, true);
    if (source) { for (let i = 0; i < 4; i++) bytes[next + 20 + i] = source[i]; }
    next += 32;
  }
  if (ttl !== undefined) {
    controlHeader(view, next, 20, family === 6 ? SOL.IPV6 : SOL.IP, family === 6 ? IPV6.HOPLIMIT : IP.TTL);
    view.setInt32(next + 16, ttl, true);
    next += 24;
  }
  return next - at;
}

function controlHeader(view: DataView, at: number, length: number, level: number, type: number): void {
  view.setUint32(at, length, true);
  view.setUint32(at + 4, 0, true);
  view.setInt32(at + 8, level, true);
  view.setInt32(at + 12, type, true);
}
