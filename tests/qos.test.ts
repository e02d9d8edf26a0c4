/**
 * What the page "RSVP PATH and RESV Messages" says of a QoS service provider, statement by statement, each in a virtual
 * network and on real UDP-encapsulated sockets. docs/qos.md has the table from statement to test.
 */
import { SERVICE_TYPE } from "../host/qos/service_types.ts";
import { RESERVE_STYLE } from "../host/qos/provider_objects.ts";
import { qosFlowspec } from "../host/qos/flowspec.ts";
import type { QosEvent } from "../host/qos/events.ts";
import { assert, assertEquals, assertGreater } from "./assert.ts";
import { fields, GROUP, type QosWorld, sent, type WorldOptions, WORLDS } from "./qos_world.ts";

const { CONTROLLEDLOAD, GUARANTEED } = SERVICE_TYPE;
const VOICE = {
  serviceType: CONTROLLEDLOAD,
  tokenRateBytesPerSecond: 8_500,
  tokenBucketSizeBytes: 680,
  peakBandwidthBytesPerSecond: 17_000,
  maxSduSizeBytes: 340,
  minimumPolicedSizeBytes: 340,
};
const VOICE_BUCKET = {
  tokenBucketRateBytesPerSecond: 8_500,
  tokenBucketSizeBytes: 680,
  peakRateBytesPerSecond: 17_000,
  minimumPolicedUnitBytes: 340,
  maximumPacketSizeBytes: 340,
};
const RECEIVE = { receivingFlowspec: { serviceType: CONTROLLEDLOAD } };

/** One test in each world. */
function statement(name: string, run: (world: QosWorld) => Promise<void>, options: WorldOptions = {}): void {
  for (const [place, world] of Object.entries(WORLDS)) {
    Deno.test(`qos, ${place}: ${name}`, () => world(options, run));
  }
}

const reserved = (world: QosWorld) => world.router.inspect("installed");
const isReserved = (world: QosWorld) => () => reserved(world).length > 0;

/** alice sends to bob's port 5004 from her port 4000. */
function sender(world: QosWorld, flowspec: object = VOICE, protocol: "udp" | "tcp" = "udp") {
  return world.alice.endpoint(protocol).bind({ address: world.at.alice, port: 4000 })
    .connect({ address: world.at.bob, port: 5004 }, { sendingFlowspec: flowspec });
}

/** bob receives at port 5004. */
function receiver(world: QosWorld, qos: object = RECEIVE) {
  return world.bob.endpoint("udp").bind({ address: world.at.bob, port: 5004 }).setQos(qos);
}

statement("the sender emits PATH messages toward the receiver", async (world) => {
  sender(world);
  await world.until("the receiver's host has path state", () => world.bob.node.inspect("senders").length === 1);
  assertEquals(sent(world, "Path").map(({ from }) => from), ["alice", "router"]);
});

statement("the receiver waits until the PATH of the flow arrives, then issues a RESV", async (world) => {
  receiver(world);
  await world.settle();
  assertEquals(sent(world, "Resv"), []);
  sender(world);
  await world.until("it is reserved", isReserved(world));
  const order = world.seen.map(({ from, message }) => `${from} ${message}`);
  assertGreater(order.indexOf("bob Resv"), order.indexOf("router Path"));
});

statement(
  "PATH and RESV are derived from SendingFlowspec and ReceivingFlowspec, each direction for itself",
  async (world) => {
    receiver(world, { receivingFlowspec: { serviceType: CONTROLLEDLOAD, tokenRateBytesPerSecond: 6_000 } });
    sender(world);
    await world.until("it is reserved", isReserved(world));
    assertEquals(fields(sent(world, "Path", "alice")[0], "SENDER_TSPEC")?.tokenBucketRateBytesPerSecond, 8_500);
    assertEquals(fields(sent(world, "Resv", "bob")[0], "FLOWSPEC")?.tokenBucketRateBytesPerSecond, 6_000);
  },
);

