// An RSVP neighbour is (interface, address): link-local addresses, unnumbered links and several addresses on a LAN all
// stay apart. Path and reservation state point to it and count in it, which is what bounds the state that one
// neighbour may create. RFC 2961 and RFC 2747 will hang their epochs and sequence numbers here.
import { copyWords, equalWords } from "../wire/bytes";
import { COUNTER_NEIGHBOURS } from "../boundary.gen";
import { insert, neighbourTable, NO_SLOT, probeFirst, probeNext, removeValue, slotValue } from "./hash_table";
import { hashBytes } from "./hash";
import { count, uncount } from "./memory";
import { allocate, release } from "./slab";

@unmanaged
export class Neighbour {
  interface: u32;
  family: u32;
  // 16 bytes of address, network order, IPv4 in the first four.
  address0: u32;
  address1: u32;
  address2: u32;
  address3: u32;
  references: u32;
  states: u32;
}

const KEY_BYTES: usize = 24;
const scratch: usize = memory.data(24, 8);

@inline
export function neighbourAddress(neighbour: Neighbour): usize {
  return changetype<usize>(neighbour) + offsetof<Neighbour>("address0");
}

// The neighbour found last: messages come in runs from one hop. Not state: it is forgotten when it goes.
let recent: usize = 0;

function find(): Neighbour | null {
  if (recent != 0 && equalWords(recent, scratch, KEY_BYTES)) return changetype<Neighbour>(recent);
  const table = neighbourTable();
  const hash = hashBytes(scratch, KEY_BYTES, 2);
  let slot = probeFirst(table, hash);
  while (slot != NO_SLOT) {
    const candidate = <usize> slotValue(table, slot);
    if (equalWords(candidate, scratch, KEY_BYTES)) {
      recent = candidate;
      return changetype<Neighbour>(candidate);
    }
    slot = probeNext(table, hash, slot);
  }
  return null;
}

function fillScratch(interfaceHandle: u32, address: usize, family: u32): void {
  store<u32>(scratch, interfaceHandle);
  store<u32>(scratch, family, 4);
  if (family == 4) {
    store<u64>(scratch, load<u32>(address), 8);
    store<u64>(scratch, 0, 16);
  } else {
    v128.store(scratch, v128.load(address), 8);
  }
}

// Whether it is the one that was found last, of IPv4.
@inline
function isRecent(interfaceHandle: u32, address: usize, family: u32): bool {
  return family == 4 && recentNeighbour(interfaceHandle, load<u32>(address)) != null;
}

// The neighbour that was found last, if it is this one of IPv4.
@inline
export function recentNeighbour(interfaceHandle: u32, address: u32): Neighbour | null {
  const last = changetype<Neighbour>(recent);
  if (recent == 0 || last.family != 4 || last.address0 != address || last.interface != interfaceHandle) return null;
  return last;
}

export function findNeighbour(interfaceHandle: u32, address: usize, family: u32): Neighbour | null {
  if (isRecent(interfaceHandle, address, family)) return changetype<Neighbour>(recent);
  fillScratch(interfaceHandle, address, family);
  return find();
}

// The neighbour with one more reference; created if it is new.
export function retainNeighbour(interfaceHandle: u32, address: usize, family: u32): Neighbour {
  if (isRecent(interfaceHandle, address, family)) {
    const last = changetype<Neighbour>(recent);
    last.references += 1;
    return last;
  }
  fillScratch(interfaceHandle, address, family);
  let neighbour = find();
  if (neighbour == null) {
    const record = allocate(offsetof<Neighbour>());
    copyWords(record, scratch, KEY_BYTES);
    insert(neighbourTable(), hashBytes(scratch, KEY_BYTES, 2), <u32> record);
    count(COUNTER_NEIGHBOURS);
    neighbour = changetype<Neighbour>(record);
  }
  neighbour.references += 1;
  return neighbour;
}

export function releaseNeighbour(neighbour: Neighbour | null): void {
  if (neighbour == null) return;
  neighbour.references -= 1;
  if (neighbour.references != 0) return;
  const record = changetype<usize>(neighbour);
  if (recent == record) recent = 0;
  removeValue(neighbourTable(), hashBytes(record, KEY_BYTES, 2), <u32> record);
  release(record, offsetof<Neighbour>());
  uncount(COUNTER_NEIGHBOURS);
}
