/** The forms in which `resv decode` shows messages. Each takes what the engine found, as it comes. */
import { readCaptured } from "../capture.ts";
import { defaultCodec } from "../default_codec.ts";
import { type FieldColumn, formatHeadings, formatRow } from "./columns.ts";
import { messageLines } from "./decode_text.ts";
import type { Output } from "./output.ts";
import type { Selectable, Selection } from "./selection.ts";

/** A form of output. */
export interface Printer {
  /** What the engine is to find: messages, or lines of NDJSON. */
  readonly mode: "packets" | "text";
  /** How many messages it has shown; undefined where it has shown them all. */
  readonly shown: number | undefined;
  /** Takes what was found in a file. */
  take(found: Uint8Array, file: string): void;
  /** Closes what it opened. */
  end(): void;
}

/** The wanted ones of the engine's lines, without their newlines; with a file, each says so in its first member. */
function* selectedLines(
  found: Uint8Array,
  decoder: TextDecoder,
  file: string | undefined,
  selection?: Selection,
): Generator<string, void, void> {
  const text = decoder.decode(found), head = file === undefined ? "" : `{"file":${JSON.stringify(file)},`;
  for (let from = 0, to = text.indexOf("\n"); to >= 0; from = to + 1, to = text.indexOf("\n", from)) {
    const line = text.slice(from, to);
    if (selection === undefined || selection.matchesLine(line)) {
      yield file === undefined ? line : head + line.slice(1);
    }
  }
}

/** The engine's lines as they are; of several files, each with its file. */
export function linesPrinter(out: Output, several: boolean, selection?: Selection): Printer {
  const decoder = new TextDecoder();
  return {
    mode: "text",
    shown: undefined,
    take(found, file) {
      if (selection === undefined && !several) return out.writeBytes(found);
      for (const line of selectedLines(found, decoder, several ? file : undefined, selection)) out.line(line);
    },
    end: () => {},
  };
}

/** The engine's lines as the members of an array. */
export function arrayPrinter(out: Output, several: boolean, selection?: Selection): Printer {
  const decoder = new TextDecoder();
  let separator = "[\n";
  return {
    mode: "text",
    shown: undefined,
    take(found, file) {
      for (const line of selectedLines(found, decoder, several ? file : undefined, selection)) {
        out.write(separator + line);
        separator = ",\n";
      }
    },
    end: () => out.line(separator === "[\n" ? "[]" : "\n]"),
  };
}

/** Tab-separated columns, a line a message, under a line of headings. */
export function columnsPrinter(out: Output, columns: readonly FieldColumn[], selection?: Selection): Printer {
  const decoder = new TextDecoder();
  let headed = false;
  const head = () => {
    if (!headed) out.line(formatHeadings(columns));
    headed = true;
  };
  return {
    mode: "text",
    shown: undefined,
    take(found, file) {
      head();
      for (const line of selectedLines(found, decoder, file, selection)) out.line(formatRow(columns, JSON.parse(line)));
    },
    end: head,
  };
}

/** A tree for each message; of several files, under the name of its file. */
export function treePrinter(out: Output, several: boolean, selection?: Selection): Printer {
  const codec = defaultCodec();
  let shown = 0, heading: string | undefined;
  return {
    mode: "packets",
    get shown() {
      return selection === undefined ? undefined : shown;
    },
    take(found, file) {
      for (const captured of readCaptured(found)) {
        const result = codec.tryDecode(captured.payload);
        const message: Selectable = result.ok ? result.message : { type: captured.payload[1] };
        if (selection !== undefined && !selection.matches(message)) continue;
        shown++;
        if (several && file !== heading) out.line(`${out.style.bold(`==> ${heading = file} <==`)}\n`);
        for (const line of messageLines(captured, result, codec, out.style)) out.line(line);
      }
    },
    end: () => {},
  };
}
