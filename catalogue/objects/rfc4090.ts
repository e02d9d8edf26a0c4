/** Fast reroute (RFC 4090). */
import type { Field, Names, ObjectDescription } from "../schema.ts";
import { f32, ipv4, ipv6, reserved, u32, u8 } from "../shorthand.ts";

const head: readonly Field[] = [
  u8("setupPriority", 4, "Priority of the backup path to take resources, 0 (highest) to 7."),
  u8("holdingPriority", 5, "Priority of the backup path to keep resources, 0 (highest) to 7."),
  u8("hopLimit", 6, "Extra hops that the backup path may take from the point of local repair to the merge point."),
];
const BANDWIDTH = "Bandwidth estimate of the backup path.";
const INCLUDE_ANY = "Link attributes any of which makes a link acceptable; zero for any link.";
const EXCLUDE_ANY = "Link attributes any of which makes a link unacceptable.";

export const OBJECTS: readonly ObjectDescription[] = [
  {
    name: "DETOUR",
    class: 63,
    ctype: 7,
    form: "IPv4",
    rfc: "RFC 4090 4.2.1",
    doc: "Marks a detour LSP of the one-to-one backup method.",
    rest: {
      kind: "records",
      name: "detours",
      length: 8,
      fields: [
        ipv4("plrId", 0, "PLR_ID: the point of local repair, where the detour starts."),
        ipv4("avoidNodeId", 4, "Avoid_Node_ID: the next node, which the detour avoids."),
      ],
      doc: "The detours merged here, one at least.",
    },
    vectors: ["000c3f070a0000010a000002", "00143f070a0000010a0000020a0000030a000004"],
  },
  {
    name: "DETOUR",
    class: 63,
    ctype: 8,
    form: "IPv6",
    rfc: "RFC 4090 4.2.2",
    doc: "Marks a detour LSP of the one-to-one backup method.",
    rest: {
      kind: "records",
      name: "detours",
      length: 32,
      fields: [
        ipv6("plrId", 0, "PLR_ID: the point of local repair, where the detour starts."),
        ipv6("avoidNodeId", 16, "Avoid_Node_ID: the next node, which the detour avoids."),
      ],
      doc: "The detours merged here, one at least.",
    },
    vectors: ["00243f0820010db800000000000000000000000120010db8000000000000000000000002"],
  },
  {
    name: "FAST_REROUTE",
    class: 205,
    ctype: 1,
    form: "",
    rfc: "RFC 4090 4.1",
    doc: "What backup path is wanted for an LSP.",
    length: 24,
    fields: [
      ...head,
      u8("flags", 7, "The backup method wanted.", { flags: "fastReroute" }),
      f32("bandwidthBytesPerSecond", 8, BANDWIDTH),
      u32("includeAny", 12, INCLUDE_ANY),
      u32("excludeAny", 16, EXCLUDE_ANY),
      u32("includeAll", 20, "Link attributes all of which a link must have; zero for any link."),
    ],
    vectors: ["0018cd01070706024b3ebc20000000010000000200000004"],
  },
  {
    name: "FAST_REROUTE",
    class: 205,
    ctype: 7,
    form: "RESERVED_7",
    rfc: "RFC 4090 4.1",
    doc: "An older form, still met.",
    length: 20,
    fields: [
      ...head,
      reserved(7, "u8"),
      f32("bandwidthBytesPerSecond", 8, BANDWIDTH),
      u32("includeAny", 12, INCLUDE_ANY),
      u32("excludeAny", 16, EXCLUDE_ANY),
    ],
    vectors: ["0014cd07070706004b3ebc200000000100000002"],
  },
];

export const FLAGS: Readonly<Record<string, Names>> = {
  fastReroute: { 0x01: "One-to-one backup desired", 0x02: "Facility backup desired" },
};
