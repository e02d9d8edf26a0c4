/** The messages: what each must and may carry. */
import type { MessageDescription } from "./schema.ts";

/** RFC 2961 4: acknowledgements and the message's own identifier stand before SESSION. */
const RELIABLE = ["INTEGRITY?", "MESSAGE_ID_ACK*", "MESSAGE_ID?"];
/** The sender descriptor, with what RFC 3209 and RFC 3473 10.1 add to it. */
const SENDER = [
  "SENDER_TEMPLATE?",
  "SENDER_TSPEC?",
  "ADSPEC?",
  "RECORD_ROUTE?",
  "SUGGESTED_LABEL?",
  "RECOVERY_LABEL?",
  "UPSTREAM_LABEL?",
];
/** What RFC 3209 and RFC 3473 10.1 put between TIME_VALUES and POLICY_DATA of a Path. */
const TUNNEL = [
  "EXPLICIT_ROUTE?",
  "LABEL_REQUEST?",
  "PROTECTION?",
  "LABEL_SET*",
  "SESSION_ATTRIBUTE?",
  "NOTIFY_REQUEST*",
  "ADMIN_STATUS?",
];
/** The flow descriptor list comes last, right after STYLE (RFC 2205 3.1.4): FLOWSPECs and FILTER_SPECs as the style says. */
const FLOWS = ["STYLE", "FLOWSPEC*", "FILTER_SPEC*"];

export const MESSAGES: readonly MessageDescription[] = [
  {
    name: "Path",
    type: 1,
    rfc: "RFC 2205 3.1.3",
    doc: "Announces a sender downstream and lays the path state.",
    grammar: [...RELIABLE, "SESSION", "RSVP_HOP", "TIME_VALUES", ...TUNNEL, "POLICY_DATA*", ...SENDER],
    required: ["SESSION", "RSVP_HOP", "TIME_VALUES"],
  },
  {
    name: "Resv",
    type: 2,
    rfc: "RFC 2205 3.1.4",
    doc: "Requests a reservation upstream.",
    grammar: [
      ...RELIABLE,
      "SESSION",
      "RSVP_HOP",
      "TIME_VALUES",
      "RESV_CONFIRM?",
      "SCOPE?",
      "NOTIFY_REQUEST*",
      "ADMIN_STATUS?",
      "POLICY_DATA*",
      ...FLOWS,
    ],
    required: ["SESSION", "RSVP_HOP", "TIME_VALUES", "STYLE"],
  },
  {
    name: "PathErr",
    type: 3,
    rfc: "RFC 2205 3.1.7",
    doc: "Tells a sender what went wrong with its Path.",
    grammar: [...RELIABLE, "SESSION", "ERROR_SPEC", "ACCEPTABLE_LABEL_SET*", "POLICY_DATA*", ...SENDER],
    required: ["SESSION", "ERROR_SPEC"],
  },
  {
    name: "ResvErr",
    type: 4,
    rfc: "RFC 2205 3.1.8",
    doc: "Tells receivers what went wrong with a reservation.",
    grammar: [
      ...RELIABLE,
      "SESSION",
      "RSVP_HOP",
      "ERROR_SPEC",
      "SCOPE?",
      "ACCEPTABLE_LABEL_SET*",
      "POLICY_DATA*",
      ...FLOWS,
    ],
    required: ["SESSION", "RSVP_HOP", "ERROR_SPEC", "STYLE"],
  },
  {
    name: "PathTear",
    type: 5,
    rfc: "RFC 2205 3.1.5",
    doc: "Takes path state away.",
    grammar: [...RELIABLE, "SESSION", "RSVP_HOP", ...SENDER],
    required: ["SESSION", "RSVP_HOP"],
  },
  {
    name: "ResvTear",
    type: 6,
    rfc: "RFC 2205 3.1.6",
    doc: "Takes reservation state away.",
    grammar: [...RELIABLE, "SESSION", "RSVP_HOP", "SCOPE?", ...FLOWS],
    required: ["SESSION", "RSVP_HOP", "STYLE"],
  },
  {
    name: "ResvConf",
    type: 7,
    rfc: "RFC 2205 3.1.9",
    doc: "Confirms a reservation to the receiver that asked for it.",
    grammar: [...RELIABLE, "SESSION", "ERROR_SPEC", "RESV_CONFIRM", ...FLOWS],
    required: ["SESSION", "ERROR_SPEC", "RESV_CONFIRM", "STYLE"],
  },
];
