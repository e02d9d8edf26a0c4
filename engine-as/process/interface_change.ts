// INTERFACE: an interface appears, changes, goes down or is taken from RSVP. What is reserved on one that is gone reserves
// nothing any more: it is let go at once, and the previous hops hear what is left. Path state is not touched: its senders
// may be reached another way, and routing says so (RFC 2205 section 3.6); what is not refreshed times out.
import { STATUS_BAD_SUBMIT, STATUS_OK } from "../boundary.gen";
import { sessionTable, slotValue } from "../state/hash_table";
import { configureInterface, interfaceByHandle, speaksRsvp } from "../state/interface";
import { deleteReservation, ReservationState } from "../state/reservation_state";
import { forgetAllRefreshes } from "../state/refresh_fingerprint";
import { releaseIfIdle, Session } from "../state/session";
import { INPUT_INTERFACE_INTERFACE } from "../boundary.gen";
import { applyAfterConflict } from "./local_call";
import { markAffected, syncAffected } from "./settle";
import { updateTrafficControlOf } from "./update_traffic_control";

export function interfaceArrives(record: usize, length: u32): u32 {
  const known = interfaceByHandle(load<u32>(record, INPUT_INTERFACE_INTERFACE));
  const spoke = known != null && speaksRsvp(known);
  const iface = configureInterface(record, length);
  if (iface == null) return STATUS_BAD_SUBMIT;
  forgetAllRefreshes();
  if (spoke && !speaksRsvp(iface) && iface.reservations != 0) letGo(iface.handle);
  return STATUS_OK;
}

// Backwards over the table, because a session that ends leaves its slot to a later one.
function letGo(handle: u32): void {
  const table = sessionTable();
  for (let slot = table.mask + 1; slot != 0; slot--) {
    const value = slotValue(table, slot - 1);
    if (value == 0) continue;
    const session = changetype<Session>(<usize> value);
    if (!letGoOf(session, handle)) continue;
    updateTrafficControlOf(session, handle);
    applyAfterConflict(session);
    syncAffected(session);
    releaseIfIdle(session);
  }
}

function letGoOf(session: Session, handle: u32): bool {
  let any = false;
  let reservation: ReservationState | null = session.firstReservation;
  while (reservation) {
    const next: ReservationState | null = reservation.next;
    if (reservation.interface == handle) {
      markAffected(session, reservation);
      deleteReservation(session, reservation);
      any = true;
    }
    reservation = next;
  }
  return any;
}
