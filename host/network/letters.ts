/**
 * Datagrams on their way through a virtual network that nobody looks at, copied word for word: from the outbox of the
 * engine that sends them into a bag of all that is due at one time, and from there into the inbox of the engine that
 * receives them. No object is made for any of them. A bag is written and read in order, so that it is found in the
 * processor's cache, which the memories of many engines are not.
 */
import { PACKET_HEADER_BYTES, PACKET_OFFSET, PACKET_SLOT_BYTES, SEND_OFFSET } from "../boundary.gen.ts";
import type { Packet, PacketSlots } from "../transport/transport.ts";

const WORD_BYTES = 4;
/** A datagram's header has the same fields at the same places whether it is sent or received, up to here. */
const HEADER_START = PACKET_OFFSET.payloadLength / WORD_BYTES;
const HEADER_WORDS = (PACKET_OFFSET.routerAlert + 1 - PACKET_OFFSET.payloadLength) / WORD_BYTES;
const SEND_PAYLOAD = SEND_OFFSET.payload / WORD_BYTES;
const PACKET_PAYLOAD = PACKET_OFFSET.payload / WORD_BYTES;
const SLOT_WORDS = PACKET_SLOT_BYTES / WORD_BYTES;
const PAYLOAD_LENGTH = SEND_OFFSET.payloadLength / WORD_BYTES;
const INTERFACE = SEND_OFFSET.interface / WORD_BYTES;

/** A letter is a word that leads to the node's next one, then the header, then the payload. */
const LETTER_HEADER = 1;
const LETTER_PAYLOAD = LETTER_HEADER + HEADER_WORDS;
/** Where a field of the header stands in a letter. */
const inLetter = (offset: number) => LETTER_HEADER + (offset >> 2) - HEADER_START;

/** The longest payload that fits a slot of the inbox. */
export const LONGEST_LETTER_BYTES = PACKET_SLOT_BYTES - PACKET_HEADER_BYTES;
const INITIAL_WORDS = 1024;

/** The letters that are due at one time, for all nodes. Used again when all of them have been handed over. */
export class LetterBag {
  atMs = 0;
  /** True until the first of its letters is handed over: later ones go into another bag. */
  open = true;
  /** Letters that have not been handed over. */
  waiting = 0;
  words: Int32Array = new Int32Array(INITIAL_WORDS);
  #used = 1;

  /** Empties it, for letters of another time. */
  begin(atMs: number): this {
    this.atMs = atMs;
    this.open = true;
    // Word 0 is no letter: 0 leads nowhere.
    this.#used = 1;
    return this;
  }

  /** Copies a SEND record, to arrive by the interface `handle`, and returns where the letter stands. */
  post(from: Int32Array, at: number, handle: number): number {
    const payloadWords = (from[at + PAYLOAD_LENGTH] + WORD_BYTES - 1) >> 2;
    const letter = this.#used;
    const end = this.#used = letter + LETTER_PAYLOAD + payloadWords;
    if (end > this.words.length) this.#grow(end);
    const words = this.words;
    words[letter] = 0;
    let source = at + HEADER_START;
    let target = letter + LETTER_HEADER;
    for (const stop = letter + LETTER_PAYLOAD; target < stop;) words[target++] = from[source++];
    words[letter + inLetter(SEND_OFFSET.interface)] = handle;
    source = at + SEND_PAYLOAD;
    while (target < end) words[target++] = from[source++];
    this.waiting++;
    return letter;
  }

  /** Copies a letter into the slot that begins at word `slot`. */
  deliver(letter: number, into: Int32Array, slot: number): void {
    const words = this.words;
    let source = letter + LETTER_HEADER;
    let target = slot + HEADER_START;
    const stop = letter + LETTER_PAYLOAD;
    while (source < stop) into[target++] = words[source++];
    const end = stop + ((words[letter + inLetter(PACKET_OFFSET.payloadLength)] + WORD_BYTES - 1) >> 2);
    target = slot + PACKET_PAYLOAD;
    while (source < end) into[target++] = words[source++];
  }

  /** The letter as an object, for whoever wants one. */
  packet(letter: number): Packet {
    const at = letter * WORD_BYTES - PACKET_OFFSET.payloadLength + LETTER_HEADER * WORD_BYTES;
    const bytes = new Uint8Array(this.words.buffer);
    const length = this.words[letter + inLetter(PACKET_OFFSET.payloadLength)];
    const payload = (letter + LETTER_PAYLOAD) * WORD_BYTES;
    return {
      interface: this.words[letter + inLetter(PACKET_OFFSET.interface)],
      source: bytes.slice(at + PACKET_OFFSET.source, at + PACKET_OFFSET.source + 16),
      destination: bytes.slice(at + PACKET_OFFSET.destination, at + PACKET_OFFSET.destination + 16),
      family: bytes[at + PACKET_OFFSET.family],
      ttl: bytes[at + PACKET_OFFSET.ttl],
      encapsulation: bytes[at + PACKET_OFFSET.encapsulation],
      routerAlert: bytes[at + PACKET_OFFSET.routerAlert],
      payload: bytes.slice(payload, payload + length),
    };
  }

