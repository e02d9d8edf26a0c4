/** Messages and sessions as large as they may be: taken or refused as a whole, in bounded time, and passed on whole. */
import { defaultCodec } from "../host/default_codec.ts";
import { assert, assertEquals, assertGreater, assertLess, assertLessOrEqual } from "./assert.ts";
import { type Bytes, concat, fromHex, message, object, pack, repairChecksum } from "./fuzz/bytes.ts";
import { interfaceInput } from "./fuzz/records.ts";
import {
  destination,
  DOWNSTREAM,
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
  template,
  time,
  UPSTREAM,
} from "./hostile_world.ts";
import { processorMs } from "./processor_time.ts";

const LONGEST = 65_532;
/** Milliseconds of processor time. More than this no submit may take, on a slow machine either. */
const PATIENCE_MS = 2000;
const SENDERS = 400;

/** A Resv or Path filled up to the longest message there is. */
function filledUp(start: Bytes, filling: Uint8Array): Bytes {
  const count = Math.floor((LONGEST - start.length) / filling.length);
  const out = concat([start, ...new Array<Uint8Array>(count).fill(filling)]);
  out[6] = out.length >> 8;
  out[7] = out.length & 255;
  repairChecksum(out);
  return out;
}

Deno.test("the longest messages, full of objects of every kind, are taken or counted in bounded time", () => {
  const fillings: Record<string, Uint8Array> = {
    "NULL objects": object(0, 0, new Uint8Array(0)),
    policies: object(14, 1, new Uint8Array(0)),
    "large policies": object(14, 1, new Uint8Array(12_000)),
    "unknown objects to forward": object(200, 1, new Uint8Array(4)),
    "unknown objects to ignore": object(150, 1, new Uint8Array(0)),
    filters: filter(sender(1)),
    "other filters": filter(sender(77)),
    flowspecs: flowspec(),
  };
  for (const [name, filling] of Object.entries(fillings)) {
    for (const start of [pathMessage(), resvMessage(STYLE.SE, [sender(1)]), resvMessage(STYLE.FF, [sender(1)])]) {
      const router = new Router();
      router.receive([pathMessage()]);
      router.longestMs = 0;
      const long = filledUp(start, filling);
      router.receive([long], start[1] === 1 ? UPSTREAM : DOWNSTREAM);
      assertEquals(router.count("RECEIVED_MESSAGES"), 2, name);
      assertLess(router.longestMs, PATIENCE_MS, name);
      router.runTo(300_000);
      for (const state of STATES) assertEquals(router.count(state), 0, `${name}: ${state}`);
    }
  }
});

Deno.test("policies of many next hops are passed on as far as a message has room, and cost no product of all with all", () => {
  const router = new Router();
  router.receive(Array.from({ length: 200 }, (_, i) => pathMessage({ from: sender(i + 1), hop: previousHop(i + 1) })));
  const policies = (from: number) =>
    Array.from({ length: 2000 }, (_, i) => object(14, 1, Uint8Array.from([from, i >> 8, i, 1])));
  router.longestMs = 0;
  for (let next = 1; next <= 20; next++) {
    const extra = policies(next);
    router.receive([resvMessage(STYLE.WF, [], { hop: nextHop(next), rate: 1000 * next, extra })], DOWNSTREAM);
  }
  assertLess(router.longestMs, PATIENCE_MS);
  const resvs = router.takeSent(2);
  assertGreater(resvs.length, 200);
  for (const { payload } of resvs) assertLessOrEqual(payload.length, LONGEST);
});

const families: Record<string, (number: number) => { from: Bytes; hop: Bytes }> = {
  IPv4: (n) => ({ from: sender(n), hop: previousHop(0x1000 + n) }),
  IPv6: (n) => ({
    from: fromHex("20010db8000c0000000000000000" + n.toString(16).padStart(4, "0")),
    hop: fromHex("20010db800010000000000000001" + n.toString(16).padStart(4, "0")),
  }),
};

