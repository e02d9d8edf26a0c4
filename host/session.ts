/**
 * An application's registration with its node: one session, at the most one sender and one reservation in it, and its
 * upcalls (RFC 2205 3.11.1). Made by `RsvpNode.session`.
 */
import { CALL_KIND, CALL_OPTION, type CallInput } from "./boundary.gen.ts";
import {
  reserveObjects,
  type ReserveOptions,
  type SenderAddress,
  senderObject,
  type SenderOptions,
  senderTspecObject,
  type SessionAddress,
  type SessionEvent,
  sessionObject,
  type StyleName,
  STYLES,
} from "./application.ts";
import { diagnoseObjects, type DiagnoseOptions } from "./diagnosis.ts";
import { ResvError } from "./engine_errors.ts";
import { EventQueue } from "./event_queue.ts";
import { encodeObjects, findObject, type ObjectInput } from "./object_list.ts";
import type { RsvpObject } from "./objects.gen.ts";

/** What a session needs of its node. */
export interface SessionPort {
  call(record: CallInput): void;
  /** A local address for senders that name none, of the same family as `destination`. */
  localAddress(destination: string): string;
  released(application: number): void;
  /** Calls are answered later: the node says `registered` when the registration is, and refusals come as events. */
  readonly deferred?: boolean;
}

/**
 * An application's registration for a session, made by {@linkcode RsvpNode.session}: at the most one sender and one
 * reservation in it, and its events (RFC 2205 3.11.1). A call that the engine refuses throws; what others refuse later
 * comes as an event.
 *
 * @example A receiver reserves for the senders it hears of, with a style and a flowspec of its own
 * ```ts
 * import { Network } from "@resv/resv";
 *
 * const network = new Network();
 * const alice = network.host("alice"), bob = network.host("bob");
 * network.link(alice, bob);
 *
 * const receiver = bob.session({ destination: bob.address, protocol: "udp", port: 5004 });
 * const sender = alice.session({ destination: bob.address, protocol: "udp", port: 5004 });
 * sender.on(({ kind, style }) => console.log(kind, style)); // RESV_EVENT FF
 * sender.sender({ port: 6000, tokenBucketRateBytesPerSecond: 12_500 });
 * network.settle();
 *
 * receiver.reserve({
 *   style: "FF",
 *   senders: [...receiver.senders.values()],
 *   flowspec: { tokenBucketRateBytesPerSecond: 12_500, rateBytesPerSecond: 20_000 }, // guaranteed (RFC 2212)
 *   confirm: true,
 * });
 * network.settle();
 * console.log(bob.counters().RECEIVED_RESV_CONFIRM); // 1
 *
 * receiver.release();
 * network.settle();
 * console.log(alice.inspect("reservations").length); // 0
 * ```
 */
export class Session {
  /** The handle by which the engine knows this registration. */
  readonly application: number;
  /** Where the session's data goes. */
  readonly address: SessionAddress;
  /** The senders that Path messages have announced and nothing has withdrawn, by `address/port`. */
  readonly senders: ReadonlyMap<string, SenderAddress>;
  /** Events that no reader fetched in time. */
  droppedEvents = 0;
  #senders: Map<string, SenderAddress>;
  #port: SessionPort;
  #handlers: ((event: SessionEvent) => void)[] = [];
  #readers: EventQueue<SessionEvent>[] = [];
  #released = false;
  /** What is being called, while the call is on the stack. */
  #calling = "";
  /** Events that came during the registration, when nobody could listen yet; for the first who does. */
  #early: SessionEvent[] = [];
  #registering = false;
  #refusal: ResvError | undefined;

  /** Called by the node; see {@linkcode RsvpNode.session}. */
  constructor(application: number, address: SessionAddress, port: SessionPort) {
    this.application = application;
    this.address = address;
    this.#port = port;
    this.senders = this.#senders = new Map();
  }

  /** Makes the registration; called by the node once it knows where this session's events go. */
  register(): void {
    const objects = encodeObjects([sessionObject(this.address)]);
    this.#registering = true;
    try {
      this.#call({ call: CALL_KIND.SESSION, objects }, `registering for ${this.address.destination}`);
    } finally {
      this.#registering = this.#port.deferred === true;
    }
  }

  /** The registration has been answered; called by a node that answers later. */
  registered(): void {
    this.#registering = false;
  }

  /** True once `release` was called. */
  get released(): boolean {
    return this.#released;
  }

