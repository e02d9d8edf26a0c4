/** What operators ask of the service: tables in pages, counters, clearing, traces (docs/service.md). */
import { senderObject, sessionObject } from "../host/application.ts";
import { decodeBase64 } from "../host/base64.ts";
import { encodeObjects } from "../host/object_list.ts";
import { ServiceConnection } from "../host/service/client_connection.ts";
import { encodeBase64, type Line, ServiceError } from "../host/service/protocol.ts";
import { RemoteNode } from "../host/service/remote_node.ts";
import { allRows, readRows } from "../host/table_rows.ts";
import { plainRow } from "../host/tables.ts";
import { assert, assertEquals, assertGreater, assertRejects, assertThrows } from "./assert.ts";
import { type OperatorWorld, withOperator } from "./operator_world.ts";
import { until } from "./service_fixture.ts";

/** Connects, and keeps every event. */
async function connect({ path }: OperatorWorld): Promise<{ connection: ServiceConnection; events: Line[] }> {
  const events: Line[] = [];
  const connection = await ServiceConnection.open({ path, onEvent: (line) => void events.push(line) });
  return { connection, events };
}

const sessionOf = (world: OperatorWorld, port: number) =>
  encodeBase64(encodeObjects([sessionObject({ destination: world.bob.address, port })]));

/** Ports of the sessions of which there are rows. */
function ports(pages: readonly Line[], of: unknown): number[] {
  return pages.filter((line) => line.event === "page" && line.of === of)
    .flatMap((line) => [...readRows("senders", decodeBase64(String(line.rows)))])
    .map((row) => Number(Reflect.get(plainRow<"senders">(row).objects[0], "destinationPort")));
}

Deno.test("operator: a table of many pages is whole, also for two who read at a time and while others inspect", async () => {
  await withOperator(async (world) => {
    world.flows(2_000, 0);
    const one = await connect(world), two = await connect(world);
    const answers = [
      one.connection.request("table", { table: "senders" }),
      two.connection.request("table", { table: "senders" }),
      one.connection.request("table", { table: "sessions" }),
    ];
    let inspected = 0;
    const disturb = setInterval(() => {
      assertEquals(world.router.inspect("senders").length, 2_000);
      inspected++;
    }, 1);
    const [first, second] = await Promise.all(answers);
    clearInterval(disturb);
    assertGreater(Number(first.pages), 3);
    assertEquals(first.pages, second.pages);
    assertGreater(inspected, 0);
    const wanted = Array.from({ length: 2_000 }, (_, index) => 5_000 + index);
    for (const { events } of [one, two]) {
      const of = events.find((line) => line.event === "page")!.of;
      assertEquals(ports(events, of).sort((a, b) => a - b), wanted);
    }
    one.connection.close();
    two.connection.close();
  });
});

Deno.test("operator: whoever is there from the first page to the last is shown, whoever else comes and goes", async () => {
  await withOperator(async (world) => {
    world.flows(1_500, 0);
    const { connection, events } = await connect(world);
    const answer = connection.request("table", { table: "senders" });
    await until("a page has come", () => events.length > 0);
    // The table of sessions grows meanwhile, and others go.
    world.flows(3_000, 0);
    for (let port = 5_000; port < 5_100; port++) world.router.clear({ what: "all", objects: bytesOf(world, port) });
    await answer;
    const shown = new Set(ports(events, events[0].of));
    for (let port = 5_100; port < 6_500; port++) assert(shown.has(port), `${port} was there all the time`);
    connection.close();
  });
});

const bytesOf = (world: OperatorWorld, port: number) => decodeBase64(sessionOf(world, port));

Deno.test("operator: an unknown table, and a page that is none, are named", async () => {
  await withOperator(async (world) => {
    const { connection } = await connect(world);
    const error = await assertRejects(() => connection.request("table", { table: "sesions" }), ServiceError);
    assert(error.message.includes('"sesions"') && error.message.includes("sessions"), error.message);
    connection.close();
  });
  assertThrows(() => [...readRows("sessions", new Uint8Array(7))], RangeError, "byte 0");
  assertThrows(() => [...readRows("sessions", new Uint8Array(16).fill(255))], RangeError, "byte 0");
  assertThrows(() => allRows("counters", () => ({ rows: new Uint8Array(3), cursor: 0 })), RangeError, "byte 0");
});

