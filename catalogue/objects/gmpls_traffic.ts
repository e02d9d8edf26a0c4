/**
 * Traffic parameters of circuits, in place of Int-Serv's: SENDER_TSPEC and FLOWSPEC C-Types 3 to 8, which share layouts;
 * and the upstream kin of FLOWSPEC, SENDER_TSPEC and ADSPEC (RFC 6387: "same values as"). Where there are
 * fields for RFC 4606, 4328, 6003, 7139, 7792 and 6387, they are what common dissectors read.
 */
import type { Field, ItemFamily, Names, ObjectDescription } from "../schema.ts";
import { bits, f32, hexByte, reserved, reservedBits, u16, u32, u8 } from "../shorthand.ts";
import { OBJECTS as INT_SERV } from "./rfc2210.ts";

const sonet: readonly Field[] = [
  u8("signalType", 4, "ST: the elementary signal.", { names: "sonetSignalType" }),
  u8("requestedConcatenation", 5, "RCC: contiguous concatenation wanted.", { flags: "sonetConcatenation" }),
  u16("contiguousComponents", 6, "NCC: identical signals concatenated contiguously."),
  u16("virtualComponents", 8, "NVC: identical signals concatenated virtually."),
  u16("multiplier", 10, "MT: identical signals for the LSP."),
  u32("transparency", 12, "T: overhead bytes left untouched, bit by bit."),
  u32("profile", 16, "P: capabilities asked for besides; zero by default."),
];

const g709: readonly Field[] = [
  u8("signalType", 4, "The elementary signal.", { names: "g709SignalType" }),
  reserved(5, "u8"),
  u16("multiplexedComponents", 6, "NMC: tributary slots multiplexed into the signal."),
  u16("virtualComponents", 8, "NVC: signals concatenated virtually."),
  u16("multiplier", 10, "MT: identical signals for the LSP."),
];

const ethernet: readonly Field[] = [
  u16("switchingGranularity", 4, "What is switched.", { names: "ethernetGranularity" }),
  u16("mtuBytes", 6, "The largest frame."),
];

export const FAMILIES: readonly ItemFamily[] = [{
  name: "ETHERNET_TRAFFIC",
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
  items: [
    {
      name: "BANDWIDTH_PROFILE",
      type: 2,
      rfc: "RFC 6003 4.1",
      doc: "Committed and excess rates and bursts of a flow.",
      length: 24,
      fields: [
        reservedBits(4, "u8", 2, 6, "reserved1"),
        bits("colorMode", 4, "u8", 1, 1, "CM: 1 if frames are coloured."),
        bits("couplingFlag", 4, "u8", 0, 1, "CF: 1 if unused committed tokens may serve excess frames."),
        u8("index", 5, "Which class of service the profile is for."),
        reserved(6, "u16", "reserved2"),
        f32("committedRateBytesPerSecond", 8, "CIR, the committed information rate."),
        f32("committedBurstBytes", 12, "CBS, the committed burst size."),
        f32("excessRateBytesPerSecond", 16, "EIR, the excess information rate."),
        f32("excessBurstBytes", 20, "EBS, the excess burst size."),
      ],
    },
    {
      name: "LAYER_2_CONTROL_PROTOCOL",
      type: 3,
      rfc: "RFC 6003 4.2",
      doc: "What to do with layer 2 control frames. Contents not described: shown as bytes.",
      rest: { kind: "bytes", name: "content", doc: "Processing at ingress and egress." },
    },
  ],
}];

