/**
 * A standing wish to reserve: what is asked for follows the senders that come, change and go. The engine decides what
 * becomes of it; here is only the application's side of RFC 2205 3.11.1.
 */
import type { FlowspecOptions, ReserveOptions, SenderAddress, SessionEvent, StyleName } from "./application.ts";
import { findTokenBucket } from "./network/receiver.ts";
import { findObject } from "./object_list.ts";
import { priorityObject, type SignalledPriority } from "./policy.ts";
import type { Session } from "./session.ts";

/** What is to be reserved. Without a rate it is what each sender announces. */
export interface Wish {
  style: StyleName;
  confirm?: boolean;
  /** The senders that are wanted, without a port any of that address; all if absent. */
  senders?: readonly SenderAddress[];
  flowspec: Partial<FlowspecOptions>;
  /** Receiving interface handle; by route if absent. */
  interface?: number;
  /** Signalled with it (RFC 3181). */
  priority?: SignalledPriority;
}

interface Descriptor {
  readonly sender: SenderAddress;
  readonly flowspec: FlowspecOptions;
}

/** One session's wish, asked for again whenever that changes anything. */
export class ReservationWish {
  #session: Session;
  #wish: Wish | undefined;
  /** What each sender announces, by its key in `session.senders`. */
  #announced = new Map<string, FlowspecOptions>();
  #asked = "";

  /** Of this session, whose every event has to be handed to `hear`: its first handler alone gets the early ones. */
  constructor(session: Session) {
    this.#session = session;
  }

  /** An event of the session. */
  hear(event: SessionEvent): void {
    if (event.kind === "PATH_EVENT" && !this.#session.released) this.#learn(event);
  }

  /** Wishes for this from now on; nothing gives the reservation up. */
  set(wish: Wish | undefined): void {
    this.#wish = wish;
    this.#asked = "";
    if (wish) this.#ask();
    else this.#session.unreserve();
  }

  #learn(event: SessionEvent): void {
    const known = this.#session.senders;
    for (const key of this.#announced.keys()) if (!known.has(key)) this.#announced.delete(key);
    const bucket = findTokenBucket(event, {});
    const template = findObject(event.objects, "SENDER_TEMPLATE");
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
    const descriptors = [...this.#session.senders].flatMap(([key, sender]) =>
      isWanted(wish, sender) ? descriptorFor(wish, sender, this.#announced.get(key)) : []
    );
    const asking = JSON.stringify([wish, descriptors]);
    if (asking === this.#asked || descriptors.length === 0) return;
    this.#asked = asking;
    this.#session.reserve(requestOf(wish, descriptors));
  }
}

function isWanted(wish: Wish, { address, port = 0 }: SenderAddress): boolean {
  return wish.senders?.some((one) => one.address === address && (one.port ?? port) === port) ?? true;
}

function descriptorFor(wish: Wish, sender: SenderAddress, announced: FlowspecOptions | undefined): Descriptor[] {
  const rate = wish.flowspec.tokenBucketRateBytesPerSecond ?? announced?.tokenBucketRateBytesPerSecond;
  if (rate === undefined) return [];
  const own = wish.flowspec.tokenBucketRateBytesPerSecond === undefined ? announced : {};
  return [{ sender, flowspec: { ...own, ...wish.flowspec, tokenBucketRateBytesPerSecond: rate } }];
}

/** A shared reservation has one flowspec, that with the highest token bucket rate. */
function requestOf(wish: Wish, descriptors: readonly Descriptor[]): ReserveOptions {
  const { style, confirm, interface: handle } = wish;
  const base = {
    style,
    confirm,
    ...(handle === undefined ? {} : { interface: handle }),
    ...(wish.priority ? { objects: [priorityObject(wish.priority)] } : {}),
  };
  if (style === "FF") return { ...base, descriptors };
  const largest = descriptors.reduce((a, b) =>
    b.flowspec.tokenBucketRateBytesPerSecond > a.flowspec.tokenBucketRateBytesPerSecond ? b : a
  );
  return {
    ...base,
    flowspec: largest.flowspec,
    senders: style === "SE" ? descriptors.map(({ sender }) => sender) : [],
  };
}
