// CLEAR: an operator takes away state that neighbours have made, as if they had torn it down: senders with a PathTear
// downstream, reservations with what follows from that upstream. State of this node's own applications is theirs and stays.
// Who goes on refreshing makes it anew: that is soft state (RFC 2205 section 2.3).
import {
  CALL_OPTION_CLEAR_RESERVATIONS,
  CALL_OPTION_CLEAR_SENDERS,
  INPUT_CALL_OBJECTS,
  INPUT_CALL_OPTIONS,
  STATUS_BAD_CALL,
  STATUS_NO_STATE,
  STATUS_OK,
} from "../boundary.gen";
import { hasFlag, matchesObject, PATH_LOCAL, PathState } from "../state/path_state";
import {
  deleteFilter,
  deleteReservation,
  Filter,
  filterMatchesObject,
  RESERVATION_LOCAL,
  ReservationState,
} from "../state/reservation_state";
import { findSession, releaseIfIdle, Session } from "../state/session";
import { objectClass, objectLength } from "../wire/bytes";
import { MESSAGE_CALL_SESSION, parseCall } from "../wire/message_view";
import { CLASS_SENDER_TEMPLATE } from "../wire/object_forms";
import { view, viewPointer } from "./context";
import { applyAfterConflict } from "./local_call";
import { calledSessionFits } from "./objects";
import { endPath } from "./path_tear";
import { markAffected, syncAffected } from "./settle";
import { touchInterface, updateTouched } from "./update_traffic_control";

export function clearState(record: usize, length: u32): u32 {
  const objects = record + INPUT_CALL_OBJECTS;
  const bytes = length - <u32> INPUT_CALL_OBJECTS - load<u16>(record, 2);
  const options = load<u8>(record, INPUT_CALL_OPTIONS);
  if (bytes < 4 || bytes > length) return STATUS_BAD_CALL;
  const first = <u32> objectLength(objects);
  if (first > bytes) return STATUS_BAD_CALL;
  const status = parseCall(objects, first, MESSAGE_CALL_SESSION, 0, viewPointer());
  if (status != STATUS_OK) return status;
  const v = view();
  if (v.rejectStatus) return v.rejectStatus;
  if (!calledSessionFits(v.session)) return STATUS_BAD_CALL;
  const sender: usize = bytes > first ? objects + first : 0;
  if (sender != 0 && !isTemplate(sender, bytes - first)) return STATUS_BAD_CALL;
  const session = findSession(v.session);
  if (session == null) return STATUS_NO_STATE;
  let any = false;
  // Senders go last: their reservations go with them, and are told upstream while it is known where that is.
  if (options & CALL_OPTION_CLEAR_RESERVATIONS && clearReservations(session, sender)) any = true;
  if (options & CALL_OPTION_CLEAR_SENDERS && clearSenders(session, sender)) any = true;
  releaseIfIdle(session);
  return any ? STATUS_OK : STATUS_NO_STATE;
}

function isTemplate(object: usize, bytes: u32): bool {
  return bytes >= 4 && objectLength(object) == bytes && objectClass(object) == CLASS_SENDER_TEMPLATE;
}

function clearSenders(session: Session, sender: usize): bool {
  let any = false;
  let path: PathState | null = session.firstPath;
  while (path) {
    const next: PathState | null = path.next;
    if (!hasFlag(path, PATH_LOCAL) && (sender == 0 || matchesObject(path, sender))) {
      endPath(session, path);
      any = true;
    }
    path = next;
  }
  if (any) syncAffected(session);
  return any;
}

function clearReservations(session: Session, sender: usize): bool {
  let any = false;
  let reservation: ReservationState | null = session.firstReservation;
  while (reservation) {
    const next: ReservationState | null = reservation.next;
    if (!(reservation.flags & RESERVATION_LOCAL) && clearReservation(session, reservation, sender)) any = true;
    reservation = next;
  }
  if (!any) return false;
  updateTouched(session);
  applyAfterConflict(session);
  syncAffected(session);
  return true;
}

// The whole of it, or the filter of one sender; a wildcard has none.
function clearReservation(session: Session, reservation: ReservationState, sender: usize): bool {
  const iface = reservation.interface;
  if (sender == 0) {
    markAffected(session, reservation);
  } else {
    let filter: Filter | null = reservation.firstFilter;
    while (filter && !filterMatchesObject(filter, sender)) filter = filter.next;
    if (filter == null) return false;
    markAffected(session, reservation);
    deleteFilter(reservation, filter);
    if (reservation.firstFilter) {
      touchInterface(session, iface);
      return true;
    }
  }
  deleteReservation(session, reservation);
  touchInterface(session, iface);
  return true;
}
