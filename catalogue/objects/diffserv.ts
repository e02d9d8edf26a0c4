/**
 * Diff-Serv over MPLS: DIFFSERV (RFC 3270) and CLASSTYPE (RFC 4124). The layouts are those that common
 * dissectors read, and a test compares them with one.
 */
import type { ObjectDescription } from "../schema.ts";
import { bits, reserved, reservedBits, u16 } from "../shorthand.ts";

const PHB_ID = "PHB identification code (RFC 3140): the DSCP in the high six bits for a standard behaviour.";

export const OBJECTS: readonly ObjectDescription[] = [
  {
    name: "DIFFSERV",
    class: 65,
    ctype: 1,
    form: "E_LSP",
    rfc: "RFC 3270 5.2.1",
    doc: "How the EXP bits of an LSP's packets map to per-hop behaviours.",
    fields: [
      reservedBits(4, "u32", 4, 28),
      bits("mapCount", 4, "u32", 0, 4, "MAPnb: mappings that follow, 0 to 8."),
    ],
    rest: {
      kind: "records",
      name: "maps",
      length: 4,
      fields: [
        reservedBits(0, "u16", 3, 13),
        bits("exp", 0, "u16", 0, 3, "EXP: the value of the EXP bits."),
        u16("phbId", 2, `PHBID: ${PHB_ID}`),
      ],
      doc: "The mappings.",
    },
    vectors: ["0010410100000002000000000005b800", "0008410100000000"],
  },
  {
    name: "DIFFSERV",
    class: 65,
    ctype: 2,
    form: "L_LSP",
    rfc: "RFC 3270 5.2.2",
    doc: "The per-hop scheduling class of an LSP that has one only.",
    length: 8,
    fields: [reserved(4, "u16"), u16("phbSchedulingClass", 6, `PSC: ${PHB_ID}`)],
    vectors: ["000841020000b800"],
  },
  {
    name: "CLASSTYPE",
    class: 66,
    ctype: 1,
    form: "",
    rfc: "RFC 4124 6.1",
    doc: "The Class-Type of an LSP, for Diff-Serv-aware traffic engineering.",
    length: 8,
    fields: [reservedBits(4, "u32", 3, 29), bits("classType", 4, "u32", 0, 3, "CT: 1 to 7; 0 is not signalled.")],
    vectors: ["0008420100000003"],
  },
];
