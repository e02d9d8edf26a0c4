/** What a socket may ask of its flow (SIO_CHK_QOS), and what its traffic control does with packets (QOS_SD_MODE). */
import { QOS_CHECK, QOS_INFO_NOT_AVAILABLE } from "../host/qos/check.ts";
import { qosFlowspec } from "../host/qos/flowspec.ts";
import { QosNotifier } from "../host/qos/notifier.ts";
import { SHAPING_MODE } from "../host/qos/provider_objects.ts";
import { QosServiceProvider } from "../host/qos/service_provider.ts";
import { SERVICE_FLAG, SERVICE_TYPE } from "../host/qos/service_types.ts";
import { FlowShaper } from "../host/qos/shaping.ts";
import { QosError } from "../host/qos/status.ts";
import { QosTcpListener, QosTcpSocket } from "../host/qos/tcp_socket.ts";
import { QosUdpSocket } from "../host/qos/udp_socket.ts";
import { assert, assertEquals, assertGreaterOrEqual, assertThrows } from "./assert.ts";
import { type QosWorld, realWorld, type WorldOptions, WORLDS } from "./qos_world.ts";

const { CONTROLLEDLOAD, GUARANTEED } = SERVICE_TYPE;
const SEND = { serviceType: CONTROLLEDLOAD, tokenRateBytesPerSecond: 50_000 };
const RECEIVE = { serviceType: CONTROLLEDLOAD };
const UNKNOWN = QOS_INFO_NOT_AVAILABLE;

function both(name: string, run: (world: QosWorld) => Promise<void>, options: WorldOptions = {}): void {
  for (const [place, world] of Object.entries(WORLDS)) {
    Deno.test(`qos check, ${place}: ${name}`, () => world(options, run));
  }
}

both("what can be known is told, and changes with the flow", async (world) => {
  const to = { address: world.at.bob, port: 5004 }, from = { address: world.at.alice, port: 4000 };
  const receiver = world.bob.endpoint("udp").bind(to);
  const sender = world.alice.endpoint("udp").bind(from);
  const { ALLOWED_TO_SEND_DATA, ABLE_TO_RECV_RSVP, LINE_RATE } = QOS_CHECK;
  const { LOCAL_TRAFFIC_CONTROL, LOCAL_QOSABILITY, END_TO_END_QOSABILITY } = QOS_CHECK;
  assertEquals(sender.checkQos(ALLOWED_TO_SEND_DATA), 1);
  assertEquals([sender.checkQos(END_TO_END_QOSABILITY), receiver.checkQos(END_TO_END_QOSABILITY)], [UNKNOWN, UNKNOWN]);
  assertEquals([sender.checkQos(LOCAL_QOSABILITY), sender.checkQos(LOCAL_TRAFFIC_CONTROL)], [1, 0]);
  assertEquals(receiver.checkQos(ABLE_TO_RECV_RSVP), 1);
  receiver.setQos({ receivingFlowspec: RECEIVE });
  sender.connect(to, { sendingFlowspec: SEND });
  await world.until("it is reserved", () => sender.checkQos(END_TO_END_QOSABILITY) === 1);
  assertEquals(receiver.checkQos(END_TO_END_QOSABILITY), 1);
  receiver.close();
  await world.until("it is not reserved any more", () => sender.checkQos(END_TO_END_QOSABILITY) === UNKNOWN);
  assertThrows(() => sender.checkQos(50_007), QosError, "check: 50007 is none of QOS_CHECK [EINVAL 10022]");
  sender.close();
  assertThrows(() => sender.checkQos(LINE_RATE), QosError, "ENOTSOCK");
});

both("line rate in kbit/s, and whether so much can be reserved, are the interface's", (world) => {
  const { node } = world.bob;
  const [settings] = node.interfaces;
  const settled = { ...settings, linkBytesPerSecond: 1_250_000, perFlowBytesPerSecond: 40_000 };
  (node as unknown as { setInterface(one: typeof settled): void }).setInterface(settled);
  const endpoint = world.bob.endpoint("udp").bind({ address: world.at.bob, port: 5004 });
  assertEquals(endpoint.checkQos(QOS_CHECK.LINE_RATE), 10_000);
  const ableWith = (rate: number) => {
    endpoint.setQos({ receivingFlowspec: { ...RECEIVE, tokenRateBytesPerSecond: rate } });
    return endpoint.checkQos(QOS_CHECK.ABLE_TO_RECV_RSVP);
  };
  assertEquals([ableWith(40_000), ableWith(40_001)], [1, 0]);
  // Bound to an address that no interface has: nothing is known of it.
  const elsewhere = world.bob.endpoint("udp").bind({ address: "192.0.2.99", port: 1 });
  assertEquals(elsewhere.checkQos(QOS_CHECK.LINE_RATE), UNKNOWN);
  assertEquals(elsewhere.checkQos(QOS_CHECK.LOCAL_QOSABILITY), UNKNOWN);
  return Promise.resolve();
});

