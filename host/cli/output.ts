/** Where commands write: big chunks, colour only on a terminal, and silence when the reader has gone away. */
import { Ansis } from "ansis";

/** Something a person should read as one line, without a stack: a missing file, a taken port, a bad value. */
export class CommandError extends Error {
  override readonly name: string = "CommandError";
}

/** The command line was wrong: options that exclude each other, a value that means nothing. The exit code is 2. */
export class UsageError extends CommandError {
  override readonly name = "UsageError";
}

/** Why the system refused something, as a person would say it: without Deno's number and call. */
export function reasonText(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file or folder";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.IsADirectory) return "is a directory";
  if (error instanceof Deno.errors.NotCapable) return "Deno was not permitted to; -A permits everything";
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/ \(os error \d+\).*$/s, "").replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}

/** How an {@linkcode Output} reaches the world. */
export interface OutputOptions {
  /** Writes all bytes or throws. */
  readonly write: (bytes: Uint8Array) => void;
  readonly isTerminal: boolean;
  /** True where NO_COLOR is set. */
  readonly noColor: boolean;
  /** Called once when the reader has gone (`| head`), which is nothing that went wrong. What is written later is dropped. */
  readonly onClosed: () => void;
}

/** Text is gathered until this much is there. */
const CHUNK_BYTES = 64 * 1024;

/** A stream of output with its colours. */
export class Output {
  /** Styles text; leaves it as it is where colour is off. */
  readonly style: Ansis;
  readonly isTerminal: boolean;
  #options: OutputOptions;
  #pending = "";
  #encoder = new TextEncoder();
  #failed = false;

  constructor(options: OutputOptions) {
    this.#options = options;
    this.isTerminal = options.isTerminal;
    this.style = new Ansis(options.isTerminal && !options.noColor ? 1 : 0);
  }

  /** Writes text: at once on a terminal, so that a person sees it happen, else in big chunks. */
  write(text: string): void {
    this.#pending += text;
    if (this.isTerminal || this.#pending.length >= CHUNK_BYTES) this.flush();
  }

  /** Writes a line. */
  line(text = ""): void {
    this.write(text + "\n");
  }

  /** Writes bytes that are text already, after what was written before. */
  writeBytes(bytes: Uint8Array): void {
    this.flush();
    this.#put(bytes);
  }

  /**
   * Writes lines of a log at once. What cannot be written is lost, and the next is tried all the same: who reads the log
   * may go away and come again, or a disk be full for a while, and who writes it has other work to do.
   */
  log(text: string): void {
    try {
      this.#options.write(this.#encoder.encode(text));
    } catch {
      // There is nowhere to say it.
    }
  }

  /** Writes what was gathered. */
  flush(): void {
    if (this.#pending === "") return;
    const bytes = this.#encoder.encode(this.#pending);
    this.#pending = "";
    this.#put(bytes);
  }

  /** @throws {CommandError} once, when nothing more can be written; what comes after that is dropped. */
  #put(bytes: Uint8Array): void {
    if (this.#failed) return;
    try {
      this.#options.write(bytes);
    } catch (error) {
      const { name, code } = error as { name?: string; code?: string };
      this.#failed = true;
      this.#pending = "";
      if (name === "BrokenPipe" || code === "EPIPE") return this.#options.onClosed();
      throw new CommandError(`cannot write the output: ${reasonText(error)}`);
    }
  }
}
