/**
 * A sender, a router and a receiver on real UDP sockets (RFC 2205 appendix C), all on loopback addresses of this machine:
 * `deno run --allow-net examples/udp_nodes.ts`. docs/udp_encapsulation.md explains it.
 */
import {
  defaultModule,
  type InterfaceSettings,
  RsvpNode,
  type StaticRoute,
  StaticRouting,
  UdpTransport,
} from "../mod.ts";

/** Opens the sockets of a node's interfaces and starts the node on them. */
async function start(interfaces: InterfaceSettings[], routes: StaticRoute[], host: boolean): Promise<RsvpNode> {
  const transport = await UdpTransport.open({
    addresses: interfaces.map((one) => {
      const [address, prefixLength] = one.addresses[0].split("/");
      return { interface: one.interface, address, prefixLength: Number(prefixLength) };
    }),
  });
  return new RsvpNode({ module: defaultModule(), transport, routing: new StaticRouting(routes), interfaces, host });
}

// 127.9.1.0/24 lies between sender and router, 127.9.2.0/24 between router and receiver. Nobody has raw access to IP, so
// every interface is UDP only; the hosts name the router to which their Path messages go.
const sender = await start(
  [{ interface: 1, addresses: ["127.9.1.2/24"], udp: "only", udpNextHop: "127.9.1.1" }],
  [{ prefix: "127.9.1.2/32", local: true }, { prefix: "127.9.0.0/16", interface: 1, gateway: "127.9.1.1" }],
  true,
);
const router = await start(
  [
    { interface: 1, addresses: ["127.9.1.1/24"], udp: "only" },
    { interface: 2, addresses: ["127.9.2.1/24"], udp: "only", reservableBytesPerSecond: 1_000_000 },
  ],
  [{ prefix: "127.9.1.0/24", interface: 1 }, { prefix: "127.9.2.0/24", interface: 2 }],
  false,
);
const receiver = await start(
  [{ interface: 1, addresses: ["127.9.2.2/24"], udp: "only", udpNextHop: "127.9.2.1" }],
  [{ prefix: "127.9.2.2/32", local: true }, { prefix: "127.9.0.0/16", interface: 1, gateway: "127.9.2.1" }],
  true,
);

// The receiver reserves as soon as it hears of the sender, and is done when the reservation is confirmed.
const address = { destination: "127.9.2.2", protocol: "udp", port: 5004 } as const;
const confirmed = new Promise<void>((resolve) => {
  const session = receiver.session(address).on(({ kind }) => {
    console.log("receiver:", kind);
    const senders = [...session.senders.values()], flowspec = { tokenBucketRateBytesPerSecond: 250_000 };
    if (kind === "PATH_EVENT" && senders.length > 0) session.reserve({ style: "FF", senders, flowspec, confirm: true });
    if (kind === "RESV_CONFIRM") resolve();
  });
});
sender.session(address).sender({ port: 4001, tokenBucketRateBytesPerSecond: 250_000 });
await confirmed;
for (const { style, rateBytesPerSecond } of router.inspect("installed")) {
  console.log("router:", style, rateBytesPerSecond);
}

// close() of a node stops it at once; its ports are free when close() of its transport is done.
for (const node of [sender, router, receiver]) {
  node.close();
  await node.transport.close();
}
