/** PROTECTION: what link or LSP protection an LSP wants (RFC 3471 7, RFC 3473 6, RFC 4872 14, RFC 4873 6.1, RFC 8400). */
import type { Field, Names, ObjectDescription } from "../schema.ts";
import { bits, reservedBits } from "../shorthand.ts";

const LINK_FLAGS = "Link protection types that are acceptable; zero for any, none included.";

/** The content of C-Type 1; `at` is where it starts. Also in the PROTECTION sub-object of RFC 4873 4.1. */
export const linkProtection = (at: number): readonly Field[] => [
  bits("secondary", at, "u32", 31, 1, "S: 1 for a secondary LSP."),
  reservedBits(at, "u32", 6, 25, "reserved1"),
  bits("linkFlags", at, "u32", 0, 6, LINK_FLAGS, { flags: "linkProtection" }),
];

/** The content of C-Type 2; `at` is where it starts. */
export const lspProtection = (at: number): readonly Field[] => [
  bits("secondary", at, "u32", 31, 1, "S: 1 for a secondary LSP."),
  bits("protecting", at, "u32", 30, 1, "P: 1 for a protecting LSP, 0 for a working one."),
  bits("notification", at, "u32", 29, 1, "N: 1 if the control plane exchange is for notification only."),
  bits("operational", at, "u32", 28, 1, "O: 1 if the protecting LSP carries the traffic."),
  reservedBits(at, "u32", 22, 6, "reserved1"),
  bits("lspFlags", at, "u32", 16, 6, "End-to-end recovery type of the LSP; zero for none.", { flags: "lspProtection" }),
  reservedBits(at, "u32", 6, 10, "reserved2"),
  bits("linkFlags", at, "u32", 0, 6, LINK_FLAGS, { flags: "linkProtection" }),
  bits("inPlace", at + 4, "u32", 31, 1, "I: 1 if segment recovery as wanted is in place already."),
  bits("required", at + 4, "u32", 30, 1, "R: 1 if the LSP is to fail when the protection cannot be set up."),
  reservedBits(at + 4, "u32", 22, 8, "reserved3"),
  bits("segmentFlags", at + 4, "u32", 16, 6, "Segment recovery type, dynamically set up where possible.", {
    flags: "lspProtection",
  }),
  reservedBits(at + 4, "u32", 0, 16, "reserved4"),
];

export const OBJECTS: readonly ObjectDescription[] = [
  {
    name: "PROTECTION",
    class: 37,
    ctype: 1,
    form: "LINK",
    rfc: "RFC 3473 6",
    doc: "The link protection wanted for an LSP.",
    length: 8,
    fields: linkProtection(4),
    vectors: ["0008250180000014", "0008250100000000"],
  },
  {
    name: "PROTECTION",
    class: 37,
    ctype: 2,
    form: "LSP",
    rfc: "RFC 4873 6.1",
    doc: "The link protection, end-to-end recovery and segment recovery wanted for an LSP.",
    length: 12,
    fields: lspProtection(4),
    vectors: ["000c250250100010c0040000", "000c25020001000200000000"],
  },
  {
    name: "PROTECTION",
    class: 37,
    ctype: 3,
    form: "EGRESS",
    rfc: "RFC 8400 4.1",
    doc: "Protection of the egress of an LSP: sub-objects that name the primary egress and its LSP.",
    opaque: "Contents not described (RFC 8400).",
    rest: { kind: "bytes", name: "content", doc: "Sub-objects." },
    vectors: ["000c2503010800000a000001"],
  },
];

export const FLAGS: Readonly<Record<string, Names>> = {
  linkProtection: {
    0x01: "Extra Traffic",
    0x02: "Unprotected",
    0x04: "Shared",
    0x08: "Dedicated 1:1",
    0x10: "Dedicated 1+1",
    0x20: "Enhanced",
  },
  lspProtection: {
    0x01: "(Full) Rerouting",
    0x02: "Rerouting without Extra-Traffic",
    0x04: "1:N Protection with Extra-Traffic",
    0x08: "1+1 Unidirectional Protection",
    0x10: "1+1 Bidirectional Protection",
  },
};
