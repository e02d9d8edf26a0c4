/**
 * The optical user-network interface and switched optical networks: SESSION C-Types 11, 12, 15, 16, GENERALIZED_UNI
 * (RFC 3476), CALL_OPS and CALL_ID (RFC 3474). Where there are fields, they are what common
 * dissectors read, and a test compares them with one.
 */
import type { Field, ItemDescription, ItemFamily, Names, ObjectDescription, Variant } from "../schema.ts";
import { bits, ipv4, ipv6, octets, reserved, reservedBits, u16, u24, u32, u8 } from "../shorthand.ts";

const sessionIpv4: readonly Field[] = [
  ipv4("destinationAddress", 4, "Where the connection goes."),
  u16("shortCallId", 8, "Zero, or the Short Call ID of RFC 4974.", { reserved: true }),
  u16("tunnelId", 10, "Tunnel ID: the connection."),
  ipv4("extendedAddress", 12, "Extended IPv4 address: where it starts."),
];

/** Type and sub-type of a GENERALIZED_UNI sub-object stand side by side, so they are read as one number. */
const tna = (side: string, type: number, doc: string): readonly ItemDescription[] => [
  {
    name: `${side}_TNA_IPv4`,
    type: type * 256 + 1,
    rfc: "RFC 3476",
    doc,
    length: 8,
    fields: [ipv4("address", 4, "Its Transport Network Assigned address.")],
  },
  {
    name: `${side}_TNA_IPv6`,
    type: type * 256 + 2,
    rfc: "RFC 3476",
    doc,
    length: 20,
    fields: [ipv6("address", 4, "Its Transport Network Assigned address.")],
  },
  {
    name: `${side}_TNA_NSAP`,
    type: type * 256 + 3,
    rfc: "RFC 3476",
    doc,
    fields: [u8("addressLength", 4, "Bytes of the address.")],
    rest: { kind: "bytes", name: "address", doc: "The address, and padding." },
  },
];

const egress = (name: string, type: number, rfc: string, doc: string): ItemDescription => ({
  name,
  type,
  rfc,
  doc,
  fields: [
    bits("upstream", 4, "u32", 31, 1, "U: the direction of the label; 1 for upstream."),
    reservedBits(4, "u32", 8, 23),
    bits("labelType", 4, "u32", 0, 8, "C-Type of the LABEL object that the label comes from."),
    u32("logicalPortId", 8, "The port at the egress."),
  ],
  rest: { kind: "values", name: "label", type: "u32", doc: "The label in 32-bit words." },
});

export const FAMILIES: readonly ItemFamily[] = [{
  name: "GENERALIZED_UNI",
  framing: {
    headerLength: 4,
    typeAt: 2,
    typeBytes: 2,
    lengthAt: 0,
    lengthBytes: 2,
    lengthUnit: 1,
    lengthCounts: "item",
  },
  items: [
    ...tna("SOURCE", 1, "Where the connection starts."),
    ...tna("DESTINATION", 2, "Where the connection goes."),
    {
      name: "DIVERSITY",
      type: 0x0301,
      rfc: "RFC 3476",
      doc: "A connection from which this one should be diverse.",
      fields: [
        bits("diversity", 4, "u8", 4, 4, "What the two must not share.", { names: "uniDiversity" }),
        reservedBits(4, "u8", 0, 4, "reserved1"),
        reserved(5, "u24", "reserved2"),
      ],
      rest: { kind: "objects", name: "objects", doc: "SESSION and SENDER_TEMPLATE of the other connection." },
    },
    egress("EGRESS_LABEL", 0x0401, "RFC 3476", "The label at the egress."),
    egress("SPC_LABEL", 0x0402, "RFC 3474", "The label at the egress of a soft permanent connection."),
    {
      name: "SERVICE_LEVEL",
      type: 0x0501,
      rfc: "RFC 3476",
      doc: "The class of service.",
      length: 8,
      fields: [u8("serviceLevel", 4, "The carrier says what it means."), reserved(5, "u24")],
    },
  ],
}];

const ADDRESS_TYPE = "Kind of the source's address.";
const LOCAL = "Identifier of the call, chosen by the source.";
const SOURCE = "Transport network address of the source.";
const addressForms: readonly [number, string, number, (name: string, at: number, doc: string) => Field][] = [
  [1, "Ipv4", 4, ipv4],
  [2, "Ipv6", 16, ipv6],
  [3, "Nsap", 20, (name, at, doc) => octets(name, at, 20, doc)],
];

/**
 * A MAC address (type 4) leaves an object whose length is no multiple of four, so it can only stand in the general shape.
 * CALL_ID: a head, the source's address at `at`, eight bytes of local identifier.
 */
const callIds = (at: number, head: readonly Field[]): readonly Variant[] =>
  addressForms.map(([type, name, bytes, field]) => ({
    name,
    doc: "The length of the address follows from its type.",
    length: at + bytes + 8,
    fields: [
      u8("addressType", 4, ADDRESS_TYPE, { names: "callIdAddressType", literal: type }),
      ...head,
      field("sourceAddress", at, SOURCE),
      octets("localIdentifier", at + bytes, 8, LOCAL),
    ],
  }));

