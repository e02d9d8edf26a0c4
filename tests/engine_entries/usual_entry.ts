// What the test of the short way through the check calls.
import "../../engine-as/abort";
import { CHECK_ENTRIES, CHECK_RESULT_BYTES, checkMessage, checkMessageFully } from "../../engine-as/wire/check";
import { isUsualMessage } from "../../engine-as/wire/usual_message";

export { checkMessage, checkMessageFully };
export const MESSAGE: usize = memory.data(65536, 8);
export const RESULT: usize = memory.data(<i32> CHECK_RESULT_BYTES, 8);

// After a check without problems: whether it took the short way.
export function wasUsual(): u32 {
  return isUsualMessage(MESSAGE, RESULT + CHECK_ENTRIES, RESULT + CHECK_ENTRIES + 8 * load<u32>(RESULT, 20)) ? 1 : 0;
}
