/** A node with its signalling service in this process, and clients that speak to it as any program would. */
import { MemoryTransport } from "../host/transport/memory_transport.ts";
import { defaultModule } from "../host/default_module.ts";
import { RsvpNode } from "../host/node.ts";
import type { NodeSettings } from "../host/node_settings.ts";
import { StaticRouting } from "../host/routing/static_routing.ts";
import type { Line } from "../host/service/protocol.ts";
import { ServiceServer, type ServiceServerOptions } from "../host/service/server.ts";

/** The address of the fixture's node. */
export const HERE = "10.0.0.1";
/** Behind its interface. */
export const THERE = "10.0.1.2";

export interface ServiceWorld {
  readonly path: string;
  readonly node: RsvpNode;
  readonly errors: Error[];
  /** Serves another node at the same path; the one before must be closed. */
  serve(options?: Partial<ServiceServerOptions>): Promise<ServiceServer>;
  newNode(): RsvpNode;
}

export interface FixtureOptions {
  settings?: Partial<NodeSettings>;
}

/** Calls `run` with a path for a socket and a node of one interface, 10.0.0.1/24, that sends into nothing. */
export async function withService(
  options: FixtureOptions,
  run: (world: ServiceWorld) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "resv_service_" });
  const errors: Error[] = [];
  const nodes: RsvpNode[] = [];
  const servers: ServiceServer[] = [];
  const newNode = () => {
    const node = new RsvpNode({
      module: defaultModule(),
      transport: new MemoryTransport({ send: () => {} }),
      routing: new StaticRouting([
        { prefix: "0.0.0.0/0", interface: 1 },
        { prefix: `${HERE}/32`, local: true },
      ]),
      interfaces: [{ interface: 1, addresses: [`${HERE}/24`] }],
      onError: (error) => void errors.push(error),
      ...options.settings,
    });
    nodes.push(node);
    return node;
  };
  const path = `${folder}/resv.sock`;
  const node = newNode();
  try {
    await run({
      path,
      node,
      errors,
      newNode,
      async serve(more) {
        const server = new ServiceServer({ node, path, onError: (error) => void errors.push(error), ...more });
        servers.push(server);
        return await server.listen();
      },
    });
    if (errors.length > 0) throw errors[0];
  } finally {
    for (const server of servers) await server.close();
    for (const one of nodes) one.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Waits until it holds; fails after five seconds. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, limitMs = 5_000): Promise<void> {
  for (const end = Date.now() + limitMs; !(await condition()); await pause(2)) {
    if (Date.now() > end) throw new Error(`gave up waiting until ${what}`);
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A client without manners: writes what it is told to, and keeps every line that comes. */
export class RawClient {
  readonly lines: Line[] = [];
  ended = false;
  readonly #connection: Deno.UnixConn;

  private constructor(connection: Deno.UnixConn) {
    this.#connection = connection;
  }

  static async connect(path: string, { reads = true } = {}): Promise<RawClient> {
    const client = new RawClient(await Deno.connect({ transport: "unix", path }));
    if (reads) client.#read();
    return client;
  }

  /** Writes text or bytes as they are. */
  async write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  /** Writes a request and waits for the line that answers it. */
  async ask(request: { id: number } & Line): Promise<Line> {
    await this.write(JSON.stringify(request) + "\n");
    await until(`${request.op} is answered`, () => this.lines.some(({ id }) => id === request.id) || this.ended);
    return this.lines.find(({ id }) => id === request.id) ?? this.lines.at(-1)!;
  }

  hello(): Promise<Line> {
    return this.ask({ id: 0, op: "hello", versions: [1] });
  }

  close(): void {
    try {
      this.#connection.close();
    } catch {
      // It is closed already.
    }
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    try {
      for await (const chunk of this.#connection.readable) {
        const parts = (text + decoder.decode(chunk, { stream: true })).split("\n");
        text = parts.pop()!;
        for (const part of parts) this.lines.push(JSON.parse(part));
      }
    } catch {
      // Closed under the reader, by this test.
    }
    this.ended = true;
  }
}
