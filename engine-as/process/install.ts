// Traffic control's side of a reservation: what the host is asked to install, change and remove, and what its answer means
// for the block and for the capacity of the interface.
import { copyWords, zeroWords } from "../wire/bytes";
import {
  ACTION_INSTALL,
  ACTION_INSTALL_CHANGE,
  ACTION_INSTALL_GENERATION,
  ACTION_INSTALL_HANDLE,
  ACTION_INSTALL_INTERFACE,
  ACTION_INSTALL_OBJECTS,
  ACTION_INSTALL_POLICING,
  ACTION_INSTALL_RATE_BYTES_PER_SECOND,
  ACTION_INSTALL_STYLE,
  ACTION_REMOVE,
  ACTION_REMOVE_BYTES,
  ACTION_REMOVE_HANDLE,
  ACTION_REMOVE_INTERFACE,
  CONFIG_OPTION_NO_TRAFFIC_CONTROL_RESULT,
} from "../boundary.gen";
import { commitAction, reserveAction } from "../actions/queue";
import { blobData, blobLength, releaseBlob, retainBlob, retainBytes } from "../state/blob";
import { Interface, interfaceByHandle } from "../state/interface";
import { configured, root } from "../state/memory";
import { PathState, writeSenderObject } from "../state/path_state";
import {
  annexOf,
  Filter,
  RESERVATION_PENDING,
  ReservationState,
  STYLE_WILDCARD_FILTER,
  writeFilterObject,
} from "../state/reservation_state";
import { Session, writeSessionObject } from "../state/session";
import { holdRate } from "../state/standing";
import { closeAnnex, deleteTrafficControl, openAnnex, TrafficControlState } from "../state/traffic_control_state";
import { CLASS_SENDER_TEMPLATE } from "../wire/object_forms";
import { routesTo } from "./routing";
import { settle, settleWaiting } from "./settle";
import { beginUnion, digestOf, isNewToUnion, isOf, target, writtenUnion } from "./traffic_control_target";
import { updateTrafficControlOf } from "./update_traffic_control";

export function removeInstalled(session: Session, block: TrafficControlState): void {
  const iface = interfaceByHandle(block.interface);
  if (iface) {
    const annex = block.annex;
    holdRate(iface, block.handle, annex ? -annex.held : -block.rate);
    iface.reservations -= 1;
    if (iface.reservations == 0) iface.reserved = 0;
  }
  const record = reserveAction(ACTION_REMOVE_BYTES);
  zeroWords(record, ACTION_REMOVE_BYTES);
  store<u32>(record, block.handle, ACTION_REMOVE_HANDLE);
  store<u32>(record, block.interface, ACTION_REMOVE_INTERFACE);
  commitAction(record, ACTION_REMOVE, record + ACTION_REMOVE_BYTES);
  deleteTrafficControl(session, block);
}

// Asks the kernel for the target. What it answers settles the reservations that are pending now.
export function install(session: Session, block: TrafficControlState, iface: Interface, rate: f64): void {
  const state = root();
  state.generation += 1;
  const fresh = block.flowspec == 0;
  if (fresh) iface.reservations += 1;
  const annex = openAnnex(block);
  annex.flowspec = target().flowspecBlob
    ? retainBlob(target().flowspecBlob)
    : retainBytes(target().flowspec, target().flowspecLength);
  annex.pathTspec = target().tspecBlob
    ? retainBlob(target().tspecBlob)
    : retainBytes(target().tspec, target().tspecLength);
  annex.filterDigest = target().digest;
  annex.policing = <u8> target().policing;
  annex.rate = rate;
  annex.held = max(rate, block.rate);
  annex.generation = state.generation;
  annex.again = 0;
  holdRate(iface, block.handle, annex.held - block.rate);
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (!(reservation.flags & RESERVATION_PENDING) || !isOf(reservation, block)) continue;
    const own = annexOf(reservation);
    if (own.generation == 0) own.generation = state.generation;
  }
  sendInstall(session, block, fresh);
  if (configured(CONFIG_OPTION_NO_TRAFFIC_CONTROL_RESULT)) confirmInstalled(session, block);
}

