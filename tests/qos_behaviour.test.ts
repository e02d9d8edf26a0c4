/** How QOS sockets behave over time: styles that change, directions that end, events, confirmations, many sockets. */
import type { QosEvent } from "../host/qos/events.ts";
import { GQOS_STATUS } from "../host/qos/extended_status.ts";
import { qosFlowspec } from "../host/qos/flowspec.ts";
import { findProviderObject, RESERVE_STYLE } from "../host/qos/provider_objects.ts";
import { SERVICE_FLAG, SERVICE_TYPE } from "../host/qos/service_types.ts";
import { QOS_STATUS, QosError } from "../host/qos/status.ts";
import type { QosEndpoint } from "../host/qos/endpoint.ts";
import { assert, assertEquals, assertGreater, assertThrows } from "./assert.ts";
import { fields, GROUP, type QosWorld, sent, virtualWorld, type WorldOptions, WORLDS } from "./qos_world.ts";

const { CONTROLLEDLOAD, GUARANTEED, BESTEFFORT, NOTRAFFIC } = SERVICE_TYPE;
const VOICE = { serviceType: CONTROLLEDLOAD, tokenRateBytesPerSecond: 8_500 };
const RECEIVE = { receivingFlowspec: { serviceType: CONTROLLEDLOAD } };
const WF = 0x11, FF = 0x0a;

function behaviour(name: string, run: (world: QosWorld) => Promise<void>, options: WorldOptions = {}): void {
  for (const [place, world] of Object.entries(WORLDS)) {
    Deno.test(`qos, ${place}: ${name}`, () => world(options, run));
  }
}

const installed = (world: QosWorld) => world.router.inspect("installed");
const isReserved = (world: QosWorld) => () => installed(world).length > 0;
const toBob = (world: QosWorld) => ({ address: world.at.bob, port: 5004 });

function sender(world: QosWorld, from: "alice" | "carol" = "alice", flowspec: object = VOICE): QosEndpoint {
  return world[from].endpoint("udp").bind({ address: world.at[from], port: 4000 })
    .connect(toBob(world), { sendingFlowspec: flowspec });
}

function receiver(world: QosWorld, qos: object = RECEIVE): QosEndpoint {
  return world.bob.endpoint("udp").bind(toBob(world)).setQos(qos);
}

function listen(endpoint: QosEndpoint): QosEvent[] {
  const events: QosEvent[] = [];
  endpoint.on((event) => void events.push(event));
  return events;
}

const names = (events: readonly QosEvent[]) => events.map(({ status }) => status);
const styles = (world: QosWorld, message: string) =>
  sent(world, message, "bob").map((seen) => fields(seen, "STYLE")?.optionVector);

behaviour("set, then connect: WF becomes FF, with a ResvTear between", async (world) => {
  const socket = receiver(world);
  sender(world);
  await world.until("WF is reserved", isReserved(world));
  socket.connect({ address: world.at.alice, port: 4000 });
  await world.until("FF is reserved", () => installed(world)[0]?.style === "FF");
  assertEquals(styles(world, "ResvTear"), [WF]);
  const order = world.seen.filter(({ from, message }) => from === "bob" && /^Resv(Tear)?$/.test(message));
  assertEquals(
    order.map((seen) => `${seen.message} ${fields(seen, "STYLE")?.optionVector}`),
    [`Resv ${WF}`, `ResvTear ${WF}`, `Resv ${FF}`],
  );
  assertEquals(installed(world).length, 1);
});

behaviour(
  "set, then connect to a peer without path state: the reservation ends until its Path comes",
  async (world) => {
    const socket = receiver(world);
    sender(world);
    await world.until("WF is reserved", isReserved(world));
    socket.connect({ address: world.at.carol, port: 4000 });
    await world.until("it has ended", () => installed(world).length === 0);
    await world.settle();
    assertEquals(styles(world, "Resv"), [WF]);
    sender(world, "carol");
    await world.until("FF is reserved", () => installed(world)[0]?.style === "FF");
    assertEquals(fields(sent(world, "Resv", "bob").at(-1), "FILTER_SPEC")?.sourceAddress, world.at.carol);
  },
);

behaviour("connect, then set: FF stays, and only the parameters change", async (world) => {
  const socket = world.bob.endpoint("udp").bind(toBob(world)).connect({ address: world.at.alice, port: 4000 });
  socket.setQos(RECEIVE);
  sender(world);
  await world.until("it is reserved", isReserved(world));
  socket.setQos({ receivingFlowspec: { serviceType: CONTROLLEDLOAD, tokenRateBytesPerSecond: 4_000 } });
  await world.until("it has changed", () => installed(world)[0]?.rateBytesPerSecond === 4_000);
  assertEquals(new Set(styles(world, "Resv")), new Set([FF]));
  assertEquals(sent(world, "ResvTear"), []);
});

