/** The objects of GMPLS signalling (RFC 3471, RFC 3473), without those that identify interfaces: see `interfaces.ts`. */
import type { Field, Names, ObjectDescription, Rest } from "../schema.ts";
import { bits, hexByte, ipv4, ipv6, reservedBits, u16, u32, u8 } from "../shorthand.ts";

const GENERALIZED: Rest = {
  kind: "values",
  name: "label",
  type: "u32",
  doc: "The label in 32-bit words, one for most technologies; what it means depends on the link (RFC 3471 3.2).",
};
const WAVEBAND: readonly Field[] = [
  u32("wavebandId", 4, "Waveband Id: chosen by the sender, returned in messages about the waveband."),
  u32("startLabel", 8, "The lowest label of the waveband."),
  u32("endLabel", 12, "The highest label of the waveband."),
];
const PACKET: readonly Field[] = [u32("label", 4, "An MPLS label (0 to 1,048,575), right-aligned.")];
const CHANNEL_SET = "Contents not described (RFC 6002).";

/** The C-Types that every label class has in common (registry: "same values as RSVP_LABEL"). */
const generalized = (name: string, number: number, rfc: string, doc: string): readonly ObjectDescription[] => [
  {
    name,
    class: number,
    ctype: 2,
    form: "GENERALIZED",
    rfc,
    doc,
    rest: GENERALIZED,
    vectors: [`0008${hexByte(number)}0200000ce4`, `000c${hexByte(number)}020000000100000002`],
  },
  {
    name,
    class: number,
    ctype: 3,
    form: "WAVEBAND_SWITCHING",
    rfc,
    doc: `${doc} For waveband switching.`,
    length: 16,
    fields: WAVEBAND,
    vectors: [`0010${hexByte(number)}03000000070000000100000008`],
  },
  {
    name,
    class: number,
    ctype: 4,
    form: "GENERALIZED_CHANNEL_SET",
    rfc: "RFC 6002",
    doc: `${doc} For a set of channels.`,
    opaque: CHANNEL_SET,
    rest: { kind: "bytes", name: "content", doc: "The channel set." },
    vectors: [`000c${hexByte(number)}040001000000000001`],
  },
];

/** RECOVERY_LABEL, UPSTREAM_LABEL and SUGGESTED_LABEL also exist in the packet form. */
const labelClass = (name: string, number: number, rfc: string, doc: string): readonly ObjectDescription[] => [
  {
    name,
    class: number,
    ctype: 1,
    form: "PACKET",
    rfc,
    doc,
    length: 8,
    fields: PACKET,
    vectors: [`0008${hexByte(number)}0100000010`],
  },
  ...generalized(name, number, rfc, doc),
];

const labelSet = (name: string, number: number, rfc: string, doc: string): ObjectDescription => ({
  name,
  class: number,
  ctype: 1,
  form: "",
  rfc,
  doc,
  fields: [
    u8("action", 4, "Whether the labels are listed or bound a range, and whether they are in or out.", {
      names: "labelSetAction",
    }),
    bits("reserved", 4, "u32", 14, 10, "Not used.", { reserved: true }),
    bits("labelType", 4, "u32", 0, 14, "C-Type of the LABEL objects whose labels these are."),
  ],
  rest: {
    kind: "values",
    name: "subchannels",
    type: "u32",
    doc: "Labels in 32-bit words; of a range first and last, zero for no bound.",
  },
  vectors: [`0010${hexByte(number)}01000000020000000500000009`, `0010${hexByte(number)}01020000010000001000000fff`],
});

const generalizedRequest: readonly Field[] = [
  u8("lspEncodingType", 4, "Encoding of the LSP.", { names: "lspEncodingType" }),
  u8("switchingType", 5, "Kind of switching on the link.", { names: "switchingType" }),
  u16("generalizedPid", 6, "G-PID: payload of the LSP; an Ethertype for packet and Ethernet LSPs.", {
    names: "generalizedPid",
  }),
];

const LABEL = "The label for a sender.";
const RECOVERY = "The label used before a restart, so that a restarting node can keep it.";
const UPSTREAM = "The label for the way back of a bidirectional LSP; its presence asks for one.";
const SUGGESTED = "The label that the upstream node would like to get, so that it can set up its hardware early.";
const NOTIFY_NODE = "The node to notify of errors.";

