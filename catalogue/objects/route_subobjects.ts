/**
 * Sub-objects of routes (RFC 3209 4.3.3 and 4.4.1 and those that came later). Three families share most numbers but not
 * all layouts: explicit routes have an L bit above a 7-bit type, recorded routes have flags, exclusions an attribute.
 */
import type { Field, ItemDescription, ItemFamily, ItemFraming, Names, ObjectDescription, Rest } from "../schema.ts";
import { linkProtection, lspProtection } from "./protection.ts";
import { bits, ipv4, ipv6, reserved, reservedBits, u16, u32, u8 } from "../shorthand.ts";

const FRAMING: ItemFraming = {
  headerLength: 2,
  typeAt: 0,
  typeBytes: 1,
  lengthAt: 1,
  lengthBytes: 1,
  lengthUnit: 1,
  lengthCounts: "item",
};
const LOOSE_FRAMING: ItemFraming = { ...FRAMING, typeMask: 0x7f };

const looseBit: readonly Field[] = [
  bits("loose", 0, "u8", 7, 1, "L: 1 if the hop is loose, 0 if it is strict."),
];
const avoidBit: readonly Field[] = [
  bits("shouldAvoid", 0, "u8", 7, 1, "L: 1 if it should be avoided, 0 if it must be excluded."),
];

const labelWords: Rest = {
  kind: "values",
  name: "label",
  type: "u32",
  doc: "The label in 32-bit words; one for most technologies.",
};
const upstreamBit: Field = bits(
  "upstream",
  2,
  "u8",
  7,
  1,
  "U: 1 for the upstream label of a bidirectional LSP, 0 for the downstream one.",
);
const LABEL_CTYPE = "C-Type of the LABEL object that the label comes from.";

/** Sub-objects that are laid out alike in explicit and excluded routes, reserved words included. */
const autonomousSystem: ItemDescription = {
  name: "AUTONOMOUS_SYSTEM",
  type: 32,
  rfc: "RFC 3209 4.3.3.4",
  doc: "An autonomous system as one abstract node.",
  length: 4,
  fields: [u16("autonomousSystem", 2, "The two-byte AS number.")],
};

const opaqueSubobject = (name: string, type: number, rfc: string, doc: string): ItemDescription => ({
  name,
  type,
  rfc,
  doc: `${doc} Contents not described: shown as bytes.`,
  rest: { kind: "bytes", name: "content", doc: "What follows type and length." },
});

const domains: readonly ItemDescription[] = [
  opaqueSubobject("AUTONOMOUS_SYSTEM_4_BYTES", 5, "RFC 7898", "An autonomous system with a four-byte number."),
  opaqueSubobject("OSPF_AREA", 6, "RFC 7898", "An OSPF area as one abstract node."),
  opaqueSubobject("ISIS_AREA", 7, "RFC 7898", "An IS-IS area as one abstract node."),
];

const diversity: readonly ItemDescription[] = [
  opaqueSubobject("IPv4_DIVERSITY", 38, "RFC 8390", "An LSP or path from which this one should be diverse."),
  opaqueSubobject("IPv6_DIVERSITY", 39, "RFC 8390", "An LSP or path from which this one should be diverse."),
];

const pathKeys: readonly ItemDescription[] = [
  {
    name: "PATH_KEY_IPv4",
    type: 64,
    rfc: "RFC 5520",
    doc:
      "Stands for a path segment that a Path Computation Element keeps to itself; layout as common dissectors read it.",
    length: 8,
    fields: [u16("pathKey", 2, "The key."), ipv4("pceId", 4, "The Path Computation Element that can expand it.")],
  },
  {
    name: "PATH_KEY_IPv6",
    type: 65,
    rfc: "RFC 5520",
    doc:
      "Stands for a path segment that a Path Computation Element keeps to itself; layout as common dissectors read it.",
    length: 20,
    fields: [u16("pathKey", 2, "The key."), ipv6("pceId", 4, "The Path Computation Element that can expand it.")],
  },
];