function sendInstall(session: Session, block: TrafficControlState, fresh: bool): void {
  const annex = block.annex!;
  const bound = min<usize>(ACTION_INSTALL_OBJECTS + 256 + filterBytes(session), 65600);
  const record = reserveAction(bound);
  const limit = record + bound - 64;
  zeroWords(record, ACTION_INSTALL_OBJECTS);
  store<u32>(record, block.handle, ACTION_INSTALL_HANDLE);
  store<u32>(record, annex.generation, ACTION_INSTALL_GENERATION);
  store<u32>(record, block.interface, ACTION_INSTALL_INTERFACE);
  store<u8>(record, fresh ? 0 : 1, ACTION_INSTALL_CHANGE);
  store<u8>(record, block.style, ACTION_INSTALL_STYLE);
  store<u8>(record, annex.policing, ACTION_INSTALL_POLICING);
  store<f64>(record, annex.rate, ACTION_INSTALL_RATE_BYTES_PER_SECOND);
  let at = record + ACTION_INSTALL_OBJECTS;
  at += writeSessionObject(session, 0, at);
  copyWords(at, blobData(annex.flowspec), blobLength(annex.flowspec));
  at += blobLength(annex.flowspec);
  if (annex.pathTspec) {
    copyWords(at, blobData(annex.pathTspec), blobLength(annex.pathTspec));
    at += blobLength(annex.pathTspec);
  }
  at = writeFilters(session, block, at, limit);
  commitAction(record, ACTION_INSTALL, at);
}

// At least the bytes that the filters of any of the session's reservations take as objects.
export function filterBytes(session: Session): usize {
  let bytes: usize = 0;
  for (let path: PathState | null = session.firstPath; path; path = path!.next) bytes += 4 + <usize> path.keyLength;
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    for (let filter: Filter | null = reservation.firstFilter; filter; filter = filter!.next) {
      bytes += 4 + <usize> filter.keyLength;
    }
  }
  return bytes;
}

// FILTER_SPECs as a union; for WF the senders it covers as SENDER_TEMPLATEs.
export function writeFilters(session: Session, block: TrafficControlState, start: usize, limit: usize): usize {
  let at = start;
  if (block.style == STYLE_WILDCARD_FILTER) {
    for (let path: PathState | null = session.firstPath; path && at < limit; path = path!.next) {
      if (routesTo(session, path, block.interface)) at += writeSenderObject(path, CLASS_SENDER_TEMPLATE, at);
    }
    return at;
  }
  if (!block.distinct) beginUnion(writtenUnion);
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (!isOf(reservation, block)) continue;
    for (let filter: Filter | null = reservation.firstFilter; filter && at < limit; filter = filter!.next) {
      if (block.distinct && at != start) return at;
      if (block.distinct || isNewToUnion(writtenUnion, digestOf(filter))) {
        at += writeFilterObject(filter, at);
      }
    }
  }
  return at;
}

// The kernel has it: the asked-for values are the confirmed ones.
export function confirmInstalled(session: Session, block: TrafficControlState): void {
  const annex = block.annex!;
  const iface = interfaceByHandle(block.interface);
  if (iface) holdRate(iface, block.handle, annex.rate - annex.held);
  releaseBlob(block.flowspec);
  releaseBlob(block.pathTspec);
  block.flowspec = annex.flowspec;
  block.pathTspec = annex.pathTspec;
  block.filterDigest = annex.filterDigest;
  block.policing = annex.policing;
  block.rate = annex.rate;
  block.generation = annex.generation;
  const again = annex.again;
  const generation = annex.generation;
  annex.flowspec = 0;
  annex.pathTspec = 0;
  closeAnnex(block);
  const handle = block.interface;
  settle(session, block, generation);
  if (!again) return;
  settleWaiting(session, handle);
  updateTrafficControlOf(session, handle);
}

// The kernel could not: capacity goes back to what is confirmed; the caller unwinds the reservations of `generation`.
export function abandonInstall(session: Session, block: TrafficControlState): void {
  const annex = block.annex!;
  const iface = interfaceByHandle(block.interface);
  if (iface) holdRate(iface, block.handle, block.rate - annex.held);
  closeAnnex(block);
  if (block.flowspec != 0) return;
  if (iface) iface.reservations -= 1;
  deleteTrafficControl(session, block);
}
