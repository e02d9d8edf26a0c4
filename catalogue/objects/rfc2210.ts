/**
 * The Int-Serv objects of RFC 2210: FLOWSPEC, SENDER_TSPEC and ADSPEC. All three are a header word, then service
 * fragments, then parameters inside them (RFC 2210 appendix 1). The standard shapes of section 3 are variants with flat
 * fields; everything else keeps the nesting.
 */
import type { Field, ItemDescription, ItemFamily, ItemFraming, ObjectDescription, Variant } from "../schema.ts";

/** Service and parameter headers are alike: number, flags, length in words that counts what follows the header. */
const FRAMING: ItemFraming = {
  headerLength: 4,
  typeAt: 0,
  typeBytes: 1,
  lengthAt: 2,
  lengthBytes: 2,
  lengthUnit: 4,
  lengthCounts: "body",
};

const u32 = (name: string, at: number, doc: string): Field => ({ name, at, type: "u32", doc });
const f32 = (name: string, at: number, doc: string): Field => ({ name, at, type: "f32", doc });

const tokenBucket = (at: number): readonly Field[] => [
  f32("tokenBucketRateBytesPerSecond", at, "r, the token bucket rate."),
  f32("tokenBucketSizeBytes", at + 4, "b, the token bucket size."),
  f32("peakRateBytesPerSecond", at + 8, "p, the peak data rate; infinity if not known."),
  u32("minimumPolicedUnitBytes", at + 12, "m: smaller packets count as this many bytes."),
  u32("maximumPacketSizeBytes", at + 16, "M, the maximum packet size."),
];

const guaranteedRate = (at: number): readonly Field[] => [
  f32("rateBytesPerSecond", at, "R, the rate asked for."),
  u32("slackTermMicroseconds", at + 4, "S, the slack term."),
];

/** Parameters that any service may carry (RFC 2215); in a service's own fragment they override the general ones. */
const GENERAL_PARAMETERS: readonly ItemDescription[] = [
  {
    name: "NUMBER_OF_IS_HOPS",
    type: 4,
    rfc: "RFC 2215 3.2",
    doc: "How many hops know Int-Serv.",
    fields: [u32("hops", 4, "A 16-bit count, extended with zeros.")],
  },
  {
    name: "AVAILABLE_PATH_BANDWIDTH",
    type: 6,
    rfc: "RFC 2215 3.3",
    doc: "The least bandwidth along the path.",
    fields: [f32("bandwidthBytesPerSecond", 4, "What a flow may use at the most.")],
  },
  {
    name: "MINIMUM_PATH_LATENCY",
    type: 8,
    rfc: "RFC 2215 3.4",
    doc: "Latency without queueing.",
    fields: [u32("latencyMicroseconds", 4, "0xFFFFFFFF if it is not known.")],
  },
  {
    name: "PATH_MTU",
    type: 10,
    rfc: "RFC 2215 3.5",
    doc: "The least MTU along the path.",
    fields: [u32("mtuBytes", 4, "A 16-bit size, extended with zeros.")],
  },
  {
    name: "TOKEN_BUCKET_TSPEC",
    type: 127,
    rfc: "RFC 2215 3.6",
    doc: "A token bucket.",
    fields: tokenBucket(4),
  },
];

const GUARANTEED_PARAMETERS: readonly ItemDescription[] = [
  ...GENERAL_PARAMETERS,
  {
    name: "GUARANTEED_RSPEC",
    type: 130,
    rfc: "RFC 2212",
    doc: "The reservation asked of guaranteed service.",
    fields: guaranteedRate(4),
  },
  {
    name: "C_TOTAL",
    type: 133,
    rfc: "RFC 2212",
    doc: "Ctot: the rate-dependent error terms of the path, added.",
    fields: [u32("errorTermBytes", 4, "C, end to end.")],
  },
  {
    name: "D_TOTAL",
    type: 134,
    rfc: "RFC 2212",
    doc: "Dtot: the rate-independent error terms of the path, added.",
    fields: [u32("errorTermMicroseconds", 4, "D, end to end.")],
  },
  {
    name: "C_SUM",
    type: 135,
    rfc: "RFC 2212",
    doc: "Csum: C since the last point of reshaping.",
    fields: [u32("errorTermBytes", 4, "C since reshaping.")],
  },
  {
    name: "D_SUM",
    type: 136,
    rfc: "RFC 2212",
    doc: "Dsum: D since the last point of reshaping.",
    fields: [u32("errorTermMicroseconds", 4, "D since reshaping.")],
  },
];

