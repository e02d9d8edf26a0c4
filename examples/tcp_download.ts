/**
 * A download over TCP with controlled load from server to client.
 * `deno run --allow-net examples/tcp_download.ts`
 */
import { openQosHost, QosTcpListener, QosTcpSocket, SERVICE_TYPE } from "../mod.ts";

const server = await openQosHost({ interfaces: [{ address: "127.23.1.2/24" }] });
const client = await openQosHost({ interfaces: [{ address: "127.23.1.3/24" }] });
const serviceType = SERVICE_TYPE.CONTROLLEDLOAD;

// Connections inherit the listener's QOS.
const qos = { sendingFlowspec: { serviceType, tokenRateBytesPerSecond: 1_000_000 } };
const listener = await QosTcpListener.listen(server.provider, { address: "127.23.1.2" }, { qos });
const serving = listener.accept();

// The receiver says only which service it wants: the rest is the sender's.
const download = await QosTcpSocket.connect(client.provider, listener.local, {
  local: { address: "127.23.1.3" },
  qos: { receivingFlowspec: { serviceType } },
});
const upload = (await serving)!;
for await (const { status, qos } of upload.events()) {
  console.log("server:", status, qos.sendingFlowspec.tokenRateBytesPerSecond, "bytes/s");
  if (status === "RECEIVERS") break;
}

const sent = upload.write(new Uint8Array(5_000_000)).then(() => upload.shutdown("sending"));
let received = 0;
for await (const chunk of download) received += chunk.length;
await sent;
console.log("client has", received, "bytes");

await Promise.all([download.close(), upload.close(), listener.close()]);
await Promise.all([server.close(), client.close()]);
