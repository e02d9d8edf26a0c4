/**
 * What strangers send to a node on raw IP: a reservation of A - R - B stands, and the counters tell what came. What the
 * messages themselves say is the engine's business (tests/hostile_*.test.ts); here it is who sends, by which link, how much.
 */
import { encode } from "../../host/default_codec.ts";
import type { MessageInput } from "../../host/codec/message.ts";
import type { RawTransport } from "../../host/linux/raw_transport.ts";
import { Random } from "../../host/random.ts";
import { assertEquals, assertGreater, assertLess } from "../assert.ts";
import { needs } from "../require.ts";
import { FLOOD_PROGRAM, junkFile, reserved } from "./flood.ts";
import { FAMILIES, Listener, packetOf, type PlainPacket, until, withLine } from "./line.ts";
import type { LineNodes } from "./line_nodes.ts";
import { run } from "./namespace.ts";

const needed = needs("linux", "netRaw", "netAdmin", "namespaces");
const FLOOD_SECONDS = 4;
const PACKETS_PER_SECOND = 100_000;

/** Everything of the protocol's state that a stranger might have changed; times left out. */
function stateOf({ left, router, right }: LineNodes): unknown {
  return [left, router, right].map((node) =>
    (["senders", "reservations", "requests", "installed"] as const).map((table) =>
      node.inspect(table).map((row) => ({ ...row, refreshInMs: 0, expiresInMs: 0 }))
    )
  );
}

/** Messages that would take the reservation away if they came from who they pretend to be, as IP says they came. */
function spoofed(name: keyof typeof FAMILIES, stranger: string): [message: MessageInput, to: "ra" | "b"][] {
  const { a, b } = FAMILIES[name];
  // One type for both: the types of the two forms are told apart by it.
  const form = name as "IPv4";
  const session = {
    name: "SESSION",
    form,
    destinationAddress: b,
    protocolId: 17,
    flags: 0,
    destinationPort: 5004,
  } as const;
  const hop = { name: "RSVP_HOP", form, hopAddress: stranger, logicalInterfaceHandle: 22 } as const;
  const style = { name: "STYLE", flags: 0, optionVector: 0x0a } as const;
  const filter = { name: "FILTER_SPEC", form, sourceAddress: a, sourcePort: 4000 } as const;
  const template = { name: "SENDER_TEMPLATE", form, sourceAddress: a, sourcePort: 4000 } as const;
  const error = {
    name: "ERROR_SPEC",
    form,
    errorNodeAddress: stranger,
    flags: 0,
    errorCode: 1,
    errorValue: 2,
  } as const;
  const flowspec = {
    name: "FLOWSPEC",
    ctype: 2,
    form: "IntServ",
    service: 5,
    tokenBucketRateBytesPerSecond: 12_500,
    tokenBucketSizeBytes: 1_500,
    peakRateBytesPerSecond: "Infinity",
    minimumPolicedUnitBytes: 64,
    maximumPacketSizeBytes: 1_500,
  } as const;
  return [
    [{ message: "ResvTear", sendTtl: 63, objects: [session, hop, style, filter] } as MessageInput, "ra"],
    [
      { message: "ResvErr", sendTtl: 63, objects: [session, hop, error, style, flowspec, filter] } as MessageInput,
      "ra",
    ],
    [{ message: "PathTear", sendTtl: 63, objects: [session, hop, template] } as MessageInput, "b"],
  ];
}

