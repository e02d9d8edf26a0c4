// What the wire tests call: the exports of engine-as/engine.ts do not show these rooms one by one.
import "../../engine-as/abort";
import {
  appendErrorSpec,
  appendFilterSpec,
  appendResvConfirm,
  appendRsvpHop,
  appendScope,
  appendSenderTemplate,
  appendSession,
  appendStyle,
  appendTimeValues,
  beginMessage,
  copyAsClass,
  copyObject,
  finishMessage,
} from "../../engine-as/wire/builder";
import { checksumField, sumBytes, sumShort } from "../../engine-as/wire/checksum";
import {
  beginFlowDescriptors,
  FLOW_DESCRIPTORS_BYTES,
  nextFlowDescriptor,
} from "../../engine-as/wire/flow_descriptors";
import { forwarded, MESSAGE_VIEW_BYTES, MessageView, parseCall, parseMessage } from "../../engine-as/wire/message_view";

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

// The view as numbers: pointers become offsets from the message, 0 staying 0.
export function describeView(view: usize, out: usize): void {
  const v = changetype<MessageView>(view);
  store<u32>(out, v.rejectStatus);
  store<u32>(out, at(v, v.rejected), 4);
  store<u32>(out, v.errorOffset, 8);
  store<u32>(out, v.errorClass, 12);
  store<u32>(out, v.errorCType, 16);
  store<u32>(out, v.unreadable, 20);
  store<u32>(out, v.style, 24);
  store<u32>(out, v.flowspecCount, 28);
  store<u32>(out, v.filterCount, 32);
  store<u32>(out, v.forwardedCount, 36);
  store<u32>(out, v.forwardedCount ? at(v, forwarded(v, v.forwardedCount - 1)) : 0, 40);
  store<u32>(out, v.family, 44);
  store<u32>(out, v.policyDataCount, 48);
  store<u32>(out, at(v, v.session), 52);
  store<u32>(out, at(v, v.hop), 56);
  store<u32>(out, at(v, v.senderTemplate), 60);
  store<u32>(out, at(v, v.resvConfirm), 64);
}

function at(v: MessageView, pointer: usize): u32 {
  return pointer ? <u32> (pointer - v.message) : 0;
}

// Walks the flow descriptors and writes flowspec, filter and filter count of each as offsets; returns how many.
export function descriptors(view: usize, scratch: usize, out: usize): u32 {
  const v = changetype<MessageView>(view);
  const walk = beginFlowDescriptors(scratch, v.style, v.flowDescriptors, v.flowDescriptorsEnd);
  let count: u32 = 0;
  while (nextFlowDescriptor(walk)) {
    store<u32>(out, at(v, walk.flowspec));
    store<u32>(out, at(v, walk.filter), 4);
    store<u32>(out, walk.filterCount, 8);
    out += 12;
    count += 1;
  }
  return count;
}

export function descriptorBytes(): usize {
  return FLOW_DESCRIPTORS_BYTES;
}

// One message with everything the builder has a name for.
export function build(out: usize, family: u32, address: usize, addresses: usize): u32 {
  let at = beginMessage(out, 2, 63);
  const session = at;
  at = appendSession(at, family, address, 17, 1, 5004);
  at = appendRsvpHop(at, family, address, 7);
  at = appendTimeValues(at, 30000);
  at = appendErrorSpec(at, family, address, 1, 13, 0x1701);
  at = appendResvConfirm(at, family, address);
  at = appendScope(at, family, addresses, 2);
  at = appendStyle(at, 0xff00000a);
  const filter = at;
  at = appendFilterSpec(at, family, address, 4000);
  at = appendSenderTemplate(at, family, address, 4001);
  at = copyAsClass(at, filter, 11);
  at = copyObject(at, session);
  return finishMessage(out, at);
}

export function finish(message: usize, length: usize): u32 {
  return finishMessage(message, message + length);
}