const hopAttributes: Rest = {
  kind: "items",
  name: "attributes",
  family: "LSP_ATTRIBUTES",
  doc: "Attributes for this hop, framed as in LSP_ATTRIBUTES.",
};

const PROTECTION_CTYPE = "C-Type of the PROTECTION object that the content comes from.";

/** The PROTECTION object's content, as C-Type 1 and 2 have it, inside a sub-object. */
const protection: ItemDescription = {
  name: "PROTECTION",
  type: 37,
  rfc: "RFC 4873 4.1",
  doc:
    "Becomes the PROTECTION object of the recovery LSP. Only in SECONDARY_EXPLICIT_ROUTE and SECONDARY_RECORD_ROUTE.",
  variants: [
    {
      name: "LinkProtection",
      doc: "From a PROTECTION object of C-Type 1.",
      length: 8,
      fields: [reserved(2, "u8"), u8("protectionCtype", 3, PROTECTION_CTYPE, { literal: 1 }), ...linkProtection(4)],
    },
    {
      name: "LspProtection",
      doc: "From a PROTECTION object of C-Type 2.",
      length: 12,
      fields: [reserved(2, "u8"), u8("protectionCtype", 3, PROTECTION_CTYPE, { literal: 2 }), ...lspProtection(4)],
    },
  ],
  fields: [reserved(2, "u8"), u8("protectionCtype", 3, PROTECTION_CTYPE)],
  rest: { kind: "values", name: "words", type: "u32", doc: "The PROTECTION object's content in 32-bit words." },
};

const prefixTail = (at: number): readonly Field[] => [
  u8("prefixLength", at, "Bits of the prefix."),
  reserved(at + 1, "u8"),
];

const EXPLICIT: readonly ItemDescription[] = [
  {
    name: "IPv4_PREFIX",
    type: 1,
    rfc: "RFC 3209 4.3.3.2",
    doc: "The nodes that have an address under a prefix, as one abstract node.",
    length: 8,
    fields: [ipv4("address", 2, "The prefix."), ...prefixTail(6)],
  },
  {
    name: "IPv6_PREFIX",
    type: 2,
    rfc: "RFC 3209 4.3.3.3",
    doc: "The nodes that have an address under a prefix, as one abstract node.",
    length: 20,
    fields: [ipv6("address", 2, "The prefix."), ...prefixTail(18)],
  },
  {
    name: "LABEL",
    type: 3,
    rfc: "RFC 3473 5.1",
    doc: "The label to use on the link that the sub-object before names.",
    fields: [upstreamBit, reservedBits(2, "u8", 0, 7), u8("labelCtype", 3, LABEL_CTYPE)],
    rest: labelWords,
  },
  {
    name: "UNNUMBERED_INTERFACE",
    type: 4,
    rfc: "RFC 3477 4",
    doc: "An unnumbered link.",
    length: 12,
    fields: [
      reserved(2, "u16"),
      ipv4("routerId", 4, "The node that assigned the identifier."),
      u32("interfaceId", 8, "Its identifier of the link."),
    ],
  },
  ...domains,
  autonomousSystem,
  {
    name: "EXPLICIT_EXCLUSION_ROUTE",
    type: 33,
    rfc: "RFC 4874 4.1",
    doc: "EXRS: what must not be used, or should be avoided, between the abstract nodes before and after it.",
    fields: [reserved(2, "u16")],
    rest: {
      kind: "items",
      name: "exclusions",
      family: "EXCLUDE_ROUTE",
      doc: "Sub-objects of EXCLUDE_ROUTE, one at least.",
    },
  },
  {
    name: "HOP_ATTRIBUTES",
    type: 35,
    rfc: "RFC 7570 2.1",
    doc: "Attributes for the hop that the sub-objects before name.",
    fields: [
      reservedBits(2, "u16", 1, 15),
      bits("required", 2, "u16", 0, 1, "R: 1 if the hop must process them (as LSP_REQUIRED_ATTRIBUTES)."),
    ],
    rest: hopAttributes,
  },
  opaqueSubobject("SR_ERO", 36, "RFC 8664", "A segment of a segment-routed path."),
  protection,
  ...diversity,
  opaqueSubobject("SRv6_ERO", 40, "RFC 9603", "An SRv6 segment; PCEP only."),
  ...pathKeys,
];

