/** Floods of well-formed messages: limits refuse with a counter, and what was there before stays as it was. */
import { assert, assertEquals, assertGreater, assertLess } from "./assert.ts";
import {
  destination,
  DOWNSTREAM,
  error,
  filter,
  flowspec,
  hop,
  nextHop,
  pathMessage,
  previousHop,
  resvMessage,
  Router,
  sender,
  session,
  STATES,
  STYLE,
  style,
  UPSTREAM,
} from "./hostile_world.ts";
import { type Bytes, message, object } from "./fuzz/bytes.ts";
import { interfaceInput } from "./fuzz/records.ts";
import { processorMs } from "./processor_time.ts";

/** The one session that has been there all along, with its reservation. */
function settled(config: ConstructorParameters<typeof Router>[0]): Router {
  const router = new Router(config);
  router.receive([pathMessage({ refreshMs: 3_000_000 })]);
  router.receive([resvMessage(STYLE.FF, [sender(1)], { refreshMs: 3_000_000 })], DOWNSTREAM);
  assertEquals([router.count("SESSIONS"), router.count("RESERVATION_STATES")], [1, 1]);
  router.takeSent(0);
  return router;
}

/** It is still there, and its refreshes are still sent. */
function unharmed(router: Router): void {
  assertEquals(
    router.engine.inspect("installed").filter((row) => row.objects[7] === 1 && row.objects[6] === 0).length,
    1,
  );
  router.takeSent(0);
  router.runTo(router.now + 100_000);
  const first = [10, 0, 0, 1];
  const ours = (type: number) =>
    router.sent.filter(({ payload }) => payload[1] === type && first.every((byte, at) => payload[12 + at] === byte));
  assertGreater(ours(1).length, 1, "its Path is refreshed");
  assertGreater(ours(2).length, 1, "its Resv is refreshed");
}

const flood = (count: number, make: (number: number) => Bytes): Bytes[] =>
  Array.from({ length: count }, (_, i) => make(i + 2));

Deno.test("a flood of sessions stops at the limit of sessions, counted, and takes none that exists", () => {
  const router = settled({ maximumSessions: 100 });
  router.receive(flood(1000, (n) => pathMessage({ to: destination(n) })));
  assertEquals([router.count("SESSIONS"), router.count("SESSION_LIMIT")], [100, 901]);
  unharmed(router);
  // When the flood has expired there is room again.
  router.receive([pathMessage({ to: destination(5000) })]);
  assertEquals(router.count("SESSIONS"), 100);
  router.runTo(router.now + 300_000);
  router.receive([pathMessage({ to: destination(5001) })]);
  assertEquals(router.count("SESSIONS"), 2);
});

Deno.test("a flood of senders in one session stops at the limit of senders", () => {
  const router = settled({ maximumSendersPerSession: 10 });
  router.receive(flood(500, (n) => pathMessage({ from: sender(n) })));
  assertEquals([router.count("PATH_STATES"), router.count("SENDER_LIMIT")], [10, 491]);
  unharmed(router);
});

Deno.test("no session has more senders than a Resv can name, whatever CONFIG says", () => {
  const router = settled({ maximumSendersPerSession: 1_000_000 });
  router.receive(flood(1000, (n) => pathMessage({ from: sender(n) })));
  assertEquals([router.count("PATH_STATES"), router.count("SENDER_LIMIT")], [400, 601]);
  unharmed(router);
});

Deno.test("one neighbour fills its own share and no other's", () => {
  const router = settled({ maximumStatePerNeighbour: 50 });
  router.receive(flood(1000, (n) => pathMessage({ to: destination(n), hop: previousHop(2) })));
  assertEquals([router.count("PATH_STATES"), router.count("NEIGHBOUR_LIMIT")], [51, 950]);
  router.receive([pathMessage({ to: destination(5000) })]);
  assertEquals(router.count("PATH_STATES"), 52);
  // The same holds for reservations.
  router.receive(flood(60, (n) => pathMessage({ to: destination(6000 + n), hop: previousHop(3 + (n & 1)) })));
  router.receive(
    flood(60, (n) => resvMessage(STYLE.WF, [], { to: destination(6000 + n), hop: nextHop(2) })),
    DOWNSTREAM,
  );
  assertEquals([router.count("RESERVATION_STATES"), router.count("NEIGHBOUR_LIMIT")], [51, 960]);
  unharmed(router);
});

Deno.test("a flood of next hops in one session ends at a limit, and costs no more and more time", () => {
  const router = settled({});
  const resvs = Array.from(
    { length: 3000 },
    (_, i) => resvMessage(STYLE.FF, [sender(1)], { hop: Uint8Array.from([203, 0, i >> 8, i]), refreshMs: 3_000_000 }),
  );
  router.receive(resvs, DOWNSTREAM);
  assertEquals([router.count("RESERVATION_STATES"), router.count("RESERVATION_LIMIT")], [2048, 3001 - 2048]);
  assertLess(router.longestMs, 1500);
  unharmed(router);
});

