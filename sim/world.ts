/**
 * A plan at work: builds the virtual network, makes its events happen, and keeps what is true of the applications, which
 * is all that the oracle is told.
 */
import type { SessionAddress, StyleName } from "../host/application.ts";
import { ResvError } from "../host/engine_errors.ts";
import { Network } from "../host/network/network.ts";
import type { NetworkLink } from "../host/network/network_link.ts";
import type { NetworkNode } from "../host/network/network_node.ts";
import { priorityObject } from "../host/policy.ts";
import { Random } from "../host/random.ts";
import type { Recorder } from "../host/recorder.ts";
import type { Session } from "../host/session.ts";
import type { InstallRequest, TrafficControlAnswer } from "../host/traffic_control/traffic_control.ts";
import { type Flow, mergeAll, type Tspec } from "./flow.ts";
import { bucketOptions, flowOptions, senderAddress } from "./host_options.ts";
import type { Happening, Plan, Priority } from "./plan.ts";

/** An application that announces a sender. */
export interface TrueSender {
  session: number;
  node: NetworkNode;
  application: number;
  /** `address/port`. */
  key: string;
  address: string;
  tspec: Tspec;
  ttl: number;
}

/** An application whose reservation its node has accepted. */
export interface TrueReceiver {
  session: number;
  node: NetworkNode;
  application: number;
  style: StyleName;
  /** FF: each sender's own; else one for all of them. WF has no senders. */
  flows: ReadonlyMap<string, Flow>;
  flow: Flow;
}

/** What an application wants: refused by its node while other reservations of another style stand. */
interface Wish {
  senders: number[];
  flows: Flow[];
}

interface Live {
  session: Session;
  confirm: boolean;
  /** Confirmations heard (RFC 2205 2.6). */
  confirmed: number;
  /** Its own, in place of that of the plan. */
  priority?: Priority;
  sender?: { tspec: Tspec; ttl: number };
  wish?: Wish;
  /** The wish was refused and is still to be asked for. */
  waiting: boolean;
  granted?: Omit<TrueReceiver, "session" | "node" | "application">;
}

const DEFAULT_TTL = 63;

export interface WorldOptions {
  /** Makes a recorder for a node, to keep every submit. */
  recorder?: (name: string) => Pick<Recorder, "onSubmit">;
  /** Hears of a node whose engine is gone. */
  onCrash?: (node: NetworkNode) => void;
  /** Sees every request to install, before it is answered. */
  onInstall?: (node: NetworkNode, request: InstallRequest) => TrafficControlAnswer | undefined;
}

export class World {
  readonly plan: Plan;
  readonly network: Network;
  readonly nodes: NetworkNode[];
  readonly links: NetworkLink[];
  /** Of each session, by what its applications were told last. */
  readonly styles: StyleName[];
  #live = new Map<number, Live>();
  #random: Random;
  #onCrash: ((node: NetworkNode) => void) | undefined;
  /** How probably a node's traffic control refuses. */
  #refusals = new Map<NetworkNode, number>();
  #members = new Map<string, number>();
  /** Applications that registered to receive; what one does never changes (plan_events.ts). */
  readonly #receiving = new Set<number>();

  constructor(plan: Plan, options: WorldOptions = {}) {
    this.plan = plan;
    this.#onCrash = options.onCrash;
    this.network = new Network({
      seed: plan.seed,
      refreshIntervalMs: plan.refreshIntervalMs,
      lifetimeMultiplier: plan.lifetimeMultiplier,
      ...(plan.blockadeMultiplier === undefined ? {} : { blockadeMultiplier: plan.blockadeMultiplier }),
      routingDelayMs: plan.routingDelayMs,
      localRepairDelayMs: Math.min(2_000, plan.refreshIntervalMs / 4),
      keptMessages: 0,
      policy: plan.priorities && [{ signalledPriority: true }],
    });
    const clock = this.network.clock;
    this.#random = new Random(plan.seed);
    this.nodes = plan.nodes.map(({ name, router, rsvp, udp }) => {
      const node: NetworkNode = this.network[router ? "router" : "host"](name, {
        rsvp,
        udp: udp ? "only" : undefined,
        recorder: options.recorder?.(name) as Recorder | undefined,
        trafficControl: {
          delayMs: plan.installDelayMs,
          clock,
          decide: (request) => this.#refusal(node) ?? options.onInstall?.(node, request),
        },
      });
      return node;
    });
    this.links = plan.links.map(({ nodes, ...link }) =>
      this.network.lan(nodes.map((index) => this.nodes[index]), link)
    );
    this.styles = plan.sessions.map((session) => session.style);
    for (const index of plan.nodes.keys()) this.#setPolicy(index);
  }

