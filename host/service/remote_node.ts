/**
 * The host's signalling service as a node: the same sessions, events and questions as an `RsvpNode` has, over a Unix
 * domain socket. A service that goes away and comes back finds everything asked for again; meanwhile calls change only
 * what will be asked for.
 */
import { parseAddress } from "../address.ts";
import { type SessionAddress, type SessionEvent, sessionObject } from "../application.ts";
import { CALL_KIND, type CallInput } from "../boundary.gen.ts";
import { defaultModule } from "../default_module.ts";
import type { InterfaceSettings } from "../node_settings.ts";
import { encodeObjects } from "../object_list.ts";
import { Session } from "../session.ts";
import { type GroupMembership, type SignallingNode, usableAddresses } from "../signalling_node.ts";
import { callFields } from "./application_operations.ts";
import { ConnectionEndedError, ServiceConnection } from "./client_connection.ts";
import { RECONNECT_FIRST_MS, RECONNECT_LONGEST_MS } from "./limits.ts";
import { encodeBase64, type Hello, type Line, ServiceError, upcallEvent } from "./protocol.ts";
import { defaultSocketPath } from "./socket_path.ts";
import { StandingSession } from "./standing_session.ts";

/** What {@linkcode RemoteNode.connect} takes. */
export interface RemoteNodeOptions {
  /** The socket; {@linkcode defaultSocketPath} by default. */
  path?: string;
  /** Takes errors that have no caller; without it they are thrown where the runtime reports uncaught ones. */
  onError?: (error: Error) => void;
  /** Called when the service has gone (false) and when it is back and has been asked for everything again (true). */
  onConnection?: (connected: boolean) => void;
  /** Called while nobody listens, before the next attempt: a place to start a service of one's own. */
  whileAbsent?: () => Promise<void>;
}

interface Question {
  destination: string;
  answer: (address: string | undefined) => void;
}

/**
 * The signalling service of this host as a node for applications: {@linkcode QosServiceProvider} takes it as it takes an
 * {@linkcode RsvpNode}.
 *
 * ```ts
 * import { QosServiceProvider, RemoteNode } from "@resv/resv";
 * async function provider() {
 *   const node = await RemoteNode.connect({ path: "/run/resv.sock" });
 *   return new QosServiceProvider(node);
 * }
 * ```
 */
export class RemoteNode implements SignallingNode {
  /** The socket. */
  readonly path: string;
  /** Groups are listened to by the service's host. */
  readonly membership: GroupMembership = {
    join: (group) => this.#setMember(group, true),
    leave: (group) => this.#setMember(group, false),
  };
  readonly #options: RemoteNodeOptions;
  readonly #standing = new Map<number, StandingSession>();
  readonly #groups = new Set<string>();
  readonly #questions = new Set<Question>();
  #connection: ServiceConnection | undefined;
  #hello!: Hello;
  #nextSession = 1;
  #closed = false;
  #pauseTimer: ReturnType<typeof setTimeout> | undefined;
  #endPause: () => void = () => {};
  #expiryTimer: ReturnType<typeof setTimeout> | undefined;

  private constructor(options: RemoteNodeOptions) {
    this.#options = options;
    this.path = options.path ?? defaultSocketPath();
  }

  /**
   * Joins the service. Rejects with a {@linkcode ServiceSocketError} of one line if nobody listens; from then on, a
   * service that goes away is waited for.
   */
  static async connect(options: RemoteNodeOptions = {}): Promise<RemoteNode> {
    const node = new RemoteNode(options);
    await node.#open();
    return node;
  }

  /** True until it is closed. */
  get running(): boolean {
    return !this.#closed;
  }

  /** Whether the service is there now. */
  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /** What the service said of itself when it was joined last. */
  get hello(): Hello {
    return this.#hello;
  }

  /** The engine's module, for arithmetic that needs no node. */
  get module(): WebAssembly.Module {
    return defaultModule();
  }

