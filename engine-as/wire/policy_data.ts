// POLICY_DATA (RFC 2750 section 3) element by element, and PREEMPTION_PRI (RFC 3181 section 4) among them. What is cut or
// of no length ends an object's list, as it does for every reader of the catalogue.
import {
  CTYPE_POLICY_DATA,
  POLICY_ELEMENT_INTEGRITY,
  POLICY_ELEMENT_PREEMPTION_PRI,
  POLICY_ELEMENT_PREEMPTION_PRI_PRIORITIES_BYTES,
  policyDataDataOffset,
  policyElementPreemptionPriErrorCode,
  policyElementPreemptionPriMergeStrategy,
  setPolicyDataDataOffset,
  setPolicyElementPreemptionPriDefendingPriority,
  setPolicyElementPreemptionPriErrorCode,
  setPolicyElementPreemptionPriMergeStrategy,
  setPolicyElementPreemptionPriPreemptionPriority,
} from "../accessors.gen";
import { appendHeader } from "./builder";
import { load16, objectClass, objectCType, objectLength, store16 } from "./bytes";
import { CLASS_POLICY_DATA } from "./object_forms";

// Merging strategies (RFC 3181 section 5.1).
export const STRATEGY_HIGHEST_QOS: u32 = 1;
export const STRATEGY_HIGHEST_PRIORITY: u32 = 2;
export const STRATEGY_ERROR: u32 = 3;
// Error codes of a PREEMPTION_PRI element (RFC 3181 section 4).
export const ELEMENT_PREEMPTED: u32 = 1;
export const ELEMENT_HETEROGENEOUS: u32 = 2;

const OBJECT_HEADER_BYTES: usize = 8;
const ELEMENT_HEADER_BYTES: usize = 4;

@inline
export function isPolicyData(object: usize): bool {
  return objectClass(object) == CLASS_POLICY_DATA && objectCType(object) == CTYPE_POLICY_DATA &&
    <usize> objectLength(object) >= OBJECT_HEADER_BYTES;
}
@inline
export function elementLength(element: usize): u32 {
  return load16(element);
}
@inline
export function elementType(element: usize): u32 {
  return load16(element + 2);
}

// Behind the header stand options, which are framed as elements are; elements follow from the data offset on.
function wholeItem(at: usize, end: usize): usize {
  if (at + ELEMENT_HEADER_BYTES > end) return 0;
  const length = <usize> elementLength(at);
  return length < ELEMENT_HEADER_BYTES || at + length > end ? 0 : at;
}

// The first policy element of a POLICY_DATA object, or 0.
export function firstElement(object: usize): usize {
  const start = max<usize>(policyDataDataOffset(object), OBJECT_HEADER_BYTES);
  return wholeItem(object + start, object + objectLength(object));
}
export function nextElement(object: usize, element: usize): usize {
  return wholeItem(element + elementLength(element), object + objectLength(object));
}

// Whether the object is protected by a digest of its own: then nobody may change it (RFC 3181 section 5.2).
export function isProtected(object: usize): bool {
  const end = object + min<usize>(max<usize>(policyDataDataOffset(object), OBJECT_HEADER_BYTES), objectLength(object));
  for (let at = wholeItem(object + OBJECT_HEADER_BYTES, end); at != 0; at = wholeItem(at + elementLength(at), end)) {
    if (elementType(at) == POLICY_ELEMENT_INTEGRITY) return true;
  }
  return false;
}

// A priority that counts: of the length that RFC 3181 names, with a strategy that it names, and no error.
export function isPriority(element: usize): bool {
  if (elementType(element) != POLICY_ELEMENT_PREEMPTION_PRI) return false;
  if (elementLength(element) != POLICY_ELEMENT_PREEMPTION_PRI_PRIORITIES_BYTES) return false;
  const strategy = policyElementPreemptionPriMergeStrategy(element);
  return strategy >= STRATEGY_HIGHEST_QOS && strategy <= STRATEGY_ERROR &&
    policyElementPreemptionPriErrorCode(element) == 0;
}

export function hasPriority(object: usize): bool {
  for (let element = firstElement(object); element != 0; element = nextElement(object, element)) {
    if (isPriority(element)) return true;
  }
  return false;
}

// The object without its priorities, which are merged; `at` itself where nothing else was in it.
export function copyWithoutPriorities(at: usize, object: usize): usize {
  const data = <usize> max<u32>(policyDataDataOffset(object), <u32> OBJECT_HEADER_BYTES);
  memory.copy(at, object, data);
  let to = at + data;
  for (let element = firstElement(object); element != 0; element = nextElement(object, element)) {
    if (isPriority(element)) continue;
    memory.copy(to, element, elementLength(element));
    to += elementLength(element);
  }
  if (to == at + OBJECT_HEADER_BYTES) return at;
  // Elements of odd lengths are read as they come, but an object is a multiple of four bytes (RFC 2205 section 3.1.2).
  for (; ((to - at) & 3) != 0; to++) store<u8>(to, 0);
  store16(at, <u32> (to - at));
  return to;
}

export const PRIORITY_ELEMENT_BYTES: usize = 12;
export const POLICY_DATA_HEADER_BYTES: usize = OBJECT_HEADER_BYTES;

// A POLICY_DATA object whose elements, `bytes` in all, follow at the place that is returned.
export function appendPolicyData(at: usize, bytes: u32): usize {
  appendHeader(at, <u32> OBJECT_HEADER_BYTES + bytes, CLASS_POLICY_DATA, CTYPE_POLICY_DATA);
  store<u32>(at, 0, 4);
  setPolicyDataDataOffset(at, <u32> OBJECT_HEADER_BYTES);
  return at + OBJECT_HEADER_BYTES;
}

export function appendPriority(at: usize, strategy: u32, preemption: u32, defending: u32, error: u32): usize {
  memory.fill(at, 0, PRIORITY_ELEMENT_BYTES);
  store16(at, <u32> PRIORITY_ELEMENT_BYTES);
  store16(at + 2, POLICY_ELEMENT_PREEMPTION_PRI);
  setPolicyElementPreemptionPriMergeStrategy(at, strategy);
  setPolicyElementPreemptionPriErrorCode(at, error);
  setPolicyElementPreemptionPriPreemptionPriority(at, preemption);
  setPolicyElementPreemptionPriDefendingPriority(at, defending);
  return at + PRIORITY_ELEMENT_BYTES;
}
