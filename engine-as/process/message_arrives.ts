// MESSAGE ARRIVES (RFC 2209): the checks that come before any message type's own rules, in the RFC's order: version and
// checksum, whether it is for this node, objects, ports. Then the procedure for its type.
import {
  ACTION_RELAY,
  ACTION_RELAY_DESTINATION,
  ACTION_RELAY_FAMILY,
  ACTION_RELAY_INTERFACE,
  ACTION_RELAY_PAYLOAD,
  ACTION_RELAY_PAYLOAD_LENGTH,
  ACTION_RELAY_SOURCE,
  ACTION_RELAY_TTL,
  COUNTER_RECEIVED_BYTES,
  COUNTER_RECEIVED_MESSAGES,
  COUNTER_RECEIVED_PATH,
  ENCAPSULATION_RAW,
  ENCAPSULATION_UDP,
  ENCAPSULATION_UDP_ALTERNATE,
  INPUT_PACKETS_ENCAPSULATION,
  INPUT_PACKETS_FAMILY,
  INPUT_PACKETS_INTERFACE,
  INPUT_PACKETS_PAYLOAD,
  INPUT_PACKETS_PAYLOAD_LENGTH,
  INPUT_PACKETS_TTL,
  INTERFACE_OPTION_UDP_ONLY,
  PACKET_HEADER_BYTES,
  PACKET_SLOT_BYTES,
  STATUS_BAD_CHECKSUM,
  STATUS_BAD_LENGTH,
  STATUS_BAD_SUBMIT,
  STATUS_BAD_VALUE,
  STATUS_BAD_VERSION,
  STATUS_IGNORED_ENCAPSULATION,
  STATUS_MISSING_OBJECT,
  STATUS_NOT_FOR_US,
  STATUS_OK,
  STATUS_PORT_CONFLICT,
  STATUS_TRUNCATED,
  STATUS_TTL_EXPIRED,
  STATUS_UNKNOWN_INTERFACE,
} from "../boundary.gen";
import { commitAction, reserveAction } from "../actions/queue";
import { Interface, interfaceByAddress, interfaceByHandle, speaksRsvp } from "../state/interface";
import { isMulticast, keyDestinationPort, senderHasPort, senderPort } from "../state/keys";
import {
  CONCERNS_FILTER,
  CONCERNS_RESERVATION,
  CONCERNS_SENDER,
  endLookingAhead,
  fetchAhead,
  lookAhead,
} from "../state/ahead";
import { count } from "../state/memory";
import { load16, objectClass, objectCType, objectLength } from "../wire/bytes";
import { sumBytes } from "../wire/checksum";
import { nextFilter } from "../wire/flow_descriptors";
import {
  MESSAGE_PATH,
  MESSAGE_PATH_ERROR,
  MESSAGE_PATH_TEAR,
  MESSAGE_RESV,
  MESSAGE_RESV_CONFIRM,
  MESSAGE_RESV_ERROR,
  MESSAGE_RESV_TEAR,
  MessageView,
  parseMessage,
  parseVerified,
} from "../wire/message_view";
import { beginPacket, packetDestination, packetSource, setArrivalTtl, view, viewPointer } from "./context";
import {
  diagnosticView,
  isWholeDiagnostic,
  MESSAGE_DIAGNOSTIC_REPLY,
  MESSAGE_DIAGNOSTIC_REQUEST,
  parseDiagnostic,
} from "../wire/diagnostic_view";
import { replyArrives } from "./diagnostic_reply";
import { requestArrives } from "./diagnostic_request";
import { drop, dropAt } from "./drop";
import { clearUnused, sendersFit, sessionFits } from "./objects";
import { pathArrives } from "./path";
import { pathErrorArrives } from "./path_error";
import { pathTearArrives } from "./path_tear";
import { resvArrives } from "./resv";
import { resvConfirmArrives } from "./resv_confirm";
import { resvErrorArrives } from "./resv_error";
import { resvTearArrives } from "./resv_tear";
import { arrivingFingerprint, takeUnchangedRefresh } from "./unchanged_refresh";

// A batch of `count` packets in slots from `start`; `end` is the end of the inbox.
export function packetsArrive(start: usize, packets: u32, end: usize): u32 {
  if (packets < FEW_PACKETS) return takePackets(start, packets, end);
  lookAtBatch(start, packets, end);
  const status = takePackets(start, packets, end);
  endLookingAhead();
  return status;
}

function takePackets(start: usize, packets: u32, end: usize): u32 {
  let slot = start;
  for (let index: u32 = 0; index < packets; index++) {
    if (slot + PACKET_HEADER_BYTES > end) return STATUS_BAD_SUBMIT;
    const length = load<u32>(slot, INPUT_PACKETS_PAYLOAD_LENGTH);
    const bytes = <u64> PACKET_HEADER_BYTES + <u64> length;
    if (<u64> slot + bytes > <u64> end) return STATUS_BAD_SUBMIT;
    packetArrives(slot, length);
    slot += <usize> ((bytes + PACKET_SLOT_BYTES - 1) / PACKET_SLOT_BYTES) * PACKET_SLOT_BYTES;
  }
  return STATUS_OK;
}

