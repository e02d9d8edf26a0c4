/** Which packets come into a reservation's class: by u32 and by BPF, IPv4 and IPv6, shown by the classes' counters. */
import { KernelTrafficControl } from "../../host/linux/kernel_traffic_control.ts";
import type { ObjectInput } from "../../host/object_list.ts";
import { assertEquals } from "../assert.ts";
import { needs } from "../require.ts";
import { inNamespace, withNamespaces } from "./namespace.ts";
import { type Packet, sendPackets } from "./packets.ts";
import {
  classes,
  type Flow,
  flowObjects,
  install,
  installRequest,
  joinNamespaces,
  LINK,
  OUT,
} from "./traffic_control_world.ts";

interface Case {
  name: string;
  objects: ObjectInput[];
  /** Packets of the flow. */
  inside: Packet[];
  /** Packets that differ in one thing. */
  outside: Packet[];
}

const A4 = "10.1.0.1", B4 = "10.2.0.2", A6 = "fd00:1::1", B6 = "fd00:2::2";

/** Packets that are a little different each. */
function around(packet: Packet, from: string, to: string): Packet[] {
  return [
    { ...packet, from },
    { ...packet, to },
    { ...packet, protocol: 6 },
    { ...packet, ports: [4001, 5001] },
    { ...packet, ports: [4000, 5002] },
  ];
}

/** The same of both families. */
interface Ends {
  family: "IPv4" | "IPv6";
  packet: Packet;
  otherSource: string;
  otherDestination: string;
}

function casesWithPorts({ family, packet, otherSource, otherDestination }: Ends): Case[] {
  const { from: a, to: b } = packet;
  const flow = (more: Partial<Flow>) => flowObjects({ to: b, ...more });
  return [
    {
      name: `${family} UDP, one sender`,
      objects: flow({ from: [[a, 4000]] }),
      inside: [packet],
      outside: around(packet, otherSource, otherDestination),
    },
    {
      name: `${family} TCP`,
      objects: flow({ from: [[a, 4000]], protocol: 6 }),
      inside: [{ ...packet, protocol: 6 }],
      outside: [packet, { ...packet, protocol: 6, ports: [4000, 5002] }],
    },
    {
      name: `${family} any sender of the session (WF)`,
      objects: flow({}),
      inside: [packet, { ...packet, from: otherSource, ports: [9, 5001] }],
      outside: [{ ...packet, ports: [4000, 5002] }, { ...packet, to: otherDestination }],
    },
    {
      name: `${family} two senders share (SE)`,
      objects: flow({ from: [[a, 4000], [otherSource, 4009]] }),
      inside: [packet, { ...packet, from: otherSource, ports: [4009, 5001] }],
      outside: [{ ...packet, from: otherSource }],
    },
    {
      name: `${family} a sender without a port`,
      objects: flow({ from: [[a, 0]] }),
      inside: [packet, { ...packet, ports: [1, 5001] }],
      outside: [{ ...packet, from: otherSource }, { ...packet, ports: [4000, 1] }],
    },
  ];
}

function casesWithoutPorts({ family, packet, otherSource, otherDestination }: Ends): Case[] {
  const { from: a, to: b } = packet;
  const flow = (more: Partial<Flow>) => flowObjects({ to: b, protocol: 89, port: 0, ...more });
  const session = { name: "SESSION", form: `${family}_GPI`, destinationAddress: b, flags: 0 } as const;
  const sender = { name: "FILTER_SPEC", form: `${family}_GPI`, sourceAddress: a } as const;
  const secured = (protocolId: number): ObjectInput[] => [
    { ...session, protocolId, virtualDestinationPort: 7 },
    flow({})[1],
    { ...sender, generalizedPortIdentifier: 0x01020304 },
  ];
  const ospf = { ...packet, protocol: 89, head: [2, 1, 0, 44] };
  const esp = { ...packet, protocol: 50, head: [1, 2, 3, 4] };
  const ah = { ...packet, protocol: 51, head: [6, 4, 0, 0, 1, 2, 3, 4] };
  return [
    {
      name: `${family} a protocol without ports`,
      objects: flow({ from: [[a, 0]] }),
      inside: [ospf],
      outside: [packet, { ...ospf, from: otherSource }],
    },
    {
      name: `${family} any sender, a protocol without ports`,
      objects: flow({}),
      inside: [ospf, { ...ospf, from: otherSource }],
      outside: [packet, { ...ospf, to: otherDestination }],
    },
    {
      name: `${family} ESP by its SPI (RFC 2207)`,
      objects: secured(50),
      inside: [esp],
      outside: [{ ...esp, head: [1, 2, 3, 5] }, { ...esp, from: otherSource }],
    },
    {
      name: `${family} AH by its SPI (RFC 2207)`,
      objects: secured(51),
      inside: [ah],
      outside: [{ ...ah, head: [6, 4, 0, 0, 1, 2, 3, 5] }, { ...ah, protocol: 50 }],
    },
  ];
}

