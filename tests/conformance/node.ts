/**
 * One engine whose routing, traffic control, neighbours and clock are played by the test: bytes and calls go in, what it
 * wants done comes out and is kept. `Router` (router.ts) puts messages on top.
 */
import type {
  Action,
  ConfigInput,
  EventAction,
  InstallAction,
  InterfaceInput,
  RelayAction,
  ReportAction,
  RouteQueryAction,
  SendAction,
  TrafficControlResultInput,
} from "../../host/boundary.gen.ts";
import { CONFIG_OPTION, ROUTE_HOP_BYTES, SERVICE, STATUS_TEXT } from "../../host/boundary.gen.ts";
import { formatAddress, parseAddress } from "../../host/address.ts";
import type { Message } from "../../host/codec.ts";
import { decode } from "../../host/default_codec.ts";
import { defaultModule } from "../../host/default_module.ts";
import { Engine } from "../../host/engine.ts";
import { decodeObjects } from "../../host/object_list.ts";
import type { ObjectName } from "../../host/objects.gen.ts";
import type { Packet } from "../../host/transport/transport.ts";
import { eventText, messageText } from "./message_text.ts";
import { amountText, descriptorsText, styleName } from "./notation.ts";
import { type RouteAnswer, World } from "./world.ts";

/** A message that the node has sent. */
export interface Sent {
  message: Message;
  /** As message_text.ts writes it. */
  text: string;
  bytes: Uint8Array;
  interface: string;
  /** Name of the receiver, or the address. */
  to: string;
  source: string;
  destination: string;
  ttl: number;
  encapsulation: number;
  routerAlert: number;
  timeMs: number;
}

/** The fields of a sent message's first object of that name; fails if there is none. */
export function objectOf(sent: Sent, name: ObjectName | "UNKNOWN"): Record<string, unknown> {
  const found = sent.message.objects.find((object) => object.name === name);
  if (!found) throw new Error(`${sent.text} has no ${name}`);
  return { ...found };
}

export interface NodeOptions {
  /** One letter each; handles are 1, 2, ... in this order. */
  interfaces?: string;
  family?: 4 | 6;
  generalizedPorts?: boolean;
  config?: ConfigInput;
  /** What differs from the usual interface, by letter. */
  interface?: Record<string, InterfaceInput>;
  /** `answers` says yes at once, `held` keeps requests in `asked`, `none` is CONFIG's NO_TRAFFIC_CONTROL_RESULT. */
  trafficControl?: "answers" | "held" | "none";
  /** Refresh intervals as RFC 2205 3.7 randomises them; without it each is exactly R. */
  jitter?: boolean;
}

const POLICE = [[1, "E"], [2, "M"], [4, "B"]] as const;
const START_MS = 1_000_000;

export class NodeUnderTest extends World {
  readonly engine = new Engine(defaultModule());
  nowMs = START_MS;
  readonly startMs = START_MS;
  /** What the node has sent, told its applications and asked of traffic control since the last `clear`. */
  messages: Sent[] = [];
  events: EventAction[] = [];
  trafficControl: string[] = [];
  relays: RelayAction[] = [];
  /** Why messages were dropped. */
  reports: ReportAction[] = [];
  /** INSTALLs that wait for an answer (`held`). */
  asked: InstallAction[] = [];
  queries: RouteQueryAction[] = [];
  /** False leaves route queries open, in `queries`. */
  answersRoutes = true;
  readonly #control: "answers" | "held" | "none";
  readonly #installed = new Map<number, InstallAction>();

