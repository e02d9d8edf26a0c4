/** RFC 2746: RSVP over IP tunnels. */
import type { ObjectDescription } from "../schema.ts";
import { bits, reservedBits } from "../shorthand.ts";

export const OBJECTS: readonly ObjectDescription[] = [
  {
    name: "NODE_CHAR",
    class: 128,
    ctype: 0,
    anyCType: true,
    form: "",
    rfc: "RFC 2746 2.3.2",
    doc: "What the tunnel's exit can do; it puts this object into a Resv for the entry.",
    length: 8,
    fields: [
      reservedBits(4, "u32", 1, 31),
      bits("rsvpTunnelCapable", 4, "u32", 0, 1, "T: 1 if the node carries reservations through tunnels."),
    ],
    vectors: ["0008800000000001", "0008800000000000"],
  },
  {
    name: "SESSION_ASSOC",
    class: 192,
    ctype: 0,
    anyCType: true,
    form: "",
    rfc: "RFC 2746 2.3.1",
    doc: "Binds an end-to-end session to a session of the tunnel that it goes through.",
    rest: {
      kind: "objects",
      name: "objects",
      doc: "SESSION of the end-to-end session, then FILTER_SPEC, whose source port names the tunnel's session.",
    },
    vectors: ["001cc000000c0101c00002141100138c000c0a010a00010100004e20"],
  },
];
