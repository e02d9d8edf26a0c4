/**
 * The oracle: the state in which a network that is left alone must come to rest, worked out from the definitions of RFC
 * 2205 and RFC 2209 and from what applications want, without messages, timers or the engine. docs/simulation.md has the
 * clauses. Only routing is taken as given, for it is an input of RSVP too.
 */
import { formatAddress, parseAddress } from "../host/address.ts";
import type { StyleName } from "../host/application.ts";
import type { NetworkNode } from "../host/network/network_node.ts";
import { Routes } from "../host/network/routes.ts";
import type { Attachment, NodeRecord } from "../host/network/topology.ts";
import type { Flow, Tspec } from "./flow.ts";
import { solveReservations } from "./oracle_resv.ts";
import type { TrueSender, World } from "./world.ts";

/** General parameters of an ADSPEC (RFC 2215). */
export interface Adspec {
  hops: number;
  bandwidth: number;
  latency: number;
  mtu: number;
}

const UDP = 17;
const DEFAULT_LINK_BYTES_PER_SECOND = 125_000_000;
const DEFAULT_MTU_BYTES = 1_500;

/** Path state of one sender at one node (RFC 2205 1.1, RFC 2209 PSB). */
export interface PathState {
  node: NodeRecord;
  sender: TrueSender;
  /** Where it came in; undefined for the sender's own node. */
  incoming: Attachment | undefined;
  /** Who sent it here: the interface that it left by. */
  previous: Attachment | undefined;
  ttl: number;
  /** Arrived where multicast routing does not expect it: kept and not forwarded (RFC 2209, Local_Only). */
  localOnly: boolean;
  /** Interfaces by which data leave, never that of their arrival (RFC 2205 2.3). */
  outgoing: Attachment[];
  /** Applications of this node may reserve for it. */
  local: boolean;
  /** It came through a router that knows no RSVP. */
  nonRsvp: boolean;
  /** What the network says of the way so far; undefined at the sender. */
  adspec: Adspec | undefined;
}

/** What one next hop, or one application, has reserved on one interface (RFC 2209 RSB). */
export interface Reservation {
  /** The interface, or the application's handle. */
  on: Attachment | number;
  /** Address of the next hop; empty for an application. */
  nextHop: string;
  style: StyleName;
  flow: Flow;
  /** Keys of senders; empty for WF. */
  filters: string[];
  /** WF: addresses of the senders that it is for; undefined for all. */
  scope: ReadonlySet<string> | undefined;
}

/** What is asked of one previous hop. */
export interface Request {
  on: Attachment;
  previous: Attachment;
  style: StyleName;
  descriptors: { flow: Flow; filters: string[] }[];
}

/** What traffic control has on one interface. */
export interface Installed {
  on: Attachment;
  style: StyleName;
  flow: Flow;
  filters: string[];
  rate: number;
  tspec: Tspec;
  policing: number;
}

export interface NodeState {
  paths: PathState[];
  reservations: Reservation[];
  requests: Request[];
  installed: Installed[];
}

export interface SessionState {
  session: number;
  nodes: Map<NodeRecord, NodeState>;
  /** Requests that feed each other around a loop of senders: their flowspecs have no single solution. */
  circular: boolean;
}

/** Everything that should be, session by session. */
export function solve(world: World): SessionState[] {
  const routes = new Routes(world.network.topology);
  for (const [index, session] of world.plan.sessions.entries()) {
    if (!session.group) continue;
    const { bytes, family } = parseAddress(session.group);
    for (const node of world.nodes) if (world.isMember(node, index)) routes.join(node.record, bytes, family);
  }
  return world.plan.sessions.map((_, index) => {
    const nodes = solvePaths(world, routes, index);
    const circular = solveReservations(world, index, nodes);
    return { session: index, nodes, circular };
  });
}

export function stateOf(nodes: Map<NodeRecord, NodeState>, node: NodeRecord): NodeState {
  let state = nodes.get(node);
  if (!state) nodes.set(node, state = { paths: [], reservations: [], requests: [], installed: [] });
  return state;
}

/** What a Path says when it comes in. */
interface Arrival {
  node: NodeRecord;
  incoming: Attachment | undefined;
  previous: Attachment | undefined;
  /** Of the IP datagram. */
  ttl: number;
  nonRsvp: boolean;
  adspec: Adspec | undefined;
}

/** Where the data of one sender go, which Path messages follow (RFC 2205 2.1). */
class Way {
  readonly multicast: boolean;
  readonly family: 4 | 6;
  #world: World;
  #routes: Routes;
  #session: number;
  #source: Uint8Array;
  #destination: Uint8Array;

  constructor(world: World, routes: Routes, session: number, sender: TrueSender) {
    this.#world = world;
    this.#routes = routes;
    this.#session = session;
    this.#source = parseAddress(sender.address).bytes;
    this.#destination = parseAddress(world.sessionAddress(session).destination).bytes;
    this.multicast = world.plan.sessions[session].group !== undefined;
    this.family = world.plan.sessions[session].family;
  }

