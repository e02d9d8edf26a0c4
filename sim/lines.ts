/**
 * A node's state as lines of text, once from the oracle and once from the engine's tables, so that the two are compared
 * and a difference reads by itself.
 */
import { formatAddress } from "../host/address.ts";
import { styleName } from "../host/application.ts";
import type { NetworkNode } from "../host/network/network_node.ts";
import { type Flow, flowText, type Tspec, tspecText } from "./flow.ts";
import { addressOn, type Adspec, type NodeState, type SessionState } from "./oracle.ts";
import {
  ADSPEC,
  FILTER_SPEC,
  FLOWSPEC,
  readAdspec,
  readFlow,
  readObjects,
  readTspec,
  SENDER_TEMPLATE,
  SENDER_TSPEC,
  senderKey,
  sessionKey,
  type WireObject,
} from "./wire.ts";
import type { World } from "./world.ts";

/** Lines of each node, sorted. */
export type StateLines = Map<string, string[]>;

const UDP = 17;

/** What should be, from the oracle. */
export function expectedLines(world: World, solved: readonly SessionState[]): StateLines {
  const lines: StateLines = new Map(world.speakers.map((node) => [node.name, []]));
  for (const { session, nodes } of solved) {
    const { destination, port } = world.sessionAddress(session);
    const { family } = world.plan.sessions[session];
    const name = `${destination}/${port}/${UDP}`;
    for (const [node, state] of nodes) {
      const out = lines.get(node.name);
      for (const line of linesOf(state, family)) out?.push(`${name} ${line}`);
    }
  }
  for (const list of lines.values()) list.sort();
  return lines;
}

/** Lines of one session's state at one node, without the session's name. */
export function* linesOf(state: NodeState, family: 4 | 6): Generator<string> {
  for (const { sender, incoming, previous, ttl, localOnly, outgoing, nonRsvp, adspec } of state.paths) {
    yield senderLine({
      key: sender.key,
      incoming: incoming?.handle ?? 0,
      previous: previous ? addressOn(previous, family) : "",
      handle: previous?.handle ?? 0,
      ttl,
      localOnly,
      ways: outgoing.length,
      tspec: sender.tspec,
      nonRsvp,
      adspec,
    });
  }
  for (const { on, nextHop, style, flow, filters } of state.reservations) {
    const where = typeof on === "number" ? `application ${on}` : `eth${on.handle} ${nextHop}`;
    yield `reservation ${where} ${style} ${descriptor(flow, filters)}`;
  }
  for (const { on, previous, style, descriptors } of state.requests) {
    const list = descriptors.map(({ flow, filters }) => descriptor(flow, filters)).sort().join("; ");
    yield `request eth${on.handle} ${addressOn(previous, family)} ${style} ${list}`;
  }
  for (const { on, style, flow, filters, rate, tspec, policing } of state.installed) {
    yield `installed eth${on.handle} ${style} ${descriptor(flow, filters)} rate ${rate} of ${tspecText(tspec)} ` +
      `policing ${policing}`;
  }
}

interface SenderParts {
  key: string;
  incoming: number;
  previous: string;
  handle: number;
  ttl: number;
  localOnly: boolean;
  ways: number;
  tspec: Tspec;
  nonRsvp: boolean;
  adspec: Adspec | undefined;
}

function senderLine(parts: SenderParts): string {
  const { key, incoming, previous, handle, ttl, localOnly, ways, tspec, nonRsvp, adspec } = parts;
  const from = incoming ? `eth${incoming} ${previous}/${handle}` : "local";
  const flags = (localOnly ? " local only" : "") + (nonRsvp ? " non-RSVP hop" : "");
  const path = adspec && incoming
    ? ` hops ${adspec.hops} bandwidth ${adspec.bandwidth} latency ${adspec.latency} MTU ${adspec.mtu}`
    : "";
  return `sender ${key} from ${from} ttl ${ttl}${flags} ways ${ways} ${tspecText(tspec)}${path}`;
}

function descriptor(flow: Flow, filters: readonly string[]): string {
  return `(${flowText(flow)})${filters.length > 0 ? " for " : ""}${[...filters].sort().join(" ")}`;
}

/** What is, from the tables of the engines. */
export function actualLines(world: World): StateLines {
  const lines: StateLines = new Map();
  for (const node of world.speakers) lines.set(node.name, [...tableLines(node)].sort());
  return lines;
}

