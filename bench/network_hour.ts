/**
 * A virtual network of 1,000 nodes and 10,000 sessions over an hour of refreshes: how long does it take?
 *
 *   deno run -A bench/network_hour.ts [minutes] [routers] [hosts] [sessions] [timerGranularityMs]
 *
 * Routers form a ring with one random chord each, hosts hang on them in turn, every session has one random sender and
 * one random receiver with a fixed-filter reservation. The seed is fixed, so that every run has the same messages.
 */
import { cpuUsage } from "node:process";
import { Random } from "../host/random.ts";
import { Network } from "../mod.ts";

const [minutes = 60, routerCount = 200, hostCount = 800, sessionCount = 10_000, timerGranularityMs = 1_000] = Deno.args
  .map(Number);

const start = performance.now();
/** Seconds since the start: of the clock on the wall, and of all threads (compiling and collecting garbage included). */
const seconds = () => {
  const { user, system } = cpuUsage();
  return `${((performance.now() - start) / 1000).toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of CPU time)`;
};
const network = new Network({ keptMessages: 0, timerGranularityMs });
const random = new Random(7);
const routers = Array.from({ length: routerCount }, (_, i) => network.router(`r${i}`));
for (let i = 0; i < routerCount; i++) {
  const next = (i + 1) % routerCount, chord = random.below(routerCount);
  network.link(routers[i], routers[next]);
  if (chord !== i && chord !== next) network.link(routers[i], routers[chord]);
}
const hosts = Array.from({ length: hostCount }, (_, i) => {
  const host = network.host(`h${i}`);
  network.link(host, routers[i % routerCount]);
  return host;
});
for (let i = 0; i < sessionCount; i++) {
  const sender = hosts[random.below(hostCount)], receiver = hosts[random.below(hostCount)];
  if (sender === receiver) continue;
  const session = { destination: receiver.address, port: 1000 + (i % 60_000) };
  sender.send(session, { port: 1, tokenBucketRateBytesPerSecond: 1000 });
  receiver.receive(session, { style: "FF" });
}
/** Messages sent so far by all nodes, as their engines have counted them. */
const sent = () => network.nodes.reduce((sum, node) => sum + (node.counters().SENT_MESSAGES ?? 0), 0);
network.run(1_000);
const atFirst = sent();
console.log(
  `${seconds()}: ${network.nodes.length} nodes, ${sessionCount} sessions, ${atFirst} messages to set them up`,
);
for (let minute = 1; minute <= minutes; minute++) {
  network.run(60_000);
  if (minute % 10 === 0 || minute === minutes) {
    console.log(`${seconds()}: minute ${minute}, ${sent() - atFirst} messages`);
  }
}
const installed = network.nodes.reduce((sum, node) => sum + node.inspect("installed").length, 0);
console.log(`${seconds()}: ${installed} reservations stand, ${Math.round(Deno.memoryUsage().rss / 1e6)} MB`);