statement("a PATH that arrives makes a session with path state, without any socket", async (world) => {
  sender(world);
  await world.until("there is path state", () => world.bob.node.inspect("senders").length === 1);
  assertEquals(world.bob.endpoints, []);
  const [row] = world.bob.node.inspect("sessions");
  assertEquals([row.senders, row.reservations], [1, 0]);
});

statement(
  "without a PATH, a receiving socket makes the session, and path state joins it when a PATH arrives",
  async (world) => {
    receiver(world);
    assertEquals(world.bob.node.inspect("sessions").map((row) => row.senders), [0]);
    assertEquals(world.bob.node.inspect("senders"), []);
    sender(world);
    await world.until("there is path state", () => world.bob.node.inspect("senders").length === 1);
    assertEquals(world.bob.node.inspect("sessions").map((row) => row.senders), [1]);
  },
);

statement("a RESV is triggered by a PATH that matches the session of a socket that was there before", async (world) => {
  const events: QosEvent[] = [];
  receiver(world).on((event) => void events.push(event));
  sender(world);
  await world.until("it is reserved", isReserved(world));
  assertEquals(events.map(({ status }) => status), ["SENDERS"]);
});

statement(
  "a RESV is triggered by a socket that matches the session of path state that was there before",
  async (world) => {
    sender(world);
    await world.until("there is path state", () => world.bob.node.inspect("senders").length === 1);
    await world.settle();
    assertEquals(sent(world, "Resv"), []);
    receiver(world);
    await world.until("it is reserved", isReserved(world));
  },
);

statement("a socket whose session does not match triggers nothing", async (world) => {
  world.bob.endpoint("udp").bind({ address: world.at.bob, port: 5006 }).setQos(RECEIVE);
  world.bob.endpoint("udp").bind({ address: world.at.bob, port: 5004 });
  world.bob.endpoint("udp").setQos(RECEIVE);
  const other = { address: world.at.carol, port: 4000 };
  world.bob.endpoint("tcp").bind({ address: world.at.bob, port: 5004 }).setQos(RECEIVE).connect(other);
  sender(world);
  await world.until("there is path state", () => world.bob.node.inspect("senders").length === 1);
  await world.settle();
  assertEquals(sent(world, "Resv"), []);
});

statement("the SenderTspec is the SendingFlowspec", async (world) => {
  sender(world);
  await world.settle();
  const [path] = sent(world, "Path", "alice");
  assertEquals(fields(path, "SENDER_TSPEC"), { service: 1, ...VOICE_BUCKET });
});

statement(
  "the SenderTspec has 1,500 and 128 for M and m that are not specified, M for b, infinity for p",
  async (world) => {
    sender(world, { serviceType: CONTROLLEDLOAD, tokenRateBytesPerSecond: 8_500 });
    await world.settle();
    assertEquals(fields(sent(world, "Path", "alice")[0], "SENDER_TSPEC"), {
      service: 1,
      tokenBucketRateBytesPerSecond: 8_500,
      tokenBucketSizeBytes: 1_500,
      peakRateBytesPerSecond: "Infinity",
      minimumPolicedUnitBytes: 128,
      maximumPacketSizeBytes: 1_500,
    });
  },
);

statement("the SenderTemplate is the address and port to which the sending socket is bound", async (world) => {
  sender(world);
  await world.settle();
  const template = { sourceAddress: world.at.alice, sourcePort: 4_000 };
  assertEquals(fields(sent(world, "Path", "alice")[0], "SENDER_TEMPLATE"), template);
});

statement("the SenderTemplate of a socket that is bound to any address has that of the route", async (world) => {
  world.alice.endpoint("udp").bind({ address: "0.0.0.0", port: 4000 })
    .connect({ address: world.at.bob, port: 5004 }, { sendingFlowspec: VOICE });
  await world.settle();
  const template = { sourceAddress: world.at.alice, sourcePort: 4_000 };
  assertEquals(fields(sent(world, "Path", "alice")[0], "SENDER_TEMPLATE"), template);
});

