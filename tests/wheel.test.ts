/** The wheel of deadlines against a plain list of them, through random times, leaps and the wrap of its clock. */
import { assert, assertEquals } from "./assert.ts";
import { entryInstance } from "./engine_entries/compile.ts";

interface Exports {
  begin(count: number, nowMs: number): void;
  time(nowMs: number): void;
  put(number: number, afterMs: number): void;
  take(number: number): void;
  due(afterMs: number): number;
  deadline(): number;
  stateBytes(): number;
}

/** One turn of the wheel: of what is due later it may ask to be woken once a turn. */
const TURN_MS = 65_536;

function xorshift(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Engine and list side by side; times are those of the host, which here begins at 0. */
class Both {
  readonly listed = new Map<number, number>();
  now = 0;
  drained = true;

  constructor(readonly engine: Exports, count: number) {
    engine.begin(count, 0);
  }

  put(number: number, afterMs: number): void {
    this.engine.put(number, afterMs);
    const at = this.now + afterMs, known = this.listed.get(number);
    if (known === undefined || at < known) this.listed.set(number, at);
  }

  take(number: number): void {
    this.engine.take(number);
    this.listed.delete(number);
  }

  goTo(time: number): void {
    this.engine.time(this.now = time);
  }

  /** Takes what is due, at most `most`; whatever is taken must be due, and when nothing is left, nothing may be due. */
  drain(most = Infinity, again: () => number = () => 0): number[] {
    const taken: number[] = [];
    this.drained = false;
    while (taken.length < most) {
      const after = again(), number = this.engine.due(after);
      if (number < 0) {
        this.drained = true;
        for (const [left, at] of this.listed) assert(at > this.now, `session ${left} is ${this.now - at} ms late`);
        break;
      }
      const at = this.listed.get(number);
      assert(at !== undefined && at <= this.now, `session ${number}, due at ${at}, came at ${this.now}`);
      if (after === 0) this.listed.delete(number);
      else this.listed.set(number, this.now + after);
      taken.push(number);
    }
    return taken;
  }

  /** Never later than the earliest; exact if that is not past and within a turn, and all that was due has been taken. */
  checkDeadline(): void {
    const asked = this.engine.deadline(), earliest = Math.min(...this.listed.values());
    if (this.listed.size === 0) return assertEquals(asked, Infinity);
    assert(asked <= Math.max(earliest, this.now), `asked for ${asked}, the earliest is ${earliest}, now ${this.now}`);
    if (this.drained && earliest > this.now && earliest < this.now + TURN_MS / 2) assertEquals(asked, earliest);
  }
}

const { exports } = await entryInstance<Exports>("wheel_entry.ts");

/** How far away the next deadline is: mostly within a turn, now and then past, or many turns away. */
function distance(random: (below: number) => number): number {
  const kind = random(20);
  if (kind === 0) return -random(500);
  if (kind === 1) return random(2 ** 30);
  if (kind < 5) return random(20);
  return kind < 10 ? random(1000) : random(4 * TURN_MS);
}

/**
 * How far time goes on: mostly a little, now and then over many turns; but not that while something is owed, for which
 * the engine holds its time back (timers/clock.ts).
 */
function step(random: (below: number) => number, owed: boolean): number {
  const kind = owed ? 49 : random(50);
  if (kind < 2) return random(2 ** 29);
  if (kind < 4) return random(10 * TURN_MS);
  return kind < 30 ? random(12) : random(2000);
}

Deno.test("the wheel gives each session when it is due, never before, and asks to be woken in time", () => {
  const seed = Date.now() >>> 0;
  console.log(`seed ${seed}`);
  const random = xorshift(seed);
  let furthest = 0;
  for (let round = 0; round < 20; round++) {
    const count = [1, 3, 40, 2000][round & 3], both = new Both(exports, count);
    for (let turn = 0; turn < 600; turn++) {
      for (let i = random(1 + Math.min(count, 60)); i > 0; i--) both.put(random(count), distance(random));
      for (let i = random(4); i > 0; i--) both.take(random(count));
      both.checkDeadline();
      both.goTo(both.now + step(random, Math.min(...both.listed.values()) < both.now));
      both.drain(random(3) === 0 ? random(10) : Infinity, () => random(3) ? 1 + random(2 * TURN_MS) : 0);
      both.checkDeadline();
    }
    furthest = Math.max(furthest, both.now);
  }
  assert(furthest > 2 ** 32, "the clock of the engine never wrapped");
});

Deno.test("who ticks at the deadline that is asked for is woken exactly when something is due", () => {
  const both = new Both(exports, 100), random = xorshift(7);
  for (let i = 0; i < 100; i++) both.put(i, 15_000 + random(30_000));
  for (let wakes = 0; wakes < 5000; wakes++) {
    both.goTo(both.engine.deadline());
    const taken = both.drain(Infinity, () => 15_000 + random(30_000));
    assert(taken.length > 0, `woken at ${both.now} for nothing`);
  }
});

Deno.test("a wheel that is emptied gives all its memory back but its lists", () => {
  const both = new Both(exports, 2000);
  const empty = both.engine.stateBytes();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 2000; i++) both.put(i, (i * 7919) % (3 * TURN_MS));
    both.goTo(both.now + 1000);
    both.drain(10);
    for (let i = 0; i < 2000; i++) both.take(i);
    assertEquals(both.engine.stateBytes(), empty);
  }
});