for (const [name, serviceType] of Object.entries({ BESTEFFORT, NOTRAFFIC })) {
  behaviour(`${name} ends a reservation, and a sender, and nothing of the other direction`, async (world) => {
    const socket = receiver(world), source = sender(world);
    const events = listen(source);
    await world.until("it is reserved", isReserved(world));
    socket.setQos({ receivingFlowspec: { serviceType } });
    await world.until("it has ended", () => installed(world).length === 0);
    await world.until("the sender is told", () => names(events).includes("NO_RECEIVERS"));
    assertEquals(world.router.inspect("senders").length, 1);
    source.setQos({ sendingFlowspec: { serviceType } });
    await world.until("the path state has ended", () => world.bob.node.inspect("senders").length === 0);
    assertGreater(sent(world, "PathTear", "alice").length, 0);
    assertGreater(sent(world, "ResvTear", "bob").length, 0);
  });
}

behaviour("NOCHANGE in both directions passes only the provider-specific objects", async (world) => {
  const socket = receiver(world);
  sender(world);
  await world.until("WF is reserved", isReserved(world));
  const filters = [{ address: world.at.alice, port: 4000 }];
  const flowDescriptors = [{ flowspec: qosFlowspec(), filters }];
  socket.setQos({
    providerSpecific: [{ object: "RESERVE_INFO", style: RESERVE_STYLE.SHARED_EXPLICIT, flowDescriptors }],
  });
  await world.until("SE is reserved", () => installed(world)[0]?.style === "SE");
  assertEquals(installed(world).map((row) => row.rateBytesPerSecond), [8_500]);
});

behaviour("several destination addresses on an unconnected socket are several sessions", async (world) => {
  const second = { address: world.at.carol, port: 5006 };
  const socket = world.alice.endpoint("udp").bind({ address: world.at.alice, port: 4000 });
  const to = (at: { address: string; port: number }, serviceType: number = CONTROLLEDLOAD) =>
    socket.setQos({
      sendingFlowspec: { ...VOICE, serviceType },
      providerSpecific: [{ object: "DESTINATION_ADDRESS", ...at }],
    });
  to(toBob(world));
  to(second);
  receiver(world);
  world.carol.endpoint("udp").bind(second).setQos(RECEIVE);
  await world.until("both are reserved", () => installed(world).length === 2);
  assertEquals(socket.sessions.map(({ destination, port }) => ({ address: destination, port })), [
    toBob(world),
    second,
  ]);
  to(second, NOTRAFFIC);
  await world.until("one has ended", () => installed(world).length === 1);
  assertEquals(socket.sessions.length, 1);
});

behaviour(
  "FF with several flow descriptors reserves for each of its senders, in one Resv for each way",
  async (world) => {
    const one = (address: string, rate: number) => ({
      flowspec: qosFlowspec({ serviceType: CONTROLLEDLOAD, tokenRateBytesPerSecond: rate }),
      filters: [{ address, port: 4000 }],
    });
    receiver(world, {
      ...RECEIVE,
      providerSpecific: [{
        object: "RESERVE_INFO",
        style: RESERVE_STYLE.FIXED_FILTER,
        flowDescriptors: [one(world.at.alice, 3_000), one(world.at.carol, 4_000)],
      }],
    });
    sender(world);
    await world.until("one is reserved", () => installed(world).length === 1);
    sender(world, "carol");
    await world.until("both are reserved", () => installed(world).length === 2);
    assertEquals(installed(world).map((row) => row.rateBytesPerSecond).sort(), [3_000, 4_000]);
    assertEquals(new Set(styles(world, "Resv")), new Set([FF]));
  },
);

