/** The commands' side of the signalling service: which socket, and tables as they come from it. */
import type { TableRows } from "../boundary.gen.ts";
import { decodeBase64 } from "../base64.ts";
import { ConnectionEndedError, ServiceConnection } from "../service/client_connection.ts";
import { ServiceSocketError } from "../service/listen.ts";
import { type Line, ServiceError } from "../service/protocol.ts";
import { readRows } from "../table_rows.ts";
import { type PlainRow, plainRow } from "../tables.ts";
import { CommandError } from "./output.ts";

/** A connection that speaks to people: whatever is wrong becomes a {@linkcode CommandError} of one line. */
export class ServiceClient {
  readonly connection: ServiceConnection;
  readonly #listeners: Set<(line: Line) => void>;

  private constructor(connection: ServiceConnection, listeners: Set<(line: Line) => void>) {
    this.connection = connection;
    this.#listeners = listeners;
  }

  static async connect(path: string | undefined, onEnd?: (reason: Error) => void): Promise<ServiceClient> {
    const listeners = new Set<(line: Line) => void>();
    const onEvent = (line: Line) => listeners.forEach((listener) => listener(line));
    const connection = await explained(ServiceConnection.open({ path, onEvent, onEnd }));
    return new ServiceClient(connection, listeners);
  }

  /** Asks for something. */
  request(operation: string, fields: object = {}): Promise<Line> {
    return explained(this.connection.request(operation, fields));
  }

  /** Takes events; the result stops that. */
  onEvent(listener: (line: Line) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Calls for every row of a table, while they come. With `classes`, other objects are left out of them. */
  async eachRow<T extends keyof TableRows>(
    table: T,
    take: (row: PlainRow<TableRows[T]>) => void,
    classes?: ReadonlySet<string>,
  ): Promise<void> {
    const stop = this.onEvent((line) => {
      if (line.event !== "page") return;
      for (const row of readRows(table, decodeBase64(String(line.rows)))) take(plainRow<T>(row, classes));
    });
    try {
      await this.request("table", { table });
    } finally {
      stop();
    }
  }

  /** All rows of a table. */
  async table<T extends keyof TableRows>(table: T): Promise<PlainRow<TableRows[T]>[]> {
    const rows: PlainRow<TableRows[T]>[] = [];
    await this.eachRow(table, (row) => rows.push(row));
    return rows;
  }

  close(): void {
    this.connection.close();
  }
}

async function explained<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const known = [ServiceSocketError, ServiceError, ConnectionEndedError];
    if (known.some((kind) => error instanceof kind)) throw new CommandError((error as Error).message);
    throw error;
  }
}
