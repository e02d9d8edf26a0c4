/** What happens in a simulation and when: applications that come, go and change, and everything that can go wrong. */
import type { Random } from "../host/random.ts";
import type { Flow, Tspec } from "./flow.ts";
import type { Happening, Plan, RoundPlan, TimedEvent } from "./plan.ts";

/** Rounds last so many refresh intervals. */
const ROUND_INTERVALS = 6;

/** Two or three rounds; the first begins with most applications joining. */
export function planEvents(random: Random, plan: Plan): RoundPlan[] {
  const rounds: RoundPlan[] = [];
  const count = 1 + random.below(3);
  for (let index = 0; index < count; index++) {
    const durationMs = plan.refreshIntervalMs * (1 + random.below(ROUND_INTERVALS));
    const events: TimedEvent[] = [];
    const at = () => random.below(durationMs);
    if (index === 0) { for (const what of arrivals(random, plan)) events.push({ atMs: at(), what }); }
    else {for (let i = 1 + random.below(plan.calm ? 14 : 6); i > 0; i--) {
        events.push({ atMs: at(), what: change(random, plan) });
      }}
    if (!plan.calm) { for (let i = random.below(8); i > 0; i--) addTrouble(random, plan, durationMs, events); }
    // Sorting is stable: what was planned first at a moment happens first.
    events.sort((a, b) => a.atMs - b.atMs);
    rounds.push({ durationMs, events });
  }
  return rounds;
}

/** The first applications of a session are its senders, the others its receivers; see planSessions. */
function arrivals(random: Random, plan: Plan): Happening[] {
  const events: Happening[] = [];
  for (const session of plan.sessions.keys()) {
    const [senders, receivers] = roles(plan, session);
    for (const application of senders) {
      if (random.chance(0.9)) events.push(announce(random, plan, application));
    }
    for (const application of receivers) {
      if (random.chance(0.9)) events.push(reserve(random, plan, application));
    }
  }
  return events;
}

/** Applications of a session, by what they do. Half of them, rounded down, receive. */
function roles(plan: Plan, session: number): [senders: number[], receivers: number[]] {
  const all = plan.applications.flatMap((application, index) => application.session === session ? [index] : []);
  const multicast = plan.sessions[session].group !== undefined;
  // In a unicast session only applications of the destination receive.
  const receivers = multicast
    ? all.slice(Math.ceil(all.length / 2))
    : all.filter((index) => plan.applications[index].node === plan.sessions[session].node);
  return [all.filter((index) => !receivers.includes(index)), receivers];
}

function change(random: Random, plan: Plan): Happening {
  const session = random.below(plan.sessions.length);
  const [senders, receivers] = roles(plan, session);
  if (random.chance(0.12)) {
    return { kind: "restyle", session, style: (["WF", "FF", "SE"] as const)[random.below(3)] };
  }
  if (senders.length > 0 && random.chance(0.4)) {
    const application = senders[random.below(senders.length)];
    const dice = random.below(6);
    if (dice === 0) return { kind: "withdraw", application };
    if (dice === 1) return { kind: "release", application };
    return announce(random, plan, application);
  }
  if (receivers.length === 0) return { kind: "restyle", session, style: "WF" };
  const application = receivers[random.below(receivers.length)];
  const dice = random.below(6);
  if (dice === 0 || (plan.calm && dice === 2)) return { kind: "unreserve", application };
  if (dice === 1) return { kind: "release", application };
  return reserve(random, plan, application);
}

function announce(random: Random, plan: Plan, application: number): Happening {
  const multicast = plan.sessions[plan.applications[application].session].group !== undefined;
  const ttl = multicast && !plan.calm && random.chance(0.1) ? 1 + random.below(4) : undefined;
  return { kind: "announce", application, tspec: tspec(random), ttl };
}

function reserve(random: Random, plan: Plan, application: number): Happening {
  const { session } = plan.applications[application];
  const [senders] = roles(plan, session);
  const chosen = senders.filter(() => random.chance(0.75));
  if (chosen.length === 0 && senders.length > 0) chosen.push(senders[random.below(senders.length)]);
  const service = plan.sessions[session].service;
  const flows = chosen.map(() => flow(random, service));
  return { kind: "reserve", application, senders: chosen, flows, confirm: random.chance(0.3) };
}

/** Whole thousands, so that sums are exact in the 32-bit floats of the wire. */
function tspec(random: Random): Tspec {
  const rate = 1_000 * (1 + random.below(100));
  return {
    rate,
    bucket: 1_000 * (1 + random.below(20)),
    peak: random.chance(0.5) ? Infinity : rate * (1 + random.below(4)),
    minimum: 40 + random.below(100),
    maximum: 500 + random.below(1_000),
  };
}

function flow(random: Random, service: Flow["service"]): Flow {
  const bucket = tspec(random);
  const guaranteed = service === "GS";
  return {
    service,
    ...bucket,
    reserved: guaranteed ? bucket.rate + 1_000 * random.below(50) : 0,
    slack: guaranteed && random.chance(0.5) ? random.below(100_000) : 0,
  };
}

/** One fault, with its end where it has one. */
function addTrouble(random: Random, plan: Plan, durationMs: number, events: TimedEvent[]): void {
  const atMs = random.below(durationMs);
  const later = atMs + random.below(durationMs);
  const link = random.below(plan.links.length);
  const add = (when: number, what: Happening) => void events.push({ atMs: Math.min(when, durationMs - 1), what });
  const dice = random.below(12);
  if (dice < 4) return add(atMs, { kind: "faults", link, faults: faults(random) });
  if (dice < 6) {
    add(atMs, { kind: "link", link, up: false });
    // One in three stays down.
    if (random.chance(0.67)) add(later, { kind: "link", link, up: true });
    return;
  }
  if (dice < 8) return add(atMs, { kind: "metric", link, metric: 1 + random.below(6) });
  const node = random.below(plan.nodes.length);
  if (dice === 10) return add(atMs, { kind: "refusals", node, probability: 0.1 + 0.9 * random.fraction() });
  if (dice === 11) return add(atMs, { kind: "preempt", node, which: random.below(100) });
  add(atMs, { kind: "crash", node });
  if (random.chance(0.75)) add(later, { kind: "restart", node });
}

function faults(random: Random) {
  return {
    loss: random.chance(0.8) ? random.fraction() * 0.6 : 1,
    duplication: random.fraction() * 0.3,
    corruption: random.fraction() * 0.2,
    reordering: random.fraction() * 0.4,
    reorderingDelayMs: 1 + random.below(500),
    jitterMs: random.chance(0.3) ? random.below(200) : 0,
  };
}
