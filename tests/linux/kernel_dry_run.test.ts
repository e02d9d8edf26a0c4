/** What a dry run says is what would be done: its lines, given to a shell, make the same as the real thing. */
import { KernelTrafficControl, type KernelTrafficControlOptions } from "../../host/linux/kernel_traffic_control.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { needs } from "../require.ts";
import { inNamespace, run, withNamespaces } from "./namespace.ts";
import { type Flow, joinNamespaces, LINK, OUT, reserve, settled, shown } from "./traffic_control_world.ts";

const A = "10.1.0.1", B = "10.2.0.2";
const INTERFACES = [{ interface: OUT, name: "out", linkBytesPerSecond: LINK }];

/** Installs, changes and removals of all kinds. */
async function play(control: KernelTrafficControl): Promise<void> {
  const flows: Flow[] = [
    { to: B, from: [[A, 4000]] },
    { to: "fd00:2::2", from: [["fd00:1::1", 4000], ["fd00:1::2", 0]], rate: 20_000 },
    { to: B, protocol: 89, port: 0, rate: 30_000 },
    { to: "239.1.2.3", rate: 40_000 },
    ...Array.from({ length: 20 }, (_, index) => ({ to: B, port: 7000 + index, rate: 2000 })),
  ];
  for (const [index, flow] of flows.entries()) {
    assertEquals(await reserve(control, index + 1, flow, { policing: index % 2 }), { ok: true });
  }
  await reserve(control, 1, { ...flows[0], from: [[A, 4001]], rate: 100_000 }, { change: 1 });
  control.remove(2, OUT);
  await settled();
}

async function same(options: Partial<KernelTrafficControlOptions>, ruleset: boolean): Promise<string[]> {
  const lines: string[] = [];
  await withNamespaces(["a", "b", "c", "d"], async ({ a, b, c, d }) => {
    await joinNamespaces(a, b);
    await joinNamespaces(c, d);
    const all = async (namespace: string) => {
      const rules = ruleset ? await run("ip", "netns", "exec", namespace, "nft", "list", "ruleset") : "";
      return await shown(namespace) + rules;
    };
    const untouched = await all(a);
    const nft = ["ip", "netns", "exec", a, "nft"];
    // Classes of a dry run are made as they are asked for.
    const real = inNamespace(
      a,
      () => new KernelTrafficControl({ ...options, nft, interfaces: INTERFACES, spareClasses: 0 }),
    );
    await play(real);
    const dry = new KernelTrafficControl({ ...options, interfaces: INTERFACES, dryRun: (line) => lines.push(line) });
    await play(dry);
    const devices = (await run("ip", "-n", a, "-o", "link", "show", "out")).split(":")[0];
    const shell = (text: string) => text.replaceAll(/\bc0_/g, `c${devices}_`).replaceAll(/\{ 0 /g, `{ ${devices} `);
    await run("ip", "netns", "exec", c, "bash", "-ec", shell(lines.join("\n")));
    assertEquals(shell(await all(c)), await all(a));
    const end = lines.length;
    dry.close();
    await run("ip", "netns", "exec", c, "bash", "-ec", shell(lines.slice(end).join("\n")));
    real.close();
    assertEquals([await all(c), await all(a)], [untouched, untouched]);
  });
  return lines;
}

Deno.test({
  name: "kernel dry run: its lines, given to a shell, make what the real thing makes, and take it away again",
  ...needs("linux", "netAdmin", "namespaces"),
  fn: async () => {
    const lines = await same({}, false);
    assertEquals(
      lines[0],
      "tc qdisc add dev out root handle 5256: stab overhead -14 htb default fffe r2q 1381193296",
    );
    assert(lines.every((line) => line.startsWith("tc ")));
    const [added] = lines.filter((line) => line.includes("0xfa01389"));
    assertMatch(
      added,
      /^tc filter add dev out .* handle 1:2:1 u32 ht 1:2:0 match u32 0xfa01389 0xffffffff at 20 .* flowid 5256:10$/,
    );
    assertEquals(lines.at(-1), "tc qdisc del dev out root handle 5256:");
  },
});

Deno.test({
  name: "kernel dry run: the same with code points and demotion by nftables",
  ...needs("linux", "netAdmin", "namespaces", "nft"),
  fn: async () => {
    const lines = await same({ excess: "demote", dscp: (request) => request.handle % 3 ? 46 : undefined }, true);
    assert(lines.some((line) => line.startsWith("nft -f - <<'END'\n")));
  },
});

Deno.test("kernel dry run: needs no kernel, no interface and no permission", async () => {
  const lines: string[] = [];
  const interfaces = [{ interface: OUT, name: "eth9", linkBytesPerSecond: LINK }];
  const control = new KernelTrafficControl({ interfaces, dryRun: (line) => lines.push(line) });
  assertEquals(await reserve(control, 1, { to: B }), { ok: true });
  control.close();
  assertEquals(lines.filter((line) => line.includes("5256:10")).map((line) => line.split(" ", 3).join(" ")), [
    "tc class add",
    "tc filter add",
  ]);
});