  /** The service's interfaces; changes are followed. */
  get interfaces(): readonly InterfaceSettings[] {
    return this.#hello.interfaces;
  }

  /** Registrations that are not released. */
  get sessions(): readonly Session[] {
    return [...this.#standing.values()].map(({ session }) => session);
  }

  /** Registers an application for a session. @throws {RangeError} if the address is none. */
  session(address: SessionAddress): Session {
    if (this.#closed) throw new TypeError("the node has been closed");
    // Checked here, so that a mistake is thrown at who makes it; what the service refuses comes as an event.
    encodeObjects([sessionObject(address)]);
    const number = this.#nextSession++;
    const session = new Session(number, address, {
      deferred: true,
      call: (record) => this.#call(number, record),
      localAddress: (destination) => this.#localAddress(destination),
      released: (handle) => void this.#standing.delete(handle),
    });
    this.#standing.set(number, new StandingSession(session));
    session.register();
    return session;
  }

  /** Asks the service by which address data to `destination` leave. Answered once the service is there. */
  sourceAddress(destination: string, answer: (address: string | undefined) => void): void {
    parseAddress(destination);
    const question = { destination, answer };
    this.#questions.add(question);
    this.#ask(question);
  }

  /** Any operation of the service. Rejects as {@linkcode ServiceConnection.request} does, and while nobody listens. */
  request(operation: string, fields: object = {}): Promise<Line> {
    const gone = new ConnectionEndedError(`the signalling service at ${this.path} is away`);
    return this.#connection?.request(operation, fields) ?? Promise.reject(gone);
  }

  /** Resolved when the service has taken every call so far; rejects if it goes away meanwhile. */
  async settled(): Promise<void> {
    await this.request("interfaces");
  }

  /** Leaves the service: what was registered is torn down, sessions end. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#pauseTimer);
    clearTimeout(this.#expiryTimer);
    this.#endPause();
    this.#connection?.close();
    this.#connection = undefined;
    for (const session of this.sessions) session.end();
    this.#questions.clear();
  }

  #localAddress(destination: string): string {
    const { family } = parseAddress(destination);
    const [address] = usableAddresses(this.interfaces, family);
    if (address !== undefined) return address;
    throw new RangeError(`no interface has an IPv${family} address: name the sender's address`);
  }

  async #open(): Promise<void> {
    let joined: ServiceConnection | undefined = undefined;
    const connection = await ServiceConnection.open({
      path: this.path,
      onEvent: (line) => this.#event(line),
      onEnd: (reason) => joined && joined === this.#connection && this.#lost(reason),
    });
    if (this.#closed) return connection.close();
    if (!connection.open) throw new ConnectionEndedError("the signalling service has gone away");
    joined = connection;
    this.#connection = connection;
    this.#hello = connection.hello;
    for (const [number, standing] of this.#standing) {
      for (const record of standing.calls()) this.#send(number, record, () => {});
    }
    for (const group of this.#groups) this.#tell("join", { group });
    for (const question of this.#questions) this.#ask(question);
    this.#armExpiry();
  }

  #call(number: number, record: CallInput): void {
    const takeBack = this.#standing.get(number)?.note(record) ?? (() => {});
    this.#send(number, record, takeBack);
  }

  /** Makes a call at the service, if it is there; if it is not, it is made when it is back. */
  #send(session: number, record: CallInput, takeBack: () => void): void {
    const connection = this.#connection;
    if (!connection) return;
    const answered = record.call === CALL_KIND.SESSION
      ? connection.request("session", { session, objects: encodeBase64(record.objects!) })
      : record.call === CALL_KIND.RELEASE
      ? connection.request("release", { session })
      : connection.request("call", { session, ...callFields(record, encodeBase64) });
    answered.then(() => this.#answered(session, record), (error) => {
      if (!(error instanceof ServiceError)) return;
      takeBack();
      this.#answered(session, record);
      this.#refused(session, record, error);
    });
  }

