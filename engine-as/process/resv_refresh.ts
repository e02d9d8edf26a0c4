// RESV REFRESH (RFC 2209): computes what is requested of one previous hop from the reservations that its senders' data
// reach, and sends it where it has changed, is due, or must be said again. What is no longer requested is torn.
//
// Every way in which a request can change (a Resv, a tear, a time-out, a route, an error) ends here, so what stands
// upstream is always a function of the state and never of the way that led to it.
import { copyWords } from "../wire/bytes";
import { EVENT_KIND_RESV_EVENT } from "../boundary.gen";
import { greatestLowerBoundFlowspecs, isStrictlyGreater, mergeFlowspecs } from "../merge/flowspec";
import { blobData, blobLength } from "../state/blob";
import { blockadeMatchesPath, BlockadeState, deleteBlockade } from "../state/blockade_state";
import { hashBytes } from "../state/hash";
import { interfaceAddress, interfaceByHandle } from "../state/interface";
import { root } from "../state/memory";
import { neighbourAddress } from "../state/neighbour";
import {
  countSenders,
  hasFlag,
  PATH_INCLUDED,
  PATH_REQUESTED,
  PathState,
  setFlag,
  writeSenderObject,
} from "../state/path_state";
import { RequestState } from "../state/request_state";
import {
  filterFor,
  RESERVATION_CONFIRM,
  RESERVATION_NEW,
  RESERVATION_PENDING,
  ReservationState,
  STYLE_FIXED_FILTER,
  STYLE_WILDCARD_FILTER,
} from "../state/reservation_state";
import { familyOf, Session, writeSessionObject } from "../state/session";
import { isDue, nextRefresh } from "../timers/clock";
import { schedule } from "../timers/wheel";
import { appendRsvpHop, appendStyle, appendTimeValues, copyObject } from "../wire/builder";
import { MESSAGE_RESV, MESSAGE_RESV_TEAR } from "../wire/message_view";
import { CLASS_FILTER_SPEC } from "../wire/object_forms";
import { mergeA, mergeB } from "./context";
import { clearConfirm, confirmHere } from "./resv_confirm";
import { routesTo } from "./routing";
import { appendScopeOf, inScope, needsScope } from "./scope";
import { HOP_TTL, sendMessage, startMessage } from "./send";
import { sendEvent, setEventGone, setEventStyle, startEvent } from "./upcall";
import { filterBytes } from "./install";

// Send if it has changed; send in any case (timer, changed hop); as TRIGGERED, but say nothing if all is blockaded.
export const SYNC_TRIGGERED: u32 = 0;
export const SYNC_FORCED: u32 = 1;
export const SYNC_FROM_ERROR: u32 = 2;

// Result of merging for one sender or, in a shared style, for all senders of the request.
let merged: usize = 0;
let mergedLength: u32 = 0;
// Something is requested, but all of it is blockaded.
let allBlockaded = false;
let confirmOf: ReservationState | null = null;

// What stands for a reservation towards upstream: the value that traffic control has confirmed.
@inline
function standingFlowspec(reservation: ReservationState): u32 {
  if ((reservation.flags & RESERVATION_PENDING) == 0) return reservation.flowspec;
  if (reservation.flags & RESERVATION_NEW) return 0;
  return reservation.annex!.previousFlowspec;
}

// Whether the reservation has a part in what is requested for this sender.
function covers(session: Session, reservation: ReservationState, path: PathState): bool {
  if (standingFlowspec(reservation) == 0) return false;
  const filter = filterFor(reservation, path);
  if (filter == null || (filter.fresh && reservation.style != STYLE_WILDCARD_FILTER)) return false;
  if (!routesTo(session, path, reservation.interface)) return false;
  const annex = reservation.annex;
  return annex == null || annex.scope == 0 || inScope(blobData(annex.scope), path);
}

