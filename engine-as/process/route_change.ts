// ROUTE: the answer to a query, and ROUTE CHANGE (RFC 2209) with local repair (RFC 2205 section 3.6): after a change the
// routes under the prefix are asked for again; where the answer differs, Paths go out on it after W seconds.
import {
  INPUT_ROUTE_DESTINATION,
  INPUT_ROUTE_FAMILY,
  INPUT_ROUTE_FOUND,
  INPUT_ROUTE_HOP_COUNT,
  INPUT_ROUTE_HOPS,
  INPUT_ROUTE_INCOMING_INTERFACE,
  INPUT_ROUTE_LOCAL,
  INPUT_ROUTE_PREFIX_LENGTH,
  INPUT_ROUTE_QUERY,
  ROUTE_HOP_BYTES,
  STATUS_BAD_SUBMIT,
  STATUS_OK,
  STATUS_STALE_RESULT,
} from "../boundary.gen";
import { queuedChunks, reserveAction } from "../actions/queue";
import { MAXIMUM_CHUNKS_PER_TICK, MAXIMUM_ROUTE_HOPS } from "../limits";
import { KNOWN_ROUTE, knownBlob, releaseBlob, retainBlob, retainBytes, setKnownBlob } from "../state/blob";
import { HANDLE_QUERY, handleOwner, handleSession, releaseHandle } from "../state/handles";
import { interfaceByHandle, samePrefix } from "../state/interface";
import { count, Root, root } from "../state/memory";
import {
  beginRepair,
  endRepair,
  hasFlag,
  openQuery,
  PATH_LOCAL,
  PATH_LOCAL_ONLY,
  PATH_NAMED_INTERFACE,
  PATH_REPAIR,
  PATH_ROUTE_PENDING,
  PathState,
} from "../state/path_state";
import { routeCount, ROUTE_HEADER_BYTES, routeInterface } from "../state/route";
import { sessionTable, slotValue } from "../state/hash_table";
import { destinationOf, familyOf, Session } from "../state/session";
import { isBefore, now } from "../timers/clock";
import { localRepairDelayOf } from "../timers/timing";
import { schedule } from "../timers/wheel";
import { copy36, equal36, equalAddresses } from "../wire/bytes";
import { takeFirstRoute } from "./first_path";
import { pathRouted } from "./path_routed";
import { queryRoute } from "./routing";
import { syncAffected } from "./settle";
import { noteReached, tellReached } from "./upcall";

export function routeArrives(record: usize, length: u32): u32 {
  const hops = load<u32>(record, INPUT_ROUTE_HOP_COUNT);
  if (hops > MAXIMUM_ROUTE_HOPS || <u64> INPUT_ROUTE_HOPS + <u64> hops * ROUTE_HOP_BYTES > <u64> length) {
    return STATUS_BAD_SUBMIT;
  }
  const query = load<u32>(record, INPUT_ROUTE_QUERY);
  if (query == 0) return routesChanged(record);
  const owner = handleOwner(query, HANDLE_QUERY);
  const path = changetype<PathState>(owner);
  if (owner == 0) return stale();
  const session = changetype<Session>(handleSession(query));
  // Numbers are used again: an answer that comes late must not be taken for that to another sender's question.
  if (!hasFlag(path, PATH_ROUTE_PENDING) || openQuery(path) != query || !isAbout(record, session)) return stale();
  const route = retainRoute(record, hops);
  releaseHandle(query);
  if (takeFirstRoute(session, path, route)) return STATUS_OK;
  answered(session, path, route);
  releaseBlob(route);
  syncAffected(session);
  return STATUS_OK;
}

function stale(): u32 {
  count(STATUS_STALE_RESULT);
  return STATUS_OK;
}

function isAbout(record: usize, session: Session): bool {
  const family = familyOf(session);
  if (load<u8>(record, INPUT_ROUTE_FAMILY) != family) return false;
  return equalAddresses(record + INPUT_ROUTE_DESTINATION, destinationOf(session), family);
}

// The answer to the last question, from its family on, if it had one hop, and what it is as a blob: what goes through one
// node mostly leaves by one interface. Not state.
const lastAnswer: usize = memory.data(36, 16);
const ANSWER_BYTES: usize = INPUT_ROUTE_HOPS + ROUTE_HOP_BYTES - INPUT_ROUTE_FAMILY;
assert(ANSWER_BYTES == 36);

function retainRoute(record: usize, hops: u32): u32 {
  const last = knownBlob(KNOWN_ROUTE);
  if (last != 0 && hops == 1 && equal36(record + INPUT_ROUTE_FAMILY, lastAnswer)) return retainBlob(last);
  const bytes = ROUTE_HEADER_BYTES + <usize> hops * ROUTE_HOP_BYTES;
  const scratch = reserveAction(bytes);
  store<u32>(scratch, load<u8>(record, INPUT_ROUTE_FOUND));
  store<u32>(scratch, load<u8>(record, INPUT_ROUTE_LOCAL), 4);
  store<u32>(scratch, load<u32>(record, INPUT_ROUTE_INCOMING_INTERFACE), 8);
  store<u32>(scratch, hops, 12);
  memory.copy(scratch + ROUTE_HEADER_BYTES, record + INPUT_ROUTE_HOPS, <usize> hops * ROUTE_HOP_BYTES);
  const route = retainBytes(scratch, bytes);
  if (hops == 1) {
    copy36(lastAnswer, record + INPUT_ROUTE_FAMILY);
    setKnownBlob(KNOWN_ROUTE, route);
  }
  return route;
}

