/**
 * A whole RSVP node: engine, loop, transport, routing and traffic control put together, with sessions for applications
 * and tables to look at. The same class runs on real sockets and in virtual networks; only what is handed in differs.
 */
import type { CallInput, EventAction, TableRows } from "./boundary.gen.ts";
import { CALL_KIND, CALL_OPTION, MAXIMUM_APPLICATION_HANDLE } from "./boundary.gen.ts";
import { parseAddress } from "./address.ts";
import { type SessionAddress, sessionEvent } from "./application.ts";
import { type Clock, SystemClock } from "./clock.ts";
import { Engine, type SubmitObserver } from "./engine.ts";
import type { EngineTrapError } from "./engine_errors.ts";
import { type DropReport, dropReport } from "./drop_report.ts";
import { EngineLoop } from "./loop.ts";
import type { MessageObserver } from "./message_tap.ts";
import {
  configRecord,
  DEFAULT_SETTINGS,
  interfaceRecord,
  type InterfaceSettings,
  type NodeSettings,
} from "./node_settings.ts";
import { policyRecords, type PolicyRule } from "./policy.ts";
import type { Routing } from "./routing/routing.ts";
import { StaticRouting } from "./routing/static_routing.ts";
import { Session } from "./session.ts";
import { routeSourceAddress, type SignallingNode, usableAddresses } from "./signalling_node.ts";
import type { TablePage } from "./table_rows.ts";
import { type PlainRow, plainRow } from "./tables.ts";
import { MemoryTrafficControl } from "./traffic_control/memory_traffic_control.ts";
import type { TrafficControl } from "./traffic_control/traffic_control.ts";
import type { Transport } from "./transport/transport.ts";

export type { DropReport };

/** What a node is made of, and its settings. */
export interface RsvpNodeOptions extends Partial<NodeSettings> {
  /** The engine's module; `defaultModule()` has the embedded one. */
  module: WebAssembly.Module;
  /** Carries its datagrams. */
  transport: Transport;
  /** A routing table in memory by default. */
  routing?: Routing;
  /** Grants everything and keeps it in memory by default. */
  trafficControl?: TrafficControl;
  /** The machine's clock by default. */
  clock?: Clock;
  /** Interfaces that are there from the start; `setInterface` adds more. */
  interfaces?: readonly InterfaceSettings[];
  /** Rules of local policy (RFC 2205 2.7); everything is accepted, with equal priority, by default. */
  policy?: readonly PolicyRule[];
  /** Seeds jitter and hash keys: 32 bits, random by default. Same inputs and seed, same outputs. */
  seed?: number;
  /** Sees every submit, for recording (host/recorder.ts). */
  onSubmit?: SubmitObserver;
  /** Takes why messages were dropped; switches `reportDrops` on. */
  onReport?: (report: DropReport) => void;
  /** Takes errors that have no caller; without it they are thrown where the runtime reports uncaught ones. */
  onError?: (error: Error) => void;
  /** Takes a trap of the engine at once; without it, it goes to `onError` with function, file and line looked up. */
  onTrap?: (error: EngineTrapError) => void;
}

/** An application's registration below the level of {@linkcode Session}: records in, upcalls out, as the engine has them. */
export interface ApplicationPort {
  /** The handle by which the engine knows it. */
  readonly application: number;
  /** Makes a call in its name. @throws {ResvError} if the engine refuses the record; what it refuses later is an event. */
  call(record: CallInput): void;
  /** Its handle may be given to another; called after RELEASE. */
  released(): void;
}

/** What is to be cleared. */
export interface ClearOptions {
  /** Senders (path state), reservations, or both. */
  what: "senders" | "reservations" | "all";
  /** SESSION, then a SENDER_TEMPLATE for one sender alone, in wire form. */
  objects: Uint8Array;
}

