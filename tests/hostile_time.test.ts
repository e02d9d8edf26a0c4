/** Clocks and periods at their extremes: nothing spins, nothing freezes, and state lives exactly as long as it should. */
import { CONFIG_OPTION } from "../host/boundary.gen.ts";
import { assert, assertEquals, assertGreater, assertLess } from "./assert.ts";
import { message } from "./fuzz/bytes.ts";
import {
  destination,
  DOWNSTREAM,
  filter,
  flowspec,
  hop,
  nextHop,
  pathMessage,
  resvMessage,
  Router,
  sender,
  session,
  STATES,
  STYLE,
  style,
  time,
} from "./hostile_world.ts";
import { processorMs } from "./processor_time.ts";

const MAXIMUM_INTERVAL_MS = 2 ** 30;
const PLAIN = CONFIG_OPTION.NO_TRAFFIC_CONTROL_RESULT;

function reserved(router: Router, refreshMs: number, to = destination(1)): void {
  router.receive([pathMessage({ to, refreshMs })]);
  router.receive([resvMessage(STYLE.FF, [sender(1)], { to, refreshMs })], DOWNSTREAM);
}

const left = (router: Router) => STATES.map((name) => router.count(name));
const NOTHING = STATES.map(() => 0);

/** L >= (K + 0.5) * 1.5 * R with K = 3 (RFC 2205 section 3.7). */
const lifetimeOf = (refreshMs: number) => Math.ceil(5.25 * refreshMs);

for (const refreshMs of [0, 1, 10, 1000, 0x7fffffff, 0x80000000, 0xffffffff]) {
  Deno.test(`state with a refresh period of ${refreshMs} ms lives as long as its limits say and then ends`, () => {
    const router = new Router({ refreshIntervalMs: MAXIMUM_INTERVAL_MS, options: PLAIN | CONFIG_OPTION.NO_JITTER });
    reserved(router, refreshMs);
    const lifetime = Math.min(lifetimeOf(Math.min(Math.max(refreshMs, 10), MAXIMUM_INTERVAL_MS)), MAXIMUM_INTERVAL_MS);
    router.runTo(lifetime - 1);
    assertEquals([router.count("PATH_STATES"), router.count("RESERVATION_STATES")], [1, 1]);
    router.runTo(lifetime + 1);
    assertEquals(left(router), NOTHING);
    assertEquals(router.engine.deadline(), Infinity);
  });
}

Deno.test("a clock that leaps by years lets everything expire, at once and for good", () => {
  for (
    const leap of [2 ** 30, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 5000, 2 ** 32 - 1, 2 ** 32, 2 ** 33 + 12_345, 1e12, 4e15]
  ) {
    const router = new Router();
    for (let number = 1; number <= 300; number++) reserved(router, 30_000, destination(number));
    assertEquals(router.count("SESSIONS"), 300);
    router.longestMs = 0;
    const started = processorMs();
    for (let ticks = 0; ticks < 20; ticks++) router.tick(leap + ticks);
    assertEquals(left(router), NOTHING, `after a leap of ${leap} ms`);
    assertLess(processorMs() - started, 1000);
    // The clock is followed from there.
    reserved(router, 30_000);
    const deadline = router.engine.deadline();
    assert(deadline > router.now && deadline <= router.now + 45_000, `deadline ${deadline} at ${router.now}`);
    router.runTo(router.now + 160_000);
    assertEquals(left(router), NOTHING);
  }
});

Deno.test("leaps while ticks are owed do not bring back what should have expired", () => {
  const router = new Router();
  for (let number = 1; number <= 5000; number++) reserved(router, 30_000, destination(number));
  // Packets alone, no TICK: each leap is longer than any lifetime.
  for (let leaps = 1; leaps <= 5; leaps++) {
    router.now = leaps * 2 ** 30;
    router.receive([pathMessage({ to: destination(9000), refreshMs: 1000 })]);
  }
  for (let ticks = 0; ticks < 40; ticks++) router.tick(router.now + 1);
  router.tick(router.now + 10_000);
  router.runTo(router.now + 100);
  assertEquals(left(router), NOTHING);
});

