/**
 * Several ways of doing the same work, measured in one run: every round runs each of them once, so that a machine that
 * slows down slows all of them, and the best round of each counts. Ratios of these are what may be quoted; the
 * nanoseconds drift from run to run.
 */
import { cpuUsage } from "node:process";

/** One way of doing it. */
export interface Side {
  readonly name: string;
  /** Does the work once and returns nanoseconds per operation. */
  readonly round: () => number;
}

export interface Case {
  readonly name: string;
  /** What one operation is. */
  readonly unit: string;
  readonly sides: Side[];
}

export interface Measured {
  readonly name: string;
  readonly unit: string;
  readonly sides: { name: string; ns: number }[];
}

/**
 * Times one call of the work, which does `operations` of them: the process's CPU time, as the C programs measure theirs, so
 * that what else runs on the machine is nobody's time; elapsed time where other threads of ours have been at work too.
 */
export function timed(operations: number, work: () => void): number {
  const start = performance.now(), before = cpuUsage();
  work();
  const { user, system } = cpuUsage(before);
  return Math.min((performance.now() - start) * 1e6, (user + system) * 1e3) / operations;
}

/** The best of `rounds` interleaved rounds, after one that warms up. */
export function measureCase(measured: Case, rounds: number): Measured {
  const best = measured.sides.map(() => Infinity);
  for (let round = -1; round < rounds; round++) {
    measured.sides.forEach((side, i) => {
      const ns = side.round();
      if (round >= 0) best[i] = Math.min(best[i], ns);
    });
  }
  return {
    name: measured.name,
    unit: measured.unit,
    sides: measured.sides.map(({ name }, i) => ({ name, ns: best[i] })),
  };
}

/** A Markdown table: each side's time, and how fast it is as a part of the first side's speed (1 is as fast). */
export function table(results: readonly Measured[]): string {
  const lines = [
    "| case | side | ns | speed, first line = 1 |",
    "|---|---|---:|---:|",
  ];
  for (const { name, unit, sides } of results) {
    sides.forEach((side, i) => {
      const speed = sides[0].ns / side.ns;
      lines.push(
        `| ${i === 0 ? `${name} (${unit})` : ""} | ${side.name} | ${side.ns.toFixed(1)} | ${speed.toFixed(2)} |`,
      );
    });
  }
  return lines.join("\n");
}
