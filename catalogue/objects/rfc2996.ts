/** RFC 2996: DCLASS, by which the network tells a host how to mark its packets. */
import type { ObjectDescription } from "../schema.ts";
import { bits, reservedBits } from "../shorthand.ts";

export const OBJECTS: readonly ObjectDescription[] = [{
  name: "DCLASS",
  class: 225,
  ctype: 1,
  form: "",
  rfc: "RFC 2996 2",
  doc: "Differentiated services code points for the packets of the flow.",
  rest: {
    kind: "records",
    name: "codePoints",
    length: 4,
    fields: [
      reservedBits(0, "u32", 8, 24, "unused"),
      bits("dscp", 0, "u32", 2, 6, "DSCP.", { names: "dscp" }),
      reservedBits(0, "u32", 0, 2, "unusedLow"),
    ],
    doc: "One or more, to tell parts of the flow apart.",
  },
  vectors: ["0008e101000000b8", "0010e101000000280000003000000038"],
}];

export const NAMES = {
  dscp: {
    0: "CS0 (best effort)",
    8: "CS1",
    10: "AF11",
    12: "AF12",
    14: "AF13",
    16: "CS2",
    18: "AF21",
    20: "AF22",
    22: "AF23",
    24: "CS3",
    26: "AF31",
    28: "AF32",
    30: "AF33",
    32: "CS4",
    34: "AF41",
    36: "AF42",
    38: "AF43",
    40: "CS5",
    46: "EF",
    48: "CS6",
    56: "CS7",
  },
} as const;
