/** A sender, a router and a receiver in virtual time: `deno run examples/first_network.ts`, no permissions needed. */
import { Network } from "../mod.ts";

const network = new Network();
const alice = network.host("alice"), r1 = network.router("r1"), bob = network.host("bob");
network.link(alice, r1);
network.link(r1, bob, { reservableBytesPerSecond: 1_000_000 });

const session = { destination: bob.address, protocol: "udp", port: 5004 } as const;
alice.send(session, { port: 5004, tokenBucketRateBytesPerSecond: 12_500 });
bob.receive(session, { style: "FF", confirm: true });
network.run(1_000);

console.log(network.ladder());
for (const { style, rateBytesPerSecond } of r1.inspect("installed")) console.log("r1:", style, rateBytesPerSecond);
