// Content-addressed, reference-counted bytes: SENDER_TSPECs, FLOWSPECs, ADSPECs, SCOPEs, route lists. Equal content is
// one blob, so "has it changed?" is a comparison of two pointers, and a million sessions that come through one hop share
// its ADSPEC. Lengths are multiples of four.
import { blobTable, insert, NO_SLOT, probeFirst, probeNext, removeValue, slotValue } from "./hash_table";
import { copyWords, equalRuns, objectLength } from "../wire/bytes";
import { hashBytes } from "./hash";
import { allocate, release } from "./slab";

@unmanaged
class Blob {
  references: u32;
  hash: u32;
  length: u32;
}
const HEADER: usize = 12;

@inline
export function blobData(blob: u32): usize {
  return <usize> blob + HEADER;
}
// The hash that bytes have as a blob.
@inline
export function hashOfBlob(pointer: usize, length: usize): u32 {
  return hashBytes(pointer, length, 1);
}
// The keyed hash of the content.
@inline
export function blobHash(blob: u32): u32 {
  return changetype<Blob>(<usize> blob).hash;
}
@inline
export function blobLength(blob: u32): usize {
  return changetype<Blob>(<usize> blob).length;
}

// Whether the blob (0 for none) holds just these bytes (length 0 for none).
@inline
export function blobEquals(blob: u32, pointer: usize, length: usize): bool {
  if (blob == 0) return length == 0;
  return blobLength(blob) == length && equalRuns(blobData(blob), pointer, length);
}

// The blob found last of each kind and length: what comes through one hop repeats its objects, and comparing costs a
// fraction of hashing. Not state: it names blobs that live, and forgets one that goes.
const RECENT: u32 = 32;
const recent: usize = memory.data(128, 8);
assert(RECENT * 4 <= 128);

// Objects have their class in the third byte; the classes of RFC 2210 differ in its low bits.
@inline
function recentSlot(pointer: usize, length: usize): usize {
  return recent + <usize> (((load<u8>(pointer, 2) << 2) ^ (<u32> length >>> 2)) & (RECENT - 1)) * 4;
}

// The blob with this content, with one more reference. No bytes: 0.
export function retainBytes(pointer: usize, length: usize): u32 {
  if (length == 0) return 0;
  const place = recentSlot(pointer, length);
  const last = load<u32>(place);
  if (last != 0 && blobEquals(last, pointer, length)) {
    changetype<Blob>(<usize> last).references += 1;
    return last;
  }
  const blob = retainFound(pointer, length);
  store<u32>(place, blob);
  return blob;
}

function retainFound(pointer: usize, length: usize): u32 {
  const table = blobTable();
  const hash = hashOfBlob(pointer, length);
  let slot = probeFirst(table, hash);
  while (slot != NO_SLOT) {
    const blob = slotValue(table, slot);
    if (blobEquals(blob, pointer, length)) {
      changetype<Blob>(<usize> blob).references += 1;
      return blob;
    }
    slot = probeNext(table, hash, slot);
  }
  const record = allocate(HEADER + length);
  const blob = changetype<Blob>(record);
  blob.references = 1;
  blob.hash = hash;
  blob.length = <u32> length;
  copyWords(record + HEADER, pointer, length);
  insert(table, hash, <u32> record);
  return <u32> record;
}

@inline
export function retainBlob(blob: u32): u32 {
  if (blob != 0) changetype<Blob>(<usize> blob).references += 1;
  return blob;
}

@inline
export function releaseBlob(blob: u32): void {
  if (blob == 0) return;
  const references = changetype<Blob>(<usize> blob).references - 1;
  changetype<Blob>(<usize> blob).references = references;
  if (references == 0) deleteBlob(blob);
}

// Moves when one goes that may be an ADSPEC: what was worked out from blobs of that length is void.
export let goneAdspecs: u32 = 0;
const ADSPEC_BYTES: u32 = 84;

function deleteBlob(blob: u32): void {
  const record = changetype<Blob>(<usize> blob);
  if (record.length == ADSPEC_BYTES) goneAdspecs += 1;
  const place = recentSlot(blobData(blob), record.length);
  if (load<u32>(place) == blob) store<u32>(place, 0);
  for (let at: usize = 0; at < KNOWN_BYTES; at += 4) if (load<u32>(known + at) == blob) store<u32>(known + at, 0);
  removeValue(blobTable(), record.hash, blob);
  release(<usize> blob, HEADER + record.length);
}

// A blob that something is known of beside its content, by what it is known for. Not state either: it is forgotten when the
// blob goes.
export const KNOWN_TSPEC: usize = 0; // A SENDER_TSPEC that has been found valid
export const KNOWN_ADSPEC: usize = 4; // An ADSPEC that has been found valid
export const KNOWN_ROUTE: usize = 8; // The route that was answered last
export const KNOWN_USUAL_TSPEC: usize = 12; // Those of the Path that process/first_path.ts has noted
export const KNOWN_USUAL_ADSPEC: usize = 16;
const KNOWN_BYTES: usize = 20;
const known: usize = memory.data(20, 8);

@inline
export function knownBlob(what: usize): u32 {
  return load<u32>(known + what);
}
@inline
export function setKnownBlob(what: usize, blob: u32): void {
  store<u32>(known + what, blob);
}
// The one that is known if it holds just this object, or 0.
@inline
export function knownObject(what: usize, object: usize): u32 {
  const blob = load<u32>(known + what);
  return blob != 0 && blobEquals(blob, object, objectLength(object)) ? blob : 0;
}

// An RSVP object (its length is in its header) as a blob; 0 for an absent object.
@inline
export function retainObject(object: usize): u32 {
  if (object == 0) return 0;
  return retainBytes(object, objectLength(object));
}
@inline
export function blobEqualsObject(blob: u32, object: usize): bool {
  if (object == 0) return blob == 0;
  return blobEquals(blob, object, objectLength(object));
}