Deno.test("a full memory refuses new sessions, counted; the old ones go on, and when the flood is over new ones come in", () => {
  const router = settled({ memoryLimitBytes: 3 << 20 });
  const paths = flood(30_000, (n) => pathMessage({ to: destination(n), from: sender(n & 0xff), rate: n }));
  for (let at = 0; at < paths.length; at += 5000) router.receive(paths.slice(at, at + 5000));
  const held = router.count("SESSIONS");
  assertGreater(held, 2000);
  assertLess(held, 29_000);
  assertEquals(router.count("OUT_OF_MEMORY"), 30_001 - held);
  assertLess(router.engine.memoryBytes, (3 << 20) + 1);
  unharmed(router);
  router.runTo(router.now + 300_000);
  assertEquals(router.count("SESSIONS"), 1);
  // Other kinds of state than those that filled it: what they left behind serves these too.
  router.receive(flood(200, (n) => pathMessage({ to: destination(n), rate: n })));
  router.receive(flood(200, (n) => resvMessage(STYLE.SE, [sender(1)], { to: destination(n), rate: n })), DOWNSTREAM);
  assertEquals([router.count("SESSIONS"), router.count("RESERVATION_STATES")], [201, 201]);
  assertLess(router.engine.memoryBytes, (3 << 20) + 1);
  unharmed(router);
});

Deno.test("refreshes that bring more and more cannot take more memory than there is, and refresh all the same", () => {
  const limit = 6 << 20;
  const router = settled({ memoryLimitBytes: limit });
  const numbers = Array.from({ length: 1000 }, (_, i) => i + 2);
  router.receive(numbers.map((n) => pathMessage({ to: destination(n) })));
  router.receive(numbers.map((n) => resvMessage(STYLE.SE, [sender(1)], { to: destination(n) })), DOWNSTREAM);
  assertEquals(router.count("RESERVATION_STATES"), 1001);
  for (let round = 1; round <= 4; round++) {
    // Policies that nobody else has, 12 KB each.
    const extra = (
      n: number,
    ) => [object(14, 1, new Uint8Array(12_000).fill(round).map((byte, at) => at < 4 ? n >> at : byte))];
    for (let at = 0; at < numbers.length; at += 100) {
      const some = numbers.slice(at, at + 100);
      router.receive(some.map((n) => pathMessage({ to: destination(n), extra: extra(n), rate: round * n })));
      router.receive(
        some.map((n) => resvMessage(STYLE.SE, [sender(1)], { to: destination(n), extra: extra(n + 5000) })),
        DOWNSTREAM,
      );
    }
    assertLess(router.engine.memoryBytes, limit + 1);
    assertEquals([router.count("PATH_STATES"), router.count("RESERVATION_STATES")], [1001, 1001]);
    // Nothing has expired, though what was asked for has been refused.
    router.runTo(router.now + 100_000);
    assertEquals([router.count("PATH_STATES"), router.count("RESERVATION_STATES")], [1001, 1001]);
  }
  assertGreater(router.count("OUT_OF_MEMORY"), 1000);
  unharmed(router);
});

Deno.test("a flood of sessions without a port costs the same with many sessions as with few", () => {
  const router = settled({});
  router.receive(flood(20_000, (n) => pathMessage({ to: destination(n), refreshMs: 3_000_000 })));
  const zero = flood(2000, (n) => pathMessage({ to: destination(n), port: 0, fromPort: 0 }));
  // The first one has the destinations counted, once.
  router.receive(zero.slice(0, 1));
  router.longestMs = 0;
  const started = processorMs();
  router.receive(zero);
  assertEquals(router.count("DESTINATION_PORT_CONFLICT"), 2001);
  assertLess(processorMs() - started, 1000);
  // A destination that nobody else has is nobody's conflict, and then a port is one.
  router.receive([pathMessage({ to: destination(90_000), port: 0, fromPort: 0 })]);
  assertEquals([router.count("SESSIONS"), router.count("DESTINATION_PORT_CONFLICT")], [20_002, 2001]);
  router.receive([pathMessage({ to: destination(90_000) })]);
  assertEquals(router.count("DESTINATION_PORT_CONFLICT"), 2002);
});

