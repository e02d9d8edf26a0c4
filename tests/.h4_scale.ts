import { Network } from "../mod.ts";
import { Random } from "../host/random.ts";
const [R, H, S, T] = Deno.args.map(Number);
let t0 = performance.now();
const lap = (s: string) => { const t = performance.now(); console.log(s.padEnd(30), (t - t0).toFixed(0), "ms", (Deno.memoryUsage().rss / 1e6).toFixed(0), "MB"); t0 = t; };
const network = new Network({ keptMessages: 0, timerGranularityMs: Number(Deno.args[4] ?? 1), noTrafficControlResult: Deno.args[5]=="n" });
const rnd = new Random(7);
const routers = Array.from({ length: R }, (_, i) => network.router("r" + i));
for (let i = 0; i < R; i++) { network.link(routers[i], routers[(i + 1) % R]); const j = rnd.below(R); if (j !== i && j !== (i + 1) % R) network.link(routers[i], routers[j]); }
const hosts = Array.from({ length: H }, (_, i) => { const h = network.host("h" + i); network.link(h, routers[i % R]); return h; });
lap("built");
for (let i = 0; i < S; i++) {
  const a = hosts[rnd.below(H)], b = hosts[rnd.below(H)];
  if (a === b) continue;
  const session = { destination: b.address, port: 1000 + i };
  a.send(session, { port: 1, tokenBucketRateBytesPerSecond: 1000 });
  b.receive(session, { style: "FF" });
}
lap("called");
let packets = 0; network.onPacket(() => packets++);
network.run(1000); lap("first second, packets " + packets);
for (let m = 0; m < T; m++) { packets = 0; network.run(60_000); lap("minute, packets " + packets); }
let inst = 0; for (const n of network.nodes) inst += n.inspect("installed").length; console.log("installed", inst);
