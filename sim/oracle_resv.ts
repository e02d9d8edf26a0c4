/**
 * The oracle's second half: reservations, from the applications that want them up to the senders. A node asks of each
 * previous hop the merge of what is asked of it for that hop's senders (RFC 2205 1.3, 2.2; RFC 2209 RESV REFRESH). The
 * answer is the least state in which every node has asked, found by asking again until nothing changes.
 */
import type { Attachment, NodeRecord } from "../host/network/topology.ts";
import { countedRate, covers, flowText, mergeAll, mergeFlows, sumTspecs } from "./flow.ts";
import {
  addressOn,
  type Installed,
  type NodeState,
  type PathState,
  type Request,
  type Reservation,
  stateOf,
} from "./oracle.ts";
import type { World } from "./world.ts";

const E_POLICE = 1;
const M_POLICE = 2;
const B_POLICE = 4;
/** Far more rounds than any network of 64 nodes needs to come to rest. */
const MAXIMUM_ROUNDS = 1_000;
const MAXIMUM_ATTEMPTS = 100;

type Nodes = Map<NodeRecord, NodeState>;
type Feeds = Map<string, Set<string>>;

/** Fills in reservations, requests and what is installed. Returns whether requests feed each other in a circle. */
export function solveReservations(world: World, session: number, nodes: Nodes): boolean {
  // Who passes on a SCOPE that has come is known only from the answer, and it takes requests away: so the whole is asked
  // again with that knowledge until it is the same. Where it never is, it goes round a circle.
  let passing = new Set<string>();
  let feeds = new Map<string, Set<string>>();
  let circular = true;
  for (let attempt = 0; circular && attempt < MAXIMUM_ATTEMPTS; attempt++) {
    feeds = new Map();
    settle(world, session, nodes, passing, feeds);
    const now = passOnScopes(nodes);
    circular = now.size !== passing.size || [...now].some((key) => !passing.has(key));
    passing = now;
  }
  for (const state of nodes.values()) state.installed = installedOf(state);
  return circular || hasCircle(feeds);
}

function settle(world: World, session: number, nodes: Nodes, passing: ReadonlySet<string>, feeds: Feeds): void {
  const { family } = world.plan.sessions[session];
  for (const state of nodes.values()) state.reservations = [];
  reserveLocally(world, session, nodes);
  for (let round = 0;; round++) {
    if (round > MAXIMUM_ROUNDS) throw new Error("the oracle does not come to rest");
    let changed = false;
    for (const [node, state] of nodes) {
      state.requests = requestsOf(state, node, feeds);
      for (const request of state.requests) {
        if (passOn(nodes, request, family, passing.has(keyOf(request)))) changed = true;
      }
    }
    if (!changed) break;
  }
}

const keyOf = ({ on, previous }: Request) => `${on.node.name}.${on.handle} ${previous.node.name}.${previous.handle}`;

/** The requests that have a SCOPE only because one has come. */
function passOnScopes(nodes: Nodes): Set<string> {
  const requests = [...nodes.values()].flatMap((state) => state.requests);
  return new Set(requests.filter((request) => request.style === "WF" && hasScopeFrom(nodes, request)).map(keyOf));
}

/** An application's reservation takes effect for the senders whose Path reaches it (RFC 2205 2.10). */
function reserveLocally(world: World, session: number, nodes: Nodes): void {
  for (const receiver of world.receivers) {
    if (receiver.session !== session) continue;
    const state = nodes.get(receiver.node.record);
    if (!state) continue;
    const heard = state.paths.filter((path) => path.local && !isOwn(path, receiver.application));
    const base = { on: receiver.application, nextHop: "", style: receiver.style, scope: undefined };
    if (receiver.style === "WF") {
      if (heard.length > 0) state.reservations.push({ ...base, flow: receiver.flow, filters: [] });
      continue;
    }
    const filters = [...receiver.flows.keys()].filter((key) => heard.some((path) => path.sender.key === key));
    if (receiver.style === "SE") {
      if (filters.length > 0) state.reservations.push({ ...base, flow: receiver.flow, filters });
    } else {
      for (const key of filters) state.reservations.push({ ...base, flow: receiver.flows.get(key)!, filters: [key] });
    }
  }
}

