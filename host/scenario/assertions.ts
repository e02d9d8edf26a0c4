/** What a scenario says must be true, looked at in the tables, in what applications heard, and in the messages sent. */
import type { SessionAddress } from "../application.ts";
import type { Network } from "../network/network.ts";
import type { HeardEvent } from "./play.ts";
import type { ScenarioAssertion } from "./schema.ts";

/** What became of an assertion. */
export interface Verdict {
  /** Its place in the file, from 0. */
  index: number;
  atMs: number;
  ok: boolean;
  /** What was wanted and what there was. */
  text: string;
}

/** Where assertions look. */
export interface World {
  network: Network;
  sessions: ReadonlyMap<string, SessionAddress>;
  heard: readonly HeardEvent[];
}

type Plain = Readonly<Record<string, unknown>>;

export function checkAssertion(index: number, assertion: ScenarioAssertion, world: World): Verdict {
  const found = findAll(assertion, world);
  const { count, atMs } = assertion;
  const ok = count === undefined ? found > 0 : found === count;
  const wanted = count === undefined ? "one or more" : String(count);
  return { index, atMs, ok, text: `${describe(assertion)}: ${wanted} wanted, ${found} found` };
}

function findAll(assertion: ScenarioAssertion, world: World): number {
  switch (assertion.of) {
    case "table": {
      const node = world.network.node(assertion.node);
      // A node that has crashed has no state.
      if (!node.alive) return 0;
      const session = assertion.session === undefined ? undefined : world.sessions.get(assertion.session);
      return node.inspect(assertion.table).filter((row) =>
        fits(row as unknown as Plain, assertion.where) && (!session || isOf(row as unknown as Plain, session))
      ).length;
    }
    case "event":
      return world.heard.filter(({ timeMs, node, session, event }) =>
        timeMs >= assertion.fromMs && node === assertion.node && event.kind === assertion.kind &&
        (assertion.session === undefined || session === assertion.session) &&
        fits(event as unknown as Plain, assertion.where)
      ).length;
    case "message":
      return world.network.messages({ fromMs: assertion.fromMs, types: [assertion.message] }).filter(({ from, to }) =>
        (assertion.from === undefined || from === assertion.from) && (assertion.to === undefined || to === assertion.to)
      ).length;
  }
}

/** Whether the row has these values; those of its objects are named `FLOWSPEC.tokenBucketRateBytesPerSecond`. */
function fits(row: Plain, where: Readonly<Record<string, string | number | boolean>>): boolean {
  return Object.entries(where).every(([name, wanted]) => {
    const [object, field] = name.split(".");
    if (field === undefined) return row[name] === wanted || Number(row[name]) === Number(wanted);
    const objects = (row.objects ?? []) as Plain[];
    return objects.some((one) => one.name === object && one[field] === wanted);
  });
}

function isOf(row: Plain, session: SessionAddress): boolean {
  const [object] = (row.objects ?? []) as Plain[];
  return object?.destinationAddress === session.destination && (object.destinationPort ?? 0) === (session.port ?? 0);
}

function describe(assertion: ScenarioAssertion): string {
  switch (assertion.of) {
    case "table": {
      const session = assertion.session ? ` of ${assertion.session}` : "";
      return `${assertion.table} at ${assertion.node}${session}${whereText(assertion.where)}`;
    }
    case "event":
      return `${assertion.kind} at ${assertion.node}${whereText(assertion.where)}`;
    case "message": {
      const from = assertion.from ? ` from ${assertion.from}` : "", to = assertion.to ? ` to ${assertion.to}` : "";
      return `${assertion.message}${from}${to}`;
    }
  }
}

function whereText(where: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(where).map(([name, value]) => `${name} = ${value}`);
  return parts.length > 0 ? ` with ${parts.join(", ")}` : "";
}
