// Preemption priorities (RFC 3181): what a reservation's own POLICY_DATA and the rules say of it, and how the priorities of
// reservations merge. Nothing of it is stored with reservations: it is computed from what stands when it is needed.
import {
  policyElementPreemptionPriDefendingPriority,
  policyElementPreemptionPriMergeStrategy,
  policyElementPreemptionPriPreemptionPriority,
} from "../accessors.gen";
import { POLICY_OPTION_ANNOUNCE_PRIORITY, POLICY_OPTION_SIGNALLED_PRIORITY } from "../boundary.gen";
import { MAXIMUM_FILTERS_PER_SESSION, MAXIMUM_PRIORITY_COMPARISONS } from "../limits";
import { compareFlowspecs, EQUAL, LESS } from "../merge/flowspec";
import { blobData, blobLength } from "../state/blob";
import { PathState, templateOf } from "../state/path_state";
import { Rule } from "../state/policy";
import {
  equalFilters,
  Filter,
  filterKey,
  ReservationState,
  STYLE_FIXED_FILTER,
  STYLE_WILDCARD_FILTER,
} from "../state/reservation_state";
import { Session } from "../state/session";
import { objectLength } from "../wire/bytes";
import {
  appendPolicyData,
  appendPriority,
  firstElement,
  isPolicyData,
  isPriority,
  isProtected,
  nextElement,
  POLICY_DATA_HEADER_BYTES,
  PRIORITY_ELEMENT_BYTES,
  STRATEGY_ERROR,
  STRATEGY_HIGHEST_QOS,
} from "../wire/policy_data";
import { beginResvPolicy, ruleFor } from "./policy";
import { routesTo } from "./routing";

// What merged priorities come to: of all that take part, and of each strategy alone.
export let preemptionPriority: u32 = 0;
export let defendingPriority: u32 = 0;
// By strategy: whether any took part, and its highest priorities.
const byStrategy: usize = memory.data(48, 8);

// The reservations that are merged: { reservation, its FLOWSPEC } each.
const members: usize = memory.data(16384, 8);
let memberCount: u32 = 0;
let comparisons: u32 = 0;
assert(MAXIMUM_FILTERS_PER_SESSION * 8 <= 16384);

export function beginMembers(): void {
  memberCount = 0;
}
export function addMember(reservation: ReservationState, flowspec: u32): void {
  if (memberCount == MAXIMUM_FILTERS_PER_SESSION) return;
  const at = members + <usize> memberCount * 8;
  store<u32>(at, <u32> changetype<usize>(reservation));
  store<u32>(at, flowspec, 4);
  memberCount += 1;
}
@inline
export function memberTotal(): u32 {
  return memberCount;
}
@inline
export function memberAt(index: u32): ReservationState {
  return changetype<ReservationState>(<usize> load<u32>(members + <usize> index * 8));
}
@inline
function flowspecAt(index: u32): u32 {
  return load<u32>(members + <usize> index * 8, 4);
}

// What the rules say of one reservation: the highest of its senders' priorities.
let ruledPreemption: u32 = 0;
let ruledDefending: u32 = 0;
let ruledOptions: u32 = 0;

function applyRule(sender: usize): void {
  const rule: Rule | null = ruleFor(sender);
  if (rule == null) return;
  ruledPreemption = max<u32>(ruledPreemption, rule.preemptionPriority);
  ruledDefending = max<u32>(ruledDefending, rule.defendingPriority);
  ruledOptions |= rule.options;
}

function readRules(session: Session, reservation: ReservationState): void {
  ruledPreemption = 0;
  ruledDefending = 0;
  ruledOptions = 0;
  beginResvPolicy(session, reservation.interface, othersOf(reservation));
  if (reservation.style != STYLE_WILDCARD_FILTER) {
    for (let filter: Filter | null = reservation.firstFilter; filter; filter = filter!.next) applyRule(filterKey(filter));
    return;
  }
  for (let path: PathState | null = session.firstPath; path; path = path!.next) {
    if (routesTo(session, path, reservation.interface)) applyRule(templateOf(path));
  }
}

@inline
export function othersOf(reservation: ReservationState): u32 {
  const annex = reservation.annex;
  return annex ? annex.others : 0;
}

// The PREEMPTION_PRI elements of a reservation, one after the other: 0 at the end. Those that the merge takes apart.
let walked: usize = 0;
let walkedObject: usize = 0;
let walkedEnd: usize = 0;
function beginElements(reservation: ReservationState): void {
  const others = othersOf(reservation);
  walkedObject = others ? blobData(others) : 0;
  walkedEnd = others ? walkedObject + blobLength(others) : 0;
  walked = 0;
}
function followingElement(unprotected: bool): usize {
  for (; walkedObject < walkedEnd; walkedObject += objectLength(walkedObject)) {
    if (!isPolicyData(walkedObject) || (unprotected && isProtected(walkedObject))) continue;
    walked = walked ? nextElement(walkedObject, walked) : firstElement(walkedObject);
    while (walked != 0) {
      if (isPriority(walked)) return walked;
      walked = nextElement(walkedObject, walked);
    }
  }
  return 0;
}