Deno.test("operator: a reservation is cleared as if its next hop had torn it down", async () => {
  await withOperator(async (world) => {
    world.flows(2, 2);
    const { connection } = await connect(world);
    assertEquals(world.alice.rsvp.inspect("reservations").length, 2);
    await connection.request("clear", { what: "reservations", objects: sessionOf(world, 5_000) });
    world.network.settle();
    assertEquals(world.router.counters().SENT_RESV_TEAR, 1);
    assertEquals(world.alice.rsvp.inspect("reservations").length, 1);
    assertEquals(world.router.inspect("installed").length, 1);
    assertEquals(world.router.inspect("senders").length, 2);
    // Soft state: bob goes on refreshing, and it comes back (RFC 2205 2.3).
    world.network.run(60_000);
    assertEquals(world.router.inspect("installed").length, 2);
    connection.close();
  });
});

Deno.test("operator: a sender is cleared as if it had been torn down, and one of several by its address", async () => {
  await withOperator(async (world) => {
    world.flows(1, 1);
    const session = { destination: world.bob.address, port: 5_000 };
    world.bob.send(session, { port: 4_001, tokenBucketRateBytesPerSecond: 1_250 });
    const second = world.alice.rsvp.session(session);
    second.sender({ port: 4_002, tokenBucketRateBytesPerSecond: 1_250 });
    world.network.settle();
    assertEquals(world.router.inspect("senders").length, 2);
    const { connection } = await connect(world);
    const template = {
      name: "SENDER_TEMPLATE",
      form: "IPv4",
      sourceAddress: world.alice.address,
      sourcePort: 4_002,
    } as const;
    const objects = encodeBase64(encodeObjects([sessionObject(session), template]));
    await connection.request("clear", { what: "senders", objects });
    world.network.settle();
    assertEquals(world.router.counters().SENT_PATH_TEAR, 1);
    assertEquals(world.router.inspect("senders").length, 1);
    assertEquals(world.router.inspect("installed").length, 1);
    await connection.request("clear", { objects: sessionOf(world, 5_000) });
    world.network.settle();
    assertEquals(world.router.inspect("sessions").length, 0);
    assertEquals(world.bob.rsvp.inspect("senders").filter((row) => !row.application).length, 0);
    connection.close();
  });
});

Deno.test("operator: what applications hold is not cleared, and neither is what is not there", async () => {
  await withOperator(async (world) => {
    const own = world.router.session({ destination: world.bob.address, port: 7_000 });
    own.sender({ port: 4_000, tokenBucketRateBytesPerSecond: 1_250 });
    world.network.settle();
    const { connection } = await connect(world);
    for (const port of [7_000, 7_001]) {
      const clear = () => connection.request("clear", { objects: sessionOf(world, port) });
      assertEquals((await assertRejects(clear, ServiceError)).code, "NOT_FOUND");
    }
    for (const objects of ["", "AAAA", "AAwBAQoAAAERABOMAAQLAQ==", "AAgBAQoAAAE="]) {
      const error = await assertRejects(() => connection.request("clear", { objects }), ServiceError);
      assert(error.code === "REFUSED" || error.code === "NOT_FOUND", `${objects}: ${error.code}`);
    }
    assertEquals(world.router.inspect("senders").length, 1);
    assertEquals(own.released, false);
    connection.close();
  });
});

Deno.test("operator: counters begin at zero again for who shows them, and go on for who collects them", async () => {
  await withOperator(async (world) => {
    world.flows(3, 0);
    const { connection } = await connect(world);
    const counters = async (fields = {}) =>
      (await connection.request("counters", fields)).counters as Record<string, number>;
    assertEquals((await counters()).RECEIVED_PATH, 3);
    await connection.request("clear_counters");
    assertEquals([(await counters()).RECEIVED_PATH, (await counters()).SESSIONS], [undefined, 3]);
    world.flows(5, 0);
    const now = await counters();
    assertEquals(now.RECEIVED_PATH, (await counters({ total: true })).RECEIVED_PATH - 3);
    assertEquals(world.router.counters().RECEIVED_PATH, now.RECEIVED_PATH + 3);
    connection.close();
  });
});

