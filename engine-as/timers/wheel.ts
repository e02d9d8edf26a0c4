// One wheel of session deadlines, in two levels. A session stands in it once, with the earliest of all its refreshes and
// time-outs, and lazily: a refresh that arrives moves a time-out further away but leaves the entry where it is, to be
// looked at again when it comes round. So receiving a refresh costs no timer operation. Near deadlines stand in slots of
// 8 ms, those after them in windows of 64 slots, which are spread over the slots when their time comes. The session
// holds the exact millisecond, so nothing fires early and, on a host that ticks at `deadline()`, nothing late.
//
// A list is an array in pieces, not a chain through the sessions: with many of them each one is a cache miss, and a chain
// would make every miss wait for the one before it.
import { root } from "../state/memory";
import { Session } from "../state/session";
import { allocate, release } from "../state/slab";
import { hostTime, isBefore, isDue, now, SLOT_SHIFT } from "./clock";

const SLOT_BITS: u32 = 6;
const SLOTS: u32 = 1 << SLOT_BITS;
const WINDOWS: u32 = 128;
// A turn of 65 s is longer than a refresh interval of the usual 30 s can be, so that sessions are passed by once.
const TURN: u32 = SLOTS * WINDOWS;
// Ticks are times without their low bits, so they wrap where times do; windows are ticks without theirs.
const TICK_MASK: u32 = 0xffffffff >>> SLOT_SHIFT;
const WINDOW_MASK: u32 = TICK_MASK >>> SLOT_BITS;

// Lists by number: slots, then windows, then the list that is being carried out in a TICK.
const FIRST_WINDOW: u32 = SLOTS;
const PENDING: u32 = SLOTS + WINDOWS;
const LISTS: u32 = PENDING + 1;

// A piece of a list. Only the first piece of a list is not full.
@unmanaged
export class Chunk {
  next: u32;
  list: u16;
  count: u16;
}
export const CHUNK_HEADER = offsetof<Chunk>();
const CHUNK_ENTRIES: u32 = 14;
const CHUNK_BYTES: usize = CHUNK_HEADER + <usize> CHUNK_ENTRIES * 4;

// What the last question for the deadline found. A cache and not state: asking must not change a snapshot.
let deadlineKnown = false;
let knownDeadline: u32 = 0;

export function initializeWheel(): void {
  const state = root();
  state.wheel = <u32> allocate(<usize> LISTS * 4);
  state.wheelTick = now() >>> SLOT_SHIFT;
  deadlineKnown = false;
}

@inline
function headOf(list: u32): usize {
  return <usize> root().wheel + <usize> list * 4;
}
@inline
function entryAt(chunk: usize, index: u32): usize {
  return chunk + CHUNK_HEADER + <usize> index * 4;
}
@inline
function windowOf(tick: u32): u32 {
  return tick >>> SLOT_BITS;
}
@inline
function listOf(window: u32): u32 {
  return FIRST_WINDOW + (window & (WINDOWS - 1));
}

// Which slots hold anything, a bit each.
@inline
function mark(list: u32, any: bool): void {
  if (list >= SLOTS) return;
  const state = root();
  const bit = <u64> 1 << <u64> list;
  state.wheelSlots = any ? state.wheelSlots | bit : state.wheelSlots & ~bit;
}

function insert(session: Session, list: u32): void {
  const head = headOf(list);
  let chunk = <usize> load<u32>(head);
  if (chunk == 0 || <u32> changetype<Chunk>(chunk).count == CHUNK_ENTRIES) {
    const first = allocate(CHUNK_BYTES);
    changetype<Chunk>(first).next = <u32> chunk;
    changetype<Chunk>(first).list = <u16> list;
    store<u32>(head, <u32> first);
    if (chunk == 0) mark(list, true);
    chunk = first;
  }
  const count = <u32> changetype<Chunk>(chunk).count;
  store<u32>(entryAt(chunk, count), <u32> changetype<usize>(session));
  changetype<Chunk>(chunk).count = <u16> (count + 1);
  session.wheelChunk = <u32> chunk;
}

// Takes the last entry off the first piece of a list that holds something.
function takeLast(list: u32): Session {
  const head = headOf(list);
  const chunk = <usize> load<u32>(head);
  const count = <u32> changetype<Chunk>(chunk).count - 1;
  const session = changetype<Session>(<usize> load<u32>(entryAt(chunk, count)));
  changetype<Chunk>(chunk).count = <u16> count;
  if (count == 0) {
    const next = changetype<Chunk>(chunk).next;
    store<u32>(head, next);
    if (next == 0) mark(list, false);
    release(chunk, CHUNK_BYTES);
  }
  return session;
}

