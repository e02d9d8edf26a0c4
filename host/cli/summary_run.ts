/** What `resv summary` does: captures in, counts out. */
import { readCaptured } from "../capture.ts";
import { defaultCodec } from "../default_codec.ts";
import { readCaptureFile } from "./capture_input.ts";
import type { ResvContext } from "./context.ts";
import { UsageError } from "./output.ts";
import { Selection } from "./selection.ts";
import type { SummaryFlags } from "./summary.ts";
import { SummaryCollector } from "./summary_collect.ts";
import { summaryLines } from "./summary_text.ts";

/** Runs the command. */
export async function runSummary(this: ResvContext, flags: SummaryFlags, ...files: string[]): Promise<void> {
  if (flags.json && flags.ladder) throw new UsageError("--json and --ladder exclude each other; choose one");
  const codec = defaultCodec(), selection = Selection.of(undefined, flags.session);
  const collector = new SummaryCollector({ ladders: flags.ladder });
  let read = 0;
  for (const file of files) {
    const end = await readCaptureFile(file, "packets", this, (found) => {
      for (const captured of readCaptured(found)) {
        const result = codec.tryDecode(captured.payload);
        if (selection !== undefined && !(result.ok && selection.matches(result.message))) continue;
        collector.take(captured, result);
      }
    });
    if (end === undefined) continue;
    read++;
    collector.frames += end.frames;
    collector.unknownLinkFrames += end.unknownLinkFrames;
  }
  // Of nothing that could be read there is nothing to say.
  if (read === 0) return;
  if (flags.json) this.out.line(JSON.stringify(collector.summary(), null, 2));
  else for (const line of summaryLines(collector, flags.limit, this.out.style)) this.out.line(line);
}