// Below this many there is nothing to be gained by looking ahead.
const FEW_PACKETS: u32 = 4;

// Nearly all messages have their SESSION first. Longer datagrams than a slot are rare and end the look.
function lookAtBatch(start: usize, packets: u32, end: usize): void {
  const last = min(start + <usize> packets * PACKET_SLOT_BYTES, end - PACKET_SLOT_BYTES + 1);
  let index: usize = 0;
  for (let slot = start; slot < last; slot += PACKET_SLOT_BYTES) {
    const length = load<u32>(slot, INPUT_PACKETS_PAYLOAD_LENGTH);
    if (length > <u32> (PACKET_SLOT_BYTES - PACKET_HEADER_BYTES)) break;
    const type = <u32> load<u8>(slot + INPUT_PACKETS_PAYLOAD, 1);
    const concern = type == MESSAGE_RESV || type == MESSAGE_RESV_TEAR
      ? CONCERNS_FILTER
      : type == MESSAGE_RESV_CONFIRM
      ? CONCERNS_RESERVATION
      : CONCERNS_SENDER;
    lookAhead(index, length < 20 ? 0 : slot + INPUT_PACKETS_PAYLOAD + 8, concern);
    index += 1;
  }
  fetchAhead(index);
}

function packetArrives(slot: usize, length: u32): void {
  count(COUNTER_RECEIVED_MESSAGES);
  count(COUNTER_RECEIVED_BYTES, length);
  const iface = interfaceByHandle(load<u32>(slot, INPUT_PACKETS_INTERFACE));
  const family = load<u8>(slot, INPUT_PACKETS_FAMILY);
  if (iface == null || (family != 4 && family != 6)) return count(STATUS_UNKNOWN_INTERFACE);
  beginPacket(slot, iface);
  // An interface without RSVP discards silently (RFC 2205 section 3.11.4).
  if (!speaksRsvp(iface)) return count(STATUS_UNKNOWN_INTERFACE);
  const message = slot + INPUT_PACKETS_PAYLOAD;
  // The message is named before it is parsed, so that a drop can say where.
  view().message = message;
  const encapsulation = <u32> load<u8>(slot, INPUT_PACKETS_ENCAPSULATION);
  if (ignores(iface, encapsulation)) return dropAt(STATUS_IGNORED_ENCAPSULATION, 0, 0, 0);
  if (length < 8) return dropAt(STATUS_TRUNCATED, 0, 0, 0);
  if (takeUnchangedRefresh(slot, length)) return;
  const type = <u32> load<u8>(message, 1);
  const isDiagnostic = type == MESSAGE_DIAGNOSTIC_REQUEST || type == MESSAGE_DIAGNOSTIC_REPLY;
  const endToEnd = type == MESSAGE_PATH || type == MESSAGE_PATH_TEAR || type == MESSAGE_RESV_CONFIRM;
  if (!endToEnd && !isForUs(family)) return relay(slot, message, length, family);
  if (isDiagnostic) return diagnosticArrives(slot, message, length, type, encapsulation);
  const status = arrivingFingerprint() != 0
    ? parseVerified(message, length, viewPointer())
    : parseMessage(message, length, viewPointer());
  const v = view();
  if (status != STATUS_OK) return dropAt(status, v.errorOffset, v.errorClass, v.errorCType);
  count(COUNTER_RECEIVED_PATH + type - 1);
  // An encapsulated message has been through UDP sockets that know no TTL: Send_TTL stands for it (appendix C).
  setArrivalTtl(encapsulation == ENCAPSULATION_RAW ? load<u8>(slot, INPUT_PACKETS_TTL) : v.sendTtl);
  if (v.rejectStatus != 0) {
    // Path and Resv are answered; no error answers an error, a teardown or a confirmation (RFC 2205 section 3.10).
    if (type == MESSAGE_PATH || type == MESSAGE_RESV) return dispatch(type);
    return drop(v.rejectStatus, v.rejected);
  }
  // Usual messages have forms that fit each other.
  if (v.usual == 0 && v.session != 0 && !(sessionFits(v.session) && sendersFit(v, objectCType(v.session)))) {
    return drop(STATUS_BAD_VALUE, v.session);
  }
  clearUnused(v);
  if (conflictingPorts()) return drop(STATUS_PORT_CONFLICT, v.session);
  if (encapsulation == ENCAPSULATION_UDP && (iface.options & INTERFACE_OPTION_UDP_ONLY) == 0 && type == MESSAGE_PATH) {
    iface.udp = 1;
  }
  dispatch(type);
}

