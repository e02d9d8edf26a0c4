/**
 * The QOS side of a socket: what it is bound to, connected to and has joined, which QOS was set, and the RSVP sessions
 * that follow from it. It moves no data; host/qos/udp_socket.ts and host/qos/tcp_socket.ts join it with real sockets,
 * and in a virtual network it stands alone.
 */
import { parseAddress } from "../address.ts";
import type { SessionAddress } from "../application.ts";
import { ResvError } from "../engine_errors.ts";
import { EventHub } from "./event_hub.ts";
import { localErrorEvent, type QosEvent, refusedCallEvent } from "./events.ts";
import { type FlowPort, QosFlow, type ReceivingPart } from "./flow.ts";
import {
  defaultStyle,
  isAnyAddress,
  isGroup,
  receiverMatches,
  senderMatches,
  sessionKey,
  type SocketAddress,
  type SocketState,
} from "./matching.ts";
import { findProviderObject } from "./provider_objects.ts";
import { type Qos, qos, type QosInput } from "./qos.ts";
import {
  API_ERROR,
  BAD_SENDER,
  type Destination,
  type Group,
  isInvoked,
  isSame,
  type JoinDirection,
  type Wish,
} from "./endpoint_state.ts";
import { checkFlow, type CheckPort } from "./check.ts";
import { PASS, type Transmission } from "./shaping.ts";
import { SERVICE_TYPE } from "./service_types.ts";
import { applyQos, emptySetting, type QosSetting, receivingReserve } from "./setting.ts";
import { QosError } from "./status.ts";
import { type SocketKind, validateQos } from "./validate.ts";

/** What an endpoint needs of the service provider. */
export interface EndpointPort extends Pick<FlowPort, "arithmetic" | "session">, CheckPort {
  /** The host's addresses of a family. */
  localAddresses(family: number): readonly string[];
  /** The address from which data to `destination` leave; undefined if there is no route. */
  sourceAddress(destination: string, answer: (address: string | undefined) => void): void;
  /** Listens to a group on the network, or stops. */
  setMembership(group: string, member: boolean): void;
  closed(endpoint: QosEndpoint): void;
}

/** The QOS side of one socket. Made by {@linkcode QosServiceProvider}. */
export class QosEndpoint {
  /** Kind of socket. */
  readonly protocol: "udp" | "tcp";
  #port: EndpointPort;
  #local: SocketAddress | undefined;
  #peer: SocketAddress | undefined;
  #groups: Group[] = [];
  #destinations: Destination[] = [];
  #setting = emptySetting();
  #confirmations = 0;
  #shut = { sending: false, receiving: false };
  #flows = new Map<string, QosFlow>();
  /** The template that a flow waits for while a route is asked for. */
  #resolving = new Map<QosFlow, symbol>();
  #hub = new EventHub<QosEvent>();
  #closed = false;

  /** Made by {@linkcode QosServiceProvider.endpoint}. */
  constructor(protocol: "udp" | "tcp", port: EndpointPort) {
    this.protocol = protocol;
    this.#port = port;
  }

  /** What it is bound to; the address may be the one for any. */
  get local(): SocketAddress | undefined {
    return this.#local;
  }

  /** What it is connected to. */
  get peer(): SocketAddress | undefined {
    return this.#peer;
  }

