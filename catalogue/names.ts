/** Names of the values that fields of RFC 2205 and RFC 2210 objects hold. Other RFCs' files export their own `NAMES`. */
import { ERROR_CODES, ERROR_VALUES } from "./error_names.ts";
import type { Names } from "./schema.ts";

/** Message types as registered. */
export const MESSAGE_TYPES: Names = {
  1: "Path",
  2: "Resv",
  3: "PathErr",
  4: "ResvErr",
  5: "PathTear",
  6: "ResvTear",
  7: "ResvConf",
  8: "DREQ",
  9: "DREP",
  10: "ResvTearConfirm",
  12: "Bundle",
  13: "Ack",
  15: "Srefresh",
  20: "Hello",
  21: "Notify",
  25: "IntegrityChallenge",
  26: "IntegrityResponse",
  30: "RecoveryPath",
  66: "DSBM_willing",
  67: "I_AM_DSBM",
};

/** Values by enumeration. Error values are `errorValue:CODE`, told by their error code. */
export const NAMES: Readonly<Record<string, Names>> = {
  messageType: MESSAGE_TYPES,
  style: { 0x0a: "FF", 0x11: "WF", 0x12: "SE" },
  protocol: {
    1: "ICMP",
    2: "IGMP",
    4: "IPv4",
    6: "TCP",
    17: "UDP",
    33: "DCCP",
    41: "IPv6",
    46: "RSVP",
    47: "GRE",
    50: "ESP",
    51: "AH",
    58: "ICMPv6",
    89: "OSPF",
    103: "PIM",
    132: "SCTP",
    136: "UDP-Lite",
  },
  errorCode: ERROR_CODES,
  ...Object.fromEntries(Object.entries(ERROR_VALUES).map(([code, names]) => [`errorValue:${code}`, names])),
  service: { 1: "General", 2: "Guaranteed", 5: "Controlled load", 6: "Null service" },
};

/** Single bits, by set. */
export const FLAGS: Readonly<Record<string, Names>> = {
  header: { 0x01: "refresh reduction capable" },
  session: { 0x01: "E_Police" },
  errorSpec: { 0x01: "InPlace", 0x02: "NotGuilty", 0x04: "Path_State_Removed" },
  parameter: { 0x80: "INVALID" },
};
