/** Captures for commands: files and standard input, read to their end, and every way that this can go wrong in words. */
import type { CaptureReader } from "../capture.ts";
import { openCapture } from "../capture_engine.ts";
import type { ResvContext } from "./context.ts";
import { Progress } from "./progress.ts";
import { formatCount } from "./units.ts";

/** Standard input's name on the command line. */
export const STANDARD_INPUT = "-";
/** Small enough that a chunk and what the engine makes of it stay in the processor's caches. */
const READ_BYTES = 1 << 18;

/** What was in a capture. */
export type CaptureEnd = ReturnType<CaptureReader["end"]>;

/**
 * Reads one capture and hands what the engine finds to `take`, a view that is good during the call only. What is wrong
 * with the file is said in one line; undefined if nothing of it could be read: then there is nothing to show.
 */
export async function readCaptureFile(
  file: string,
  mode: "packets" | "text",
  context: ResvContext,
  take: (found: Uint8Array) => void,
): Promise<CaptureEnd | undefined> {
  const reader = openCapture(mode);
  let fed = 0;
  let progress: Progress | undefined;
  try {
    for await (const chunk of openInput(file, context, (bytes) => progress = Progress.of(context, file, bytes))) {
      fed += chunk.length;
      if (!reader.feed(chunk, take)) break;
      progress?.advance(fed);
    }
  } catch (error) {
    const reason = unreadable(error);
    if (reason === undefined) throw error;
    context.fail(`${inputName(file)}: ${reason}`);
    return fed === 0 ? undefined : reader.end();
  } finally {
    progress?.end();
  }
  const end = reader.end();
  const fault = describeEnd(end, fed);
  if (fault) context.fail(`${inputName(file)}: ${fault}`);
  return end.status === "NOT_A_CAPTURE" || end.status === "CUT_HEADER" ? undefined : end;
}

/** What a person calls it. */
export const inputName = (file: string) => (file === STANDARD_INPUT ? "standard input" : file);

/** The bytes of a file or of standard input; each chunk is good until the next one is asked for. */
export async function* openInput(
  file: string,
  context: ResvContext,
  opening: (bytes: number | undefined) => void = () => {},
): AsyncGenerator<Uint8Array, void, void> {
  if (file === STANDARD_INPUT) {
    opening(undefined);
    return yield* context.standardInput;
  }
  using opened = await Deno.open(file);
  const { size, isFile } = await opened.stat();
  opening(isFile ? size : undefined);
  const buffer = new Uint8Array(READ_BYTES);
  for (let read = opened.readSync(buffer); read !== null; read = opened.readSync(buffer)) {
    yield buffer.subarray(0, read);
  }
}

/** Why a file could not be opened or read, or undefined if the error is about something else. */
export function unreadable(error: unknown): string | undefined {
  if (error instanceof Deno.errors.NotFound) return "no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotCapable) return "Deno was not permitted to read it; --allow-read permits it";
  if (error instanceof Deno.errors.IsADirectory) return "is a directory";
  const { code, message } = error as { code?: string; message?: string };
  if (code === "EISDIR") return "is a directory";
  return code && /^E[A-Z]+$/.test(code) ? message ?? code : undefined;
}

/** What is wrong with a file, in words; nothing if all of it was read. */
function describeEnd(end: CaptureEnd, fed: number): string | undefined {
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
