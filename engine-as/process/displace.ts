// Admission with preemption (RFC 3181): a request that finds no room takes it from what stands with a lower defending
// priority. What goes, goes before what comes is installed, so that never more is reserved than may be.
import { COUNTER_RESERVATION_PREEMPTED } from "../boundary.gen";
import { MAXIMUM_DISPLACED } from "../limits";
import { HANDLE_TRAFFIC_CONTROL, handleOwner, handleSession } from "../state/handles";
import { Interface } from "../state/interface";
import { count } from "../state/memory";
import { hasPolicy } from "../state/policy";
import { deleteReservation, Filter, ReservationState } from "../state/reservation_state";
import { releaseIfIdle, Session } from "../state/session";
import { PriorityClass, rankStanding, Standing } from "../state/standing";
import { TrafficControlState } from "../state/traffic_control_state";
import {
  appendPolicyData,
  appendPriority,
  ELEMENT_HETEROGENEOUS,
  ELEMENT_PREEMPTED,
  PRIORITY_ELEMENT_BYTES,
  STRATEGY_ERROR,
  STRATEGY_HIGHEST_QOS,
} from "../wire/policy_data";
import {
  policyElementPreemptionPriDefendingPriority,
  policyElementPreemptionPriPreemptionPriority,
} from "../accessors.gen";
import {
  addMember,
  beginMembers,
  defendingPriority,
  memberAt,
  memberTotal,
  mergePriorities,
  mergesWith,
  mixedPriority,
  preemptionPriority,
  signalsPriority,
} from "./priority";
import { CODE_POLICY } from "./policy";
import { reservationError, setErrorPolicy } from "./resv_error";
import { markAffected, syncAffected } from "./settle";
import { belongs, isOf } from "./traffic_control_target";
import { removeBlock } from "./update_traffic_control";

const CODE_PREEMPTED: u32 = 12;
// ERR_MERGE: policies could not be merged (RFC 2750).
const VALUE_UNMERGED: u32 = 8;
const FLAG_IN_PLACE: u32 = 1;

// How often a session has lost reservations to another request: whoever walks over reservations begins anew then.
export let displacements: u32 = 0;

// Handles of what is to go, and the sessions that lose it.
const displaced: usize = memory.data(4096, 8);
const losers: usize = memory.data(4096, 8);
const errorElement: usize = memory.data(32, 8);
assert(MAXIMUM_DISPLACED * 4 <= 4096);

function computePriority(session: Session, iface: u32, filter: Filter | null): void {
  beginMembers();
  for (let one: ReservationState | null = session.firstReservation; one; one = one!.next) {
    if (belongs(one, iface, filter)) addMember(one, one.flowspec);
  }
  mergePriorities(session, false);
}

// Ranks a block by what its reservations come to now.
export function rankBlock(
  session: Session,
  block: TrafficControlState,
  iface: Interface,
  filter: Filter | null,
): void {
  const annex = block.annex;
  const held = annex ? annex.held : block.rate;
  // What counts for nothing frees nothing.
  if (held <= 0) return;
  computePriority(session, iface.handle, filter);
  rankStanding(block.handle, iface, defendingPriority, held);
}

// Frees at least `need` bytes per second for what is asked on the interface, or changes nothing and returns false. `own` is
// the block that is to grow, or null.
export function makeRoom(
  session: Session,
  own: TrafficControlState | null,
  iface: Interface,
  filter: Filter | null,
  need: f64,
): bool {
  if (!hasPolicy() || iface.firstClass == 0) return false;
  computePriority(session, iface.handle, filter);
  const priority = preemptionPriority;
  const defending = defendingPriority;
  if (available(iface, priority) < need) return false;
  let chosen: u32 = 0;
  let freed: f64 = 0;
  let at = changetype<PriorityClass | null>(<usize> iface.firstClass);
  for (; at && at.defendingPriority < priority && freed < need; at = at!.next) {
    for (let one: Standing | null = at.first; one && freed < need; one = one!.next) {
      const block = changetype<TrafficControlState>(handleOwner(one.handle, HANDLE_TRAFFIC_CONTROL));
      if (block == own || heldBy(one.handle) <= 0) continue;
      if (chosen == MAXIMUM_DISPLACED) return false;
      store<u32>(displaced + <usize> chosen * 4, one.handle);
      chosen += 1;
      freed += heldBy(one.handle);
    }
  }
  if (freed < need) return false;
  chosen = spare(chosen, freed - need);
  takeAway(session, chosen, priority, defending);
  return true;
}

function available(iface: Interface, priority: u32): f64 {
  let sum: f64 = 0;
  let at = changetype<PriorityClass | null>(<usize> iface.firstClass);
  for (; at && at.defendingPriority < priority; at = at!.next) sum += at.bytesPerSecond;
  return sum;
}

