import { formatAddress, parseAddress } from "../host/address.ts";
import type { Packet } from "../host/transport/transport.ts";
import { type UdpAddress, UdpOpenError, UdpTransport } from "../host/transport/udp.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "./assert.ts";
import { loopback } from "./loopback.ts";
import { needs } from "./require.ts";

/** A network for each test. */
const N = [0, 1, 2, 3, 4, 5].map(loopback);

/** A packet as the engine's SEND would describe it. */
function packet(from: string, to: string, encapsulation: number, payload: Uint8Array, interfaceHandle = 1): Packet {
  const { bytes: source, family } = parseAddress(from);
  const destination = parseAddress(to).bytes;
  return { interface: interfaceHandle, source, destination, family, ttl: 63, encapsulation, routerAlert: 0, payload };
}

/** Collects what arrives and lets a test wait for it. */
function inbox(transport: UdpTransport): { packets: Packet[]; wait(count: number): Promise<void> } {
  const packets: Packet[] = [];
  let wake = () => {};
  transport.onPackets((arrived) => {
    packets.push(...arrived);
    wake();
  });
  return {
    packets,
    async wait(count) {
      const deadline = Date.now() + 3000;
      while (packets.length < count) {
        if (Date.now() > deadline) throw new Error(`${packets.length} of ${count} packets arrived`);
        let timer: ReturnType<typeof setTimeout> | undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
          timer = setTimeout(resolve, 100);
        });
        clearTimeout(timer);
      }
    },
  };
}

