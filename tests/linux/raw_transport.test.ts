/** Raw RSVP on real links: A - R - B with veth pairs, where R forwards. Transports without nodes. */
import { assert, assertEquals } from "../assert.ts";
import { needs } from "../require.ts";
import { FAMILIES, Listener, packetOf, type PlainPacket, withLine } from "./line.ts";
import { inNamespace, run } from "./namespace.ts";

const needed = needs("linux", "netRaw", "netAdmin", "namespaces");

const END = { interfaces: [{ interface: 7, name: "to-r", addresses: [] }] };
const ROUTER = {
  interfaces: [{ interface: 11, name: "to-a", addresses: [] }, { interface: 12, name: "to-b", addresses: [] }],
};

/** Bytes that a transport cannot take for anything: it knows no RSVP. */
const payload = (length: number, seed = 1) => Uint8Array.from({ length }, (_, i) => i * 31 + seed);

for (const [name, { a, ra, rb, b, bits, group }] of Object.entries(FAMILIES)) {
  const path: PlainPacket = {
    interface: 7,
    source: a,
    destination: b,
    ttl: 63,
    routerAlert: 1,
    encapsulation: 0,
    payload: payload(200),
  };

  Deno.test({
    name: `${name}: a Path with Router Alert is taken out of transit, with its source, and sent on by interface`,
    ...needed,
    fn: () =>
      withLine(async (line) => {
        await using left = Listener.raw(line.a, END);
        await using router = Listener.raw(line.r, ROUTER);
        const address = `${b}/${bits}`;
        await using right = Listener.raw(line.b, { interfaces: [{ ...END.interfaces[0], addresses: [address] }] });
        left.send(path);
        assertEquals(await router.packets(1), [{ ...path, interface: 11 }]);
        // What the router took is not forwarded by the kernel too.
        assertEquals(await right.packets(0), []);
        const onward = { ...path, interface: 12, ttl: 62, payload: payload(204, 2) };
        router.send(onward);
        assertEquals(await right.packets(1), [{ ...onward, interface: 7 }]);
        // Hop by hop, without Router Alert; the transport chooses the source.
        const resv = { ...path, source: "", destination: rb, ttl: 9, routerAlert: 0, payload: payload(96, 3) };
        right.send(resv);
        assertEquals(await router.packets(1), [{ ...resv, source: b, interface: 12 }]);
        // In transit without Router Alert it is the kernel's to forward, a relayed one too.
        const plain = { ...path, routerAlert: 0, payload: payload(64, 4) };
        left.send(plain);
        assertEquals(await right.packets(1), [{ ...plain, ttl: 62 }]);
        router.transport.relay(packetOf({ ...path, interface: 11, ttl: 5 }));
        assertEquals(await right.packets(1), [{ ...path, ttl: 5, routerAlert: 0 }]);
        assertEquals(await router.packets(0), []);
        assertEquals([...left.errors, ...router.errors, ...right.errors], []);
        assertEquals([router.transport.counters.received, router.transport.counters.sent], [2, 2]);
      }),
  });

  Deno.test({
    name: `${name}: a Path to a group is heard once, joined or not, fragmented or not, and not by its sender`,
    ...needed,
    fn: () =>
      withLine(async (line) => {
        await using left = Listener.raw(line.a, END);
        await using router = Listener.raw(line.r, ROUTER);
        await using right = Listener.raw(line.b, END);
        const toGroup = { ...path, destination: group };
        left.send(toGroup);
        assertEquals(await router.packets(1), [{ ...toGroup, interface: 11 }]);
        inNamespace(line.r, () => router.transport.joinGroup(group, 11));
        assert((await run("ip", "-n", line.r, "maddr", "show", "dev", "to-a")).includes(group));
        for (const length of [100, 5_000]) {
          const packet = { ...toGroup, payload: payload(length, 7) };
          left.send(packet);
          assertEquals(await router.packets(1), [{ ...packet, interface: 11 }]);
        }
        router.transport.leaveGroup(group, 11);
        assert(!(await run("ip", "-n", line.r, "maddr", "show", "dev", "to-a")).includes(group));
        // Nobody hears itself, and the kernel forwards no groups.
        for (const peer of [left, router, right]) assertEquals(await peer.packets(0), []);
        assertEquals([...left.errors, ...router.errors, ...right.errors], []);
      }),
  });

  Deno.test({
    name: `${name}: a message longer than the MTU leaves as one fragmented datagram and arrives whole`,
    ...needed,
    fn: () =>
      withLine(async (line) => {
        await using left = Listener.raw(line.a, END);
        await using router = Listener.raw(line.r, ROUTER);
        const longest = 65_535 - (name === "IPv4" ? 24 : 8);
        for (const [i, length] of [0, 1_476, 1_477, 1_984, 1_985, 3_000, 20_001, longest].entries()) {
          const transit = { ...path, payload: payload(length, i) };
          left.send(transit);
          assertEquals(await router.packets(1), [{ ...transit, interface: 11 }]);
          const hop = { ...transit, destination: ra, routerAlert: 0 };
          left.send(hop);
          assertEquals(await router.packets(1), [{ ...hop, interface: 11 }]);
        }
        left.send({ ...path, payload: payload(longest + 1) });
        assertEquals(left.errors, [`a message of ${longest + 1} bytes is too long for IP`]);
        // The link's MTU becomes smaller and nobody tells: the kernel refuses, and it is sent again in fragments.
        await run("ip", "-n", line.a, "link", "set", "to-r", "mtu", "1300");
        const late = { ...path, payload: payload(1_400) };
        left.send(late);
        await new Promise((resolve) => setTimeout(resolve, 50));
        assertEquals(left.errors.slice(1), []);
        assertEquals(await router.packets(1), [{ ...late, interface: 11 }]);
      }),
  });
}
