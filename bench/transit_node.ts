/**
 * A router in the middle, at the level of the engine: Path comes in on interface 1 and leaves on 2, Resv the other way.
 * Used to measure a session's memory and the work of setting it up.
 */
import {
  CONFIG_OPTION,
  type ConfigInput,
  type InterfaceInput,
  type RouteInput,
  SERVICE,
} from "../host/boundary.gen.ts";
import { Engine } from "../host/engine.ts";
import type { Packet } from "../host/transport/transport.ts";
import { type PathFields, PlainWriter, writePath } from "./plain/builder.ts";

/** An IPv4 address as the boundary carries it: 16 bytes, zeros after the first four. */
export function address(number: number): Uint8Array {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

const [UPSTREAM, DOWNSTREAM] = [1, 2];
const PREVIOUS_HOP = 0xc0000201; // 192.0.2.1
const NEXT_HOP = 0xcb007102; // 203.0.113.2
const OURS = { [UPSTREAM]: 0xc00002fe, [DOWNSTREAM]: 0xcb0071fe }; // 192.0.2.254, 203.0.113.254

/** Fields of session number `number`: each its own destination, and of a rate of its own where one is given. */
export function sessionFields(number: number, rate = 100_000): PathFields {
  return {
    destination: 0x0a000001 + number,
    destinationPort: 5004,
    protocol: 17,
    sender: 0xc6336401,
    senderPort: 4000,
    hop: PREVIOUS_HOP,
    handle: 9,
    refreshMs: 30_000,
    ttl: 63,
    rate,
    bucket: 8000,
    peak: 200_000,
    minimumPoliced: 64,
    maximumSize: 1500,
    hops: 1,
    bandwidth: 1.25e8,
    latency: 100,
    mtu: 1500,
  };
}

function message(write: (writer: PlainWriter) => void): Uint8Array {
  const bytes = new Uint8Array(512);
  const writer = new PlainWriter(new DataView(bytes.buffer), 0);
  write(writer);
  return bytes.slice(0, writer.length);
}

/** The Path of a session as it arrives from the previous hop. */
export function pathPacket(number: number, rate?: number): Packet {
  const fields = sessionFields(number, rate);
  return {
    interface: UPSTREAM,
    source: address(fields.sender),
    destination: address(fields.destination),
    family: 4,
    ttl: 63,
    encapsulation: 0,
    routerAlert: 1,
    payload: message((writer) => writePath(writer, fields)),
  };
}

/** The Resv of a session as it arrives from the next hop: FF, one sender, controlled load, with RESV_CONFIRM or without. */
export function resvPacket(number: number, confirm = false, rate?: number): Packet {
  const fields = sessionFields(number, rate);
  return {
    interface: DOWNSTREAM,
    source: address(NEXT_HOP),
    destination: address(OURS[DOWNSTREAM]),
    family: 4,
    ttl: 63,
    encapsulation: 0,
    routerAlert: 0,
    payload: message((writer) => {
      writer.begin(2, 63);
      writer.session(fields);
      writer.hop(NEXT_HOP, DOWNSTREAM);
      writer.timeValues(30_000);
      if (confirm) writer.confirm(fields.destination);
      writer.style(0x0a);
      writer.flowspec(fields, false);
      writer.filter(10, fields.sender, fields.senderPort);
      writer.end();
    }),
  };
}

/** The ResvConf of a session as it arrives from the sender, on its way to the receiver. */
export function confirmPacket(number: number): Packet {
  const fields = sessionFields(number);
  return {
    interface: UPSTREAM,
    source: address(fields.sender),
    destination: address(fields.destination),
    family: 4,
    ttl: 63,
    encapsulation: 0,
    routerAlert: 1,
    payload: message((writer) => {
      writer.begin(7, 63);
      writer.session(fields);
      writer.errorSpec(fields.sender, 0, 0);
      writer.confirm(fields.destination);
      writer.style(0x0a);
      writer.flowspec(fields, false);
      writer.filter(10, fields.sender, fields.senderPort);
      writer.end();
    }),
  };
}

/** The settings of that router, for whoever drives the engine in another way. */
export const TRANSIT_CONFIG: ConfigInput = {
  seed: 1,
  refreshIntervalMs: 30_000,
  lifetimeMultiplier: 3,
  blockadeMultiplier: 3,
  localRepairDelayMs: 2000,
  memoryLimitBytes: 2 ** 31,
  maximumSendersPerSession: 64,
  options: CONFIG_OPTION.NO_TRAFFIC_CONTROL_RESULT,
};
export const TRANSIT_INTERFACES: readonly InterfaceInput[] = [UPSTREAM, DOWNSTREAM].map((handle) => ({
  interface: handle,
  up: 1,
  ipv4: address(OURS[handle]),
  ipv4PrefixLength: 24,
  mtuBytes: 1500,
  reservableBytesPerSecond: -1,
  perFlowBytesPerSecond: -1,
  linkBytesPerSecond: 1.25e8,
  minimumLatencyMicroseconds: 10,
  services: SERVICE.CONTROLLED_LOAD | SERVICE.GUARANTEED,
}));

/** The answer to a route query: on the link, by interface 2. */
export function routeAnswer(query: number, destination: Uint8Array): RouteInput {
  const hops = new Uint8Array(24);
  new DataView(hops.buffer).setUint32(0, DOWNSTREAM, true);
  return { query, destination, family: 4, found: 1, hopCount: 1, hops };
}

/** An engine configured as that router. Every destination is behind interface 2, on the link. */
export class TransitNode {
  readonly engine: Engine;
  /** Messages sent so far, by RSVP message type. */
  readonly sent = new Map<number, number>();

  constructor(module: WebAssembly.Module) {
    this.engine = new Engine(module);
    this.engine.submit("CONFIG", TRANSIT_CONFIG, 0);
    this.#drain(0);
    this.engine.submitAll("INTERFACE", TRANSIT_INTERFACES, 0);
    this.#drain(0);
  }

  /** Submits packets and does what the engine asks for: answers its route queries, counts what it sends. */
  receive(packets: readonly Packet[], nowMs: number): void {
    for (let taken = 0; taken < packets.length;) {
      taken += this.engine.submitPackets(packets, nowMs, taken);
      this.#drain(nowMs);
    }
  }

  #drain(nowMs: number): void {
    const answers: RouteInput[] = [];
    for (const action of this.engine.drain()) {
      // The action's bytes are good for this round only: the destination is copied.
      if (action.action === "ROUTE_QUERY") answers.push(routeAnswer(action.query, action.destination.slice()));
      else if (action.action === "SEND") {
        this.sent.set(action.payload[1], (this.sent.get(action.payload[1]) ?? 0) + 1);
      }
    }
    if (answers.length === 0) return;
    this.engine.submitAll("ROUTE", answers, nowMs);
    this.#drain(nowMs);
  }

  counter(number: number): number {
    return this.engine.inspect("counters").find((row) => row.counter === number)
      ?.value ?? 0;
  }
}
