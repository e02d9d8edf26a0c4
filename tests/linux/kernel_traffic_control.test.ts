/** host/linux/kernel_traffic_control.ts: what stands in the kernel after installs, changes, refusals, crashes, the end. */
import type { KernelTrafficControl } from "../../host/linux/kernel_traffic_control.ts";
import { LinuxError } from "../../host/linux/linux_error.ts";
import { assert, assertEquals, assertGreater, assertMatch, assertNotEquals, assertThrows } from "../assert.ts";
import { needs } from "../require.ts";
import { inNamespace, run } from "./namespace.ts";
import { sendPackets } from "./packets.ts";
import {
  classes,
  filterTargets,
  type Flow,
  flowObjects,
  install,
  installRequest,
  joinNamespaces,
  LINK,
  OUT,
  reserve,
  settled,
  shown,
} from "./traffic_control_world.ts";
import { onVeth } from "./veth_control.ts";

const NEEDS = needs("linux", "netAdmin", "namespaces");
const A = "10.1.0.1", B = "10.2.0.2";
const FLOW: Flow = { to: B, from: [[A, 4000]] };

const minors = (control: KernelTrafficControl) =>
  control.installed(OUT).map(({ classNumber }) => classNumber.toString(16));

Deno.test({
  name: "kernel traffic control: install, change and removal of a reservation, as tc shows them",
  ...NEEDS,
  fn: () =>
    onVeth(async (a, open) => {
      const before = await shown(a);
      const control = open();
      assertEquals(await reserve(control, 1, FLOW), { ok: true });
      const [minor] = minors(control);
      const handle = `5256:${minor}`;
      assertEquals((await classes(a)).get(handle)?.rate, "3Mbit");
      assertEquals(await filterTargets(a), [handle]);
      const two: Flow = { ...FLOW, from: [[A, 4000], [A, 4001]], rate: 500_000 };
      assertEquals(await reserve(control, 1, two, { change: 1 }), { ok: true });
      assertEquals((await classes(a)).get(handle)?.rate, "4Mbit");
      assertEquals(await filterTargets(a), [handle, handle]);
      const one: Flow = { ...FLOW, from: [[A, 4001]] };
      assertEquals(await reserve(control, 1, one, { change: 1 }), { ok: true });
      assertEquals(minors(control), [minor], "the class stays");
      assertEquals(await filterTargets(a), [handle]);
      sendPackets(a, "out", [{ from: A, to: B, ports: [4000, 5001] }, { from: A, to: B, ports: [4001, 5001] }]);
      assertEquals((await classes(a)).get(handle)?.packets, 1);
      control.remove(1, OUT);
      await settled();
      assertEquals(await filterTargets(a), []);
      assertEquals(control.installed(OUT), []);
      control.close();
      assertEquals(await shown(a), before, "qdisc, classes and filters are as they were");
    }),
});

Deno.test({
  name: "kernel traffic control: FF has a class for each sender, SE and WF one for all",
  ...NEEDS,
  fn: () =>
    onVeth(async (a, open) => {
      const control = open();
      await reserve(control, 1, { ...FLOW, rate: 10_000 }, { style: 0x0a });
      await reserve(control, 2, { ...FLOW, rate: 10_000, from: [[A, 4001]] }, { style: 0x0a });
      assertEquals(new Set(await filterTargets(a)).size, 2);
      await reserve(control, 3, { ...FLOW, rate: 10_000, port: 5002, from: [[A, 1], [A, 2], [A, 3]] });
      assertEquals((await filterTargets(a)).length, 5);
      assertEquals(new Set(await filterTargets(a)).size, 3);
      await reserve(control, 4, { to: B, port: 5003, rate: 10_000 }, { style: 0x11 });
      assertEquals(control.installed(OUT).at(-1)?.filters, 1);
    }),
});

Deno.test({
  name: "kernel traffic control: what cannot be had is refused with its error code, and leaves nothing behind",
  ...NEEDS,
  fn: () =>
    onVeth(async (a, open) => {
      const errors: string[] = [];
      const control = open({ spareClasses: 0, onError: (error) => errors.push(error.message) });
      const empty = await shown(a);
      const refused = async (code: number, value: number, request: Parameters<typeof install>[1]) => {
        assertEquals(await install(control, request), { ok: false, errorCode: code, errorValue: value });
      };
      await refused(1, 2, installRequest(1, flowObjects({ ...FLOW, rate: LINK })));
      await refused(21, 3, installRequest(1, flowObjects({ ...FLOW, rate: 0 })));
      await refused(22, 19, installRequest(1, flowObjects(FLOW), { interface: 9 }));
      const tunnel = { name: "SESSION", form: "LSP_TUNNEL_IPv4", tunnelEndPointAddress: B, tunnelId: 1 } as const;
      await refused(
        21,
        2,
        installRequest(1, [{ ...tunnel, extendedTunnelId: "10.0.0.1" }, ...flowObjects(FLOW).slice(1)]),
      );
      assertEquals(await shown(a), empty);
      assertEquals(await reserve(control, 1, FLOW), { ok: true });
      const standing = await shown(a);
      await refused(21, 1, installRequest(2, flowObjects(FLOW)));
      await refused(1, 2, installRequest(1, flowObjects({ ...FLOW, rate: LINK }), { change: 1 }));
      assertEquals(await shown(a), standing);
      assertEquals(errors, ["no traffic control on interface 9"]);
    }),
});