  /**
   * Announces a sender, or changes the announcement. Path messages go out at once and are refreshed (RFC 2205 3.11.1,
   * SENDER). @throws {RangeError} if an address is none. @throws {ResvError} if the engine refuses, for example because of
   * ports that contradict another sender (RFC 2205 3.2). @throws {TypeError} after `release`.
   */
  sender(options: SenderOptions): this {
    const { address = this.#port.localAddress(this.address.destination), port, objects = [] } = options;
    const template = senderObject("SENDER_TEMPLATE", { address, port });
    return this.announce([template, senderTspecObject(options), ...objects], options);
  }

  /**
   * Like `sender`, with the objects ready made, as values or in wire form: SENDER_TEMPLATE, SENDER_TSPEC, then ADSPEC and
   * POLICY_DATA, if any (the sender descriptor of RFC 2205 3.1.3).
   */
  announce(
    objects: readonly (ObjectInput | RsvpObject)[] | Uint8Array,
    options: Pick<SenderOptions, "ttl" | "interface" | "noAdspec"> = {},
  ): this {
    this.#call({
      call: CALL_KIND.SENDER,
      options: options.noAdspec ? CALL_OPTION.NO_ADSPEC : 0,
      ttl: options.ttl,
      interface: options.interface,
      objects: objects instanceof Uint8Array ? objects : encodeObjects(objects),
    }, `announcing a sender to ${this.address.destination}`);
    return this;
  }

  /** Takes the sender's announcement back (PathTear, RFC 2205 3.1.5). @throws {TypeError} after `release`. */
  withdraw(): this {
    this.#call({ call: CALL_KIND.SENDER }, "withdrawing the sender");
    return this;
  }

  /**
   * Asks for a reservation, or changes it (RFC 2205 3.11.1, RESERVE). @throws {RangeError} if style, flowspec and senders do
   * not go together. @throws {ResvError} if the engine refuses, for example because of another style in the session.
   * @throws {TypeError} after `release`.
   */
  reserve(options: ReserveOptions): this {
    return this.request(options.style, reserveObjects(options), options);
  }

  /**
   * Like `reserve`, with the objects ready made, as values or in wire form: POLICY_DATA, if any, then the flow descriptors
   * of the style (RFC 2205 3.1.4).
   */
  request(
    style: StyleName,
    objects: readonly (ObjectInput | RsvpObject)[] | Uint8Array,
    options: Pick<ReserveOptions, "confirm" | "interface"> = {},
  ): this {
    this.#call({
      call: CALL_KIND.RESERVE,
      style: STYLES[style],
      options: options.confirm ? CALL_OPTION.CONFIRM : 0,
      interface: options.interface,
      objects: objects instanceof Uint8Array ? objects : encodeObjects(objects),
    }, `reserving ${style}`);
    return this;
  }

  /** Gives the reservation up (ResvTear, RFC 2205 3.1.6). @throws {TypeError} after `release`. */
  unreserve(): this {
    this.#call({ call: CALL_KIND.RESERVE, style: 0 }, "giving the reservation up");
    return this;
  }

  /**
   * Asks the RSVP nodes on the way to a sender what they know of it (DREQ, RFC 2745). What they say comes as one or more
   * DIAGNOSTIC_REPLY events, which {@linkcode PathDiagnosis} puts together; nothing comes where a node on the way knows
   * no diagnostics. @throws {RangeError} naming an option that is out of range. @throws {ResvError} if the engine refuses.
   * @throws {TypeError} after `release`.
   */
  diagnose(options: DiagnoseOptions): this {
    const own = options.requester ?? this.#port.localAddress(this.address.destination);
    const objects = encodeObjects(diagnoseObjects(options, own));
    this.#call({ call: CALL_KIND.DIAGNOSE, objects }, `diagnosing the path from ${options.sender.address}`);
    return this;
  }

  /** Ends the registration: sender and reservation are torn down, event readers end. May be called twice. */
  release(): void {
    if (this.#released) return;
    this.#call({ call: CALL_KIND.RELEASE }, "releasing the session");
    this.end();
  }

  /**
   * Calls for every event, in order. Calls into this session from a handler are carried out after it returns. The first
   * handler or reader gets what the registration itself brought: the senders that were known already.
   */
  on(handler: (event: SessionEvent) => void): this {
    this.#handlers.push(handler);
    for (const event of this.#takeEarly()) handler(event);
    return this;
  }

  /** Every event from now on, for `for await`; ends when the session is released. */
  events(): AsyncIterableIterator<SessionEvent> {
    const queue = new EventQueue<SessionEvent>(() => this.droppedEvents++);
    for (const event of this.#takeEarly()) queue.push(event);
    if (this.#released) queue.end();
    else this.#readers.push(queue);
    return queue;
  }

  /** Hands an event over; called by the node. */
  deliver(event: SessionEvent): void {
    if (event.kind === "CALL_ERROR" && this.#calling) {
      // Code 0 is no error of the protocol: the value is the STATUS with which the engine refused the call.
      this.#refusal = new ResvError(event.errorCode || event.errorValue, this.#calling);
      return;
    }
    if (event.kind === "PATH_EVENT") this.#noteSender(event);
    const heard = this.#handlers.length + this.#readers.length > 0;
    if (this.#registering && !heard) this.#early.push(event);
    for (const handler of this.#handlers) handler(event);
    this.#readers = this.#readers.filter((reader) => reader.open);
    for (const reader of this.#readers) reader.push(event);
  }

  /** Ends without a call, when the node is gone. */
  end(): void {
    if (this.#released) return;
    this.#released = true;
    this.#port.released(this.application);
    for (const reader of this.#readers) reader.end();
  }

  #takeEarly(): SessionEvent[] {
    return this.#early.splice(0);
  }

  #noteSender(event: SessionEvent): void {
    const template = findObject(event.objects, "SENDER_TEMPLATE");
    if (!template || !("sourceAddress" in template)) return;
    const port = "sourcePort" in template ? template.sourcePort : 0;
    const key = `${template.sourceAddress}/${port}`;
    if (event.gone) this.#senders.delete(key);
    else this.#senders.set(key, { address: template.sourceAddress, port });
  }

  /**
   * Makes a call. What the engine refuses at once is thrown; where this is called from a handler the call waits its
   * turn, and a refusal comes as CALL_ERROR.
   */
  #call(record: CallInput, doing: string): void {
    if (this.#released) throw new TypeError(`${doing}: the session has been released`);
    this.#calling = doing;
    try {
      this.#port.call({ application: this.application, ...record });
    } finally {
      this.#calling = "";
    }
    const refusal = this.#refusal;
    this.#refusal = undefined;
    if (refusal) throw refusal;
  }
}
