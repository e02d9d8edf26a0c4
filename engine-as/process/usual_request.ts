// RESV REFRESH (RFC 2209) where there is nothing to merge, which is most of them: a unicast or multicast session with one
// sender and one reservation in an explicit style, IPv4, no policy, no blockade. What is requested is then just what is
// reserved. Whatever is not so is left to the general procedure (resv_refresh.ts), which comes to the same for these too:
// tests/usual_sessions.test.ts holds the two against each other.
import { blobData, blobHash, blobLength } from "../state/blob";
import { Interface, interfaceByHandle } from "../state/interface";
import { neighbourAddress } from "../state/neighbour";
import {
  PATH_INCLUDED,
  PATH_LOCAL_ONLY,
  PATH_ROUTE_PENDING,
  PathState,
  setFlag,
  templateOf,
} from "../state/path_state";
import { hasPolicy } from "../state/policy";
import { RequestState } from "../state/request_state";
import {
  filterKey,
  RESERVATION_CONFIRM,
  RESERVATION_PENDING,
  ReservationState,
  STYLE_WILDCARD_FILTER,
} from "../state/reservation_state";
import { routeHopBy } from "../state/route";
import { keyOf, Session } from "../state/session";
import { nextRefresh } from "../timers/clock";
import { refreshIntervalOf } from "../timers/timing";
import { schedule } from "../timers/wheel";
import { copy36, copyVectors, objectLength, swap32 } from "../wire/bytes";
import { halves, sum36, sumBytes } from "../wire/checksum";
import { MESSAGE_RESV } from "../wire/message_view";
import {
  HEADER_FILTER_SPEC,
  HEADER_RSVP_HOP,
  HEADER_SESSION,
  HEADER_STYLE,
  HEADER_TIME_VALUES,
} from "../wire/usual_headers";
import { clearConfirm } from "./resv_confirm";
import { finishSummed, HOP_TTL, sendFinished, startMessage } from "./send";

// RESV_CONFIRM of IPv4.
const CONFIRM_BYTES: u32 = 8;

// The key of an IPv4 sender with port (C-Type 1).
const SENDER_KEY_BYTES: u32 = 8;

// The one sender of such a session, which came from a hop and whose data leave by the interface (routing.ts: routesTo), or
// null. Of IPv4, since messages are written by hand.
export function usualSender(session: Session, iface: u32): PathState | null {
  const path = session.firstPath;
  if (path == null || path.next || path.ctype != 1 || path.keyLength != SENDER_KEY_BYTES || session.ctype != 1) return null;
  if ((path.flags & (PATH_LOCAL_ONLY | PATH_ROUTE_PENDING)) != 0 || session.firstApplication || hasPolicy()) return null;
  const request = path.request;
  const neighbour = request.neighbour;
  if (neighbour == null || neighbour.interface == iface || routeHopBy(path.outgoing, iface) == 0) return null;
  return request.next == null && session.firstRequest == request && request.firstBlockade == null ? path : null;
}

// Carries out what syncRequest() is to do, if it can; `forced`: send in any case.
export function syncUsualRequest(session: Session, request: RequestState, forced: bool): bool {
  const reservation = session.firstReservation;
  if (reservation == null || reservation.next || (reservation.flags & RESERVATION_PENDING) != 0) return false;
  const style: u32 = reservation.style;
  if (style == STYLE_WILDCARD_FILTER || (request.sentDigest != 0 && request.sentStyle != style)) return false;
  const filter = reservation.firstFilter;
  if (filter == null || filter.next || filter.fresh || filter.ctype != 1 || filter.keyLength != SENDER_KEY_BYTES) return false;
  const annex = reservation.annex;
  if (annex && (annex.scope | annex.others | annex.forwardFlowspec) != 0) return false;
  const path = usualSender(session, reservation.interface);
  if (path == null || load<u64>(filterKey(filter)) != load<u64>(templateOf(path))) return false;
  const iface = interfaceByHandle(request.neighbour!.interface);
  if (iface == null || iface.ipv4 == 0) return false;
  const confirm: usize = annex && (reservation.flags & RESERVATION_CONFIRM) != 0 ? annex.confirm : 0;
  if (confirm != 0 && objectLength(confirm) != CONFIRM_BYTES) return false;
  const digest = blobHash(reservation.flowspec) | 1;
  setFlag(path, PATH_INCLUDED, true);
  if (forced || confirm != 0 || path.requested != digest) {
    path.requested = digest;
    request.refreshAt = nextRefresh(refreshIntervalOf(iface), !forced);
    schedule(session, request.refreshAt);
    sendUsualRequest(session, request, iface, reservation, confirm);
    if (confirm != 0) clearConfirm(reservation);
  }
  return true;
}

// Sends the Resv for the one reservation; `confirm` is a RESV_CONFIRM of IPv4 to go with it, or 0. The checksum is added up
// from what is written, not from what has been written, which memory would have to give back at once.
export function sendUsualRequest(
  session: Session,
  request: RequestState,
  iface: Interface,
  reservation: ReservationState,
  confirm: usize,
): void {
  request.sentDigest = 1;
  request.sentStyle = reservation.style;
  const at = startMessage(MESSAGE_RESV, HOP_TTL, 192);
  const key = load<u64>(keyOf(session));
  const hop = <u64> iface.ipv4 | (<u64> swap32(request.logicalInterfaceHandle) << 32);
  const times = <u64> HEADER_TIME_VALUES | (<u64> swap32(refreshIntervalOf(iface)) << 32);
  store<u32>(at, HEADER_SESSION);
  store<u64>(at, key, 4);
  store<u32>(at, HEADER_RSVP_HOP, 12);
  store<u64>(at, hop, 16);
  store<u64>(at, times, 24);
  let sum = halves(key) + halves(hop) + halves(times);
  let to = at + 32;
  if (confirm != 0) {
    const word = load<u64>(confirm);
    store<u64>(to, word);
    sum += halves(word);
    to += 8;
  }
  const style = <u64> HEADER_STYLE | (<u64> reservation.style << 56);
  store<u64>(to, style);
  const flowspec = blobData(reservation.flowspec), flowspecBytes = blobLength(reservation.flowspec);
  if (flowspecBytes == 36) copy36(to + 8, flowspec);
  else copyVectors(to + 8, flowspec, flowspecBytes);
  sum += halves(style) + (flowspecBytes == 36 ? sum36(flowspec) : sumBytes(flowspec, <u32> flowspecBytes));
  to += 8 + flowspecBytes;
  const sender = load<u64>(filterKey(reservation.firstFilter!));
  store<u32>(to, HEADER_FILTER_SPEC);
  store<u64>(to, sender, 4);
  finishSummed(to + 12, sum + halves(sender) + HEADERS_SUM);
  sendFinished(iface, to + 12, 0, neighbourAddress(request.neighbour!), 4, 0);
}
const HEADERS_SUM: u64 = <u64> HEADER_SESSION + HEADER_RSVP_HOP + HEADER_FILTER_SPEC;
