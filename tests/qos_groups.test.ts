/** QOS sockets in company: everybody in a group, senders behind different links, both ends on one host, IPv6. */
import type { QosEndpoint } from "../host/qos/endpoint.ts";
import type { QosEvent } from "../host/qos/events.ts";
import { findProviderObject } from "../host/qos/provider_objects.ts";
import { SERVICE_TYPE } from "../host/qos/service_types.ts";
import { assert, assertEquals } from "./assert.ts";
import { fields, type QosWorld, sent, virtualWorld } from "./qos_world.ts";

const VOICE = { serviceType: SERVICE_TYPE.CONTROLLEDLOAD, tokenRateBytesPerSecond: 8_500 };
const RECEIVE = { receivingFlowspec: { serviceType: SERVICE_TYPE.CONTROLLEDLOAD } };
const installed = (world: QosWorld) => world.router.inspect("installed");
const names = (events: readonly QosEvent[]) => events.map(({ status }) => status);

function listen(endpoint: QosEndpoint): QosEvent[] {
  const events: QosEvent[] = [];
  endpoint.on((event) => void events.push(event));
  return events;
}

Deno.test("qos: a conference: everybody sends to a group and receives it, bound to any address, not from himself", async () => {
  await virtualWorld({}, async (world) => {
    const group = { address: "239.1.1.1", port: 9 };
    const qos = { sendingFlowspec: VOICE, ...RECEIVE };
    const heard = new Map(
      (["alice", "carol", "bob"] as const).map((name) =>
        [
          name,
          listen(world[name].endpoint("udp").bind({ address: "0.0.0.0", port: 4000 }).join(group, { qos })),
        ] as const
      ),
    );
    await world.settle();
    for (const [name, events] of heard) {
      const filters = events.filter(({ status }) => status === "SENDERS")
        .flatMap(({ qos }) => findProviderObject(qos.providerSpecific, "FILTERSPEC_LIST")!.filters);
      const others = (["alice", "carol", "bob"] as const).filter((other) => other !== name);
      assertEquals(new Set(filters.map(({ address }) => address)), new Set(others.map((other) => world.at[other])));
      assert(names(events).includes("RECEIVERS"), `${name} is not received`);
    }
    assertEquals(installed(world).map((row) => row.style), ["WF", "WF", "WF"]);
  });
});

Deno.test("qos: sender and receiver on one host, IPv6, and any address", async () => {
  await virtualWorld({}, async (world) => {
    const to = { address: world.at.bob, port: 5004 };
    const receiving = listen(world.bob.endpoint("udp").bind(to).setQos(RECEIVE));
    const sender = world.bob.endpoint("udp").bind({ address: "0.0.0.0", port: 1 });
    // Without a network between, all of it happens within the call.
    const sending = listen(sender);
    sender.connect(to, { sendingFlowspec: VOICE });
    await world.settle();
    assertEquals([names(receiving), names(sending)], [["SENDERS"], ["RECEIVERS"]]);
    assertEquals(world.seen, []);
    const address = world.bob.localAddresses(6)[0];
    world.bob.endpoint("udp").bind({ address: "::", port: 5006 }).setQos(RECEIVE);
    world.alice.endpoint("udp").bind({ address: "::", port: 1 }).connect({ address, port: 5006 }, {
      sendingFlowspec: VOICE,
    });
    await world.settle();
    assertEquals(fields(sent(world, "Resv", "bob")[0], "SESSION")?.destinationAddress, address);
  });
});

Deno.test("qos: one reservation for senders behind links of different MTU fits through each of them", async () => {
  await virtualWorld({}, async (world) => {
    const to = { address: world.at.bob, port: 5004 };
    const events = listen(world.bob.endpoint("udp").bind(to).setQos(RECEIVE));
    for (const name of ["alice", "carol"] as const) {
      world[name].endpoint("udp").bind({ address: world.at[name], port: 4000 }).connect(to, { sendingFlowspec: VOICE });
    }
    await world.settle();
    assertEquals(new Set(names(events)), new Set(["SENDERS"]));
    assertEquals(fields(sent(world, "Resv", "bob").at(-1), "FLOWSPEC")?.maximumPacketSizeBytes, 1_400);
    assertEquals(sent(world, "ResvErr"), []);
  });
});

Deno.test("qos: a qualitative flow is announced and answered with the null service (RFC 2997)", async () => {
  await virtualWorld({}, async (world) => {
    const to = { address: world.at.bob, port: 5004 };
    const qualitative = { serviceType: SERVICE_TYPE.QUALITATIVE, maxSduSizeBytes: 900 };
    const receiving = listen(world.bob.endpoint("udp").bind(to).setQos({ receivingFlowspec: qualitative }));
    const sender = world.alice.endpoint("udp").bind({ address: world.at.alice, port: 4000 });
    const sending = listen(sender);
    sender.connect(to, { sendingFlowspec: qualitative });
    await world.settle();
    const [path] = sent(world, "Path", "alice"), [resv] = sent(world, "Resv", "bob");
    const services = (seen: typeof path, name: "SENDER_TSPEC" | "FLOWSPEC" | "ADSPEC") =>
      (fields(seen, name)?.services as { type: number; parameters: Record<string, unknown>[] }[])
        .map(({ type, parameters }) => [type, ...parameters.map((one) => one.maximumPacketSizeBytes)]);
    assertEquals(services(path, "SENDER_TSPEC"), [[6, 900]]);
    assertEquals(services(path, "ADSPEC").map(([type]) => type), [1, 6]);
    assertEquals(services(resv, "FLOWSPEC"), [[6, 900]]);
    assertEquals(names(receiving)[0], "SENDERS");
    assertEquals(receiving[0].qos.receivingFlowspec.serviceType, SERVICE_TYPE.QUALITATIVE);
    assertEquals([names(receiving), names(sending)], [["SENDERS"], ["RECEIVERS"]]);
    assertEquals(receiving[0].qos.receivingFlowspec.maxSduSizeBytes, 900);
    assertEquals(sending[0].qos.sendingFlowspec.maxSduSizeBytes, 900);
  });
});