const NULL_PARAMETERS: readonly ItemDescription[] = [
  ...GENERAL_PARAMETERS,
  {
    name: "NULL_SERVICE_TSPEC",
    type: 128,
    rfc: "RFC 2997 4.3",
    doc: "All that a sender of the null service says.",
    fields: [u32("maximumPacketSizeBytes", 4, "M, the maximum packet size.")],
  },
];

/** The INVALID bit and the reserved flags of a parameter are one byte that is zero wherever all is well. */
const PARAMETER_HEADER: readonly Field[] = [{
  name: "flags",
  at: 1,
  type: "u8",
  doc: "0x80 INVALID: some node did not process the parameter right (RFC 2210 A1.3).",
  flags: "parameter",
  constant: 0,
}];

const SERVICE_HEADER: readonly Field[] = [
  {
    name: "breakBit",
    at: 1,
    type: { bits: "u8", shift: 7, width: 1 },
    doc: "1 if some node of the path does not have the service.",
  },
  { name: "reserved", at: 1, type: { bits: "u8", shift: 0, width: 7 }, doc: "Not used.", reserved: true },
];

const service = (name: string, type: number, rfc: string, doc: string, family: string): ItemDescription => ({
  name,
  type,
  rfc,
  doc,
  rest: { kind: "items", name: "parameters", family, doc: "Its parameters, in the order of their numbers." },
});

export const FAMILIES: readonly ItemFamily[] = [
  {
    name: "service",
    framing: FRAMING,
    headerFields: SERVICE_HEADER,
    items: [
      service("GENERAL", 1, "RFC 2210 3.3.2", "General characterization parameters.", "generalParameter"),
      service("GUARANTEED", 2, "RFC 2210 3.3.3", "Guaranteed service (RFC 2212).", "guaranteedParameter"),
      service("CONTROLLED_LOAD", 5, "RFC 2210 3.3.4", "Controlled-load service (RFC 2211).", "generalParameter"),
      service("NULL_SERVICE", 6, "RFC 2997 4.2", "The null service.", "nullParameter"),
    ],
  },
  { name: "generalParameter", framing: FRAMING, headerFields: PARAMETER_HEADER, items: GENERAL_PARAMETERS },
  { name: "guaranteedParameter", framing: FRAMING, headerFields: PARAMETER_HEADER, items: GUARANTEED_PARAMETERS },
  { name: "nullParameter", framing: FRAMING, headerFields: PARAMETER_HEADER, items: NULL_PARAMETERS },
];

const VERSION: Field = {
  name: "messageFormatVersion",
  at: 4,
  type: { bits: "u8", shift: 4, width: 4 },
  doc: "Version of the Int-Serv format.",
  constant: 0,
};
const UNUSED: Field = {
  name: "unused",
  at: 4,
  type: { bits: "u16", shift: 0, width: 12 },
  doc: "Not used.",
  reserved: true,
};

const HEADER: readonly Field[] = [
  VERSION,
  UNUSED,
  {
    name: "overallLengthWords",
    at: 6,
    type: "u16",
    doc: "Words after this one.",
    lengthOf: { minus: 8, unit: 4 },
  },
];

const constant = (name: string, at: number, type: "u8" | "u16", value: number, doc: string): Field => ({
  name,
  at,
  type,
  doc,
  constant: value,
});

