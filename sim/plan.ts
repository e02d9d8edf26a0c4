/**
 * What a simulation does, as pure data: a topology, sessions, applications and a list of events. A plan follows from its
 * seed alone, so a seed is all that has to be kept; and because it is data, events can be left out to make a failing
 * one smaller (shrink.ts).
 */
import type { StyleName } from "../host/application.ts";
import { Random } from "../host/random.ts";
import type { FaultOptions } from "../host/transport/fault_injector.ts";
import type { Flow, Tspec } from "./flow.ts";
import { planEvents } from "./plan_events.ts";
import { addVariety } from "./plan_variety.ts";
import { planTopology } from "./topologies.ts";

export interface NodePlan {
  name: string;
  router: boolean;
  /** False for a router that passes RSVP messages on like any other traffic (RFC 2205 2.9). */
  rsvp?: boolean;
  /** True for a host without raw access to IP, whose RSVP goes in UDP (RFC 2205 appendix C). */
  udp?: boolean;
  /** Nodes whose Paths its policy refuses, whoever of their applications sends (RFC 2205 2.7). */
  refuses?: number[];
}

export interface LinkPlan {
  /** Indices of nodes; more than two make a LAN. */
  nodes: number[];
  delayMs: number;
  metric: number;
  reservableBytesPerSecond?: number;
  /** R of its interfaces, where it is not that of everybody (RFC 2205 3.7). */
  refreshIntervalMs?: number;
  mtuBytes?: number;
}

export interface SessionPlan {
  /** A group, or undefined for unicast. */
  group?: string;
  /** The node whose address is the destination of a unicast session. */
  node: number;
  family: 4 | 6;
  /** 0 for none; then its senders have none either. */
  port: number;
  style: StyleName;
  service: Flow["service"];
}

export interface ApplicationPlan {
  session: number;
  node: number;
  /** Source port of a sender. */
  port: number;
}

/** Of what an application reserves (RFC 3181). */
export interface Priority {
  preemptionPriority: number;
  defendingPriority: number;
}

/** One thing that happens. Events that make no sense when their time comes (a crashed node) are passed over. */
export type Happening =
  | { kind: "announce"; application: number; tspec: Tspec; ttl?: number }
  | { kind: "withdraw"; application: number }
  /** `senders` are applications; WF takes whoever there is. Flows: one for each sender, or one for all. */
  | {
    kind: "reserve";
    application: number;
    senders: number[];
    flows: Flow[];
    confirm?: boolean;
    /** From now on, in place of that of the plan. */
    priority?: Priority;
  }
  /** Asks the nodes on the way to a sender, an application of the same session, what they know of it (RFC 2745). */
  | { kind: "diagnose"; application: number; sender: number; back: boolean; partBytes: number }
  | { kind: "unreserve"; application: number }
  | { kind: "release"; application: number }
  | { kind: "restyle"; session: number; style: StyleName }
  | { kind: "link"; link: number; up: boolean }
  | { kind: "metric"; link: number; metric: number }
  | { kind: "crash"; node: number }
  | { kind: "restart"; node: number }
  /** R of a node, on interfaces that have none of their own, while it runs (RFC 2205 3.7). */
  | { kind: "refresh"; node: number; refreshIntervalMs: number }
  | { kind: "faults"; link: number; faults: FaultOptions }
  /** Traffic control of a node refuses at random what admission has granted. */
  | { kind: "refusals"; node: number; probability: number }
  /** Traffic control takes a standing reservation away (TC_Preempt, RFC 2205 3.11.2). */
  | { kind: "preempt"; node: number; which: number };

export interface TimedEvent {
  /** After the beginning of its round. */
  atMs: number;
  what: Happening;
}

/** A time of change and faults, after which the network is left alone until it must have settled. */
export interface RoundPlan {
  durationMs: number;
  events: TimedEvent[];
}

export interface Plan {
  seed: number;
  shape: string;
  refreshIntervalMs: number;
  lifetimeMultiplier: number;
  /** Kb (RFC 2205 3.5); the engine's default without it. */
  blockadeMultiplier?: number;
  routingDelayMs: number;
  /** Traffic control answers so much later; 0 at once. */
  installDelayMs: number;
  /** Nothing goes wrong, so that every change must have its full effect at once, not by the next refresh. */
  calm: boolean;
  /** Bandwidth may run out: then weaker things are demanded (docs/simulation.md). */
  scarce: boolean;
  /** With scarcity: every application's reservations have these priorities, and every node's policy heeds them (RFC 3181). */
  priorities?: Priority[];
  nodes: NodePlan[];
  links: LinkPlan[];
  sessions: SessionPlan[];
  applications: ApplicationPlan[];
  rounds: RoundPlan[];
}

export interface PlanOptions {
  /** More nodes than this are not made; 64 by default. */
  maximumNodes?: number;
}