const traffic = (name: string, number: number, doc: string): readonly ObjectDescription[] => [
  {
    name,
    class: number,
    ctype: 3,
    form: "DEPRECATED",
    rfc: "registry",
    doc,
    opaque: "Deprecated before it was published.",
    rest: { kind: "bytes", name: "content", doc: "Whatever follows." },
    vectors: [`0008${hexByte(number)}0300000000`],
  },
  {
    name,
    class: number,
    ctype: 4,
    form: "SONET_SDH",
    rfc: "RFC 4606 2.1",
    doc,
    length: 20,
    fields: sonet,
    vectors: [`0014${hexByte(number)}0406010001000000010000000000000000`],
  },
  {
    name,
    class: number,
    ctype: 5,
    form: "G_709",
    rfc: "RFC 4328 3.2",
    doc,
    fields: g709,
    rest: { kind: "bytes", name: "furtherBytes", doc: "Reserved words." },
    vectors: [`0014${hexByte(number)}0502000001000000010000000000000000`],
  },
  {
    name,
    class: number,
    ctype: 6,
    form: "ETHERNET",
    rfc: "RFC 6003 4",
    doc,
    fields: ethernet,
    rest: { kind: "items", name: "tlvs", family: "ETHERNET_TRAFFIC", doc: "Bandwidth profiles and the like." },
    vectors: [
      `0020${hexByte(number)}06000105dc000200180201000049989680471c40004918968046ea6000`,
      `0010${hexByte(number)}06000205dc0003000801020000`,
    ],
  },
  {
    name,
    class: number,
    ctype: 7,
    form: "OTN_TDM",
    rfc: "RFC 7139",
    doc,
    opaque: "Contents not described (RFC 7139).",
    rest: { kind: "bytes", name: "content", doc: "Traffic parameters of optical transport networks." },
    vectors: [`0010${hexByte(number)}07010000000000000100000000`],
  },
  {
    name,
    class: number,
    ctype: 8,
    form: "SSON",
    rfc: "RFC 7792",
    doc,
    opaque: "Contents not described (RFC 7792).",
    rest: { kind: "bytes", name: "content", doc: "Traffic parameters of spectrum-switched networks." },
    vectors: [`0008${hexByte(number)}0800040000`],
  },
];

const TSPEC = "What traffic a sender will send over a circuit.";
const FLOW = "What circuit a receiver asks for.";

const CIRCUITS: readonly ObjectDescription[] = [
  ...traffic("FLOWSPEC", 9, FLOW),
  ...traffic("SENDER_TSPEC", 12, TSPEC),
];

/** The kin of a class for the reverse direction: every C-Type of the class, under another number. */
const upstream = (name: string, number: number, of: number): readonly ObjectDescription[] =>
  [...INT_SERV, ...CIRCUITS].filter((object) => object.class === of).map((object) => ({
    ...object,
    name,
    class: number,
    rfc: `RFC 6387 (as ${object.name}, ${object.rfc})`,
    doc: `For the upstream direction of a bidirectional LSP: ${object.doc}`,
    vectors: object.vectors.map((vector) => `${vector.slice(0, 4)}${hexByte(number)}${vector.slice(6)}`),
  }));

export const OBJECTS: readonly ObjectDescription[] = [
  ...CIRCUITS,
  ...upstream("UPSTREAM_FLOWSPEC", 120, 9),
  ...upstream("UPSTREAM_TSPEC", 121, 12),
  ...upstream("UPSTREAM_ADSPEC", 122, 13),
];

export const NAMES: Readonly<Record<string, Names>> = {
  sonetSignalType: {
    1: "VT1.5 SPE / VC-11",
    2: "VT2 SPE / VC-12",
    3: "VT3 SPE",
    4: "VT6 SPE / VC-2",
    5: "STS-1 SPE / VC-3",
    6: "STS-3c SPE / VC-4",
    7: "STS-1 / STM-0",
    8: "STS-3 / STM-1",
    9: "STS-12 / STM-4",
    10: "STS-48 / STM-16",
    11: "STS-192 / STM-64",
    12: "STS-768 / STM-256",
  },
  g709SignalType: {
    0: "irrelevant",
    1: "ODU1",
    2: "ODU2",
    3: "ODU3",
    6: "OCh at 2.5 Gbps",
    7: "OCh at 10 Gbps",
    8: "OCh at 40 Gbps",
  },
  ethernetGranularity: { 0: "Provided in signaling", 1: "Ethernet port", 2: "Ethernet frame" },
};

export const FLAGS: Readonly<Record<string, Names>> = {
  sonetConcatenation: { 0x01: "Standard contiguous concatenation", 0x02: "Arbitrary contiguous concatenation" },
};
