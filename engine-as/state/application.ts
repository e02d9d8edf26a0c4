// A registration of a local application with a session (RFC 2205 3.11.1). It is a virtual hop on a virtual interface of
// its own: its sender is path state without neighbour, its reservation is a next hop on interface
// APPLICATION_INTERFACE | handle. A reservation that no path state matches yet is kept as wanted and made when one does.
import { applicationTable, insert, NO_SLOT, probeFirst, probeNext, removeValue, slotValue } from "./hash_table";
import { releaseBlob } from "./blob";
import { Session } from "./session";
import { allocate, release } from "./slab";

export const APPLICATION_INTERFACE: u32 = 0x40000000;

@unmanaged
export class Application {
  next: Application | null;
  handle: u32;
  // The interface that it receives on (RFC 2205 section 3.9); 0 for the one that routing expects.
  interface: u32;
  session: Session;
  // RESERVE's objects as one blob, 0 if it wants nothing.
  wanted: u32;
  wantedStyle: u8;
  confirm: u8;
  // 1 once the RESV_CONFIRM of this set of objects has been asked for; asked once per call.
  confirmAsked: u8;
  // Mark while a route is being changed: a sender's data reached it before.
  reached: u8;
  // 1 once it has been told that what it wants is of another style than what stands.
  toldOfConflict: u8;
}

@inline
export function isVirtual(interfaceHandle: u32): bool {
  return (interfaceHandle & APPLICATION_INTERFACE) != 0;
}

@inline
function hashOf(handle: u32): u32 {
  return handle * 0x9e3779b1;
}

export function findApplication(handle: u32): Application | null {
  const table = applicationTable();
  let slot = probeFirst(table, hashOf(handle));
  while (slot != NO_SLOT) {
    const application = changetype<Application>(<usize> slotValue(table, slot));
    if (application.handle == handle) return application;
    slot = probeNext(table, hashOf(handle), slot);
  }
  return null;
}

export function createApplication(handle: u32, session: Session): Application {
  const application = changetype<Application>(allocate(offsetof<Application>()));
  application.handle = handle;
  application.session = session;
  application.next = session.firstApplication;
  session.firstApplication = application;
  insert(applicationTable(), hashOf(handle), <u32> changetype<usize>(application));
  return application;
}

export function deleteApplication(gone: Application): void {
  const session = gone.session;
  let previous: Application | null = null;
  for (let application: Application | null = session.firstApplication; application; application = application!.next) {
    if (application == gone) {
      if (previous) previous.next = gone.next;
      else session.firstApplication = gone.next;
      break;
    }
    previous = application;
  }
  releaseBlob(gone.wanted);
  removeValue(applicationTable(), hashOf(gone.handle), <u32> changetype<usize>(gone));
  release(changetype<usize>(gone), offsetof<Application>());
}
