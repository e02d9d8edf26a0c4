/** What must hold of an engine whatever it is given. */
import { defaultModule } from "../../host/default_module.ts";
import type { Engine } from "../../host/engine.ts";
import { CodecEngine } from "../../host/codec_engine.ts";
import { toHex } from "./bytes.ts";
import { Finding } from "./lockstep.ts";

let checker: CodecEngine | undefined;

/** What the engine sends must be a message that can be taken apart, with the right checksum. */
export function checkSent(payload: Uint8Array): void {
  checker ??= CodecEngine.of(defaultModule());
  const { status, checksum } = checker.check(payload);
  if (status !== 0) throw new Finding(`sent a message with STATUS ${status}: ${toHex(payload).slice(0, 400)}`);
  if (((payload[2] << 8) | payload[3]) !== checksum) throw new Finding(`sent a wrong checksum: ${toHex(payload)}`);
}

/** Counters that say what became of one packet: a type of message, or a STATUS. */
const sum = (counters: Record<string, number>): number =>
  Object.entries(counters).reduce((total, [name, value]) => {
    return /^(SENT_|RECEIVED_(MESSAGES|BYTES)|.*_STATES|STATE_BYTES|MEMORY_BYTES|NEIGHBOURS|SESSIONS)/.test(name)
      ? total
      : total + value;
  }, 0);

/** One packet was submitted between the two: it must have been counted. */
export function checkCounters(before: Record<string, number>, after: Record<string, number>): void {
  const received = (after.RECEIVED_MESSAGES ?? 0) - (before.RECEIVED_MESSAGES ?? 0);
  if (received !== 1) throw new Finding(`one packet was counted ${received} times`);
  if (sum(after) <= sum(before)) throw new Finding("a packet went without any counter that says what became of it");
}

/** Every row of every table can be read, and its objects too. */
export function checkTables(engine: Engine): void {
  for (
    const table of ["sessions", "senders", "requests", "reservations", "installed", "blockade", "neighbours"] as const
  ) {
    for (const row of engine.inspect(table)) {
      if (!("objects" in row)) continue;
      const { objects } = row;
      for (let at = 0; at < objects.length;) {
        const length = at + 4 <= objects.length ? (objects[at] << 8) | objects[at + 1] : 0;
        if (length < 4 || at + length > objects.length) {
          throw new Finding(`a row of ${table} has a broken object at ${at}: ${toHex(objects).slice(0, 400)}`);
        }
        at += length;
      }
    }
  }
}

/** Never more than was granted, and exactly the sum of what stands. */
export function checkReservedBandwidth(engine: Engine): void {
  const sums = new Map<number, number>();
  for (const row of engine.inspect("installed")) {
    sums.set(row.interface, (sums.get(row.interface) ?? 0) + row.rateBytesPerSecond);
  }
  for (const { interface: handle, reservedBytesPerSecond, reservableBytesPerSecond } of engine.inspect("interfaces")) {
    const installed = sums.get(handle) ?? 0;
    if (reservedBytesPerSecond !== installed) {
      throw new Finding(
        `interface ${handle} has ${reservedBytesPerSecond} reserved, its reservations add up to ${installed}`,
      );
    }
    if (reservableBytesPerSecond >= 0 && reservedBytesPerSecond > reservableBytesPerSecond) {
      throw new Finding(`interface ${handle} has ${reservedBytesPerSecond} reserved of ${reservableBytesPerSecond}`);
    }
  }
}