both("a receiver that says no rate is able if the announced one fits", async (world) => {
  const { node } = world.bob;
  const [settings] = node.interfaces;
  (node as unknown as { setInterface(one: unknown): void }).setInterface({
    ...settings,
    perFlowBytesPerSecond: 49_999,
  });
  const to = { address: world.at.bob, port: 5004 };
  const receiver = world.bob.endpoint("udp").bind(to);
  receiver.setQos({ receivingFlowspec: { serviceType: CONTROLLEDLOAD | SERVICE_FLAG.NO_QOS_SIGNALING } });
  assertEquals(receiver.checkQos(QOS_CHECK.ABLE_TO_RECV_RSVP), UNKNOWN);
  world.alice.endpoint("udp").bind({ address: world.at.alice, port: 4000 }).connect(to, { sendingFlowspec: SEND });
  await world.until("the sender is known", () => receiver.checkQos(QOS_CHECK.ABLE_TO_RECV_RSVP) === 0);
});

both("with a limit for what is not reserved, a flow above it is allowed once it is reserved", async (world) => {
  const provider = new QosServiceProvider(world.alice.node, { nonReservedSendLimitBytesPerSecond: 20_000 });
  const to = { address: world.at.bob, port: 5004 };
  const sender = provider.endpoint("udp").bind({ address: world.at.alice, port: 4000 });
  const allowed = () => sender.checkQos(QOS_CHECK.ALLOWED_TO_SEND_DATA);
  assertEquals(allowed(), UNKNOWN);
  sender.connect(to, { sendingFlowspec: { ...SEND, tokenRateBytesPerSecond: 20_000 } });
  assertEquals(allowed(), 1);
  sender.setQos({ sendingFlowspec: SEND });
  assertEquals(allowed(), 0);
  world.bob.endpoint("udp").bind(to).setQos({ receivingFlowspec: RECEIVE });
  await world.until("it is reserved", () => allowed() === 1);
});

both("SIO_GET_QOS on a socket that is neither bound nor connected is EINVAL", (world) => {
  const endpoint = world.alice.endpoint("udp");
  const notifier = new QosNotifier(endpoint, () => {});
  assertThrows(() => notifier.takeBuffer(1_000), QosError, "EINVAL");
  endpoint.bind({ address: world.at.alice, port: 4000 });
  assertThrows(() => notifier.takeBuffer(1_000), QosError, "EWOULDBLOCK");
  return Promise.resolve();
});

/** What happens to packets of 100 bytes at these times: milliseconds to wait, or "discard". */
function shapes(flowspec: object, shaping: object, reserved: object | undefined, ...timesMs: number[]) {
  const shaper = new FlowShaper();
  const flow = { flowspec: qosFlowspec(flowspec), shaping, reserved: reserved && qosFlowspec(reserved) };
  return timesMs.map((timeMs) => {
    const transmission = shaper.transmit(100, timeMs, flow);
    return transmission.discard ? "discard" : transmission.delayMs;
  });
}

const BUCKET = { tokenRateBytesPerSecond: 1_000, tokenBucketSizeBytes: 200, maxSduSizeBytes: 100 };

Deno.test("qos shaping: guaranteed service holds what does not conform, the others let it pass, as is documented", () => {
  const guaranteed = { ...BUCKET, serviceType: GUARANTEED }, controlled = { ...BUCKET, serviceType: CONTROLLEDLOAD };
  assertEquals(shapes(guaranteed, {}, undefined, 0, 0, 0, 50, 100), [0, 0, 100, 50, 0]);
  assertEquals(shapes(controlled, {}, undefined, 0, 0, 0), [0, 0, 0]);
  assertEquals(shapes(guaranteed, { mode: SHAPING_MODE.BORROW }, undefined, 0, 0, 0), [0, 0, 0]);
  assertEquals(shapes(controlled, { mode: SHAPING_MODE.SHAPE }, undefined, 0, 0, 0), [0, 0, 100]);
  assertEquals(shapes(controlled, { mode: SHAPING_MODE.DISCARD }, undefined, 0, 0, 0, 100), [0, 0, "discard", 0]);
  // Packets of 100 bytes count as 150 where that is the least that is policed.
  assertEquals(shapes({ ...guaranteed, maxSduSizeBytes: 150, minimumPolicedSizeBytes: 150 }, {}, undefined, 0, 0), [
    0,
    100,
  ]);
  const noControl = { ...guaranteed, serviceType: GUARANTEED | SERVICE_FLAG.NO_TRAFFIC_CONTROL };
  assertEquals(shapes(noControl, {}, undefined, 0, 0, 0), [0, 0, 0]);
});

