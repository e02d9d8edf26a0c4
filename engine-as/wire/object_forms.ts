// Which objects the protocol understands: classes 0 to 15 of RFC 2205 section 3.1.2 with the C-Types of its appendix A
// and of RFC 2207 (GPI). Everything else, the LSP_TUNNEL forms of RFC 3209 among them, is an unknown C-Type or class to
// the protocol, though the codec (wire/check.ts) knows it. This table is the only place that says so.

export const CLASS_SESSION: u32 = 1;
export const CLASS_RSVP_HOP: u32 = 3;
export const CLASS_INTEGRITY: u32 = 4;
export const CLASS_TIME_VALUES: u32 = 5;
export const CLASS_ERROR_SPEC: u32 = 6;
export const CLASS_SCOPE: u32 = 7;
export const CLASS_STYLE: u32 = 8;
export const CLASS_FLOWSPEC: u32 = 9;
export const CLASS_FILTER_SPEC: u32 = 10;
export const CLASS_SENDER_TEMPLATE: u32 = 11;
export const CLASS_SENDER_TSPEC: u32 = 12;
export const CLASS_ADSPEC: u32 = 13;
export const CLASS_POLICY_DATA: u32 = 14;
export const CLASS_RESV_CONFIRM: u32 = 15;

// A form is one byte, zero if unknown: bits 0-3 the exact length in words (0: any), bit 4 set, bits 5-6 the family.
export const FORM_WORDS: u32 = 15;
export const FORM_FAMILY_SHIFT: u32 = 4;

// Rows are classes, columns C-Types 0 to 7. 0x53 is IPv4 in 3 words, 0x76 IPv6 in 6 words, 0x10 any length.
const FORMS: usize = memory.data<u8>([
  /*  0 NULL            */ 0, 0, 0, 0, 0, 0, 0, 0,
  /*  1 SESSION         */ 0, 0x53, 0x76, 0x53, 0x76, 0, 0, 0,
  /*  2                 */ 0, 0, 0, 0, 0, 0, 0, 0,
  /*  3 RSVP_HOP        */ 0, 0x53, 0x76, 0, 0, 0, 0, 0,
  /*  4 INTEGRITY       */ 0, 0x10, 0, 0, 0, 0, 0, 0,
  /*  5 TIME_VALUES     */ 0, 0x12, 0, 0, 0, 0, 0, 0,
  /*  6 ERROR_SPEC      */ 0, 0x53, 0x76, 0, 0, 0, 0, 0,
  /*  7 SCOPE           */ 0, 0x50, 0x70, 0, 0, 0, 0, 0,
  /*  8 STYLE           */ 0, 0x12, 0, 0, 0, 0, 0, 0,
  /*  9 FLOWSPEC        */ 0, 0, 0x10, 0, 0, 0, 0, 0,
  /* 10 FILTER_SPEC     */ 0, 0x53, 0x76, 0x76, 0x53, 0x76, 0, 0,
  /* 11 SENDER_TEMPLATE */ 0, 0x53, 0x76, 0x76, 0x53, 0x76, 0, 0,
  /* 12 SENDER_TSPEC    */ 0, 0, 0x10, 0, 0, 0, 0, 0,
  /* 13 ADSPEC          */ 0, 0, 0x10, 0, 0, 0, 0, 0,
  /* 14 POLICY_DATA     */ 0, 0x10, 0, 0, 0, 0, 0, 0,
  /* 15 RESV_CONFIRM    */ 0, 0x52, 0x75, 0, 0, 0, 0, 0,
]);

// @ts-ignore: decorator
@inline

export function isKnownClass(objectClass: u32): bool {
  return objectClass < 16 && objectClass != 2;
}

// The form of a known class's C-Type; 0 if the C-Type is unknown.
// @ts-ignore: decorator
@inline

export function formOf(objectClass: u32, ctype: u32): u32 {
  return ctype < 8 ? load<u8>(FORMS + objectClass * 8 + ctype) : 0;
}

// Classes that may appear more than once in a message (RFC 2205 section 3.1).
export const REPEATABLE_CLASSES: u32 = (1 << CLASS_FLOWSPEC) | (1 << CLASS_FILTER_SPEC) | (1 << CLASS_POLICY_DATA);

// Bits of the classes that each message must have (RFC 2205 sections 3.1.3 to 3.1.9), by message type; 8 to 10 are the
// application's calls. The grammar makes the sender descriptor optional, but a Path, PathErr or PathTear without
// SENDER_TEMPLATE names no state that it could be about.
const REQUIRED: usize = memory.data<u16>([
  0,
  (1 << 1) | (1 << 3) | (1 << 5) | (1 << 11) | (1 << 12), // Path
  (1 << 1) | (1 << 3) | (1 << 5) | (1 << 8), // Resv
  (1 << 1) | (1 << 6) | (1 << 11), // PathErr
  (1 << 1) | (1 << 3) | (1 << 6) | (1 << 8), // ResvErr
  (1 << 1) | (1 << 3) | (1 << 11), // PathTear
  (1 << 1) | (1 << 3) | (1 << 8), // ResvTear
  (1 << 1) | (1 << 6) | (1 << 8) | (1 << 15), // ResvConf
  1 << 1, // SESSION call
  (1 << 11) | (1 << 12), // SENDER call
  1 << 9, // RESERVE call
]);

// @ts-ignore: decorator
@inline

export function requiredClasses(type: u32): u32 {
  return load<u16>(REQUIRED + type * 2);
}