/** One service fragment with a token bucket in it, and `more` words of parameters after it. */
function tokenBucketShape(name: string, number: number, more: number, doc: string): Variant {
  return {
    name,
    doc,
    length: 36 + 4 * more,
    fields: [
      VERSION,
      UNUSED,
      constant("overallLengthWords", 6, "u16", 7 + more, "Words after this one."),
      { name: "service", at: 8, type: "u8", doc: "Service number.", names: "service", literal: number },
      { name: "serviceFlags", at: 9, type: "u8", doc: "Break bit and reserved bits.", reserved: true },
      constant("serviceLengthWords", 10, "u16", 6 + more, "Words of the service fragment."),
      constant("tokenBucketParameter", 12, "u8", 127, "Parameter TOKEN_BUCKET_TSPEC."),
      { name: "tokenBucketFlags", at: 13, type: "u8", doc: "Parameter flags.", reserved: true },
      constant("tokenBucketLengthWords", 14, "u16", 5, "Words of the parameter."),
      ...tokenBucket(16),
    ],
  };
}

const CONTROLLED_LOAD = tokenBucketShape("ControlledLoad", 5, 0, "Controlled-load service (RFC 2210 3.2.1).");
const GUARANTEED_BASE = tokenBucketShape("Guaranteed", 2, 3, "Guaranteed service (RFC 2210 3.2.2).");
const GUARANTEED: Variant = {
  ...GUARANTEED_BASE,
  fields: [
    ...GUARANTEED_BASE.fields,
    constant("rateParameter", 36, "u8", 130, "Parameter GUARANTEED_RSPEC."),
    { name: "rateFlags", at: 37, type: "u8", doc: "Parameter flags.", reserved: true },
    constant("rateLengthWords", 38, "u16", 2, "Words of the parameter."),
    ...guaranteedRate(40),
  ],
};
const TOKEN_BUCKET = tokenBucketShape("TokenBucket", 1, 0, "The sender's traffic (RFC 2210 3.1).");

const services = (doc: string) => ({ kind: "items", name: "services", family: "service", doc }) as const;

export const OBJECTS: readonly ObjectDescription[] = [
  {
    name: "FLOWSPEC",
    class: 9,
    ctype: 1,
    form: "OBSOLETE",
    rfc: "RFC 2205 A.8",
    doc: "Reserved; its content was never published in an RFC.",
    opaque: "RFC 2205 A.8 calls it reserved and obsolete and gives no layout.",
    rest: { kind: "bytes", name: "content", doc: "As it came." },
    vectors: ["0008090101020304"],
  },
  {
    name: "FLOWSPEC",
    class: 9,
    ctype: 2,
    form: "IntServ",
    rfc: "RFC 2210 3.2",
    doc: "The service and the resources that a receiver asks for.",
    variants: [CONTROLLED_LOAD, GUARANTEED],
    fields: HEADER,
    rest: services("Service fragments, where they are not of a standard shape."),
    vectors: [
      "0024090200000007050000067f00000546435000453b800046c3500000000040000005dc",
      "003009020000000a020000097f00000546435000453b800046c3500000000040000005dc82000002469c400000001388",
      // RSPEC before TSPEC: not the shape of RFC 2210 3.2, so the nesting shows.
      "003009020000000a0200000982000002469c4000000013887f00000546435000453b800046c3500000000040000005dc",
      "00140902000000030600000280000001000005dc",
      "000c09020000000105000000",
    ],
  },
  {
    name: "SENDER_TSPEC",
    class: 12,
    ctype: 2,
    form: "IntServ",
    rfc: "RFC 2210 3.1",
    doc: "The traffic that a sender will generate.",
    variants: [TOKEN_BUCKET],
    fields: HEADER,
    rest: services("Service fragments, where they are not of the standard shape."),
    vectors: [
      "00240c0200000007010000067f00000546435000453b800046c3500000000040000005dc",
      "00300c020000000a010000067f00000546435000453b80007f80000000000040000005dc0600000280000001000005dc",
    ],
  },
  {
    name: "ADSPEC",
    class: 13,
    ctype: 2,
    form: "IntServ",
    rfc: "RFC 2210 3.3",
    doc: "What the path offers, added up hop by hop.",
    fields: HEADER,
    rest: services("General parameters, then a fragment for each service, in the order of their numbers."),
    vectors: [
      "00540d0200000013010000080400000100000003060000014998968008000001000005dc0a000001000005dc0200000885000001000011948600000100000e1087000001000011948800000100000e1005000000",
      "003c0d020000000d018000080480000100000002060000014974240008000001000000640a000001000005dc02800000050000020600000149742400",
    ],
  },
];
