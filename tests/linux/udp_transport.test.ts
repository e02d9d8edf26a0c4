/** UDP encapsulation (RFC 2205 appendix C) on sockets of Linux, alone and beside raw IP. */
import { defaultModule } from "../../host/default_module.ts";
import type { LinuxInterface } from "../../host/linux/interface_table.ts";
import { RawTransport } from "../../host/linux/raw_transport.ts";
import { UdpSocketTransport } from "../../host/linux/udp_transport.ts";
import { RsvpNode } from "../../host/node.ts";
import type { InterfaceSettings } from "../../host/node_settings.ts";
import { type StaticRoute, StaticRouting } from "../../host/routing/static_routing.ts";
import { DualTransport } from "../../host/transport/dual_transport.ts";
import type { Transport } from "../../host/transport/transport.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { needs } from "../require.ts";
import { FAMILIES, Listener, type PlainPacket, until, withLine } from "./line.ts";
import { inNamespace, run } from "./namespace.ts";

const needed = needs("linux", "netRaw", "netAdmin", "namespaces");
const TOKEN_BUCKET = { tokenBucketRateBytesPerSecond: 12_500, tokenBucketSizeBytes: 1_500 };
const payload = (length: number) => Uint8Array.from({ length }, (_, i) => i * 7);

for (const [name, { a, ra, bits, group }] of Object.entries(FAMILIES)) {
  Deno.test({
    name: `${name}: datagrams in UDP carry source, TTL and interface, on both ports, of any length`,
    ...needed,
    fn: () =>
      withLine(async (line) => {
        const eth0 = { interface: 7, name: "to-r", addresses: [`${a}/${bits}`] };
        await using left = Listener.udp(line.a, { interfaces: [eth0] });
        await using router = Listener.udp(line.r, { interfaces: [{ interface: 11, name: "to-a", addresses: [] }] });
        const plain: PlainPacket = {
          interface: 7,
          source: a,
          destination: ra,
          ttl: 9,
          routerAlert: 0,
          encapsulation: 1,
          payload: payload(200),
        };
        for (const encapsulation of [1, 2]) {
          for (const length of [0, 1, 200, 1_984, 1_985, 9_000]) {
            const packet = { ...plain, encapsulation, payload: payload(length) };
            left.send(packet);
            assertEquals(await router.packets(1), [{ ...packet, interface: 11 }]);
          }
        }
        // The source is chosen by the kernel, and the interface by its route.
        left.send({ ...plain, source: "", interface: 0, ttl: 0 });
        assertEquals(await router.packets(1), [{ ...plain, interface: 11, ttl: 64 }]);
        // A group that was joined, on this interface only; the sender does not hear itself.
        inNamespace(line.r, () => router.transport.joinGroup(group, 11));
        const toGroup = { ...plain, destination: group, encapsulation: 2 };
        left.send(toGroup);
        assertEquals(await router.packets(1), [{ ...toGroup, interface: 11 }]);
        if (name === "IPv4") {
          const toAll = { ...plain, destination: "224.0.0.14" };
          inNamespace(line.r, () => {
            router.transport.setInterface({ interface: 11, name: "to-a", addresses: [`${ra}/${bits}`] });
          });
          left.send(toAll);
          assertEquals(await router.packets(1), [{ ...toAll, interface: 11 }]);
        }
        assertEquals([...left.errors, ...router.errors], []);
        left.send({ ...plain, encapsulation: 0 });
        left.send({ ...plain, interface: 8 });
        left.send({ ...plain, payload: payload(65_520) });
        assertEquals(left.errors, [
          `a raw IP datagram to ${ra} cannot be sent over UDP; set the interface to UDP only`,
          `no interface 8 to send to ${ra} by`,
          "a message of 65520 bytes is too long for UDP",
        ]);
        assertEquals(left.transport.counters.unsendable, 3);
        // What comes by an interface that is not managed is counted, and goes nowhere.
        router.transport.removeInterface(11);
        left.send(plain);
        await until("the datagram", () => router.transport.counters.unknownInterface === 1);
        assertEquals(await router.packets(0), []);
      }),
  });
}

