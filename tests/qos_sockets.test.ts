/** QOS sockets through which data flow: UDP, TCP and multicast, on real sockets, with a real router between. */
import type { QosEvent } from "../host/qos/events.ts";
import { decodeQos } from "../host/qos/layout_read.ts";
import { QosNotifier } from "../host/qos/notifier.ts";
import { SERVICE_TYPE } from "../host/qos/service_types.ts";
import { QosError } from "../host/qos/status.ts";
import { type AcceptDecision, QosTcpListener, QosTcpSocket } from "../host/qos/tcp_socket.ts";
import { QosTemplates } from "../host/qos/templates.ts";
import { QosUdpSocket } from "../host/qos/udp_socket.ts";
import { assert, assertEquals, assertGreater, assertRejects, assertThrows } from "./assert.ts";
import { fields, GROUP, type QosWorld, realWorld, sent, virtualWorld } from "./qos_world.ts";

const { CONTROLLEDLOAD, GUARANTEED, NOCHANGE } = SERVICE_TYPE;
const SEND = { serviceType: CONTROLLEDLOAD, tokenRateBytesPerSecond: 50_000 };
const RECEIVE = { serviceType: CONTROLLEDLOAD };
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);
const installed = (world: QosWorld) => world.router.inspect("installed");

/** A test on real sockets; what it opens is closed whatever happens. */
function real(
  name: string,
  run: (world: QosWorld, open: <T extends { close(): unknown }>(one: T) => T) => Promise<void>,
) {
  Deno.test(`qos sockets: ${name}`, () =>
    realWorld({}, async (world) => {
      const opened: { close(): unknown }[] = [];
      try {
        await run(world, (one) => (opened.push(one), one));
      } finally {
        for (const one of opened) await one.close();
      }
    }));
}

real(
  "a call: guaranteed service both ways over one UDP socket at each end, and the voices arrive",
  async (world, open) => {
    const voice = {
      sendingFlowspec: { ...SEND, serviceType: GUARANTEED, maxSduSizeBytes: 200, tokenBucketSizeBytes: 400 },
      receivingFlowspec: { serviceType: GUARANTEED },
    };
    const alice = open(await QosUdpSocket.open(world.alice, { address: world.at.alice }));
    const bob = open(await QosUdpSocket.open(world.bob, { address: world.at.bob }));
    alice.connect(bob.local, voice);
    bob.connect(alice.local, voice);
    await world.until("both directions are reserved", () => installed(world).length === 2);
    assertEquals(installed(world).map(({ style, rateBytesPerSecond }) => [style, rateBytesPerSecond]), [
      ["FF", 50_000],
      ["FF", 50_000],
    ]);
    await Promise.all(Array.from({ length: 20 }, (_, index) => alice.send(bytes(`${index}`))));
    for (let index = 0; index < 20; index++) assertEquals(text((await bob.receive())!.data), `${index}`);
    await bob.send(bytes("hello alice"));
    assertEquals(await alice.receive(), { data: bytes("hello alice"), from: bob.local });
    await alice.close();
    await world.until("nothing is reserved", () => installed(world).length === 0);
    assertEquals(await alice.receive(), undefined);
    await assertRejects(() => alice.send(bytes("late")), QosError, "ENOTSOCK");
  },
);

real("a connected UDP socket hears its peer only", async (world, open) => {
  const bob = open(await QosUdpSocket.open(world.bob, { address: world.at.bob }));
  const alice = open(await QosUdpSocket.open(world.alice, { address: world.at.alice }));
  const carol = open(await QosUdpSocket.open(world.carol, { address: world.at.carol }));
  bob.connect(alice.local);
  await carol.send(bytes("from carol"), bob.local);
  await alice.send(bytes("from alice"), bob.local);
  assertEquals(text((await bob.receive())!.data), "from alice");
  await assertRejects(() => carol.send(bytes("to whom?")), QosError, "ENOTCONN");
});

real(
  "a socket bound to any address sends from that of the route, and its session is told by the peer",
  async (world, open) => {
    const alice = open(await QosUdpSocket.open(world.alice));
    alice.connect({ address: world.at.bob, port: 5004 }, { sendingFlowspec: SEND });
    await world.until("there is path state", () => world.bob.node.inspect("senders").length === 1);
    assertEquals(fields(sent(world, "Path", "alice")[0], "SENDER_TEMPLATE"), {
      sourceAddress: world.at.alice,
      sourcePort: alice.local.port,
    });
  },
);