for (const name of ["IPv4", "IPv6"] as const) {
  Deno.test({
    name: `${name}: strangers, by the wrong link, from addresses off the link: the reservation stands`,
    ...needed,
    fn: () =>
      withLine(async (line) => {
        const nodes = await reserved(line, name, 2_000);
        const { ra, b } = FAMILIES[name];
        const before = stateOf(nodes);
        await using stranger = Listener.raw(line.a, { interfaces: [{ interface: 1, name: "to-r", addresses: [] }] });
        const taken = () => nodes.router.counters().RECEIVED_MESSAGES;
        const refused = () => (nodes.router.transport as RawTransport).counters.wrongLink;
        const takenBefore = taken();
        const offLink = name === "IPv4" ? "198.51.100.66" : "2001:db8::66";
        let toUs = 0, onLinks = 0;
        // B's own address by A's link, and addresses that are on no link.
        for (const address of [b, offLink]) {
          for (const [message, to] of spoofed(name, address)) {
            const [destination, routerAlert] = to === "ra" ? [ra, 0] : [b, 1];
            for (const ttl of [1, 63, 255]) {
              const payload = encode(message);
              const plain = { interface: 1, source: address, destination, ttl, routerAlert, encapsulation: 0, payload };
              stranger.send(plain);
              if (address === b && to === "ra") toUs++;
              else onLinks++;
            }
          }
        }
        // To us from another link's address: not even looked at. All else the engine has seen, and refused.
        await until("what is forged", () => refused() === toUs);
        await until("the rest", () => taken() >= takenBefore + onLinks);
        assertEquals(stateOf(nodes), before);
        await nodes.close();
      }),
  });

  Deno.test({
    name: `${name}: junk of every length, and oversize datagrams: counted, and the reservation stands`,
    ...needed,
    fn: () =>
      withLine(async (line) => {
        const nodes = await reserved(line, name, 2_000);
        const { a, ra, b, group } = FAMILIES[name];
        const before = stateOf(nodes);
        await using stranger = Listener.raw(line.a, { interfaces: [{ interface: 1, name: "to-r", addresses: [] }] });
        const seed = Math.floor(Math.random() * 0x7fffffff);
        console.log(`seed ${seed}`);
        const random = new Random(seed);
        const { counters: start } = nodes.router.transport as RawTransport;
        const lengths = [0, 1, 7, 8, 20, 200, 1_984, 1_985, 9_000, 65_000];
        let sent = 0;
        for (let i = 0; i < 200; i++) {
          const payload = Uint8Array.from({ length: lengths[i % lengths.length] }, () => random.below(256));
          // Half of it looks like a message of the right version and length.
          if (i % 2 === 0 && payload.length >= 8) payload.set([0x10, 1 + random.below(7), 0, 0, 63, 0]);
          if (i % 2 === 0 && payload.length >= 8) new DataView(payload.buffer).setUint16(6, payload.length);
          const plain: PlainPacket = {
            interface: 1,
            source: a,
            destination: [ra, b, group][i % 3],
            ttl: random.below(255) + 1,
            routerAlert: i % 3 === 0 ? 0 : 1,
            encapsulation: 0,
            payload,
          };
          stranger.transport.send(packetOf(plain));
          sent++;
          if (i % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 5));
        }
        const received = () => (nodes.router.transport as RawTransport).counters.received - start.received;
        await until("what was sent", () => received() >= sent);
        const counters = nodes.router.counters();
        const told = Object.entries(counters).filter(([name]) => /^(TRUNCATED|BAD_|OBJECT|UNKNOWN|NOT_)/.test(name));
        assertGreater(told.reduce((sum, [, count]) => sum + count, 0), sent / 2);
        assertEquals(stateOf(nodes), before);
        assertEquals(stranger.errors, []);
        await nodes.close();
      }),
  });
}

Deno.test({
  name:
    "100,000 junk packets a second for longer than a lifetime: reservations stay, memory is bounded, all is counted",
  ...needs("linux", "netRaw", "netAdmin", "namespaces", "compiler"),
  fn: () =>
    withLine(async (line) => {
      const folder = await Deno.makeTempDir();
      await run("cc", "-O2", "-o", `${folder}/flood`, FLOOD_PROGRAM);
      const seed = Math.floor(Math.random() * 0x7fffffff);
      console.log(`seed ${seed}`);
      await Deno.writeFile(`${folder}/junk`, junkFile(new Random(seed)));
      // A lifetime is (K + 0.5) * 1.5 * R (RFC 2205 3.7): 1.6 seconds.
      const nodes = await reserved(line, "IPv4", 300);
      const { router } = nodes;
      const transport = router.transport as RawTransport;
      const before = { ...transport.counters, memory: Deno.memoryUsage().rss };
      const args = ["netns", "exec", line.a, `${folder}/flood`, "send", `${folder}/junk`, `${FLOOD_SECONDS}`];
      const flood = new Deno.Command("ip", { args: [...args, `${PACKETS_PER_SECOND}`], stdout: "piped" }).spawn();
      let installed = 0, looks = 0;
      const watch = setInterval(() => {
        looks++;
        installed += router.inspect("installed").length;
      }, 100);
      const { stdout } = await flood.output();
      clearInterval(watch);
      await new Promise((resolve) => setTimeout(resolve, 300));
      const sent = Number(new TextDecoder().decode(stdout).split(" ")[0]);
      const { received, kernelDrops } = transport.counters;
      assertGreater(sent, PACKETS_PER_SECOND * FLOOD_SECONDS / 2);
      assertEquals([installed, router.inspect("installed").length], [looks, 1]);
      assertEquals(nodes.left.inspect("installed").length, 1);
      // All that came is told: taken, or lost in the socket's queue. The protocol's own messages are among it.
      const told = received - before.received + kernelDrops - before.kernelDrops;
      console.log(
        `${sent} sent, ${received - before.received} taken, ${kernelDrops - before.kernelDrops} lost in the queue`,
      );
      assertGreater(told, sent * 0.99);
      assertLess(told, sent + 1_000);
      assertLess(Deno.memoryUsage().rss - before.memory, 128 << 20);
      await nodes.close();
      await Deno.remove(folder, { recursive: true });
    }),
});