  /** What routing says at a node. */
  at(node: NodeRecord) {
    const answer = this.#routes.answer(node, {
      destination: this.#destination,
      source: this.#source,
      family: this.family,
      multicast: this.multicast ? 1 : 0,
      protocol: UDP,
      destinationPort: 0,
      sourcePort: 0,
    });
    const hops = answer.hops.map((hop) => ({
      out: node.attachments[hop.interface - 1],
      // A multicast is heard by everybody; else who is meant is the gateway or the destination itself.
      target: this.multicast ? undefined : formatAddress(hop.gateway ?? this.#destination, this.family),
    }));
    return { local: answer.local === true, incoming: answer.incomingInterface ?? 0, hops };
  }

  /** RSVP nodes that a datagram sent out of an interface comes to, through routers that know no RSVP (RFC 2205 2.9). */
  *reach(out: Attachment, target: string | undefined, ttl: number): Generator<{ to: Attachment; ttl: number }> {
    if (!out.link.up) return;
    for (const to of out.link.attachments) {
      if (to === out || !to.node.alive) continue;
      if (target !== undefined && addressOn(to, this.family) !== target) continue;
      const node = nodeOf(this.#world, to.node);
      const hears = to.node.forwards || target !== undefined || this.#world.isMember(node, this.#session);
      if (node.options.rsvp !== false) {
        if (hears) yield { to, ttl };
        continue;
      }
      const { incoming, hops } = this.at(to.node);
      if (ttl <= 1 || (this.multicast && incoming !== 0 && incoming !== to.handle)) continue;
      for (const hop of hops) {
        if (!this.multicast || hop.out !== to) yield* this.reach(hop.out, hop.target, ttl - 1);
      }
    }
  }
}

/** Path messages leave path state where they pass. */
function solvePaths(world: World, routes: Routes, session: number): Map<NodeRecord, NodeState> {
  const nodes = new Map<NodeRecord, NodeState>();
  for (const sender of world.senders) {
    if (sender.session !== session) continue;
    const way = new Way(world, routes, session, sender);
    const arrivals: Arrival[] = [{
      node: sender.node.record,
      incoming: undefined,
      previous: undefined,
      ttl: sender.ttl,
      nonRsvp: false,
      adspec: undefined,
    }];
    for (let next = arrivals.shift(); next; next = arrivals.shift()) {
      // A Path that policy refuses leaves no state and goes nowhere (RFC 2205 2.7).
      if (!world.refuses(nodeOf(world, next.node), sender)) arrivals.push(...arrive(nodes, way, sender, next));
    }
  }
  return nodes;
}

/** PATH MESSAGE ARRIVES of RFC 2209: what is kept, and what goes on. */
function* arrive(
  nodes: Map<NodeRecord, NodeState>,
  way: Way,
  sender: TrueSender,
  arrival: Arrival,
): Generator<Arrival> {
  const { node, incoming, ttl } = arrival;
  const state = stateOf(nodes, node);
  // A sender's own node does not take its Path back; elsewhere a multicast Path may come in by several interfaces.
  const known = state.paths.some((path) =>
    path.sender.key === sender.key && (!path.incoming || path.incoming === incoming)
  );
  if (known) return;
  const route = way.at(node);
  const { handle = 0 } = incoming ?? {};
  const localOnly = way.multicast && handle !== 0 && route.incoming !== 0 && route.incoming !== handle;
  const hops = localOnly ? [] : route.hops.filter(({ out }) => out !== incoming);
  const outgoing = hops.map(({ out }) => out);
  const local = !localOnly && (way.multicast || route.local);
  state.paths.push({ ...arrival, sender, localOnly, outgoing, local });
  // The first Path has the TTL of the data; every later node sends on one less.
  const sendTtl = incoming ? ttl - 1 : ttl;
  if (sendTtl === 0) return;
  for (const { out, target } of hops) {
    const adspec = composeAdspec(arrival.adspec, out);
    for (const reached of way.reach(out, target, sendTtl)) {
      // Send_TTL tells of routers that have no RSVP (RFC 2205 3.8).
      const nonRsvp = reached.ttl !== sendTtl;
      yield { node: reached.to.node, incoming: reached.to, previous: out, ttl: reached.ttl, nonRsvp, adspec };
    }
  }
}

/** RFC 2215 composition of the general parameters: what each node adds for the interface that the Path leaves by. */
function composeAdspec(before: Adspec | undefined, out: Attachment): Adspec {
  const { options, delayMs } = out.link;
  return {
    hops: (before?.hops ?? 0) + 1,
    bandwidth: Math.min(
      before?.bandwidth ?? Infinity,
      options.reservableBytesPerSecond ?? DEFAULT_LINK_BYTES_PER_SECOND,
    ),
    latency: (before?.latency ?? 0) + delayMs * 1_000,
    mtu: Math.min(before?.mtu ?? Infinity, options.mtuBytes ?? DEFAULT_MTU_BYTES),
  };
}

export function addressOn(attachment: Attachment, family: 4 | 6): string {
  return formatAddress(family === 4 ? attachment.ipv4.bytes : attachment.ipv6.bytes, family);
}

export function nodeOf(world: World, record: NodeRecord): NetworkNode {
  return world.nodes[record.index];
}