  constructor(options: NodeOptions = {}) {
    super(options.interfaces ?? "abcd", options.family ?? 4, options.generalizedPorts ?? false);
    this.#control = options.trafficControl ?? "answers";
    let bits = (options.config?.options ?? 0) | CONFIG_OPTION.REPORT_DROPS;
    if (this.#control === "none") bits |= CONFIG_OPTION.NO_TRAFFIC_CONTROL_RESULT;
    if (!options.jitter) bits |= CONFIG_OPTION.NO_JITTER;
    const limits = { memoryLimitBytes: 64 << 20, maximumSendersPerSession: 400 };
    this.config({ seed: 1, ...limits, ...options.config, options: bits });
    for (const letter of this.letters) this.configure(letter, options.interface?.[letter] ?? {});
  }

  config(record: ConfigInput): void {
    this.engine.submit("CONFIG", record, this.nowMs);
    this.drain();
  }

  /** Submits an interface with these differences from the usual one. */
  configure(letter: string, differences: InterfaceInput = {}): void {
    const address = parseAddress(this.ownAddress(letter)).bytes;
    const own = this.family === 4 ? { ipv4: address, ipv4PrefixLength: 24 } : { ipv6: address, ipv6PrefixLength: 64 };
    this.engine.submit("INTERFACE", {
      interface: this.handle(letter),
      up: 1,
      ...own,
      mtuBytes: 1500,
      policing: 1,
      reservableBytesPerSecond: -1,
      perFlowBytesPerSecond: -1,
      linkBytesPerSecond: 1_250_000,
      services: SERVICE.CONTROLLED_LOAD | SERVICE.GUARANTEED | SERVICE.NULL,
      ...differences,
    }, this.nowMs);
    this.drain();
  }

  /** Submits one datagram. */
  datagram(packet: Packet): void {
    this.engine.submitPackets([packet], this.nowMs);
    this.drain();
  }

  /** Lets time pass, ticking whenever the node wants it. */
  advance(milliseconds: number): void {
    const end = this.nowMs + milliseconds;
    for (let ticks = 0; this.engine.deadline() <= end; ticks++) {
      if (ticks > 100_000) throw new Error("the deadline stays in the past");
      this.nowMs = Math.max(this.nowMs, this.engine.deadline());
      this.engine.submit("TICK", {}, this.nowMs);
      this.drain();
    }
    this.nowMs = end;
    // So that tables tell their times from now on.
    this.engine.submit("TICK", {}, end);
    this.drain();
  }
  /** Lets time pass until so many milliseconds after the node's start. */
  advanceTo(milliseconds: number): void {
    this.advance(this.startMs + milliseconds - this.nowMs);
  }

  /** Routes of what begins with this prefix have changed. */
  routesChange(prefix: string, prefixLength: number): void {
    const { bytes, family } = parseAddress(prefix);
    this.engine.submit("ROUTE", { query: 0, destination: bytes, family, prefixLength }, this.nowMs);
    this.drain();
  }

  /** Answers INSTALLs that wait, the oldest first; without `handles` all of them. */
  answer(answer: Partial<TrafficControlResultInput> = { ok: 1 }, count = this.asked.length): void {
    const records = this.asked.splice(0, count).map(({ handle, generation }) => ({ handle, generation, ...answer }));
    this.engine.submitAll("TRAFFIC_CONTROL_RESULT", records, this.nowMs);
    this.drain();
  }
  /** Traffic control has lost what is installed on this interface. */
  preempt(letter: string): void {
    const lost = [...this.#installed.values()].filter((install) => this.letter(install.interface) === letter);
    const records = lost.map(({ handle, generation }) => ({ handle, generation, preempted: 1 }));
    this.engine.submitAll("TRAFFIC_CONTROL_RESULT", records, this.nowMs);
    this.drain();
  }

  /** Forgets what has been seen so far. */
  clear(): void {
    this.messages = [];
    this.events = [];
    this.trafficControl = [];
    this.relays = [];
    this.reports = [];
    this.queries = [];
  }

  /** Texts of the messages sent by an interface since the last `clear`, in order; of all interfaces as `a: text`. */
  sent(letter?: string): string[] {
    if (letter === undefined) return this.messages.map((sent) => `${sent.interface}: ${sent.text}`);
    return this.messages.filter((sent) => sent.interface === letter).map((sent) => sent.text);
  }
  heard(): string[] {
    return this.events.map((event) => eventText(event, this));
  }
  drops(): string[] {
    return this.reports.map((report) => STATUS_TEXT[report.status].name);
  }

  /** What is reserved on an interface, as `*{4B}`, `S1{4B}`, `(S1,S2){3B}`. */
  reserved(letter: string): string[] {
    const rows = this.engine.inspect("installed").filter((row) => this.letter(row.interface) === letter);
    return rows.map((row) => descriptorsText(styleName(row.style), decodeObjects(row.objects), this)).sort();
  }
  /** Sum of what admission counts on an interface, in bytes per second. */
  reservedRate(letter: string): number {
    const row = this.engine.inspect("interfaces").find((candidate) => this.letter(candidate.interface) === letter);
    return row?.reservedBytesPerSecond ?? NaN;
  }
  /** Rows of INSTALLED of an interface: police flags as letters, and Path_Te. */
  policing(letter: string): string[] {
    const rows = this.engine.inspect("installed").filter((row) => this.letter(row.interface) === letter);
    return rows.map((row) => POLICE.filter(([bit]) => row.policing & bit).map(([, name]) => name).join(""));
  }
  pathTspec(letter: string): string[] {
    const rows = this.engine.inspect("installed").filter((row) => this.letter(row.interface) === letter);
    return rows.map((row) => {
      const tspec = decodeObjects(row.objects).find((object) => object.name === "SENDER_TSPEC");
      return tspec ? amountText(tspec) : "none";
    });
  }
  /** Names of the senders with path state, each with its incoming interface and what is special about it. */
  senders(): string[] {
    return this.engine.inspect("senders").map((row) => {
      const template = decodeObjects(row.objects).find((object) => object.name === "SENDER_TEMPLATE");
      const hop = row.previousHopFamily ? this.node(formatAddress(row.previousHop, row.previousHopFamily)) : "local";
      return `${template ? this.senderOf(template) : "?"} from ${hop}${row.localOnly ? " (Local_Only)" : ""}`;
    }).sort();
  }

  /** Carries out what the engine wants until it wants nothing more. */
  drain(): void {
    const routes: RouteQueryAction[] = [];
    const installs: InstallAction[] = [];
    for (const action of this.engine.drain()) this.#take(action, routes, installs);
    for (const query of routes) this.answerRoute(query);
    if (installs.length === 0) return;
    if (this.#control === "held") this.asked.push(...installs);
    if (this.#control !== "answers") return;
    const records = installs.map(({ handle, generation }) => ({ handle, generation, ok: 1 }));
    this.engine.submitAll("TRAFFIC_CONTROL_RESULT", records, this.nowMs);
    this.drain();
  }

  #take(action: Action, routes: RouteQueryAction[], installs: InstallAction[]): void {
    switch (action.action) {
      case "SEND":
        return void this.messages.push(this.#sentOf(action));
      case "EVENT":
        return void this.events.push(action);
      case "RELAY":
        return void this.relays.push(action);
      case "REPORT":
        return void this.reports.push(action);
      case "ROUTE_QUERY":
        this.queries.push(action);
        if (this.answersRoutes) routes.push(action);
        return;
      case "INSTALL":
        this.#installed.set(action.handle, action);
        this.trafficControl.push(`${this.letter(action.interface)}: ${installText(action, this)}`);
        return void installs.push(action);
      case "REMOVE":
        this.#installed.delete(action.handle);
        return void this.trafficControl.push(`${this.letter(action.interface)}: REMOVE`);
    }
  }

  #sentOf(send: SendAction): Sent {
    const message = decode(send.payload);
    // What others sent is passed on unread, so it may be unknown; everything else that leaves has to be right.
    const problems = message.problems?.filter(({ status }) => status !== "UNKNOWN_CLASS" && status !== "UNKNOWN_CTYPE");
    if (problems?.length || message.checksum !== "ok") throw new Error(JSON.stringify(problems ?? "checksum"));
    const destination = formatAddress(send.destination, send.family);
    return {
      message,
      text: messageText(message, this),
      bytes: send.payload,
      interface: this.letter(send.interface),
      to: this.node(destination),
      source: formatAddress(send.source, send.family),
      destination,
      ttl: send.ttl,
      encapsulation: send.encapsulation,
      routerAlert: send.routerAlert,
      timeMs: this.nowMs - this.startMs,
    };
  }

  /** Answers a route query, from the table unless told otherwise. */
  answerRoute(query: RouteQueryAction, answer?: RouteAnswer): void {
    const source = formatAddress(query.source, query.family);
    const { found = true, local = false, in: incoming, out = [] } = answer ?? this.routeOf(source, query.sourcePort);
    const hops = new Uint8Array(out.length * ROUTE_HOP_BYTES);
    const view = new DataView(hops.buffer);
    out.forEach((hop, index) => {
      const at = index * ROUTE_HOP_BYTES;
      view.setUint32(at, this.handle(typeof hop === "string" ? hop : hop.interface), true);
      if (typeof hop === "string") return;
      hops[at + 4] = query.family;
      hops.set(parseAddress(this.hop(hop.gateway).address).bytes, at + 8);
    });
    this.engine.submit("ROUTE", {
      query: query.query,
      destination: query.destination,
      family: query.family,
      found: found ? 1 : 0,
      local: local ? 1 : 0,
      incomingInterface: incoming ? this.handle(incoming) : 0,
      hopCount: out.length,
      hops,
    }, this.nowMs);
    this.drain();
  }
}

/** `INSTALL WF(*{4B}) M`, `CHANGE SE((S1,S2){3B})`; police flags follow. */
function installText(install: InstallAction, names: World): string {
  const style = styleName(install.style);
  const flags = POLICE.filter(([bit]) => install.policing & bit).map(([, name]) => name).join("");
  const text = `${install.change ? "CHANGE" : "INSTALL"} ${style}(${
    descriptorsText(style, decodeObjects(install.objects), names)
  })`;
  return flags ? `${text} ${flags}` : text;
}