// Whether the reservation concerns the request at all: any of its senders, or just `only`.
function coversRequest(
  session: Session,
  reservation: ReservationState,
  request: RequestState,
  only: PathState | null,
): bool {
  if (only != null) return covers(session, reservation, only);
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (path.request == request && covers(session, reservation, path)) return true;
  }
  return false;
}

// Blockaded if any living block that applies is not strictly larger (RFC 2205 section 3.5). For SE a request that is
// blockaded for one of its senders is left out whole: else that sender would fail its neighbours again.
function isBlockaded(
  session: Session,
  reservation: ReservationState,
  request: RequestState,
  only: PathState | null,
): bool {
  let block: BlockadeState | null = request.firstBlockade;
  while (block) {
    const next = block.next;
    if (isDue(block.expiresAt)) {
      deleteBlockade(request, block);
    } else if (!isStrictlyGreater(blobData(block.flowspec), blobData(standingFlowspec(reservation)))) {
      if (reservation.style == STYLE_WILDCARD_FILTER && block.keyLength == 0) return true;
      for (let path: PathState | null = session.firstPath; path; path = path!.next) {
        if (path.request != request || (only != null && path != only)) continue;
        if (blockadeMatchesPath(block, path) && covers(session, reservation, path)) return true;
      }
    }
    block = next;
  }
  return false;
}

// Merges the reservations that concern `only` (FF) or the whole request. LUB over those that are not blockaded; if all
// are, GLB over all (RFC 2209 step 3 and 4). Returns false if nothing is requested.
function merge(session: Session, request: RequestState, only: PathState | null): bool {
  merged = 0;
  allBlockaded = false;
  let any = false;
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (!coversRequest(session, reservation, request, only)) continue;
    any = true;
    if (!isBlockaded(session, reservation, request, only)) {
      fold(blobData(standingFlowspec(reservation)), blobLength(standingFlowspec(reservation)), true);
    }
  }
  if (merged != 0 || !any) return any;
  allBlockaded = true;
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (coversRequest(session, reservation, request, only)) {
      fold(blobData(standingFlowspec(reservation)), blobLength(standingFlowspec(reservation)), false);
    }
  }
  return true;
}

function fold(flowspec: usize, length: usize, upper: bool): void {
  if (merged == 0) {
    copyWords(mergeA, flowspec, length);
    merged = mergeA;
    mergedLength = <u32> length;
    return;
  }
  const to = merged == mergeA ? mergeB : mergeA;
  mergedLength = upper ? mergeFlowspecs(merged, flowspec, to) : greatestLowerBoundFlowspecs(merged, flowspec, to);
  merged = to;
}

// RESV_CONFIRMs that wait for this request: forwarded with the largest flowspec, answered here otherwise, dropped when
// blockaded (RFC 2205 section 3.1.4, RFC 2209 step 4).
function settleConfirms(session: Session, request: RequestState, only: PathState | null): void {
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (!(reservation.flags & RESERVATION_CONFIRM) || reservation.flags & RESERVATION_PENDING) continue;
    if (!coversRequest(session, reservation, request, only)) continue;
    if (allBlockaded || isBlockaded(session, reservation, request, only)) {
      clearConfirm(reservation);
    } else if (request.neighbour == null || !isLargest(session, reservation, request, only)) {
      confirmHere(session, reservation);
    } else {
      confirmOf = reservation;
    }
  }
}

function isLargest(session: Session, candidate: ReservationState, request: RequestState, only: PathState | null): bool {
  const flowspec = blobData(candidate.flowspec);
  for (let other: ReservationState | null = session.firstReservation; other; other = other!.next) {
    if (
      other == candidate || !coversRequest(session, other, request, only) || isBlockaded(session, other, request, only)
    ) continue;
    if (!isStrictlyGreater(flowspec, blobData(standingFlowspec(other)))) return false;
  }
  return true;
}

