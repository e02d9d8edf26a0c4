// What the test of the view of usual messages calls.
import "../../engine-as/abort";
import { MessageView, parseGrammar, parseMessage } from "../../engine-as/wire/message_view";

export { parseGrammar, parseMessage };
export const MESSAGE: usize = memory.data(4096, 8);
export const SHORT: usize = memory.data(1024, 8);
export const FULL: usize = memory.data(1024, 8);

// Whether the last message was recognised; takes back what the full walk leaves at its initial value.
export function wasUsual(): u32 {
  const short = changetype<MessageView>(SHORT);
  const usual = short.usual;
  short.usual = 0;
  short.flags = 0;
  short.sendTtl = 0;
  return usual;
}
// Without the rest of the list of objects to be forwarded, which is good only as far as their number says.
export function viewBytes(): usize {
  return offsetof<MessageView>();
}
