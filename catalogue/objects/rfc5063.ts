/** Restart and error extensions: CAPABILITY (RFC 5063, RFC 8370), CONDITIONS (RFC 9705), USER_ERROR_SPEC (RFC 5284). */
import type { Names, ObjectDescription } from "../schema.ts";
import { u16, u32, u8 } from "../shorthand.ts";

export const OBJECTS: readonly ObjectDescription[] = [
  {
    name: "CAPABILITY",
    class: 134,
    ctype: 1,
    form: "",
    rfc: "RFC 5063 4.2, RFC 8370 3 and 4",
    doc: "In Hello: what the sender can do.",
    length: 8,
    fields: [u32("capabilities", 4, "One bit for each; none is assigned above 0x10.", { flags: "capability" })],
    vectors: ["0008860100000007", "0008860100000018"],
  },
  {
    name: "CONDITIONS",
    class: 135,
    ctype: 1,
    form: "",
    rfc: "RFC 9705",
    doc: "In PathTear: when the receiver may act on it. Flags as registered.",
    length: 8,
    fields: [u32("flags", 4, "One bit for each condition.", { flags: "conditions" })],
    vectors: ["0008870100000001"],
  },
  {
    name: "USER_ERROR_SPEC",
    class: 194,
    ctype: 1,
    form: "",
    rfc: "RFC 5284 3",
    doc: "An error that an organization has defined. Sub-objects after the description show as its padding.",
    fields: [
      u32("enterpriseNumber", 4, "The organization, by its Private Enterprise Number."),
      u8("subOrganization", 8, "Sub Org: tells error value spaces of one organization apart; zero if it has one."),
      u8("errorDescriptionLength", 9, "Err Desc Len: bytes of the description before padding."),
      u16("userErrorValue", 10, "The error; the organization says what it means."),
    ],
    rest: {
      kind: "text",
      name: "errorDescription",
      doc: "What went wrong, in words.",
      lengthField: "errorDescriptionLength",
    },
    vectors: ["0018c20100000a4c000900076c696e6520646f776e000000", "000cc20100000a4c01000001"],
  },
];

export const FLAGS: Readonly<Record<string, Names>> = {
  /** The registry "Capability Object values". */
  capability: {
    0x01: "RecoveryPath Srefresh Capable",
    0x02: "RecoveryPath Desired",
    0x04: "RecoveryPath Transmit Enabled",
    0x08: "RI-RSVP Capable",
    0x10: "Per-Peer Flow-Control Capable",
  },
  /** The registry "CONDITIONS Object Flags". */
  conditions: { 0x01: "Merge-point" },
};