// Confirmations are sent before the message that they belong to is begun: both are built at the end of one queue.
function prepareConfirms(session: Session, request: RequestState, style: u32): void {
  confirmOf = null;
  let waiting = false;
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (reservation.flags & RESERVATION_CONFIRM) waiting = true;
  }
  if (!waiting) return;
  if (style != STYLE_FIXED_FILTER) {
    if (merge(session, request, null)) settleConfirms(session, request, null);
    return;
  }
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (path.request == request && merge(session, request, path)) settleConfirms(session, request, path);
  }
}

function styleOf(session: Session): u32 {
  const first = session.firstReservation;
  return first ? first.style : 0;
}

// Writes the flow descriptor list of the request at `at` and marks the senders in it; returns the end, `at` if empty.
function writeDescriptors(session: Session, request: RequestState, style: u32, at: usize): usize {
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (path.request == request) setFlag(path, PATH_INCLUDED, false);
  }
  let blockaded = false;
  if (style == STYLE_FIXED_FILTER) {
    let every = true;
    for (let path: PathState | null = session.firstPath; path; path = path!.next) {
      if (path.request != request || !merge(session, request, path)) continue;
      if (allBlockaded) blockaded = true;
      else every = false;
      at = appendMerged(at);
      at += writeSenderObject(path, CLASS_FILTER_SPEC, at);
      setFlag(path, PATH_INCLUDED, true);
    }
    allBlockaded = blockaded && every;
    return at;
  }
  if (!merge(session, request, null)) return at;
  at = appendMerged(at);
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (path.request != request || !coveredByAny(session, path)) continue;
    setFlag(path, PATH_INCLUDED, true);
    if (style != STYLE_WILDCARD_FILTER) at += writeSenderObject(path, CLASS_FILTER_SPEC, at);
  }
  return at;
}

function appendMerged(at: usize): usize {
  copyWords(at, merged, mergedLength);
  return at + mergedLength;
}

function coveredByAny(session: Session, path: PathState): bool {
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    if (covers(session, reservation, path)) return true;
  }
  return false;
}

// The entry. See SYNC_*.
export function syncRequest(session: Session, request: RequestState, mode: u32): void {
  if (session.firstReservation == null && request.sentDigest == 0) return;
  const style = styleOf(session);
  if (request.neighbour == null) return syncApplication(session, request, style);
  const iface = interfaceByHandle(request.neighbour!.interface);
  const family = familyOf(session);
  const own = iface ? interfaceAddress(iface, family) : 0;
  if (iface == null || own == 0) return;
  // A change of style says the old one's end before the new one's beginning.
  if (request.sentDigest != 0 && style != 0 && request.sentStyle != style) tearRequest(session, request, false);

  prepareConfirms(session, request, style);
  // Room for SCOPE, and for each sender the longest FLOWSPEC with the longest FILTER_SPEC (limits.ts bounds the senders).
  const room: usize = 16 * countSenders(session);
  let at = startMessage(MESSAGE_RESV, HOP_TTL, 512 + 6 * room);
  at += writeSessionObject(session, 0, at);
  at = appendRsvpHop(at, family, own, request.logicalInterfaceHandle);
  at = appendTimeValues(at, root().refreshIntervalMs);
  // The list first, beyond the room that RESV_CONFIRM and SCOPE may need: they depend on it.
  const list = at + 64 + room;
  const listEnd = style ? writeDescriptors(session, request, style, list) : list;
  if (allBlockaded && mode == SYNC_FROM_ERROR && listEnd != list) return;
  if (listEnd == list) return tearRequest(session, request, true);
  const confirm = confirmOf;
  if (confirm) at = copyObject(at, blobData(confirm.annex!.confirm));
  const scopeStart = at;
  if (style == STYLE_WILDCARD_FILTER && needsScope(session)) {
    at = appendScopeOf(session, request, at, family);
    if (at == scopeStart) return tearRequest(session, request, true);
  }
  at = appendStyle(at, style);
  copyWords(at, list, listEnd - list);
  at += listEnd - list;
  const digest = hashBytes(scopeStart, at - scopeStart, 3) | 1;
  if (mode != SYNC_FORCED && confirm == null && digest == request.sentDigest) return;
  const torn = request.sentDigest != 0 && style != STYLE_WILDCARD_FILTER && anyDropped(session, request);
  request.sentDigest = digest;
  request.sentStyle = <u8> style;
  request.refreshAt = nextRefresh();
  schedule(session, request.refreshAt);
  if (confirm) clearConfirm(confirm);
  sendMessage(iface, at, 0, neighbourAddress(request.neighbour!), family, 0);
  if (torn) tearRequest(session, request, false);
  else markRequested(session, request);
}

