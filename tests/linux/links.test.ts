/** host/linux/links.ts against the kernel. */
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { needs } from "../require.ts";
import { handleOfName, type LinkState, LinkWatcher, type ManagedInterface } from "../../host/linux/links.ts";
import { Poller } from "../../host/linux/poller.ts";
import { inNamespace, ip, until, withNamespaces } from "./namespace.ts";

const fails = (error: Error) => {
  throw error;
};

async function watched(
  interfaces: readonly ManagedInterface[] | undefined,
  body: (watcher: LinkWatcher, seen: LinkState[], namespace: string) => Promise<void>,
): Promise<void> {
  await withNamespaces(["a"], async ({ a }) => {
    await ip(a, "link add left type veth peer name right");
    const poller = new Poller();
    const watcher = inNamespace(a, () => new LinkWatcher({ interfaces, poller, onError: fails }));
    const seen: LinkState[] = [];
    watcher.onChange((state) => seen.push(state));
    try {
      await body(watcher, seen, a);
    } finally {
      watcher.close();
      await poller.idle();
    }
  });
}

const linux = needs("linux", "netAdmin", "namespaces");

Deno.test({
  name: "links: addresses, MTU and carrier are followed as they change",
  ...linux,
  fn: () =>
    watched([{ name: "left", handle: 7 }], async (watcher, seen, a) => {
      assertEquals(watcher.states.map(({ name, interface: handle, up }) => [name, handle, up]), [["left", 7, false]]);
      const state = () => watcher.state(7)!;
      await ip(a, "link set left up");
      await ip(a, "link set right up");
      await until("left is up", () => state().up);
      await ip(a, "address add 10.1.0.1/24 dev left");
      await ip(a, "address add 10.1.0.9/24 dev left");
      await ip(a, "address add 2001:db8::1/64 dev left nodad");
      await until("addresses", () => state().addresses.length === 3);
      const [four, six, linkLocal] = state().addresses;
      assertEquals([four, six], ["10.1.0.1/24", "2001:db8::1/64"]);
      assert(/^fe80::.*\/64$/.test(linkLocal), linkLocal);
      await ip(a, "link set left mtu 1400");
      await until("MTU", () => state().mtuBytes === 1400);
      await ip(a, "address del 10.1.0.1/24 dev left");
      // The kernel takes secondary addresses away with their primary one.
      await until("no IPv4 address", () => state().addresses.every((text) => text.includes(":")));
      await ip(a, "link set right down");
      await until("no carrier", () => !state().up);
      assert(seen.every((one) => one.interface === 7), JSON.stringify(seen));
    }),
});

Deno.test({
  name: "links: an IPv6 address counts once the kernel has found no double of it",
  ...linux,
  fn: () =>
    watched([{ name: "left" }], async (watcher, seen, a) => {
      await ip(a, "link set left up");
      await ip(a, "link set right up");
      await ip(a, "address add 2001:db8::1/64 dev left");
      const state = () => watcher.states[0];
      await until("address", () => state().addresses.includes("2001:db8::1/64"));
      const shown = JSON.parse(await ip(a, "-j -6 address show dev left"));
      const info = shown[0].addr_info.find(({ local }: { local: string }) => local === "2001:db8::1");
      assert(!info.tentative, JSON.stringify(info));
      assert(seen.length > 0);
    }),
});

Deno.test({
  name: "links: one that goes keeps its handle, and has it again when it is made again under another number",
  ...linux,
  fn: () =>
    watched([{ name: "left" }, { name: "absent" }], async (watcher, seen, a) => {
      const handle = watcher.handleNamed("left");
      assertEquals(handle, handleOfName("left"));
      assertEquals(watcher.state(watcher.handleNamed("absent"))?.index, 0);
      await ip(a, "address add 10.1.0.1/24 dev left");
      await until("address", () => watcher.state(handle)!.addresses.length === 1);
      const first = watcher.indexOf(handle);
      assertEquals(watcher.handleOf(first), handle);
      await ip(a, "link del left");
      await until("gone", () => watcher.indexOf(handle) === 0);
      const gone = seen.at(-1)!;
      assertEquals([gone.interface, gone.up, gone.addresses, watcher.handleOf(first)], [handle, false, [], 0]);
      await ip(a, "link add left type veth peer name right");
      await until("there again", () => watcher.indexOf(handle) > 0);
      assert(watcher.indexOf(handle) !== first);
      assertEquals(watcher.handleOf(watcher.indexOf(handle)), handle);
    }),
});

Deno.test({
  name: "links: a link that is renamed leaves its old name's handle and takes that of its new name",
  ...linux,
  fn: () =>
    watched([{ name: "left", handle: 1 }, { name: "uplink", handle: 2 }], async (watcher, _seen, a) => {
      const index = watcher.indexOf(1);
      await ip(a, "link set left name uplink");
      await until("renamed", () => watcher.indexOf(2) === index);
      assertEquals([watcher.indexOf(1), watcher.handleOf(index)], [0, 2]);
    }),
});

Deno.test({
  name: "links: without a list every interface but the loopback is managed, also one that comes later",
  ...linux,
  fn: () =>
    watched(undefined, async (watcher, seen, a) => {
      assertEquals(watcher.states.map(({ name }) => name).sort(), ["left", "right"]);
      await ip(a, "link add third type veth peer name fourth");
      await until("both", () => watcher.handleNamed("third") > 0 && watcher.handleNamed("fourth") > 0);
      assert(seen.some(({ name }) => name === "third"));
      watcher.manage([{ name: "right", handle: 3 }]);
      assertEquals(watcher.states.map(({ name, interface: handle }) => [name, handle]), [["right", 3]]);
      const lost = seen.filter(({ up, index }) => !up && index === 0).map(({ name }) => name).sort();
      assertEquals(lost.filter((name) => name !== "right"), ["fourth", "left", "third"]);
    }),
});

Deno.test("links: a handle belongs to a name, whatever else there is, and no two interfaces share one", () => {
  assertEquals([handleOfName("eth0"), handleOfName("eth1")].map((handle) => handle >= 1 && handle <= 1023), [
    true,
    true,
  ]);
  assert(handleOfName("eth0") !== handleOfName("eth1"));
});

Deno.test({
  name: "links: a handle that is given twice is refused by name",
  ...linux,
  fn() {
    const twice = [{ name: "eth0", handle: 1 }, { name: "eth1", handle: 1 }];
    assertThrows(() => new LinkWatcher({ interfaces: twice, onError: fails }), RangeError, "eth0 and eth1");
  },
});
