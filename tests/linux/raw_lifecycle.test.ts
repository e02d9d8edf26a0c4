/** A raw transport's beginning, changes and end: permission, interfaces that come and go, batches, nothing left behind. */
import { defaultModule } from "../../host/default_module.ts";
import { sharedPoller } from "../../host/linux/poller.ts";
import { RawTransport } from "../../host/linux/raw_transport.ts";
import { RsvpNode } from "../../host/node.ts";
import { Recorder } from "../../host/recorder.ts";
import { replay } from "../../host/replay.ts";
import { Engine } from "../../host/engine.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "../assert.ts";
import { needs } from "../require.ts";
import { FAMILIES, Listener, type PlainPacket, until, withLine } from "./line.ts";
import { inNamespace, run } from "./namespace.ts";

const needed = needs("linux", "netRaw", "netAdmin", "namespaces");
const MODULE = new URL("../../host/linux/raw_transport.ts", import.meta.url).href;
const { a, ra } = FAMILIES.IPv4;

const packet = (length: number, fill = 1): PlainPacket => ({
  interface: 7,
  source: a,
  destination: ra,
  ttl: 63,
  routerAlert: 0,
  encapsulation: 0,
  payload: new Uint8Array(length).fill(fill),
});
const LEFT = { interface: 11, name: "to-a", addresses: [] };
const ETH0 = { interface: 7, name: "to-r", addresses: [] };

/** Runs a script in a namespace, perhaps by another program. */
async function script(namespace: string, text: string, ...by: string[]): Promise<Deno.CommandOutput> {
  const args = ["netns", "exec", namespace, ...by, Deno.execPath(), "eval", text];
  return await new Deno.Command("ip", { args, stdout: "piped", stderr: "piped" }).output();
}

Deno.test({
  name: "without CAP_NET_RAW it is one line that names the capability and how to give it",
  ...needed,
  fn: () =>
    withLine(async ({ a: namespace }) => {
      const text = `import { RawTransport } from ${JSON.stringify(MODULE)};
        try { RawTransport.open({ interfaces: [] }); } catch (error) { console.log(error.name, error.message); }`;
      const { stdout, stderr, success } = await script(namespace, text, "setpriv", "--bounding-set", "-net_raw");
      assert(success, new TextDecoder().decode(stderr));
      assertMatch(
        new TextDecoder().decode(stdout),
        /^LinuxError raw IP needs the capability CAP_NET_RAW: .*setcap cap_net_raw,cap_net_admin\+ep.*\n$/,
      );
    }),
});

Deno.test({
  name: "a process whose transport is closed ends by itself, also when packets are coming in",
  ...needed,
  fn: () =>
    withLine(async (line) => {
      await using left = Listener.raw(line.a, { interfaces: [ETH0] });
      const sending = setInterval(() => left.send(packet(100)), 1);
      const text = `import { RawTransport } from ${JSON.stringify(MODULE)};
        const transport = RawTransport.open({ interfaces: [${JSON.stringify(LEFT)}] });
        await new Promise((resolve) => transport.onPackets(resolve));
        await new Promise((resolve) => setTimeout(resolve, 200));
        transport.close();
        console.log(transport.counters.received > 0);`;
      const started = performance.now();
      const { stdout, stderr, success } = await script(line.r, text, "timeout", "10");
      clearInterval(sending);
      assert(success, `after ${performance.now() - started} ms: ${new TextDecoder().decode(stderr)}`);
      assertEquals(new TextDecoder().decode(stdout), "true\n");
    }),
});

Deno.test({
  name: "an interface that is not there is one line, and nothing stays open",
  ...needed,
  fn: () =>
    withLine(async ({ r }) => {
      const open = (name: string, addresses: string[]) =>
        inNamespace(r, () => RawTransport.open({ interfaces: [{ interface: 1, name, addresses }] }));
      const before = [...Deno.readDirSync("/proc/self/fd")].length;
      assertThrows(() => open("wan7", []), Error, 'there is no interface "wan7" (ip link shows those there are)');
      assertThrows(() => open("to-a", ["10.1/24"]), RangeError, '"10.1" is not an IPv4 or IPv6 address');
      await sharedPoller().idle();
      assertEquals([...Deno.readDirSync("/proc/self/fd")].length, before);
    }),
});

