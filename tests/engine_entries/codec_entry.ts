// What the codec and capture tests call.
import "../../engine-as/abort";
import { captureBegin, captureEnd, captureRead, recordFits } from "../../engine-as/capture/reader";
import { CAPTURE_STATE_BYTES } from "../../engine-as/capture/state";
import { CHECK_RESULT_BYTES, checkMessage, viewFits } from "../../engine-as/wire/check";
import { DECODED_RECORD_BYTES, DecodedRecord, decodeRecord } from "../../engine-as/wire/decoded_record";
import { writeMessageLine } from "../../engine-as/wire/ndjson";

export { captureBegin, captureEnd, captureRead, checkMessage, decodeRecord, recordFits, viewFits, writeMessageLine };
export function captureStateBytes(): usize {
  return CAPTURE_STATE_BYTES;
}
export function checkResultBytes(): usize {
  return CHECK_RESULT_BYTES;
}
// Makes room behind the static data and returns where it starts.
export function room(bytes: u32): usize {
  const start = <usize> memory.size() << 16;
  if (memory.grow((bytes + 0xffff) >>> 16) < 0) unreachable();
  return start;
}

export function recordBytes(): usize {
  return DECODED_RECORD_BYTES;
}
// The fields of a record as 32-bit words, in the order in which tests/wire_record.test.ts names them.
export function describeRecord(record: usize, out: usize): void {
  const r = changetype<DecodedRecord>(record);
  const first = record + offsetof<DecodedRecord>("senders");
  store<u32>(out, r.source);
  store<u32>(out, r.destination, 4);
  store<u32>(out, r.type, 8);
  store<u32>(out, r.ttl, 12);
  store<u32>(out, r.sendTtl, 16);
  store<u32>(out, r.seen, 20);
  store<u32>(out, r.sessionAddress, 24);
  store<u32>(out, r.protocol, 28);
  store<u32>(out, r.sessionFlags, 32);
  store<u32>(out, r.destinationPort, 36);
  store<u32>(out, r.hopAddress, 40);
  store<u32>(out, r.logicalInterfaceHandle, 44);
  store<u32>(out, r.errorNode, 48);
  store<u32>(out, r.errorFlags, 52);
  store<u32>(out, r.errorCode, 56);
  store<u32>(out, r.errorValue, 60);
  store<u32>(out, r.refreshPeriodMs, 64);
  store<u32>(out, r.resvConfirm, 68);
  store<u32>(out, r.styleVector, 72);
  store<u32>(out, r.senderCount, 76);
  store<u32>(out, load<u32>(first), 80);
  store<u32>(out, load<u32>(first, 4), 84);
  memory.copy(out + 88, record + offsetof<DecodedRecord>("rate"), 20);
  store<u32>(out, r.service, 108);
  store<u32>(out, r.adspecBreak, 112);
  store<u32>(out, r.adspecServices, 116);
  memory.copy(out + 120, record + offsetof<DecodedRecord>("flowRate"), 32);
  memory.copy(out + 152, record + offsetof<DecodedRecord>("hops"), 32);
}
