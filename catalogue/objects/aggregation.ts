/**
 * Aggregate reservations: RFC 3175 (one for each pair of routers and code point) and RFC 4860 (any number, told apart by
 * a virtual port), with SESSION-OF-INTEREST, which binds an end-to-end reservation to one of the latter.
 */
import type { Field, ObjectDescription } from "../schema.ts";
import { hexByte, ipv4, ipv6, reserved, u16, u8 } from "../shorthand.ts";

const DEAGGREGATOR = "Address of the deaggregating router, or the group of the sessions that are aggregated.";
const AGGREGATOR = "Address of the aggregating router.";
const EXTENDED =
  "Extended vDstPort: an address of the aggregating router, or zeros for reservations that routers share.";

const flags = (at: number): Field => u8("flags", at, "0x01 is E_Police.", { flags: "session", notIdentity: true });

/** RFC 3175 3.3: `at` is where the word after the address starts. */
const codePoint = (at: number): readonly Field[] => [
  reserved(at, "u8"),
  flags(at + 1),
  reserved(at + 2, "u8", "reservedBeforeDscp"),
  u8("dscp", at + 3, "DSCP of the aggregate; of several, the smallest.", { names: "dscp" }),
];

/** RFC 4860 2.1. */
const generic = (at: number): readonly Field[] => [
  reserved(at, "u8"),
  flags(at + 1),
  u16("phbId", at + 2, "PHB-ID (RFC 3140): the behaviour from which resources are taken."),
  reserved(at + 4, "u16", "reservedBeforePort"),
  u16("virtualDestinationPort", at + 6, "VDstPort: tells aggregates of one pair of routers apart."),
];

const GENERIC_IPv4: readonly Field[] = [
  ipv4("destinationAddress", 4, DEAGGREGATOR),
  ...generic(8),
  ipv4("extendedVirtualDestinationPort", 16, EXTENDED),
];
const GENERIC_IPv6: readonly Field[] = [
  ipv6("destinationAddress", 4, DEAGGREGATOR),
  ...generic(20),
  ipv6("extendedVirtualDestinationPort", 28, EXTENDED),
];
/** PHB-ID 0xB800 is EF. */
const GENERIC_IPv4_CONTENT = "0a0003010000b80000000001" + "0a000101";
const GENERIC_IPv6_CONTENT = "20010db80000000000000000000000030000b80000000001" + "20010db8000000000000000000000001";

const routers = (name: string, number: number, rfc: string): readonly ObjectDescription[] => [
  {
    name,
    class: number,
    ctype: 9,
    form: "AGGREGATE_IPv4",
    rfc,
    doc: "The aggregating router of an aggregate reservation.",
    length: 8,
    fields: [ipv4("aggregatorAddress", 4, AGGREGATOR)],
    vectors: [`0008${hexByte(number)}090a000101`],
  },
  {
    name,
    class: number,
    ctype: 10,
    form: "AGGREGATE_IPv6",
    rfc,
    doc: "The aggregating router of an aggregate reservation.",
    length: 20,
    fields: [ipv6("aggregatorAddress", 4, AGGREGATOR)],
    vectors: [`0014${hexByte(number)}0a20010db8000000000000000000000001`],
  },
];

const INTEREST = "The aggregate that an end-to-end reservation is, or is to be, part of.";

export const OBJECTS: readonly ObjectDescription[] = [
  {
    name: "SESSION",
    class: 1,
    ctype: 9,
    form: "AGGREGATE_IPv4",
    rfc: "RFC 3175 3.3",
    doc: "An aggregate reservation for one code point.",
    length: 12,
    fields: [ipv4("destinationAddress", 4, DEAGGREGATOR), ...codePoint(8)],
    vectors: ["000c01090a0003010000002e", "000c01090a0003010001000a"],
  },
  {
    name: "SESSION",
    class: 1,
    ctype: 10,
    form: "AGGREGATE_IPv6",
    rfc: "RFC 3175 3.3",
    doc: "An aggregate reservation for one code point.",
    length: 24,
    fields: [ipv6("destinationAddress", 4, DEAGGREGATOR), ...codePoint(20)],
    vectors: ["0018010a20010db80000000000000000000000030000002e"],
  },
  {
    name: "SESSION",
    class: 1,
    ctype: 17,
    form: "GENERIC_AGGREGATE_IPv4",
    rfc: "RFC 4860 2.1",
    doc: "A generic aggregate reservation.",
    length: 20,
    fields: GENERIC_IPv4,
    vectors: [`00140111${GENERIC_IPv4_CONTENT}`],
  },
  {
    name: "SESSION",
    class: 1,
    ctype: 18,
    form: "GENERIC_AGGREGATE_IPv6",
    rfc: "RFC 4860 2.1",
    doc: "A generic aggregate reservation.",
    length: 44,
    fields: GENERIC_IPv6,
    vectors: [`002c0112${GENERIC_IPv6_CONTENT}`],
  },
  ...routers("FILTER_SPEC", 10, "RFC 3175 3.5"),
  ...routers("SENDER_TEMPLATE", 11, "RFC 3175 3.4"),
  {
    name: "SESSION_OF_INTEREST",
    class: 132,
    ctype: 1,
    form: "GENERIC_AGGREGATE_IPv4",
    rfc: "RFC 4860 2.2",
    doc: INTEREST,
    length: 20,
    fields: GENERIC_IPv4,
    vectors: [`00148401${GENERIC_IPv4_CONTENT}`],
  },
  {
    name: "SESSION_OF_INTEREST",
    class: 132,
    ctype: 2,
    form: "GENERIC_AGGREGATE_IPv6",
    rfc: "RFC 4860 2.2",
    doc: INTEREST,
    length: 44,
    fields: GENERIC_IPv6,
    vectors: [`002c8402${GENERIC_IPv6_CONTENT}`],
  },
];
