/** RFC 2207: sessions and senders of IPsec flows, told apart by a virtual port and a generalized port identifier. */
import type { Field, ObjectDescription } from "../schema.ts";
import { hexByte, ipv4, ipv6, u16, u32, u8 } from "../shorthand.ts";

const sessionTail = (at: number): readonly Field[] => [
  u8("protocolId", at, "IP protocol of the data flow: 50 ESP, 51 AH.", { names: "protocol" }),
  u8("flags", at + 1, "0x01 is E_Police.", { flags: "session", notIdentity: true }),
  u16(
    "virtualDestinationPort",
    at + 2,
    "vDstPort: tells sessions to one address apart; never in data packets. Must not be zero.",
  ),
];

const DESTINATION = "Unicast or multicast destination of the session (DestAddress).";
const SOURCE = "Address of the sender (SrcAddress).";
const identifier = (at: number): Field =>
  u32("generalizedPortIdentifier", at, "GPI: the SPI of the flow's AH or ESP header.");

const senders = (name: string, number: number, rfc: string, doc: string): readonly ObjectDescription[] => [
  {
    name,
    class: number,
    ctype: 4,
    form: "IPv4_GPI",
    rfc,
    doc,
    length: 12,
    fields: [ipv4("sourceAddress", 4, SOURCE), identifier(8)],
    vectors: [`000c${hexByte(number)}04c000020a00001001`],
  },
  {
    name,
    class: number,
    ctype: 5,
    form: "IPv6_GPI",
    rfc,
    doc,
    length: 24,
    fields: [ipv6("sourceAddress", 4, SOURCE), identifier(20)],
    vectors: [`0018${hexByte(number)}0520010db800000000000000000000000a00001001`],
  },
];

export const OBJECTS: readonly ObjectDescription[] = [
  {
    name: "SESSION",
    class: 1,
    ctype: 3,
    form: "IPv4_GPI",
    rfc: "RFC 2207 3.1",
    doc: "A session of an IPsec flow.",
    length: 12,
    fields: [ipv4("destinationAddress", 4, DESTINATION), ...sessionTail(8)],
    vectors: ["000c0103c000021432002000", "000c0103c000021433010001"],
  },
  {
    name: "SESSION",
    class: 1,
    ctype: 4,
    form: "IPv6_GPI",
    rfc: "RFC 2207 3.1",
    doc: "A session of an IPsec flow.",
    length: 24,
    fields: [ipv6("destinationAddress", 4, DESTINATION), ...sessionTail(20)],
    vectors: ["0018010420010db800000000000000000000001432002000"],
  },
  ...senders("FILTER_SPEC", 10, "RFC 2207 3.2", "A sender of an IPsec flow."),
  ...senders("SENDER_TEMPLATE", 11, "RFC 2207 3.3", "A sender of an IPsec flow."),
];
