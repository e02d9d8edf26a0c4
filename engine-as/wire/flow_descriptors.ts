// Walks the flow descriptor list of a message that parseMessage() accepted, and of the lists that process/ keeps in
// the same form. One step gives one reservation request:
//   FF   one FILTER_SPEC with the FLOWSPEC that stands before it, or the last one before that (RFC 2205 section 3.1.4)
//   SE   the FLOWSPEC with all its FILTER_SPECs
//   WF   the FLOWSPEC alone
// NULL objects and unknown ones in between are stepped over. `flowspec` is 0 where a ResvTear or ResvErr has none.
import { objectClass, objectLength } from "./bytes";
import { STYLE_FF, STYLE_WF } from "./flow_grammar";
import { CLASS_FILTER_SPEC, CLASS_FLOWSPEC } from "./object_forms";

@unmanaged
export class FlowDescriptors {
  style: u32;
  // What has not been walked yet, and the end of the list.
  next: usize;
  end: usize;
  // The request at hand: its FLOWSPEC, its first FILTER_SPEC (0 for WF), how many there are, and where they end.
  flowspec: usize;
  filter: usize;
  filterCount: u32;
  filtersEnd: usize;
}

export const FLOW_DESCRIPTORS_BYTES: usize = offsetof<FlowDescriptors>();

// Starts over the list from `start` to `end`; call nextFlowDescriptor() for the first request.
export function beginFlowDescriptors(at: usize, style: u32, start: usize, end: usize): FlowDescriptors {
  const f = changetype<FlowDescriptors>(at);
  f.style = style;
  f.next = start;
  f.end = end;
  f.flowspec = 0;
  f.filter = 0;
  f.filterCount = 0;
  f.filtersEnd = start;
  return f;
}

// Moves to the next request; false when there is none.
export function nextFlowDescriptor(f: FlowDescriptors): bool {
  const end = f.end;
  let at = f.next;
  if (at >= end) return false;
  f.filter = 0;
  f.filterCount = 0;
  let found = f.style == STYLE_WF;
  while (at < end) {
    const length = objectLength(at);
    const kind = objectClass(at);
    if (kind == CLASS_FLOWSPEC) {
      f.flowspec = at;
    } else if (kind == CLASS_FILTER_SPEC) {
      if (!f.filter) f.filter = at;
      f.filterCount += 1;
      found = true;
      f.filtersEnd = at + length;
      if (f.style == STYLE_FF) {
        at += length;
        break;
      }
    }
    at += length;
  }
  f.next = at;
  return found;
}

// The first FILTER_SPEC at or after `at`, or 0: for walking the filters of an SE request from `filter` to `filtersEnd`.
// A WF request has none, which its `filter` of 0 says.
export function nextFilter(at: usize, end: usize): usize {
  if (at == 0) return 0;
  while (at < end) {
    if (objectClass(at) == CLASS_FILTER_SPEC) return at;
    at += objectLength(at);
  }
  return 0;
}
