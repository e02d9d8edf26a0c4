/** Many sockets on one service: opened and closed in random order, they leave nothing behind. */
import { QosServiceProvider } from "../host/qos/service_provider.ts";
import { SERVICE_TYPE } from "../host/qos/service_types.ts";
import { QosUdpSocket } from "../host/qos/udp_socket.ts";
import { RemoteNode } from "../host/service/remote_node.ts";
import { assert, assertEquals } from "./assert.ts";
import { HERE, until, withService } from "./service_fixture.ts";

const SOCKETS = 1_000;
/** Open at a time, at the most: the system's own limit on descriptors is 1,024 in many places. */
const OPEN_AT_ONCE = 400;
const serviceType = SERVICE_TYPE.CONTROLLEDLOAD;

Deno.test("service: 1,000 QOS sockets, opened and closed in random order, leave nothing behind", async () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0];
  console.log(`seed ${seed}`);
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  await withService({}, async (world) => {
    const server = await world.serve();
    const clients = await Promise.all([0, 1, 2].map(() => RemoteNode.connect({ path: world.path })));
    const providers = clients.map((node) => new QosServiceProvider(node));
    const counters = () => world.node.counters();
    // What the first registration makes once and for all is not what a socket leaves.
    const first = providers[0].endpoint("udp").bind({ address: HERE, port: 9 });
    first.setQos({ receivingFlowspec: { serviceType } });
    await clients[0].settled();
    first.close();
    await clients[0].settled();
    const before = counters().STATE_BYTES;

    const open: QosUdpSocket[] = [];
    let opened = 0, reserved = 0, mostSessions = 0;
    while (opened < SOCKETS || open.length > 0) {
      const closes = open.length > 0 && (opened === SOCKETS || open.length >= OPEN_AT_ONCE || random(5) < 2);
      if (closes) {
        const [socket] = open.splice(random(open.length), 1);
        await socket.close();
        continue;
      }
      const socket = await QosUdpSocket.open(providers[random(3)], { address: "127.0.0.1" });
      socket.on(({ status }) => void (status === "RECEIVERS" && reserved++));
      const port = 10_000 + random(200);
      // Senders, receivers and both, many of them in the same sessions; the host's address is the node's own.
      if (random(2)) socket.endpoint.bind({ address: HERE, port }).setQos({ receivingFlowspec: { serviceType } });
      else {
        const sendingFlowspec = { serviceType, tokenRateBytesPerSecond: 1_000 + random(5) * 1_000 };
        socket.endpoint.bind({ address: HERE, port: 20_000 + opened }).connect({ address: HERE, port }, {
          sendingFlowspec,
        });
      }
      open.push(socket);
      opened++;
      if (opened % 50 === 0) mostSessions = Math.max(mostSessions, world.node.inspect("sessions").length);
    }
    for (const client of clients) await client.settled();
    assert(reserved > 50 && mostSessions > 50, `${reserved} were reserved, ${mostSessions} sessions at the most`);
    for (const table of ["sessions", "senders", "requests", "reservations", "installed", "blockade"] as const) {
      assertEquals(world.node.inspect(table).length, 0, table);
    }
    assertEquals(world.node.sessions.length + clients.reduce((sum, { sessions }) => sum + sessions.length, 0), 0);
    assertEquals(counters().STATE_BYTES, before);
    for (const client of clients) client.close();
    await until("nobody is connected", () => server.counters.clients === 0);
  });
});
