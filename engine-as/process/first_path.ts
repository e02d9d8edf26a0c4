// The first sender of a usual session, which is most of what a router in the middle is told of: a Path of the usual form
// (wire/usual_view.ts) with a valid SENDER_TSPEC and ADSPEC, from a hop that has been heard, for one destination, without
// policy and with room for it. What PATH MESSAGE ARRIVES (RFC 2209) comes to is known beforehand then: a session, a sender,
// a previous hop and a question for the route. Whatever is not so is left to the general procedure before anything has been
// touched. A test holds the two against each other.
import { COUNTER_PATH_STATES } from "../boundary.gen";
import { KNOWN_USUAL_ADSPEC, KNOWN_USUAL_TSPEC, knownBlob, retainBlob, setKnownBlob } from "../state/blob";
import { Interface } from "../state/interface";
import { count, isBelowCeiling, root } from "../state/memory";
import { Neighbour, recentNeighbour } from "../state/neighbour";
import {
  PATH_LOCAL,
  PATH_LOCAL_ONLY,
  PATH_REPAIR,
  PATH_ROUTE_PENDING,
  PathState,
  setFlag,
  templateOf,
} from "../state/path_state";
import { hasPolicy } from "../state/policy";
import { isAffected, RequestState } from "../state/request_state";
import { createPlain, ownPath, ownRequest, Session } from "../state/session";
import { MessageView } from "../wire/message_view";
import { specsVersion } from "../wire/usual_view";
import { arrivalInterface, view } from "./context";
import { awaitRoute, findBlobs, retainAdspec, retainTspec, storeArrival } from "./path";
import { pathRefresh } from "./path_refresh";

// The specs of the Path that was noted (usual_view.ts), and a hop's address that was no address of this node's.
let knownVersion: u32 = 0;
let foreignAddress: u32 = 0;
let foreignEpoch: u32 = 0;

// Called when a Path of the usual form with an ADSPEC has made state: its specs are valid and kept, its hop is another node.
export function noteUsualPath(v: MessageView, path: PathState): void {
  setKnownBlob(KNOWN_USUAL_TSPEC, path.senderTspec);
  setKnownBlob(KNOWN_USUAL_ADSPEC, path.adspec);
  knownVersion = specsVersion;
  foreignAddress = load<u32>(v.hop, 4);
  foreignEpoch = root().refreshEpoch;
}

// Carries out the Path at hand, whose session does not exist, if it is as said above; false if not, and nothing has happened.
export function takeFirstPath(): bool {
  const v = view(), state = root(), iface = arrivalInterface();
  const tspec = knownBlob(KNOWN_USUAL_TSPEC), adspec = knownBlob(KNOWN_USUAL_ADSPEC);
  if (v.adspec == 0 || hasPolicy()) return false;
  const hop = heardHop(v, iface);
  if (hop == null || (state.maximumStatePerNeighbour != 0 && hop.states >= state.maximumStatePerNeighbour)) return false;
  if (state.maximumSessions != 0 && state.sessionCount >= state.maximumSessions) return false;
  if (!isBelowCeiling(<u64> state.heapTop + <u64> v.length + 1024)) return false;
  const repeats = knownVersion == specsVersion && tspec != 0 && adspec != 0;
  if (!repeats && findBlobs() != 0) return false;
  const session = createPlain(v.session);
  if (session == null) return false;
  const request = changetype<RequestState>(ownRequest(session)), path = changetype<PathState>(ownPath(session));
  request.neighbour = hop;
  request.logicalInterfaceHandle = bswap<u32>(load<u32>(v.hop, 8));
  request.senders = 1;
  hop.references += 1;
  hop.states += 1;
  path.request = request;
  path.senderTspec = repeats ? retainBlob(tspec) : retainTspec();
  path.adspec = repeats ? retainBlob(adspec) : retainAdspec();
  path.ctype = 1;
  path.keyLength = 8;
  store<u64>(templateOf(path), load<u64>(v.senderTemplate, 4));
  session.firstPath = path;
  session.firstRequest = request;
  session.pathCount = 1;
  count(COUNTER_PATH_STATES);
  if (!repeats) noteUsualPath(v, path);
  storeArrival(path);
  awaitRoute(session, path);
  return true;
}

// The answer to the question for the route of such a sender: what follows the routing step is nothing but its Path then,
// which goes out. False, and nothing has happened, for any other; else the path state has the caller's hold on the route.
export function takeFirstRoute(session: Session, path: PathState, route: u32): bool {
  const request = path.request;
  if ((path.flags & (PATH_REPAIR | PATH_LOCAL | PATH_LOCAL_ONLY)) != 0 || session.multicast != 0) return false;
  if (session.firstPath != path || path.next || session.firstReservation || session.firstApplication) return false;
  if (session.firstRequest != request || request.next || isAffected(request) || request.sentDigest != 0) return false;
  path.outgoing = route;
  setFlag(path, PATH_ROUTE_PENDING, false);
  path.fingerprint = 0;
  pathRefresh(session, path, true);
  return true;
}

// The neighbour that the message comes from, if it is the one found last and was no address of this node's.
@inline
function heardHop(v: MessageView, iface: Interface): Neighbour | null {
  const address = load<u32>(v.hop, 4);
  if (address != foreignAddress || foreignEpoch != root().refreshEpoch) return null;
  return recentNeighbour(iface.handle, address);
}
