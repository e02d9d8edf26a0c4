// Rules of local policy (RFC 2205 section 2.7) as the host gave them: a list, and the one that is being handed over. They
// are kept apart from sessions: what a rule says of a reservation is asked for when it is needed.
import {
  INPUT_POLICY_ATTRIBUTE,
  INPUT_POLICY_COUNT,
  INPUT_POLICY_DEFENDING_PRIORITY,
  INPUT_POLICY_DESTINATION,
  INPUT_POLICY_DESTINATION_FAMILY,
  INPUT_POLICY_DESTINATION_PREFIX_LENGTH,
  INPUT_POLICY_ELEMENT_TYPE,
  INPUT_POLICY_ERROR_VALUE,
  INPUT_POLICY_FIRST_PORT,
  INPUT_POLICY_INTERFACE,
  INPUT_POLICY_LAST_PORT,
  INPUT_POLICY_OPTIONS,
  INPUT_POLICY_POSITION,
  INPUT_POLICY_PREEMPTION_PRIORITY,
  INPUT_POLICY_PROTOCOL,
  INPUT_POLICY_REFUSES,
  INPUT_POLICY_SENDER,
  INPUT_POLICY_SENDER_FAMILY,
  INPUT_POLICY_SENDER_PREFIX_LENGTH,
  MAXIMUM_POLICY_RULES,
  STATUS_BAD_SUBMIT,
  STATUS_OK,
  STATUS_OUT_OF_MEMORY,
} from "../boundary.gen";
import { mayGrow, root } from "./memory";
import { allocate, release } from "./slab";

@unmanaged
export class Rule {
  next: Rule | null;
  interface: u32;
  errorValue: u16;
  preemptionPriority: u16;
  defendingPriority: u16;
  elementType: u16;
  firstPort: u16;
  lastPort: u16;
  attributeLength: u16;
  refuses: u8;
  options: u8;
  protocol: u8;
  destinationFamily: u8;
  destinationPrefixLength: u8;
  senderFamily: u8;
  senderPrefixLength: u8;
  // What does not depend on the sender fits the message at hand; set anew for every message.
  fits: u8;
  reserved: u16;
  destination: u64;
  destinationLow: u64;
  sender: u64;
  senderLow: u64;
}
const HEADER = offsetof<Rule>();

@inline
export function firstRule(): Rule | null {
  return changetype<Rule | null>(<usize> root().firstRule);
}
// Whether there is any policy: without, POLICY_DATA is opaque and goes on as it came.
@inline
export function hasPolicy(): bool {
  return root().firstRule != 0;
}
@inline
export function destinationPrefixOf(rule: Rule): usize {
  return changetype<usize>(rule) + offsetof<Rule>("destination");
}
@inline
export function senderPrefixOf(rule: Rule): usize {
  return changetype<usize>(rule) + offsetof<Rule>("sender");
}
@inline
export function attributeOf(rule: Rule): usize {
  return changetype<usize>(rule) + HEADER;
}

function releaseRules(first: u32): void {
  let rule = changetype<Rule | null>(<usize> first);
  while (rule) {
    const next: Rule | null = rule.next;
    release(changetype<usize>(rule), HEADER + <usize> rule.attributeLength);
    rule = next;
  }
}

function endStaging(): void {
  const state = root();
  releaseRules(state.firstStagedRule);
  state.firstStagedRule = 0;
  state.lastStagedRule = 0;
  state.stagedRules = 0;
}