const LONGEST_INTERVAL_MS = 30_000;
const REFRESH_INTERVALS_MS = [1_000, 5_000, LONGEST_INTERVAL_MS];
const FIRST_GROUP_PORT = 5_000;
const FIRST_SENDER_PORT = 4_000;
/** Priorities have random numbers of their own, so that the rest of a plan does not depend on them. */
const PRIORITY_SEED = 0x5031;
/** So has what came later (plan_variety.ts). */
const VARIETY_SEED = 0x7a21;

/** The plan of a seed. */
export function makePlan(seed: number, options: PlanOptions = {}): Plan {
  const random = new Random(seed);
  // Small networks are quick and find most; one in six is large.
  const most = Math.min(options.maximumNodes ?? 64, random.chance(1 / 6) ? 64 : 12);
  const topology = planTopology(random, 2 + random.below(most - 1));
  const calm = random.chance(0.25);
  const scarce = !calm && random.chance(0.3);
  if (scarce) { for (const link of topology.links) link.reservableBytesPerSecond = 1_000 * (20 + random.below(200)); }
  if (random.chance(0.15)) {
    for (const node of topology.nodes) if (node.router && random.chance(0.3)) node.rsvp = false;
  }
  const { sessions, applications } = planSessions(random, topology.nodes);
  const plan: Plan = {
    seed,
    refreshIntervalMs: calm ? LONGEST_INTERVAL_MS : REFRESH_INTERVALS_MS[random.below(REFRESH_INTERVALS_MS.length)],
    lifetimeMultiplier: 2 + random.below(3),
    routingDelayMs: random.chance(0.5) ? 0 : random.below(400),
    installDelayMs: random.chance(0.6) ? 0 : 1 + random.below(50),
    calm,
    scarce,
    ...topology,
    sessions,
    applications,
    rounds: [],
  };
  plan.rounds = planEvents(random, plan);
  if (scarce) plan.priorities = planPriorities(new Random(seed ^ PRIORITY_SEED), applications.length);
  addVariety(new Random(seed ^ VARIETY_SEED), plan);
  return plan;
}

/** The longest R of any interface: what nobody refreshes is gone by it. */
export function longestIntervalMs({ refreshIntervalMs, links, rounds }: Plan): number {
  const later = rounds.flatMap(({ events }) =>
    events.flatMap(({ what }) => what.kind === "refresh" ? [what.refreshIntervalMs] : [])
  );
  return Math.max(refreshIntervalMs, ...links.map((link) => link.refreshIntervalMs ?? 0), ...later);
}

/** Two in three simulations with scarcity have priorities, few enough that some are equal. */
function planPriorities(random: Random, applications: number): Plan["priorities"] {
  if (random.chance(1 / 3)) return undefined;
  return Array.from({ length: applications }, () => {
    const preemptionPriority = random.below(5);
    return { preemptionPriority, defendingPriority: preemptionPriority + random.below(3) };
  });
}

function planSessions(random: Random, nodes: readonly NodePlan[]) {
  const sessions: SessionPlan[] = [];
  const applications: ApplicationPlan[] = [];
  const speakers = nodes.flatMap(({ rsvp }, index) => rsvp === false ? [] : [index]);
  const anyNode = () => speakers[random.below(speakers.length)];
  const count = 1 + random.below(4);
  for (let index = 0; index < count; index++) {
    const session = planSession(random, index, anyNode());
    sessions.push(session);
    const multicast = session.group !== undefined;
    const used = new Set<number>();
    const add = (node: number) => {
      // Without ports a host is one sender at the most.
      if (session.port === 0 && used.has(node)) return;
      used.add(node);
      const port = session.port === 0 ? 0 : FIRST_SENDER_PORT + applications.length;
      applications.push({ session: index, node, port });
    };
    const senders = 1 + random.below(4), receivers = 1 + random.below(multicast ? 6 : 2);
    for (let i = 0; i < senders; i++) add(anyNode());
    for (let i = 0; i < receivers; i++) add(multicast ? anyNode() : session.node);
  }
  return { sessions, applications };
}

function planSession(random: Random, index: number, node: number): SessionPlan {
  const family = random.chance(0.4) ? 6 : 4;
  const multicast = random.chance(0.6);
  const portless = multicast && random.chance(0.1);
  // Sessions of one group with several ports have their members in common.
  const number = portless || random.chance(0.7) ? index + 1 : 100;
  const group = family === 4 ? `224.1.2.${number}` : `ff0e::${number}`;
  return {
    group: multicast ? group : undefined,
    node,
    family,
    port: portless ? 0 : FIRST_GROUP_PORT + index,
    style: (["WF", "FF", "SE"] as const)[random.below(3)],
    service: random.chance(0.3) ? "GS" : "CL",
  };
}