for (const [name, make] of Object.entries(families)) {
  const to = name === "IPv4" ? destination(1) : fromHex("20010db8000a00000000000000000001");
  const next = name === "IPv4" ? nextHop(1) : fromHex("20010db8000200000000000000000001");
  const numbers = Array.from({ length: SENDERS }, (_, i) => i + 1);

  for (const vector of [STYLE.SE, STYLE.FF, STYLE.WF]) {
    const styleName = Object.entries(STYLE).find(([, value]) => value === vector)![0];

    Deno.test(`${SENDERS} ${name} senders behind one hop: ${styleName} asks for all of them in one message`, () => {
      const router = new Router();
      const { hop: at } = make(1);
      router.receive(numbers.map((n) => pathMessage({ to, from: make(n).from, hop: at })));
      assertEquals(router.count("PATH_STATES"), SENDERS);
      router.takeSent(1);
      router.receive([resvMessage(vector, numbers.map((n) => make(n).from), { to, hop: next })], DOWNSTREAM);
      const resvs = router.takeSent(2);
      const decoded = defaultCodec().decode(resvs.at(-1)!.payload);
      const filters = decoded.objects.filter(({ name }) => name === "FILTER_SPEC").length;
      assertEquals([decoded.checksum, filters], ["ok", vector === STYLE.WF ? 0 : SENDERS]);
      assertEquals(router.count("RESERVATION_STATES"), vector === STYLE.FF ? SENDERS : 1);
      assertLess(router.longestMs, PATIENCE_MS);
      router.runTo(300_000);
      for (const state of STATES) assertEquals(router.count(state), 0, state);
      assertLess(router.longestMs, PATIENCE_MS);
    });

    Deno.test(`${SENDERS} ${name} senders behind as many hops, ${styleName}: each hop hears of its own`, () => {
      const router = new Router();
      router.receive(numbers.map((n) => pathMessage({ to, ...make(n) })));
      router.takeSent(1);
      router.receive([resvMessage(vector, numbers.map((n) => make(n).from), { to, hop: next })], DOWNSTREAM);
      const told = new Set(router.takeSent(2).map(({ destination }) => destination.join()));
      assertEquals(told.size, SENDERS);
      assertLess(router.longestMs, PATIENCE_MS);
      router.runTo(300_000);
      for (const state of STATES) assertEquals(router.count(state), 0, state);
      assertLess(router.longestMs, PATIENCE_MS);
    });
  }
}

Deno.test("a thousand next hops, a hundred senders behind as many hops: no message costs seconds", () => {
  const refreshMs = 3_000_000;
  const router = new Router({ refreshIntervalMs: refreshMs });
  router.receive(Array.from({ length: 100 }, (_, i) => {
    return pathMessage({ from: sender(i + 1), hop: previousHop(0x1000 + i), refreshMs });
  }));
  const hops = Array.from({ length: 1001 }, (_, i) => Uint8Array.from([203, 1, i >> 8, i]));
  router.receive(hops.slice(1).map((at) => resvMessage(STYLE.WF, [], { hop: at, refreshMs })), DOWNSTREAM);
  router.longestMs = 0;
  // A request that is larger than all others changes what every one of the hops is asked for.
  router.takeSent(2);
  router.receive([resvMessage(STYLE.WF, [], { hop: hops[0], rate: 5000, refreshMs })], DOWNSTREAM);
  assertEquals([router.count("RESERVATION_STATES"), router.takeSent(2).length], [1001, 100]);
  assertLess(router.longestMs, PATIENCE_MS);
  router.longestMs = 0;
  // All of them end in one instant.
  router.runTo(40_000_000);
  for (const state of STATES) assertEquals(router.count(state), 0, state);
  assertLess(router.longestMs, PATIENCE_MS);
});

Deno.test("thousands of interfaces up to handle 65535 cost a message nothing", () => {
  const count = 3000;
  const interfaces = Array.from({ length: count }, (_, i) => ({
    ...UPSTREAM,
    handle: i === count - 1 ? 65535 : 100 + i,
    ipv4: (0x0b000001 + 256 * i).toString(16).padStart(8, "0"),
    ipv6: "",
  }));
  const router = new Router({}, [UPSTREAM, DOWNSTREAM, ...interfaces]);
  router.receive([pathMessage()]);
  const resvs = new Array<Bytes>(2000).fill(resvMessage(STYLE.FF, [sender(1)]));
  router.receive(resvs, DOWNSTREAM);
  assertEquals(router.count("RECEIVED_RESV"), 2000);
  assertLess(router.longestMs, PATIENCE_MS);
  // An address that moves from one interface to another is found on the other.
  const moved = { ...interfaces[5], ipv4: "c0a80101" };
  router.engine.submit("INTERFACE", interfaceInput(moved), 0);
  router.drain();
  const path = pathMessage({ to: destination(7), hop: fromHex("c0a80101") });
  router.receive([path, pathMessage({ to: destination(7), hop: fromHex(interfaces[5].ipv4) })]);
  assertEquals([router.count("OWN_MESSAGE"), router.count("SESSIONS")], [1, 2]);
});

