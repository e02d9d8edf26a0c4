/**
 * Datagrams put together again from their fragments (RFC 2205 section 3.3; RFC 791 section 3.2, RFC 8200 section 4.5). The
 * kernel does it for what is addressed to us and for IPv4 that carries Router Alert; what is left is IPv6 in transit, and
 * groups, which a packet socket sees before the kernel's IP does.
 *
 * Anyone on a link can send fragments, so that all of it is bounded: a few datagrams at a time, a while each. Fragments
 * that overlap are an attack or a fault: the whole datagram is thrown away (RFC 5722).
 */
import type { Packet } from "../transport/transport.ts";
import type { Arrival } from "./arrival.ts";

/** Datagrams that are waited for at one time; the oldest makes room. */
const MAXIMUM_DATAGRAMS = 64;
/** The longest payload of IP. */
const MAXIMUM_BYTES = 65_535;
/** Of one datagram, at the smallest MTU that IPv6 allows there are 54. */
const MAXIMUM_FRAGMENTS = 128;
/** As the kernel waits for IPv4; IPv6 would allow sixty seconds. */
const LIFETIME_MS = 30_000;

interface Part {
  readonly at: number;
  readonly bytes: Uint8Array;
}

interface Waiting {
  readonly startedMs: number;
  readonly parts: Part[];
  received: number;
  /** Known from the last fragment. */
  total: number;
  /** From the first fragment: the header that counts. */
  first: Packet | undefined;
}

/** Keeps fragments until a datagram is whole. */
export class Reassembly {
  /** Datagrams that were never whole: too old, pushed out, overlapping, too long. */
  failed = 0;
  #waiting = new Map<string, Waiting>();

  /** Datagrams that are waited for. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** Takes a fragment, whose bytes are given away; returns the datagram once it is whole. */
  add(arrival: Arrival, bytes: Uint8Array, nowMs: number): Packet | undefined {
    this.#forgetOld(nowMs);
    const key = `${arrival.interface} ${arrival.family} ${arrival.fragmentId} ${arrival.words.join()}`;
    let waiting = this.#waiting.get(key);
    if (!waiting) {
      if (this.#waiting.size === MAXIMUM_DATAGRAMS) this.#drop(this.#waiting.keys().next().value!);
      waiting = { startedMs: nowMs, parts: [], received: 0, total: -1, first: undefined };
      this.#waiting.set(key, waiting);
    }
    if (!accept(waiting, arrival, bytes)) {
      this.#drop(key);
      return undefined;
    }
    if (waiting.received !== waiting.total || !waiting.first) return undefined;
    this.#waiting.delete(key);
    const payload = new Uint8Array(waiting.total);
    for (const part of waiting.parts) payload.set(part.bytes, part.at);
    return { ...waiting.first, payload };
  }

  #forgetOld(nowMs: number): void {
    // In the order in which they began.
    for (const [key, { startedMs }] of this.#waiting) {
      if (nowMs - startedMs < LIFETIME_MS) return;
      this.#drop(key);
    }
  }

  #drop(key: string): void {
    this.#waiting.delete(key);
    this.failed++;
  }
}

/** False if the fragment does not go with the others. */
function accept(waiting: Waiting, arrival: Arrival, bytes: Uint8Array): boolean {
  const { fragmentAt: at, moreFragments } = arrival;
  const end = at + bytes.length;
  if (bytes.length === 0 || end > MAXIMUM_BYTES || waiting.parts.length === MAXIMUM_FRAGMENTS) return false;
  if (moreFragments && bytes.length % 8 !== 0) return false;
  for (const part of waiting.parts) {
    // The network may bring a fragment twice.
    if (part.at === at && part.bytes.length === bytes.length) return true;
    if (at < part.at + part.bytes.length && part.at < end) return false;
  }
  if (!moreFragments) {
    if (waiting.total >= 0) return false;
    waiting.total = end;
  }
  waiting.parts.push({ at, bytes });
  waiting.received += bytes.length;
  if (at === 0) waiting.first = arrival.packet(bytes);
  return waiting.total < 0 || waiting.received <= waiting.total;
}
