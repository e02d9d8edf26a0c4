/** The signalling service and its clients in one process: what both promise (docs/service.md). */
import { flowspecObject, type SessionEvent } from "../host/application.ts";
import { QosServiceProvider } from "../host/qos/service_provider.ts";
import { SERVICE_TYPE } from "../host/qos/service_types.ts";
import { connectSocket, ServiceSocketError } from "../host/service/listen.ts";
import { RemoteNode } from "../host/service/remote_node.ts";
import { ServiceServer } from "../host/service/server.ts";
import { defaultSocketPath } from "../host/service/socket_path.ts";
import { assert, assertEquals, assertRejects } from "./assert.ts";
import { HERE, pause, RawClient, type ServiceWorld, THERE, until, withService } from "./service_fixture.ts";

const TO_SELF = { destination: HERE, protocol: "udp", port: 5004 } as const;
const BUCKET = { tokenBucketRateBytesPerSecond: 12_500 };

/** A sender and a receiver on the fixture's own host, each an application of its own. */
async function pair(world: ServiceWorld, more: { onConnection?: (up: boolean) => void } = {}) {
  const options = { path: world.path, onError: (error: Error) => void world.errors.push(error), ...more };
  const alice = await RemoteNode.connect(options), bob = await RemoteNode.connect(options);
  const heard: string[] = [];
  const note = (name: string) => ({ kind, gone }: SessionEvent) =>
    void heard.push(`${name} ${kind}${gone ? " gone" : ""}`);
  const sender = alice.session(TO_SELF).on(note("alice")).sender({ port: 4000, ...BUCKET });
  const receiver = bob.session(TO_SELF).on(note("bob"));
  await until("the receiver hears of the sender", () => heard.includes("bob PATH_EVENT"));
  receiver.reserve({ style: "FF", senders: [...receiver.senders.values()], flowspec: BUCKET, confirm: true });
  await until("the sender hears of the reservation", () => heard.includes("alice RESV_EVENT"));
  return { alice, bob, sender, receiver, heard };
}

Deno.test("service: two applications reserve over the socket, and what each closes is torn down", async () => {
  await withService({}, async (world) => {
    const server = await world.serve();
    const { alice, bob, heard, receiver } = await pair(world);
    await until("the reservation is confirmed", () => heard.includes("bob RESV_CONFIRM"));
    assertEquals([...receiver.senders.keys()], [`${HERE}/4000`]);
    assertEquals(world.node.inspect("reservations").length, 1);

    bob.close();
    await until("the sender hears that it is gone", () => heard.includes("alice RESV_EVENT gone"));
    alice.close();
    await until("nothing is left", () => world.node.inspect("sessions").length === 0);
    await until("both are gone", () => server.counters.clients === 0);
    assertEquals(server.counters, { accepted: 2, refused: 0, clients: 0 });
  });
});

Deno.test("service: its socket has mode 0600 from the start, and is gone when it is closed", async () => {
  await withService({}, async (world) => {
    const server = await world.serve();
    assertEquals((Deno.statSync(world.path).mode ?? 0) & 0o777, 0o600);
    await server.close();
    assertEquals([...Deno.readDirSync(world.path.replace(/\/[^/]*$/, ""))].length, 0);
  });
});

Deno.test("service: a socket that a dead service left is replaced; a live one is an error of one line", async () => {
  await withService({}, async (world) => {
    const code = `const l = Deno.listen({ transport: "unix", path: ${
      JSON.stringify(world.path)
    } }); Deno.kill(Deno.pid, "SIGKILL"); l;`;
    await new Deno.Command(Deno.execPath(), { args: ["eval", code] }).output();
    assert(Deno.lstatSync(world.path).isSocket);
    const server = await world.serve();
    const second = new ServiceServer({ node: world.node, path: world.path });
    const error = await assertRejects(() => second.listen(), ServiceSocketError);
    assertEquals(error.code, "LIVE");
    assert(!error.message.includes("\n") && error.message.includes(world.path), error.message);
    // Nothing has happened to the one that was there.
    (await RemoteNode.connect({ path: world.path })).close();
    await server.close();
    await Deno.writeTextFile(world.path, "somebody's file");
    const third = await assertRejects(() => second.listen(), ServiceSocketError);
    assert(third.message.includes("no socket"), third.message);
    assertEquals(await Deno.readTextFile(world.path), "somebody's file");
  });
});

Deno.test("service: who finds nobody is told in one line what to start", async () => {
  await withService({}, async ({ path }) => {
    const error = await assertRejects(() => RemoteNode.connect({ path }), ServiceSocketError);
    assertEquals(error.code, "ABSENT");
    assert(error.message.includes("resv node") && error.message.includes(path), error.message);
  });
});

