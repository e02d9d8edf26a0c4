/**
 * Reservations proven with traffic, on a bottleneck of 10 Mbit/s: host/linux/kernel_traffic_control.ts.
 *
 * Margins: delays are measured from before the sender's system call until the receiver's kernel has the packet, so that
 * they hold the sender's being interrupted; the limit of 20 ms at the 99th percentile is a thousand times what is usual
 * (0.05 ms) on an idle machine. Rates are bytes of IP; 2% are allowed for the moments at which counters are read.
 */
import { assert, assertEquals, assertGreater, assertLess } from "../assert.ts";
import { needs } from "../require.ts";
import { besideFlood, type Bottleneck, ENDS, withBottleneck } from "./bottleneck.ts";
import { run } from "./namespace.ts";
import { iperf, percentile } from "./traffic.ts";
import { classes, LINK, OUT, reserve } from "./traffic_control_world.ts";

const NEEDS = needs("linux", "netAdmin", "namespaces", "iperf3", "python");
const MEGABIT = 125_000;
const RATE = 3 * MEGABIT;
const PORT = 5001;
const COUNTER_MARGIN = 1.02;

async function keepsItsPackets(world: Bottleneck, family: keyof typeof ENDS): Promise<void> {
  const { from, to } = ENDS[family];
  const flow = { from, to, port: PORT, bytesPerSecond: RATE };
  assertEquals(await reserve(world.control, 1, { to, port: PORT, from: [[from, 4000]], rate: RATE }), { ok: true });
  const { flows: [kept], bytesPerSecond } = await besideFlood(world, to, [flow], 1.6);
  assertGreater(kept.sent, 300, "packets sent");
  assert(kept.received >= 0.999 * kept.sent, `${kept.received} of ${kept.sent} came`);
  assertLess(percentile(kept, 0.99), 20, "99th percentile of the delay, ms");
  assertLess(bytesPerSecond, LINK * COUNTER_MARGIN, "all together");
}

Deno.test({
  name: "enforcement: a reserved flow keeps its packets and its delay beside a flood, and loses both without",
  ...NEEDS,
  fn: () =>
    withBottleneck({}, async (world) => {
      await keepsItsPackets(world, "IPv4");
      world.control.remove(1, OUT);
      const { from, to } = ENDS.IPv4;
      const { flows: [lost] } = await besideFlood(world, to, [{ from, to, port: PORT, bytesPerSecond: RATE }], 1.6);
      assertLess(lost.received, 0.8 * lost.sent, "packets that came without a reservation");
      assertGreater(percentile(lost, 0.5), 100, "median delay without a reservation, ms");
    }),
});

Deno.test({
  name: "enforcement: the same for IPv6",
  ...NEEDS,
  fn: () => withBottleneck({}, (world) => keepsItsPackets(world, "IPv6")),
});

Deno.test({
  name: "enforcement: the same by the BPF classifier",
  ...needs("linux", "netAdmin", "namespaces", "iperf3", "python", "bpf"),
  fn: () => withBottleneck({ classifier: "bpf" }, (world) => keepsItsPackets(world, "IPv6")),
});

Deno.test({
  name: "enforcement: two guaranteed flows and one controlled-load flow share; excess has what best effort leaves",
  ...NEEDS,
  fn: () =>
    withBottleneck({}, async (world) => {
      const { from, to } = ENDS.IPv4;
      const plan = [
        { port: 5001, rate: 3 * MEGABIT, service: 2, sends: 3 * MEGABIT },
        { port: 5002, rate: 2 * MEGABIT, service: 2, sends: 2 * MEGABIT },
        { port: 5003, rate: 1 * MEGABIT, service: 5, sends: 4 * MEGABIT },
      ] as const;
      for (const [index, { port, rate, service }] of plan.entries()) {
        const answer = await reserve(world.control, index + 1, { to, port, from: [[from, port]], rate, service });
        assertEquals(answer, { ok: true });
      }
      const measured = plan.map(({ port, sends }) => ({ from, fromPort: port, to, port, bytesPerSecond: sends }));
      const { flows, bytesPerSecond } = await besideFlood(world, to, measured, 2);
      const [first, second, excessive] = flows;
      for (const kept of [first, second]) {
        assert(kept.received >= 0.999 * kept.sent, `guaranteed: ${kept.received} of ${kept.sent} came`);
        assertLess(percentile(kept, 0.99), 20, "99th percentile of the delay, ms");
      }
      const rate = excessive.bytes / 2;
      assertGreater(rate, 0.95 * MEGABIT, "controlled-load has what it reserved");
      assertLess(excessive.received, 0.8 * excessive.sent, "the excess of controlled-load is not protected");
      assertLess(bytesPerSecond, LINK * COUNTER_MARGIN, "all together");
      const shown = await classes(world.r);
      assertGreater(shown.get("5256:fffe")!.packets, 500, "best effort has a share");
    }),
});