for (const [protocol, protocolId] of [["udp", 17], ["tcp", 6]] as const) {
  statement(`the session is destination, port and protocol: ${protocolId} of a ${protocol} socket`, async (world) => {
    sender(world, VOICE, protocol);
    await world.settle();
    assertEquals(fields(sent(world, "Path", "alice")[0], "SESSION"), {
      destinationAddress: world.at.bob,
      protocolId,
      flags: 0,
      destinationPort: 5_004,
    });
  });
}

statement("a TCP connection is reserved, fixed filter from its peer", async (world) => {
  sender(world, VOICE, "tcp");
  world.bob.endpoint("tcp").bind({ address: world.at.bob, port: 5004 })
    .connect({ address: world.at.alice, port: 4000 }, RECEIVE);
  await world.until("it is reserved", isReserved(world));
  const [resv] = sent(world, "Resv", "bob");
  assertEquals(fields(resv, "STYLE")?.optionVector, 0x0a);
  assertEquals(fields(resv, "FILTER_SPEC"), { sourceAddress: world.at.alice, sourcePort: 4_000 });
  assertEquals(fields(resv, "SESSION")?.protocolId, 6);
});

statement("the Flowspec is the ReceivingFlowspec, and the sender's Tspec for what is not specified", async (world) => {
  const flowspec = { serviceType: CONTROLLEDLOAD, tokenRateBytesPerSecond: 6_000, tokenBucketSizeBytes: 1_200 };
  receiver(world, { receivingFlowspec: flowspec });
  sender(world);
  await world.until("it is reserved", isReserved(world));
  assertEquals(fields(sent(world, "Resv", "bob")[0], "FLOWSPEC"), {
    service: 5,
    ...VOICE_BUCKET,
    tokenBucketRateBytesPerSecond: 6_000,
    tokenBucketSizeBytes: 1_200,
  });
});

statement(
  "the Flowspec of guaranteed service is the sender's Tspec, with rate and slack of the receiver",
  async (world) => {
    const flowspec = { serviceType: GUARANTEED, tokenRateBytesPerSecond: 20_000, delayVariationMicroseconds: 700 };
    receiver(world, { receivingFlowspec: flowspec });
    sender(world, { ...VOICE, serviceType: GUARANTEED });
    await world.until("it is reserved", isReserved(world));
    assertEquals(fields(sent(world, "Resv", "bob")[0], "FLOWSPEC"), {
      service: 2,
      ...VOICE_BUCKET,
      rateBytesPerSecond: 20_000,
      slackTermMicroseconds: 700,
    });
  },
);

statement(
  "the Flowspec and the Filterspec come from the ProviderSpecific buffer where they stand there",
  async (world) => {
    const filters = [{ address: world.at.alice, port: 4000 }];
    const flowspec = qosFlowspec({ serviceType: CONTROLLEDLOAD, tokenRateBytesPerSecond: 7_000 });
    receiver(world, {
      ...RECEIVE,
      providerSpecific: [{
        object: "RESERVE_INFO",
        style: RESERVE_STYLE.SHARED_EXPLICIT,
        flowDescriptors: [{ flowspec, filters }],
      }],
    });
    sender(world);
    await world.until("it is reserved", isReserved(world));
    const [resv] = sent(world, "Resv", "bob");
    assertEquals(fields(resv, "STYLE")?.optionVector, 0x12);
    assertEquals(fields(resv, "FLOWSPEC")?.tokenBucketRateBytesPerSecond, 7_000);
    assertEquals(fields(resv, "FILTER_SPEC"), { sourceAddress: world.at.alice, sourcePort: 4_000 });
  },
);