function anyDropped(session: Session, request: RequestState): bool {
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (path.request == request && hasFlag(path, PATH_REQUESTED) && !hasFlag(path, PATH_INCLUDED)) return true;
  }
  return false;
}

function markRequested(session: Session, request: RequestState): void {
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (path.request == request) setFlag(path, PATH_REQUESTED, hasFlag(path, PATH_INCLUDED));
  }
}

// ResvTear for the senders that were requested and are not any more; `all` when nothing is left. FLOWSPECs are ignored in
// a ResvTear and may be left out (RFC 2205 section 3.1.6).
function tearRequest(session: Session, request: RequestState, all: bool): void {
  if (request.sentDigest == 0) return;
  const neighbour = request.neighbour!;
  const iface = interfaceByHandle(neighbour.interface);
  const family = familyOf(session);
  const own = iface ? interfaceAddress(iface, family) : 0;
  const style: u32 = request.sentStyle;
  const replaced = styleOf(session) != style;
  if (iface && own != 0) {
    let at = startMessage(MESSAGE_RESV_TEAR, HOP_TTL, 128 + filterBytes(session));
    at += writeSessionObject(session, 0, at);
    at = appendRsvpHop(at, family, own, request.logicalInterfaceHandle);
    at = appendStyle(at, style);
    const list = at;
    for (let path: PathState | null = session.firstPath; path && style != STYLE_WILDCARD_FILTER; path = path!.next) {
      if (path.request != request || !hasFlag(path, PATH_REQUESTED)) continue;
      if (all || replaced || !hasFlag(path, PATH_INCLUDED)) at += writeSenderObject(path, CLASS_FILTER_SPEC, at);
    }
    // With every sender of an explicit style gone, its path state is gone too and there is nobody to name.
    if (style == STYLE_WILDCARD_FILTER || at != list) sendMessage(iface, at, 0, neighbourAddress(neighbour), family, 0);
  }
  if (all || replaced) {
    request.sentDigest = 0;
    for (let path: PathState | null = session.firstPath; path; path = path!.next) {
      if (path.request == request) setFlag(path, PATH_REQUESTED, false);
    }
    return;
  }
  markRequested(session, request);
}

// A local sender ends the way of a Resv: its application hears what is reserved for it (RESV_EVENT), on first occurrence
// and when it changes, and RESV_CONFIRMs are answered (RFC 2205 section 2.6, RFC 2209 step 2).
function syncApplication(session: Session, request: RequestState, style: u32): void {
  prepareConfirms(session, request, style);
  const start = startEvent(
    EVENT_KIND_RESV_EVENT,
    request.logicalInterfaceHandle,
    session,
    512 + 96 * countSenders(session),
  );
  setEventStyle(style);
  const end = style ? writeDescriptors(session, request, style, start) : start;
  if (end == start) {
    if (request.sentDigest == 0) return;
    request.sentDigest = 0;
    setEventGone();
    return sendEvent(start);
  }
  const digest = hashBytes(start, end - start, 4) ^ style | 1;
  if (digest == request.sentDigest) return;
  request.sentDigest = digest;
  sendEvent(end);
}

// The flow descriptors that the request stands for now, STYLE first: for showing it.
export function writeRequestDescriptors(session: Session, request: RequestState, at: usize): usize {
  const style = styleOf(session);
  if (style == 0) return at;
  return writeDescriptors(session, request, style, appendStyle(at, style));
}