Deno.test({
  name: "interfaces come, change and go while it runs, and one that is made again is the same one to the node",
  ...needed,
  fn: () =>
    withLine(async (line) => {
      const group = "224.5.5.5";
      await using left = Listener.raw(line.a, { interfaces: [ETH0] });
      await using router = Listener.raw(line.r, { interfaces: [] });
      const unknown = () => router.transport.counters.unknownInterface;
      left.send(packet(40));
      await until("a packet by an unknown interface", () => unknown() === 1);
      router.transport.setInterface(LEFT);
      inNamespace(line.r, () => router.transport.joinGroup(group, 11));
      left.send(packet(41));
      assertEquals((await router.packets(1))[0].interface, 11);
      router.transport.setInterface({ ...LEFT, addresses: ["10.0.1.2/24"] });
      router.transport.removeInterface(11);
      left.send(packet(42));
      await until("a packet by a removed interface", () => unknown() === 2);
      // The cable is replaced: the same names, other indexes.
      await run("ip", "-n", line.a, "link", "del", "to-r");
      for (
        const step of [
          ["link", "add", "to-r", "netns", line.a, "type", "veth", "peer", "name", "to-a", "netns", line.r],
          ["-n", line.a, "link", "set", "to-r", "up"],
          ["-n", line.r, "link", "set", "to-a", "up"],
          ["-n", line.a, "addr", "add", "10.0.1.1/24", "dev", "to-r"],
          ["-n", line.r, "addr", "add", "10.0.1.2/24", "dev", "to-a"],
        ]
      ) await run("ip", ...step);
      left.transport.setInterface(ETH0);
      inNamespace(line.r, () => router.transport.setInterface(LEFT));
      left.send(packet(43));
      left.send({ ...packet(44), destination: group });
      assertEquals((await router.packets(2)).map(({ payload }) => payload.length), [43, 44]);
      assert((await run("ip", "-n", line.r, "maddr", "show", "dev", "to-a")).includes(group));
      assertEquals(router.errors, []);
    }),
});

Deno.test({
  name: "sends that the kernel refuses are counted by reason and told, and others go all the same",
  ...needed,
  fn: () =>
    withLine(async (line) => {
      await using left = Listener.raw(line.a, { interfaces: [ETH0] });
      await using router = Listener.raw(line.r, { interfaces: [LEFT] });
      const nowhere = { ...packet(30), interface: 0, destination: "203.0.113.9" };
      for (const one of [packet(10), nowhere, packet(11), nowhere, nowhere, packet(12)]) left.send(one);
      assertEquals((await router.packets(3)).map(({ payload }) => payload.length), [10, 11, 12]);
      assertEquals(left.transport.counters.sendErrors, { ENETUNREACH: 3 });
      assertEquals(left.errors, Array(3).fill("sending to 203.0.113.9: Network is unreachable"));
      assertEquals(left.transport.counters.sent, 3);
      await left.transport.close();
      left.send(packet(13));
      assertEquals(await router.packets(0), []);
    }),
});

Deno.test({
  name: "batches go straight into the inbox, short and long in their order, and a replay of the log is the same node",
  ...needed,
  fn: () =>
    withLine(async (line) => {
      const transport = inNamespace(line.r, () => RawTransport.open({ interfaces: [LEFT] }));
      const recorder = new Recorder();
      const lengths: number[] = [];
      const node = new RsvpNode({
        module: defaultModule(),
        transport,
        seed: 5,
        interfaces: [{ interface: 11, addresses: ["10.0.1.2/24"] }],
        onSubmit: (kind, count, nowMs, inbox) => {
          recorder.onSubmit(kind, count, nowMs, inbox);
          if (kind !== 2) return;
          const view = new DataView(inbox.buffer, inbox.byteOffset, inbox.byteLength);
          for (let i = 0, at = 0; i < count; i++) {
            const length = view.getUint32(at + 8, true);
            lengths.push(length);
            at += Math.ceil((64 + length) / 2048) * 2048;
          }
        },
      });
      await using left = Listener.raw(line.a, { interfaces: [ETH0] });
      // With and without Router Alert, so that headers of both lengths stand in one batch.
      const sent = Array.from({ length: 400 }, (_, i) => i % 97 === 96 ? 2_000 + i : i % 31 === 30 ? 1_985 : i);
      for (const [i, length] of sent.entries()) left.send({ ...packet(length, i), routerAlert: i % 3 === 0 ? 1 : 0 });
      await until("all of them", () => lengths.length === sent.length);
      assertEquals(lengths, sent);
      assertEquals(node.counters().RECEIVED_BYTES, sent.reduce((sum, length) => sum + length));
      assertEquals(transport.counters.received, sent.length);
      const { engine } = replay(recorder.bytes(), defaultModule());
      assert(engine instanceof Engine);
      assertEquals(engine.snapshot(), node.snapshot());
      node.close();
      await transport.close();
    }),
});

Deno.test({
  name: "what the kernel's queue had no room for is counted, to the packet",
  ...needed,
  fn: () =>
    withLine(async (line) => {
      const sent = 40_000;
      await using left = Listener.raw(line.a, { interfaces: [ETH0] });
      await using router = Listener.raw(line.r, { interfaces: [LEFT] });
      // In one turn, in which nobody can read.
      for (let i = 0; i < sent; i++) left.send(packet(64));
      const { counters } = router.transport;
      assertEquals([counters.received, counters.kernelDrops], [0, 0]);
      await until("the queue to be read", () => router.transport.counters.received > 1_000);
      await router.packets(1_000);
      // The kernel tells with the next packet that it takes.
      left.send(packet(65));
      await until("what was lost", () => {
        const { received, kernelDrops } = router.transport.counters;
        return kernelDrops > 0 && received + kernelDrops === sent + 1;
      });
      assertEquals(left.transport.counters.sent, sent + 1);
    }),
});
