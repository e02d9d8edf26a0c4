/**
 * What operators ask of the service: tables, counters, what is to be cleared, and the messages of a running node. A table
 * goes out page by page as the engine wrote it, and between two pages the node does its other work: a table of any size
 * holds signalling up for no longer than one page takes.
 */
import { formatAddress } from "../address.ts";
import { STATUS, TABLE_READERS, type TableRows } from "../boundary.gen.ts";
import { ResvError } from "../engine_errors.ts";
import type { RsvpNode } from "../node.ts";
import type { MessageSighting } from "../message_tap.ts";
import { MESSAGE_TYPES } from "../messages.gen.ts";
import type { RequestFields } from "./fields.ts";
import type { Operations, ServiceClient } from "./operations.ts";
import { encodeBase64, ServiceError } from "./protocol.ts";
import { sessionFilter } from "./session_filter.ts";

const TABLES = Object.keys(TABLE_READERS) as (keyof TableRows)[];
const CLEARED = ["senders", "reservations", "all"] as const;

/** Counters as they were when somebody cleared them: those of the engine only grow, as who collects them expects. */
const baselines = new WeakMap<RsvpNode, Map<string, number>>();
/** Counters that say how much there is now, and not how often something happened. */
const GAUGES = new Set([
  "SESSIONS",
  "PATH_STATES",
  "RESERVATION_STATES",
  "TRAFFIC_CONTROL_STATES",
  "BLOCKADE_STATES",
  "NEIGHBOURS",
  "STATE_BYTES",
  "MEMORY_BYTES",
]);

/** What a client traces, by the number of the request. */
const TRACES = {};
const tracesOf = (client: ServiceClient) => client.keep(TRACES, () => new Map<number, () => void>());

/** The operations of operators; they are part of every service. */
export const OPERATOR_OPERATIONS: Operations = {
  async table(fields, client) {
    const table = fields.choice("table", TABLES);
    const of = fields.id;
    let cursor = 0, pages = 0;
    do {
      const page = client.node.inspectPage(table, cursor);
      client.push("page", { of, rows: encodeBase64(page.rows) });
      cursor = page.cursor;
      pages++;
      if (cursor === 0) break;
      await nextTurn();
      await client.ready();
    } while (!client.closed && client.node.running);
    return { pages };
  },

  counters(fields, client) {
    const { node } = client;
    const now = node.counters();
    const before = fields.flag("total", false) ? undefined : baselines.get(node);
    const since = Object.entries(now).map(([name, value]) => [name, value - (before?.get(name) ?? 0)] as const);
    return { counters: Object.fromEntries(since.filter(([, value]) => value !== 0)) };
  },

  clear_counters(_fields, { node }) {
    const counting = Object.entries(node.counters()).filter(([name]) => !GAUGES.has(name));
    baselines.set(node, new Map(counting));
    return {};
  },

  clear(fields, client) {
    const what = fields.choice("what", CLEARED, "all");
    try {
      client.node.clear({ what, objects: fields.bytes("objects") });
      return {};
    } catch (error) {
      if (!(error instanceof ResvError) || error.code !== STATUS.NO_STATE) throw error;
      throw new ServiceError("NOT_FOUND", "neighbours have made no such state; what applications hold is not cleared");
    }
  },

  trace(fields, client) {
    const shows = traceFilter(fields);
    const of = fields.id;
    let skipped = 0;
    const stop = client.node.onMessage((sighting) => {
      if (!shows(sighting)) return;
      // Who looks on is not worth a stall: what it cannot take in is counted and left out.
      if (client.busy) return void skipped++;
      client.push("message", { of, ...messageFields(sighting), ...(skipped > 0 ? { skipped } : {}) });
      skipped = 0;
    });
    const forget = client.onClose(stop);
    tracesOf(client).set(of, () => {
      stop();
      forget();
    });
    return {};
  },

  untrace(fields, client) {
    const of = fields.integer("of", 0, Number.MAX_SAFE_INTEGER);
    const stop = tracesOf(client).get(of);
    if (!stop) throw new ServiceError("NOT_FOUND", `"of" is ${of}, which is no trace of this connection`);
    tracesOf(client).delete(of);
    stop();
    return {};
  },
};

/** Lets everything else that is due have its turn: packets, timers, other clients. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function traceFilter(fields: RequestFields): (sighting: MessageSighting) => boolean {
  const handle = fields.integer("interface", 0, 0xffff, 0);
  const names = fields.texts("messages", []);
  const types = new Set(names.map((name) => {
    if (Object.hasOwn(MESSAGE_TYPES, name)) return MESSAGE_TYPES[name];
    const known = Object.keys(MESSAGE_TYPES).join(", ");
    throw new ServiceError("BAD_REQUEST", `"messages" has ${JSON.stringify(name)}, not one of ${known}`);
  }));
  const objects = fields.bytes("objects");
  const inSession = objects.length > 0 ? sessionFilter(objects) : () => true;
  return ({ interface: on, type, packet }) =>
    (handle === 0 || on === handle) && (types.size === 0 || types.has(type)) && inSession(packet.payload);
}

function messageFields({ direction, interface: handle, timeMs, packet }: MessageSighting): object {
  return {
    direction,
    timeMs,
    interface: handle,
    source: formatAddress(packet.source, packet.family),
    destination: formatAddress(packet.destination, packet.family),
    ttl: packet.ttl,
    encapsulation: packet.encapsulation,
    payload: encodeBase64(packet.payload),
  };
}
