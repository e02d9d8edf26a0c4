/**
 * The Subnet Bandwidth Manager (RFC 2814). Its objects are named and kept as bytes, except where the registry's
 * name of the C-Type says the whole layout: an IPv4 or IPv6 address, or an IEEE address.
 */
import type { ObjectDescription } from "../schema.ts";
import { hexByte, ipv4, ipv6, mac, reserved } from "../shorthand.ts";

const RFC = "RFC 2814";
const NOT_DESCRIBED = "Contents not described (RFC 2814).";

const opaque = (name: string, number: number, form: string, doc: string): ObjectDescription => ({
  name,
  class: number,
  ctype: 1,
  form,
  rfc: RFC,
  doc,
  opaque: NOT_DESCRIBED,
  rest: { kind: "bytes", name: "content", doc: "All after the object header." },
  vectors: [`0008${hexByte(number)}0100000004`],
});

const addresses = (name: string, number: number, doc: string): readonly ObjectDescription[] => [
  {
    name,
    class: number,
    ctype: 1,
    form: "IPv4",
    rfc: RFC,
    doc,
    length: 8,
    fields: [ipv4("address", 4, "The address.")],
    vectors: [`0008${hexByte(number)}010a000101`],
  },
  {
    name,
    class: number,
    ctype: 2,
    form: "IPv6",
    rfc: RFC,
    doc,
    length: 20,
    fields: [ipv6("address", 4, "The address.")],
    vectors: [`0014${hexByte(number)}0220010db8000000000000000000000001`],
  },
];

const linkLayer = (name: string, number: number, doc: string): ObjectDescription => ({
  name,
  class: number,
  ctype: 1,
  form: "IEEE",
  rfc: RFC,
  doc,
  length: 12,
  fields: [mac("address", 4, "IEEE canonical address."), reserved(10, "u16", "unused")],
  vectors: [`000c${hexByte(number)}0102005e1000010000`],
});

export const OBJECTS: readonly ObjectDescription[] = [
  ...addresses("DSBM_IP_ADDRESS", 42, "The designated manager of the subnet."),
  opaque("SBM_PRIORITY", 43, "", "Priority in the election of the designated manager."),
  opaque("DSBM_TIMER_INTERVALS", 44, "", "Timers of the designated manager."),
  opaque("SBM_INFO", 45, "MEDIA_TYPE", "What the subnet is and what may be sent without a reservation."),
  linkLayer("RSVP_HOP_L2", 161, "Link layer address of the previous hop."),
  linkLayer("LAN_NHOP_L2", 162, "Link layer address of the next hop."),
  ...addresses("LAN_NHOP_L3", 163, "Network layer address of the next hop."),
  ...addresses(
    "LAN_LOOPBACK",
    164,
    "Address of the interface through which a message left, so that it is not taken back.",
  ),
  opaque("TCLASS", 165, "", "Traffic class that the subnet gives to the flow."),
];