Deno.test({
  name: "a port that is taken is one line that says so, and nothing stays open",
  ...needed,
  fn: () =>
    withLine(async (line) => {
      const open = () => inNamespace(line.a, () => UdpSocketTransport.open({ interfaces: [] }));
      const first = open();
      assertThrows(open, Error, "cannot listen on 0.0.0.0:1698: another program, perhaps another RSVP node");
      await first.close();
      await open().close();
    }),
});

/** A node in a namespace. */
function node(
  transport: Transport,
  interfaces: InterfaceSettings[],
  routes: StaticRoute[],
  errors: string[],
): RsvpNode {
  const routing = new StaticRouting(routes);
  const onError = (error: Error) => errors.push(error.message);
  return new RsvpNode({ refreshIntervalMs: 500, module: defaultModule(), transport, routing, interfaces, onError });
}

for (const [name, { a, ra, rb, b, bits }] of Object.entries(FAMILIES)) {
  Deno.test({
    name:
      `${name}: RFC 2205 appendix C: a host without raw IP, behind a router that has both, beside one that has raw IP`,
    ...needed,
    fn: () =>
      withLine(async (line) => {
        const errors: string[] = [];
        const anywhere = name === "IPv4" ? "0.0.0.0/0" : "::/0", host = name === "IPv4" ? 32 : 128;
        const device = (handle: number, name: string, address: string): LinuxInterface => {
          return { interface: handle, name, addresses: [`${address}/${bits}`] };
        };
        const routesOfHost = (own: string, gateway: string) => [
          { prefix: `${own}/${host}`, local: true },
          { prefix: anywhere, interface: 1, gateway },
        ];
        const leftInterface = device(1, "to-r", a);
        const rawLeft = inNamespace(line.a, () => RawTransport.open({ interfaces: [leftInterface] }));
        const left = node(rawLeft, [leftInterface], routesOfHost(a, ra), errors);
        const routerInterfaces = [device(21, "to-a", ra), device(22, "to-b", rb)];
        const both = inNamespace(line.r, () => {
          const options = { interfaces: routerInterfaces };
          return new DualTransport(RawTransport.open(options), UdpSocketTransport.open(options));
        });
        const router = node(both, [routerInterfaces[0], { ...routerInterfaces[1], udp: "also" }], [
          { prefix: `${a}/${bits}`, interface: 21 },
          { prefix: `${b}/${bits}`, interface: 22 },
        ], errors);
        const rightInterface = device(1, "to-r", b);
        const udpRight = inNamespace(line.b, () => UdpSocketTransport.open({ interfaces: [rightInterface] }));
        const udpOnly = { ...rightInterface, udp: "only", udpNextHop: rb } as const;
        const right = node(udpRight, [udpOnly], routesOfHost(b, rb), errors);

        // Both ways: each host sends, the other reserves.
        for (const [from, to, source, destination] of [[left, right, a, b], [right, left, b, a]] as const) {
          const address = { destination, port: 5004 };
          const events: string[] = [];
          const receiver = to.session(address).on(({ kind }) => events.push(kind));
          from.session(address).sender({ ...TOKEN_BUCKET, port: 4000 });
          await until("the Path", () => events.includes("PATH_EVENT"));
          const senders = [{ address: source, port: 4000 }];
          receiver.reserve({ style: "FF", flowspec: TOKEN_BUCKET, senders, confirm: true });
          await until("the ResvConf", () => events.includes("RESV_CONFIRM"));
          assertEquals(from.inspect("installed").length, 1);
        }
        assertEquals(router.inspect("installed").map((row) => row.interface).sort(), [21, 22]);
        assertEquals(errors, []);
        const { raw, udp } = both as unknown as { raw: RawTransport; udp: UdpSocketTransport };
        for (const { counters } of [raw, udp]) assert(counters.received > 0 && counters.sent > 0);
        for (const each of [left, router, right]) {
          each.close();
          await each.transport.close();
        }
        assertEquals(await run("ip", "netns", "exec", line.r, "ss", "-Huln"), "");
      }),
  });
}
