/**
 * A call: guaranteed service both ways over one UDP socket at each end, on real sockets, with no router between.
 * `deno run --allow-net examples/voice_call.ts`
 */
import { openQosHost, QosTemplates, QosUdpSocket, SERVICE_TYPE } from "../mod.ts";

const alice = await openQosHost({ interfaces: [{ address: "127.21.1.2/24" }] });
const bob = await openQosHost({ interfaces: [{ address: "127.21.1.3/24" }] });

// What G.711 sends, and to be received with guaranteed service: R is the sender's token rate, unless one is given.
const codec = new QosTemplates().get("G711")!.sendingFlowspec;
const voice = {
  sendingFlowspec: { ...codec, serviceType: SERVICE_TYPE.GUARANTEED },
  receivingFlowspec: { serviceType: SERVICE_TYPE.GUARANTEED },
};

const aliceSocket = await QosUdpSocket.open(alice.provider, { address: "127.21.1.2", port: 4000 });
const bobSocket = await QosUdpSocket.open(bob.provider, { address: "127.21.1.3", port: 4000 });
const events = aliceSocket.events();
aliceSocket.connect(bobSocket.local, voice);
bobSocket.connect(aliceSocket.local, voice);

// Each end hears of the other as a sender, and then as a receiver who has reserved.
for await (const { status, qos } of events) {
  console.log("alice:", status);
  if (status !== "RECEIVERS") continue;
  console.log("reserved:", qos.sendingFlowspec.tokenRateBytesPerSecond, "bytes/s");
  break;
}

await aliceSocket.send(new TextEncoder().encode("Hello, Bob"));
const heard = await bobSocket.receive();
console.log("bob hears:", new TextDecoder().decode(heard!.data));

await Promise.all([alice.close(), bob.close()]);
await Promise.all([aliceSocket.close(), bobSocket.close()]);
