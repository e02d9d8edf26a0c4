// The first reservation of a usual session, which is most of what a router in the middle sets up: one sender, nothing
// reserved yet, no policy, a message of the usual form (wire/usual_view.ts). What RESV MESSAGE ARRIVES, UPDATE TRAFFIC
// CONTROL and RESV REFRESH (RFC 2209) come to is known beforehand then: there is nothing to merge with, to compare with or
// to bring back, so they are carried out in one go. Whatever is not so is left to the general procedures before anything
// has been touched. A test holds the two against each other.
import {
  ACTION_INSTALL,
  ACTION_INSTALL_CHANGE,
  ACTION_INSTALL_GENERATION,
  ACTION_INSTALL_HANDLE,
  ACTION_INSTALL_INTERFACE,
  ACTION_INSTALL_OBJECTS,
  ACTION_INSTALL_RATE_BYTES_PER_SECOND,
  CONFIG_OPTION_NO_TRAFFIC_CONTROL_RESULT,
} from "../boundary.gen";
import { commitAction, reserveAction } from "../actions/queue";
import { ADMITTED, admitRate, admitSize, effectiveRateOf } from "../admission/admission";
import { canonicalFlowspec } from "../merge/flowspec";
import {
  CONTROLLED_LOAD_FLOWSPEC_BYTES,
  CONTROLLED_LOAD_SERVICE,
  GUARANTEED_FLOWSPEC_BYTES,
  GUARANTEED_SERVICE,
} from "../merge/intserv";
import { validateFlowspec } from "../merge/validate";
import { blobData, blobHash, blobLength, retainBlob, retainBytes } from "../state/blob";
import { HANDLE_TRAFFIC_CONTROL, newHandle } from "../state/handles";
import { Interface, interfaceByHandle } from "../state/interface";
import { configured, mayGrow, root } from "../state/memory";
import { findNeighbour, neighbourAddress, retainNeighbour } from "../state/neighbour";
import {
  hasFlag,
  PATH_E_POLICE,
  PATH_INCLUDED,
  PATH_LOCAL,
  PATH_LOCAL_ONLY,
  PATH_ROUTE_PENDING,
  PathState,
  setFlag,
  templateOf,
} from "../state/path_state";
import { hasPolicy } from "../state/policy";
import {
  addFilter,
  createReservation,
  ReservationState,
  STYLE_FIXED_FILTER,
  STYLE_WILDCARD_FILTER,
} from "../state/reservation_state";
import { routeHopBy } from "../state/route";
import { keyOf, Session } from "../state/session";
import { holdRate } from "../state/standing";
import { createTrafficControl, TrafficControlState } from "../state/traffic_control_state";
import { isBefore, nextRefresh, now } from "../timers/clock";
import { lifetimeOf, refreshIntervalOf } from "../timers/timing";
import { schedule } from "../timers/wheel";
import { copyVectors, equalVectors, objectLength, store32 } from "../wire/bytes";
import { MESSAGE_RESV, MessageView } from "../wire/message_view";
import { timeValuesRefreshPeriodMs } from "../accessors.gen";
import { view } from "./context";
import { addressOf } from "./objects";
import { HOP_TTL, sendMessage, startMessage } from "./send";
import { digestOf, E_POLICE } from "./traffic_control_target";

// Object headers as they stand in memory (RFC 2205 A.1, A.9).
const SESSION_HEADER: u32 = 0x01010c00;
const FILTER_SPEC_HEADER: u32 = 0x010a0c00;
const SENDER_KEY_BYTES: u32 = 8;

// The FLOWSPEC at hand in canonical form, and the one before as it came, with what it was valid for: most sessions ask for
// what others have asked for.
const flowspecMemory: usize = memory.data(64, 16);
const lastFlowspec: usize = memory.data(64, 16);
let lastServices: u32 = 0;
const CONTROLLED_LOAD_HEADER: u32 = 0x02092400;

