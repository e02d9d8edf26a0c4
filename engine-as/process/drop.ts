// A message that ends here: counted under its STATUS and, where CONFIG asks for it, reported with object and offset.
import {
  ACTION_REPORT,
  ACTION_REPORT_BYTES,
  ACTION_REPORT_CLASS,
  ACTION_REPORT_CTYPE,
  ACTION_REPORT_FAMILY,
  ACTION_REPORT_INTERFACE,
  ACTION_REPORT_MESSAGE_TYPE,
  ACTION_REPORT_OFFSET,
  ACTION_REPORT_SOURCE,
  ACTION_REPORT_STATUS,
  CONFIG_OPTION_REPORT_DROPS,
  INPUT_PACKETS_FAMILY,
  INPUT_PACKETS_INTERFACE,
  INPUT_PACKETS_PAYLOAD,
  INPUT_PACKETS_PAYLOAD_LENGTH,
  INPUT_PACKETS_SOURCE,
} from "../boundary.gen";
import { commitAction, reserveAction } from "../actions/queue";
import { configured, count } from "../state/memory";
import { objectClass, objectCType } from "../wire/bytes";
import { packetSlot, view } from "./context";

// `object` is the object at fault, or 0.
export function drop(status: u32, object: usize): void {
  if (object == 0) return dropAt(status, 0, 0, 0);
  // What an application asked for is not in the message at hand: it is counted, and the application hears by an event.
  if (object < view().message || object >= view().end) return count(status);
  dropAt(status, <u32> (object - view().message), objectClass(object), objectCType(object));
}

export function dropAt(status: u32, offset: u32, kind: u32, ctype: u32): void {
  count(status);
  if (!configured(CONFIG_OPTION_REPORT_DROPS)) return;
  const slot = packetSlot();
  const record = reserveAction(ACTION_REPORT_BYTES);
  memory.fill(record, 0, ACTION_REPORT_BYTES);
  store<u16>(record, <u16> status, ACTION_REPORT_STATUS);
  store<u8>(record, <u8> kind, ACTION_REPORT_CLASS);
  store<u8>(record, <u8> ctype, ACTION_REPORT_CTYPE);
  store<u32>(record, offset, ACTION_REPORT_OFFSET);
  store<u32>(record, load<u32>(slot, INPUT_PACKETS_INTERFACE), ACTION_REPORT_INTERFACE);
  memory.copy(record + ACTION_REPORT_SOURCE, slot + INPUT_PACKETS_SOURCE, 16);
  store<u8>(record, load<u8>(slot, INPUT_PACKETS_FAMILY), ACTION_REPORT_FAMILY);
  // A datagram of less than two bytes has no type, and what lies behind it is not ours to read.
  if (load<u32>(slot, INPUT_PACKETS_PAYLOAD_LENGTH) > 1) {
    store<u8>(record, load<u8>(slot + INPUT_PACKETS_PAYLOAD, 1), ACTION_REPORT_MESSAGE_TYPE);
  }
  commitAction(record, ACTION_REPORT, record + ACTION_REPORT_BYTES);
}
