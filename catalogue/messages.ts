/** The messages: what each must and may carry. */
import type { MessageDescription } from "./schema.ts";

const SENDER = ["SENDER_TEMPLATE?", "SENDER_TSPEC?", "ADSPEC?"];
/** The flow descriptor list comes last, right after STYLE (RFC 2205 3.1.4): FLOWSPECs and FILTER_SPECs as the style says. */
const FLOWS = ["STYLE", "FLOWSPEC*", "FILTER_SPEC*"];

export const MESSAGES: readonly MessageDescription[] = [
  {
    name: "Path",
    type: 1,
    rfc: "RFC 2205 3.1.3",
    doc: "Announces a sender downstream and lays the path state.",
    grammar: ["INTEGRITY?", "SESSION", "RSVP_HOP", "TIME_VALUES", "POLICY_DATA*", ...SENDER],
    required: ["SESSION", "RSVP_HOP", "TIME_VALUES"],
  },
  {
    name: "Resv",
    type: 2,
    rfc: "RFC 2205 3.1.4",
    doc: "Requests a reservation upstream.",
    grammar: [
      "INTEGRITY?",
      "SESSION",
      "RSVP_HOP",
      "TIME_VALUES",
      "RESV_CONFIRM?",
      "SCOPE?",
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
    grammar: ["INTEGRITY?", "SESSION", "ERROR_SPEC", "POLICY_DATA*", ...SENDER],
    required: ["SESSION", "ERROR_SPEC"],
  },
  {
    name: "ResvErr",
    type: 4,
    rfc: "RFC 2205 3.1.8",
    doc: "Tells receivers what went wrong with a reservation.",
    grammar: ["INTEGRITY?", "SESSION", "RSVP_HOP", "ERROR_SPEC", "SCOPE?", "POLICY_DATA*", ...FLOWS],
    required: ["SESSION", "RSVP_HOP", "ERROR_SPEC", "STYLE"],
  },
  {
    name: "PathTear",
    type: 5,
    rfc: "RFC 2205 3.1.5",
    doc: "Takes path state away.",
    grammar: ["INTEGRITY?", "SESSION", "RSVP_HOP", ...SENDER],
    required: ["SESSION", "RSVP_HOP"],
  },
  {
    name: "ResvTear",
    type: 6,
    rfc: "RFC 2205 3.1.6",
    doc: "Takes reservation state away.",
    grammar: ["INTEGRITY?", "SESSION", "RSVP_HOP", "SCOPE?", ...FLOWS],
    required: ["SESSION", "RSVP_HOP", "STYLE"],
  },
  {
    name: "ResvConf",
    type: 7,
    rfc: "RFC 2205 3.1.9",
    doc: "Confirms a reservation to the receiver that asked for it.",
    grammar: ["INTEGRITY?", "SESSION", "ERROR_SPEC", "RESV_CONFIRM", ...FLOWS],
    required: ["SESSION", "ERROR_SPEC", "RESV_CONFIRM", "STYLE"],
  },
];
