/** What must hold at every moment, whatever goes wrong meanwhile; and what must be left when everybody has gone. */
import { formatAddress } from "../host/address.ts";
import { ENCAPSULATION, INPUT } from "../host/boundary.gen.ts";
import type { Sighting } from "../host/network/network_link.ts";
import type { NetworkNode } from "../host/network/network_node.ts";
import type { InstallRequest } from "../host/traffic_control/traffic_control.ts";
import type { World } from "./world.ts";

/** Gauges and the tables whose rows they count. */
const GAUGES = [
  ["SESSIONS", "sessions"],
  ["PATH_STATES", "senders"],
  ["RESERVATION_STATES", "reservations"],
  ["TRAFFIC_CONTROL_STATES", "installed"],
  ["BLOCKADE_STATES", "blockade"],
  ["NEIGHBOURS", "neighbours"],
] as const;
const MESSAGE_TYPES = [
  "PATH",
  "RESV",
  "PATH_ERROR",
  "RESV_ERROR",
  "PATH_TEAR",
  "RESV_TEAR",
  "RESV_CONFIRM",
  "DIAGNOSTIC_REQUEST",
  "DIAGNOSTIC_REPLY",
];

/** What went into one engine, and what came out twice, counted outside of it. */
export class InputCount {
  packets = 0;
  /** Of what went out: copies in UDP beside a message in raw IP, for hosts without raw access (RFC 2205 appendix C). */
  copies = 0;
  /** The engine is gone; what comes next goes into another. */
  crashed = false;
  readonly onSubmit = (kind: number, count: number): void => {
    // The first CONFIG of a new engine, after a crash; later ones change its settings.
    if (kind === INPUT.CONFIG && this.crashed) {
      this.packets = this.copies = 0;
      this.crashed = false;
    }
    if (kind === INPUT.PACKETS) this.packets += count;
  };
}

/** Sees every datagram. */
export function countCopy(inputs: ReadonlyMap<string, InputCount>, { from, packet }: Sighting): void {
  if (packet.encapsulation === ENCAPSULATION.UDP_ALTERNATE) inputs.get(from.node.name)!.copies++;
}

/** Bandwidth installed on the interface, with this request, when it is above the limit; asked at every install. */
export function overCommitment(world: World, node: NetworkNode, request: InstallRequest): string | undefined {
  const attachment = node.record.attachments[request.interface - 1];
  const limit = attachment.link.options.reservableBytesPerSecond;
  if (limit === undefined) return undefined;
  let sum = request.rateBytesPerSecond;
  for (const [handle, standing] of node.trafficControl.installed) {
    if (handle !== request.handle && standing.interface === request.interface) sum += standing.rateBytesPerSecond;
  }
  if (sum <= limit) return undefined;
  return `${world.network.now} ms: ${node.name} eth${request.interface} has ${sum} of ${limit} bytes/s installed`;
}

/** Everything about one node that can be told from its own tables, its traffic control and what went in. */
export function* nodeFaults(node: NetworkNode, inputs: InputCount): Generator<string> {
  const { engine } = node.rsvp;
  const counters = node.counters();
  for (const [gauge, table] of GAUGES) {
    const rows = engine.inspect(table).length;
    if ((counters[gauge] ?? 0) !== rows) yield `${node.name}: ${gauge} is ${counters[gauge] ?? 0}, rows are ${rows}`;
  }
  if ((counters.RECEIVED_MESSAGES ?? 0) !== inputs.packets) {
    yield `${node.name}: RECEIVED_MESSAGES is ${counters.RECEIVED_MESSAGES ?? 0}, submitted were ${inputs.packets}`;
  }
  const sent = MESSAGE_TYPES.reduce((sum, type) => sum + (counters[`SENT_${type}`] ?? 0), 0);
  if ((counters.SENT_MESSAGES ?? 0) !== sent + inputs.copies) {
    const total = `${sent}, with ${inputs.copies} copies`;
    yield `${node.name}: SENT_MESSAGES is ${counters.SENT_MESSAGES ?? 0}, the types add up to ${total}`;
  }
  yield* capacityFaults(node);
  yield* trafficControlFaults(node);
  yield* neighbourFaults(node);
}