// Whether two reservations merge at all: those of FF do for one sender alone.
export function mergesWith(a: ReservationState, b: ReservationState): bool {
  if (a.style != STYLE_FIXED_FILTER) return true;
  const one = a.firstFilter;
  const other = b.firstFilter;
  return one != null && other != null && equalFilters(one, other);
}

// Whether the member asks for less than another one (`different` false), or for something else than any other.
function isOutdone(index: u32, different: bool): bool {
  const flowspec = flowspecAt(index);
  for (let other: u32 = 0; other < memberCount; other++) {
    const against = flowspecAt(other);
    if (against == flowspec || !mergesWith(memberAt(index), memberAt(other))) continue;
    comparisons += 1;
    if (comparisons > MAXIMUM_PRIORITY_COMPARISONS) return false;
    const relation = compareFlowspecs(blobData(flowspec), blobData(against));
    if (different ? relation != EQUAL : relation == LESS) return true;
  }
  return false;
}

function takesPart(index: u32, strategy: u32): bool {
  if (strategy == STRATEGY_HIGHEST_QOS) return !isOutdone(index, false);
  return strategy != STRATEGY_ERROR || !isOutdone(index, true);
}

function take(index: u32, strategy: u32, preemption: u32, defending: u32): void {
  if (!takesPart(index, strategy)) return;
  const at = byStrategy + <usize> strategy * 12;
  store<u32>(at, 1);
  store<u32>(at, max(load<u32>(at, 4), preemption), 4);
  store<u32>(at, max(load<u32>(at, 8), defending), 8);
  preemptionPriority = max(preemptionPriority, preemption);
  defendingPriority = max(defendingPriority, defending);
}

// Merges the priorities of the members (RFC 3181 section 5.1): preemption and defending priority each on its own, of those
// that their strategies let take part the highest. For `forwarding`, what goes on upstream is merged: elements that do not
// count here are others' business and go on, and a rule's own priority goes on where it says so.
export function mergePriorities(session: Session, forwarding: bool): void {
  memory.fill(byStrategy, 0, 48);
  preemptionPriority = 0;
  defendingPriority = 0;
  comparisons = 0;
  for (let index: u32 = 0; index < memberCount; index++) {
    const reservation = memberAt(index);
    readRules(session, reservation);
    const announces = (ruledOptions & POLICY_OPTION_ANNOUNCE_PRIORITY) != 0;
    let ruled = !forwarding || announces;
    if ((ruledOptions & POLICY_OPTION_SIGNALLED_PRIORITY) != 0 || (forwarding && !announces)) {
      beginElements(reservation);
      for (let at = followingElement(forwarding); at != 0; at = followingElement(forwarding)) {
        ruled = false;
        take(
          index,
          policyElementPreemptionPriMergeStrategy(at),
          policyElementPreemptionPriPreemptionPriority(at),
          policyElementPreemptionPriDefendingPriority(at),
        );
      }
    }
    if (ruled) take(index, STRATEGY_HIGHEST_QOS, ruledPreemption, ruledDefending);
  }
  // A sender of elements may have it the wrong way round (RFC 3181 section 4), and two flows would displace each other in turns.
  defendingPriority = max(defendingPriority, preemptionPriority);
}

// At most this much is appended by `appendMergedPriorities`.
export const MERGED_PRIORITIES_BYTES: usize = POLICY_DATA_HEADER_BYTES + 3 * PRIORITY_ELEMENT_BYTES;

// One element for each strategy that took part (RFC 3181 section 5.2).
export function appendMergedPriorities(at: usize): usize {
  let elements: u32 = 0;
  for (let strategy: u32 = 1; strategy <= STRATEGY_ERROR; strategy++) elements += load<u32>(byStrategy + <usize> strategy * 12);
  if (elements == 0) return at;
  at = appendPolicyData(at, elements * <u32> PRIORITY_ELEMENT_BYTES);
  for (let strategy: u32 = 1; strategy <= STRATEGY_ERROR; strategy++) {
    const merged = byStrategy + <usize> strategy * 12;
    if (load<u32>(merged) != 0) at = appendPriority(at, strategy, load<u32>(merged, 4), load<u32>(merged, 8), 0);
  }
  return at;
}

// Of the reservation alone: whether its own priorities count, so that its maker is told of them.
export function signalsPriority(session: Session, reservation: ReservationState): bool {
  readRules(session, reservation);
  if ((ruledOptions & POLICY_OPTION_SIGNALLED_PRIORITY) == 0) return false;
  beginElements(reservation);
  return followingElement(false) != 0;
}

// The priority with the strategy of forced errors that the member at `index` has and that met something else (RFC 3181
// section 5.1.3), or 0.
export function mixedPriority(session: Session, index: u32): usize {
  const reservation = memberAt(index);
  if (!signalsPriority(session, reservation)) return 0;
  comparisons = 0;
  beginElements(reservation);
  for (let at = followingElement(false); at != 0; at = followingElement(false)) {
    if (policyElementPreemptionPriMergeStrategy(at) == STRATEGY_ERROR) return isOutdone(index, true) ? at : 0;
  }
  return 0;
}
