/** host/linux/netlink.ts against the kernel. */
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { needs } from "../require.ts";
import {
  NETLINK,
  NetlinkBatch,
  NetlinkEvents,
  type NetlinkMessage,
  NetlinkSocket,
  NLM,
  readAttributes,
  readText,
  readU32,
} from "../../host/linux/netlink.ts";
import { Poller } from "../../host/linux/poller.ts";
import { inNamespace, run, withNamespaces } from "./namespace.ts";

const [RTM_NEWLINK, RTM_GETLINK, RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR] = [16, 18, 20, 21, 22];
const [RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR] = [1, 5];
const [IFLA_IFNAME, IFLA_LINKINFO, IFLA_INFO_KIND, IFLA_INFO_DATA, VETH_INFO_PEER] = [3, 18, 1, 2, 1];
const [IFA_ADDRESS, IFA_LOCAL] = [1, 2];
const LOOPBACK = 1;

function vethPair(name: string, peer: string): NetlinkBatch {
  return new NetlinkBatch().begin(RTM_NEWLINK, NLM.ACK | NLM.CREATE | NLM.EXCL).zeros(16).text(IFLA_IFNAME, name)
    .nest(IFLA_LINKINFO, (info) => {
      info.text(IFLA_INFO_KIND, "veth").nest(IFLA_INFO_DATA, (data) => {
        data.nest(VETH_INFO_PEER, (inside) => inside.zeros(16).text(IFLA_IFNAME, peer));
      });
    }).end();
}

function addAddress(batch: NetlinkBatch, address: Uint8Array): void {
  batch.begin(RTM_NEWADDR, NLM.ACK | NLM.CREATE | NLM.EXCL).u8(2).u8(32).u8(0).u8(0).u32(LOOPBACK)
    .attribute(IFA_LOCAL, address).attribute(IFA_ADDRESS, address).end();
}

/** 10.0.high.low for numbers from 1 on. */
function numbered(index: number): Uint8Array {
  return Uint8Array.of(10, 0, index >> 8, index & 255);
}

function linkNames(socket: NetlinkSocket): string[] {
  const names: string[] = [];
  const batch = new NetlinkBatch().begin(RTM_GETLINK, NLM.DUMP).zeros(16).end();
  socket.dump(batch, "interfaces", ({ body }) => {
    names.push(readText(readAttributes(body, 16).get(IFLA_IFNAME)!));
  }, () => names.length = 0);
  return names;
}

function addressCount(socket: NetlinkSocket): number {
  let count = 0;
  const batch = new NetlinkBatch().begin(RTM_GETADDR, NLM.DUMP).u8(2).zeros(7).end();
  socket.dump(batch, "addresses", () => count++, () => count = 0);
  return count;
}

Deno.test({
  name: "netlink: a request with nested attributes is carried out, and what it made is in a dump",
  ...needs("linux", "netAdmin", "namespaces"),
  fn: () =>
    withNamespaces(["a"], ({ a }) => {
      const socket = inNamespace(a, () => new NetlinkSocket());
      socket.execute(vethPair("left", "right"), "a veth pair");
      assertEquals(linkNames(socket).filter((name) => name !== "lo").sort(), ["left", "right"]);
      socket.close();
    }),
});

Deno.test({
  name: "netlink: a batch of more messages than go in one send is carried out, but for those that the kernel refuses",
  ...needs("linux", "netAdmin", "namespaces"),
  fn: () =>
    withNamespaces(["a"], ({ a }) => {
      const socket = inNamespace(a, () => new NetlinkSocket());
      const batch = new NetlinkBatch();
      for (let index = 1; index <= 300; index++) addAddress(batch, numbered(index === 200 ? 7 : index));
      const failures = socket.transact(batch);
      assertEquals(failures.map(({ index, errorNumber }) => [index, errorNumber]), [[199, 17]]);
      // 127.0.0.1 is there besides.
      assertEquals(addressCount(socket), 300);
      socket.close();
    }),
});

Deno.test({
  name: "netlink: the kernel's own words are in the error, after what was being done",
  ...needs("linux", "netAdmin", "namespaces"),
  fn: () =>
    withNamespaces(["a"], ({ a }) => {
      const socket = inNamespace(a, () => new NetlinkSocket());
      const batch = new NetlinkBatch().begin(RTM_NEWADDR, NLM.ACK | NLM.CREATE).u8(2).u8(33).u8(0).u8(0).u32(LOOPBACK)
        .attribute(IFA_LOCAL, numbered(1)).end();
      const error = assertThrows(() => socket.execute(batch, "an address of 33 bits"), Error) as Error;
      assert(/^an address of 33 bits: .*[Pp]refix.* \(Invalid argument\)$/.test(error.message), error.message);
      socket.close();
    }),
});

