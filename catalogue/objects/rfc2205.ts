/** The objects of RFC 2205 appendix A. FLOWSPEC, SENDER_TSPEC and ADSPEC are in rfc2210.ts. */
import type { Field, ObjectDescription } from "../schema.ts";

/** SESSION (A.1): `at` is where the word after the address starts. */
const sessionTail = (at: number): readonly Field[] => [
  {
    name: "protocolId",
    at,
    type: "u8",
    doc: "IP protocol of the data flow. Must not be zero.",
    names: "protocol",
  },
  { name: "flags", at: at + 1, type: "u8", doc: "0x01 is E_Police.", flags: "session", notIdentity: true },
  {
    name: "destinationPort",
    at: at + 2,
    type: "u16",
    doc: "UDP or TCP destination port of the session (DstPort); zero for none.",
  },
];

const hopTail = (at: number): readonly Field[] => [{
  name: "logicalInterfaceHandle",
  at,
  type: "u32",
  doc: "LIH: tells logical outgoing interfaces apart; returned in Resv as it came in Path. Zero for none.",
}];

const errorTail = (at: number): readonly Field[] => [
  { name: "flags", at, type: "u8", doc: "0x01 InPlace, 0x02 NotGuilty; ResvErr only.", flags: "errorSpec" },
  { name: "errorCode", at: at + 1, type: "u8", doc: "What went wrong (appendix B).", names: "errorCode" },
  {
    name: "errorValue",
    at: at + 2,
    type: "u16",
    doc: "More about the error; its meaning depends on the code.",
    names: "errorValue",
    namesBy: "errorCode",
  },
];

/** FILTER_SPEC and SENDER_TEMPLATE (A.9, A.10) have one layout. */
const filterTail = (at: number): readonly Field[] => [
  { name: "reserved", at, type: "u16", doc: "Not used.", reserved: true },
  { name: "sourcePort", at: at + 2, type: "u16", doc: "UDP or TCP source port (SrcPort); zero for none." },
];
const flowLabelTail: readonly Field[] = [
  { name: "reserved", at: 20, type: "u8", doc: "Not used.", reserved: true },
  { name: "flowLabel", at: 21, type: "u24", doc: "IPv6 flow label." },
];

const ipv4 = (name: string, doc: string): Field => ({ name, at: 4, type: "ipv4", doc });
const ipv6 = (name: string, doc: string): Field => ({ name, at: 4, type: "ipv6", doc });

const DESTINATION = "Unicast or multicast destination of the session (DestAddress). Must not be zero.";
const HOP = "Address of the interface through which the last RSVP hop sent the message.";
const ERROR_NODE = "The node that found the error.";
const SOURCE = "Address of the sender (SrcAddress). Must not be zero.";
const RECEIVER = "The receiver that asked for confirmation.";

const sourced = (
  name: string,
  number: number,
  rfc: string,
  doc: string,
): readonly ObjectDescription[] => {
  const hex = number.toString(16).padStart(2, "0");
  return [
    {
      name,
      class: number,
      ctype: 1,
      form: "IPv4",
      rfc,
      doc,
      length: 12,
      fields: [ipv4("sourceAddress", SOURCE), ...filterTail(8)],
      vectors: [`000c${hex}01c000020a00000fa0`, `000c${hex}01c000020a00010fa0`],
    },
    {
      name,
      class: number,
      ctype: 2,
      form: "IPv6",
      rfc,
      doc,
      length: 24,
      fields: [ipv6("sourceAddress", SOURCE), ...filterTail(20)],
      vectors: [`0018${hex}0220010db800000000000000000000000a00000fa0`],
    },
    {
      name,
      class: number,
      ctype: 3,
      form: "IPv6_FLOW_LABEL",
      rfc,
      doc: `${doc} Packets are told by their flow label.`,
      length: 24,
      fields: [ipv6("sourceAddress", SOURCE), ...flowLabelTail],
      vectors: [`0018${hex}0320010db800000000000000000000000a000abcde`],
    },
  ];
};

