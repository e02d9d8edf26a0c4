/**
 * Takes what arrives on several sockets: one wait for all of them, then batches, straight into the slots of an engine's
 * inbox where there is one that takes them. What stands where the engine wants it is not copied: only a header that is
 * longer or shorter than expected moves its message by the difference.
 *
 * Three things go another way, as packets of their own: a datagram that is longer than a slot (and with it its batch, so
 * that the order is kept), what is put together from fragments, and everything, if nobody takes batches.
 */
import { PACKET_HEADER_BYTES, PACKET_SLOT_BYTES, PACKET_SLOTS } from "../boundary.gen.ts";
import type { Packet, PacketsHandler, PacketSlots, SlotFiller } from "../transport/transport.ts";
import { Arrival, ipv4ChecksumHolds, ipv6RouterAlert, READ, readIpv4, readIpv6 } from "./arrival.ts";
import { errno, errorText, libc } from "./libc.ts";
import { ERRNO, LinuxError } from "./linux_error.ts";
import type { InterfaceTable } from "./interface_table.ts";
import type { Busy, Poller } from "./poller.ts";
import { Reassembly } from "./reassembly.ts";
import { ReceiveBatch } from "./receive_batch.ts";
import { IP, IPV6, MSG, SO, SOL } from "./socket_numbers.ts";

/** Datagrams counted since the sockets were opened. */
export interface ReceiveCounters {
  /** Handed to the node. */
  received: number;
  /** Lost because the queue of a socket was full, as the kernel says (SO_RXQ_OVFL). */
  kernelDrops: number;
  /** Cut by the kernel: longer than any datagram of IP. */
  truncated: number;
  /** Came in by an interface that is not managed. */
  unknownInterface: number;
  /** Addressed to us, with a source that is on another of our links. */
  wrongLink: number;
  /** With an IP header that is wrong. */
  malformed: number;
  /** Fragments taken in to be put together. */
  fragments: number;
  /** Datagrams whose fragments never made a whole. */
  reassemblyFailed: number;
  /** Calls to receive that the kernel refused. */
  receiveErrors: number;
}

/** A socket that is received from. */
export interface Reader {
  readonly descriptor: number;
  /** 4 or 6. */
  readonly family: number;
  /** ENCAPSULATION of what comes. */
  readonly encapsulation: number;
  /** The IP header comes with the message; else it is told beside it. */
  readonly header: boolean;
  /** A packet socket: the interface stands in the socket address, and nobody has looked at a checksum. */
  readonly link: boolean;
}

/** What is remembered of a socket. */
interface Source extends Reader {
  /** Bytes of the header that is expected before the next message. */
  headroom: number;
  /** What SO_RXQ_OVFL said last. */
  lost: number;
  /** When something came last. */
  lastMs: number;
}

/** What the control messages of one datagram say. */
interface Beside {
  index: number;
  ttl: number;
  routerAlert: number;
  /** Where the destination stands, or 0. */
  destinationAt: number;
}

/** Full batches that are taken from one socket before others, and timers, have their turn. */
const BATCHES_AT_ONCE = 16;
/** What comes again so soon is a stream, in which batches are worth a pause; several times as long as a late timer's pause. */
const STREAM_MS = 10;
/** The longest header that finds room before a message in its slot. */
const MAXIMUM_HEADROOM = PACKET_HEADER_BYTES;

/** Receives from sockets until it is closed. */
export class Receiver {
  /** Counts of all sockets. */
  readonly counters: ReceiveCounters = {
    received: 0,
    kernelDrops: 0,
    truncated: 0,
    unknownInterface: 0,
    wrongLink: 0,
    malformed: 0,
    fragments: 0,
    reassemblyFailed: 0,
    receiveErrors: 0,
  };
  /** Takes packets that are not put into slots. */
  onPackets: PacketsHandler = () => {};
  /** Takes batches; without it everything goes to `onPackets`. */
  onBatch: ((fill: SlotFiller) => void) | undefined;
  /** Takes errors of sockets. */
  onError: (error: Error) => void = () => {};
  #interfaces: InterfaceTable;
  #poller: Poller;
  #sources: Source[] = [];
  #batch = new ReceiveBatch(PACKET_SLOTS);
  #arrival = new Arrival();
  #beside: Beside = { index: 0, ttl: 0, routerAlert: 0, destinationAt: 0 };
  #reassembly = new Reassembly();
  #ownSlots: PacketSlots | undefined;
  #full = false;
  #took = 0;

