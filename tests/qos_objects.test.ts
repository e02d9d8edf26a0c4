/** What goes along with a QOS: policy, ADSPEC and senders in events, per-group settings, and which call counts when. */
import type { QosEvent } from "../host/qos/events.ts";
import { QOS_NOT_SPECIFIED, qosFlowspec } from "../host/qos/flowspec.ts";
import { findProviderObject, RESERVE_STYLE } from "../host/qos/provider_objects.ts";
import { qos } from "../host/qos/qos.ts";
import { SERVICE_TYPE } from "../host/qos/service_types.ts";
import { QosTcpListener, QosTcpSocket } from "../host/qos/tcp_socket.ts";
import { assert, assertEquals } from "./assert.ts";
import { fields, GROUP, type QosWorld, realWorld, sent, type WorldOptions, WORLDS } from "./qos_world.ts";

const { CONTROLLEDLOAD, GUARANTEED, GENERAL_INFORMATION, NOCHANGE } = SERVICE_TYPE;
const SEND = { serviceType: CONTROLLEDLOAD, tokenRateBytesPerSecond: 50_000 };
const RECEIVE = { serviceType: CONTROLLEDLOAD };
/** AUTH_USER (RFC 3182) with a policy locator in ASCII: "alice". */
const ELEMENT = { type: 2, content: "00090101616c696365000000" };

function both(name: string, run: (world: QosWorld) => Promise<void>, options: WorldOptions = {}): void {
  for (const [place, world] of Object.entries(WORLDS)) {
    Deno.test(`qos objects, ${place}: ${name}`, () => world(options, run));
  }
}

const sender = (world: QosWorld, name: "alice" | "carol" = "alice") =>
  world[name].endpoint("udp").bind({ address: world.at[name], port: 4000 });
const receiver = (world: QosWorld) => world.bob.endpoint("udp").bind({ address: world.at.bob, port: 5004 });
const to = (world: QosWorld) => ({ address: world.at.bob, port: 5004 });

both("policy elements go with the Path and the Resv, and the receiver is told of the sender's", async (world) => {
  const events: QosEvent[] = [];
  receiver(world).on((event) => void events.push(event)).setQos({
    receivingFlowspec: RECEIVE,
    providerSpecific: [{ object: "RESERVE_INFO", policyElements: [{ ...ELEMENT, type: 3 }] }],
  });
  const policy = { object: "POLICY_INFO", elements: [ELEMENT] } as const;
  sender(world).connect(to(world), { sendingFlowspec: SEND, providerSpecific: [policy] });
  await world.until("it is reserved", () => sent(world, "Resv", "router").length > 0);
  const told = events.find(({ status }) => status === "SENDERS")!;
  assertEquals(findProviderObject(told.qos.providerSpecific, "POLICY_INFO"), policy);
  for (const [message, type] of [["Path", 2], ["Resv", 3]] as const) {
    for (const seen of sent(world, message)) {
      const [element] = fields(seen, "POLICY_DATA")!.elements as { type: number }[];
      assertEquals(element.type, type, `${message} from ${seen.from}`);
    }
  }
});

both(
  "a receiver is told what the path offers: ADSPEC with the services of the sender's service type",
  async (world) => {
    for (
      const [serviceType, services] of [
        [CONTROLLEDLOAD, [CONTROLLEDLOAD]],
        [GUARANTEED, [GUARANTEED]],
        [GENERAL_INFORMATION, [GUARANTEED, CONTROLLEDLOAD]],
      ] as const
    ) {
      const events: QosEvent[] = [];
      const listening = receiver(world).on((event) => void events.push(event));
      listening.setQos({ receivingFlowspec: { serviceType: GUARANTEED, tokenRateBytesPerSecond: 60_000 } });
      const sending = sender(world).connect(to(world), { sendingFlowspec: { ...SEND, serviceType } });
      await world.until("the receiver is told", () => events.some(({ status }) => status === "SENDERS"));
      const { qos: told } = events.find(({ status }) => status === "SENDERS")!;
      const adspec = findProviderObject(told.providerSpecific, "ADSPEC")!;
      assertEquals(adspec.services.map((service) => service.serviceType), [...services]);
      assertEquals([adspec.general.integratedServicesHops, adspec.general.breakBit], [2, false]);
      assertEquals(told.sendingFlowspec.serviceType, NOCHANGE);
      assertEquals(told.providerSpecific[0].object, "STATUS_INFO");
      const guaranteed = adspec.services.find((service) => service.serviceType === GUARANTEED)?.guaranteed;
      assertEquals(guaranteed !== undefined, services.some((service) => service === GUARANTEED));
      sending.close();
      await world.until("it is gone", () => events.at(-1)!.status === "NO_SENDERS");
      listening.close();
    }
  },
);

both("the list of senders has the one that the event is about first", async (world) => {
  const lists: string[][] = [];
  receiver(world).on(({ status, qos }) => {
    const list = findProviderObject(qos.providerSpecific, "FILTERSPEC_LIST");
    if (status === "SENDERS") lists.push(list!.filters.map(({ address }) => address));
  }).setQos({ receivingFlowspec: RECEIVE });
  sender(world).connect(to(world), { sendingFlowspec: SEND });
  await world.until("one is known", () => lists.length === 1);
  sender(world, "carol").connect(to(world), { sendingFlowspec: SEND });
  await world.until("two are known", () => lists.length === 2);
  assertEquals(lists, [[world.at.alice], [world.at.carol, world.at.alice]]);
});

