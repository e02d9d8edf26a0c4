/** Lines of JSON over a stream of bytes: read with a limit of length, written with a count of what is not taken yet. */
import { READ_CHUNK_BYTES } from "./limits.ts";

/** What lines travel over: a connection of Deno, or a stand-in. */
export interface ByteStream {
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** A line was longer than is permitted. */
export class LineTooLongError extends Error {
  override readonly name = "LineTooLongError";
}

const NEWLINE = 10;

/**
 * Calls `take` for every line of the stream until it ends. Rejects with a {@linkcode LineTooLongError}, with what `take`
 * throws, or with what the stream says. Between two reads other work of the event loop gets its turn.
 */
export async function readLines(
  stream: ByteStream,
  maximumBytes: number,
  take: (line: string) => void,
  chunkBytes = READ_CHUNK_BYTES,
): Promise<void> {
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(chunkBytes);
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  for (;;) {
    const length = await stream.read(chunk);
    if (length === null) return;
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0 && end < length; end = chunk.indexOf(NEWLINE, start)) {
      if (pendingBytes + end - start > maximumBytes) throw new LineTooLongError();
      const part = chunk.subarray(start, end);
      start = end + 1;
      const line = decoder.decode(pendingBytes === 0 ? part : joined([...pending, part], pendingBytes + part.length));
      pending = [];
      pendingBytes = 0;
      if (line.trim() !== "") take(line);
    }
    if (start === length) continue;
    pending.push(chunk.slice(start, length));
    pendingBytes += length - start;
    if (pendingBytes > maximumBytes) throw new LineTooLongError();
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Writes lines in their order, several at a time where the stream is slower than they come. */
export class LineWriter {
  readonly #stream: ByteStream;
  readonly #onError: (error: Error) => void;
  readonly #encoder = new TextEncoder();
  #queue: string[] = [];
  #bytes = 0;
  #writing = false;
  #ended = false;
  #waiting: { below: number; resolve: () => void }[] = [];

  /** `onError` is called once, when the stream takes no more. */
  constructor(stream: ByteStream, onError: (error: Error) => void) {
    this.#stream = stream;
    this.#onError = onError;
  }

  /** Bytes (UTF-16 units, for what is not ASCII) that the stream has not taken yet. */
  get unreadBytes(): number {
    return this.#bytes;
  }

  /** Queues a line. */
  write(value: unknown): void {
    if (this.#ended) return;
    const line = JSON.stringify(value) + "\n";
    this.#queue.push(line);
    this.#bytes += line.length;
    if (!this.#writing) this.#pump();
  }

  /** Resolved once less than so much is unread, or nothing will be read any more. */
  unreadBelow(bytes: number): Promise<void> {
    if (this.#ended || this.#bytes < bytes) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ below: bytes, resolve }));
  }

  /** Drops what is queued; nothing is written any more. */
  end(): void {
    this.#ended = true;
    this.#queue = [];
    this.#bytes = 0;
    this.#wake();
  }

  async #pump(): Promise<void> {
    this.#writing = true;
    try {
      while (this.#queue.length > 0) {
        const text = this.#queue.join("");
        this.#queue = [];
        const bytes = this.#encoder.encode(text);
        for (let at = 0; at < bytes.length;) at += await this.#stream.write(bytes.subarray(at));
        this.#bytes -= this.#ended ? 0 : text.length;
        this.#wake();
      }
    } catch (error) {
      const first = !this.#ended;
      this.end();
      if (first) this.#onError(error as Error);
    } finally {
      this.#writing = false;
    }
  }

  #wake(): void {
    const ready = this.#waiting.filter(({ below }) => this.#ended || this.#bytes < below);
    this.#waiting = this.#waiting.filter((one) => !ready.includes(one));
    for (const { resolve } of ready) resolve();
  }
}