// A first answer lets the Path go at once; one that differs from the route before starts the repair.
function answered(session: Session, path: PathState, route: u32): void {
  if (!hasFlag(path, PATH_REPAIR)) return pathRouted(session, path, route, true);
  endRepair(path);
  if (path.outgoing == route) return;
  const wasLocalOnly = hasFlag(path, PATH_LOCAL_ONLY);
  noteReached(session, path);
  pathRouted(session, path, route, false);
  tellReached(session, path);
  if (hasFlag(path, PATH_LOCAL_ONLY)) return;
  const at = now() + repairDelayOf(path);
  if (wasLocalOnly || isBefore(at, path.refreshAt)) path.refreshAt = at;
  schedule(session, path.refreshAt);
}

// W of a sender: the longest of the interfaces that its data leave by.
function repairDelayOf(path: PathState): u32 {
  let delay: u32 = 0;
  const hops = routeCount(path.outgoing);
  for (let index: u32 = 0; index < hops; index++) {
    const iface = interfaceByHandle(routeInterface(path.outgoing, index));
    if (iface) delay = max(delay, localRepairDelayOf(iface));
  }
  return hops != 0 ? delay : root().localRepairDelayMs;
}

// The host says that routes under a prefix have changed: every sender whose destination lies there asks again, some at a
// time; what is left is carried on by the ticks that follow. A change that comes meanwhile is joined with this one.
function routesChanged(record: usize): u32 {
  const family = <u32> load<u8>(record, INPUT_ROUTE_FAMILY);
  const bits = <u32> load<u8>(record, INPUT_ROUTE_PREFIX_LENGTH);
  if ((family != 4 && family != 6) || bits > (family == 4 ? 32 : 128)) return STATUS_BAD_SUBMIT;
  const state = root();
  const destination = record + INPUT_ROUTE_DESTINATION;
  if (!routeChangeOpen()) {
    state.routeChangeFamily = family;
    state.routeChangePrefix = bits;
  } else if (state.routeChangeFamily == family) {
    // Both together are a change of the prefix that they share; asking twice does no harm.
    state.routeChangePrefix = min(state.routeChangePrefix, bits);
    while (!samePrefix(destination, changedAddress(), state.routeChangePrefix)) state.routeChangePrefix -= 1;
  } else {
    // Of the other family: all of both, so that neither has to wait for the other.
    state.routeChangeFamily = BOTH_FAMILIES;
    state.routeChangePrefix = 0;
  }
  state.routeChangeMask = sessionTable().mask;
  state.routeChangeCursor = 0;
  memory.copy(changedAddress(), destination, 16);
  continueRouteChange();
  return STATUS_OK;
}

@inline
function changedAddress(): usize {
  return changetype<usize>(root()) + offsetof<Root>("routeChangeAddress");
}

@inline
export function routeChangeOpen(): bool {
  return root().routeChangeFamily != 0;
}

// In place of 4 or 6.
const BOTH_FAMILIES: u32 = 0xff;

// Slots of the session table looked at in one go.
const SLOTS_AT_ONCE: u32 = 4096;

export function continueRouteChange(): void {
  const state = root();
  const table = sessionTable();
  // A table that has grown has its sessions elsewhere: begin again; asking twice does no harm.
  if (table.mask != state.routeChangeMask) {
    state.routeChangeMask = table.mask;
    state.routeChangeCursor = 0;
  }
  const end = min(state.routeChangeCursor + SLOTS_AT_ONCE, table.mask + 1);
  let slot = state.routeChangeCursor;
  for (; slot < end && queuedChunks(MAXIMUM_CHUNKS_PER_TICK) < MAXIMUM_CHUNKS_PER_TICK; slot++) {
    const value = slotValue(table, slot);
    if (value == 0) continue;
    const session = changetype<Session>(<usize> value);
    if (state.routeChangeFamily != BOTH_FAMILIES && familyOf(session) != state.routeChangeFamily) continue;
    if (!samePrefix(destinationOf(session), changedAddress(), state.routeChangePrefix)) continue;
    for (let path: PathState | null = session.firstPath; path; path = path!.next) askAgain(session, path);
  }
  state.routeChangeCursor = slot;
  if (slot == table.mask + 1) state.routeChangeFamily = 0;
}

// Asks for the route again; the one that stands stands until the answer.
export function askAgain(session: Session, path: PathState): void {
  if (hasFlag(path, PATH_ROUTE_PENDING)) return;
  // An application that has named the interface is not asking routing (RFC 2209, PATH).
  if (hasFlag(path, PATH_LOCAL) && hasFlag(path, PATH_NAMED_INTERFACE)) return;
  const route = path.outgoing;
  queryRoute(session, path);
  beginRepair(path, route);
}
