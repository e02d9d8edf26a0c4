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
import { findNeighbour, retainNeighbour } from "../state/neighbour";
import { hasFlag, PATH_E_POLICE, PATH_INCLUDED, PathState, setFlag, templateOf } from "../state/path_state";
import {
  annexOf,
  createFirstReservation,
  RESERVATION_CONFIRM,
  RESERVATION_NEW,
  RESERVATION_PENDING,
  ReservationState,
  setConfirm,
  STYLE_FIXED_FILTER,
  STYLE_WILDCARD_FILTER,
} from "../state/reservation_state";
import { keyOf, Session } from "../state/session";
import { holdRate } from "../state/standing";
import { createTrafficControl, openAnnex, TrafficControlState } from "../state/traffic_control_state";
import { isBefore, nextRefresh, now } from "../timers/clock";
import { lifetimeOf, refreshIntervalOf } from "../timers/timing";
import { schedule } from "../timers/wheel";
import { copyVectors, equalVectors, objectLength } from "../wire/bytes";
import { MessageView } from "../wire/message_view";
import { HEADER_CONTROLLED_LOAD_FLOWSPEC, HEADER_FILTER_SPEC, HEADER_SESSION } from "../wire/usual_headers";
import { timeValuesRefreshPeriodMs } from "../accessors.gen";
import { view } from "./context";
import { addressOf } from "./objects";
import { digestOf, E_POLICE } from "./traffic_control_target";
import { sendUsualRequest, usualSender } from "./usual_request";

const SENDER_KEY_BYTES: u32 = 8;

// The FLOWSPEC at hand in canonical form, and the one before as it came, with what it was valid for: most sessions ask for
// what others have asked for.
const flowspecMemory: usize = memory.data(64, 16);
const lastFlowspec: usize = memory.data(64, 16);
let lastServices: u32 = 0;

// Carries out the Resv at hand, if session and message are as said above; false if not, and nothing has happened.
export function takeFirstReservation(session: Session, outgoing: Interface): bool {
  const v = view();
  if (v.style == STYLE_WILDCARD_FILTER || session.firstReservation || session.firstTrafficControl) return false;
  const path = usualSender(session, outgoing.handle);
  if (path == null || path.request.sentDigest != 0 || !names(v.firstFilterSpec, path)) return false;
  const upstream = interfaceByHandle(path.request.neighbour!.interface);
  if (upstream == null || upstream.ipv4 == 0) return false;
  const service = takeFlowspec(v.firstFlowspec, outgoing.services);
  if (service == 0 || admitSize(flowspecMemory, outgoing.mtuBytes) != ADMITTED) return false;
  const rate = effectiveRateOf(service, flowspecMemory, blobData(path.senderTspec));
  const limit = outgoing.reservableBytesPerSecond;
  if (admitRate(rate, 0, outgoing.reserved, limit, outgoing.perFlowBytesPerSecond) != ADMITTED) return false;
  if (!mayGrow(<usize> v.length * 2 + 4096) || isFull(outgoing.handle, addressOf(v.hop))) return false;
  const reservation = reserve(session, outgoing, v);
  const block = install(session, path, reservation, outgoing, rate);
  if (!configured(CONFIG_OPTION_NO_TRAFFIC_CONTROL_RESULT)) {
    awaitResult(session, path, block, rate, v.resvConfirm);
    return true;
  }
  block.flowspec = retainBlob(reservation.flowspec);
  block.pathTspec = retainBlob(path.senderTspec);
  block.policing = policingOf(path);
  block.rate = rate;
  request(session, path, upstream, reservation, v.resvConfirm);
  return true;
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
  const controlledLoad = load<u32>(flowspec) == HEADER_CONTROLLED_LOAD_FLOWSPEC;
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
  const expiresAt = now() + lifetimeOf(outgoing, timeValuesRefreshPeriodMs(v.timeValues));
  const reservation = createFirstReservation(session, outgoing.handle, hop, v.style, v.firstFilterSpec, expiresAt);
  reservation.flowspec = retainBytes(flowspecMemory, objectLength(flowspecMemory));
  return reservation;
}

