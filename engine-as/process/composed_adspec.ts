// What the ADSPECs that came in last are when they leave by an interface. Those that came from one place are one blob, so
// composing, copying and adding up for the checksum is done once for all of them. A cache and not state: it holds what
// composeAdspec() gives, for as long as ADSPEC, interface and configuration are what they were.
import { composeUsualAdspec, USUAL_ADSPEC_BYTES } from "../merge/usual_adspec";
import { blobData, blobLength, goneAdspecs } from "../state/blob";
import { hopParametersOf, Interface } from "../state/interface";
import { root } from "../state/memory";
import { HopParameters } from "../merge/adspec";
import { sumBytes } from "../wire/checksum";

@unmanaged
class Composed {
  adspec: u32;
  // The interface's record, whose lowest bit is free: 1 where a hop without RSVP has been passed.
  interface: u32;
  epoch: u32;
  gone: u32;
  // Folded sum of what follows.
  sum: u32;
}
const HEADER: usize = offsetof<Composed>();
const ENTRY_BYTES: usize = 112;
const ENTRIES: u32 = 8;
const entries: usize = memory.data(896, 16);
assert(HEADER + USUAL_ADSPEC_BYTES <= ENTRY_BYTES && ENTRY_BYTES * ENTRIES == 896);

// Where the ADSPEC that leaves stands, of USUAL_ADSPEC_BYTES; 0 if it is not a usual one.
export function composedAdspec(adspec: u32, iface: Interface, breaks: bool): usize {
  const entry = entries + <usize> (((adspec >>> 3) ^ iface.handle) & (ENTRIES - 1)) * ENTRY_BYTES;
  const composed = changetype<Composed>(entry);
  const way = <u32> changetype<usize>(iface) | <u32> breaks;
  if (
    composed.adspec != adspec || composed.interface != way || composed.epoch != root().refreshEpoch ||
    composed.gone != goneAdspecs
  ) {
    if (blobLength(adspec) != USUAL_ADSPEC_BYTES) return 0;
    composed.adspec = 0;
    const hop = changetype<HopParameters>(hopParametersOf(iface));
    if (!composeUsualAdspec(blobData(adspec), entry + HEADER, hop, breaks)) return 0;
    composed.adspec = adspec;
    composed.interface = way;
    composed.epoch = root().refreshEpoch;
    composed.gone = goneAdspecs;
    composed.sum = sumBytes(entry + HEADER, USUAL_ADSPEC_BYTES);
  }
  return entry + HEADER;
}

// The folded sum of what composedAdspec() has found.
@inline
export function composedSum(adspec: usize): u32 {
  return changetype<Composed>(adspec - HEADER).sum;
}
