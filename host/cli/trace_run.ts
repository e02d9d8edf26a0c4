/** What `resv trace` does: asks for messages, and draws each as it comes. */
import { decodeBase64 } from "../base64.ts";
import { tryDecode } from "../default_codec.ts";
import type { InterfaceSettings } from "../node_settings.ts";
import { encodeBase64, type Line } from "../service/protocol.ts";
import type { ResvContext } from "./context.ts";
import { describeMessage, describeSession } from "./describe.ts";
import { Ladder } from "./ladder.ts";
import { interruption } from "./node_flags.ts";
import { CommandError, type Output } from "./output.ts";
import { ServiceClient } from "./service_client.ts";
import { sessionBytes } from "./session_argument.ts";
import type { TraceFlags } from "./trace.ts";

/** A message as the service tells of it (docs/service.md). */
interface Seen {
  readonly direction: "received" | "sent" | "relayed";
  readonly timeMs: number;
  readonly interface: number;
  readonly source: string;
  readonly destination: string;
  readonly ttl: number;
  readonly encapsulation: number;
  readonly payload: string;
  /** Messages before it that could not be told in time. */
  readonly skipped?: number;
}

/** Runs the command. */
export async function runTrace(this: ResvContext, flags: TraceFlags): Promise<void> {
  const end = Promise.withResolvers<void>();
  const client = await ServiceClient.connect(flags.socket, (reason) => end.reject(new CommandError(reason.message)));
  // Rejected also when this end closes, where nobody waits any more.
  end.promise.catch(() => {});
  const stop = interruption();
  try {
    const { interfaces } = await client.request("interfaces") as unknown as { interfaces: InterfaceSettings[] };
    const printer = flags.json ? new JsonPrinter(this.out) : new LadderPrinter(this.out, interfaces);
    let left = flags.count || Infinity;
    client.onEvent((line: Line) => {
      if (line.event !== "message" || left <= 0) return;
      printer.print(line as unknown as Seen);
      this.out.flush();
      if (--left <= 0) end.resolve();
    });
    await client.request("trace", filters(flags, interfaces));
    await Promise.race([end.promise, stop.promise]);
  } finally {
    stop.close();
    client.close();
  }
}

function filters(flags: TraceFlags, interfaces: readonly InterfaceSettings[]): object {
  const { session, message } = flags;
  return {
    ...(session ? { objects: encodeBase64(sessionBytes(session)) } : {}),
    ...(message ? { messages: message } : {}),
    ...(flags.interface === undefined ? {} : { interface: handleOf(flags.interface, interfaces) }),
  };
}

function handleOf(text: string, interfaces: readonly InterfaceSettings[]): number {
  const found = interfaces.find((one) => one.name === text || String(one.interface) === text);
  if (found) return found.interface;
  const known = interfaces.map((one) => one.name ?? String(one.interface)).join(", ");
  throw new CommandError(`the node has no interface "${text}"; it has ${known}`);
}

/** Draws a ladder: the node on the left, its interfaces beside it. */
class LadderPrinter {
  readonly #out: Output;
  readonly #ladder: Ladder;
  readonly #columns = new Map<number, number>();
  #startMs: number | undefined;

  constructor(out: Output, interfaces: readonly InterfaceSettings[]) {
    this.#out = out;
    const names = interfaces.map((one) => one.name ?? `if${one.interface}`);
    interfaces.forEach((one, index) => this.#columns.set(one.interface, index + 1));
    this.#ladder = new Ladder(["node", ...names]);
    out.line(this.#ladder.heading());
    out.flush();
  }

  print(seen: Seen): void {
    const { direction, source, destination, skipped = 0 } = seen;
    if (skipped > 0) this.#out.line(`... ${skipped} messages came too fast to be shown`);
    const timeMs = seen.timeMs - (this.#startMs ??= seen.timeMs);
    const decoded = tryDecode(decodeBase64(seen.payload));
    const label = decoded.ok ? decoded.message.message : "?";
    const column = this.#columns.get(seen.interface) ?? 0;
    const [from, to] = direction === "received" ? [column, 0] : [0, column];
    const peer = direction === "received" ? `from ${source}` : `to ${destination}`;
    const detail = decoded.ok ? describe(decoded.message.objects) : decoded.status;
    const what = direction === "relayed" ? `${peer}, relayed` : peer;
    // A message that goes out by route has no interface yet: it is noted at the node.
    if (column === 0) return this.#out.line(this.#ladder.note(timeMs, 0, `${label} ${what}  ${detail}`));
    this.#out.line(this.#ladder.line({ timeMs, from, to, label, detail: `${what}  ${detail}` }, this.#out.style.cyan));
  }
}

// deno-lint-ignore no-explicit-any
function describe(objects: readonly any[]): string {
  const session = objects.find(({ name }) => name === "SESSION");
  return [session ? describeSession(session) : "", describeMessage({ objects })].filter(Boolean).join("  ");
}

/** Prints what came, with the message decoded. */
class JsonPrinter {
  readonly #out: Output;

  constructor(out: Output) {
    this.#out = out;
  }

  print({ payload, ...seen }: Seen): void {
    const { event: _e, of: _o, ...rest } = seen as Seen & Line;
    const decoded = tryDecode(decodeBase64(payload));
    this.#out.line(
      JSON.stringify({ ...rest, ...(decoded.ok ? { message: decoded.message } : { broken: decoded.status }) }),
    );
  }
}
