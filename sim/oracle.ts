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

interface Arrival {
  node: NodeRecord;
  incoming: Attachment | undefined;
  previous: Attachment | undefined;
  ttl: number;
}

/** Path messages go wherever the data would go (RFC 2205 2.1) and leave path state where they pass. */
function solvePaths(world: World, routes: Routes, session: number): Map<NodeRecord, NodeState> {
  const nodes = new Map<NodeRecord, NodeState>();
  const destination = parseAddress(world.sessionAddress(session).destination);
  const multicast = world.plan.sessions[session].group !== undefined;
  for (const sender of world.senders) {
    if (sender.session !== session) continue;
    const source = parseAddress(sender.address).bytes;
    const first = { node: sender.node.record, incoming: undefined, previous: undefined, ttl: sender.ttl };
    const arrivals: Arrival[] = [first];
    for (let next = arrivals.shift(); next; next = arrivals.shift()) {
      const state = stateOf(nodes, next.node);
      // A sender's own node does not take its Path back; elsewhere a multicast Path may come in by several interfaces.
      const known = state.paths.some((path) =>
        path.sender.key === sender.key && (!path.incoming || path.incoming === next.incoming)
      );
      if (known) continue;
      const answer = routes.answer(next.node, {
        destination: destination.bytes,
        source,
        family: destination.family,
        multicast: multicast ? 1 : 0,
        protocol: 17,
        destinationPort: 0,
        sourcePort: 0,
      });
      const expected = answer.incomingInterface ?? 0;
      const localOnly = multicast && next.incoming !== undefined && expected !== 0 && expected !== next.incoming.handle;
      const outgoing = localOnly ? [] : answer.hops.map((hop) => next.node.attachments[hop.interface - 1])
        .filter((attachment) => attachment !== next.incoming);
      const local = !localOnly && (multicast || answer.local === true);
      state.paths.push({ ...next, sender, localOnly, outgoing, local });
      // The sender's TTL is that of its data; every later node sends on one less (RFC 2209, PATH MESSAGE ARRIVES).
      const ttl = next.incoming ? next.ttl - 1 : next.ttl;
      if (ttl === 0) continue;
      for (const [at, hop] of answer.hops.entries()) {
        const out = next.node.attachments[answer.hops[at].interface - 1];
        if (!outgoing.includes(out) || !out.link.up) continue;
        const target = multicast ? undefined : hop.gateway ?? destination.bytes;
        for (const to of hearers(world, session, out, target)) {
          arrivals.push({ node: to.node, incoming: to, previous: out, ttl });
        }
      }
    }
  }
  return nodes;
}

/** Who hears a Path sent out of an interface: the one meant, or all routers and all members on the link. */
function hearers(world: World, session: number, out: Attachment, target: Uint8Array | undefined): Attachment[] {
  const { family } = world.plan.sessions[session];
  const text = target && formatAddress(target, family);
  return out.link.attachments.filter((other) => {
    if (other === out || !other.node.alive) return false;
    if (text !== undefined) return addressOn(other, family) === text;
    return other.node.forwards || world.isMember(nodeOf(world, other.node), session);
  });
}

export function addressOn(attachment: Attachment, family: 4 | 6): string {
  return formatAddress(family === 4 ? attachment.ipv4.bytes : attachment.ipv6.bytes, family);
}

export function nodeOf(world: World, record: NodeRecord): NetworkNode {
  return world.nodes[record.index];
}
