/**
 * LSPs as links and LSPs that belong together: LSP_TUNNEL_INTERFACE_ID (RFC 3477, RFC 6107), ASSOCIATION (RFC 4872,
 * RFC 6780, RFC 7551, RFC 8796) and REVERSE_LSP (RFC 7551).
 */
import type { Field, ItemDescription, ItemFamily, Names, ObjectDescription, Rest, Variant } from "../schema.ts";
import { ipv4, ipv6, reserved, u16, u24, u32, u8 } from "../shorthand.ts";

const TLVS: Rest = {
  kind: "items",
  name: "tlvs",
  family: "LSP_TUNNEL_INTERFACE_ID",
  doc: "The IGP instance and component links.",
};

const LINK_TLVS: readonly ItemDescription[] = [
  {
    name: "IGP_INSTANCE",
    type: 1,
    rfc: "RFC 6107 3.2",
    doc: "The IGP instance in which to advertise the link.",
    length: 8,
    fields: [u32("igpInstance", 4, "Its identifier; 0xFFFFFFFF for the instance of the links that the LSP uses.")],
  },
  {
    name: "UNNUMBERED_COMPONENT_LINK",
    type: 2,
    rfc: "RFC 6107 3.3.1",
    doc: "The component of a bundle that the LSP becomes.",
    length: 8,
    fields: [u32("componentLinkId", 4, "Its identifier in the bundle.")],
  },
  {
    name: "IPv4_COMPONENT_LINK",
    type: 3,
    rfc: "RFC 6107 3.3.2",
    doc: "The component of a bundle that the LSP becomes.",
    length: 8,
    fields: [ipv4("address", 4, "Its address.")],
  },
  {
    name: "IPv6_COMPONENT_LINK",
    type: 4,
    rfc: "RFC 6107 3.3.3",
    doc: "The component of a bundle that the LSP becomes.",
    length: 20,
    fields: [ipv6("address", 4, "Its address.")],
  },
];

export const FAMILIES: readonly ItemFamily[] = [{
  name: "LSP_TUNNEL_INTERFACE_ID",
  framing: {
    headerLength: 4,
    typeAt: 0,
    typeBytes: 2,
    lengthAt: 2,
    lengthBytes: 2,
    lengthUnit: 1,
    lengthCounts: "item",
    padTo: 4,
  },
  items: LINK_TLVS,
}];

const unnumbered: readonly Field[] = [
  ipv4("routerId", 4, "Router ID of the node that assigned the identifier."),
  u32("interfaceId", 8, "Its identifier of the LSP as a link."),
];
const actions = (at: number): readonly Field[] => [
  u8("actions", at, "How to treat the LSP that is set up; in Path only.", { flags: "linkActions" }),
  reserved(at + 1, "u24"),
];
const INTERFACE_DOC = "The LSP as a link: forward interface in Path, reverse interface in Resv.";

const association: readonly Field[] = [
  u16("associationType", 4, "Why the LSPs belong together.", { names: "associationType" }),
  u16("associationId", 6, "Association ID: unique with type and source."),
];
const SOURCE = "Association Source: the node that chose the identifier.";
const GLOBAL = "Global Association Source: the provider that the source belongs to; zero if it does not matter.";
const ASSOCIATION_DOC = "LSPs that carry the same association belong together.";
const EXTENDED: Rest = {
  kind: "values",
  name: "extendedAssociationId",
  type: "u32",
  doc: "Extended Association ID, in 32-bit words; what it holds depends on the association type.",
};

/** The MESSAGE_ID object (RFC 2961 4.1) that ends a B-SFRR-Ready identifier, header included. */
const messageId = (at: number): readonly Field[] => [
  u32("messageIdHeader", at, "Header of a MESSAGE_ID object.", { constant: 0x000c1701 }),
  u8("messageIdFlags", at + 4, "Flags of MESSAGE_ID (RFC 2961 4.1)."),
  u24("epoch", at + 5, "Epoch of MESSAGE_ID."),
  u32("messageIdentifier", at + 8, "Message_Identifier of MESSAGE_ID."),
];
const readyType = u16("associationType", 4, "B-SFRR-Ready.", { names: "associationType", literal: 5 });
const TUNNEL = "Bypass_Tunnel_ID: the bypass tunnel.";
const GROUP = "Bypass_Group_Identifier assigned to the LSP.";

const READY_IPV4: Variant = {
  name: "BypassSummaryReady",
  doc: "The bypass tunnel that a point of local repair has assigned (RFC 8796 3.1.1).",
  length: 44,
  fields: [
    readyType,
    u16("associationId", 6, "Association ID: unique with type and source."),
    ipv4("associationSource", 8, SOURCE),
    u32("globalAssociationSource", 12, GLOBAL),
    u16("bypassTunnelId", 16, TUNNEL),
    reserved(18, "u16"),
    ipv4("bypassSourceAddress", 20, "Where the bypass tunnel starts."),
    ipv4("bypassDestinationAddress", 24, "Where the bypass tunnel ends."),
    u32("bypassGroupIdentifier", 28, GROUP),
    ...messageId(32),
  ],
};
const READY_IPV6: Variant = {
  name: "BypassSummaryReady",
  doc: "The bypass tunnel that a point of local repair has assigned (RFC 8796 3.1.2).",
  length: 80,
  fields: [
    readyType,
    u16("associationId", 6, "Association ID: unique with type and source."),
    ipv6("associationSource", 8, SOURCE),
    u32("globalAssociationSource", 24, GLOBAL),
    u16("bypassTunnelId", 28, TUNNEL),
    reserved(30, "u16"),
    ipv6("bypassSourceAddress", 32, "Where the bypass tunnel starts."),
    ipv6("bypassDestinationAddress", 48, "Where the bypass tunnel ends."),
    u32("bypassGroupIdentifier", 64, GROUP),
    ...messageId(68),
  ],
};

