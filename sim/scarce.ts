/**
 * What is demanded where bandwidth runs out. Which request is refused depends on who came first, so there is no one right
 * state; but what stands has to be a part of what the oracle would have without limits, traffic control has to be the
 * merge of what stands, and a session that fits everywhere must not notice that others do not.
 */
import { formatAddress } from "../host/address.ts";
import { styleName } from "../host/application.ts";
import type { NetworkNode } from "../host/network/network_node.ts";
import type { Attachment } from "../host/network/topology.ts";
import { actualLines, difference, expectedLines, linesOf, type StateLines } from "./lines.ts";
import type { NodeState, Reservation, SessionState } from "./oracle.ts";
import { installedOf } from "./oracle_resv.ts";
import { FILTER_SPEC, FLOWSPEC, readFlow, readObjects, senderKey, sessionKey } from "./wire.ts";
import type { World } from "./world.ts";

/** What is wrong, in words; nothing while traffic control has not answered yet. */
export function scarcityFaults(world: World, solved: readonly SessionState[]): string[] {
  const expected = expectedLines(world, solved), actual = actualLines(world);
  const free = new Set(sessionsThatFit(world, solved));
  const faults = difference(ofInterest(expected, free), ofInterest(actual, free));
  for (const { session, nodes } of solved) {
    const name = sessionName(world, session);
    const { family } = world.plan.sessions[session];
    for (const node of world.speakers) {
      const state = nodes.get(node.record) ?? { paths: [], reservations: [], requests: [], installed: [] };
      const standing = readReservations(node).filter((one) => one.session === name).map((one) => one.reservation);
      for (const one of standing) {
        const fault = partFault(one, state);
        if (fault && !(one.style === "WF" && keepsScope(world, session))) faults.push(`${node.name}: ${name} ${fault}`);
      }
      faults.push(...installFaults(name, node, { ...state, reservations: standing }, actual, family));
    }
  }
  return faults;
}

export function sessionName(world: World, session: number): string {
  const { destination, port } = world.sessionAddress(session);
  return `${destination}/${port}/17`;
}

/** Sessions whose reservations fit wherever they go, with everything that all sessions want there. */
function sessionsThatFit(world: World, solved: readonly SessionState[]): string[] {
  const wanted = new Map<Attachment, number>();
  for (const { nodes } of solved) {
    for (const { installed } of nodes.values()) {
      for (const { on, rate } of installed) wanted.set(on, (wanted.get(on) ?? 0) + rate);
    }
  }
  const fits = (on: Attachment) => (wanted.get(on) ?? 0) <= (on.link.options.reservableBytesPerSecond ?? Infinity);
  return solved
    .filter(({ circular, nodes }) =>
      !circular && [...nodes.values()].every(({ installed }) => installed.every(({ on }) => fits(on)))
    )
    .map(({ session }) => sessionName(world, session));
}

/** Path state knows no scarcity; the rest is compared for sessions that fit. */
function ofInterest(lines: StateLines, free: ReadonlySet<string>): StateLines {
  const keep = (line: string) => line.includes(" sender ") || free.has(line.slice(0, line.indexOf(" ")));
  return new Map([...lines].map(([name, list]) => [name, list.filter(keep)]));
}

/** A reservation that a node has. */
export interface Standing {
  session: string;
  reservation: Reservation;
}

export function readReservations(node: NetworkNode): Standing[] {
  return node.rsvp.engine.inspect("reservations").map((row) => {
    const objects = readObjects(row.objects);
    const flowspec = objects.find((object) => object.class === FLOWSPEC)!;
    return {
      session: sessionKey(objects[0]),
      reservation: {
        on: row.application || node.record.attachments[row.interface - 1],
        nextHop: formatAddress(row.nextHop, row.nextHopFamily),
        style: styleName(row.style) || "WF",
        flow: readFlow(flowspec),
        filters: objects.filter((object) => object.class === FILTER_SPEC).map(senderKey),
        scope: undefined,
      },
    };
  });
}

/**
 * A wildcard request whose SCOPE has become smaller may have no room for something else that it says; what stood before
 * stays in place then, its wider SCOPE included (RFC 2205 3.5, A.5), and is refreshed. Around a circle of such nodes it
 * asks for itself, with nobody left who wants it, as long as there is no room: SCOPE stops only what it is heard of.
 */
function keepsScope(world: World, session: number): boolean {
  const name = sessionName(world, session), senders = new Set<number>();
  for (const { events } of world.plan.rounds) {
    for (const { what } of events) {
      if (what.kind === "announce" && world.plan.applications[what.application].session === session) {
        senders.add(what.application);
      }
    }
  }
  return senders.size > 1 && world.speakers.some((node) =>
    (node.counters().ADMISSION_REFUSED ?? 0) > 0 &&
    readReservations(node).some((one) => one.session === name && one.reservation.style === "WF")
  );
}

/**
 * Whether a reservation is part of what would stand without limits: from the same hop, for no other senders. Its flowspec
 * may be another, for one that was refused a change keeps what it had (InPlace, RFC 2205 A.5).
 */
function partFault(one: Reservation, state: NodeState): string | undefined {
  const wanted = state.reservations.some((other) =>
    other.on === one.on && other.nextHop === one.nextHop && other.style === one.style &&
    one.filters.every((key) => other.filters.includes(key))
  );
  if (wanted) return undefined;
  const where = typeof one.on === "number" ? `application ${one.on}` : `eth${one.on.handle} ${one.nextHop}`;
  return `reservation ${where} ${one.style} for ${one.filters.join(" ") || "all"}: nobody wants it`;
}

/**
 * What is installed is what follows from the reservations that stand (RFC 2209, UPDATE TRAFFIC CONTROL). Where that takes
 * more than there is, because a sender grew or another's request has gone, what was granted last stays.
 */
function installFaults(name: string, node: NetworkNode, state: NodeState, actual: StateLines, family: 4 | 6): string[] {
  const installed = installedOf(state);
  const want = [...linesOf({ paths: [], reservations: [], requests: [], installed }, family)];
  const have = (actual.get(node.name) ?? []).filter((line) => line.startsWith(`${name} installed `));
  const wanted = new Map(want.map((line) => [withoutFlow(`${name} ${line}`), `${name} ${line}`]));
  const faults: string[] = [];
  for (const line of have) {
    const key = withoutFlow(line);
    const other = wanted.get(key);
    wanted.delete(key);
    if (other === line) continue;
    if (other === undefined) faults.push(`+ ${node.name}: ${line}`);
    else if (fits(node, line, rateOf(other))) faults.push(`- ${node.name}: ${other}`, `+ ${node.name}: ${line}`);
  }
  for (const line of wanted.values()) faults.push(`- ${node.name}: ${line}`);
  return faults.map((line) => `${line} (from what stands)`);
}

/** Whether the interface has room for a rate in the place of what is installed. */
function fits(node: NetworkNode, line: string, rate: number): boolean {
  const handle = Number(/ eth(\d+) /.exec(line)?.[1]);
  const row = node.rsvp.engine.inspect("interfaces").find((one) => one.interface === handle)!;
  return rate <= rateOf(line) || row.reservedBytesPerSecond - rateOf(line) + rate <= row.reservableBytesPerSecond;
}

function withoutFlow(line: string): string {
  return line.replace(/\([^)]*\)/, "()").replace(/ rate .*$/, "");
}

function rateOf(line: string): number {
  return Number(/ rate (\S+)/.exec(line)?.[1]);
}
