/**
 * RAPI (docs/rapi.md): what its calls do and its upcalls tell, rule by rule, in a virtual network and on real sockets.
 */
import { Network, RAPI_ERR, RAPI_ERRF, RAPI_EVENT, RAPI_FLAG, RAPI_FORM } from "../host/public.ts";
import { Rapi, RAPI_RSTYLE, rapiFilter, rapiFlowspec, type RsvpNode } from "../host/public.ts";
import { assert, assertEquals } from "./assert.ts";
import { type QosWorld, sent, type WorldOptions, WORLDS } from "./qos_world.ts";
import { BUCKET, FLOWSPEC, Program, rapis, TSPEC, twoSenders } from "./rapi_fixture.ts";

const { PATH_EVENT, RESV_EVENT, PATH_ERROR, RESV_ERROR, RESV_CONFIRM } = RAPI_EVENT;
const { WILDCARD, FIXED, SE } = RAPI_RSTYLE;

function both(name: string, run: (world: QosWorld) => Promise<void>, options: WorldOptions = {}): void {
  for (const [place, world] of Object.entries(WORLDS)) {
    Deno.test(`rapi, ${place}: ${name}`, () => world(options, run));
  }
}

both(
  "PATH_EVENT has the complete list of senders with Tspecs and Adspecs; it is empty after the last one",
  async (world) => {
    const { receiver, alice, carol } = await twoSenders(world);
    const last = receiver.events(PATH_EVENT).at(-1)!;
    assertEquals(last.filters.map((filter) => "port" in filter && `${filter.address}/${filter.port}`).toSorted(), [
      `${world.at.alice}/4000`,
      `${world.at.carol}/4000`,
    ]);
    assertEquals(last.flows, [TSPEC, TSPEC]);
    assertEquals(last.adspecs.map(({ form }) => form), [RAPI_FORM.ADSTYPE_SIMPLIFIED, RAPI_FORM.ADSTYPE_SIMPLIFIED]);
    assertEquals([last.style, last.errorCode, last.sid], [0, 0, receiver.sid]);
    alice.rapi.sender(alice.sid, { lhost: null });
    await world.until("one sender is left", () => receiver.events(PATH_EVENT).at(-1)!.filters.length === 1);
    carol.rapi.release(carol.sid);
    await world.until("none is left", () => receiver.events(PATH_EVENT).at(-1)!.filters.length === 0);
    const { flows, adspecs } = receiver.events(PATH_EVENT).at(-1)!;
    assertEquals([flows, adspecs], [[], []]);
  },
);

both("a handle that is opened when path state is there already hears of it", async (world) => {
  const { receiver } = await twoSenders(world);
  const later = new Program(receiver.rapi, { address: world.at.bob, port: 5004 });
  assertEquals(later.events(PATH_EVENT).map(({ filters }) => filters.length), [2]);
});

both("RESV_EVENT has style, one flowspec and the sender's own filter; no flowspec once it is gone", async (world) => {
  const { receiver, alice, carol, filters } = await twoSenders(world);
  receiver.rapi.reserve(receiver.sid, {
    styleId: FIXED,
    filters,
    flowspecs: [FLOWSPEC, FLOWSPEC],
  });
  for (
    const { program, address } of [
      { program: alice, address: world.at.alice },
      { program: carol, address: world.at.carol },
    ]
  ) {
    await world.until("the sender hears of it", () => program.events(RESV_EVENT).length > 0);
    const [{ style, filters: own, flows, adspecs }] = program.events(RESV_EVENT);
    assertEquals([style, own, flows, adspecs], [FIXED, [rapiFilter({ address, port: 4000 })], [FLOWSPEC], []]);
  }
  receiver.rapi.reserve(receiver.sid, { flowspecs: [] });
  await world.until("it is gone", () => alice.events(RESV_EVENT).at(-1)!.flows.length === 0);
  assertEquals(alice.events(RESV_EVENT).at(-1)!.filters, []);
  // The handle is there still.
  receiver.rapi.reserve(receiver.sid, { styleId: WILDCARD, flowspecs: [FLOWSPEC] });
  await world.until("it is back", () => alice.events(RESV_EVENT).at(-1)!.flows.length === 1);
  const { style, filters: none } = alice.events(RESV_EVENT).at(-1)!;
  assertEquals([style, none], [WILDCARD, []]);
});

