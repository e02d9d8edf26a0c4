/**
 * The router of transit_node.ts on raw IP, in a process of its own, for bench/linux_receive.ts. A line of JSON for each line
 * that comes in: what it has received, what it has used.
 *
 * Arguments: milliseconds between refreshes; `batches` or `packets`, the way in which packets come to the engine.
 */
import { defaultModule } from "../host/default_module.ts";
import { SystemClock } from "../host/clock.ts";
import { RawTransport } from "../host/linux/raw_transport.ts";
import { RsvpNode } from "../host/node.ts";
import { StaticRouting } from "../host/routing/static_routing.ts";
import type { Transport } from "../host/transport/transport.ts";
import process from "node:process";

/** What a line says. */
export interface NodeState {
  /** Microseconds of CPU, user and system, of all threads, since the start. */
  cpuMicroseconds: number;
  received: number;
  sent: number;
  kernelDrops: number;
  sendErrors: Record<string, number>;
  memoryBytes: number;
  /** The engine's counters. */
  counters: Record<string, number>;
}

const [refreshMs, way, coalesceMs] = Deno.args;
const interfaces = [
  { interface: 1, name: "left", addresses: ["192.0.2.254/24"] },
  { interface: 2, name: "right", addresses: ["203.0.113.254/24"] },
];
const raw = RawTransport.open({ interfaces });
/** The same without batches: the loop sees a transport that has none. */
const unbatched: Transport = {
  send: (packet) => raw.send(packet),
  relay: (packet) => raw.relay(packet),
  onPackets: (handler) => raw.onPackets(handler),
  onError: (handler) => raw.onError(handler),
  close: () => void raw.close(),
};
const node = new RsvpNode({
  module: defaultModule(),
  // Refreshes that are due within a few milliseconds go together.
  clock: new SystemClock({ coalesceMs: Number(coalesceMs ?? 0) }),
  transport: way === "packets" ? unbatched : raw,
  routing: new StaticRouting([{ prefix: "10.0.0.0/8", interface: 2 }]),
  interfaces,
  refreshIntervalMs: Number(refreshMs),
  noTrafficControlResult: true,
  memoryLimitBytes: 2 ** 30,
  onError: (error) => console.error(error.message),
});

async function tell(): Promise<void> {
  const { user, system } = process.cpuUsage();
  const { received, sent, kernelDrops, sendErrors } = raw.counters;
  const state: NodeState = {
    cpuMicroseconds: user + system,
    received,
    sent,
    kernelDrops,
    sendErrors,
    memoryBytes: process.memoryUsage().rss,
    counters: node.counters(),
  };
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(state) + "\n"));
}

await tell();
for await (const chunk of Deno.stdin.readable) {
  for (const byte of chunk) if (byte === 10) await tell();
}
node.close();
await raw.close();