Deno.test("errors and confirmations that nobody asked for change nothing", () => {
  const router = settled({});
  const before = STATES.map((name) => router.count(name));
  const descriptor = [style(STYLE.FF), flowspec(), filter(sender(1))];
  const spoofed: Bytes[] = [];
  for (let code = 0; code < 256; code++) {
    const spec = error(previousHop(1), code, code);
    // From a hop that the state does not name, and for a session and a sender that do not exist.
    spoofed.push(
      message(4, [session(destination(1)), hop(previousHop(77), 9), spec, ...descriptor]),
      message(4, [session(destination(2)), hop(previousHop(1), 9), spec, ...descriptor]),
      message(4, [
        session(destination(1)),
        hop(previousHop(1), 9),
        spec,
        style(STYLE.FF),
        flowspec(),
        filter(sender(99)),
      ]),
      message(3, [session(destination(2)), spec, ...pathObjects()]),
      message(6, [session(destination(1)), hop(nextHop(9), 2), style(STYLE.FF), filter(sender(1))]),
    );
  }
  router.receive(spoofed);
  assertEquals(STATES.map((name) => router.count(name)), before);
  unharmed(router);
});

/** Sender descriptor of a PathErr. */
function pathObjects(): Bytes[] {
  const path = pathMessage();
  return [path.slice(8 + 12 + 12 + 8)];
}

Deno.test("ResvErrs of the previous hop itself cannot make state without end", () => {
  const router = settled({});
  for (let round = 0; round < 20; round++) {
    const filters = Array.from({ length: 500 }, (_, i) => filter(sender(1000 * round + i + 2)));
    router.receive([
      message(4, [
        session(destination(1)),
        hop(previousHop(1), 9),
        error(previousHop(1), 1, 2),
        style(STYLE.SE),
        flowspec(),
        ...filters,
      ]),
    ]);
    router.receive([
      message(4, [
        session(destination(1)),
        hop(previousHop(1), 9),
        error(previousHop(1), 1, 2),
        style(STYLE.FF),
        flowspec(round + 1),
        filter(sender(1)),
      ]),
    ]);
  }
  assertEquals(router.count("BLOCKADE_STATES"), 1);
});

Deno.test("the same messages again and again are refreshes and nothing more", () => {
  const router = settled({});
  const before = router.engine.snapshot().length;
  for (let round = 0; round < 3; round++) {
    router.receive(new Array<Bytes>(3000).fill(pathMessage({ refreshMs: 3_000_000 })));
    router.receive(
      new Array<Bytes>(3000).fill(resvMessage(STYLE.FF, [sender(1)], { refreshMs: 3_000_000 })),
      DOWNSTREAM,
    );
  }
  assertEquals(router.count("REFRESHES_UNCHANGED"), 18_000);
  assertEquals(router.engine.snapshot().length, before);
  assertEquals(router.sent.length, 0);
  unharmed(router);
});

Deno.test("a refresh that says nothing new counts once, whatever it refreshes, recognised or read", () => {
  const router = new Router();
  router.receive([1, 2].map((n) => pathMessage({ from: sender(n) })));
  // Each names senders that others do not, and one names its only one twice.
  for (const senders of [[1, 1], [1, 2], [2]]) {
    const resv = resvMessage(STYLE.FF, senders.map((n) => sender(n)));
    router.receive([resv], DOWNSTREAM);
    const before = router.count("REFRESHES_UNCHANGED");
    router.receive([resv, resv], DOWNSTREAM);
    // Whatever may change an outcome has messages read again.
    router.engine.submit("INTERFACE", interfaceInput(UPSTREAM), 0);
    router.drain();
    router.receive([resv], DOWNSTREAM);
    assertEquals(router.count("REFRESHES_UNCHANGED") - before, 3, `FF for ${senders}`);
  }
});

Deno.test("keys that collide under one seed do not collide under another, and none collide by design", () => {
  // The highest bit of the first eight bytes and two bits of the next cancelled out in a hash with known factors.
  const pair = (n: number, flipped: boolean): Uint8Array => {
    const to = Uint8Array.from([0x20, 1, 0xd, 0xb8, 0, n >> 8, n, 0, 0, 0, 0, 0x40, 0, 0, 0, 0x40]);
    if (flipped) {
      to[7] ^= 0x80;
      to[11] ^= 0x80;
      to[15] ^= 0x80;
    }
    return to;
  };
  const times = [false, true].map((crafted) => {
    const router = new Router({ memoryLimitBytes: 2 ** 30 });
    const from = Uint8Array.from([0x20, 1, 0xd, 0xb8, 0, 0xc, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    const at = Uint8Array.from([0x20, 1, 0xd, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    const paths = Array.from(
      { length: 20_000 },
      (_, i) =>
        pathMessage({
          to: pair(i >> 1, crafted && (i & 1) === 1),
          port: crafted ? 5004 : 5004 + (i & 1),
          from,
          hop: at,
        }),
    );
    const started = processorMs();
    router.receive(paths);
    assertEquals(router.count("SESSIONS"), 20_000);
    return processorMs() - started;
  });
  assert(times[1] < 5 * times[0] + 500, `crafted keys took ${times[1]} ms, others ${times[0]} ms`);
});