  /** Translates interfaces by a table, and waits with a poller that may be others' too. */
  constructor(interfaces: InterfaceTable, poller: Poller) {
    this.#interfaces = interfaces;
    this.#poller = poller;
  }

  /** Starts to receive from a socket, which from then on is the receiver's to close. */
  add(reader: Reader): void {
    const source = { ...reader, headroom: minimumHeader(reader), lost: 0, lastMs: -Infinity };
    this.#sources.push(source);
    this.#poller.add(reader.descriptor, () => this.#readable(source));
  }

  /** Closes all sockets; the promise holds when no thread waits for them any more. */
  close(): Promise<void> {
    const sources = this.#sources;
    this.#sources = [];
    for (const { descriptor } of sources) this.#poller.remove(descriptor);
    const removed = this.#poller.removed();
    for (const { descriptor } of sources) libc().close(descriptor);
    return removed;
  }

  #readable(source: Source): Busy | undefined {
    this.#took = 0;
    this.#full = true;
    for (let i = 0; i < BATCHES_AT_ONCE && this.#full && this.#sources.includes(source); i++) {
      const packets: Packet[] = [];
      this.#full = false;
      if (this.onBatch) this.onBatch((slots) => this.#fill(source, slots, packets, false));
      else this.#fill(source, this.#ownSlots ??= ownSlots(), packets, true);
      if (packets.length > 0) this.onPackets(packets);
    }
    if (this.#took === 0) return undefined;
    const nowMs = performance.now();
    const stream = nowMs - source.lastMs < STREAM_MS;
    source.lastMs = nowMs;
    if (this.#full) return "more";
    return stream ? "stream" : undefined;
  }

  /** Receives one batch. Returns how many stand in slots; the others are added to `packets`. */
  #fill(source: Source, slots: PacketSlots, packets: Packet[], asPackets: boolean): number {
    const { headroom } = source;
    const batch = this.#batch;
    const received = batch.receive(source.descriptor, slots, headroom);
    if (received <= 0) {
      if (received < 0) this.#refused();
      return 0;
    }
    this.#took += received;
    this.#full = received === slots.slots;
    const longest = PACKET_SLOT_BYTES - PACKET_HEADER_BYTES + minimumHeader(source);
    let apart = asPackets;
    for (let i = 0; i < received && !apart; i++) apart = batch.length(i) > longest;
    const { view, bytes } = slots;
    const arrival = this.#arrival;
    let kept = 0;
    for (let i = 0; i < received; i++) {
      const at = slots.start + i * PACKET_SLOT_BYTES + PACKET_HEADER_BYTES - headroom;
      const result = this.#read(source, i, view, at);
      if (result !== READ.WHOLE) {
        if (result === READ.FRAGMENT) this.#addFragment(slots, at, i, headroom, packets);
        else if (result === READ.MALFORMED) this.counters.malformed++;
        continue;
      }
      if (this.#interfaces.linkCheck.isForged(arrival.words, arrival.family, arrival.interface)) {
        this.counters.wrongLink++;
        continue;
      }
      this.counters.received++;
      if (apart) {
        packets.push(arrival.packet(this.#payload(slots, at, i, headroom)));
        continue;
      }
      const slot = slots.start + kept++ * PACKET_SLOT_BYTES;
      const from = arrival.payloadAt, to = slot + PACKET_HEADER_BYTES;
      if (from !== to) bytes.copyWithin(to, from, from + arrival.payloadLength);
      arrival.writeSlot(view, slot);
      if (source.header) source.headroom = Math.min(MAXIMUM_HEADROOM, from - at);
    }
    return kept;
  }

  /** Reads what is known of datagram `i`, which stands at `at`, into the arrival. What is counted here is NOT_RSVP. */
  #read(source: Source, i: number, view: DataView, at: number): number {
    const batch = this.#batch, arrival = this.#arrival;
    const length = batch.length(i);
    this.#readBeside(source, i);
    if ((batch.flags(i) & MSG.TRUNCATED) !== 0) {
      this.counters.truncated++;
      return READ.NOT_RSVP;
    }
    const index = source.link ? batch.view.getInt32(batch.name(i) + 4, true) : this.#beside.index;
    arrival.interface = this.#interfaces.handleOf(index);
    if (arrival.interface === 0) {
      this.counters.unknownInterface++;
      return READ.NOT_RSVP;
    }
    arrival.encapsulation = source.encapsulation;
    if (source.header) {
      if (source.family === 6) return readIpv6(view, at, length, arrival);
      const result = readIpv4(view, at, length, arrival);
      if (source.link && result !== READ.MALFORMED && !ipv4ChecksumHolds(view, at)) return READ.MALFORMED;
      return result;
    }
    const { ttl, routerAlert, destinationAt } = this.#beside;
    if (destinationAt === 0) return READ.MALFORMED;
    arrival.addresses(batch.view, batch.name(i) + (source.family === 6 ? 8 : 4), destinationAt, source.family);
    arrival.ttl = ttl;
    arrival.routerAlert = routerAlert;
    arrival.payloadAt = at;
    arrival.payloadLength = length;
    return READ.WHOLE;
  }

  #readBeside(source: Source, i: number): void {
    const batch = this.#batch, beside = this.#beside;
    const { view } = batch;
    beside.index =
      beside.ttl =
      beside.routerAlert =
      beside.destinationAt =
        0;
    for (let at = batch.control(i); at !== 0; at = batch.nextControl(i, at)) {
      const level = view.getInt32(at + 8, true), type = view.getInt32(at + 12, true), data = at + 16;
      if (level === SOL.IP && type === IP.PKTINFO) {
        beside.index = view.getInt32(data, true);
        beside.destinationAt = data + 8;
      } else if (level === SOL.IP && type === IP.TTL) beside.ttl = view.getInt32(data, true);
      else if (level === SOL.IPV6 && type === IPV6.PKTINFO) {
        beside.index = view.getInt32(data + 16, true);
        beside.destinationAt = data;
      } else if (level === SOL.IPV6 && type === IPV6.HOPLIMIT) beside.ttl = view.getInt32(data, true);
      else if (level === SOL.IPV6 && type === IPV6.HOPOPTS) {
        beside.routerAlert = ipv6RouterAlert(view, data, at + view.getUint32(at, true));
      } else if (level === SOL.SOCKET && type === SO.RXQ_OVFL) {
        // A count of 32 bits since the socket was opened.
        const lost = view.getUint32(data, true);
        this.counters.kernelDrops += (lost - source.lost) >>> 0;
        source.lost = lost;
      }
    }
  }

  /** The message of the arrival, copied, wherever its parts lie. */
  #payload(slots: PacketSlots, at: number, i: number, headroom: number): Uint8Array {
    const { payloadAt, payloadLength } = this.#arrival;
    const room = PACKET_SLOT_BYTES - PACKET_HEADER_BYTES + headroom;
    const inSlot = slots.bytes.subarray(payloadAt, Math.min(payloadAt + payloadLength, at + room));
    const out = new Uint8Array(payloadLength);
    out.set(inSlot);
    if (inSlot.length < payloadLength) {
      out.set(this.#batch.overflow(i, room).subarray(0, payloadLength - inSlot.length), inSlot.length);
    }
    return out;
  }

  #addFragment(slots: PacketSlots, at: number, i: number, headroom: number, packets: Packet[]): void {
    this.counters.fragments++;
    const whole = this.#reassembly.add(this.#arrival, this.#payload(slots, at, i, headroom), performance.now());
    this.counters.reassemblyFailed = this.#reassembly.failed;
    if (!whole) return;
    this.counters.received++;
    packets.push(whole);
  }

  #refused(): void {
    const number = errno();
    if (number === ERRNO.EAGAIN || number === ERRNO.EINTR) return;
    this.counters.receiveErrors++;
    this.onError(new LinuxError(`receiving: ${errorText(number)}`, number));
  }
}

/** The shortest header that comes with a message. */
function minimumHeader(reader: Reader): number {
  if (!reader.header) return 0;
  return reader.family === 6 ? 40 : 20;
}

function ownSlots(): PacketSlots {
  const bytes = new Uint8Array(PACKET_SLOTS * PACKET_SLOT_BYTES);
  return {
    bytes,
    view: new DataView(bytes.buffer),
    words: new Int32Array(bytes.buffer),
    start: 0,
    slots: PACKET_SLOTS,
  };
}
