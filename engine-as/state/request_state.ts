// What this node requests of one previous hop for one session: the other end of our Resv messages. All senders of the
// session that come through that hop share it. A local sender has a request towards its application, with no neighbour.
import { Application } from "./application";
import { BlockadeState } from "./blockade_state";
import { Neighbour, neighbourAddress, releaseNeighbour } from "./neighbour";
import { zeroWords } from "../wire/bytes";
import { ownRequest, Session } from "./session";
import { allocate, release } from "./slab";

@unmanaged
export class RequestState {
  next: RequestState | null;
  // Previous hop and the interface towards it; null for a local application.
  neighbour: Neighbour | null;
  // The hop's logical interface handle, copied into the NHOP of our Resv (RFC 2205 section 3.1.4); for a local sender
  // its application.
  logicalInterfaceHandle: u32;
  refreshAt: u32;
  // Digest of the flow descriptors last sent; 0 when nothing is requested.
  sentDigest: u32;
  firstBlockade: BlockadeState | null;
  senders: u16;
  sentStyle: u8;
  // Bit 0 is a mark while one event is being carried out (isAffected); the others count refreshes (isSettled).
  marks: u8;
}

@inline
export function isAffected(request: RequestState): bool {
  return (request.marks & 1) != 0;
}
@inline
export function setAffected(request: RequestState, on: bool): void {
  request.marks = <u8> (on ? request.marks | 1 : request.marks & 0xfe);
}

// How many of our refreshes a previous hop that its senders have changed to must stand before it is taken for the only one:
// on the average more than the lifetime (RFC 2205 section 3.7) after which the one before would have spoken again.
const UNSETTLED_REFRESHES: u32 = 7;

export function beginSettling(request: RequestState): void {
  request.marks = <u8> ((request.marks & 1) | (UNSETTLED_REFRESHES << 1));
}
// Counts a refresh; returns whether the hop has stood for as many as it had to.
export function countSettling(request: RequestState): bool {
  if (request.marks > 1) request.marks -= 2;
  return request.marks <= 1;
}

// Whether the place in the session's record is taken.
function ownRequestIsUsed(session: Session): bool {
  const own = ownRequest(session);
  for (let request: RequestState | null = session.firstRequest; request; request = request!.next) {
    if (changetype<usize>(request) == own) return true;
  }
  return false;
}

export function createRequest(
  session: Session,
  neighbour: Neighbour | null,
  logicalInterfaceHandle: u32,
): RequestState {
  const request = changetype<RequestState>(
    ownRequestIsUsed(session) ? allocate(offsetof<RequestState>()) : ownRequest(session),
  );
  request.neighbour = neighbour;
  request.logicalInterfaceHandle = logicalInterfaceHandle;
  request.next = session.firstRequest;
  session.firstRequest = request;
  return request;
}

// The request towards this previous hop, or null. Interface and address tell hops apart (RFC 2209: PHOP and IncInterface).
export function findRequest(session: Session, interfaceHandle: u32, address: usize, family: u32): RequestState | null {
  for (let request: RequestState | null = session.firstRequest; request; request = request!.next) {
    const neighbour = request.neighbour;
    if (neighbour == null || neighbour.interface != interfaceHandle || neighbour.family != family) continue;
    if (memory.compare(neighbourAddress(neighbour), address, family == 4 ? 4 : 16) == 0) return request;
  }
  return null;
}

export function findLocalRequest(session: Session, application: Application): RequestState | null {
  for (let request: RequestState | null = session.firstRequest; request; request = request!.next) {
    if (request.neighbour == null && request.logicalInterfaceHandle == application.handle) return request;
  }
  return null;
}

// Unlinks and frees; the caller has released its blockades.
export function deleteRequest(session: Session, gone: RequestState): void {
  let previous: RequestState | null = null;
  for (let request: RequestState | null = session.firstRequest; request; request = request!.next) {
    if (request == gone) {
      if (previous) previous.next = gone.next;
      else session.firstRequest = gone.next;
      break;
    }
    previous = request;
  }
  releaseNeighbour(gone.neighbour);
  if (changetype<usize>(gone) == ownRequest(session)) zeroWords(changetype<usize>(gone), offsetof<RequestState>());
  else release(changetype<usize>(gone), offsetof<RequestState>());
}
