/**
 * Two applications and a router between them, three processes on loopback: reservations for UDP, TCP and a group come up,
 * change, are confirmed, fail admission and are torn down; and nothing outlives one lifetime of those that are killed.
 */
import { qosFlowspec } from "../host/qos/flowspec.ts";
import { RESERVE_STYLE } from "../host/qos/provider_objects.ts";
import { SERVICE_TYPE } from "../host/qos/service_types.ts";
import { assert, assertEquals } from "./assert.ts";
import { type Order, STATE } from "./processes/agent.ts";
import { GROUP, LIFETIME_MS, Process, type ProcessWorld, type Role, withProcesses } from "./processes/world.ts";
import { pause, until } from "./service_fixture.ts";

const serviceType = SERVICE_TYPE.CONTROLLEDLOAD;
const sends = (tokenRateBytesPerSecond: number) => ({ sendingFlowspec: { serviceType, tokenRateBytesPerSecond } });
const RECEIVES = { receivingFlowspec: { serviceType } };
const CONFIRMED = {
  ...RECEIVES,
  providerSpecific: [{ object: "RESERVE_INFO" as const, style: RESERVE_STYLE.DEFAULT, confirmRequest: true }],
};
/** Room for a machine that is busy with other things: what is waited for is soft state's own deadline. */
const MARGIN_MS = 1_500;

const rates = async (router: Process) =>
  (await router.tables()).installed.map((row) => [row.style, row.rateBytesPerSecond]);

/** The tables with rows in them, by name. */
async function left(process: Process): Promise<string[]> {
  const tables = await process.tables();
  return STATE.filter((table) => tables[table].length > 0);
}

async function nothingLeft(world: ProcessWorld, roles: readonly Role[]): Promise<void> {
  for (const role of roles) {
    await until(`${role} has nothing left`, async () => (await left(world[role])).length === 0);
  }
}

Deno.test("processes: a UDP reservation comes up, is confirmed, changes, and is torn down", async () => {
  await withProcesses({}, async (world) => {
    const { alice, bob, router, at } = world;
    const to = { address: at.bob, port: 5004 }, from = { address: at.alice, port: 4000 };
    await bob.order({ do: "udp", name: "in", local: to, peer: from, qos: CONFIRMED });
    await alice.order({ do: "udp", name: "out", local: from, peer: to, qos: sends(20_000) });
    await Promise.all([alice.event("out", "RECEIVERS"), bob.event("in", "REQUEST_CONFIRMED")]);
    assertEquals(await rates(router), [["FF", 20_000]]);
    await alice.order({ do: "send", name: "out", text: "a datagram" });
    await bob.hears("the datagram arrives", (told) => told.told === "data" && told.text === "a datagram");

    await alice.order({ do: "set", name: "out", qos: sends(40_000) });
    await until("the reservation follows", async () => (await rates(router))[0]?.[1] === 40_000);

    await alice.order({ do: "close", name: "out" });
    await bob.event("in", "NO_SENDERS");
    await nothingLeft(world, ["alice", "router"]);
    await bob.order({ do: "close", name: "in" });
    await nothingLeft(world, ["bob"]);
  });
});

Deno.test("processes: a TCP download is reserved, its data arrive, and closing tears down", async () => {
  await withProcesses({}, async (world) => {
    const { alice, bob, router, at } = world;
    const server = { address: at.alice, port: 8080 };
    await alice.order({ do: "listen", name: "out", local: server, qos: sends(50_000) });
    await bob.order({ do: "connect", name: "in", local: { address: at.bob }, peer: server, qos: CONFIRMED });
    await Promise.all([alice.event("out", "RECEIVERS"), bob.event("in", "REQUEST_CONFIRMED")]);
    assertEquals(await rates(router), [["FF", 50_000]]);
    await alice.order({ do: "send", name: "out", text: "a part of a file" });
    await bob.hears("it arrives", (told) => told.told === "data" && told.text === "a part of a file");
    await bob.order({ do: "close", name: "in" });
    await until("nothing is reserved", async () => (await rates(router)).length === 0);
    await alice.order({ do: "close", name: "out" });
    await nothingLeft(world, ["alice", "router", "bob"]);
  });
});

