/** host/linux/kernel_routing.ts against the kernel. */
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { needs } from "../require.ts";
import { formatAddress, isMulticast, parseAddress } from "../../host/address.ts";
import { joinChanges, KernelRouting, type MulticastRoute } from "../../host/linux/kernel_routing.ts";
import { LinkWatcher } from "../../host/linux/links.ts";
import { NetlinkBatch, NetlinkSocket, NLM } from "../../host/linux/netlink.ts";
import { Poller } from "../../host/linux/poller.ts";
import type { RouteAnswer, RouteChange } from "../../host/routing/routing.ts";
import { parsePrefix } from "../../host/address.ts";
import { inNamespace, ip, run, until, withNamespaces } from "./namespace.ts";
import { openMulticastForwarding } from "./multicast_forwarding.ts";

const linux = needs("linux", "netAdmin", "namespaces");
const fails = (error: Error) => {
  throw error;
};

interface World {
  routing: KernelRouting;
  links: LinkWatcher;
  namespace: string;
  /** Prefixes announced so far. */
  changes: string[];
  /** The answer in words: `1 via 10.1.0.2`, `local`, `none`; multicast: `in 1 out 2,3`. */
  ask(
    destination: string,
    source?: string,
    ports?: { protocol: number; sourcePort: number; destinationPort: number },
  ): string;
}

