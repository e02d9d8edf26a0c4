/** RFC 2747 (and 3097): INTEGRITY, and CHALLENGE, by which a node learns a neighbour's sequence number. */
import type { Names, ObjectDescription } from "../schema.ts";
import { octets, reserved, u64, u8 } from "../shorthand.ts";

const KEY = "Key Identifier: 48 bits that name a key of the sending system.";

export const OBJECTS: readonly ObjectDescription[] = [
  {
    name: "INTEGRITY",
    class: 4,
    ctype: 1,
    form: "",
    rfc: "RFC 2747 2.1",
    doc: "A keyed digest of the message, from its first byte to its last.",
    fields: [
      u8("flags", 4, "0x80 is HF: the sender answers integrity challenges.", { flags: "integrity" }),
      reserved(5, "u8"),
      octets("keyIdentifier", 6, 6, KEY),
      u64("sequenceNumber", 12, "Grows with every message under one key, against replays."),
    ],
    rest: { kind: "bytes", name: "digest", doc: "Keyed Message Digest, a multiple of four bytes; 16 with HMAC-MD5." },
    vectors: [
      "0024040180000a00010100010000000065a0c1d2000102030405060708090a0b0c0d0e0f",
      "00280401000000000000000200000000000000010102030405060708090a0b0c0d0e0f1011121314",
    ],
  },
  {
    name: "CHALLENGE",
    class: 64,
    ctype: 1,
    form: "",
    rfc: "RFC 2747 4.3",
    doc: "In an Integrity Challenge, and unchanged in the Integrity Response.",
    length: 20,
    fields: [
      reserved(4, "u16"),
      octets("keyIdentifier", 6, 6, KEY),
      u64("challengeCookie", 12, "Challenge Cookie: what nobody else can guess."),
    ],
    vectors: ["0014400100000a00010100010123456789abcdef"],
  },
];

export const FLAGS: Readonly<Record<string, Names>> = { integrity: { 0x80: "HF (answers challenges)" } };
