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

const indexed = (name: string, type: number, doc: string): ItemDescription => ({
  name,
  type,
  rfc: "RFC 3471 9.1.1",
  doc,
  length: 12,
  fields: addressAndInterface,
});
const label = (name: string, type: number, doc: string): ItemDescription => ({
  name,
  type,
  rfc: "RFC 4920",
  doc,
  rest: { kind: "values", name: "label", type: "u32", doc: "The label in 32-bit words (RFC 5710 3.4 shows one)." },
});
/** RFC 4920's TLVs for crankback; its text is not at hand, so their content is bytes where no other text shows it. */
const crankback = (name: string, type: number, doc: string): ItemDescription => ({
  name,
  type,
  rfc: "RFC 4920",
  doc: `${doc} The text of RFC 4920 is not at hand: shown as bytes.`,
  rest: { kind: "bytes", name: "value", doc: "What follows type and length." },
});
const alarm = (name: string, type: number, doc: string): ItemDescription => ({
  name,
  type,
  rfc: "RFC 4783",
  doc: `${doc} The text of RFC 4783 is not at hand: shown as bytes.`,
  rest: { kind: "bytes", name: "value", doc: "What follows type and length." },
});

const ITEMS: readonly ItemDescription[] = [
  {
    name: "IPv4",
    type: 1,
    rfc: "RFC 3471 9.1.1",
    doc: "A numbered interface.",
    length: 8,
    fields: [ipv4("address", 4, "Its address.")],
  },
  {
    name: "IPv6",
    type: 2,
    rfc: "RFC 3471 9.1.1",
    doc: "A numbered interface.",
    length: 20,
    fields: [ipv6("address", 4, "Its address.")],
  },
  indexed("IF_INDEX", 3, "An unnumbered interface."),
  indexed("COMPONENT_IF_DOWNSTREAM", 4, "A component of a bundle, for the downstream data channel."),
  indexed("COMPONENT_IF_UPSTREAM", 5, "A component of a bundle, for the upstream data channel."),
  label("DOWNSTREAM_LABEL", 6, "The downstream label that is meant."),
  label("UPSTREAM_LABEL", 7, "The upstream label that is meant."),
  crankback("NODE_ID", 8, "A node."),
  crankback("OSPF_AREA", 9, "An OSPF area."),
  crankback("ISIS_AREA", 10, "An IS-IS area."),
  crankback("AUTONOMOUS_SYSTEM", 11, "An autonomous system."),
  crankback("ERO_CONTEXT", 12, "The explicit route as the failing node saw it."),
  crankback("ERO_NEXT_CONTEXT", 13, "The explicit route as the next node would have seen it."),
  crankback("PREVIOUS_HOP_IPv4", 14, "The previous hop."),
  crankback("PREVIOUS_HOP_IPv6", 15, "The previous hop."),
  crankback("INCOMING_IPv4", 16, "The incoming interface."),
  crankback("INCOMING_IPv6", 17, "The incoming interface."),
  crankback("INCOMING_IF_INDEX", 18, "The incoming interface."),
  crankback("INCOMING_DOWN_LABEL", 19, "The label of the incoming interface, downstream."),
  crankback("INCOMING_UP_LABEL", 20, "The label of the incoming interface, upstream."),
  crankback("REPORTING_NODE_ID", 21, "The node that reports."),
  crankback("REPORTING_OSPF_AREA", 22, "The area of the node that reports."),
  crankback("REPORTING_ISIS_AREA", 23, "The area of the node that reports."),
  crankback("REPORTING_AS", 24, "The autonomous system of the node that reports."),
  crankback("PROPOSED_ERO", 25, "An explicit route that might work."),
  crankback("NODE_EXCLUSIONS", 26, "Nodes to leave out."),
  crankback("LINK_EXCLUSIONS", 27, "Links to leave out."),
  alarm("REFERENCE_COUNT", 512, "How many alarms this one stands for."),
  alarm("SEVERITY", 513, "How grave the alarm is."),
  alarm("GLOBAL_TIMESTAMP", 514, "When it was raised, by a common clock."),
  alarm("LOCAL_TIMESTAMP", 515, "When it was raised, by the node's own clock."),
  alarm("ERROR_STRING", 516, "A text about it."),
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
  tlv: string,
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
    vectors: [`0014${hexByte(number)}030a000002${error}${tlv}`],
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
    vectors: [`0020${hexByte(number)}0420010db8000000000000000000000002${error}${tlv}`],
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
  ),
  {
    name: "ALARM_SPEC",
    class: 198,
    ctype: 1,
    form: "RESERVED_1",
    rfc: "RFC 4783",
    doc: "A reserved form.",
    opaque: "The text of RFC 4783 is not at hand, and the registry calls the C-Type reserved.",
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
    opaque: "The text of RFC 4783 is not at hand, and the registry calls the C-Type reserved.",
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
  ),
];