real("video to a group: one sender, a wildcard reservation, datagrams received, left again", async (world, open) => {
  const group = { address: GROUP, port: 5010 };
  const bob = open(await QosUdpSocket.open(world.bob));
  await bob.join(group, { direction: "receiver", qos: { receivingFlowspec: RECEIVE }, interfaceAddress: world.at.bob });
  await world.settle();
  const alice = open(await QosUdpSocket.open(world.alice, { address: world.at.alice }));
  await alice.join(group, { direction: "sender", qos: { sendingFlowspec: SEND } });
  await world.until("it is reserved", () => installed(world).length === 1);
  assertEquals(installed(world)[0].style, "WF");
  await alice.send(bytes("frame 1"), group);
  const frame = await bob.receive();
  assertEquals([text(frame!.data), frame!.from], ["frame 1", alice.local]);
  await bob.leave(group);
  await world.until("it has ended", () => installed(world).length === 0);
  await bob.join(group, { direction: "receiver", qos: { receivingFlowspec: RECEIVE }, interfaceAddress: world.at.bob });
  await world.until("it is reserved again", () => installed(world).length === 1);
});

real(
  "a download: the accepted connection has the listener's QOS, and the bytes arrive in order",
  async (world, open) => {
    const listener = open(
      await QosTcpListener.listen(world.alice, { address: world.at.alice }, { qos: { sendingFlowspec: SEND } }),
    );
    const accepting = listener.accept();
    const bob = open(
      await QosTcpSocket.connect(world.bob, listener.local, {
        local: { address: world.at.bob },
        qos: { receivingFlowspec: RECEIVE },
      }),
    );
    const alice = open((await accepting)!);
    assertEquals([alice.peer, bob.peer], [bob.local, alice.local]);
    await world.until("it is reserved", () => installed(world).length === 1);
    const [resv] = sent(world, "Resv", "bob");
    assertEquals(fields(resv, "SESSION"), {
      destinationAddress: world.at.bob,
      protocolId: 6,
      flags: 0,
      destinationPort: bob.local.port,
    });
    assertEquals(fields(resv, "FILTER_SPEC"), { sourceAddress: world.at.alice, sourcePort: listener.local.port });
    const file = new Uint8Array(300_000).map((_, index) => index * 7);
    const reading = (async () => {
      const all: Uint8Array[] = [];
      for await (const chunk of bob) all.push(chunk);
      return all;
    })();
    await alice.write(file);
    alice.shutdown("sending");
    const received = await reading;
    assertEquals(received.reduce((sum, { length }) => sum + length, 0), file.length);
    let at = 0;
    for (const chunk of received) {
      assert(chunk.every((byte, index) => byte === file[at + index]), `a byte of the piece at ${at} is wrong`);
      at += chunk.length;
    }
    await world.until("sending has ended", () => installed(world).length === 0);
  },
);

real("who reads and then closes ends the other end's QOS as well", async (world, open) => {
  const listener = open(await QosTcpListener.listen(world.alice, { address: world.at.alice }));
  const accepting = listener.accept();
  const bob = open(await QosTcpSocket.connect(world.bob, listener.local, { local: { address: world.at.bob } }));
  const alice = open((await accepting)!);
  alice.setQos({ sendingFlowspec: SEND });
  bob.setQos({ receivingFlowspec: RECEIVE });
  await world.until("it is reserved", () => installed(world).length === 1);
  const ended = (async () => {
    for await (const _ of alice) assert(false, "nothing was written");
    await alice.close();
  })();
  await bob.close();
  await ended;
  await world.until("nothing is left", () => world.router.inspect("sessions").length === 0);
  assert(alice.endpoint.closed && bob.endpoint.closed);
});

real(
  "the condition accepts with a QOS of its own, leaves what is NOCHANGE, rejects and defers",
  async (world, open) => {
    const answers: AcceptDecision[] = [
      { decision: "reject" },
      { decision: "defer" },
      {
        decision: "accept",
        qos: {
          sendingFlowspec: { ...SEND, tokenRateBytesPerSecond: 7 },
          providerSpecific: [{ object: "UNKNOWN", type: 1, content: "" }],
        },
      },
    ];
    const asked: number[] = [];
    const condition = ({ peer }: { peer: { port: number } }): AcceptDecision => {
      asked.push(peer.port);
      return answers.shift() ?? { decision: "accept", qos: { sendingFlowspec: { serviceType: NOCHANGE } } };
    };
    const listener = open(
      await QosTcpListener.listen(world.alice, { address: world.at.alice }, {
        condition,
        qos: { sendingFlowspec: SEND },
      }),
    );
    const connect = async () =>
      open(await QosTcpSocket.connect(world.bob, listener.local, { local: { address: world.at.bob } }));
    const rejected = await connect(), deferred = await connect(), third = await connect();
    const first = open((await listener.accept())!);
    const second = open((await listener.accept())!);
    assertEquals(asked, [rejected.local.port, deferred.local.port, third.local.port, deferred.local.port]);
    assertEquals([first.peer, second.peer], [third.local, deferred.local]);
    assertEquals(first.qos.sendingFlowspec.tokenRateBytesPerSecond, 7);
    assertEquals(first.qos.providerSpecific, []);
    assertEquals(second.qos.sendingFlowspec.tokenRateBytesPerSecond, 50_000);
    await world.until(
      "the rejected one has ended",
      () => rejected.endpoint.closed || rejected.endpoint.sessions.length === 0,
    );
  },
);

