/** RFC 2745: the objects of the diagnostic messages DREQ and DREP. */
import type { Field, Names, ObjectDescription } from "../schema.ts";
import { bits, ipv4, ipv6, reserved, reservedBits, u16, u32, u8 } from "../shorthand.ts";

const diagnostic = (lastHop: Field): readonly Field[] => [
  u8("maximumRsvpHops", 4, "Max-RSVP-hops: how many RSVP hops to ask at the most; 0 for no limit."),
  u8("rsvpHopCount", 5, "RSVP hops passed so far."),
  reservedBits(6, "u16", 1, 15),
  bits("moreFragments", 6, "u16", 0, 1, "MF: 1 in a DREP that carries a part of the reply and is not the last."),
  u32("requestId", 8, "Request ID: joins a DREQ and its DREPs."),
  u16("pathMtuBytes", 12, "Path MTU: the largest diagnostic message that need not be fragmented by IP."),
  u16("fragmentOffsetBytes", 14, "Fragment Offset: where this DREP stands in the whole reply."),
  lastHop,
];
const LAST_HOP = "LAST-HOP: the node where the collecting starts, towards the sender.";
const PARTIES = {
  kind: "objects",
  name: "parties",
  doc: "SENDER_TEMPLATE of the sender that is diagnosed, then FILTER_SPEC of the requester, to which the reply goes.",
} as const;

const ROUTE_HEAD: readonly Field[] = [
  reserved(4, "u24"),
  u8("routePointer", 7, "R-pointer: the next address of the list, on the way of a DREP back."),
];

/** DIAG_RESPONSE: `at` is where the word after the three addresses starts. */
const response = (at: number, address: (name: string, index: number, doc: string) => Field): readonly Field[] => [
  u32("arrivalTime", 4, "DREQ Arrival Time: the middle 32 bits of an NTP timestamp, seconds in the upper 16."),
  address("incomingInterfaceAddress", 0, "Where messages from the sender should arrive; zeros if not known."),
  address("outgoingInterfaceAddress", 1, "Where the DREQ arrived; zeros if not known."),
  address("previousHopAddress", 2, "Previous-RSVP-Hop Router: where Path messages come from; zeros if not known."),
  u8("distanceTtl", at, "D-TTL: IP hops from the RSVP node downstream."),
  bits("merged", at + 1, "u8", 7, 1, "M: 1 if the reservation is merged with others before it goes upstream."),
  bits("responseError", at + 1, "u8", 4, 3, "R-error: what is wrong at this node.", { names: "diagnosticError" }),
  bits("refreshMultiple", at + 1, "u8", 0, 4, "K: the refresh timer multiple."),
  u16("refreshIntervalSeconds", at + 2, "Timer value: the local refresh timer."),
];
const RESPONSE_OBJECTS = {
  kind: "objects",
  name: "objects",
  doc: "SESSION_ASSOC of a tunnel exit, then the objects of the state here that DIAG_SELECT asks for.",
} as const;

/** Vectors are put together from the objects that stand inside. */
const TEMPLATE = "000c0b01c000020a00000fa0", FILTER = "000c0a010a00010100001388";
const TEMPLATE_6 = "00180b0220010db800000000000000000000000a00000fa0";
const FILTER_6 = "00180a0220010db800000000000000000000000b00001388";
const TSPEC = "00240c0200000007010000067f00000546435000453b800046c3500000000040000005dc";
const STYLE = "000808010000000a";
const NODE_6 = ["1", "2", "3"].map((last) => `20010db8000000000000000000000${last.padStart(3, "0")}`).join("");

export const OBJECTS: readonly ObjectDescription[] = [
  {
    name: "DIAGNOSTIC",
    class: 30,
    ctype: 1,
    form: "IPv4",
    rfc: "RFC 2745 3.3",
    doc: "What a diagnostic is about, and how far it has come.",
    fields: diagnostic(ipv4("lastHopAddress", 16, LAST_HOP)),
    rest: PARTIES,
    vectors: [`002c1e0100020001deadbeef05dc00800a000102${TEMPLATE}${FILTER}`],
  },
  {
    name: "DIAGNOSTIC",
    class: 30,
    ctype: 2,
    form: "IPv6",
    rfc: "RFC 2745 3.3",
    doc: "What a diagnostic is about, and how far it has come.",
    fields: diagnostic(ipv6("lastHopAddress", 16, LAST_HOP)),
    rest: PARTIES,
    vectors: [`00501e02100300000001000205dc000020010db8000000000000000000000002${TEMPLATE_6}${FILTER_6}`],
  },
  {
    name: "ROUTE",
    class: 31,
    ctype: 1,
    form: "IPv4",
    rfc: "RFC 2745 3.5",
    doc: "The RSVP nodes that a DREQ passed, by which the DREP returns.",
    fields: ROUTE_HEAD,
    rest: { kind: "values", name: "nodes", type: "ipv4", doc: "RSVP Node List." },
    vectors: ["00101f01000000020a0001020a000101", "00081f0100000000"],
  },
  {
    name: "ROUTE",
    class: 31,
    ctype: 2,
    form: "IPv6",
    rfc: "RFC 2745 3.5",
    doc: "The RSVP nodes that a DREQ passed, by which the DREP returns.",
    fields: ROUTE_HEAD,
    rest: { kind: "values", name: "nodes", type: "ipv6", doc: "RSVP Node List." },
    vectors: ["00181f020000000120010db8000000000000000000000002"],
  },
  {
    name: "DIAG_RESPONSE",
    class: 32,
    ctype: 1,
    form: "IPv4",
    rfc: "RFC 2745 3.6",
    doc: "What one node reports.",
    fields: response(20, (name, index, doc) => ipv4(name, 8 + 4 * index, doc)),
    rest: RESPONSE_OBJECTS,
    vectors: [
      `00442001123480000a0001010a0002010a0003010193001e${TSPEC}${STYLE}`,
      "00182001000000000000000000000000000000000110001e",
    ],
  },
  {
    name: "DIAG_RESPONSE",
    class: 32,
    ctype: 2,
    form: "IPv6",
    rfc: "RFC 2745 3.6",
    doc: "What one node reports.",
    fields: response(56, (name, index, doc) => ipv6(name, 8 + 16 * index, doc)),
    rest: RESPONSE_OBJECTS,
    vectors: [`0044200212348000${NODE_6}0203001e${STYLE}`],
  },
  {
    name: "DIAG_SELECT",
    class: 33,
    ctype: 1,
    form: "",
    rfc: "RFC 2745 3.4",
    doc: "Which objects the nodes are to report.",
    rest: {
      kind: "records",
      name: "selected",
      length: 2,
      fields: [
        u8("class", 0, "Object class."),
        u8("ctype", 1, "Its C-Type; 0 for any. An odd number of pairs is followed by a pair of zeros."),
      ],
      doc: "Classes and C-Types.",
    },
    vectors: ["000c21010c00090208010000", "000821010c020900"],
  },
];

export const NAMES: Readonly<Record<string, Names>> = {
  diagnosticError: { 0: "no error", 1: "No PATH state", 2: "packet too big", 4: "ROUTE object too big" },
};
