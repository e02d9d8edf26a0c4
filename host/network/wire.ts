/** One direction of a point-to-point link, as far as it can take a datagram without looking into it. */
import type { Address } from "../address.ts";
import { SEND_OFFSET } from "../boundary.gen.ts";
import { LONGEST_LETTER_BYTES } from "./letters.ts";
import type { NetworkLink } from "./network_link.ts";
import type { Attachment } from "./topology.ts";

const PAYLOAD_LENGTH = SEND_OFFSET.payloadLength >> 2;
const DESTINATION = SEND_OFFSET.destination >> 2;
/** Family, TTL, encapsulation and router alert share a word. */
const FLAGS = SEND_OFFSET.family >> 2;
const FAMILY_MASK = 0xff;
const ENCAPSULATION_MASK = 0xff << (8 * (SEND_OFFSET.encapsulation - SEND_OFFSET.family));
const ROUTER_ALERT_SHIFT = 8 * (SEND_OFFSET.routerAlert - SEND_OFFSET.family);

/** What all wires of a network have to know: whether what they found out still holds. */
export interface WireState {
  /** Moves with every change of a link or of a node's being alive. */
  version: number;
  /** Whether anybody looks at what is sent: then nothing goes by wire. */
  watched: boolean;
}

/**
 * From one end of a link to the other. What is asked for every datagram stands in this one object: those of a large
 * network are not in the processor's cache, and each further one would have to be waited for.
 */
export class Wire {
  #version = -1;
  #works = false;
  #forwards: boolean;
  #ipv4: number;
  /** Index of the node at the other end. */
  readonly node: number;
  /** Handle of the interface at the other end. */
  readonly handle: number;
  readonly delayMs: number;
  #state: WireState;
  #link: NetworkLink;
  #to: Attachment;
  #addresses: Int32Array[];

  constructor(state: WireState, link: NetworkLink, to: Attachment) {
    this.#state = state;
    this.#link = link;
    this.#to = to;
    this.node = to.node.index;
    this.handle = to.handle;
    this.delayMs = link.record.delayMs;
    this.#forwards = to.node.forwards;
    this.#ipv4 = wordsOf(to.ipv4)[0];
    this.#addresses = [to.ipv6, to.ipv6LinkLocal].map(wordsOf);
  }

  /**
   * Whether the SEND record at word `at` arrives as it is, and is for the node that it arrives at: the link works and is
   * perfect, the datagram has the address of the interface or makes every router look (NetworkNode says who else does),
   * and fits a slot.
   */
  takes(words: Int32Array, at: number): boolean {
    if (this.#version !== this.#state.version) this.#look();
    if (!this.#works || words[at + PAYLOAD_LENGTH] > LONGEST_LETTER_BYTES) return false;
    const flags = words[at + FLAGS];
    // In UDP: NetworkNode knows who has a socket for it.
    if ((flags & ENCAPSULATION_MASK) !== 0) return false;
    if (flags >>> ROUTER_ALERT_SHIFT !== 0 && this.#forwards) return true;
    if ((flags & FAMILY_MASK) === 4) return words[at + DESTINATION] === this.#ipv4;
    return this.#addresses.some((address) => isAddress(words, at + DESTINATION, address));
  }

  #look(): void {
    this.#version = this.#state.version;
    this.#works = this.#link.isUp && !this.#link.faults && this.#to.node.alive && !this.#to.node.udpOnly;
  }
}

/** An address as the words that an engine has it in. */
function wordsOf({ bytes }: Address): Int32Array {
  return new Int32Array(bytes.slice(0, 16).buffer);
}

function isAddress(words: Int32Array, at: number, address: Int32Array): boolean {
  for (let i = 0; i < address.length; i++) if (words[at + i] !== address[i]) return false;
  return true;
}