// Takes a session off its list: the last one of the list moves to its place.
function detach(session: Session): void {
  const chunk = <usize> session.wheelChunk;
  const last = takeLast(changetype<Chunk>(chunk).list);
  if (last == session) return;
  let at = entryAt(chunk, 0);
  while (load<u32>(at) != <u32> changetype<usize>(session)) at += 4;
  store<u32>(at, <u32> changetype<usize>(last));
  last.wheelChunk = <u32> chunk;
}

export function unschedule(session: Session): void {
  if (session.wheelChunk == 0) return;
  detach(session);
  session.wheelChunk = 0;
  root().wheelEntries -= 1;
  if (deadlineKnown && session.deadline == knownDeadline) deadlineKnown = false;
}

// Puts a session where its deadline belongs, as seen from `wheelTick`.
function place(session: Session): void {
  const current = root().wheelTick;
  const at = session.deadline;
  const tick = isBefore(at, current << SLOT_SHIFT) ? current : at >>> SLOT_SHIFT;
  const window = windowOf(tick);
  insert(session, window == windowOf(current) ? tick & (SLOTS - 1) : listOf(window));
}

// Sees to it that the session is looked at no later than `at`.
export function schedule(session: Session, at: u32): void {
  const state = root();
  if (session.wheelChunk != 0) {
    if (!isBefore(at, session.deadline)) return;
    unschedule(session);
  }
  session.deadline = at;
  // An empty wheel has stood still.
  if (state.wheelEntries == 0) state.wheelTick = now() >>> SLOT_SHIFT;
  place(session);
  state.wheelEntries += 1;
  if (deadlineKnown && isBefore(at, knownDeadline)) knownDeadline = at;
}

// The next session that is due, or null when none is. It stays where it is while it is looked at, so that nothing that is
// scheduled for it meanwhile moves it; then it is put back or unscheduled.
export function nextDue(): Session | null {
  // The wheel turns: what was earliest may be past, or only the end of a turn.
  deadlineKnown = false;
  if (firstPending() == 0 && !turn()) return null;
  const chunk = <usize> firstPending();
  return changetype<Session>(<usize> load<u32>(entryAt(chunk, <u32> changetype<Chunk>(chunk).count - 1)));
}

// Moves a session to where it is looked at next.
export function putBack(session: Session, at: u32): void {
  detach(session);
  session.deadline = at;
  place(session);
}

// The first piece of the list that is being carried out, or 0.
@inline
export function firstPending(): u32 {
  return load<u32>(headOf(PENDING));
}

// Turns the wheel until something is due or the present is reached; returns whether anything is due.
function turn(): bool {
  const state = root();
  const nowTick = now() >>> SLOT_SHIFT;
  // After a leap every list is looked at once, and not once for every turn that was missed.
  if (((nowTick - state.wheelTick) & TICK_MASK) > TURN) {
    if (takeSlots(~(<u64> 0))) return true;
    enterWindow(windowOf((nowTick - TURN) & TICK_MASK));
  }
  const nowWindow = windowOf(nowTick);
  while (true) {
    const isLast = windowOf(state.wheelTick) == nowWindow;
    // Slots before the present one are due as they are.
    const whole = isLast ? (<u64> 1 << <u64> (nowTick & (SLOTS - 1))) - 1 : ~(<u64> 0);
    if (takeSlots(whole)) return true;
    if (isLast) {
      state.wheelTick = nowTick;
      return takeDue(nowTick & (SLOTS - 1));
    }
    enterWindow(nextWindow(windowOf(state.wheelTick), nowWindow));
  }
}

// The next window that holds something, or `last`.
function nextWindow(window: u32, last: u32): u32 {
  do {
    window = (window + 1) & WINDOW_MASK;
  } while (window != last && load<u32>(headOf(listOf(window))) == 0);
  return window;
}

// Spreads what stands in a window over the slots; what is of a later turn goes back.
function enterWindow(window: u32): void {
  root().wheelTick = window << SLOT_BITS;
  redistribute(listOf(window), false);
}

// What was loaded goes somewhere, into memory: a variable that nobody reads is taken away together with the loads.
const touched: usize = memory.data(4, 4);

