// PTEAR MESSAGE ARRIVES (RFC 2209) and the end of path state however it comes: torn, timed out, or withdrawn by its
// application. The teardown travels on at once; reservations that lose their last sender go with it.
import { COUNTER_PATH_EXPIRED, STATUS_NO_STATE, STATUS_WRONG_HOP } from "../boundary.gen";
import { releaseHandle } from "../state/handles";
import { count, root } from "../state/memory";
import { neighbourAddress } from "../state/neighbour";
import {
  deletePathState,
  endRepair,
  hasFlag,
  matchesObject,
  openQuery,
  PATH_FLIPPED,
  PATH_LOCAL,
  PATH_REPAIR,
  PATH_ROUTE_PENDING,
  PATH_LOCAL_ONLY,
  PathState,
  routeOf,
  sameSender,
  setFlag,
} from "../state/path_state";
import {
  deleteFilter,
  deleteReservation,
  filterFor,
  RESERVATION_LOCAL,
  ReservationState,
  STYLE_WILDCARD_FILTER,
} from "../state/reservation_state";
import { routeIncoming } from "../state/route";
import { findSession, releaseIfIdle, Session } from "../state/session";
import { isBefore, now } from "../timers/clock";
import { schedule } from "../timers/wheel";
import { arrivalInterface, view } from "./context";
import { drop } from "./drop";
import { applyAfterConflict } from "./local_call";
import { addressOf, beginPassingOn, endPassingOn } from "./objects";
import { sendPathTear } from "./path_refresh";
import { tellOn } from "./path_routed";
import { dropRequestIfIdle } from "./requests";
import { routesTo } from "./routing";
import { pathEvents } from "./upcall";
import { touchInterface, updateTouched } from "./update_traffic_control";

export function pathTearArrives(): void {
  const v = view();
  const session = findSession(v.session);
  if (session == null) return drop(STATUS_NO_STATE, v.session);
  let known = false;
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (!matchesObject(path, v.senderTemplate)) continue;
    known = true;
    if (!fromItsHop(session, path)) continue;
    if (hasFlag(path, PATH_FLIPPED)) return awaitOtherHop(session, path);
    beginPassingOn(v);
    endPath(session, path);
    endPassingOn();
    applyAfterConflict(session);
    releaseIfIdle(session);
    return;
  }
  drop(known ? STATUS_WRONG_HOP : STATUS_NO_STATE, v.hop);
}

// A teardown must name the previous hop that the state names and, for multicast, arrive where its Path did (RFC 2205
// section 3.1.5): one from a hop that routing has left behind changes nothing.
function fromItsHop(session: Session, path: PathState): bool {
  const v = view();
  const neighbour = path.request.neighbour;
  if (neighbour == null || neighbour.family != v.family) return false;
  if (session.multicast && neighbour.interface != arrivalInterface().handle) return false;
  return memory.compare(neighbourAddress(neighbour), addressOf(v.hop), v.family == 4 ? 4 : 16) == 0;
}

// After a route change upstream, Paths come by the old and by the new branch until the old one times out, and the state's
// hop flips between them (RFC 2205 section 3.1.3). Where the old branch spoke last, its teardown would end the reservation
// of the new one. So the state is left for as long as the other hop may take to its next refresh; then the tear holds.
function awaitOtherHop(session: Session, path: PathState): void {
  setFlag(path, PATH_FLIPPED, false);
  const refreshIntervalMs = root().refreshIntervalMs;
  const at = now() + refreshIntervalMs + refreshIntervalMs / 2;
  if (isBefore(at, path.expiresAt)) path.expiresAt = at;
  schedule(session, path.expiresAt);
}

export function expirePath(session: Session, path: PathState): void {
  count(COUNTER_PATH_EXPIRED);
  endPath(session, path);
}

