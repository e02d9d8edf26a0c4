// What is due in one session when its deadline comes (RFC 2205 section 3.7): state that was not refreshed goes, Paths and
// Resvs are sent again. Then the session is put back with its next deadline.
import { BlockadeState, deleteBlockade } from "../state/blockade_state";
import { RequestState } from "../state/request_state";
import { hasFlag, PATH_LOCAL, PATH_LOCAL_ONLY, PATH_REPAIR, PATH_ROUTE_PENDING, PathState } from "../state/path_state";
import { Filter, noteExpiry, RESERVATION_LOCAL, ReservationState } from "../state/reservation_state";
import { fetchDue } from "../state/ahead";
import { releaseIfIdle, Session } from "../state/session";
import { isDue, now } from "../timers/clock";
import { nodeTiming, stepRefreshInterval } from "../timers/timing";
import { firstPending, nextDue, putBack, unschedule } from "../timers/wheel";
import { queuedChunks } from "../actions/queue";
import { MAXIMUM_CHUNKS_PER_TICK, MAXIMUM_SESSIONS_PER_TICK } from "../limits";
import { applyAfterConflict } from "./local_call";
import { pathRefresh } from "./path_refresh";
import { expirePath } from "./path_tear";
import { SYNC_FORCED, syncRequest } from "./resv_refresh";
import { expireReservation } from "./resv_tear";
import { syncAffected } from "./settle";
import { updateTouched } from "./update_traffic_control";

// A bounded amount of due work, by sessions and by what they send; `deadline()` stays in the past while more is left.
export function tick(): void {
  stepRefreshInterval(nodeTiming());
  let fetched: u32 = 0;
  for (
    let left = MAXIMUM_SESSIONS_PER_TICK;
    left != 0 && queuedChunks(MAXIMUM_CHUNKS_PER_TICK) < MAXIMUM_CHUNKS_PER_TICK;
    left--
  ) {
    const session = nextDue();
    if (session == null) return;
    if (fetched == 0) fetched = fetchDue(firstPending());
    else fetched -= 1;
    sessionDue(session);
  }
}

function sessionDue(session: Session): void {
  let path: PathState | null = session.firstPath;
  while (path) {
    const next: PathState | null = path.next;
    if (!hasFlag(path, PATH_LOCAL) && isDue(path.expiresAt)) expirePath(session, path);
    else if (isRefreshed(path) && isDue(path.refreshAt)) pathRefresh(session, path, false);
    path = next;
  }
  // Where no filter can have come to its end, reservations are looked at only with the Resv that is made of them.
  let looks = session.expiryBound != 0 && isDue(session.expiryBound);
  if (looks) expireReservations(session);
  updateTouched(session);
  applyAfterConflict(session);
  syncAffected(session);
  for (let request: RequestState | null = session.firstRequest; request; request = request!.next) {
    expireBlockades(request);
    if (request.neighbour && request.sentDigest != 0 && isDue(request.refreshAt)) {
      syncRequest(session, request, SYNC_FORCED);
      looks = true;
    }
  }
  if (releaseIfIdle(session)) return;
  if (looks) boundExpiry(session);
  reschedule(session);
}

// While a route is asked for again, the one that stood stands: its refreshes go on, and none is lost however long it takes.
@inline
function isRefreshed(path: PathState): bool {
  return !hasFlag(path, PATH_LOCAL_ONLY) && (!hasFlag(path, PATH_ROUTE_PENDING) || hasFlag(path, PATH_REPAIR));
}

function expireReservations(session: Session): void {
  let reservation: ReservationState | null = session.firstReservation;
  while (reservation) {
    const next: ReservationState | null = reservation.next;
    if (!(reservation.flags & RESERVATION_LOCAL)) expireReservation(session, reservation);
    reservation = next;
  }
}

// Finds the earliest cleanup time of a filter again.
function boundExpiry(session: Session): void {
  session.expiryBound = 0;
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (reservation.flags & RESERVATION_LOCAL) continue;
    for (let filter: Filter | null = reservation.firstFilter; filter; filter = filter!.next) {
      noteExpiry(session, filter.expiresAt);
    }
  }
}

// A block whose time is over goes at once, and not when it is next asked: that may be weeks later, where times wrap.
function expireBlockades(request: RequestState): void {
  let block: BlockadeState | null = request.firstBlockade;
  while (block) {
    const next: BlockadeState | null = block.next;
    if (isDue(block.expiresAt)) deleteBlockade(request, block);
    block = next;
  }
}

// The shorter of a wait and how long it is until a time; negative for what is past.
@inline
function sooner(wait: i32, at: u32): i32 {
  return min<i32>(wait, <i32> (at - now()));
}
const NOTHING: i32 = i32.MAX_VALUE;

// The earliest of all that the session waits for. Local state waits for nothing but its refreshes.
function reschedule(session: Session): void {
  let wait = NOTHING;
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (!hasFlag(path, PATH_LOCAL)) wait = sooner(wait, path.expiresAt);
    if (isRefreshed(path)) wait = sooner(wait, path.refreshAt);
  }
  if (session.expiryBound != 0) wait = sooner(wait, session.expiryBound);
  for (let request: RequestState | null = session.firstRequest; request; request = request!.next) {
    if (request.neighbour && request.sentDigest != 0) wait = sooner(wait, request.refreshAt);
    for (let block: BlockadeState | null = request.firstBlockade; block; block = block!.next) {
      wait = sooner(wait, block.expiresAt);
    }
  }
  // Something due that could not be done now (an interface is down) must not spin.
  if (wait != NOTHING) putBack(session, now() + max<i32>(wait, 1));
  else unschedule(session);
}