function heldBy(handle: u32): f64 {
  const block = changetype<TrafficControlState>(handleOwner(handle, HANDLE_TRAFFIC_CONTROL));
  const annex = block.annex;
  return annex ? annex.held : block.rate;
}

// The last one chosen may be so large that others need not go: the highest priorities are looked at first.
function spare(chosen: u32, surplus: f64): u32 {
  let kept: u32 = 0;
  for (let index = chosen; index != 0; index--) {
    const at = displaced + <usize> (index - 1) * 4;
    const held = heldBy(load<u32>(at));
    if (held > surplus) continue;
    surplus -= held;
    store<u32>(at, 0);
    kept += 1;
  }
  let to: u32 = 0;
  for (let index: u32 = 0; index < chosen; index++) {
    const handle = load<u32>(displaced + <usize> index * 4);
    if (handle == 0) continue;
    store<u32>(displaced + <usize> to * 4, handle);
    to += 1;
  }
  return chosen - kept;
}

function takeAway(session: Session, chosen: u32, preemption: u32, defending: u32): void {
  const element = appendPolicyData(errorElement, <u32> PRIORITY_ELEMENT_BYTES);
  appendPriority(element, STRATEGY_HIGHEST_QOS, preemption, defending, ELEMENT_PREEMPTED);
  for (let index: u32 = 0; index < chosen; index++) {
    const handle = load<u32>(displaced + <usize> index * 4);
    const owner = handleOwner(handle, HANDLE_TRAFFIC_CONTROL);
    const loser: usize = owner != 0 ? handleSession(handle) : 0;
    store<u32>(losers + <usize> index * 4, <u32> loser);
    // What went before may have taken it along.
    if (owner != 0) displace(changetype<Session>(loser), changetype<TrafficControlState>(owner));
  }
  // The session that asks hears the rest when what it asks for is settled.
  for (let index: u32 = 0; index < chosen; index++) {
    const loser = <usize> load<u32>(losers + <usize> index * 4);
    if (loser != 0 && loser != changetype<usize>(session)) syncAffected(changetype<Session>(loser));
  }
  for (let index: u32 = 0; index < chosen; index++) {
    const loser = load<u32>(losers + <usize> index * 4);
    if (loser == 0 || loser == <u32> changetype<usize>(session)) continue;
    if (!releaseIfIdle(changetype<Session>(<usize> loser))) continue;
    for (let later = index; later < chosen; later++) {
      if (load<u32>(losers + <usize> later * 4) == loser) store<u32>(losers + <usize> later * 4, 0);
    }
  }
}

// TC_Preempt (RFC 2205 3.11.2): everybody who has a part in what stands hears code 12, and it is gone. Makers of
// priorities hear of those that were higher (RFC 3181 section 6).
export function displace(session: Session, block: TrafficControlState, told: bool = true): void {
  let reservation: ReservationState | null = session.firstReservation;
  while (reservation) {
    const next: ReservationState | null = reservation.next;
    if (isOf(reservation, block)) {
      markAffected(session, reservation);
      if (told && signalsPriority(session, reservation)) setErrorPolicy(errorElement);
      reservationError(session, reservation, CODE_PREEMPTED, 0, 0);
      setErrorPolicy(0);
      deleteReservation(session, reservation);
      count(COUNTER_RESERVATION_PREEMPTED);
    }
    reservation = next;
  }
  displacements += 1;
  removeBlock(session, block);
}

// A priority that forces an error where requests differ (RFC 3181 section 5.1.3) is sent back to whoever made it, while its
// reservation stands: for the request at hand, and where that is new for all that it met.
export function reportMixed(session: Session, active: ReservationState, fresh: bool): void {
  if (!hasPolicy()) return;
  beginMembers();
  for (let one: ReservationState | null = session.firstReservation; one; one = one!.next) {
    if (mergesWith(one, active)) addMember(one, one.flowspec);
  }
  for (let index: u32 = 0, members = memberTotal(); index < members; index++) {
    const one = memberAt(index);
    if (one != active && !fresh) continue;
    const element = mixedPriority(session, index);
    if (element == 0) continue;
    appendPriority(
      appendPolicyData(errorElement, <u32> PRIORITY_ELEMENT_BYTES),
      STRATEGY_ERROR,
      policyElementPreemptionPriPreemptionPriority(element),
      policyElementPreemptionPriDefendingPriority(element),
      ELEMENT_HETEROGENEOUS,
    );
    setErrorPolicy(errorElement);
    reservationError(session, one, CODE_POLICY, VALUE_UNMERGED, FLAG_IN_PLACE);
    setErrorPolicy(0);
  }
}
