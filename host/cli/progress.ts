/** How far a long read has come: one line that is drawn over itself, on a terminal that shows nothing else. */
import type { Output } from "./output.ts";
import { formatBytes, formatMs } from "./units.ts";

/** What is done sooner than this gets no bar; then it moves ten times a second. */
const FIRST_DRAWN_MS = 300;
const REDRAWN_MS = 100;
const BAR_WIDTH = 24;
const ERASE_LINE = "\r\x1b[K";

/** What of a command's world a bar needs. */
export interface ProgressPlace {
  readonly out: Pick<Output, "isTerminal">;
  readonly err: Pick<Output, "isTerminal" | "write">;
}

/** The bar of one file. */
export class Progress {
  #write: (text: string) => void;
  #label: string;
  #total: number | undefined;
  #nowMs: () => number;
  #startMs: number;
  #nextMs: number;
  #drawn = false;

  constructor(write: (text: string) => void, label: string, totalBytes: number | undefined, nowMs: () => number) {
    this.#write = write;
    this.#label = label;
    this.#total = totalBytes;
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
    this.#nextMs = this.#startMs + FIRST_DRAWN_MS;
  }

  /**
   * A bar on standard error, where that is a terminal and the command's output goes elsewhere: between lines of output a
   * bar would only be in the way. `totalBytes` is undefined where nobody knows.
   */
  static of(
    { out, err }: ProgressPlace,
    label: string,
    totalBytes: number | undefined,
    nowMs: () => number = () => performance.now(),
  ): Progress | undefined {
    if (!err.isTerminal || out.isTerminal) return undefined;
    return new Progress((text) => err.write(text), label, totalBytes, nowMs);
  }

  /** Says that so many bytes have been read in all. */
  advance(doneBytes: number): void {
    const now = this.#nowMs();
    if (now < this.#nextMs) return;
    this.#nextMs = now + REDRAWN_MS;
    this.#drawn = true;
    this.#write(ERASE_LINE + this.#line(doneBytes, now - this.#startMs));
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#drawn) this.#write(ERASE_LINE);
    this.#drawn = false;
  }

  #line(done: number, elapsedMs: number): string {
    const rate = `${formatBytes(done / elapsedMs * 1000)}/s`;
    const total = this.#total;
    if (total === undefined || total <= 0) return `${this.#label}  ${formatBytes(done)}  ${rate}`;
    // A file that grows while it is read is done at most.
    const part = Math.min(1, done / total);
    const filled = Math.floor(part * BAR_WIDTH);
    const bar = "#".repeat(filled) + ".".repeat(BAR_WIDTH - filled);
    const leftMs = Math.max(0, Math.round(elapsedMs * (1 - part) / part / 1000) * 1000);
    const percent = `${Math.floor(part * 100)}%`.padStart(4);
    return `${this.#label}  [${bar}] ${percent} of ${formatBytes(total)}  ${rate}  ${formatMs(leftMs)} left`;
  }
}
