// The filters of a Resv at hand (RFC 2209, RESV MESSAGE ARRIVES): whom they match, and how they become part of a reservation.
import { STATUS_OUT_OF_MEMORY, STATUS_RESERVATION_LIMIT } from "../boundary.gen";
import { MAXIMUM_FILTERS_PER_SESSION } from "../limits";
import { mayChange } from "../state/memory";
import { matchesObject, PathState } from "../state/path_state";
import {
  addFilter,
  Filter,
  findFilter,
  ReservationState,
  STYLE_FIXED_FILTER,
  STYLE_WILDCARD_FILTER,
} from "../state/reservation_state";
import { Session } from "../state/session";
import { objectLength } from "../wire/bytes";
import { FlowDescriptors, nextFilter } from "../wire/flow_descriptors";
import { drop } from "./drop";
import { resvContext } from "./resv_context";
import { routesTo } from "./routing";
import { inScope } from "./scope";

// Filters of all the session's reservations while a list is carried out.
let filtersHeld: u32 = 0;

// Counts them; called before a list is carried out.
export function beginFilters(session: Session): void {
  filtersHeld = 0;
  for (let one: ReservationState | null = session.firstReservation; one; one = one!.next) {
    for (let filter: Filter | null = one.firstFilter; filter; filter = filter!.next) filtersHeld += 1;
  }
}

@inline
export function filtersAreFull(): bool {
  return filtersHeld >= MAXIMUM_FILTERS_PER_SESSION;
}

function refusesFilter(): u32 {
  if (filtersAreFull()) return STATUS_RESERVATION_LIMIT;
  return mayChange(4096) ? 0 : STATUS_OUT_OF_MEMORY;
}

// Whether any sender that routes to the interface matches the descriptor.
export function matchesAnySender(session: Session, style: u32, list: FlowDescriptors): bool {
  const context = resvContext();
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (!routesTo(session, path, context.interface)) continue;
    if (style == STYLE_WILDCARD_FILTER) {
      if (context.scope == 0 || inScope(context.scope, path)) return true;
      continue;
    }
    for (
      let filter = nextFilter(list.filter, list.filtersEnd);
      filter != 0;
      filter = following(filter, list.filtersEnd)
    ) {
      if (matchesObject(path, filter)) return true;
    }
  }
  return false;
}

@inline
function following(filter: usize, end: usize): usize {
  return nextFilter(filter + objectLength(filter), end);
}

// The sender that a FILTER_SPEC names and that routes to the interface, or null.
function senderOf(session: Session, filter: usize): PathState | null {
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (matchesObject(path, filter) && routesTo(session, path, resvContext().interface)) return path;
  }
  return null;
}

// Whether the descriptor that was taken last named every filter of its reservation, and no other that is there.
export let allFiltersTaken = false;

// Filters whose senders were named, by a mark that is taken away again.
function isEachNamed(reservation: ReservationState): bool {
  let each = true;
  for (let filter: Filter | null = reservation.firstFilter; filter; filter = filter!.next) {
    if (!filter.doomed) each = false;
    filter.doomed = 0;
  }
  return each;
}

// Adds the descriptor's filters that match a sender and restarts their cleanup timers; the ones that match none are left
// out and do no harm to the others (RFC 2209, SE). Returns whether one is new. Where a limit is reached, or `adds` is false,
// those that are known are refreshed all the same.
export function takeFilters(
  session: Session,
  reservation: ReservationState,
  style: u32,
  list: FlowDescriptors,
  adds: bool,
): bool {
  const expiresAt = resvContext().expiresAt;
  allFiltersTaken = adds;
  if (style == STYLE_WILDCARD_FILTER) {
    const only = reservation.firstFilter;
    if (only) {
      only.expiresAt = expiresAt;
    } else {
      addFilter(reservation, 0, expiresAt);
      filtersHeld += 1;
    }
    return only == null;
  }
  let added = false;
  for (
    let object = nextFilter(list.filter, list.filtersEnd);
    object != 0;
    object = following(object, list.filtersEnd)
  ) {
    const known = findFilter(reservation, object);
    if (known) {
      known.expiresAt = expiresAt;
      known.doomed = 1;
    } else if (senderOf(session, object)) {
      // A new reservation has room for its first filter at least; that was asked before it was made.
      const refusal = reservation.firstFilter == null ? 0 : refusesFilter();
      if (refusal != 0) {
        if (adds) drop(refusal, object);
        adds = false;
      }
      if (!adds) continue;
      addFilter(reservation, object, expiresAt).fresh = 1;
      filtersHeld += 1;
      added = true;
    }
    if (style == STYLE_FIXED_FILTER) break;
  }
  if (!isEachNamed(reservation) || !adds) allFiltersTaken = false;
  return added;
}
