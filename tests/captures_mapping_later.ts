/** Objects of RFCs after RFC 2205 in tshark's words; tests/captures_mapping.ts has the others and compares. */
import type { Decoded } from "./captures_mapping.ts";

type Words = Record<string, (string | number)[] | string | number>;

/** tshark's second name of each C-Type. */
export const LATER_CTYPE_ALIAS: Readonly<Record<number, string>> = {
  4: "integrity",
  16: "label",
  19: "label_request",
  20: "explicit_route",
  22: "hello",
  23: "message_id",
  25: "message_id_list",
  131: "restart_cap",
  134: "unknown",
  207: "attribute",
};

/** Fields of tshark that say again what another one says. */
export const LATER_JUSTIFIED: Readonly<Record<string, string>> = {
  "rsvp.integrity.flags.handshake": "one bit of rsvp.integrity.flags, which is compared whole",
  "rsvp.sa.flags.local": "one bit of rsvp.session_attribute.flags, which is compared whole",
  "rsvp.sa.flags.label": "one bit of rsvp.session_attribute.flags, which is compared whole",
  "rsvp.sa.flags.se_style": "one bit of rsvp.session_attribute.flags, which is compared whole",
  "rsvp.sa.flags.bandwidth": "one bit of rsvp.session_attribute.flags, which is compared whole",
  "rsvp.sa.flags.node": "one bit of rsvp.session_attribute.flags, which is compared whole",
};

const hex = (value: number, digits: number) => "0x" + value.toString(16).padStart(digits, "0");
/** `40:d2:35`, of hex or of a 32-bit number. */
const colons = (text: string) => text.match(/../g)!.join(":");
/** An IPv4 address as one number. */
const number = (address: string) => address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);

/** The values of an object's own fields, or undefined for an object that no capture holds. */
export function laterFields(object: Decoded): Words | undefined {
  switch (`${object.class}/${object.ctype}`) {
    case "1/7":
      return {
        "rsvp.session.ip": object.tunnelEndPointAddress,
        "rsvp.session.short_call_id": object.shortCallId ?? 0,
        "rsvp.session.tunnel_id": object.tunnelId,
        "rsvp.extended_tunnel_id": number(object.extendedTunnelId),
        "rsvp.session.ext_tunnel_id": number(object.extendedTunnelId),
      };
    case "4/1":
      return {
        "rsvp.integrity.flags": hex(object.flags, 2),
        "rsvp.integrity.key_identifier": colons(object.keyIdentifier),
        "rsvp.integrity.sequence_number": object.sequenceNumber,
        "rsvp.integrity.hash": colons(object.digest),
      };
    case "10/7":
      return { "rsvp.sender.ip": object.tunnelSenderAddress, "rsvp.sender.lsp_id": object.lspId };
    case "11/7":
      return {
        "rsvp.sender.ip": object.tunnelSenderAddress,
        "rsvp.sender.short_call_id": object.shortCallId ?? 0,
        "rsvp.sender.lsp_id": object.lspId,
      };
    case "16/1":
      return { "rsvp.label.label": object.label };
    case "19/1":
      return { "rsvp.label_request.l3pid": hex(object.l3Pid, 4) };
    case "20/1":
      return explicitRoute(object.subobjects);
    default:
      return otherFields(object);
  }
}

function otherFields(object: Decoded): Words | undefined {
  switch (`${object.class}/${object.ctype}`) {
    case "22/1":
      return {
        "rsvp.hello.source_instance": hex(object.sourceInstance, 8),
        "rsvp.hello.destination_instance": hex(object.destinationInstance, 8),
      };
    case "23/1":
      return {
        "rsvp.message_id.flags": object.flags,
        "rsvp.message_id.epoch": object.epoch,
        "rsvp.message_id.message_id": object.messageIdentifier,
      };
    case "25/1":
      return {
        "rsvp.message_id_list.flags": object.flags ?? 0,
        "rsvp.message_id_list.epoch": object.epoch,
        "rsvp.message_id_list.message_id": object.messageIdentifiers,
      };
    case "131/1":
      return {
        "rsvp.restart_cap.restart_time": object.restartTimeMs,
        "rsvp.restart_cap.recovery_time": object.recoveryTimeMs,
      };
    // tshark 4.0 does not know the class and shows its bytes.
    case "134/1":
      return { "rsvp.unknown.data": colons(object.capabilities.toString(16).padStart(8, "0")) };
    case "207/7":
      return {
        "rsvp.session_attribute.setup_priority": object.setupPriority,
        "rsvp.session_attribute.hold_priority": object.holdingPriority,
        "rsvp.session_attribute.flags": hex(object.flags, 2),
        "rsvp.session_attribute.name_length": object.sessionName.length,
        "rsvp.session_attribute.name": object.sessionName,
      };
    default:
      return undefined;
  }
}

/** The captures' routes have IPv4 prefixes only (RFC 3209 4.3.3.2). */
function explicitRoute(hops: readonly Decoded[]): Words {
  return {
    "rsvp.loose_hop": hops.map(({ loose }) => loose),
    "rsvp.type": hops.map(({ type }) => type),
    "rsvp.ero_rro_subobjects.length": hops.map(() => 8),
    "rsvp.ero_rro_subobjects.ipv4_hop": hops.map(({ address }) => address),
    "rsvp.ero_rro_subobjects.prefix_length": hops.map(({ prefixLength }) => prefixLength),
  };
}