/** There is one ::1 only: another run of these tests may hold it for a moment. */
async function openPatiently(addresses: readonly UdpAddress[]): Promise<UdpTransport> {
  for (let attempt = 0;; attempt++) {
    try {
      return await UdpTransport.open({ addresses });
    } catch (error) {
      if (!(error instanceof UdpOpenError) || error.code !== "EADDRINUSE" || attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Opens transports and closes them whatever happens. */
async function withTransports(
  addresses: { interface: number; address: string; prefixLength: number }[][],
  run: (...transports: UdpTransport[]) => Promise<void>,
): Promise<void> {
  const open: UdpTransport[] = [];
  try {
    for (const list of addresses) open.push(await openPatiently(list));
    await run(...open);
  } finally {
    for (const transport of open) await transport.close();
  }
}

Deno.test("a datagram to either port tells its interface, both addresses and its encapsulation", async () => {
  await withTransports([
    [{ interface: 1, address: `127.${N[0]}.1.1`, prefixLength: 24 }],
    [{ interface: 7, address: `127.${N[0]}.1.2`, prefixLength: 24 }, {
      interface: 9,
      address: `127.${N[0]}.2.2`,
      prefixLength: 24,
    }],
  ], async (a, b) => {
    const received = inbox(b);
    a.send(packet(`127.${N[0]}.1.1`, `127.${N[0]}.1.2`, 1, Uint8Array.of(1, 2, 3)));
    await received.wait(1);
    a.send(packet(`127.${N[0]}.1.1`, `127.${N[0]}.1.2`, 2, Uint8Array.of(4)));
    await received.wait(2);
    a.send(packet(`127.${N[0]}.1.1`, `127.${N[0]}.2.2`, 1, Uint8Array.of(5, 6)));
    await received.wait(3);
    assertEquals(
      received.packets.map((p) => ({
        interface: p.interface,
        source: formatAddress(p.source, p.family),
        destination: formatAddress(p.destination, p.family),
        ttl: p.ttl,
        encapsulation: p.encapsulation,
        payload: [...p.payload],
      })),
      [
        {
          interface: 7,
          source: `127.${N[0]}.1.1`,
          destination: `127.${N[0]}.1.2`,
          ttl: 0,
          encapsulation: 1,
          payload: [1, 2, 3],
        },
        {
          interface: 7,
          source: `127.${N[0]}.1.1`,
          destination: `127.${N[0]}.1.2`,
          ttl: 0,
          encapsulation: 2,
          payload: [4],
        },
        {
          interface: 9,
          source: `127.${N[0]}.1.1`,
          destination: `127.${N[0]}.2.2`,
          ttl: 0,
          encapsulation: 1,
          payload: [5, 6],
        },
      ],
    );
    assertEquals(a.counters.sent, 3);
    assertEquals(b.counters.received, 3);
  });
});

Deno.test("the source of a packet chooses the socket it leaves by; without one the destination's link does", async () => {
  await withTransports([
    [{ interface: 1, address: `127.${N[1]}.1.1`, prefixLength: 24 }, {
      interface: 2,
      address: `127.${N[1]}.2.1`,
      prefixLength: 24,
    }],
    [{ interface: 1, address: `127.${N[1]}.2.2`, prefixLength: 24 }],
  ], async (a, b) => {
    const received = inbox(b);
    a.send(packet(`127.${N[1]}.1.1`, `127.${N[1]}.2.2`, 1, Uint8Array.of(1)));
    await received.wait(1);
    a.send(packet("0.0.0.0", `127.${N[1]}.2.2`, 1, Uint8Array.of(2), 0));
    await received.wait(2);
    assertEquals(received.packets.map((p) => formatAddress(p.source, 4)), [`127.${N[1]}.1.1`, `127.${N[1]}.2.1`]);
  });
});

Deno.test("a group datagram reaches the nodes on the sender's link, on the right interface, and no others", async () => {
  await withTransports([
    [{ interface: 1, address: `127.${N[2]}.1.1`, prefixLength: 24 }],
    [{ interface: 3, address: `127.${N[2]}.1.2`, prefixLength: 24 }, {
      interface: 4,
      address: `127.${N[2]}.2.2`,
      prefixLength: 24,
    }],
    [{ interface: 5, address: `127.${N[2]}.2.3`, prefixLength: 24 }],
  ], async (a, b, c) => {
    const atB = inbox(b);
    const atC = inbox(c);
    a.send(packet(`127.${N[2]}.1.1`, "224.0.0.14", 1, Uint8Array.of(1)));
    await atB.wait(1);
    await b.joinGroup("239.1.2.3", 3);
    a.send(packet(`127.${N[2]}.1.1`, "239.1.2.3", 2, Uint8Array.of(2)));
    await atB.wait(2);
    assertEquals(
      atB.packets.map((p) => [p.interface, formatAddress(p.destination, 4), p.encapsulation, p.payload[0]]),
      [[3, "224.0.0.14", 1, 1], [3, "239.1.2.3", 2, 2]],
    );
    assertEquals(atC.packets.length, 0);
    assert(c.counters.offLink >= 1);
    await b.leaveGroup("239.1.2.3", 3);
  });
});

Deno.test("an address that is taken, or is not ours, is one line that says what to do, and nothing stays open", async () => {
  const address = { interface: 1, address: `127.${N[3]}.1.1`, prefixLength: 24 };
  await withTransports([[address]], async () => {
    const free = { interface: 2, address: `127.${N[3]}.1.2`, prefixLength: 24 };
    const error = await assertRejects(() => UdpTransport.open({ addresses: [free, address] }), UdpOpenError);
    assertEquals(error.code, "EADDRINUSE");
    assertStringIncludes(error.message, `cannot listen on 127.${N[3]}.1.1:1698: another program`);
    assert(!error.message.includes("\n"));
    // Would be refused if the failed attempt had kept its first address.
    await (await UdpTransport.open({ addresses: [free] })).close();
  });
  const foreign = [{ interface: 1, address: "198.51.100.77", prefixLength: 24 }];
  const error = await assertRejects(() => UdpTransport.open({ addresses: foreign }), UdpOpenError);
  assertEquals(error.code, "EADDRNOTAVAIL");
  assertStringIncludes(error.message, "198.51.100.77 is not an address of this machine");
  await assertRejects(
    () => UdpTransport.open({ addresses: [{ interface: 1, address: "localhost", prefixLength: 8 }] }),
    RangeError,
    "is not an IPv4 or IPv6 address",
  );
});

Deno.test("what UDP cannot send is counted and reported, never thrown", async () => {
  await withTransports([[{ interface: 1, address: `127.${N[4]}.1.1`, prefixLength: 24 }]], async (a) => {
    const errors: string[] = [];
    let reported = () => {};
    a.onError((error) => {
      errors.push(error.message);
      reported();
    });
    a.send(packet(`127.${N[4]}.1.1`, `127.${N[4]}.1.2`, 0, Uint8Array.of(1)));
    a.relay(packet(`127.${N[4]}.1.9`, `127.${N[4]}.1.2`, 0, Uint8Array.of(1)));
    a.send(packet(`127.${N[4]}.1.1`, `127.${N[4]}.1.2`, 1, Uint8Array.of(1), 44));
    assertEquals(a.counters.unsendable, 3);
    assertStringIncludes(errors[0], "cannot be sent over UDP");
    assertStringIncludes(errors[1], "cannot be forwarded over UDP");
    assertStringIncludes(errors[2], "no address on interface 44");
    const tooLong = new Promise<void>((resolve) => reported = resolve);
    a.send(packet(`127.${N[4]}.1.1`, `127.${N[4]}.1.2`, 1, new Uint8Array(65_535)));
    await tooLong;
    assertEquals(a.counters.sendErrors, 1);
    await a.close();
    a.send(packet(`127.${N[4]}.1.1`, `127.${N[4]}.1.2`, 1, Uint8Array.of(1)));
    assertEquals(a.counters.sent, 0);
  });
});

Deno.test("datagrams of up to 60,000 bytes arrive whole and in order", async () => {
  await withTransports([
    [{ interface: 1, address: `127.${N[5]}.1.1`, prefixLength: 24 }],
    [{ interface: 1, address: `127.${N[5]}.1.2`, prefixLength: 24 }],
  ], async (a, b) => {
    const received = inbox(b);
    const lengths = [1, 8, 1500, 2048, 9000, 60_000];
    for (const length of lengths) {
      a.send(packet(`127.${N[5]}.1.1`, `127.${N[5]}.1.2`, 1, new Uint8Array(length).fill(length)));
    }
    await received.wait(lengths.length);
    assertEquals(received.packets.map((p) => p.payload.length), lengths);
    assert(received.packets.every((p) => p.payload.every((byte) => byte === (p.payload.length & 255))));
  });
});

Deno.test({
  name: "IPv6: a datagram to ::1 on either port",
  ...needs("ipv6"),
  async fn() {
    await withTransports([[{ interface: 2, address: "::1", prefixLength: 128 }]], async (a) => {
      const received = inbox(a);
      a.send(packet("::1", "::1", 1, Uint8Array.of(9), 2));
      a.send(packet("::1", "::1", 2, Uint8Array.of(8), 2));
      await received.wait(2);
      assertEquals(received.packets.map((p) => [p.interface, p.family, formatAddress(p.source, 6)]), [
        [2, 6, "::1"],
        [2, 6, "::1"],
      ]);
      assertEquals(received.packets.map((p) => p.encapsulation).sort(), [1, 2]);
    });
  },
});

Deno.test("an address that is removed is listened to no more, its ports are free, and others stay", async () => {
  const [first, second] = [`127.${N[5]}.3.1`, `127.${N[5]}.3.2`];
  const addresses = [first, second].map((address, index) => ({ interface: index + 1, address, prefixLength: 24 }));
  await withTransports([addresses], async (transport) => {
    await transport.removeAddress(first);
    await transport.removeAddress("127.0.0.9");
    const other = await UdpTransport.open({ addresses: [addresses[0]], listenToGroup: false });
    const received = inbox(transport);
    other.send(packet(first, second, 1, Uint8Array.of(5)));
    await received.wait(1);
    assertEquals(received.packets.map((p) => [p.interface, formatAddress(p.source, 4)]), [[2, first]]);
    await other.close();
  });
});