// Forwards the teardown, tells applications, lets reservations go that cover nobody else, and frees the state. Requests
// to other previous hops are not refreshed now (RFC 2209); their next refresh says what is left.
export function endPath(session: Session, path: PathState): void {
  const heir = heirOf(session, path);
  // Where its place is taken on the same interfaces nothing ends for those beyond them.
  if (heir) setFlag(heir, PATH_LOCAL_ONLY, false);
  if (heir == null || routeOf(heir) != routeOf(path)) sendPathTear(session, path);
  if (heir == null && (!hasFlag(path, PATH_LOCAL) || session.firstApplication)) pathEvents(session, path, true);
  const request = path.request;
  let reservation: ReservationState | null = session.firstReservation;
  while (reservation) {
    const next = reservation.next;
    loseSender(session, reservation, path);
    reservation = next;
  }
  touchAll(session, path);
  if (hasFlag(path, PATH_ROUTE_PENDING)) {
    releaseHandle(openQuery(path));
    if (hasFlag(path, PATH_REPAIR)) endRepair(path);
  }
  deletePathState(session, path);
  updateTouched(session);
  dropRequestIfIdle(session, request);
  if (heir == null) return;
  heir.refreshAt = 0;
  tellOn(session, heir, true, true, false, true);
}

// The sender of a group may come in by another interface too. Where routing expects none in particular (RFC 2205 section
// 3.11.4: some protocols do not provide it), that state has been kept from forwarding by the one that ends now.
function heirOf(session: Session, path: PathState): PathState | null {
  if (!session.multicast || hasFlag(path, PATH_LOCAL) || hasFlag(path, PATH_LOCAL_ONLY)) return null;
  for (let other: PathState | null = session.firstPath; other; other = other!.next) {
    if (other == path || hasFlag(other, PATH_LOCAL) || !sameSender(other, path)) continue;
    const route = routeOf(other);
    if (route != 0 && routeIncoming(route) == 0) return other;
  }
  return null;
}

// A sender of a group whose data routing takes elsewhere now: what applications asked for them goes, for nothing times it
// out (a neighbour's is not refreshed any more). It comes back with the next route that leads here.
export function loseUnrouted(session: Session, path: PathState): void {
  let reservation: ReservationState | null = session.firstReservation;
  while (reservation) {
    const next = reservation.next;
    if ((reservation.flags & RESERVATION_LOCAL) != 0 && !routesTo(session, path, reservation.interface)) {
      loseSender(session, reservation, path);
    }
    reservation = next;
  }
  updateTouched(session);
}

// Whether the sender was routed to the reservation to the last does not matter: an application's would stay for good.
function loseSender(session: Session, reservation: ReservationState, path: PathState): void {
  const filter = filterFor(reservation, path);
  if (filter == null) return;
  if (reservation.style == STYLE_WILDCARD_FILTER) {
    for (let other: PathState | null = session.firstPath; other; other = other!.next) {
      if (other != path && routesTo(session, other, reservation.interface)) return;
    }
    removeReservation(session, reservation);
    return;
  }
  // The sender may still be there through another hop (multicast): then its filter stands.
  for (let other: PathState | null = session.firstPath; other; other = other!.next) {
    if (other != path && filterFor(reservation, other) == filter && routesTo(session, other, reservation.interface)) {
      return;
    }
  }
  deleteFilter(reservation, filter);
  // What stands elsewhere for the same filter was compared with this one (B_Police), an application's too.
  if (reservation.firstFilter == null) removeReservation(session, reservation);
  else touchInterface(session, reservation.interface);
}

function removeReservation(session: Session, reservation: ReservationState): void {
  touchInterface(session, reservation.interface);
  deleteReservation(session, reservation);
}

// Reservations that covered the sender and stay have a smaller Path_Te once it is gone.
function touchAll(session: Session, path: PathState): void {
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (reservation.flags & RESERVATION_LOCAL) continue;
    if (routesTo(session, path, reservation.interface)) touchInterface(session, reservation.interface);
  }
}
