/**
 * POLICY_DATA (RFC 2750) and its elements: authentication data (RFC 3182, which replaced RFC 2752; RFC 2872 uses it for
 * applications) and preemption priority (RFC 3181).
 *
 * Behind the first word stand options, which are RSVP objects, and from `dataOffset` on policy elements. Both begin
 * alike, with a length in bytes and sixteen bits: class and C-Type of an option, the P-Type of an element. So one list
 * holds both, in their order. RFC 2750 3.2 names the options; their types here are class * 256 + C-Type, a range from
 * which no P-Type has been given out.
 */
import type { Field, ItemDescription, ItemFamily, Names, ObjectDescription } from "../schema.ts";
import { ipv4, ipv6, octets, reserved, u16, u32, u64, u8 } from "../shorthand.ts";

const option = (
  name: string,
  type: number,
  doc: string,
  fields: readonly Field[],
): ItemDescription => ({ name, type, rfc: "RFC 2750 3.2", doc: `Option. ${doc}`, fields });

const SENDERS = "The senders that the policy data is about.";
const HOP = "First the node that made the policy data, then (a second one) the node that it is for.";
const SCOPE = "Senders to which the policy data still has to go, so that it does not loop.";
const HANDLE = "Logical interface handle (LIH).";

const OPTIONS: readonly ItemDescription[] = [
  option("RSVP_HOP_IPv4", 0x0301, HOP, [ipv4("hopAddress", 4, "The node."), u32("logicalInterfaceHandle", 8, HANDLE)]),
  option("RSVP_HOP_IPv6", 0x0302, HOP, [ipv6("hopAddress", 4, "The node."), u32("logicalInterfaceHandle", 20, HANDLE)]),
  {
    ...option("INTEGRITY", 0x0401, "A keyed digest between policy nodes that are not neighbours.", [
      u8("flags", 4, "0x80 is HF.", { flags: "integrity" }),
      reserved(5, "u8"),
      octets("keyIdentifier", 6, 6, "Names the key."),
      u64("sequenceNumber", 12, "Against replays."),
    ]),
    rest: { kind: "bytes", name: "digest", doc: "Keyed Message Digest (RFC 2750 appendix B says over what)." },
  },
  option("TIME_VALUES", 0x0501, "PRT: policy data may be refreshed as seldom as this.", [
    u32("refreshPeriodMs", 4, "The policy refresh period, in milliseconds."),
  ]),
  {
    ...option("SCOPE_IPv4", 0x0701, SCOPE, []),
    rest: { kind: "values", name: "sourceAddresses", type: "ipv4", doc: "The senders." },
  },
  {
    ...option("SCOPE_IPv6", 0x0702, SCOPE, []),
    rest: { kind: "values", name: "sourceAddresses", type: "ipv6", doc: "The senders." },
  },
  option("FILTER_SPEC_IPv4", 0x0a01, SENDERS, [
    ipv4("sourceAddress", 4, "The sender."),
    reserved(8, "u16"),
    u16("sourcePort", 10, "Its port."),
  ]),
  option("FILTER_SPEC_IPv6", 0x0a02, SENDERS, [
    ipv6("sourceAddress", 4, "The sender."),
    reserved(20, "u16"),
    u16("sourcePort", 22, "Its port."),
  ]),
];

const authentication = (name: string, type: number, rfc: string, doc: string): ItemDescription => ({
  name,
  type,
  rfc,
  doc,
  rest: { kind: "items", name: "attributes", family: "AUTHENTICATION", doc: "Authentication attributes." },
});

const ELEMENTS: readonly ItemDescription[] = [
  {
    name: "PREEMPTION_PRI",
    type: 1,
    rfc: "RFC 3181 4",
    doc: "The priority of a flow against others. Empty, it deletes what an earlier one said (RFC 2750 3.4).",
    variants: [{
      name: "Priorities",
      doc: "RFC 3181 4.",
      length: 12,
      fields: [
        u8("flags", 4, "None is defined.", { reserved: true }),
        u8("mergeStrategy", 5, "What becomes of the priority when reservations merge.", { names: "mergeStrategy" }),
        u8("errorCode", 6, "Why a flow was refused or taken away.", { names: "preemptionError" }),
        reserved(7, "u8"),
        u16("preemptionPriority", 8, "Of the flow while it is new; higher wins."),
        u16("defendingPriority", 10, "Of the flow once it stands; at least the preemption priority."),
      ],
    }],
    rest: { kind: "bytes", name: "content", doc: "Where it is not twelve bytes long." },
  },
  authentication("AUTH_USER", 2, "RFC 3182 3.2", "Who the user is."),
  authentication("AUTH_APP", 3, "RFC 3182 3.2, RFC 2872 2", "What the application is."),
];

const SUB_TYPE: Field = {
  ...u8("subType", 3, "How the value is to be read, by type."),
  names: "authenticationSubType",
  namesBy: "type",
};

