// The flow descriptor list against its style (RFC 2205 section 3.1.4), as a state machine that the walk over the message
// feeds with every FLOWSPEC and FILTER_SPEC:
//   WF   one FLOWSPEC, no FILTER_SPEC
//   FF   FLOWSPEC FILTER_SPEC, then more FILTER_SPECs, each with a FLOWSPEC of its own or inheriting the last one
//   SE   one FLOWSPEC, then one or more FILTER_SPECs
// A ResvErr has one such descriptor or none (section 3.1.8). A ResvTear's FLOWSPECs are ignored and may be missing
// (section 3.1.6). The list of an unknown style cannot be judged.
import { STATUS_FLOW_DESCRIPTOR, STATUS_OK, STATUS_TOO_MANY_OBJECTS } from "../boundary.gen";
import { MAXIMUM_FILTERS_PER_MESSAGE } from "../limits";
import { MESSAGE_RESV_ERROR, MESSAGE_RESV_TEAR, MessageView } from "./message_view";
import { CLASS_FLOWSPEC } from "./object_forms";

// The low five bits of the option vector (RFC 2205 appendix A.7): sharing, sender selection.
export const STYLE_WF: u32 = 0x11;
export const STYLE_FF: u32 = 0x0a;
export const STYLE_SE: u32 = 0x12;

export function flowDescriptorObject(v: MessageView, object: usize, objectClass: u32): u32 {
  return objectClass == CLASS_FLOWSPEC ? flowspec(v) : filterSpec(v);
}

function flowspec(v: MessageView): u32 {
  v.flowspecCount += 1;
  if (!v.style || v.type == MESSAGE_RESV_TEAR) return STATUS_OK;
  if (v.style == STYLE_FF && v.type != MESSAGE_RESV_ERROR) {
    // Two FLOWSPECs in a row: the first would belong to no filter.
    if (v.flowspecPending) return STATUS_FLOW_DESCRIPTOR;
    v.flowspecPending = 1;
    return STATUS_OK;
  }
  return v.flowspecCount > 1 || v.filterCount > 0 ? STATUS_FLOW_DESCRIPTOR : STATUS_OK;
}

function filterSpec(v: MessageView): u32 {
  v.filterCount += 1;
  if (v.filterCount > MAXIMUM_FILTERS_PER_MESSAGE) return STATUS_TOO_MANY_OBJECTS;
  if (!v.style) return STATUS_OK;
  if (v.style == STYLE_WF) return STATUS_FLOW_DESCRIPTOR;
  if (v.type == MESSAGE_RESV_TEAR) return STATUS_OK;
  v.flowspecPending = 0;
  if (v.style == STYLE_FF && v.type == MESSAGE_RESV_ERROR) {
    return v.filterCount > 1 ? STATUS_FLOW_DESCRIPTOR : STATUS_OK;
  }
  return v.flowspecCount == 0 ? STATUS_FLOW_DESCRIPTOR : STATUS_OK;
}

// What only the end of the message shows.
export function flowDescriptorsComplete(v: MessageView): u32 {
  if (!v.style) return STATUS_OK;
  if (v.type == MESSAGE_RESV_ERROR && v.flowspecCount + v.filterCount == 0) return STATUS_OK;
  let whole: bool;
  if (v.style == STYLE_WF) whole = v.type == MESSAGE_RESV_TEAR || v.flowspecCount == 1;
  else whole = v.filterCount > 0 && !v.flowspecPending;
  return whole ? STATUS_OK : STATUS_FLOW_DESCRIPTOR;
}
