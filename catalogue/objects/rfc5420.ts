/** Attributes of LSPs (RFC 5420) and of calls (RFC 6001 5.1): objects that are lists of TLVs. */
import type { ItemDescription, ItemFamily, ItemFraming, Names, ObjectDescription, Rest } from "../schema.ts";
import { reserved, u32, u8 } from "../shorthand.ts";

/** RFC 5420 3: the length counts type, length and value, not the padding to four octets. */
const FRAMING: ItemFraming = {
  headerLength: 4,
  typeAt: 0,
  typeBytes: 2,
  lengthAt: 2,
  lengthBytes: 2,
  lengthUnit: 1,
  lengthCounts: "item",
  padTo: 4,
};

const FURTHER: Rest = {
  kind: "values",
  name: "furtherFlags",
  type: "u32",
  doc: "Bits 32 and up, in 32-bit words.",
};

const opaqueTlv = (name: string, type: number, rfc: string, doc: string): ItemDescription => ({
  name,
  type,
  rfc,
  doc: `${doc} Contents not described: shown as bytes.`,
  rest: { kind: "bytes", name: "value", doc: "What follows type and length." },
});

const LSP_ATTRIBUTE_TLVS: readonly ItemDescription[] = [
  {
    name: "ATTRIBUTE_FLAGS",
    type: 1,
    rfc: "RFC 5420 3.1",
    doc: "Flags, in as many 32-bit words as are needed.",
    fields: [u32("attributeFlags", 4, "Bits 0 to 31, bit 0 the highest.", { flags: "lspAttribute" })],
    rest: FURTHER,
  },
  opaqueTlv("SERVICE_ID", 2, "RFC 6060", "The service that an Ethernet connection is for."),
  opaqueTlv("OAM_CONFIGURATION", 3, "RFC 7260", "How to configure operations, administration and maintenance."),
  opaqueTlv("WSON_PROCESSING_HOP", 4, "RFC 7689", "What a hop of a wavelength-switched network should do."),
  opaqueTlv("RTM_SET", 5, "RFC 8169", "Nodes that can measure residence time."),
  {
    name: "ETLD",
    type: 6,
    rfc: "RFC 8577 9.7",
    doc: "Effective Transport Label-Stack Depth: how many labels this hop can send on. In hop attributes only.",
    length: 8,
    fields: [reserved(4, "u24"), u8("labels", 7, "ETLD; never zero.")],
  },
];

const CALL_ATTRIBUTE_TLVS: readonly ItemDescription[] = [
  {
    name: "CALL_ATTRIBUTES_FLAGS",
    type: 1,
    rfc: "RFC 6001 5.1.4",
    doc: "Flags, in as many 32-bit words as are needed.",
    fields: [u32("callFlags", 4, "Bits 0 to 31, bit 0 the highest.", { flags: "callAttribute" })],
    rest: FURTHER,
  },
  opaqueTlv("ENDPOINT_ID", 2, "RFC 6004", "The end point of an Ethernet service."),
  opaqueTlv("SERVICE_ID", 3, "RFC 6060", "The service that an Ethernet connection is for."),
  opaqueTlv("VCAT", 4, "RFC 6344", "A virtually concatenated group."),
];

export const FAMILIES: readonly ItemFamily[] = [
  { name: "LSP_ATTRIBUTES", framing: FRAMING, items: LSP_ATTRIBUTE_TLVS },
  { name: "CALL_ATTRIBUTES", framing: FRAMING, items: CALL_ATTRIBUTE_TLVS },
];

const attributes: Rest = {
  kind: "items",
  name: "attributes",
  family: "LSP_ATTRIBUTES",
  doc: "The attributes, in no particular order.",
};

export const OBJECTS: readonly ObjectDescription[] = [
  {
    name: "LSP_REQUIRED_ATTRIBUTES",
    class: 67,
    ctype: 1,
    form: "",
    rfc: "RFC 5420 5",
    doc: "Attributes that every transit node must know and act on.",
    rest: attributes,
    vectors: ["000c43010001000890000000"],
  },
  {
    name: "LSP_ATTRIBUTES",
    class: 197,
    ctype: 1,
    form: "",
    rfc: "RFC 5420 4",
    doc: "Attributes that nodes who do not know them pass on.",
    rest: attributes,
    vectors: [
      "000cc5010001000804000000",
      "0024c50100020008000000070004000c00010008000000000005000c010600000a000001",
      // Two words of flags, then a TLV of odd length with its padding.
      "001cc5010001000c0000800000000001000300090102030405000000",
    ],
  },
  {
    name: "CALL_ATTRIBUTES",
    class: 202,
    ctype: 1,
    form: "",
    rfc: "RFC 6001 5.1.1",
    doc: "Attributes of a call; in Notify.",
    rest: {
      kind: "items",
      name: "attributes",
      family: "CALL_ATTRIBUTES",
      doc: "The attributes, in no particular order.",
    },
    vectors: ["000cca010001000880000000", "0020ca01000200076162630000030008000000070004000c0003000200000001"],
  },
];

export const FLAGS: Readonly<Record<string, Names>> = {
  /** The registry "Attribute Flags" of RSVP-TE; bit n of the RFCs is 1 << (31 - n). */
  lspAttribute: {
    0x80000000: "End-to-end re-routing",
    0x40000000: "Boundary re-routing",
    0x20000000: "Segment-based re-routing",
    0x10000000: "LSP Integrity Required",
    0x08000000: "Contiguous LSP",
    0x04000000: "LSP stitching desired",
    0x02000000: "Pre-Planned LSP Flag",
    0x01000000: "Non-PHP behavior flag",
    0x00800000: "OOB mapping flag",
    0x00400000: "Entropy Label Capability",
    0x00200000: "OAM MEP entities desired",
    0x00100000: "OAM MIP entities desired",
    0x00080000: "SRLG Collection Flag",
    0x00040000: "Loopback",
    0x00020000: "P2MP-TE Tree Re-evaluation Request",
    0x00010000: "RTM_SET",
    0x00008000: "TE Link Label",
    0x00004000: "LSI-D",
    0x00002000: "LSI-D-S2E",
  },
  callAttribute: { 0x80000000: "Call Inheritance Flag" },
};