statement("the Filterspec is the address of the peer from which a connected socket receives", async (world) => {
  const peer = { address: world.at.alice, port: 4000 };
  world.bob.endpoint("udp").bind({ address: world.at.bob, port: 5004 }).connect(peer, RECEIVE);
  sender(world);
  // The same session from another sender: it does not match the peer.
  world.carol.endpoint("udp").bind({ address: world.at.carol, port: 4000 })
    .connect({ address: world.at.bob, port: 5004 }, { sendingFlowspec: VOICE });
  await world.until("it is reserved", isReserved(world));
  await world.settle();
  const filters = sent(world, "Resv", "bob").flatMap(({ objects }) => objects.filter((o) => o.name === "FILTER_SPEC"));
  assertGreater(filters.length, 0);
  for (const filter of filters) assertEquals("sourceAddress" in filter && filter.sourceAddress, world.at.alice);
  assertEquals(fields(sent(world, "Resv", "bob")[0], "STYLE")?.optionVector, 0x0a);
});

statement("the session of a RESV is the address and port to which the receiving socket is bound", async (world) => {
  receiver(world);
  sender(world);
  await world.until("it is reserved", isReserved(world));
  const session = { destinationAddress: world.at.bob, protocolId: 17, flags: 0, destinationPort: 5_004 };
  assertEquals(fields(sent(world, "Resv", "bob")[0], "SESSION"), session);
});

statement("the session of a RESV is the group that a multicast socket has joined", async (world) => {
  const group = { address: GROUP, port: 5010 };
  world.bob.endpoint("udp").bind({ address: "0.0.0.0", port: 9 }).join(group, { direction: "receiver", qos: RECEIVE });
  await world.settle();
  world.alice.endpoint("udp").bind({ address: world.at.alice, port: 4000 })
    .join(group, { direction: "sender", qos: { sendingFlowspec: VOICE } });
  await world.until("it is reserved", isReserved(world));
  const session = { destinationAddress: GROUP, protocolId: 17, flags: 0, destinationPort: 5_010 };
  const [resv] = sent(world, "Resv", "bob");
  assertEquals(fields(resv, "SESSION"), session);
  assertEquals(fields(resv, "STYLE")?.optionVector, 0x11);
});

statement(
  "a RESV of style WF needs no sender's address, applies to all senders and has no filterspec",
  async (world) => {
    const socket = receiver(world);
    assertEquals(socket.peer, undefined);
    sender(world);
    await world.until("it is reserved", isReserved(world));
    world.carol.endpoint("udp").bind({ address: world.at.carol, port: 4000 })
      .connect({ address: world.at.bob, port: 5004 }, { sendingFlowspec: VOICE });
    const reaches = () => new Set(sent(world, "Resv", "router").map(({ objects }) => hopOf(objects)));
    await world.until(
      "both senders' hosts have the reservation",
      () =>
        world.alice.node.inspect("requests").length + world.carol.node.inspect("installed").length > 1 ||
        reaches().size > 1,
    );
    for (const resv of sent(world, "Resv")) {
      assertEquals(fields(resv, "STYLE")?.optionVector, 0x11);
      assertEquals(fields(resv, "FILTER_SPEC"), undefined);
    }
    assertEquals(reserved(world).map((row) => [row.style, row.rateBytesPerSecond]), [["WF", 8_500]]);
  },
);

function hopOf(objects: readonly { name: string }[]): string {
  const hop = objects.find(({ name }) => name === "RSVP_HOP") as { hopAddress?: string } | undefined;
  return hop?.hopAddress ?? "";
}

statement("both directions of a socket are flows of their own", async (world) => {
  const voice = { sendingFlowspec: VOICE, receivingFlowspec: { serviceType: CONTROLLEDLOAD } };
  const a = { address: world.at.alice, port: 4000 }, b = { address: world.at.bob, port: 5004 };
  const alice = world.alice.endpoint("udp").bind(a).connect(b, voice);
  world.bob.endpoint("udp").bind(b).connect(a, voice);
  await world.until("both are reserved", () => reserved(world).length === 2);
  alice.setQos({ sendingFlowspec: { serviceType: SERVICE_TYPE.NOTRAFFIC } });
  await world.until("one has ended", () => reserved(world).length === 1);
  assert(sent(world, "PathTear", "alice").length > 0);
  await world.settle();
  assertEquals(reserved(world).length, 1);
});
