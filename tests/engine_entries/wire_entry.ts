// What the wire tests call: the exports of engine-as/engine.ts do not show these rooms one by one.
import "../../engine-as/abort";
import { MESSAGE_VIEW_BYTES, MessageView, parseCall, parseMessage } from "../../engine-as/wire/message_view";
import { checksumField, sumBytes, sumShort } from "../../engine-as/wire/checksum";
import {
  beginFlowDescriptors,
  FLOW_DESCRIPTORS_BYTES,
  FlowDescriptors,
  nextFlowDescriptor,
} from "../../engine-as/wire/flow_descriptors";

export { parseCall, parseMessage };
export function sum(pointer: usize, length: u32): u32 {
  return sumBytes(pointer, length);
}
export function shortSum(pointer: usize, length: u32): u32 {
  return sumShort(pointer, length);
}
export function field(pointer: usize, length: u32): u32 {
  return checksumField(pointer, length);
}
export function viewBytes(): usize {
  return MESSAGE_VIEW_BYTES;
}