  /** True once it was closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The sessions in which it is registered now. */
  get sessions(): readonly SessionAddress[] {
    return [...this.#flows.values()].map((flow) => flow.address);
  }

  /** The QOS as it was set last. */
  get qos(): Qos {
    const { sending, receiving, providerSpecific } = this.#setting;
    return { sendingFlowspec: sending, receivingFlowspec: receiving, providerSpecific };
  }

  /** Says where it is bound. Throws a RangeError for what is no address. */
  bind(local: SocketAddress): this {
    this.#mustBeOpen();
    parseAddress(local.address);
    this.#local = { ...local };
    this.#reconcile();
    return this;
  }

  /**
   * Says what it is connected to. A QOS that is given overrides what was set before. A reservation of wildcard style
   * that stood is torn down, because a connected socket has one sender (fixed filter).
   */
  connect(peer: SocketAddress, input?: QosInput): this {
    this.#mustBeOpen();
    parseAddress(peer.address);
    const given = this.#check(input, { connected: true });
    this.#peer = { ...peer };
    this.#destinations = [];
    if (given) this.#setting = this.#apply(this.#setting, given);
    this.#reconcile();
    return this;
  }

  /** Ends the connection (a connect without a name), and with it QOS in both directions. */
  disconnect(): this {
    this.#mustBeOpen();
    this.#peer = undefined;
    const nothing = { serviceType: SERVICE_TYPE.NOTRAFFIC };
    this.#setting = this.#apply(this.#setting, qos({ sendingFlowspec: nothing, receivingFlowspec: nothing }));
    this.#reconcile();
    return this;
  }

  /** Joins a group, with the port of its session. A QOS that is given is the group's own. */
  join(group: SocketAddress, options: { direction?: JoinDirection; qos?: QosInput } = {}): this {
    this.#mustBeOpen();
    if (!isGroup(group.address)) throw new QosError("EINVAL", "group", `${group.address} is not a multicast group`);
    if (this.protocol === "tcp") throw new QosError("EINVAL", "group", "a TCP socket cannot join a group");
    const { direction = "both" } = options;
    const given = this.#check(options.qos, { multicast: true });
    const before = this.#groups.find((other) => isSame(other, group));
    this.#groups = this.#groups.filter((other) => other !== before);
    const setting = given ? this.#apply(this.#setting, given) : this.#setting;
    const joined = { sends: direction !== "receiver", receives: direction !== "sender", setting };
    this.#groups.push({ ...group, ...joined });
    this.#reconcile();
    // Joined last: the first Path may arrive at once, and the session has to be there.
    if (joined.receives && !before?.receives) this.#port.setMembership(group.address, true);
    if (!joined.receives && before?.receives) this.#port.setMembership(group.address, false);
    return this;
  }

  /** Leaves a group; unknown ones are ignored. */
  leave(group: SocketAddress): this {
    this.#mustBeOpen();
    const [left] = this.#groups.filter((other) => isSame(other, group));
    this.#groups = this.#groups.filter((other) => other !== left);
    this.#reconcile();
    if (left?.receives) this.#port.setMembership(left.address, false);
    return this;
  }

  /**
   * Sets QOS (SIO_SET_QOS), before or after binding, connecting or joining; a direction with the service type NOCHANGE
   * stays as it is, NOTRAFFIC and BESTEFFORT end it. It applies to every group joined so far. With a
   * DESTINATION_ADDRESS, the sending flowspec is for that destination alone. Throws a {@linkcode QosError} that names
   * the member for what cannot be set, and nothing has changed then.
   */
  setQos(input: QosInput): this {
    this.#mustBeOpen();
    const given = this.#check(input, {})!;
    const destination = findProviderObject(given.providerSpecific, "DESTINATION_ADDRESS");
    if (destination) {
      this.#setDestination(destination, given);
      this.#setting = this.#apply(this.#setting, { ...given, sendingFlowspec: qos().sendingFlowspec });
    } else {
      this.#setting = this.#apply(this.#setting, given);
      this.#groups = this.#groups.map((group) => ({ ...group, setting: this.#apply(group.setting, given) }));
      if (!isInvoked(this.#setting.sending.serviceType)) this.#destinations = [];
    }
    this.#reconcile();
    return this;
  }

  /** Ends one direction for good (shutdown). */
  shutdown(direction: "sending" | "receiving" | "both"): this {
    this.#mustBeOpen();
    if (direction !== "receiving") this.#shut.sending = true;
    if (direction !== "sending") this.#shut.receiving = true;
    this.#reconcile();
    return this;
  }

  /**
   * Asks one of QOS_CHECK (SIO_CHK_QOS): 1 for yes, 0 for no, kbit/s for LINE_RATE, QOS_INFO_NOT_AVAILABLE if it cannot be
   * known. Throws a {@linkcode QosError} for a number that is none of them.
   */
  checkQos(check: number): number {
    this.#mustBeOpen();
    return checkFlow(check, [...this.#flows.values()], { setting: this.#setting, local: this.#local }, this.#port);
  }

  /**
   * What the sender's traffic control does with a packet of so many bytes (IP header included) for a destination: let it
   * pass, hold it for so long and ask again, or discard it. Sockets ask before they send.
   */
  transmit(to: SocketAddress, bytes: number, nowMs: number): Transmission {
    return this.#flowTo(to)?.transmit(bytes, nowMs) ?? PASS;
  }

  /** Whether packets for a destination may have to wait, or be discarded. */
  shapes(to: SocketAddress, nowMs: number): boolean {
    return this.#flowTo(to)?.shapes(nowMs) ?? false;
  }

  #flowTo({ address, port }: SocketAddress): QosFlow | undefined {
    return this.#flows.get(sessionKey({ destination: address, port, protocol: this.protocol }));
  }

  /** Ends both directions: senders and reservations are torn down, readers of events end. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const flow of this.#flows.values()) flow.close();
    this.#flows.clear();
    for (const group of this.#groups) if (group.receives) this.#port.setMembership(group.address, false);
    this.#groups = [];
    this.#hub.end();
    this.#port.closed(this);
  }

  /** Calls for every event, in order. */
  on(handler: (event: QosEvent) => void): this {
    this.#hub.on(handler);
    return this;
  }

  /** No longer calls. */
  off(handler: (event: QosEvent) => void): this {
    this.#hub.off(handler);
    return this;
  }

  /** Every event from now on, for `for await`; ends when the endpoint is closed. */
  events(): AsyncIterableIterator<QosEvent> {
    return this.#hub.events();
  }

  /** Events that no reader fetched in time. */
  get droppedEvents(): number {
    return this.#hub.dropped;
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new QosError("ENOTSOCK", "socket", "it has been closed");
  }

  #check(input: QosInput | undefined, soon: Partial<SocketKind>): Qos | undefined {
    if (!input) return undefined;
    const given = qos(input);
    const known = this.#local ?? this.#peer;
    validateQos(given, {
      protocol: this.protocol,
      family: known ? parseAddress(known.address).family : 0,
      connected: this.#peer !== undefined,
      multicast: this.#groups.length > 0,
      ...soon,
    });
    return given;
  }

  #apply(setting: QosSetting, given: Qos): QosSetting {
    const asks = findProviderObject(given.providerSpecific, "RESERVE_INFO")?.confirmRequest ?? false;
    return applyQos(setting, given, asks ? ++this.#confirmations : setting.confirmation);
  }

  #setDestination(to: SocketAddress, given: Qos): void {
    const old = this.#destinations.find((other) => isSame(other, to));
    const setting = this.#apply(old?.setting ?? emptySetting(), {
      ...given,
      receivingFlowspec: qos().receivingFlowspec,
    });
    const others = this.#destinations.filter((other) => other !== old);
    const { address, port } = to;
    this.#destinations = isInvoked(setting.sending.serviceType) ? [...others, { address, port, setting }] : others;
  }