/**
 * One RSVP node: host or router. What it stands on (transport, routing, traffic control, clock) is handed in, so that the
 * same class runs on real sockets, in {@linkcode Network} and in a test that plays its neighbours.
 *
 * @example Two nodes, joined by hand in memory
 * ```ts
 * import { defaultModule, MemoryTransport, RsvpNode, StaticRouting, VirtualClock } from "@resv/resv";
 *
 * const clock = new VirtualClock(), module = defaultModule();
 * const node = (address: string, other: () => MemoryTransport) => {
 *   const transport = new MemoryTransport({
 *     send: (packet) => void clock.schedule(clock.nowMs() + 1, () => other().deliver([{ ...packet, interface: 1 }])),
 *   });
 *   const routing = new StaticRouting([
 *     { prefix: "10.0.0.0/24", interface: 1 },
 *     { prefix: `${address}/32`, local: true },
 *   ]);
 *   const interfaces = [{ interface: 1, addresses: [`${address}/24`] }];
 *   return { transport, rsvp: new RsvpNode({ module, transport, routing, clock, seed: 1, interfaces }) };
 * };
 * const alice = node("10.0.0.1", () => bob.transport);
 * const bob = node("10.0.0.2", () => alice.transport);
 *
 * const session = { destination: "10.0.0.2", port: 5004 };
 * const receiver = bob.rsvp.session(session);
 * receiver.on(({ kind, gone }) => {
 *   if (kind === "PATH_EVENT" && !gone) {
 *     receiver.reserve({ style: "WF", flowspec: { tokenBucketRateBytesPerSecond: 12_500 } });
 *   }
 * });
 * alice.rsvp.session(session).sender({ tokenBucketRateBytesPerSecond: 12_500 });
 * clock.advance(100);
 *
 * console.log(alice.rsvp.inspect("installed").length); // 1
 * console.log(alice.rsvp.counters().RECEIVED_RESV); // 1
 * ```
 */
export class RsvpNode implements SignallingNode {
  /** As it was handed in, or the machine's. */
  readonly clock: Clock;
  /** As it was handed in, or an empty table. */
  readonly routing: Routing;
  /** As it was handed in, or one in memory that grants everything. */
  readonly trafficControl: TrafficControl;
  /** As it was handed in; closed with the node. */
  readonly transport: Transport;
  #engine: Engine;
  #loop: EngineLoop;
  #sessions = new Map<number, Session>();
  #applications = new Map<number, (event: EventAction) => void>();
  #interfaces = new Map<number, InterfaceSettings>();
  #settings: Partial<NodeSettings>;
  #seed: number;
  #nextApplication = 1;
  #observers = new Set<MessageObserver>();
  #interfaceObservers = new Set<() => void>();