// DREQ and DREP (RFC 2745) have a grammar of their own. D-TTL is what the IP TTL has lost since Send_TTL.
function diagnosticArrives(slot: usize, message: usize, length: u32, type: u32, encapsulation: u32): void {
  const v = diagnosticView();
  // They go from node to node (RFC 2745 section 4): each member of a group would answer for itself.
  if (isMulticast(packetDestination(), load<u8>(slot, INPUT_PACKETS_FAMILY))) return dropAt(STATUS_BAD_VALUE, 0, 0, 0);
  const status = parseDiagnostic(message, length, true);
  if (status != STATUS_OK) {
    const object = v.errorObject;
    if (object == 0) return dropAt(status, 0, 0, 0);
    return dropAt(status, <u32> (object - message), objectClass(object), objectCType(object));
  }
  if (!isWholeDiagnostic()) return dropAt(STATUS_MISSING_OBJECT, 0, 0, 0);
  if (!sessionFits(v.session)) return dropAt(STATUS_BAD_VALUE, 0, 0, 0);
  count(COUNTER_RECEIVED_PATH + type - 1);
  const sendTtl = <u32> load<u8>(message, 4);
  const ttl = encapsulation == ENCAPSULATION_RAW ? <u32> load<u8>(slot, INPUT_PACKETS_TTL) : sendTtl;
  setArrivalTtl(ttl);
  if (type == MESSAGE_DIAGNOSTIC_REQUEST) requestArrives(sendTtl > ttl ? sendTtl - ttl : 0);
  else replyArrives();
}

// Appendix C: a node with raw access hears port 1698 and ignores copies to 1699, which are for hosts without.
@inline
function ignores(iface: Interface, encapsulation: u32): bool {
  return encapsulation == ENCAPSULATION_UDP_ALTERNATE && (iface.options & INTERFACE_OPTION_UDP_ONLY) == 0;
}

@inline
function isForUs(family: u32): bool {
  return isMulticast(packetDestination(), family) || interfaceByAddress(packetDestination(), family) != null;
}

function dispatch(type: u32): void {
  switch (type) {
    case MESSAGE_PATH:
      return pathArrives();
    case MESSAGE_RESV:
      return resvArrives();
    case MESSAGE_PATH_ERROR:
      return pathErrorArrives();
    case MESSAGE_RESV_ERROR:
      return resvErrorArrives();
    case MESSAGE_PATH_TEAR:
      return pathTearArrives();
    case MESSAGE_RESV_TEAR:
      return resvTearArrives();
    case MESSAGE_RESV_CONFIRM:
      return resvConfirmArrives();
    default:
      return;
  }
}

// A SrcPort with a DstPort of zero: silently discarded (RFC 2209).
@inline
function conflictingPorts(): bool {
  const v = view();
  if (v.usual != 0 && load<u16>(v.session, 10) != 0) return false;
  if (v.session == 0 || keyDestinationPort(v.session + 4, objectCType(v.session)) != 0) return false;
  return anyPort(v);
}
function anyPort(v: MessageView): bool {
  if (hasPort(v.senderTemplate)) return true;
  for (
    let filter = v.flowDescriptors ? nextFilter(v.flowDescriptors, v.flowDescriptorsEnd) : 0;
    filter != 0;
    filter = nextFilter(filter + objectLength(filter), v.flowDescriptorsEnd)
  ) {
    if (hasPort(filter)) return true;
  }
  return false;
}
@inline
function hasPort(object: usize): bool {
  return object != 0 && senderHasPort(objectCType(object)) &&
    senderPort(object + 4, <usize> objectLength(object) - 4) != 0;
}

// Addressed to another node: version and checksum are verified, the rest is not ours to judge (RFC 2205 section 2.9).
function relay(slot: usize, message: usize, length: u32, family: u32): void {
  if (load<u8>(message) >> 4 != 1) return dropAt(STATUS_BAD_VERSION, 0, 0, 0);
  if (load16(message + 6) != length || (length & 3) != 0) return dropAt(STATUS_BAD_LENGTH, 6, 0, 0);
  if (load<u16>(message, 2) && sumBytes(message, length) != 0xffff) return dropAt(STATUS_BAD_CHECKSUM, 2, 0, 0);
  const ttl = load<u8>(slot, INPUT_PACKETS_TTL);
  if (ttl <= 1) return count(STATUS_TTL_EXPIRED);
  count(STATUS_NOT_FOR_US);
  const record = reserveAction(ACTION_RELAY_PAYLOAD + <usize> length + 8);
  memory.fill(record, 0, ACTION_RELAY_PAYLOAD);
  store<u32>(record, length, ACTION_RELAY_PAYLOAD_LENGTH);
  store<u32>(record, load<u32>(slot, INPUT_PACKETS_INTERFACE), ACTION_RELAY_INTERFACE);
  memory.copy(record + ACTION_RELAY_SOURCE, packetSource(), 16);
  memory.copy(record + ACTION_RELAY_DESTINATION, packetDestination(), 16);
  store<u8>(record, <u8> family, ACTION_RELAY_FAMILY);
  store<u8>(record, ttl - 1, ACTION_RELAY_TTL);
  memory.copy(record + ACTION_RELAY_PAYLOAD, message, length);
  commitAction(record, ACTION_RELAY, record + ACTION_RELAY_PAYLOAD + length);
}