Deno.test("interfaces that share one address are one address", () => {
  const shared = [3, 4, 5, 65535].map((handle) => ({ ...UPSTREAM, handle, ipv4: "0b000001", ipv6: "" }));
  const router = new Router({}, [UPSTREAM, DOWNSTREAM, ...shared]);
  const path = (number: number) => pathMessage({ to: destination(number), hop: fromHex("0b000001") });
  for (const [index, iface] of shared.entries()) {
    router.receive([path(10 + index)]);
    assertEquals(router.count("OWN_MESSAGE"), index + 1, "somebody still has the address");
    router.engine.submit("INTERFACE", { ...interfaceInput(iface), ipv4: new Uint8Array(16) }, 0);
    router.drain();
  }
  router.receive([path(20)]);
  assertEquals([router.count("OWN_MESSAGE"), router.count("SESSIONS")], [4, 1]);
});

Deno.test("a ResvErr with a FLOWSPEC of 60,000 bytes leaves tables that can be shown", () => {
  const router = new Router();
  router.receive(Array.from({ length: 200 }, (_, i) => pathMessage({ from: sender(i + 1) })));
  router.receive([resvMessage(STYLE.SE, Array.from({ length: 200 }, (_, i) => sender(i + 1)))], DOWNSTREAM);
  const small = flowspec();
  const long = new Uint8Array(60_000);
  long.set(small);
  long.set([long.length >> 8, long.length & 255]);
  long.set([(long.length / 4 - 2) >> 8, (long.length / 4 - 2) & 255], 6);
  long.set([(long.length / 4 - 3) >> 8, (long.length / 4 - 3) & 255], 10);
  long.set([77, 0, (long.length - small.length - 4) / 4 >> 8, (long.length - small.length - 4) / 4], small.length);
  const spec = object(6, 1, fromHex("c0000201" + "00010002"));
  const filters = Array.from({ length: 100 }, (_, i) => filter(sender(i + 1)));
  router.receive([
    message(4, [session(destination(1)), hop(previousHop(1), 9), spec, style(STYLE.SE), long, ...filters]),
  ]);
  assertEquals(router.count("BLOCKADE_STATES"), 100);
  for (const row of router.engine.inspect("blockade")) assertLess(row.objects.length, 100);
  // The same in a Resv: it is stored as what it means.
  router.receive(
    [message(2, [session(destination(1)), hop(nextHop(2), 2), time(), style(STYLE.SE), long, filters[0]])],
    DOWNSTREAM,
  );
  assertEquals(router.count("RESERVATION_STATES"), 2);
  for (const row of router.engine.inspect("reservations")) assert(row.objects.length < 5000);
  assertEquals(router.count("SESSIONS"), 1);
});

/** A DREQ that the next hop passes on; it asks for the STYLE, behind 16,000 classes that nobody has. */
function diagnosticRequest(): Bytes {
  const pairs = new Uint8Array(2 * 16_000 + 4);
  for (let at = 0; at < pairs.length; at += 2) pairs[at] = 250;
  pairs[pairs.length - 2] = 8;
  const parties = [template(sender(1)), filter(nextHop(1))];
  const diagnostic = object(30, 1, pack([1, 4], [7, 4], [1500, 2], [0, 2], nextHop(1), ...parties));
  const response = object(32, 1, new Uint8Array(20));
  return message(8, [session(destination(1)), hop(nextHop(1), 2), diagnostic, object(33, 1, pairs), response]);
}

Deno.test("what a DIAG_SELECT costs does not grow with the filters of the reservation", () => {
  const request = diagnosticRequest(), count = 20;
  const cost = (senders: number) => {
    const router = new Router();
    const all = Array.from({ length: senders }, (_, i) => sender(i + 1));
    router.receive(all.map((from) => pathMessage({ from })));
    router.receive([resvMessage(STYLE.SE, all)], DOWNSTREAM);
    router.takeSent(2);
    const started = processorMs();
    router.receive(new Array<Bytes>(count).fill(request), DOWNSTREAM);
    const spent = processorMs() - started;
    // A STYLE of 8 bytes more than the response that came: that goes back, since both are more than the MTU.
    assertEquals(router.takeSent(8).map(({ payload }) => payload.length - request.length), new Array(count).fill(8));
    return spent;
  };
  const rounds = Array.from({ length: 5 }, () => [cost(1), cost(SENDERS)]);
  const [one, many] = [0, 1].map((index) => Math.min(...rounds.map((round) => round[index])));
  assertLess(many, 8 * one, `${many} ms with ${SENDERS} filters, ${one} ms with one`);
});
