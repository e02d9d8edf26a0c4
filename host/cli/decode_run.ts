/** What `resv decode` does: captures in, a tree, JSON or NDJSON out. */
import { type CaptureReader, readCaptured } from "../capture.ts";
import { openCapture } from "../capture_engine.ts";
import { defaultCodec } from "../default_codec.ts";
import type { ResvContext } from "./context.ts";
import type { DecodeFlags } from "./decode.ts";
import { messageLines } from "./decode_text.ts";
import { CommandError, type Output } from "./output.ts";
import { formatCount } from "./units.ts";

/** Standard input's name on the command line. */
const STANDARD_INPUT = "-";
const READ_BYTES = 1 << 20;

/** A form of output: takes what the engine found, as it comes, and closes what it opened. */
interface Printer {
  readonly mode: "packets" | "text";
  take(found: Uint8Array): void;
  end(): void;
}

/** Runs the command. */
export async function runDecode(this: ResvContext, flags: DecodeFlags, ...files: string[]): Promise<void> {
  if (flags.json && flags.ndjson) throw new CommandError("--json and --ndjson exclude each other; choose one");
  const printer = flags.ndjson ? lines(this.out) : flags.json ? array(this.out) : tree(this.out);
  let messages = 0, frames = 0;
  for (const file of files) {
    const end = await decodeFile(file, printer, this);
    messages += end?.messages ?? 0;
    frames += end?.frames ?? 0;
  }
  printer.end();
  if (printer.mode === "packets") {
    this.out.line(`${formatCount(messages, "RSVP message")} in ${formatCount(frames, "frame")}`);
  }
}

async function decodeFile(file: string, printer: Printer, context: ResvContext) {
  const reader = openCapture(printer.mode);
  let fed = 0;
  try {
    for await (const chunk of open(file, context)) {
      fed += chunk.length;
      if (!reader.feed(chunk, (found) => printer.take(found))) break;
    }
  } catch (error) {
    const reason = unreadable(error);
    if (reason === undefined) throw error;
    context.fail(`${nameOf(file)}: ${reason}`);
    return undefined;
  }
  const end = reader.end();
  const fault = describeEnd(end, fed);
  if (fault) context.fail(`${nameOf(file)}: ${fault}`);
  return end;
}

const nameOf = (file: string) => (file === STANDARD_INPUT ? "standard input" : file);

async function* open(file: string, context: ResvContext): AsyncGenerator<Uint8Array, void, void> {
  if (file === STANDARD_INPUT) return yield* context.standardInput;
  using opened = await Deno.open(file);
  const buffer = new Uint8Array(READ_BYTES);
  for (let read = opened.readSync(buffer); read !== null; read = opened.readSync(buffer)) {
    yield buffer.subarray(0, read);
  }
}

/** Why a file could not be opened or read, or undefined if the error is about something else. */
function unreadable(error: unknown): string | undefined {
  if (error instanceof Deno.errors.NotFound) return "no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotCapable) return "Deno was not permitted to read it; --allow-read permits it";
  if (error instanceof Deno.errors.IsADirectory) return "is a directory";
  const { code, message } = error as { code?: string; message?: string };
  if (code === "EISDIR") return "is a directory";
  return code && /^E[A-Z]+$/.test(code) ? message ?? code : undefined;
}

/** What is wrong with a file, in words; nothing if all of it was read. */
function describeEnd(end: ReturnType<CaptureReader["end"]>, fed: number): string | undefined {
  const before = `${formatCount(end.messages, "RSVP message")} in ${formatCount(end.frames, "frame")} before it`;
  switch (end.status) {
    case "OK":
      return undefined;
    case "NOT_A_CAPTURE":
      return fed === 0 ? "empty, not a capture" : "not a capture (neither pcap nor pcapng)";
    case "CUT_HEADER":
      return `cut short inside its file header (${fed} bytes)`;
    case "CUT_RECORD":
      return `cut short inside the record at byte ${end.offset}; ${before}`;
    case "BAD_RECORD":
      return `broken: the record at byte ${end.offset} contradicts itself; ${before}`;
  }
}

/** The engine's lines as they are. */
function lines(out: Output): Printer {
  return { mode: "text", take: (found) => out.writeBytes(found), end: () => {} };
}

/** The engine's lines as the members of an array. */
function array(out: Output): Printer {
  const decoder = new TextDecoder();
  let separator = "[\n";
  return {
    mode: "text",
    take(found) {
      const text = decoder.decode(found).trimEnd().replaceAll("\n", ",\n");
      out.write(separator + text);
      separator = ",\n";
    },
    end: () => out.line(separator === "[\n" ? "[]" : "\n]"),
  };
}

/** A tree for each message. */
function tree(out: Output): Printer {
  const codec = defaultCodec();
  return {
    mode: "packets",
    take(found) {
      for (const captured of readCaptured(found)) {
        for (const line of messageLines(captured, codec, out.style)) out.line(line);
      }
    },
    end: () => {},
  };
}
