/** What `resv decode` does: captures in; a tree, JSON, NDJSON or columns out. */
import { inputName, readCaptureFile } from "./capture_input.ts";
import { parseFields } from "./columns.ts";
import type { ResvContext } from "./context.ts";
import type { DecodeFlags } from "./decode.ts";
import { arrayPrinter, columnsPrinter, linesPrinter, type Printer, treePrinter } from "./decode_printers.ts";
import { type Output, UsageError } from "./output.ts";
import { Selection } from "./selection.ts";
import { formatCount } from "./units.ts";

/** Runs the command. */
export async function runDecode(this: ResvContext, flags: DecodeFlags, ...files: string[]): Promise<void> {
  const printer = printerFor(flags, this.out, files.length > 1);
  let messages = 0, frames = 0, unknownLinkFrames = 0, read = 0;
  for (const file of files) {
    const end = await readCaptureFile(file, printer.mode, this, (found) => printer.take(found, inputName(file)));
    if (end === undefined) continue;
    read++;
    messages += end.messages;
    frames += end.frames;
    unknownLinkFrames += end.unknownLinkFrames;
  }
  // Of nothing that could be read there is nothing to say.
  if (read === 0) return;
  printer.end();
  if (printer.mode === "packets") {
    const found = `${formatCount(messages, "RSVP message")} in ${formatCount(frames, "frame")}`;
    this.out.line(printer.shown === undefined ? found : `${printer.shown} shown of ${found}`);
  }
  if (unknownLinkFrames > 0) {
    this.out.flush();
    this.err.line(`resv: ${formatCount(unknownLinkFrames, "frame")} skipped: of a link type that is not read`);
  }
}

function printerFor({ json, ndjson, fields, type, session }: DecodeFlags, out: Output, several: boolean): Printer {
  const forms = [json && "--json", ndjson && "--ndjson", fields !== undefined && "--fields"].filter(Boolean);
  if (forms.length > 1) throw new UsageError(`${forms.slice(0, 2).join(" and ")} exclude each other; choose one`);
  const selection = Selection.of(type, session);
  if (ndjson) return linesPrinter(out, several, selection);
  if (json) return arrayPrinter(out, several, selection);
  return fields === undefined
    ? treePrinter(out, several, selection)
    : columnsPrinter(out, parseFields(fields), selection);
}
