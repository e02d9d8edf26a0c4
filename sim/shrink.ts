/** Makes a failing plan smaller: leaves out rounds, then events, as long as the same rule is broken. */
import type { Plan } from "./plan.ts";
import { runPlan } from "./run.ts";

/** Runs at the most so many smaller plans. */
const MAXIMUM_RUNS = 400;

export interface Shrunk {
  plan: Plan;
  runs: number;
}

/** The smallest plan found that breaks the rule. */
export function shrink(plan: Plan, rule: string, maximumRuns = MAXIMUM_RUNS): Shrunk {
  let best = plan;
  let runs = 0;
  const fails = (candidate: Plan) => runs++ < maximumRuns && runPlan(candidate).failure?.rule === rule;
  const keep = (candidate: Plan) => {
    if (!fails(candidate)) return false;
    best = candidate;
    return true;
  };
  for (const simpler of [{ installDelayMs: 0 }, { routingDelayMs: 0 }]) keep({ ...best, ...simpler });
  for (let round = best.rounds.length - 1; round >= 0 && best.rounds.length > 1; round--) {
    keep({ ...best, rounds: best.rounds.filter((_, index) => index !== round) });
  }
  for (let changed = true; changed && runs < maximumRuns;) {
    changed = false;
    for (let size = Math.ceil(countEvents(best) / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let at = 0; at < countEvents(best);) {
        if (keep(withoutEvents(best, at, size))) changed = true;
        else at += size;
      }
    }
  }
  return { plan: best, runs };
}

export function countEvents(plan: Plan): number {
  return plan.rounds.reduce((sum, round) => sum + round.events.length, 0);
}

/** The plan without `count` events from the `first` on, counted through all rounds. */
function withoutEvents(plan: Plan, first: number, count: number): Plan {
  let index = 0;
  const rounds = plan.rounds.map((round) => ({
    ...round,
    events: round.events.filter(() => {
      const at = index++;
      return at < first || at >= first + count;
    }),
  }));
  return { ...plan, rounds };
}