Deno.test({
  name: "kernel traffic control: where the kernel refuses part of an install, it is refused with 22 and taken back",
  ...NEEDS,
  fn: () =>
    onVeth(async (a, open) => {
      const errors: string[] = [];
      const control = open({ spareClasses: 0, onError: (error) => errors.push(error.message) });
      // Somebody's filters stand where ours are to go, in bucket 2 of the table of destinations: numbers 2 and 5.
      for (const place of ["1:2:2", "1:2:5"]) {
        const filter = `protocol ip pref 1 handle ${place} u32 ht 1:2: match u32 0 0 flowid 5256:fffe`;
        await run("tc", "-n", a, "filter", "add", "dev", "out", "parent", "5256:", ...filter.split(" "));
      }
      const empty = await shown(a);
      const flow: Flow = { ...FLOW, from: [[A, 1], [A, 2], [A, 3]] };
      assertEquals(await reserve(control, 1, flow), { ok: false, errorCode: 22, errorValue: 17 });
      const bare = (text: string) => text.replaceAll(/class htb 5256:1\w.*\n/g, "");
      assertEquals(bare(await shown(a)), bare(empty), "no filter of it is left");
      // A change that is refused leaves what stood.
      assertEquals(await reserve(control, 2, { ...flow, from: [[A, 1]] }), { ok: true });
      const standing = await shown(a);
      const change = await reserve(control, 2, { ...flow, rate: 400_000 }, { change: 1 });
      assertEquals(change, { ok: false, errorCode: 22, errorValue: 17 });
      assertEquals(await shown(a), standing);
      // An operator has taken the root away: nothing to give another rate to.
      await run("tc", "-n", a, "qdisc", "del", "dev", "out", "root");
      const lost = await reserve(control, 2, { ...flow, from: [[A, 1]], rate: 400_000 }, { change: 1 });
      assertEquals([lost.ok, lost.errorCode], [false, 22]);
      assertEquals(errors[0], "out: a filter was refused: Filter already exists (File exists)");
      assertEquals(errors.length, 3);
    }),
});

Deno.test({
  name: "kernel traffic control: somebody else's root is not touched, and a line says what to do",
  ...NEEDS,
  fn: () =>
    onVeth(async (a, open) => {
      await run("tc", "-n", a, ..."qdisc add dev out root handle 7: tbf rate 1mbit burst 10kb latency 50ms".split(" "));
      const before = await shown(a);
      const error = assertThrows(() => open(), LinuxError);
      assertEquals(
        error.message,
        "out: its root queueing discipline (tbf 7:) is somebody else's: " +
          "remove it (tc qdisc del dev out root) or leave the interface out",
      );
      assertEquals(await shown(a), before);
      // One that has our number by accident is somebody else's too.
      await run("tc", "-n", a, ..."qdisc replace dev out root handle 5256: htb default 1".split(" "));
      assertMatch(assertThrows(() => open(), LinuxError).message, /htb 5256:\) is somebody else's/);
      assertThrows(
        () => open({ interfaces: [{ interface: 1, name: "none" }] }),
        LinuxError,
        "none: there is no such interface",
      );
    }),
});

Deno.test({
  name: "kernel traffic control: interfaces opened before one that cannot be are let go again",
  ...NEEDS,
  fn: () =>
    onVeth(async (a, open) => {
      const before = await shown(a);
      const interfaces = [
        { interface: OUT, name: "out", linkBytesPerSecond: LINK },
        { interface: 1, name: "none", linkBytesPerSecond: LINK },
      ];
      assertThrows(() => open({ interfaces }), LinuxError);
      assertEquals(await shown(a), before);
    }),
});

Deno.test({
  name: "kernel traffic control: rates that do not fit are refused in one line",
  ...NEEDS,
  fn: () =>
    onVeth(async (a, open) => {
      const link = { interface: OUT, name: "out", linkBytesPerSecond: LINK };
      assertThrows(
        () => open({ interfaces: [{ ...link, reservableBytesPerSecond: LINK }] }),
        RangeError,
        "out: 1250000 bytes/s cannot be reserved of 1250000: RSVP, neighbours and best effort keep 62500",
      );
      // A veth says 10 Gbit/s of itself: 1,500 of 1,538 bytes of that are IP.
      const control = open({ interfaces: [{ interface: OUT, name: "out" }] });
      assertEquals((await classes(a)).get("5256:1")?.rate, "9752Mbit");
      control.close();
    }),
});

