/** The objects of RSVP-TE (RFC 3209 sections 4 and 5), without the routes: those are in `routes.ts`. */
import type { Field, Names, ObjectDescription } from "../schema.ts";
import { bits, hexByte, ipv4, ipv6, reserved, reservedBits, u16, u32, u8 } from "../shorthand.ts";

const SHORT_CALL_ID = "Zero in RFC 3209; RFC 4974 puts the Short Call ID here.";
const TUNNEL_ID = "Tunnel ID: constant over the life of the tunnel.";
const EXTENDED_TUNNEL_ID = "Extended Tunnel ID: zero, or an address of the ingress to narrow the session to that pair.";
const END_POINT = "Address of the tunnel's egress node.";
const SENDER = "Address of the tunnel's sender.";
const LSP_ID = "LSP ID: may change so that a sender can share resources with itself.";

/** SENDER_TEMPLATE and FILTER_SPEC have one layout (4.6.2, 4.6.3). */
const tunnelSender = (name: string, number: number, rfc: string, doc: string): readonly ObjectDescription[] => [
  {
    name,
    class: number,
    ctype: 7,
    form: "LSP_TUNNEL_IPv4",
    rfc,
    doc,
    length: 12,
    fields: [
      ipv4("tunnelSenderAddress", 4, SENDER),
      u16("shortCallId", 8, SHORT_CALL_ID, { reserved: true }),
      u16("lspId", 10, LSP_ID),
    ],
    vectors: [`000c${hexByte(number)}070a00000100000064`],
  },
  {
    name,
    class: number,
    ctype: 8,
    form: "LSP_TUNNEL_IPv6",
    rfc,
    doc,
    length: 24,
    fields: [
      ipv6("tunnelSenderAddress", 4, SENDER),
      u16("shortCallId", 20, SHORT_CALL_ID, { reserved: true }),
      u16("lspId", 22, LSP_ID),
    ],
    vectors: [`0018${hexByte(number)}0820010db800000000000000000000000100000064`],
  },
];

const prefixOfLabelRequest: readonly Field[] = [
  reserved(4, "u16"),
  u16("l3Pid", 6, "Layer 3 protocol that will use the path: an Ethertype.", { names: "etherType" }),
];

/** SESSION_ATTRIBUTE from the priorities on; `at` is where they start. */
const sessionAttributeTail = (at: number): readonly Field[] => [
  u8("setupPriority", at, "Priority to take resources, 0 (highest) to 7."),
  u8("holdingPriority", at + 1, "Priority to keep resources, 0 (highest) to 7."),
  u8("flags", at + 2, "What is desired of the LSP.", { flags: "sessionAttribute" }),
  u8("nameLength", at + 3, "Bytes of the session name before padding."),
];
const sessionName = {
  kind: "text",
  name: "sessionName",
  doc: "Display string, padded with NULs.",
  lengthField: "nameLength",
} as const;

const hello: readonly Field[] = [
  u32("sourceInstance", 4, "Src_Instance: the sender's instance, never zero; changes when it restarts."),
  u32("destinationInstance", 8, "Dst_Instance: the last Src_Instance heard from the neighbour; zero if none was."),
];

export const NAMES: Readonly<Record<string, Names>> = {
  etherType: {
    0x0800: "IPv4",
    0x0806: "ARP",
    0x86dd: "IPv6",
    0x8847: "MPLS unicast",
    0x8848: "MPLS multicast",
  },
  dlciLength: { 0: "10 bits", 2: "23 bits" },
};

export const FLAGS: Readonly<Record<string, Names>> = {
  /** The registry "Session Attribute Object Flags": RFC 3209, 4090, 4736, 5712. */
  sessionAttribute: {
    0x01: "Local protection desired",
    0x02: "Label recording desired",
    0x04: "SE Style desired",
    0x08: "Bandwidth protection desired",
    0x10: "Node protection desired",
    0x20: "Path re-evaluation request",
    0x40: "Soft Preemption Desired",
  },
};

