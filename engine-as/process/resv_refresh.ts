// RESV REFRESH (RFC 2209): computes what is requested of one previous hop from the reservations that its senders' data
// reach, and sends it where it has changed, is due, or must be said again. What is no longer requested is torn.
//
// Every way in which a request can change (a Resv, a tear, a time-out, a route, an error) ends here, so what stands
// upstream is always a function of the state and never of the way that led to it.
import { copyWords, objectLength } from "../wire/bytes";
import { CONFIG_OPTION_SHARED_TREES, EVENT_KIND_RESV_EVENT } from "../boundary.gen";
import { blobData, blobLength } from "../state/blob";
import { hashBytes } from "../state/hash";
import { interfaceAddress, interfaceByHandle } from "../state/interface";
import { configured, root } from "../state/memory";
import { neighbourAddress } from "../state/neighbour";
import {
  countSenders,
  hasFlag,
  PATH_INCLUDED,
  PathState,
  setFlag,
  writeSenderObject,
} from "../state/path_state";
import { hasPolicy } from "../state/policy";
import { RequestState } from "../state/request_state";
import { ReservationState, standingScope, STYLE_FIXED_FILTER, STYLE_WILDCARD_FILTER } from "../state/reservation_state";
import { familyOf, Session, writeSessionObject } from "../state/session";
import { nextRefresh } from "../timers/clock";
import { refreshIntervalOf } from "../timers/timing";
import { schedule } from "../timers/wheel";
import { appendRsvpHop, appendStyle, appendTimeValues, copyObject } from "../wire/builder";
import { MESSAGE_RESV, MESSAGE_RESV_TEAR } from "../wire/message_view";
import { copyWithoutPriorities, hasPriority, isPolicyData, isProtected } from "../wire/policy_data";
import { CLASS_FILTER_SPEC } from "../wire/object_forms";
import { clearConfirm } from "./resv_confirm";
import {
  allBlockaded,
  confirmOf,
  covers,
  coversRequest,
  gatherPaths,
  merge,
  merged,
  mergedDigest,
  mergedLength,
  moreConfirms,
  prepareConfirms,
  standingFlowspec,
} from "./resv_merge";
import { addMember, appendMergedPriorities, beginMembers, MERGED_PRIORITIES_BYTES, mergePriorities } from "./priority";
import { appendPassedOn, passedOnBytes } from "./objects";
import { appendScopeOf, needsScope } from "./scope";
import { HOP_TTL, sendMessage, startMessage } from "./send";
import { sendEvent, setEventGone, setEventStyle, startEvent } from "./upcall";
import { filterBytes } from "./install";
import { syncUsualRequest } from "./usual_request";

// Send if it has changed; send in any case (timer, changed hop); as TRIGGERED, but say nothing if all is blockaded.
export const SYNC_TRIGGERED: u32 = 0;
export const SYNC_FORCED: u32 = 1;
export const SYNC_FROM_ERROR: u32 = 2;
// As TRIGGERED, but nothing is torn: after a change of route the new branch is not reserved yet, and what stands upstream
// waits for it until the next refresh (RFC 2205 section 3.6).
export const SYNC_REPAIR: u32 = 3;

function styleOf(session: Session): u32 {
  const first = session.firstReservation;
  return first ? first.style : 0;
}

// Set where the list that was written says something of a sender that the last Resv did not say, or where all of it is
// blockaded.
let anythingNew = false;
let nothingFree = false;
// Whether what is written is about to be sent, and so to be noted with each sender.
let noting = false;

function include(path: PathState, digest: u32): void {
  setFlag(path, PATH_INCLUDED, true);
  if (path.requested == digest) return;
  anythingNew = true;
  if (noting) path.requested = digest;
}

// Writes the flow descriptor list of the request at `at` and marks the senders in it; returns the end, `at` if empty.
// After an error a sender whose requests are all blockaded is left for the next refresh (RFC 2209, RERR step 2).
function writeDescriptors(session: Session, request: RequestState, style: u32, mode: u32, at: usize): usize {
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (path.request == request) setFlag(path, PATH_INCLUDED, false);
  }
  anythingNew = false;
  nothingFree = false;
  if (style == STYLE_FIXED_FILTER) return writeDistinct(session, request, mode, at);
  if (!merge(session, request, null)) return at;
  nothingFree = allBlockaded;
  const digest = mergedDigest() + othersDigest;
  at = appendMerged(at);
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (path.request != request || !coveredByAny(session, path)) continue;
    if (mode == SYNC_FROM_ERROR && nothingFree) setFlag(path, PATH_INCLUDED, true);
    else include(path, digest);
    if (style != STYLE_WILDCARD_FILTER) at += writeSenderObject(path, CLASS_FILTER_SPEC, at);
  }
  return at;
}

function writeDistinct(session: Session, request: RequestState, mode: u32, at: usize): usize {
  let free = false, blocked = false;
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (path.request != request || !merge(session, request, path)) continue;
    if (allBlockaded) blocked = true;
    else free = true;
    if (allBlockaded && mode == SYNC_FROM_ERROR) {
      setFlag(path, PATH_INCLUDED, true);
      continue;
    }
    include(path, mergedDigest() + othersDigest);
    at = appendMerged(at);
    at += writeSenderObject(path, CLASS_FILTER_SPEC, at);
  }
  nothingFree = blocked && !free;
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

