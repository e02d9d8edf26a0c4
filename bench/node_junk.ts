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
const NO_MESSAGES_MS = 1_000;

const program = await Deno.makeTempFile();
await run("gcc", "-O2", "-o", program, SOURCE);
try {
  await withLine(async ({ lab, start }) => {
    const { sender, reservation } = flow(lab, 4);
    const more = `\n[metrics]\nlisten = "${METRICS_LISTEN}"\n[log]\nlevel = "info"\nformat = "json"\n`;
    await start("R1", more, [], 1_000);
    await start("R2", "", [], 1_000);
    await start("A", sender, [], 1_000);
    const b = await start("B", reservation, [], 1_000);
    await b.said(/RESV_CONFIRM$/);
    const look = () => metricsIn(lab.namespace("R1"));
    const before = await look();
    const words = [program, addressOf(lab.node("R1"), 4), String(perSecond), String(seconds)];
    const told = await run("ip", "netns", "exec", lab.namespace("A"), ...words);
    await new Promise((resolve) => setTimeout(resolve, NO_MESSAGES_MS));
    const after = await look();
    const [sent, took] = told.trim().split(" ").map(Number);
    const value = (seen: Map<string, number>, name: string) => seen.get(name) ?? 0;
    const sum = (seen: Map<string, number>, prefix: string) =>
      [...seen].reduce((total, [name, count]) => name.startsWith(prefix) ? total + count : total, 0);
    const grown = (prefix: string) => sum(after, prefix) - sum(before, prefix);
    const both = (name: string, unit = 1) =>
      [before, after].map((seen) => Math.round(value(seen, name) / unit)).join(" before, ") + " after";
    const cpu = grown("process_cpu_seconds_total");
    const share = Math.round(100 * cpu / took), each = (cpu / sent * 1e6).toFixed(1);
    console.log(`sent               ${sent} in ${took} s, ${Math.round(sent / took)} per second`);
    console.log(`dropped, counted   ${grown("rsvp_drops_total")}`);
    console.log(`lost in queues     ${grown('rsvp_socket_events_total{event="kernelDrops"}')}`);
    console.log(`processor of R1    ${cpu.toFixed(1)} s, ${each} us for each, ${share}% of one`);
    console.log(`process, MB        ${both("process_resident_memory_bytes", 1e6)}`);
    console.log(`heap, MB           ${both("process_heap_bytes", 1e6)}`);
    console.log(`engine, bytes      ${both("rsvp_memory_bytes")}`);
    console.log(`reservations       ${both("rsvp_traffic_control_states")}`);
    console.log(`states timed out   ${grown("rsvp_path_expired_total") + grown("rsvp_reservation_expired_total")}`);
  });
} finally {
  await Deno.remove(program);
}