behaviour("the events of a flow: senders, receivers, confirmed, and none of them left", async (world) => {
  const socket = receiver(world, {
    ...RECEIVE,
    providerSpecific: [{ object: "RESERVE_INFO", confirmRequest: true }],
  });
  const receiving = listen(socket);
  const source = sender(world);
  const sending = listen(source);
  await world.until("it is confirmed", () => names(receiving).includes("REQUEST_CONFIRMED"));
  assertEquals(names(receiving), ["SENDERS", "REQUEST_CONFIRMED"]);
  await world.until("the sender is told", () => sending.length > 0);
  const [senders] = receiving, [receivers] = sending;
  assertEquals([senders.direction, senders.statusCode], ["receiving", QOS_STATUS.SENDERS]);
  assertEquals(senders.qos.receivingFlowspec.tokenRateBytesPerSecond, 8_500);
  assertEquals(senders.qos.sendingFlowspec.serviceType, SERVICE_TYPE.NOCHANGE);
  assertEquals(senders.qos.providerSpecific[0], {
    object: "STATUS_INFO",
    statusCode: 11006,
    extendedStatus1: 0,
    extendedStatus2: 0,
  });
  const adspec = findProviderObject(senders.qos.providerSpecific, "ADSPEC")!;
  assertEquals(adspec.general.integratedServicesHops, 2);
  assertEquals(adspec.services.map(({ serviceType }) => serviceType), [CONTROLLEDLOAD]);
  const list = findProviderObject(senders.qos.providerSpecific, "FILTERSPEC_LIST")!;
  assertEquals(list.filters, [{ address: world.at.alice, port: 4000 }]);
  assertEquals([receivers.status, receivers.direction], ["RECEIVERS", "sending"]);
  assertEquals(receivers.qos.sendingFlowspec.tokenRateBytesPerSecond, 8_500);
  source.close();
  await world.until("the receiver is told", () => names(receiving).includes("NO_SENDERS"));
  await world.until("nothing is left", () => installed(world).length === 0);
});

behaviour("a confirmation is asked for once for each setting, however often the senders change", async (world) => {
  const confirm = { providerSpecific: [{ object: "RESERVE_INFO", confirmRequest: true }] };
  const socket = receiver(world, { ...RECEIVE, ...confirm });
  const events = listen(socket);
  const confirmed = () => names(events).filter((name) => name === "REQUEST_CONFIRMED").length;
  const source = sender(world);
  await world.until("it is confirmed", () => confirmed() === 1);
  source.setQos({ sendingFlowspec: { ...VOICE, tokenRateBytesPerSecond: 9_000 } });
  await world.until("it has grown", () => installed(world)[0]?.rateBytesPerSecond === 9_000);
  await world.settle();
  assertEquals(confirmed(), 1);
  socket.setQos({ ...RECEIVE, providerSpecific: [{ object: "RESERVE_INFO", confirmRequest: true }] });
  await world.until("it is confirmed again", () => confirmed() === 2);
});

behaviour("more than can be had is an admission failure, with what was short", async (world) => {
  const socket = receiver(world);
  const events = listen(socket);
  sender(world);
  await world.until("it is refused", () => names(events).includes("ADMISSION_FAILURE"));
  const failure = events.find(({ status }) => status === "ADMISSION_FAILURE")!;
  assertEquals(
    [failure.statusCode, failure.extendedStatus1, failure.extendedStatus2, failure.direction],
    [11010, GQOS_STATUS.NET_ADMISSION, GQOS_STATUS.BANDWIDTH, "receiving"],
  );
  assertEquals([failure.error?.code, failure.error?.value], [1, 2]);
}, { reservableBytesPerSecond: 5_000 });

behaviour("a delay that no rate reaches is told here, and nothing is sent", async (world) => {
  const flowspec = { serviceType: GUARANTEED, latencyMicroseconds: 5, delayVariationMicroseconds: 5 };
  const events = listen(receiver(world, { receivingFlowspec: flowspec }));
  sender(world, "alice", { ...VOICE, serviceType: GUARANTEED });
  await world.until("it is told", () => names(events).includes("ADMISSION_FAILURE"));
  assertEquals(events.at(-1)!.extendedStatus2, GQOS_STATUS.DELAYBND);
  await world.settle();
  assertEquals(sent(world, "Resv"), []);
  assertEquals(names(events), ["SENDERS", "ADMISSION_FAILURE"]);
});

behaviour("a second style in one session is refused as a bad style", async (world) => {
  receiver(world);
  sender(world);
  await world.until("WF is reserved", isReserved(world));
  const other = world.bob.endpoint("udp").bind({ address: "0.0.0.0", port: 5004 });
  const events = listen(other);
  other.connect({ address: world.at.alice, port: 4000 }, RECEIVE);
  await world.until("it is refused", () => names(events).includes("BAD_STYLE"));
  assertEquals(events.find(({ status }) => status === "BAD_STYLE")!.extendedStatus2, GQOS_STATUS.BAD_STYLE);
  assertEquals(installed(world).map((row) => row.style), ["WF"]);
});