Deno.test("processes: a group is reserved with a wildcard filter, changes to shared explicit, and is left", async () => {
  await withProcesses({}, async (world) => {
    const { alice, bob, router, at } = world;
    await bob.order({ do: "udp", name: "in", local: { address: at.bob } });
    await bob.order({ do: "join", name: "in", group: GROUP, direction: "receiver", qos: CONFIRMED });
    await alice.order({ do: "udp", name: "out", local: { address: at.alice, port: 4000 } });
    await alice.order({ do: "join", name: "out", group: GROUP, direction: "sender", qos: sends(30_000) });
    await Promise.all([alice.event("out", "RECEIVERS"), bob.event("in", "REQUEST_CONFIRMED")]);
    assertEquals(await rates(router), [["WF", 30_000]]);
    const filters = [{ address: at.alice, port: 4000 }];
    const flowDescriptors = [{ flowspec: qosFlowspec(), filters }];
    const style = RESERVE_STYLE.SHARED_EXPLICIT;
    const providerSpecific = [{ object: "RESERVE_INFO" as const, style, flowDescriptors }];
    await bob.order({ do: "set", name: "in", qos: { ...RECEIVES, providerSpecific } });
    await until("the style changes", async () => (await rates(router))[0]?.[0] === "SE");
    await bob.order({ do: "close", name: "in" });
    await alice.event("out", "NO_RECEIVERS");
    await alice.order({ do: "close", name: "out" });
    await nothingLeft(world, ["alice", "router", "bob"]);
  });
});

Deno.test("processes: what is too much fails admission, which the receiver hears, and what stands stands", async () => {
  await withProcesses({ reservableBytesPerSecond: 50_000 }, async (world) => {
    const { alice, bob, router, at } = world;
    for (const [index, rate] of [30_000, 30_000].entries()) {
      const to = { address: at.bob, port: 5004 + index }, from = { address: at.alice, port: 4000 + index };
      await bob.order({ do: "udp", name: `in ${index}`, local: to, peer: from, qos: RECEIVES });
      await alice.order({ do: "udp", name: `out ${index}`, local: from, peer: to, qos: sends(rate) });
      if (index === 0) await alice.event("out 0", "RECEIVERS");
    }
    await bob.event("in 1", "ADMISSION_FAILURE");
    assertEquals(await rates(router), [["FF", 30_000]]);
    assertEquals(alice.heard("out 0").includes("NO_RECEIVERS"), false);
    // The first gives room, and the second is reserved without anybody asking again.
    await alice.order({ do: "close", name: "out 0" });
    await alice.event("out 1", "RECEIVERS");
    assertEquals(await rates(router), [["FF", 30_000]]);
  });
});

Deno.test("processes: a TCP download and a group fail admission beside what stands, and have room once it goes", async () => {
  for (const kind of ["tcp", "group"] as const) {
    await withProcesses({ reservableBytesPerSecond: 50_000 }, async (world) => {
      const { alice, bob, router, at } = world;
      const to = { address: at.bob, port: 5004 }, from = { address: at.alice, port: 4000 };
      await bob.order({ do: "udp", name: "first", local: to, peer: from, qos: RECEIVES });
      await alice.order({ do: "udp", name: "first", local: from, peer: to, qos: sends(30_000) });
      await alice.event("first", "RECEIVERS");
      if (kind === "tcp") {
        const peer = { address: at.alice, port: 8080 };
        await alice.order({ do: "listen", name: "second", local: peer, qos: sends(30_000) });
        await bob.order({ do: "connect", name: "second", local: { address: at.bob }, peer, qos: RECEIVES });
      } else {
        await bob.order({ do: "udp", name: "second", local: { address: at.bob } });
        await bob.order({ do: "join", name: "second", group: GROUP, direction: "receiver", qos: RECEIVES });
        await alice.order({ do: "udp", name: "second", local: { address: at.alice, port: 4001 } });
        await alice.order({ do: "join", name: "second", group: GROUP, direction: "sender", qos: sends(30_000) });
      }
      await bob.event("second", "ADMISSION_FAILURE");
      assertEquals(await rates(router), [["FF", 30_000]]);
      await alice.order({ do: "close", name: "first" });
      await alice.event("second", "RECEIVERS");
      assertEquals(await rates(router), [[kind === "tcp" ? "FF" : "WF", 30_000]]);
    });
  }
});

