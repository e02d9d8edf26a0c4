// Fields of the objects that processing reads, whatever the address family, and what it stores of the rest.
import {
  errorSpecIpv4ErrorCode,
  errorSpecIpv4ErrorValue,
  errorSpecIpv4Flags,
  errorSpecIpv6ErrorCode,
  errorSpecIpv6ErrorValue,
  errorSpecIpv6Flags,
  rsvpHopIpv4LogicalInterfaceHandle,
  rsvpHopIpv6LogicalInterfaceHandle,
} from "../accessors.gen";
import { reserveAction } from "../actions/queue";
import { blobData, blobLength, releaseBlob, retainBytes } from "../state/blob";
import { copyObject } from "../wire/builder";
import { objectClass, objectCType, objectLength } from "../wire/bytes";
import { forwarded, MessageView, USUAL_CHANGED } from "../wire/message_view";
import { CLASS_POLICY_DATA } from "../wire/object_forms";
import { nextFilter } from "../wire/flow_descriptors";
import { keyDestinationPort, keyProtocol } from "../state/keys";

// Both families have their address first, so one offset serves (RFC 2205 appendix A).
@inline
export function addressOf(object: usize): usize {
  return object + 4;
}
@inline
export function familyOfObject(object: usize): u32 {
  return objectCType(object) == 1 ? 4 : 6;
}
@inline
export function hopHandle(hop: usize): u32 {
  return objectCType(hop) == 1 ? rsvpHopIpv4LogicalInterfaceHandle(hop) : rsvpHopIpv6LogicalInterfaceHandle(hop);
}
@inline
export function errorCode(error: usize): u32 {
  return objectCType(error) == 1 ? errorSpecIpv4ErrorCode(error) : errorSpecIpv6ErrorCode(error);
}
@inline
export function errorValue(error: usize): u32 {
  return objectCType(error) == 1 ? errorSpecIpv4ErrorValue(error) : errorSpecIpv6ErrorValue(error);
}
@inline
export function errorFlags(error: usize): u32 {
  return objectCType(error) == 1 ? errorSpecIpv4Flags(error) : errorSpecIpv6Flags(error);
}

// POLICY_DATA (opaque to RSVP, RFC 2205 section 2.7) and unknown objects of class 11bbbbbb (section 3.10), as one blob in
// the order in which they came.
export function retainOthers(v: MessageView): u32 {
  if (v.policyDataCount == 0 && v.forwardedCount == 0) return 0;
  // The unused end of the action queue serves as scratch; nothing is committed there.
  const start = reserveAction(v.length);
  let to = start;
  let index: u32 = 0;
  for (let at = v.message + (v.type <= 7 ? 8 : 0); at < v.end; at += objectLength(at)) {
    const wanted = index < v.forwardedCount && forwarded(v, index) == at;
    if (wanted) index += 1;
    if (!wanted && objectClass(at) != CLASS_POLICY_DATA) continue;
    memory.copy(to, at, objectLength(at));
    to += objectLength(at);
  }
  return retainBytes(start, to - start);
}

// The POLICY_DATA among an application's objects from `start` to `end`, as one blob.
export function retainPolicyData(start: usize, end: usize): u32 {
  const scratch = reserveAction(end - start);
  let to = scratch;
  for (let at = start; at < end; at += objectLength(at)) {
    if (objectClass(at) != CLASS_POLICY_DATA) continue;
    memory.copy(to, at, objectLength(at));
    to += objectLength(at);
  }
  return retainBytes(scratch, to - scratch);
}

// Unknown objects of class 11bbbbbb in the tear that is being carried out: they go on at once in the tears that follow from
// it (RFC 2205 section 3.10). A blob, or 0.
let passedOn: u32 = 0;
const LONGEST_PASSED_ON: usize = 32768;

