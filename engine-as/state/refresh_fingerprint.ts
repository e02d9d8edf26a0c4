// Taking fingerprints of refreshes back (process/unchanged_refresh.ts): called by whatever could make the outcome of a
// message that is repeated another one.
import { root } from "./memory";
import { PathState } from "./path_state";
import { ReservationState } from "./reservation_state";
import { Session } from "./session";

// Of all that the session has: one of its senders or reservations, or where its data go, has changed.
export function forgetRefreshes(session: Session): void {
  for (let path: PathState | null = session.firstPath; path; path = path!.next) path.fingerprint = 0;
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) reservation.fingerprint = 0;
}

// Of every session: an interface, the configuration or policy has changed.
export function forgetAllRefreshes(): void {
  root().refreshEpoch += 1;
}
