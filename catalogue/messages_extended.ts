/**
 * The messages that came after RFC 2205, as registered: types 8 to 30 and, by name only, those of the Subnet Bandwidth
 * Manager. What each may carry is the grammar of its own RFC; RFC 2961 adds its objects in front of all of them.
 */
import type { MessageDescription } from "./schema.ts";

const INTEGRITY = "INTEGRITY?";
/** RFC 2961 4: acknowledgements and the message's own identifier stand before SESSION. */
const RELIABLE = ["MESSAGE_ID_ACK*", "MESSAGE_ID?"];
/** RFC 2745 3: DREQ and DREP carry the same. */
const DIAGNOSTIC = ["SESSION", "RSVP_HOP", "DIAGNOSTIC", "DIAG_SELECT?", "ROUTE?", "DIAG_RESPONSE*"];
const DIAGNOSTIC_REQUIRED = ["SESSION", "RSVP_HOP", "DIAGNOSTIC"];
const NO_TEXT = "Only its name is registered; contents not described.";

export const EXTENDED_MESSAGES: readonly MessageDescription[] = [
  {
    name: "DREQ",
    type: 8,
    rfc: "RFC 2745 3",
    doc: "Diagnostic request: collects RSVP state hop by hop towards the sender.",
    grammar: [INTEGRITY, ...DIAGNOSTIC],
    required: DIAGNOSTIC_REQUIRED,
  },
  {
    name: "DREP",
    type: 9,
    rfc: "RFC 2745 3",
    doc: "Diagnostic reply: what a DREQ has collected.",
    grammar: [INTEGRITY, ...DIAGNOSTIC],
    required: DIAGNOSTIC_REQUIRED,
  },
  { name: "ResvTearConfirm", type: 10, rfc: "registry", doc: NO_TEXT, grammar: [], required: [] },
  {
    name: "Bundle",
    type: 12,
    rfc: "RFC 2961 3.1",
    doc: "Several messages for one neighbour in one; the messages follow the INTEGRITY object.",
    grammar: [INTEGRITY],
    required: [],
    rest: "messages",
  },
  {
    name: "Ack",
    type: 13,
    rfc: "RFC 2961 4.4",
    doc: "Acknowledges messages that carried a MESSAGE_ID, where there is no other message to do it with.",
    grammar: [INTEGRITY, "MESSAGE_ID_ACK+"],
    required: ["MESSAGE_ID_ACK"],
  },
  {
    name: "Srefresh",
    type: 15,
    rfc: "RFC 2961 5.2",
    doc: "Refreshes many states by their message identifiers.",
    grammar: [INTEGRITY, ...RELIABLE, "MESSAGE_ID_LIST+"],
    required: ["MESSAGE_ID_LIST"],
  },
  {
    name: "Hello",
    type: 20,
    rfc: "RFC 3209 5.1, RFC 3473 9.1, RFC 5063 4.2",
    doc: "Finds out whether a neighbour is alive or has restarted.",
    grammar: [INTEGRITY, "HELLO", "RESTART_CAP?", "CAPABILITY?"],
    required: ["HELLO"],
  },
  {
    name: "Notify",
    type: 21,
    rfc: "RFC 3473 4.3.1",
    doc:
      "Tells a node that asked for it (NOTIFY_REQUEST) of errors, without going hop by hop. After ERROR_SPEC, for each " +
      "session: SESSION, ADMIN_STATUS and POLICY_DATA if any, then a sender descriptor or a flow descriptor list.",
    // What belongs to a session follows it, so there is no one order of classes beyond ERROR_SPEC.
    grammar: [INTEGRITY, ...RELIABLE, "ERROR_SPEC"],
    required: ["ERROR_SPEC", "SESSION"],
  },
  {
    name: "IntegrityChallenge",
    type: 25,
    rfc: "RFC 2747 4.3, RFC 3097",
    doc: "Asks a neighbour to prove where its sequence numbers stand.",
    grammar: ["CHALLENGE"],
    required: ["CHALLENGE"],
  },
  {
    name: "IntegrityResponse",
    type: 26,
    rfc: "RFC 2747 4.3, RFC 3097",
    doc: "Answers a challenge, under INTEGRITY.",
    grammar: ["INTEGRITY", "CHALLENGE"],
    required: ["INTEGRITY", "CHALLENGE"],
  },
  {
    name: "RecoveryPath",
    type: 30,
    rfc: "RFC 5063 4.1",
    doc: "A Path as the restarting node last sent it, given back by its downstream neighbour.",
    grammar: [
      INTEGRITY,
      ...RELIABLE,
      "SESSION",
      "RSVP_HOP",
      "TIME_VALUES",
      "EXPLICIT_ROUTE?",
      "LABEL_REQUEST",
      "PROTECTION?",
      "LABEL_SET*",
      "SESSION_ATTRIBUTE?",
      "NOTIFY_REQUEST*",
      "ADMIN_STATUS?",
      "POLICY_DATA*",
      "SENDER_TEMPLATE",
      "SENDER_TSPEC",
      "ADSPEC?",
      "RECORD_ROUTE?",
      "SUGGESTED_LABEL?",
      "RECOVERY_LABEL?",
      "UPSTREAM_LABEL?",
    ],
    required: ["SESSION", "RSVP_HOP", "TIME_VALUES", "LABEL_REQUEST"],
  },
  { name: "DSBM_willing", type: 66, rfc: "registry", doc: NO_TEXT, grammar: [], required: [] },
  { name: "I_AM_DSBM", type: 67, rfc: "registry", doc: NO_TEXT, grammar: [], required: [] },
];
