/**
 * What makes a plan more various: drawn with random numbers of its own, after everything else, so that a seed keeps the
 * network and the events that it had before there was any of this.
 */
import type { Random } from "../host/random.ts";
import type { Happening, Plan, TimedEvent } from "./plan.ts";

const MTUS_BYTES = [1_500, 4_352, 9_000];
/** More than what a diagnosis of one node takes, so that replies come in many parts. */
const SMALLEST_PART_BYTES = 300;

/** Changes the plan in place. */
export function addVariety(random: Random, plan: Plan): void {
  if (random.chance(0.4)) plan.blockadeMultiplier = 2 + random.below(5);
  if (random.chance(0.35)) varyRefreshes(random, plan);
  if (random.chance(0.4)) {
    for (const link of plan.links) {
      link.mtuBytes = MTUS_BYTES[random.below(MTUS_BYTES.length)];
    }
  }
  if (random.chance(0.25)) takeRawAccess(random, plan);
  if (plan.calm && random.chance(0.4)) varyTtls(random, plan);
  if (plan.priorities && random.chance(0.5)) varyPriorities(random, plan);
  if (!plan.priorities && random.chance(0.2)) refuseSenders(random, plan);
  const changesR = random.chance(0.2);
  for (const { events, durationMs } of plan.rounds) {
    if (changesR) {
      for (let i = 1 + random.below(4); i > 0; i--) {
        const refreshIntervalMs = Math.round(plan.refreshIntervalMs * [0.5, 1, 2][random.below(3)]);
        const what: Happening = { kind: "refresh", node: random.below(plan.nodes.length), refreshIntervalMs };
        events.push({ atMs: random.below(durationMs), what });
      }
    }
    if (!plan.calm && random.chance(0.3)) addFlap(random, plan, durationMs, events);
    if (random.chance(0.5)) {
      for (let i = 1 + random.below(4); i > 0; i--) addDiagnosis(random, plan, durationMs, events);
    }
    events.sort((a, b) => a.atMs - b.atMs);
  }
}

/**
 * Hosts on a link of their own with a router that knows RSVP have no raw access (RFC 2205 appendix C). Sessions are those
 * of IPv4 alone there: nobody has defined a group for IPv6.
 */
function takeRawAccess(random: Random, plan: Plan): void {
  const { nodes, links, sessions, applications } = plan;
  for (const [index, node] of nodes.entries()) {
    const on = links.filter((link) => link.nodes.includes(index));
    const alone = on.length === 1 && on[0].nodes.length === 2;
    const known = on.every((link) => link.nodes.every((other) => nodes[other].rsvp !== false));
    const ipv6 = sessions.some((session) => session.family === 6 && !session.group && session.node === index) ||
      applications.some((application) => application.node === index && sessions[application.session].family === 6);
    if (!node.router && alone && known && !ipv6 && random.chance(0.6)) node.udp = true;
  }
}

/** R of single interfaces (RFC 2205 3.7): half, twice or a third more than everybody's. */
function varyRefreshes(random: Random, plan: Plan): void {
  for (const link of plan.links) {
    if (random.chance(0.6)) {
      link.refreshIntervalMs = Math.round(plan.refreshIntervalMs * [0.5, 1.33, 2][random.below(3)]);
    }
  }
}

/** Routers whose policy has something against a sender's node. */
function refuseSenders(random: Random, plan: Plan): void {
  const routers = [...plan.nodes.keys()].filter((index) =>
    plan.nodes[index].router && plan.nodes[index].rsvp !== false
  );
  for (let i = 1 + random.below(3); i > 0 && routers.length > 0; i--) {
    const router = routers[random.below(routers.length)];
    const { node } = plan.applications[random.below(plan.applications.length)];
    if (node !== router) (plan.nodes[router].refuses ??= []).push(node);
  }
}

/** Senders of groups that reach less far, or farther, than before. */
function varyTtls(random: Random, plan: Plan): void {
  for (const { what } of plan.rounds.flatMap(({ events }) => events)) {
    if (what.kind !== "announce" || plan.sessions[plan.applications[what.application].session].group === undefined) {
      continue;
    }
    if (random.chance(0.25)) what.ttl = 1 + random.below(6);
  }
}

/** Applications that rank themselves higher or lower than before (RFC 3181). */
function varyPriorities(random: Random, plan: Plan): void {
  for (const { what } of plan.rounds.flatMap(({ events }) => events)) {
    if (what.kind !== "reserve" || random.chance(0.7)) continue;
    const preemptionPriority = random.below(5);
    what.priority = { preemptionPriority, defendingPriority: preemptionPriority + random.below(3) };
  }
}

/** A route that goes away and comes back, and a sender that changes meanwhile: before, while or after routing reacts. */
function addFlap(random: Random, plan: Plan, durationMs: number, events: TimedEvent[]): void {
  const link = random.below(plan.links.length);
  const start = random.below(durationMs), length = 1 + random.below(random.chance(0.5) ? 200 : 4_000);
  const down: Happening = random.chance(0.5) ? { kind: "metric", link, metric: 50 } : { kind: "link", link, up: false };
  const back: Happening = down.kind === "metric"
    ? { kind: "metric", link, metric: plan.links[link].metric }
    : { kind: "link", link, up: true };
  const add = (atMs: number, what: Happening) => void events.push({ atMs: Math.min(atMs, durationMs - 1), what });
  add(start, down);
  const announced = events.flatMap(({ what }) => what.kind === "announce" ? [what] : []);
  for (let i = 1 + random.below(3); i > 0 && announced.length > 0; i--) {
    const one = announced[random.below(announced.length)];
    const rate = 1_000 * (1 + random.below(100));
    add(start + random.below(2 * length), { ...one, tspec: { ...one.tspec, rate, peak: 2 * rate } });
  }
  add(start + length, back);
}

/** A receiver, or any other application, asks after a sender of its session (RFC 2745). */
function addDiagnosis(random: Random, plan: Plan, durationMs: number, events: TimedEvent[]): void {
  const application = random.below(plan.applications.length);
  const { session } = plan.applications[application];
  const others = [...plan.applications.keys()].filter((index) => plan.applications[index].session === session);
  const what: Happening = {
    kind: "diagnose",
    application,
    sender: others[random.below(others.length)],
    back: random.chance(0.3),
    partBytes: random.chance(0.5) ? 1_500 : SMALLEST_PART_BYTES + random.below(600),
  };
  events.push({ atMs: random.below(durationMs), what });
}
