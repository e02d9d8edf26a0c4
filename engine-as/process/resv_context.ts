// The reservation that is being asked for, by a Resv or by an application's call: where, for whom, until when. It is known
// to what makes reservations and to what refuses them, and lives as long as the event.
import { STATUS_BAD_VALUE, STATUS_UNKNOWN_INTERFACE } from "../boundary.gen";
import { Interface, interfaceByHandle, speaksRsvp } from "../state/interface";
import { Neighbour } from "../state/neighbour";
import { arrivalInterface, view } from "./context";
import { drop } from "./drop";
import { hopHandle } from "./objects";

// The request that is being made: the network's or an application's (local_call.ts). `hop` null is an application.
@unmanaged
export class ResvContext {
  interface: u32;
  hop: Neighbour | null;
  expiresAt: u32;
  // Objects, or 0.
  scope: usize;
  confirm: usize;
  others: u32;
  // Whether all that has been carried out so far was there before.
  unchanged: bool;
}
const contextMemory: usize = memory.data(64, 8);
@inline
export function resvContext(): ResvContext {
  return changetype<ResvContext>(contextMemory);
}

// OI is what the LIH says, by whatever interface the message came (RFC 2205 section 2.9); without one it is the interface
// of its arrival (RFC 2209). Null, and the message dropped, for a LIH that was never given out (appendix B, "bad LIH"), and
// for an interface that is down or without RSVP: nothing is reserved there, by whatever way the message came.
export function outgoingInterface(): Interface | null {
  const handle = hopHandle(view().hop);
  if (handle == 0) return arrivalInterface();
  const named = interfaceByHandle(handle);
  if (named == null) {
    drop(STATUS_BAD_VALUE, view().hop);
    return null;
  }
  if (speaksRsvp(named)) return named;
  drop(STATUS_UNKNOWN_INTERFACE, view().hop);
  return null;
}
