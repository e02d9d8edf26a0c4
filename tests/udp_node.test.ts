/** Whole nodes over UDP encapsulation on real sockets: refresh, time-out after a death, multicast, restart. */
import { defaultModule } from "../host/default_module.ts";
import { type DropReport, RsvpNode } from "../host/node.ts";
import type { InterfaceSettings, NodeSettings } from "../host/node_settings.ts";
import { type StaticRoute, StaticRouting } from "../host/routing/static_routing.ts";
import { UdpTransport } from "../host/transport/udp.ts";
import { assert, assertEquals, assertGreater } from "./assert.ts";
import { loopback } from "./loopback.ts";

const GROUP = "239.9.9.9";
/** R, so that time-outs take a second: L is at least (K + 0.5) * 1.5 * R (RFC 2205 3.7). */
const REFRESH_MS = 100;
const LIFETIME_MS = 3.5 * 1.5 * REFRESH_MS;

interface Line {
  sender: RsvpNode;
  router: RsvpNode;
  receiver: RsvpNode;
  /** The receiver's address. */
  destination: string;
  drops: DropReport[];
  /** Waits until it holds. */
  until(what: string, condition: () => boolean, limitMs?: number): Promise<void>;
  /** Stops a node dead and waits until its ports are free. */
  kill(node: RsvpNode): Promise<void>;
  /** Starts the sender's node again, with nothing in its memory. */
  restartSender(): Promise<RsvpNode>;
}

/** An interface without raw access. */
function one(handle: number, address: string, more: Partial<InterfaceSettings> = {}): InterfaceSettings {
  return { interface: handle, addresses: [`${address}/24`], udp: "only", ...more };
}

/** Sockets for the addresses of interfaces. */
function openSockets(interfaces: readonly InterfaceSettings[]): Promise<UdpTransport> {
  return UdpTransport.open({
    addresses: interfaces.map(({ interface: handle, addresses }) => {
      const [address, prefixLength] = addresses[0].split("/");
      return { interface: handle, address, prefixLength: Number(prefixLength) };
    }),
  });
}