  /** The address of a session as applications name it. */
  sessionAddress(index: number): SessionAddress {
    const { group, node, family, port } = this.plan.sessions[index];
    const { address, address6 } = this.nodes[node];
    return { destination: group ?? (family === 4 ? address : address6), port };
  }

  /** Nodes that speak RSVP and are up. */
  get speakers(): NetworkNode[] {
    return this.nodes.filter((node) => node.alive && node.options.rsvp !== false);
  }

  /** Whether a node is a member of a session's group because of its applications. */
  isMember(node: NetworkNode, session: number): boolean {
    return (this.#members.get(`${node.name} ${this.plan.sessions[session].group}`) ?? 0) > 0;
  }

  /** Who is a member of what, as one text. */
  get memberships(): string {
    return [...this.#members].filter(([, count]) => count > 0).map(([key]) => key).sort().join("\n");
  }

  get senders(): TrueSender[] {
    return [...this.#live].flatMap(([index, { session, sender }]) =>
      sender ? [{ ...this.#place(index), application: session.application, ...sender, ...this.#source(index) }] : []
    );
  }

  get receivers(): TrueReceiver[] {
    return [...this.#live].flatMap(([index, { session, granted }]) =>
      granted ? [{ ...this.#place(index), application: session.application, ...granted }] : []
    );
  }

  /** Applications that are refused what they want. */
  get refused(): string[] {
    return [...this.#live].flatMap(([index, { waiting }]) =>
      waiting ? [`application ${index} at ${this.#place(index).node.name}`] : []
    );
  }

  /**
   * Confirmations that an application has heard, with the others of its session at its node, and its handle there;
   * undefined once it has gone. A ResvConf names senders: where applications share a request for several (SE), the one that
   * it goes to need not be the one that asked.
   */
  confirmations(index: number): { node: NetworkNode; application: number; heard: number } | undefined {
    const live = this.#live.get(index);
    if (!live) return undefined;
    const { node, session } = this.#place(index);
    const isHere = (other: { session: number; node: NetworkNode }) => other.node === node && other.session === session;
    const heard = [...this.#live].reduce((sum, [at, one]) => sum + (isHere(this.#place(at)) ? one.confirmed : 0), 0);
    return { node, application: live.session.application, heard };
  }

  /** Makes an event happen; what makes no sense any more is passed over. */
  apply(what: Happening): void {
    switch (what.kind) {
      case "link":
        return what.up ? this.links[what.link].up() : this.links[what.link].down();
      case "metric":
        return this.links[what.link].setMetric(what.metric);
      case "faults":
        return this.links[what.link].setFaults(what.faults);
      case "crash":
        return this.#crash(what.node);
      case "restart":
        this.nodes[what.node].restart();
        return this.#setPolicy(what.node);
      case "refresh":
        return this.#setRefresh(this.nodes[what.node], what.refreshIntervalMs);
      case "refusals":
        return void this.#refusals.set(this.nodes[what.node], what.probability);
      case "preempt":
        return this.#preempt(this.nodes[what.node], what.which);
      case "restyle":
        return this.#restyle(what.session, what.style);
      default:
        return this.#applyToApplication(what);
    }
  }

  /** Applications that were refused ask again, as a person would. */
  retry(): void {
    for (const [index, live] of this.#live) if (live.waiting) this.#ask(index, live);
  }

  /** A receiver asks after a sender (RFC 2745). */
  ask(receiver: TrueReceiver, sender: TrueSender, requester: string, hopByHop: boolean, pathMtuBytes: number): void {
    const live = [...this.#live].find(([index, { session }]) =>
      session.application === receiver.application && this.#place(index).node === receiver.node
    );
    live?.[1].session.diagnose({ sender: senderAddress(sender.key), requester, hopByHop, pathMtuBytes });
  }

  /** Packet faults and refusals end; links and nodes stay as they are. */
  endFaults(): void {
    for (const link of this.links) link.setFaults();
    this.#refusals.clear();
  }

  /** Every application goes, in order. */
  releaseAll(): void {
    for (const index of [...this.#live.keys()]) this.#release(index);
  }

  close(): void {
    for (const node of this.speakers) node.rsvp.close();
  }

  #applyToApplication(what: Extract<Happening, { application: number }>): void {
    const { application: index } = what;
    const receives = what.kind === "reserve";
    if (!this.#place(index).node.alive) return;
    if (what.kind === "announce" || receives) {
      const live = this.#live.get(index) ?? this.#register(index, receives);
      if (what.kind === "announce") return this.#announce(index, live, what.tspec, what.ttl);
      live.wish = { senders: what.senders, flows: what.flows };
      live.confirm = what.confirm ?? false;
      live.priority = what.priority ?? live.priority;
      return this.#ask(index, live);
    }
    const live = this.#live.get(index);
    if (!live) return;
    if (what.kind === "diagnose") return this.#diagnose(live, what);
    if (what.kind === "release") return this.#release(index);
    if (what.kind === "unreserve") return this.#unreserve(live);
    if (live.sender) live.session.withdraw();
    live.sender = undefined;
  }

  /** ERROR_SPEC code 21, Traffic Control Error, or 01, Admission Control failure: either may come from a kernel. */
  #refusal(node: NetworkNode): TrafficControlAnswer | undefined {
    if (!this.#random.chance(this.#refusals.get(node) ?? 0)) return undefined;
    return this.#random.chance(0.5) ? { ok: false, errorCode: 21, errorValue: 3 } : { ok: false };
  }

  /** Whether a node's policy refuses the Paths of a sender. */
  refuses(node: NetworkNode, sender: TrueSender): boolean {
    const { refuses = [] } = this.plan.nodes[this.nodes.indexOf(node)];
    return refuses.some((index) => this.nodes[index] === sender.node);
  }

  #setPolicy(index: number): void {
    const { refuses = [], rsvp } = this.plan.nodes[index];
    if (refuses.length === 0 || rsvp === false) return;
    const senders = refuses.flatMap((
      other,
    ) => [`${this.nodes[other].address}/32`, `${this.nodes[other].address6}/128`]);
    this.nodes[index].rsvp.setPolicy(senders.map((sender) => ({ direction: "path", sender, verdict: "refuse" })));
  }

  #setRefresh(node: NetworkNode, refreshIntervalMs: number): void {
    if (this.speakers.includes(node)) node.rsvp.configure({ refreshIntervalMs });
  }

  #preempt(node: NetworkNode, which: number): void {
    if (!this.speakers.includes(node)) return;
    const handles = [...node.trafficControl.installed.keys()].sort((a, b) => a - b);
    if (handles.length > 0) node.trafficControl.lose(handles[which % handles.length], { preempted: true });
  }

  #place(index: number): { session: number; node: NetworkNode } {
    const { session, node } = this.plan.applications[index];
    return { session, node: this.nodes[node] };
  }

  #source(index: number): { key: string; address: string } {
    const { node, session } = this.#place(index);
    const { family } = this.plan.sessions[session];
    const address = family === 4 ? node.address : node.address6;
    return { address, key: `${address}/${this.plan.applications[index].port}` };
  }

  #register(index: number, receives: boolean): Live {
    const { session, node } = this.#place(index);
    const registered = node.rsvp.session(this.sessionAddress(session));
    const live: Live = { session: registered, waiting: false, confirm: false, confirmed: 0 };
    registered.on(({ kind }) => {
      if (kind === "RESV_CONFIRM") live.confirmed++;
    });
    this.#live.set(index, live);
    // A sender that does not receive is no member of the group (RFC 1112).
    if (receives) {
      this.#receiving.add(index);
      this.#count(index, 1);
    }
    return live;
  }

  #count(index: number, by: number): void {
    const { session, node } = this.#place(index);
    const { group } = this.plan.sessions[session];
    if (!group) return;
    const key = `${node.name} ${group}`;
    const before = this.#members.get(key) ?? 0;
    this.#members.set(key, before + by);
    if (before === 0 && by > 0) node.join(group);
    if (before + by === 0) node.leave(group);
  }

  #announce(index: number, live: Live, tspec: Tspec, ttl = DEFAULT_TTL): void {
    live.session.sender({ port: this.plan.applications[index].port, ttl, ...bucketOptions(tspec) });
    live.sender = { tspec, ttl };
  }

  #ask(index: number, live: Live): void {
    const style = this.styles[this.#place(index).session];
    const wish = live.wish!;
    const { confirm } = live;
    const priority = this.plan.priorities && (live.priority ?? this.plan.priorities[index]);
    const objects = priority && [priorityObject({ ...priority, mergeStrategy: "highest-priority" })];
    if (wish.senders.length === 0) return;
    const sources = wish.senders.map((sender) => this.#source(sender).key);
    const flow = mergeAll(wish.flows)!;
    const senders = sources.map(senderAddress);
    const flows = new Map(sources.map((key, i) => [key, style === "FF" ? wish.flows[i] : flow]));
    try {
      if (style === "FF") {
        const descriptors = senders.map((sender, i) => ({ sender, flowspec: flowOptions(wish.flows[i]) }));
        live.session.reserve({ style, descriptors, confirm, objects });
      } else {
        const named = style === "WF" ? [] : senders;
        live.session.reserve({ style, confirm, flowspec: flowOptions(flow), senders: named, objects });
      }
      live.granted = { style, flows: style === "WF" ? new Map() : flows, flow };
      live.waiting = false;
    } catch (error) {
      // Another style stands here still: what was granted before stays as it is.
      if (!(error instanceof ResvError)) throw error;
      live.waiting = true;
    }
  }

  #diagnose({ session }: Live, { sender, back, partBytes }: Extract<Happening, { kind: "diagnose" }>): void {
    const { address } = this.#source(sender), { port } = this.plan.applications[sender];
    session.diagnose({ sender: { address, port }, hopByHop: back, pathMtuBytes: partBytes });
  }

  #unreserve(live: Live): void {
    if (live.granted) live.session.unreserve();
    live.granted = undefined;
    live.wish = undefined;
    live.waiting = false;
  }

  #release(index: number): void {
    const live = this.#live.get(index)!;
    const receives = this.#receiving.has(index);
    live.session.release();
    this.#live.delete(index);
    if (receives) this.#count(index, -1);
  }

  /** All receivers give up, then all ask again in the new style. */
  #restyle(session: number, style: StyleName): void {
    this.styles[session] = style;
    const receivers = [...this.#live].filter(([index, { wish }]) => this.#place(index).session === session && wish);
    for (const [, live] of receivers) {
      if (live.granted) live.session.unreserve();
      live.granted = undefined;
    }
    for (const [index, live] of receivers) this.#ask(index, live);
  }

  #crash(index: number): void {
    const node = this.nodes[index];
    if (!node.alive) return;
    node.crash();
    this.#onCrash?.(node);
    for (const application of [...this.#live.keys()]) {
      if (this.#place(application).node !== node) continue;
      if (this.#receiving.has(application)) this.#count(application, -1);
      this.#live.delete(application);
    }
  }
}