both("an upcall comes when what it tells has changed, and not with each refresh", async (world) => {
  const { receiver, alice, filters } = await twoSenders(world);
  receiver.rapi.reserve(receiver.sid, { styleId: SE, filters, flowspecs: [FLOWSPEC] });
  await world.until("the sender hears of it", () => alice.events(RESV_EVENT).length > 0);
  await world.settle();
  const heard = [receiver.events(PATH_EVENT).length, alice.events(RESV_EVENT).length];
  const paths = sent(world, "Path", "router").length, resvs = sent(world, "Resv", "router").length;
  await world.until(
    "both were refreshed three times",
    () => sent(world, "Path", "router").length >= paths + 6 && sent(world, "Resv", "router").length >= resvs + 6,
  );
  assertEquals([receiver.events(PATH_EVENT).length, alice.events(RESV_EVENT).length], heard);
}, { settings: { refreshIntervalMs: 100 } });

both("a reservation may come before the sender, and is confirmed once", async (world) => {
  const { alice, bob } = rapis(world);
  const dest = { address: world.at.bob, port: 5004 };
  const receiver = new Program(bob, dest), sender = new Program(alice, dest);
  const filter = rapiFilter({ address: world.at.alice, port: 4000 });
  const reservation = { styleId: FIXED, filters: [filter], flowspecs: [FLOWSPEC] };
  bob.reserve(receiver.sid, { ...reservation, flags: RAPI_FLAG.REQ_CONFIRM });
  await world.settle();
  assertEquals(sent(world, "Resv").length, 0);
  alice.sender(sender.sid, { senderTemplate: filter, lhost: { address: "ignored" }, senderTspec: TSPEC });
  await world.until("it is confirmed", () => receiver.events(RESV_CONFIRM).length === 1);
  const [{ style, filters, flows, errorCode }] = receiver.events(RESV_CONFIRM);
  assertEquals([style, filters, flows, errorCode], [FIXED, [filter], [FLOWSPEC], 0]);
  // Changing it without the flag asks for no confirmation again.
  bob.reserve(receiver.sid, { ...reservation, flowspecs: [rapiFlowspec({ ...BUCKET, tokenBucketSizeBytes: 340 })] });
  await world.settle();
  assertEquals(receiver.events(RESV_CONFIRM).length, 1);
});

both("another style tears the old reservation first; the same one only what is not listed any more", async (world) => {
  const { receiver, alice, filters } = await twoSenders(world);
  const pair = filters;
  receiver.rapi.reserve(receiver.sid, { styleId: FIXED, filters: pair, flowspecs: [FLOWSPEC, FLOWSPEC] });
  await world.until("both are reserved", () => world.router.inspect("reservations").length > 0);
  await world.settle();
  const torn = () => sent(world, "ResvTear", "bob");
  receiver.rapi.reserve(receiver.sid, { styleId: FIXED, filters: [pair[0]], flowspecs: [FLOWSPEC] });
  await world.until("one is torn down", () => torn().length === 1);
  const listed = torn()[0].objects.filter(({ name }) => name === "FILTER_SPEC");
  assertEquals(listed.map((object) => "sourceAddress" in object && object.sourceAddress), [
    "address" in pair[1] ? pair[1].address : "",
  ]);
  receiver.rapi.reserve(receiver.sid, { styleId: WILDCARD, filters: [], flowspecs: [FLOWSPEC] });
  await world.until(
    "the rest is torn down, and WF stands",
    () => torn().length === 2 && alice.events(RESV_EVENT).at(-1)?.style === WILDCARD,
  );
});

