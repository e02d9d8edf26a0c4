/**
 * What the registry lists and the catalogue does not describe: named, kept as bytes, each with the reason. Also class 204,
 * where a vendor's object is what is met in the field.
 */
import type { ItemFamily, Names, ObjectDescription } from "../schema.ts";
import { hexByte, u16 } from "../shorthand.ts";

const CONTENT = { kind: "bytes", name: "content", doc: "All after the object header." } as const;

const opaque = (
  name: string,
  number: number,
  ctype: number,
  form: string,
  rfc: string,
  doc: string,
  why: string,
): ObjectDescription => ({
  name,
  class: number,
  ctype,
  form,
  rfc,
  doc,
  opaque: why,
  rest: CONTENT,
  vectors: [`000c${hexByte(number)}${hexByte(ctype)}0102030405060708`],
});

const RFC_6016 = "Contents not described (RFC 6016).";
const VPN = "RFC 6016";
const VPN_SESSIONS = [
  "VPN_IPv4",
  "VPN_IPv6",
  "AGGREGATE_VPN_IPv4",
  "AGGREGATE_VPN_IPv6",
  "GENERIC_AGGREGATE_VPN_IPv4",
  "GENERIC_AGGREGATE_VPN_IPv6",
];
const VPN_SENDERS = ["VPN_IPv4", "VPN_IPv6", "AGGREGATE_VPN_IPv4", "AGGREGATE_VPN_IPv6"];
const TAGGED = "The registry names a person, not a text.";

const virtualPrivateNetworks: readonly ObjectDescription[] = [
  ...VPN_SESSIONS.map((form, index) =>
    opaque("SESSION", 1, 19 + index, form, VPN, "A session inside a virtual private network.", RFC_6016)
  ),
  ...["VPN_IPv4", "VPN_IPv6"].map((form, index) =>
    opaque("RSVP_HOP", 3, 5 + index, form, VPN, "A hop with the virtual private network it belongs to.", RFC_6016)
  ),
  ...VPN_SENDERS.map((form, index) =>
    opaque("FILTER_SPEC", 10, 14 + index, form, VPN, "A sender inside a virtual private network.", RFC_6016)
  ),
  ...VPN_SENDERS.map((form, index) =>
    opaque("SENDER_TEMPLATE", 11, 14 + index, form, VPN, "A sender inside a virtual private network.", RFC_6016)
  ),
];

const taggedTunnels: readonly ObjectDescription[] = [
  opaque("SESSION", 1, 6, "TAGGED_TUNNEL_IPv4", "registry", "A tagged tunnel.", TAGGED),
  opaque("FILTER_SPEC", 10, 6, "TAGGED_TUNNEL_IPv4", "registry", "A sender of a tagged tunnel.", TAGGED),
  opaque("SENDER_TEMPLATE", 11, 6, "TAGGED_TUNNEL_IPv4", "registry", "A sender of a tagged tunnel.", TAGGED),
];

const PACKET_CABLE_FORMS = [
  "REVERSE_RSPEC",
  "REVERSE_SESSION",
  "REVERSE_SENDER_TEMPLATE",
  "REVERSE_SENDER_TSPEC",
  "FORWARD_RSPEC",
  "COMPONENT_TSPEC",
  "RESOURCE_ID",
  "GATE_ID",
  "COMMIT_ENTITY",
];
const packetCable: readonly ObjectDescription[] = PACKET_CABLE_FORMS.map((form, index) =>
  opaque(
    "PACKETCABLE_EXTENSIONS",
    226,
    1 + index,
    form,
    "PKT-SP-DQOS-O01-991201",
    "PacketCable: quality of service on cable access networks.",
    "Contents not described (PacketCable).",
  )
);

const PCN_FORMS = ["IPv4_REQUEST", "IPv6_REQUEST", "IPv4_RESPONSE", "IPv6_RESPONSE"];
const preCongestion: readonly ObjectDescription[] = PCN_FORMS.map((form, index) =>
  opaque(
    "PCN",
    248,
    1 + index,
    form,
    "RFC 7417",
    "Pre-congestion notification for aggregate reservations.",
    "Contents not described (RFC 7417).",
  )
);

export const FAMILIES: readonly ItemFamily[] = [{
  name: "JUNIPER_PROPERTY",
  framing: {
    headerLength: 2,
    typeAt: 0,
    typeBytes: 1,
    lengthAt: 1,
    lengthBytes: 1,
    lengthUnit: 1,
    lengthCounts: "item",
  },
  items: ([["COS", 1], ["METRIC_1", 2], ["METRIC_2", 4], ["CCC_STATUS", 8], ["PATH_TYPE", 16]] as const).map((
    [name, type],
  ) => ({
    name,
    type,
    rfc: "none",
    doc: "A vendor's property, as common dissectors read it.",
    length: 4,
    fields: [u16("value", 2, "Its value.", type === 16 ? { names: "juniperPathType" } : {})],
  })),
}];

export const OBJECTS: readonly ObjectDescription[] = [
  ...virtualPrivateNetworks,
  ...taggedTunnels,
  opaque("HOP_COUNT", 17, 1, "IPv4", "registry", "A count of hops.", TAGGED),
  opaque("STRICT_SOURCE_ROUTE", 18, 1, "", "registry", "A source route.", TAGGED),
  opaque(
    "LINK_CAPABILITY",
    133,
    1,
    "TE_LINK_CAPABILITIES",
    "RFC 4974",
    "What the link of a call can do.",
    "Contents not described (RFC 4974).",
  ),
  {
    name: "S2L_SUB_LSP_FRAG",
    class: 204,
    ctype: 1,
    form: "JUNIPER_PROPERTIES",
    rfc: "RFC 8149",
    doc:
      "The registry's S2L_SUB_LSP_FRAG, whose contents are not described, shares its number with a vendor's older object, " +
      "PROPERTIES; what dissectors show, and what is shown here, is the latter.",
    fields: [
      u16("propertyCount", 4, "How many properties follow."),
      u16("paddingLength", 6, "Bytes of padding at the end; where there are any, the content shows as malformed."),
    ],
    rest: { kind: "items", name: "properties", family: "JUNIPER_PROPERTY", doc: "The properties." },
    vectors: ["0010cc01000200000104000510040002", "0014cc0100030000020400640404006508040001"],
  },
  ...packetCable,
  opaque(
    "ATM_SERVICECLASS",
    227,
    1,
    "",
    "RFC 3496",
    "The service class of an ATM connection.",
    "Contents not described (RFC 3496).",
  ),
  opaque(
    "OBJECT_3GPP2",
    231,
    1,
    "",
    "3GPP2 X.S0011-D",
    "Packet filters and quality of service of a mobile network.",
    "Contents not described (3GPP2).",
  ),
  ...preCongestion,
];

export const NAMES: Readonly<Record<string, Names>> = { juniperPathType: { 2: "Primary", 3: "Secondary" } };
