// The rows of each table that `inspect` shows. A session's rows are written one by one; the caller in tables.ts keeps
// count, so that a table of any size is handed over in outboxes.
import {
  TABLE_BLOCKADE_EXPIRES_IN_MS,
  TABLE_BLOCKADE_OBJECTS,
  TABLE_BLOCKADE_PREVIOUS_HOP,
  TABLE_BLOCKADE_PREVIOUS_HOP_FAMILY,
  TABLE_BLOCKADE_SESSION,
  TABLE_INSTALLED_HANDLE,
  TABLE_INSTALLED_INTERFACE,
  TABLE_INSTALLED_OBJECTS,
  TABLE_INSTALLED_PENDING,
  TABLE_INSTALLED_POLICING,
  TABLE_INSTALLED_RATE_BYTES_PER_SECOND,
  TABLE_INSTALLED_SESSION,
  TABLE_INSTALLED_STYLE,
  TABLE_REQUESTS_INTERFACE,
  TABLE_REQUESTS_OBJECTS,
  TABLE_REQUESTS_PREVIOUS_HOP,
  TABLE_REQUESTS_PREVIOUS_HOP_FAMILY,
  TABLE_REQUESTS_REFRESH_IN_MS,
  TABLE_REQUESTS_SESSION,
  TABLE_REQUESTS_STYLE,
  TABLE_RESERVATIONS_APPLICATION,
  TABLE_RESERVATIONS_EXPIRES_IN_MS,
  TABLE_RESERVATIONS_INTERFACE,
  TABLE_RESERVATIONS_NEXT_HOP,
  TABLE_RESERVATIONS_NEXT_HOP_FAMILY,
  TABLE_RESERVATIONS_OBJECTS,
  TABLE_RESERVATIONS_SESSION,
  TABLE_RESERVATIONS_STYLE,
  TABLE_SENDERS_APPLICATION,
  TABLE_SENDERS_EXPIRES_IN_MS,
  TABLE_SENDERS_INCOMING_INTERFACE,
  TABLE_SENDERS_LOCAL_ONLY,
  TABLE_SENDERS_LOGICAL_INTERFACE_HANDLE,
  TABLE_SENDERS_NON_RSVP,
  TABLE_SENDERS_OBJECTS,
  TABLE_SENDERS_OUTGOING_COUNT,
  TABLE_SENDERS_PREVIOUS_HOP,
  TABLE_SENDERS_PREVIOUS_HOP_FAMILY,
  TABLE_SENDERS_REFRESH_IN_MS,
  TABLE_SENDERS_SESSION,
  TABLE_SENDERS_TTL,
  TABLE_SESSIONS_MULTICAST,
  TABLE_SESSIONS_OBJECTS,
  TABLE_SESSIONS_RESERVATIONS,
  TABLE_SESSIONS_SENDERS,
  TABLE_SESSIONS_SESSION,
  TABLE_SESSIONS_STYLE,
} from "../boundary.gen";
import { appendDescriptor, filterListBytes } from "../process/resv_confirm";
import { writeRequestDescriptors } from "../process/resv_refresh";
import { appendBlob, blobBytes } from "../process/upcall";
import { filterBytes, writeFilters } from "../process/install";
import { APPLICATION_INTERFACE, isVirtual } from "../state/application";
import { blockadeKey, BlockadeState } from "../state/blockade_state";
import { Neighbour, neighbourAddress } from "../state/neighbour";
import {
  countSenders,
  hasFlag,
  PATH_LOCAL,
  PATH_LOCAL_ONLY,
  PATH_NON_RSVP,
  PathState,
  routeOf,
  writeSenderObject,
} from "../state/path_state";
import { RequestState } from "../state/request_state";
import { Filter, ReservationState } from "../state/reservation_state";
import { routeCount } from "../state/route";
import { Session, writeSessionObject } from "../state/session";
import { TrafficControlState } from "../state/traffic_control_state";
import { isBefore, remaining } from "../timers/clock";
import { appendObject } from "../wire/builder";
import { CLASS_FILTER_SPEC, CLASS_SENDER_TEMPLATE } from "../wire/object_forms";
import { finishRow, startRow } from "./outbox";

