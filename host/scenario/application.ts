/** An application of a scenario: says what it wants, and asks again when senders come, go or change. */
import { isMulticast, parseAddress } from "../address.ts";
import type { FlowspecOptions, SenderOptions, SessionAddress, SessionEvent, StyleName } from "../application.ts";
import type { NetworkNode } from "../network/network_node.ts";
import { findTokenBucket } from "../network/receiver.ts";
import type { Session } from "../session.ts";

/** What is to be reserved. Without a rate it is what each sender announces. */
export interface Wish {
  style: StyleName;
  confirm?: boolean;
  /** Addresses of the senders that are wanted; all if absent. */
  senders?: readonly string[];
  flowspec: Partial<FlowspecOptions>;
}

export class ScenarioApplication {
  readonly node: NetworkNode;
  #session: Session;
  #wish: Wish | undefined;
  /** What each sender announces, by its key in `session.senders`. */
  #announced = new Map<string, FlowspecOptions>();
  #asked = "";

  constructor(node: NetworkNode, address: SessionAddress, heard: (event: SessionEvent) => void) {
    this.node = node;
    const { bytes, family } = parseAddress(address.destination);
    this.#session = node.rsvp.session(address);
    this.#session.on((event) => {
      heard(event);
      if (event.kind === "PATH_EVENT") this.#learn(event);
    });
    this.#group = isMulticast(bytes, family) ? address.destination : undefined;
  }

  #group: string | undefined;
  #joined = false;

  send(options: SenderOptions): void {
    this.#session.sender(options);
  }

  withdraw(): void {
    this.#session.withdraw();
  }

  reserve(wish: Wish): void {
    this.#wish = wish;
    this.#asked = "";
    // Joined with the wish to receive: a sender is no member of its group (RFC 1112).
    if (this.#group && !this.#joined) {
      this.#joined = true;
      this.node.join(this.#group);
    }
    this.#ask();
  }

  unreserve(): void {
    this.#wish = undefined;
    this.#session.unreserve();
  }

  release(): void {
    this.#session.release();
    if (this.#group && this.#joined) this.node.leave(this.#group);
  }

  #learn(event: SessionEvent): void {
    if (this.#session.released) return;
    const known = this.#session.senders;
    for (const key of this.#announced.keys()) if (!known.has(key)) this.#announced.delete(key);
    const bucket = findTokenBucket(event, {});
    const template = event.objects.find((object) => object.name === "SENDER_TEMPLATE");
    if (bucket && !event.gone && template && "sourceAddress" in template) {
      const senderPort = "sourcePort" in template ? template.sourcePort : 0;
      this.#announced.set(`${template.sourceAddress}/${senderPort}`, bucket);
    }
    this.#ask();
  }

  /** Asks for what is wished of the senders that are there; the same again would only be work. */
  #ask(): void {
    const wish = this.#wish;
    if (!wish) return;
    const wanted = [...this.#session.senders].filter(([, { address }]) => wish.senders?.includes(address) ?? true);
    const descriptors = wanted.flatMap(([key, sender]) => {
      const announced = this.#announced.get(key);
      const rate = wish.flowspec.tokenBucketRateBytesPerSecond ?? announced?.tokenBucketRateBytesPerSecond;
      if (rate === undefined) return [];
      const own = wish.flowspec.tokenBucketRateBytesPerSecond === undefined ? announced : {};
      return [{ sender, flowspec: { ...own, ...wish.flowspec, tokenBucketRateBytesPerSecond: rate } }];
    });
    const asking = JSON.stringify([wish, descriptors]);
    if (asking === this.#asked || descriptors.length === 0) return;
    this.#asked = asking;
    const { style, confirm } = wish;
    if (style === "FF") return void this.#session.reserve({ style, confirm, descriptors });
    const largest = descriptors.reduce((a, b) =>
      b.flowspec.tokenBucketRateBytesPerSecond > a.flowspec.tokenBucketRateBytesPerSecond ? b : a
    );
    const senders = style === "SE" ? descriptors.map(({ sender }) => sender) : [];
    this.#session.reserve({ style, confirm, flowspec: largest.flowspec, senders });
  }
}
