/** What a killed process leaves in the kernel, and the next one does with it: host/linux/kernel_traffic_control.ts. */
import { fileURLToPath } from "node:url";
import { VirtualClock } from "../../host/clock.ts";
import { assert, assertEquals } from "../assert.ts";
import { needs } from "../require.ts";
import { run } from "./namespace.ts";
import { sendPackets } from "./packets.ts";
import { classes, filterTargets, type Flow, OUT, reserve, shown } from "./traffic_control_world.ts";
import { onVeth } from "./veth_control.ts";

const NEEDS = needs("linux", "netAdmin", "namespaces");
const A = "10.1.0.1", B = "10.2.0.2";
const FLOW: Flow = { to: B, from: [[A, 4000]] };
const CHILD = fileURLToPath(new URL("./crash_child.ts", import.meta.url));

async function crashed(a: string, classifier: string, flows: readonly Flow[]): Promise<void> {
  const child = new Deno.Command("ip", {
    args: ["netns", "exec", a, Deno.execPath(), "run", "-A", "--no-check", CHILD, classifier, JSON.stringify(flows)],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  assertEquals(new TextDecoder().decode(value), "installed\n");
  // `ip netns exec` becomes the program.
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
}

const LEFT: Flow[] = [
  { to: B, port: 5001, from: [[A, 1], [A, 2]], rate: 100_000 },
  { to: B, port: 5002, from: [[A, 1]], rate: 200_000 },
  { to: "fd00:2::2", port: 5003, rate: 300_000 },
];

for (const classifier of ["u32", "bpf"] as const) {
  Deno.test({
    name:
      `kernel traffic control, ${classifier}: leftovers of a killed process are taken over, or removed after a lifetime`,
    ...needs("linux", "netAdmin", "namespaces", ...classifier === "bpf" ? ["bpf" as const] : []),
    fn: () =>
      onVeth(async (a, open) => {
        const before = await shown(a);
        await crashed(a, classifier, LEFT);
        const packets = LEFT.map(({ to, port }) => (
          { from: to === B ? A : "fd00:1::1", to, ports: [1, port!] as const }
        ));
        const counts = async () =>
          [...(await classes(a)).entries()].filter(([handle, { packets }]) =>
            /^5256:1[0-9a-f]$/.test(handle) && packets > 0
          ).map(([handle, { rate, packets }]) => [handle, rate, packets]).sort();
        sendPackets(a, "out", packets);
        const served = await counts();
        assertEquals(served.length, 3, "classes serve their flows while nobody is there");
        const clock = new VirtualClock();
        const control = open({ classifier, clock, lifetimeMs: 1000 });
        assertEquals(control.leftovers(OUT), 3);
        // The first comes back with one sender less and another rate, the third as it was.
        const changed = { ...LEFT[0], from: [[A, 1]] as const, rate: 150_000 };
        assertEquals(await reserve(control, 8, changed), { ok: true });
        assertEquals(await reserve(control, 9, LEFT[2], { style: 0x11 }), { ok: true });
        assertEquals(control.leftovers(OUT), 1);
        clock.advance(999);
        sendPackets(a, "out", packets);
        const later = await counts();
        assertEquals(later.map(([handle]) => handle), served.map(([handle]) => handle), "the same classes");
        assertEquals(later.map(([, , count]) => count), [2, 2, 2]);
        assert(later.some(([, rate]) => rate === "1200Kbit"), "with the new rate");
        clock.advance(2);
        assertEquals(control.leftovers(OUT), 0);
        sendPackets(a, "out", [...packets, { from: A, to: B, ports: [2, 5001] }]);
        assertEquals(
          (await counts()).map(([, , count]) => count).sort(),
          [2, 3, 3],
          "the second flow is best effort now",
        );
        control.close();
        assertEquals(await shown(a), before);
      }),
  });
}

Deno.test({
  name: "kernel traffic control: leftovers give way to a reservation that does not fit beside them",
  ...NEEDS,
  fn: () =>
    onVeth(async (a, open) => {
      await crashed(a, "u32", LEFT);
      const control = open();
      assertEquals(await reserve(control, 1, { ...FLOW, rate: 500_000, port: 9 }), { ok: true });
      assertEquals(control.leftovers(OUT), 3, "it fits");
      assertEquals(await reserve(control, 2, { ...FLOW, rate: 500_000, port: 10 }), { ok: true });
      assertEquals(control.leftovers(OUT), 0);
      assertEquals((await filterTargets(a)).length, 2);
    }),
});

Deno.test({
  name: "kernel traffic control: a root that was left half made is made anew",
  ...NEEDS,
  fn: () =>
    onVeth(async (a, open) => {
      const root = "qdisc add dev out root handle 5256: htb default fffe r2q 1381193296";
      await run("tc", "-n", a, ...root.split(" "));
      const control = open();
      assertEquals(await reserve(control, 1, FLOW), { ok: true });
    }),
});

Deno.test({
  name: "kernel traffic control: who leaves without closing leaves what stands to the next one, filters and all",
  ...NEEDS,
  fn: () =>
    onVeth(async (a, open) => {
      const first = open({ spareClasses: 0 });
      assertEquals(await reserve(first, 1, FLOW), { ok: true });
      const stood = await shown(a);
      first.leave();
      assertEquals(await shown(a), stood);
      const second = open({ spareClasses: 0 });
      assertEquals(second.leftovers(OUT), 1);
      assertEquals(await reserve(second, 7, FLOW), { ok: true });
      assertEquals(await shown(a), stood, "not a filter has changed");
    }),
});