// POLICY_DATA and unknown objects to be forwarded, of all that is merged, each once (RFC 2205 section 3.10). Returns the
// end, `at` if there are none.
let othersDigest: u32 = 0;
const MAXIMUM_OTHERS_BYTES: usize = 16384;
// Next hops that each send hundreds of policies must not buy the comparison of all with all: after so many the union is
// what has been found so far.
const MAXIMUM_OTHERS_COMPARED: u32 = 100000;
let othersCompared: u32 = 0;

function appendOthers(session: Session, request: RequestState, start: usize): usize {
  let at = start;
  othersDigest = 0;
  othersCompared = 0;
  const merges = hasPolicy();
  if (merges) beginMembers();
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    const annex = reservation.annex;
    if (othersCompared > MAXIMUM_OTHERS_COMPARED) break;
    if (!merges && (annex == null || annex.others == 0)) continue;
    if (!coversRequest(session, reservation, request, null)) continue;
    if (merges) addMember(reservation, standingFlowspec(reservation));
    if (annex == null || annex.others == 0) continue;
    const end = blobData(annex.others) + blobLength(annex.others);
    for (let object = blobData(annex.others); object < end; object += objectLength(object)) {
      if (at - start + objectLength(object) > MAXIMUM_OTHERS_BYTES || stands(object, start, at)) continue;
      if (othersCompared > MAXIMUM_OTHERS_COMPARED) break;
      if (!merges || !isPolicyData(object) || !hasPriority(object) || isProtected(object)) at = copyObject(at, object);
      else at = appendStripped(at, object, start);
    }
  }
  if (merges) {
    // What does not take part in the merge does not go on (RFC 3181 section 5.2).
    mergePriorities(session, true);
    at = appendMergedPriorities(at);
  }
  if (at != start) othersDigest = hashBytes(start, at - start, 6);
  return at;
}
// Without its priorities another object may say no more than one that stands already.
function appendStripped(at: usize, object: usize, start: usize): usize {
  const end = copyWithoutPriorities(at, object);
  return end == at || stands(at, start, at) ? at : end;
}

function stands(object: usize, start: usize, end: usize): bool {
  for (let at = start; at < end; at += objectLength(at)) {
    othersCompared += 1;
    if (objectLength(at) == objectLength(object) && memory.compare(at, object, objectLength(object)) == 0) return true;
  }
  return false;
}
function othersBytes(session: Session): usize {
  let bytes: usize = 0;
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    const annex = reservation.annex;
    if (annex && annex.others) bytes += blobLength(annex.others);
  }
  return min(bytes, MAXIMUM_OTHERS_BYTES) + MERGED_PRIORITIES_BYTES;
}

// Confirmations of several receivers that become free in one instant each have a Resv of their own; so many at once, for
// each is merged anew. Others wait for the next one.
const MAXIMUM_CHAINED_CONFIRMS: u32 = 16;
let chainedConfirms: u32 = 0;
function sendNextConfirm(session: Session, request: RequestState, mode: u32): void {
  chainedConfirms += 1;
  syncRequest(session, request, mode == SYNC_FORCED ? SYNC_TRIGGERED : mode);
  chainedConfirms -= 1;
}