const recordedTail = (at: number): readonly Field[] => [
  u8("prefixLength", at, "32 for IPv4, 128 for IPv6."),
  u8("flags", at + 1, "State of local protection.", { flags: "recordRoute" }),
];

const RECORDED: readonly ItemDescription[] = [
  {
    name: "IPv4_ADDRESS",
    type: 1,
    rfc: "RFC 3209 4.4.1.1",
    doc: "A hop.",
    length: 8,
    fields: [ipv4("address", 2, "Address of the hop."), ...recordedTail(6)],
  },
  {
    name: "IPv6_ADDRESS",
    type: 2,
    rfc: "RFC 3209 4.4.1.2",
    doc: "A hop.",
    length: 20,
    fields: [ipv6("address", 2, "Address of the hop."), ...recordedTail(18)],
  },
  {
    name: "LABEL",
    type: 3,
    rfc: "RFC 3209 4.4.1.3, RFC 3473 5.2",
    doc: "The label used on the link of the hop.",
    fields: [
      upstreamBit,
      bits("flags", 2, "u8", 0, 7, "What kind of label it is.", { flags: "recordRouteLabel" }),
      u8("labelCtype", 3, LABEL_CTYPE),
    ],
    rest: labelWords,
  },
  {
    name: "UNNUMBERED_INTERFACE",
    type: 4,
    rfc: "RFC 3477 5",
    doc: "An unnumbered link.",
    length: 12,
    fields: [
      u8("flags", 2, "State of local protection.", { flags: "recordRoute" }),
      reserved(3, "u8"),
      ipv4("routerId", 4, "The node that assigned the identifier."),
      u32("interfaceId", 8, "Its identifier of the link."),
    ],
  },
  {
    name: "ATTRIBUTES",
    type: 5,
    rfc: "RFC 5420 7.2",
    doc: "The attribute flags that the hop acted on.",
    fields: [
      reserved(2, "u16"),
      u32("attributeFlags", 4, "Bits 0 to 31, bit 0 the highest.", { flags: "lspAttribute" }),
    ],
    rest: { kind: "values", name: "furtherFlags", type: "u32", doc: "Bits 32 and up, in 32-bit words." },
  },
  {
    name: "SRLG",
    type: 34,
    rfc: "RFC 8001",
    doc: "The shared risk link groups of the hop; layout as common dissectors read it.",
    fields: [
      bits("upstream", 2, "u16", 15, 1, "D: 1 for the groups of the upstream direction, 0 of the downstream one."),
      reservedBits(2, "u16", 0, 15),
    ],
    rest: { kind: "values", name: "srlgIds", type: "u32", doc: "The groups." },
  },
  {
    name: "HOP_ATTRIBUTES",
    type: 35,
    rfc: "RFC 7570 3.1",
    doc: "Attributes that the hop processed or added.",
    fields: [reserved(2, "u16")],
    rest: hopAttributes,
  },
  opaqueSubobject("SR_RRO", 36, "RFC 8664", "A segment of a segment-routed path."),
  protection,
  opaqueSubobject("BYPASS_ASSIGNMENT_IPv4", 38, "RFC 8271", "The bypass tunnel assigned for fast reroute."),
  opaqueSubobject("BYPASS_ASSIGNMENT_IPv6", 39, "RFC 8271", "The bypass tunnel assigned for fast reroute."),
  opaqueSubobject("SRv6_RRO", 40, "RFC 9603", "An SRv6 segment; PCEP only."),
  ...pathKeys,
];

const excludedTail = (at: number): readonly Field[] => [
  u8("prefixLength", at, "Bits of the prefix."),
  u8("attribute", at + 1, "What of it to exclude.", { names: "exclusionAttribute" }),
];

