// What the test of the short way through the check calls.
import "../../engine-as/abort";
import { CHECK_ENTRIES, CHECK_RESULT_BYTES, checkMessage, checkMessageFully } from "../../engine-as/wire/check";
import { listUsualMessage } from "../../engine-as/wire/usual_message";

export { checkMessage, checkMessageFully };
export const MESSAGE: usize = memory.data(65536, 8);
export const RESULT: usize = memory.data(<i32> CHECK_RESULT_BYTES, 8);

// After a check that the message passed: whether it took the short way.
export function wasUsual(length: u32): u32 {
  return listUsualMessage(MESSAGE, length, RESULT + CHECK_ENTRIES) ? 1 : 0;
}
