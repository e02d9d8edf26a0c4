/** Point-to-multipoint LSPs (RFC 4875 section 19). The secondary routes are in `routes.ts`. */
import type { ObjectDescription } from "../schema.ts";
import { hexByte, ipv4, ipv6, reserved, u16, u32 } from "../shorthand.ts";

const P2MP_ID = "P2MP ID: constant over the life of the tunnel, unique within the ingress.";
const TUNNEL_ID = "Tunnel ID: constant over the life of the tunnel.";
const EXTENDED = "Extended Tunnel ID: the ingress's address, for an identifier that is unique everywhere.";
const SENDER = "Address of the tunnel's sender.";
const LSP_ID = "LSP ID: may change so that a sender can share resources with itself.";
const ORIGINATOR = "Sub-Group Originator ID: TE Router ID of the node that originates the Path message.";
const SUB_GROUP = "Sub-Group ID: tells the Path messages of one P2MP LSP apart.";
const SUB_LSP = "The egress of the S2L sub-LSP.";

/** FILTER_SPEC is laid out as SENDER_TEMPLATE is (19.4). */
const subGroupSender = (name: string, number: number, rfc: string, doc: string): readonly ObjectDescription[] => [
  {
    name,
    class: number,
    ctype: 12,
    form: "P2MP_LSP_TUNNEL_IPv4",
    rfc,
    doc,
    length: 20,
    fields: [
      ipv4("tunnelSenderAddress", 4, SENDER),
      reserved(8, "u16", "reserved1"),
      u16("lspId", 10, LSP_ID),
      ipv4("subGroupOriginatorId", 12, ORIGINATOR),
      reserved(16, "u16", "reserved2"),
      u16("subGroupId", 18, SUB_GROUP),
    ],
    vectors: [`0014${hexByte(number)}0c0a000001000000640a00000100000001`],
  },
  {
    name,
    class: number,
    ctype: 13,
    form: "P2MP_LSP_TUNNEL_IPv6",
    rfc,
    doc,
    length: 44,
    fields: [
      ipv6("tunnelSenderAddress", 4, SENDER),
      reserved(20, "u16", "reserved1"),
      u16("lspId", 22, LSP_ID),
      ipv6("subGroupOriginatorId", 24, ORIGINATOR),
      reserved(40, "u16", "reserved2"),
      u16("subGroupId", 42, SUB_GROUP),
    ],
    vectors: [
      `002c${hexByte(number)}0d20010db80000000000000000000000010000006420010db800000000000000000000000100000002`,
    ],
  },
];

export const OBJECTS: readonly ObjectDescription[] = [
  {
    name: "SESSION",
    class: 1,
    ctype: 13,
    form: "P2MP_LSP_TUNNEL_IPv4",
    rfc: "RFC 4875 19.1.1",
    doc: "The point-to-multipoint tunnel.",
    length: 16,
    fields: [
      u32("p2mpId", 4, P2MP_ID),
      reserved(8, "u16"),
      u16("tunnelId", 10, TUNNEL_ID),
      ipv4("extendedTunnelId", 12, EXTENDED),
    ],
    vectors: ["0010010d00000009000000050a000001"],
  },
  {
    name: "SESSION",
    class: 1,
    ctype: 14,
    form: "P2MP_LSP_TUNNEL_IPv6",
    rfc: "RFC 4875 19.1.2",
    doc: "The point-to-multipoint tunnel.",
    length: 28,
    fields: [
      u32("p2mpId", 4, P2MP_ID),
      reserved(8, "u16"),
      u16("tunnelId", 10, TUNNEL_ID),
      ipv6("extendedTunnelId", 12, EXTENDED),
    ],
    vectors: ["001c010e000000090000000520010db8000000000000000000000001"],
  },
  ...subGroupSender("FILTER_SPEC", 10, "RFC 4875 19.4", "Which sub-group of the P2MP LSP a flow descriptor is for."),
  ...subGroupSender(
    "SENDER_TEMPLATE",
    11,
    "RFC 4875 19.2",
    "The sub-group of the P2MP LSP that a Path message sets up.",
  ),
  {
    name: "S2L_SUB_LSP",
    class: 50,
    ctype: 1,
    form: "IPv4",
    rfc: "RFC 4875 19.3.1",
    doc: "One source-to-leaf sub-LSP of a P2MP LSP.",
    length: 8,
    fields: [ipv4("destinationAddress", 4, SUB_LSP)],
    vectors: ["000832010a000005"],
  },
  {
    name: "S2L_SUB_LSP",
    class: 50,
    ctype: 2,
    form: "IPv6",
    rfc: "RFC 4875 19.3.2",
    doc: "One source-to-leaf sub-LSP of a P2MP LSP.",
    length: 20,
    fields: [ipv6("destinationAddress", 4, SUB_LSP)],
    vectors: ["0014320220010db8000000000000000000000005"],
  },
];
