/**
 * Refreshes of many sessions: a Path and a Resv of each come in, in random order, and change nothing; and what the router
 * itself has to refresh goes out. Time inside the engine's calls, as in transit.ts. The C limit is that of ../shared/perf,
 * which has a million sessions whatever is asked for here: "full" decodes every message and applies it, "fingerprint"
 * recognises it; it sends by building each message from one flat record.
 */
import { defaultModule } from "../../host/default_module.ts";
import { type PacketArena, packetArena, RawTransit } from "../raw_transit.ts";
import { type Case, type Measured, timed } from "../rounds.ts";
import { sharedLimit } from "../shared_limit.ts";
import { xorshift } from "../traffic.ts";
import { pathPacket, resvPacket } from "../transit_node.ts";

const BYTES_PER_SESSION = 500;
const REFRESH_MS = 30_000;
/** The engine is asked so often for what is due. */
const TICK_MS = 10;
/** Rates of a few hundred plans, so that not all sessions share their objects. */
const rateOf = (number: number) => 1000 * (1 + (Math.imul(number, 0x9e3779b1) >>> 0) % 999);

/** Messages 2i and 2i + 1 are those of session i. */
function messages(sessions: number): PacketArena {
  return packetArena(
    2 * sessions,
    (n) => n & 1 ? resvPacket(n >> 1, false, rateOf(n >> 1)) : pathPacket(n >> 1, rateOf(n >> 1)),
  );
}

function shuffled(count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i), random = xorshift(88172645);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() / 0x100000000 * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** A router with all sessions, and the two things that it does with them, one after the other. */
class RefreshedRouter {
  #node: RawTransit;
  #arena: PacketArena;
  #order: Uint32Array;
  #nowMs = 1000;

  constructor(readonly sessions: number) {
    this.#arena = messages(sessions);
    this.#order = shuffled(2 * sessions);
    this.#node = new RawTransit(defaultModule(), sessions * BYTES_PER_SESSION);
    for (const kind of [0, 1]) {
      const all = Uint32Array.from({ length: sessions }, (_, i) => 2 * i + kind);
      this.#node.receiveFrom(this.#arena, all, this.#nowMs);
    }
    if (this.#node.sent !== 2 * sessions) throw new Error(`${this.#node.sent} messages went on`);
    this.receive();
  }

  #inside(operations: () => number): number {
    const [inside, total] = [this.#node.insideMs, this.#node.totalMs];
    let count = 1;
    const ns = timed(1, () => void (count = operations())) / count;
    return ns * (this.#node.insideMs - inside) / (this.#node.totalMs - total);
  }

  /** Every message once more; nanoseconds for each. */
  receive(): number {
    return this.#inside(() => {
      this.#node.receiveFrom(this.#arena, this.#order, this.#nowMs);
      return this.#order.length;
    });
  }

  /** What is due within R; nanoseconds for each message sent. */
  send(): number {
    return this.#inside(() => {
      const before = this.#node.sent;
      for (const end = this.#nowMs + REFRESH_MS; this.#nowMs < end;) this.#node.tick(this.#nowMs += TICK_MS);
      return this.#node.sent - before;
    });
  }
}

export function refreshCases(folder: string, sessions: number): Case[] {
  const router = new RefreshedRouter(sessions), shared = sharedLimit(folder, 1000);
  const limit = (name: string, line: string) =>
    shared ? [{ name, round: () => shared.ns(`refresh ${line} 1M`, "refresh") }] : [];
  const unit = `message, of ${sessions.toLocaleString("en")} sessions`;
  return [{
    name: "refreshes received",
    unit,
    sides: [
      ...limit("C limit of ../shared/perf, full", "full decode+apply"),
      ...limit("C limit, fingerprint", "fingerprint fast path"),
      ...limit("C limit, fingerprint, 32 at a time with prefetch", "fast path, batch 32 + prefetch"),
      { name: "engine", round: () => router.receive() },
    ],
  }, {
    name: "refreshes sent",
    unit,
    sides: [
      ...limit("C limit of ../shared/perf", "send: rebuild from state (random)"),
      {
        name: "engine",
        round: () => {
          const ns = router.send();
          // State is kept alive.
          router.receive();
          return ns;
        },
      },
    ],
  }];
}

/** What a million sessions take of one core at R = 30 s: a Path and a Resv of each, received and sent. */
export function shareOfCore(results: readonly Measured[]): string {
  const ns = results.filter(({ name }) => name.startsWith("refreshes ")).map(({ sides }) => sides.at(-1)!.ns);
  if (ns.length !== 2) return "";
  const [received, sent] = ns.map((each) => each * 2e6 / (REFRESH_MS * 1e6) * 100);
  return `\nA million sessions at R = 30 s: ${received.toFixed(1)}% of a core to receive, ${
    sent.toFixed(1)
  }% to send\n`;
}