const NEVER: u32 = 0xffffffff;

@inline
function identity(session: Session): u32 {
  return <u32> changetype<usize>(session);
}
function writeHop(neighbour: Neighbour | null, addressAt: usize, familyAt: usize): void {
  if (neighbour == null) return;
  memory.copy(addressAt, neighbourAddress(neighbour), 16);
  store<u8>(familyAt, <u8> neighbour.family);
}

export function sessionRow(session: Session): bool {
  const row = startRow(TABLE_SESSIONS_OBJECTS, 64);
  if (row == 0) return false;
  let reservations: u32 = 0;
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) reservations += 1;
  const first = session.firstReservation;
  store<u32>(row, identity(session), TABLE_SESSIONS_SESSION);
  store<u32>(row, <u32> countSenders(session), TABLE_SESSIONS_SENDERS);
  store<u32>(row, reservations, TABLE_SESSIONS_RESERVATIONS);
  store<u8>(row, first ? first.style : 0, TABLE_SESSIONS_STYLE);
  store<u8>(row, session.multicast, TABLE_SESSIONS_MULTICAST);
  const objects = row + TABLE_SESSIONS_OBJECTS;
  return finishRow(row, objects + writeSessionObject(session, 0, objects));
}

export function senderRow(session: Session, path: PathState): bool {
  const row = startRow(TABLE_SENDERS_OBJECTS, 128 + blobBytes(path.senderTspec) + blobBytes(path.adspec));
  if (row == 0) return false;
  const neighbour = path.request.neighbour;
  const local = hasFlag(path, PATH_LOCAL);
  store<u32>(row, identity(session), TABLE_SENDERS_SESSION);
  store<u32>(row, neighbour ? neighbour.interface : 0, TABLE_SENDERS_INCOMING_INTERFACE);
  store<u32>(row, local ? 0 : path.request.logicalInterfaceHandle, TABLE_SENDERS_LOGICAL_INTERFACE_HANDLE);
  writeHop(neighbour, row + TABLE_SENDERS_PREVIOUS_HOP, row + TABLE_SENDERS_PREVIOUS_HOP_FAMILY);
  store<u8>(row, path.ttl, TABLE_SENDERS_TTL);
  store<u8>(row, hasFlag(path, PATH_NON_RSVP) ? 1 : 0, TABLE_SENDERS_NON_RSVP);
  store<u8>(row, hasFlag(path, PATH_LOCAL_ONLY) ? 1 : 0, TABLE_SENDERS_LOCAL_ONLY);
  store<u32>(row, hasFlag(path, PATH_LOCAL_ONLY) ? NEVER : remaining(path.refreshAt), TABLE_SENDERS_REFRESH_IN_MS);
  store<u32>(row, local ? NEVER : remaining(path.expiresAt), TABLE_SENDERS_EXPIRES_IN_MS);
  store<u32>(row, local ? path.request.logicalInterfaceHandle : 0, TABLE_SENDERS_APPLICATION);
  store<u32>(row, hasFlag(path, PATH_LOCAL_ONLY) ? 0 : routeCount(routeOf(path)), TABLE_SENDERS_OUTGOING_COUNT);
  let at = row + TABLE_SENDERS_OBJECTS;
  at += writeSessionObject(session, 0, at);
  at += writeSenderObject(path, CLASS_SENDER_TEMPLATE, at);
  at = appendBlob(at, path.senderTspec);
  return finishRow(row, appendBlob(at, path.adspec));
}

// A request that asks for nothing is not shown, and is passed over as done.
export function requestRow(session: Session, request: RequestState): bool {
  const neighbour = request.neighbour;
  if (neighbour == null || request.sentDigest == 0) return true;
  const row = startRow(TABLE_REQUESTS_OBJECTS, 512 + 96 * countSenders(session));
  if (row == 0) return false;
  store<u32>(row, identity(session), TABLE_REQUESTS_SESSION);
  store<u32>(row, neighbour.interface, TABLE_REQUESTS_INTERFACE);
  writeHop(neighbour, row + TABLE_REQUESTS_PREVIOUS_HOP, row + TABLE_REQUESTS_PREVIOUS_HOP_FAMILY);
  store<u8>(row, request.sentStyle, TABLE_REQUESTS_STYLE);
  store<u32>(row, remaining(request.refreshAt), TABLE_REQUESTS_REFRESH_IN_MS);
  let at = row + TABLE_REQUESTS_OBJECTS;
  at += writeSessionObject(session, 0, at);
  return finishRow(row, writeRequestDescriptors(session, request, at));
}

