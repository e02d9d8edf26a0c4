import { Network } from "../mod.ts";

const network = new Network();
const [sender, router, receiver] = [network.host("sender"), network.router("router"), network.host("receiver")];
network.link(sender, router);
network.link(router, receiver, { reservableBytesPerSecond: 1_000_000 });

const session = { destination: receiver.address, port: 5004 };
receiver.receive(session, { style: "FF", confirm: true });
sender.send(session, { port: 4000, tokenBucketRateBytesPerSecond: 100_000 });
network.settle();

console.log(network.ladder());
const [installed] = router.inspect("installed");
console.log(`The router holds ${installed.rateBytesPerSecond} bytes per second for it, style ${installed.style}.`);
