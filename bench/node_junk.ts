/**
 * Junk on a link of `resv node`: what it costs, what becomes of a reservation, and whether memory stays what it was.
 *
 *     deno run -A --config deno.json bench/node_junk.ts [MESSAGES_PER_SECOND] [SECONDS]
 *
 * The line of scripts/lab.ts with R = 1 s; A's namespace floods R1 with junk, by a program in C (gcc, root).
 */
import { addressOf } from "../scripts/lab/plan.ts";
import { flow, METRICS_LISTEN, metricsIn, withLine } from "../tests/linux/node_lab.ts";
import { run } from "../tests/linux/namespace.ts";

const [perSecond = 100_000, seconds = 60] = Deno.args.map(Number);
const SOURCE = new URL("limit/junk.c", import.meta.url).pathname;
/** Clock ticks of /proc/PID/stat, for every Linux that there is. */
const TICKS_PER_SECOND = 100;
const NO_MESSAGES_MS = 1_000;

/** Seconds of the processor that a process has used, and its memory in bytes. */
async function usedBy(pid: number): Promise<{ cpuSeconds: number; residentBytes: number }> {
  const fields = (await Deno.readTextFile(`/proc/${pid}/stat`)).replace(/^.*\) /, "").split(" ");
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    residentBytes: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024,
  };
}

const program = await Deno.makeTempFile();
await run("gcc", "-O2", "-o", program, SOURCE);
try {
  await withLine(async ({ lab, start }) => {
    const { sender, reservation } = flow(lab, 4);
    const more = `\n[metrics]\nlisten = "${METRICS_LISTEN}"\n[log]\nlevel = "info"\nformat = "json"\n`;
    const r1 = await start("R1", more, [], 1_000);
    await start("R2", "", [], 1_000);
    await start("A", sender, [], 1_000);
    const b = await start("B", reservation, [], 1_000);
    await b.said(/RESV_CONFIRM$/);
    const look = async () => ({ ...await usedBy(r1.pid), metrics: await metricsIn(lab.namespace("R1")) });
    const before = await look();
    const words = [program, addressOf(lab.node("R1"), 4), String(perSecond), String(seconds)];
    const told = await run("ip", "netns", "exec", lab.namespace("A"), ...words);
    await new Promise((resolve) => setTimeout(resolve, NO_MESSAGES_MS));
    const after = await look();
    const [sent, took] = told.trim().split(" ").map(Number);
    const grown = (prefix: string) =>
      [...after.metrics].reduce(
        (sum, [name, value]) => name.startsWith(prefix) ? sum + value - (before.metrics.get(name) ?? 0) : sum,
        0,
      );
    const cpu = after.cpuSeconds - before.cpuSeconds;
    console.log(`sent                ${sent} messages in ${took} s, ${Math.round(sent / took)} per second`);
    console.log(
      `dropped and counted ${grown("rsvp_drops_total")}; lost in queues ${
        grown('rsvp_socket_events_total{event="kernelDrops"}')
      }`,
    );
    console.log(
      `processor of R1     ${cpu.toFixed(1)} s, ${(cpu / sent * 1e6).toFixed(1)} us for each, ${
        (100 * cpu / took).toFixed(0)
      }% of one`,
    );
    console.log(
      `memory of R1        ${(before.residentBytes / 1e6).toFixed(0)} MB before, ${
        (after.residentBytes / 1e6).toFixed(0)
      } MB after; engine ${before.metrics.get("rsvp_memory_bytes")} and ${
        after.metrics.get("rsvp_memory_bytes")
      } bytes`,
    );
    console.log(
      `reservations        ${before.metrics.get("rsvp_traffic_control_states")} before, ${
        after.metrics.get("rsvp_traffic_control_states")
      } after, ${grown("rsvp_path_expired_total") + grown("rsvp_reservation_expired_total")} timed out`,
    );
  });
} finally {
  await Deno.remove(program);
}
