// What the codec and capture tests call.
import "../../engine-as/abort";
import { captureBegin, captureEnd, captureRead, recordFits } from "../../engine-as/capture/reader";
import { CAPTURE_STATE_BYTES } from "../../engine-as/capture/state";
import { CHECK_RESULT_BYTES, checkMessage, viewFits } from "../../engine-as/wire/check";
import { writeMessageLine } from "../../engine-as/wire/ndjson";

export { captureBegin, captureEnd, captureRead, checkMessage, recordFits, viewFits, writeMessageLine };
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