Deno.test("service: a service that restarts is asked for everything again, and its applications hear nothing new", async () => {
  await withService({}, async (world) => {
    const first = await world.serve();
    const ups: boolean[] = [];
    const { alice, bob, heard } = await pair(world, { onConnection: (up) => void ups.push(up) });
    await until("the reservation is confirmed", () => heard.includes("bob RESV_CONFIRM"));
    const before = [...heard];
    await first.close({ tearDown: false });
    assertEquals(alice.running, true);
    const second = world.newNode();
    await world.serve({ node: second });
    await until("both are back", () => ups.filter((up) => up).length === 2);
    await until("the reservation stands again", () => second.inspect("reservations").length === 1);
    await alice.settled();
    await bob.settled();
    assertEquals(heard, before);
    alice.close();
    bob.close();
    await until("nothing is left", () => second.inspect("sessions").length === 0);
  });
});

Deno.test("service: calls that are made while it is away are made when it is back; what was released is not", async () => {
  await withService({}, async (world) => {
    const first = await world.serve();
    const { alice, bob, sender, receiver, heard } = await pair(world);
    await first.close({ tearDown: false });
    await until("both know", () => !alice.connected && !bob.connected);
    sender.sender({ port: 4000, tokenBucketRateBytesPerSecond: 25_000 });
    receiver.release();
    const other = bob.session({ ...TO_SELF, port: 5005 });
    const second = world.newNode();
    await world.serve({ node: second });
    await until("they are back", () => alice.connected && bob.connected);
    await alice.settled();
    await bob.settled();
    assertEquals(second.inspect("reservations").length, 0);
    const tspec = second.inspect("senders")[0].objects.find(({ name }) => name === "SENDER_TSPEC");
    assertEquals(tspec && "tokenBucketRateBytesPerSecond" in tspec && tspec.tokenBucketRateBytesPerSecond, 25_000);
    assertEquals(second.inspect("sessions").length, 2);
    assertEquals(other.released, false);
    assert(!heard.includes("alice CALL_ERROR"));
    alice.close();
    bob.close();
  });
});

Deno.test("service: what does not come again within a lifetime of the service's return is taken back", async () => {
  // R = 40 ms: a lifetime is (3 + 0.5) * 1.5 * 40 = 210 ms.
  await withService({ settings: { refreshIntervalMs: 40 } }, async (world) => {
    const first = await world.serve();
    const { alice, bob, heard } = await pair(world);
    await first.close({ tearDown: false });
    alice.close();
    const start = performance.now();
    await world.serve({ node: world.newNode() });
    await until("the receiver hears that the sender is gone", () => heard.includes("bob PATH_EVENT gone"));
    const tookMs = performance.now() - start;
    assert(tookMs > 150 && tookMs < 2_000, `${tookMs} ms`);
    assertEquals(heard.filter((line) => line === "bob PATH_EVENT gone").length, 1);
    bob.close();
  });
});

Deno.test("service: a refused call comes as CALL_ERROR, and what stood before still stands after a restart", async () => {
  await withService({}, async (world) => {
    const first = await world.serve();
    const { alice, bob, receiver, heard } = await pair(world);
    // Another style than the one that is there (RFC 2205 1.3).
    bob.session(TO_SELF).on(({ kind }) => void heard.push(`second ${kind}`)).reserve({ style: "WF", flowspec: BUCKET });
    await until("it is refused", () => heard.includes("second CALL_ERROR"));
    // A descriptor of fixed filter style without a filter.
    receiver.request("FF", [flowspecObject(BUCKET)]);
    await until("it is refused", () => heard.includes("bob CALL_ERROR"));
    await first.close({ tearDown: false });
    const second = world.newNode();
    await world.serve({ node: second });
    await until("it stands again", () => second.inspect("reservations").length === 1);
    alice.close();
    bob.close();
  });
});

Deno.test("service: events that come before anybody listens are kept for the first who does", async () => {
  await withService({}, async (world) => {
    await world.serve();
    const { alice, bob } = await pair(world);
    const late = bob.session(TO_SELF);
    await until("it knows the sender", () => late.senders.size === 1);
    const first: string[] = [], second: string[] = [];
    late.on(({ kind }) => void first.push(kind)).on(({ kind }) => void second.push(kind));
    assertEquals([first, second], [["PATH_EVENT"], []]);
    alice.close();
    bob.close();
  });
});