/** A sender does not hear itself (RFC 2205 3.1.3). */
function isOwn(path: PathState, application: number): boolean {
  return !path.incoming && path.sender.application === application;
}

/** Whether the sender's data leave where the reservation is. */
function routesTo(path: PathState, reservation: Reservation): boolean {
  if (typeof reservation.on === "number") return path.local && !isOwn(path, reservation.on);
  return path.outgoing.includes(reservation.on);
}

/** Whether a reservation is for this sender: by filter, or by scope (RFC 2205 3.4). */
export function isFor(reservation: Reservation, path: PathState): boolean {
  if (!routesTo(path, reservation)) return false;
  if (reservation.style !== "WF") return reservation.filters.includes(path.sender.key);
  return reservation.scope === undefined || reservation.scope.has(path.sender.address);
}

/** Requests of a node, one for each previous hop that it asks for anything. */
function requestsOf(state: NodeState, node: NodeRecord, feeds: Feeds): Request[] {
  const previous = new Set(state.paths.flatMap((path) => path.previous ? [path.previous] : []));
  const requests: Request[] = [];
  for (const hop of previous) {
    for (const on of node.attachments) {
      const senders = state.paths.filter((path) => path.previous === hop && path.incoming === on);
      const asked = state.reservations.filter((reservation) => senders.some((path) => isFor(reservation, path)));
      if (asked.length === 0) continue;
      const style = asked[0].style;
      const covered = senders.filter((path) => asked.some((reservation) => isFor(reservation, path)));
      if (style !== "FF") noteFeeds(feeds, asked, node, hop);
      requests.push({ on, previous: hop, style, descriptors: descriptorsOf(style, asked, covered) });
    }
  }
  return requests;
}

function descriptorsOf(style: Request["style"], asked: readonly Reservation[], covered: readonly PathState[]) {
  if (style === "FF") {
    return covered.map((path) => ({
      flow: mergeAll(asked.filter((one) => isFor(one, path)).map((one) => one.flow))!,
      filters: [path.sender.key],
    }));
  }
  const flow = mergeAll(asked.map((one) => one.flow))!;
  return [{ flow, filters: style === "WF" ? [] : covered.map((path) => path.sender.key) }];
}

/** What is asked of a previous hop stands there as reservation state. Returns whether it is news. */
function passOn(nodes: Nodes, request: Request, family: 4 | 6, passesScopeOn: boolean): boolean {
  const { on, previous, style } = request;
  const state = stateOf(nodes, previous.node);
  const nextHop = addressOn(on, family);
  const base = { on: previous, nextHop, style, scope: scopeOf(nodes, request, passesScopeOn) };
  let changed = false;
  for (const { flow, filters } of request.descriptors) {
    const standing = state.reservations.find((one) =>
      one.on === previous && one.nextHop === nextHop && (style !== "FF" || one.filters[0] === filters[0])
    );
    const next: Reservation = { ...base, flow, filters };
    // Filters of senders that do not leave by this interface are left out (RFC 2209, RESV MESSAGE ARRIVES).
    next.filters = filters.filter((key) =>
      state.paths.some((path) => path.sender.key === key && path.outgoing.includes(previous))
    );
    if (style !== "WF" && next.filters.length === 0) continue;
    if (style === "WF" && !state.paths.some((path) => isFor(next, path))) continue;
    if (!standing) {
      state.reservations.push(next);
      changed = true;
    } else if (!same(standing, next)) {
      Object.assign(standing, next);
      changed = true;
    }
  }
  return changed;
}

/**
 * SCOPE (RFC 2205 3.4): where a node has more than one previous hop, a wildcard reservation goes to each with the list
 * of those senders that came from it; local senders are in none. One that has come goes on from any node.
 */
export function scopeOf(
  nodes: Nodes,
  request: Request,
  passesOn = hasScopeFrom(nodes, request),
): ReadonlySet<string> | undefined {
  if (request.style !== "WF") return undefined;
  const state = nodes.get(request.on.node)!;
  // One hop that is heard by two interfaces, the second time beyond a router without RSVP, counts as two.
  const hops = new Set(
    state.paths.flatMap(({ previous, incoming }) =>
      previous ? [`${previous.node.name}.${previous.handle} ${incoming?.handle}`] : []
    ),
  );
  if (hops.size < 2 && !passesOn) return undefined;
  const from = sendersOf(state, request);
  return new Set(
    from.filter((path) => state.reservations.some((one) => isFor(one, path))).map((path) => path.sender.address),
  );
}

