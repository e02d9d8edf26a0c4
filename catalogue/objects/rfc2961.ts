/** RFC 2961: identifiers of messages, their acknowledgements, and the lists of a summary refresh. */
import type { Field, Names, ObjectDescription } from "../schema.ts";
import { ipv4, ipv6, u24, u32, u8 } from "../shorthand.ts";

const NO_FLAGS: Field = u8("flags", 4, "None is defined.", { reserved: true });
const epoch = (doc: string): Field => u24("epoch", 5, doc);
const COPIED = "Epoch of the message that is acknowledged.";
const ADVERTISED = "Epoch of the messages that advertised the states.";
const IDENTIFIER = "Message_Identifier of the message that advertised the state.";
const SENDER = "The sender of the path state.";
const DESTINATION = "The destination of its session.";

const identified = (flags: Field, age: string, doc: string): readonly Field[] => [
  flags,
  epoch(age),
  u32("messageIdentifier", 8, doc),
];

const list = (
  ctype: number,
  form: string,
  doc: string,
  length: number,
  addresses: readonly Field[],
  vectors: readonly string[],
): ObjectDescription => ({
  name: "MESSAGE_ID_LIST",
  class: 25,
  ctype,
  form,
  rfc: "RFC 2961 5.1",
  doc,
  fields: [NO_FLAGS, epoch(ADVERTISED)],
  rest: {
    kind: "records",
    name: "states",
    length,
    fields: [u32("messageIdentifier", 0, IDENTIFIER), ...addresses],
    doc: "The states that are refreshed.",
  },
  vectors,
});

export const OBJECTS: readonly ObjectDescription[] = [
  {
    name: "MESSAGE_ID",
    class: 23,
    ctype: 1,
    form: "",
    rfc: "RFC 2961 4.2",
    doc: "Names a message, together with the address of the node that made it.",
    length: 12,
    fields: identified(
      u8("flags", 4, "0x01 ACK_Desired: the receiver is to acknowledge the message.", { flags: "messageId" }),
      "Tells whether the sequence of identifiers has started anew.",
      "Grows from message to message within an epoch.",
    ),
    vectors: ["000c170101abcdef00000001", "000c170100000001fffffffe"],
  },
  {
    name: "MESSAGE_ID_ACK",
    class: 24,
    ctype: 1,
    form: "ACK",
    rfc: "RFC 2961 4.3",
    doc: "Acknowledges a message.",
    length: 12,
    fields: identified(NO_FLAGS, COPIED, "Identifier of the message that is acknowledged."),
    vectors: ["000c180100abcdef00000001"],
  },
  {
    name: "MESSAGE_ID_ACK",
    class: 24,
    ctype: 2,
    form: "NACK",
    rfc: "RFC 2961 4.3",
    doc: "Says that a summary refresh named a state that is not here (MESSAGE_ID_NACK).",
    length: 12,
    fields: identified(NO_FLAGS, COPIED, "Identifier that is not known here."),
    vectors: ["000c180200abcdef00000001"],
  },
  {
    name: "MESSAGE_ID_LIST",
    class: 25,
    ctype: 1,
    form: "",
    rfc: "RFC 2961 5.1",
    doc: "States that are refreshed, by the identifiers of the messages that advertised them.",
    fields: [NO_FLAGS, epoch(ADVERTISED)],
    rest: { kind: "values", name: "messageIdentifiers", type: "u32", doc: IDENTIFIER },
    vectors: ["0010190100abcdef0000000100000002"],
  },
  list(
    2,
    "IPv4_SOURCE",
    "Path states of a multicast session that are refreshed, each with its sender (MESSAGE_ID SRC_LIST).",
    8,
    [ipv4("sourceAddress", 4, SENDER)],
    ["0018190200abcdef00000001c000020a00000002c000020b"],
  ),
  list(
    3,
    "IPv6_SOURCE",
    "Path states of a multicast session that are refreshed, each with its sender (MESSAGE_ID SRC_LIST).",
    20,
    [ipv6("sourceAddress", 4, SENDER)],
    ["001c190300abcdef0000000120010db800000000000000000000000a"],
  ),
  list(
    4,
    "IPv4_MULTICAST",
    "Path states of multicast sessions that are refreshed, each with sender and group (MESSAGE_ID MCAST_LIST).",
    12,
    [ipv4("sourceAddress", 4, SENDER), ipv4("destinationAddress", 8, DESTINATION)],
    ["0014190400abcdef00000001c000020ae1010101"],
  ),
  list(
    5,
    "IPv6_MULTICAST",
    "Path states of multicast sessions that are refreshed, each with sender and group (MESSAGE_ID MCAST_LIST).",
    36,
    [ipv6("sourceAddress", 4, SENDER), ipv6("destinationAddress", 20, DESTINATION)],
    ["002c190500abcdef0000000120010db800000000000000000000000aff0e0000000000000000000000000101"],
  ),
];

export const FLAGS: Readonly<Record<string, Names>> = { messageId: { 0x01: "ACK_Desired" } };
