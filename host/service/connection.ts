/** One client of the service: its lines in, answers and events out, and what is done to those that misbehave. */
import { ResvError } from "../engine_errors.ts";
import type { RsvpNode } from "../node.ts";
import type { GroupMembership } from "../signalling_node.ts";
import { RequestFields } from "./fields.ts";
import {
  HELLO_TIMEOUT_MS,
  MAXIMUM_MISTAKES,
  MAXIMUM_REQUEST_BYTES,
  MAXIMUM_REQUESTS_AT_ONCE,
  MAXIMUM_UNREAD_BYTES,
  UNREAD_BYTES_TO_GO_ON,
} from "./limits.ts";
import { type ByteStream, LineTooLongError, LineWriter, readLines } from "./lines.ts";
import type { Operations, ServiceClient } from "./operations.ts";
import { type Line, ServiceError } from "./protocol.ts";

/** What a connection needs of its server. */
export interface ConnectionPort {
  readonly node: RsvpNode;
  readonly membership: GroupMembership | undefined;
  readonly operations: Operations;
  /** Answers `hello`. @throws {ServiceError} if there is no version in common. */
  hello(fields: RequestFields): object;
  /** Takes faults of the service's own. */
  onError(error: Error): void;
  ended(connection: ServerConnection): void;
}

/** Time for a last line to be read before the connection ends. */
const LAST_LINE_MS = 200;

/** A connection, from the server's side. */
export class ServerConnection implements ServiceClient {
  readonly #stream: ByteStream;
  readonly #port: ConnectionPort;
  readonly #writer: LineWriter;
  readonly #kept = new Map<object, object>();
  readonly #onClose = new Set<() => void>();
  #closed = false;
  /** Nothing more is read or pushed: only the last line is on its way. */
  #ending = false;
  #greeted = false;
  #working = 0;
  #mistakes = 0;
  #helloTimer: ReturnType<typeof setTimeout>;