Deno.test("qos shaping: a reservation makes it the reserved service and, if less, the reserved rate; SHAPING_RATE is uniform", () => {
  const general = { ...BUCKET, serviceType: SERVICE_TYPE.GENERAL_INFORMATION };
  const reserved = { ...BUCKET, serviceType: GUARANTEED, tokenRateBytesPerSecond: 500 };
  assertEquals(shapes(general, {}, undefined, 0, 0, 0), [0, 0, 0]);
  assertEquals(shapes(general, {}, reserved, 0, 0, 0), [0, 0, 200]);
  assertEquals(shapes(general, {}, { ...reserved, tokenRateBytesPerSecond: 9_000 }, 0, 0, 0), [0, 0, 100]);
  assertEquals(shapes(general, { rateBytesPerSecond: 2_000 }, undefined, 0, 0, 50), [0, 50, 0]);
});

Deno.test("qos shaping: a UDP socket discards or holds what does not conform, and what is set again counts anew", () =>
  realWorld({}, async (world) => {
    const bob = await QosUdpSocket.open(world.bob, { address: world.at.bob });
    const alice = await QosUdpSocket.open(world.alice, { address: world.at.alice });
    try {
      // 128 bytes of IP each: the bucket has two, and one more comes each 64 ms.
      const flowspec = { ...SEND, tokenRateBytesPerSecond: 2_000, tokenBucketSizeBytes: 256, maxSduSizeBytes: 128 };
      const mode = (value: number) => [{ object: "SHAPING_MODE", mode: value } as const];
      alice.connect(bob.local, { sendingFlowspec: flowspec, providerSpecific: mode(SHAPING_MODE.DISCARD) });
      const burst = () => Promise.all(Array.from({ length: 4 }, () => alice.send(new Uint8Array(100))));
      await burst();
      assertEquals(alice.discarded, 2);
      alice.setQos({ sendingFlowspec: flowspec, providerSpecific: mode(SHAPING_MODE.SHAPE) });
      const start = performance.now();
      await burst();
      // Two at once, two at 64 ms each; timers may be late, never early.
      assertGreaterOrEqual(performance.now() - start, 2 * 64 - 2);
      for (let index = 0; index < 6; index++) assertEquals((await bob.receive())!.data.length, 100);
      assertEquals(alice.discarded, 2);
      const late = alice.send(new Uint8Array(100)).catch((error) => error);
      await alice.close();
      assert(await late instanceof QosError, "a datagram that was held is refused when the socket is closed");
    } finally {
      await Promise.all([alice.close(), bob.close()]);
    }
  }));

Deno.test("qos shaping: a TCP connection that is shaped delivers every byte in order, and ends after the last", () =>
  realWorld({}, async (world) => {
    const sendingFlowspec = { serviceType: GUARANTEED, tokenRateBytesPerSecond: 200_000, tokenBucketSizeBytes: 3_000 };
    const listener = await QosTcpListener.listen(world.alice, { address: world.at.alice }, {
      qos: { sendingFlowspec },
    });
    const serving = listener.accept();
    const client = await QosTcpSocket.connect(world.bob, listener.local, { local: { address: world.at.bob } });
    const server = (await serving)!;
    try {
      const sent = Uint8Array.from({ length: 20_000 }, (_, index) => index * 7);
      const start = performance.now();
      const written = [server.write(sent.subarray(0, 12_345)), server.write(sent.subarray(12_345))];
      server.shutdown("sending");
      const received: number[] = [];
      for await (const chunk of client) received.push(...chunk);
      await Promise.all(written);
      assertEquals(received.length, sent.length);
      assert(received.every((byte, index) => byte === sent[index]), "in order");
      // 20,000 bytes with their headers, less the bucket, at 200,000 a second.
      assertGreaterOrEqual(performance.now() - start, 80);
    } finally {
      await Promise.all([client.close(), server.close(), listener.close()]);
    }
  }));
