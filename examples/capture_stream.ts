/** Reads a capture as it streams in: who announces which rate for which session, and what else there is. */
import { CaptureStream } from "../mod.ts";

const [file] = Deno.args;
if (file === undefined) {
  console.error("capture_stream.ts FILE (a pcap or pcapng file)");
  Deno.exit(2);
}

const { readable } = await Deno.open(file);
const capture = new CaptureStream();
for await (const message of readable.pipeThrough(capture)) {
  // What cannot be taken apart says why, and keeps its bytes.
  if (message.error) {
    console.log(`frame ${message.frame}: ${message.error.text}`);
    continue;
  }
  for (const object of message.objects) {
    // Each object is a type of its own: name and C-Type tell which fields it has.
    if (object.name === "SENDER_TSPEC" && object.ctype === 2 && "tokenBucketRateBytesPerSecond" in object) {
      console.log(`frame ${message.frame}: ${message.source} sends ${object.tokenBucketRateBytesPerSecond} bytes/s`);
    }
  }
}
const totals = await capture.totals;
console.log(`${totals?.messages} messages in ${totals?.frames} frames`);