// Carries out the Resv at hand, if session and message are as said above; false if not, and nothing has happened.
export function takeFirstReservation(session: Session, outgoing: Interface): bool {
  const v = view();
  // Traffic control that answers later has a say in what goes upstream.
  if (!configured(CONFIG_OPTION_NO_TRAFFIC_CONTROL_RESULT)) return false;
  if (v.style == STYLE_WILDCARD_FILTER || !isUntouched(session)) return false;
  const path = session.firstPath!;
  if (!leavesBy(path, outgoing.handle) || !names(v.firstFilterSpec, path)) return false;
  const neighbour = path.request.neighbour!;
  const upstream = interfaceByHandle(neighbour.interface);
  if (upstream == null || upstream.ipv4 == 0) return false;
  const flowspec = v.firstFlowspec;
  const service = takeFlowspec(flowspec, outgoing.services);
  if (service == 0 || admitSize(flowspecMemory, outgoing.mtuBytes) != ADMITTED) return false;
  const rate = effectiveRateOf(service, flowspecMemory, blobData(path.senderTspec));
  const limit = outgoing.reservableBytesPerSecond;
  if (admitRate(rate, 0, outgoing.reserved, limit, outgoing.perFlowBytesPerSecond) != ADMITTED) return false;
  if (!mayGrow(<usize> v.length * 2 + 4096) || isFull(outgoing.handle, addressOf(v.hop))) return false;
  const reservation = reserve(session, outgoing, v);
  install(session, path, reservation, outgoing, rate);
  request(session, path, upstream, reservation, v);
  return true;
}

// One sender that came from a hop and has a route, and nothing reserved, asked for, blockaded or called for.
function isUntouched(session: Session): bool {
  if (session.firstReservation || session.firstTrafficControl || session.firstApplication || hasPolicy()) return false;
  const path = session.firstPath!;
  if (path.next || (path.flags & (PATH_LOCAL | PATH_LOCAL_ONLY | PATH_ROUTE_PENDING)) != 0) return false;
  const request = path.request;
  return request.neighbour != null && request.next == null && session.firstRequest == request && request.sentDigest == 0 &&
    request.firstBlockade == null;
}

// Whether the sender's data leave by the interface (routing.ts: routesTo).
@inline
function leavesBy(path: PathState, iface: u32): bool {
  return path.request.neighbour!.interface != iface && routeHopBy(path.outgoing, iface) != 0;
}

// Whether the FILTER_SPEC, whose unused bytes have been cleared, is of this sender.
@inline
function names(filter: usize, path: PathState): bool {
  return path.ctype == 1 && path.keyLength == SENDER_KEY_BYTES && load<u64>(filter, 4) == load<u64>(templateOf(path));
}

// Whether the next hop has all the state that a neighbour may have.
@inline
function isFull(iface: u32, address: usize): bool {
  const most = root().maximumStatePerNeighbour;
  if (most == 0) return false;
  const known = findNeighbour(iface, address, 4);
  return known != null && known.states >= most;
}

// Writes the FLOWSPEC to `flowspecMemory`. Returns its service, or 0 if it is not valid for these services.
function takeFlowspec(flowspec: usize, services: u32): u32 {
  const controlledLoad = load<u32>(flowspec) == CONTROLLED_LOAD_HEADER;
  const service: u32 = controlledLoad ? CONTROLLED_LOAD_SERVICE : GUARANTEED_SERVICE;
  const length: usize = controlledLoad ? CONTROLLED_LOAD_FLOWSPEC_BYTES : GUARANTEED_FLOWSPEC_BYTES;
  if (services == lastServices && equalVectors(flowspec, lastFlowspec, length)) return service;
  if (validateFlowspec(flowspec, services) != 0) return 0;
  canonicalFlowspec(flowspec, flowspecMemory);
  copyVectors(lastFlowspec, flowspec, length);
  lastServices = services;
  return service;
}

function reserve(session: Session, outgoing: Interface, v: MessageView): ReservationState {
  const hop = retainNeighbour(outgoing.handle, addressOf(v.hop), 4);
  const reservation = createReservation(session, outgoing.handle, hop, v.style);
  reservation.flowspec = retainBytes(flowspecMemory, objectLength(flowspecMemory));
  addFilter(reservation, v.firstFilterSpec, now() + lifetimeOf(outgoing, timeValuesRefreshPeriodMs(v.timeValues)));
  return reservation;
}