Deno.test("operator: a trace shows what comes and goes, by session, message and interface, until it is ended", async () => {
  await withOperator(async (world) => {
    const { connection, events } = await connect(world);
    const traces = [{}, { objects: sessionOf(world, 5_001) }, { messages: ["Resv"] }, { interface: 2 }];
    for (const fields of traces) await connection.request("trace", fields);
    // hello had 1.
    const seen = (id: number) => events.filter((line) => line.event === "message" && line.of === id);
    world.flows(2, 1);
    await connection.request("interfaces");
    const [all, session, resv, right] = [2, 3, 4, 5].map(seen);
    assertEquals(all.map(({ direction }) => direction).sort(), [
      "received",
      "received",
      "received",
      "sent",
      "sent",
      "sent",
    ]);
    assertEquals(session.length, 2);
    assertEquals(resv.map(({ direction, interface: on }) => [direction, on]), [["received", 2], ["sent", 1]]);
    assertEquals(right.every((line) => line.interface === 2) && right.length === 3, true);
    assertEquals([all[0].source, all[0].destination], [world.alice.address, world.bob.address]);
    await connection.request("untrace", { of: 2 });
    const before = seen(2).length;
    world.flows(4, 4);
    await connection.request("interfaces");
    assertEquals(seen(2).length, before);
    assertGreater(seen(5).length, right.length);
    await assertRejects(() => connection.request("trace", { messages: ["Pathh"] }), ServiceError, '"Pathh"');
    await assertRejects(() => connection.request("untrace", { of: 2 }), ServiceError, "no trace");
    connection.close();
  });
});

Deno.test("operator: a trace ends with its client, and applications beside it are not disturbed", async () => {
  await withOperator(async (world) => {
    const { connection } = await connect(world);
    await connection.request("trace");
    const application = await RemoteNode.connect({ path: world.path });
    connection.close();
    application.session({ destination: world.bob.address, port: 5_000 }).sender({
      port: 1,
      tokenBucketRateBytesPerSecond: 1,
    });
    await application.settled();
    world.flows(1, 1);
    assertEquals(world.router.running, true);
    application.close();
  });
});

Deno.test("operator: clearing at random, also with bytes that are no objects, neither traps nor leaves anything", async () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0];
  console.log(`seed ${seed}`);
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  await withOperator(({ alice, bob, router, network }) => {
    let cleared = 0, before = 0;
    for (let round = 0; round < 20; round++) {
      for (let port = 5_000; port < 5_010; port++) {
        const session = { destination: bob.address, port };
        alice.rsvp.session(session).sender({ port: 4_000 + random(3), tokenBucketRateBytesPerSecond: 1_250 });
        const receiver = bob.rsvp.session(session);
        network.settle();
        const senders = [...receiver.senders.values()], flowspec = { tokenBucketRateBytesPerSecond: 1_250 };
        receiver.reserve(random(2) ? { style: "WF", flowspec } : { style: "SE", senders, flowspec });
      }
      network.settle();
      for (let attempt = 0; attempt < 100; attempt++) {
        const template = senderObject("SENDER_TEMPLATE", { address: alice.address, port: 4_000 + random(3) });
        const session = sessionObject({ destination: bob.address, port: 5_000 + random(10) });
        let objects = encodeObjects(random(2) ? [session, template] : [session]);
        if (random(3) === 0) objects = objects.slice(0, random(objects.length + 1));
        if (random(3) === 0 && objects.length > 0) objects[random(objects.length)] = random(256);
        const what = (["senders", "reservations", "all"] as const)[random(3)];
        try {
          router.clear({ what, objects });
          cleared++;
        } catch (error) {
          assertEquals((error as Error).name, "ResvError");
        }
        network.settle();
      }
      for (const session of [...alice.rsvp.sessions, ...bob.rsvp.sessions]) session.release();
      network.run(600_000);
      for (const table of ["sessions", "senders", "requests", "reservations", "installed"] as const) {
        assertEquals(router.inspect(table), []);
      }
      if (round === 0) before = router.counters().STATE_BYTES;
    }
    assertGreater(cleared, 50);
    assertEquals(router.counters().STATE_BYTES, before);
    return Promise.resolve();
  });
});