  constructor(stream: ByteStream, port: ConnectionPort) {
    this.#stream = stream;
    this.#port = port;
    this.#writer = new LineWriter(stream, () => this.close());
    this.#helloTimer = setTimeout(() => {
      this.#cutOff(new ServiceError("HELLO", `no "hello" came within ${HELLO_TIMEOUT_MS / 1000} s`));
    }, HELLO_TIMEOUT_MS);
  }

  get node(): RsvpNode {
    return this.#port.node;
  }

  get membership(): GroupMembership | undefined {
    return this.#port.membership;
  }

  get closed(): boolean {
    return this.#closed || this.#ending;
  }

  get busy(): boolean {
    return this.#writer.unreadBytes > UNREAD_BYTES_TO_GO_ON;
  }

  /** Serves the client until it goes or is cut off. Never rejects. */
  async serve(): Promise<void> {
    try {
      await readLines(this.#stream, MAXIMUM_REQUEST_BYTES, (line) => this.#take(line));
    } catch (error) {
      if (error instanceof LineTooLongError) {
        this.#cutOff(new ServiceError("BAD_LINE", `a line has more than ${MAXIMUM_REQUEST_BYTES} bytes`));
      }
      // Everything else is the client's end of the connection going away.
    }
    if (!this.#ending) this.close();
  }

  push(event: string, fields: object): void {
    if (!this.#greeted) return;
    this.#write({ event, ...fields });
  }

  ready(): Promise<void> {
    return this.#writer.unreadBelow(UNREAD_BYTES_TO_GO_ON);
  }

  onClose(run: () => void): () => void {
    this.#onClose.add(run);
    return () => void this.#onClose.delete(run);
  }

  keep<T extends object>(key: object, make: () => T): T {
    const known = this.#kept.get(key) as T | undefined;
    if (known) return known;
    const made = make();
    this.#kept.set(key, made);
    return made;
  }

  /** Ends it; with an error, the client is told why. What was registered is torn down unless `tearDown` is false. */
  close(error?: ServiceError, tearDown = true): void {
    if (!tearDown) this.#onClose.clear();
    if (error) return this.#cutOff(error);
    if (this.#closed) return;
    this.#closed = true;
    this.#release();
    this.#writer.end();
    try {
      this.#stream.close();
    } catch {
      // The system has closed it already.
    }
    this.#port.ended(this);
  }

  #take(text: string): void {
    if (this.closed) return;
    let line: Line | undefined;
    try {
      line = JSON.parse(text);
    } catch {
      return this.#cutOff(new ServiceError("BAD_LINE", `not JSON: ${text.slice(0, 60)}`));
    }
    const id = line !== null && typeof line === "object" ? line.id : undefined;
    if (typeof id !== "number" || !Number.isInteger(id) || typeof line!.op !== "string") {
      const wanted = 'a request is an object with a whole number "id" and the name of an operation, "op"';
      return this.#cutOff(new ServiceError("BAD_LINE", wanted));
    }
    this.#run(id, line!.op, new RequestFields(line!));
  }

  #run(id: number, name: string, fields: RequestFields): void {
    try {
      if ((name === "hello") === this.#greeted) {
        throw new ServiceError("HELLO", this.#greeted ? '"hello" came twice' : '"hello" must come first');
      }
      if (name === "hello") {
        this.#answer(id, this.#port.hello(fields));
        this.#greeted = true;
        return clearTimeout(this.#helloTimer);
      }
      const { operations } = this.#port;
      if (!Object.hasOwn(operations, name)) {
        throw new ServiceError(
          "UNKNOWN_OPERATION",
          `no operation "${name}"; there are ${Object.keys(operations).join(", ")}`,
        );
      }
      if (this.#working >= MAXIMUM_REQUESTS_AT_ONCE) {
        throw new ServiceError("LIMIT", `${MAXIMUM_REQUESTS_AT_ONCE} requests are being worked on already`);
      }
      const result = operations[name](fields, this);
      if (!(result instanceof Promise)) return this.#answer(id, result);
      this.#working++;
      result.then((value) => this.#answer(id, value), (error) => this.#refuse(id, error))
        .finally(() => this.#working--);
    } catch (error) {
      this.#refuse(id, error);
    }
  }

  #answer(id: number, result: unknown): void {
    this.#write({ id, result: result ?? {} });
  }

  #write(line: object): void {
    if (this.closed) return;
    this.#writer.write(line);
    if (this.#writer.unreadBytes <= MAXIMUM_UNREAD_BYTES) return;
    this.#cutOff(new ServiceError("SLOW", `${MAXIMUM_UNREAD_BYTES} bytes were not read`));
  }

  #refuse(id: number, reason: unknown): void {
    if (this.closed) return;
    const error = reason instanceof ServiceError
      ? reason
      : reason instanceof ResvError
      ? new ServiceError("REFUSED", reason.message, reason.code)
      : reason instanceof RangeError
      ? new ServiceError("BAD_REQUEST", reason.message)
      : new ServiceError("INTERNAL", reason instanceof Error ? reason.message : String(reason));
    if (error.code === "INTERNAL") this.#port.onError(reason instanceof Error ? reason : error);
    if (error.code === "HELLO" || error.code === "VERSION") return this.#cutOff(error, id);
    this.#write({ id, error: errorFields(error) });
    if (error.code !== "BAD_REQUEST" || ++this.#mistakes < MAXIMUM_MISTAKES) return;
    this.#cutOff(new ServiceError("BAD_REQUEST", `${MAXIMUM_MISTAKES} requests were wrong`));
  }

  /** Says why, and ends the connection once that is read, or soon. Everything else of the client's ends at once. */
  #cutOff(error: ServiceError, id?: number): void {
    if (this.closed) return;
    this.#ending = true;
    this.#release();
    this.#writer.write({ ...(id === undefined ? {} : { id }), error: errorFields(error) });
    const timer = setTimeout(() => this.close(), LAST_LINE_MS);
    this.#writer.unreadBelow(1).then(() => {
      clearTimeout(timer);
      this.close();
    });
  }

  #release(): void {
    clearTimeout(this.#helloTimer);
    const all = [...this.#onClose];
    this.#onClose.clear();
    for (const run of all) {
      try {
        run();
      } catch (error) {
        this.#port.onError(error as Error);
      }
    }
  }
}

function errorFields({ code, message, status }: ServiceError): object {
  return { code, message, ...(status ? { status } : {}) };
}