Deno.test("service: QOS sockets run over it as over an embedded node", async () => {
  await withService({}, async (world) => {
    const members: string[] = [];
    const membership = {
      join: (group: string) => void members.push(`+${group}`),
      leave: (group: string) => void members.push(`-${group}`),
    };
    await world.serve({ membership });
    const node = await RemoteNode.connect({ path: world.path });
    const provider = new QosServiceProvider(node);
    const serviceType = SERVICE_TYPE.CONTROLLEDLOAD;
    const heard: string[] = [];
    const receiver = provider.endpoint("udp").bind({ address: HERE, port: 5004 }).on(({ status }) =>
      void heard.push(status)
    );
    receiver.setQos({ receivingFlowspec: { serviceType } });
    // Bound to any address: the service is asked for the one of the route.
    provider.endpoint("udp").bind({ address: "0.0.0.0", port: 4000 }).on(({ status }) => void heard.push(status))
      .connect({ address: HERE, port: 5004 }, { sendingFlowspec: { serviceType, tokenRateBytesPerSecond: 8_500 } });
    await until("both sides are told", () => heard.includes("SENDERS") && heard.includes("RECEIVERS"));
    assertEquals(world.node.inspect("senders").length, 1);

    provider.endpoint("udp").bind({ address: HERE, port: 6000 }).join({ address: "239.1.2.3", port: 6000 });
    await until("the host listens to the group", () => members.length === 1);
    provider.close();
    await node.settled();
    assertEquals(members, ["+239.1.2.3", "-239.1.2.3"]);
    assertEquals(world.node.inspect("sessions").length, 0);
    node.close();
  });
});

Deno.test("service: a group that a client listened to is left when the client dies", async () => {
  await withService({}, async (world) => {
    const members: string[] = [];
    const membership = {
      join: (group: string) => void members.push(`+${group}`),
      leave: (group: string) => void members.push(`-${group}`),
    };
    await world.serve({ membership });
    const client = await RawClient.connect(world.path);
    await client.hello();
    await client.ask({ id: 1, op: "join", group: "239.1.2.3" });
    client.close();
    await until("the group is left", () => members.length === 2);
    assertEquals(members, ["+239.1.2.3", "-239.1.2.3"]);
  });
});

Deno.test("service: the default path follows RESV_SOCKET, XDG_RUNTIME_DIR, the superuser's, then the user's own", () => {
  const path = (variables: Record<string, string>, user?: number) =>
    defaultSocketPath({ variable: (name) => variables[name], userId: () => user });
  assertEquals(path({ RESV_SOCKET: "/a/b", XDG_RUNTIME_DIR: "/run/user/7" }, 0), "/a/b");
  assertEquals(path({ XDG_RUNTIME_DIR: "/run/user/7/" }, 7), "/run/user/7/resv.sock");
  assertEquals(path({}, 0), "/run/resv.sock");
  assertEquals(path({ TMPDIR: "/scratch" }, 7), "/scratch/resv-7/resv.sock");
});

Deno.test("service: a source address is asked for by route, and there may be none", async () => {
  await withService({}, async (world) => {
    await world.serve();
    const node = await RemoteNode.connect({ path: world.path });
    const ask = (destination: string) =>
      new Promise<string | undefined>((resolve) => node.sourceAddress(destination, resolve));
    assertEquals(await ask(THERE), HERE);
    assertEquals(await ask("2001:db8::1"), undefined);
    node.close();
    await pause(1);
  });
});

Deno.test("service: a change of interfaces is told to every client", async () => {
  await withService({}, async (world) => {
    await world.serve();
    const node = await RemoteNode.connect({ path: world.path });
    assertEquals(node.interfaces.map(({ addresses }) => addresses), [[`${HERE}/24`]]);
    world.node.setInterface({ interface: 2, name: "eth2", addresses: ["10.0.7.1/24"] });
    await until("it is known", () => node.interfaces.length === 2);
    assertEquals(node.interfaces[1], { interface: 2, name: "eth2", addresses: ["10.0.7.1/24"] });
    node.close();
  });
});

Deno.test("service: a socket of another user is not spoken to, but the superuser's is everybody's", async () => {
  await withService({}, async (world) => {
    await world.serve();
    const own = Deno.uid()!, stranger = own + 65_533;
    if (own === 0) {
      (await connectSocket(world.path, stranger)).close();
      await Deno.chown(world.path, stranger + 1, null);
    }
    const error = await assertRejects(() => connectSocket(world.path, stranger), ServiceSocketError);
    assertEquals(
      error.message,
      `${world.path} belongs to user ${own || stranger + 1}, and this process to user ${stranger}`,
    );
    (await connectSocket(world.path, own)).close();
  });
});
