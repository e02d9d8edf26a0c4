/**
 * Video to a group: one reservation that all senders share (WF), then one for a sender that is named (SE).
 * `deno run --allow-net examples/video_group.ts`
 */
import { openQosHost, qosFlowspec, QosUdpSocket, RESERVE_STYLE, SERVICE_TYPE } from "../mod.ts";

const studio = await openQosHost({ interfaces: [{ address: "127.22.1.2/24" }] });
const viewer = await openQosHost({ interfaces: [{ address: "127.22.1.3/24" }] });
const group = { address: "239.22.1.1", port: 5010 };
const controlledLoad = { serviceType: SERVICE_TYPE.CONTROLLEDLOAD };

const watching = await QosUdpSocket.open(viewer.provider, { address: "127.22.1.3" });
await watching.join(group, { direction: "receiver", qos: { receivingFlowspec: controlledLoad } });

const camera = await QosUdpSocket.open(studio.provider, { address: "127.22.1.2", port: 4000 });
const events = camera.events();
const sendingFlowspec = { ...controlledLoad, tokenRateBytesPerSecond: 250_000 };
await camera.join(group, { direction: "sender", qos: { sendingFlowspec } });

const [style] = await reserved();
console.log("reserved for whoever sends:", style);
await camera.send(new TextEncoder().encode("a frame"), group);
console.log("seen:", new TextDecoder().decode((await watching.receive())!.data));

// The same, for this camera only: the style of a reservation changes by a setting.
const flowDescriptors = [{ flowspec: qosFlowspec(), filters: [camera.local] }];
watching.setQos({
  providerSpecific: [{ object: "RESERVE_INFO", style: RESERVE_STYLE.SHARED_EXPLICIT, flowDescriptors }],
});
let now = await reserved();
while (now[0] !== "SE") now = await reserved();
console.log("reserved for one that is named:", now[0]);

await Promise.all([studio.close(), viewer.close()]);
await Promise.all([camera.close(), watching.close()]);

/** Waits until the sender's side hears of a reservation, and says what stands in the table of its host. */
async function reserved(): Promise<string[]> {
  for (let next = await events.next(); !next.done; next = await events.next()) {
    if (next.value.status === "RECEIVERS") return studio.embedded!.inspect("installed").map((row) => row.style);
  }
  return [];
}
