/** `openQosHost` of several applications on one host: the first has the node, the others join it, and one takes over. */
import { openQosHost, type QosHost } from "../host/qos/host.ts";
import { SERVICE_TYPE } from "../host/qos/service_types.ts";
import { UdpOpenError } from "../host/transport/udp.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "./assert.ts";
import { loopback } from "./loopback.ts";
import { until } from "./service_fixture.ts";

const NETWORK = loopback(12);
const ADDRESS = `127.${NETWORK}.1.2`;
const serviceType = SERVICE_TYPE.CONTROLLEDLOAD;

async function withHosts(
  run: (open: (address?: string) => Promise<QosHost>, path: string, errors: Error[]) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "resv_host_" });
  const hosts: QosHost[] = [], errors: Error[] = [];
  const path = `${folder}/resv.sock`;
  try {
    await run(
      async (address = ADDRESS) => {
        const onError = (error: Error) => void errors.push(error);
        const host = await openQosHost({ interfaces: [{ address: `${address}/24` }], service: path, onError });
        hosts.push(host);
        return host;
      },
      path,
      errors,
    );
    assertEquals(errors, []);
  } finally {
    for (const host of hosts) await host.close();
    await Deno.remove(folder, { recursive: true });
  }
}

function receive(host: QosHost, heard: string[]) {
  const endpoint = host.provider.endpoint("udp").bind({ address: ADDRESS, port: 5004 });
  return endpoint.on(({ status }) => void heard.push(`receiver ${status}`)).setQos({
    receivingFlowspec: { serviceType },
  });
}

function send(host: QosHost, heard: string[]) {
  const endpoint = host.provider.endpoint("udp").bind({ address: ADDRESS, port: 4000 });
  return endpoint.on(({ status }) => void heard.push(`sender ${status}`))
    .connect({ address: ADDRESS, port: 5004 }, { sendingFlowspec: { serviceType, tokenRateBytesPerSecond: 8_500 } });
}

Deno.test("service: a second embedded application finds the ports taken and joins the first", async () => {
  await withHosts(async (open, path) => {
    const first = await open(), second = await open();
    assertEquals([first.serving, second.serving], [path, undefined]);
    assert(first.embedded && !second.embedded);
    const heard: string[] = [];
    receive(first, heard);
    const sender = send(second, heard);
    await until("both hear of each other", () => heard.length >= 2);
    assertEquals(heard.sort(), ["receiver SENDERS", "sender RECEIVERS"]);
    sender.close();
    await until("the receiver hears of that", () => heard.includes("receiver NO_SENDERS"));
    await second.close();
    await first.close();
    // The ports are free again.
    const third = await open();
    assertEquals(third.serving, path);
  });
});

Deno.test("service: when the first goes away, one of the others takes over, and everybody's reservations stand", async () => {
  await withHosts(async (open, path) => {
    const first = await open(), second = await open(), third = await open();
    const heard: string[] = [];
    receive(second, heard);
    send(third, heard);
    await until("both hear of each other", () => heard.length >= 2);
    heard.length = 0;
    await first.close();
    await until("somebody serves", () => second.serving === path || third.serving === path);
    const [node] = [second, third].flatMap(({ embedded }) => embedded ?? []);
    await until("the reservation stands there", () => node.inspect("reservations").length === 1);
    assertEquals([second, third].filter(({ embedded }) => embedded).length, 1);
    // And a newcomer joins it.
    const fourth = await open();
    assertEquals(fourth.embedded, undefined);
    assertEquals(heard, []);
  });
});

Deno.test("service: who finds the ports taken and no service is told both in one line", async () => {
  await withHosts(async (open, path) => {
    const mute = await openQosHost({ interfaces: [{ address: `${ADDRESS}/24` }], service: false });
    try {
      const error = await assertRejects(() => open(), UdpOpenError);
      assert(!error.message.includes("\n"), error.message);
      assertStringIncludes(error.message, "1698");
      assertStringIncludes(error.message, path);
    } finally {
      await mute.close();
    }
  });
});

Deno.test("service: an application is not joined to the service of a host with other addresses", async () => {
  await withHosts(async (open) => {
    const other = `127.${NETWORK}.1.9`;
    await open(other);
    const mute = await openQosHost({ interfaces: [{ address: `${ADDRESS}/24` }], service: false });
    try {
      const error = await assertRejects(() => open(), UdpOpenError);
      assertStringIncludes(error.message, `has not the address ${ADDRESS}`);
    } finally {
      await mute.close();
    }
  });
});