const FAMILIES: Ends[] = [
  { family: "IPv4", packet: { from: A4, to: B4 }, otherSource: "10.1.0.9", otherDestination: "10.3.0.2" },
  { family: "IPv6", packet: { from: A6, to: B6 }, otherSource: "fd00:1::9", otherDestination: "fd00:3::2" },
];

const CASES: Case[] = [
  ...FAMILIES.flatMap((ends) => [...casesWithPorts(ends), ...casesWithoutPorts(ends)]),
  {
    name: "IPv4 multicast",
    objects: flowObjects({ to: "239.1.2.3", from: [[A4, 4000]] }),
    inside: [{ from: A4, to: "239.1.2.3" }],
    outside: [{ from: A4, to: "239.1.2.4" }, { from: B4, to: "239.1.2.3" }],
  },
  {
    name: "IPv6 multicast",
    objects: flowObjects({ to: "ff1e::7", from: [[A6, 4000]] }),
    inside: [{ from: A6, to: "ff1e::7" }],
    outside: [{ from: A6, to: "ff1e::8" }],
  },
  {
    name: "IPv4 fragments after the first have no ports",
    objects: flowObjects({ to: B4, from: [[A4, 4000]] }),
    inside: [{ from: A4, to: B4, fragmentOffset: 0x2000 }],
    outside: [{ from: A4, to: B4, fragmentOffset: 100 }, { from: A4, to: B4, fragmentOffset: 0x2001 }],
  },
  {
    name: "IPv6 by its flow label (RFC 2205 A.9)",
    objects: [
      ...flowObjects({ to: B6 }),
      { name: "FILTER_SPEC", form: "IPv6_FLOW_LABEL", sourceAddress: A6, flowLabel: 0x54321 },
    ],
    inside: [{ from: A6, to: B6, flowLabel: 0x54321 }, { from: A6, to: B6, flowLabel: 0x54321, protocol: 6 }],
    outside: [{ from: A6, to: B6 }, { from: A6, to: B6, flowLabel: 0x54320 }, { from: B6, to: B6, flowLabel: 0x54321 }],
  },
];

/** Of the packets of RSVP itself. */
const RSVP: Packet[] = [
  { from: A4, to: B4, protocol: 46 },
  { from: A4, to: B4, protocol: 46, options: [0x94, 4, 0, 0] },
  { from: A4, to: B4, ports: [1698, 1698] },
  { from: A4, to: B4, ports: [5, 1699] },
  { from: A6, to: B6, protocol: 46 },
  { from: A6, to: B6, protocol: 0, head: [46, 0, 5, 2, 0, 0, 1, 0] },
  { from: A6, to: B6, ports: [1699, 1699] },
];
const ALMOST_RSVP: Packet[] = [{ from: A4, to: B4, ports: [1698, 1700] }, { from: A6, to: B6, ports: [1699, 1697] }];

for (const classifier of ["u32", "bpf"] as const) {
  Deno.test({
    name: `kernel classifiers, ${classifier}: a reservation's packets, and none of others, come into its class`,
    ...needs("linux", "netAdmin", "namespaces", ...classifier === "bpf" ? ["bpf" as const] : []),
    fn: (t) =>
      withNamespaces(["a", "b"], async ({ a, b }) => {
        await joinNamespaces(a, b);
        const control = inNamespace(a, () =>
          new KernelTrafficControl({
            classifier,
            interfaces: [{ interface: OUT, name: "out", linkBytesPerSecond: LINK }],
            onError: (error) => console.error(error),
          }));
        try {
          for (const { name, objects, inside, outside } of CASES) {
            await t.step(name, async () => {
              assertEquals(await install(control, installRequest(1, objects)), { ok: true });
              const [{ classNumber }] = control.installed(OUT);
              const packets = async () => (await classes(a)).get(`5256:${classNumber.toString(16)}`)?.packets ?? 0;
              const before = await packets();
              sendPackets(a, "out", outside);
              assertEquals(await packets() - before, 0, "packets of others");
              sendPackets(a, "out", inside);
              assertEquals(await packets() - before, inside.length, "packets of the flow");
              control.remove(1, OUT);
              await new Promise((resolve) => setTimeout(resolve, 1));
              sendPackets(a, "out", inside);
              assertEquals(await packets() - before, inside.length, "packets after the removal");
            });
          }
          await t.step("RSVP's own packets come into a class of their own", async () => {
            const before = (await classes(a)).get("5256:ffff")!.packets;
            sendPackets(a, "out", [...RSVP, ...ALMOST_RSVP]);
            assertEquals((await classes(a)).get("5256:ffff")!.packets - before, RSVP.length);
          });
        } finally {
          control.close();
        }
      }),
  });
}
