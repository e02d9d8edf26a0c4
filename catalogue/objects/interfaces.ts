/**
 * Objects that identify interfaces by TLVs (RFC 3471 9.1.1, RFC 3473 8): the IF_ID forms of RSVP_HOP and ERROR_SPEC, and
 * ALARM_SPEC, which is laid out like the latter.
 */
import type { Field, ItemDescription, ItemFamily, ObjectDescription, Rest } from "../schema.ts";
import { hexByte, ipv4, ipv6, u16, u32, u8 } from "../shorthand.ts";

const TLVS: Rest = {
  kind: "items",
  name: "tlvs",
  family: "INTERFACE_ID",
  doc: "The data channels, or the interfaces and nodes, that are meant.",
};

const addressAndInterface: readonly Field[] = [
  ipv4("address", 4, "An address of the link, or the router address of its node."),
  u32("interfaceId", 8, "The identifier of the link; 0xFFFFFFFF for all component links."),
];

const AS_READ = "As common dissectors read it.";
const AS_BYTES = "Contents not described: shown as bytes.";

/** Interface_ID TLVs of RFC 3471, and RFC 4920's in the same number space. */
const tlv = (name: string, type: number, rfc: string, doc: string, length: number, fields: readonly Field[]) => ({
  name,
  type,
  rfc,
  doc,
  length,
  fields,
});
const indexed = (name: string, type: number, rfc: string, doc: string): ItemDescription =>
  tlv(name, type, rfc, doc, 12, addressAndInterface);
const ipv4Tlv = (name: string, type: number, rfc: string, doc: string): ItemDescription =>
  tlv(name, type, rfc, doc, 8, [ipv4("address", 4, "Its address or router address.")]);
const ipv6Tlv = (name: string, type: number, rfc: string, doc: string): ItemDescription =>
  tlv(name, type, rfc, doc, 20, [ipv6("address", 4, "Its address.")]);
const numberTlv = (name: string, type: number, field: string, doc: string): ItemDescription =>
  tlv(name, type, "RFC 4920", doc, 8, [u32(field, 4, "Its number.")]);
const labelTlv = (name: string, type: number, doc: string): ItemDescription => ({
  name,
  type,
  rfc: "RFC 4920",
  doc: `${doc} RFC 5710 3.4 shows one.`,
  rest: { kind: "values", name: "label", type: "u32", doc: "The label in 32-bit words." },
});
const bytesTlv = (name: string, type: number, rfc: string, doc: string): ItemDescription => ({
  name,
  type,
  rfc,
  doc,
  rest: { kind: "bytes", name: "value", doc: "What follows type and length." },
});
const ALARM = "Contents not described: shown as bytes.";