// What was admitted counts as installed.
function install(session: Session, path: PathState, reservation: ReservationState, outgoing: Interface, rate: f64): void {
  const state = root();
  const block = createTrafficControl(session, outgoing.handle, reservation.style);
  block.handle = newHandle(changetype<usize>(block), changetype<usize>(session), HANDLE_TRAFFIC_CONTROL);
  block.distinct = reservation.style == STYLE_FIXED_FILTER ? 1 : 0;
  block.filterDigest = digestOf(reservation.firstFilter!);
  block.flowspec = retainBlob(reservation.flowspec);
  block.pathTspec = retainBlob(path.senderTspec);
  block.policing = hasFlag(path, PATH_E_POLICE) ? <u8> E_POLICE : 0;
  block.rate = rate;
  state.generation += 1;
  outgoing.reservations += 1;
  holdRate(outgoing, block.handle, rate);
  sendInstall(session, path, block, state.generation);
}

// The INSTALL of install.ts with what there is here: an IPv4 session, one filter.
function sendInstall(session: Session, path: PathState, block: TrafficControlState, generation: u32): void {
  const flowspecBytes = blobLength(block.flowspec), tspecBytes = blobLength(block.pathTspec);
  const record = reserveAction(ACTION_INSTALL_OBJECTS + 32 + flowspecBytes + tspecBytes);
  store<u32>(record, block.handle, ACTION_INSTALL_HANDLE);
  store<u32>(record, generation, ACTION_INSTALL_GENERATION);
  store<u32>(record, block.interface, ACTION_INSTALL_INTERFACE);
  // Not a change of what stood; then the style and the police flags.
  store<u32>(record, (<u32> block.style << 8) | (<u32> block.policing << 16), ACTION_INSTALL_CHANGE);
  store<f64>(record, block.rate, ACTION_INSTALL_RATE_BYTES_PER_SECOND);
  let at = record + ACTION_INSTALL_OBJECTS;
  store<u32>(at, SESSION_HEADER);
  store<u64>(at, load<u64>(keyOf(session)), 4);
  at += 12;
  copyVectors(at, blobData(block.flowspec), flowspecBytes);
  at += flowspecBytes;
  copyVectors(at, blobData(block.pathTspec), tspecBytes);
  at += tspecBytes;
  store<u32>(at, FILTER_SPEC_HEADER);
  store<u64>(at, load<u64>(templateOf(path)), 4);
  commitAction(record, ACTION_INSTALL, at + 12);
}

// The Resv goes on to the previous hop as it came, but for what is this node's own: HOP, R, and everything in canonical form.
function request(
  session: Session,
  path: PathState,
  upstream: Interface,
  reservation: ReservationState,
  v: MessageView,
): void {
  const towards = path.request;
  const interval = refreshIntervalOf(upstream);
  towards.sentDigest = 1;
  towards.sentStyle = reservation.style;
  towards.refreshAt = nextRefresh(interval, true);
  path.requested = blobHash(reservation.flowspec) | 1;
  setFlag(path, PATH_INCLUDED, true);
  const expiresAt = reservation.firstFilter!.expiresAt;
  schedule(session, isBefore(towards.refreshAt, expiresAt) ? towards.refreshAt : expiresAt);
  const objects = v.message + 8;
  const at = startMessage(MESSAGE_RESV, HOP_TTL, v.length);
  copyVectors(at, objects, v.length - 8);
  // SESSION, RSVP_HOP and TIME_VALUES come first in a usual message.
  store<u8>(at, 0, 9);
  store<u32>(at, upstream.ipv4, 16);
  store32(at + 20, towards.logicalInterfaceHandle);
  store32(at + 28, interval);
  store32(at + (v.styleObject - objects) + 4, reservation.style);
  copyVectors(at + (v.firstFlowspec - objects), blobData(reservation.flowspec), blobLength(reservation.flowspec));
  sendMessage(upstream, at + v.length - 8, 0, neighbourAddress(towards.neighbour!), 4, 0);
}
