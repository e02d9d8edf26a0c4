/** A client's connection to the service: requests with answers, and events. It ends once; whoever wants another opens it. */
import { MAXIMUM_ANSWER_BYTES, PROTOCOL_VERSIONS } from "./limits.ts";
import { type ByteStream, LineTooLongError, LineWriter, readLines } from "./lines.ts";
import { connectSocket } from "./listen.ts";
import { type Hello, type Line, ServiceError, type ServiceErrorCode } from "./protocol.ts";
import { defaultSocketPath } from "./socket_path.ts";

/** The connection of a {@linkcode ServiceConnection} has ended, by either side; `message` says why in one line. */
export class ConnectionEndedError extends Error {
  /** Tells it from other errors where `instanceof` cannot. */
  override readonly name = "ConnectionEndedError";
}

interface Waiting {
  resolve(result: Line): void;
  reject(error: Error): void;
}

/** What {@linkcode ServiceConnection.open} takes. */
export interface ServiceConnectionOptions {
  /** The socket; {@linkcode defaultSocketPath} by default. */
  path?: string;
  /** Takes every event, in order with the answers. */
  onEvent?: (event: Line) => void;
  /** Called once when the connection has ended, with the reason. */
  onEnd?: (reason: Error) => void;
}

/** Big enough for the pages of a table. */
const CHUNK_BYTES = 65_536;

/**
 * A connection to the signalling service, below the level of {@linkcode RemoteNode}: any operation by name.
 *
 * ```ts
 * import { ServiceConnection } from "@resv/resv";
 * async function interfaces() {
 *   const connection = await ServiceConnection.open();
 *   const answer = await connection.request("interfaces");
 *   connection.close();
 *   return answer.interfaces;
 * }
 * ```
 */
export class ServiceConnection {
  /** What the service said of itself. */
  readonly hello!: Hello;
  readonly #stream: ByteStream;
  readonly #writer: LineWriter;
  readonly #options: ServiceConnectionOptions;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #ended: Error | undefined;

  private constructor(stream: ByteStream, options: ServiceConnectionOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#writer = new LineWriter(stream, () => {});
    this.#read();
  }

  /**
   * Connects and agrees on a version. Rejects with a {@linkcode ServiceSocketError} if nobody listens, with a
   * {@linkcode ServiceError} if the service refuses.
   */
  static async open(options: ServiceConnectionOptions = {}): Promise<ServiceConnection> {
    const connection = new ServiceConnection(await connectSocket(options.path ?? defaultSocketPath()), options);
    try {
      const hello = await connection.request("hello", { versions: PROTOCOL_VERSIONS });
      Object.assign(connection, { hello });
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** False once it has ended. */
  get open(): boolean {
    return this.#ended === undefined;
  }

  /** Asks. Rejects with a {@linkcode ServiceError} that the service answers with, or a {@linkcode ConnectionEndedError}. */
  request(operation: string, fields: object = {}): Promise<Line> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve, reject });
      this.#writer.write({ id, op: operation, ...fields });
    });
  }

  /** Ends it: what was registered over it is torn down. */
  close(): void {
    this.#end(new ConnectionEndedError("the connection to the signalling service was closed"));
  }

  async #read(): Promise<void> {
    let reason: Error = new ConnectionEndedError("the signalling service has gone away");
    try {
      await readLines(this.#stream, MAXIMUM_ANSWER_BYTES, (text) => {
        const parting = this.#take(JSON.parse(text));
        if (parting) reason = parting;
      }, CHUNK_BYTES);
    } catch (error) {
      if (error instanceof LineTooLongError || error instanceof SyntaxError) {
        reason = new ConnectionEndedError("what listens there does not speak the protocol of the signalling service");
      }
    }
    this.#end(reason);
  }

  /** Returns the reason if the line says that the connection ends. */
  #take(line: Line): Error | undefined {
    if (typeof line.event === "string") return void (this.#ended || this.#options.onEvent?.(line));
    const failure = line.error as { code: ServiceErrorCode; message: string; status?: number } | undefined;
    const error = failure && new ServiceError(failure.code, failure.message, failure.status);
    if (typeof line.id !== "number") return error;
    const waiting = this.#waiting.get(line.id);
    this.#waiting.delete(line.id);
    if (error) waiting?.reject(error);
    else waiting?.resolve(line.result as Line);
    return undefined;
  }

  #end(reason: Error): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.#writer.end();
    try {
      this.#stream.close();
    } catch {
      // The system has closed it already.
    }
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
    this.#options.onEnd?.(reason);
  }
}