Deno.test({
  name: "enforcement: a TCP flow has the rate that it reserved beside a flood",
  ...NEEDS,
  fn: () =>
    withBottleneck({}, async (world) => {
      const { from, to } = ENDS.IPv4;
      const flow = { to, protocol: 6, port: 5201, from: [[from, 0]] as const, rate: 4 * MEGABIT, bucket: 30_000 };
      assertEquals(await reserve(world.control, 1, flow), { ok: true });
      const flood = iperf(world.a, world.b, to, { seconds: 4, port: 5300, udpMegabits: 20 });
      await new Promise((resolve) => setTimeout(resolve, 500));
      const { bitsPerSecondReceived } = await iperf(world.a, world.b, to, { seconds: 2, port: 5201 });
      await flood;
      // Payload: headers of IP and TCP take 3.5% of full packets; slow start takes some of the two seconds.
      assertGreater(bitsPerSecondReceived, 3.2e6);
    }),
});

Deno.test({
  name: "enforcement: a reservation is given another rate while its traffic flows, and no packet is lost by that",
  ...NEEDS,
  fn: () =>
    withBottleneck({}, async (world) => {
      const { from, to } = ENDS.IPv4;
      const flow = { to, port: PORT, from: [[from, 4000]] as const };
      assertEquals(await reserve(world.control, 1, { ...flow, rate: RATE }), { ok: true });
      const measured = { from, to, port: PORT, bytesPerSecond: RATE };
      let changes = 0;
      const { flows: [kept] } = await besideFlood(world, to, [measured], 2.2, async () => {
        // From before the first packet until after the last one.
        for (const endMs = performance.now() + 2600; performance.now() < endMs; changes++) {
          await new Promise((resolve) => setTimeout(resolve, 40));
          const rate = (4 + changes % 3) * MEGABIT;
          const senders = changes % 2 ? [[from, 4000], [from, 4001]] as const : flow.from;
          const answer = await reserve(world.control, 1, { ...flow, rate, from: senders }, { change: 1 });
          assertEquals(answer, { ok: true });
        }
      });
      assertGreater(changes, 10);
      assert(kept.received >= 0.999 * kept.sent, `${kept.received} of ${kept.sent} came`);
      assertLess(percentile(kept, 0.99), 20);
    }),
});

Deno.test({
  name:
    "enforcement: a reservation for less than what is sent is made larger, and from then on every packet comes at once",
  ...NEEDS,
  fn: () =>
    withBottleneck({}, async (world) => {
      const { from, to } = ENDS.IPv4;
      const flow = { to, port: PORT, from: [[from, 4000]] as const };
      assertEquals(await reserve(world.control, 1, { ...flow, rate: MEGABIT }), { ok: true });
      const measured = { from, to, port: PORT, bytesPerSecond: RATE };
      const { flows: [result] } = await besideFlood(world, to, [measured], 3, async () => {
        assertEquals(await reserve(world.control, 1, { ...flow, rate: MEGABIT }, { change: 1 }), { ok: true });
        await new Promise((resolve) => setTimeout(resolve, 1600));
        // More than what is sent, so that what has queued up until now is gone soon.
        assertEquals(await reserve(world.control, 1, { ...flow, rate: 8 * MEGABIT }, { change: 1 }), { ok: true });
      });
      assertGreater(Math.max(...result.delaysMs), 100, "packets wait while there are more than what is reserved");
      const last = result.numbers.slice(-200);
      assertEquals(last.at(-1)! - last[0], last.length - 1, "the last 200 packets have no gap");
      assertLess(percentile({ delaysMs: result.delaysMs.slice(-200) }, 0.99), 20);
    }),
});

/** Asks for the neighbour all the time, and gives it up after 0.3 s; usually that takes half a minute. */
const HASTY_NEIGHBOURS = { base_reachable_time_ms: 300, delay_first_probe_time: 0, retrans_time_ms: 100 };

for (const family of ["IPv4", "IPv6"] as const) {
  Deno.test({
    name: `enforcement: the next hop stays reachable beside a flood, because ${
      family === "IPv4" ? "ARP" : "neighbour discovery"
    } has a class`,
    ...NEEDS,
    fn: () =>
      withBottleneck({}, async (world) => {
        for (const [key, value] of Object.entries(HASTY_NEIGHBOURS)) {
          const name = `net.${family.toLowerCase()}.neigh.out.${key}=${value}`;
          await run("ip", "netns", "exec", world.r, "sysctl", "-qw", name);
        }
        const { from, to } = ENDS[family];
        assertEquals(await reserve(world.control, 1, { to, port: PORT, from: [[from, 4000]], rate: RATE }), {
          ok: true,
        });
        const { flows: [kept] } = await besideFlood(world, to, [{ from, to, port: PORT, bytesPerSecond: RATE }], 1.6);
        assert(kept.received >= 0.999 * kept.sent, `${kept.received} of ${kept.sent} came`);
        assertGreater((await classes(world.r)).get("5256:fffd")!.packets, 4, "requests for the neighbour");
      }),
  });
}