  #state(): SocketState {
    return {
      protocol: this.protocol,
      local: this.#local,
      peer: this.#peer,
      groups: this.#groups,
      destinations: this.#destinations,
    };
  }

  /** The sessions that follow from the state, by key. */
  #wishes(): Map<string, Wish> {
    const state = this.#state();
    const wishes = new Map<string, Wish>();
    const wish = (address: SessionAddress): Wish => {
      const key = sessionKey(address);
      const known = wishes.get(key) ?? { address };
      wishes.set(key, known);
      return known;
    };
    for (const match of this.#shut.sending ? [] : senderMatches(state)) {
      const setting = this.#settingOf(match.session, this.#destinations);
      if (isInvoked(setting.sending.serviceType)) wish(match.session).sends = { match, setting };
    }
    const locals = (family: number) => this.#port.localAddresses(family);
    for (const match of this.#shut.receiving ? [] : receiverMatches(state, locals)) {
      const setting = this.#settingOf(match.session, []);
      if (isInvoked(setting.receiving.serviceType)) wish(match.session).receives = { match, setting };
    }
    return wishes;
  }

  #settingOf({ destination, port = 0 }: SessionAddress, destinations: readonly Destination[]): QosSetting {
    const at = { address: destination, port };
    const own = this.#groups.length > 0 ? this.#groups : this.#peer ? [] : destinations;
    return own.find((other) => isSame(other, at))?.setting ?? this.#setting;
  }

  /** Makes the sessions what the state wants: first what ends, then what is new or has changed. */
  #reconcile(): void {
    const wishes = this.#wishes();
    for (const [key, flow] of this.#flows) {
      const wish = wishes.get(key);
      if (!wish?.receives) flow.receive(undefined);
      if (!wish?.sends) this.#announce(flow, undefined);
      if (wish) continue;
      flow.close();
      this.#flows.delete(key);
    }
    for (const [key, wish] of wishes) {
      const known = this.#flows.get(key);
      known?.receive(this.#receivingPart(wish));
      const flow = known ?? this.#open(key, wish);
      if (flow) this.#announce(flow, wish.sends);
    }
  }

  #open(key: string, wish: Wish): QosFlow | undefined {
    const { arithmetic } = this.#port;
    try {
      const flow = new QosFlow(wish.address, {
        arithmetic,
        session: (address) => this.#port.session(address),
        event: (event) => this.#deliver(event),
      });
      this.#flows.set(key, flow);
      return flow.start(this.#receivingPart(wish));
    } catch (error) {
      if (!(error instanceof ResvError)) throw error;
      this.#deliver(refusedCallEvent(error.code, wish.receives ? "receiving" : "sending", wish.address));
      return undefined;
    }
  }

  #receivingPart({ receives }: Wish): ReceivingPart | undefined {
    if (!receives) return undefined;
    const { match, setting } = receives;
    const state = this.#state();
    return {
      peer: match.peer,
      flowspec: setting.receiving,
      reserve: receivingReserve(setting, match.peer !== undefined),
      style: defaultStyle(state),
      confirmation: setting.confirmation,
    };
  }

  /** A socket that is bound to any address sends from that of the route. */
  #announce(flow: QosFlow, sends: Wish["sends"]): void {
    this.#resolving.delete(flow);
    if (!sends) return flow.send(undefined);
    const { local } = sends.match;
    const { sending: flowspec, policyElements, shaping } = sends.setting;
    const send = (address: string) =>
      flow.send({ template: { address, port: local.port }, flowspec, policyElements, shaping });
    if (!isAnyAddress(local.address)) return send(local.address);
    const asked = Symbol();
    this.#resolving.set(flow, asked);
    this.#port.sourceAddress(flow.address.destination, (address) => {
      if (this.#resolving.get(flow) !== asked) return;
      this.#resolving.delete(flow);
      if (address !== undefined) return send(address);
      flow.send(undefined);
      this.#deliver(localErrorEvent(API_ERROR, BAD_SENDER, "sending", flow.address));
    });
  }

  #deliver(event: QosEvent): void {
    if (!this.#closed) this.#hub.deliver(event);
  }
}