const ITEMS: readonly ItemDescription[] = [
  ipv4Tlv("IPv4", 1, "RFC 3471 9.1.1", "A numbered interface."),
  ipv6Tlv("IPv6", 2, "RFC 3471 9.1.1", "A numbered interface."),
  indexed("IF_INDEX", 3, "RFC 3471 9.1.1", "An unnumbered interface."),
  indexed("COMPONENT_IF_DOWNSTREAM", 4, "RFC 3471 9.1.1", "A component of a bundle, for the downstream data channel."),
  indexed("COMPONENT_IF_UPSTREAM", 5, "RFC 3471 9.1.1", "A component of a bundle, for the upstream data channel."),
  labelTlv("DOWNSTREAM_LABEL", 6, "The downstream label that is meant."),
  labelTlv("UPSTREAM_LABEL", 7, "The upstream label that is meant."),
  ipv4Tlv("NODE_ID", 8, "RFC 4920", `A node. ${AS_READ}`),
  numberTlv("OSPF_AREA", 9, "area", `An OSPF area. ${AS_READ}`),
  bytesTlv("ISIS_AREA", 10, "RFC 4920", `An IS-IS area. ${AS_BYTES}`),
  numberTlv("AUTONOMOUS_SYSTEM", 11, "autonomousSystem", `An autonomous system. ${AS_READ}`),
  bytesTlv("ERO_CONTEXT", 12, "RFC 4920", `The explicit route as the failing node saw it. ${AS_BYTES}`),
  bytesTlv("ERO_NEXT_CONTEXT", 13, "RFC 4920", `The explicit route as the next node would have seen it. ${AS_BYTES}`),
  ipv4Tlv("PREVIOUS_HOP_IPv4", 14, "RFC 4920", `The previous hop. ${AS_READ}`),
  ipv6Tlv("PREVIOUS_HOP_IPv6", 15, "RFC 4920", `The previous hop. ${AS_READ}`),
  ipv4Tlv("INCOMING_IPv4", 16, "RFC 4920", `The incoming interface. ${AS_READ}`),
  ipv6Tlv("INCOMING_IPv6", 17, "RFC 4920", `The incoming interface. ${AS_READ}`),
  indexed("INCOMING_IF_INDEX", 18, "RFC 4920", `The incoming interface. ${AS_READ}`),
  labelTlv("INCOMING_DOWN_LABEL", 19, "The label of the incoming interface, downstream."),
  labelTlv("INCOMING_UP_LABEL", 20, "The label of the incoming interface, upstream."),
  ipv4Tlv("REPORTING_NODE_ID", 21, "RFC 4920", `The node that reports. ${AS_READ}`),
  numberTlv("REPORTING_OSPF_AREA", 22, "area", `The area of the node that reports. ${AS_READ}`),
  bytesTlv("REPORTING_ISIS_AREA", 23, "RFC 4920", `The area of the node that reports. ${AS_BYTES}`),
  numberTlv("REPORTING_AS", 24, "autonomousSystem", `The autonomous system of the node that reports. ${AS_READ}`),
  bytesTlv("PROPOSED_ERO", 25, "RFC 4920", `An explicit route that might work. ${AS_BYTES}`),
  bytesTlv("NODE_EXCLUSIONS", 26, "RFC 4920", `Nodes to leave out. ${AS_BYTES}`),
  bytesTlv("LINK_EXCLUSIONS", 27, "RFC 4920", `Links to leave out. ${AS_BYTES}`),
  bytesTlv("REFERENCE_COUNT", 512, "RFC 4783", `How many alarms this one stands for. ${ALARM}`),
  bytesTlv("SEVERITY", 513, "RFC 4783", `How grave the alarm is. ${ALARM}`),
  bytesTlv("GLOBAL_TIMESTAMP", 514, "RFC 4783", `When it was raised, by a common clock. ${ALARM}`),
  bytesTlv("LOCAL_TIMESTAMP", 515, "RFC 4783", `When it was raised, by the node's own clock. ${ALARM}`),
  {
    name: "ERROR_STRING",
    type: 516,
    rfc: "RFC 4783",
    doc: "A text about it; as common dissectors read it.",
    rest: { kind: "text", name: "errorString", doc: "What went wrong, in words." },
  },
];

export const FAMILIES: readonly ItemFamily[] = [{
  name: "INTERFACE_ID",
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
  items: ITEMS,
}];

const HOP = "Address of the interface through which the last RSVP hop sent the message.";
const HANDLE = "LIH, as in RSVP_HOP (RFC 2205 A.2).";
const NODE = "The node that found the error.";

const errorTail = (at: number): readonly Field[] => [
  u8("flags", at, "InPlace and NotGuilty of ResvErr, Path_State_Removed of PathErr.", { flags: "errorSpec" }),
  u8("errorCode", at + 1, "What went wrong (RFC 2205 appendix B and the registry).", { names: "errorCode" }),
  u16("errorValue", at + 2, "More about the error; its meaning depends on the code.", {
    names: "errorValue",
    namesBy: "errorCode",
  }),
];