// The entry. See SYNC_*.
export function syncRequest(session: Session, request: RequestState, mode: u32): void {
  if (session.firstReservation == null && request.sentDigest == 0) return;
  if (syncUsualRequest(session, request, mode == SYNC_FORCED)) return;
  const style = styleOf(session);
  if (request.neighbour == null) return syncApplication(session, request, style);
  const iface = interfaceByHandle(request.neighbour!.interface);
  const family = familyOf(session);
  const own = iface ? interfaceAddress(iface, family) : 0;
  if (iface == null || own == 0) {
    // Without an address to send from, again in a while.
    request.refreshAt = nextRefresh(root().refreshIntervalMs, false);
    return;
  }
  // A change of style says the old one's end before the new one's beginning.
  if (request.sentDigest != 0 && style != 0 && request.sentStyle != style) tearRequest(session, request, false);

  gatherPaths(session, request);
  prepareConfirms(session, request, style);
  const interval = refreshIntervalOf(iface);
  // Room for SCOPE, and for each sender the longest FLOWSPEC with the longest FILTER_SPEC (limits.ts bounds the senders).
  const room: usize = 16 * countSenders(session);
  const others = othersBytes(session);
  let at = startMessage(MESSAGE_RESV, HOP_TTL, 512 + 6 * room + others);
  at += writeSessionObject(session, 0, at);
  at = appendRsvpHop(at, family, own, request.logicalInterfaceHandle);
  at = appendTimeValues(at, interval);
  // The list first, beyond the room that what stands before it may need: that depends on it.
  const list = at + 64 + room + others;
  const policy = at + 32 + room;
  const policyEnd = appendOthers(session, request, policy);
  noting = true;
  const listEnd = style ? writeDescriptors(session, request, style, mode, list) : list;
  noting = false;
  if (nothingFree && mode == SYNC_FROM_ERROR) return;
  if (listEnd == list) {
    if (mode != SYNC_REPAIR) tearRequest(session, request, true);
    return;
  }
  const confirm = confirmOf;
  if (confirm) at = copyObject(at, confirm.annex!.confirm);
  const scopeStart = at;
  if (style == STYLE_WILDCARD_FILTER && (needsScope(session) || passesScopeOn(session, request))) {
    at = appendScopeOf(session, request, at, family);
    if (at == scopeStart) return tearRequest(session, request, true);
  }
  // Moved towards lower addresses, over bytes that are not needed any more.
  copyWords(at, policy, policyEnd - policy);
  at += policyEnd - policy;
  at = appendStyle(at, style);
  copyWords(at, list, listEnd - list);
  at += listEnd - list;
  // What a sender was in says the path state (`requested`), but for WF, which names none.
  const digest = style == STYLE_WILDCARD_FILTER ? hashBytes(scopeStart, at - scopeStart, 3) | 1 : 1;
  const changed = style == STYLE_WILDCARD_FILTER ? digest != request.sentDigest : anythingNew;
  const torn = request.sentDigest != 0 && style != STYLE_WILDCARD_FILTER && anyDropped(session, request);
  if (mode == SYNC_FORCED || confirm != null || changed) {
    request.sentDigest = digest;
    request.sentStyle = <u8> style;
    request.refreshAt = nextRefresh(interval, mode != SYNC_FORCED);
    schedule(session, request.refreshAt);
    if (confirm) clearConfirm(confirm);
    sendMessage(iface, at, 0, neighbourAddress(request.neighbour!), family, 0);
    if (moreConfirms && chainedConfirms < MAXIMUM_CHAINED_CONFIRMS) return sendNextConfirm(session, request, mode);
  }
  // Where senders have only gone, a ResvTear says all there is to say (RFC 2205 section 3.1.6).
  if (torn && mode != SYNC_REPAIR) tearRequest(session, request, false);
}

// A SCOPE that has come goes on, reduced to what is asked for here, though nobody need have made one (RFC 2205 section 3.4):
// without it the previous hop would take the request to be for all senders that it routes here, and an auto-refresh loop
// could go through this node.
function passesScopeOn(session: Session, request: RequestState): bool {
  if (configured(CONFIG_OPTION_SHARED_TREES)) return false;
  for (
    let reservation: ReservationState | null = session.firstReservation;
    reservation;
    reservation = reservation!.next
  ) {
    const annex = reservation.annex;
    if (annex && standingScope(annex) && coversRequest(session, reservation, request, null)) return true;
  }
  return false;
}

function anyDropped(session: Session, request: RequestState): bool {
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (path.request == request && path.requested != 0 && !hasFlag(path, PATH_INCLUDED)) return true;
  }
  return false;
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
    let at = startMessage(MESSAGE_RESV_TEAR, HOP_TTL, 128 + filterBytes(session) + passedOnBytes());
    at += writeSessionObject(session, 0, at);
    at = appendRsvpHop(at, family, own, request.logicalInterfaceHandle);
    at = appendPassedOn(at);
    at = appendStyle(at, style);
    const list = at;
    for (let path: PathState | null = session.firstPath; path && style != STYLE_WILDCARD_FILTER; path = path!.next) {
      if (path.request != request || path.requested == 0) continue;
      if (all || replaced || !hasFlag(path, PATH_INCLUDED)) at += writeSenderObject(path, CLASS_FILTER_SPEC, at);
    }
    // With every sender of an explicit style gone, its path state is gone too and there is nobody to name.
    if (style == STYLE_WILDCARD_FILTER || at != list) sendMessage(iface, at, 0, neighbourAddress(neighbour), family, 0);
  }
  if (all || replaced) {
    request.sentDigest = 0;
    for (let path: PathState | null = session.firstPath; path; path = path!.next) {
      if (path.request == request) path.requested = 0;
    }
    return;
  }
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (path.request == request && !hasFlag(path, PATH_INCLUDED)) path.requested = 0;
  }
}

// A local sender ends the way of a Resv: its application hears what is reserved for it (RESV_EVENT), on first occurrence
// and when it changes, and RESV_CONFIRMs are answered (RFC 2205 section 2.6, RFC 2209 step 2).
function syncApplication(session: Session, request: RequestState, style: u32): void {
  gatherPaths(session, request);
  prepareConfirms(session, request, style);
  const start = startEvent(
    EVENT_KIND_RESV_EVENT,
    request.logicalInterfaceHandle,
    session,
    512 + 96 * countSenders(session),
  );
  setEventStyle(style);
  othersDigest = 0;
  const end = style ? writeDescriptors(session, request, style, SYNC_TRIGGERED, start) : start;
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
  gatherPaths(session, request);
  return writeDescriptors(session, request, style, SYNC_TRIGGERED, appendStyle(at, style));
}