/** What an interface says is reserved is the sum of its reservations, and never above its limit. */
function* capacityFaults(node: NetworkNode): Generator<string> {
  const installed = node.rsvp.engine.inspect("installed");
  for (const row of node.rsvp.engine.inspect("interfaces")) {
    const here = installed.filter((one) => one.interface === row.interface);
    const sum = here.reduce((total, one) => total + one.rateBytesPerSecond, 0);
    const name = `${node.name} eth${row.interface}`;
    if (row.reservedBytesPerSecond !== sum) {
      yield `${name}: reserved ${row.reservedBytesPerSecond}, reservations add up to ${sum}`;
    }
    if (row.reservations !== here.length) {
      yield `${name}: ${row.reservations} reservations counted, ${here.length} are there`;
    }
    if (row.reservableBytesPerSecond >= 0 && row.reservedBytesPerSecond > row.reservableBytesPerSecond) {
      yield `${name}: ${row.reservedBytesPerSecond} reserved of ${row.reservableBytesPerSecond}`;
    }
  }
}

/** Traffic control has exactly what the engine believes, but for what is still being answered. */
function* trafficControlFaults(node: NetworkNode): Generator<string> {
  const rows = new Map(node.rsvp.engine.inspect("installed").map((row) => [row.handle, row]));
  const { installed } = node.trafficControl;
  for (const handle of installed.keys()) {
    if (!rows.has(handle)) yield `${node.name}: traffic control has handle ${handle} that the engine does not know`;
  }
  for (const [handle, row] of rows) {
    if (row.pending) continue;
    const request = installed.get(handle);
    if (!request) yield `${node.name}: traffic control lacks handle ${handle}`;
    else if (request.rateBytesPerSecond !== row.rateBytesPerSecond) {
      yield `${node.name}: handle ${handle} has ${request.rateBytesPerSecond}, the engine ${row.rateBytesPerSecond}`;
    }
  }
}

/** A neighbour counts the path and reservation states that name it. */
function* neighbourFaults(node: NetworkNode): Generator<string> {
  const { engine } = node.rsvp;
  const states = new Map<string, number>();
  const note = (iface: number, address: Uint8Array, family: number) => {
    if (family === 0) return;
    const key = `eth${iface} ${formatAddress(address, family)}`;
    states.set(key, (states.get(key) ?? 0) + 1);
  };
  for (const row of engine.inspect("senders")) note(row.incomingInterface, row.previousHop, row.previousHopFamily);
  for (const row of engine.inspect("reservations")) note(row.interface, row.nextHop, row.nextHopFamily);
  for (const row of engine.inspect("neighbours")) {
    const key = `eth${row.interface} ${formatAddress(row.address, row.family)}`;
    if (row.states !== (states.get(key) ?? 0)) {
      yield `${node.name}: neighbour ${key} counts ${row.states} states, there are ${states.get(key) ?? 0}`;
    }
    states.delete(key);
  }
  for (const [key, count] of states) yield `${node.name}: neighbour ${key} with ${count} states is not listed`;
}

/** After everybody has gone: no rows, no gauges, nothing installed, as many bytes as at the start. */
export function* leaks(node: NetworkNode, emptyBytes: number): Generator<string> {
  const counters = node.counters();
  for (const [gauge] of GAUGES) if (counters[gauge]) yield `${node.name}: ${gauge} is still ${counters[gauge]}`;
  const bytes = counters.STATE_BYTES ?? 0;
  if (bytes !== emptyBytes) yield `${node.name}: STATE_BYTES is ${bytes}, at the start it was ${emptyBytes}`;
  if (node.trafficControl.installed.size > 0) {
    yield `${node.name}: traffic control still has ${node.trafficControl.installed.size} reservations`;
  }
  for (const row of node.rsvp.engine.inspect("interfaces")) {
    if (row.reservedBytesPerSecond !== 0) {
      yield `${node.name} eth${row.interface}: ${row.reservedBytesPerSecond} bytes/s still reserved`;
    }
  }
  if (Number.isFinite(node.rsvp.engine.deadline())) yield `${node.name}: still waits for a timer`;
}