both("RESV_ERROR has the failing flowspec, code, value, node and flags", async (world) => {
  const { receiver, filters } = await twoSenders(world);
  const pair = filters;
  receiver.rapi.reserve(receiver.sid, { styleId: SE, filters: pair, flowspecs: [FLOWSPEC] });
  await world.until("the sender's side has it", () => world.router.inspect("installed").length === 1);
  const greedy = rapiFlowspec({ ...BUCKET, rateBytesPerSecond: 500_000 });
  receiver.rapi.reserve(receiver.sid, { styleId: SE, filters: pair, flowspecs: [greedy] });
  await world.until("the refusal comes", () => receiver.events(RESV_ERROR).length > 0);
  const [error] = receiver.events(RESV_ERROR);
  assertEquals([error.style, error.errorCode, error.errorValue, error.flows], [SE, 1, 2, [greedy]]);
  assert(error.errorFlags & RAPI_ERRF.IN_PLACE, "the first reservation is in place");
  assertEquals(error.errorFlags & RAPI_ERRF.NOT_GUILTY, 0);
  assert(error.errorNode !== "", "a node has found it");
  assertEquals(error.filters.length, 2);
}, { reservableBytesPerSecond: 100_000 });

both("conflicting styles of two handles come as RESV_ERROR 5, of calls that nobody could foresee", async (world) => {
  const { receiver, filters } = await twoSenders(world);
  const other = new Program(receiver.rapi, { address: world.at.bob, port: 5004 });
  receiver.rapi.reserve(receiver.sid, { styleId: SE, filters, flowspecs: [FLOWSPEC] });
  other.rapi.reserve(other.sid, { styleId: WILDCARD, flowspecs: [FLOWSPEC] });
  const [{ errorCode, style }] = other.events(RESV_ERROR);
  assertEquals([errorCode, style], [5, WILDCARD]);
  assertEquals(receiver.events(RESV_ERROR), []);
});

both("the asynchronous errors: BADSEND, BADRECV and BADSPORT are the value of error 20", async (world) => {
  const { alice, bob } = rapis(world);
  const sender = new Program(alice, { address: world.at.bob, port: 5004 });
  const elsewhere = rapiFilter({ address: "192.0.2.99", port: 1 });
  alice.sender(sender.sid, { senderTemplate: elsewhere, senderTspec: TSPEC });
  await world.until("BADSEND comes", () => sender.events(PATH_ERROR).length === 1);
  const [bad] = sender.events(PATH_ERROR);
  assertEquals([bad.errorCode, bad.errorValue, bad.filters], [20, RAPI_ERR.BADSEND, [elsewhere]]);

  const receiver = new Program(bob, { address: world.at.bob, port: 5004 });
  const filter = rapiFilter({ address: world.at.alice, port: 4000 });
  const reservation = { styleId: FIXED, filters: [filter], flowspecs: [FLOWSPEC] };
  bob.reserve(receiver.sid, { ...reservation, rhost: { address: "192.0.2.99" } });
  bob.reserve(receiver.sid, { ...reservation, rhost: { address: world.at.bob } });
  bob.reserve(receiver.sid, { ...reservation, rhost: { address: "0.0.0.0" } });
  assertEquals(receiver.events(RESV_ERROR).map(({ errorCode, errorValue }) => [errorCode, errorValue]), [[
    20,
    RAPI_ERR.BADRECV,
  ]]);
  bob.release(receiver.sid);

  const portless = new Program(bob, { address: world.at.bob });
  bob.reserve(portless.sid, reservation);
  const [{ errorCode, errorValue }] = portless.events(RESV_ERROR);
  assertEquals([errorCode, errorValue], [20, RAPI_ERR.BADSPORT]);
  bob.sender(portless.sid, { lhost: { address: "0.0.0.0", port: 7 }, senderTspec: TSPEC });
  assertEquals(portless.events(PATH_ERROR).map((event) => [event.errorCode, event.errorValue]), [[
    20,
    RAPI_ERR.BADSPORT,
  ]]);
});

