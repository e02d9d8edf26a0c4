/** A router of a virtual network, served through a socket as `resv node` serves its own: for what operators ask. */
import { Network } from "../host/network/network.ts";
import type { NetworkNode } from "../host/network/network_node.ts";
import type { RsvpNode } from "../host/node.ts";
import { ServiceServer } from "../host/service/server.ts";

export interface OperatorWorld {
  readonly path: string;
  readonly network: Network;
  readonly alice: NetworkNode;
  readonly bob: NetworkNode;
  readonly router: RsvpNode;
  /** alice sends to bob's ports from 5000 on, and bob reserves for the first so many of them. */
  flows(senders: number, reservations: number): void;
}

/** alice - router - bob, with the router served. */
export async function withOperator(run: (world: OperatorWorld) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "resv_operator_" });
  const network = new Network();
  const alice = network.host("alice"), bob = network.host("bob"), node = network.router("router");
  network.link(alice, node);
  network.link(node, bob, { reservableBytesPerSecond: 1_000_000 });
  const server = new ServiceServer({ node: node.rsvp, path: `${folder}/resv.sock` });
  const sending = new Set<number>();
  try {
    await server.listen();
    await run({
      path: server.path,
      network,
      alice,
      bob,
      router: node.rsvp,
      flows(senders, reservations) {
        for (let port = 5_000; port < 5_000 + senders; port++) {
          const session = { destination: bob.address, protocol: "udp", port } as const;
          // A sender is one application.
          if (!sending.has(port)) alice.send(session, { port: 4_000, tokenBucketRateBytesPerSecond: 1_250 });
          sending.add(port);
          if (port < 5_000 + reservations) bob.receive(session, { style: "FF" });
        }
        network.settle();
      },
    });
  } finally {
    await server.close();
    await Deno.remove(folder, { recursive: true });
  }
}
