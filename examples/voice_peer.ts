/**
 * One end of a call; run it in two terminals. It rings once guaranteed service is reserved in both directions.
 * `deno run --allow-net examples/voice_peer.ts 127.25.1.2 127.25.1.3` and the same with the addresses exchanged; a third
 * argument names the router, if there is one between them.
 */
import { openQosHost, type QosInput, QosUdpSocket, SERVICE_TYPE } from "../mod.ts";

const [own, other, nextHop] = Deno.args;
const host = await openQosHost({ interfaces: [{ address: `${own}/24`, nextHop }] });
const socket = await QosUdpSocket.open(host.provider, { address: own, port: 4000 });

// 50 packets a second: 20 ms of G.711 are 160 bytes, and headers of IP, UDP and RTP 40 more.
const serviceType = SERVICE_TYPE.GUARANTEED, packetBytes = 160 + 12;
const voice: QosInput = {
  sendingFlowspec: { serviceType, tokenRateBytesPerSecond: 10_000, tokenBucketSizeBytes: 400, maxSduSizeBytes: 200 },
  receivingFlowspec: { serviceType },
  providerSpecific: [{ object: "RESERVE_INFO", confirmRequest: true }],
};
const events = socket.events();
socket.connect({ address: other, port: 4000 }, voice);

// What we send is reserved (RECEIVERS), and what we want to receive is confirmed: in whatever order.
const missing = new Set(["RECEIVERS", "REQUEST_CONFIRMED"]);
for await (const { status, error } of events) {
  if (error) console.log("refused:", status, "found by", error.node);
  missing.delete(status);
  if (missing.size === 0) break;
}
console.log("reserved both ways");

// A second of voice in each direction.
const talk = (async () => {
  for (let packet = 0; packet < 50; packet++) {
    await socket.send(new Uint8Array(packetBytes));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
})();
for (let heard = 0; heard < 50; heard++) await socket.receive();
console.log("heard 50 packets");

await talk;
await socket.close();
await host.close();