function* tableLines(node: NetworkNode): Generator<string> {
  const { engine } = node.rsvp;
  for (const row of engine.inspect("senders")) {
    const [session, ...rest] = readObjects(row.objects);
    const template = find(rest, SENDER_TEMPLATE), tspec = find(rest, SENDER_TSPEC);
    const parts: SenderParts = {
      key: senderKey(template),
      incoming: row.incomingInterface,
      previous: formatAddress(row.previousHop, row.previousHopFamily),
      handle: row.logicalInterfaceHandle,
      ttl: row.ttl,
      localOnly: row.localOnly === 1,
      ways: row.outgoingCount,
      tspec: readTspec(tspec),
      nonRsvp: row.nonRsvp === 1,
      adspec: readAdspec(find(rest, ADSPEC)),
    };
    yield `${sessionKey(session)} ${senderLine(parts)}`;
  }
  for (const row of engine.inspect("reservations")) {
    const [session, ...rest] = readObjects(row.objects);
    const nextHop = formatAddress(row.nextHop, row.nextHopFamily);
    const where = row.application ? `application ${row.application}` : `eth${row.interface} ${nextHop}`;
    yield `${sessionKey(session)} reservation ${where} ${styleName(row.style)} ${descriptorList(rest)}`;
  }
  for (const row of engine.inspect("requests")) {
    const [session, ...rest] = readObjects(row.objects);
    const where = `eth${row.interface} ${formatAddress(row.previousHop, row.previousHopFamily)}`;
    yield `${sessionKey(session)} request ${where} ${styleName(row.style)} ${descriptorList(rest)}`;
  }
  for (const row of engine.inspect("installed")) {
    const [session, ...rest] = readObjects(row.objects);
    const tspecs = rest.filter((object) => object.class === SENDER_TSPEC).map((object) => tspecText(readTspec(object)));
    const tspec = tspecs[0] ?? "no sender";
    yield `${sessionKey(session)} installed eth${row.interface} ${styleName(row.style)} ${descriptorList(rest)} rate ` +
      `${row.rateBytesPerSecond} of ${tspec} policing ${row.policing}${row.pending ? " pending" : ""}`;
  }
}

function find(objects: readonly WireObject[], wanted: number): WireObject {
  const found = objects.find((object) => object.class === wanted);
  if (!found) throw new Error(`a row has no object of class ${wanted}`);
  return found;
}

/** FLOWSPECs with the filters that follow each. */
function descriptorList(objects: readonly WireObject[]): string {
  const list: { flow: Flow; filters: string[] }[] = [];
  for (const object of objects) {
    if (object.class === FLOWSPEC) list.push({ flow: readFlow(object), filters: [] });
    else if (object.class === FILTER_SPEC || object.class === SENDER_TEMPLATE) {
      list.at(-1)?.filters.push(senderKey(object));
    }
  }
  return list.map(({ flow, filters }) => descriptor(flow, filters)).sort().join("; ");
}

/** Lines that only one side has: `-` is missing, `+` is there and should not be. */
export function difference(expected: StateLines, actual: StateLines): string[] {
  const out: string[] = [];
  for (const name of new Set([...expected.keys(), ...actual.keys()])) {
    const want = expected.get(name) ?? [], have = actual.get(name) ?? [];
    for (const line of without(want, have)) out.push(`- ${name}: ${line}`);
    for (const line of without(have, want)) out.push(`+ ${name}: ${line}`);
  }
  return out;
}

/** The lines of `a` that `b` lacks, doubles counted. */
function without(a: readonly string[], b: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of b) left.set(line, (left.get(line) ?? 0) + 1);
  return a.filter((line) => {
    const count = left.get(line) ?? 0;
    if (count > 0) left.set(line, count - 1);
    return count === 0;
  });
}

/** Where a session's value is not determined (SessionState.circular), only which states exist is compared. */
export function withoutValues(lines: StateLines): StateLines {
  const strip = (line: string) =>
    line.includes(" sender ") ? line : line.replaceAll(/\((CL|GS)[^)]*\)/g, "()").replace(/ rate .*$/, "");
  return new Map([...lines].map(([name, list]) => [name, list.map(strip).sort()]));
}