both("a session without ports: senders and filters have port 0", async (world) => {
  const { alice, bob } = rapis(world);
  const dest = { address: world.at.bob };
  const receiver = new Program(bob, dest, { protid: 89 }), sender = new Program(alice, dest, { protid: 89 });
  alice.sender(sender.sid, { lhost: { address: world.at.alice }, senderTspec: TSPEC });
  await world.until("the receiver hears of it", () => receiver.events(PATH_EVENT).length > 0);
  const filters = receiver.events(PATH_EVENT).at(-1)!.filters;
  assertEquals(filters, [rapiFilter({ address: world.at.alice })]);
  bob.reserve(receiver.sid, { styleId: FIXED, filters, flowspecs: [FLOWSPEC] });
  await world.until("the sender hears of it", () => sender.events(RESV_EVENT).length === 1);
});

both("a GPI session: senders are told by their generalized ports (RFC 2207)", async (world) => {
  const { alice, bob } = rapis(world);
  const dest = { address: world.at.bob, port: 8192 };
  const options = { protid: 50, flags: RAPI_FLAG.GPI_SESSION };
  const receiver = new Program(bob, dest, options), sender = new Program(alice, dest, options);
  const template = rapiFilter({ address: world.at.alice, generalizedPortIdentifier: 4096 });
  alice.sender(sender.sid, { senderTemplate: template, senderTspec: TSPEC });
  await world.until("the receiver hears of it", () => receiver.events(PATH_EVENT).length > 0);
  assertEquals(receiver.events(PATH_EVENT).at(-1)!.filters, [template]);
  bob.reserve(receiver.sid, { styleId: FIXED, filters: [template], flowspecs: [FLOWSPEC] });
  await world.until("the sender hears of it", () => sender.events(RESV_EVENT).length === 1);
  assertEquals(sender.events(RESV_EVENT)[0].filters, [template]);
});

both("with USE_INTSERV, upcalls have the Int-Serv forms, and they can be handed back as they are", async (world) => {
  const { receiver, alice, filters } = await twoSenders(world, { flags: RAPI_FLAG.USE_INTSERV });
  const { flows, adspecs } = receiver.events(PATH_EVENT).at(-1)!;
  assertEquals(flows.map(({ form }) => form), [RAPI_FORM.TSPECTYPE_INTSERV, RAPI_FORM.TSPECTYPE_INTSERV]);
  assertEquals(adspecs.map(({ form }) => form), [RAPI_FORM.ADSTYPE_INTSERV, RAPI_FORM.ADSTYPE_INTSERV]);
  const flowspec = { name: "FLOWSPEC", form: "IntServ", ctype: 2, service: 5, ...BUCKET } as const;
  receiver.rapi.reserve(receiver.sid, {
    styleId: SE,
    filters,
    flowspecs: [{ form: RAPI_FORM.FLOWSTYPE_INTSERV, object: flowspec }],
  });
  await world.until("the sender hears of it", () => alice.events(RESV_EVENT).length > 0);
  assertEquals(alice.events(RESV_EVENT)[0].flows[0].form, RAPI_FORM.FLOWSTYPE_INTSERV);
});

both("an Adspec and a name for the policy nodes go with the sender", async (world) => {
  const { alice, bob } = rapis(world);
  const dest = { address: world.at.bob, port: 5004 };
  const receiver = new Program(bob, dest), sender = new Program(alice, dest);
  const path = { hopcnt: 3, pathBandwidthBytesPerSecond: 50_000, minimumLatencyMicroseconds: 7, composedMtuBytes: 900 };
  alice.sender(sender.sid, {
    lhost: { address: "0.0.0.0", port: 4000 },
    senderTspec: TSPEC,
    senderAdspec: {
      form: RAPI_FORM.ADSTYPE_SIMPLIFIED,
      general: { flags: 4, ...path },
      controlledLoad: { flags: 4, override: 1, ...path, composedMtuBytes: 800 },
      guaranteed: {
        ...{ flags: 2, override: 0, ...path },
        ...{ cTotalBytes: 0, dTotalMicroseconds: 0, cSumBytes: 0, dSumMicroseconds: 0 },
      },
    },
    senderPolicy: { form: RAPI_FORM.POLICY_NAME_STRING, name: "CN=alice" },
  });
  await world.until("the receiver hears of it", () => receiver.events(PATH_EVENT).length > 0);
  const [adspec] = receiver.events(PATH_EVENT).at(-1)!.adspecs;
  assert(adspec.form === RAPI_FORM.ADSTYPE_SIMPLIFIED);
  assertEquals([adspec.general.composedMtuBytes, adspec.controlledLoad.composedMtuBytes], [900, 800]);
  assertEquals(adspec.guaranteed.flags & 2, 2, "guaranteed service was left out");
  assert(adspec.general.hopcnt >= 5, "the hops were counted on");
  const path0 = sent(world, "Path", "alice")[0].objects.find(({ name }) => name === "POLICY_DATA");
  assert(path0, "POLICY_DATA went out");
});