export const OBJECTS: readonly ObjectDescription[] = [
  ...generalized("LABEL", 16, "RFC 3473 2.3", LABEL),
  {
    name: "LABEL_REQUEST",
    class: 19,
    ctype: 4,
    form: "GENERALIZED",
    rfc: "RFC 3473 2.1",
    doc: "Asks for a label binding, for any technology.",
    length: 8,
    fields: generalizedRequest,
    vectors: ["0008130401010800", "0008130408960021"],
  },
  {
    name: "LABEL_REQUEST",
    class: 19,
    ctype: 5,
    form: "GENERALIZED_CHANNEL_SET",
    rfc: "RFC 6002",
    doc: "Asks for a set of channels; layout as common dissectors read it, which is that of the generalized request.",
    length: 8,
    fields: generalizedRequest,
    vectors: ["0008130501010800"],
  },
  ...labelClass("RECOVERY_LABEL", 34, "RFC 3473 9.2.1", RECOVERY),
  ...labelClass("UPSTREAM_LABEL", 35, "RFC 3473 3.1", UPSTREAM),
  labelSet("LABEL_SET", 36, "RFC 3473 2.6", "The labels that a downstream node may choose from."),
  ...labelClass("SUGGESTED_LABEL", 129, "RFC 3473 2.5", SUGGESTED),
  labelSet(
    "ACCEPTABLE_LABEL_SET",
    130,
    "RFC 3473 4.1",
    "The labels that would have been acceptable, in an error message.",
  ),
  {
    name: "RESTART_CAP",
    class: 131,
    ctype: 1,
    form: "",
    rfc: "RFC 3473 9.1",
    doc: "In Hello: how long a restart of the sender takes.",
    length: 12,
    fields: [
      u32(
        "restartTimeMs",
        4,
        "Restart Time: to restart and to reach its neighbours; 0xFFFFFFFF for any length of time.",
      ),
      u32("recoveryTimeMs", 8, "Recovery Time wanted to synchronize state; zero if forwarding state was lost."),
    ],
    vectors: ["000c83010000ea600001d4c0", "000c8301ffffffff00000000"],
  },
  {
    name: "NOTIFY_REQUEST",
    class: 195,
    ctype: 1,
    form: "IPv4",
    rfc: "RFC 3473 4.2.1",
    doc: "Asks that a node be notified of failures of the LSP.",
    length: 8,
    fields: [ipv4("notifyNodeAddress", 4, NOTIFY_NODE)],
    vectors: ["0008c3010a000001"],
  },
  {
    name: "NOTIFY_REQUEST",
    class: 195,
    ctype: 2,
    form: "IPv6",
    rfc: "RFC 3473 4.2.1",
    doc: "Asks that a node be notified of failures of the LSP.",
    length: 20,
    fields: [ipv6("notifyNodeAddress", 4, NOTIFY_NODE)],
    vectors: ["0014c30220010db8000000000000000000000001"],
  },
  {
    name: "ADMIN_STATUS",
    class: 196,
    ctype: 1,
    form: "",
    rfc: "RFC 3473 7.1",
    doc: "The administrative status of an LSP or call.",
    length: 8,
    fields: [
      bits("reflect", 4, "u32", 31, 1, "R: the edge node should send the object back."),
      reservedBits(4, "u32", 8, 23),
      bits("flags", 4, "u32", 0, 8, "What to do to the LSP; none for normal operation.", { flags: "adminStatus" }),
    ],
    vectors: ["0008c40180000001", "0008c40100000006"],
  },
];

export const NAMES: Readonly<Record<string, Names>> = {
  labelSetAction: { 0: "Inclusive List", 1: "Exclusive List", 2: "Inclusive Range", 3: "Exclusive Range" },
  /** RFC 3471 3.1.1. */
  lspEncodingType: {
    1: "Packet",
    2: "Ethernet",
    3: "ANSI/ETSI PDH",
    5: "SDH ITU-T G.707 / SONET ANSI T1.105",
    7: "Digital Wrapper",
    8: "Lambda (photonic)",
    9: "Fiber",
    11: "FiberChannel",
  },
  /** RFC 3471 3.1.1. */
  switchingType: {
    1: "PSC-1",
    2: "PSC-2",
    3: "PSC-3",
    4: "PSC-4",
    51: "L2SC",
    100: "TDM",
    150: "LSC",
    200: "FSC",
  },
  /** RFC 3471 3.1.1; values from 0x0600 on are Ethertypes. */
  generalizedPid: {
    0: "Unknown",
    5: "Asynchronous mapping of E4",
    6: "Asynchronous mapping of DS3/T3",
    7: "Asynchronous mapping of E3",
    8: "Bit synchronous mapping of E3",
    9: "Byte synchronous mapping of E3",
    10: "Asynchronous mapping of DS2/T2",
    11: "Bit synchronous mapping of DS2/T2",
    13: "Asynchronous mapping of E1",
    14: "Byte synchronous mapping of E1",
    15: "Byte synchronous mapping of 31 * DS0",
    16: "Asynchronous mapping of DS1/T1",
    17: "Bit synchronous mapping of DS1/T1",
    18: "Byte synchronous mapping of DS1/T1",
    19: "VC-11 in VC-12",
    22: "DS1 SF Asynchronous",
    23: "DS1 ESF Asynchronous",
    24: "DS3 M23 Asynchronous",
    25: "DS3 C-Bit Parity Asynchronous",
    26: "VT/LOVC",
    27: "STS SPE/HOVC",
    28: "POS - No Scrambling, 16 bit CRC",
    29: "POS - No Scrambling, 32 bit CRC",
    30: "POS - Scrambling, 16 bit CRC",
    31: "POS - Scrambling, 32 bit CRC",
    32: "ATM mapping",
    33: "Ethernet",
    34: "SONET/SDH",
    36: "Digital Wrapper",
    37: "Lambda",
    38: "ANSI/ETSI PDH",
    40: "Link Access Protocol SDH",
    41: "FDDI",
    42: "DQDB",
    43: "FiberChannel-3 (Services)",
    44: "HDLC",
    45: "Ethernet V2/DIX (only)",
    46: "Ethernet 802.3 (only)",
    0x0800: "IPv4",
    0x86dd: "IPv6",
    0x8847: "MPLS unicast",
    0x8848: "MPLS multicast",
  },
};

export const FLAGS: Readonly<Record<string, Names>> = {
  /** T, A and D are of RFC 3471 8; the others came with RFC 4783, 4974, 4872 and 5852 and are named as dissectors do. */
  adminStatus: {
    0x01: "Deletion in progress",
    0x02: "Administratively down",
    0x04: "Testing",
    0x08: "Call management",
    0x10: "Inhibit alarm communication",
    0x20: "Lockout",
    0x40: "Handover",
  },
};