/** A machine with interfaces one, two and three (handles 1 to 3) at 10.N.0.1/24 and 2001:db8:N::1/64; neighbours are .2. */
async function world(body: (world: World) => Promise<void>, multicast: readonly MulticastRoute[] = []): Promise<void> {
  await withNamespaces(["a"], async ({ a }) => {
    await run("ip", "netns", "exec", a, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
    for (const [index, name] of ["one", "two", "three"].entries()) {
      await ip(a, `link add ${name} type veth peer name ${name}-peer`);
      await ip(a, `link set ${name}-peer up`);
      // Without a link-local address of its own making, which would be announced when it is found to be the only one.
      await ip(a, `link set ${name} addrgenmode none up`);
      await ip(a, `address add 10.${index + 1}.0.1/24 dev ${name}`);
      await ip(a, `address add 2001:db8:${index + 1}::1/64 dev ${name} nodad`);
    }
    const poller = new Poller();
    const interfaces = ["one", "two", "three"].map((name, index) => ({ name, handle: index + 1 }));
    const changes: string[] = [];
    const { links, routing } = inNamespace(a, () => {
      const links = new LinkWatcher({ interfaces, poller, onError: fails });
      return { links, routing: new KernelRouting({ links, multicast, poller, onError: fails }) };
    });
    routing.onChange(({ prefix, prefixLength, family }) =>
      changes.push(`${formatAddress(prefix, family)}/${prefixLength}`)
    );
    const ask: World["ask"] = (destination, source = "", ports) => {
      const { bytes, family } = parseAddress(destination);
      let given: RouteAnswer | undefined;
      routing.query({
        destination: bytes,
        family,
        source: source === "" ? new Uint8Array(16) : parseAddress(source).bytes,
        multicast: isMulticast(bytes, family) ? 1 : 0,
        ...(ports ?? { protocol: 17, sourcePort: 0, destinationPort: 0 }),
      }, (answer) => given = answer);
      return inWords(given!);
    };
    try {
      await until("carriers", () => links.states.every(({ up, addresses }) => up && addresses.length === 2));
      await quiet(changes);
      await body({ routing, links, namespace: a, changes, ask });
    } finally {
      routing.close();
      links.close();
      await poller.idle();
    }
  });
}

/** Waits until nothing has been announced for a while, and forgets what was. */
async function quiet(changes: string[]): Promise<void> {
  do {
    changes.length = 0;
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while (changes.length > 0);
}

function inWords({ found, local, incomingInterface, hops }: RouteAnswer): string {
  if (!found) return "none";
  if (incomingInterface !== undefined) {
    return `in ${incomingInterface} out ${hops.map((hop) => hop.interface).join()}${local ? " local" : ""}`;
  }
  if (local) return "local";
  return hops.map((hop) => `${hop.interface}${hop.gateway ? ` via ${formatAddress(hop.gateway, hop.family!)}` : ""}`)
    .join();
}

Deno.test({
  name: "kernel routing: on the link, by a gateway, local, none, forbidden; IPv4 and IPv6",
  ...linux,
  fn: () =>
    world(async ({ ask, namespace: a }) => {
      await ip(a, "route add 10.20.0.0/16 via 10.2.0.2");
      await ip(a, "route add blackhole 10.30.0.0/16");
      await ip(a, "-6 route add 2001:db8:20::/48 via 2001:db8:2::2");
      await ip(a, "-6 route add unreachable 2001:db8:30::/48");
      await ip(a, "route add 10.40.0.0/16 via inet6 2001:db8:3::2");
      const cases: [string, string][] = [
        ["10.1.0.7", "1"],
        ["10.20.1.1", "2 via 10.2.0.2"],
        ["10.1.0.1", "local"],
        ["127.0.0.1", "local"],
        ["10.30.1.1", "none"],
        ["192.0.2.1", "none"],
        ["10.1.0.255", "none"],
        ["2001:db8:1::7", "1"],
        ["2001:db8:20::1", "2 via 2001:db8:2::2"],
        ["2001:db8:3::1", "local"],
        ["2001:db8:30::1", "none"],
        ["2001:db8:40::1", "none"],
        ["10.40.0.1", "3 via 2001:db8:3::2"],
      ];
      assertEquals(cases.map(([destination]) => [destination, ask(destination)]), cases);
    }),
});

Deno.test({
  name: "kernel routing: rules on the sender and on its incoming interface are followed",
  ...linux,
  fn: () =>
    world(async ({ ask, namespace: a }) => {
      await ip(a, "route add 10.20.0.0/16 via 10.2.0.2");
      await ip(a, "route add 10.20.0.0/16 via 10.3.0.2 table 100");
      await ip(a, "rule add from 10.1.0.9 table 100");
      assertEquals(ask("10.20.0.1", "10.1.0.8"), "2 via 10.2.0.2");
      assertEquals(ask("10.20.0.1", "10.1.0.9"), "3 via 10.3.0.2");
      await ip(a, "rule add iif one table 100");
      assertEquals(ask("10.20.0.1", "10.1.0.8"), "3 via 10.3.0.2");
      assertEquals(ask("10.20.0.1", "10.1.0.1"), "2 via 10.2.0.2");
      await ip(a, "-6 route add 2001:db8:20::/48 via 2001:db8:2::2");
      await ip(a, "-6 route add 2001:db8:20::/48 via 2001:db8:3::2 table 100");
      await ip(a, "-6 rule add iif one table 100");
      assertEquals(ask("2001:db8:20::1", "2001:db8:1::9"), "3 via 2001:db8:3::2");
      assertEquals(ask("2001:db8:20::1"), "2 via 2001:db8:2::2");
    }),
});

Deno.test({
  name: "kernel routing: of several ways the one that the kernel chooses for the flow, ports included",
  ...linux,
  fn: () =>
    world(async ({ ask, namespace: a }) => {
      await run("ip", "netns", "exec", a, "sysctl", "-qw", "net.ipv4.fib_multipath_hash_policy=1");
      await ip(a, "route add 10.20.0.0/16 nexthop via 10.2.0.2 nexthop via 10.3.0.2");
      const taken = new Set<string>();
      for (let port = 5000; port < 5040; port++) {
        const ports = { protocol: 17, sourcePort: 4000, destinationPort: port };
        const ours = ask("10.20.0.1", "10.1.0.9", ports);
        const line = `-j route get 10.20.0.1 from 10.1.0.9 iif one ipproto udp sport 4000 dport ${port}`;
        const [kernel] = JSON.parse(await ip(a, line));
        assertEquals(ours, `${kernel.dev === "two" ? 2 : 3} via ${kernel.gateway}`);
        taken.add(ours);
      }
      assertEquals(taken.size, 2);
    }),
});

Deno.test({
  name: "kernel routing: a host, which forwards nothing, answers for other senders as for itself",
  ...linux,
  fn: () =>
    world(async ({ ask, namespace: a }) => {
      await run("ip", "netns", "exec", a, "sysctl", "-qw", "net.ipv4.ip_forward=0");
      assertEquals(ask("10.2.0.9", "10.1.0.9"), "2");
      assertEquals(ask("10.1.0.1", "10.1.0.9"), "local");
    }),
});

Deno.test({
  name: "kernel routing: routes that come, go or are replaced are announced with their own prefix",
  ...linux,
  fn: () =>
    world(async ({ changes, namespace: a }) => {
      const announced = async (line: string, prefix: string) => {
        await quiet(changes);
        await ip(a, line);
        await until(`${line}: ${prefix}`, () => changes.length > 0);
        assertEquals(changes, [prefix]);
      };
      await announced("route add 10.20.0.0/16 via 10.2.0.2", "10.20.0.0/16");
      await announced("route replace 10.20.0.0/16 via 10.3.0.2", "10.20.0.0/16");
      await announced("route del 10.20.0.0/16", "10.20.0.0/16");
      await announced("route add default via 10.2.0.2", "0.0.0.0/0");
      await announced("-6 route add 2001:db8:20::/48 via 2001:db8:2::2", "2001:db8:20::/48");
      await announced("-6 route del 2001:db8:20::/48", "2001:db8:20::/48");
      await announced("rule add to 10.50.0.0/16 table 100", "10.50.0.0/16");
      await announced("rule add from 10.1.0.9 table 100", "0.0.0.0/0");
      await announced("address add 10.60.0.1/32 dev lo", "10.60.0.1/32");
    }),
});

Deno.test({
  name: "kernel routing: a link that goes down, and comes back, has everything asked for again",
  ...linux,
  fn: () =>
    world(async ({ changes, ask, namespace: a }) => {
      await ip(a, "route add 10.20.0.0/16 nexthop via 10.2.0.2 nexthop via 10.3.0.2");
      await until("announced", () => changes.length > 0);
      for (const [line, answer] of [["link set two down", "3 via 10.3.0.2"], ["link set two up", ""]]) {
        changes.length = 0;
        await ip(a, line);
        await until(line, () => changes.includes("0.0.0.0/0") && changes.includes("::/0"));
        if (answer) assertEquals(ask("10.20.0.1"), answer);
      }
    }),
});

Deno.test({
  name:
    "kernel routing: a link that loses its carrier is left as soon as the kernel leaves it, which tells of no route",
  ...linux,
  fn: () =>
    world(async ({ changes, ask, namespace: a }) => {
      const setting = "net.ipv4.conf.all.ignore_routes_with_linkdown=1";
      await run("ip", "netns", "exec", a, "sysctl", "-qw", setting);
      await ip(a, "route add 10.20.0.0/16 via 10.2.0.2 metric 10");
      await ip(a, "route add 10.20.0.0/16 via 10.3.0.2 metric 20");
      await until("announced", () => changes.includes("10.20.0.0/16"));
      assertEquals(ask("10.20.0.1"), "2 via 10.2.0.2");
      changes.length = 0;
      await ip(a, "link set two-peer down");
      await until("announced", () => changes.includes("0.0.0.0/0"));
      assertEquals(ask("10.20.0.1"), "3 via 10.3.0.2");
    }),
});

Deno.test({
  name: "kernel routing: multicast by the kernel's forwarding entries, which are announced as they come and go",
  ...linux,
  fn: () =>
    world(async ({ changes, ask, namespace: a, links }) => {
      const forwarding = inNamespace(a, () => openMulticastForwarding(4));
      try {
        const [one, two, three] = [1, 2, 3].map((handle) => forwarding.addInterface(links.indexOf(handle)));
        assertEquals(ask("239.1.1.1", "10.1.0.9"), "in 1 out ");
        await quiet(changes);
        forwarding.addRoute("10.1.0.9", "239.1.1.1", one, [two, three]);
        await until("announced", () => changes.length > 0);
        assertEquals(changes, ["239.1.1.1/32"]);
        assertEquals(ask("239.1.1.1", "10.1.0.9"), "in 1 out 2,3");
        // Data may come in elsewhere than the way back to the sender leads.
        forwarding.addRoute("10.1.0.9", "239.1.1.1", three, [two]);
        await until("replaced", () => ask("239.1.1.1", "10.1.0.9") === "in 3 out 2");
        assertEquals(ask("239.1.1.1", "10.1.0.8"), "in 1 out ");
        forwarding.deleteRoute("10.1.0.9", "239.1.1.1", three);
        await until("deleted", () => ask("239.1.1.1", "10.1.0.9") === "in 1 out ");
      } finally {
        forwarding.close();
      }
    }),
});

Deno.test({
  name: "kernel routing: the same for IPv6, with what was there before the start",
  ...linux,
  fn: () =>
    world(async ({ routing, ask, namespace: a, links }) => {
      const forwarding = inNamespace(a, () => openMulticastForwarding(6));
      try {
        const [one, two] = [1, 2].map((handle) => forwarding.addInterface(links.indexOf(handle)));
        forwarding.addRoute("2001:db8:1::9", "ff0e::1", one, [two]);
        await until("known", () => ask("ff0e::1", "2001:db8:1::9") === "in 1 out 2");
        const again = inNamespace(a, () => new KernelRouting({ links, onError: fails }));
        again.close();
        routing.refresh();
        assertEquals(ask("ff0e::1", "2001:db8:1::9"), "in 1 out 2");
      } finally {
        forwarding.close();
      }
    }),
});

Deno.test({
  name: "kernel routing: multicast by the configuration, narrowest first, where the kernel has no entry",
  ...linux,
  fn: () =>
    world(async ({ routing, changes, ask }) => {
      assertEquals(ask("239.1.2.3", "10.1.0.9"), "in 1 out 2,3");
      assertEquals(ask("239.1.2.3", "10.2.0.9"), "in 2 out 1 local");
      assertEquals(ask("239.9.9.9", "10.1.0.9"), "in 3 out 2");
      assertEquals(ask("224.5.5.5", "10.1.0.9"), "in 1 out ");
      // Of our own data: as configured, or as the kernel would send them.
      assertEquals(ask("239.1.2.3", "10.1.0.1"), "in 0 out 1,2,3");
      routing.setMulticast([{ group: "239.1.2.3", outgoing: ["two"] }]);
      await until("announced", () => changes.length > 0);
      assertEquals(changes, ["239.0.0.0/8"]);
      assertEquals(ask("239.1.2.3", "10.1.0.9"), "in 1 out 2");
      assertThrows(() => routing.setMulticast([{ group: "10.0.0.0/8" }]), RangeError, "no multicast group");
    }, [
      { group: "239.0.0.0/8", incoming: "three", outgoing: ["two"] },
      { group: "239.1.2.3", outgoing: ["one", "two", "three"] },
      { group: "239.1.2.3", source: "10.2.0.0/16", outgoing: ["one"], local: true },
    ]),
});

Deno.test({
  name: "kernel routing: where notifications were lost, interfaces are read anew and everything is asked for again",
  ...linux,
  fn: () =>
    world(async ({ changes, links, namespace: a }) => {
      const socket = inNamespace(a, () => new NetlinkSocket());
      const [RTM_NEWADDR, RTM_DELADDR, IFA_LOCAL] = [20, 21, 2];
      const address = (batch: NetlinkBatch, type: number, last: number) =>
        batch.begin(type, NLM.ACK | NLM.CREATE).u8(2).u8(32).u8(0).u8(0).u32(links.indexOf(1))
          .attribute(IFA_LOCAL, Uint8Array.of(10, 9, 9, last)).end();
      // Within one turn of the runtime, so that nothing is read meanwhile: more than any queue holds.
      const batch = new NetlinkBatch();
      for (let index = 0; index < 20_000; index++) {
        address(batch, RTM_NEWADDR, 1);
        address(batch, RTM_DELADDR, 1);
      }
      address(batch, RTM_NEWADDR, 2);
      assertEquals(socket.transact(batch), []);
      socket.close();
      await until(
        "address",
        () => links.links.some((link) => link.addresses.some(({ text }) => text === "10.9.9.2/32")),
      );
      await until("announced", () => changes.includes("0.0.0.0/0") && changes.includes("::/0"));
      assert(links.links.every((link) => link.addresses.every(({ text }) => text !== "10.9.9.1/32")));
    }),
});

Deno.test("kernel routing: changes that others cover are left out, and too many become the prefix that they share", () => {
  const words = (changes: RouteChange[]) =>
    joinChanges(changes).map(({ prefix, prefixLength, family }) => `${formatAddress(prefix, family)}/${prefixLength}`);
  const prefixes = (...texts: string[]) => texts.map((text) => parsePrefix(text));
  assertEquals(words(prefixes("10.1.1.0/24", "10.1.0.0/16", "10.1.1.0/24", "::/0", "2001:db8::/32", "10.2.0.0/16")), [
    "10.1.0.0/16",
    "10.2.0.0/16",
    "::/0",
  ]);
  const many = Array.from({ length: 100 }, (_, index) => `10.1.${index + 128}.0/24`);
  assertEquals(words(prefixes(...many, "2001:db8::/32")), ["10.1.128.0/17", "2001:db8::/32"]);
  assert(words([]).length === 0);
});
