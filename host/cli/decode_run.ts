/** What `resv decode` does: captures in; a tree, JSON, NDJSON or columns out. */
import { readCaptureFile } from "./capture_input.ts";
import { parseFields } from "./columns.ts";
import type { ResvContext } from "./context.ts";
import type { DecodeFlags } from "./decode.ts";
import { arrayPrinter, columnsPrinter, linesPrinter, type Printer, treePrinter } from "./decode_printers.ts";
import { CommandError, type Output } from "./output.ts";
import { Selection } from "./selection.ts";
import { formatCount } from "./units.ts";

/** Runs the command. */
export async function runDecode(this: ResvContext, flags: DecodeFlags, ...files: string[]): Promise<void> {
  const printer = printerFor(flags, this.out);
  let messages = 0, frames = 0, unknownLinkFrames = 0;
  for (const file of files) {
    const end = await readCaptureFile(file, printer.mode, this, (found) => printer.take(found));
    messages += end?.messages ?? 0;
    frames += end?.frames ?? 0;
    unknownLinkFrames += end?.unknownLinkFrames ?? 0;
  }
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

function printerFor({ json, ndjson, fields, type, session }: DecodeFlags, out: Output): Printer {
  const forms = [json && "--json", ndjson && "--ndjson", fields !== undefined && "--fields"].filter(Boolean);
  if (forms.length > 1) throw new CommandError(`${forms.slice(0, 2).join(" and ")} exclude each other; choose one`);
  const selection = Selection.of(type, session);
  if (ndjson) return linesPrinter(out, selection);
  if (json) return arrayPrinter(out, selection);
  return fields === undefined ? treePrinter(out, selection) : columnsPrinter(out, parseFields(fields), selection);
}