/** A flow of every kind at once, started and not waited for. */
async function startFlows({ alice, bob, at }: ProcessWorld): Promise<void> {
  const to = { address: at.bob, port: 5004 }, from = { address: at.alice, port: 4000 };
  const server = { address: at.alice, port: 8080 };
  await alice.order({ do: "listen", name: "tcp", local: server, qos: sends(10_000) });
  await bob.order({ do: "connect", name: "tcp", local: { address: at.bob }, peer: server, qos: RECEIVES });
  await bob.order({ do: "udp", name: "udp", local: to, peer: from, qos: RECEIVES });
  await bob.order({ do: "udp", name: "group", local: { address: at.bob } });
  await bob.order({ do: "join", name: "group", group: GROUP, direction: "receiver", qos: RECEIVES });
  await alice.order({ do: "udp", name: "udp", local: from, peer: to, qos: sends(10_000) });
  await alice.order({ do: "udp", name: "group", local: { address: at.alice, port: 4001 } });
  await alice.order({ do: "join", name: "group", group: GROUP, direction: "sender", qos: sends(10_000) });
}

/** Rows that came from the victim, or stand for it. When bob is killed, what alice announces is still true. */
async function foreign(process: Process, victim: Role): Promise<string[]> {
  const tables = await process.tables();
  const own = (row: Record<string, unknown>) => Number(row.application ?? 0) > 0;
  const sessions = tables.sessions.filter((row) => Number(row.reservations) > 0 && process.role !== "bob");
  return [
    ...tables.senders.filter((row) => !own(row) && victim !== "bob").map(() => "sender"),
    ...tables.reservations.filter((row) => !own(row)).map(() => "reservation"),
    ...tables.requests.map(() => "request"),
    ...tables.installed.map(() => "installed"),
    ...tables.blockade.map(() => "blockade"),
    ...sessions.map(() => "session"),
  ];
}

/** When somebody is killed, after the flows have been started. */
const MOMENTS: Record<string, (world: ProcessWorld) => Promise<void>> = {
  "once everything is reserved": async ({ router, alice }) => {
    await until("all are reserved", async () => (await rates(router)).length === 3);
    await alice.event("group", "RECEIVERS");
  },
  "while reservations come up": () => Promise.resolve(),
  "while reservations change": async ({ router, alice }) => {
    await until("all are reserved", async () => (await rates(router)).length === 3);
    await alice.order({ do: "set", name: "udp", qos: sends(15_000) });
    await alice.order({ do: "set", name: "group", qos: sends(15_000) });
  },
  "at a random moment": () => {
    const waitMs = Math.floor(Math.random() * 200);
    console.log(`after ${waitMs} ms`);
    return pause(waitMs);
  },
};

for (const victim of ["alice", "router", "bob"] as const) {
  Deno.test(`processes: ${victim} is killed, and after one lifetime nothing of it is left anywhere`, async (test) => {
    for (const [when, moment] of Object.entries(MOMENTS)) {
      await test.step(when, () =>
        withProcesses({}, async (world) => {
          await startFlows(world);
          await moment(world);
          await world[victim].kill();
          const killedAt = performance.now();
          const survivors = (["alice", "router", "bob"] as const).filter((role) => role !== victim);
          // The router hands the end on at once, so that the last survivor needs no lifetime of its own after it.
          for (const role of survivors) {
            await until(`${role} has nothing of others`, async () => (await foreign(world[role], victim)).length === 0);
          }
          const tookMs = performance.now() - killedAt;
          assert(tookMs < LIFETIME_MS + MARGIN_MS, `${tookMs} ms, a lifetime is ${LIFETIME_MS} ms`);
          for (const role of survivors) {
            if (role !== "router") {
              for (const name of ["udp", "group", "tcp"]) await world[role].order({ do: "close", name });
            }
          }
          await nothingLeft(world, survivors);
        }));
    }
  });
}