// Asks memory for all sessions of a piece and for the next piece, before the first of them is needed.
@inline
function touch(chunk: usize, next: usize): void {
  let sum = load<u32>(next);
  const end = entryAt(chunk, changetype<Chunk>(chunk).count);
  for (let at = entryAt(chunk, 0); at < end; at += 4) sum += changetype<Session>(<usize> load<u32>(at)).deadline;
  store<u32>(touched, sum);
}

// Takes a list apart and puts each of its sessions where it belongs; `dueToPending`: what is due among the pending.
function redistribute(list: u32, dueToPending: bool): void {
  const head = headOf(list);
  let chunk = <usize> load<u32>(head);
  if (chunk == 0) return;
  store<u32>(head, 0);
  mark(list, false);
  while (chunk != 0) {
    const next = <usize> changetype<Chunk>(chunk).next;
    touch(chunk, next);
    for (let index: u32 = 0, count = <u32> changetype<Chunk>(chunk).count; index < count; index++) {
      const session = changetype<Session>(<usize> load<u32>(entryAt(chunk, index)));
      if (dueToPending && isDue(session.deadline)) insert(session, PENDING);
      else place(session);
    }
    release(chunk, CHUNK_BYTES);
    chunk = next;
  }
}

// Moves the first of these slots that holds anything to the pending list, which is empty, as a whole. Returns whether
// there was one.
function takeSlots(wanted: u64): bool {
  const slots = root().wheelSlots & wanted;
  if (slots == 0) return false;
  const slot = <u32> ctz<u64>(slots);
  const first = load<u32>(headOf(slot));
  store<u32>(headOf(PENDING), first);
  store<u32>(headOf(slot), 0);
  mark(slot, false);
  for (let chunk = first; chunk != 0; chunk = changetype<Chunk>(<usize> chunk).next) {
    changetype<Chunk>(<usize> chunk).list = <u16> PENDING;
  }
  return true;
}

// The same of the slot of the present, of which a part may be due.
function takeDue(slot: u32): bool {
  let any = false, all = true;
  for (let chunk = <usize> load<u32>(headOf(slot)); chunk != 0; chunk = <usize> changetype<Chunk>(chunk).next) {
    for (let index: u32 = 0, count = <u32> changetype<Chunk>(chunk).count; index < count; index++) {
      if (isDue(changetype<Session>(<usize> load<u32>(entryAt(chunk, index))).deadline)) any = true;
      else all = false;
    }
  }
  if (!any) return false;
  if (all) return takeSlots(<u64> 1 << <u64> slot);
  redistribute(slot, true);
  return true;
}

// When the next TICK is wanted, in host milliseconds.
export function wheelDeadline(): f64 {
  if (root().wheelEntries == 0) return Infinity;
  if (firstPending() != 0) return hostTime(now());
  if (!deadlineKnown) {
    knownDeadline = earliest();
    deadlineKnown = true;
  }
  return hostTime(knownDeadline);
}

// The earliest deadline within one turn of the wheel; if all lie further away, the end of the turn.
function earliest(): u32 {
  const state = root();
  if (state.wheelSlots != 0) {
    earliestOf(<u32> ctz<u64>(state.wheelSlots), false);
    return best;
  }
  const current = windowOf(state.wheelTick);
  for (let ahead: u32 = 1; ahead <= WINDOWS; ahead++) {
    const window = (current + ahead) & WINDOW_MASK;
    if (earliestOf(listOf(window), true, window)) return best;
  }
  return (state.wheelTick + TURN) << SLOT_SHIFT;
}

// Sets `best` to the earliest deadline of a list; with `only`, of what is due in this window, or was due before after a
// leap, and not a turn later. Returns whether there was any.
let best: u32 = 0;
function earliestOf(list: u32, only: bool, window: u32 = 0): bool {
  let found = false;
  for (let chunk = <usize> load<u32>(headOf(list)); chunk != 0; chunk = <usize> changetype<Chunk>(chunk).next) {
    for (let index: u32 = 0, count = <u32> changetype<Chunk>(chunk).count; index < count; index++) {
      const deadline = changetype<Session>(<usize> load<u32>(entryAt(chunk, index))).deadline;
      if (only && <i32> ((windowOf(deadline >>> SLOT_SHIFT) - window) << (SLOT_SHIFT + SLOT_BITS)) > 0) continue;
      if (!found || isBefore(deadline, best)) best = deadline;
      found = true;
    }
  }
  return found;
}