export const OBJECTS: readonly ObjectDescription[] = [
  {
    name: "LSP_TUNNEL_INTERFACE_ID",
    class: 193,
    ctype: 1,
    form: "UNNUMBERED",
    rfc: "RFC 3477 3",
    doc: INTERFACE_DOC,
    length: 12,
    fields: unnumbered,
    vectors: ["000cc1010a00000100000007"],
  },
  {
    name: "LSP_TUNNEL_INTERFACE_ID",
    class: 193,
    ctype: 2,
    form: "IPv4",
    rfc: "RFC 6107 3.1.3",
    doc: INTERFACE_DOC,
    fields: [ipv4("interfaceAddress", 4, "Address assigned to the LSP as a link."), ...actions(8)],
    rest: TLVS,
    vectors: ["0014c1020a0101010400000000010008ffffffff"],
  },
  {
    name: "LSP_TUNNEL_INTERFACE_ID",
    class: 193,
    ctype: 3,
    form: "IPv6",
    rfc: "RFC 6107 3.1.4",
    doc: INTERFACE_DOC,
    fields: [ipv6("interfaceAddress", 4, "Address assigned to the LSP as a link."), ...actions(20)],
    rest: TLVS,
    vectors: [
      "0020c10320010db800000000000000000000000100000000000300080a010102",
      "002cc10320010db8000000000000000000000001080000000004001420010db8000000000000000000000002",
    ],
  },
  {
    name: "LSP_TUNNEL_INTERFACE_ID",
    class: 193,
    ctype: 4,
    form: "UNNUMBERED_WITH_ACTIONS",
    rfc: "RFC 6107 3.1.2",
    doc: INTERFACE_DOC,
    fields: [...unnumbered, ...actions(12)],
    rest: TLVS,
    vectors: ["0020c1040a000001000000070800000000010008000000020002000800000005"],
  },
  {
    name: "ASSOCIATION",
    class: 199,
    ctype: 1,
    form: "IPv4",
    rfc: "RFC 4872 16.1, RFC 6780",
    doc: ASSOCIATION_DOC,
    length: 12,
    fields: [...association, ipv4("associationSource", 8, SOURCE)],
    vectors: ["000cc701000100640a000001"],
  },
  {
    name: "ASSOCIATION",
    class: 199,
    ctype: 2,
    form: "IPv6",
    rfc: "RFC 4872 16.1, RFC 6780",
    doc: ASSOCIATION_DOC,
    length: 24,
    fields: [...association, ipv6("associationSource", 8, SOURCE)],
    vectors: ["0018c7020002006420010db8000000000000000000000001"],
  },
  {
    name: "ASSOCIATION",
    class: 199,
    ctype: 3,
    form: "IPv4_EXTENDED",
    rfc: "RFC 6780 4.1",
    doc: ASSOCIATION_DOC,
    variants: [READY_IPV4],
    fields: [
      ...association,
      ipv4("associationSource", 8, SOURCE),
      u32("globalAssociationSource", 12, GLOBAL),
    ],
    rest: EXTENDED,
    vectors: [
      "0014c703000300640a0000010000fde800000009",
      "002cc703000500640a0000010000fde8000a00000a0000010a00000300000007000c17010100000200000003",
    ],
  },
  {
    name: "ASSOCIATION",
    class: 199,
    ctype: 4,
    form: "IPv6_EXTENDED",
    rfc: "RFC 6780 4.1",
    doc: ASSOCIATION_DOC,
    variants: [READY_IPV6],
    fields: [
      ...association,
      ipv6("associationSource", 8, SOURCE),
      u32("globalAssociationSource", 24, GLOBAL),
    ],
    rest: EXTENDED,
    vectors: [
      "0020c7040004006420010db80000000000000000000000010000fde800000009",
      "0050c7040005006420010db80000000000000000000000010000fde8000a000020010db800000000000000000000000120010db800000000000000000000000300000007000c17010100000200000003",
    ],
  },
  {
    name: "REVERSE_LSP",
    class: 203,
    ctype: 1,
    form: "",
    rfc: "RFC 7551 4.4",
    doc: "Asks the egress to set up the reverse LSP, and says what in its Path should differ.",
    rest: { kind: "objects", name: "objects", doc: "Objects for the Path message of the reverse LSP." },
    vectors: ["0004cb01", "001ccb010008c401800000010010cf070707000874756e2d72657631"],
  },
];

export const NAMES: Readonly<Record<string, Names>> = {
  /** RFC 4872 16.1, RFC 4873, RFC 7551 6.1, RFC 8796 3. */
  associationType: {
    1: "Recovery",
    2: "Resource Sharing",
    3: "Double-Sided Associated Bidirectional LSP",
    4: "Single-Sided Associated Bidirectional LSP",
    5: "B-SFRR-Ready",
    6: "B-SFRR-Active",
  },
};

export const FLAGS: Readonly<Record<string, Names>> = {
  /** RFC 6107 3.1.2. */
  linkActions: {
    0x01: "Private",
    0x02: "Not a TE link",
    0x04: "Routing adjacency",
    0x08: "Bundle",
    0x10: "Stitching segment",
  },
};