Deno.test("rapi: upcalls happen inside dispatch only, one event source serves all handles, and nothing pending is fine", async () => {
  const network = new Network();
  const alice = network.host("alice"), bob = network.host("bob");
  network.link(alice, bob);
  const rapi = new Rapi(bob.rsvp);
  const first = new Program(rapi, { address: bob.address, port: 1 });
  const second = new Program(rapi, { address: bob.address, port: 2 });
  const source = rapi.getfd(first.sid)!;
  assertEquals([rapi.getfd(second.sid) === source, rapi.getfd(99), source.pending], [true, undefined, 0]);
  rapi.dispatch();
  let woken = 0;
  source.readable().then(() => woken++);
  alice.send({ destination: bob.address, port: 1 }, { tokenBucketRateBytesPerSecond: 1000 });
  alice.send({ destination: bob.address, port: 2 }, { tokenBucketRateBytesPerSecond: 1000 });
  network.settle();
  await Promise.resolve();
  assertEquals([woken, source.pending, first.heard.length, second.heard.length], [1, 2, 0, 0]);
  await source.readable();
  rapi.dispatch();
  assertEquals([source.pending, first.heard.length, second.heard.length], [0, 1, 1]);
});

Deno.test("rapi: calls from an upcall are carried out; what comes of them waits for the next dispatch", () => {
  const network = new Network();
  const alice = network.host("alice"), bob = network.host("bob");
  network.link(alice, bob);
  const rapi = new Rapi(bob.rsvp);
  let released = 0;
  const sid: number = rapi.session({ address: bob.address, port: 5004 }, {
    eventRoutine(event, argument) {
      assertEquals([event.sid, argument], [sid, "mine"]);
      rapi.release(sid);
      released++;
    },
    eventArgument: "mine",
  });
  alice.send({ destination: bob.address, port: 5004 }, { tokenBucketRateBytesPerSecond: 1000 });
  network.settle();
  rapi.dispatch();
  rapi.dispatch();
  assertEquals([released, rapi.sessions, bob.rsvp.sessions.length], [1, [], 0]);
});

Deno.test("rapi: without an event routine nothing is kept; a program that does not dispatch keeps a bounded number", () => {
  const node = loneNode();
  const rapi = new Rapi(node);
  const silent = rapi.session({ address: "10.0.0.1", port: 1 });
  const elsewhere = { senderTemplate: rapiFilter({ address: "192.0.2.9", port: 1 }), senderTspec: TSPEC };
  rapi.sender(silent, elsewhere);
  assertEquals(rapi.getfd(silent)!.pending, 0);
  const program = new Program(rapi, { address: "10.0.0.1", port: 1 });
  for (let call = 0; call < 10_003; call++) rapi.sender(program.sid, elsewhere);
  assertEquals([rapi.getfd(silent)!.pending, rapi.dropped], [10_000, 3]);
});

Deno.test("rapi: the version is that of C809", () => assertEquals(new Rapi(loneNode()).version(), 502));

/** A host that is alone on its link. */
function loneNode(): RsvpNode {
  const network = new Network();
  const host = network.host("host"), other = network.router("other");
  network.link(host, other);
  return host.rsvp;
}