export const OBJECTS: readonly ObjectDescription[] = [
  {
    name: "NULL",
    class: 0,
    ctype: 0,
    anyCType: true,
    form: "",
    rfc: "RFC 2205 3.1.2",
    doc: "Ignored by receivers, wherever it stands.",
    rest: { kind: "bytes", name: "content", doc: "Ignored." },
    vectors: ["00040000", "00080007deadbeef"],
  },
  {
    name: "SESSION",
    class: 1,
    ctype: 1,
    form: "IPv4",
    rfc: "RFC 2205 A.1",
    doc: "The session: where the data flow goes.",
    length: 12,
    fields: [ipv4("destinationAddress", DESTINATION), ...sessionTail(8)],
    vectors: ["000c0101c00002141100138c", "000c0101e10101011101138c"],
  },
  {
    name: "SESSION",
    class: 1,
    ctype: 2,
    form: "IPv6",
    rfc: "RFC 2205 A.1",
    doc: "The session: where the data flow goes.",
    length: 24,
    fields: [ipv6("destinationAddress", DESTINATION), ...sessionTail(20)],
    vectors: ["0018010220010db80000000000000000000000141101138c"],
  },
  {
    name: "RSVP_HOP",
    class: 3,
    ctype: 1,
    form: "IPv4",
    rfc: "RFC 2205 A.2",
    doc: "The previous hop (downstream messages) or the next hop (upstream messages).",
    length: 12,
    fields: [ipv4("hopAddress", HOP), ...hopTail(8)],
    vectors: ["000c03010a00010100000007"],
  },
  {
    name: "RSVP_HOP",
    class: 3,
    ctype: 2,
    form: "IPv6",
    rfc: "RFC 2205 A.2",
    doc: "The previous hop (downstream messages) or the next hop (upstream messages).",
    length: 24,
    fields: [ipv6("hopAddress", HOP), ...hopTail(20)],
    vectors: ["00180302fe80000000000000000000000000000100000007"],
  },
  {
    name: "TIME_VALUES",
    class: 5,
    ctype: 1,
    form: "",
    rfc: "RFC 2205 A.4",
    doc: "How often the sender of this message refreshes it.",
    length: 8,
    fields: [{ name: "refreshPeriodMs", at: 4, type: "u32", doc: "R, in milliseconds." }],
    vectors: ["0008050100007530"],
  },
  {
    name: "ERROR_SPEC",
    class: 6,
    ctype: 1,
    form: "IPv4",
    rfc: "RFC 2205 A.5",
    doc: "An error in a PathErr or ResvErr, or a confirmation in a ResvConf.",
    length: 12,
    fields: [ipv4("errorNodeAddress", ERROR_NODE), ...errorTail(8)],
    vectors: ["000c06010a00010201010002", "000c06010a000102000d1701"],
  },
  {
    name: "ERROR_SPEC",
    class: 6,
    ctype: 2,
    form: "IPv6",
    rfc: "RFC 2205 A.5",
    doc: "An error in a PathErr or ResvErr, or a confirmation in a ResvConf.",
    length: 24,
    fields: [ipv6("errorNodeAddress", ERROR_NODE), ...errorTail(20)],
    vectors: ["0018060220010db800000000000000000000000200030000"],
  },
  {
    name: "SCOPE",
    class: 7,
    ctype: 1,
    form: "IPv4",
    rfc: "RFC 2205 A.6",
    doc: "The senders to which a wildcard-scope message goes, so that it does not loop (RFC 2205 3.4).",
    rest: { kind: "values", name: "sourceAddresses", type: "ipv4", doc: "Senders, in ascending order." },
    vectors: ["000c0701c000020ac000020b", "00040701"],
  },
  {
    name: "SCOPE",
    class: 7,
    ctype: 2,
    form: "IPv6",
    rfc: "RFC 2205 A.6",
    doc: "The senders to which a wildcard-scope message goes, so that it does not loop (RFC 2205 3.4).",
    rest: { kind: "values", name: "sourceAddresses", type: "ipv6", doc: "Senders, in ascending order." },
    vectors: ["0014070220010db800000000000000000000000a"],
  },
  {
    name: "STYLE",
    class: 8,
    ctype: 1,
    form: "",
    rfc: "RFC 2205 A.7",
    doc: "The reservation style.",
    length: 8,
    fields: [
      { name: "flags", at: 4, type: "u8", doc: "None is assigned.", reserved: true },
      {
        name: "optionVector",
        at: 5,
        type: "u24",
        doc: "The low five bits: sharing control (2) and sender selection (3).",
        names: "style",
      },
    ],
    vectors: ["000808010000000a", "0008080100000011", "0008080100000012"],
  },
  ...sourced("FILTER_SPEC", 10, "RFC 2205 A.9", "Which sender's packets a flow descriptor is for."),
  ...sourced("SENDER_TEMPLATE", 11, "RFC 2205 A.10", "The sender that a Path message describes."),
  {
    name: "RESV_CONFIRM",
    class: 15,
    ctype: 1,
    form: "IPv4",
    rfc: "RFC 2205 A.14",
    doc: "Asks for a confirmation of the reservation.",
    length: 8,
    fields: [ipv4("receiverAddress", RECEIVER)],
    vectors: ["00080f01c0000214"],
  },
  {
    name: "RESV_CONFIRM",
    class: 15,
    ctype: 2,
    form: "IPv6",
    rfc: "RFC 2205 A.14",
    doc: "Asks for a confirmation of the reservation.",
    length: 20,
    fields: [ipv6("receiverAddress", RECEIVER)],
    vectors: ["00140f0220010db8000000000000000000000014"],
  },
];