behaviour(
  "NO_QOS_SIGNALING: the receiver hears of senders and reserves once the flag is gone; no Path is sent",
  async (world) => {
    const silent = CONTROLLEDLOAD | SERVICE_FLAG.NO_QOS_SIGNALING;
    const source = sender(world, "alice", { ...VOICE, serviceType: silent });
    await world.settle();
    assertEquals(sent(world, "Path"), []);
    const socket = receiver(world, { receivingFlowspec: { serviceType: silent } });
    const events = listen(socket);
    source.setQos({ sendingFlowspec: VOICE });
    await world.until("the receiver is told", () => names(events).includes("SENDERS"));
    await world.settle();
    assertEquals(sent(world, "Resv"), []);
    socket.setQos(RECEIVE);
    await world.until("it is reserved", isReserved(world));
  },
);

behaviour("a group: WF for whoever sends, one direction or both, and leaving ends it", async (world) => {
  const group = { address: GROUP, port: 5010 };
  const qos = { sendingFlowspec: VOICE, ...RECEIVE };
  const bob = world.bob.endpoint("udp").bind({ address: world.at.bob, port: 4000 });
  bob.join(group, { direction: "receiver", qos });
  await world.settle();
  const alice = world.alice.endpoint("udp").bind({ address: world.at.alice, port: 4000 });
  alice.join(group, { direction: "sender", qos });
  await world.until("it is reserved", isReserved(world));
  assertEquals(sent(world, "Path", "bob"), []);
  assertEquals(sent(world, "Resv", "alice"), []);
  assertEquals(installed(world)[0].style, "WF");
  bob.leave(group);
  await world.until("it has ended", () => installed(world).length === 0);
});

behaviour("a socket bound to any address receives at the address of the session", async (world) => {
  world.bob.endpoint("udp").bind({ address: "0.0.0.0", port: 5004 }).setQos(RECEIVE);
  sender(world);
  await world.until("it is reserved", isReserved(world));
});

behaviour("shutting one direction down ends only that one; closing ends both", async (world) => {
  const a = { address: world.at.alice, port: 4000 }, b = toBob(world);
  const both = { sendingFlowspec: VOICE, ...RECEIVE };
  const alice = world.alice.endpoint("udp").bind(a).connect(b, both);
  world.bob.endpoint("udp").bind(b).connect(a, both);
  await world.until("both are reserved", () => installed(world).length === 2);
  alice.shutdown("receiving");
  await world.until("one has ended", () => installed(world).length === 1);
  assertEquals(world.router.inspect("senders").length, 2);
  alice.close();
  await world.until("both have ended", () => installed(world).length === 0);
  assertThrows(() => alice.setQos({}), QosError, "ENOTSOCK");
});

behaviour("events can be read with for await, and end with the socket", async (world) => {
  const socket = receiver(world);
  const reader = socket.events();
  sender(world);
  await world.until("it is reserved", isReserved(world));
  assertEquals((await reader.next()).value.status, "SENDERS");
  socket.close();
  assertEquals((await reader.next()).done, true);
});

behaviour("a call that is refused has changed nothing", async (world) => {
  const socket = receiver(world), before = socket.qos;
  sender(world);
  await world.until("it is reserved", isReserved(world));
  assertThrows(() => socket.setQos({ receivingFlowspec: { serviceType: 77 } }), QosError, "ESERVICETYPE");
  assertThrows(
    () => socket.connect({ address: world.at.carol, port: 1 }, { sendingFlowspec: { serviceType: 2 } }),
    QosError,
  );
  assertEquals([socket.peer, socket.qos], [undefined, before]);
  assertEquals(installed(world).length, 1);
});

Deno.test("qos: a thousand sockets, opened and closed in random order, leave nothing behind", async () => {
  await virtualWorld({}, async (world) => {
    const open: QosEndpoint[] = [];
    let seed = 7;
    const random = (limit: number) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % limit;
    for (let index = 0; index < 500; index++) {
      const port = 10_000 + index;
      open.push(world.bob.endpoint("udp").bind({ address: world.at.bob, port }).setQos(RECEIVE));
      open.push(
        world.alice.endpoint("udp").bind({ address: world.at.alice, port })
          .connect({ address: world.at.bob, port }, { sendingFlowspec: VOICE }),
      );
      if (index % 3 === 0) open.splice(random(open.length), 1)[0].close();
      if (index % 50 === 0) await world.settle();
    }
    await world.settle();
    assertGreater(installed(world).length, 200);
    while (open.length > 0) open.splice(random(open.length), 1)[0].close();
    await world.settle();
    for (const node of [world.alice.node, world.bob.node, world.router]) {
      assertEquals([node.inspect("sessions"), node.inspect("installed"), node.sessions], [[], [], []]);
    }
    assert(world.alice.endpoints.length + world.bob.endpoints.length === 0);
  });
});
