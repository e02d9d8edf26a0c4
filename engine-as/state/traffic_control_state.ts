// TCSB, traffic control state block (RFC 2209 section 1): what is, or is about to be, reserved on one outgoing interface
// for one session; for FF one per filter. What the kernel has confirmed stands in the block; what it has been asked for
// stands in the annex until TRAFFIC_CONTROL_RESULT. Capacity is held at the larger of the two.
import { COUNTER_TRAFFIC_CONTROL_STATES, MAXIMUM_INTERFACE_HANDLE } from "../boundary.gen";
import { releaseBlob } from "./blob";
import { releaseHandle } from "./handles";
import { count, uncount } from "./memory";
import { Session } from "./session";
import { allocate, release } from "./slab";
import { endStanding } from "./standing";

@unmanaged
export class TrafficControlAnnex {
  flowspec: u32;
  pathTspec: u32;
  filterDigest: u32;
  // What admission counts for what was asked, and what is held meanwhile: the larger of this and the confirmed rate.
  rate: f64;
  held: f64;
  generation: u32;
  policing: u8;
  // More has changed since it was sent; asked for again when the answer is in.
  again: u8;
  reserved: u16;
}

// What the flags of a block say, above its policing flags.
const POLICING: u8 = 7;
const DISTINCT: u8 = 8;
const BEHIND: u8 = 16;

@unmanaged
export class TrafficControlState {
  next: TrafficControlState | null;
  // TC_Flowspec and Path_Te as confirmed; 0 before the first confirmation.
  flowspec: u32;
  pathTspec: u32;
  handle: u32;
  annex: TrafficControlAnnex | null;
  // Digest of the filters it covers; for FF the identity of the one filter.
  filterDigest: u32;
  // Of the INSTALL that was confirmed last: what traffic control says of an older one is stale.
  generation: u32;
  // These four bytes stand before the number that is aligned to eight: behind it they would cost four more. An interface
  // that has traffic control is none of an application's, so two bytes hold its handle.
  interface: u16;
  style: u8;
  flags: u8;
  // What admission counts for what is confirmed.
  rate: f64;

  // As confirmed.
  @inline
  get policing(): u8 {
    return this.flags & POLICING;
  }
  set policing(value: u8) {
    this.flags = (this.flags & ~POLICING) | (value & POLICING);
  }
  // FF: filterDigest is the identity.
  @inline
  get distinct(): bool {
    return (this.flags & DISTINCT) != 0;
  }
  set distinct(value: bool) {
    this.flags = value ? this.flags | DISTINCT : this.flags & ~DISTINCT;
  }
  // Path_Te has grown and there was no room: to be asked for again with the next refresh.
  @inline
  get behind(): bool {
    return (this.flags & BEHIND) != 0;
  }
  set behind(value: bool) {
    this.flags = value ? this.flags | BEHIND : this.flags & ~BEHIND;
  }
}
assert(MAXIMUM_INTERFACE_HANDLE <= 0xffff);

export function findTrafficControl(
  session: Session,
  interfaceHandle: u32,
  distinctDigest: u32,
): TrafficControlState | null {
  for (let block: TrafficControlState | null = session.firstTrafficControl; block; block = block!.next) {
    if (block.interface != interfaceHandle) continue;
    if (distinctDigest == 0 || (block.distinct && block.filterDigest == distinctDigest)) return block;
  }
  return null;
}

export function createTrafficControl(session: Session, interfaceHandle: u32, style: u32): TrafficControlState {
  const block = changetype<TrafficControlState>(allocate(offsetof<TrafficControlState>()));
  block.interface = <u16> interfaceHandle;
  block.style = <u8> style;
  block.next = session.firstTrafficControl;
  session.firstTrafficControl = block;
  count(COUNTER_TRAFFIC_CONTROL_STATES);
  return block;
}

export function openAnnex(block: TrafficControlState): TrafficControlAnnex {
  let annex = block.annex;
  if (annex == null) {
    annex = changetype<TrafficControlAnnex>(allocate(offsetof<TrafficControlAnnex>()));
    block.annex = annex;
  }
  return annex;
}

export function closeAnnex(block: TrafficControlState): void {
  const annex = block.annex;
  if (annex == null) return;
  releaseBlob(annex.flowspec);
  releaseBlob(annex.pathTspec);
  release(changetype<usize>(annex), offsetof<TrafficControlAnnex>());
  block.annex = null;
}

export function deleteTrafficControl(session: Session, gone: TrafficControlState): void {
  let previous: TrafficControlState | null = null;
  for (let block: TrafficControlState | null = session.firstTrafficControl; block; block = block!.next) {
    if (block == gone) {
      if (previous) previous.next = gone.next;
      else session.firstTrafficControl = gone.next;
      break;
    }
    previous = block;
  }
  closeAnnex(gone);
  releaseBlob(gone.flowspec);
  releaseBlob(gone.pathTspec);
  if (gone.handle) {
    endStanding(gone.handle);
    releaseHandle(gone.handle);
  }
  release(changetype<usize>(gone), offsetof<TrafficControlState>());
  uncount(COUNTER_TRAFFIC_CONTROL_STATES);
}
