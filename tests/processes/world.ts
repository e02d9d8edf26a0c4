/** Three processes on loopback: alice - router - bob, each a `deno` of its own, to be told what to do and to be killed. */
import { fileURLToPath } from "node:url";
import { loopback } from "../loopback.ts";
import type { Order, STATE, Told } from "./agent.ts";

export const ROLES = ["alice", "router", "bob"] as const;
export type Role = typeof ROLES[number];

/** R. A lifetime is (3 + 0.5) * 1.5 * R (RFC 2205 3.7). */
export const REFRESH_MS = 100;
export const LIFETIME_MS = 3.5 * 1.5 * REFRESH_MS;
/** The group for which the router has a route. */
export const GROUP = { address: "239.8.8.8", port: 5010 };

const AGENT = fileURLToPath(new URL("agent.ts", import.meta.url));

type Tables = Record<typeof STATE[number], Record<string, unknown>[]>;

/** One process. */
export class Process {
  readonly told: Told[] = [];
  killed = false;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting = new Set<() => void>();
  #orders = 0;

  constructor(readonly role: string) {
    const args = ["run", "-A", "--no-check", "--quiet", AGENT];
    this.#child = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped", stderr: "inherit" })
      .spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#read();
  }

  /** Tells it what to do and waits until it is done. */
  async order<T = unknown>(order: Order): Promise<T> {
    const number = this.#orders++;
    await this.#writer.write(new TextEncoder().encode(JSON.stringify(order) + "\n"));
    const answer = await this.hears(`${order.do} is done`, (told) => "order" in told && told.order === number);
    if (answer.told === "failed") throw new Error(`${this.role}, ${order.do}: ${answer.error}`);
    return (answer as { result: T }).result;
  }

  /** Waits for something that it tells, or has told already. */
  async hears(what: string, condition: (told: Told) => boolean, limitMs = 10_000): Promise<Told> {
    const end = performance.now() + limitMs;
    for (;;) {
      const found = this.told.find(condition);
      if (found) return found;
      const failed = this.told.find(({ told }) => told === "error");
      if (failed && !this.killed) throw new Error(`${this.role}: ${JSON.stringify(failed)}`);
      const leftMs = end - performance.now();
      if (leftMs <= 0) {
        throw new Error(`${this.role}: gave up waiting until ${what}; told ${JSON.stringify(this.told)}`);
      }
      await this.#news(leftMs);
    }
  }

  /** Waits for an event of a socket. */
  event(name: string, status: string): Promise<Told> {
    return this.hears(
      `${name} hears ${status}`,
      (told) => told.told === "event" && told.name === name && told.status === status,
    );
  }

  /** Statuses that a socket has heard. */
  heard(name: string): string[] {
    return this.told.flatMap((told) => told.told === "event" && told.name === name ? [told.status] : []);
  }

  /** Forgets what was told, so that what comes again can be waited for. */
  forget(): void {
    this.told.length = 0;
  }

  tables(): Promise<Tables> {
    return this.order<Tables>({ do: "tables" });
  }

  kill(): Promise<Deno.CommandStatus> {
    this.killed = true;
    this.#child.kill("SIGKILL");
    this.#writer.abort().catch(() => {});
    return this.#child.status;
  }

  /** Ends it as a program that is done would. */
  async end(): Promise<void> {
    if (this.killed) return;
    await this.order({ do: "end" });
    await this.#writer.close().catch(() => {});
    await this.#child.status;
    this.killed = true;
  }

  #news(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, limitMs);
      this.#waiting.add(done);
    });
  }

  async #read(): Promise<void> {
    let text = "";
    for await (const chunk of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (text + chunk).split("\n");
      text = parts.pop()!;
      for (const part of parts) this.told.push(JSON.parse(part));
      for (const done of [...this.#waiting]) done();
    }
  }
}

/** The three of them, open. */
export interface ProcessWorld {
  readonly alice: Process;
  readonly router: Process;
  readonly bob: Process;
  readonly at: { alice: string; bob: string };
  /** What the processes were told when they were started. */
  readonly orders: Readonly<Record<Role, Order>>;
  /** Starts another process of a role; the one before has been killed. */
  restart(role: Role): Promise<Process>;
}

/** Networks of this process; see tests/loopback.ts. */
const NETWORK = loopback(13);

function openings(reservableBytesPerSecond: number): Record<Role, Order> {
  const net = `127.${NETWORK}`, refreshIntervalMs = REFRESH_MS;
  const host = (link: number): Order => ({
    do: "host",
    address: `${net}.${link}.2/24`,
    nextHop: `${net}.${link}.1`,
    service: false,
    refreshIntervalMs,
  });
  const one = (handle: number, more = {}) =>
    ({ interface: handle, addresses: [`${net}.${handle}.1/24`], udp: "only", ...more }) as const;
  return {
    alice: host(1),
    bob: host(2),
    router: {
      do: "router",
      interfaces: [one(1), one(2, { reservableBytesPerSecond })],
      routes: [
        { prefix: `${GROUP.address}/32`, hops: [{ interface: 2 }] },
        { prefix: `${net}.1.0/24`, interface: 1 },
        { prefix: `${net}.2.0/24`, interface: 2 },
      ],
      refreshIntervalMs,
    },
  };
}

/** Opens the world, runs, and ends whatever is left of it. */
export async function withProcesses(
  options: { reservableBytesPerSecond?: number; aliceIsAbsent?: boolean },
  run: (world: ProcessWorld) => Promise<void>,
): Promise<void> {
  const orders = openings(options.reservableBytesPerSecond ?? 1_000_000);
  const now = { alice: new Process("alice"), router: new Process("router"), bob: new Process("bob") };
  const all = Object.values(now);
  try {
    const open = ROLES.filter((role) => role !== "alice" || !options.aliceIsAbsent);
    await Promise.all(open.map((role) => now[role].order(orders[role])));
    await run({
      get alice() {
        return now.alice;
      },
      get router() {
        return now.router;
      },
      get bob() {
        return now.bob;
      },
      at: { alice: `127.${NETWORK}.1.2`, bob: `127.${NETWORK}.2.2` },
      orders,
      async restart(role) {
        now[role] = new Process(role);
        all.push(now[role]);
        await now[role].order(orders[role]);
        return now[role];
      },
    });
    await Promise.all(all.map((process) => process.end()));
  } finally {
    await Promise.all(all.filter(({ killed }) => !killed).map((process) => process.kill()));
  }
}