export function beginPassingOn(v: MessageView): void {
  passedOn = v.forwardedCount != 0 ? retainOthers(v) : 0;
  // A tear that follows names senders of its own beside them, and must fit a datagram.
  if (passedOn != 0 && blobLength(passedOn) > LONGEST_PASSED_ON) endPassingOn();
}
export function endPassingOn(): void {
  releaseBlob(passedOn);
  passedOn = 0;
}
@inline
export function passedOnBytes(): usize {
  return passedOn != 0 ? blobLength(passedOn) : 0;
}
export function appendPassedOn(at: usize): usize {
  if (passedOn == 0) return at;
  memory.copy(at, blobData(passedOn), blobLength(passedOn));
  return at + blobLength(passedOn);
}

// POLICY_DATA and unknown objects to be forwarded of the error message at hand, which goes on (RFC 2205 section 3.10).
export function copyOthers(v: MessageView, start: usize): usize {
  let at = start;
  let index: u32 = 0;
  for (let object = v.message + 8; object < v.end; object += objectLength(object)) {
    const unknown = index < v.forwardedCount && forwarded(v, index) == object;
    if (unknown) index += 1;
    if (unknown || objectClass(object) == CLASS_POLICY_DATA) at = copyObject(at, object);
  }
  return at;
}

// Sessions of RFC 2207 have generalized port identifiers for senders, and only they do (section 4.1).
@inline
function isGeneralizedSession(ctype: u32): bool {
  return ctype == 3 || ctype == 4;
}
@inline
function isGeneralizedSender(ctype: u32): bool {
  return ctype == 4 || ctype == 5;
}

// Whether every sender and filter of the message or call at hand has a form that fits a session of this C-Type.
export function sendersFit(v: MessageView, sessionCType: u32): bool {
  const generalized = isGeneralizedSession(sessionCType);
  if (v.senderTemplate && isGeneralizedSender(objectCType(v.senderTemplate)) != generalized) return false;
  let filter = v.flowDescriptors ? nextFilter(v.flowDescriptors, v.flowDescriptorsEnd) : 0;
  while (filter != 0) {
    if (isGeneralizedSender(objectCType(filter)) != generalized) return false;
    filter = nextFilter(filter + objectLength(filter), v.flowDescriptorsEnd);
  }
  return true;
}

// A virtual destination port of zero is illegal (RFC 2207 section 4.1).
export function sessionFits(session: usize): bool {
  const ctype = objectCType(session);
  return !isGeneralizedSession(ctype) || keyDestinationPort(session + 4, ctype) != 0;
}

// An application's session of that kind is of ESP or AH (RFC 2207 section 4.1).
export function calledSessionFits(session: usize): bool {
  const ctype = objectCType(session);
  if (!sessionFits(session)) return false;
  const protocol = keyProtocol(session + 4, ctype);
  return !isGeneralizedSession(ctype) || protocol == 50 || protocol == 51;
}

// Unused fields are ignored on receipt (RFC 2205 appendix A): they are cleared where senders and filters are compared byte
// by byte afterwards. C-Types 1 and 2 have two such bytes before the port, 3 has one before the flow label.
export function clearUnused(v: MessageView): void {
  if (v.usual != 0) {
    const sender = v.senderTemplate | v.firstFilterSpec;
    if (sender == 0 || load<u16>(sender, 8) == 0) return;
    store<u16>(sender, 0, 8);
    v.usual = USUAL_CHANGED;
    return;
  }
  if (v.senderTemplate) clearUnusedOf(v.senderTemplate);
  let filter = v.flowDescriptors ? nextFilter(v.flowDescriptors, v.flowDescriptorsEnd) : 0;
  while (filter != 0) {
    clearUnusedOf(filter);
    filter = nextFilter(filter + objectLength(filter), v.flowDescriptorsEnd);
  }
}
function clearUnusedOf(object: usize): void {
  const ctype = objectCType(object);
  if (ctype == 1) store<u16>(object, 0, 8);
  else if (ctype == 2) store<u16>(object, 0, 20);
  else if (ctype == 3) store<u8>(object, 0, 20);
}
