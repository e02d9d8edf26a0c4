/** One direction of a point-to-point link, as far as it can take a datagram without looking into it. */
import type { Address } from "../address.ts";
import { SEND_OFFSET } from "../boundary.gen.ts";
import { LONGEST_LETTER_BYTES } from "./letters.ts";
import type { NetworkLink } from "./network_link.ts";
import type { Attachment, LinkRecord, NodeRecord } from "./topology.ts";

const PAYLOAD_LENGTH = SEND_OFFSET.payloadLength >> 2;
const DESTINATION = SEND_OFFSET.destination >> 2;
/** Family, TTL, encapsulation and router alert share a word. */
const FLAGS = SEND_OFFSET.family >> 2;
const FAMILY_MASK = 0xff;
const ROUTER_ALERT_SHIFT = 8 * (SEND_OFFSET.routerAlert - SEND_OFFSET.family);

/** From one end of a link to the other. */
export class Wire {
  /** The other end. */
  readonly to: Attachment;
  readonly record: LinkRecord;
  readonly node: NodeRecord;
  #link: NetworkLink;
  #forwards: boolean;
  #ipv4: number;
  #ipv6: Int32Array;
  #linkLocal: Int32Array;

  constructor(link: NetworkLink, to: Attachment) {
    this.#link = link;
    this.record = link.record;
    this.to = to;
    this.node = to.node;
    this.#forwards = to.node.forwards;
    this.#ipv4 = wordsOf(to.ipv4)[0];
    this.#ipv6 = wordsOf(to.ipv6);
    this.#linkLocal = wordsOf(to.ipv6LinkLocal);
  }

  /**
   * Whether the SEND record at word `at` arrives as it is, and is for the node that it arrives at: the link works and is
   * perfect, the datagram has the address of the interface or makes every router look (NetworkNode says who else does),
   * and fits a slot.
   */
  takes(words: Int32Array, at: number): boolean {
    if (!this.record.up || !this.node.alive || this.#link.faults || words[at + PAYLOAD_LENGTH] > LONGEST_LETTER_BYTES) {
      return false;
    }
    const flags = words[at + FLAGS];
    if (flags >>> ROUTER_ALERT_SHIFT !== 0 && this.#forwards) return true;
    if ((flags & FAMILY_MASK) === 4) return words[at + DESTINATION] === this.#ipv4;
    return isAddress(words, at + DESTINATION, this.#ipv6) || isAddress(words, at + DESTINATION, this.#linkLocal);
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
