/** Code points, and what becomes of traffic beyond a reservation: host/linux/kernel_traffic_control.ts with nftables. */
import { KernelTrafficControl } from "../../host/linux/kernel_traffic_control.ts";
import { LinuxError } from "../../host/linux/linux_error.ts";
import { assert, assertEquals, assertGreater, assertLess, assertStringIncludes, assertThrows } from "../assert.ts";
import { needs } from "../require.ts";
import { ENDS, withBottleneck } from "./bottleneck.ts";
import { inNamespace, run, withNamespaces } from "./namespace.ts";
import { measure } from "./traffic.ts";
import { classes, type Flow, joinNamespaces, LINK, OUT, reserve, settled } from "./traffic_control_world.ts";

const NEEDS = needs("linux", "netAdmin", "namespaces", "python", "nft");
const MEGABIT = 125_000;
const E_POLICE = 1;
const EXPEDITED_FORWARDING = 46;

for (const family of ["IPv4", "IPv6"] as const) {
  Deno.test({
    name: `kernel marking, ${family}: a policed flow's excess goes to best effort and keeps its code point`,
    ...NEEDS,
    fn: () =>
      withBottleneck({ excess: "demote", dscp: () => EXPEDITED_FORWARDING }, async ({ a, b, r, control }) => {
        const { from, to } = ENDS[family];
        const flow: Flow = { to, from: [[from, 4000]], rate: MEGABIT / 2 };
        assertEquals(await reserve(control, 1, flow, { policing: E_POLICE }), { ok: true });
        const [{ classNumber }] = control.installed(OUT);
        const handle = `5256:${classNumber.toString(16)}`;
        const measured = { from, to, port: 5001, bytesPerSecond: 8 * MEGABIT };
        const result = await measure(a, b, measured, 1);
        // The rate for a second, the bucket of 10,000 bytes, and a second's rate that nft has in its bucket besides.
        const marked = result.codePoints[EXPEDITED_FORWARDING] ?? 0;
        assertEquals(result.received, result.sent, "nothing is lost where there is room");
        assertGreater(marked, 100);
        assertLess(marked, 160);
        assertGreater(result.sent, 250);
        assertEquals(result.codePoints[0], result.sent - marked);
        const shown = await classes(r);
        assertEquals(shown.get(handle)?.packets, marked);
        assertGreater(shown.get("5256:fffe")!.packets, result.sent - marked - 1);
        // Not policed: all of it is the reservation's.
        assertEquals(await reserve(control, 1, flow, { change: 1 }), { ok: true });
        const whole = await measure(a, b, measured, 0.3);
        assertEquals(whole.codePoints, { [EXPEDITED_FORWARDING]: whole.sent });
        control.remove(1, OUT);
        await settled();
        await settled();
        const rules = await run("ip", "netns", "exec", r, "nft", "list", "table", "inet", "resv");
        assert(!rules.includes("goto c"), rules);
        control.close();
        assertEquals(await run("ip", "netns", "exec", r, "nft", "list", "ruleset"), "");
      }),
  });
}

Deno.test({
  name: "kernel marking: RSVP's own packets get CS6",
  ...NEEDS,
  fn: () =>
    withBottleneck({ dscp: () => undefined }, async ({ a, b, r }) => {
      for (const { from, to } of Object.values(ENDS)) {
        const { codePoints, sent } = await measure(a, b, { from, to, port: 1698, bytesPerSecond: MEGABIT }, 0.2);
        assertEquals(codePoints, { 48: sent });
      }
      assertGreater((await classes(r)).get("5256:ffff")!.packets, 30);
    }),
});

Deno.test({
  name: "kernel marking: a policed flow that is shaped has the rate that it reserved, and no more",
  ...needs("linux", "netAdmin", "namespaces", "python"),
  fn: () =>
    withBottleneck({ excess: "shape" }, async ({ a, b, control }) => {
      const { from, to } = ENDS.IPv4;
      const flow: Flow = { to, from: [[from, 4000]], rate: MEGABIT };
      const measured = { from, to, port: 5001, bytesPerSecond: 3 * MEGABIT };
      await reserve(control, 1, flow);
      const borrowed = await measure(a, b, measured, 0.5);
      assertEquals(borrowed.received, borrowed.sent, "not policed: it may borrow");
      await reserve(control, 1, flow, { change: 1, policing: E_POLICE });
      const shaped = await measure(a, b, measured, 1);
      // 1 s of sending and 0.3 s of listening at 125 packets/s, and the bucket of 10: the rest waits in the queue.
      assertLess(shaped.received, 0.6 * shaped.sent);
      assertGreater(shaped.received, 110);
    }),
});

Deno.test({
  name: "kernel marking: without nft the option is refused in one line, and nothing is left behind",
  ...needs("linux", "netAdmin", "namespaces"),
  fn: () =>
    withNamespaces(["a", "b"], async ({ a, b }) => {
      await joinNamespaces(a, b);
      const before = await run("tc", "-n", a, "qdisc", "show", "dev", "out");
      const error = assertThrows(() =>
        inNamespace(a, () =>
          new KernelTrafficControl({
            excess: "demote",
            nft: ["nft-is-not-here"],
            interfaces: [{ interface: OUT, name: "out", linkBytesPerSecond: LINK }],
          })), LinuxError);
      assertStringIncludes(error.message, "nft-is-not-here is not installed (the package nftables)");
      assertEquals(error.message.includes("\n"), false);
      assertEquals(await run("tc", "-n", a, "qdisc", "show", "dev", "out"), before);
    }),
});

Deno.test({
  name: "kernel marking: what nft refuses is refused with 22 and taken out of traffic control again",
  ...NEEDS,
  fn: () =>
    withNamespaces(["a", "b"], async ({ a, b }) => {
      await joinNamespaces(a, b);
      const errors: string[] = [];
      const control = inNamespace(a, () =>
        new KernelTrafficControl({
          // There is no code point 99.
          dscp: ({ handle }) => handle === 1 ? 99 : 10,
          nft: ["ip", "netns", "exec", a, "nft"],
          interfaces: [{ interface: OUT, name: "out", linkBytesPerSecond: LINK }],
          onError: (error) => errors.push(error.message),
        }));
      try {
        const flow: Flow = { to: "10.2.0.2", rate: 10_000 };
        const [bad, good] = [reserve(control, 1, flow), reserve(control, 2, { ...flow, port: 5002 })];
        assertEquals(await bad, { ok: false, errorCode: 22, errorValue: 0 });
        assertEquals(await good, { ok: true });
        assertEquals(control.installed(OUT).map(({ handle }) => handle), [2]);
        assertEquals(errors.length, 1);
        assertStringIncludes(errors[0], "nft: ");
      } finally {
        control.close();
      }
    }),
});