/** Sender, router and receiver on 127.`network`.1.0/24 and 127.`network`.2.0/24. */
async function withLine(network: number, run: (line: Line) => Promise<void>): Promise<void> {
  const left = `127.${network}.1`, right = `127.${network}.2`;
  const nodes: RsvpNode[] = [];
  const drops: DropReport[] = [];
  const errors: Error[] = [];
  const start = async (interfaces: InterfaceSettings[], routes: StaticRoute[], settings: Partial<NodeSettings>) => {
    const transport = await openSockets(interfaces);
    const node = new RsvpNode({
      module: defaultModule(),
      transport,
      routing: new StaticRouting(routes),
      interfaces,
      refreshIntervalMs: REFRESH_MS,
      onReport: (report) => void drops.push(report),
      onError: (error) => void errors.push(error),
      ...settings,
    });
    nodes.push(node);
    return node;
  };
  const everything = `127.${network}.0.0/16`;
  const startSender = () =>
    start([one(1, `${left}.2`, { udpNextHop: `${left}.1` })], [
      { prefix: `${GROUP}/32`, interface: 1 },
      { prefix: `${left}.2/32`, local: true },
      { prefix: everything, interface: 1, gateway: `${left}.1` },
    ], { host: true });
  const kill = async (node: RsvpNode) => {
    node.close();
    await node.transport.close();
  };
  try {
    const sender = await startSender();
    const router = await start([one(1, `${left}.1`), one(2, `${right}.1`, { reservableBytesPerSecond: 1e6 })], [
      { prefix: `${GROUP}/32`, hops: [{ interface: 2 }], incomingInterface: 1 },
      { prefix: `${left}.0/24`, interface: 1 },
      { prefix: `${right}.0/24`, interface: 2 },
    ], {});
    const receiver = await start([one(1, `${right}.2`, { udpNextHop: `${right}.1` })], [
      { prefix: `${GROUP}/32`, local: true, incomingInterface: 1 },
      { prefix: `${right}.2/32`, local: true },
      { prefix: everything, interface: 1, gateway: `${right}.1` },
    ], { host: true });
    await run({
      sender,
      router,
      receiver,
      destination: `${right}.2`,
      drops,
      kill,
      restartSender: startSender,
      async until(what, condition, limitMs = 5000) {
        for (const end = Date.now() + limitMs; !condition();) {
          if (errors.length > 0) throw errors[0];
          if (Date.now() > end) throw new Error(`gave up waiting until ${what}`);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      },
    });
    assertEquals(errors, []);
  } finally {
    for (const node of nodes) await kill(node);
  }
}

/** Reserves for every sender that is announced; counts confirmations. */
function reserveAll(receiver: RsvpNode, destination: string): { confirmed: number } {
  const seen = { confirmed: 0 };
  const session = receiver.session({ destination, port: 5004 }).on((event) => {
    if (event.kind === "RESV_CONFIRM") seen.confirmed++;
    if (event.kind !== "PATH_EVENT" || event.gone) return;
    session.reserve({ style: "WF", flowspec: { tokenBucketRateBytesPerSecond: 50_000 }, confirm: true });
  });
  return seen;
}

const announce = (sender: RsvpNode, destination: string) =>
  sender.session({ destination, port: 5004 }).sender({ port: 4000, tokenBucketRateBytesPerSecond: 50_000 });

Deno.test("UDP nodes: a reservation is refreshed, and gone one lifetime after its sender died", async () => {
  await withLine(loopback(6), async ({ sender, router, receiver, destination, until, kill, drops }) => {
    const seen = reserveAll(receiver, destination);
    announce(sender, destination);
    await until("it is confirmed", () => seen.confirmed > 0);
    assertEquals(router.inspect("installed").map((row) => row.rateBytesPerSecond), [50_000]);
    const sent = () => router.counters().RECEIVED_PATH + router.counters().RECEIVED_RESV;
    const before = sent();
    await until("refreshes have come from both sides", () => sent() >= before + 8);
    assertEquals(router.inspect("installed").length, 1);
    await kill(sender);
    const diedAt = Date.now();
    await until("the router forgets it", () => router.inspect("senders").length === 0);
    const tookMs = Date.now() - diedAt;
    // It must outlive two lost refreshes, and time-outs may be late by a turn of the wheel.
    assertGreater(tookMs, LIFETIME_MS - 1.5 * REFRESH_MS - 50);
    assert(tookMs < 2 * LIFETIME_MS + 500, `${tookMs} ms`);
    assertEquals(router.inspect("installed"), []);
    await until("the receiver is told", () => receiver.inspect("senders").length === 0);
    assertEquals(drops, []);
  });
});

Deno.test("UDP nodes: a sender that comes back with nothing in its memory gets its reservation again", async () => {
  await withLine(loopback(7), async ({ sender, router, receiver, destination, until, kill, restartSender }) => {
    const seen = reserveAll(receiver, destination);
    announce(sender, destination);
    await until("it is confirmed", () => seen.confirmed > 0);
    await kill(sender);
    const again = await restartSender();
    announce(again, destination);
    await until("it is reserved at the new sender", () => again.inspect("installed").length === 1);
    assertEquals(router.inspect("installed").length, 1);
  });
});

Deno.test("UDP nodes: Path for a group travels by 224.0.0.14, Resv and ResvConf hop by hop (RFC 2205 figure 14)", async () => {
  await withLine(loopback(8), async ({ sender, router, receiver, until, drops }) => {
    const seen = reserveAll(receiver, GROUP);
    announce(sender, GROUP);
    await until("it is confirmed", () => seen.confirmed > 0);
    for (const node of [sender, router]) {
      assertEquals(node.inspect("installed").map((row) => [row.style, row.rateBytesPerSecond]), [["WF", 50_000]]);
    }
    // Everyone hears its own multicast; nothing else is dropped.
    assertEquals([...new Set(drops.map((report) => report.status))], ["OWN_MESSAGE"]);
  });
});

Deno.test("UDP nodes: rubbish on the ports is counted by reason and harms nothing", async () => {
  await withLine(loopback(9), async ({ sender, router, receiver, destination, until, drops }) => {
    const seen = reserveAll(receiver, destination);
    announce(sender, destination);
    await until("it is confirmed", () => seen.confirmed > 0);
    const { createSocket } = await import("node:dgram");
    const socket = createSocket("udp4");
    const rubbish = [
      [],
      [0x10],
      [0x10, 1, 0, 0, 63, 0, 0, 8],
      [0x20, 1, 0, 0, 63, 0, 0, 8],
      [0x10, 1, 0, 0, 63, 0, 0xff, 0xff],
      [0x10, 99, 0, 0, 63, 0, 0, 8],
      [0x10, 2, 0, 0, 63, 0, 0, 12, 0, 0, 1, 1],
      new Array(5000).fill(0x10),
    ];
    for (const bytes of rubbish) {
      await new Promise((resolve) => socket.send(Uint8Array.from(bytes), 1698, `127.${loopback(9)}.2.1`, resolve));
    }
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    await until("all of it is counted", () => drops.length >= rubbish.length);
    assertGreater(new Set(drops.map((report) => report.status)).size, 4);
    assertEquals(router.inspect("installed").length, 1);
  });
});
