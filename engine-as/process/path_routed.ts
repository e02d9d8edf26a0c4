// The second half of PATH MESSAGE ARRIVES (RFC 2209): what follows once the route of a sender is known. Entered when a
// route answer comes for new path state, when it differs from what stood, and when routed path state has changed.
import { releaseBlob, retainBlob } from "../state/blob";
import {
  hasFlag,
  matchesObject,
  PATH_LOCAL,
  PATH_LOCAL_ONLY,
  PATH_ROUTE_PENDING,
  PathState,
  setFlag,
  templateOf,
} from "../state/path_state";
import { RequestState } from "../state/request_state";
import { filterFor, ReservationState, STYLE_FIXED_FILTER, STYLE_WILDCARD_FILTER } from "../state/reservation_state";
import { forgetRefreshes } from "../state/refresh_fingerprint";
import { routeIncoming } from "../state/route";
import { Session } from "../state/session";
import { equalBytes } from "../state/keys";
import { applyWanted } from "./local_call";
import { loseUnrouted } from "./path_tear";
import { pathRefresh } from "./path_refresh";
import { syncAffected } from "./settle";
import { SYNC_FORCED, SYNC_REPAIR, SYNC_TRIGGERED, syncRequest } from "./resv_refresh";
import { incomingOf, routesTo } from "./routing";
import { pathEvents } from "./upcall";
import { updateTrafficControl } from "./update_traffic_control";

// `pathChanged`: the sender is new or what it says has changed, so it travels on at once. `hopChanged`: its previous hop
// must hear of the reservation even if nothing else changed (RFC 2209: Resv_Refresh_Needed). `informs`: what has changed is
// something that applications are told (RFC 2205 section 3.11.1).
export function pathRouted(
  session: Session,
  path: PathState,
  route: u32,
  pathChanged: bool,
  hopChanged: bool = false,
  informs: bool = true,
): void {
  let rerouted = false;
  if (pathChanged && !hasFlag(path, PATH_ROUTE_PENDING)) path.refreshAt = 0;
  if (hasFlag(path, PATH_ROUTE_PENDING) || path.outgoing != route) {
    const old = hasFlag(path, PATH_ROUTE_PENDING) ? 0 : path.outgoing;
    rerouted = old != 0;
    path.outgoing = retainBlob(route);
    // A sender that is new, and alone, is marked with nothing yet.
    if (rerouted || path.next || path != session.firstPath || path.fingerprint != 0 || session.firstReservation) {
      forgetRefreshes(session);
    }
    setFlag(path, PATH_ROUTE_PENDING, false);
    releaseBlob(old);
  }
  if (session.multicast) elect(session, path);
  tellOn(session, path, pathChanged, hopChanged, rerouted, informs);
}

// What has changed of a sender travels on by the route that stands, down and up. The caller has set the time of its next
// refresh to 0, which draws it anew.
export function tellOn(
  session: Session,
  path: PathState,
  pathChanged: bool,
  hopChanged: bool,
  rerouted: bool,
  informs: bool = true,
): void {
  if (pathChanged) {
    if (informs && session.firstApplication) pathEvents(session, path, false);
    pathRefresh(session, path, true);
  }
  if (session.multicast) loseUnrouted(session, path);
  if (session.firstApplication) applyWanted(session);
  else syncAffected(session);
  if (session.firstReservation) adjustReservations(session, path, rerouted);
  syncRequest(session, path.request, hopChanged ? SYNC_FORCED : rerouted ? SYNC_REPAIR : SYNC_TRIGGERED);
  if (pathChanged && path.request.senders == 1) scopeToOther(session, path.request);
}

// With a second previous hop a wildcard reservation needs a SCOPE towards the first one too (RFC 2205 section 3.4). It goes
// out at once: without it that hop passes the reservation on for senders that it is not for, perhaps around a circle.
function scopeToOther(session: Session, own: RequestState): void {
  const reservation = session.firstReservation;
  if (reservation == null || reservation.style != STYLE_WILDCARD_FILTER || own.neighbour == null) return;
  let other: RequestState | null = null;
  let others = 0;
  for (let request: RequestState | null = session.firstRequest; request; request = request!.next) {
    if (request == own || request.neighbour == null || request.senders == 0) continue;
    other = request;
    others += 1;
  }
  if (other != null && others == 1) syncRequest(session, other, SYNC_TRIGGERED);
}

// RFC 2209, routing manipulations 2 and 3: of the path states of one multicast sender, the one whose incoming interface
// routing expects forwards; the others are Local_Only. A sender of our own always forwards.
function elect(session: Session, path: PathState): void {
  if (hasFlag(path, PATH_LOCAL)) return;
  const expected = routeIncoming(path.outgoing);
  const forwards = expected == 0 || expected == incomingOf(path);
  if (!forwards) {
    setFlag(path, PATH_LOCAL_ONLY, true);
    return;
  }
  for (let other: PathState | null = session.firstPath; other; other = other!.next) {
    if (other == path || hasFlag(other, PATH_LOCAL) || other.keyLength != path.keyLength || other.ctype != path.ctype) {
      continue;
    }
    if (!equalBytes(templateOf(other), templateOf(path), path.keyLength)) continue;
    if (expected == 0 && !hasFlag(other, PATH_LOCAL_ONLY)) {
      // Routing expects none in particular: the first one keeps forwarding.
      setFlag(path, PATH_LOCAL_ONLY, true);
      return;
    }
    setFlag(other, PATH_LOCAL_ONLY, true);
  }
  setFlag(path, PATH_LOCAL_ONLY, false);
}

// A sender that comes, goes or changes alters Path_Te and the police flags of the reservations that cover it. What it
// may not do is exceed the capacity: then the old values stand.
// `everywhere` takes in those that it does not reach any more.
export function adjustReservations(session: Session, path: PathState, everywhere: bool): void {
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    const filter = filterFor(reservation, path);
    if (filter == null || (!everywhere && !routesTo(session, path, reservation.interface))) continue;
    updateTrafficControl(session, reservation.interface, reservation.style == STYLE_FIXED_FILTER ? filter : null, null);
  }
}