const errorWithInterface = (
  name: string,
  number: number,
  rfc: string,
  doc: string,
  error: string,
  tlvs: string,
  more: readonly string[],
): readonly ObjectDescription[] => [
  {
    name,
    class: number,
    ctype: 3,
    form: "IPv4_IF_ID",
    rfc,
    doc,
    fields: [ipv4("errorNodeAddress", 4, NODE), ...errorTail(8)],
    rest: TLVS,
    vectors: [`0014${hexByte(number)}030a000002${error}${tlvs}`, ...more],
  },
  {
    name,
    class: number,
    ctype: 4,
    form: "IPv6_IF_ID",
    rfc,
    doc,
    fields: [ipv6("errorNodeAddress", 4, NODE), ...errorTail(20)],
    rest: TLVS,
    vectors: [`0020${hexByte(number)}0420010db8000000000000000000000002${error}${tlvs}`],
  },
];

export const OBJECTS: readonly ObjectDescription[] = [
  {
    name: "RSVP_HOP",
    class: 3,
    ctype: 3,
    form: "IPv4_IF_ID",
    rfc: "RFC 3473 8.1.1",
    doc: "The previous or next hop, with the data channels where the control channel is another one.",
    fields: [ipv4("hopAddress", 4, HOP), u32("logicalInterfaceHandle", 8, HANDLE)],
    rest: TLVS,
    vectors: [
      "001403030a00000100000007000100080a010101",
      "002403030a000001000000070004000c0a000001000000110005000c0a00000100000012",
      "001803030a000001000000070003000c0a00000100000005",
    ],
  },
  {
    name: "RSVP_HOP",
    class: 3,
    ctype: 4,
    form: "IPv6_IF_ID",
    rfc: "RFC 3473 8.1.1",
    doc: "The previous or next hop, with the data channels where the control channel is another one.",
    fields: [ipv6("hopAddress", 4, HOP), u32("logicalInterfaceHandle", 20, HANDLE)],
    rest: TLVS,
    vectors: ["002c030420010db8000000000000000000000001000000070002001420010db8000000010000000000000001"],
  },
  ...errorWithInterface(
    "ERROR_SPEC",
    6,
    "RFC 3473 8.2.1",
    "An error, with the interface that it is about.",
    "00190007",
    "000100080a010101",
    [
      "005c06030a0000020019000700060008000000100007000800000011000800080a0000090009000800000001000a00090349000100000000000b00080000fde8000e00080a000009000f001420010db8000000000000000000000009",
      "004406030a00000200190007001000080a0000090011001420010db80000000000000000000000090012000c0a0000090000000500130008000000120014000800000013",
      "003006030a00000200190007001500080a0000090016000800000001001700090349000100000000001800080000fde8",
      "004c06030a00000200190007000c000c01080a0000092000000d000c01080a00000920000019000c01080a0000092000001a000c000800080a000009001b00100003000c0a00000900000005",
    ],
  ),
  {
    name: "ALARM_SPEC",
    class: 198,
    ctype: 1,
    form: "RESERVED_1",
    rfc: "RFC 4783",
    doc: "A reserved form.",
    opaque: "Contents not described (RFC 4783); the registry calls the C-Type reserved.",
    rest: { kind: "bytes", name: "content", doc: "Whatever follows." },
    vectors: ["0008c60100000000"],
  },
  {
    name: "ALARM_SPEC",
    class: 198,
    ctype: 2,
    form: "RESERVED_2",
    rfc: "RFC 4783",
    doc: "A reserved form.",
    opaque: "Contents not described (RFC 4783); the registry calls the C-Type reserved.",
    rest: { kind: "bytes", name: "content", doc: "Whatever follows." },
    vectors: ["0008c60200000000"],
  },
  ...errorWithInterface(
    "ALARM_SPEC",
    198,
    "RFC 4783",
    "An alarm about an LSP, laid out like ERROR_SPEC with IF_ID.",
    "001f0001",
    "0200000800000001",
    ["003cc6030a000002001f000102000008000000020201000800000102020200086500000002030008650000010204000d6c696e6b20646f776e000000"],
  ),
];