Deno.test({
  name: "kernel traffic control: many flows to one place get tables of their own, and the filters of all of them work",
  ...NEEDS,
  fn: () =>
    onVeth(async (a, open) => {
      const control = open();
      const answers = await Promise.all(
        Array.from({ length: 300 }, (_, index) =>
          reserve(control, index + 1, { ...FLOW, port: 6000 + index, rate: 1000 })),
      );
      assert(answers.every(({ ok }) =>
        ok
      ));
      sendPackets(
        a,
        "out",
        Array.from({ length: 300 }, (_, index) => ({ from: A, to: B, ports: [4000, 6000 + index] as const })),
      );
      const counted = await classes(a);
      const own = minors(control).map((minor) => counted.get(`5256:${minor}`)!.packets);
      assertEquals(own, new Array(300).fill(1));
      assertGreater((await run("tc", "-n", a, "filter", "show", "dev", "out")).match(/divisor 256/g)!.length, 2);
      for (let handle = 1; handle <= 300; handle++) control.remove(handle, OUT);
      await settled();
      assertEquals(await filterTargets(a), []);
    }),
});

Deno.test({
  name:
    "kernel traffic control: a removal and an install of the same flow in one turn, and a change that comes at once",
  ...NEEDS,
  fn: () =>
    onVeth(async (a, open) => {
      const control = open();
      await reserve(control, 1, FLOW);
      control.remove(1, OUT);
      const again = reserve(control, 2, FLOW);
      const change = reserve(control, 2, { ...FLOW, rate: 250_000 }, { change: 1 });
      assertEquals([await again, await change], [{ ok: true }, { ok: true }]);
      const [minor] = minors(control);
      assertEquals(await filterTargets(a), [`5256:${minor}`]);
      assertEquals((await classes(a)).get(`5256:${minor}`)?.rate, "2Mbit");
    }),
});

Deno.test({
  name: "kernel traffic control: an interface that is let go loses its reservations, and each is reported",
  ...NEEDS,
  fn: () =>
    onVeth(async (a, open) => {
      const before = await shown(a);
      const control = open();
      const lost: unknown[] = [];
      control.onLost((handle, generation, answer) => lost.push([handle, generation, answer]));
      await reserve(control, 5, FLOW, { generation: 77 });
      control.unmanage(OUT);
      assertEquals(lost, [[5, 77, { ok: false, preempted: true }]]);
      assertEquals(await shown(a), before);
      inNamespace(a, () => control.manage({ interface: OUT, name: "out", linkBytesPerSecond: LINK }));
      assertEquals(await reserve(control, 5, FLOW), { ok: true });
      assertNotEquals(await shown(a), before);
    }),
});

Deno.test({
  name: "kernel traffic control: an interface that was taken away and made again is let go and taken over again",
  ...NEEDS,
  fn: () =>
    onVeth(async (a, open, b) => {
      const errors: string[] = [];
      const control = open({ onError: (error) => errors.push(error.message) });
      assertEquals(await reserve(control, 1, FLOW), { ok: true });
      await run("ip", "-n", a, "link", "del", "out");
      await joinNamespaces(a, b);
      // By its number in the kernel, which the new one has not.
      const other = await reserve(control, 2, { ...FLOW, port: 1 });
      assertEquals([other.ok, other.errorCode], [false, 22]);
      errors.length = 0;
      control.unmanage(OUT);
      inNamespace(a, () => control.manage({ interface: OUT, name: "out", linkBytesPerSecond: LINK }));
      assertEquals(await reserve(control, 1, FLOW), { ok: true });
      assertEquals((await filterTargets(a)).length, 1);
      assertEquals(errors, []);
    }),
});

Deno.test({
  name: "kernel traffic control: classes are made ahead, and made up for while there is nothing else to do",
  ...NEEDS,
  fn: () =>
    onVeth(async (a, open) => {
      const control = open({ spareClasses: 6 });
      const made = async () =>
        [...(await classes(a)).keys()].filter((handle) => /^5256:1[0-9a-f]$/.test(handle)).length;
      assertEquals(await made(), 6);
      for (let handle = 1; handle <= 5; handle++) await reserve(control, handle, { ...FLOW, port: handle, rate: 1000 });
      assertEquals(minors(control), ["10", "11", "12", "13", "14"], "those that were there");
      const end = performance.now() + 2000;
      while (await made() < 11 && performance.now() < end) await settled();
      assertEquals(await made(), 11);
    }),
});