// POLICY: one more rule of the list that is being handed over. `bytes` is the length of the record without its padding.
export function policyArrives(record: usize, bytes: u32): u32 {
  const state = root();
  const position = load<u32>(record, INPUT_POLICY_POSITION);
  const count = load<u32>(record, INPUT_POLICY_COUNT);
  if (position == 0) endStaging();
  if (count == 0) {
    replaceRules(0);
    return STATUS_OK;
  }
  if (!isUsable(record, position, count)) {
    endStaging();
    return STATUS_BAD_SUBMIT;
  }
  const attributeLength = bytes - <u32> INPUT_POLICY_ATTRIBUTE;
  if (!mayGrow(HEADER + attributeLength)) {
    endStaging();
    return STATUS_OUT_OF_MEMORY;
  }
  const rule = readRule(record, attributeLength);
  const last = changetype<Rule | null>(<usize> state.lastStagedRule);
  if (last) last.next = rule;
  else state.firstStagedRule = <u32> changetype<usize>(rule);
  state.lastStagedRule = <u32> changetype<usize>(rule);
  state.stagedRules += 1;
  if (state.stagedRules == count) {
    const first = state.firstStagedRule;
    state.firstStagedRule = 0;
    endStaging();
    replaceRules(first);
  }
  return STATUS_OK;
}

function replaceRules(first: u32): void {
  const state = root();
  releaseRules(state.firstRule);
  state.firstRule = first;
  // What was ranked by older rules is ranked anew with its next refresh.
  state.policyVersion += 1;
}

function isUsable(record: usize, position: u32, count: u32): bool {
  if (count > MAXIMUM_POLICY_RULES || position != root().stagedRules || position >= count) return false;
  // RFC 3181 section 4: else two flows could displace each other in turns.
  if (load<u16>(record, INPUT_POLICY_PREEMPTION_PRIORITY) > load<u16>(record, INPUT_POLICY_DEFENDING_PRIORITY)) {
    return false;
  }
  return isPrefix(load<u8>(record, INPUT_POLICY_DESTINATION_FAMILY), load<u8>(record, INPUT_POLICY_DESTINATION_PREFIX_LENGTH)) &&
    isPrefix(load<u8>(record, INPUT_POLICY_SENDER_FAMILY), load<u8>(record, INPUT_POLICY_SENDER_PREFIX_LENGTH));
}
function isPrefix(family: u32, bits: u32): bool {
  return family == 0 || (family == 4 && bits <= 32) || (family == 6 && bits <= 128);
}

function readRule(record: usize, attributeLength: u32): Rule {
  const rule = changetype<Rule>(allocate(HEADER + attributeLength));
  rule.interface = load<u32>(record, INPUT_POLICY_INTERFACE);
  rule.errorValue = load<u16>(record, INPUT_POLICY_ERROR_VALUE);
  rule.preemptionPriority = load<u16>(record, INPUT_POLICY_PREEMPTION_PRIORITY);
  rule.defendingPriority = load<u16>(record, INPUT_POLICY_DEFENDING_PRIORITY);
  rule.elementType = load<u16>(record, INPUT_POLICY_ELEMENT_TYPE);
  rule.firstPort = load<u16>(record, INPUT_POLICY_FIRST_PORT);
  rule.lastPort = load<u16>(record, INPUT_POLICY_LAST_PORT);
  rule.attributeLength = <u16> attributeLength;
  rule.refuses = load<u8>(record, INPUT_POLICY_REFUSES);
  rule.options = load<u8>(record, INPUT_POLICY_OPTIONS);
  rule.protocol = load<u8>(record, INPUT_POLICY_PROTOCOL);
  rule.destinationFamily = load<u8>(record, INPUT_POLICY_DESTINATION_FAMILY);
  rule.destinationPrefixLength = load<u8>(record, INPUT_POLICY_DESTINATION_PREFIX_LENGTH);
  rule.senderFamily = load<u8>(record, INPUT_POLICY_SENDER_FAMILY);
  rule.senderPrefixLength = load<u8>(record, INPUT_POLICY_SENDER_PREFIX_LENGTH);
  memory.copy(destinationPrefixOf(rule), record + INPUT_POLICY_DESTINATION, 16);
  memory.copy(senderPrefixOf(rule), record + INPUT_POLICY_SENDER, 16);
  memory.copy(attributeOf(rule), record + INPUT_POLICY_ATTRIBUTE, attributeLength);
  return rule;
}