  #answered(session: number, { call }: CallInput): void {
    if (call === CALL_KIND.SESSION) this.#standing.get(session)?.session.registered();
  }

  #refused(session: number, { call }: CallInput, error: ServiceError): void {
    // Its registration was refused before, and that was told.
    if (call === CALL_KIND.RELEASE || error.code === "NOT_FOUND") return;
    if (error.code !== "REFUSED" && error.code !== "LIMIT") this.#report(error);
    this.#standing.get(session)?.session.deliver(refusalEvent(error));
  }

  #event(line: Line): void {
    if (line.event === "upcall") this.#upcall(line);
    else if (line.event === "interfaces") {
      this.#hello = { ...this.#hello, interfaces: line.interfaces as InterfaceSettings[] };
    }
  }

  #upcall(line: Line): void {
    const standing = this.#standing.get(Number(line.session));
    if (!standing) return;
    const event = upcallEvent(line);
    if (!standing.hears(event, line)) return;
    try {
      standing.session.deliver(event);
    } catch (error) {
      // A handler's fault must not stop the events behind it.
      this.#report(error as Error);
    }
  }

  #setMember(group: string, member: boolean): void {
    if (member) this.#groups.add(group);
    else this.#groups.delete(group);
    this.#tell(member ? "join" : "leave", { group });
  }

  #tell(operation: string, fields: object): void {
    this.#connection?.request(operation, fields).catch((error) => {
      if (error instanceof ServiceError) this.#report(error);
    });
  }

  #ask(question: Question): void {
    const { destination, answer } = question;
    this.#connection?.request("source", { destination }).then(({ address }) => {
      if (this.#questions.delete(question)) answer(address as string | undefined);
    }, (error) => {
      // Where the connection has ended, it is asked again over the next.
      if (error instanceof ServiceError && this.#questions.delete(question)) answer(undefined);
    });
  }

  #lost(reason: Error): void {
    this.#connection = undefined;
    if (this.#closed) return;
    for (const standing of this.#standing.values()) standing.markStale();
    this.#armExpiry();
    this.#options.onConnection?.(false);
    this.#reconnect(reason).catch((error) => this.#report(error));
  }

  /** Tries until it succeeds or this is closed. A service that refuses for good ends it: trying again would not help. */
  async #reconnect(reason: Error): Promise<void> {
    if (reason instanceof ServiceError && reason.code !== "CLOSING") this.#report(reason);
    for (let pauseMs = RECONNECT_FIRST_MS; !this.#closed; pauseMs = Math.min(2 * pauseMs, RECONNECT_LONGEST_MS)) {
      await this.#pause(pauseMs * (0.5 + Math.random()));
      if (this.#closed) return;
      try {
        await this.#open();
        if (!this.#closed) this.#options.onConnection?.(true);
        return;
      } catch (error) {
        if (error instanceof ServiceError && error.code === "VERSION") throw error;
      }
      try {
        await this.#options.whileAbsent?.();
      } catch (error) {
        this.#report(error as Error);
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#endPause = resolve;
      this.#pauseTimer = setTimeout(resolve, ms);
    });
  }

  /** What has not come again one lifetime after the service went away, or came back, is gone. */
  #armExpiry(): void {
    clearTimeout(this.#expiryTimer);
    this.#expiryTimer = setTimeout(() => {
      for (const standing of this.#standing.values()) {
        for (const event of standing.expire()) standing.session.deliver(event);
      }
    }, this.#hello.lifetimeMs);
  }

  #report(error: Error): void {
    if (this.#options.onError) return this.#options.onError(error);
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** As the engine tells of a refused call that has no caller any more: the value is the STATUS. */
function refusalEvent({ status }: ServiceError): SessionEvent {
  return {
    kind: "CALL_ERROR",
    gone: false,
    style: "",
    errorCode: 0,
    errorValue: status,
    errorNode: "",
    inPlace: false,
    notGuilty: false,
    objects: [],
  };
}