  #grow(words: number): void {
    const longer = new Int32Array(Math.max(words, this.words.length * 2));
    longer.set(this.words);
    this.words = longer;
  }
}

/** Bags by the time when they are due. */
export class LetterBags {
  #open = new Map<number, LetterBag>();
  #last = new LetterBag().begin(-Infinity);
  #empty: LetterBag[] = [];

  /** The bag of what is due then. */
  due(atMs: number): LetterBag {
    if (this.#last.atMs === atMs && this.#last.open) return this.#last;
    let bag = this.#open.get(atMs);
    if (!bag) {
      bag = (this.#empty.pop() ?? new LetterBag()).begin(atMs);
      this.#open.set(atMs, bag);
    }
    return this.#last = bag;
  }

  /** Its letters are being handed over from now on. */
  close(bag: LetterBag): void {
    if (!bag.open) return;
    bag.open = false;
    this.#open.delete(bag.atMs);
  }

  /** So many of its letters are done with. */
  release(bag: LetterBag, letters: number): void {
    bag.waiting -= letters;
    if (bag.waiting > 0) return;
    this.close(bag);
    this.#empty.push(bag);
  }
}

/** What arrives at one node at one moment: letters, or packets as soon as there is one that is no letter. */
export class Batch {
  readonly atMs: number;
  /** Handles of the interfaces by which the packets arrive. */
  handles: number[] | undefined = undefined;
  packets: Packet[] | undefined = undefined;
  /** Letters that have not been handed over. */
  letters = 0;
  #bags: LetterBags;
  #bag: LetterBag | undefined = undefined;
  #next = 0;
  #last = 0;

  constructor(atMs: number, bags: LetterBags) {
    this.atMs = atMs;
    this.#bags = bags;
  }

  /** Adds a SEND record, unless there are packets. */
  post(from: Int32Array, at: number, handle: number): boolean {
    if (this.packets) return false;
    const bag = this.#bag ??= this.#bags.due(this.atMs);
    const letter = bag.post(from, at, handle);
    if (this.letters++ === 0) this.#next = letter;
    else bag.words[this.#last] = letter;
    this.#last = letter;
    return true;
  }

  /** Adds a packet, behind all letters. */
  add(handle: number, packet: Packet): void {
    if (!this.packets) this.open();
    this.handles!.push(handle);
    this.packets!.push(packet);
  }

  /** Makes packets of the letters. */
  open(): void {
    this.handles = NO_HANDLES.slice();
    this.packets = NO_PACKETS.slice();
    const bag = this.#bag, count = this.letters;
    for (; this.letters > 0; this.letters--) {
      const packet = bag!.packet(this.#next);
      this.handles.push(packet.interface);
      this.packets.push(packet);
      this.#next = bag!.words[this.#next];
    }
    if (bag) this.#bags.release(bag, count);
    this.#bag = undefined;
  }

  /** The time of its letters has come. */
  close(): void {
    if (this.#bag) this.#bags.close(this.#bag);
  }

  /** Nobody wants the letters. */
  discard(): void {
    if (this.letters > 0) this.#bags.release(this.#bag!, this.letters);
    this.letters = 0;
  }

  /** Puts letters into the slots of an inbox, as many as there is room for, and returns how many. */
  fill = ({ words, start, slots }: PacketSlots): number => {
    const bag = this.#bag!;
    const count = Math.min(slots, this.letters);
    let slot = start >> 2;
    for (let i = 0; i < count; i++) {
      bag.deliver(this.#next, words, slot);
      this.#next = bag.words[this.#next];
      slot += SLOT_WORDS;
    }
    this.letters -= count;
    if (count > 0) this.#bags.release(bag, count);
    return count;
  };
}

/**
 * Copied, where `[]` would do: V8 lays the objects and arrays of a literal among the old ones for good once many of them
 * have lived long, as when a network starts up, and each then keeps its datagrams until the next full collection.
 */
const NO_HANDLES: number[] = [];
const NO_PACKETS: Packet[] = [];

/** The interface by which a SEND record is to leave. */
export function leavesBy(words: Int32Array, at: number): number {
  return words[at + INTERFACE];
}
