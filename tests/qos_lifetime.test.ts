/** Nodes that die without a word, on real sockets with short refresh intervals: nothing outlives one lifetime. */
import type { QosEvent } from "../host/qos/events.ts";
import { SERVICE_TYPE } from "../host/qos/service_types.ts";
import { assertEquals } from "./assert.ts";
import { type QosWorld, realWorld } from "./qos_world.ts";

const REFRESH_MS = 80;
/** L of RFC 2205 3.7 with K = 3. */
const LIFETIME_MS = 3.5 * 1.5 * REFRESH_MS;
const serviceType = SERVICE_TYPE.CONTROLLEDLOAD;

/** alice sends to bob, carol to bob as well; both are reserved. Calls `dies`, then waits for what `left` says. */
async function flow(
  dies: (world: QosWorld) => void,
  left: (world: QosWorld, heard: string[]) => boolean,
): Promise<number> {
  let tookMs = 0;
  await realWorld({ settings: { refreshIntervalMs: REFRESH_MS } }, async (world) => {
    const heard: string[] = [];
    const listen = (name: string) => ({ status }: QosEvent) => void heard.push(`${name} ${status}`);
    const to = { address: world.at.bob, port: 5004 };
    world.bob.endpoint("udp").bind(to).on(listen("bob")).setQos({ receivingFlowspec: { serviceType } });
    for (const name of ["alice", "carol"] as const) {
      world[name].endpoint("udp").bind({ address: world.at[name], port: 4000 }).on(listen(name))
        .connect(to, { sendingFlowspec: { serviceType, tokenRateBytesPerSecond: 8_500 } });
    }
    await world.until(
      "both hear of the reservation",
      () => ["alice", "carol"].every((name) => heard.includes(`${name} RECEIVERS`)),
    );
    heard.length = 0;
    const start = performance.now();
    dies(world);
    await world.until("what has died is forgotten", () => left(world, heard));
    tookMs = performance.now() - start;
  });
  return tookMs;
}

const kill = (world: QosWorld, name: "alice" | "carol" | "bob") => world[name].node.close();
const senders = (world: QosWorld) => world.router.inspect("senders").length;

Deno.test("qos: a sender that dies is forgotten after its lifetime, and the other one's reservation stands", async () => {
  const tookMs = await flow(
    (world) => kill(world, "alice"),
    (world) => senders(world) === 1 && world.bob.node.inspect("senders").length === 1,
  );
  assertEquals(tookMs < 2 * LIFETIME_MS + 300, true, `${tookMs} ms`);
});

Deno.test("qos: senders that both die leave nothing, and the receiver hears NO_SENDERS", async () => {
  await flow(
    (world) => (kill(world, "alice"), kill(world, "carol")),
    (world, heard) =>
      heard.includes("bob NO_SENDERS") && world.router.inspect("sessions").length === 0 &&
      world.bob.node.inspect("reservations").length === 0,
  );
});

Deno.test("qos: a receiver that dies leaves no reservation, and both senders hear NO_RECEIVERS", async () => {
  await flow(
    (world) => kill(world, "bob"),
    (world, heard) =>
      world.router.inspect("installed").length === 0 &&
      ["alice", "carol"].every((name) => heard.includes(`${name} NO_RECEIVERS`)),
  );
});

Deno.test("qos: a router that dies takes the flow with it, and both sides hear of it", async () => {
  await flow(
    (world) => world.router.close(),
    (world, heard) =>
      ["alice NO_RECEIVERS", "carol NO_RECEIVERS", "bob NO_SENDERS"].every((event) => heard.includes(event)) &&
      world.bob.node.inspect("senders").length === 0 && world.alice.node.inspect("installed").length === 0,
  );
});

Deno.test("qos: a sender that comes back after it died is reserved again without a word from the receiver", async () => {
  await realWorld({ settings: { refreshIntervalMs: REFRESH_MS } }, async (world) => {
    const to = { address: world.at.bob, port: 5004 };
    const heard: string[] = [];
    world.bob.endpoint("udp").bind(to).on(({ status }) => void heard.push(status))
      .setQos({ receivingFlowspec: { serviceType } });
    const send = () =>
      world.alice.endpoint("udp").bind({ address: world.at.alice, port: 4000 })
        .connect(to, { sendingFlowspec: { serviceType, tokenRateBytesPerSecond: 8_500 } });
    for (let round = 1; round <= 3; round++) {
      const socket = send();
      await world.until("it is reserved", () => world.router.inspect("installed").length === 1);
      socket.close();
      await world.until("it is gone", () => world.router.inspect("sessions").length === 0);
      await world.until(
        "the receiver has heard",
        () => heard.filter((status) => status === "NO_SENDERS").length === round,
      );
    }
  });
});
