// One wheel of session deadlines. A session stands in it once, with the earliest of all its refreshes and time-outs, and
// lazily: a refresh that arrives moves a time-out further away but leaves the entry where it is, to be looked at again
// when it comes round. So receiving a refresh costs no timer operation. The slots have 8 ms; the entry holds the exact
// millisecond, so nothing fires early and, on a host that ticks at `deadline()`, nothing late.
import { MAXIMUM_SESSIONS_PER_TICK } from "../limits";
import { Root, root } from "../state/memory";
import { Session } from "../state/session";
import { allocate } from "../state/slab";
import { hostTime, isBefore, isDue, now, SLOT_SHIFT } from "./clock";

// A turn of 65 s is longer than a refresh interval of the usual 30 s can be, so that sessions are passed by once.
const SLOTS: u32 = 8192;
// Ticks are times without their low bits, so they wrap where times do.
const TICK_MASK: u32 = 0xffffffff >>> SLOT_SHIFT;

// What the last question for the deadline found. A cache and not state: asking must not change a snapshot.
let deadlineKnown = false;
let knownDeadline: u32 = 0;

export function initializeWheel(): void {
  const state = root();
  state.wheel = <u32> allocate(<usize> SLOTS * 4);
  state.wheelTick = now() >>> SLOT_SHIFT;
}

// The list that is being carried out in a TICK.
@inline
function pendingAddress(): usize {
  return changetype<usize>(root()) + offsetof<Root>("wheelPending");
}

@inline
function slotAddress(tick: u32): usize {
  return <usize> root().wheel + <usize> (tick & (SLOTS - 1)) * 4;
}

@inline
function nextTick(tick: u32): u32 {
  return (tick + 1) & TICK_MASK;
}

// `wheelNext` is the first field of a session, so a session's address is also that of the word that names its successor.
function link(session: Session, head: usize): void {
  const next = load<u32>(head);
  session.wheelNext = next;
  session.wheelPrevious = <u32> head;
  if (next != 0) changetype<Session>(<usize> next).wheelPrevious = <u32> changetype<usize>(session);
  store<u32>(head, <u32> changetype<usize>(session));
}

export function unschedule(session: Session): void {
  if (session.wheelPrevious == 0) return;
  const state = root();
  store<u32>(session.wheelPrevious, session.wheelNext);
  if (session.wheelNext != 0) changetype<Session>(<usize> session.wheelNext).wheelPrevious = session.wheelPrevious;
  session.wheelPrevious = 0;
  session.wheelNext = 0;
  state.wheelEntries -= 1;
  if (deadlineKnown && session.deadline == knownDeadline) deadlineKnown = false;
}

// Sees to it that the session is looked at no later than `at`.
export function schedule(session: Session, at: u32): void {
  const state = root();
  if (session.wheelPrevious != 0) {
    if (!isBefore(at, session.deadline)) return;
    unschedule(session);
  }
  session.deadline = at;
  // An empty wheel has stood still.
  if (state.wheelEntries == 0) state.wheelTick = now() >>> SLOT_SHIFT;
  const tick = isBefore(at, state.wheelTick << SLOT_SHIFT) ? state.wheelTick : at >>> SLOT_SHIFT;
  link(session, slotAddress(tick));
  state.wheelEntries += 1;
  if (deadlineKnown && isBefore(at, knownDeadline)) knownDeadline = at;
}

// Takes the next session that is due out of the wheel, or null when none is or `budget` sessions have been looked at.
export function nextDue(budget: u32): Session | null {
  const state = root();
  const nowTick = now() >>> SLOT_SHIFT;
  const pending = pendingAddress();
  // The wheel turns: what was earliest may be past, or only the end of a turn.
  deadlineKnown = false;
  // After a leap every slot is looked at once, and not once for every turn that was missed.
  if (((nowTick - state.wheelTick) & TICK_MASK) > SLOTS) state.wheelTick = (nowTick - SLOTS) & TICK_MASK;
  while (true) {
    while (load<u32>(pending) != 0 && budget != 0) {
      const session = changetype<Session>(<usize> load<u32>(pending));
      unschedule(session);
      budget -= 1;
      if (isDue(session.deadline)) return session;
      schedule(session, session.deadline);
    }
    if (load<u32>(pending) != 0) return null;
    // Slots that hold nothing at all are passed at once.
    while (load<u32>(slotAddress(state.wheelTick)) == 0 && state.wheelTick != nowTick) {
      state.wheelTick = nextTick(state.wheelTick);
    }
    const head = slotAddress(state.wheelTick);
    if (!takeDue(head, pending)) {
      if (state.wheelTick == nowTick) return null;
      state.wheelTick = nextTick(state.wheelTick);
    }
  }
}

// The first session of the list that is being carried out, or 0.
export function firstPending(): u32 {
  return load<u32>(pendingAddress());
}

// Moves what is due in a slot to the pending list; entries of a later round stay. Returns whether anything was due.
function takeDue(head: usize, pending: usize): bool {
  let any = false;
  let at = load<u32>(head);
  while (at != 0) {
    const session = changetype<Session>(<usize> at);
    at = session.wheelNext;
    if (!isDue(session.deadline)) continue;
    const deadline = session.deadline;
    unschedule(session);
    session.deadline = deadline;
    link(session, pending);
    root().wheelEntries += 1;
    any = true;
  }
  return any;
}

export function ticksPerCall(): u32 {
  return MAXIMUM_SESSIONS_PER_TICK;
}

// When the next TICK is wanted, in host milliseconds.
export function wheelDeadline(): f64 {
  const state = root();
  if (state.wheelEntries == 0) return Infinity;
  if (load<u32>(pendingAddress()) != 0) return hostTime(now());
  if (!deadlineKnown) {
    knownDeadline = earliest();
    deadlineKnown = true;
  }
  return hostTime(knownDeadline);
}

// The earliest deadline within one turn of the wheel; if all lie further away, the end of the turn.
function earliest(): u32 {
  const first = root().wheelTick;
  for (let tick = first; tick != first + SLOTS; tick++) {
    let best: u32 = 0;
    let found = false;
    for (let at = load<u32>(slotAddress(tick)); at != 0; at = changetype<Session>(<usize> at).wheelNext) {
      const deadline = changetype<Session>(<usize> at).deadline;
      if (<i32> (((deadline >>> SLOT_SHIFT) - tick) << SLOT_SHIFT) > 0) continue;
      if (!found || isBefore(deadline, best)) best = deadline;
      found = true;
    }
    if (found) return best;
  }
  return (first + SLOTS) << SLOT_SHIFT;
}