both(
  "an ADSPEC that an application sets is taken and not used: what the path offers is for the path to say",
  async (world) => {
    const general = {
      ...{ integratedServicesHops: 9, pathBandwidthBytesPerSecond: 1, minimumLatencyMicroseconds: 1 },
      ...{ pathMtuBytes: 99, breakBit: true },
    };
    sender(world).connect(to(world), {
      sendingFlowspec: SEND,
      providerSpecific: [{ object: "ADSPEC", general, services: [] }],
    });
    await world.until("the Path is sent", () => sent(world, "Path", "router").length === 1);
    assert(!JSON.stringify(fields(sent(world, "Path")[0], "ADSPEC")).includes('"mtuBytes":99'));
  },
);

both(
  "a group has the QOS of its join; a later setting is for every group joined so far, and for none joined later",
  async (world) => {
    const listening = world.bob.endpoint("udp").bind({ address: world.at.bob, port: 0 });
    const rate = (tokenRateBytesPerSecond: number) => ({ receivingFlowspec: { ...RECEIVE, tokenRateBytesPerSecond } });
    const places = [6001, 6002, 6003].map((port) => ({ address: GROUP, port }));
    listening.join(places[0], { direction: "receiver", qos: rate(10_000) });
    listening.join(places[1], { direction: "receiver", qos: rate(20_000) });
    const asked = () =>
      Object.fromEntries(
        sent(world, "Resv", "bob").map((seen) => [
          fields(seen, "SESSION")!.destinationPort,
          fields(seen, "FLOWSPEC")!.tokenBucketRateBytesPerSecond,
        ]),
      );
    for (const [index, place] of places.entries()) {
      const endpoint = world.alice.endpoint("udp").bind({ address: world.at.alice, port: 4001 + index });
      endpoint.join(place, { direction: "sender", qos: { sendingFlowspec: SEND } });
    }
    await world.until("two are asked for", () => Object.keys(asked()).length === 2);
    assertEquals(asked(), { 6001: 10_000, 6002: 20_000 });
    listening.setQos(rate(30_000));
    listening.join(places[2], { direction: "receiver", qos: rate(40_000) });
    await world.until("all are asked for", () => Object.keys(asked()).length === 3);
    await world.settle();
    assertEquals(asked(), { 6001: 30_000, 6002: 30_000, 6003: 40_000 });
  },
);

both("the QOS of a connect counts before what was set; without one, what was set counts", async (world) => {
  const announced = () => fields(sent(world, "Path", "alice").at(-1), "SENDER_TSPEC")?.tokenBucketRateBytesPerSecond;
  const first = sender(world).setQos({ sendingFlowspec: SEND });
  assertEquals(sent(world, "Path"), []);
  first.connect(to(world));
  await world.until("what was set is announced", () => announced() === 50_000);
  first.close();
  const second = sender(world).setQos({ sendingFlowspec: SEND });
  second.connect(to(world), { sendingFlowspec: { ...SEND, tokenRateBytesPerSecond: 60_000 } });
  await world.until("what connect gave is announced", () => announced() === 60_000);
  second.disconnect();
  await world.until("it is taken back", () => sent(world, "PathTear", "alice").length === 2);
});

both("before anything is set nothing is specified, in either direction", (world) => {
  const { sendingFlowspec, receivingFlowspec, providerSpecific } = world.alice.endpoint("udp").qos;
  assertEquals([sendingFlowspec, receivingFlowspec, providerSpecific], [qosFlowspec(), qosFlowspec(), []]);
  assertEquals([sendingFlowspec.serviceType, sendingFlowspec.tokenRateBytesPerSecond], [NOCHANGE, QOS_NOT_SPECIFIED]);
  assertEquals(qos().receivingFlowspec, receivingFlowspec);
  return Promise.resolve();
});

both("a listed sender that does not send yet is reserved for when it does", async (world) => {
  const filters = ["alice", "carol"].map((name) => ({ address: world.at[name as "alice"], port: 4000 }));
  receiver(world).setQos({
    receivingFlowspec: RECEIVE,
    providerSpecific: [{
      object: "RESERVE_INFO",
      style: RESERVE_STYLE.SHARED_EXPLICIT,
      flowDescriptors: [{ flowspec: qosFlowspec(), filters }],
    }],
  });
  sender(world).connect(to(world), { sendingFlowspec: SEND });
  const listed = () =>
    sent(world, "Resv", "bob").at(-1)?.objects.filter(({ name }) => name === "FILTER_SPEC").length ?? 0;
  await world.until("one is reserved for", () => listed() === 1);
  sender(world, "carol").connect(to(world), { sendingFlowspec: SEND });
  await world.until("both are reserved for", () => listed() === 2);
});

Deno.test("qos objects: a listener at any address: the session of a connection has the address that it came to", () =>
  realWorld({}, async (world) => {
    const qos = { receivingFlowspec: RECEIVE };
    const listener = await QosTcpListener.listen(world.bob, { address: "0.0.0.0" }, { qos });
    const serving = listener.accept();
    const peer = { address: world.at.bob, port: listener.local.port };
    const local = { address: world.at.alice };
    const client = await QosTcpSocket.connect(world.alice, peer, { local, qos: { sendingFlowspec: SEND } });
    const server = (await serving)!;
    try {
      assertEquals([listener.local.address, server.local], ["0.0.0.0", peer]);
      await world.until("it is reserved", () => world.router.inspect("installed").length === 1);
      const session = fields(sent(world, "Resv", "bob")[0], "SESSION")!;
      assertEquals([session.destinationAddress, session.protocolId], [world.at.bob, 6]);
    } finally {
      await Promise.all([client.close(), server.close(), listener.close()]);
    }
  }));