Deno.test("times that are none, and times that go backwards, stop nothing", () => {
  const router = new Router();
  reserved(router, 30_000);
  for (const nowMs of [NaN, Infinity, -Infinity, -1, 0, 1e300, -1e300, 2 ** 60]) {
    router.engine.submit("TICK", {}, nowMs);
    router.drain();
    const deadline = router.engine.deadline();
    assert(deadline >= 0 && deadline <= 45_000, `deadline ${deadline} after ${nowMs}`);
  }
  router.runTo(200_000);
  assertEquals(left(router), NOTHING);
});

Deno.test("a node whose first time is none starts with the first that is one", () => {
  for (const first of [NaN, Infinity, -Infinity, 1e300]) {
    const router = new Router({}, undefined, first);
    assertEquals(router.engine.deadline(), Infinity);
    router.now = 5_000_000;
    reserved(router, 30_000);
    assert(router.engine.deadline() > router.now && router.engine.deadline() <= router.now + 45_000);
    router.runTo(router.now + 200_000);
    assertEquals(left(router), NOTHING);
  }
});

Deno.test("state lives on while 32 bits of milliseconds wrap (49.7 days), and expires on time behind it", () => {
  const router = new Router();
  // Up to a minute before the wrap; the engine follows leaps of 2^30 ms at the most.
  for (let at = 0; at < 2 ** 32 - 60_000; at += 2 ** 29) router.tick(at);
  router.tick(2 ** 32 - 60_000);
  for (let number = 1; number <= 50; number++) reserved(router, 30_000, destination(number));
  router.takeSent(1);
  const start = router.now;
  const paths: number[] = [];
  for (let round = 1; round <= 10; round++) {
    router.runTo(start + round * 30_000);
    paths.push(router.takeSent(1).length);
    for (let number = 1; number <= 50; number++) reserved(router, 30_000, destination(number));
  }
  assertGreater(start + 300_000, 2 ** 32);
  assertEquals([router.count("SESSIONS"), router.count("RESERVATION_STATES")], [50, 50]);
  // Each Path is refreshed every 15 to 45 s.
  const sent = paths.reduce((sum, count) => sum + count, 0);
  assert(sent >= 50 * 6 && sent <= 50 * 21, `${sent} refreshes in 300 s`);
  router.runTo(start + 300_000 + lifetimeOf(30_000) - 1);
  assertEquals(router.count("SESSIONS"), 50);
  router.runTo(start + 300_000 + lifetimeOf(30_000) + 1);
  assertEquals(left(router), NOTHING);
});

Deno.test("TTL 0 and 1 end here, in the header and in the message, counted", () => {
  for (const [ttl, sendTtl] of [[0, 0], [1, 1], [0, 63], [1, 63], [63, 0], [63, 1], [255, 255]]) {
    const router = new Router();
    const payload = pathMessage();
    const packet = message(1, [payload.slice(8)], sendTtl);
    router.receive([packet], undefined, { ttl });
    const forwarded = router.takeSent(1);
    assertEquals(router.count("PATH_STATES"), 1);
    assertEquals(forwarded.length, ttl > 1 ? 1 : 0, `TTL ${ttl}`);
    if (ttl <= 1) assertGreater(router.count("TTL_EXPIRED"), 0);
    else assertEquals([forwarded[0].ttl, forwarded[0].payload[4]], [ttl - 1, ttl - 1]);
  }
});

Deno.test("a logical interface handle that was never given out makes no reservation, and is counted", () => {
  for (const handle of [3, 65535, 65536, 0x40000000, 0x40000001, 0x7fffffff, 0x80000000, 0xffffffff]) {
    const router = new Router();
    router.receive([pathMessage()]);
    const objects = (named: number) => [session(destination(1)), hop(nextHop(1), named), time(), style(STYLE.FF)];
    router.receive([message(2, [...objects(handle), flowspec(), filter(sender(1))])], DOWNSTREAM);
    assertEquals([router.count("RESERVATION_STATES"), router.count("BAD_VALUE")], [0, 1]);
    // None at all means the interface of its arrival.
    router.receive([message(2, [...objects(0), flowspec(), filter(sender(1))])], DOWNSTREAM);
    assertEquals(router.engine.inspect("reservations").map((row) => row.interface), [DOWNSTREAM.handle]);
  }
});
