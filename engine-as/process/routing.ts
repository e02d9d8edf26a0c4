// Where a sender's data go: which outgoing interfaces its path state has, local applications included.
import { copyAddress, swap16 } from "../wire/bytes";
import {
  ACTION_ROUTE_QUERY,
  ACTION_ROUTE_QUERY_BYTES,
  ACTION_ROUTE_QUERY_DESTINATION,
  ACTION_ROUTE_QUERY_DESTINATION_PORT,
  ACTION_ROUTE_QUERY_FAMILY,
  ACTION_ROUTE_QUERY_MULTICAST,
  ACTION_ROUTE_QUERY_PROTOCOL,
  ACTION_ROUTE_QUERY_QUERY,
  ACTION_ROUTE_QUERY_SOURCE,
  ACTION_ROUTE_QUERY_SOURCE_PORT,
} from "../boundary.gen";
import { commitAction, reserveAction } from "../actions/queue";
import { Application, APPLICATION_INTERFACE, isVirtual } from "../state/application";
import { HANDLE_QUERY, newHandle } from "../state/handles";
import { keyDestinationPort, keyProtocol, senderHasPort, senderPort } from "../state/keys";
import {
  hasFlag,
  PATH_LOCAL,
  PATH_LOCAL_ONLY,
  PATH_ROUTE_PENDING,
  PathState,
  routeOf,
  sameSender,
  setFlag,
  templateOf,
} from "../state/path_state";
import { routeHopBy, routeIsLocal } from "../state/route";
import { destinationOf, familyOf, keyOf, Session } from "../state/session";

// The interface that the sender's Path arrives on; the application's own for a local sender.
@inline
export function incomingOf(path: PathState): u32 {
  const neighbour = path.request.neighbour;
  if (neighbour) return neighbour.interface;
  return APPLICATION_INTERFACE | path.request.logicalInterfaceHandle;
}

// Whether data of this sender leave by `iface`. State that arrived on an interface is never forwarded out of it
// (RFC 2205 section 2.3), and a sender does not hear itself (section 3.1.3).
export function routesTo(session: Session, path: PathState, iface: u32): bool {
  if (hasFlag(path, PATH_LOCAL_ONLY) && !isVirtual(iface)) return false;
  const route = routeOf(path);
  if (incomingOf(path) == iface) return false;
  if (!isVirtual(iface)) return route != 0 && routeHopBy(route, iface) != 0;
  // Local receivers: for unicast only where the destination is this node.
  if (!session.multicast) return route != 0 && routeIsLocal(route);
  return receives(session, path, iface & ~APPLICATION_INTERFACE);
}

// A receiver of a group hears the sender through the state that forwards. One that has joined on an interface of its own
// hears it there, if path state came in there, though routing expects it elsewhere; else through the forwarding state,
// if that leads out of the joined interface (RFC 2205 section 3.9).
function receives(session: Session, path: PathState, handle: u32): bool {
  let joined: u32 = 0;
  for (let application: Application | null = session.firstApplication; application; application = application!.next) {
    if (application.handle == handle) joined = application.interface;
  }
  if (joined == 0) return !hasFlag(path, PATH_LOCAL_ONLY);
  if (incomingOf(path) == joined) return true;
  if (hasFlag(path, PATH_LOCAL_ONLY)) return false;
  for (let other: PathState | null = session.firstPath; other; other = other!.next) {
    if (other != path && incomingOf(other) == joined && sameSender(other, path)) return false;
  }
  const route = routeOf(path);
  return hasFlag(path, PATH_LOCAL) || (route != 0 && routeHopBy(route, joined) != 0);
}

@inline
export function virtualInterface(application: Application): u32 {
  return APPLICATION_INTERFACE | application.handle;
}

assert(ACTION_ROUTE_QUERY_BYTES == 56);

// Asks the host for the sender's route; the Path waits unforwarded for the answer.
export function queryRoute(session: Session, path: PathState): void {
  const query = newHandle(changetype<usize>(path), changetype<usize>(session), HANDLE_QUERY);
  path.outgoing = query;
  setFlag(path, PATH_ROUTE_PENDING, true);
  const record = reserveAction(ACTION_ROUTE_QUERY_BYTES);
  if (session.ctype == 1 && path.ctype == 1) {
    writeUsualQuery(record, session, path, query);
    return commitAction(record, ACTION_ROUTE_QUERY, record + ACTION_ROUTE_QUERY_BYTES);
  }
  const family = familyOf(session);
  const zero = i64x2.splat(0);
  v128.store(record, zero);
  v128.store(record, zero, 16);
  v128.store(record, zero, 32);
  store<u64>(record, 0, 48);
  store<u32>(record, query, ACTION_ROUTE_QUERY_QUERY);
  copyAddress(record + ACTION_ROUTE_QUERY_DESTINATION, destinationOf(session), family);
  copyAddress(record + ACTION_ROUTE_QUERY_SOURCE, templateOf(path), family);
  store<u8>(record, <u8> family, ACTION_ROUTE_QUERY_FAMILY);
  store<u8>(record, session.multicast, ACTION_ROUTE_QUERY_MULTICAST);
  store<u8>(record, <u8> keyProtocol(keyOf(session), session.ctype), ACTION_ROUTE_QUERY_PROTOCOL);
  store<u16>(record, <u16> keyDestinationPort(keyOf(session), session.ctype), ACTION_ROUTE_QUERY_DESTINATION_PORT);
  if (senderHasPort(path.ctype)) {
    store<u16>(record, <u16> senderPort(templateOf(path), path.keyLength), ACTION_ROUTE_QUERY_SOURCE_PORT);
  }
  commitAction(record, ACTION_ROUTE_QUERY, record + ACTION_ROUTE_QUERY_BYTES);
}

// The same for a session and a sender of IPv4 with ports.
function writeUsualQuery(record: usize, session: Session, path: PathState, query: u32): void {
  const key = load<u64>(keyOf(session)), template = load<u64>(templateOf(path));
  const protocol = <u32> (key >> 32) & 255;
  const ports = swap16(<u16> (key >> 48)) | (swap16(<u16> (template >> 48)) << 16);
  store<u64>(record, <u64> query | (key << 32), ACTION_ROUTE_QUERY_QUERY);
  store<u64>(record, 0, 16);
  store<u64>(record, template << 32, 24);
  store<u64>(record, 0, 32);
  store<u64>(record, <u64> (4 | (<u32> session.multicast << 8) | (protocol << 16)) << 32, 40);
  store<u64>(record, ports, ACTION_ROUTE_QUERY_DESTINATION_PORT);
}
assert(ACTION_ROUTE_QUERY_QUERY == 8 && ACTION_ROUTE_QUERY_DESTINATION == 12 && ACTION_ROUTE_QUERY_SOURCE == 28);
assert(ACTION_ROUTE_QUERY_FAMILY == 44 && ACTION_ROUTE_QUERY_MULTICAST == 45 && ACTION_ROUTE_QUERY_PROTOCOL == 46);
assert(ACTION_ROUTE_QUERY_DESTINATION_PORT == 48 && ACTION_ROUTE_QUERY_SOURCE_PORT == 50);