Deno.test({
  name: "netlink: nf_tables takes a transaction whole or not at all",
  ...needs("linux", "netAdmin", "namespaces"),
  fn: () =>
    withNamespaces(["a"], ({ a }) => {
      const socket = inNamespace(a, () => new NetlinkSocket({ protocol: NETLINK.NETFILTER }));
      const [NEWTABLE, GETTABLE, DELTABLE, TABLE_NAME, BEGIN, END, SUBSYSTEM] = [0, 1, 2, 1, 16, 17, 10];
      const header = (batch: NetlinkBatch, type: number, flags: number) =>
        batch.begin((SUBSYSTEM << 8) | type, flags).u8(2).u8(0).u16be(0);
      const transaction = (fill: (batch: NetlinkBatch) => void) => {
        const batch = new NetlinkBatch().begin(BEGIN, 0).u8(0).u8(0).u16be(SUBSYSTEM).end();
        fill(batch);
        batch.begin(END, 0).u8(0).u8(0).u16be(SUBSYSTEM).end();
        return socket.transact(batch, { together: true });
      };
      const tables = () => {
        const names: string[] = [];
        const batch = header(new NetlinkBatch(), GETTABLE, NLM.DUMP).end();
        socket.dump(
          batch,
          "tables",
          ({ body }) => names.push(readText(readAttributes(body, 4).get(TABLE_NAME)!)),
          () => {
            names.length = 0;
          },
        );
        return names;
      };
      const refused = transaction((batch) => {
        header(batch, NEWTABLE, NLM.ACK | NLM.CREATE).text(TABLE_NAME, "one").end();
        header(batch, DELTABLE, NLM.ACK).text(TABLE_NAME, "missing").end();
      });
      assertEquals(refused.map(({ index, errorNumber }) => [index, errorNumber]), [[2, 2]]);
      assertEquals(tables(), []);
      assertEquals(transaction((batch) => header(batch, NEWTABLE, NLM.ACK).text(TABLE_NAME, "two").end()), []);
      assertEquals(tables(), ["two"]);
      socket.close();
    }),
});

Deno.test({
  name: "netlink: what a dump asks for is one answer for a single question, or the kernel's refusal",
  ...needs("linux", "netAdmin", "namespaces"),
  fn: () =>
    withNamespaces(["a"], ({ a }) => {
      const socket = inNamespace(a, () => new NetlinkSocket());
      const question = (index: number) =>
        new NetlinkBatch().begin(RTM_GETLINK, 0).u8(0).u8(0).u16(0).u32(index).u32(0).u32(0).end();
      const found = socket.ask(question(LOOPBACK)) as NetlinkMessage;
      assertEquals([found.type, readU32(found.body, 4)], [RTM_NEWLINK, LOOPBACK]);
      assertEquals((socket.ask(question(4711)) as { errorNumber: number }).errorNumber, 19);
      socket.close();
    }),
});

Deno.test({
  name: "netlink: notifications come as things change, and no thread is left once the subscription is closed",
  ...needs("linux", "netAdmin", "namespaces"),
  fn: () =>
    withNamespaces(["a"], async ({ a }) => {
      const poller = new Poller();
      const seen: string[] = [];
      let arrived = () => {};
      const events = inNamespace(a, () =>
        new NetlinkEvents({
          groups: [RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR],
          poller,
          onMessages: (messages) => {
            for (const { type } of messages) {
              seen.push({ [RTM_NEWLINK]: "link", [RTM_NEWADDR]: "address" }[type] ?? `type ${type}`);
            }
            if (seen.includes("link") && seen.includes("address")) arrived();
          },
          onLost: () => seen.push("lost"),
          onError: (error) => seen.push(error.message),
        }));
      const both = new Promise<void>((resolve) => arrived = resolve);
      await run("ip", "-n", a, "link", "add", "left", "type", "veth", "peer", "name", "right");
      await run("ip", "-n", a, "address", "add", "10.1.0.1/24", "dev", "left");
      await both;
      assert(seen.every((word) => word === "link" || word === "address"), seen.join());
      events.close();
      await poller.idle();
    }),
});

Deno.test({
  name: "netlink: notifications that were lost because nobody read them are told of",
  ...needs("linux", "netAdmin", "namespaces"),
  fn: () =>
    withNamespaces(["a"], async ({ a }) => {
      const poller = new Poller();
      const socket = inNamespace(a, () => new NetlinkSocket());
      let lost = 0;
      let told = () => {};
      const waited = new Promise<void>((resolve) => told = resolve);
      const events = inNamespace(a, () =>
        new NetlinkEvents({
          groups: [RTNLGRP_IPV4_IFADDR],
          poller,
          onMessages: () => {},
          onLost: () => {
            lost++;
            told();
          },
          onError: (error) => {
            throw error;
          },
        }));
      // Within one turn of the runtime, so that nothing is read between them.
      const batch = new NetlinkBatch();
      for (let index = 0; index < 15_000; index++) {
        addAddress(batch, numbered(1));
        batch.begin(RTM_DELADDR, NLM.ACK).u8(2).u8(32).u8(0).u8(0).u32(LOOPBACK).attribute(IFA_LOCAL, numbered(1))
          .end();
      }
      socket.transact(batch);
      await waited;
      assert(lost > 0);
      events.close();
      socket.close();
      await poller.close();
    }),
});