const EXCLUDED: readonly ItemDescription[] = [
  {
    name: "IPv4_PREFIX",
    type: 1,
    rfc: "RFC 4874 3.1.1",
    doc: "Interfaces, nodes or SRLGs under a prefix.",
    length: 8,
    fields: [ipv4("address", 2, "The prefix."), ...excludedTail(6)],
  },
  {
    name: "IPv6_PREFIX",
    type: 2,
    rfc: "RFC 4874 3.1.2",
    doc: "Interfaces, nodes or SRLGs under a prefix.",
    length: 20,
    fields: [ipv6("address", 2, "The prefix."), ...excludedTail(18)],
  },
  {
    name: "LABEL",
    type: 3,
    rfc: "RFC 6001 4.1.2",
    doc: "A label of the link that the sub-object before names.",
    fields: [upstreamBit, reservedBits(2, "u8", 0, 7), u8("labelCtype", 3, LABEL_CTYPE)],
    rest: labelWords,
  },
  {
    name: "UNNUMBERED_INTERFACE",
    type: 4,
    rfc: "RFC 4874 3.1.3",
    doc: "An unnumbered link, its node or its SRLGs.",
    length: 12,
    fields: [
      reserved(2, "u8"),
      u8("attribute", 3, "What of it to exclude.", { names: "exclusionAttribute" }),
      ipv4("routerId", 4, "The node that assigned the identifier."),
      u32("interfaceId", 8, "Its identifier of the link."),
    ],
  },
  ...domains,
  { ...autonomousSystem, rfc: "RFC 4874 3.1.4" },
  {
    name: "EXPLICIT_EXCLUSION_ROUTE",
    type: 33,
    rfc: "RFC 4874 4.1",
    doc: "EXRS. Registered here too, but it has a meaning in explicit routes only; so its content stays bytes.",
    rest: { kind: "bytes", name: "content", doc: "What follows type and length." },
  },
  {
    name: "SRLG",
    type: 34,
    rfc: "RFC 4874 2.1",
    doc: "A shared risk link group.",
    length: 8,
    fields: [u32("srlgId", 2, "Identifier of the group."), reserved(6, "u16")],
  },
  {
    name: "SWITCHING_CAPABILITY",
    type: 35,
    rfc: "RFC 6001 4.1.1",
    doc: "A switching capability of the interface that the sub-object before names.",
    length: 4,
    fields: [
      u8("attribute", 2, "1: exclude or avoid the capability; 0 is reserved."),
      u8("switchingCapability", 3, "The capability.", { names: "switchingType" }),
    ],
  },
  ...diversity,
];

/** None of its own: the objects that hold these lists are in `routes.ts`. */
export const OBJECTS: readonly ObjectDescription[] = [];

export const FAMILIES: readonly ItemFamily[] = [
  { name: "EXPLICIT_ROUTE", framing: LOOSE_FRAMING, headerFields: looseBit, items: EXPLICIT },
  { name: "RECORD_ROUTE", framing: FRAMING, items: RECORDED },
  { name: "EXCLUDE_ROUTE", framing: LOOSE_FRAMING, headerFields: avoidBit, items: EXCLUDED },
];

export const NAMES: Readonly<Record<string, Names>> = {
  exclusionAttribute: { 0: "Interface", 1: "Node", 2: "SRLG" },
};

export const FLAGS: Readonly<Record<string, Names>> = {
  /** The registry "Record Route Object Sub-object Flags": RFC 3209, 4090, 4561. */
  recordRoute: {
    0x01: "Local protection available",
    0x02: "Local protection in use",
    0x04: "Bandwidth protection",
    0x08: "Node protection",
    0x20: "Node-id",
  },
  /** The registry "Label Sub-object Flags": RFC 3209, 8577. */
  recordRouteLabel: { 0x01: "Global Label", 0x02: "TE Link Label", 0x04: "Delegation Label" },
};