Deno.test("processes: who was killed and comes back is reserved again without a word from the others", async () => {
  await withProcesses({}, async (world) => {
    const { alice, bob, at } = world;
    const to = { address: at.bob, port: 5004 }, from = { address: at.alice, port: 4000 };
    await bob.order({ do: "udp", name: "udp", local: to, peer: from, qos: RECEIVES });
    await alice.order({ do: "udp", name: "udp", local: from, peer: to, qos: sends(10_000) });
    await alice.event("udp", "RECEIVERS");
    await world.router.kill();
    await Promise.all([alice.event("udp", "NO_RECEIVERS"), bob.event("udp", "NO_SENDERS")]);
    alice.forget();
    await world.restart("router");
    await alice.event("udp", "RECEIVERS");
    assertEquals(await rates(world.router), [["FF", 10_000]]);
  });
});

/** Two applications at alice's address: the first has the node, the second joins it. */
async function sharing(
  run: (world: ProcessWorld, first: Process, second: Process, path: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "resv_processes_" });
  const first = new Process("first"), second = new Process("second");
  try {
    await withProcesses({ aliceIsAbsent: true }, async (world) => {
      const path = `${folder}/resv.sock`;
      const order = { ...world.orders.alice, service: path } as Order;
      assertEquals(await first.order(order), { serving: path });
      assertEquals(await second.order(order), {});
      await run(world, first, second, path);
    });
  } finally {
    await Promise.all([first, second].filter(({ killed }) => !killed).map((process) => process.kill()));
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("processes: an application of a shared service that is killed is torn down at once, and the others go on", async () => {
  await sharing(async (world, first, second) => {
    const { bob, router, at } = world;
    for (const [port, process] of [[5004, first], [5005, second]] as const) {
      const to = { address: at.bob, port }, from = { address: at.alice, port: port - 1_000 };
      await bob.order({ do: "udp", name: `in ${port}`, local: to, peer: from, qos: RECEIVES });
      await process.order({ do: "udp", name: "out", local: from, peer: to, qos: sends(10_000) });
      await process.event("out", "RECEIVERS");
    }
    assertEquals((await rates(router)).length, 2);
    await second.kill();
    const killedAt = performance.now();
    await bob.event("in 5005", "NO_SENDERS");
    const tookMs = performance.now() - killedAt;
    assert(tookMs < LIFETIME_MS / 2, `${tookMs} ms: a PathTear is not a time-out`);
    assertEquals((await rates(router)).length, 1);
    assertEquals(bob.heard("in 5004").includes("NO_SENDERS"), false);
  });
});

Deno.test("processes: when the application with the node is killed, the other takes over, and its reservation stands", async () => {
  await sharing(async (world, first, second) => {
    const { bob, router, at } = world;
    const to = { address: at.bob, port: 5004 }, from = { address: at.alice, port: 4000 };
    await bob.order({ do: "udp", name: "in", local: to, peer: from, qos: RECEIVES });
    await second.order({ do: "udp", name: "out", local: from, peer: to, qos: sends(10_000) });
    await second.event("out", "RECEIVERS");
    await first.kill();
    await until("the second has the node", async () => (await second.tables()).senders.length === 1);
    await until("it has the reservation", async () => (await second.tables()).reservations.length === 1);
    // A lifetime later what the first one's node had sent is forgotten, and everything still stands.
    await pause(LIFETIME_MS + 100);
    assertEquals(await rates(router), [["FF", 10_000]]);
    assertEquals(bob.heard("in").includes("NO_SENDERS"), false);
    assertEquals(second.heard("out"), ["RECEIVERS"]);
  });
});
