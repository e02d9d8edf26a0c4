// SCOPE (RFC 2205 section 3.4): which senders a wildcard reservation travels to, so that WF Resvs cannot loop.
import { blobData } from "../state/blob";
import { configured } from "../state/memory";
import { hasFlag, PATH_INCLUDED, PathState, templateOf } from "../state/path_state";
import { RequestState } from "../state/request_state";
import { ReservationState, standingScope } from "../state/reservation_state";
import { Session } from "../state/session";
import { CONFIG_OPTION_SHARED_TREES } from "../boundary.gen";
import { objectCType, objectLength } from "../wire/bytes";
import { appendHeader } from "../wire/builder";
import { CLASS_SCOPE } from "../wire/object_forms";

// Whether the SCOPE object lists the sender's address.
export function inScope(scope: usize, path: PathState): bool {
  const size: usize = objectCType(scope) == 1 ? 4 : 16;
  const end = scope + objectLength(scope);
  for (let at = scope + 4; at < end; at += size) {
    if (memory.compare(at, templateOf(path), size) == 0) return true;
  }
  return false;
}

// Whether a reservation is for the sender as far as its SCOPE goes.
export function scopeHas(reservation: ReservationState, path: PathState): bool {
  const annex = reservation.annex;
  if (annex == null) return true;
  const scope = standingScope(annex);
  return scope == 0 || inScope(blobData(scope), path);
}

// Needed where senders come from more than one previous hop and routing does not use shared trees (RFC 2209, RESV REFRESH).
export function needsScope(session: Session): bool {
  if (configured(CONFIG_OPTION_SHARED_TREES)) return false;
  let hops = 0;
  for (let request: RequestState | null = session.firstRequest; request; request = request!.next) {
    if (request.neighbour && request.senders) hops += 1;
  }
  return hops > 1;
}

// Writes a SCOPE with the addresses of the request's included senders in ascending order (RFC 2205 A.6). Returns the end;
// `at` itself if there is none.
export function appendScopeOf(session: Session, request: RequestState, at: usize, family: u32): usize {
  const size: usize = family == 4 ? 4 : 16;
  const start = at + 4;
  let end = start;
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (path.request != request || !hasFlag(path, PATH_INCLUDED)) continue;
    end = insertAddress(start, end, templateOf(path), size);
  }
  return finishScope(at, end, family);
}

// Keeps the list sorted and without doubles.
export function insertAddress(start: usize, end: usize, address: usize, size: usize): usize {
  let at = end;
  while (at > start) {
    const relation = memory.compare(at - size, address, size);
    if (relation == 0) return end;
    if (relation < 0) break;
    at -= size;
  }
  memory.copy(at + size, at, end - at);
  memory.copy(at, address, size);
  return end + size;
}

export function finishScope(at: usize, end: usize, family: u32): usize {
  if (end == at + 4) return at;
  appendHeader(at, <u32> (end - at), CLASS_SCOPE, family == 4 ? 1 : 2);
  return end;
}