const sendersOf = (state: NodeState, request: Request) =>
  state.paths.filter((path) => path.previous === request.previous && path.incoming === request.on);

/** Whether any reservation that the request is made of has a SCOPE. */
function hasScopeFrom(nodes: Nodes, request: Request): boolean {
  const state = nodes.get(request.on.node)!;
  const from = sendersOf(state, request);
  return state.reservations.some((one) => one.scope && from.some((path) => isFor(one, path)));
}

function same(a: Reservation, b: Reservation): boolean {
  const set = (values: Iterable<string> | undefined) => values === undefined ? "all" : [...values].sort().join();
  return a.style === b.style && flowText(a.flow) === flowText(b.flow) && set(a.filters) === set(b.filters) &&
    set(a.scope) === set(b.scope);
}

/** Traffic control (RFC 2205 2.5, RFC 2209 UPDATE TRAFFIC CONTROL): on each interface the merge of its next hops. */
export function installedOf(state: NodeState): Installed[] {
  const installed: Installed[] = [];
  const outside = state.reservations.filter((one) => typeof one.on !== "number");
  for (const on of new Set(outside.map((one) => one.on as Attachment))) {
    const here = outside.filter((one) => one.on === on);
    const style = here[0].style;
    if (style !== "FF") {
      installed.push(install(state, on, here, state.reservations));
      continue;
    }
    for (const key of new Set(here.map((one) => one.filters[0]))) {
      const ofSender = (one: Reservation) => one.filters[0] === key;
      installed.push(install(state, on, here.filter(ofSender), state.reservations.filter(ofSender)));
    }
  }
  return installed;
}

function install(
  state: NodeState,
  on: Attachment,
  here: readonly Reservation[],
  everywhere: readonly Reservation[],
): Installed {
  const { style } = here[0];
  const flow = here.map((one) => one.flow).reduce(mergeFlows);
  const senders = state.paths.filter((path) =>
    path.outgoing.includes(on) && (style === "WF" || here.some((one) => one.filters.includes(path.sender.key)))
  );
  const tspec = sumTspecs(senders.map((path) => path.sender.tspec))!;
  // RFC 2205 3.8. The first node that can police has cleared E_Police, and here every one can.
  const entry = senders.some((path) => !path.incoming) ? E_POLICE : 0;
  const merging = style !== "FF" && senders.length > 1 ? M_POLICE : 0;
  // Elsewhere for the same filter: SE requests may have no sender in common.
  const common = (one: Reservation) =>
    style !== "SE" || one.filters.some((key) => here.some((own) => own.filters.includes(key)));
  const branch = everywhere.some((one) => one.on !== on && common(one) && !covers(flow, one.flow)) ? B_POLICE : 0;
  const filters = style === "WF"
    ? senders.map((path) => path.sender.key)
    : [...new Set(here.flatMap((one) => one.filters))];
  return { on, style, flow, filters, rate: countedRate(flow, tspec), tspec, policing: entry | merging | branch };
}

/**
 * In a shared style a request's flowspec depends on requests for other senders. Where those run around a circle, an old
 * flowspec keeps itself alive although nobody asks for it any more; RFC 2205 3.4 knows this for WF ("auto-refresh loop").
 */
function noteFeeds(feeds: Map<string, Set<string>>, asked: readonly Reservation[], node: NodeRecord, hop: Attachment) {
  for (const { on } of asked) {
    if (typeof on === "number") continue;
    // What stands on `on` was asked for by the nodes beyond it.
    const from = `${node.name}.${on.handle}`;
    const to = `${hop.node.name}.${hop.handle}`;
    let set = feeds.get(from);
    if (!set) feeds.set(from, set = new Set());
    set.add(to);
  }
}

function hasCircle(feeds: Feeds): boolean {
  const done = new Set<string>(), open = new Set<string>();
  const visit = (at: string): boolean => {
    if (open.has(at)) return true;
    if (done.has(at)) return false;
    open.add(at);
    for (const next of feeds.get(at) ?? []) if (visit(next)) return true;
    open.delete(at);
    done.add(at);
    return false;
  };
  return [...feeds.keys()].some(visit);
}