const ATTRIBUTES: readonly ItemDescription[] = [
  {
    name: "POLICY_LOCATOR",
    type: 1,
    rfc: "RFC 3182 3.3.1",
    doc: "Where the policy for the user or application is found; RFC 2872 gives keywords for applications.",
    rest: {
      kind: "text",
      name: "distinguishedName",
      doc: "An X.500 distinguished name; encrypted or UTF-16 by subType.",
    },
  },
  {
    name: "CREDENTIAL",
    type: 2,
    rfc: "RFC 3182 3.3.2",
    doc: "What proves the identity, or names it.",
    rest: { kind: "text", name: "credential", doc: "A name, a Kerberos ticket or a certificate, by subType." },
  },
  {
    name: "DIGITAL_SIGNATURE",
    type: 3,
    rfc: "RFC 3182 3.3.3",
    doc: "Signs all of the element that stands before it.",
    rest: { kind: "bytes", name: "signature", doc: "The signature." },
  },
  {
    name: "POLICY_ERROR_OBJECT",
    type: 4,
    rfc: "RFC 3182 3.3.4",
    doc: "Why the element was refused.",
    fields: [
      reserved(4, "u16"),
      u16("errorValue", 6, "The reason.", { names: "policyElementError" }),
    ],
    rest: { kind: "text", name: "information", doc: "More about it, in words perhaps." },
  },
];

export const FAMILIES: readonly ItemFamily[] = [
  {
    name: "POLICY_ELEMENT",
    framing: {
      headerLength: 4,
      typeAt: 2,
      typeBytes: 2,
      lengthAt: 0,
      lengthBytes: 2,
      lengthUnit: 1,
      lengthCounts: "item",
    },
    items: [...ELEMENTS, ...OPTIONS],
  },
  {
    name: "AUTHENTICATION",
    framing: {
      headerLength: 4,
      typeAt: 2,
      typeBytes: 1,
      lengthAt: 0,
      lengthBytes: 2,
      lengthUnit: 1,
      lengthCounts: "item",
      padTo: 4,
    },
    headerFields: [SUB_TYPE],
    items: ATTRIBUTES,
  },
];

/** "APP=SAP, VER=1.1" and "SAP.EXE", the latter padded by one byte. */
const APPLICATION = "00140101" + "4150503d5341502c205645523d312e31" + "000b0201" + "5341502e45584500";
const PRIORITY = "000c0001" + "00010000" + "000a0014";
const USER = "0018000200090201616c69636500000000080300deadbeef";
const REFUSED = "00180002" + "00130400" + "00000004" + "6974206578706972" + "65642e00";
/** Two hops, a digest, a period; then senders: every option of RFC 2750 3.2. */
const HOPS = "000c03010a00010100000007" + "0018030220010db800000000000000000000000100000000";
const DIGEST = "00240401000000000000000200000000000000010102030405060708090a0b0c0d0e0f10";
const SCOPES = "0008070" + "1c000020a" + "0014070220010db800000000000000000000000a";
const SENDER_LIST = "000c0a01c000020a00000fa0" + "00180a0220010db800000000000000000000000a00000fa0";

export const OBJECTS: readonly ObjectDescription[] = [
  {
    name: "POLICY_DATA",
    class: 14,
    ctype: 1,
    form: "",
    rfc: "RFC 2750 3.1",
    doc: "Policy information for the policy nodes on the way; RSVP itself does not look into it.",
    fields: [
      u16("dataOffset", 4, "Where the policy elements start, from the first byte of the object; options stand before."),
      reserved(6, "u16"),
    ],
    rest: { kind: "items", name: "elements", family: "POLICY_ELEMENT", doc: "Options, then policy elements." },
    vectors: [
      `00140e0100080000${PRIORITY}`,
      // An originating hop and a refresh period before the data.
      `00280e01001c0000000c03010a00010100000007000805010000ea60${PRIORITY}`,
      `00200e0100080000${USER}`,
      `002c0e0100080000` + `00240003${APPLICATION}`,
      `00200e0100080000${REFUSED}`,
      // Every option, and no element.
      `00980e0100980000${HOPS}${DIGEST}000805010000ea60${SCOPES}${SENDER_LIST}`,
      "00100e01000800000004000100040002",
    ],
  },
];

export const NAMES: Readonly<Record<string, Names>> = {
  mergeStrategy: { 1: "priority of the highest QoS", 2: "highest priority", 3: "error on heterogeneous merge" },
  preemptionError: { 0: "NO_ERROR", 1: "PREEMPTION", 2: "HETEROGENEOUS" },
  "authenticationSubType:1": { 1: "ASCII_DN", 2: "UNICODE_DN", 3: "ASCII_DN_ENCRYPT", 4: "UNICODE_DN_ENCRYPT" },
  "authenticationSubType:2": { 1: "ASCII_ID", 2: "UNICODE_ID", 3: "KERBEROS_TKT", 4: "X509_V3_CERT", 5: "PGP_CERT" },
  policyElementError: {
    1: "ERROR_NO_MORE_INFO",
    2: "UNSUPPORTED_CREDENTIAL_TYPE",
    3: "INSUFFICIENT_PRIVILEGES",
    4: "EXPIRED_CREDENTIAL",
    5: "IDENTITY_CHANGED",
  },
};