@inline
function policingOf(path: PathState): u8 {
  return hasFlag(path, PATH_E_POLICE) ? <u8> E_POLICE : 0;
}

// Holds the capacity and asks for what was admitted.
function install(
  session: Session,
  path: PathState,
  reservation: ReservationState,
  outgoing: Interface,
  rate: f64,
): TrafficControlState {
  const block = createTrafficControl(session, outgoing.handle, reservation.style);
  block.handle = newHandle(changetype<usize>(block), changetype<usize>(session), HANDLE_TRAFFIC_CONTROL);
  block.distinct = reservation.style == STYLE_FIXED_FILTER ? 1 : 0;
  block.filterDigest = digestOf(reservation.firstFilter!);
  root().generation += 1;
  outgoing.reservations += 1;
  holdRate(outgoing, block.handle, rate);
  sendInstall(session, path, block, reservation.flowspec, rate);
  return block;
}

// Until traffic control has answered, what was asked for stands in the annexes (settle.ts, install.ts).
function awaitResult(session: Session, path: PathState, block: TrafficControlState, rate: f64, confirm: usize): void {
  const reservation = session.firstReservation!;
  schedule(session, reservation.firstFilter!.expiresAt);
  const generation = root().generation;
  reservation.flags = <u8> (RESERVATION_NEW | RESERVATION_PENDING | (confirm != 0 ? RESERVATION_CONFIRM : 0));
  reservation.firstFilter!.fresh = 1;
  const own = annexOf(reservation);
  own.generation = generation;
  if (confirm != 0) setConfirm(own, confirm);
  const annex = openAnnex(block);
  annex.flowspec = retainBlob(reservation.flowspec);
  annex.pathTspec = retainBlob(path.senderTspec);
  annex.filterDigest = block.filterDigest;
  annex.policing = policingOf(path);
  annex.rate = rate;
  annex.held = rate;
  annex.generation = generation;
}

// The INSTALL of install.ts with what there is here: an IPv4 session, one filter.
function sendInstall(session: Session, path: PathState, block: TrafficControlState, flowspec: u32, rate: f64): void {
  const tspec = path.senderTspec;
  const flowspecBytes = blobLength(flowspec), tspecBytes = blobLength(tspec);
  const record = reserveAction(ACTION_INSTALL_OBJECTS + 32 + flowspecBytes + tspecBytes);
  store<u32>(record, block.handle, ACTION_INSTALL_HANDLE);
  store<u32>(record, root().generation, ACTION_INSTALL_GENERATION);
  store<u32>(record, block.interface, ACTION_INSTALL_INTERFACE);
  // Not a change of what stood; then the style and the police flags.
  store<u32>(record, (<u32> block.style << 8) | (<u32> policingOf(path) << 16), ACTION_INSTALL_CHANGE);
  store<f64>(record, rate, ACTION_INSTALL_RATE_BYTES_PER_SECOND);
  let at = record + ACTION_INSTALL_OBJECTS;
  store<u32>(at, HEADER_SESSION);
  store<u64>(at, load<u64>(keyOf(session)), 4);
  at += 12;
  copyVectors(at, blobData(flowspec), flowspecBytes);
  at += flowspecBytes;
  copyVectors(at, blobData(tspec), tspecBytes);
  at += tspecBytes;
  store<u32>(at, HEADER_FILTER_SPEC);
  store<u64>(at, load<u64>(templateOf(path)), 4);
  commitAction(record, ACTION_INSTALL, at + 12);
}

// The first Resv to the previous hop.
function request(
  session: Session,
  path: PathState,
  upstream: Interface,
  reservation: ReservationState,
  confirm: usize,
): void {
  const towards = path.request;
  path.requested = blobHash(reservation.flowspec) | 1;
  setFlag(path, PATH_INCLUDED, true);
  towards.refreshAt = nextRefresh(refreshIntervalOf(upstream), true);
  const expiresAt = reservation.firstFilter!.expiresAt;
  schedule(session, isBefore(towards.refreshAt, expiresAt) ? towards.refreshAt : expiresAt);
  sendUsualRequest(session, towards, upstream, reservation, confirm);
}