  /** Starts the node at once. @throws {RangeError} naming a setting that cannot be used. */
  constructor(options: RsvpNodeOptions) {
    const { module, transport, onReport, onError, onTrap, onSubmit } = options;
    this.#settings = settingsOf(options);
    this.#seed = options.seed ?? randomSeed();
    const config = configRecord(this.#settings, this.#seed);
    this.clock = options.clock ?? new SystemClock();
    this.routing = options.routing ?? new StaticRouting();
    this.trafficControl = options.trafficControl ?? new MemoryTrafficControl();
    this.transport = transport;
    this.#engine = new Engine(module, { onSubmit });
    this.#loop = new EngineLoop({
      engine: this.#engine,
      clock: this.clock,
      transport,
      trafficControl: this.trafficControl,
      routing: this.routing,
      onEvent: (event) => this.#applications.get(event.application)?.(event),
      onReport: onReport && ((report) => onReport(dropReport(report))),
      onError,
      onTrap,
    });
    this.#loop.submit("CONFIG", { ...config, unixEpochMs: this.clock.unixEpochMs ?? 0 });
    if (options.policy) this.setPolicy(options.policy);
    for (const settings of options.interfaces ?? []) this.setInterface(settings);
  }

  /** False once closed, or after the engine trapped. */
  get running(): boolean {
    return this.#loop.running;
  }

  /** The engine, for snapshots and measurements. Submitting to it behind the loop's back breaks the loop. */
  get engine(): Engine {
    return this.#engine;
  }

  /**
   * Changes settings while the node runs: those that are named, the others stay. Timers that run already end as they were
   * set. @throws {RangeError} naming a setting that cannot be used; nothing is changed then.
   */
  configure(settings: Partial<NodeSettings>): void {
    const changed = { ...this.#settings, ...settings };
    this.#loop.submit("CONFIG", configRecord(changed, this.#seed));
    this.#settings = changed;
  }

  /** All settings, with the defaults of those that were not handed in. */
  get settings(): Readonly<NodeSettings> {
    return { ...DEFAULT_SETTINGS, ...this.#settings };
  }

  /** The interfaces as they were set. */
  get interfaces(): readonly InterfaceSettings[] {
    return [...this.#interfaces.values()];
  }

  /** Adds an interface or changes one. */
  setInterface(settings: InterfaceSettings): void {
    const record = interfaceRecord(settings);
    this.#loop.submit("INTERFACE", record);
    this.#interfaces.set(settings.interface, settings);
    for (const observer of this.#interfaceObservers) observer();
  }

  /** Calls whenever an interface was added or changed, until the result is called. */
  onInterfaces(observer: () => void): () => void {
    this.#interfaceObservers.add(observer);
    return () => void this.#interfaceObservers.delete(observer);
  }

  /** Brings an interface up or down. */
  setInterfaceUp(handle: number, up: boolean): void {
    const settings = this.#interfaces.get(handle);
    if (!settings) throw new RangeError(`no interface ${handle}`);
    this.setInterface({ ...settings, up });
  }

  /** The engine's compiled module. */
  get module(): WebAssembly.Module {
    return this.#engine.module;
  }

  /**
   * Replaces the rules of local policy; an empty list takes them away. They hold for what arrives from now on, and for
   * what stands with its next refresh: what is refused then is not refreshed any more and ends with its lifetime.
   *
   * @example A node that refuses reservations but for one user's, and sends of what it knows nothing
   * ```ts
   * import { Network } from "@resv/resv";
   *
   * const network = new Network();
   * const alice = network.host("alice"), r1 = network.router("r1"), bob = network.host("bob");
   * network.link(alice, r1);
   * network.link(r1, bob);
   * r1.rsvp.setPolicy([
   *   { destination: bob.address, ports: [5000, 5999], preemptionPriority: 3 },
   *   { direction: "resv", element: "AUTH_USER", attribute: "CN=alice" },
   *   { direction: "resv", verdict: "refuse" },
   * ]);
   * const session = { destination: bob.address, port: 7000 };
   * alice.send(session, { tokenBucketRateBytesPerSecond: 12_500 });
   * bob.receive(session, { style: "FF" }).on(({ kind, errorCode, errorValue }) => {
   *   if (kind === "RESV_ERROR") console.log(kind, errorCode, errorValue); // RESV_ERROR 2 3
   * });
   * network.settle();
   * console.log(r1.counters().POLICY_REFUSED); // 1
   * ```
   * @throws {RangeError} naming the rule that cannot be used; then the old rules stay.
   */
  setPolicy(rules: readonly PolicyRule[]): void {
    for (const record of policyRecords(rules)) this.#loop.submit("POLICY", record);
  }

  /** Registers an application for a session. */
  session(address: SessionAddress): Session {
    const port = this.application((event) => session.deliver(sessionEvent(event)));
    const released = () => {
      this.#sessions.delete(port.application);
      port.released();
    };
    const localAddress = (destination: string) => this.localAddress(destination);
    const session = new Session(port.application, address, { call: port.call, localAddress, released });
    this.#sessions.set(port.application, session);
    try {
      session.register();
    } catch (error) {
      released();
      throw error;
    }
    return session;
  }

  /**
   * A handle for an application whose calls and upcalls are carried as they are: for services that speak for
   * applications elsewhere. Its first call must be SESSION, and after RELEASE comes `released`.
   */
  application(deliver: (event: EventAction) => void): ApplicationPort {
    while (this.#applications.has(this.#nextApplication)) {
      this.#nextApplication = this.#nextApplication % MAXIMUM_APPLICATION_HANDLE + 1;
    }
    const application = this.#nextApplication;
    this.#nextApplication = application % MAXIMUM_APPLICATION_HANDLE + 1;
    // Known before it is registered: the first upcalls may come during the call.
    this.#applications.set(application, deliver);
    return {
      application,
      call: (record) => this.#loop.submit("CALL", { ...record, application }),
      released: () => void this.#applications.delete(application),
    };
  }

  /** Registrations that are not released. */
  get sessions(): readonly Session[] {
    return [...this.#sessions.values()];
  }

  /** The first interface's address of the destination's family. @throws {RangeError} if there is none. */
  localAddress(destination: string): string {
    const { family } = parseAddress(destination);
    const [address] = usableAddresses(this.interfaces, family);
    if (address !== undefined) return address;
    throw new RangeError(`no interface has an IPv${family} address: name the sender's address`);
  }

  /** The address from which data to `destination` leave, by route; see {@linkcode SignallingNode}. */
  sourceAddress(destination: string, answer: (address: string | undefined) => void): void {
    routeSourceAddress(this.routing, this.interfaces, destination, answer);
  }

  /** The rows of a table, addresses as text, objects decoded. */
  inspect<T extends keyof TableRows>(table: T): PlainRow<TableRows[T]>[] {
    return this.#engine.inspect(table).map((row) => plainRow<T>(row));
  }

  /** Some rows of a table in the engine's own form; see {@linkcode Engine.inspectPage}. */
  inspectPage(table: keyof TableRows, cursor = 0): TablePage {
    return this.#engine.inspectPage(table, cursor);
  }

  /**
   * Clears state that neighbours have made, as if they had torn it down: of a session, or of one sender in it. What
   * applications of this node hold stays: it is theirs. What neighbours go on refreshing comes back.
   * @throws {ResvError} NO_STATE if there is none.
   */
  clear({ what, objects }: ClearOptions): void {
    const options = (what === "reservations" ? 0 : CALL_OPTION.CLEAR_SENDERS) |
      (what === "senders" ? 0 : CALL_OPTION.CLEAR_RESERVATIONS);
    this.#loop.submit("CALL", { call: CALL_KIND.CLEAR, options, objects });
  }

  /**
   * Calls for every message that comes in or goes out, until the result is called. The observer must not call the node.
   * Nodes at which nobody looks pay nothing for it.
   */
  onMessage(observer: MessageObserver): () => void {
    this.#observers.add(observer);
    this.#loop.observe((sighting) => this.#observers.forEach((one) => one(sighting)));
    return () => {
      if (this.#observers.delete(observer) && this.#observers.size === 0) this.#loop.observe(undefined);
    };
  }

  /** Every counter that is not zero, by name: messages by type, drops by reason, sizes. */
  counters(): Record<string, number> {
    return this.#engine.counters();
  }

  /** The whole protocol state, for {@linkcode Engine.restore}. */
  snapshot(): Uint8Array {
    return this.#engine.snapshot();
  }

  /** Stops at once, without tearing anything down: neighbours' state times out. Sessions end. */
  close(): void {
    this.#loop.close();
    for (const session of this.sessions) session.end();
    this.#engine.close();
  }
}

function settingsOf(options: RsvpNodeOptions): Partial<NodeSettings> {
  const { module: _m, transport: _t, routing: _r, trafficControl: _c, clock: _k, interfaces: _i, policy: _l, ...rest } =
    options;
  const { seed: _s, onSubmit: _o, onReport, onError: _e, onTrap: _p, ...settings } = rest;
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  return onReport ? { reportDrops: true, ...given } : given;
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}
