// Requests come with the first sender behind a previous hop and go with the last.
import { deleteBlockades } from "../state/blockade_state";
import { retainNeighbour } from "../state/neighbour";
import { createRequest, deleteRequest, findRequest, RequestState } from "../state/request_state";
import { Session } from "../state/session";
import { addressOf, familyOfObject, hopHandle } from "./objects";

// The request towards the hop of an RSVP_HOP object, with its current logical interface handle.
export function adoptRequest(session: Session, incoming: u32, hop: usize): RequestState {
  const family = familyOfObject(hop);
  const request = session.firstRequest ? findRequest(session, incoming, addressOf(hop), family) : null;
  if (request) {
    request.logicalInterfaceHandle = hopHandle(hop);
    return request;
  }
  return createRequest(session, retainNeighbour(incoming, addressOf(hop), family), hopHandle(hop));
}

export function dropRequestIfIdle(session: Session, request: RequestState): void {
  if (request.senders != 0) return;
  deleteBlockades(request);
  deleteRequest(session, request);
}