real("what cannot be opened or set is told in one line, and leaves nothing open", async (world, open) => {
  const first = open(await QosUdpSocket.open(world.bob, { address: world.at.bob }));
  const error = await assertRejects(() => QosUdpSocket.open(world.bob, first.local), Error);
  assert(!error.message.includes("\n"), error.message);
  assertEquals(world.bob.endpoints.length, 1);
  await assertRejects(
    () => QosTcpListener.listen(world.alice, {}, { qos: { receivingFlowspec: { serviceType: 5 } } }),
    QosError,
    "ESERVICETYPE",
  );
  await assertRejects(() => first.join({ address: world.at.alice, port: 9 }), QosError, "not a multicast group");
  assertEquals(world.bob.endpoints.length, 1);
});

Deno.test("qos sockets: an edge-triggered notification comes once until it is fetched", async () => {
  await virtualWorld({}, async (world) => {
    const to = { address: world.at.bob, port: 5004 };
    const endpoint = world.bob.endpoint("udp").bind(to).setQos({ receivingFlowspec: RECEIVE });
    const ready: number[] = [];
    const notifier = new QosNotifier(endpoint, (statusCode) => void ready.push(statusCode));
    const from = (name: "alice" | "carol") =>
      world[name].endpoint("udp").bind({ address: world.at[name], port: 4000 }).connect(to, { sendingFlowspec: SEND });
    from("alice"), from("carol");
    await world.settle();
    assertEquals(ready, [11006]);
    const small = assertThrows(() => notifier.takeBuffer(80), QosError, "ENOBUFS");
    const taken = decodeQos(notifier.takeBuffer(small.offset!));
    assertEquals(taken.receivingFlowspec.tokenRateBytesPerSecond, 50_000);
    assertEquals(taken.sendingFlowspec.serviceType, NOCHANGE);
    assertEquals(taken.providerSpecific[0].object, "STATUS_INFO");
    assertEquals(notifier.take()?.status, "SENDERS");
    assertEquals(notifier.take(), undefined);
    assertThrows(() => notifier.takeBuffer(1_000), QosError, "EWOULDBLOCK");
    world.alice.close();
    await world.settle();
    assertEquals(ready.length, 2);
    notifier.close();
    const events: QosEvent[] = [];
    endpoint.on((event) => void events.push(event));
    world.carol.close();
    await world.settle();
    assertGreater(events.length, 0);
    assertEquals(ready.length, 2);
  });
});

Deno.test("qos templates: the eight names in their order, install, replace, remove", () => {
  const templates = new QosTemplates();
  const builtIn = ["G711", "G723.1", "G729", "H263QCIF", "H263CIF", "H261QCIF", "H261CIF", "GSM6.10"];
  assertEquals(templates.names(), builtIn);
  assertEquals(templates.get("G711")!.sendingFlowspec, {
    tokenRateBytesPerSecond: 8_500,
    tokenBucketSizeBytes: 680,
    peakBandwidthBytesPerSecond: 17_000,
    latencyMicroseconds: 0xffffffff,
    delayVariationMicroseconds: 0xffffffff,
    serviceType: CONTROLLEDLOAD,
    maxSduSizeBytes: 340,
    minimumPolicedSizeBytes: 340,
  });
  assertEquals(templates.get("g711"), undefined);
  templates.install("mine", { sendingFlowspec: SEND });
  templates.install("G711", { sendingFlowspec: { ...SEND, tokenRateBytesPerSecond: 1 } });
  assertEquals(templates.names(), [...builtIn, "mine"]);
  const kept = new QosTemplates(JSON.parse(JSON.stringify(templates)));
  assertEquals(kept.get("G711")!.sendingFlowspec.tokenRateBytesPerSecond, 1);
  kept.remove("G711");
  assertEquals(kept.get("G711")!.sendingFlowspec.tokenRateBytesPerSecond, 8_500);
  assertThrows(() => kept.remove("G711"), QosError, "EINVAL");
  assertThrows(() => kept.remove("nothing"), QosError, "NODATA");
  assertThrows(() => kept.install("bad", { sendingFlowspec: { serviceType: CONTROLLEDLOAD } }), QosError, "EFLOWSPEC");
  kept.remove("mine");
  assertEquals(kept.names(), builtIn);
});

Deno.test("qos templates: every built-in template can be set on a socket and is reserved as it stands", async () => {
  await virtualWorld({}, async (world) => {
    const templates = new QosTemplates();
    for (const [index, name] of templates.names().entries()) {
      const to = { address: world.at.bob, port: 6_000 + index };
      const { sendingFlowspec, receivingFlowspec } = templates.get(name)!;
      world.bob.endpoint("udp").bind(to).setQos({ receivingFlowspec });
      world.alice.endpoint("udp").bind({ address: world.at.alice, port: 6_000 + index }).connect(to, {
        sendingFlowspec,
      });
    }
    await world.settle();
    assertEquals(installed(world).length, 8);
  });
});