const operatorHead: readonly Field[] = [u24("reserved", 5, "Not used.", { reserved: true })];
const globalHead: readonly Field[] = [
  octets("internationalSegment", 5, 3, "IS: country code, in characters."),
  octets("nationalSegment", 8, 12, "NS: carrier and access point codes, in characters."),
];
const ADDRESS_AND_ID = "Transport network address of the source, then eight bytes of identifier.";

export const OBJECTS: readonly ObjectDescription[] = [
  {
    name: "SESSION",
    class: 1,
    ctype: 11,
    form: "UNI_IPv4",
    rfc: "RFC 3476",
    doc: "A connection across the user-network interface.",
    length: 16,
    fields: sessionIpv4,
    vectors: ["0010010b0a000005000000010a000001"],
  },
  {
    name: "SESSION",
    class: 1,
    ctype: 12,
    form: "UNI_IPv6",
    rfc: "RFC 3474",
    doc: "A connection across the user-network interface.",
    opaque: "Contents not described (RFC 3474).",
    rest: { kind: "bytes", name: "content", doc: "The session." },
    vectors: ["0028010c20010db80000000000000000000000050000000120010db8000000000000000000000001"],
  },
  {
    name: "SESSION",
    class: 1,
    ctype: 15,
    form: "ENNI_IPv4",
    rfc: "RFC 3474",
    doc: "A connection across the external network-network interface.",
    length: 16,
    fields: sessionIpv4,
    vectors: ["0010010f0a000005000000010a000001"],
  },
  {
    name: "SESSION",
    class: 1,
    ctype: 16,
    form: "ENNI_IPv6",
    rfc: "RFC 3474",
    doc: "A connection across the external network-network interface.",
    opaque: "Contents not described (RFC 3474).",
    rest: { kind: "bytes", name: "content", doc: "The session." },
    vectors: ["0028011020010db80000000000000000000000050000000120010db8000000000000000000000001"],
  },
  {
    name: "CALL_OPS",
    class: 228,
    ctype: 1,
    form: "",
    rfc: "RFC 3474",
    doc: "What a message does to a call.",
    opaque: "Contents not described (RFC 3474).",
    rest: { kind: "bytes", name: "content", doc: "The operation." },
    vectors: ["0008e40100000001"],
  },
  {
    name: "GENERALIZED_UNI",
    class: 229,
    ctype: 1,
    form: "",
    rfc: "RFC 3476",
    doc: "What a client asks of an optical network: end points, diversity, egress label, service level.",
    rest: {
      kind: "items",
      name: "subobjects",
      family: "GENERALIZED_UNI",
      doc: "`type` holds type and sub-type: 0x0101 is type 1, sub-type 1.",
    },
    vectors: [
      "0014e501000801010a000001000802010a000002",
      "001ce501001004010000000100000007000000100008050103000000",
      "0038e501001004028000000200000007000000110024030120000000001001070a000005000000070a000001000c0b070a00000100000064",
      "0024e5010014010220010db8000000000000000000000001000c02030749000102030405",
      "0018e5010014020220010db8000000000000000000000002",
      "0020e501001c01031449000102030405060708090a0b0c0d0e0f101112000000",
    ],
  },
  {
    name: "CALL_ID",
    class: 230,
    ctype: 1,
    form: "OPERATOR_SPECIFIC",
    rfc: "RFC 3474",
    doc: "The call that a connection belongs to.",
    variants: callIds(8, operatorHead),
    fields: [u8("addressType", 4, ADDRESS_TYPE, { names: "callIdAddressType" }), ...operatorHead],
    rest: { kind: "bytes", name: "addressAndIdentifier", doc: ADDRESS_AND_ID },
    vectors: [
      "0014e601010000000a0000010000000000000007",
      "0020e6010200000020010db80000000000000000000000010000000000000007",
    ],
  },
  {
    name: "CALL_ID",
    class: 230,
    ctype: 2,
    form: "GLOBALLY_UNIQUE",
    rfc: "RFC 3474",
    doc: "The call that a connection belongs to.",
    variants: callIds(20, globalHead),
    fields: [u8("addressType", 4, ADDRESS_TYPE, { names: "callIdAddressType" }), ...globalHead],
    rest: { kind: "bytes", name: "addressAndIdentifier", doc: ADDRESS_AND_ID },
    vectors: ["0020e602015553414341525249455230303030310a0000010000000000000007"],
  },
];

export const NAMES: Readonly<Record<string, Names>> = {
  uniDiversity: { 1: "Node Diverse", 2: "Link Diverse", 3: "SRLG Diverse", 4: "Shared Path" },
  callIdAddressType: { 1: "IPv4", 2: "IPv6", 3: "NSAP", 4: "MAC", 0x7f: "vendor-defined" },
};
