/**
 * A minute of junk on a router's link, 100,000 packets a second from a C program, while a reservation is refreshed every two
 * seconds: what stands, what it costs, what the counters tell. The three nodes A - R - B are in this process, on raw IP in
 * network namespaces; the CPU is that of all three, the memory too. tests/linux/hostile.test.ts is the same for four seconds.
 *
 * Needs root (or CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_NET_RAW), iproute2 and a C compiler.
 *
 *   deno run -A bench/linux_flood.ts [SECONDS] [PACKETS_PER_SECOND]
 */
import process from "node:process";
import type { RawTransport } from "../host/linux/raw_transport.ts";
import { Random } from "../host/random.ts";
import { FLOOD_PROGRAM, junkFile, reserved } from "../tests/linux/flood.ts";
import { withLine } from "../tests/linux/line.ts";
import { run } from "../tests/linux/namespace.ts";

const [seconds, packetsPerSecond] = [Number(Deno.args[0] ?? 60), Number(Deno.args[1] ?? 100_000)];
const REFRESH_MS = 2_000;

await withLine(async (line) => {
  const folder = await Deno.makeTempDir();
  await run("cc", "-O2", "-o", `${folder}/flood`, FLOOD_PROGRAM);
  await Deno.writeFile(`${folder}/junk`, junkFile(new Random(1)));
  const nodes = await reserved(line, "IPv4", REFRESH_MS);
  const { router, left } = nodes;
  const transport = router.transport as RawTransport;
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const before = { ...transport.counters, cpu: process.cpuUsage(), engine: router.counters() };
  const args = ["netns", "exec", line.a, `${folder}/flood`, "send", `${folder}/junk`, `${seconds}`];
  const flood = new Deno.Command("ip", { args: [...args, `${packetsPerSecond}`], stdout: "piped" }).spawn();
  const megabytes = () => Math.round(Deno.memoryUsage().rss / 2 ** 20);
  let looks = 0, stood = 0;
  const memory = [megabytes()];
  const watch = setInterval(() => {
    looks++;
    stood += Math.min(router.inspect("installed").length, left.inspect("installed").length);
    memory.push(megabytes());
  }, 500);
  const { stdout } = await flood.output();
  clearInterval(watch);
  const cpu = process.cpuUsage(before.cpu);
  const [sent, milliseconds] = new TextDecoder().decode(stdout).split(" ").map(Number);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const after = transport.counters;
  const received = after.received - before.received, lost = after.kernelDrops - before.kernelDrops;
  console.log(`sent ${sent} in ${(milliseconds / 1000).toFixed(1)} s; taken ${received}, lost in the queue ${lost}`);
  console.log(`the reservation stood in ${stood} of ${looks} looks`);
  const used = cpu.user + cpu.system;
  console.log(`CPU ${(used / milliseconds / 10).toFixed(1)}% of a core, ${(used / received).toFixed(2)} us a packet`);
  console.log(`memory ${memory[0]} MB before, at most ${Math.max(...memory)} MB, ${memory.at(-1)} MB at the end`);
  const engine = Object.entries(router.counters())
    .map(([name, count]) => [name, count - (before.engine[name] ?? 0)] as const)
    .filter(([, count]) => count > sent / 1000);
  for (const [name, count] of engine) console.log(`${name} ${count}`);
  await nodes.close();
  await Deno.remove(folder, { recursive: true });
});