export const OBJECTS: readonly ObjectDescription[] = [
  {
    name: "SESSION",
    class: 1,
    ctype: 7,
    form: "LSP_TUNNEL_IPv4",
    rfc: "RFC 3209 4.6.1.1",
    doc: "The LSP tunnel.",
    length: 16,
    fields: [
      ipv4("tunnelEndPointAddress", 4, END_POINT),
      u16("shortCallId", 8, SHORT_CALL_ID, { reserved: true }),
      u16("tunnelId", 10, TUNNEL_ID),
      ipv4("extendedTunnelId", 12, EXTENDED_TUNNEL_ID),
    ],
    vectors: ["001001070a000005000000010a000001", "001001070a0000050000000100000000"],
  },
  {
    name: "SESSION",
    class: 1,
    ctype: 8,
    form: "LSP_TUNNEL_IPv6",
    rfc: "RFC 3209 4.6.1.2",
    doc: "The LSP tunnel.",
    length: 40,
    fields: [
      ipv6("tunnelEndPointAddress", 4, END_POINT),
      u16("shortCallId", 20, SHORT_CALL_ID, { reserved: true }),
      u16("tunnelId", 22, TUNNEL_ID),
      ipv6("extendedTunnelId", 24, EXTENDED_TUNNEL_ID),
    ],
    vectors: ["0028010820010db80000000000000000000000050000000120010db8000000000000000000000001"],
  },
  ...tunnelSender("FILTER_SPEC", 10, "RFC 3209 4.6.3", "Which LSP of the tunnel a flow descriptor is for."),
  ...tunnelSender("SENDER_TEMPLATE", 11, "RFC 3209 4.6.2", "The LSP that a Path message sets up."),
  {
    name: "LABEL",
    class: 16,
    ctype: 1,
    form: "",
    rfc: "RFC 3209 4.1",
    doc: "The label for a sender; stands right after its FILTER_SPEC.",
    length: 8,
    fields: [
      u32(
        "label",
        4,
        "An MPLS label (0 to 1,048,575), a Frame Relay DLCI, or an ATM VPI (high half) and VCI (low half).",
      ),
    ],
    vectors: ["0008100100000010", "00081001000fffff"],
  },
  {
    name: "LABEL_REQUEST",
    class: 19,
    ctype: 1,
    form: "WITHOUT_LABEL_RANGE",
    rfc: "RFC 3209 4.2.1",
    doc: "Asks for a label binding.",
    length: 8,
    fields: [...prefixOfLabelRequest],
    vectors: ["0008130100000800"],
  },
  {
    name: "LABEL_REQUEST",
    class: 19,
    ctype: 2,
    form: "ATM_LABEL_RANGE",
    rfc: "RFC 3209 4.2.2",
    doc: "Asks for a label binding within a range of ATM virtual circuits.",
    length: 16,
    fields: [
      ...prefixOfLabelRequest,
      bits("merge", 8, "u16", 15, 1, "M: the node can merge in the data plane."),
      reservedBits(8, "u16", 12, 3, "reserved2"),
      bits("minimumVpi", 8, "u16", 0, 12, "Lowest Virtual Path Identifier."),
      u16("minimumVci", 10, "Lowest Virtual Connection Identifier."),
      reservedBits(12, "u16", 12, 4, "reserved3"),
      bits("maximumVpi", 12, "u16", 0, 12, "Highest Virtual Path Identifier."),
      u16("maximumVci", 14, "Highest Virtual Connection Identifier."),
    ],
    vectors: ["00101302000008008001002000ffffff"],
  },
  {
    name: "LABEL_REQUEST",
    class: 19,
    ctype: 3,
    form: "FRAME_RELAY_LABEL_RANGE",
    rfc: "RFC 3209 4.2.3",
    doc: "Asks for a label binding within a range of Frame Relay DLCIs.",
    length: 16,
    fields: [
      ...prefixOfLabelRequest,
      reservedBits(8, "u32", 25, 7, "reserved2"),
      bits("dlciLength", 8, "u32", 23, 2, "DLI: how many bits a DLCI has.", { names: "dlciLength" }),
      bits("minimumDlci", 8, "u32", 0, 23, "Lowest Data Link Connection Identifier."),
      reservedBits(12, "u32", 23, 9, "reserved3"),
      bits("maximumDlci", 12, "u32", 0, 23, "Highest Data Link Connection Identifier."),
    ],
    vectors: ["001013030000080001000010007fffff"],
  },
  {
    name: "HELLO",
    class: 22,
    ctype: 1,
    form: "REQUEST",
    rfc: "RFC 3209 5.2.1",
    doc: "Asks a neighbour whether it is alive.",
    length: 12,
    fields: hello,
    vectors: ["000c16011234567800000000"],
  },
  {
    name: "HELLO",
    class: 22,
    ctype: 2,
    form: "ACK",
    rfc: "RFC 3209 5.2.2",
    doc: "Answers a HELLO REQUEST.",
    length: 12,
    fields: hello,
    vectors: ["000c16028765432112345678"],
  },
  {
    name: "SESSION_ATTRIBUTE",
    class: 207,
    ctype: 1,
    form: "LSP_TUNNEL_RA",
    rfc: "RFC 3209 4.7.2",
    doc: "Priorities, wishes, name and resource affinities of an LSP.",
    fields: [
      u32("excludeAny", 4, "Link attributes any of which makes a link unacceptable."),
      u32("includeAny", 8, "Link attributes any of which makes a link acceptable; zero for any link."),
      u32("includeAll", 12, "Link attributes all of which a link must have; zero for any link."),
      ...sessionAttributeTail(16),
    ],
    rest: sessionName,
    vectors: ["001ccf010000000100000002000000040707070674756e2d31320000"],
  },
  {
    name: "SESSION_ATTRIBUTE",
    class: 207,
    ctype: 7,
    form: "LSP_TUNNEL",
    rfc: "RFC 3209 4.7.1",
    doc: "Priorities, wishes and name of an LSP.",
    fields: [...sessionAttributeTail(4)],
    rest: sessionName,
    vectors: ["0010cf070707070674756e6e656c0000", "000ccf070707000474756e31", "0008cf0700000000"],
  },
];