export function reservationRow(session: Session, reservation: ReservationState): bool {
  const row = startRow(
    TABLE_RESERVATIONS_OBJECTS,
    128 + blobBytes(reservation.flowspec) + filterListBytes(reservation),
  );
  if (row == 0) return false;
  const virtual = isVirtual(reservation.interface);
  store<u32>(row, identity(session), TABLE_RESERVATIONS_SESSION);
  store<u32>(row, virtual ? 0 : reservation.interface, TABLE_RESERVATIONS_INTERFACE);
  writeHop(reservation.neighbour, row + TABLE_RESERVATIONS_NEXT_HOP, row + TABLE_RESERVATIONS_NEXT_HOP_FAMILY);
  store<u8>(row, reservation.style, TABLE_RESERVATIONS_STYLE);
  store<u32>(row, virtual ? reservation.interface & ~APPLICATION_INTERFACE : 0, TABLE_RESERVATIONS_APPLICATION);
  store<u32>(row, virtual ? NEVER : remaining(latest(reservation)), TABLE_RESERVATIONS_EXPIRES_IN_MS);
  let at = row + TABLE_RESERVATIONS_OBJECTS;
  at += writeSessionObject(session, 0, at);
  return finishRow(row, appendDescriptor(reservation, at));
}
function latest(reservation: ReservationState): u32 {
  let at: u32 = 0;
  let found = false;
  for (let filter: Filter | null = reservation.firstFilter; filter; filter = filter!.next) {
    if (!found || isBefore(at, filter.expiresAt)) at = filter.expiresAt;
    found = true;
  }
  return at;
}

export function installedRow(session: Session, block: TrafficControlState): bool {
  const bytes = min<usize>(filterBytes(session), 60000);
  const row = startRow(TABLE_INSTALLED_OBJECTS, 256 + bytes);
  if (row == 0) return false;
  const annex = block.annex;
  store<u32>(row, identity(session), TABLE_INSTALLED_SESSION);
  store<u32>(row, block.interface, TABLE_INSTALLED_INTERFACE);
  store<u32>(row, block.handle, TABLE_INSTALLED_HANDLE);
  store<u8>(row, block.style, TABLE_INSTALLED_STYLE);
  store<u8>(row, annex ? annex.policing : block.policing, TABLE_INSTALLED_POLICING);
  store<u8>(row, annex ? 1 : 0, TABLE_INSTALLED_PENDING);
  store<f64>(row, annex ? annex.held : block.rate, TABLE_INSTALLED_RATE_BYTES_PER_SECOND);
  let at = row + TABLE_INSTALLED_OBJECTS;
  at += writeSessionObject(session, 0, at);
  at = appendBlob(at, block.flowspec ? block.flowspec : annex!.flowspec);
  at = appendBlob(at, block.flowspec ? block.pathTspec : annex!.pathTspec);
  return finishRow(row, writeFilters(session, block, at, at + bytes));
}

export function blockadeRow(session: Session, request: RequestState, block: BlockadeState): bool {
  const row = startRow(TABLE_BLOCKADE_OBJECTS, 256);
  if (row == 0) return false;
  store<u32>(row, identity(session), TABLE_BLOCKADE_SESSION);
  writeHop(request.neighbour, row + TABLE_BLOCKADE_PREVIOUS_HOP, row + TABLE_BLOCKADE_PREVIOUS_HOP_FAMILY);
  store<u32>(row, remaining(block.expiresAt), TABLE_BLOCKADE_EXPIRES_IN_MS);
  let at = row + TABLE_BLOCKADE_OBJECTS;
  at += writeSessionObject(session, 0, at);
  at = appendBlob(at, block.flowspec);
  if (block.keyLength) at = appendObject(at, CLASS_FILTER_SPEC, block.ctype, blockadeKey(block), block.keyLength);
  return finishRow(row, at);
}
